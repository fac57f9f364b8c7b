"""Wildcard files: the lines that ``__name__`` in a prompt may stand for, one file for each name.

Apart from the language, which is pure: here the files are read, within bounds, and read again when
they have changed. ``animals/wild.txt`` below the folder is ``__animals/wild__``. A file that cannot
be read stays out, with a sentence that names it; the others stay.
"""

import logging
import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from imagine.prompt_wildcards import is_wildcard_name

MOST_FILES = 2_000
MOST_LINES = 10_000
MOST_BYTES = 1_000_000
MOST_BYTES_TOGETHER = 64_000_000
# How many names of a folder are looked at: somebody may name the root of a disk.
_MOST_NAMES = 20_000
_ENDING = ".txt"

logger = logging.getLogger(__name__)

Lines = Mapping[str, tuple[str, ...]]
Complain = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WildcardFile:
    """A file as it was found: it is read again when its time or size is another."""

    path: Path
    changed_ns: int
    size: int


class Wildcards:
    """The wildcards of a folder as they are now."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[tuple[WildcardFile, ...], Lines] = ((), MappingProxyType({}))

    def current(self) -> Lines:
        """Return the lines of each name, read again if a file came, went or changed.

        It looks at the disk, so it is to be called beside the loop. What cannot be read is logged,
        once for each change.
        """
        files, lines = self._seen
        complaints: list[str] = []
        found = tuple(find_files(self._folder, complaints.append))
        if found != files:
            lines = read_files(self._folder, found, complaints.append)
            self._seen = (found, lines)
            for complaint in complaints:
                logger.warning(complaint)
        return lines


def find_files(folder: Path, complain: Complain) -> Iterator[WildcardFile]:
    """Find the text files below a folder, which need not be there, in the order of their paths.

    ``complain`` is told what stays out.
    """
    names = files = 0
    for place, folders, found in os.walk(folder, onerror=lambda error: _unread(error, complain)):
        folders.sort()
        for name in sorted(found):
            if not name.lower().endswith(_ENDING):
                continue
            path = Path(place, name)
            try:
                state = path.stat()
            except OSError as error:
                complain(f"The wildcard file {path} cannot be read: {error.strerror}.")
                continue
            files += 1
            if files > MOST_FILES:
                complain(
                    f"{folder} has more than {MOST_FILES:,} wildcard files: the rest stayed out."
                )
                return
            yield WildcardFile(path, state.st_mtime_ns, state.st_size)
        names += len(found) + len(folders)
        if names > _MOST_NAMES:
            complain(f"{folder} holds more than {_MOST_NAMES:,} names: the rest was not looked at.")
            return


def read_files(folder: Path, files: tuple[WildcardFile, ...], complain: Complain) -> Lines:
    """Return the lines of each file by the name that is typed in a prompt."""
    lines: dict[str, tuple[str, ...]] = {}
    room = MOST_BYTES_TOGETHER
    for file in files:
        room -= file.size
        if room < 0:
            most = MOST_BYTES_TOGETHER // 1_000_000
            complain(f"The wildcards in {folder} have more than {most} MB: the rest stayed out.")
            break
        try:
            lines[name_of(folder, file)] = read_lines(folder, file)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            complain(f"The wildcard file {file.path} stayed out: {reason}.")
    return MappingProxyType(lines)


def name_of(folder: Path, file: WildcardFile) -> str:
    """Return what stands between the underscores in a prompt.

    Raises:
        ValueError: the name of the file cannot be typed there.
    """
    path = file.path.relative_to(folder).with_suffix("").as_posix()
    name = unicodedata.normalize("NFC", path)
    if not is_wildcard_name(name):
        raise ValueError("its name may have letters, digits, -, _ and folders only")
    return name


def read_lines(folder: Path, file: WildcardFile) -> tuple[str, ...]:
    """Return the lines of a file, each once, without blank ones and those that begin with #.

    Raises:
        OSError: it cannot be read.
        ValueError: it cannot be a wildcard, with the reason.
    """
    if not file.path.resolve().is_relative_to(folder.resolve()):
        raise ValueError("it leads out of the folder")
    if not file.path.is_file():
        raise ValueError("it is no file")
    with file.path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    typed = (line.strip() for line in text.replace("\r", "\n").split("\n"))
    lines = tuple(dict.fromkeys(line for line in typed if line and not line.startswith("#")))
    if not lines:
        raise ValueError("it has no lines")
    if len(lines) > MOST_LINES:
        raise ValueError(f"it has more than {MOST_LINES:,} lines")
    return lines


def _unread(error: OSError, complain: Complain) -> None:
    if not isinstance(error, FileNotFoundError):
        complain(f"The wildcard folder {error.filename} cannot be read: {error.strerror}.")
