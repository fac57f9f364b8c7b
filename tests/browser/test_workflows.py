"""The page of the workflows: the list, the forms that the registry makes, and what they send."""

import io
import json
import re
import shlex
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stage import Json, make_job, painting, speckle
from tests.browser.workflow_stage import (
    EVERYTHING,
    IN_WORDS,
    SEED,
    WorkflowStage,
    parameter,
    workflow,
)

REFUSED = "status of 422"
# What the page would put on the clipboard, which a page of a test may not read.
CLIPBOARD = """
window.copied = [];
const clipboard = {writeText: async (text) => copied.push(text)};
Object.defineProperty(navigator, "clipboard", {value: clipboard});
"""
DROP = """
([selector, name, type, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, {type}));
  const on = document.querySelector(selector);
  for (const kind of ["dragover", "drop"]) {
    on.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
  }
}
"""
PASTE = """
([bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "pasted.jpg", {type: "image/jpeg"}));
  document.body.dispatchEvent(
    new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}
"""
SMALL = """
() => [...document.querySelectorAll("a, button, summary, select, input:not([type=file])")]
  .filter((part) => part.checkVisibility() && !part.matches(".sr, .skip"))
  .map((part) => [part, part.getBoundingClientRect()])
  .filter(([part, box]) => Math.max(box.width, part.matches(".f-switch") ? 40 : 0) < 40
    || (part.matches(".f-switch") ? 40 : box.height) < 40)
  .map(([part, box]) => `${part.outerHTML.slice(0, 90)} ${box.width}×${box.height}`)
"""


MADE = make_job(40, "a gallery of foxes")


@pytest.fixture
def stage() -> WorkflowStage:
    return WorkflowStage()


async def open_form(open_page: OpenPage, workflow_id: str = "portrait", **how: Any) -> Page:
    page = await open_page(f"/workflows#{workflow_id}", **how)
    await expect(page.locator("workflow-form h1")).to_be_visible()
    return page


def field(page: Page, label: str) -> Locator:
    """Return the field of a parameter, by its label."""
    name = page.locator(".f-name", has_text=re.compile(f"^{re.escape(label)}$"))
    return page.locator(".f-grid > *", has=name)


def box(page: Page, label: str) -> Locator:
    return (
        field(page, label).locator("input:not([type=range], [type=file]), textarea, select").first
    )


async def make(page: Page) -> None:
    await page.get_by_role("button", name="Make", exact=True).click()


async def put_picture(page: Page, label: str = "Image", name: str = "fox") -> None:
    file: Any = {"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": painting(name, 64)}
    await field(page, label).locator("[type=file]").set_input_files([file])
    await expect(field(page, label).locator(".pic-item:not(.coming) img")).to_have_count(1)


def refusal(name: str, message: str, suggestion: str | None = None) -> Json:
    detail = {
        "parameter": name, "value": None, "allowed": None, "start": None, "end": None,
        "suggestion": suggestion, "message": message,
    }  # fmt: skip
    return {"message": message, "details": [detail]}


async def test_all_are_listed_with_pictures_and_why_one_cannot_run(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    stage.broken = [{"file": "mine.toml", "line": 12, "message": "There is no node 9."}]
    page = await open_page("/workflows")
    assert await page.locator(".wl-group h2 b").all_text_contents() == ["Image", "Video"]
    cells = page.locator(".wl")
    await expect(cells).to_have_count(3)
    await expect(cells.nth(1)).to_contain_text("A portrait in any style")
    await expect(cells.nth(1).locator("img")).to_be_visible()
    await expect(cells.nth(2)).to_contain_text("wan2.1_i2v_480p.safetensors is not installed")
    await expect(page.locator(".wl-broken li")).to_have_text("mine.toml:12There is no node 9.")
    await page.get_by_role("searchbox").fill("any STYLE")
    await expect(cells).to_have_count(1)
    await page.get_by_role("searchbox").fill("nothing like it")
    await expect(page.locator(".wl-nothing")).to_have_text("Nothing matches “nothing like it”.")
    await page.get_by_role("searchbox").fill("")
    await page.get_by_role("button", name="Video 1").click()
    await expect(cells).to_have_count(1)
    await cells.locator("a").click()
    await expect(page.locator(".verdict")).to_contain_text("There is no node WanImageToVideo.")
    await page.get_by_role("button", name="Make", exact=True).press("Enter")
    await expect(page.locator(".wf-wrong")).to_contain_text("is not installed")
    assert stage.made == []


async def test_a_form_has_an_address_and_what_was_typed_outlives_a_reload(
    open_page: OpenPage,
) -> None:
    page = await open_page("/workflows")
    await page.get_by_role("link", name="Portrait").click()
    await expect(page).to_have_url(re.compile("/workflows#portrait$"))
    await expect(page).to_have_title("Portrait · Workflows · Imagine")
    await box(page, "Prompt").fill("a red fox")
    await page.reload()
    await expect(box(page, "Prompt")).to_have_value("a red fox")
    await page.get_by_role("link", name="All workflows").click()
    await expect(page.get_by_role("link", name="Portrait")).to_be_focused()
    await page.goto(page.url + "nonsense")
    await expect(page.locator(".wf-gone")).to_have_text("There is no workflow “nonsense” here.")


async def test_each_type_shows_its_control_with_range_and_default(open_page: OpenPage) -> None:
    page = await open_form(open_page)
    await expect(box(page, "Prompt")).to_have_js_property("tagName", "TEXTAREA")
    await expect(box(page, "Title")).to_have_value("fox")
    await expect(box(page, "Steps")).to_have_value("20")
    await expect(field(page, "Steps").locator(".f-slide")).to_have_text("1150")
    slider = field(page, "Guidance").get_by_role("slider")
    await expect(slider).to_have_attribute("aria-valuetext", "7, from 0 to 30")
    options = await field(page, "Sampler").locator("option").all_text_contents()
    assert options[0] == "euler"
    assert len(options) == 6
    row = field(page, "Upscale").get_by_role("radio")
    assert await row.all_text_contents() == ["off", "2×", "4×"]
    await expect(field(page, "Tiling").get_by_role("switch")).not_to_be_checked()
    await expect(box(page, "Seed")).to_have_value("")
    await expect(box(page, "Model")).to_be_visible()
    await expect(field(page, "Lora").get_by_role("combobox")).to_have_value("None")
    await expect(field(page, "Image").get_by_role("button", name="Choose a file")).to_be_visible()
    await expect(field(page, "Denoise")).to_be_hidden()
    await page.get_by_text("More", exact=True).click()
    await expect(field(page, "Denoise")).to_be_visible()


async def test_only_what_was_changed_is_sent(stage: WorkflowStage, open_page: OpenPage) -> None:
    page = await open_form(open_page)
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    assert stage.made.pop() == ("portrait", {})
    await box(page, "Prompt").fill("a red fox")
    await field(page, "Guidance").get_by_role("slider").press("ArrowRight")
    await box(page, "Steps").fill("8")
    await field(page, "Sampler").locator("select").select_option("heun")
    await field(page, "Upscale").get_by_role("radio", name="2×").click()
    await field(page, "Tiling").get_by_role("switch").check()
    await box(page, "Title").fill("")
    await expect(page.locator(".wf-state")).to_have_text("7 changed")
    await make(page)
    await expect(page.locator("job-set")).to_have_count(2)
    assert stage.made.pop() == ("portrait", {
        "prompt": "a red fox",
        "parameters": {"steps": 8, "cfg": 7.1, "sampler": "heun", "upscale": "2×",
                       "tiling": True, "title": ""},
    })  # fmt: skip
    await page.get_by_role("button", name="Reset").click()
    await expect(box(page, "Steps")).to_have_value("20")
    await page.get_by_role("button", name="Undo").click()
    await expect(box(page, "Steps")).to_have_value("8")
    await field(page, "Steps").get_by_role("button", name="back to the default").click()
    await expect(box(page, "Steps")).to_have_value("20")


async def test_a_parameter_added_to_the_file_shows_and_nothing_typed_is_lost(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "text_to_image")
    await box(page, "Prompt").fill("a red fox")
    strength = parameter("strength", "float", min=0, max=1, default=0.5)
    added = [*IN_WORDS["parameters"][:1], strength, SEED]
    stage.library["text_to_image"] = IN_WORDS | {"parameters": added}
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(box(page, "Strength")).to_have_value("0.5")
    await expect(field(page, "Steps")).to_have_count(0)
    await expect(box(page, "Prompt")).to_have_value("a red fox")


async def test_another_engine_changes_the_verdict_under_ones_eyes(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "text_to_image")
    stage.library["text_to_image"] = IN_WORDS | {"available": False, "reason": "No model is here."}
    await stage.tell(type="engine", engine=stage.engine)
    await expect(page.locator(".verdict")).to_have_text("No model is here.")
    stage.library["text_to_image"] = IN_WORDS
    await stage.tell(type="engine", engine=stage.engine)
    await expect(page.locator(".verdict")).to_be_empty()


async def test_what_is_wrong_stands_under_its_field_with_its_remedy(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, allow=(REFUSED,))
    await box(page, "Steps").fill("200")
    await box(page, "Steps").blur()
    wrong = field(page, "Steps").locator(".f-error span")
    await expect(wrong).to_have_text("Steps goes from 1 to 150.")
    await box(page, "Steps").fill("20")
    body = refusal("denoise", "Denoise goes from 0 to 1.", "1")
    body["details"] += refusal("lora", "There is no LoRA ink.", "style/ink_01")["details"]
    stage.refusals.append((422, body, {}))
    await make(page)
    await expect(field(page, "Denoise").locator(".f-error span")).to_have_text(
        "Denoise goes from 0 to 1."
    )
    await expect(field(page, "Lora").get_by_role("combobox")).to_be_focused()
    await expect(box(page, "Denoise")).to_have_attribute("aria-invalid", "true")
    await field(page, "Lora").get_by_role("button", name="Use style/ink_01").click()
    await expect(field(page, "Lora").locator(".f-error")).to_be_hidden()
    await expect(field(page, "Denoise").locator(".f-error")).to_be_visible()


async def test_a_refusal_that_is_of_no_field_stands_above_the_button(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, allow=("status of 503",))
    stage.refusals.append((503, {"message": "The disk is full.", "hint": "Make room."}, {}))
    await make(page)
    await expect(page.locator(".wf-wrong")).to_have_text("The disk is full. Make room.")


async def test_the_dice_draw_a_seed_and_the_lock_keeps_the_last_one(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "text_to_image")
    seed = box(page, "Seed")
    await page.get_by_role("button", name="Draw one now").click()
    await expect(seed).not_to_have_value("")
    drawn = await seed.input_value()
    assert 0 <= int(drawn) <= 4294967295
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    assert stage.made.pop()[1] == {"parameters": {"seed": int(drawn)}}
    await page.get_by_role("button", name="Draw one each time").click()
    await expect(seed).to_have_value("")
    await expect(field(page, "Seed").locator(".f-side")).to_have_text(f"last {drawn}")
    await page.get_by_role("button", name="Keep the last one").click()
    await expect(seed).to_have_value(drawn)


async def test_one_of_many_names_is_found_by_parts_of_it(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page)
    lora = field(page, "Lora").get_by_role("combobox")
    await lora.fill("ink 12")
    options = field(page, "Lora").get_by_role("option")
    await expect(options).to_have_text(["style/ink_12"])
    await lora.press("Enter")
    await expect(lora).to_have_value("style/ink_12")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    await lora.press("Control+Enter")
    await expect(page.locator("job-set")).to_have_count(1)
    assert stage.made.pop()[1] == {"parameters": {"lora": "style/ink_12.safetensors"}}


async def test_pictures_come_by_file_by_drop_by_paste_and_from_the_gallery(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    made = await stage.put(MADE)
    page = await open_form(open_page)
    await put_picture(page)
    remove = page.get_by_role("button", name="Remove Image")
    await remove.click()
    await expect(page.locator("image-field .pic-item")).to_have_count(0)
    await page.evaluate(DROP, ["image-field", "a.jpg", "image/jpeg", [*painting("drop", 32)]])
    await expect(page.locator("image-field .pic-item:not(.coming)")).to_have_count(1)
    first = await page.locator("image-field img").get_attribute("src")
    await page.evaluate(PASTE, [[*painting("paste", 32)]])
    arrived = page.locator("image-field .pic-item:not(.coming) img")
    await expect(arrived).not_to_have_attribute("src", first or "")
    await expect(page.locator("image-field .pic-item")).to_have_count(1)
    await page.get_by_role("button", name="From the gallery").click()
    await page.locator(".picker-grid button").nth(2).click()
    await expect(page.locator(".picker")).to_have_count(0)
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    assert stage.made.pop()[1] == {"parameters": {"image": f"picture:{made['id']}/2"}}


async def test_several_pictures_where_each_makes_a_set(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    series = workflow("series", parameter("image", "image", required=True), max_batch_size=4)
    series["inputs"]["batch"] = True
    stage.library = {"series": series}
    page = await open_form(open_page, "series")
    files: Any = [
        {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": painting(f"n{n}", 24 + n)}
        for n in range(5)
    ]
    await page.locator("image-field [type=file]").set_input_files(files)
    await expect(page.locator(".pic-item:not(.coming)")).to_have_count(4)
    await expect(field(page, "Image").locator(".f-error span")).to_have_text(
        "Image takes 4 pictures."
    )
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    assert len(stage.made.pop()[1]["images"]) == 4


async def test_nothing_can_be_done_with_a_workflow_before_the_library_is_here(
    open_page: OpenPage,
) -> None:
    page = await open_page(
        "/workflows#portrait",
        script="window.fetch = () => new Promise(() => {})",
        ready="workflow-line nav",
    )
    await expect(page.get_by_role("button", name="Add a workflow")).to_be_visible()
    for name in ("Download", "Remove"):
        await expect(page.get_by_text(name, exact=True)).to_be_hidden()


async def test_on_a_phone_the_name_of_the_form_is_seen_below_what_it_made_last(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "text_to_image", width=390, height=844, touch=True)
    for words in ("one fox", "two foxes"):
        await box(page, "Prompt").fill(words)
        await make(page)
        await expect(page.locator("job-set .words").first).to_have_text(words)
    await expect(page.locator("job-set:visible")).to_have_count(1)
    await page.evaluate("scrollTo(0, 0)")
    await expect(page.locator("workflow-form h1")).to_be_in_viewport()


async def test_long_names_stay_in_their_cells(stage: WorkflowStage, open_page: OpenPage) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung"
    stage.library["long"] = workflow("long", name=long, category="a-long-name-of-one")
    page = await open_page("/workflows", width=390, touch=True)
    group = page.locator(".wl-group", has_text="A long name of one")
    await expect(group.locator(".wl-words b")).to_have_text(long)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_a_file_broken_while_its_form_is_open_is_told_and_nothing_is_lost(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page)
    await box(page, "Prompt").fill("half a th")
    kept = stage.library.pop("portrait")
    stage.broken = [{"file": "portrait.toml", "line": 3, "message": "There is no node 9."}]
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(page.locator(".wf-gone")).to_contain_text(
        "This workflow cannot be read. In portrait.toml, line 3: There is no node 9."
    )
    stage.library["portrait"], stage.broken = kept, []
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(box(page, "Prompt")).to_have_value("half a th")


async def test_a_picture_that_is_not_there_leaves_no_hole(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    stage.library["portrait"] = EVERYTHING | {"picture": "/api/workflows/portrait/absent"}
    page = await open_page("/workflows", allow=("status of 404",))
    cell = page.locator(".wl", has_text="Portrait")
    await expect(cell.locator(".wl-pic svg")).to_be_visible()
    await cell.locator("a").click()
    await expect(page.locator("workflow-results figcaption")).to_have_text(
        "What it makes appears here, and in the gallery."
    )
    await expect(page.locator("workflow-results img")).to_be_hidden()


async def test_a_mask_is_painted_upon_the_first_picture(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page)
    paint = page.get_by_role("button", name="Paint the mask")
    await paint.press("Enter")
    await expect(field(page, "Mask").locator(".f-error span")).to_have_text(
        "Choose the picture first."
    )
    await put_picture(page)
    await paint.click()
    use = page.get_by_role("button", name="Use this mask")
    await use.press("Enter")
    await expect(page.locator(".painter .wrong")).to_contain_text("Nothing is painted yet.")
    await page.locator(".easel").focus()
    await page.keyboard.press("Space")
    await use.click()
    await expect(page.locator("mask-field .pic-item")).to_be_visible()
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    sent = stage.made.pop()[1]["parameters"]
    mask = Image.open(io.BytesIO(stage.uploads[sent["mask"].removeprefix("upload:")]))
    assert mask.size == (64, 64)
    assert mask.getpixel((32, 32)) == 255
    assert mask.getpixel((1, 1)) == 0
    await page.get_by_role("button", name="Remove Mask").click()
    await expect(page.locator("mask-field .pic-item")).to_be_hidden()


async def test_a_mask_is_seen_upon_a_white_picture(open_page: OpenPage) -> None:
    white, mask = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(white, "PNG")
    half = Image.new("L", (64, 64))
    half.paste(255, (32, 0, 64, 64))
    half.save(mask, "PNG")
    page = await open_form(open_page)
    for label, file in (("Image", white), ("Mask", mask)):
        sent: Any = {"name": "one.png", "mimeType": "image/png", "buffer": file.getvalue()}
        await field(page, label).locator("[type=file]").set_input_files([sent])
        await expect(field(page, label).locator(".pic-item:not(.coming)")).to_be_visible()
    for image in await field(page, "Mask").locator(".pic-item img").all():
        await image.evaluate("async (image) => await image.decode()")
    shot = await field(page, "Mask").locator(".pic-item").screenshot()
    seen = Image.open(io.BytesIO(shot)).convert("L")
    row = seen.tobytes()[seen.height * 3 // 4 * seen.width :]
    black, painted = row[16], row[seen.width - 16]
    assert painted - black > 60


async def test_as_curl_and_as_prompt_it_is_the_same_job(
    stage: WorkflowStage, server: TestServer, open_page: OpenPage
) -> None:
    page = await open_form(open_page, script=CLIPBOARD)
    await box(page, "Prompt").fill("the fox's {den}")
    await box(page, "Steps").fill("8")
    await field(page, "Tiling").get_by_role("switch").check()
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    sent = stage.made.pop()[1]
    await page.get_by_role("button", name="Copy as curl").click()
    await expect(page.locator(".toast")).to_contain_text("The command is copied.")
    await page.get_by_role("button", name="Copy as prompt").click()
    await expect(page.locator(".toast")).to_contain_text("The prompt is copied.")
    command, prompt = await page.evaluate("copied")
    words = shlex.split(command)
    assert words[:2] == ["curl", str(server.make_url("/api/workflows/portrait"))]
    assert json.loads(words[-1]) == sent
    assert prompt == "the fox's \\{den\\} --workflow portrait --steps 8 --tiling on"
    await page.get_by_role("button", name="Open in the gallery").click()
    await expect(page.locator("prompt-lens textarea")).to_have_value(prompt)


async def test_what_is_made_is_followed_beside_the_form_and_leads_to_the_gallery(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page)
    await expect(page.locator(".wr-example img")).to_be_visible()
    await box(page, "Prompt").fill("a red fox")
    await box(page, "Prompt").press("Control+Enter")
    await expect(page.locator("job-set .line-up")).to_have_text("Next in line")
    job = next(iter(stage.jobs.values()))
    job = await stage.put(
        job, state="running", stage="sampling", position=None, started_at=job["created_at"]
    )
    await stage.progress(job, value=0.4, step=10, steps=25)
    await stage.preview(job, 0, speckle(3))
    await expect(page.locator("job-set .preview")).to_have_count(1)
    await expect(page.locator("job-set .badge")).to_have_text("10/25")
    images = [MADE["images"][0]]
    await stage.put(job, state="succeeded", images=images, finished_at=job["created_at"])
    await expect(page.locator("job-set img.pic[data-shown]")).to_have_count(1)
    await box(page, "Prompt").fill("another")
    await page.get_by_role("button", name="Use this prompt").click()
    await page.locator("job-set .open").click()
    await expect(page).to_have_url(re.compile(f"/#picture={job['id']}.0$"))


async def test_a_file_dropped_anywhere_becomes_a_form_with_its_verdict(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    stage.next_notes = ["A reroute was left out."]
    page = await open_page("/workflows", allow=("status of 415",))
    await page.evaluate(DROP, ["main", "graph.json", "application/json", [*b"{}"]])
    await expect(page.locator("workflow-form h1")).to_have_text("Added")
    await expect(page.locator(".v-line")).to_have_text("It can run here.")
    await expect(page.locator(".verdict .note")).to_have_text("A reroute was left out.")
    await expect(page.locator(".toast")).to_contain_text("Added is added.")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".wl")).to_have_count(3)
    stage.refusals.append((415, {"message": "It holds no workflow.", "hint": "Use another."}, {}))
    await page.evaluate(DROP, ["main", "fox.png", "image/png", [1, 2, 3]])
    await expect(page.locator(".toast span")).to_have_text(
        "fox.png was not added: It holds no workflow. Use another."
    )


async def test_an_own_workflow_is_downloaded_removed_and_put_back(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    stage.library["mine"] = workflow("mine", SEED, source="own")
    page = await open_form(open_page, "mine")
    download = page.get_by_role("link", name="Download")
    await expect(download).to_have_attribute("href", "/api/workflows/mine/graph")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.locator(".wl")).to_have_count(3)
    await page.get_by_role("button", name="Undo").click()
    await expect(page).to_have_url(re.compile("#mine$"))
    await expect(page.locator("workflow-form h1")).to_be_visible()
    await page.goto(page.url.replace("mine", "portrait"))
    await expect(page.locator("workflow-form h1")).to_have_text("Portrait")
    await expect(page.get_by_role("button", name="Remove", exact=True)).to_be_hidden()


async def test_all_of_it_is_done_by_keyboard(stage: WorkflowStage, open_page: OpenPage) -> None:
    page = await open_page("/workflows")
    await page.keyboard.press("/")
    await page.keyboard.type("portrait")
    await page.keyboard.press("Enter")
    await expect(page.locator("workflow-form h1")).to_be_focused()
    reached = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate(
            "document.activeElement.closest('.f-grid > *')?.querySelector('.f-name').textContent"
            " ?? document.activeElement.textContent"
        ))  # fmt: skip
        if reached[-1] == "Make":
            break
    labels = [one["label"] for one in EVERYTHING["parameters"] if one["rank"] == "main"]
    assert [label for label in labels if label not in reached] == []
    await box(page, "Steps").focus()
    await page.keyboard.press("ArrowUp")
    await field(page, "Upscale").get_by_role("radio", name="off").focus()
    await page.keyboard.press("ArrowRight")
    await field(page, "Tiling").get_by_role("switch").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("job-set")).to_have_count(1)
    sent = {"steps": 21, "upscale": "2×", "tiling": True}
    assert stage.made.pop()[1] == {"parameters": sent}


async def test_on_a_phone_it_is_one_column_with_the_button_at_hand(open_page: OpenPage) -> None:
    page = await open_form(open_page, width=390, height=844, touch=True)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    button = await page.get_by_role("button", name="Make", exact=True).bounding_box()
    assert button is not None
    assert button["y"] + button["height"] < 844
    lefts = await page.evaluate(
        "[...new Set([...document.querySelectorAll('.f-grid > *')]"
        ".filter((part) => part.checkVisibility()).map((part) => part.offsetLeft))]"
    )
    assert len(lefts) == 1
    assert await page.evaluate(SMALL) == []


async def test_the_gallery_and_this_page_lead_to_each_other(open_page: OpenPage) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Preferences and help").click()
    await page.locator("preferences-menu").get_by_role("link", name="Workflows").click()
    await expect(page.locator(".wl")).to_have_count(3)
    await page.get_by_role("link", name="Imagine, to the gallery").click()
    await expect(page.locator("prompt-lens")).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing(stage: WorkflowStage, open_page: OpenPage, theme: str) -> None:
    stage.broken = [{"file": "mine.toml", "line": 12, "message": "There is no node 9."}]
    page = await open_page("/workflows", theme=theme, reduced_motion="reduce", allow=(REFUSED,))
    await no_violations(page)
    await page.get_by_role("link", name="Portrait").click()
    await page.get_by_text("More", exact=True).click()
    await put_picture(page)
    await field(page, "Lora").get_by_role("combobox").click()
    await no_violations(page)
    stage.refusals.append((422, refusal("steps", "Steps goes from 1 to 150.", "150"), {}))
    await make(page)
    await expect(page.locator(".f-error:visible")).to_have_count(1)
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    await no_violations(page)
    await page.get_by_role("button", name="Paint the mask").click()
    await no_violations(page)


async def no_violations(page: Page) -> None:
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


async def test_enter_opens_what_was_typed_though_it_is_not_drawn_yet(open_page: OpenPage) -> None:
    page = await open_page("/workflows")
    await expect(page.locator(".wl")).to_have_count(3)
    await page.evaluate(
        """() => {
          const input = document.querySelector(".seek input");
          input.value = "portrait";
          input.dispatchEvent(new Event("input", { bubbles: true }));
          input.form.requestSubmit();
        }"""
    )
    await expect(page).to_have_url(re.compile("/workflows#portrait$"))
