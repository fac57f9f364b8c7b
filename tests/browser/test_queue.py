"""The queue on the page: paused and resumed, moved and canceled, and each connection looked at."""

from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stage import BY_HAND, COMFYUI, Json, Stage, make_job
from tests.browser.test_page import no_violations

DISK_FULL = {
    "code": "disk_full", "message": "The disk of output is full: 12 MB are free.",
    "hint": "Free some space; the queue goes on by itself.", "by_hand": False,
}  # fmt: skip
CHECKS: list[Json] = [
    {"id": "disk.space", "title": "Space on the disk", "status": "ok",
     "message": "212 GB are free.", "fix": None},
    {"id": "engine.previews", "title": "Previews", "status": "warning",
     "message": "This ComfyUI sends no previews.", "fix": "Start it with --preview-method auto."},
    {"id": "engine.reach", "title": "ComfyUI", "status": "failed",
     "message": "Nobody listens at http://127.0.0.1:8188.", "fix": "Start ComfyUI."},
    *({"id": f"engine.{title.lower()}", "title": title, "status": "skipped", "fix": None,
       "message": "Not checked, because ComfyUI cannot be reached."}
      for title in ("Nodes", "Uploads")),
]  # fmt: skip


def waiting(number: int, **fields: Any) -> Json:
    return make_job(number, f"fox {number}", state="queued", **fields)


async def open_menu(page: Page) -> None:
    await page.locator("engine-state .engine").click()


async def test_the_queue_is_paused_and_resumed_from_the_header(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(waiting(1))
    page = await open_page()
    await open_menu(page)
    await page.get_by_role("button", name="Pause the queue").click()
    line = page.locator("pause-line .paused")
    await expect(line).to_contain_text("The queue is paused. What runs goes on")
    await expect(page.locator("article .prog > span")).to_have_text("The queue is paused")
    await line.get_by_role("button", name="Resume").click()
    await expect(line).to_have_count(0)
    assert [path for _, path, _ in stage.asked] == ["/api/queue/pause", "/api/queue/resume"]


async def test_a_pause_for_the_disk_says_why_and_has_no_button(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(waiting(1))
    stage.queue |= {"paused": True, "reason": DISK_FULL, "waiting": 1}
    page = await open_page()
    line = page.locator("pause-line .paused")
    await expect(line).to_contain_text(f"{DISK_FULL['message']} {DISK_FULL['hint']}")
    await expect(line.locator("button")).to_be_hidden()
    await expect(page.locator("article .prog > span")).to_have_text("The queue is paused")
    await open_menu(page)
    await expect(page.locator("engine-state [data-do=pause], [data-do=resume]")).to_be_hidden()


async def test_no_picture_moves_when_the_queue_is_paused_and_goes_on(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(make_job(1, "a lighthouse"), waiting(2))
    for width in (1440, 800, 390):
        stage.queue |= {"paused": False, "reason": None}
        page = await open_page(width=width)
        top = "document.querySelector('article').getBoundingClientRect().top"
        before = await page.evaluate(top)
        await stage.line(paused=True, reason=DISK_FULL)
        line = page.locator("pause-line .paused")
        await expect(line).to_be_visible()
        assert await page.evaluate(top) == before
        await no_violations(page)
        await stage.line(paused=False, reason=None)
        await expect(line).to_have_count(0)
        assert await page.evaluate(top) == before


async def test_what_is_said_on_a_phone_lies_above_the_prompt_bar_however_tall_it_is(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(make_job(1, "a lighthouse"), waiting(2))
    stage.queue |= {"waiting": 1}
    page = await open_page(width=390, height=800)
    await open_menu(page)
    await page.get_by_role("button", name="Cancel 1 set that waits").click()
    toast = page.locator(".toast")
    await expect(toast).to_be_visible()
    await stage.line(paused=True, reason=DISK_FULL)
    await expect(page.locator("pause-line .paused")).to_be_visible()
    gap = """() => document.querySelector("prompt-lens").getBoundingClientRect().top
        - document.querySelector(".toast").getBoundingClientRect().bottom"""
    await page.wait_for_function(f"(gap => gap >= 8 && gap < 24)(({gap})())")


async def test_resuming_by_keyboard_leaves_the_focus_in_the_prompt_bar(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(waiting(1))
    stage.queue |= {"paused": True, "reason": BY_HAND, "waiting": 1}
    page = await open_page()
    await page.locator("pause-line button").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("pause-line .paused")).to_have_count(0)
    await expect(page.locator("prompt-lens .go")).to_be_focused()


async def test_no_time_is_told_that_nobody_keeps(stage: Stage, open_page: OpenPage) -> None:
    running, next_ = make_job(1, "a fox", state="running"), waiting(2)
    stage.add(running, next_)
    stage.queue |= {"running": 1, "waiting": 1, "starts": {next_["id"]: 20.0}}
    page = await open_page()
    at_work = page.locator("article[aria-label='Set 1'] .prog > span")
    in_line = page.locator("article[aria-label='Set 2'] .prog > span")
    await stage.progress(running, value=0.3, step=30, image=1, eta_s=20.0)
    await expect(at_work).to_have_text("Picture 2 of 4, about 20 s left")
    await expect(in_line).to_have_text("Starts in about 20 s")
    await stage.tell(type="engine", engine=COMFYUI | {"state": "down"})
    await expect(at_work).to_have_text("ComfyUI does not answer")
    await expect(in_line).to_have_text("ComfyUI does not answer")
    await stage.tell(type="engine", engine=COMFYUI)
    await expect(at_work).to_have_text("Picture 2 of 4, about 20 s left")


async def test_a_set_that_is_silent_for_longer_than_it_needs_tells_no_time(
    stage: Stage, open_page: OpenPage
) -> None:
    running = make_job(1, "a fox", state="running")
    stage.add(running)
    page = await open_page()
    await page.clock.install()
    line = page.locator("article .prog > span")
    await stage.progress(running, value=0.3, step=30, image=1, eta_s=20.0)
    await expect(line).to_have_text("Picture 2 of 4, about 20 s left")
    await page.clock.fast_forward(24_000)
    await stage.tell(type="ping")
    await page.clock.run_for(100)
    await expect(line).to_have_text("Picture 2 of 4")


async def test_nothing_passes_what_an_engine_has_already(stage: Stage, open_page: OpenPage) -> None:
    taken = make_job(1, "a fox", state="running", stage="submitted")
    second, third, far = (waiting(number) for number in (2, 3, 4))
    stage.add(taken, second, third, far)
    places = {taken["id"]: 1, second["id"]: 2, third["id"]: 3}
    stage.queue |= {"waiting": 4, "positions": places}
    page = await open_page()
    next_ = page.locator("article", has=page.locator("[data-do=next]:not([hidden])"))
    await expect(next_).to_have_count(2)
    names = await next_.evaluate_all("sets => sets.map((set) => set.ariaLabel)")
    assert names == ["Set 4", "Set 3"]


async def test_hundreds_that_wait_are_left_alone_while_one_is_at_work(
    stage: Stage, open_page: OpenPage
) -> None:
    running = make_job(1, "a fox", state="running")
    line = [waiting(number) for number in range(2, 42)]
    stage.add(running, *line)
    stage.queue |= {"waiting": 40, "positions": {job["id"]: at for at, job in enumerate(line, 1)}}
    page = await open_page()
    counts = """() => { window.drawn = new Map(); const set = customElements.get("job-set");
        const { update } = set.prototype; set.prototype.update = function (job, around) {
          window.drawn.set(job.number, (window.drawn.get(job.number) ?? 0) + 1);
          return update.call(this, job, around); }; }"""
    chip = page.locator("article .badge")
    # What the socket says first draws them all once more; progress comes after it.
    await stage.progress(running, value=0.09, step=9)
    await expect(chip).to_have_text("9/25")
    await page.evaluate(counts)
    for step in range(10, 20):
        await stage.progress(running, value=step / 100, step=step)
        await expect(chip).to_have_text(f"{step}/25")
    assert await page.evaluate("[...window.drawn.keys()].join()") == "1"


async def test_a_set_far_back_in_line_can_be_made_next(stage: Stage, open_page: OpenPage) -> None:
    first, second, third = (waiting(number) for number in (1, 2, 3))
    stage.add(first, second, third)
    places = {first["id"]: 1, second["id"]: 2, third["id"]: 3}
    stage.queue |= {"waiting": 3, "positions": places}
    page = await open_page()
    next_ = page.locator("article [data-do=next]")
    await expect(next_.locator("visible=true")).to_have_count(2)
    await page.locator("article[aria-label='Set 3'] [data-do=next]").click()
    await stage.line(positions={third["id"]: 1, first["id"]: 2, second["id"]: 3})
    await expect(page.locator("article[aria-label='Set 3'] [data-do=next]")).to_be_hidden()
    assert stage.asked == [("PATCH", f"/api/jobs/{third['id']}", {"priority": "next"})]


async def test_the_other_sets_of_a_canceled_one_can_be_canceled_too(
    stage: Stage, open_page: OpenPage
) -> None:
    jobs = [waiting(number, batch="b") for number in (1, 2, 3)]
    stage.add(*jobs, waiting(4))
    page = await open_page()
    await page.locator("article[aria-label='Set 2']").get_by_role("button", name="Cancel").click()
    toast = page.locator(".toast")
    await expect(toast).to_contain_text("The other 2 sets of this prompt go on.")
    await toast.get_by_role("button", name="Cancel them too").click()
    await expect(page.locator("article [data-state=canceled]").first).to_be_visible()
    assert stage.asked[-1][:2] == ("POST", "/api/batches/b/cancel")
    await expect(page.locator("article .prog:visible")).to_have_count(1)


async def test_all_that_wait_can_be_canceled(stage: Stage, open_page: OpenPage) -> None:
    stage.add(waiting(1), waiting(2))
    stage.queue |= {"waiting": 2}
    page = await open_page()
    await open_menu(page)
    await page.get_by_role("button", name="Cancel 2 sets that wait").click()
    await expect(page.locator(".toast")).to_contain_text("2 sets canceled.")


async def test_several_engines_are_told_a_line_each(stage: Stage, open_page: OpenPage) -> None:
    first = COMFYUI | {"name": "http://127.0.0.1:8188", "running": 1, "model": "sdxl.safetensors"}
    second = COMFYUI | {"name": "http://127.0.0.1:8189", "state": "down", "model": None}
    stage.engines = [first, second]
    page = await open_page()
    await open_menu(page)
    facts = page.locator("engine-state .facts p")
    await expect(facts.nth(-2)).to_have_text("http://127.0.0.1:8188 · 1 running · sdxl.safetensors")
    await expect(facts.nth(-1)).to_have_text("http://127.0.0.1:8189 · does not answer")


async def test_every_connection_is_looked_at_what_fails_first(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.checks = CHECKS
    page = await open_page()
    await open_menu(page)
    await page.get_by_role("button", name="Check every connection").click()
    dialog = page.get_by_role("dialog", name="Every connection")
    await expect(dialog.locator("check-list > p")).to_have_text(
        "One thing does not work, and one could be better."
    )
    await expect(dialog.locator("h3")).to_have_text(
        [
            "Does not work: ComfyUI",
            "Could be better: Previews",
            "Space on the disk",
            "Nodes, Uploads",
        ]
    )
    await expect(dialog.locator("li").first).to_contain_text("Start ComfyUI.")
    works = dialog.get_by_text("212 GB are free.")
    await expect(works).to_be_hidden()
    await no_violations(page)
    await dialog.get_by_text("One check is fine").click()
    await expect(works).to_be_visible()
    await expect(dialog.get_by_text("2 were not checked")).to_be_visible()
    await no_violations(page)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_the_menu_of_the_queue_works_by_keyboard_and_is_accessible(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(waiting(1))
    stage.queue |= {"waiting": 1, "paused": True, "reason": BY_HAND}
    page = await open_page()
    await page.locator("engine-state .engine").focus()
    await page.keyboard.press("Enter")
    await no_violations(page)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Resume the queue")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("engine-state .engine")).to_be_focused()


async def test_a_finger_beside_what_is_open_only_closes_it(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(make_job(1, "a lighthouse"))
    page = await open_page(width=390, height=800, touch=True)
    picture = page.locator("article .open").first
    menu, settings = page.locator("engine-state .pop"), page.locator("lens-settings .pop")
    for button, open_ in (
        (page.locator("engine-state .engine"), menu),
        (page.get_by_role("button", name="Settings"), settings),
    ):
        await button.tap()
        await expect(open_).to_be_visible()
        box = await picture.bounding_box()
        assert box
        await page.touchscreen.tap(box["x"] + 12, box["y"] + 12)
        await expect(open_).to_be_hidden()
        assert page.url.endswith("/")
        await expect(page.locator("dialog.box")).to_be_hidden()
    await picture.tap()
    await expect(page.locator("dialog.box")).to_be_visible()
