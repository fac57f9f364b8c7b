"""Who may call, what every answer carries, and paths that must not leave the output folder."""

import pytest

from tests.conftest import SMALL, Client
from tests.following import finish


async def test_every_answer_carries_its_request_id_and_safety_headers(client: Client):
    for path in ("/", "/api/health", "/api/nothing", "/static/css/base.css"):
        async with client.get(path, headers={"X-Request-ID": "mine-1"}) as answer:
            assert answer.headers["X-Request-ID"] == "mine-1"
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_request_id_that_could_forge_a_log_line_is_replaced(client: Client):
    async with client.get("/api/health", headers={"X-Request-ID": "a b\tc"}) as answer:
        assert " " not in answer.headers["X-Request-ID"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8190", "127.0.0.1.evil.example"])
async def test_another_host_name_is_refused(client: Client, host: str):
    async with client.get("/api/health", headers={"Host": host}) as answer:
        assert answer.status == 403
        assert "--allowed-hosts" in (await answer.json())["error"]["hint"]


@pytest.mark.parametrize("host", ["localhost", "localhost:9", "127.0.0.1", "[::1]:8190"])
async def test_loopback_names_are_answered(client: Client, host: str):
    async with client.get("/api/health", headers={"Host": host}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://["]
)
async def test_a_page_of_another_origin_may_not_write(client: Client, origin: str):
    headers = {"Origin": origin}
    async with client.post("/api/imagine", json={"prompt": "fox"}, headers=headers) as answer:
        assert answer.status == 403
    async with client.get("/api/health", headers=headers) as answer:
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_our_own_page_may_write(client: Client):
    origin = str(client.make_url("/")).rstrip("/")
    async with client.post(
        "/api/imagine", json={"prompt": f"fox {SMALL} --batch 1"}, headers={"Origin": origin}
    ) as answer:
        assert answer.status == 202


@pytest.mark.parametrize(
    "name",
    [
        "..%2fimagine.db",
        "%2e%2e%2fimagine.db",
        "..%5cimagine.db",
        "%2fetc%2fpasswd",
        "imagine.db",
        ".hidden",
        "a" * 300 + ".png",
        "con.png",
        "%00.png",
    ],
)
async def test_no_name_leaves_the_pictures(client: Client, name: str):
    for kind in ("images", "thumbnails"):
        async with client.get(f"/api/{kind}/{name}") as answer:
            assert answer.status == 404
            assert (await answer.json())["error"]["code"] == "not_found"


async def test_pictures_have_strong_etags_ranges_and_last_for_ever(client: Client):
    job = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    url = job["images"][0]["url"]
    async with client.get(url) as answer:
        etag, whole = answer.headers["ETag"], await answer.read()
        assert not etag.startswith("W/")
        assert "immutable" in answer.headers["Cache-Control"]
    async with client.get(url, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with client.get(url, headers={"Range": "bytes=10-19"}) as answer:
        assert answer.status == 206
        assert await answer.read() == whole[10:20]
    async with client.get(url, headers={"Range": "bytes=99999999-"}) as answer:
        assert answer.status == 416


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=5-2", "bytes=x", "pages=1-2"])
async def test_a_range_that_the_picture_does_not_have_is_refused_in_words(
    client: Client, asked: str
):
    job = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    image = job["images"][0]
    async with client.get(image["url"], headers={"Range": asked}) as answer:
        assert answer.status == 416
        assert answer.headers["Content-Range"] == f"bytes */{image['bytes']}"
        assert (await answer.json())["error"]["code"] == "bad_range"


async def test_thumbnails_are_small_webp(client: Client):
    job = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    async with client.get(job["images"][0]["thumbnail"] + "?w=100") as answer:
        assert answer.status == 200
        assert answer.content_type == "image/webp"
        assert (await answer.read())[8:12] == b"WEBP"
    async with client.get(job["images"][0]["thumbnail"] + "?w=0") as answer:
        assert answer.status == 400
