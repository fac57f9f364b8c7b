"""The database file written anew: what an old one still tells, and the new one in its place.

An old file may be damaged, of an older version, or not there at all: whatever can be read of it is
taken, and the file itself is kept aside.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from imagine.database import (
    HEAD,
    counters,
    forget_old_copies,
    jobs,
    newer,
    parents,
    prepare,
    replies,
    storage_errors,
    strays,
    sync,
    version,
    writing_engine,
)
from imagine.job_rows import columns_of, lines_of
from imagine.models import Job, Marks, utc_now
from imagine.regathering import NOTHING_KNOWN, Gallery, Known, Row

# What stays as it was, when it can be read.
COPIED = (replies, strays)
GROUP = 500


@dataclass(slots=True)
class Old:
    """What an old database still tells. ``trouble`` says why that is not all."""

    known: Known = NOTHING_KNOWN
    paused: bool = False
    copied: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    trouble: str | None = None


def read_old(path: Path) -> Old:
    """Read what can be read of a database.

    Raises:
        StorageError: a newer Imagine wrote it.
    """
    old = Old()
    if not path.is_file():
        old.trouble = "There was no database before."
        return old
    rows: dict[str, Row] = {}
    sequence = number = 0
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            _refuse_newer(connection, path)
            sequence, number, old.paused = _counters(connection)
            for row in _rows(connection):
                rows[row.job.id] = row
            for table in COPIED:
                old.copied[table.name] = _copied(connection, table)
        except sqlite3.Error as error:
            old.trouble = f"The old database could not be read to its end: {error}."
    for row in rows.values():
        sequence, number = max(sequence, row.job.sequence), max(number, row.job.number)
    old.known = Known(rows, sequence, number)
    return old


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute(f"SELECT * FROM {version.name}").fetchone()
    if found is not None and found[0].isdecimal() and int(found[0]) > int(HEAD):
        raise newer(path, found[0], HEAD)


def _counters(connection: sqlite3.Connection) -> tuple[int, int, bool]:
    found = connection.execute(f"SELECT * FROM {counters.name}").fetchone()
    if found is None:
        return 0, 0, False
    values = dict(found)
    return values["sequence"], values["number"], bool(values.get("paused"))


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    """Yield the jobs that can be read; older versions lack some of their marks."""
    for row in connection.execute(f"SELECT * FROM {jobs.name} ORDER BY number"):
        values = dict(row)
        marks = {name: values[name] for name in Marks.model_fields if name in values}
        with contextlib.suppress(ValidationError):
            yield Row(Job.model_validate_json(values["body"]), Marks.model_validate(marks))


def _copied(connection: sqlite3.Connection, table: sa.Table) -> list[dict[str, Any]]:
    with contextlib.suppress(sqlite3.OperationalError):  # not there in older versions
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table.name}")]
    return []


def replace_database(path: Path, gallery: Gallery, old: Old) -> Path | None:
    """Write a new database beside the old one and put it in its place.

    Returns:
        Where the old one is kept; None when there was none.

    Raises:
        StorageError: the disk refuses; the old one is where it was.
    """
    new = path.with_name(f"{path.stem}-rebuilt{path.suffix}.part")
    with storage_errors(path):
        _clear(new)
        try:
            _write(new, gallery, old)
            kept = _keep_aside(path)
            new.replace(path)
            sync(path.parent)
        finally:
            _clear(new)
    return kept


def _write(path: Path, gallery: Gallery, old: Old) -> None:
    engine = writing_engine(path, busy_timeout_s=5.0)
    prepare(engine, path)
    rows = gallery.rows
    with engine.begin() as connection:
        for start in range(0, len(rows), GROUP):
            group = rows[start : start + GROUP]
            columns = [{**columns_of(row.job), **row.marks.model_dump()} for row in group]
            connection.execute(sa.insert(jobs), columns)
            if lines := [line for row in group for line in lines_of(row.job)]:
                connection.execute(sa.insert(parents), lines)
        for table in COPIED:
            if copied := old.copied.get(table.name):
                connection.execute(sa.insert(table), copied)
        counted = {
            "sequence": gallery.sequence,
            "number": gallery.number,
            "paused": old.paused,
        }
        connection.execute(sa.update(counters).values(counted))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as emptied:
        emptied.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sync(path)


def _keep_aside(path: Path) -> Path | None:
    """Give an old database a second name; what stands beside it goes along."""
    if not path.exists():
        return None
    # A log that is still there would be read into the new file.
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stem = f"{path.stem}-before-rebuild-"
    kept = path.with_name(f"{stem}{utc_now():%Y-%m-%dT%H-%M-%S-%f}{path.suffix}")
    try:
        os.link(path, kept)
    except OSError:  # a disk without links
        shutil.copy2(path, kept)
    for ending in ("-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.replace(kept.with_name(kept.name + ending))
    forget_old_copies(path.parent, f"{stem}*{path.suffix}")
    return kept


def _clear(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
