"""The page on the real server, with the sketch engine: from nothing to pictures."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from imagine.server import create_app
from imagine.settings import EngineChoice, Settings
from tests.browser.conftest import OpenPage

# Tells of each preview that is put into a tile.
COUNT_PREVIEWS = """
window.previews = 0;
new MutationObserver((changes) => {
  for (const {addedNodes} of changes) {
    for (const node of addedNodes) if (node.className === "preview") window.previews += 1;
  }
}).observe(document, {childList: true, subtree: true});
"""

# A digest of the pixels of the first picture of a set, as it stands on the disk.
PIXELS = """
async (number) => {
  const {jobs} = await (await fetch("/api/jobs")).json();
  const {url} = jobs.find((job) => job.number === number).images[0];
  const picture = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const {data} = canvas.getImageData(0, 0, picture.width, picture.height);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).join();
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    settings = Settings(output=tmp_path, engine=EngineChoice.SKETCH, sketch_step_ms=10)
    server = TestServer(create_app(settings))
    async with server:
        yield server


async def test_a_first_prompt_becomes_four_pictures_that_stay(open_page: OpenPage) -> None:
    page = await open_page(script=COUNT_PREVIEWS)
    weights = await page.evaluate(
        "() => performance.getEntries().map(({transferSize}) => transferSize ?? 0)"
    )
    assert len(weights) > 20
    assert sum(weights) < 200_000

    await page.get_by_role("button", name="a red fox in the snow").click()
    pictures = page.locator("article[aria-label='Set 1'] .tile[data-state=succeeded] img.pic")
    await expect(pictures).to_have_count(4, timeout=30_000)
    assert await page.evaluate("window.previews") > 4
    await expect(page.locator("article .prog")).to_be_hidden()
    await expect(page.locator(".engine")).to_have_text("Sketch engine ready")

    await page.locator("article .open").first.focus()
    await page.keyboard.press("s")
    await expect(page.locator(".filters")).to_contain_text("Starred 1")
    await page.reload()
    await expect(pictures).to_have_count(4)
    await expect(page.locator(".starred")).to_have_count(1)

    await page.locator("article .open").first.press("Enter")
    await expect(page.locator(".pic-frame .full[data-shown]")).to_be_visible()
    rows = await page.locator(".used dd").all_text_contents()
    assert rows[0] == "sketch"
    await page.get_by_role("button", name="Move to trash").click()
    await expect(page.locator("empty-welcome")).to_have_count(1)
    await page.get_by_role("button", name="Undo").click()
    await expect(pictures).to_have_count(4)


async def test_a_page_opened_in_the_middle_of_a_run_shows_its_newest_preview(
    open_page: OpenPage,
) -> None:
    first = await open_page()
    await first.locator("textarea").first.fill("a lighthouse --size 128x128 --steps 150")
    await first.keyboard.press("Enter")
    preview = ".tile[data-state=sampling] .preview"
    await expect(first.locator(preview)).not_to_have_count(0)
    second = await open_page()
    await expect(second.locator(preview)).not_to_have_count(0)
    await second.get_by_role("button", name="Cancel").first.click()
    await expect(first.get_by_text("You canceled this one.")).to_be_visible()


async def test_a_picture_grows_and_what_grew_is_made_again_the_same(open_page: OpenPage) -> None:
    page = await open_page()
    await page.locator("textarea").first.fill("a lighthouse --ar 3:2 --steps 1 --batch 1")
    await page.keyboard.press("Enter")

    async def made(number: int) -> None:
        done = page.locator(f"article[aria-label='Set {number}'][data-state=succeeded]")
        await expect(done).to_have_count(1, timeout=30_000)

    await made(1)
    await page.locator("article .open").first.focus()
    await page.keyboard.press("z")
    await page.keyboard.press("Enter")
    await made(2)
    line = page.locator("article[aria-label='Set 2'] .from")
    await expect(line).to_have_text("Zoom out 2× of set 1")
    await page.locator("article[aria-label='Set 2'] .open").first.press("Enter")
    await expect(page.locator(".family button")).to_have_count(2)
    await page.get_by_role("button", name="Make again").click()
    await made(3)
    line = page.locator("article[aria-label='Set 3'] .from")
    await expect(line).to_have_text("Made again from set 2")
    assert await page.evaluate(PIXELS, 3) == await page.evaluate(PIXELS, 2)


async def test_the_api_page_lists_and_tries_requests(open_page: OpenPage) -> None:
    page = await open_page("/docs", ready=".operation")
    parse = page.locator(".operation", has_text="/api/parse")
    await parse.locator("summary").click()
    await parse.get_by_role("button", name="Send").click()
    await expect(parse.locator(".answer")).to_contain_text('"ok": true')
