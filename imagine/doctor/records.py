"""Checks of the database: is it ours, of a version that we know, and undamaged. It is only read."""

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from imagine.database import HEAD, storage_error
from imagine.doctor.aside import bounded
from imagine.doctor.checks import Check, failed, ok, skip_all, warning
from imagine.image_reading import holds_pictures
from imagine.storage import DiskStorage

AFTER = ("database.version", "database.sound")
# SQLite asks us after so many steps whether to go on.
STEPS = 10_000


async def check_database(path: Path, limit_s: float) -> list[Check]:
    """Return the checks of the database file of an output folder."""
    try:
        return await bounded(lambda: _look(path, limit_s), limit_s * 3, "doctor database")
    except TimeoutError:
        return skip_all(("database.file", *AFTER), "the disk does not answer")


def _look(path: Path, limit_s: float) -> list[Check]:
    if not path.exists():
        if holds_pictures(DiskStorage(path.parent)):
            return [
                failed(
                    "database.file",
                    "It is gone, and there are pictures.",
                    "Stop Imagine, if it runs. Put the database back, or run `imagine rebuild`: "
                    "the pictures hold everything needed.",
                ),
                *skip_all(AFTER, "there is no database"),
            ]
        return [
            ok("database.file", "It is not there yet; the first start makes it."),
            *skip_all(AFTER, "there is no database yet"),
        ]
    try:
        with contextlib.closing(_open(path, limit_s)) as connection:
            return _examine(connection, path, limit_s)
    except (sqlite3.Error, OSError) as error:
        return [_problem("database.file", error, path), *skip_all(AFTER, "it cannot be read")]


def _open(path: Path, limit_s: float) -> sqlite3.Connection:
    """Open a database to be read; one that was closed cleanly is not even touched by SQLite."""
    is_closed = not path.with_name(f"{path.name}-wal").exists()
    mode = "immutable=1" if is_closed else "mode=ro"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=limit_s)


def _examine(connection: sqlite3.Connection, path: Path, limit_s: float) -> list[Check]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = {name for (name,) in rows}
    found = None
    if "alembic_version" in tables:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        found = row[0] if row else None
    if tables and (found is None or "jobs" not in tables):
        return [
            failed(
                "database.file",
                f"{path} is a database of some other program.",
                "Move it away, or start Imagine with another folder: --output FOLDER.",
            ),
            *skip_all(AFTER, "it is not ours"),
        ]
    if not os.access(path, os.W_OK):
        opened = failed(
            "database.file",
            f"{path} can be read, but not written.",
            "Let the user that runs Imagine write it, or choose another folder: --output FOLDER.",
        )
    else:
        opened = ok("database.file", "It is ours, and can be opened.")
    return [opened, _version(found), _sound(connection, path, limit_s)]


def _version(found: str | None) -> Check:
    if found is None:
        return ok("database.version", "It is empty; the first start makes the tables.")
    details = {"version": found, "known": HEAD}
    if found == HEAD:
        return ok("database.version", f"It has version {found}, which is ours.", **details)
    if not found.isdecimal() or int(found) > int(HEAD):
        return failed(
            "database.version",
            f"It was written by a newer Imagine: it has version {found}, and this one knows "
            f"versions up to {HEAD}.",
            "Update Imagine, or start it with another folder: --output FOLDER.",
            **details,
        )
    return ok(
        "database.version",
        f"It has version {found}; the next start brings it to {HEAD}, and keeps a copy.",
        **details,
    )


def _sound(connection: sqlite3.Connection, path: Path, limit_s: float) -> Check:
    ends_at = time.monotonic() + limit_s
    connection.set_progress_handler(lambda: time.monotonic() > ends_at, STEPS)
    try:
        found = [text for (text,) in connection.execute("PRAGMA quick_check(5)")]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_INTERRUPT":
            return _problem("database.sound", error, path)
        return ok(
            "database.sound",
            f"It is too large to look through it all in {limit_s:g} s; what was seen is fine.",
        )
    except sqlite3.DatabaseError as error:
        return _problem("database.sound", error, path)
    finally:
        connection.set_progress_handler(None, 0)
    if found == ["ok"]:
        return ok("database.sound", "It is undamaged.")
    return failed(
        "database.sound",
        f"It is damaged: {found[0].splitlines()[-1]}.",
        "Stop Imagine, move the file away and run `imagine rebuild`: the pictures hold everything "
        "needed.",
        problems=len(found),
    )


def _problem(check_id: str, error: Exception, path: Path) -> Check:
    told = storage_error(error, path)
    if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
        return warning(check_id, told.message, told.hint or "")
    return failed(check_id, told.message, told.hint or "")
