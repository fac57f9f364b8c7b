"""The pictures beside the words of the prompt bar, and words that are for an action."""

import io
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.painted_stage import PaintedStage
from tests.browser.stage import Json, make_job

LOST = "Failed to load resource"
DISPATCH = "([name, detail]) => document.body.dispatchEvent(new CustomEvent(name, {bubbles: true, detail}))"  # noqa: E501


@pytest.fixture
def stage() -> PaintedStage:
    return PaintedStage()


def picture(colour: str, name: str = "fox.png") -> FilePayload:
    buffer = io.BytesIO()
    Image.new("RGB", (48, 32), colour).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def text(page: Page) -> Locator:
    return page.get_by_label("Prompt", exact=True)


def chips(page: Page) -> Locator:
    return page.locator("reference-row .ref:not(.loading)")


async def choose(page: Page, *files: FilePayload) -> None:
    await page.locator("lens-add [type=file]").set_input_files(list(files))


async def write(page: Page, prompt: str) -> None:
    await text(page).focus()
    await page.keyboard.insert_text(prompt)


async def tell(page: Page, name: str, **detail: Any) -> None:
    await page.evaluate(DISPATCH, [name, detail])


async def role(page: Page, chip: int, name: str) -> Locator:
    await chips(page).nth(chip).locator(".role").click()
    menu = page.get_by_role("dialog", name="What this picture is for")
    await menu.get_by_role("radio", name=name).click()
    return menu


async def test_chosen_pictures_are_uploaded_at_once_and_written_into_the_prompt(
    open_page: OpenPage, stage: PaintedStage
) -> None:
    page = await open_page()
    await write(page, "a fox --ar 3:2")
    await page.get_by_role("button", name="Add a picture").click()
    await expect(page.get_by_role("button", name="From this device")).to_be_focused()
    await page.keyboard.press("Escape")
    await choose(page, picture("red"), picture("teal"))
    await expect(chips(page)).to_have_count(2)
    await expect(chips(page).locator("img")).to_have_count(2)
    menu = await role(page, 1, "Style")
    for _ in range(2):
        await menu.get_by_role("button", name="More weight").click()
    await expect(menu.locator("output")).to_have_text("2")
    await expect(chips(page).nth(1)).to_contain_text("Style 2")
    await expect(text(page)).to_have_value("a fox --ar 3:2")
    await expect(page.locator(".foot .says")).to_contain_text("1248×832")
    await text(page).press("Enter")
    await expect(page.locator("job-set")).to_have_count(1)
    await expect(chips(page)).to_have_count(0)
    first, second = stage.uploads
    assert stage.submitted == [f"upload:{first} a fox --ar 3:2 --sref upload:{second}::2"]


async def test_the_marks_stay_on_the_words_when_pictures_stand_before_them(
    open_page: OpenPage,
) -> None:
    page = await open_page()
    await choose(page, picture("red"))
    await expect(chips(page)).to_have_count(1)
    await write(page, "🦊 --ar 16:9 --styilze 5")
    await expect(page.locator(".paint [data-kind=flag]")).to_have_text("--ar")
    await expect(page.locator(".paint [data-kind=error]")).to_have_text("--styilze")
    await page.get_by_role("button", name="Fix it").click()
    await expect(text(page)).to_have_value("🦊 --ar 16:9 --stylize 5")


async def test_two_pictures_without_words_are_blended_and_one_alone_is_not(
    open_page: OpenPage, stage: PaintedStage
) -> None:
    page = await open_page()
    await choose(page, picture("red"))
    await expect(chips(page)).to_have_count(1)
    await text(page).press("Enter")
    await expect(page.locator(".wrong")).to_contain_text("One picture alone is not enough.")
    assert stage.submitted == []
    await choose(page, picture("teal"))
    await expect(chips(page)).to_have_count(2)
    await expect(page.locator(".wrong")).to_be_hidden()
    await expect(page.locator(".foot .says")).to_contain_text("4 pictures")
    await expect(page.locator(".go")).to_have_attribute("aria-disabled", "false")
    await text(page).press("Enter")
    await expect(chips(page)).to_have_count(0)
    assert stage.submitted == [" ".join(f"upload:{digest}" for digest in stage.uploads)]


async def test_nothing_is_sent_while_a_picture_is_on_its_way(
    open_page: OpenPage, stage: PaintedStage
) -> None:
    page = await open_page()
    await write(page, "a fox")
    stage.gate.clear()
    await choose(page, picture("red"))
    await expect(page.locator(".foot .says")).to_have_text("One picture is on its way.")
    await expect(page.locator(".go")).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Enter")
    stage.gate.set()
    await expect(chips(page)).to_have_count(1)
    await expect(text(page)).to_have_value("a fox")
    assert stage.submitted == []


async def test_what_is_no_picture_is_refused_in_a_sentence(open_page: OpenPage) -> None:
    page = await open_page(allow=(LOST,))
    await write(page, "a fox")
    words = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"words")
    await choose(page, words)
    await expect(page.locator(".wrong")).to_contain_text("notes.txt is not a picture.")
    await choose(page, FilePayload(name="odd.png", mimeType="image/png", buffer=b"words"))
    await expect(page.locator(".wrong")).to_contain_text(
        "odd.png was not taken: It is no picture that can be read. Use a PNG, JPEG or WebP file."
    )
    await expect(page.locator("reference-row .ref")).to_have_count(0)
    await text(page).press("x")
    await expect(page.locator(".wrong")).to_be_hidden()


async def test_pictures_are_dropped_anywhere_and_pasted(open_page: OpenPage) -> None:
    page = await open_page()
    data = await page.evaluate_handle(
        """async (bytes) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "fox.png", {type: "image/png"}));
        return data;
    }""",
        list(picture("red")["buffer"]),
    )
    await page.dispatch_event("main", "dragenter", {"dataTransfer": data})
    await expect(page.get_by_text("Drop to use as a reference")).to_be_visible()
    await page.dispatch_event("main", "drop", {"dataTransfer": data})
    await expect(page.get_by_text("Drop to use as a reference")).to_be_hidden()
    await expect(chips(page)).to_have_count(1)
    await page.evaluate(
        "(data) => document.body.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))",
        data,
    )
    # the same picture in the same role is there already
    await expect(page.locator("reference-row [role=status]")).to_have_text("Image reference added.")
    await expect(chips(page)).to_have_count(1)


async def test_a_picture_of_the_page_is_dragged_into_the_bar(
    open_page: OpenPage, stage: PaintedStage
) -> None:
    job = make_job(3, "a fox")
    stage.add(job)
    page = await open_page()
    await page.locator("article .open").nth(2).hover()
    await page.mouse.down()
    await page.mouse.move(720, 44, steps=4)
    await expect(page.get_by_text("Drop to use as a reference")).to_be_visible()
    await page.mouse.move(725, 48, steps=4)
    await page.mouse.up()
    await expect(chips(page)).to_have_count(1)
    await expect(page.get_by_text("Drop to use as a reference")).to_be_hidden()
    await expect(text(page)).to_have_value("")
    await page.keyboard.insert_text("in the snow")
    await page.keyboard.press("Enter")
    await expect(page.locator("job-set")).to_have_count(2)
    assert stage.submitted == [f"picture:{job['id']}/2 in the snow"]


async def test_a_pasted_link_is_a_reference_and_a_typed_one_stays_text(
    open_page: OpenPage, stage: PaintedStage
) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Add a picture").click()
    await page.get_by_role("button", name="Paste a link").click()
    field = page.get_by_label("Link of a picture")
    await expect(field).to_be_focused()
    await field.fill("fox.png")
    await field.press("Enter")
    await expect(page.get_by_text("That is no link.")).to_be_visible()
    await field.fill("https://example.com/a.png")
    await field.press("Enter")
    await expect(chips(page)).to_have_count(1)
    await role(page, 0, "Character")
    await write(page, "https://example.com/b.png a fox")
    await text(page).press("Enter")
    await expect(page.locator("job-set")).to_have_count(1)
    assert stage.submitted == ["https://example.com/b.png a fox --oref https://example.com/a.png"]


async def test_a_prompt_with_pictures_is_taken_apart_and_survives_a_reload(
    open_page: OpenPage, stage: PaintedStage
) -> None:
    job = make_job(3, "a fox")
    stage.add(job)
    link = f"picture:{job['id']}/1"
    page = await open_page()
    await tell(page, "use-prompt", prompt=f"{link} a cat --iw 2 --sref {link}::0.5 --ar 1:1")
    for _ in range(2):
        await expect(text(page)).to_have_value("a cat --iw 2 --ar 1:1")
        await expect(chips(page)).to_have_count(2)
        await expect(chips(page).nth(0)).to_contain_text("Image 2")
        await expect(chips(page).nth(1)).to_contain_text("Style 0.5")
        await expect(chips(page).nth(0).locator("img")).to_have_attribute(
            "src", "/api/thumbnails/3-1.webp?w=160"
        )
        await page.reload()
    menu = await role(page, 0, "Image")
    await menu.get_by_role("button", name="Less weight").click()
    await expect(text(page)).to_have_value("a cat --iw 1.75 --ar 1:1")
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    remove = page.get_by_role("button", name="Remove image reference")
    await remove.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Remove style reference")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(text(page)).to_be_focused()
    await expect(text(page)).to_have_value("a cat --ar 1:1")


async def test_a_picture_of_the_page_is_used_as_what_it_was_chosen_for(
    open_page: OpenPage, stage: PaintedStage
) -> None:
    job = make_job(3, "a fox")
    stage.add(job)
    page = await open_page()
    link = f"picture:{job['id']}/3"
    for _ in range(2):
        await tell(
            page, "use-reference", link=link, role="edit", thumbnail="/api/thumbnails/a.webp"
        )
    await expect(chips(page)).to_have_count(1)
    await expect(text(page)).to_be_focused()
    await page.keyboard.insert_text("in the snow")
    await page.keyboard.press("Enter")
    await expect(text(page)).to_have_value("")
    assert stage.submitted == [f"in the snow --edit {link}"]
    await page.keyboard.press("ArrowUp")
    await expect(text(page)).to_have_value("in the snow")
    await expect(chips(page)).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    await expect(chips(page)).to_have_count(0)


class TestAction:
    LABEL = "Remix picture 2 of set 3"

    async def remix(self, page: Page, job: Json) -> None:
        action = {"job": job["id"], "image": 1, "action": "remix", "strength": "subtle"}
        await tell(page, "use-prompt", prompt="a fox", action=action | {"label": self.LABEL})
        await expect(page.get_by_text(self.LABEL)).to_be_visible()

    async def test_words_for_an_action_are_sent_to_it(
        self, open_page: OpenPage, stage: PaintedStage
    ) -> None:
        job = make_job(3, "a fox")
        stage.add(job)
        page = await open_page()
        await self.remix(page, job)
        await page.keyboard.insert_text(" in the snow")
        await page.keyboard.press("Enter")
        await expect(text(page)).to_have_value("")
        await expect(page.get_by_text(self.LABEL)).to_be_hidden()
        await expect(page.locator("job-set")).to_have_count(2)
        asked = {"action": "remix", "image": 1, "strength": "subtle"}
        assert stage.actions == [(job["id"], asked | {"prompt": "a fox in the snow"})]
        assert stage.submitted == []
        await expect(page.locator(".toast")).to_have_text("Set 4: remix of set 3.Cancel")
        await expect(text(page)).to_be_focused()

    async def test_the_estimate_leaves_out_what_the_picture_decides(
        self, open_page: OpenPage, stage: PaintedStage
    ) -> None:
        stage.add(make_job(3, "a fox"))
        page = await open_page()
        await self.remix(page, make_job(3, "a fox"))
        await expect(page.locator(".foot .says")).to_contain_text("4 pictures · 1024×1024 · about")
        action = {"job": make_job(3, "a fox")["id"], "image": 1, "action": "zoom", "factor": 2}
        await tell(page, "use-prompt", prompt="a fox", action=action | {"label": "Zoom"})
        await expect(page.locator(".foot .says")).to_have_text("4 pictures")

    @pytest.mark.parametrize("by_key", [True, False])
    async def test_it_is_left_for_a_new_set_with_the_same_words(
        self, open_page: OpenPage, stage: PaintedStage, by_key: bool
    ) -> None:
        job = make_job(3, "a fox")
        stage.add(job)
        page = await open_page()
        await self.remix(page, job)
        if by_key:
            await page.keyboard.press("Escape")
        else:
            await page.get_by_role("button", name="Make a new set instead").click()
        await expect(page.get_by_text(self.LABEL)).to_be_hidden()
        await text(page).press("Enter")
        await expect(text(page)).to_have_value("")
        assert stage.submitted == ["a fox"]
        assert stage.actions == []

    async def test_a_refusal_leaves_words_and_action_as_they_are(
        self, open_page: OpenPage, stage: PaintedStage
    ) -> None:
        job = make_job(3, "a fox")
        stage.add(job)
        page = await open_page(allow=(LOST,))
        stage.refusals = [(409, {"message": "That picture is in the trash."}, {})]
        await self.remix(page, job)
        await page.keyboard.press("Enter")
        await expect(page.locator(".wrong")).to_contain_text("That picture is in the trash.")
        await expect(text(page)).to_have_value("a fox")
        await expect(page.get_by_text(self.LABEL)).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
async def test_nothing_stands_in_the_way_of_assistive_technology(
    open_page: OpenPage, width: int, theme: str
) -> None:
    page = await open_page(width=width, theme=theme)
    await choose(page, picture("red"), picture("teal"))
    await expect(chips(page)).to_have_count(2)
    menu = await role(page, 1, "Style")
    await expect(menu).to_be_visible()
    await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    found: Any = await Axe().run(page, context="prompt-lens")
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await page.get_by_role("button", name="Add a picture").click()
    await expect(menu).to_be_hidden()
    await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    found = await Axe().run(page, context="prompt-lens")
    assert found.violations_count == 0, found.generate_report()
