"""Folders and databases broken in one way after the other, on a real disk."""

import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from imagine.database import HEAD, prepare, sole_use
from imagine.doctor.checks import Check, Status
from imagine.doctor.disk import check_disk, check_lock
from imagine.doctor.records import check_database
from imagine.settings import Settings
from tests.doctor.finding import assert_found, bad, by_id


async def look(output: Path, **more: Any) -> dict[str, Check]:
    settings = Settings(output=output, **more)
    database = await check_database(output / "imagine.db", 3.0)
    return by_id([*await check_disk(settings, 3.0), *database])


def make_database(output: Path) -> Path:
    output.mkdir(exist_ok=True)
    path = output / "imagine.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    prepare(engine, path)
    engine.dispose()
    return path


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def execute(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def test_a_folder_that_is_as_it_should_be_stays_as_it_is(tmp_path: Path):
    make_database(tmp_path)
    for name in ("thumbnails", "trash"):
        (tmp_path / name).mkdir()
    before = files(tmp_path)
    checks = await look(tmp_path, min_free_mb=0)
    assert bad(checks) - {"disk.space"} == set()  # the disk of a test may be nearly full
    assert files(tmp_path) == before


async def test_a_folder_that_is_not_there_yet_is_not_made_by_looking(tmp_path: Path):
    checks = await look(tmp_path / "a" / "b")
    assert checks["disk.output"].status is Status.OK
    assert checks["database.file"].status is Status.OK
    assert checks["database.sound"].status is Status.SKIPPED
    assert files(tmp_path) == {}
    assert not (tmp_path / "a").exists()


async def test_a_file_in_place_of_the_folder(tmp_path: Path):
    output = tmp_path / "output"
    output.touch()
    checks = await look(output)
    assert_found(checks, "disk.output", "failed", "--output")
    assert checks["disk.thumbnails"].status is Status.SKIPPED


async def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    assert_found(await look(tmp_path / "file" / "output"), "disk.output", "failed", "--output")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder where even root may not write")
async def test_a_folder_that_cannot_be_written():
    assert_found(await look(Path("/proc/self")), "disk.output", "failed", "write there")


async def test_too_little_space(tmp_path: Path):
    checks = await look(tmp_path, min_free_mb=1_000_000)
    if checks["disk.space"].details["free_mb"] < 1_000_000:
        assert_found(checks, "disk.space", "failed", "Free some space", "--min-free-mb")


async def test_a_file_in_place_of_the_thumbnails(tmp_path: Path):
    (tmp_path / "thumbnails").touch()
    assert_found(await look(tmp_path), "disk.thumbnails", "failed", "delete it")


async def test_the_trash_is_measured(tmp_path: Path):
    folder = tmp_path / "trash" / "2026-11-20"
    folder.mkdir(parents=True)
    (folder / "fox.png").write_bytes(bytes(1_500_000))
    details = (await look(tmp_path))["disk.trash"].details
    assert details == {"files": 1, "mb": 1.5}


async def test_a_database_that_is_gone_from_beside_its_pictures(tmp_path: Path):
    day = tmp_path / "images" / "2026-11-20"
    day.mkdir(parents=True)
    (day / "fox.png").touch()
    assert_found(await look(tmp_path), "database.file", "failed", "imagine rebuild")


async def test_a_database_of_another_program(tmp_path: Path):
    execute(tmp_path / "imagine.db", "CREATE TABLE recipes (name)")
    checks = await look(tmp_path)
    assert_found(checks, "database.file", "failed", "Move it away")
    assert checks["database.version"].status is Status.SKIPPED


async def test_a_file_that_is_no_database(tmp_path: Path):
    (tmp_path / "imagine.db").write_bytes(b"fox" * 1000)
    assert_found(await look(tmp_path), "database.file", "failed", "imagine rebuild")


async def test_a_database_of_a_newer_imagine(tmp_path: Path):
    execute(make_database(tmp_path), "UPDATE alembic_version SET version_num = '9999'")
    checks = await look(tmp_path)
    assert_found(checks, "database.version", "failed", "Update Imagine")
    assert checks["database.sound"].status is Status.OK


async def test_a_database_of_an_older_imagine_is_only_told(tmp_path: Path):
    execute(make_database(tmp_path), "UPDATE alembic_version SET version_num = '0001'")
    check = (await look(tmp_path))["database.version"]
    assert check.status is Status.OK
    assert "keeps a copy" in check.message
    assert check.details == {"version": "0001", "known": HEAD}


async def test_a_damaged_database(tmp_path: Path):
    path = make_database(tmp_path)
    rows = ", ".join(f"('{n:08}', '', '2026')" for n in range(2000))
    execute(
        path,
        f"INSERT INTO replies (key, fingerprint, created_at, answer) SELECT "
        f"column1, column2, column3, hex(zeroblob(100)) FROM (VALUES {rows})",
    )
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(data)
    checks = await look(tmp_path)
    assert checks["database.file"].status is Status.OK
    assert_found(checks, "database.sound", "failed", "imagine rebuild", "move the file away")


async def test_a_database_that_is_being_written_is_read_all_the_same(tmp_path: Path):
    path = make_database(tmp_path)
    with sqlite3.connect(path, isolation_level=None) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE counters SET number = 5")
        checks = await look(tmp_path)
        writer.execute("ROLLBACK")
    writer.close()
    assert {checks[name].status for name in checks if name.startswith("database.")} == {Status.OK}


def test_the_lock_says_who_works_in_the_folder(tmp_path: Path):
    def found(answering: str | None = None, *, inside: bool = False) -> Check:
        return check_lock(tmp_path, inside=inside, answering=answering)

    assert "No Imagine" in found().message
    with sole_use(tmp_path):
        assert_found({"disk.lock": found()}, "disk.lock", "warning", "--server")
        assert found("http://127.0.0.1:8190").status is Status.OK
        assert found(inside=True).status is Status.OK
    assert "No Imagine" in found().message
    with sole_use(tmp_path):  # looking has left nothing that keeps a server out
        pass
