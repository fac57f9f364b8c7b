"""The engine's other routes, and the answers to bodies that ComfyUI does not expect."""

import asyncio
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from imagine.profiles import load_profiles
from imagine.sketch import nodes, serve, server
from imagine.sketch.schemas import load_schemas
from tests.sketch.helpers import (
    Client,
    connected,
    link,
    node,
    on_picture,
    recording,
    text_to_image,
)


def malformed() -> list[Any]:
    """Pair each recorded odd request with its answer."""
    found = []
    note, request = "", None
    for line in recording("malformed_bodies"):
        if line["ch"] == "note":
            note = line["text"]
        elif line.get("dir") == "req":
            request = line
        elif line.get("dir") == "res":
            found.append(pytest.param(request, line, id=f"{note} {line['n']}"))
    return found


@pytest.mark.parametrize(("request_line", "answer_line"), malformed())
async def test_odd_bodies_are_answered_as_recorded(
    engine: str, request_line: dict[str, Any], answer_line: dict[str, Any]
) -> None:
    body: dict[str, Any] = {}
    if "json" in request_line:
        body["json"] = request_line["json"]
    elif "raw" in request_line:
        body["data"] = request_line["raw"].encode()
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            request_line["method"],
            engine + request_line["path"],
            headers=request_line.get("headers"),
            **body,
        ) as answer,
    ):
        assert answer.status == answer_line["status"]
        if "json" in answer_line:
            assert await answer.json() == answer_line["json"]
        elif answer_line["status"] == 500:
            assert await answer.text() == answer_line["text"]


async def test_every_path_is_also_below_api(client: Client) -> None:
    for path in ("/object_info/KSampler", "/system_stats", "/queue", "/features", "/models"):
        assert await client.get("/api" + path) == await client.get(path)


async def test_it_lists_one_checkpoint_and_says_what_it_is(client: Client) -> None:
    info = await client.get("/object_info")

    assert info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] == [
        "sketch.safetensors"
    ]
    assert await client.get("/models/checkpoints") == ["sketch.safetensors"]
    assert await client.get("/models/diffusion_models") == ["sketch.safetensors"]
    assert await client.get("/models/style_models") == []
    assert await client.get("/embeddings") == []
    stats = await client.get("/system_stats")
    assert stats["devices"][0]["name"] == "Imagine sketch engine"
    metadata = await client.get("/view_metadata/checkpoints", filename="sketch.safetensors")
    assert metadata["modelspec.title"] == "Imagine sketch engine"
    for path in ("/models/clip", "/models/nonsense", "/view_metadata/loras?filename=x"):
        async with client.session.get(client.url + path) as answer:
            assert answer.status == 404


async def test_it_can_list_several_checkpoints_which_are_all_sketches() -> None:
    names = ("ink.safetensors", "chalk.safetensors")
    async with serve(checkpoints=names) as engine, aiohttp.ClientSession() as session:
        async with session.get(f"{engine.url}/models/checkpoints") as answer:
            assert await answer.json() == list(names)
        async with session.get(f"{engine.url}/object_info/CheckpointLoaderSimple") as answer:
            loader = (await answer.json())["CheckpointLoaderSimple"]
        assert loader["input"]["required"]["ckpt_name"][0] == list(names)
        for name in names:
            where = f"{engine.url}/view_metadata/checkpoints?filename={name}"
            async with session.get(where) as answer:
                profile = load_profiles().recognise(name, await answer.json())
            assert profile is not None
            assert profile.family == "sketch"


async def test_every_class_it_lists_can_be_run() -> None:
    known = {*nodes.HANDLERS, *nodes.READERS, *nodes.SAVERS, *nodes.SAMPLERS}

    assert known == set(load_schemas())


async def test_uploads_are_listed_and_viewed(client: Client) -> None:
    red, blue = (Image.new("RGB", (4, 4), colour) for colour in ("red", "blue"))
    names = [await client.upload(picture, "x.png") for picture in (red, red, blue)]

    assert names == ["x.png", "x.png", "x (1).png"]
    info = await client.get("/object_info/LoadImage")
    assert info["LoadImage"]["input"]["required"]["image"][0] == ["x (1).png", "x.png"]
    sent = await client.view({"filename": "x (1).png", "type": "input", "subfolder": ""})
    assert Image.open(BytesIO(sent)).getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("filename=x.png&type=input", 200),
        ("filename=x.png%20[input]&type=output", 200),
        ("filename=sub/x.png&type=input", 200),
        ("filename=x.png", 404),
        ("filename=x.png&type=nonsense", 400),
        ("filename=../x.png&type=input", 400),
        ("filename=/etc/hostname&type=input", 400),
        ("filename=x.png&type=input&subfolder=../..", 403),
        ("filename=x.png&type=input&subfolder=/etc", 403),
        ("", 404),
    ],
)
async def test_view_serves_files_and_nothing_outside(
    client: Client, query: str, status: int
) -> None:
    await client.upload(Image.new("RGB", (4, 4)), "x.png")

    async with client.session.get(f"{client.url}/view?{query}") as answer:
        assert answer.status == status


async def test_view_gives_ranges_and_other_encodings(client: Client) -> None:
    picture = Image.new("RGBA", (40, 30), (200, 40, 40, 128))
    await client.upload(picture, "x.png")
    url = f"{client.url}/view?filename=x.png&type=input"

    async with client.session.get(url, headers={"Range": "bytes=0-15"}) as answer:
        assert answer.status == 206
        assert len(await answer.read()) == 16
    for query, media_type in (
        ("preview=webp;90", "image/webp"),
        ("preview=jpeg;50", "image/jpeg"),
        ("channel=a", "image/png"),
    ):
        async with client.session.get(f"{url}&{query}") as answer:
            assert answer.content_type == media_type
            assert Image.open(BytesIO(await answer.read())).size == (40, 30)


async def test_an_uploaded_mask_becomes_the_alpha_of_its_original(client: Client) -> None:
    await client.upload(Image.new("RGB", (8, 8), "green"), "x.png")
    brush = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    data = BytesIO()
    brush.save(data, "PNG")
    form = aiohttp.FormData()
    form.add_field("image", data.getvalue(), filename="masked.png", content_type="image/png")
    form.add_field("original_ref", '{"filename": "x.png", "type": "input"}')

    async with client.session.post(f"{client.url}/upload/mask", data=form) as answer:
        assert await answer.json() == {"name": "masked.png", "subfolder": "", "type": "input"}
    sent = await client.view({"filename": "masked.png", "type": "input", "subfolder": ""})
    assert Image.open(BytesIO(sent)).getpixel((3, 3)) == (0, 128, 0, 0)


async def test_an_upload_into_a_folder_can_be_the_source_of_a_graph(client: Client) -> None:
    answers = []
    for colour in ("red", "blue"):
        for overwrite in ("true", "false"):
            data = BytesIO()
            Image.new("RGB", (64, 64), colour).save(data, "WEBP", lossless=True)
            form = aiohttp.FormData()
            form.add_field("image", data.getvalue(), filename="x.webp", content_type="image/webp")
            form.add_field("type", "input")
            form.add_field("subfolder", "imagine")
            form.add_field("overwrite", overwrite)
            async with client.session.post(f"{client.url}/upload/image", data=form) as answer:
                answers.append(await answer.json())

    assert answers == [{"name": "x.webp", "subfolder": "imagine", "type": "input"}] * 4
    (picture,) = await client.pictures(on_picture("imagine/x.webp", denoise=0.01))
    assert picture.getpixel((5, 5)) == (0, 0, 255)
    status, refusal = await client.post(
        "/prompt", {"prompt": on_picture("imagine/y.webp", denoise=0.5)}
    )
    assert status == 400
    (error,) = refusal["node_errors"]["10"]["errors"]
    assert error["type"] == "custom_validation_failed"
    assert error["details"] == "image - Invalid image file: imagine/y.webp"


async def test_an_upload_cannot_leave_its_folder(client: Client, tmp_path: Path) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("image", b"x", filename="x.png")
    form.add_field("subfolder", "../..")

    async with client.session.post(f"{client.url}/upload/image", data=form) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://evil.example", 403), ("null", 200), ("SAME", 200), ("http://localhost:1", 403)],
)
async def test_pages_of_other_sites_are_refused(client: Client, origin: str, status: int) -> None:
    headers = {"Origin": client.url if origin == "SAME" else origin}

    async with client.session.get(f"{client.url}/queue", headers=headers) as answer:
        assert answer.status == status


async def test_history_can_be_paged_and_deleted(client: Client) -> None:
    ids = [(await client.run(text_to_image(seed=seed))).prompt_id for seed in range(3)]

    assert list(await client.get("/history", max_items="2")) == ids[1:]
    assert list(await client.get("/history", max_items="1", offset="1")) == [ids[1]]
    assert await client.get("/history", max_items="0") == {}
    await client.post("/history", {"delete": [ids[0]]})
    assert list(await client.get("/history")) == ids[1:]
    await client.post("/history", {"clear": True})
    assert await client.get("/history") == {}


async def test_head_and_the_root_are_answered(client: Client) -> None:
    await client.upload(Image.new("RGB", (4, 4)), "x.png")

    async with client.session.head(f"{client.url}/view?filename=x.png&type=input") as answer:
        assert answer.status == 200
        assert int(answer.headers["Content-Length"]) > 0
    async with client.session.get(client.url) as answer:
        assert "sketch engine" in await answer.text()


async def test_an_engine_that_stops_closes_its_sockets(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with serve(step_ms=0, output_dir=tmp_path) as engine:
            ws = await session.ws_connect(f"{engine.url}/ws")
            await ws.receive()
            heard = asyncio.create_task(ws.receive())

        assert (await heard).type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == 1001


async def test_a_temporary_engine_keeps_only_the_newest_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(server, "KEPT_IN_TEMPORARY", 2)
    graph = {
        "1": node("EmptyImage", width=8, height=8, batch_size=1, color=0),
        "2": node("SaveImage", images=link("1"), filename_prefix="x"),
    }

    async with serve(step_ms=0) as engine, connected(engine.url) as client:
        for number in range(4):
            graph["2"]["inputs"]["filename_prefix"] = f"x{number}"
            await client.run(graph)
        (root,) = _names(tmp_path)

        assert sorted(_names(tmp_path / root / "output")) == ["x2_00001_.png", "x3_00001_.png"]
        assert len(await client.get("/history")) == 2


async def test_a_temporary_engine_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async with serve(step_ms=0) as engine, connected(engine.url) as client:
        await client.run(text_to_image())
        assert _names(tmp_path)

    assert not _names(tmp_path)


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
