"""Whoever looks sees the same: a crowd that comes and goes, and three ways to follow a job."""

import asyncio
import random
from functools import partial
from typing import Any

import pytest

from bench.clients import Pool
from bench.watching import Crowd, make_jobs
from imagine.events import LOG_BYTES, LocalEventBus
from imagine.models import Job
from tests.conftest import SMALL, Client, StartServer
from tests.following import events, follow, submit

JOBS = 40


@pytest.mark.parametrize(
    ("watchers", "log_bytes"), [(60, LOG_BYTES), (20, 20_000)], ids=["a long log", "a short log"]
)
async def test_a_crowd_that_comes_and_goes_misses_nothing_and_agrees_in_the_end(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, watchers: int, log_bytes: int
):
    told: list[Job] = []

    class Noting(LocalEventBus):
        def stored(self, job: Job) -> None:
            told.append(job)
            super().stored(job)

    monkeypatch.setattr("imagine.server.LocalEventBus", partial(Noting, log_bytes=log_bytes))
    client = await start_server()
    url = str(client.make_url("")).rstrip("/")
    chance = random.Random(log_bytes)
    crowd, pool = Crowd(url, watchers, chance), Pool(url)

    def prompt(number: int) -> str:
        return f"fox {number} {SMALL} --batch 2 --steps 5"

    goal = await crowd.watch(lambda: make_jobs(crowd, pool, JOBS, prompt, chance))
    await pool.close()
    changes = [(job.sequence, job.id) for job in told]
    assert goal == changes[-1][0]
    is_whole = log_bytes == LOG_BYTES
    if is_whole:
        assert crowd.witness.heard == changes
    assert crowd.witness.troubles == []
    assert crowd.troubles(changes, whole=is_whole) == []
    ends: dict[str, Any] = {job.id: job for job in told}
    known = crowd.witness.jobs
    assert {job: sequence for job, (sequence, _) in known.items()} == {
        job: end.sequence for job, end in ends.items()
    }
    assert len(known) == JOBS
    assert sum(watcher.joins for watcher in crowd.watchers) > 2 * watchers
    assert sum(watcher.restarts for watcher in crowd.watchers) == 0


async def test_socket_events_and_polling_tell_the_same_of_a_job(start_server: StartServer):
    client = await start_server(sketch_step_ms=2)
    chance = random.Random(1)
    jobs = [(await submit(client, f"fox {n} {SMALL} --steps 8"))[0]["id"] for n in range(3)]
    canceled = (await submit(client, f"an owl {SMALL}"))[0]["id"]
    async with client.post(f"/api/jobs/{canceled}/cancel") as answer:
        assert answer.status in (200, 202)
    found = await asyncio.gather(
        *(
            way(client, job, random.Random(chance.random()))
            for job in (*jobs, canceled)
            for way in (by_socket, by_events, by_polling)
        )
    )
    ends = [values[-1] for values in found]
    assert [end["state"] for end in ends] == ["succeeded"] * 9 + ["canceled"] * 3
    for one, two, three in zip(ends[::3], ends[1::3], ends[2::3], strict=True):
        assert one == two == three
    for told in found[:9]:
        values = [job["progress"]["value"] for job in told]
        assert values == sorted(values)
        assert [job["sequence"] for job in told] == sorted(job["sequence"] for job in told)
        assert values[-1] == 1


Told = list[dict[str, Any]]


def is_over(told: Told) -> bool:
    return bool(told) and told[-1]["state"] not in ("queued", "running")


def stepped(told: Told, progress: dict[str, Any]) -> dict[str, Any]:
    """Return the job as it is after a step."""
    return told[-1] | {"progress": {"value": progress["value"]}}


async def by_socket(client: Client, job_id: str, chance: random.Random) -> Told:
    """Follow a job, cut off again and again; return what was known of it, one after the other."""
    told: Told = []
    since: int | None = None
    while not is_over(told):
        query = f"?previews=0&job={job_id}" + ("" if since is None else f"&since={since}")
        async with follow(client, query) as follower:
            start = follower.messages[0]["sequence"]
            for _ in range(chance.randint(1, 30)):
                match await follower.read() or {}:
                    case {"type": "snapshot", "jobs": [job]}:
                        told.append(job)
                        since = start
                    case {"type": "job", "job": job}:
                        told.append(job)
                        since = job["sequence"]
                    case {"type": "progress"} as progress:
                        told.append(stepped(told, progress))
                    case _:
                        pass
                if is_over(told):
                    break
    return told


async def by_events(client: Client, job_id: str, chance: random.Random) -> Told:
    """Follow a job as an EventSource does that loses its connection; until it is answered 204."""
    told: Told = []
    last: int | None = None
    while True:
        async with events(client, job_id, last) as stream:
            if stream.answer.status == 204:
                return told
            left = chance.randint(1, 30)
            async for event in stream:
                if event.kind == "job":
                    told.append(event.data["job"])
                    last = event.id
                else:
                    told.append(stepped(told, event.data))
                left -= 1
                if not left:
                    break


async def by_polling(client: Client, job_id: str, chance: random.Random) -> Told:
    """Ask for a job, now alone and now in a list, until it is over."""
    told: Told = []
    while not is_over(told):
        if chance.random() < 0.5:
            async with client.get(f"/api/jobs/{job_id}") as answer:
                told.append(await answer.json())
        else:
            async with client.get(f"/api/jobs?id={job_id}") as answer:
                (job,) = (await answer.json())["jobs"]
                told.append(job)
    return told
