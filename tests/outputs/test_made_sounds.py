"""Workflows that make a sound, from a request to the file in the gallery, and on to the next."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import ready
from tests.media import flac, mp4, wav
from tests.registry.test_media import film
from tests.routes.workflows import WAIT, get, post, put_graph

RUN = "/api/generate"
HUM = {"class_type": "LoadAudio", "inputs": {"audio": "old.wav"}}


def sung(end: str = "SaveAudio") -> dict[str, Any]:
    """A graph whose end gives a sound; all that it says of itself is in its class."""
    inputs: dict[str, Any] = {"audio": ["1", 0]}
    if end.startswith("Save"):
        inputs |= {"filename_prefix": "audio/x"}
    return {"1": HUM, "2": {"class_type": end, "inputs": inputs}}


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


@pytest.fixture
async def client(start_server: StartServer, comfy: FakeComfy, tmp_path: Path) -> Client:
    folder = tmp_path / "workflows"
    put_graph(folder, "song", sung())
    put_graph(folder, "draft", sung("PreviewAudio"))
    put_graph(folder, "film", film())
    return await ready(start_server, comfy)


async def upload(client: Client, data: bytes) -> str:
    async with client.post("/api/uploads", data=data) as answer:
        assert answer.status in (200, 201), await answer.text()
        return f"upload:{(await answer.json())['id']}"


async def ran(client: Client, workflow: str, **values: str) -> dict[str, Any]:
    body = {"workflow": workflow, "parameters": values}
    told = await post(client, RUN, 200, headers=WAIT, json=body)
    (job,) = told["jobs"]
    assert job["state"] == "succeeded", job["error"]
    assert isinstance(job, dict)
    return job


async def test_a_song_is_kept_told_and_sought(client: Client, comfy: FakeComfy, tmp_path: Path):
    song = flac()
    comfy.give("SaveAudio", {"audio": {"x_00001_.flac": song}}, folder="audio")
    job = await ran(client, "song", audio=await upload(client, wav()))
    (sound,) = job["images"]
    assert (sound["media_type"], sound["duration_s"]) == ("audio/flac", 1.0)
    assert (sound["width"], sound["height"], sound["thumbnail"]) == (None, None, None)
    async with client.get(sound["url"], headers={"Range": "bytes=0-3"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"fLaC")
        assert answer.headers["Content-Range"] == f"bytes 0-3/{len(song)}"
        assert answer.headers["Content-Type"] == "audio/flac"
        disposition = answer.headers["Content-Disposition"]
        assert disposition == f'inline; filename="{sound["url"].rpartition("/")[2]}"'
    (file,) = (tmp_path / "output" / "images").rglob("*.flac")
    assert file.read_bytes() == song
    assert file.with_name(f"{file.name}.json").exists()
    listed = (await get(client, "/api/jobs"))["jobs"]
    assert [one["id"] for one in listed] == [job["id"]]


async def test_a_sound_that_is_only_shown_counts_when_nothing_is_kept(
    client: Client, comfy: FakeComfy
):
    comfy.give("PreviewAudio", {"audio": {"ComfyUI_temp_a.flac": flac()}}, kind="temp")
    job = await ran(client, "draft", audio=await upload(client, wav()))
    assert [one["media_type"] for one in job["images"]] == ["audio/flac"]


async def test_a_sound_of_the_gallery_goes_into_the_next_workflow(client: Client, comfy: FakeComfy):
    comfy.give("SaveAudio", {"audio": {"a.wav": wav(700)}})
    comfy.give("SaveVideo", {"images": {"a.mp4": mp4()}})
    song = await ran(client, "song", audio=await upload(client, wav()))
    link = f"picture:{song['id']}/0"
    job = await ran(client, "film", video=await upload(client, mp4()), audio=link)
    sent = comfy.submitted[-1]["prompt"]["3"]["inputs"]["audio"]
    assert comfy.files["input", "imagine", sent.removeprefix("imagine/")] == wav(700)
    assert job["parents"] == [{"job": song["id"], "image": 0}]


async def test_a_sound_that_breaks_off_is_not_kept(client: Client, comfy: FakeComfy):
    comfy.give("SaveAudio", {"audio": {"a.wav": wav()[:-5]}})
    body = {"workflow": "song", "parameters": {"audio": await upload(client, wav())}}
    told = await post(client, RUN, 200, headers=WAIT, json=body)
    (job,) = told["jobs"]
    assert (job["state"], job["images"]) == ("failed", [])
    assert "a sound that ends too early" in job["error"]["message"]
