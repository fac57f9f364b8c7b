"""The real page in front of the real server and the sketch engine: the main job, end to end."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from imagine.server import create_app
from imagine.settings import EngineChoice, Settings
from tests.conftest import SMALL

# One server a test, at a pace at which a person could look on.
STEP_MS = 10


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    settings = Settings(output=tmp_path, engine=EngineChoice.SKETCH, sketch_step_ms=STEP_MS)
    async with TestServer(create_app(settings)) as server:
        yield server


async def visit(browser: Browser, server: TestServer, path: str = "/") -> tuple[Page, list[str]]:
    """Open a page in a window of its own; return it with the errors that it logs."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(str(server.make_url(path)))
    return page, errors


async def sizes(page: Page) -> list[Any]:
    """Return width and height of the finished pictures, as the browser decoded them."""
    found: list[Any] = await page.eval_on_selector_all(
        ".tile[data-state=succeeded] img",
        "images => images.map(i => [i.complete, i.naturalWidth / i.naturalHeight])",
    )
    return found


async def test_a_typed_prompt_becomes_four_pictures_with_live_previews(
    browser: Browser, server: TestServer
):
    page, errors = await visit(browser, server)
    previews: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", keep_binary(previews)))
    await page.reload()
    prompt = page.locator("textarea").first
    await expect(prompt).to_be_editable()
    await prompt.fill("a red fox in the snow --ar 16:9 --draft --seed 42")
    await prompt.press("Enter")
    await expect(page.locator(".tile[data-state=succeeded] img")).to_have_count(4, timeout=60_000)
    await page.wait_for_function(
        "[...document.querySelectorAll('.tile[data-state=succeeded] img')]"
        ".every(image => image.complete && image.naturalWidth)"
    )
    for complete, ratio in await sizes(page):
        assert complete
        assert ratio == pytest.approx(16 / 9, rel=0.02)
    assert len(previews) >= 5
    assert errors == []
    await page.context.close()


def keep_binary(previews: list[bytes]) -> Any:
    return lambda data: previews.append(data) if isinstance(data, bytes) else None


async def test_a_page_opened_in_the_middle_of_a_run_shows_its_newest_preview(
    browser: Browser, server: TestServer
):
    first, _ = await visit(browser, server)
    await first.locator("textarea").first.fill(f"a lighthouse {SMALL} --steps 150")
    await first.keyboard.press("Enter")
    await expect(
        first.locator(".tile[data-state=sampling] canvas, .tile[data-state=sampling] img")
    ).not_to_have_count(0)
    second, errors = await visit(browser, server)
    await expect(second.locator(".tile[data-state=sampling]")).to_have_count(1)
    await expect(
        second.locator(".tile[data-state=sampling] canvas, .tile[data-state=sampling] img")
    ).not_to_have_count(0)
    await second.get_by_role("button", name="Cancel").first.click()
    await expect(first.get_by_text("You canceled this one.")).to_be_visible()
    assert errors == []
    await first.context.close()
    await second.context.close()


async def test_the_api_page_lists_and_tries_requests(browser: Browser, server: TestServer):
    page, errors = await visit(browser, server, "/docs")
    parse = page.locator(".operation", has_text="/api/parse")
    await parse.locator("summary").click()
    await parse.get_by_role("button", name="Send").click()
    await expect(parse.locator(".answer")).to_contain_text('"ok": true')
    assert errors == []
    await page.context.close()
