"""The redesign: up to four pictures, drawn on and spoken of, become one request."""

import io

import pytest
from aiohttp import web
from PIL import Image
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.painted_stage import PaintedStage
from tests.browser.stage import Json, make_job
from tests.browser.test_page import no_violations

SIZE = (1200, 800)
RED = (255, 59, 48)


class RedesignStage(PaintedStage):
    """Has a workflow that changes pictures and one that cannot run, and keeps what is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.workflows = [workflow("later", available=False), workflow("multi_image_edit")]
        self.generated: list[tuple[str | None, Json]] = []

    def app(self) -> web.Application:
        app = super().app()
        app.add_routes([
            web.get("/api/workflows", self._workflows), web.post("/api/generate", self._generate)
        ])  # fmt: skip
        return app

    async def _workflows(self, _: web.Request) -> web.Response:
        return web.json_response({"workflows": self.workflows, "broken": [], "categories": []})

    async def _generate(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.generated.append((request.headers.get("Idempotency-Key"), body))
        if self.refusals:
            return self.refused()
        job = await self.put(make_job(9, body["prompt"], pictures=1, state="queued"))
        answer = {"batch": job["batch"], "jobs": [job], "warnings": []}
        return web.json_response(answer, status=202)


def workflow(name: str, *, available: bool = True) -> Json:
    return {
        "id": name, "name": name.replace("_", " ").capitalize(), "description": "",
        "category": "edit", "available": available,
        "reason": None if available else "No model of FLUX Kontext is installed.",
        "inputs": {"prompt": True, "images": {"min": 1, "max": 4}, "mask": None, "batch": False},
    }  # fmt: skip


@pytest.fixture
def stage() -> RedesignStage:
    stage = RedesignStage()
    stage.add(make_job(3, "a cabin at a lake", "--ar 3:2", size=(1248, 832)))
    return stage


def picture(name: str, colour: str) -> FilePayload:
    buffer = io.BytesIO()
    Image.new("RGB", SIZE, colour).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


async def opened(page: Page, *files: FilePayload) -> Locator:
    await page.get_by_role("button", name="Add a picture").click()
    await page.get_by_role("button", name="Redesign pictures…").click()
    desk = page.locator(".redesign")
    await desk.locator("[type=file]").set_input_files(list(files))
    await expect(desk.locator("redesign-slot")).to_have_count(min(len(files), 4))
    return desk


async def make(desk: Locator) -> None:
    """Send what is on the desk; to write a drawn picture takes the browser its time."""
    button = desk.get_by_role("button", name="Make")
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()
    await expect(desk).to_be_hidden(timeout=30_000)


async def draw(page: Page, *stroke: tuple[float, float]) -> None:
    """Draw a line through places of the picture, 0 to 1 each way."""
    box = await page.locator(".painter[open] .easel img").bounding_box()
    assert box is not None
    for at, (x, y) in enumerate(stroke):
        await page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if not at:
            await page.mouse.down()
    await page.mouse.up()


def sent(desk: Locator) -> Locator:
    return desk.get_by_label("This is sent")


async def test_four_pictures_with_notes_become_one_prompt_shown_before_it_is_sent(
    stage: RedesignStage, open_page: OpenPage
) -> None:
    page = await open_page()
    files = [picture(f"{name}.png", name) for name in ("teal", "olive", "navy", "gray")]
    desk = await opened(page, *files)
    for number, note in enumerate(("make the collar blue", "keep the face.", "", "as it is"), 1):
        await desk.get_by_label(f"What should change in picture {number}?").fill(note)
    await desk.get_by_label("What should become of them?").fill("All in one room")
    prompt = (
        "Picture 1: make the collar blue. Picture 2: keep the face. "
        "Picture 4: as it is. All in one room."
    )
    await expect(sent(desk)).to_have_value(prompt)
    await expect(desk.get_by_role("button", name="Add a picture")).to_be_hidden()
    await make(desk)
    await expect(page.get_by_label("Set 9", exact=True)).to_be_visible()
    [(key, body)] = stage.generated
    assert key is not None
    assert body["workflow"] == "multi_image_edit"
    assert body["prompt"] == prompt
    assert [stage.uploads[link.removeprefix("upload:")] for link in body["images"]] == [
        file["buffer"] for file in files
    ]


async def test_what_is_drawn_is_in_the_picture_at_full_resolution(
    stage: RedesignStage, open_page: OpenPage
) -> None:
    page = await open_page()
    desk = await opened(page, picture("teal.png", "teal"))
    await desk.get_by_role("button", name="Draw on picture 1").click()
    await draw(page, (0.25, 0.5), (0.75, 0.5))
    await page.get_by_role("button", name="Use this drawing").click()
    await expect(sent(desk)).to_have_value(
        "Follow what is drawn on it. Leave the drawn marks themselves out of the result."
    )
    await make(desk)
    [(_, body)] = stage.generated
    [link] = body["images"]
    with Image.open(io.BytesIO(stage.uploads[link.removeprefix("upload:")])) as made:
        assert made.size == SIZE
        assert made.convert("RGB").getpixel((600, 400)) == RED
        assert made.convert("RGB").getpixel((600, 100)) == (0, 128, 128)


async def test_drawing_is_undone_redone_erased_and_cleared(
    stage: RedesignStage, open_page: OpenPage
) -> None:
    page = await open_page(allow=("willReadFrequently",))
    desk = await opened(page, picture("teal.png", "teal"))
    await desk.get_by_role("button", name="Draw on picture 1").click()
    tools = page.get_by_role("group", name="Drawing tools")
    slider = tools.get_by_role("slider", name="Size")
    assert [await slider.get_attribute(name) for name in ("min", "max")] == ["1", "50"]
    await draw(page, (0.3, 0.5), (0.7, 0.5))
    await tools.get_by_role("radio", name="Blue").click()
    await draw(page, (0.3, 0.7), (0.7, 0.7))
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Control+z")
    await expect(tools.get_by_role("button", name="Undo")).to_have_attribute(
        "aria-disabled", "true"
    )
    await page.keyboard.press("Control+Shift+z")
    await page.keyboard.press("Control+Shift+z")
    await slider.fill("50")
    await page.keyboard.press("x")
    await draw(page, (0.3, 0.5), (0.7, 0.5))
    await page.get_by_role("button", name="Use this drawing").click()
    canvas = desk.locator("redesign-slot canvas")
    at = "(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data]"
    assert await canvas.evaluate(at, [600, 400]) == [0, 0, 0, 0]
    assert (await canvas.evaluate(at, [600, 560]))[:3] == [10, 132, 255]
    await desk.get_by_role("button", name="Draw on picture 1").click()
    await tools.get_by_role("button", name="Clear").click()
    await page.get_by_role("button", name="Use this drawing").click()
    assert await canvas.evaluate(at, [600, 560]) == [0, 0, 0, 0]


async def test_a_fifth_picture_is_refused_with_a_sentence(
    stage: RedesignStage, open_page: OpenPage
) -> None:
    page = await open_page()
    names = ("teal", "olive", "navy", "gray", "white")
    desk = await opened(page, *(picture(f"{name}.png", name) for name in names))
    await expect(desk.locator(".tells")).to_have_text(
        "Four pictures are the most. Remove one first."
    )
    await expect(desk.locator("redesign-slot")).to_have_count(4)


async def test_a_prompt_that_was_changed_by_hand_stays_until_it_is_written_anew(
    stage: RedesignStage, open_page: OpenPage
) -> None:
    page = await open_page()
    desk = await opened(page, picture("teal.png", "teal"))
    await sent(desk).fill("mine")
    await desk.get_by_label("What should change in picture 1?").fill("more blue")
    await expect(sent(desk)).to_have_value("mine")
    await desk.get_by_role("button", name="Write it anew").click()
    await expect(sent(desk)).to_have_value("More blue.")


async def test_a_picture_of_the_gallery_comes_onto_the_desk(
    stage: RedesignStage, open_page: OpenPage
) -> None:
    page = await open_page()
    await page.locator("picture-tile .open").nth(1).focus()
    await page.keyboard.press("m")
    await page.get_by_role("button", name="Draw and redesign…").click()
    desk = page.locator(".redesign")
    await desk.get_by_label("What should change in picture 1?").fill("at night")
    await desk.get_by_label("What should change in picture 1?").press("Control+Enter")
    await expect(desk).to_be_hidden()
    [(_, body)] = stage.generated
    [job] = [one for one in stage.jobs.values() if one["number"] == 3]
    assert body["images"] == [f"picture:{job['id']}/1"]


async def test_what_cannot_be_sent_is_said_and_nothing_is_lost(
    stage: RedesignStage, open_page: OpenPage
) -> None:
    page = await open_page(allow=("Failed to load resource",))
    desk = await opened(page, picture("teal.png", "teal"))
    make = desk.get_by_role("button", name="Make")
    await make.click(force=True)
    await expect(desk.locator(".tells")).to_have_text("Say what should change, in a note or below.")
    await desk.get_by_label("What should change in picture 1?").fill("more blue")
    error = {"message": "The line is full.", "hint": "Try again later."}
    stage.refusals.append((429, error, {}))
    await make.click()
    await expect(desk.locator(".tells")).to_have_text("The line is full. Try again later.")
    await make.click()
    await expect(desk).to_be_hidden()
    (first, _), (second, _) = stage.generated
    assert first == second


async def test_an_engine_that_cannot_do_it_is_told(
    stage: RedesignStage, open_page: OpenPage
) -> None:
    stage.workflows = stage.workflows[:1]
    page = await open_page()
    desk = await opened(page, picture("teal.png", "teal"))
    await expect(desk.locator(".tells")).to_have_text("No model of FLUX Kontext is installed.")


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
async def test_the_desk_is_accessible_and_fits(
    stage: RedesignStage, open_page: OpenPage, width: int, theme: str
) -> None:
    # at rest: what fades in has no color of its own yet
    page = await open_page(width=width, theme=theme, reduced_motion="reduce")
    desk = await opened(page, picture("teal.png", "teal"), picture("olive.png", "olive"))
    await no_violations(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await desk.get_by_role("button", name="Draw on picture 2").click()
    await expect(page.get_by_role("button", name="Use this drawing")).to_be_visible()
    await no_violations(page)
