"""What is no still picture: clips, models and texts, in the feed and in the lightbox."""

from PIL import Image, ImageDraw
from playwright.async_api import expect

from imagine.sketch.webm import webm
from tests.browser.conftest import OpenPage
from tests.browser.models import knot
from tests.browser.stage import Json, Stage, make_job
from tests.browser.test_page import no_violations

STORY = "A red fox stands in fresh snow.\n" * 40
# How many pixels of a canvas are drawn, and the sum of their reds.
DRAWN = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0, red = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at + 3]) { count += 1; red += data[at]; }
  return [count / (canvas.width * canvas.height), red];
}"""


def given(number: int, name: str, media_type: str, **more: object) -> Json:
    """Return a set whose only file is no picture."""
    job = make_job(number, "a copper knot", pictures=1, kind="workflow")
    job["images"][0] |= {
        "url": f"/api/images/{name}", "thumbnail": None, "media_type": media_type,
        "width": None, "height": None, "bytes": 1000,
    } | more  # fmt: skip
    return job


def film() -> bytes:
    """Return a true clip of two seconds: a dot that goes from left to right."""
    pictures = []
    for at in range(24):
        picture = Image.new("RGB", (320, 192), "navy")
        ImageDraw.Draw(picture).ellipse((20 + at * 10, 70, 70 + at * 10, 120), "orange")
        pictures.append(picture)
    return webm(pictures, fps=12)


def a_model(stage: Stage) -> None:
    stage.add(given(1, "knot.glb", "model/gltf-binary"))
    stage.files["knot.glb"] = (knot(), "model/gltf-binary")


async def test_a_model_has_a_poster(stage: Stage, open_page: OpenPage) -> None:
    a_model(stage)
    page = await open_page()
    canvas = page.locator("picture-tile canvas[data-shown]")
    await canvas.wait_for()
    covered, _ = await canvas.evaluate(DRAWN)
    assert 0.1 < covered < 0.8
    await expect(page.locator("picture-tile .badge")).to_have_text("3D")
    await expect(page.locator("picture-tile .open")).to_have_attribute(
        "aria-label", "Open 3D model 1 of 1: a copper knot"
    )


async def test_a_model_is_turned_by_dragging(stage: Stage, open_page: OpenPage) -> None:
    a_model(stage)
    page = await open_page()
    await page.locator("picture-tile .open").click()
    canvas = page.locator("light-box canvas[data-shown]")
    await canvas.wait_for()
    before = await canvas.evaluate(DRAWN)
    box = await canvas.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 200, box["y"] + 200)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 330, box["y"] + 220, steps=3)
    await page.mouse.up()
    turned = f"([canvas, red]) => ({DRAWN})(canvas)[1] !== red"
    await page.wait_for_function(turned, arg=[await canvas.element_handle(), before[1]])


async def test_a_model_that_cannot_be_read_says_so(stage: Stage, open_page: OpenPage) -> None:
    stage.add(given(1, "odd.glb", "model/gltf-binary"))
    stage.files["odd.glb"] = (b"glTF nothing", "model/gltf-binary")
    page = await open_page()
    await expect(page.locator("picture-tile .nth")).to_have_text("A 3D model, without a poster.")


async def test_a_text_is_read_in_its_tile_and_whole_in_the_lightbox(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(given(1, "fox.txt", "text/plain"))
    stage.files["fox.txt"] = (STORY.encode(), "text/plain")
    page = await open_page()
    await expect(page.locator("picture-tile .told")).to_contain_text("A red fox stands")
    await page.locator("picture-tile .open").click()
    await expect(page.locator("light-box .told")).to_have_text(STORY)
    await no_violations(page)


async def test_what_is_no_picture_cannot_be_varied(stage: Stage, open_page: OpenPage) -> None:
    a_model(stage)
    page = await open_page()
    tile = page.locator("picture-tile")
    await tile.hover()
    await expect(tile.locator(".over .ib:visible")).to_have_count(2)
    await tile.locator("[data-do=menu]").click()
    rows = page.locator("action-sheet .cmds button")
    await expect(rows.first).to_contain_text("Reroll")
    await expect(page.locator("action-sheet [data-do=upscale]")).to_have_count(0)
    await expect(page.locator("action-sheet figure")).to_be_hidden()


async def test_a_clip_without_its_file_says_so(stage: Stage, open_page: OpenPage) -> None:
    stage.add(given(1, "wave.webm", "video/webm", width=832, height=480, duration_s=3.2))
    stage.files["wave.webm"] = (b"nothing", "video/webm")
    page = await open_page()
    await expect(page.locator("picture-tile .nth")).to_have_text("This file cannot be shown here.")


async def test_a_clip_plays_while_it_is_pointed_at(stage: Stage, open_page: OpenPage) -> None:
    stage.add(given(1, "dot.webm", "video/webm", width=320, height=192, duration_s=2.0))
    stage.files["dot.webm"] = (film(), "video/webm")
    page = await open_page()
    video = page.locator("picture-tile video[data-shown]")
    await video.wait_for()
    await expect(page.locator("picture-tile .badge")).to_have_text("2 s")
    assert await video.evaluate("v => v.paused && v.muted")
    await page.locator("picture-tile").hover()
    handle = await video.element_handle()
    await page.wait_for_function("v => !v.paused && v.currentTime > 0", arg=handle)
    await page.mouse.move(5, 5)
    await page.wait_for_function("v => v.paused && v.currentTime === 0", arg=handle)


async def test_a_clip_has_controls_in_the_lightbox(stage: Stage, open_page: OpenPage) -> None:
    stage.add(given(1, "dot.webm", "video/webm", width=320, height=192, duration_s=2.0))
    stage.files["dot.webm"] = (film(), "video/webm")
    page = await open_page(reduced_motion="reduce")
    await page.locator("picture-tile .open").click()
    video = page.locator("light-box video[data-shown]")
    await video.wait_for()
    assert await video.evaluate("v => v.controls && v.paused")
    await expect(page.locator("light-box .used")).to_contain_text("2.0 s")
    await no_violations(page)
