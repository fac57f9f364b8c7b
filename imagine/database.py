"""The database file: its tables, how it is opened, brought up to date, and what its errors mean.

Apart from `imagine.store`, which only asks and writes, so that migrations can read the tables
without the store, and so that another database one day needs another page like this one.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from imagine.errors import DISK_FULL, DISK_UNWRITABLE, StorageError

# The newest revision in imagine/migrations; `create_all` makes exactly this.
HEAD = "0003"
MIGRATIONS = Path(__file__).parent / "migrations"

# Its name in an output folder.
DATABASE = "imagine.db"

# So many copies of earlier databases are kept, of each kind.
COPIES = 3

metadata = sa.MetaData()

jobs = sa.Table(
    "jobs",
    metadata,
    # The order of the gallery, and SQLite's own row key: a page is a walk along the table.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("batch", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    # Case-folded prompt and canonical prompt: what a search looks through.
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("starred", sa.Boolean, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("prompt_id", sa.Text),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("deleted_at", sa.Text),
    # The whole job as the JSON that readers get, so that a page is joining strings.
    sa.Column("body", sa.Text, nullable=False),
    # Asked to be kept out of sight (--stealth). Columns of later versions stand at the end.
    sa.Column("stealth", sa.Boolean, nullable=False, server_default=sa.text("0")),
    # Which engine has the present attempt.
    sa.Column("engine_url", sa.Text),
    # How often an engine lost it, and whether it was tried again after one ran out of memory.
    sa.Column("losses", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("oom_retried", sa.Boolean, nullable=False, server_default=sa.text("0")),
)

# Which picture each job grew from, so that those who grew from a job are found as well. A parent
# may be gone: the files of a gallery can be brought together from several places.
parents = sa.Table(
    "parents",
    metadata,
    sa.Column("child", sa.Text, primary_key=True),
    sa.Column("parent", sa.Text, primary_key=True),
    sa.Column("image", sa.Integer, primary_key=True, autoincrement=False),
)
sa.Index("parents_parent", parents.c.parent, parents.c.child, parents.c.image)

# What was answered to requests with an Idempotency-Key.
replies = sa.Table(
    "replies",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False, index=True),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    # The owner paused the line.
    sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.text("0")),
)

# Attempts that were given up while their engine was out of reach. Should it still know them when
# it is back, they are stopped there, for another attempt is alive.
strays = sa.Table(
    "strays",
    metadata,
    sa.Column("prompt_id", sa.Text, primary_key=True),
    sa.Column("engine_url", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
)
sa.Index("strays_engine_url", strays.c.engine_url)

# Alembic's own table, in a metadata of its own because alembic makes and compares it itself.
version = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def _index(name: str, *columns: str, only: sa.ColumnElement[bool] | None = None) -> None:
    sa.Index(
        name, *(jobs.c[column] for column in columns), sqlite_where=only, postgresql_where=only
    )


# One index for each filter of the gallery, ending in the key that it is paged by.
_live = jobs.c.deleted_at.is_(None)
_index("jobs_live", "number", only=_live)
_index("jobs_state", "state", "number", only=_live)
_index("jobs_kind", "kind", "number", only=_live)
_index("jobs_batch", "batch", "number", only=_live)
_index("jobs_starred", "starred", "number", only=sa.and_(jobs.c.starred, _live))
_index("jobs_stealth", "stealth", "number", only=sa.and_(jobs.c.stealth, _live))
_index("jobs_trash", "number", only=jobs.c.deleted_at.is_not(None))
_index("jobs_sequence", "sequence")
_index("jobs_prompt_id", "prompt_id")


@contextlib.contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Keep other servers out of an output folder during the block: they would run its jobs again.

    The lock is SQLite's own, on a file beside the database: it works on every system, and is gone
    with the process, however that ends.

    Raises:
        StorageError: another server is in there, or the folder cannot be written.
    """
    path = folder / "imagine.lock"
    with storage_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    with contextlib.closing(connection):
        with storage_errors(path):
            _lock(connection, folder)
        yield


def _lock(connection: sqlite3.Connection, folder: Path) -> None:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise StorageError(
            f"Another Imagine is running with the folder {folder}.",
            hint="Use that one, or start this one with another folder: --output FOLDER.",
        ) from error


def writing_engine(path: Path, *, busy_timeout_s: float) -> sa.Engine:
    """Return an engine whose transactions take the write lock when they begin.

    SQLite's default takes it at the first write, after the reads, and so loses updates between
    processes without an error.
    """
    engine = _engine(path, busy_timeout_s)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reading_engine(path: Path, *, busy_timeout_s: float) -> sa.Engine:
    """Return an engine for single SELECTs: no transaction around them, and no writing."""
    engine = _engine(path, busy_timeout_s, isolation_level="AUTOCOMMIT")

    @sa.event.listens_for(engine, "connect")
    def query_only(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    return engine


def _engine(path: Path, busy_timeout_s: float, **options: Any) -> sa.Engine:
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, poolclass=sa.NullPool, **options)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        connection.execute(f"PRAGMA busy_timeout = {round(busy_timeout_s * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        # What was answered with 202 outlives a power cut too; the writes of a group share the wait.
        connection.execute("PRAGMA synchronous = FULL")

    return engine


def prepare(engine: sa.Engine, path: Path, *, head: str = HEAD, scripts: Path = MIGRATIONS) -> None:
    """Create the tables in an empty file, or bring those of an older version up to date.

    Raises:
        StorageError: the file is of a newer version, or not ours.
    """
    with engine.connect() as connection:
        found = _found_version(connection, path)
    if found is None:
        with engine.begin() as connection:
            _create(connection, head)
    elif found != head:
        if not found.isdecimal() or int(found) > int(head):
            raise newer(path, found, head)
        _migrate(engine, path, found, head, scripts)


def newer(path: Path, found: str, head: str) -> StorageError:
    """Return the refusal of a database that only a newer version can read."""
    return StorageError(
        f"{path} was written by a newer Imagine: it has version {found}, and this one "
        f"knows versions up to {head}.",
        hint="Update Imagine, or start it with another folder: --output FOLDER.",
    )


def _found_version(connection: sa.Connection, path: Path) -> str | None:
    """Return the version that the file is stamped with; None when it is empty."""
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        return None
    found: str | None = None
    if version.name in tables:
        found = connection.execute(sa.select(version.c.version_num)).scalar_one_or_none()
    if found is None:
        raise StorageError(
            f"{path} is a database of some other program.",
            hint="Move it away, or start Imagine with another folder: --output FOLDER.",
        )
    return found


def _create(connection: sa.Connection, head: str) -> None:
    metadata.create_all(connection)
    version.create(connection, checkfirst=True)
    # Another process may have been first, between our look and our lock.
    if connection.scalar(sa.select(version.c.version_num)) is None:
        connection.execute(sa.insert(version).values(version_num=head))
        connection.execute(sa.insert(counters).values(id=1, sequence=0, number=0))


def _migrate(engine: sa.Engine, path: Path, found: str, head: str, scripts: Path) -> None:
    backup = path.with_name(f"{path.stem}-before-{head}-from-{found}{path.suffix}")
    try:
        _back_up(path, backup)
    except (sqlite3.Error, OSError) as error:
        told = storage_error(error, path)
        raise StorageError(
            f"{path} is of version {found} and was not brought to {head}, because it could not be "
            f"copied first. {told.message}",
            hint=f"Nothing was changed. {told.hint}",
            code=told.error_code,
        ) from error
    forget_old_copies(path.parent, f"{path.stem}-before-*-from-*{path.suffix}")
    # Here, because importing alembic takes a third of a second that other starts can spare.
    from imagine.migrations import upgrade

    try:
        with engine.begin() as connection:
            upgrade(connection, head, scripts)
    except Exception as error:
        raise StorageError(
            f"{path} could not be brought from version {found} to {head}: {error}",
            hint=f"Nothing was changed, and a copy is in {backup.name}. Please report this.",
        ) from error


def _back_up(path: Path, backup: Path) -> None:
    """Copy a database through SQLite, so that what still stands in its log comes along."""
    part = backup.with_name(f"{backup.name}.part")
    part.unlink(missing_ok=True)
    try:
        with (
            contextlib.closing(sqlite3.connect(path)) as source,
            contextlib.closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target)
        sync(part)
        part.replace(backup)
    finally:
        part.unlink(missing_ok=True)


def file_identity(path: Path) -> tuple[int, int]:
    """Return what tells a file from another one that comes into its place."""
    found = path.stat()
    return found.st_dev, found.st_ino


def check_place(path: Path, identity: tuple[int, int]) -> None:
    """See that an open database still has its name: what is written to one without is lost.

    Raises:
        StorageError: the file was moved away, deleted or replaced.
    """
    with storage_errors(path), contextlib.suppress(FileNotFoundError):
        if file_identity(path) == identity:
            return
    raise StorageError(
        f"{path} was moved away, replaced or deleted while Imagine had it open.",
        hint="Put it back. If it is gone, stop Imagine and run `imagine rebuild`: the pictures "
        "hold everything needed.",
        code=DISK_UNWRITABLE,
    )


def sync(path: Path) -> None:
    """See that a file, or the names in a folder, are on the disk; where a system can do that."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def forget_old_copies(folder: Path, pattern: str) -> None:
    """Keep the newest copies of a database, and remove those before."""
    copies = sorted(folder.glob(pattern), key=lambda copy: copy.stat().st_mtime)
    for copy in copies[:-COPIES]:
        for path in folder.glob(f"{copy.name}*"):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the database or the disk says inside the block into one sentence."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error, OSError) as error:
        raise storage_error(error, path) from error


def storage_error(error: Exception, path: Path) -> StorageError:
    """Return the sentence and the next step for an error of the database or the disk."""
    cause = getattr(error, "orig", error)
    name = getattr(cause, "sqlite_errorname", type(cause).__name__).removeprefix("SQLITE_")
    # Extended names such as READONLY_DIRECTORY or IOERR_WRITE mean their first word.
    match name.split("_")[0]:
        case "FULL":
            return StorageError(
                "The disk is full, so the change was not saved.",
                hint=f"Free some space for {path.parent}; what was saved before is safe.",
                code=DISK_FULL,
            )
        case "BUSY" | "LOCKED":
            return StorageError(
                f"Another program keeps {path} locked.",
                hint="Close the other Imagine or database tool that has it open, then try again.",
            )
        case "CORRUPT" | "NOTADB":
            return StorageError(
                f"{path} is damaged, or not a database.",
                hint="Stop Imagine, move the file away and run `imagine rebuild`: the pictures "
                "hold everything needed.",
            )
        case "READONLY" | "CANTOPEN" | "PERM" | "AUTH":
            return StorageError(
                f"{path} cannot be opened for writing.",
                hint="Allow writing there, or start Imagine with another folder: --output FOLDER.",
                code=DISK_UNWRITABLE,
            )
        case _:
            return StorageError(
                f"{path} could not be read or written: {cause}",
                hint="Check the disk and the folder's permissions, then try again.",
            )
