"""The fields for videos and sounds of a form: how a file comes in, is shown and is sent."""

import io
import json
import re
import shlex
import wave
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.stage import make_job, painting
from tests.browser.test_media import film, given
from tests.browser.test_workflows import (
    CLIPBOARD,
    DROP,
    REFUSED,
    SMALL,
    box,
    field,
    make,
    no_violations,
    open_form,
    put_picture,
)
from tests.browser.workflow_stage import PROMPT, WorkflowStage, parameter, workflow

DANCE = workflow(
    "dance",
    PROMPT,
    parameter("video", "video", required=True, description="Whose steps they are."),
    parameter("image", "image", description="Who dances."),
    parameter("mask", "mask", rank="more"),
    parameter("audio", "audio", label="Music"),
    description="Somebody dances as in a clip, to music.", outputs=["video"], category="video",
)  # fmt: skip
PASTE = """
([name, type, words, bytes]) => {
  const data = new DataTransfer();
  if (words) data.items.add(words, "text/plain");
  data.items.add(new File([new Uint8Array(bytes)], name, {type}));
  document.body.dispatchEvent(
    new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}
"""
PLAYS = "v => !v.paused && v.currentTime > 0"
RESTS = "v => v.paused && v.currentTime === 0"
CLIP = film()


def sound(seconds: int = 3, second: bytes = b"\x80" * 8000) -> bytes:
    """Return a WAV file that has the same in each of its seconds: nothing, if not told."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(second * seconds)
    return data.getvalue()


@pytest.fixture
def stage() -> WorkflowStage:
    return WorkflowStage(DANCE)


async def put(page: Page, label: str, name: str, media_type: str, data: bytes) -> None:
    file: Any = {"name": name, "mimeType": media_type, "buffer": data}
    await field(page, label).locator("[type=file]").set_input_files([file])


async def put_video(page: Page, data: bytes = CLIP) -> Locator:
    await put(page, "Video", "steps.webm", "video/webm", data)
    video = field(page, "Video").locator(".clip video[data-shown]")
    await video.wait_for()
    return video


async def put_sound(page: Page) -> None:
    await put(page, "Music", "waltz.wav", "audio/wav", sound())
    await expect(facts(page, "Music")).to_have_text("waltz.wav3 s")


def facts(page: Page, label: str) -> Locator:
    return field(page, label).locator(".clip-item:not(.coming) .clip-facts")


def wrong(page: Page, label: str) -> Locator:
    return field(page, label).locator(".f-error span")


def sent_files(stage: WorkflowStage) -> list[str]:
    return [path for _, path, _ in stage.asked if path == "/api/uploads"]


async def test_a_video_is_shown_with_its_length_and_size_and_sent_as_its_link(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "dance")
    await expect(field(page, "Video")).to_have_attribute("data-required", "")
    status = field(page, "Video").get_by_role("status")
    accept = await field(page, "Video").locator("[type=file]").get_attribute("accept")
    assert accept == "video/mp4,video/webm"
    video = await put_video(page)
    await expect(facts(page, "Video")).to_have_text("steps.webm2 s · 320×192")
    await expect(status).to_have_text("steps.webm is here")
    assert await video.evaluate("v => v.muted && v.loop && v.paused && v.preload === 'metadata'")
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    (upload,) = stage.uploads
    assert stage.made.pop()[1] == {"parameters": {"video": f"upload:{upload}"}}
    await page.get_by_role("button", name="Remove Video").click()
    await expect(field(page, "Video").locator("li")).to_have_count(0)
    await expect(field(page, "Video").locator("[data-do=file]")).to_be_focused()


async def test_a_video_plays_while_it_is_pointed_at_and_a_press_stops_it(
    open_page: OpenPage,
) -> None:
    page = await open_form(open_page, "dance")
    handle = await (await put_video(page)).element_handle()
    button = page.get_by_role("button", name="Play Video")
    await button.hover()
    await page.wait_for_function(PLAYS, arg=handle)
    await expect(button).to_have_attribute("aria-pressed", "true")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false")
    await page.mouse.move(5, 5)
    await page.wait_for_function(RESTS, arg=handle)
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Tab")
    await expect(button).to_be_focused()
    await page.wait_for_function(PLAYS, arg=handle)
    await page.keyboard.press("Tab")
    await page.wait_for_function(RESTS, arg=handle)


async def test_where_less_motion_is_asked_for_a_video_plays_only_when_pressed(
    open_page: OpenPage,
) -> None:
    page = await open_form(open_page, "dance", reduced_motion="reduce")
    handle = await (await put_video(page)).element_handle()
    button = page.get_by_role("button", name="Play Video")
    await button.hover()
    await button.focus()
    assert await page.evaluate("v => v.paused", handle)
    await button.press("Enter")
    await page.wait_for_function(PLAYS, arg=handle)
    await button.press("Enter")
    await page.wait_for_function("v => v.paused", arg=handle)


async def test_a_video_comes_by_drop_by_paste_and_from_the_gallery(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    stage.add(
        make_job(6, "a fox"),
        given(7, "dot.webm", "video/webm", width=320, height=192, duration_s=2.0),
    )
    stage.files["dot.webm"] = (CLIP, "video/webm")
    page = await open_form(open_page, "dance")
    await page.evaluate(DROP, ["media-field", "drop.webm", "video/webm", [*CLIP]])
    await expect(facts(page, "Video")).to_contain_text("drop.webm")
    # a file manager puts the name of a file beside it
    await page.evaluate(PASTE, ["paste.webm", "video/webm", "paste.webm", [*film()]])
    await expect(facts(page, "Video")).to_contain_text("paste.webm")
    await field(page, "Video").get_by_role("button", name="From the gallery").click()
    await expect(page.locator(".picker h2")).to_have_text("Recent clips")
    clips = page.locator(".picker-grid button")
    await expect(clips).to_have_count(1)
    await expect(clips.locator(".badge")).to_have_text("2 s")
    await clips.locator("video[data-shown]").wait_for()
    await no_violations(page)
    await clips.click()
    await expect(facts(page, "Video")).to_have_text("Set 72 s · 320×192")
    await field(page, "Video").locator("video[data-shown]").wait_for()
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    assert stage.made.pop()[1] == {"parameters": {"video": f"picture:{made_id(7)}/0"}}


async def test_a_sound_comes_from_the_gallery_by_its_words(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    stage.add(make_job(6, "a fox"), given(7, "hum.wav", "audio/wav", duration_s=3.0))
    stage.files["hum.wav"] = (sound(), "audio/wav")
    page = await open_form(open_page, "dance")
    await field(page, "Music").get_by_role("button", name="From the gallery").click()
    await expect(page.locator(".picker h2")).to_have_text("Recent sounds")
    made = page.locator(".picker-grid button")
    await expect(made).to_have_accessible_name("a copper knot 3 s")
    await no_violations(page)
    await made.click()
    await expect(facts(page, "Music")).to_have_text("Set 73 s")
    await put_video(page)
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    assert stage.made.pop()[1]["parameters"]["audio"] == f"picture:{made_id(7)}/0"


def made_id(number: int) -> str:
    return str(make_job(number, "")["id"])


async def test_a_sound_has_the_controls_of_the_browser(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "dance")
    await put_sound(page)
    audio = field(page, "Music").locator("audio")
    assert await audio.evaluate("a => a.controls && a.paused && a.preload === 'metadata'")
    assert await audio.get_attribute("aria-label") == "Music"
    await page.evaluate(PASTE, ["polka.wav", "audio/wav", "", [*sound(2)]])
    await expect(facts(page, "Music")).to_have_text("polka.wav2 s")
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    upload = [*stage.uploads][-1]
    assert stage.made.pop()[1] == {"parameters": {"audio": f"upload:{upload}"}}


async def test_what_was_chosen_outlives_a_reload(open_page: OpenPage) -> None:
    page = await open_form(open_page, "dance")
    await put_video(page)
    await put_sound(page)
    await page.reload()
    await expect(facts(page, "Video")).to_have_text("steps.webm2 s · 320×192")
    await field(page, "Video").locator("video[data-shown]").wait_for()
    await expect(facts(page, "Music")).to_have_text("waltz.wav3 s")


async def test_a_large_file_tells_how_far_it_is_and_can_be_canceled(
    stage: WorkflowStage, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_form(open_page, "dance")
    stage.gate.clear()
    long = tmp_path / "long.webm"
    long.write_bytes(CLIP[:64] + bytes(24_000_000))
    await field(page, "Video").locator("[type=file]").set_input_files(long)
    coming = field(page, "Video").locator(".clip-item.coming")
    await expect(coming).to_contain_text(re.compile(r"long\.webm[\d.]+ [kM]B of 24\.0 MB"))
    bar = page.get_by_role("progressbar", name="Sending long.webm")
    assert 0 <= int(await bar.get_attribute("aria-valuenow") or "") < 100
    await make(page)
    await expect(page.locator(".wf-wrong")).to_have_text(
        "Video is still on its way. Make it when it is here."
    )
    await no_violations(page)
    await page.get_by_role("button", name="Cancel sending long.webm").click()
    await expect(field(page, "Video").locator("li")).to_have_count(0)
    await expect(field(page, "Video").locator(".f-error")).to_be_hidden()
    assert (stage.made, stage.uploads) == ([], {})
    stage.gate.set()


async def test_a_file_of_another_kind_is_refused_before_it_is_sent(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "dance")
    await page.get_by_text("More", exact=True).click()
    for selector, label, name, media_type, sentence in (
        ("media-field", "Video", "fox.png", "image/png",
         "fox.png is a picture. Video takes an MP4 or WebM video."),
        ("media-field", "Video", "old.avi", "",
         "old.avi is of another kind. Video takes an MP4 or WebM video."),
        (".f-grid > :nth-child(4)", "Music", "steps.mp4", "video/mp4",
         "steps.mp4 is a video. Music takes a WAV, MP3, FLAC or Ogg sound."),
        ("image-field", "Image", "steps.mp4", "video/mp4",
         "steps.mp4 is a video. Image takes a picture."),
        ("mask-field", "Mask", "waltz.mp3", "audio/mpeg",
         "waltz.mp3 is a sound. Mask takes a picture."),
    ):  # fmt: skip
        await page.evaluate(DROP, [f"{selector} .pics-add", name, media_type, [1, 2, 3]])
        await expect(wrong(page, label)).to_have_text(sentence)
    await expect(field(page, "Music").get_by_role("status")).to_have_text(
        "steps.mp4 is a video. Music takes a WAV, MP3, FLAC or Ogg sound."
    )
    assert sent_files(stage) == []
    await put_video(page)
    await expect(field(page, "Video").locator(".f-error")).to_be_hidden()


async def test_what_the_server_refuses_is_told_at_the_field(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "dance", allow=(REFUSED, "status of 413"))
    error = {"message": "The video is too long.", "hint": "Use one of at most a minute."}
    stage.upload_refusals.append((413, error, {}))
    await put(page, "Video", "long.webm", "video/webm", CLIP)
    await expect(wrong(page, "Video")).to_have_text(
        "long.webm was not taken: The video is too long. Use one of at most a minute."
    )
    # a system that does not know what it is says nothing of its kind
    await put(page, "Video", "nameless", "", painting("fox", 32))
    await expect(wrong(page, "Video")).to_have_text(
        "nameless is a picture. Video takes an MP4 or WebM video."
    )
    await expect(field(page, "Video").locator("li")).to_have_count(0)
    detail = {"parameter": "video", "message": "video is needed.", "suggestion": None}
    stage.refusals.append((422, {"message": "A value is missing.", "details": [detail]}, {}))
    await make(page)
    await expect(wrong(page, "Video")).to_have_text("Video is needed.")
    await expect(field(page, "Video").locator("[data-do=file]")).to_be_focused()


async def test_a_file_that_the_browser_cannot_play_is_still_sent(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "dance")
    await put(page, "Video", "odd.webm", "video/webm", CLIP[:64])
    await expect(field(page, "Video").locator(".clip-lost")).to_have_text(
        "This browser cannot play it. It is sent as it is."
    )
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    assert "video" in stage.made.pop()[1]["parameters"]


async def test_a_file_that_is_gone_meanwhile_is_told(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "dance", allow=("status of 404",))
    await put_video(page)
    stage.uploads.clear()
    await page.reload()
    await expect(field(page, "Video").locator(".clip-lost")).to_have_text(
        "This file is no longer on the disk. Choose another."
    )


async def test_as_curl_and_as_prompt_it_names_the_same_files(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    page = await open_form(open_page, "dance", script=CLIPBOARD)
    await box(page, "Prompt").fill("a fox")
    await put_picture(page)
    await put_video(page)
    await put_sound(page)
    await page.get_by_role("button", name="Copy as curl").click()
    await page.get_by_role("button", name="Copy as prompt").click()
    await expect(page.locator(".toast")).to_contain_text("The prompt is copied.")
    command, prompt = await page.evaluate("copied")
    image, video, audio = (f"upload:{upload}" for upload in stage.uploads)
    named = {"video": video, "image": image, "audio": audio}
    assert json.loads(shlex.split(command)[-1]) == {"prompt": "a fox", "parameters": named}
    assert prompt == f"{image} a fox --workflow dance --video {video} --audio {audio}"


async def test_the_settings_of_a_set_come_back_with_its_files(
    stage: WorkflowStage, open_page: OpenPage
) -> None:
    stage.add(given(7, "dot.webm", "video/webm", width=320, height=192, duration_s=2.0))
    stage.files["dot.webm"] = (CLIP, "video/webm")
    page = await open_form(open_page, "dance")
    await put_picture(page)
    await put_sound(page)
    await field(page, "Video").get_by_role("button", name="From the gallery").click()
    await page.locator(".picker-grid button").click()
    await make(page)
    await expect(page.locator("job-set")).to_have_count(1)
    asked = stage.made.pop()[1]
    await page.get_by_role("button", name="Reset").click()
    await expect(page.locator(".f-grid li")).to_have_count(0)
    job = [*stage.jobs.values()][-1]
    await stage.put(job, state="succeeded", finished_at=job["created_at"], images=[])
    await page.get_by_role("button", name="Use this prompt").click()
    await expect(facts(page, "Video")).to_have_text("Set 72 s · 320×192")
    await expect(facts(page, "Music")).to_have_text("3 s")
    await expect(field(page, "Image").locator(".pic-item img")).to_be_visible()
    await make(page)
    await expect(page.locator("job-set")).to_have_count(2)
    assert stage.made.pop()[1] == asked


async def test_on_a_phone_all_of_it_is_at_hand(open_page: OpenPage) -> None:
    page = await open_form(open_page, "dance", width=390, height=844, touch=True)
    await put_video(page)
    await put_sound(page)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert await page.evaluate(SMALL) == []
    button = page.get_by_role("button", name="Play Video")
    await button.tap()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await button.tap()
    await expect(button).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing(open_page: OpenPage, theme: str) -> None:
    page = await open_form(open_page, "dance", theme=theme, reduced_motion="reduce")
    await no_violations(page)
    await put_video(page)
    await put_sound(page)
    await page.evaluate(DROP, ["media-field", "fox.png", "image/png", [1, 2, 3]])
    await expect(wrong(page, "Video")).to_be_visible()
    await no_violations(page)
