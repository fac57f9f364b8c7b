"""Requests with an Idempotency-Key: done once, on every route that makes jobs."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData

from tests.conftest import SMALL, Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import finish, follow, ready, submit
from tests.painting import picture

TINY = f"{SMALL} --batch 1 --steps 1"
KEY = {"Idempotency-Key": "on-the-train-1"}

Answer = tuple[int, str, str]


async def post(client: Client, path: str, key: str = "on-the-train-1", **body: Any) -> Answer:
    async with client.post(path, headers={"Idempotency-Key": key}, **body) as answer:
        return answer.status, await answer.text(), answer.headers.get("Location", "")


async def count(client: Client) -> int:
    async with client.get("/api/jobs") as answer:
        return int((await answer.json())["counts"]["all"])


async def conflict(client: Client, path: str, **body: Any) -> str:
    async with client.post(path, headers=KEY, **body) as answer:
        told = await answer.json()
        assert answer.status == 409, told
        return str(told["error"]["message"])


@pytest.mark.parametrize("path", ["/api/imagine", "/imagine"])
async def test_a_hundred_posts_at_once_make_one_batch_and_get_one_answer(
    start_server: StartServer, path: str
):
    client = await start_server()
    body = {"prompt": f"a {{red, blue}} fox {TINY}"}
    answers = await asyncio.gather(*(post(client, path, json=body) for _ in range(100)))
    assert len(set(answers)) == 1
    status, text, location = answers[0]
    assert status == 202
    assert await count(client) == 2
    first = location.removeprefix("/api/jobs/")
    assert f"({first})" in await conflict(client, path, json={"prompt": "another"})
    await client.close()
    client = await start_server()
    assert await post(client, path, json=body) == (status, text, location)
    assert first in await conflict(client, path, json={"prompt": "another"})
    assert await count(client) == 2


async def test_both_addresses_of_one_route_know_the_same_keys(client: Client):
    body = {"prompt": f"a fox {TINY}"}
    first = await post(client, "/api/imagine", json=body)
    assert await post(client, "/imagine", json=body) == first


async def test_many_actions_and_blends_at_once_make_one_child_each(client: Client):
    job = await finish(client, f"a fox {SMALL} --batch 2 --steps 1")
    reroll = {"action": "reroll"}
    pair = {"images": [{"job": job["id"], "image": index} for index in (0, 1)]}
    for path, body, key in (
        (f"/api/jobs/{job['id']}/actions", reroll, "a"),
        ("/api/blend", pair, "b"),
    ):
        before = await count(client)
        asked = (post(client, path, key, json=body) for _ in range(20))
        answers = await asyncio.gather(*asked)
        assert {status for status, _, _ in answers} == {202}
        assert len(set(answers)) == 1
        assert await count(client) == before + 1


async def test_a_key_of_one_route_is_not_for_another(client: Client):
    job = await finish(client, f"a fox {TINY}")
    await post(client, "/api/imagine", json={"prompt": f"a fox {TINY}"})
    await conflict(client, f"/api/jobs/{job['id']}/actions", json={"action": "reroll"})


async def test_many_equal_forms_at_once_make_one_job(client: Client):
    def form() -> FormData:
        made = FormData(default_to_multipart=True)
        made.add_field("prompt", f"a fox {TINY}")
        made.add_field("image", picture(), filename="fox.png", content_type="image/png")
        return made

    posts = (post(client, "/api/imagine", data=form()) for _ in range(20))
    answers = await asyncio.gather(*posts)
    assert {status for status, _, _ in answers} == {202}
    assert len(set(answers)) == 1
    assert await count(client) == 1


async def test_many_posts_of_one_key_need_the_room_of_one(start_server: StartServer):
    client = await start_server(max_waiting=1)
    async with client.post("/api/queue/pause"):
        pass
    body = {"prompt": f"a fox {TINY}"}
    answers = await asyncio.gather(*(post(client, "/api/imagine", json=body) for _ in range(10)))
    assert {status for status, _, _ in answers} == {202}
    assert (await post(client, "/api/imagine", "another", json=body))[0] == 429
    # What was turned away did not use its key up.
    async with client.post("/api/queue/clear"):
        pass
    assert (await post(client, "/api/imagine", "another", json=body))[0] == 202


async def test_a_job_that_failed_can_be_run_again_and_its_key_gives_the_first_answer(
    start_server: StartServer,
):
    async with FakeComfy() as comfy:
        client = await ready(start_server, comfy)
        comfy.fail_next()
        body = {"prompt": f"a fox {TINY}"}
        async with follow(client) as follower:
            first = await post(client, "/api/imagine", json=body)
            job = first[2]
            failed = await follower.end(job.removeprefix("/api/jobs/"))
            assert failed["state"] == "failed"
            assert await post(client, "/api/imagine", json=body) == first
            async with client.post(f"{job}/retry") as answer:
                assert answer.status == 202
            done = await follower.job(failed["id"], "succeeded")
            assert await post(client, "/api/imagine", json=body) == first
    assert (done["attempt"], len(done["images"])) == (2, 1)
    assert done["prompt_id"] != failed["prompt_id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"json": {"prompt": "a fox --steps 0"}}, 422),
        ({"json": {"prompt": 5}}, 422),
        ({"json": {"prompt": "a fox", "images": ["0" * 64]}}, 422),
        ({"data": b"{", "headers": {"Content-Type": "application/json", **KEY}}, 400),
    ],
)
async def test_a_refused_request_does_not_use_its_key_up(
    client: Client, body: dict[str, Any], status: int
):
    async with client.post("/api/imagine", **{"headers": KEY, **body}) as answer:
        assert answer.status == status
    assert (await post(client, "/api/imagine", json={"prompt": f"a fox {TINY}"}))[0] == 202


@pytest.mark.parametrize("key", ["k" * 201, "", "zwölf", "two words"])
async def test_a_key_that_cannot_be_is_refused(client: Client, key: str):
    assert (await post(client, "/api/imagine", key, json={"prompt": "fox"}))[0] == 400


async def test_an_answer_is_kept_for_a_day(client: Client, monkeypatch: pytest.MonkeyPatch):
    body = {"prompt": f"a fox {TINY}"}
    first = await post(client, "/api/imagine", json=body)
    monkeypatch.setattr("imagine.replies.KEPT", timedelta(0))
    second = await post(client, "/api/imagine", json=body)
    assert second != first
    assert await count(client) == 2


async def test_only_so_many_answers_are_kept_the_newest_ones(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.replies.MOST", 3)
    body = {"prompt": f"a fox {TINY}"}
    answers = {key: await post(client, "/api/imagine", key, json=body) for key in "abcde"}
    for key in "cde":
        assert await post(client, "/api/imagine", key, json=body) == answers[key]
    assert await count(client) == 5
    assert await post(client, "/api/imagine", "a", json=body) != answers["a"]


async def test_a_prompt_without_a_key_is_made_each_time(client: Client):
    for _ in range(2):
        await submit(client, f"a fox {TINY}")
    assert await count(client) == 2
