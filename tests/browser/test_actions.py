"""Everything that can be done with a picture: by its bar, by keys, in the menu, in the lightbox."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stage import Json, Stage, child, make_job
from tests.browser.test_page import FRAMES, WIDE, no_violations

FOX = make_job(5, "a red fox in the snow", "--ar 16:9", size=WIDE)
JELLY = make_job(4, "a jellyfish", "--ar 2:3", size=(832, 1248))
# Keeps what the lens would be told.
LISTEN = """
window.told = [];
for (const type of ["use-prompt", "use-reference"]) {
  addEventListener(type, ({detail}) => window.told.push([type, detail]), {capture: true});
}
"""
FOCUSED = "document.activeElement.getAttribute('aria-label')"


def sets() -> list[Json]:
    """Return two sets without parents."""
    return [FOX, JELLY]


def zoomed() -> Json:
    """Return a set that grew from the second picture of the fox."""
    return child(6, FOX, "zoom", 1, state="succeeded", factor=2)


def tile(page: Page, number: int, index: int) -> Locator:
    return page.locator(f"article[aria-label='Set {number}'] .tile").nth(index)


def asked(stage: Stage) -> list[Json]:
    """Return the bodies of the actions that were asked for."""
    return [body for _, path, body in stage.asked if path.endswith("/actions")]


async def press(page: Page, number: int, index: int, *keys: str) -> None:
    """Focus a picture of the feed, and press keys."""
    await tile(page, number, index).locator(".open").focus()
    for key in keys:
        await page.keyboard.press(key)


async def begun(page: Page, number: int) -> None:
    """Wait until a new set stands at the top of the feed and has the focus."""
    await expect(page.locator("article").first).to_have_attribute("aria-label", f"Set {number}")
    await expect(page.locator(f"article[aria-label='Set {number}']")).to_be_focused()


async def test_the_bar_of_a_tile_names_what_it_does(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*sets())
    page = await open_page()
    bar = tile(page, 5, 2).locator(".over button:visible")
    await tile(page, 5, 2).hover()
    names = [await button.get_attribute("aria-label") for button in await bar.all()]
    assert names == ["Vary, subtle (V)", "Vary, strong (Shift V)", "Upscale 2× (U)",
                     "Zoom out (Z)", "Repaint a part (E)", "Star (S)", "More (M)"]  # fmt: skip
    await bar.nth(1).hover()
    await expect(page.locator(".tip")).to_have_text("Vary, strongShift V")
    await page.set_viewport_size({"width": 1200, "height": 900})
    await expect(bar).to_have_count(4)
    await bar.nth(1).click()
    await begun(page, 6)
    assert asked(stage) == [{"action": "upscale", "strength": "subtle", "image": 2}]


async def test_a_key_makes_a_new_set_at_the_top_and_says_which(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*sets())
    page = await open_page()
    toast = page.locator(".toast")
    await press(page, 4, 1, "v")
    await begun(page, 6)
    await expect(toast).to_contain_text("Set 6: subtle variation of picture 2.")
    await toast.get_by_role("button", name="Cancel").click()
    await expect(page.locator("article").first).to_contain_text("You canceled this one.")
    await press(page, 4, 2, "Shift+V")
    await begun(page, 7)
    await press(page, 4, 3, "u")
    await begun(page, 8)
    await press(page, 4, 0, "r")
    await begun(page, 9)
    await expect(toast).to_contain_text("Set 9: reroll of set 4.")
    assert asked(stage) == [
        {"action": "variation", "strength": "subtle", "image": 1},
        {"action": "variation", "strength": "strong", "image": 2},
        {"action": "upscale", "strength": "subtle", "image": 3},
        {"action": "reroll", "image": 0},
    ]
    # from the new set the arrows go on into the pictures
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate(FOCUSED) == "Open picture 1 of 4: a red fox in the snow"


async def test_letters_act_on_nothing_while_somebody_types(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*sets())
    page = await open_page()
    await page.keyboard.press("/")
    await page.keyboard.type("vuzpericx")
    await page.locator("prompt-lens textarea").focus()
    await page.keyboard.type("vuzpericx")
    assert asked(stage) == []
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_zoom_asks_how_far_and_into_which_shape(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*sets())
    page = await open_page(script=LISTEN)
    sheet = page.locator("dialog.sheet")
    await press(page, 5, 1, "z", "Enter")
    await begun(page, 6)
    await expect(page.locator(".toast")).to_contain_text("Set 6: zoom out 2× of picture 2.")

    await press(page, 5, 1, "z")
    await expect(sheet.get_by_role("radio", name="16:9")).to_be_checked()
    await sheet.get_by_role("slider").fill("1.75")
    await sheet.get_by_role("radio", name="21:9").click()
    await sheet.get_by_role("button", name="Zoom out 1.75×").click()
    await begun(page, 7)

    await press(page, 5, 1, "z")
    await sheet.get_by_role("slider").fill("1")
    await expect(sheet.get_by_role("button", name="Change the shape")).to_be_disabled()
    await sheet.get_by_role("radio", name="1:1").click()
    await sheet.get_by_role("button", name="Edit the words").click()
    await expect(sheet).to_be_hidden()
    assert asked(stage) == [
        {"action": "zoom", "factor": 2, "image": 1},
        {"action": "zoom", "factor": 1.75, "aspect": "21:9", "image": 1},
    ]
    label = "Zoom out 1× of picture 2 of set 5 — edit the words"
    action = {"job": FOX["id"], "image": 1, "action": "zoom", "factor": 1, "label": label}
    detail = {"prompt": "a red fox in the snow --ar 1:1", "action": action}
    assert await page.evaluate("window.told") == [["use-prompt", detail]]


async def test_pan_waits_for_an_arrow_and_escape_leaves_it(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*sets())
    page = await open_page()
    toast = page.locator(".toast")
    await press(page, 5, 1, "p")
    await expect(toast).to_contain_text("Press an arrow key to pan picture 2 of set 5.")
    await page.keyboard.press("ArrowLeft")
    await begun(page, 6)
    assert asked(stage) == [{"action": "pan", "direction": "left", "image": 1}]
    await press(page, 5, 1, "p", "Escape", "ArrowRight")
    await expect(toast).to_be_hidden()
    assert await page.evaluate(FOCUSED) == "Open picture 3 of 4: a red fox in the snow"
    # in the lightbox Escape leaves the question, and only then the picture
    await page.keyboard.press("Enter")
    await page.keyboard.press("p")
    await expect(toast).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(toast).to_be_hidden()
    await expect(page.locator("dialog.box")).to_be_visible()
    await page.keyboard.press("p")
    await page.keyboard.press("ArrowUp")
    await begun(page, 7)
    assert asked(stage)[1:] == [{"action": "pan", "direction": "up", "image": 2}]


async def test_the_menu_is_walked_by_arrows_page_by_page(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*sets())
    page = await open_page()
    sheet = page.locator("dialog.sheet")
    await press(page, 5, 0, "m")
    rows = sheet.locator(".cmds button > span")
    assert await rows.all_text_contents() == [
        "Vary, subtle", "Vary, strong", "Upscale 2×", "Upscale, creative", "Zoom out", "Pan",
        "Repaint a part", "Draw and redesign…", "Make square", "Change shape…", "Picture alone",
        "Reroll all four", "Remix…", "Use as…", "Star", "Download", "Use this prompt",
        "Make again", "Copy prompt", "Copy seed", "Open the file", "Move to trash",
    ]  # fmt: skip
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        await page.keyboard.press(key)
    await expect(sheet).to_have_attribute("aria-label", "Pan")
    await page.keyboard.press("Escape")
    await expect(sheet.get_by_role("button", name="Pan")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await begun(page, 6)
    await press(page, 5, 0, "m", "u")
    await begun(page, 7)
    assert [body["action"] for body in asked(stage)] == ["pan", "upscale"]


async def test_every_row_of_the_menu_asks_for_its_action(stage: Stage, open_page: OpenPage) -> None:
    draft = make_job(3, "a draft", "--draft", size=WIDE)
    draft["parameters"]["draft"] = True
    stage.add(draft)
    page = await open_page()
    sheet = page.locator("dialog.sheet")
    for row in ("Upscale, creative", "Make square", "Enhance", "Picture alone", "Reroll all four"):
        await press(page, 3, 1, "m")
        async with page.expect_response("**/actions"):
            await sheet.get_by_role("button", name=row).click()
    await press(page, 3, 1, "m")
    await sheet.get_by_role("button", name="Change shape").click()
    await expect(sheet.get_by_role("button", name="16:9")).to_be_disabled()
    async with page.expect_response("**/actions"):
        await sheet.get_by_role("button", name="2:3").click()
    assert asked(stage) == [
        {"action": "upscale", "strength": "creative", "image": 1},
        {"action": "square", "image": 1},
        {"action": "enhance", "image": 1},
        {"action": "single", "image": 1},
        {"action": "reroll", "image": 1},
        {"action": "reshape", "aspect": "2:3", "image": 1},
    ]


async def test_remix_and_references_go_to_the_lens(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*sets())
    page = await open_page(script=LISTEN)
    sheet = page.locator("dialog.sheet")
    await tile(page, 5, 0).hover()
    set_menu = page.locator("article[aria-label='Set 5'] .to").get_by_role("button", name="More")
    await set_menu.click()
    await sheet.get_by_role("button", name="Remix…").click()
    await press(page, 5, 2, "i", "ArrowDown", "Enter")
    await tile(page, 5, 3).locator(".open").press("Enter")
    await page.keyboard.press("i")
    await sheet.get_by_role("button", name="Edit").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)
    action = {"job": FOX["id"], "image": 0, "action": "remix", "label": "Remix of set 5"}

    def reference(role: str, index: int) -> Json:
        return {"link": f"picture:{FOX['id']}/{index}", "role": role,
                "thumbnail": f"/api/thumbnails/5-{index}.webp?w=160"}  # fmt: skip

    assert await page.evaluate("window.told") == [
        ["use-prompt", {"prompt": FOX["prompt"], "action": action}],
        ["use-reference", reference("style", 2)],
        ["use-reference", reference("edit", 3)],
    ]
    assert asked(stage) == []


async def test_repaint_opens_the_painter(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*sets())
    page = await open_page()
    await press(page, 5, 2, "e")
    await expect(page.locator(".painter .head")).to_contain_text("Set 5, picture 3")


async def test_the_lightbox_acts_by_its_panel_and_by_keys(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*sets())
    page = await open_page(allow=("Failed to load",))
    box, toast = page.locator("dialog.box"), page.locator(".toast")
    await tile(page, 4, 1).click()
    await page.locator(".panel").get_by_role("button", name="Vary, strong").click()
    await begun(page, 6)
    await expect(box).to_be_hidden()
    await tile(page, 4, 1).click()
    # what is refused is said above the picture, and can be tried again from there
    sentence = "The picture is no longer on the disk."
    stage.refusal = (422, {"message": sentence, "hint": "Choose another one."})
    await page.keyboard.press("u")
    await expect(toast).to_contain_text(f"{sentence} Choose another one.")
    await expect(box).to_be_visible()
    await toast.get_by_role("button", name="Try again").click()
    await begun(page, 7)
    assert [body["action"] for body in asked(stage)] == ["variation", "upscale", "upscale"]


async def test_a_set_begun_in_the_lightbox_is_seen(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*[make_job(number, "a fox") for number in range(1, 9)])
    page = await open_page()
    await press(page, 2, 1, "Enter", "v")
    await begun(page, 9)
    # going back to the feed brings its place back, unless it is told not to
    await page.evaluate(FRAMES)
    assert await page.evaluate("scrollY") == 0


async def test_the_toast_gives_the_focus_back(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*sets())
    page = await open_page()
    await press(page, 5, 1, "v")
    await begun(page, 6)
    await page.locator(".toast").get_by_role("button", name="Cancel").click()
    await expect(page.locator(".toast")).to_be_hidden()
    await expect(page.locator("article[aria-label='Set 6']")).to_be_focused()


async def test_make_again_repeats_what_grew_from_a_picture(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*sets(), zoomed())
    page = await open_page()
    await tile(page, 6, 2).click()
    await page.get_by_role("button", name="Make again").click()
    await expect(page.locator("article").first).to_have_attribute("aria-label", "Set 7")
    prompt = "a red fox in the snow --ar 16:9 --seed 90417733"
    assert stage.asked[-1] == (
        "POST",
        f"/api/jobs/{zoomed()['id']}/actions",
        {"action": "remix", "image": 0, "prompt": prompt},
    )


async def test_a_set_says_what_it_grew_from_and_leads_there(
    stage: Stage, open_page: OpenPage
) -> None:
    stage.add(*sets(), zoomed())
    stage.page_size = 1  # the parent is on a later page
    page = await open_page()
    line = page.locator("article[aria-label='Set 6'] .from")
    await expect(line).to_have_text("Zoom out 2× of set 5, picture 2")
    await line.click()
    await expect(page.locator("dialog.box")).to_have_attribute("aria-label", "Picture 2 of 4")
    await expect(page.locator(".panel header")).to_contain_text("Set 5")


async def test_a_source_that_is_gone_is_said_to_be(stage: Stage, open_page: OpenPage) -> None:
    stage.add(zoomed())
    page = await open_page(allow=("Failed to load",))
    line = page.locator("article[aria-label='Set 6'] .from")
    await expect(line).to_have_text("Zoom out 2× of an earlier set")
    await line.click()
    await expect(page.locator(".toast")).to_contain_text("The server answered 404.")


async def test_the_family_is_told_and_walked_in_the_lightbox(
    stage: Stage, open_page: OpenPage
) -> None:
    varied = child(7, zoomed(), "variation", 3, state="succeeded", strength="subtle")
    waiting = child(8, zoomed(), "upscale", 0, strength="creative")
    stage.add(*sets(), zoomed(), varied, waiting)
    page = await open_page()
    await tile(page, 4, 0).click()
    panel = page.locator(".panel")
    await expect(panel.locator(".family")).to_be_hidden()
    await page.keyboard.press("Escape")
    await tile(page, 6, 0).click()
    rows = panel.locator(".family button")
    await expect(rows).to_have_text([
        "First setSet 5, picture 2", "Zoom out 2×Set 6, picture 1", "Subtle variationSet 7",
        "Creative upscaleSet 8",
    ])  # fmt: skip
    await expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    await expect(rows.nth(3)).to_have_attribute("aria-disabled", "true")
    await rows.nth(2).click()
    await expect(panel.locator("header")).to_contain_text("Set 7")
    await expect(panel.locator(".from")).to_have_text("Subtle variation of set 6, picture 4")
    await expect(rows).to_have_count(3)
    await rows.first.click()
    await expect(page.locator("dialog.box")).to_have_attribute("aria-label", "Picture 2 of 4")


async def test_a_picture_is_compared_with_its_source_or_its_neighbor(
    stage: Stage, open_page: OpenPage
) -> None:
    single = make_job(3, "alone", pictures=1)
    stage.add(*sets(), zoomed(), single)
    page = await open_page()
    await press(page, 6, 2, "c")
    captions = page.locator(".mat figcaption:visible")
    await expect(captions).to_have_text(["Before: set 5, picture 2", "After: zoom out 2×"])
    await expect(page.locator(".mat .full[data-shown]")).to_have_count(2)
    toggle = page.get_by_role("button", name=re.compile("compare"))
    await expect(toggle).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("c")
    await expect(captions).to_have_count(0)
    await page.keyboard.press("Escape")
    await press(page, 4, 2, "c")
    await expect(captions).to_have_text(["Picture 2", "Picture 3"])
    await toggle.click()
    await expect(captions).to_have_count(0)
    await page.keyboard.press("Escape")
    await tile(page, 3, 0).click()
    await expect(toggle).to_be_hidden()


async def test_what_lies_in_the_trash_makes_nothing_more(stage: Stage, open_page: OpenPage) -> None:
    stage.add(FOX | {"deleted_at": FOX["created_at"]})
    page = await open_page("/#view=trash")
    await press(page, 5, 0, "v", "r", "Enter")
    rows = page.locator(".panel .cmds button > span")
    await expect(rows).to_have_text(
        ["Download", "Copy prompt", "Copy seed", "Open the file", "Restore"]
    )
    await page.keyboard.press("u")
    assert stage.asked == []


async def test_every_action_is_reached_by_touch(stage: Stage, open_page: OpenPage) -> None:
    stage.add(*sets(), zoomed())
    page = await open_page(width=390, height=844, touch=True)
    sheet = page.locator("dialog.sheet")
    small = """async (least) => {
      const dialog = document.querySelector("dialog[open]");
      await Promise.all(dialog.getAnimations({subtree: true}).map((one) => one.finished));
      return [...dialog.querySelectorAll("button, input")]
        .filter((target) => target.checkVisibility())
        .map((target) => [target.textContent, target.getBoundingClientRect()])
        .filter(([, {width, height}]) => Math.min(width, height) < least)
        .map(([name]) => name);
    }"""
    for name in ("Zoom out", "Pan", "Change shape…", "Use as…"):
        await page.evaluate("document.querySelector('picture-tile').ask('menu')")
        rows = sheet.locator(".cmds button")
        assert await page.evaluate(small, 48) == [""]  # but for the one that closes it
        await sheet.get_by_role("button", name=name).tap()
        assert await page.evaluate(small, 40) == []
        await sheet.get_by_role("button", name="Back").tap()
        await expect(rows).to_have_count(22)
        await sheet.get_by_role("button", name="Close").tap()
    await page.evaluate("document.querySelector('picture-tile').ask('menu')")
    await sheet.get_by_role("button", name="Pan").tap()
    await sheet.get_by_role("button", name="Pan right").tap()
    await begun(page, 7)
    assert asked(stage) == [{"action": "pan", "direction": "right", "image": 0}]
    await tile(page, 6, 0).tap()
    await page.get_by_role("button", name="compare").tap()
    await expect(page.locator(".mat figcaption:visible")).to_have_count(2)
    assert await page.evaluate(small, 40) == []
    assert await page.evaluate("document.querySelector('dialog.box').scrollWidth") <= 390


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_in_what_opens(
    stage: Stage, open_page: OpenPage, theme: str
) -> None:
    stage.add(*sets(), zoomed())
    page = await open_page(theme=theme, reduced_motion="reduce")
    for key in ("m", "z", "i"):
        await press(page, 5, 1, key)
        await expect(page.locator("dialog.sheet")).to_be_visible()
        await no_violations(page)
        await page.keyboard.press("Escape")
    await press(page, 6, 1, "c")
    await expect(page.locator(".mat .full[data-shown]")).to_have_count(2)
    await expect(page.locator(".family button")).to_have_count(2)
    await no_violations(page)
    for row in ("pan", "reshape"):
        await page.locator(f".panel [data-do={row}]").click()
        await no_violations(page)
        await page.keyboard.press("Escape")
