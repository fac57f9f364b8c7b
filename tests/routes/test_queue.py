"""The line as a whole: paused, resumed and cleared, batches canceled, and who goes next."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from imagine.app_keys import PARTS
from imagine.errors import StorageError
from imagine.job_queue import Pause
from imagine.jobs import MOVES
from imagine.store import SqliteJobStore
from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage, example_graph
from tests.following import eventually, follow, ready, submit

TINY = "--size 64x64 --steps 2 --batch 1"


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


async def ask(client: Client, method: str, path: str, status: int = 200, **body: Any) -> Any:
    async with client.request(method, path, **body) as answer:
        told = await answer.json()
        assert answer.status == status, told
        return told


async def state_of(client: Client, job_id: str) -> str:
    return str((await ask(client, "GET", f"/api/jobs/{job_id}"))["state"])


# --- pause


async def test_while_paused_what_runs_ends_and_what_waits_waits(client: Client):
    paused = await ask(client, "POST", "/api/queue/pause")
    assert paused["paused"] is True
    assert paused["reason"]["code"] == "paused"
    assert paused["reason"]["by_hand"] is True
    jobs = [(await submit(client, f"a fox {TINY}"))[0]["id"] for _ in range(3)]
    assert await ask(client, "POST", "/api/queue/pause") == paused | {
        "waiting": 3,
        "positions": {job: place for place, job in enumerate(jobs, start=1)},
    }
    async with follow(client) as follower:
        assert follower.messages[0]["queue"]["reason"]["code"] == "paused"
        resumed = await ask(client, "POST", "/api/queue/resume")
        assert (resumed["paused"], resumed["reason"]) == (False, None)
        await follower.until(lambda m: m["type"] == "queue" and m["counts"]["succeeded"] == 3)


async def test_a_pause_stops_nothing_that_runs_and_takes_back_what_waits_at_an_engine(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        jobs = [(await submit(client, f"fox {n} {TINY}"))[0]["id"] for n in range(4)]
        await comfy.reached(Stage.SAMPLING, jobs[0])
        await comfy.queued(1)
        await ask(client, "POST", "/api/queue/pause")
        await eventually(lambda: set(comfy.deleted) == {jobs[1]})
        await follower.until(
            lambda m: (
                m["type"] == "job" and (m["job"]["attempt"], m["job"]["state"]) == (1, "queued")
            )
        )
        comfy.release()
        assert (await follower.end(jobs[0]))["state"] == "succeeded"
        line = await ask(client, "GET", "/api/queue")
        assert (line["running"], line["waiting"]) == (0, 3)
        assert line["positions"] == {job: place for place, job in enumerate(jobs[1:], start=1)}
        assert len(comfy.submitted) == 2
        await ask(client, "POST", "/api/queue/resume")
        for job in jobs[1:]:
            assert await ended_as(client, follower, job) == "succeeded"
    assert comfy.interrupts == []
    assert [comfy.ran.count(body["prompt_id"]) for body in comfy.submitted] == [1, 0, 1, 1, 1]


async def test_what_waits_at_an_engine_is_taken_back_after_a_restart_too(
    start_server: StartServer, comfy: FakeComfy, tmp_path: Path
):
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    jobs = [(await submit(client, f"fox {n} {TINY}"))[0]["id"] for n in range(2)]
    await comfy.reached(Stage.SAMPLING, jobs[0])
    await comfy.queued(1)
    await client.close()
    # As if the server had died right after this was written.
    async with SqliteJobStore(tmp_path / "output" / "imagine.db", MOVES) as store:
        await store.set_paused(True)
    client = await ready(start_server, comfy)
    async with follow(client) as follower:
        await eventually(lambda: set(comfy.deleted) == {jobs[1]})
        comfy.release()
        assert await ended_as(client, follower, jobs[0]) == "succeeded"
        await eventually(lambda: len(client.app[PARTS].queue) == 1)
        assert await state_of(client, jobs[1]) == "queued"
        await ask(client, "POST", "/api/queue/resume")
        assert await ended_as(client, follower, jobs[1]) == "succeeded"
    assert len(comfy.submitted) == 3


async def test_nobody_knows_when_a_job_starts_while_the_line_is_paused(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    async with follow(client) as follower:
        (first,) = await submit(client, f"a fox {TINY}")
        await follower.end(first["id"])  # so that it is known how long one takes
        comfy.hold(Stage.SAMPLING)
        jobs = [(await submit(client, f"fox {n} {TINY}"))[0]["id"] for n in range(2)]
        await comfy.reached(Stage.SAMPLING, jobs[0])
        await follower.until(lambda m: m["type"] == "queue" and jobs[1] in m["starts"])
        paused = await ask(client, "POST", "/api/queue/pause")
        assert (paused["positions"], paused["starts"]) == ({jobs[1]: 1}, {})
        assert jobs[1] in (await ask(client, "POST", "/api/queue/resume"))["starts"]
        comfy.release()


async def test_a_pause_outlives_a_restart(start_server: StartServer):
    client = await start_server()
    await ask(client, "POST", "/api/queue/pause")
    (job,) = await submit(client, f"a fox {TINY}")
    await client.close()
    client = await start_server()
    queue = client.app[PARTS].queue
    await eventually(lambda: len(queue) == 1)
    assert (await ask(client, "GET", "/api/queue"))["reason"]["by_hand"] is True
    assert await state_of(client, job["id"]) == "queued"
    async with follow(client) as follower:
        await ask(client, "POST", "/api/queue/resume")
        assert (await follower.end(job["id"]))["state"] == "succeeded"
    await client.close()
    client = await start_server()
    assert (await ask(client, "GET", "/api/queue"))["paused"] is False


async def test_what_the_owner_cannot_lift_is_a_conflict_with_its_reason(client: Client):
    await ask(client, "POST", "/api/queue/pause")
    queue = client.app[PARTS].queue
    queue.pause(Pause("disk_full", "The disk is full.", "Free some space."))
    told = await ask(client, "POST", "/api/queue/resume", 409)
    assert (told["error"]["code"], told["error"]["message"]) == ("conflict", "The disk is full.")
    assert (await ask(client, "GET", "/api/queue"))["reason"]["by_hand"] is False
    queue.resume("disk_full")
    assert (await ask(client, "GET", "/api/queue"))["paused"] is False


# --- canceling many


async def test_clearing_the_line_cancels_all_that_wait_and_nothing_else(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        jobs = [(await submit(client, f"fox {n} {TINY}"))[0]["id"] for n in range(5)]
        stranger = await comfy.submit(example_graph(pictures=1, steps=1))
        await comfy.reached(Stage.SAMPLING, jobs[0])
        told = await ask(client, "POST", "/api/queue/clear")
        assert told["jobs"] == jobs[1:]
        for job in jobs[1:]:
            assert await ended_as(client, follower, job) == "canceled"
        comfy.release()
        assert await ended_as(client, follower, jobs[0]) == "succeeded"
        assert await ask(client, "POST", "/api/queue/clear") == {"jobs": []}
    await comfy.reached(Stage.END, stranger)
    assert comfy.interrupts == []
    assert set(comfy.deleted) <= {jobs[1]}


async def test_canceling_a_batch_leaves_other_batches_alone(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        mine = await submit(client, f"a fox {TINY} --repeat 4")
        (other,) = await submit(client, f"an owl {TINY}")
        await comfy.reached(Stage.SAMPLING, mine[0]["id"])
        path = f"/api/batches/{mine[0]['batch']}/cancel"
        told = await ask(client, "POST", path)
        assert told["jobs"] == [job["id"] for job in mine]
        for job in mine:
            assert await ended_as(client, follower, job["id"]) == "canceled"
        comfy.release()
        assert await ended_as(client, follower, other["id"]) == "succeeded"
        assert await ask(client, "POST", path) == {"jobs": []}
    await ask(client, "POST", "/api/batches/nobody/cancel", 404)


async def test_a_thousand_waiting_jobs_are_canceled_in_a_few_writes(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    parts = client.app[PARTS]
    await ask(client, "POST", "/api/queue/pause")
    (planned,) = await parts.planner.plan_all(f"a fox {TINY}", {})
    first = planned.job("many")
    jobs = [first.model_copy(update={"id": f"{first.id[:-4]}{n:04}"}) for n in range(1000)]
    for job in await parts.store.add(jobs):
        parts.queue.put(job)
    (other,) = await submit(client, f"an owl {TINY}")
    writes = []
    cancel_all = parts.store.cancel_all

    async def counted(job_ids: Any) -> Any:
        writes.append(len(job_ids))
        return await cancel_all(job_ids)

    monkeypatch.setattr(parts.store, "cancel_all", counted)
    told = await ask(client, "POST", "/api/batches/many/cancel")
    assert told["jobs"] == [job.id for job in jobs]
    assert len(writes) <= 4
    line = await ask(client, "GET", "/api/queue")
    assert (line["waiting"], list(line["positions"])) == (1, [other["id"]])
    assert parts.store.counts["canceled"] == 1000


async def test_jobs_that_move_while_the_line_is_cleared_end_all_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.jobs.CANCELED_AT_ONCE", 1)
    parts = client.app[PARTS]
    async with follow(client) as follower:
        posts = [submit(client, f"fox {n} {TINY} --repeat 5") for n in range(6)]
        batches = asyncio.gather(*posts)
        for _ in range(10):
            await ask(client, "POST", "/api/queue/clear")
        jobs = [job["id"] for batch in await batches for job in batch]
        states = [await ended_as(client, follower, job) for job in jobs]
    assert set(states) <= {"succeeded", "canceled"}
    await eventually(lambda: parts.queue.length == 0 and not parts.queue.begun())
    assert parts.store.counts["active"] == 0


async def test_a_job_canceled_just_before_it_is_claimed_leaves_the_line(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    parts, claim = client.app[PARTS], SqliteJobStore.claim_attempt
    failures = [StorageError("It is locked.")]

    async def fail_once(store: SqliteJobStore, job_id: str, **more: Any) -> Any:
        if failures:
            await parts.jobs.clear()
            raise failures.pop()
        return await claim(store, job_id, **more)

    monkeypatch.setattr("imagine.attempts.RETRY_S", 0)
    monkeypatch.setattr(SqliteJobStore, "claim_attempt", fail_once)
    (job,) = await submit(client, f"a fox {TINY}")
    await eventually(lambda: not failures and parts.queue.length == 0)
    assert await state_of(client, job["id"]) == "canceled"


async def ended_as(client: Client, follower: Any, job_id: str) -> str:
    job = await ask(client, "GET", f"/api/jobs/{job_id}")
    return str((job if job["finished_at"] else await follower.end(job_id))["state"])


# --- next


async def test_next_is_before_all_who_wait_and_the_last_one_asked_for_wins(client: Client):
    await ask(client, "POST", "/api/queue/pause")
    prompts = ("one", "two --turbo", "three")
    jobs = [(await submit(client, f"{prompt} {TINY}"))[0]["id"] for prompt in prompts]
    jobs += [(await submit(client, f"four {TINY}", priority=100))[0]["id"]]
    one, two, three, four = jobs

    async def after_next(job_id: str) -> list[str]:
        path = f"/api/jobs/{job_id}"
        assert (await ask(client, "PATCH", path, json={"priority": "next"}))["position"] == 1
        return list((await ask(client, "GET", "/api/queue"))["positions"])

    assert await after_next(three) == [three, four, two, one]
    assert await after_next(three) == [three, four, two, one]
    assert await after_next(one) == [one, three, four, two]


async def test_who_goes_next_is_kept_after_a_restart(start_server: StartServer):
    client = await start_server()
    await ask(client, "POST", "/api/queue/pause")
    jobs = [(await submit(client, f"{name} {TINY}"))[0]["id"] for name in ("one", "two")]
    await ask(client, "PATCH", f"/api/jobs/{jobs[1]}", json={"priority": "next"})
    await client.close()
    client = await start_server()
    await eventually(lambda: len(client.app[PARTS].queue) == 2)
    assert list((await ask(client, "GET", "/api/queue"))["positions"]) == jobs[::-1]


@pytest.mark.parametrize("priority", ["last", "", True, 101, -101, 1.5, [1]])
async def test_a_place_that_cannot_be_is_refused_by_its_name(client: Client, priority: object):
    (job,) = await submit(client, f"a fox {TINY}")
    body = {"priority": priority}
    told = await ask(client, "PATCH", f"/api/jobs/{job['id']}", 422, json=body)
    assert [detail["parameter"] for detail in told["error"]["details"]] == ["priority"]
