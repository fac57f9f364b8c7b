"""The prompt bar in a real browser: what it paints, says, offers, writes and sends.

Tests that only type share one page, ``page`` with its ``served``; it is emptied between them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.lens_stage import LensStage

FOX = "a red fox in the snow"
LOST = "Failed to load resource"


@pytest.fixture
def stage() -> LensStage:
    return LensStage()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(browser: Browser) -> AsyncIterator[tuple[Page, LensStage]]:
    served = LensStage()
    async with TestServer(served.app()) as server:
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        errors: list[str] = []
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(str(server.make_url("/")))
        await page.wait_for_selector("main[aria-busy=false]")
        yield page, served
        await page.close()
    assert errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(shared: tuple[Page, LensStage]) -> AsyncIterator[Page]:
    page, served = shared
    yield page
    served.reading.set()
    await page.keyboard.press("Escape")
    await text(page).fill("")
    await page.evaluate("() => { localStorage.clear(); document.activeElement.blur(); }")
    await page.set_viewport_size({"width": 1440, "height": 900})


@pytest.fixture
def served(shared: tuple[Page, LensStage]) -> LensStage:
    shared[1].asked.clear()
    return shared[1]


def text(page: Page) -> Locator:
    return page.get_by_label("Prompt", exact=True)


def lens(page: Page) -> Locator:
    return page.locator("prompt-lens form")


def painted(page: Page, kind: str) -> Locator:
    return page.locator(f".paint [data-kind={kind}]")


def rows(page: Page) -> Locator:
    return page.get_by_role("listbox").get_by_role("option")


async def write(page: Page, prompt: str) -> None:
    """Type a prompt: the last letter by its key, the others at once."""
    await text(page).focus()
    await page.keyboard.insert_text(prompt[:-1])
    await page.keyboard.type(prompt[-1])


async def settings(page: Page) -> Locator:
    await page.get_by_role("button", name="Settings").click()
    return page.get_by_role("dialog", name="Settings for this prompt")


class TestPaint:
    async def test_flags_values_and_errors_are_painted_where_the_server_sees_them(
        self, page: Page
    ) -> None:
        await write(page, "a 🦊 in the snow --ar 16:9 --styilze 250 --no people")
        await expect(painted(page, "flag")).to_have_text(["--ar", "--no"])
        await expect(painted(page, "value")).to_have_text(["16:9", "250", "people"])
        await expect(painted(page, "error")).to_have_text("--styilze")
        await expect(page.locator(".foot .says")).to_have_text("4 pictures · 1344×768 · about 12 s")

    async def test_a_flag_with_a_note_is_dotted_and_the_note_is_said(self, page: Page) -> None:
        await write(page, f"{FOX} --uplight")
        await expect(painted(page, "note")).to_have_text("--uplight")
        await expect(page.locator(".wrong[data-level=note]")).to_contain_text("was left out")
        await expect(lens(page)).to_have_attribute("data-state", "typing")

    async def test_the_paint_moves_with_the_words_until_the_answer_is_there(
        self, page: Page, served: LensStage
    ) -> None:
        await write(page, "fox --ar 16:9")
        await expect(painted(page, "value")).to_have_text("16:9")
        served.reading.clear()
        await page.keyboard.press("Home")
        await page.keyboard.type("a red ")
        await expect(text(page)).to_have_value("a red fox --ar 16:9")
        await expect(painted(page, "flag")).to_have_text("--ar")
        await expect(painted(page, "value")).to_have_text("16:9")
        served.reading.set()

    @pytest.mark.parametrize("width", [390, 1440])
    async def test_the_mirror_breaks_its_lines_where_the_text_does(
        self, page: Page, width: int
    ) -> None:
        await page.set_viewport_size({"width": width, "height": 900})
        await text(page).focus()
        for prompt in (
            "a lighthouse in a storm, long exposure --ar 21:9 --stylize 250 --no people, boats",
            "https://example.com/a/very/long/path/that/does/not/come/to/an/end.png a cat::2 dog",
            "雪の中の狐 🦊🦊 " * 12,
            "two  spaces  everywhere " * 9 + "\n\n",
        ):
            await text(page).fill(prompt)
            heights = await page.evaluate(
                "[document.querySelector('prompt-field textarea').scrollHeight,"
                " document.querySelector('.paint').offsetHeight]"
            )
            assert heights[0] == heights[1], prompt

    async def test_a_long_prompt_grows_to_two_fifths_of_the_window_then_scrolls_to_the_caret(
        self, page: Page
    ) -> None:
        await page.set_viewport_size({"width": 1440, "height": 700})
        await text(page).focus()
        await page.keyboard.insert_text("\n".join(f"line {n}" for n in range(40)))
        field = await page.locator("prompt-field").bounding_box()
        assert field is not None
        assert field["height"] == 280
        bottom = "(field) => field.scrollHeight - field.clientHeight - field.scrollTop"
        assert await page.locator("prompt-field").evaluate(bottom) < 12

    async def test_a_draft_is_one_line_at_rest_and_survives_a_reload(
        self, open_page: OpenPage
    ) -> None:
        page = await open_page()
        await write(page, f"{FOX}, " * 20)
        await page.mouse.click(20, 600)
        await expect(lens(page)).to_have_attribute("data-state", "rest")
        await page.reload()
        await expect(text(page)).to_have_value(f"{FOX}, " * 20)
        box = await lens(page).bounding_box()
        assert box is not None
        assert box["height"] == 56


class TestErrors:
    async def test_an_error_is_said_and_fixed_with_a_click_and_undone_with_a_key(
        self, page: Page
    ) -> None:
        await write(page, f"{FOX} --styilze 250")
        await expect(
            page.get_by_role("status").filter(has_text="There is no --styilze")
        ).to_be_visible()
        await expect(lens(page)).to_have_attribute("data-state", "error")
        await expect(page.locator(".go")).to_have_attribute("aria-disabled", "true")
        await page.get_by_role("button", name="Fix it").click()
        await expect(text(page)).to_have_value(f"{FOX} --stylize 250")
        await expect(text(page)).to_be_focused()
        await expect(page.locator(".go")).to_have_attribute("aria-disabled", "false")
        await page.keyboard.press("Control+z")
        await expect(text(page)).to_have_value(f"{FOX} --styilze 250")

    async def test_a_fix_for_a_value_leaves_its_flag_alone(self, page: Page) -> None:
        await write(page, "🦊 --ar 16:0 --chaos 5")
        await page.get_by_role("button", name="Fix it").click()
        await expect(text(page)).to_have_value("🦊 --ar 16:9 --chaos 5")

    async def test_enter_goes_to_the_error_and_sends_nothing(
        self, page: Page, served: LensStage
    ) -> None:
        await write(page, "fox --ar 16:0 --chaos 5")
        await expect(lens(page)).to_have_attribute("data-state", "error")
        await page.keyboard.press("Enter")
        selected = "[document.activeElement.selectionStart, document.activeElement.selectionEnd]"
        assert await page.evaluate(selected) == [4, 13]
        assert served.submitted == []

    async def test_a_flag_that_is_being_typed_is_not_wrong_yet(self, page: Page) -> None:
        await write(page, "fox --styilze 5 --c")
        await expect(painted(page, "error")).to_have_text("--styilze")
        await expect(painted(page, "flag")).to_have_text("--c")
        await text(page).fill("fox --chaos ")
        await expect(page.locator(".go")).to_have_attribute("aria-disabled", "true")
        await expect(page.locator(".wrong")).to_be_hidden()
        await page.keyboard.press("Enter")
        await expect(page.locator(".wrong")).to_contain_text("--chaos needs a value")


class TestCompletion:
    async def test_flags_are_offered_and_taken_by_keyboard(
        self, page: Page, served: LensStage
    ) -> None:
        await write(page, "fox --c")
        await expect(rows(page).first).to_contain_text("--chaos")
        await expect(rows(page).first).to_contain_text("0–100")
        await page.keyboard.press("ArrowDown")
        chosen = page.locator("[role=option][aria-selected=true]")
        await expect(chosen).to_contain_text("--cfg")
        row_id = await chosen.get_attribute("id") or ""
        await expect(text(page)).to_have_attribute("aria-activedescendant", row_id)
        await page.keyboard.press("Enter")
        await expect(text(page)).to_have_value("fox --cfg ")
        await expect(rows(page)).to_have_count(0)
        assert await text(page).get_attribute("aria-activedescendant") is None
        assert served.submitted == []

    async def test_a_workflow_brings_flags_and_choices_of_its_own(self, page: Page) -> None:
        await write(page, "fox --workflow text_to_im")
        await expect(rows(page).first).to_contain_text("text_to_image")
        await text(page).fill("")
        await write(page, "fox --workflow text_to_image --lora-s")
        await expect(rows(page).first).to_contain_text("--lora-strength")
        await page.keyboard.press("Tab")
        await expect(text(page)).to_have_value("fox --workflow text_to_image --lora-strength ")
        await text(page).fill("")
        await write(page, "fox --workflow nothing --lora-s")
        await expect(rows(page)).to_have_count(0)

    async def test_a_choice_stands_when_the_caret_tells_of_itself_late(
        self, page: Page, served: LensStage
    ) -> None:
        await write(page, "fox --c")
        await expect(rows(page).first).to_contain_text("--chaos")
        await page.keyboard.press("ArrowDown")
        await page.evaluate("document.dispatchEvent(new Event('selectionchange'))")
        await page.keyboard.press("Enter")
        await expect(text(page)).to_have_value("fox --cfg ")
        assert served.submitted == []

    async def test_values_follow_their_flag_and_tab_takes_the_first(self, page: Page) -> None:
        await write(page, "fox --asp")
        await page.keyboard.press("Tab")
        await expect(rows(page)).to_have_count(8)
        await expect(page.locator(".go")).to_have_attribute("aria-disabled", "true")
        await expect(page.locator(".wrong")).to_be_hidden()
        await page.keyboard.type("16")
        await expect(rows(page)).to_have_count(1)
        await page.keyboard.press("Tab")
        await expect(text(page)).to_have_value("fox --ar 16:9 ")

    async def test_models_are_taken_from_the_catalog_with_the_mouse(self, page: Page) -> None:
        await write(page, "fox --model dream")
        await rows(page).first.click()
        await expect(text(page)).to_have_value("fox --model dreamshaper_8.safetensors ")
        await expect(text(page)).to_be_focused()

    async def test_escape_closes_the_list_and_enter_then_sends(
        self, page: Page, served: LensStage
    ) -> None:
        await write(page, "fox --raw")
        await expect(rows(page).first).to_contain_text("--raw")
        await page.keyboard.press("Escape")
        await expect(rows(page)).to_have_count(0)
        await page.keyboard.press("Enter")
        await expect(text(page)).to_have_value("")
        assert served.submitted == ["fox --raw"]

    async def test_on_a_phone_the_list_opens_upward_inside_the_window(
        self, open_page: OpenPage
    ) -> None:
        page = await open_page(width=320, height=568, touch=True)
        await write(page, "fox --")
        await expect(rows(page)).to_have_count(8)
        box = await page.locator(".complete").bounding_box()
        bar = await lens(page).bounding_box()
        assert box is not None
        assert bar is not None
        assert 0 <= box["y"] < box["y"] + box["height"] < bar["y"]
        assert await page.evaluate("document.documentElement.scrollWidth") == 320


class TestKeys:
    async def test_shift_enter_breaks_the_line_and_enter_sends_it(
        self, page: Page, served: LensStage
    ) -> None:
        await write(page, "a red fox")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("in the snow")
        await page.keyboard.press("Enter")
        await expect(text(page)).to_have_value("")
        assert served.submitted == ["a red fox\nin the snow"]
        await expect(page.locator("job-set").first).to_contain_text("in the snow")

    async def test_enter_that_ends_a_composition_sends_nothing(
        self, page: Page, served: LensStage
    ) -> None:
        await text(page).focus()
        protocol = await page.context.new_cdp_session(page)
        await protocol.send(
            "Input.imeSetComposition", {"text": "きつね", "selectionStart": 3, "selectionEnd": 3}
        )
        await expect(painted(page, "composing")).to_have_text("きつね")
        enter = {"key": "Enter", "code": "Enter", "bubbles": True, "cancelable": True}
        taken = "(box, init) => !box.dispatchEvent(new KeyboardEvent('keydown', init))"
        assert not await text(page).evaluate(taken, enter | {"isComposing": True})
        await protocol.send("Input.insertText", {"text": "狐"})
        await expect(painted(page, "composing")).to_have_count(0)
        await expect(text(page)).to_have_value("狐")
        assert not await text(page).evaluate(taken, enter | {"keyCode": 229})
        assert await text(page).evaluate(taken, enter)
        await expect(text(page)).to_have_value("")
        assert served.submitted == ["狐"]

    async def test_arrow_up_in_an_empty_lens_brings_earlier_prompts(self, page: Page) -> None:
        for prompt in ("first", "second"):
            await write(page, prompt)
            await page.keyboard.press("Enter")
            await expect(text(page)).to_have_value("")
        for key, wanted in (("Up", "second"), ("Up", "first"), ("Down", "second"), ("Down", "")):
            await page.keyboard.press(f"Arrow{key}")
            await expect(text(page)).to_have_value(wanted)
        await page.keyboard.type("third")
        await page.keyboard.press("ArrowUp")
        await expect(text(page)).to_have_value("third")


class TestSettings:
    async def test_each_change_is_written_into_the_text(self, page: Page) -> None:
        await write(page, f"{FOX} --aspect 1:1 --no people")
        panel = await settings(page)
        await panel.get_by_role("radio", name="16:9").click()
        await expect(text(page)).to_have_value(f"{FOX} --ar 16:9 --no people")
        await expect(panel.locator(".frame .num")).to_have_text("1344×768")
        await panel.get_by_role("radio", name="2", exact=True).click()
        await panel.get_by_label("Model").select_option("dreamshaper_8")
        written = "--ar 16:9 --batch 2 --model dreamshaper_8.safetensors"
        await expect(panel.locator(".written")).to_contain_text(f"Written as {written}")
        await panel.get_by_role("radio", name="Draft").click()
        await expect(text(page)).to_have_value(
            f"{FOX} --ar 16:9 --no people --batch 2 --model dreamshaper_8.safetensors --draft"
        )
        await panel.get_by_role("button", name="Reset").click()
        await expect(text(page)).to_have_value(f"{FOX} --no people")

    async def test_it_is_worked_by_keyboard_and_gives_the_focus_back(self, page: Page) -> None:
        await write(page, f"{FOX} --ar 1:1")
        button = page.get_by_role("button", name="Settings")
        await button.focus()
        await page.keyboard.press("Enter")
        panel = page.get_by_role("dialog", name="Settings for this prompt")
        await expect(panel.get_by_role("radio", name="1:1")).to_be_focused()
        await page.keyboard.press("ArrowRight")
        await expect(text(page)).to_have_value(f"{FOX} --ar 4:5")
        await panel.get_by_role("slider", name="Shape").press("ArrowRight")
        await expect(text(page)).to_have_value(f"{FOX} --ar 1:1")
        await page.keyboard.press("Escape")
        await expect(panel).to_be_hidden()
        await expect(button).to_be_focused()

    async def test_the_corner_of_the_frame_can_be_dragged(self, page: Page) -> None:
        await write(page, f"{FOX} --ar 1:1")
        panel = await settings(page)
        await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
        box = await panel.get_by_role("slider", name="Shape").bounding_box()
        assert box is not None
        x, y = box["x"] + 20, box["y"] + 20
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x, y - 26, steps=4)
        await page.mouse.up()
        await expect(text(page)).to_have_value(f"{FOX} --ar 16:9")

    async def test_what_the_model_lacks_is_listed_as_off(
        self, page: Page, served: LensStage
    ) -> None:
        served.lacking = {"weird"}
        await write(page, FOX)
        panel = await settings(page)
        weird = panel.locator("[data-name=weird]")
        await expect(weird.get_by_text("not with this model")).to_be_visible()
        await expect(weird.locator("input")).to_be_hidden()
        await expect(panel.locator("[data-name=chaos] input")).to_be_visible()
        served.lacking.clear()
        await page.keyboard.press("Escape")
        await settings(page)
        await expect(weird.get_by_text("not with this model")).to_be_hidden()

    async def test_flags_before_the_words_leave_room_for_them(self, page: Page) -> None:
        panel = await settings(page)
        await panel.get_by_role("radio", name="3:2").click()
        await expect(panel.locator(".frame .num")).to_have_text("1248×832")
        await expect(page.locator(".wrong")).to_be_hidden()
        await page.keyboard.press("Escape")
        await text(page).focus()
        await page.keyboard.type(FOX)
        await expect(text(page)).to_have_value(f"{FOX} --ar 3:2")


class TestSending:
    async def test_enter_twice_makes_one_set_and_the_next_prompt_need_not_wait(
        self, open_page: OpenPage, stage: LensStage
    ) -> None:
        page = await open_page()
        stage.gate.clear()
        await write(page, "first")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.locator(".go")).to_have_attribute("aria-disabled", "true")
        await text(page).fill("second")
        await page.keyboard.press("Enter")
        stage.gate.set()
        await expect(page.locator("job-set")).to_have_count(2)
        await expect(text(page)).to_have_value("")
        assert sorted(stage.submitted) == ["first", "second"]

    async def test_what_the_server_refuses_is_said_and_the_text_stays(
        self, open_page: OpenPage, stage: LensStage
    ) -> None:
        page = await open_page(allow=(LOST,))
        full = {"message": "The line is full: 10,000 sets wait."}
        stage.refusals = [(429, full, {"Retry-After": "60"})]
        await write(page, FOX)
        await page.keyboard.press("Enter")
        await expect(page.locator(".wrong > span")).to_have_text(
            "The line is full: 10,000 sets wait. Try again in about 1 min."
        )
        await expect(text(page)).to_have_value(FOX)
        await page.keyboard.press("Enter")
        await expect(text(page)).to_have_value("")
        assert stage.submitted == [FOX, FOX]
        assert stage.keys[0] != stage.keys[1]

    async def test_a_place_that_the_server_names_is_underlined_and_can_be_fixed(
        self, open_page: OpenPage, stage: LensStage
    ) -> None:
        page = await open_page(allow=(LOST,))
        message = "There is no LoRA ink2. Did you mean ink.safetensors?"
        detail = {"start": 4, "end": 15, "suggestion": "ink.safetensors", "message": message}
        stage.refusals = [(422, {"message": message, "details": [detail]}, {})]
        await write(page, "fox --lora ink")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Enter")
        await expect(page.locator(".wrong")).to_contain_text(message)
        await page.get_by_role("button", name="Fix it").click()
        await expect(text(page)).to_have_value("fox --lora ink.safetensors")
        await expect(page.locator(".wrong")).to_be_hidden()

    async def test_a_lost_answer_is_asked_for_again_under_the_same_key(
        self, open_page: OpenPage, stage: LensStage
    ) -> None:
        page = await open_page(allow=(LOST,))
        lost: list[str] = []

        async def lose(route: Route) -> None:
            lost.append(route.request.headers["idempotency-key"])
            await route.abort()

        await page.route("**/api/imagine", lose, times=1)
        await write(page, FOX)
        await page.keyboard.press("Enter")
        await expect(page.locator(".wrong")).to_contain_text("Press Enter to send it again.")
        await expect(text(page)).to_have_value(FOX)
        await page.keyboard.press("Enter")
        await expect(text(page)).to_have_value("")
        assert stage.keys == lost

    async def test_a_prompt_of_the_page_is_filled_in_or_sent(
        self, open_page: OpenPage, stage: LensStage
    ) -> None:
        page = await open_page()
        await write(page, "a draft")
        use = "(detail) => document.dispatchEvent(new CustomEvent('use-prompt', {detail}))"
        await page.evaluate(use, {"prompt": FOX})
        await expect(text(page)).to_have_value(FOX)
        await expect(text(page)).to_be_focused()
        await page.evaluate(use, {"prompt": "a cat", "submit": True})
        await expect(text(page)).to_have_value("")
        assert stage.submitted == ["a cat"]
        for earlier in ("a cat", FOX, "a draft"):
            await page.keyboard.press("ArrowUp")
            await expect(text(page)).to_have_value(earlier)


class TestOffline:
    async def test_prompts_are_kept_and_each_is_sent_once_when_the_server_is_back(
        self, open_page: OpenPage, stage: LensStage
    ) -> None:
        page = await open_page(allow=(LOST, "WebSocket"))
        other = await page.context.new_page()
        await other.goto(page.url)
        await self.cut(stage, page)
        await write(page, "first")
        await page.keyboard.press("Enter")
        await page.keyboard.type("second")
        await page.keyboard.press("Enter")
        await expect(lens(page)).to_have_attribute("data-state", "offline")
        await expect(page.locator(".foot .says")).to_have_text(
            "Offline. Press Enter and it is sent when the server is back."
        )
        await expect(page.locator(".foot .kept")).to_have_text("2 kept")
        await expect(text(page)).to_have_value("")
        stage.down = False
        for each in (page, other):
            await each.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.locator("job-set")).to_have_count(2)
        await expect(lens(page)).to_have_attribute("data-state", "rest")
        await expect(page.locator(".foot")).to_be_hidden()
        await page.reload()
        await expect(page.locator("job-set")).to_have_count(2)
        assert stage.submitted == ["first", "second"]
        assert len(set(stage.keys)) == 2

    async def test_kept_prompts_survive_a_reload_and_a_refused_one_comes_back(
        self, open_page: OpenPage, stage: LensStage
    ) -> None:
        page = await open_page(allow=(LOST, "WebSocket"))
        await page.evaluate(
            "localStorage.setItem('imagine.kept', JSON.stringify([{id: 'k', prompt: 'a --zzz'}]))"
        )
        error = {"message": "There is no --zzz."}
        stage.refusals = [(422, error, {})]
        await page.reload()
        await expect(text(page)).to_have_value("a --zzz")
        await expect(page.locator(".wrong")).to_contain_text("There is no --zzz.")
        assert stage.keys == ["k"]
        assert await page.evaluate("localStorage.getItem('imagine.kept')") == "[]"

    async def test_a_dead_engine_is_said_and_prompts_still_go_out(
        self, open_page: OpenPage, stage: LensStage
    ) -> None:
        stage.engine = stage.engine | {"state": "down"}
        page = await open_page()
        await write(page, FOX)
        await expect(page.locator(".foot .says")).to_have_text(
            "ComfyUI does not answer. New sets wait in line and start when it is back."
        )
        await page.keyboard.press("Enter")
        await expect(text(page)).to_have_value("")
        assert stage.submitted == [FOX]

    @staticmethod
    async def cut(stage: LensStage, page: Page) -> None:
        stage.down = True
        await stage.hang_up()
        await expect(lens(page)).to_have_attribute("data-state", "offline")


async def show_error(page: Page) -> None:
    await write(page, f"{FOX} --styilze 250 --c")
    await expect(lens(page)).to_have_attribute("data-state", "error")
    await expect(rows(page)).not_to_have_count(0)


async def show_settings(page: Page) -> None:
    await write(page, f"{FOX} --ar 16:9")
    panel = await settings(page)
    await expect(panel.locator("[data-name=weird] input")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
@pytest.mark.parametrize("show", [show_error, show_settings])
async def test_nothing_stands_in_the_way_of_assistive_technology(
    open_page: OpenPage, width: int, theme: str, show: Callable[[Page], Awaitable[None]]
) -> None:
    page = await open_page(width=width, theme=theme)
    await show(page)
    await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    results: Any = await Axe().run(page, context="prompt-lens")
    assert results.violations_count == 0, results.generate_report()
