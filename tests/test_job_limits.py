"""How long an engine may take, with the whole server in front of one that stalls."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from imagine.job_limits import JobLimits, in_words
from imagine.job_run import Run
from imagine.jobs import MOVES
from imagine.models import utc_now
from imagine.store import SqliteJobStore
from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage
from tests.following import Follower, eventually, follow, ready, submit

PROMPT = "a red fox --size 64x64 --steps 3 --batch 2 --seed 42"
LIMIT_S = 0.1


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


class OnWord(JobLimits):
    """A limit that is reached when a test says so."""

    def __init__(self) -> None:
        super().__init__(LIMIT_S)
        self.is_reached = asyncio.Event()

    async def _enforce(self, run: Run, left_s: float) -> None:
        await self.is_reached.wait()
        await super()._enforce(run, 0)


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> OnWord:
    made = OnWord()
    monkeypatch.setattr("imagine.server.JobLimits", lambda limit_s: made)
    return made


async def ended(client: Client, follower: Follower, job_id: str) -> dict[str, Any]:
    async with client.get(f"/api/jobs/{job_id}") as answer:
        job: dict[str, Any] = await answer.json()
    return job if job["finished_at"] else await follower.end(job_id)


async def test_what_takes_too_long_is_stopped_alone_and_fails_with_the_limit(
    start_server: StartServer, comfy: FakeComfy, limit: OnWord
):
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        limit.is_reached.set()
        failed = await ended(client, follower, job["id"])
        limit.is_reached.clear()
        comfy.release()
        (after,) = await submit(client, PROMPT)
        assert (await ended(client, follower, after["id"]))["state"] == "succeeded"
    assert failed["state"] == "failed"
    assert failed["error"]["code"] == "time_limit"
    assert "0.1 seconds" in failed["error"]["message"]
    assert "--job-timeout-s" in failed["error"]["hint"]
    assert set(comfy.interrupts) == {job["id"]}


async def test_pictures_that_were_done_in_time_stay(
    start_server: StartServer, comfy: FakeComfy, limit: OnWord
):
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SUCCESS)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await follower.until(lambda m: m["type"] == "job" and len(m["job"]["images"]) == 2)
        limit.is_reached.set()
        failed = await ended(client, follower, job["id"])
    assert failed["error"]["code"] == "time_limit"
    assert [image["index"] for image in failed["images"]] == [0, 1]


async def test_an_engine_that_does_not_stop_is_given_up(
    start_server: StartServer,
    comfy: FakeComfy,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setattr("imagine.job_limits.GRACE_S", LIMIT_S)
    monkeypatch.setattr("imagine.server.JobLimits", lambda limit_s: JobLimits(LIMIT_S))
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    comfy.fault_next("/interrupt", "hang_before", times=100)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        failed = await ended(client, follower, job["id"])
    assert failed["error"]["code"] == "time_limit"
    await client.close()
    async with SqliteJobStore(tmp_path / "output" / "imagine.db", MOVES) as store:
        assert await store.strays(comfy.url) == [job["id"]]


async def test_a_canceled_job_ends_even_if_its_engine_does_not_react(
    start_server: StartServer, comfy: FakeComfy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("imagine.job_limits.GRACE_S", LIMIT_S)
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await comfy.reached(Stage.SAMPLING)
        comfy.fault_next("/queue", "hang_before", times=100)
        async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
            assert answer.status == 202
        assert (await ended(client, follower, job["id"]))["state"] == "canceled"
    await client.close()
    async with SqliteJobStore(tmp_path / "output" / "imagine.db", MOVES) as store:
        assert await store.strays(comfy.url) == [job["id"]]


async def begun_long_ago(database: Path, job_id: str) -> None:
    """Write that a job was begun earlier than any limit."""
    async with SqliteJobStore(database, MOVES) as store:
        long_ago = utc_now() - timedelta(days=1)
        assert await store.update(job_id, changes={"started_at": long_ago}) is not None


@pytest.mark.parametrize(
    ("stage", "state"), [(Stage.START, "succeeded"), (Stage.SAMPLING, "failed")]
)
async def test_a_restart_gives_no_more_time_to_what_ran_and_takes_none_from_what_waited(
    start_server: StartServer, comfy: FakeComfy, tmp_path: Path, stage: Stage, state: str
):
    client = await ready(start_server, comfy)
    comfy.hold(stage)
    (job,) = await submit(client, PROMPT)
    await comfy.reached(stage)
    await client.close()
    await begun_long_ago(tmp_path / "output" / "imagine.db", job["id"])
    comfy.requests.clear()
    client = await ready(start_server, comfy)
    async with follow(client) as follower:
        await eventually(lambda: ("GET", "/queue") in comfy.requests)
        if stage is Stage.START:
            comfy.release()
        job = await ended(client, follower, job["id"])
    assert job["state"] == state
    assert (job["error"] or {}).get("code") == (None if state == "succeeded" else "time_limit")
    assert len(comfy.submitted) == 1


async def test_without_a_limit_a_job_takes_as_long_as_it_takes(
    start_server: StartServer, comfy: FakeComfy, tmp_path: Path
):
    client = await ready(start_server, comfy, job_timeout_s=0)
    comfy.hold(Stage.SAMPLING)
    (job,) = await submit(client, PROMPT)
    await comfy.reached(Stage.SAMPLING)
    await client.close()
    await begun_long_ago(tmp_path / "output" / "imagine.db", job["id"])
    client = await ready(start_server, comfy, job_timeout_s=0)
    async with follow(client) as follower:
        comfy.release()
        assert (await ended(client, follower, job["id"]))["state"] == "succeeded"
    assert comfy.interrupts == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (7200, "2 hours"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (60, "1 minute"),
        (100, "100 seconds"),
        (1, "1 second"),
    ],
)
def test_a_limit_is_told_in_words(seconds: int, words: str):
    assert in_words(seconds) == words
