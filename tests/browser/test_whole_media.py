"""The fields for videos and sounds on the real server: what is put into them reaches the engine."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from imagine.server import create_app
from imagine.settings import EngineChoice, Settings
from tests.browser.conftest import OpenPage
from tests.browser.test_form_media import CLIP, facts, put, put_video, sound, wrong
from tests.browser.test_workflows import field, make, put_picture
from tests.fakes.comfy import FakeComfy
from tests.media import flac

GRAPH = {
    "1": {"class_type": "LoadVideo", "inputs": {"file": "old.mp4"}},
    "2": {"class_type": "GetVideoComponents", "inputs": {"video": ["1", 0]}},
    "3": {"class_type": "LoadAudio", "inputs": {"audio": "old.wav"}},
    "4": {"class_type": "CreateVideo",
          "inputs": {"images": ["2", 0], "fps": 24.0, "audio": ["3", 0]}},
    "5": {"class_type": "SaveVideo",
          "inputs": {"video": ["4", 0], "filename_prefix": "x", "format": "auto",
                     "codec": "auto"}},
    "6": {"class_type": "LoadImage", "inputs": {"image": "old.png"}},
    "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "y"}},
}  # fmt: skip

SONG = {
    "1": {"class_type": "LoadAudio", "inputs": {"audio": "old.wav"}},
    "2": {"class_type": "SaveAudio", "inputs": {"audio": ["1", 0], "filename_prefix": "audio/x"}},
}


@pytest_asyncio.fixture(loop_scope="session")
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        fake.give("SaveVideo", {"images": {"made.webm": CLIP}})
        fake.give("SaveAudio", {"audio": {"made.flac": flac(88_200)}})
        yield fake


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path, comfy: FakeComfy) -> AsyncIterator[TestServer]:
    settings = Settings(
        output=tmp_path / "output",
        workflows=tmp_path / "workflows",
        engine=EngineChoice.COMFYUI,
        comfyui_url=comfy.url,
    )
    settings.workflows.mkdir()
    (settings.workflows / "film.json").write_text(json.dumps(GRAPH), encoding="utf-8")
    (settings.workflows / "song.json").write_text(json.dumps(SONG), encoding="utf-8")
    server = TestServer(create_app(settings))
    async with server:
        yield server


async def test_what_is_put_into_a_form_is_what_the_engine_loads(
    open_page: OpenPage, comfy: FakeComfy
) -> None:
    page = await open_page("/workflows#film", allow=("status of 415",))
    await put_video(page)
    await expect(facts(page, "Video")).to_have_text("steps.webm2 s · 320×192")
    await put(page, "Audio", "waltz.wav", "audio/wav", sound())
    await expect(facts(page, "Audio")).to_have_text("waltz.wav3 s")
    await put_picture(page)
    await make(page)
    video = page.locator("job-set video.pic[data-shown]")
    await expect(video).to_have_count(1, timeout=30_000)
    graph = comfy.submitted[-1]["prompt"]
    folder, name = graph["1"]["inputs"]["file"].split("/")
    assert comfy.files["input", folder, name] == CLIP
    folder, name = graph["3"]["inputs"]["audio"].split("/")
    assert comfy.files["input", folder, name] == sound()

    await field(page, "Video").get_by_role("button", name="From the gallery").click()
    await page.locator(".picker-grid button").first.click()
    await expect(facts(page, "Video")).to_contain_text("Set 1")
    await make(page)
    await expect(page.locator("job-set video.pic[data-shown]")).to_have_count(2, timeout=30_000)

    await put(page, "Video", "nonsense", "application/octet-stream", b"no film at all")
    await expect(wrong(page, "Video")).to_contain_text("nonsense was not taken: This is no")


async def test_a_sound_that_a_workflow_makes_is_heard_beside_its_form(open_page: OpenPage) -> None:
    page = await open_page("/workflows#song")
    await put(page, "Audio", "waltz.wav", "audio/wav", sound())
    await expect(facts(page, "Audio")).to_have_text("waltz.wav3 s")
    await make(page)
    made = page.locator("workflow-results picture-tile .sound")
    await expect(made.locator(".sound-time")).to_have_text("2 s")
    await made.locator(".sound-play").click()
    heard = "() => document.querySelector('workflow-results audio').currentTime > 0"
    await page.wait_for_function(heard)
    given = "() => document.querySelector('media-field audio').paused"
    await page.locator("media-field audio").evaluate("a => a.play()")
    await page.wait_for_function("() => document.querySelector('workflow-results audio').paused")
    await made.locator(".sound-play").click()
    await page.wait_for_function(given)
