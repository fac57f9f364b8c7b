"""Pictures on their way into ComfyUI: under the name that the graph says, or refused in words."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from imagine.comfy_client import ComfyClient, EngineState
from imagine.comfy_messages import Finished
from imagine.errors import EngineRejectedError, EngineUnavailableError, StorageError
from tests.comfy.following import TIMING, Following, finals, settled, until
from tests.fakes import recording
from tests.fakes.comfy_replay import ReplayComfy
from tests.painting import noise, picture

NAME = "imagine/fox.png"


@pytest.fixture
def fox(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(picture())
    return path


async def send(client: ComfyClient, path: Path, name: str = NAME, **more: Any) -> None:
    await settled(client.upload(name, path, "image/png", **more))


def img2img(name: str) -> dict[str, Any]:
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": name}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x/y"}},
    }


async def test_a_picture_lies_in_the_input_folder_under_its_name(client, comfy, fox):
    await send(client, fox)
    assert comfy.files["input", "imagine", "fox.png"] == picture()


async def test_a_graph_can_load_it(client, comfy, fox):
    with pytest.raises(EngineRejectedError, match=r"does not have the picture imagine/fox\.png"):
        await Following(client, img2img(NAME)).end()
    await send(client, fox)
    assert finals(await Following(client, img2img(NAME)).end()) == [Finished()]


async def test_a_large_picture_goes_over_whole(client, comfy, tmp_path):
    path = tmp_path / "noise.png"
    path.write_bytes(noise((900, 700)))
    await send(client, path)
    assert comfy.files["input", "imagine", "fox.png"] == path.read_bytes()


async def test_what_the_engine_has_got_is_not_sent_twice(client, comfy, fox):
    for _ in range(3):
        await send(client, fox)
    assert comfy.uploaded == [NAME]
    await send(client, fox, again=True)
    assert comfy.uploaded == [NAME, NAME]


async def test_after_a_reconnect_it_is_sent_again(client, comfy, fox):
    await send(client, fox)
    await comfy.stop()
    await until(client, lambda: client.state is EngineState.DOWN)
    await comfy.start()
    await settled(client.wait_ready())
    await send(client, fox)
    assert comfy.uploaded == [NAME, NAME]


async def test_other_bytes_under_the_name_are_replaced(client, comfy, fox):
    comfy.files["input", "imagine", "fox.png"] = b"half of it"
    await send(client, fox)
    assert comfy.files["input", "imagine", "fox.png"] == picture()


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_a_connection_that_died_is_made_up_for(client, comfy, fox, fault):
    comfy.fault_next("/upload", fault)
    await send(client, fox)
    assert comfy.files["input", "imagine", "fox.png"] == picture()


@pytest.mark.parametrize("fault", ["drop_before", 502, 503, 504])
async def test_an_engine_out_of_reach_is_not_a_refusal(client, comfy, fox, fault):
    comfy.fault_next("/upload", fault, times=2)
    with pytest.raises(EngineUnavailableError):
        await send(client, fox)
    await send(client, fox)
    assert comfy.uploaded == [NAME]


@pytest.mark.parametrize(
    ("status", "words"),
    [(413, "too large for ComfyUI"), (400, r"fox\.png \(400\)"), (500, r"fox\.png \(500\)")],
)
async def test_a_refusal_is_said_in_words(client, comfy, fox, status, words):
    comfy.fault_next("/upload", status)
    with pytest.raises(EngineRejectedError, match=words) as caught:
        await send(client, fox)
    assert caught.value.hint


async def test_a_file_that_is_gone_is_said_in_words(client, comfy, tmp_path):
    with pytest.raises(StorageError, match=r"gone\.png could not be read"):
        await send(client, tmp_path / "gone.png")
    assert comfy.uploaded == []


# --- As it was recorded


def recorded_answers(name: str) -> list[Any]:
    """What ComfyUI answered to every upload of a recording, with the file name that was sent."""
    lines = recording.lines_of(name)
    sent = {
        line["n"]: [f["filename"] for f in line.get("form", ()) if "filename" in f]
        for line in lines
        if line.get("dir") == "req" and line["path"] == "/upload/image"
    }
    return [
        (names[0], line["status"], line.get("json"), line.get("text", ""))
        for line in lines
        if line.get("dir") == "res" and (names := sent.get(line["n"]))
    ]


RECORDED = [*recorded_answers("upload_variants"), *recorded_answers("body_limits")]


@pytest.mark.parametrize(("sent", "status", "answer", "text"), RECORDED)
async def test_only_an_upload_under_exactly_its_name_counts(
    tmp_path: Path, sent: str, status: int, answer: Any, text: str
):
    async def upload(request: web.Request) -> web.Response:
        await request.read()
        body = text if answer is None else json.dumps(answer)
        return web.Response(status=status, text=body)

    app = web.Application(client_max_size=2**20)
    app.router.add_post("/upload/image", upload)
    path = tmp_path / "fox.png"
    path.write_bytes(picture())
    folder, _, name = sent.rpartition("/")
    is_right = answer == {"name": name, "subfolder": folder, "type": "input"}
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        client = ComfyClient(str(server.make_url("/")), session, timing=TIMING)
        if is_right:
            await send(client, path, sent)
        else:
            with pytest.raises(EngineRejectedError):
                await send(client, path, sent)


async def test_a_recorded_picture_of_a_picture_is_made(tmp_path: Path):
    uploads: list[asyncio.Task[None]] = []
    runs: list[Following] = []
    async with aiohttp.ClientSession() as session:

        def upload(name: str, data: bytes, media_type: str) -> None:
            path = tmp_path / "source.png"
            path.write_bytes(data)
            uploads.append(asyncio.create_task(client.upload(name, path, media_type)))

        def submit(prompt_id: str, graph: dict[str, Any]) -> None:
            runs.append(Following(client, graph, prompt_id=prompt_id))

        replay = ReplayComfy("img2img_upload", "A", submit=submit, upload=upload)
        async with replay.serve(), ComfyClient(replay.url, session, timing=TIMING) as client:
            await settled(client.wait_ready())
            await settled(replay.play())
            await settled(asyncio.gather(*uploads))
            events = [await run.end() for run in runs]
    [sent] = replay.uploaded
    name, media_type, data = sent.pop("image")
    assert sent == {"type": "input", "subfolder": "rec", "overwrite": "true"}
    assert (name, media_type) == ("rec_src_488062441.png", "image/png")
    assert data == (tmp_path / "source.png").read_bytes()
    assert [finals(told) for told in events] == [[Finished()], [Finished()]]
