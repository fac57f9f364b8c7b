"""The page in each of its states, as a person meets it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.stage import COMFYUI, SKETCH, Json, Stage, make_job, speckle

WIDE, TALL, SQUARE = (1344, 768), (832, 1248), (1024, 1024)
LEFT_OUT = {
    "parameter": "weird",
    "level": "warning",
    "message": "--weird was left out: this model has nothing like it.",
}
OUT_OF_MEMORY = {
    "code": "out_of_memory",
    "message": "The GPU ran out of memory at step 14 of 25.",
    "hint": "Close other programs that use the GPU, or make it smaller: 1024×576 fits.",
    "details": [],
}
# Resolves when what has just happened is to be seen.
FRAMES = "new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))"
# Sums up every layout shift that no click or key has just caused.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map(({node}) => node?.nodeName);
    if (!entry.hadRecentInput) window.shifts.push([entry.value, moved]);
  }
}).observe({type: "layout-shift", buffered: true});
"""


def gallery() -> list[Json]:
    """Return sets of every shape, of two days."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return [
        make_job(5, "a red fox in the snow", "--ar 16:9 --seed 42", size=WIDE),
        make_job(4, "a jellyfish", "--ar 2:3", size=TALL, favorites=[1]),
        make_job(3, "layered hills", "--weird 9", size=SQUARE, notes=[LEFT_OUT]),
        make_job(2, "dunes at dusk", "--ar 21:9", size=(1792, 768), at=yesterday),
        make_job(1, "northern lights", "", size=WIDE, pictures=1, at=yesterday),
    ]


def in_work() -> tuple[Json, Json]:
    """Return a set that waits and one that is made."""
    waiting = make_job(12, "layered hills", "--ar 3:2", size=(1344, 896), state="queued")
    running = make_job(11, "a red fox", "--ar 16:9", size=WIDE, state="running", stage="loading")
    return waiting, running


def failures() -> list[Json]:
    half = make_job(22, "vases", "", state="failed", done=2, error=OUT_OF_MEMORY)
    return [
        make_job(23, "an avenue at night", "--hd", size=WIDE, state="failed", error=OUT_OF_MEMORY),
        half,
        make_job(21, "hills", "--ar 3:2", size=(1344, 896), state="canceled"),
        make_job(20, "gone", "", state="expired", done=4),
    ]


def caption(page: Page, number: int) -> str:
    return f"article[aria-label='Set {number}'] .caption"


async def states(page: Page, number: int) -> list[str]:
    """Return the state of each tile of a set."""
    tiles = page.locator(f"article[aria-label='Set {number}'] .tile")
    return [await tile.get_attribute("data-state") or "" for tile in await tiles.all()]


async def picture_shown(page: Page, number: int, index: int) -> None:
    """Wait until a finished picture lies alone in its place."""
    tile = page.locator(f"article[aria-label='Set {number}'] .tile").nth(index)
    await expect(tile.locator("img")).to_have_count(1)
    await expect(tile.locator("img.pic[data-shown]")).to_have_count(1)


async def test_sets_stand_under_their_days_with_words_flags_and_time(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*gallery())
    page = await open_page()
    await expect(page.locator("article")).to_have_count(5)
    await expect(page.locator("h2.day b")).to_have_text(["Today", "Yesterday"])
    await expect(page.locator("h2.day span")).to_have_text(["3 sets", "2 sets"])
    await expect(page.locator(f"{caption(page, 5)} .words")).to_have_text("a red fox in the snow")
    await expect(page.locator(f"{caption(page, 5)} .flags")).to_have_text("--ar 16:9 --seed 42")
    await expect(page.locator(f"{caption(page, 3)} .note")).to_have_text(LEFT_OUT["message"])
    await expect(page.locator(f"{caption(page, 5)} .meta span")).to_contain_text("12 s · ")
    await expect(page.locator(".starred")).to_have_count(1)
    await expect(page.locator(".filters a")).to_have_text(["All 5", "Starred 1", "Workflows"])
    await picture_shown(page, 5, 3)


async def test_tiles_keep_their_shape_in_every_window(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*gallery())
    page = await open_page()
    for width, columns in ((1440, (4, 4, 4, 2, 2)), (768, (2, 4, 4, 2, 1)), (390, (2, 2, 2, 1, 1))):
        await page.set_viewport_size({"width": width, "height": 900})
        found = await page.evaluate(
            """() => [...document.querySelectorAll(".tiles")].map((tiles) => {
              const columns = getComputedStyle(tiles).gridTemplateColumns.split(" ").length;
              const tile = tiles.firstElementChild.getBoundingClientRect();
              return [columns, tile.width / tile.height, tile.left];
            })"""
        )
        assert tuple(row[0] for row in found) == columns
        shapes = (1.75, 0.6667, 1, 2.3333, 1.75)
        assert [row[1] for row in found] == pytest.approx(shapes, abs=0.02)
        assert {row[2] for row in found} == {0}


async def test_a_set_is_watched_from_the_line_to_its_pictures(
    stage: Stage, open_page: OpenPage
) -> None:
    waiting, running = in_work()
    stage.add(waiting, running)
    stage.engine = COMFYUI | {"running": 1, "waiting": 1}
    stage.queue |= {"running": 1, "waiting": 1, "positions": {waiting["id"]: 2}}
    stage.queue["starts"] = {waiting["id"]: 20.0}
    page = await open_page(script=WATCH_SHIFTS)
    await page.evaluate(
        """() => {
          window.urls = 0;
          const {createObjectURL, revokeObjectURL} = URL;
          URL.createObjectURL = (blob) => { window.urls += 1; return createObjectURL(blob); };
          URL.revokeObjectURL = (url) => { window.urls -= 1; revokeObjectURL(url); };
        }"""
    )
    await expect(page.locator(".engine")).to_contain_text("ComfyUI 1 running, 1 waiting")
    await expect(page.locator("html")).to_have_attribute("data-engine", "working")
    await expect(page.locator(".line-up")).to_have_text("2nd in line")
    line = page.locator(f"{caption(page, 12)} .prog span")
    await expect(line).to_have_text("Starts in about 20 s")
    assert await states(page, 11) == ["loading", "waiting", "waiting", "waiting"]

    line = page.locator(f"{caption(page, 11)} .prog span")
    await expect(line).to_have_text("Loading the model")
    await stage.progress(running, value=0.16, step=16, eta_s=8.2)
    await expect(line).to_have_text("Picture 1 of 4, about 8 s left")
    tile = page.locator("article[aria-label='Set 11'] .tile").first
    await expect(tile.locator(".badge")).to_have_text("16/25")
    for seed in range(8):
        await stage.preview(running, 0, speckle(seed))
    await expect(tile.locator("img.preview")).to_have_count(1)

    # the picture is slow to come: the last preview stays until it can be painted
    arrives = asyncio.Event()
    painting = stage.painter
    loop = asyncio.get_running_loop()

    def slow(name: str, width: int) -> bytes:
        asyncio.run_coroutine_threadsafe(arrives.wait(), loop).result()
        return painting(name, width)

    stage.painter = slow
    finished = make_job(11, "a red fox", size=WIDE)["images"]
    running = await stage.put(running, stage="sampling", images=finished[:1])
    await stage.progress(running, value=0.3, step=30, image=1, eta_s=6)
    await expect(tile).to_have_attribute("data-state", "succeeded")
    await expect(tile.locator("img.preview")).to_have_count(1)
    await expect(tile.locator("img.pic")).to_have_count(0)
    arrives.set()
    await picture_shown(page, 11, 0)
    assert await states(page, 11) == ["succeeded", "sampling", "waiting", "waiting"]

    done = {"state": "succeeded", "stage": None, "images": finished}
    stage.queue |= {"running": 0, "waiting": 1}
    await stage.put(running, **done, finished_at=datetime.now(UTC).isoformat())
    await picture_shown(page, 11, 3)
    await expect(page.locator(f"{caption(page, 11)} .prog")).to_be_hidden()
    assert await page.evaluate("window.urls") == 0
    shifts = await page.evaluate("window.shifts")
    # the words of the engine may take another width; nothing else moves
    assert sum(value for value, _ in shifts) < 0.002, shifts


async def test_missing_previews_are_explained_once(stage: Stage, open_page: OpenPage) -> None:
    waiting, running = in_work()
    stage.add(running)
    stage.engine = COMFYUI | {"previews": False}
    page = await open_page()
    note = page.locator(f"{caption(page, 11)} .note")
    await expect(note).to_contain_text("Start it with --preview-method auto")
    await stage.put(waiting)
    await expect(page.locator("article")).to_have_count(2)
    await expect(page.locator(".note")).to_have_count(1)
    await page.reload()
    await expect(page.locator("article")).to_have_count(2)
    await expect(page.locator(".note")).to_have_count(0)


async def test_a_set_is_canceled_and_made_after_all(stage: Stage, open_page: OpenPage) -> None:
    _, running = in_work()
    stage.add(running)
    page = await open_page()
    await page.get_by_role("button", name="Cancel").click()
    block = page.locator(".fail")
    await expect(block).to_contain_text("You canceled this one.")
    await block.get_by_role("button", name="Make it after all").click()
    await expect(block).to_have_count(0)
    verbs = [path.rsplit("/", 1)[1] for _, path, _ in stage.asked]
    assert verbs == ["cancel", "retry"]


async def test_failures_say_what_is_so_and_what_to_do(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*failures())
    stage.engine = COMFYUI | {"state": "down", "reason": "Nobody answers at 127.0.0.1:8188."}
    page = await open_page()
    await expect(page.locator(".engine")).to_have_text("ComfyUI does not answer")
    blocks = page.locator(".fail")
    await expect(blocks).to_have_count(3)
    await expect(blocks.first).to_contain_text(OUT_OF_MEMORY["message"])
    await expect(blocks.first).to_contain_text(OUT_OF_MEMORY["hint"])
    await expect(blocks.nth(1)).to_contain_text("Your two are safe.")
    assert await states(page, 22) == ["succeeded", "succeeded", "failed", "failed"]
    assert await states(page, 20) == ["expired"] * 4
    # the block lies over the empty places, no more and no less
    missing = page.locator("article[aria-label='Set 22'] .tile").nth(2)
    block_box, tile_box = await blocks.nth(1).bounding_box(), await missing.bounding_box()
    assert block_box
    assert tile_box
    assert block_box["x"] == pytest.approx(tile_box["x"], abs=1)
    assert block_box["height"] == pytest.approx(tile_box["height"], abs=1)
    await blocks.first.get_by_role("button", name="Try again as it is").click()
    await expect(blocks).to_have_count(2)
    assert stage.asked[0][:2] == ("POST", f"/api/jobs/{failures()[0]['id']}/retry")


async def test_a_picture_whose_file_is_gone_says_so(stage: Stage, open_page: OpenPage) -> None:
    def gone(name: str, width: int) -> bytes:
        raise web.HTTPNotFound

    stage.painter = gone
    stage.add(gallery()[0])
    page = await open_page(allow=("Failed to load",))
    tile = page.locator(".tile").first
    await expect(tile).to_contain_text("This file is no longer on the disk.")
    await expect(tile.locator("img")).to_have_count(0)


async def test_a_picture_that_is_out_of_reach_is_asked_for_until_it_comes(
    stage: Stage, open_page: OpenPage
) -> None:
    paint = stage.painter

    def busy(name: str, width: int) -> bytes:
        raise web.HTTPServiceUnavailable

    stage.painter = busy
    stage.add(gallery()[0])
    page = await open_page(allow=("Failed to load",))
    tile = page.locator(".tile").first
    await expect(tile).to_contain_text("This picture is out of reach for now.")
    stage.painter = paint
    await expect(tile.locator("img.pic[data-shown]")).to_have_count(1, timeout=20_000)
    await expect(tile.locator(".nth")).to_have_count(0)


async def test_an_empty_gallery_offers_prompts_and_makes_the_one_that_is_clicked(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.engine = SKETCH
    page = await open_page(script=WATCH_SHIFTS)
    await expect(page.locator(".filters")).to_be_hidden()
    await expect(page.locator(".banner")).to_contain_text("No ComfyUI found")
    await page.get_by_role("button", name="Connect ComfyUI").click()
    await expect(page.get_by_role("dialog")).to_contain_text("imagine --comfyui-url")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="a red fox in the snow").click()
    await expect(page.locator("article[aria-label='Set 1'] .words")).to_have_text(
        "a red fox in the snow"
    )
    await expect(page.locator("empty-welcome")).to_have_count(0)
    await page.get_by_role("button", name="Hide this note").click()
    await page.reload()
    await expect(page.locator("article")).to_have_count(1)
    await expect(page.locator(".banner")).to_have_count(0)
    assert await page.evaluate("window.shifts") == []


async def test_the_keyboard_alone_reaches_everything(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*gallery())
    page = await open_page()
    press = page.keyboard.press
    focused = "document.activeElement.getAttribute('aria-label')"
    await press("Tab")
    await press("Enter")  # skip to the pictures
    await press("ArrowDown")
    assert await page.evaluate(focused) == "Open picture 1 of 4: a red fox in the snow"
    await press("ArrowRight")
    await press("ArrowDown")
    assert await page.evaluate(focused) == "Open picture 2 of 4: a jellyfish"
    # the star goes at once, before the server has heard of it
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await press("s")
    await expect(page.locator(".starred")).to_have_count(0)
    assert stage.asked == [("PATCH", f"/api/jobs/{gallery()[1]['id']}", {"favorites": []})]
    await press("ArrowUp")
    await press("Space")
    box = page.locator("dialog.box")
    await expect(box).to_have_attribute("aria-label", "Picture 2 of 4")
    await press("Space")
    await expect(box).to_have_attribute("aria-label", "Picture 3 of 4")
    await press("ArrowRight")
    await press("ArrowRight")
    await expect(box.locator(".words")).to_have_text("a jellyfish")
    await press("?")
    await expect(page.locator("dialog.note-dialog")).to_be_visible()
    await press("Escape")
    await press("Escape")
    await expect(box).to_be_hidden()
    assert await page.evaluate(focused) == "Open picture 1 of 4: a jellyfish"
    await press("m")
    await press("Tab")
    await expect(page.locator("dialog.sheet")).to_be_visible()
    await press("Escape")
    await press("t")
    field = page.locator("prompt-lens textarea")
    await expect(field).to_have_value("a jellyfish --ar 2:3")
    await expect(field).to_be_focused()
    await page.keyboard.type(" s/?")
    assert len(stage.asked) == 1 + sum(path == "/api/parse" for _, path, _ in stage.asked)


async def test_the_lightbox_tells_what_was_really_used(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*gallery())
    page = await open_page()
    await page.locator("article[aria-label='Set 3'] .tile").nth(1).click()
    panel = page.locator(".panel")
    await expect(panel.locator("dt")).to_have_text(
        ["Model", "Size", "Seed", "Steps", "Guidance", "Sampler", "Time", "Engine", "File"]
    )
    await expect(panel.locator("dd")).to_have_text(
        ["sd_xl_base_1.0", "1024 × 1024", "90417734", "25", "5.0", "euler, normal", "12.0 s",
         "ComfyUI, attempt 1", "1.8 MB PNG"]
    )  # fmt: skip
    await expect(panel.locator(".note")).to_have_text(LEFT_OUT["message"])
    await expect(page.locator(".pic-frame .full[data-shown]")).to_be_visible()
    await page.go_back()
    await expect(page.locator("dialog.box")).to_be_hidden()
    await page.go_forward()
    await expect(page.locator("dialog.box")).to_be_visible()
    await panel.get_by_role("button", name="Make again").click()
    await expect(page.locator("dialog.box")).to_be_hidden()
    await expect(page.locator("article").first).to_have_attribute("aria-label", "Set 6")
    assert stage.asked[-1][2] == {"prompt": "layered hills --weird 9 --seed 90417733"}


async def test_a_set_in_the_trash_can_be_had_back(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*gallery())
    page = await open_page()
    await page.locator("article[aria-label='Set 4']").hover()
    more = page.locator("article[aria-label='Set 4'] .to").get_by_role("button", name="More")
    await more.click()
    await page.get_by_role("button", name="Move to trash").click()
    toast = page.locator(".toast")
    await expect(toast).to_contain_text("Set 4 is in the trash.")
    await expect(page.locator("article")).to_have_count(4)
    await toast.get_by_role("button", name="Undo").click()
    await expect(page.locator("article")).to_have_count(5)
    await more.click()
    await page.get_by_role("button", name="Move to trash").click()
    await page.get_by_role("link", name="Trash 1").click()
    await expect(page.locator("article")).to_have_count(1)
    await page.get_by_role("button", name="Restore").click()
    await expect(page.locator("job-feed")).to_contain_text("The trash is empty.")


async def test_search_narrows_the_feed_and_says_when_nothing_matches(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*gallery())
    page = await open_page()
    await page.keyboard.press("/")
    await page.keyboard.type("red fox")
    await expect(page.locator("article")).to_have_count(1)
    await page.keyboard.type("es")
    await expect(page.locator("job-feed")).to_contain_text("Nothing matches “red foxes”.")
    await page.keyboard.press("Enter")
    await page.locator("job-feed").get_by_role("button", name="Clear search").click()
    await expect(page.locator("article")).to_have_count(5)


async def test_older_sets_come_by_pages_and_the_end_is_told(
    stage: Stage, open_page: OpenPage
) -> None:
    march = datetime(2026, 3, 3, 12, tzinfo=UTC)
    jobs = [make_job(n, f"number {n}", at=march + timedelta(days=n)) for n in range(40)]
    stage.add(*jobs)
    stage.page_size = 10
    page = await open_page()
    await expect(page.locator("article")).not_to_have_count(40)
    third = page.locator("article[aria-label='Set 30']")
    await third.scroll_into_view_if_needed()
    box = await third.bounding_box()
    await stage.put(make_job(50, "a newer one"))
    await expect(page.locator("article[aria-label='Set 50']")).to_have_count(1)
    after = await third.bounding_box()
    assert box
    assert after
    assert after["y"] == pytest.approx(box["y"], abs=1)
    sets = page.locator("article")
    while (known := await sets.count()) < 41:
        await page.keyboard.press("End")
        await expect(sets).not_to_have_count(known)
    await expect(page.locator(".feed-end")).to_have_text("That is everything, back to 3 March.")


async def test_out_of_reach_is_said_and_what_was_missed_comes_after(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*gallery())
    page = await open_page(allow=("WebSocket", "Failed to load", "ERR_"))
    stage.down = True
    await stage.hang_up()
    await expect(page.locator(".engine")).to_have_text("Server out of reach")
    await expect(page.locator("html")).to_have_attribute("data-engine", "down")
    await stage.put(make_job(9, "made while nobody looked"))
    stage.down = False
    await expect(page.locator(".engine")).to_have_text("ComfyUI ready")
    await expect(page.locator("article").first).to_have_attribute("aria-label", "Set 9")


async def test_a_late_answer_from_a_gap_does_not_say_that_it_goes_on(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*gallery())
    page = await open_page(allow=("WebSocket", "Failed to load", "ERR_"))
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/api/health", held.put)
    stage.down = True
    await stage.hang_up()
    asking = await held.get()
    stage.down = False
    await stage.put(make_job(9, "made while nobody looked"))
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("article").first).to_have_attribute("aria-label", "Set 9")
    async with page.expect_event("requestfailed"):
        await asking.abort()
    await page.evaluate(FRAMES)
    await expect(page.locator(".engine")).to_have_text("ComfyUI ready")


async def test_the_page_goes_on_without_a_socket(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*gallery())
    stage.deaf = True
    page = await open_page(allow=("WebSocket",))
    await expect(page.locator(".engine")).to_have_text("ComfyUI ready")
    stage.add(make_job(9, "seen by asking"))
    await expect(page.locator("article").first).to_have_attribute("aria-label", "Set 9")


async def test_a_long_press_opens_the_sheet_on_a_phone(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*gallery())
    page = await open_page(width=390, height=844, touch=True)
    session = await page.context.new_cdp_session(page)
    touch = {"type": "touchStart", "touchPoints": [{"x": 100, "y": 160}]}
    await session.send("Input.dispatchTouchEvent", touch)
    sheet = page.locator("dialog.sheet")
    await expect(sheet).to_have_attribute("aria-label", "Picture 1 of 4")
    await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await expect(sheet).to_be_visible()
    await sheet.get_by_role("button", name="Star").tap()
    await expect(page.locator(".starred")).to_have_count(2)
    heights = await page.evaluate(
        """() => [...document.querySelectorAll(".tools button, .filters a")]
          .map((target) => target.getBoundingClientRect().height).filter(Boolean)"""
    )
    assert min(heights) >= 40


async def test_the_end_of_a_long_press_chooses_nothing(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*gallery())
    page = await open_page(width=390, height=560, touch=True, is_mobile=True)
    session = await page.context.new_cdp_session(page)
    touch = {"type": "touchStart", "touchPoints": [{"x": 100, "y": 300}]}
    await session.send("Input.dispatchTouchEvent", touch)
    sheet = page.locator("dialog.sheet")
    await expect(sheet).to_be_visible()
    under = "document.elementFromPoint(100, 300)?.closest('.sheet [data-do]') !== null"
    assert await page.evaluate(under)
    await page.evaluate("""() => {
      window.clicked = new Promise((seen) => addEventListener("click", () => seen(), true));
    }""")
    await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await page.evaluate("clicked")
    await expect(sheet).to_have_attribute("aria-label", "Picture 3 of 4")
    await expect(sheet).to_be_visible()
    assert stage.asked == []


async def test_the_lightbox_is_swiped_through_and_dragged_shut(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*gallery())
    page = await open_page(width=390, height=844, touch=True)
    session = await page.context.new_cdp_session(page)

    async def drag(*path: tuple[int, int]) -> None:
        points = [[{"x": x, "y": y}] for x, y in path]
        kinds = ["touchStart", *["touchMove"] * (len(path) - 1), "touchEnd"]
        for kind, at in zip(kinds, [*points, []], strict=True):
            await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    await page.locator("article[aria-label='Set 5'] .tile").first.tap()
    box = page.locator("dialog.box")
    await expect(box).to_have_attribute("aria-label", "Picture 1 of 4")
    await drag((300, 200), (200, 205), (100, 205))
    await expect(box).to_have_attribute("aria-label", "Picture 2 of 4")
    await drag((100, 200), (200, 205), (300, 205))
    await expect(box).to_have_attribute("aria-label", "Picture 1 of 4")
    await drag((200, 100), (202, 200), (204, 320))
    await expect(box).to_be_hidden()


async def test_the_theme_is_the_systems_until_one_is_chosen(
    stage: Stage, open_page: OpenPage
) -> None:
    page = await open_page(theme="light")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert await page.evaluate(ground) == "rgb(250, 250, 249)"
    await page.get_by_role("button", name="Preferences and help").click()
    await page.get_by_text("Dark", exact=True).click()
    assert await page.evaluate(ground) == "rgb(11, 11, 12)"
    await page.reload()
    assert await page.evaluate(ground) == "rgb(11, 11, 12)"


@pytest.mark.parametrize("width", [320, 390, 1440, 2560])
async def test_nothing_scrolls_sideways_and_nothing_shifts(
    stage: Stage, open_page: OpenPage, width: int
) -> None:
    long = make_job(30, "w" * 400, "--ar 1:14 --no " + "x" * 300, size=(256, 3584))
    jobs = [long, *in_work(), *failures(), *gallery()]
    stage.add(*jobs)
    stage.engine = SKETCH
    page = await open_page(width=width, script=WATCH_SHIFTS)
    await picture_shown(page, 30, 0)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    shifts = await page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < 0.002, shifts
    await page.locator("article[aria-label='Set 5'] .tile").first.click()
    await expect(page.locator("dialog.box")).to_be_visible()
    assert await page.evaluate("document.querySelector('dialog.box').scrollWidth") <= width


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing(stage: Stage, open_page: OpenPage, theme: str) -> None:
    jobs = [*in_work(), *failures(), *gallery()]
    stage.add(*jobs)
    stage.engine = SKETCH
    page = await open_page(theme=theme, reduced_motion="reduce")
    await expect(page.locator(".banner")).to_be_visible()
    await no_violations(page)
    await page.locator("article[aria-label='Set 5'] .tile").first.click()
    await expect(page.locator(".pic-frame .full[data-shown]")).to_be_visible()
    await no_violations(page)
    await page.keyboard.press("?")
    await no_violations(page)


async def no_violations(page: Page) -> None:
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
