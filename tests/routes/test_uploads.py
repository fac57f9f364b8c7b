"""Pictures that come in over HTTP: uploads, forms, links and masks, and all that is refused."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestServer
from PIL import Image, ImageChops

from imagine.image_bytes import INPUT_LIMIT, MEDIA_LIMIT
from tests.conftest import SMALL, Client, StartServer
from tests.following import finish, submit
from tests.media import flac, glb, mp4, ogg, wav, webm
from tests.painting import bomb, hole, lying, mask, moving, noise, picture
from tests.pictures import read

PROMPT = f"a red fox {SMALL} --batch 1 --steps 1 --seed 1"


async def told(answer: Any, status: int) -> Any:
    body = await answer.json()
    assert answer.status == status, body
    return body


async def problem(answer: Any, status: int) -> Any:
    return (await told(answer, status))["error"]


def form(*fields: tuple[str, Any], name: str = "fox.png") -> FormData:
    """A form: bytes are files, texts are words."""
    made = FormData(default_to_multipart=True)
    for field, value in fields:
        if isinstance(value, bytes):
            made.add_field(field, value, filename=name, content_type="image/png")
        else:
            made.add_field(field, value)
    return made


async def upload(client: Client, data: bytes) -> dict[str, Any]:
    async with client.post("/api/uploads", data=form(("image", data))) as answer:
        body: dict[str, Any] = await answer.json()
        assert answer.status in (200, 201), body
        return body


async def imagine(client: Client, *fields: tuple[str, Any], **headers: str) -> dict[str, Any]:
    async with client.post(
        "/api/imagine", data=form(("prompt", PROMPT), *fields), headers=headers
    ) as answer:
        (job,) = (await told(answer, 202))["jobs"]
        assert isinstance(job, dict)
        return job


def ident(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def link(data: bytes) -> str:
    return f"upload:{ident(data)}"


# --- taking uploads in


async def test_an_upload_is_told_with_its_id_and_how_it_is_shown(client: Client):
    data = lying((64, 48))
    async with client.post("/api/uploads", data=form(("image", data))) as answer:
        body = await told(answer, 201)
        assert answer.headers["Location"] == body["url"]
    assert body == {
        "id": ident(data),
        "link": link(data),
        "url": f"/api/uploads/{ident(data)}",
        "kind": "image",
        "width": 48,
        "height": 64,
        "duration_s": None,
        "media_type": "image/jpeg",
        "bytes": len(data),
    }
    async with client.post("/api/uploads", data=form(("image", data))) as answer:
        assert await told(answer, 200) == body


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (mp4(), ("video", 64, 48, 2.5, "video/mp4")),
        (webm(), ("video", 64, 48, 1.5, "video/webm")),
        (webm(duration_ms=None), ("video", 64, 48, None, "video/webm")),
        (wav(), ("audio", None, None, 0.5, "audio/wav")),
        (flac(), ("audio", None, None, 1.0, "audio/flac")),
        (ogg(), ("audio", None, None, 1.0, "audio/ogg")),
    ],
)
@pytest.mark.parametrize("as_form", [True, False])
async def test_videos_and_sounds_come_in_as_pictures_do(
    client: Client, data: bytes, told: tuple[Any, ...], as_form: bool
):
    body: Any = form(("image", data), name="fox.png") if as_form else data
    headers = {} if as_form else {"Content-Type": "application/octet-stream"}
    async with client.post("/api/uploads", data=body, headers=headers) as answer:
        assert answer.status == 201
        upload = await answer.json()
    names = ("kind", "width", "height", "duration_s", "media_type")
    assert tuple(upload[name] for name in names) == told
    async with client.get(upload["url"]) as answer:
        assert await answer.read() == data
        assert answer.headers["Content-Type"] == told[-1]
        assert answer.headers["Content-Disposition"].startswith("inline")
    async with client.get(upload["url"], headers={"Range": "bytes=4-9"}) as answer:
        assert (answer.status, await answer.read()) == (206, data[4:10])
    async with client.get(upload["url"] + "?w=160") as answer:
        assert "has no small picture" in (await problem(answer, 404))["message"]


async def test_a_video_may_be_larger_than_a_picture_and_its_error_says_how_large(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    film = mp4(content=bytes(INPUT_LIMIT + 1))
    kind = {"Content-Type": "video/mp4"}
    async with client.post("/api/uploads", data=io.BytesIO(film), headers=kind) as answer:
        assert (await told(answer, 201))["bytes"] == len(film)
    monkeypatch.setattr("imagine.media.MEDIA_LIMIT", 2**10)
    async with client.post("/api/uploads", data=form(("image", wav()))) as answer:
        assert "A sound may have 0 MiB" in (await problem(answer, 413))["message"]


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (mp4()[:-5], 422, "video is damaged"),
        (wav()[:-5], 422, "sound is damaged"),
        (mp4().replace(b"vide", b"soun"), 415, "nothing to be seen"),
        (glb(), 415, "no MP4 or WebM, and no WAV, MP3, FLAC or OGG"),
    ],
)
async def test_what_is_no_usable_video_or_sound_is_refused(
    client: Client, data: bytes, status: int, words: str
):
    async with client.post("/api/uploads", data=form(("image", data))) as answer:
        assert words in (await problem(answer, status))["message"]


@pytest.mark.parametrize("kind", ["image/png", "image/x-unheard", "application/octet-stream"])
async def test_a_picture_may_be_the_body_itself(client: Client, kind: str):
    async with client.post(
        "/api/uploads", data=picture(), headers={"Content-Type": kind}
    ) as answer:
        assert (await told(answer, 201))["id"] == ident(picture())


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 400, "empty"),
        (b"<html><script>alert(1)</script>", 415, "no PNG, JPEG or WebP"),
        (picture("GIF"), 415, "no PNG, JPEG or WebP"),
        (moving(), 415, "moves"),
        (bomb(), 413, "million pixels"),
        (picture()[:-30], 422, "damaged"),
    ],
)
async def test_what_is_no_usable_picture_is_refused(
    client: Client, tmp_path: Path, data: bytes, status: int, words: str
):
    async with client.post("/api/uploads", data=form(("image", data))) as answer:
        assert words in (await problem(answer, status))["message"]
    async with client.post(
        "/api/uploads", data=data, headers={"Content-Type": "image/png"}
    ) as answer:
        assert words in (await problem(answer, status))["message"]
    assert list((tmp_path / "output" / "uploads").iterdir()) == []


@pytest.mark.parametrize("as_form", [True, False])
async def test_a_large_body_of_unknown_length_is_refused_early(
    client: Client, tmp_path: Path, as_form: bool
):
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        if as_form:
            yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        while sent < 2 * INPUT_LIMIT:
            sent += 2**18
            yield bytes(2**18)

    kind = "multipart/form-data; boundary=x" if as_form else "image/png"
    async with client.post(
        "/api/uploads", data=endless(), headers={"Content-Type": kind}
    ) as answer:
        error = await problem(answer, 413)
    assert error["code"] == "too_large"
    assert "20 MiB" in error["message"]
    assert sent < 2 * INPUT_LIMIT
    assert list((tmp_path / "output" / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        ("image/png", INPUT_LIMIT),
        ("video/mp4", MEDIA_LIMIT),
        ("multipart/form-data; boundary=x", MEDIA_LIMIT),
    ],
)
async def test_a_large_body_that_says_so_is_refused_unread(client: Client, kind: str, limit: int):
    body = bytes(limit + 2**20)
    async with client.post(
        "/api/uploads", data=io.BytesIO(body), headers={"Content-Type": kind}
    ) as answer:
        assert (await problem(answer, 413))["code"] == "too_large"


@pytest.mark.parametrize(
    ("data", "kind", "status", "words"),
    [
        (b"{}", "application/json", 415, "multipart/form-data"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "multipart/form-data"),
        (b"", "multipart/form-data", 400, "form is broken"),
        (b"nonsense", "multipart/form-data; boundary=x", 400, "form is broken"),
        (
            b"--x\r\nContent-Disposition: form-data; name=image\r\n\r\nabc",
            "multipart/form-data; boundary=x",
            400,
            "form is broken",
        ),
        (b"--x\r\n\r\nabc\r\n--x--\r\n", "multipart/form-data; boundary=x", 400, "needs a name"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 422, "image: it is missing"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    client: Client, data: bytes, kind: str, status: int, words: str
):
    async with client.post("/api/uploads", data=data, headers={"Content-Type": kind}) as answer:
        assert words in (await problem(answer, status))["message"]


async def test_other_fields_are_refused_by_name(client: Client):
    async with client.post("/api/uploads", data=form(("file", picture()))) as answer:
        error = await problem(answer, 422)
    assert error["details"][0]["parameter"] == "file"
    fields = form(("image", picture()), ("image", hole()))
    async with client.post("/api/uploads", data=fields) as answer:
        assert "one file" in (await problem(answer, 422))["message"]


async def test_a_page_of_another_origin_brings_nothing_in(client: Client, tmp_path: Path):
    for path in ("/api/uploads", "/api/imagine"):
        async with client.post(
            path,
            data=form(("prompt", PROMPT), ("image", picture())),
            headers={"Origin": "http://evil.example"},
        ) as answer:
            await problem(answer, 403)
    assert list((tmp_path / "output" / "uploads").iterdir()) == []


# --- giving uploads out


async def test_an_upload_comes_back_as_it_was_sent(client: Client):
    url = (await upload(client, picture("WEBP")))["url"]
    async with client.get(url) as answer:
        assert await answer.read() == picture("WEBP")
        assert answer.content_type == "image/webp"
        etag = answer.headers["ETag"]
        assert not etag.startswith("W/")
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with client.get(url, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with client.get(url, headers={"Range": "bytes=4-7"}) as answer:
        assert (answer.status, await answer.read()) == (206, picture("WEBP")[4:8])
    async with client.get(url, headers={"Range": "bytes=99999999-"}) as answer:
        assert (await problem(answer, 416))["code"] == "bad_range"


async def test_an_upload_has_small_copies(client: Client):
    url = (await upload(client, lying((800, 600))))["url"]
    async with client.get(f"{url}?w=300") as answer:
        assert answer.content_type == "image/webp"
        with Image.open(io.BytesIO(await answer.read())) as small:
            assert (small.format, small.size) == ("WEBP", (320, 427))
    async with client.get(f"{url}?w=0") as answer:
        await problem(answer, 400)


@pytest.mark.parametrize(
    "name",
    ["a" * 64, "..%2fimagine.db", "%2e%2e%5cimagine.db", "%2fetc%2fpasswd", "a" * 300, "%00"],
)
async def test_no_id_leaves_the_uploads(client: Client, name: str):
    for query in ("", "?w=320"):
        async with client.get(f"/api/uploads/{name}{query}") as answer:
            assert (await problem(answer, 404))["code"] == "not_found"


# --- making pictures of pictures


async def test_the_pictures_of_a_body_stand_behind_those_of_the_prompt(client: Client):
    first, second = await upload(client, picture()), await upload(client, hole())
    earlier = await finish(client, PROMPT)
    (job,) = await submit(
        client,
        f"{first['link']} {PROMPT}",
        images=[second["id"], {"job": earlier["id"], "image": 0}],
    )
    own = f"picture:{earlier['id']}/0"
    assert job["canonical"].startswith(f"{first['link']} {second['link']} {own} a red fox")
    assert job["parents"] == [{"job": earlier["id"], "image": 0}]


async def test_a_form_brings_its_files_in_order(client: Client):
    data = [picture(shade=shade) for shade in range(5)]
    names = ("images", "image", "file", "file_2", "whatever")
    job = await imagine(client, *zip(names, data, strict=True))
    assert job["canonical"].startswith(" ".join(map(link, data)) + " a red fox")


async def test_a_form_takes_options_and_priority(client: Client):
    options = json.dumps({"cfg": 3, "seed": 9})
    job = await imagine(client, ("options", options), ("priority", "5"), ("image", picture()))
    assert job["parameters"]["cfg"] == 3
    assert job["parameters"]["seed"] == 1


async def test_a_form_without_files_is_a_request_too(client: Client):
    assert (await imagine(client))["text"] == "a red fox"


@pytest.mark.parametrize(
    ("fields", "status", "parameter"),
    [
        ([("image", b"<html>")], 415, "image"),
        ([("image", bomb())], 413, "image"),
        ([("file_2", picture()[:-30])], 422, "file_2"),
        ([("image", "text")], 422, "image"),
        ([("options", "{")], 422, "options"),
        ([("options", "[]")], 422, "options"),
        ([("options", '{"seed": NaN}')], 422, "options"),
        ([("priority", "high")], 422, "priority"),
        ([("priority", "101")], 422, "priority"),
        ([("prompt", "twice")], 422, "prompt"),
        ([("colour", "red")], 422, "colour"),
        ([("image", picture(shade=n)) for n in range(17)], 422, "image"),
        ([("mask", mask())], 422, "mask"),
        ([("mask", mask()), ("mask", mask()), ("image", picture())], 422, "mask"),
        ([("image", picture()), ("mask", mask((48, 64)))], 422, "mask"),
        ([("image", picture()), ("mask", mask(painted=(0, 0, 0, 0)))], 422, "mask"),
    ],
)
async def test_what_is_wrong_with_a_form_is_told_by_field(
    client: Client, fields: list[tuple[str, Any]], status: int, parameter: str
):
    async with client.post("/api/imagine", data=form(("prompt", PROMPT), *fields)) as answer:
        error = await problem(answer, status)
    assert error["details"][0]["parameter"] == parameter
    assert parameter in error["message"]
    async with client.get("/api/jobs") as answer:
        assert (await told(answer, 200))["jobs"] == []


async def test_a_form_without_a_prompt_is_refused(client: Client):
    async with client.post("/api/imagine", data=form(("image", picture()))) as answer:
        assert (await problem(answer, 422))["details"][0]["parameter"] == "prompt"


@pytest.mark.parametrize(
    ("images", "parameter"),
    [
        (["a" * 64], "images.0"),
        (["nonsense"], "images.0"),
        (["https://127.0.0.1:1/fox.png"], "images.0"),
        ([{"job": "x", "image": 0}], "images.0"),
        ([{"job": "0198f3a1-7c2e-7d4b-9e10-8d3f0a91c2e4", "image": 0}], "images.0"),
    ],
)
async def test_what_names_no_picture_is_told_by_field(client: Client, images: Any, parameter: str):
    async with client.post("/api/imagine", json={"prompt": PROMPT, "images": images}) as answer:
        error = await problem(answer, 422)
    assert [detail["parameter"] for detail in error["details"]] == [parameter]


@pytest.mark.parametrize("flag", ["sref", "cref", "oref", "edit"])
async def test_what_names_no_picture_is_told_by_flag(client: Client, flag: str):
    prompt = f"{PROMPT} --{flag} upload:{'a' * 64}"
    async with client.post("/api/imagine", json={"prompt": prompt}) as answer:
        error = await problem(answer, 422)
    assert [detail["parameter"] for detail in error["details"]] == [flag]


async def test_what_names_no_picture_at_the_front_is_told_as_one_of_the_images(client: Client):
    body = {"prompt": f"upload:{'a' * 64} {PROMPT}", "images": ["b" * 64]}
    async with client.post("/api/imagine", json=body) as answer:
        error = await problem(answer, 422)
    assert [detail["parameter"] for detail in error["details"]] == ["images", "images.0"]


async def test_the_same_form_under_one_key_makes_nothing_new(client: Client):
    key = {"Idempotency-Key": "one"}
    first = await imagine(client, ("image", picture()), **key)
    assert await imagine(client, ("image", picture()), **key) == first
    async with client.post(
        "/api/imagine", data=form(("prompt", PROMPT), ("image", hole())), headers=key
    ) as answer:
        await problem(answer, 409)


async def test_a_mask_makes_a_region_of_the_first_picture(client: Client):
    data = picture(size=(128, 128))
    job = await imagine(client, ("image", data), ("mask", mask((128, 128))))
    origin = job["parameters"]["origin"]
    assert (job["kind"], origin["action"], origin["source"]) == ("region", "region", link(data))
    assert origin["mask"].startswith("upload:")


async def test_nothing_changes_outside_of_a_mask(client: Client):
    data = noise((128, 96))
    fields = form(("prompt", "an owl --batch 1"), ("image", data), ("mask", mask((128, 96))))
    async with client.post("/api/imagine", data=fields, headers={"Prefer": "wait=60"}) as answer:
        (job,) = (await told(answer, 200))["jobs"]
    made = (await read(client, job["images"][0]["url"])).convert("RGB")
    with Image.open(io.BytesIO(data)) as source:
        assert ImageChops.difference(made, source).getbbox() == (8, 8, 32, 32)


async def test_parse_counts_pictures_and_looks_at_none(client: Client):
    body = {"prompt": "", "images": ["a" * 64, "https://nowhere.invalid/fox.png"]}
    async with client.post("/api/parse", json=body) as answer:
        assert (await told(answer, 200))["ok"]
    async with client.post("/api/parse", json={"prompt": "", "images": ["a" * 64]}) as answer:
        assert not (await told(answer, 200))["ok"]


# --- links


@pytest.fixture
async def site() -> AsyncIterator[str]:
    async def fox(_: web.Request) -> web.Response:
        return web.Response(body=picture(), content_type="image/png")

    app = web.Application()
    app.router.add_get("/fox.png", fox)
    async with TestServer(app) as server:
        yield str(server.make_url("/fox.png"))


async def test_a_link_into_the_own_network_is_refused(client: Client, site: str):
    async with client.post("/api/imagine", json={"prompt": f"{site} {PROMPT}"}) as answer:
        error = await problem(answer, 422)
    assert error["details"][0]["value"] == site
    assert "your own network" in error["message"]
    assert "upload it" in error["hint"]


async def test_a_link_becomes_an_upload_when_it_may_be_fetched(
    start_server: StartServer, site: str
):
    client = await start_server(allow_private_links=True)
    (job,) = await submit(client, f"{site} {PROMPT}")
    assert job["prompt"] == f"{site} {PROMPT}"
    assert job["canonical"].startswith(f"{link(picture())} a red fox")
    async with client.get(f"/api/uploads/{ident(picture())}") as answer:
        assert await answer.read() == picture()


async def test_uploads_at_once_are_one_file(client: Client, tmp_path: Path):
    made = await asyncio.gather(*(upload(client, picture()) for _ in range(8)))
    assert len({body["id"] for body in made}) == 1
    assert len(list((tmp_path / "output" / "uploads").iterdir())) == 1
