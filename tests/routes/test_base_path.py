"""The server under the path of a proxy: what it tells carries the path, what it keeps does not."""

import asyncio
import json
import re
from typing import Any

import pytest

from imagine.app_keys import PARTS
from imagine.events import Message
from imagine.models import JobImage
from imagine.routes.shown import shown, shown_message
from tests.conftest import SMALL, Client, StartServer
from tests.following import PATIENCE_S, Follower, finish
from tests.painting import picture

BASE = "/imagine"
ONE = f"{SMALL} --batch 1 --steps 1"
# It looks like what is replaced, on purpose.
TRAP = 'say "url":"/api/images/x.png","thumbnail":"/api/thumbnails/x" and "url":"/api/uploads/y"'


async def under(start_server: StartServer, **settings: Any) -> Client:
    return await start_server(base_path=BASE, **settings)


async def get(client: Client, path: str, **headers: str) -> Any:
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200, path
        return await answer.json()


def addresses(told: Any) -> list[str]:
    """Return every address of a picture in an answer, however deep."""
    return re.findall(r'"(?:url|thumbnail)": "([^"]*/api/[^"]*)"', json.dumps(told))


@pytest.mark.parametrize("path", ["", BASE])
async def test_every_route_and_the_page_work_with_the_path_and_without_it(
    start_server: StartServer, path: str
):
    client = await under(start_server)
    job = await get(client, f"{path}/api/jobs")
    assert job["jobs"] == []
    for name in ("/", "/docs", "/api/health", "/static/js/main.js", "/static/css/base.css"):
        async with client.get(path + name) as answer:
            assert answer.status == 200, name
    async with client.post(f"{path}/imagine", json={"prompt": f"fox {ONE}"}) as answer:
        assert answer.status == 202
        location = answer.headers["Location"]
    assert location.startswith(f"{BASE}/api/jobs/")
    assert (await get(client, location))["prompt"] == f"fox {ONE}"
    async with client.get(f"{path}/api/nothing") as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["code"] == "not_found"


async def test_the_path_alone_is_the_page_and_still_takes_prompts(start_server: StartServer):
    client = await under(start_server)
    async with client.get(BASE) as answer:
        assert answer.status == 200
        assert f'data-base="{BASE}"' in await answer.text()
    async with client.post(BASE, json={"prompt": f"fox {ONE}"}) as answer:
        assert answer.status == 202


async def test_all_that_the_pages_name_lies_under_the_path(start_server: StartServer):
    client = await under(start_server)
    for page in ("/", "/docs"):
        async with client.get(BASE + page) as answer:
            text = await answer.text()
            assert "'unsafe" not in answer.headers["Content-Security-Policy"]
        named = re.findall(r'(?:href|src)="(/[^"]*)"', text)
        assert len(named) > 5
        for path in set(named):
            assert path.startswith(f"{BASE}/")
            async with client.get(path) as answer:
                assert answer.status == 200, path


async def test_every_answer_about_a_job_names_its_pictures_under_the_path(
    start_server: StartServer,
):
    client = await under(start_server)
    job = await finish(client, f"fox {ONE}")
    (image,) = job["images"]
    assert image["url"].startswith(f"{BASE}/api/images/")
    assert image["thumbnail"].startswith(f"{BASE}/api/thumbnails/")
    path = f"/api/jobs/{job['id']}"
    for told in (
        await get(client, path),
        await get(client, "/api/jobs"),
        await get(client, f"{path}/family"),
    ):
        assert addresses(told) == [image["url"], image["thumbnail"]]
    async with client.patch(path, json={"favorites": [0]}) as answer:
        assert addresses(await answer.json()) == [image["url"], image["thumbnail"]]
    async with client.get(image["url"]) as answer:
        assert answer.status == 200
    async with client.get(f"{image['thumbnail']}?w=160") as answer:
        assert answer.status == 200


async def test_an_upload_is_named_under_the_path(start_server: StartServer):
    client = await under(start_server)
    headers = {"Content-Type": "image/png"}
    async with client.post("/api/uploads", data=picture(), headers=headers) as answer:
        told = await answer.json()
        assert answer.headers["Location"] == told["url"] == f"{BASE}/api/uploads/{told['id']}"
    async with client.get(told["url"]) as answer:
        assert answer.status == 200


async def test_watchers_are_told_addresses_under_the_path(start_server: StartServer):
    client = await under(start_server)
    socket = await client.ws_connect(f"{BASE}/api/live", max_msg_size=0)
    async with Follower(socket) as follower:
        job = await finish(client, f"fox {ONE}")
        ended = await follower.end(job["id"])
        assert addresses(ended) == addresses(job)
    for query in ("", f"?since={job['sequence'] - 1}"):  # the snapshot, the changes
        async with Follower(await client.ws_connect(f"{BASE}/api/live{query}")) as late:
            told = await late.until(lambda m: m["type"] in ("snapshot", "job"))
            assert addresses(told) == addresses(job)
    async with client.get(f"{BASE}/api/jobs/{job['id']}/events") as events:
        assert addresses(json.loads((await events.text()).split("data: ")[1])) == addresses(job)


async def test_the_events_of_a_job_at_work_name_its_pictures_under_the_path(
    start_server: StartServer,
):
    client = await under(start_server, sketch_step_ms=5)
    async with client.post(f"{BASE}/imagine", json={"prompt": f"fox {SMALL} --steps 2"}) as answer:
        (job,) = (await answer.json())["jobs"]
    async with asyncio.timeout(PATIENCE_S), client.get(f"/api/jobs/{job['id']}/events") as events:
        assert events.headers["X-Accel-Buffering"] == "no"
        told = [line for line in (await events.text()).splitlines() if '"images":[{' in line]
    assert told
    assert '"/api/' not in "".join(told)


async def test_a_replay_is_the_first_answer_byte_for_byte(start_server: StartServer):
    client = await under(start_server)
    answers = []
    for _ in range(2):
        headers = {"Idempotency-Key": "k"}
        body = {"prompt": f"fox {ONE}"}
        async with client.post("/api/imagine", json=body, headers=headers) as answer:
            answers.append((answer.headers["Location"], await answer.read()))
    assert answers[0] == answers[1]
    assert answers[0][0].startswith(BASE)


async def test_what_is_stored_has_no_path_so_the_setting_may_change(start_server: StartServer):
    client = await under(start_server)
    job = await finish(client, f"fox {ONE}")
    stored = await client.app[PARTS].store.get_body(job["id"])
    assert stored is not None
    assert BASE + "/api" not in stored
    await client.close()
    client = await start_server(base_path="/art")
    told = await get(client, f"/api/jobs/{job['id']}")
    assert told["images"][0]["url"].startswith("/art/api/images/")


async def test_the_description_says_where_the_server_is(start_server: StartServer):
    client = await under(start_server)
    assert (await get(client, "/api/openapi.json"))["servers"] == [{"url": BASE}]
    await client.close()
    client = await start_server()
    assert (await get(client, "/api/openapi.json"))["servers"] == [{"url": "/"}]


async def test_a_prompt_that_looks_like_an_address_stays_as_it_was_typed(
    start_server: StartServer,
):
    client = await under(start_server)
    job = await finish(client, f"{TRAP} {ONE}")
    assert job["prompt"] == f"{TRAP} {ONE}"
    assert addresses(job["images"]) == addresses(await get(client, f"/api/jobs/{job['id']}"))[-2:]
    assert (await get(client, f"/api/jobs/{job['id']}"))["text"] == TRAP
    async with client.post("/api/parse", json={"prompt": TRAP}) as answer:
        assert TRAP in (await answer.json())["jobs"][0]["text"]


@pytest.mark.parametrize(
    "words", [TRAP, f"\\{TRAP}", "\\" * 3 + TRAP, f'{TRAP}"', "é\u2028" + TRAP]
)
def test_only_addresses_are_changed_whatever_the_texts_say(words: str):
    job = {"prompt": words, "images": [{"url": "/api/images/a.png", words: words}], "text": [words]}
    for ascii_only in (True, False):
        text = json.dumps(job, separators=(",", ":"), ensure_ascii=ascii_only)
        told = json.loads(shown(BASE, text.encode()))
        assert told["images"][0].pop("url") == f"{BASE}/api/images/a.png"
        assert told == job | {"images": [{words: words}]}


def test_a_message_is_made_once_for_all_who_are_under_the_same_path():
    message = Message("job", b'{"type":"job","job":{"images":[{"url":"/api/images/a.png"}]}}')
    first = shown_message(BASE, message)
    assert shown_message(BASE, message) is first
    assert b'"/imagine/api/images/a.png"' in first
    assert b'"/art/api/images/a.png"' in shown_message("/art", message)
    assert shown_message("", message) is message.data


def test_previews_stay_as_they_are():
    frame = b'\x01\x01"url":"/api/images/'
    assert shown_message(BASE, Message("preview", frame)) is frame


def test_every_address_in_a_job_is_one_that_is_known_here():
    image = JobImage(
        index=0,
        url="/api/images/a.png",
        thumbnail="/api/thumbnails/a.png",
        width=1,
        height=1,
        media_type="image/png",
        bytes=1,
        seed=1,
    )
    told = shown(BASE, image.model_dump_json().encode())
    assert told.count(b'"/api/') == 0
    assert told.count(f'"{BASE}/api/'.encode()) == 2


async def test_a_trusted_proxy_may_name_the_path_itself(start_server: StartServer):
    client = await start_server(trusted_proxy="127.0.0.1")
    named = {"X-Forwarded-Prefix": "/art/imagine/"}
    async with client.get("/", headers=named) as answer:
        assert 'data-base="/art/imagine"' in await answer.text()
    body = {"prompt": f"fox {ONE}"}
    async with client.post("/api/imagine", json=body, headers=named) as answer:
        assert answer.headers["Location"].startswith("/art/imagine/api/jobs/")
    for odd in ("//evil.example", "/a b", '/"><script>', "/..", "/", ""):
        async with client.get("/", headers={"X-Forwarded-Prefix": odd}) as answer:
            assert 'data-base=""' in await answer.text(), odd
