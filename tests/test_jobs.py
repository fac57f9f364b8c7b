"""The table of moves, and what is asked of jobs at the worst moment."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from imagine.app_keys import PARTS, Parts
from imagine.errors import ConflictError
from imagine.jobs import MOVES
from imagine.models import Job, JobState, Progress
from imagine.store import JobQuery
from tests.conftest import Client, StartServer
from tests.following import eventually, follow, submit

TINY = "--size 64x64 --steps 1 --batch 1"

ALLOWED = {
    ("queued", "running"),
    ("queued", "failed"),
    ("queued", "canceled"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "canceled"),
    ("running", "queued"),
    ("failed", "queued"),
    ("canceled", "queued"),
    ("succeeded", "expired"),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(JobState, repeat=2)))
def test_a_state_may_follow_only_as_the_table_says(before: JobState, after: JobState):
    assert (after in MOVES[before]) == ((before, after) in ALLOWED)


async def test_a_caller_who_hangs_up_while_it_is_written_loses_no_job(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    parts = client.app[PARTS]
    stored, go_on, add = asyncio.Event(), asyncio.Event(), parts.store.add

    async def add_slowly(new: Sequence[Job], **more: Any) -> list[Job]:
        made = await add(new, **more)
        stored.set()
        await go_on.wait()
        return made

    monkeypatch.setattr(parts.store, "add", add_slowly)
    async with follow(client) as follower:
        submitting = asyncio.create_task(parts.jobs.submit(f"a fox {TINY}", {}))
        await stored.wait()
        submitting.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await submitting
        (job,) = (await parts.store.page(JobQuery())).bodies
        assert (await follower.end(job[0]))["state"] == "succeeded"


async def test_a_cancel_whose_caller_hangs_up_is_still_seen(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
):
    client = await start_server(sketch_step_ms=1000)
    parts = client.app[PARTS]
    stored, go_on, ask = asyncio.Event(), asyncio.Event(), parts.store.request_cancel

    async def ask_slowly(job_id: str) -> Job | None:
        job = await ask(job_id)
        stored.set()
        await go_on.wait()
        return job

    monkeypatch.setattr(parts.store, "request_cancel", ask_slowly)
    async with follow(client) as follower:
        (job,) = await submit(client, "a fox --size 64x64 --steps 150 --batch 1")
        await follower.until(lambda m: m["type"] == "progress")
        canceling = asyncio.create_task(parts.jobs.cancel(job["id"]))
        await stored.wait()
        canceling.cancel()
        go_on.set()
        assert (await follower.end(job["id"]))["state"] == "canceled"
        with pytest.raises(asyncio.CancelledError):
            await canceling


async def failed(parts: Parts) -> Job:
    """Return a job that failed, somewhere on its way."""
    (planned,) = await parts.planner.plan_all(f"a fox {TINY}", {})
    (job,) = await parts.store.add([planned.job("batch")])
    progress = Progress(value=0.5, step=2, steps=4)
    moved = await parts.store.move(job.id, JobState.FAILED, changes={"progress": progress})
    assert moved is not None
    return moved


async def test_a_retry_begins_at_nothing(client: Client):
    parts = client.app[PARTS]
    job = await failed(parts)
    assert (await parts.jobs.retry(job.id)).progress == Progress()


async def test_a_retry_keeps_its_place_among_the_others(start_server: StartServer):
    client = await start_server(sketch_step_ms=1000)
    parts = client.app[PARTS]
    (planned,) = await parts.planner.plan_all(f"a fox {TINY}", {})
    await parts.store.add([planned.job("batch")], priorities={planned.prompt_id: 5})
    await parts.store.move(planned.prompt_id, JobState.FAILED)
    jobs = [(await submit(client, f"a fox {TINY}"))[0]["id"] for _ in range(4)]
    await eventually(lambda: len(parts.queue) == 2)
    await parts.jobs.retry(planned.prompt_id)
    waiting = [place.id for place in parts.queue.waiting()]
    assert waiting == [planned.prompt_id, *jobs[2:]]


async def test_of_trash_and_retry_at_once_the_first_wins(client: Client):
    parts = client.app[PARTS]
    job = await failed(parts)
    removing, retrying = parts.jobs.remove(job.id), parts.jobs.retry(job.id)
    outcomes = await asyncio.gather(removing, retrying, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Job, ConflictError]
    await parts.jobs.restore(job.id)
    retrying, removing = parts.jobs.retry(job.id), parts.jobs.remove(job.id)
    outcomes = await asyncio.gather(retrying, removing, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Job, ConflictError]


async def test_a_long_line_keeps_few_plans_and_makes_every_job(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.jobs.MOST_PLANS", 2)
    parts = client.app[PARTS]
    await submit(client, f"a fox {TINY} --repeat 6")
    assert len(parts.jobs.plans) <= 2
    await eventually(lambda: parts.store.counts["succeeded"] == 6)
    await eventually(lambda: parts.jobs.plans == {})
