"""Resuming from the log: each change once, in order, and none left out."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagine.events import LocalEventBus
from imagine.jobs import MOVES
from imagine.models import Job
from imagine.store import SqliteJobStore
from tests.samples import a_job


class Ground:
    """A store that tells a bus, and the list of all it ever told."""

    def __init__(self, path: Path, log_bytes: int) -> None:
        self.told: list[Job] = []
        self.bus = LocalEventBus(log_bytes=log_bytes)
        self.store = SqliteJobStore(path, MOVES, told=self._tell)

    def _tell(self, job: Job) -> None:
        self.told.append(job)
        self.bus.stored(job)

    def since(self, sequence: int, jobs: frozenset[str] = frozenset()) -> list[int]:
        """The sequences told after one, of some jobs or of all."""
        return [
            j.sequence for j in self.told if j.sequence > sequence and (not jobs or j.id in jobs)
        ]


@pytest.fixture(params=[2**20, 40_000], ids=["a long log", "a short log"])
async def ground(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    ground = Ground(tmp_path / "imagine.db", request.param)
    async with ground.store:
        yield ground


async def test_writes_and_joins_at_random_leave_neither_gap_nor_double(ground: Ground):
    chance = random.Random(7)
    jobs = await ground.store.add([a_job() for _ in range(5)])
    resumed = missed = 0
    writing = asyncio.create_task(write(ground.store, jobs, 400, random.Random(8)))

    async def visit() -> None:
        """Join somewhere, read a few times while others write, and compare."""
        nonlocal resumed, missed
        since = chance.randint(0, ground.bus.sequence)
        wanted = frozenset(job.id for job in jobs if chance.random() < 0.3)
        with ground.bus.listen(wanted, since=since) as listener:
            missed += not listener.resumed
            resumed += listener.resumed
            begin = since if listener.resumed else listener.start
            heard: list[int] = []
            for _ in range(chance.randint(1, 6)):
                if heard == ground.since(begin, wanted):  # nothing to wait for, perhaps never
                    await asyncio.sleep(0)
                    continue
                heard += [m.sequence or 0 for m in await listener.read()]
                assert listener.is_open
                assert heard == ground.since(begin, wanted)

    while not writing.done():
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(visit())
    await writing
    assert [job.sequence for job in ground.told] == sorted({job.sequence for job in ground.told})
    assert resumed
    assert bool(missed) == (ground.bus.floor > 0)


async def write(store: SqliteJobStore, jobs: list[Job], count: int, chance: random.Random) -> None:
    """Write so many changes, some of them together, some refused."""
    while count > 0:
        together = chance.randint(1, 6)
        count -= together
        async with asyncio.TaskGroup() as group:
            for _ in range(together):
                stale = 7 if chance.random() < 0.2 else None
                changes = {"favorites": (chance.randrange(4),)}
                write = store.update(chance.choice(jobs).id, attempt=stale, changes=changes)
                group.create_task(write)


async def test_a_sequence_of_the_future_or_from_before_the_log_is_not_resumed(ground: Ground):
    (job,) = await ground.store.add([a_job()])
    for number in range(4):
        await ground.store.update(job.id, changes={"favorites": (number,)})
    known = ground.bus.sequence
    for since, resumed in ((known, True), (known + 1, False), (0, True)):
        with ground.bus.listen(since=since) as listener:
            assert listener.resumed is resumed
    while ground.bus.floor == 0:
        await ground.store.update(job.id, changes={"text": "fox " * 10_000})
    with ground.bus.listen(since=0) as listener:
        assert not listener.resumed


async def test_after_a_restart_the_log_begins_where_the_store_is(tmp_path: Path):
    before = Ground(tmp_path / "imagine.db", 2**20)
    async with before.store:
        (job,) = await before.store.add([a_job()])
        await before.store.update(job.id, changes={"favorites": (1,)})
    after = Ground(tmp_path / "imagine.db", 2**20)
    async with after.store:
        after.bus.start(after.store.sequence)
        for since, resumed in ((1, False), (2, True), (3, False)):
            with after.bus.listen(since=since) as listener:
                assert listener.resumed is resumed
        await after.store.update(job.id, changes={"favorites": (2,)})
        with after.bus.listen(since=2) as listener:
            assert [m.sequence for m in await listener.read()] == [3]
            assert after.bus.told(job.id) == (3, (await after.store.get_body(job.id)))


async def test_the_log_gives_up_its_oldest_beyond_its_bytes():
    bus = LocalEventBus(log_bytes=10_000)
    one, two = a_job(sequence=1), a_job()
    bus.stored(one)
    assert bus.told(one.id) is not None
    for sequence in range(2, 30):
        bus.stored(two.model_copy(update={"sequence": sequence}))
    assert bus.told(one.id) is None
    kept = bus.sequence - bus.floor
    assert 0 < kept * len(two.model_dump_json()) < 10_000
    assert bus.told(two.id) is not None
