"""Uploads and the mask painter on the real server, with the sketch engine."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp.test_utils import TestServer
from PIL import Image, ImageChops
from playwright.async_api import FilePayload, Page, expect

from imagine.server import create_app
from imagine.settings import EngineChoice, Settings
from tests.browser.conftest import OpenPage


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    settings = Settings(output=tmp_path, engine=EngineChoice.SKETCH, sketch_step_ms=1)
    server = TestServer(create_app(settings))
    async with server:
        yield server


async def made(page: Page, number: int) -> Image.Image:
    """Wait for the one picture of a set, and return it."""
    tile = page.locator(f"article[aria-label='Set {number}'] .tile[data-state=succeeded]")
    await expect(tile).to_have_count(1, timeout=30_000)
    address = await tile.locator(".open").evaluate("(link) => link.href")
    answer = await page.request.get(address)
    return Image.open(io.BytesIO(await answer.body())).convert("RGB")


async def test_pictures_are_blended_and_a_part_is_painted_anew_while_the_rest_stays(
    open_page: OpenPage,
) -> None:
    page = await open_page()
    for name, colour in (("one.png", "teal"), ("two.png", "gold")):
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
        file = FilePayload(name=name, mimeType="image/png", buffer=buffer.getvalue())
        await page.locator("lens-add [type=file]").set_input_files(file)
    await expect(page.locator("reference-row .ref:not(.loading)")).to_have_count(2)
    await page.get_by_label("Prompt", exact=True).fill("--size 256x256 --batch 1")
    await page.keyboard.press("Enter")
    before = await made(page, 1)
    await expect(page.locator("article .words")).to_have_text("2 pictures, blended")

    await page.locator("article .open").focus()
    await page.keyboard.press("e")
    await expect(page.locator(".easel")).to_be_focused()
    await page.keyboard.press(" ")
    await page.get_by_label("What should be there").fill("a red door --batch 1")
    await page.keyboard.press("Enter")
    after = await made(page, 2)
    left, top, right, bottom = ImageChops.difference(before, after).getbbox() or (0, 0, 0, 0)
    # a brush of 64 of 1024 in the middle of 256 pixels
    assert 120 <= left < right <= 136
    assert 120 <= top < bottom <= 136
