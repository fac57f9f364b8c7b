"""Many writers at once, crashes, and a disk that says no."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from imagine.database import jobs as jobs_table
from imagine.errors import (
    DISK_UNWRITABLE,
    StorageError,
)
from imagine.models import JobKind, utc_now
from imagine.store import SqliteJobStore
from tests.store.helpers import MOVES, add, job, numbers

# --- many at once, cancelling, crashes


async def test_two_hundred_writers_share_few_commits(store, path):
    commits: list[object] = []
    sa.event.listen(store._engine, "commit", commits.append)
    added = await asyncio.gather(*(add(store, f"number {n}") for n in range(200)))
    assert sorted(one.number for one in added) == list(range(1, 201))
    assert sorted(one.sequence for one in added) == list(range(1, 201))
    assert len(commits) <= 20
    assert store.counts["queued"] == 200


async def test_a_failing_write_does_not_spoil_those_beside_it(store):
    there = await add(store)
    outcomes = await asyncio.gather(
        add(store, "before"),
        store.add([there]),
        store.update(there.id, changes={"images": 5}),
        add(store, "after"),
        return_exceptions=True,
    )
    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == ["Job", "ConflictError", "ValidationError", "Job"]
    assert store.counts["all"] == 3
    assert len(await numbers(store)) == 3


async def test_cancelled_writers_leave_whole_batches_or_nothing(path):
    async with SqliteJobStore(path, MOVES) as store:
        writers = [
            asyncio.create_task(store.add([job(batch=f"{n}"), job(batch=f"{n}")]))
            for n in range(50)
        ]
        await writers[0]
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        await add(store)
        counts = store.counts
    async with SqliteJobStore(path, MOVES) as again:
        assert again.counts == counts
        for n in range(50):
            assert len(await numbers(again, batch=f"{n}")) in (0, 2)


async def test_what_was_committed_is_there_after_a_crash(store, path, tmp_path):
    """The files as they lie while the store is open are what a killed process leaves."""
    added = await add(store)
    left = tmp_path / "left"
    shutil.copytree(path.parent, left)
    async with SqliteJobStore(left / path.name, MOVES) as again:
        assert await again.get(added.id) == added
        assert again.sequence == store.sequence


WRITER = """
import asyncio, sys
from pathlib import Path
from imagine.models import Job, JobState, utc_now
from imagine.store import SqliteJobStore

async def main():
    moves = {state: frozenset() for state in JobState}
    async with SqliteJobStore(Path(sys.argv[1]), moves) as store:
        for n in range(100_000):
            made = Job(id=str(n), number=0, batch="b", prompt="p", canonical="c", text="t",
                       parameters={}, created_at=utc_now())
            [added] = await store.add([made])
            print(added.number, flush=True)

asyncio.run(main())
"""


def kill_a_writer(path: Path) -> list[int]:
    """Return the numbers that a writing process reported before it was killed."""
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        reported = [int(process.stdout.readline()) for _ in range(20)]
        process.kill()
        return reported + [int(line) for line in process.stdout.read().split()]


async def test_a_killed_process_loses_no_job_it_reported(path):
    reported = kill_a_writer(path)
    async with SqliteJobStore(path, MOVES) as store:
        assert store.counts["all"] >= reported[-1]
        assert store.sequence == store.counts["all"]
        added = await add(store)
        assert added.number == store.counts["all"]


async def test_two_stores_on_one_file_lose_no_update(store, path):
    """Not how it is meant to be run; but `imagine rebuild` beside a server must harm nothing."""
    async with SqliteJobStore(path, MOVES) as other:
        stores = [store, other] * 20
        await asyncio.gather(*(add(one) for one in stores))
    assert await numbers(store, limit=200) == list(range(40, 0, -1))


# --- when the disk says no


async def test_a_locked_database_is_told_and_the_next_write_works(store, path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked") as caught:
            await add(store)
        assert caught.value.hint
        assert await numbers(store) == []  # reading goes on
        other.execute("ROLLBACK")
    assert (await add(store)).number == 1


def writing_connection(store: SqliteJobStore) -> Any:
    """Return SQLite's own connection, through which a disk can be played."""
    assert store._connection is not None
    return store._connection.connection.dbapi_connection


async def test_a_read_only_database_is_told_and_harms_nothing(store):
    made = await add(store)
    writing_connection(store).execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError, match="cannot be opened for writing") as caught:
        await store.update(made.id, changes={"favorites": (0,)})
    assert "--output" in str(caught.value.hint)
    assert await store.get(made.id) == made
    assert store.sequence == 1


async def test_a_full_disk_is_told_and_harms_nothing(store):
    made = await add(store)
    raw = writing_connection(store)
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")
    outcomes = await asyncio.gather(
        *(add(store, "x" * 6000) for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(outcome, StorageError) for outcome in outcomes)
    assert "disk is full" in str(outcomes[0])
    assert store.counts["all"] == 1
    assert await store.get(made.id) == made

    raw.execute("PRAGMA max_page_count = 1000000")
    assert (await add(store)).number == 2


async def test_a_file_that_is_no_database_is_refused_with_the_next_step(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database, whatever its name says" * 100)
    with pytest.raises(StorageError, match="not a database") as caught:
        await SqliteJobStore(path, MOVES).open()
    assert "imagine rebuild" in str(caught.value.hint)


async def test_a_place_where_nothing_can_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        await SqliteJobStore(tmp_path / "file" / "imagine.db", MOVES).open()
    assert caught.value.hint


async def test_a_closed_store_says_so(path):
    store = SqliteJobStore(path, MOVES)
    async with store:
        pass
    with pytest.raises(StorageError):
        await add(store)
    with pytest.raises(StorageError):
        await store.get("any")
    async with store:  # and it can be opened again
        assert (await add(store)).number == 1


async def test_every_column_mirrors_the_snapshot(store, path):
    removed = utc_now()
    made = await add(store, kind=JobKind.PAN, favorites=(1,), deleted_at=removed)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        [row] = connection.execute("SELECT * FROM jobs").fetchall()
    assert set(row.keys()) == {column.name for column in jobs_table.columns}
    assert (row["kind"], row["starred"], row["state"]) == ("pan", 1, "queued")
    assert row["deleted_at"] == removed.isoformat()
    assert row["body"] == made.model_dump_json()


async def test_what_a_crash_left_of_a_copy_is_cleared_at_the_next_start(path):
    path.parent.mkdir()
    for name in ("imagine-before-0009-from-0008.db.part", "imagine-rebuilt.db.part-wal"):
        path.with_name(name).write_bytes(b"half")
    async with SqliteJobStore(path, MOVES):
        assert list(path.parent.glob("*.part*")) == []


def move(path: Path, _: Path) -> None:
    path.rename(path.with_name("aside.db"))


def move_folder(path: Path, elsewhere: Path) -> None:
    path.parent.rename(elsewhere)


def delete(path: Path, _: Path) -> None:
    path.unlink()


def replace(path: Path, elsewhere: Path) -> None:
    shutil.copy(path, elsewhere)
    elsewhere.replace(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the name of an open file")
@pytest.mark.parametrize("lose", [move, move_folder, delete, replace])
async def test_a_database_that_lost_its_name_takes_nothing_that_would_be_lost(
    path: Path, store: SqliteJobStore, tmp_path: Path, lose: Callable[[Path, Path], None]
):
    await add(store)
    lose(path, tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="moved away") as refusal:
        await add(store)
    assert refusal.value.error_code == DISK_UNWRITABLE
    with pytest.raises(StorageError):
        await store.probe()
    assert store.counts["all"] == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the name of an open file")
async def test_a_database_that_is_back_in_its_place_takes_writes_again(
    path: Path, store: SqliteJobStore, tmp_path: Path
):
    move_folder(path, tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        await add(store)
    move_folder(tmp_path / "elsewhere" / path.name, path.parent)
    added = await add(store)
    assert await store.get(added.id) == added
