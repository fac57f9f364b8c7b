"""What every kind of storage keeps, and the kind that `docs/storage.md` adds, in a real server."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from imagine.errors import NotFoundError, SettingsError, StorageError
from imagine.local_copies import NEWEST, LocalCopies
from imagine.settings import Settings
from imagine.storage import STORAGES, DiskStorage, Storage, make_storage

DOCUMENT = Path(__file__).parent.parent / "docs" / "storage.md"


def documented() -> Callable[[Settings], Storage]:
    """Return the kind of storage that the document adds, as it adds it."""
    code = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    kinds = dict(STORAGES)
    names: dict[str, Any] = {"__name__": "docs.storage"}
    exec("\n".join(code), names)  # the very lines that a reader would write
    (added,) = STORAGES.keys() - kinds.keys()
    return STORAGES.pop(added)


ONE_FILE = documented()
KINDS = {**STORAGES, "one-file": ONE_FILE}


@pytest.fixture(params=KINDS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    storage = KINDS[request.param](Settings(output=tmp_path / "output"))
    storage.open()
    yield storage
    storage.close()


@pytest.fixture
def arrived(tmp_path: Path) -> Callable[[bytes], Path]:
    """Make files that were just received, beside each other."""
    numbers = iter(range(1000))

    def make(data: bytes) -> Path:
        file = tmp_path / "output" / f"{next(numbers)}.part"
        file.write_bytes(data)
        return file

    return make


A, B, C = "images/2026-11-20/a.png", "trash/2026-11-20/a.png", "images/2026-11-21/b.png"


# --- what every kind keeps


def test_what_is_created_is_there_as_it_was(kept: Storage, arrived):
    assert kept.size(A) is None
    assert kept.create(A, arrived(b"a fox"))
    assert (kept.size(A), kept.read(A)) == (5, b"a fox")
    local = kept.local(A)
    assert (local.name, local.read_bytes()) == ("a.png", b"a fox")
    assert kept.link(A) is None or "://" in str(kept.link(A))


def test_nothing_that_is_there_is_overwritten(kept: Storage, arrived):
    assert kept.create(A, arrived(b"a fox"))
    assert kept.create(A, arrived(b"a fox"))
    assert not kept.create(A, other := arrived(b"a hen"))
    assert other.read_bytes() == b"a hen"
    assert kept.read(A) == b"a fox"


def test_of_many_at_once_one_wins(kept: Storage, arrived):
    files = [arrived(b"%d" % number) for number in range(8)]
    barrier = threading.Barrier(len(files))

    def create(file: Path) -> bool:
        barrier.wait(20)
        return kept.create(A, file)

    with ThreadPoolExecutor(len(files)) as threads:
        won = list(threads.map(create, files))
    assert won.count(True) == 1
    assert kept.read(A) == b"%d" % won.index(True)


def test_what_is_written_replaces_all_of_what_was_there(kept: Storage):
    kept.write(A, b"something long")
    kept.write(A, b"short")
    assert (kept.read(A), kept.size(A)) == (b"short", 5)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: kept.write(A, b"%d" % n * 5000), range(10)))
    assert kept.read(A) in [b"%d" % n * 5000 for n in range(10)]


def test_what_moves_is_at_its_new_place_only(kept: Storage, arrived):
    kept.create(A, arrived(b"a fox"))
    time = kept.local(A).stat().st_mtime
    assert kept.move(A, B)
    assert kept.size(A) is None
    with pytest.raises(NotFoundError):
        kept.local(A)
    assert kept.local(B).read_bytes() == b"a fox"
    assert kept.local(B).stat().st_mtime == pytest.approx(time)


def test_nothing_moves_over_what_is_there(kept: Storage, arrived):
    kept.create(A, arrived(b"a fox"))
    kept.create(B, arrived(b"a hen"))
    assert not kept.move(A, B)
    assert (kept.read(A), kept.read(B)) == (b"a fox", b"a hen")


def test_what_is_deleted_is_gone_and_its_key_is_free(kept: Storage, arrived):
    kept.create(A, arrived(b"a fox"))
    assert kept.local(A).is_file()
    for _ in range(2):  # gone already is no error
        kept.delete(A)
    assert kept.size(A) is None
    assert kept.create(A, arrived(b"a hen"))
    assert kept.local(A).read_bytes() == b"a hen"


def test_what_is_not_there_is_not_found(kept: Storage):
    for ask in (kept.read, kept.local, lambda key: kept.move(key, B)):
        with pytest.raises(NotFoundError):
            ask(A)
    assert kept.size(A) is None


def test_a_folder_lists_what_is_in_it(kept: Storage, arrived):
    assert list(kept.keys("images")) == []
    for key in (A, B, C):
        kept.create(key, arrived(key.encode()))
    kept.write(f"{A}.json", b"{}")
    kept.write("images2/x.png", b"")
    assert sorted(kept.keys("images")) == [A, f"{A}.json", C]
    assert sorted(kept.keys("images/2026-11-21")) == [C]
    kept.move(A, "trash/2026-11-22/a.png")
    assert sorted(kept.keys("trash")) == [B, "trash/2026-11-22/a.png"]


ODD = [
    *("", "/", "a.png", "images/", "/images/a.png", "images//a.png", "images/../imagine.db"),
    *("../a.png", "images/.", "images/./a.png", "images\\a.png", "images/a\0.png", "images/a\n"),
    *("C:/windows/win.ini", "images/a.png:stream", "images/" + "a" * 300, "~/../a.png"),
]


@pytest.mark.parametrize("key", ODD)
def test_a_key_that_leads_elsewhere_is_refused(kept: Storage, arrived, key: str):
    file = arrived(b"a fox")
    kept.write(A, b"")
    asked: list[Callable[[], object]] = [
        lambda: kept.create(key, file),
        lambda: kept.write(key, b""),
        lambda: kept.read(key),
        lambda: kept.local(key),
        lambda: kept.size(key),
        lambda: kept.move(key, B),
        lambda: kept.move(A, key),
        lambda: kept.delete(key),
    ]
    for ask in asked:
        with pytest.raises(NotFoundError):
            ask()
    assert file.read_bytes() == b"a fox"
    assert list(kept.keys("images")) == [A]


def test_all_of_it_is_there_when_it_is_opened_again(kept: Storage, arrived):
    kept.create(A, arrived(b"a fox"))
    kept.close()
    kept.open()
    assert kept.read(A) == b"a fox"
    assert kept.local(A).read_bytes() == b"a fox"


# --- which kind


def test_a_kind_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"no storage tape: the setting takes one of disk\."):
        make_storage(Settings(output=tmp_path, storage="tape"))
    assert isinstance(make_storage(Settings(output=tmp_path)), DiskStorage)


# --- the disk


@pytest.fixture
def disk(tmp_path: Path) -> DiskStorage:
    storage = DiskStorage(tmp_path)
    storage.open()
    return storage


def test_what_a_crash_left_half_written_is_cleared_away(disk: DiskStorage, tmp_path: Path):
    disk.write(A, b"")
    for folder in ("images", "trash"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "0123.part").write_bytes(b"half")
    assert list(disk.keys("images")) == [A]
    disk.open()
    assert list(tmp_path.rglob("*.part")) == []


def test_the_folder_of_the_database_is_not_made_again(disk: DiskStorage, tmp_path: Path):
    tmp_path.rmdir()
    with pytest.raises(StorageError):
        disk.write(A, b"")
    assert not tmp_path.exists()


def test_a_small_file_that_cannot_be_synced_leaves_what_was_there(
    disk: DiskStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    disk.write(A, b"before")

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(StorageError, match="disk is full"):
            disk.write(A, b"after")
    assert disk.read(A) == b"before"
    assert list(tmp_path.rglob("*.part")) == []


# --- copies


def test_the_longest_unused_copies_go_and_the_newest_stay(tmp_path: Path):
    copies = LocalCopies(tmp_path / "copies", most=100)
    asked: list[str] = []

    def get(key: str) -> Path:
        def fetch(file: Path) -> None:
            asked.append(key)
            file.write_bytes(bytes(50))

        return copies.get(key, fetch)

    first, keys = get("images/first"), [f"images/{number}" for number in range(NEWEST)]
    for key in keys:
        assert get(key).is_file()
        assert get("images/first") == first  # used, so it stays
    assert first.is_file()
    assert not (tmp_path / "copies" / keys[0]).exists()
    assert asked == ["images/first", *keys]
    copies.forget("images/first")
    assert not first.exists()


def test_a_copy_that_cannot_be_fetched_leaves_nothing(tmp_path: Path):
    copies = LocalCopies(tmp_path / "copies")

    def broken(file: Path) -> None:
        file.write_bytes(b"half")
        raise StorageError("gone")

    with pytest.raises(StorageError, match="gone"):
        copies.get(A, broken)
    assert [path for path in (tmp_path / "copies").rglob("*") if path.is_file()] == []
