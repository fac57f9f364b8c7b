"""A disk that is full, or refuses: the line pauses with the reason, and nothing is lost."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imagine.app_keys import PARTS
from imagine.disk import MB, Disk
from imagine.errors import DISK_FULL, StorageError
from imagine.job_queue import MemoryQueue, Pause
from tests.conftest import SMALL, Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage
from tests.following import Follower, eventually, follow, ready, submit

PROMPT = "a red fox --size 64x64 --steps 3 --batch 2 --seed 42"
FULL = StorageError("The disk is full, so this was not saved.", code=DISK_FULL)
BROKEN = StorageError("output/images cannot be written.")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagine.disk.EVERY_S", 0.02)
    monkeypatch.setattr("imagine.disk.TROUBLED_S", 0.02)
    monkeypatch.setattr("imagine.disk.POLL_S", 0.01)


# --- by itself


class Usage(NamedTuple):
    free: int


class Bench:
    """A disk of which a test says how much is free and what a probe finds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.free_mb: int | None = 1000
        self.trouble: StorageError | None = None
        self.probes = 0
        self.changes = 0
        self.queue = MemoryQueue(10)
        monkeypatch.setattr(shutil, "disk_usage", self._usage)
        self.disk = Disk(
            (folder,), least_mb=200, queue=self.queue, probes=(self._probe,), changed=self._changed
        )

    def _usage(self, _: Path) -> Usage:
        if self.free_mb is None:
            raise FileNotFoundError
        return Usage(self.free_mb * MB)

    async def _probe(self) -> None:
        self.probes += 1
        if self.trouble is not None:
            raise self.trouble

    def _changed(self) -> None:
        self.changes += 1

    @property
    def state(self) -> str:
        return str(self.disk.health()["state"])

    @property
    def reason(self) -> Pause | None:
        return self.queue.paused


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(monkeypatch, tmp_path)
    async with bench.disk:
        yield bench


async def test_too_little_room_pauses_and_some_more_than_the_least_resumes(
    bench: Bench, tmp_path: Path
):
    bench.free_mb = 199
    await bench.disk.look()
    assert bench.reason is not None
    assert bench.reason.code == "disk_full"
    assert not bench.reason.by_hand
    reason = bench.reason.message
    for told in (str(tmp_path), "199 MB", "200 MB"):
        assert told in reason
    assert bench.reason.hint
    assert bench.disk.health() == {"state": "full", "free_mb": 199, "reason": reason}
    bench.free_mb = 224  # a line that stops and goes all the time helps nobody
    await bench.disk.look()
    assert "224 MB" in bench.disk.health()["reason"]
    bench.free_mb = 225
    await bench.disk.look()
    assert (bench.state, bench.changes) == ("ok", 1)
    assert bench.queue.paused is None


async def test_while_all_is_well_nothing_is_written_to_try(bench: Bench):
    for _ in range(3):
        await bench.disk.look()
    assert bench.probes == 0


async def test_room_alone_does_not_resume_when_writing_fails(bench: Bench):
    bench.disk.refused(FULL)
    assert bench.state == "full"  # at once
    bench.trouble = BROKEN
    await bench.disk.look()
    assert bench.state == "unwritable"
    assert bench.reason is not None
    assert "output/images" in bench.reason.message
    bench.trouble = None
    await bench.disk.look()
    assert bench.state == "ok"


async def test_a_folder_that_cannot_be_measured_is_tried(bench: Bench):
    bench.free_mb, bench.trouble = None, BROKEN
    await bench.disk.look()
    assert bench.disk.health()["free_mb"] is None
    assert bench.state == "unwritable"


async def test_a_locked_database_is_no_trouble_of_the_disk(bench: Bench):
    bench.disk.refused(StorageError("Another program keeps it locked."))
    assert bench.state == "ok"


async def test_what_waits_is_done_when_it_can_be_and_only_then_the_line_goes_on(bench: Bench):
    outcomes: list[StorageError | str] = [FULL, BROKEN, "done"]

    async def work() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, StorageError):
            raise outcome
        assert bench.reason is not None
        return outcome

    waiting = asyncio.create_task(bench.disk.patient(work, lambda: False))
    await eventually(lambda: bench.state == "full")
    while not waiting.done():
        await bench.disk.look()  # a probe finds nothing, and knows less than what waits
        await asyncio.sleep(0)
        assert waiting.done() or bench.reason is not None
    assert await waiting == "done"
    await bench.disk.look()
    assert bench.reason is None


async def test_what_waits_can_be_given_up(bench: Bench):
    given_up = False

    async def work() -> None:
        raise FULL

    bench.trouble = FULL
    waiting = asyncio.create_task(bench.disk.patient(work, lambda: given_up))
    await eventually(lambda: bench.state == "full")
    given_up = True
    with pytest.raises(StorageError):
        await waiting
    bench.trouble = None
    await bench.disk.look()
    assert bench.state == "ok"


# --- a whole server, whose day is in the way


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


class Block:
    """Files stand where the folders of today and tomorrow should be."""

    def __init__(self, output: Path) -> None:
        now = datetime.now(UTC)
        days = (now.date(), (now + timedelta(days=1)).date())
        self.paths = [output / "images" / day.isoformat() for day in days]

    def put(self) -> None:
        for path in self.paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("in the way")

    def clear(self) -> None:
        for path in self.paths:
            path.unlink()


@pytest.fixture
def block(tmp_path: Path) -> Block:
    return Block(tmp_path / "output")


async def health(client: Client) -> dict[str, Any]:
    async with client.get("/api/health") as answer:
        told: dict[str, Any] = await answer.json()
    return told


async def get(client: Client, job_id: str) -> dict[str, Any]:
    async with client.get(f"/api/jobs/{job_id}") as answer:
        job: dict[str, Any] = await answer.json()
    return job


async def paused(follower: Follower) -> dict[str, Any]:
    told = await follower.until(lambda m: m["type"] == "queue" and m["paused"])
    reason: dict[str, Any] = told["reason"]
    return reason


async def ended(client: Client, follower: Follower, job_id: str) -> dict[str, Any]:
    """Return a job at its end, whether it has come already or not."""
    now = await get(client, job_id)
    return now if now["finished_at"] else await follower.end(job_id)


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


def pictures(output: Path) -> list[str]:
    return sorted(path.name for path in (output / "images").rglob("*.png"))


async def test_a_picture_that_cannot_be_written_waits_and_so_do_other_jobs(
    start_server: StartServer, comfy: FakeComfy, block: Block, tmp_path: Path
):
    client = await ready(start_server, comfy)
    block.put()
    async with follow(client) as follower:
        jobs = [(await submit(client, f"{PROMPT}{n}"))[0]["id"] for n in range(4)]
        reason = await paused(follower)
        assert reason["code"] == "disk_unwritable"
        assert not reason["by_hand"]
        told = await health(client)
        assert told["status"] == "degraded"
        assert told["disk"]["state"] == "unwritable"
        assert told["disk"]["reason"] == reason["message"]
        assert isinstance(told["disk"]["free_mb"], int)
        await comfy.reached(Stage.END, jobs[0])
        assert (await get(client, jobs[0]))["state"] == "running"
        async with client.post("/api/queue/resume") as answer:
            assert answer.status == 409
        assert len(comfy.ran) <= 2
        block.clear()
        ends = [await ended(client, follower, job_id) for job_id in jobs]
    assert [job["state"] for job in ends] == ["succeeded"] * 4
    assert [len(job["images"]) for job in ends] == [2] * 4
    assert len(comfy.ran) == 4  # what an engine had not begun may have been taken back
    assert len(pictures(tmp_path / "output")) == 8
    assert (await health(client))["disk"]["state"] == "ok"


async def test_a_job_whose_pictures_wait_can_be_canceled(
    start_server: StartServer, comfy: FakeComfy, block: Block
):
    client = await ready(start_server, comfy)
    block.put()
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await paused(follower)
        await comfy.reached(Stage.END, job["id"])
        async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
            assert answer.status in (200, 202)
        assert (await follower.end(job["id"]))["state"] == "canceled"
        await follower.until(lambda m: m["type"] == "queue" and not m["paused"])


@pytest.mark.parametrize("engine_restarts", [False, True])
async def test_a_restart_while_pictures_wait_fetches_them_or_makes_them_again(
    start_server: StartServer,
    comfy: FakeComfy,
    block: Block,
    tmp_path: Path,
    engine_restarts: bool,
):
    client = await ready(start_server, comfy)
    block.put()
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await paused(follower)
        await comfy.reached(Stage.END, job["id"])
    await client.close()
    if engine_restarts:
        await comfy.restart()
    block.clear()
    client = await ready(start_server, comfy)
    async with follow(client) as follower:
        last = await ended(client, follower, job["id"])
    assert last["state"] == "succeeded"
    assert len(last["images"]) == 2
    assert last["attempt"] == len(comfy.submitted) == (2 if engine_restarts else 1)
    assert len(pictures(tmp_path / "output")) == 2


async def test_an_engine_that_restarts_while_pictures_wait_still_has_them(
    start_server: StartServer, comfy: FakeComfy, block: Block
):
    client = await ready(start_server, comfy)
    block.put()
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        await paused(follower)
        await comfy.reached(Stage.END, job["id"])
        await eventually(lambda: not comfy.running)
        await comfy.restart()
        block.clear()
        last = await ended(client, follower, job["id"])
    assert (last["state"], len(last["images"])) == ("succeeded", 2)


async def test_an_engine_that_dies_with_a_picture_makes_it_again(
    start_server: StartServer, comfy: FakeComfy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagine.job_pictures.RETRY_S", 0.01)
    client = await ready(start_server, comfy)
    comfy.fault_next("/view", 503, times=8)
    async with follow(client) as follower:
        (job,) = await submit(client, PROMPT)
        last = await ended(client, follower, job["id"])
    assert (last["state"], len(last["images"])) == ("succeeded", 2)
    assert last["attempt"] == 2


# --- a database that cannot grow


def limit_pages(client: Client, most: int) -> None:
    connection = client.app[PARTS].store._connection
    assert connection is not None
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(f"PRAGMA max_page_count = {most}")


async def test_a_full_database_refuses_a_prompt_whole_and_takes_it_later(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    limit_pages(client, 1)  # no more than it has
    body = {"prompt": "fox " * 1400 + PROMPT}
    async with client.post("/api/imagine", json=body) as answer:
        told = await answer.json()
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
    assert told["error"]["code"] == "disk_full"
    assert told["error"]["hint"]
    assert (await health(client))["queue"]["waiting"] == 0
    limit_pages(client, 1_000_000)
    async with follow(client) as follower:
        (job,) = await submit(client, body["prompt"])
        assert (await follower.end(job["id"]))["state"] == "succeeded"
    assert len(comfy.submitted) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the name of an open file")
async def test_an_output_folder_that_was_moved_away_takes_nothing_until_it_is_back(
    start_server: StartServer, comfy: FakeComfy, tmp_path: Path
):
    client = await ready(start_server, comfy)
    output = tmp_path / "output"
    async with follow(client) as follower:
        (first,) = await submit(client, PROMPT)
        await comfy.reached(Stage.START, first["id"])
        output.rename(tmp_path / "elsewhere")
        async with client.post("/api/imagine", json={"prompt": PROMPT}) as answer:
            assert answer.status == 503
            assert (await answer.json())["error"]["code"] == "disk_unwritable"
        reason = await paused(follower)
        assert reason["code"] == "disk_unwritable"
        await comfy.reached(Stage.END, first["id"])
        assert not output.exists()
        (tmp_path / "elsewhere").rename(output)
        end = await ended(client, follower, first["id"])
    assert end["state"] == "succeeded"
    assert len(pictures(output)) == len(end["images"]) == 2


# --- a real disk of 2 MB


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    images = tmp_path / "output" / "images"
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a disk")
    images.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(images)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this container may not mount a disk")
    yield images
    subprocess.run(["umount", "-l", str(images)], check=True)


def fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


@pytest.mark.parametrize("least_mb", [0, 1])
async def test_a_full_disk_loses_nothing_and_nothing_is_made_twice(
    start_server: StartServer, small_disk: Path, tmp_path: Path, least_mb: int
):
    client = await start_server(min_free_mb=least_mb)
    async with follow(client) as follower:
        first = (await submit(client, f"a fox {SMALL} --steps 2"))[0]["id"]
        await follower.until(lambda m: m["type"] == "job" and m["job"]["images"])
        fill(small_disk / "filler")
        jobs = [first]
        jobs += [(await submit(client, f"fox {n} {SMALL} --steps 2"))[0]["id"] for n in range(4)]
        reason = await paused(follower)
        assert reason["code"] == "disk_full"
        assert str(tmp_path / "output") in reason["message"]
        (small_disk / "filler").unlink()
        await eventually(lambda: client.app[PARTS].disk.health()["state"] == "ok")
        ends = [await ended(client, follower, job_id) for job_id in jobs]
    assert [job["state"] for job in ends] == ["succeeded"] * 5
    assert [len(job["images"]) for job in ends] == [4] * 5
    assert len(pictures(tmp_path / "output")) == 20
    assert leftovers(small_disk) == []
