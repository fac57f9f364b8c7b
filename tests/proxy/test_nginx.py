"""Through a real nginx, set up as docs/proxy.md says: everything works as it does without it."""

import asyncio
import io
import json
import random

import aiohttp
import pytest
from PIL import Image
from typer.testing import CliRunner

from imagine.cli import app
from imagine.routes import jobs
from tests.following import PATIENCE_S, Follower
from tests.painting import encoded
from tests.proxy.conftest import Shown
from tests.proxy.nginx import configuration, manual_blocks

ONE = "--size 128x128 --batch 1 --steps 1"


def test_the_manual_has_the_pieces_that_these_tests_run() -> None:
    server, stays, off = manual_blocks()
    assert server.count("location / {") == 1
    assert "proxy_pass http://127.0.0.1:8190;" in stays
    assert "proxy_pass http://127.0.0.1:8190/;" in off
    assert configuration(2, port=1, upstream=2).count("location /") == 1


async def test_a_submission_names_a_job_and_pictures_that_are_there(shown: Shown) -> None:
    async with shown.post("/api/imagine", json={"prompt": f"a fox {ONE}"}) as answer:
        assert answer.status == 202
        location = answer.headers["Location"]
        assert location.startswith(f"{shown.base}/api/jobs/")
    async with shown.get(location) as answer:
        assert answer.status == 200
    job = await shown.made(f"a fox {ONE}")
    for address in (job["images"][0]["url"], job["images"][0]["thumbnail"]):
        assert address.startswith(f"{shown.base}/api/")
        async with shown.get(address) as answer:
            assert answer.status == 200


async def test_a_picture_has_its_tag_and_its_ranges(shown: Shown) -> None:
    url = (await shown.made(f"a fox {ONE}"))["images"][0]["url"]
    async with shown.get(url) as answer:
        tag, whole = answer.headers["ETag"], await answer.read()
        assert "immutable" in answer.headers["Cache-Control"]
        assert not tag.startswith("W/")
    async with shown.get(url, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    async with shown.get(url, headers={"Range": "bytes=10-19"}) as answer:
        assert answer.status == 206
        assert await answer.read() == whole[10:20]
    async with shown.get(url, headers={"Range": "bytes=99999999-"}) as answer:
        assert answer.status == 416
        assert (await answer.json())["error"]["code"] == "bad_range"


async def test_an_upload_of_five_megabytes_comes_through(shown: Shown) -> None:
    noise = Image.frombytes("RGB", (1300, 1300), random.Random(1).randbytes(1300 * 1300 * 3))
    picture = encoded(noise, compress_level=0)
    assert len(picture) > 5_000_000
    headers = {"Content-Type": "image/png"}
    async with shown.post("/api/uploads", data=io.BytesIO(picture), headers=headers) as answer:
        told = await answer.json()
        assert answer.status == 201, told
    async with shown.get(told["url"]) as answer:
        assert await answer.read() == picture


async def test_the_live_socket_tells_a_job_to_its_end(shown: Shown) -> None:
    address = f"{shown.url}/api/live"
    async with Follower(await shown.session.ws_connect(address, origin=shown.host)) as follower:
        await follower.until(lambda m: m["type"] == "hello")
        async with shown.post("/imagine", json={"prompt": f"a fox {ONE}"}) as answer:
            (job,) = (await answer.json())["jobs"]
        ended = await follower.end(job["id"])
    assert ended["state"] == "succeeded"
    assert ended["images"][0]["url"].startswith(f"{shown.base}/api/images/")


async def test_what_little_a_waiting_job_tells_arrives_at_once(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "KEEP_ALIVE_S", 0.2)
    paths = []
    for words in ("a fox", "a hare", "a toad"):  # an engine has two at a time
        prompt = f"{words} --size 128x128 --steps 150"
        async with shown.post("/imagine", json={"prompt": prompt}) as answer:
            paths += [f"/api/jobs/{job['id']}" for job in (await answer.json())["jobs"]]
    async with asyncio.timeout(PATIENCE_S), shown.get(f"{paths[2]}/events") as events:
        while b"event: job" not in await events.content.readuntil(b"\n\n"):
            pass
        assert await events.content.readuntil(b"\n\n") == b": still here\n\n"
        async with shown.get(paths[0]) as answer:
            assert (await answer.json())["state"] in ("queued", "running")
        for path in reversed(paths):
            async with shown.post(f"{path}/cancel") as answer:
                assert answer.status in (200, 202)
        last = (await events.text()).strip().split("\n\n")[-1]
    assert json.loads(last.split("data: ")[1])["job"]["state"] == "canceled"


async def test_an_error_has_our_shape(shown: Shown) -> None:
    async with shown.get("/api/nothing", headers={"X-Request-ID": "mine"}) as answer:
        assert answer.status == 404
        told = (await answer.json())["error"]
        assert (told["code"], told["request_id"]) == ("not_found", "mine")


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto"])
async def test_what_a_browser_claims_of_the_proxy_does_not_come_through(
    shown: Shown, header: str
) -> None:
    async with shown.get("/", headers={header: "evil.example"}) as answer:
        assert answer.status == 200
        assert f'data-base="{shown.base}"' in await answer.text()
    forged = {header: "evil.example", "Origin": "http://evil.example"}
    async with shown.post("/imagine", json={"prompt": "fox"}, headers=forged) as answer:
        assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await shown.session.ws_connect(f"{shown.url}/api/live", headers=forged)


async def test_another_name_is_refused(shown: Shown) -> None:
    async with shown.get("/api/health", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403


async def test_the_path_without_its_slash_leads_to_the_page(shown: Shown) -> None:
    async with shown.get("" if shown.base else "/") as answer:
        assert answer.status == 200
        assert str(answer.url) == f"{shown.url}/"
        assert "<title>Imagine</title>" in await answer.text()


async def test_the_command_line_takes_the_address_with_its_path(shown: Shown) -> None:
    command = ["prompt", f"a fox {ONE}", "--server", shown.url]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert result.exit_code == 0, result.output
    (address,) = result.stdout.split()
    assert address.startswith(f"{shown.url}/api/images/")
    async with shown.session.get(address) as answer:
        assert answer.status == 200
