"""The live socket: late joiners, resuming, previews, and readers that behave badly."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from aiohttp import WSCloseCode, WSMsgType, WSServerHandshakeError, web

from imagine.app_keys import PARTS
from imagine.events import LocalEventBus, Message
from imagine.store import Change, JobPage, JobQuery
from tests.conftest import SMALL, Client, StartServer
from tests.following import PATIENCE_S, finish, follow, sequence_of, submit


async def test_a_job_is_told_from_queued_to_succeeded_with_previews(client: Client):
    async with follow(client) as follower:
        (job,) = await submit(client, f"a red fox {SMALL}")
        ended = await follower.end(job["id"])
    states = [told["state"] for told in follower.of(job["id"], "job")]
    assert states[0] == "queued"
    assert states[-1] == "succeeded"
    assert ended["progress"]["value"] == 1
    assert len(ended["images"]) == 4
    images = {image for of, image, _ in follower.previews if of == job["id"]}
    assert images == {0, 1, 2, 3}
    assert len(follower.previews) >= 5
    assert all(data[:3] == b"\xff\xd8\xff" for _, _, data in follower.previews)


async def test_progress_never_goes_back_and_is_one_only_at_the_end(client: Client):
    async with follow(client) as follower:
        (job,) = await submit(client, f"a red fox {SMALL}")
        await follower.end(job["id"])
    values = [told["value"] for told in follower.of(job["id"], "progress")]
    assert values == sorted(values)
    assert values[-1] < 1
    steps = [told["step"] for told in follower.of(job["id"], "progress")]
    assert max(steps) == 80


async def test_pictures_arrive_one_by_one_while_the_job_runs(start_server: StartServer):
    client = await start_server(sketch_step_ms=10)
    async with follow(client) as follower:
        (job,) = await submit(client, f"a red fox {SMALL}")
        told = await follower.until(lambda m: m["type"] == "job" and len(m["job"]["images"]) == 1)
        assert told["job"]["state"] == "running"
        async with client.get(told["job"]["images"][0]["url"]) as answer:
            assert answer.status == 200
        await follower.end(job["id"])
    counts = [len(told["images"]) for told in follower.of(job["id"], "job")]
    assert counts == sorted(counts)
    assert {1, 4} <= set(counts)


async def test_a_late_watcher_finds_the_running_job_and_its_newest_preview(
    start_server: StartServer,
):
    client = await start_server(sketch_step_ms=50)
    async with follow(client) as early:
        (job,) = await submit(client, f"a red fox {SMALL}")
        await early.until(lambda m: m["type"] == "progress" and m["step"] > 3)
        while not early.previews:
            await early.read()
        async with follow(client) as late:
            snapshot = await late.until(lambda m: m["type"] == "snapshot")
            (found,) = [one for one in snapshot["jobs"] if one["id"] == job["id"]]
            assert found["state"] == "running"
            assert found["progress"]["step"] > 3
            progress = await late.until(lambda m: m["type"] == "progress")
            assert progress["step"] > 3
            while not late.previews:
                await late.read()


async def test_a_watcher_resumes_with_every_change_that_it_missed(client: Client):
    first = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    async with follow(client) as whole:
        known = whole.messages[0]["sequence"]
        second = await finish(client, f"an owl {SMALL} --batch 1 --steps 1")
        async with client.delete(f"/api/jobs/{first['id']}") as answer:
            assert answer.status == 200
        await whole.until(lambda m: m["type"] == "removed")
    for since in range(known, known + len(whole.changes()) + 1):
        async with follow(client, f"?since={since}") as follower:
            assert follower.messages[0]["resumed"]
            expected = [told for told in whole.changes() if sequence_of(told) > since]
            while follower.changes() != expected:
                await follower.read()
    states = [told["state"] for told in whole.of(second["id"], "job")]
    assert states[0] == "queued"
    assert "running" in states


async def test_a_watcher_of_one_job_resumes_with_the_changes_of_that_one(client: Client):
    first = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    second = await finish(client, f"an owl {SMALL} --batch 1 --steps 1")
    async with follow(client, f"?since={first['sequence']}&job={second['id']}") as follower:
        await follower.end(second["id"])
    assert {told["job"]["id"] for told in follower.changes()} == {second["id"]}
    async with follow(client, f"?since=0&job={first['id']}") as follower:
        await follower.end(first["id"])
    assert {told["job"]["id"] for told in follower.changes()} == {first["id"]}


async def restart(start_server: StartServer, client: Client) -> Client:
    """End a server and start another one in its folder."""
    await client.close()
    return await start_server()


async def test_after_a_restart_each_job_that_changed_is_told_once_as_it_is_now(
    start_server: StartServer,
):
    client = await start_server()
    first = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    known = first["sequence"]
    second = await finish(client, f"an owl {SMALL} --batch 1 --steps 1")
    async with client.delete(f"/api/jobs/{first['id']}") as answer:
        assert answer.status == 200
    client = await restart(start_server, client)
    async with follow(client, f"?since={known}") as follower:
        assert follower.messages[0]["resumed"]
        assert (await follower.read() or {})["job"] == second
        removed = await follower.read() or {}
        assert (removed["type"], removed["job"]) == ("removed", first["id"])
        third = await finish(client, f"a hare {SMALL} --batch 1 --steps 1")
        await follower.end(third["id"])
    sequences = [sequence_of(told) for told in follower.changes()]
    assert sequences == sorted(set(sequences))


async def test_too_many_changes_become_a_snapshot(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.routes.live.MOST_CHANGES", 1)
    client = await start_server()
    for name in ("fox", "owl"):
        await finish(client, f"a {name} {SMALL} --batch 1 --steps 1")
    client = await restart(start_server, client)
    async with follow(client, "?since=1") as follower:
        assert not follower.messages[0]["resumed"]
        snapshot = await follower.until(lambda m: m["type"] == "snapshot")
        assert len(snapshot["jobs"]) == 2


async def test_what_is_written_while_a_watcher_resumes_from_the_store_is_told_once(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    client = await start_server()
    known = (await finish(client, f"a fox {SMALL} --batch 1 --steps 1"))["sequence"]
    jobs = [await finish(client, f"fox {n} {SMALL} --batch 1 --steps 1") for n in range(2)]
    client = await restart(start_server, client)
    parts = client.app[PARTS]
    read_changes = parts.store.changes

    async def write_before_and_after_reading(since: int, limit: int) -> list[Change] | None:
        await parts.jobs.set_favorites(jobs[0]["id"], [0])
        changes = await read_changes(since, limit)
        await parts.jobs.set_favorites(jobs[1]["id"], [0])
        return changes

    monkeypatch.setattr(parts.store, "changes", write_before_and_after_reading)
    async with follow(client, f"?since={known}") as follower:
        last = await follower.until(lambda m: m["type"] == "job" and m["job"]["favorites"] == [0])
        if last["job"]["id"] == jobs[0]["id"]:
            await follower.until(lambda m: m["type"] == "job" and m["job"]["favorites"] == [0])
    told = [(m["job"]["id"], m["job"]["favorites"]) for m in follower.changes()]
    assert told == [(jobs[0]["id"], [0]), (jobs[1]["id"], [0])]


async def test_what_is_written_while_a_snapshot_is_made_is_told_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    job = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    parts = client.app[PARTS]
    read_page = parts.store.page

    async def write_around_reading(query: JobQuery) -> JobPage:
        await parts.jobs.set_favorites(job["id"], [0])
        page = await read_page(query)
        await parts.jobs.set_favorites(job["id"], [])
        return page

    monkeypatch.setattr(parts.store, "page", write_around_reading)
    async with follow(client) as follower:
        snapshot = await follower.until(lambda m: m["type"] == "snapshot")
        (told,) = snapshot["jobs"]
        assert told["favorites"] == []
        await parts.jobs.set_favorites(job["id"], [0])
        assert (await follower.job(job["id"], "succeeded"))["sequence"] == told["sequence"] + 1


async def test_a_watcher_that_stays_behind_is_closed_and_resumes(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.server.LocalEventBus", partial(LocalEventBus, log_bytes=30_000))
    client = await start_server()
    job = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    parts = client.app[PARTS]
    reads_again = asyncio.Event()

    async def send_slowly(socket: web.WebSocketResponse, messages: list[Message]) -> None:
        await reads_again.wait()

    async with follow(client, f"?since={job['sequence']}") as follower:
        monkeypatch.setattr("imagine.routes.live._send_all", send_slowly)
        while parts.bus.floor < job["sequence"] + 9:  # the first ones are on their way
            await parts.jobs.set_favorites(job["id"], [0])
            await parts.jobs.set_favorites(job["id"], [])
        reads_again.set()
        async with asyncio.timeout(PATIENCE_S):
            while (message := await follower.socket.receive()).type is WSMsgType.TEXT:
                pass
    assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.TRY_AGAIN_LATER)
    monkeypatch.undo()
    async with follow(client, f"?since={job['sequence']}") as follower:
        assert follower.messages[0]["resumed"]
        told = await follower.job(job["id"], "succeeded")
    assert told["sequence"] == parts.store.sequence


async def test_a_watcher_that_cannot_be_told_is_let_go(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    def fail() -> dict[str, Any]:
        raise KeyError("engine")

    monkeypatch.setattr(client.app[PARTS].announcer, "engine", fail)
    socket = await client.ws_connect("/api/live")
    message = await socket.receive()
    assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.INTERNAL_ERROR)


async def test_a_request_without_upgrade_hears_that_this_is_a_socket(client: Client):
    async with client.get("/api/live") as answer:
        assert answer.status == 400
        assert "WebSocket" in (await answer.json())["error"]["message"]


async def test_a_sequence_that_is_not_ours_gets_a_snapshot(client: Client):
    async with follow(client, "?since=999999") as follower:
        assert not follower.messages[0]["resumed"]
        assert (await follower.read() or {})["type"] == "snapshot"


async def test_sequence_rises_with_every_told_change(client: Client):
    async with follow(client) as follower:
        for name in ("fox", "owl"):
            (job,) = await submit(client, f"a {name} {SMALL} --batch 2 --steps 2")
            await follower.end(job["id"])
    sequences = [m["job"]["sequence"] for m in follower.messages if m["type"] == "job"]
    assert sequences == sorted(set(sequences))


async def test_only_some_jobs_and_no_previews_when_so_asked(client: Client):
    (mine,) = await submit(client, f"a fox {SMALL} --batch 1")
    async with follow(client, f"?job={mine['id']}&previews=0") as follower:
        await submit(client, f"an owl {SMALL} --batch 1")
        snapshot = await follower.until(lambda m: m["type"] == "snapshot")
        (told,) = snapshot["jobs"]
        if told["state"] in ("queued", "running"):
            await follower.end(mine["id"])
    jobs = {m["job"]["id"] for m in follower.messages if m["type"] == "job"}
    assert jobs <= {mine["id"]}
    assert follower.previews == []


async def test_the_line_and_the_counts_are_told(start_server: StartServer):
    client = await start_server(sketch_step_ms=30)
    async with follow(client) as follower:
        jobs = [(await submit(client, f"fox {n} {SMALL} --batch 1"))[0] for n in range(4)]
        told = await follower.until(
            lambda m: m["type"] == "queue" and m["positions"].get(jobs[3]["id"], 0) >= 2
        )
        assert told["running"] <= 1
        assert told["counts"]["active"] >= 2
        async with client.get(f"/api/jobs/{jobs[3]['id']}") as answer:
            assert (await answer.json())["position"] >= 1
        for job in jobs:
            async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
                await answer.read()


async def test_a_watcher_that_sends_text_is_ignored_and_binary_closes_with_a_reason(
    client: Client,
):
    socket = await client.ws_connect("/api/live")
    await socket.send_str("nonsense {")
    await socket.send_bytes(b"\x00")
    async with asyncio.timeout(30):
        while (message := await socket.receive()).type is WSMsgType.TEXT:
            pass
    assert message.type is WSMsgType.CLOSE
    assert message.data == 1003
    assert message.extra


async def test_a_stranger_page_may_not_open_the_socket(client: Client):
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/api/live", origin="http://evil.example")
    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["/api/live?previews=maybe", "/api/live?nonsense=1"])
async def test_a_wrong_query_is_refused_before_the_socket_opens(client: Client, path: str):
    async with client.get(path) as answer:
        told: Any = json.loads(await answer.text())
    assert answer.status == 400
    assert told["error"]["message"].startswith("The query is wrong")


async def test_a_quiet_line_is_told_to_be_alive(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.announcer.PING_EVERY_S", 0.0)
    client = await start_server()
    async with follow(client) as follower:
        assert await follower.until(lambda m: m["type"] == "ping") == {"type": "ping"}
