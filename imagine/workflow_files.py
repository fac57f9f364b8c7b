"""The folders of the registry: entries with their graphs, read again when their files change.

Shipped ones lie in ``imagine/library``, the owner's own in a folder of theirs; an own entry stands
in place of a shipped one of the same id. ``portrait.toml`` (or ``portrait.entry.json``) is an
entry, and ``portrait.json`` beside it its graph, unless it names another. What cannot be read
stays out, and is told by file and line; the others stay.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imagine.importing.documents import JSON_LIMIT
from imagine.registry.entries import Entry, Source
from imagine.registry.entry_text import (
    LONGEST_FILE,
    BrokenEntryError,
    Notation,
    make_entry,
    read_graph,
    read_text,
)

LIBRARY = Path(__file__).with_name("library")
MOST_FILES = 1_000
# How many names of a folder are looked at: somebody may name the root of a disk.
_MOST_NAMES = 20_000
_ENDINGS: Mapping[str, Notation] = {".toml": Notation.TOML, ".entry.json": Notation.JSON}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that stays out, and why."""

    file: str
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Library:
    """All entries as they are now, by id, and the files that stay out."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()


# A file as it was found: path, time of change, size.
State = tuple[Path, int, int]


class Registry:
    """The workflows of both folders. Owned by the app."""

    def __init__(self, own: Path, shipped: Path = LIBRARY) -> None:
        self.own = own
        self._folders = ((shipped, Source.SHIPPED), (own, Source.OWN))
        # Entry file → what it and its graph were when it was read, and what came of it.
        self._read: dict[Path, tuple[tuple[State, ...], Entry | Broken]] = {}
        self._library = Library()

    @property
    def latest(self) -> Library:
        """The library as it was last looked at."""
        return self._library

    def current(self) -> Library:
        """Look at the folders, and read what came or changed; for threads.

        The same object comes back while nothing changes.
        """
        found: dict[Path, tuple[tuple[State, ...], Entry | Broken]] = {}
        for folder, source in self._folders:
            for path in _entry_files(folder):
                found[path] = self._entry(folder, path, source)
        if found == self._read:
            return self._library
        entries: dict[str, Entry] = {}
        broken: list[Broken] = []
        for _, entry in found.values():
            if isinstance(entry, Broken):
                broken.append(entry)
            elif (other := entries.get(entry.id)) is not None and other.source is entry.source:
                message = f"The id {entry.id} is that of {other.file} already. Give it another."
                broken.append(Broken(entry.file, None, message))
            else:
                entries[entry.id] = entry
        for one in set(broken) - set(self._library.broken):
            place = one.file if one.line is None else f"{one.file}, line {one.line}"
            logger.warning("The workflow %s stayed out: %s", place, one.message)
        self._read, self._library = found, Library(entries, tuple(broken))
        return self._library

    def _entry(
        self, folder: Path, path: Path, source: Source
    ) -> tuple[tuple[State, ...], Entry | Broken]:
        known = self._read.get(path)
        if known is not None and all(_state(one[0]) == one for one in known[0]):
            return known
        graph = path
        try:
            try:
                text = _read_bytes(path, LONGEST_FILE).decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise BrokenEntryError("It is not UTF-8.") from error
            notation = next(_ENDINGS[end] for end in _ENDINGS if path.name.endswith(end))
            told = read_text(text, notation)
            graph = _graph_path(path, told.pop("graph", None))
            if not graph.resolve().is_relative_to(folder.resolve()):
                raise BrokenEntryError(f"The graph {graph.name} is not in the folder.")
            entry: Entry | Broken = make_entry(
                told,
                read_graph(_read_bytes(graph, JSON_LIMIT), graph.name),
                stem=_stem(path),
                source=source,
                file=path.relative_to(folder).as_posix(),
                text=text,
                notation=notation,
            )
        except BrokenEntryError as error:
            entry = Broken(path.relative_to(folder).as_posix(), error.line, error.message)
        return tuple(_state(one) for one in dict.fromkeys((path, graph))), entry


def _entry_files(folder: Path) -> Iterator[Path]:
    """Find the entries below a folder, which need not be there, in the order of their paths."""
    names = files = 0
    for place, folders, found in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(found):
            if name.endswith(tuple(_ENDINGS)) and not name.startswith("."):
                files += 1
                if files > MOST_FILES:
                    return
                yield Path(place, name)
        names += len(found) + len(folders)
        if names > _MOST_NAMES:
            return


def _stem(path: Path) -> str:
    return next(path.name.removesuffix(end) for end in _ENDINGS if path.name.endswith(end))


def _graph_path(path: Path, named: object) -> Path:
    """Return where the graph of an entry lies.

    Raises:
        BrokenEntryError: what is named is no file name.
    """
    if named is None:
        return path.with_name(f"{_stem(path)}.json")
    if not isinstance(named, str) or not named or "\0" in named:
        raise BrokenEntryError("graph is the name of a file beside this one.")
    return path.parent / named


def _read_bytes(path: Path, most: int) -> bytes:
    """Return what a file holds.

    Raises:
        BrokenEntryError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise BrokenEntryError(f"{path.name} cannot be read: {error.strerror}.") from error
    if len(data) > most:
        raise BrokenEntryError(f"{path.name} has more than {most // 1_000_000} MB.")
    return data


def _state(path: Path) -> State:
    try:
        stat = path.stat()
    except OSError:
        return path, 0, -1
    return path, stat.st_mtime_ns, stat.st_size
