"""Jobs whose nodes give films, models, texts and moving pictures: kept, told, served, found."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import ready
from tests.media import animation, flac, glb, mp3, mp4, ogg, picture, wav, webm
from tests.outputs.stage import graph_of, made, runs

FILM, MODEL, TEXT = mp4((640, 360), 2500), glb(), "a fox <b>in</b> the snow – 狐"


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


@pytest.fixture
async def client(comfy: FakeComfy, start_server: StartServer) -> Client:
    return await ready(start_server, comfy)


async def body(client: Client, url: str, status: int = 200, **headers: str) -> tuple[bytes, Any]:
    async with client.get(url, headers=headers) as answer:
        assert answer.status == status
        return await answer.read(), answer.headers


# What a node gives, and what the job tells of it.
KINDS: list[tuple[str, str, bytes, dict[str, Any]]] = [
    ("images", "a.png", picture("PNG"), {"media_type": "image/png", "width": 31, "height": 17}),
    ("images", "a.jpg", picture("JPEG"), {"media_type": "image/jpeg", "width": 31, "height": 17}),
    ("images", "a.webp", picture("WEBP"), {"media_type": "image/webp", "width": 31}),
    ("images", "b.webp", animation("WEBP"), {"media_type": "image/webp", "duration_s": 0.3}),
    ("gifs", "a.gif", animation("GIF"), {"media_type": "image/gif", "duration_s": 0.3}),
    ("images", "b.png", animation("PNG"), {"media_type": "image/png", "duration_s": 0.3}),
    ("gifs", "a.mp4", FILM, {"media_type": "video/mp4", "width": 640, "duration_s": 2.5}),
    ("videos", "a.webm", webm(), {"media_type": "video/webm", "width": 64, "duration_s": 1.5}),
    ("3d", "a.glb", MODEL, {"media_type": "model/gltf-binary", "width": None, "height": None}),
    ("audio", "a.wav", wav(500), {"media_type": "audio/wav", "width": None, "duration_s": 0.5}),
    ("audio", "a.mp3", mp3(), {"media_type": "audio/mpeg", "height": None}),
    ("audio", "a.flac", flac(), {"media_type": "audio/flac", "width": None, "duration_s": 1.0}),
    # As SaveAudioOpus calls them.
    ("audio", "a.opus", ogg("opus"), {"media_type": "audio/ogg", "width": None, "duration_s": 1.0}),
    ("files", "a.txt", TEXT.encode(), {"media_type": "text/plain", "width": None}),
]


@pytest.mark.parametrize(("key", "name", "data", "told"), KINDS, ids=[k[1] for k in KINDS])
async def test_a_file_of_every_kind_is_kept_served_and_told_with_its_type(
    client: Client, comfy: FakeComfy, key: str, name: str, data: bytes, told: dict[str, Any]
):
    comfy.give("SaveVideo", {key: {name: data}}, folder="sub")
    runs(client, graph_of("SaveVideo"), ["1"])
    job = await made(client)
    assert job["state"] == "succeeded", job["error"]
    (image,) = job["images"]
    assert {field: image[field] for field in told} == told
    content, headers = await body(client, image["url"])
    assert content.endswith(data[64:])
    assert len(content) == image["bytes"] == int(headers["Content-Length"])
    assert headers["Content-Type"].partition(";")[0] == told["media_type"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert image["url"].rpartition(".")[2] == name.rpartition(".")[2].replace("opus", "ogg")
    if told["media_type"].startswith("image/"):
        small, headers = await body(client, f"{image['thumbnail']}?w=160")
        assert headers["Content-Type"] == "image/webp"
        assert small.startswith(b"RIFF")
    else:
        assert image["thumbnail"] is None


async def test_a_text_that_a_node_shows_is_an_output(client: Client, comfy: FakeComfy):
    comfy.give("PreviewAny", {"text": [TEXT, TEXT]})
    runs(client, graph_of("PreviewAny"), ["1"])
    job = await made(client)
    assert [image["media_type"] for image in job["images"]] == ["text/plain"] * 2
    content, headers = await body(client, job["images"][1]["url"])
    assert content.decode() == TEXT
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in headers["Content-Security-Policy"]


async def test_a_model_is_to_be_saved_and_a_film_can_be_sought(client: Client, comfy: FakeComfy):
    comfy.give("SaveGLB", {"3d": {"a.glb": MODEL}})
    comfy.give("SaveVideo", {"images": {"a.mp4": FILM}, "animated": [True]})
    runs(client, graph_of("SaveGLB", "SaveVideo"), ["1", "2"])
    model, film = (await made(client))["images"]
    _, headers = await body(client, model["url"])
    assert headers["Content-Disposition"].startswith('attachment; filename="')
    part, headers = await body(client, film["url"], status=206, Range="bytes=8-15")
    assert part == FILM[8:16]
    assert headers["Content-Range"] == f"bytes 8-15/{len(FILM)}"
    assert headers["Content-Type"] == "video/mp4"


async def test_what_is_no_picture_has_no_thumbnail(client: Client, comfy: FakeComfy):
    comfy.give("SaveVideo", {"images": {"a.mp4": FILM}})
    runs(client, graph_of("SaveVideo"), ["1"])
    (film,) = (await made(client))["images"]
    url = film["url"].replace("/images/", "/thumbnails/")
    content, _ = await body(client, url, status=404)
    error = json.loads(content)["error"]
    assert error["message"].endswith("is a video (MP4), and has no small picture.")


async def test_each_of_several_nodes_has_its_own_indices(client: Client, comfy: FakeComfy):
    comfy.give("2", {"images": {f"f{n}.png": picture("PNG", (20 + n, 9)) for n in range(3)}})
    comfy.give("1", {"text": ["one", "two"]})
    comfy.give("3", {"images": {"ignored.png": picture("PNG")}})
    comfy.output_order = lambda outputs: sorted(outputs, reverse=True)
    runs(client, graph_of("PreviewAny", "SaveImage", "SaveImage"), ["1", "2"])
    job = await made(client)
    found = {image["index"]: image["width"] for image in job["images"]}
    assert found == {0: None, 2: None, 1: 20, 3: 21, 5: 22}
    assert [image["index"] for image in job["images"]] == [0, 1, 2, 3, 5]


@pytest.mark.parametrize("takes_temp", [True, False])
async def test_what_is_only_shown_counts_when_nothing_is_kept(
    client: Client, comfy: FakeComfy, takes_temp: bool
):
    comfy.give("PreviewImage", {"images": {"a.png": picture("PNG")}}, kind="temp")
    runs(client, graph_of("PreviewImage"), ["1"], takes_temp=takes_temp)
    job = await made(client)
    assert job["state"] == ("succeeded" if takes_temp else "failed")
    assert len(job["images"]) == takes_temp
    if not takes_temp:
        assert job["error"]["message"] == "The engine ended without anything to keep."


async def test_a_bare_path_is_fetched(client: Client, comfy: FakeComfy):
    comfy.files["output", "mesh", "fox.glb"] = MODEL
    comfy.give("Preview3D", {"result": ["mesh/fox.glb", None]})
    runs(client, graph_of("Preview3D"), ["1"])
    (model,) = (await made(client))["images"]
    assert model["media_type"] == "model/gltf-binary"


async def test_outputs_that_were_never_told_are_found_in_the_history(
    client: Client, comfy: FakeComfy
):
    comfy.tells_outputs = False
    comfy.give("SaveVideo", {"gifs": {"a.mp4": FILM}, "text": ["a fox"]})
    runs(client, graph_of("SaveVideo"), ["1"])
    job = await made(client)
    assert [image["media_type"] for image in job["images"]] == ["video/mp4", "text/plain"]


async def test_a_file_of_no_known_kind_fails_the_job_and_says_what_is_taken(
    client: Client, comfy: FakeComfy
):
    comfy.give("SaveAudio", {"audio": {"a.mid": b"MThd" + bytes(100)}})
    runs(client, graph_of("SaveAudio"), ["1"])
    job = await made(client)
    assert job["state"] == "failed"
    assert "MP4, WebM, WAV, MP3, FLAC, OGG, GLB and text" in job["error"]["message"]


async def test_a_sidecar_says_of_what_cannot_say_it_what_job_it_is_of(
    client: Client, comfy: FakeComfy, tmp_path: Path
):
    comfy.give("SaveVideo", {"images": {"a.mp4": FILM}, "text": ["a fox"]})
    runs(client, graph_of("SaveVideo"), ["1"])
    job = await made(client)
    sidecars = sorted((tmp_path / "output" / "images").rglob("*.json"))
    assert [path.name.rpartition("-")[2] for path in sidecars] == ["0.mp4.json", "1.txt.json"]
    for index, path in enumerate(sidecars):
        said = json.loads(path.read_text(encoding="utf-8"))
        assert said["imagine"]["job"] == job["id"]
        assert said["imagine-index"] == str(index)
        assert said["prompt"]["1"]["class_type"] == "SaveVideo"


async def test_actions_on_what_is_no_still_picture_say_what_it_is(client: Client, comfy: FakeComfy):
    given = {"a.mp4": FILM, "b.gif": animation("GIF"), "c.wav": wav()}
    comfy.give("SaveVideo", {"images": given, "text": ["fox"]})
    runs(client, graph_of("SaveVideo"), ["1"])
    job = await made(client)
    names = ["a video (MP4)", "a moving picture (GIF)", "a sound (WAV)", "a text"]
    for index, name in enumerate(names):
        asked = {"action": "upscale", "image": index}
        async with client.post(f"/api/jobs/{job['id']}/actions", json=asked) as answer:
            assert answer.status == 422
            error = (await answer.json())["error"]
        assert f"is {name}, and upscale works on still pictures" in error["message"]
        asked = {"prompt": f"picture:{job['id']}/{index} a fox"}
        named = {"prompt": "a fox", "images": [{"job": job["id"], "image": index}]}
        async with client.post("/api/imagine", json=named) as answer:
            assert answer.status == 422
            error = (await answer.json())["error"]
        assert f"is {name}, and a still picture is needed" in error["message"]


async def test_stars_the_trash_and_reroll_work_for_every_kind(client: Client, comfy: FakeComfy):
    comfy.give("SaveVideo", {"images": {"a.mp4": FILM}, "audio": {"a.wav": wav()}, "text": ["fox"]})
    runs(client, graph_of("SaveVideo"), ["1"])
    job = await made(client)
    path = f"/api/jobs/{job['id']}"
    async with client.patch(path, json={"favorites": [0, 1, 2]}) as answer:
        assert (await answer.json())["favorites"] == [0, 1, 2]
    async with client.post(f"{path}/actions", json={"action": "reroll", "image": 1}) as answer:
        assert answer.status == 202
    async with client.delete(path) as answer:
        assert answer.status == 200
    async with client.post(f"{path}/restore") as answer:
        assert (await answer.json())["deleted_at"] is None
    for image in job["images"]:
        await body(client, image["url"])
