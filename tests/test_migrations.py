"""A database of any version is brought to this one, or refused."""

import contextlib
import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from imagine.database import HEAD, MIGRATIONS, prepare, writing_engine
from imagine.errors import StorageError
from imagine.migrations import upgrade

SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("mood", sa.Text, nullable=False, server_default="calm"))
    if op.get_bind().scalar(sa.text("SELECT number FROM counters")) == 13:
        raise ValueError("thirteen")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "imagine.db"


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The migrations, and one more than there are."""
    folder = tmp_path / "100% more"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "0004_mood.py").write_text(SECOND)
    return folder


Rows = list[tuple[object, ...]]


def execute(path: Path, statement: str, *values: object) -> Rows:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


INDEXES = """
    SELECT listed.name, listed."unique", listed.origin, made.sql
    FROM pragma_index_list(?) AS listed JOIN sqlite_master AS made USING (name) ORDER BY 1
"""


def schema(path: Path) -> dict[object, Rows]:
    """Every table's columns and indexes, however the statements were spelled that made them."""
    found: dict[object, Rows] = {}
    for (table,) in execute(path, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = execute(path, "SELECT * FROM pragma_table_xinfo(?)", table)
        found[table] = columns + execute(path, INDEXES, table)
    return found


def make(path: Path) -> None:
    prepare(writing_engine(path, busy_timeout_s=1), path)


def test_migrating_an_empty_database_equals_creating_one(path, tmp_path):
    make(path)
    migrated = tmp_path / "migrated.db"
    with writing_engine(migrated, busy_timeout_s=1).begin() as connection:
        upgrade(connection, "head", MIGRATIONS)
    assert schema(migrated) == schema(path)
    for table in ("counters", "alembic_version"):
        assert execute(migrated, f"SELECT * FROM {table}") == execute(
            path, f"SELECT * FROM {table}"
        )


def test_the_newest_script_is_the_version_that_is_stamped():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_an_older_database_is_copied_and_then_migrated(path, scripts):
    make(path)
    execute(path, "UPDATE counters SET sequence = 41")
    prepare(writing_engine(path, busy_timeout_s=1), path, head="0004", scripts=scripts)
    assert execute(path, "SELECT version_num FROM alembic_version") == [("0004",)]
    assert execute(path, "SELECT mood FROM jobs") == []
    assert execute(path, "SELECT sequence FROM counters") == [(41,)]

    [backup] = path.parent.glob("*before*.db")
    assert execute(backup, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert execute(backup, "SELECT sequence FROM counters") == [(41,)]


OLD_JOB = {
    "batch": "b",
    "kind": "imagine",
    "state": "succeeded",
    "sequence": 1,
    "words": "",
    "starred": False,
    "attempt": 1,
    "priority": 0,
    "cancel_requested": False,
    "created_at": "2026-01-01T00:00:00+00:00",
}


def add_old(path: Path, number: int, **body: object) -> None:
    """Write a job as the first version did."""
    row = {**OLD_JOB, "number": number, "id": f"job-{number}"}
    row["body"] = json.dumps({"parents": [], "canonical": "a fox", **body})
    marks = ", ".join("?" * len(row))
    execute(path, f"INSERT INTO jobs ({', '.join(row)}) VALUES ({marks})", *row.values())


def test_what_grew_from_what_is_read_from_the_jobs_that_are_there(path):
    with writing_engine(path, busy_timeout_s=1).begin() as connection:
        upgrade(connection, "0001", MIGRATIONS)
    add_old(path, 1, canonical="a fox --stealth --seed 1")
    add_old(path, 2, canonical="a fox --stealthy", parents=[{"job": "job-1", "image": 3}])
    twice = [{"job": "job-1", "image": 0}, {"job": "job-2", "image": 1}] * 2
    add_old(path, 3, parents=twice)
    make(path)
    lines = execute(path, "SELECT child, parent, image FROM parents ORDER BY 1, 2")
    assert lines == [("job-2", "job-1", 3), ("job-3", "job-1", 0), ("job-3", "job-2", 1)]
    assert execute(path, "SELECT number FROM jobs WHERE stealth") == [(1,)]


def test_a_migration_that_fails_changes_nothing_and_names_the_copy(path, scripts):
    make(path)
    execute(path, "UPDATE counters SET number = 13")
    before = schema(path)
    with pytest.raises(StorageError, match="thirteen") as caught:
        prepare(writing_engine(path, busy_timeout_s=1), path, head="0004", scripts=scripts)
    assert "imagine-before-0004" in str(caught.value.hint)
    assert schema(path) == before
    assert execute(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_without_room_for_a_copy_nothing_is_migrated(path, scripts, monkeypatch):
    make(path)
    before = schema(path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("imagine.database.sync", full)
    with pytest.raises(StorageError, match="could not be copied first") as caught:
        prepare(writing_engine(path, busy_timeout_s=1), path, head="0004", scripts=scripts)
    assert "Nothing was changed" in str(caught.value.hint)
    assert schema(path) == before
    assert execute(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert list(path.parent.glob("*before*")) == []
    monkeypatch.undo()
    prepare(writing_engine(path, busy_timeout_s=1), path, head="0004", scripts=scripts)
    assert len(list(path.parent.glob("*before*"))) == 1


def test_of_copies_made_before_migrations_the_newest_three_are_kept(path, scripts):
    make(path)
    for number in range(4):
        copy = path.with_name(f"imagine-before-000{number}-from-0000.db")
        copy.write_bytes(b"")
        os.utime(copy, (number, number))
    path.with_name("imagine-before-rebuild-2026.db").write_bytes(b"")
    prepare(writing_engine(path, busy_timeout_s=1), path, head="0004", scripts=scripts)
    assert {copy.name for copy in path.parent.glob("*before*")} == {
        "imagine-before-0002-from-0000.db",
        "imagine-before-0003-from-0000.db",
        f"imagine-before-0004-from-{HEAD}.db",
        "imagine-before-rebuild-2026.db",
    }


def test_a_newer_database_is_refused_with_both_versions_and_the_next_step(path):
    make(path)
    execute(path, "UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(StorageError, match=f"0099.*{HEAD}") as caught:
        make(path)
    assert "Update Imagine" in str(caught.value.hint)


def test_a_database_of_another_program_is_refused(path):
    execute(path, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(StorageError, match="other program"):
        make(path)
    assert execute(path, "SELECT name FROM sqlite_master") == [("songs",)]


def test_opening_an_up_to_date_database_does_not_import_alembic(path):
    script = (
        "import sys; from pathlib import Path;"
        "from imagine.database import prepare, writing_engine;"
        "path = Path(sys.argv[1]);"
        "[prepare(writing_engine(path, busy_timeout_s=1), path) for _ in range(2)];"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, path], check=False).returncode == 0
