"""Where the gallery keeps what it keeps: one small interface, and the disk behind it.

What is kept are whole things under keys, such as ``images/2026-11-20/a-fox-8d3f0a91c2e4-0.png``.
What lies under which key is the business of `imagine.images` and `imagine.uploads`; how to add a
kind of storage is told in ``docs/storage.md``.
"""

import errno
import filecmp
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from imagine.errors import NotFoundError, SettingsError
from imagine.image_files import disk_errors, part_path, sync_folder
from imagine.settings import Settings

# Of a key, and of a folder of keys: no part of it leads elsewhere, on any system.
_PART = r"(?!\.)[^/\\:\x00-\x1f\x7f]{1,200}"
_KEY = re.compile(rf"{_PART}(?:/{_PART})+")
_FOLDER = re.compile(rf"{_PART}(?:/{_PART})*")


class Storage(Protocol):
    """Keeps bytes under keys. Opened and closed by the server.

    Its methods wait: they are called in threads, several at once, which is what the clients of
    object stores are made for. What a method was asked for outlives a power cut once it returns.

    Raises:
        StorageError: from any method, when it is refused or out of reach.
        NotFoundError: from those that give something, when there is nothing under a key, and from
            all for a key that leads elsewhere (`checked`).
    """

    def open(self) -> None: ...
    def close(self) -> None: ...

    def create(self, key: str, file: Path) -> bool:
        """Keep what is in a file, and never overwrite anything; the file may be moved away.

        Returns:
            Whether these bytes are there now. They may have been there before; False: others are.
        """
        ...

    def write(self, key: str, data: bytes) -> None:
        """Keep something small in one go: all of it is there, or what was there before."""
        ...

    def read(self, key: str) -> bytes:
        """Return something small."""
        ...

    def local(self, key: str) -> Path:
        """Return a file to be read, which has the name and the time of what is kept.

        Whoever keeps things elsewhere keeps some copies here (`imagine.local_copies`).
        """
        ...

    def link(self, key: str) -> str | None:
        """Return a URL under which a browser may fetch it now; None: it is served from `local`."""
        ...

    def size(self, key: str) -> int | None:
        """Return how many bytes are kept; None when there is nothing."""
        ...

    def move(self, key: str, to: str) -> bool:
        """Give what is kept another key; False, and nothing done, when that is taken."""
        ...

    def delete(self, key: str) -> None:
        """Keep it no longer; gone already is no error."""
        ...

    def keys(self, folder: str) -> Iterator[str]:
        """Return every key that begins with these parts, in no order."""
        ...


class DiskStorage:
    """Keeps each thing in a file of its own below one folder, which `open` makes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # Held from "is the name free?" until it is taken.
        self._naming = threading.Lock()

    def open(self) -> None:
        """Clear away what a crash left half-written."""
        with disk_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            for part in self._root.glob("*/*.part"):
                part.unlink(missing_ok=True)

    def close(self) -> None:
        pass

    def create(self, key: str, file: Path) -> bool:
        path = self._path(key)
        with disk_errors(path):
            self._make_folder(path.parent)
            with file.open("rb+", buffering=0) as opened:
                os.fsync(opened.fileno())
            with self._naming:
                if not path.is_file():
                    file.replace(path)
                elif not filecmp.cmp(file, path, shallow=False):
                    return False
            sync_folder(path.parent)
            return True

    def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        part = part_path(self._top(key))
        with disk_errors(path):
            self._make_folder(path.parent)
            try:
                with part.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            sync_folder(path.parent)

    def read(self, key: str) -> bytes:
        path = self._path(key)
        with disk_errors(path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError) as error:
                raise nothing_at(key) from error

    def local(self, key: str) -> Path:
        path = self._path(key)
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:  # not there, or (before 3.13) a loop of links
            raise nothing_at(key) from error
        # The folder may be a link to another disk; what lies in it may not lead out of it.
        if not (real.is_file() and real.is_relative_to(self._top(key).resolve())):
            raise nothing_at(key)
        return path

    def link(self, key: str) -> str | None:
        return None

    def size(self, key: str) -> int | None:
        path = self._path(key)
        with disk_errors(path):
            try:
                found = path.stat()
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                    return None
                raise
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def move(self, key: str, to: str) -> bool:
        source, target = self._path(key), self._path(to)
        with disk_errors(source):
            if not source.is_file():
                raise nothing_at(key)
            self._make_folder(target.parent)
            with self._naming:
                if target.is_file():
                    return False
                source.replace(target)
            sync_folder(target.parent)
            sync_folder(source.parent)
            return True

    def delete(self, key: str) -> None:
        path = self._path(key)
        with disk_errors(path):
            path.unlink(missing_ok=True)

    def keys(self, folder: str) -> Iterator[str]:
        top = self._root / checked(folder, _FOLDER)
        with disk_errors(top):
            for inside, _, files in os.walk(top, onerror=_tell):
                place = Path(inside).relative_to(self._root).as_posix()
                yield from (f"{place}/{file}" for file in files if not file.endswith(".part"))

    def _path(self, key: str) -> Path:
        return self._root / checked(key)

    def _top(self, key: str) -> Path:
        return self._root / key.partition("/")[0]

    def _make_folder(self, folder: Path) -> None:
        """Make a folder that outlives a power cut; the one with the database is not ours to make.

        Somebody may have tidied it away while we ran.
        """
        if folder != self._root and not folder.is_dir():
            self._make_folder(folder.parent)
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)


# Every kind that the setting ``storage`` may name.
STORAGES: dict[str, Callable[[Settings], Storage]] = {
    "disk": lambda settings: DiskStorage(settings.output.resolve()),
}


def make_storage(settings: Settings) -> Storage:
    """Return the storage that the settings name.

    Raises:
        SettingsError: there is no such kind.
    """
    check_kind(settings.storage)
    return STORAGES[settings.storage](settings)


def check_kind(name: str) -> None:
    """See that there is a storage of that name.

    Raises:
        SettingsError: there is none.
    """
    if name not in STORAGES:
        raise SettingsError(
            f"There is no storage {name or '(empty)'}: the setting takes one of "
            f"{', '.join(STORAGES)}."
        )


def served(storage: Storage, key: str) -> Path | str:
    """Return from where a browser gets what is kept: a file to be sent, or a URL elsewhere."""
    return storage.link(key) or storage.local(key)


def checked(key: str, shape: re.Pattern[str] = _KEY) -> str:
    """Return a key that leads nowhere else.

    Raises:
        NotFoundError: it would.
    """
    if shape.fullmatch(key) is None:
        raise nothing_at(key)
    return key


def nothing_at(key: str) -> NotFoundError:
    return NotFoundError(f"There is nothing called {key[:200]}.")


def _tell(error: OSError) -> None:
    if error.errno not in (errno.ENOENT, errno.ENOTDIR):  # nothing was kept there yet
        raise error
