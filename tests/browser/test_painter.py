"""The mask painter: what is painted, what is sent of it, and how it is worked without a mouse."""

import io
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.painted_stage import PaintedStage
from tests.browser.stage import Json, make_job
from tests.following import eventually

LOST = "Failed to load resource"
WIDTH, HEIGHT = 1248, 832
OPEN = """([job, index]) => document.body.dispatchEvent(
  new CustomEvent("wish", {bubbles: true, detail: {what: "repaint", job, index}}))"""


@pytest.fixture
def stage() -> PaintedStage:
    stage = PaintedStage()
    stage.add(make_job(3, "a cabin at a lake", "--ar 3:2", size=(WIDTH, HEIGHT)))
    return stage


@pytest.fixture
def job(stage: PaintedStage) -> Json:
    (job,) = stage.jobs.values()
    return job


def easel(page: Page) -> Locator:
    return page.locator(".easel")


def words(page: Page) -> Locator:
    return page.get_by_label("What should be there")


def repaint(page: Page) -> Locator:
    return page.get_by_role("button", name="Repaint", exact=True)


def said(page: Page) -> Locator:
    return page.locator(".painter > [role=status]")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Mask tools").get_by_role("button", name=name)


async def paint_at(page: Page, job: Json, index: int = 1) -> None:
    await page.evaluate(OPEN, [job["id"], index])
    await expect(easel(page)).to_be_focused()


async def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where a place of the picture, 0 to 1 each way, is in the window."""
    box = await page.locator(".easel img").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


async def drag(page: Page, *places: tuple[float, float]) -> None:
    first, *others = [await place(page, *each) for each in places]
    await page.mouse.move(*first)
    await page.mouse.down()
    for each in others:
        await page.mouse.move(*each, steps=8)
    await page.mouse.up()


async def sent(page: Page, stage: PaintedStage) -> Image.Image:
    """Press Repaint, and return the mask that came."""
    before = len(stage.actions)
    await repaint(page).click()
    await expect(page.locator(".painter")).to_be_hidden()
    await eventually(lambda: len(stage.actions) > before)
    data = stage.uploads[stage.actions[-1][1]["mask"]]
    mask = Image.open(io.BytesIO(data))
    assert mask.mode == "L"
    assert mask.size == (WIDTH, HEIGHT)
    assert {value for _, value in mask.getcolors() or []} <= {0, 255}
    return mask


def share(mask: Image.Image) -> float:
    return mask.histogram()[255] / (mask.width * mask.height)


async def test_what_is_painted_is_white_in_a_mask_as_large_as_the_picture(
    open_page: OpenPage, stage: PaintedStage, job: Json
) -> None:
    page = await open_page()
    await paint_at(page, job)
    await expect(words(page)).to_have_value("a cabin at a lake --ar 3:2")
    await expect(repaint(page)).to_have_attribute("aria-disabled", "true")
    await expect(page.locator(".painter .head")).to_contain_text("Set 3, picture 2")
    await drag(page, (0.25, 0.5), (0.75, 0.5))
    await expect(said(page)).to_contain_text("A stroke more. About")
    await expect(repaint(page)).to_have_attribute("aria-disabled", "false")
    await words(page).fill("a boat")
    mask = await sent(page, stage)
    assert mask.getpixel((WIDTH // 2, HEIGHT // 2)) == 255
    assert mask.getpixel((WIDTH // 4, HEIGHT // 2)) == 255
    assert mask.getpixel((WIDTH // 2, HEIGHT // 4)) == 0
    # 64 of 1024 of the longer side is 78 px high, and its round ends
    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    assert abs((bottom - top) - 78) <= 2
    assert abs((right - left) - (WIDTH / 2 + 78)) <= 4
    digest = stage.actions[0][1]["mask"]
    assert stage.actions == [
        (job["id"], {"action": "region", "image": 1, "mask": digest, "prompt": "a boat"})
    ]
    await expect(page.locator("job-set")).to_have_count(2)
    await expect(page.locator(".toast")).to_have_text("Set 4: repaint of picture 2.Cancel")


async def test_a_seed_that_was_typed_once_is_not_that_of_the_next_try(
    open_page: OpenPage, stage: PaintedStage
) -> None:
    job = make_job(4, "a cabin", "--seed 7 --ar 3:2", size=(WIDTH, HEIGHT))
    stage.add(job)
    page = await open_page()
    await paint_at(page, job)
    await expect(words(page)).to_have_value("a cabin --ar 3:2")


async def test_its_keys_are_told_by_a_key(open_page: OpenPage, job: Json) -> None:
    page = await open_page()
    await paint_at(page, job)
    await page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="All keys")
    await expect(keys).to_contain_text("While repainting")
    await page.keyboard.press("Escape")
    await expect(keys).to_be_hidden()
    await expect(easel(page)).to_be_focused()


async def test_tools_undo_redo_invert_and_clear_make_the_mask(
    open_page: OpenPage, stage: PaintedStage, job: Json
) -> None:
    page = await open_page()
    await paint_at(page, job)
    await page.keyboard.press("l")
    await drag(page, (0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
    await expect(said(page)).to_contain_text("About 36 % is painted.")
    await page.keyboard.press("x")
    await drag(page, (0.5, 0.1), (0.5, 0.9))
    await expect(said(page)).to_contain_text("Erased.")
    await page.keyboard.press("Control+z")
    await expect(said(page)).to_have_text("Undone. About 36 % is painted.")
    await page.keyboard.press("Control+Shift+z")
    await expect(said(page)).to_contain_text("Done again.")
    await page.keyboard.press("Control+z")
    await page.keyboard.press("i")
    await expect(said(page)).to_have_text("Inverted. About 64 % is painted.")
    await button(page, "Clear").click()
    await expect(said(page)).to_have_text("Cleared. Nothing is painted.")
    await expect(repaint(page)).to_have_attribute("aria-disabled", "true")
    await button(page, "Undo").click()
    mask = await sent(page, stage)
    assert abs(share(mask) - 0.64) < 0.01
    assert mask.getpixel((WIDTH // 2, HEIGHT // 2)) == 0
    assert mask.getpixel((5, 5)) == 255


async def test_nothing_painted_or_all_erased_is_not_sent(
    open_page: OpenPage, stage: PaintedStage, job: Json
) -> None:
    page = await open_page()
    await paint_at(page, job)
    await repaint(page).click(force=True)  # off, and it says why
    wrong = page.locator(".painter .wrong")
    await expect(wrong).to_contain_text("Nothing is painted yet. Paint over what should change.")
    await drag(page, (-0.1, 0.4), (-0.1, 0.6))
    await expect(said(page)).to_have_text("A stroke more. Nothing is painted.")
    await expect(repaint(page)).to_have_attribute("aria-disabled", "true")
    await drag(page, (0.4, 0.5), (0.6, 0.5))
    await expect(wrong).to_be_hidden()
    await expect(repaint(page)).to_have_attribute("aria-disabled", "false")
    await page.keyboard.press("x")
    for _ in range(6):
        await page.keyboard.press("]")
    await drag(page, (0.3, 0.5), (0.7, 0.5))
    await expect(said(page)).to_have_text("Erased. Nothing is painted.")
    await words(page).press("Enter")
    await expect(wrong).to_contain_text("Nothing is painted yet.")
    assert stage.actions == []


async def test_it_is_painted_by_keyboard_alone(
    open_page: OpenPage, stage: PaintedStage, job: Json
) -> None:
    page = await open_page()
    await paint_at(page, job)
    await page.keyboard.press("Shift+ArrowLeft")
    await expect(page.locator(".brush")).to_be_visible()
    await page.keyboard.down(" ")
    for _ in range(4):
        await page.keyboard.press("Shift+ArrowRight")
    await page.keyboard.up(" ")
    await expect(said(page)).to_contain_text("A stroke more.")
    await page.keyboard.press("]")
    await expect(page.locator(".toolbar output")).to_have_text("72")
    for _ in range(2):
        await page.keyboard.press("[")
    await expect(page.locator(".toolbar output")).to_have_text("55")
    mask = await sent(page, stage)
    left, _, right, _ = mask.getbbox() or (0, 0, 0, 0)
    # four leaps of a sixteenth of the longer side, and the brush
    assert abs((right - left) - (4 * WIDTH / 16 + 78)) <= 3
    assert mask.getpixel((WIDTH // 2, HEIGHT // 2)) == 255


async def test_letters_in_the_text_are_no_keys_and_escape_keeps_the_work(
    open_page: OpenPage, stage: PaintedStage, job: Json
) -> None:
    page = await open_page()
    await paint_at(page, job)
    await drag(page, (0.4, 0.5), (0.6, 0.5))
    await words(page).fill("")
    await page.keyboard.type("x i b")
    await expect(button(page, "Brush")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Escape")
    await expect(page.locator(".painter")).to_be_hidden()
    await paint_at(page, job, 0)
    await expect(repaint(page)).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Escape")
    await paint_at(page, job)
    await expect(words(page)).to_have_value("x i b")
    await page.keyboard.press("Control+z")
    await expect(repaint(page)).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Control+y")
    assert share(await sent(page, stage)) > 0.01
    await paint_at(page, job)
    await expect(words(page)).to_have_value("a cabin at a lake --ar 3:2")
    await expect(repaint(page)).to_have_attribute("aria-disabled", "true")


async def test_a_refusal_is_said_and_the_mask_stays(
    open_page: OpenPage, stage: PaintedStage, job: Json
) -> None:
    page = await open_page(allow=(LOST,))
    stage.refusals = [
        (422, {"message": "No model repaints here.", "hint": "Install an inpainting model."}, {})
    ]
    await paint_at(page, job)
    await drag(page, (0.4, 0.5), (0.6, 0.5))
    await words(page).press("Enter")
    await expect(page.locator(".painter .wrong")).to_contain_text(
        "No model repaints here. Install an inpainting model."
    )
    assert share(await sent(page, stage)) > 0.01
    assert len(stage.actions) == 2


@pytest.mark.parametrize("transparent", [True, False])
async def test_a_mask_file_is_read_as_white_or_as_transparent(
    open_page: OpenPage, stage: PaintedStage, job: Json, transparent: bool
) -> None:
    page = await open_page()
    await paint_at(page, job)
    half = (WIDTH // 2, HEIGHT // 2)
    mask = Image.new("L", half, 0)
    mask.paste(255, (0, 0, half[0] // 2, half[1]))
    if transparent:
        picture = Image.new("RGB", half, "white")
        picture.putalpha(mask.point(lambda value: 255 - value))
        mask = picture
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")
    file = FilePayload(name="mask.png", mimeType="image/png", buffer=buffer.getvalue())
    await page.locator(".painter [type=file]").set_input_files([file])
    await expect(said(page)).to_have_text("The mask is in place. About 50 % is painted.")
    painted = await sent(page, stage)
    assert painted.getpixel((10, 10)) == 255
    assert painted.getpixel((WIDTH - 10, 10)) == 0


async def test_a_mask_of_another_shape_is_refused(open_page: OpenPage, job: Json) -> None:
    page = await open_page()
    await paint_at(page, job)
    buffer = io.BytesIO()
    Image.new("L", (64, 64), 255).save(buffer, "PNG")
    file = FilePayload(name="mask.png", mimeType="image/png", buffer=buffer.getvalue())
    await page.locator(".painter [type=file]").set_input_files([file])
    await expect(page.locator(".painter .wrong")).to_contain_text(
        "That mask has another shape: 64×64 for a picture of 1248×832."
    )


async def test_one_finger_paints_and_two_bring_the_picture_closer(
    open_page: OpenPage, stage: PaintedStage, job: Json
) -> None:
    page = await open_page(width=390, height=844, touch=True)
    await paint_at(page, job)
    touch = await page.context.new_cdp_session(page)

    async def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(places)]
        await touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = await place(page, 0.5, 0.5)
    await fingers("touchStart", (x - 40, y))
    await fingers("touchMove", (x + 40, y))
    await fingers("touchEnd")
    await expect(said(page)).to_contain_text("A stroke more.")
    before = await page.locator(".easel img").bounding_box()
    await fingers("touchStart", (x - 40, y))
    await fingers("touchStart", (x - 40, y), (x + 40, y))
    await fingers("touchMove", (x - 80, y), (x + 80, y))
    await fingers("touchEnd", (x - 80, y))
    await fingers("touchMove", (x - 20, y + 40))
    await fingers("touchEnd")
    after = await page.locator(".easel img").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["width"] - 2 * before["width"]) < 2
    await page.keyboard.press("Control+z")
    await expect(said(page)).to_have_text("Undone. Nothing is painted.")


async def test_the_wheel_sizes_the_brush_and_with_ctrl_zooms(
    open_page: OpenPage, job: Json
) -> None:
    page = await open_page()
    await paint_at(page, job)
    await page.mouse.move(*await place(page, 0.5, 0.5))
    await page.mouse.wheel(0, -100)
    await expect(page.locator(".toolbar output")).to_have_text("69")
    before = await page.locator(".easel img").bounding_box()
    await page.keyboard.down("Control")
    await page.mouse.wheel(0, -100)
    await page.keyboard.up("Control")
    after = await page.locator(".easel img").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 1.5 * before["width"]


@pytest.mark.parametrize(("width", "height", "theme"), [
    (1440, 900, "dark"), (390, 844, "light"), (320, 568, "dark"), (844, 390, "light"),
])  # fmt: skip
async def test_all_of_it_is_seen_and_reached(
    open_page: OpenPage, job: Json, width: int, height: int, theme: str
) -> None:
    page = await open_page(width=width, height=height, theme=theme)
    await paint_at(page, job)
    await drag(page, (0.4, 0.5), (0.6, 0.5))
    for part in (easel(page), page.locator(".toolbar"), repaint(page)):
        box = await part.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert box["height"] >= 40
    await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    found: Any = await Axe().run(page, context="mask-painter")
    assert found.violations_count == 0, found.generate_report()
