"""What is written into the owner's folder of workflows, and taken out of it: for `Registry` only.

Nothing is ever overwritten. What is removed lies in ``.trash`` below the folder, each removal in a
folder of its own, with the files where they were: ``.trash/portrait~1/sdxl/portrait.toml``.
"""

import errno
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from imagine.errors import (
    DISK_FULL,
    DISK_UNWRITABLE,
    ConflictError,
    NotFoundError,
    StorageError,
)

TRASH = ".trash"
PART = ".part"
# Units: characters. Nobody reads more, and spaces would make half of it.
_LONGEST_INDENTED = 1_000_000
# What one removal may hold.
_MOST_FILES = 10

_REMOVAL = re.compile(r"(.+)~([0-9]{1,9})")


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk says inside the block into one sentence."""
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                raise StorageError(
                    "The disk is full, so the workflow was not saved.",
                    hint=f"Free some space for {folder}, then try again.",
                    code=DISK_FULL,
                ) from error
            case errno.EACCES | errno.EPERM | errno.EROFS:
                raise StorageError(
                    f"{folder} cannot be written.",
                    hint="Allow writing there, or start Imagine with --workflows FOLDER.",
                    code=DISK_UNWRITABLE,
                ) from error
            case _:
                raise StorageError(
                    f"{folder} could not be read or written: {error.strerror or error}",
                    hint="Check the disk and the folder, then try again.",
                ) from error


def names_in(folder: Path) -> set[str]:
    """Return the names of all files in a folder up to their first dot, in small letters."""
    with disk_errors(folder):
        return {name.partition(".")[0].lower() for name in _names(folder)}


def write_pair(folder: Path, name: str, entry: str, graph: Mapping[str, Any]) -> None:
    """Write a graph and its entry; the entry, which makes it one, comes last.

    Raises:
        StorageError: the disk refused; nothing is left of it.
    """
    text = json.dumps(graph, indent=2, ensure_ascii=False) + "\n"
    if len(text) > _LONGEST_INDENTED:
        text = json.dumps(graph, ensure_ascii=False, separators=(",", ":"))
    made: list[Path] = []
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for path, content in (
                (folder / f"{name}.json", text),
                (folder / f"{name}.toml", entry),
            ):
                # Half of a character, which JSON can escape, has no UTF-8.
                _create(path, content.encode("utf-8", "replace"))
                made.append(path)
        except BaseException:
            for path in made:
                path.unlink(missing_ok=True)
            raise


def take_out(folder: Path, name: str) -> None:
    """Remove what `write_pair` wrote, since it is of no use."""
    with disk_errors(folder):
        for ending in ("toml", "json"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def _create(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, under a name that nobody has."""
    part = path.with_name(f".{path.name}{PART}")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            raise FileExistsError(errno.EEXIST, "There is such a file already", str(path))
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def put_away(folder: Path, name: str, files: Iterable[Path]) -> None:
    """Move the files of a workflow into the trash.

    Raises:
        StorageError: the disk refused; those that were moved are back.
    """
    with disk_errors(folder):
        number = max(_removals(folder).get(name, [0])) + 1
        trash = folder / TRASH / f"{name}~{number}"
        _move_all((path, trash / path.relative_to(folder)) for path in files)


def take_back(folder: Path, name: str) -> None:
    """Move what was removed last under a name to where it was.

    Raises:
        NotFoundError: nothing was.
        ConflictError: something else lies there now.
        StorageError: the disk refused; all is where it was before.
    """
    with disk_errors(folder):
        numbers = _removals(folder).get(name)
        if not numbers:
            raise NotFoundError(f"There is no workflow {name} in the trash.")
        trash = folder / TRASH / f"{name}~{max(numbers)}"
        files = [path for path in sorted(trash.rglob("*")) if path.is_file()][:_MOST_FILES]
        moves = [(path, folder / path.relative_to(trash)) for path in files]
        if taken := next((to for _, to in moves if to.exists()), None):
            raise ConflictError(
                f"{taken.relative_to(folder).as_posix()} is there again.",
                hint="Rename or remove that one first.",
            )
        _move_all(moves)
        for place, _, _ in os.walk(trash, topdown=False):
            with suppress(OSError):  # somebody put something of theirs there
                Path(place).rmdir()


def _removals(folder: Path) -> dict[str, list[int]]:
    """Return the numbers of the removals, by name."""
    found: dict[str, list[int]] = {}
    trash = folder / TRASH
    for name in _names(trash):
        if (removal := _REMOVAL.fullmatch(name)) is not None:
            found.setdefault(removal[1], []).append(int(removal[2]))
    return found


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _move_all(moves: Iterable[tuple[Path, Path]]) -> None:
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        raise
