"""The folders of the registry: entries with their graphs, read again when their files change.

Shipped ones lie in ``imagine/library``, the owner's own in a folder of theirs; an own entry stands
in place of a shipped one of the same id. ``portrait.toml`` (or ``portrait.entry.json``) is an
entry, and ``portrait.json`` beside it its graph, unless it names another. A graph of the owner's
without an entry is one too: what can be set in it is found out. What cannot be read stays out, and
is told by file and line; the others stay.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from imagine.catalog import Catalog
from imagine.errors import ConflictError, NotFoundError, WorkflowError
from imagine.importing.documents import JSON_LIMIT
from imagine.importing.reading import read_workflow
from imagine.models import Broken
from imagine.profiles import Profiles
from imagine.registry.entries import Entry, Source
from imagine.registry.entry_text import (
    LONGEST_FILE,
    BrokenEntryError,
    Notation,
    make_entry,
    read_graph,
    read_text,
    write_entry,
)
from imagine.registry.from_import import entry_of, free_id, id_of, words_of
from imagine.registry.lookup import find_entry
from imagine.watched_files import State, UnfitFileError, read_bounded, state_of
from imagine.workflow_saving import names_in, put_away, take_back, take_out, write_pair

LIBRARY = Path(__file__).with_name("library")
MOST_FILES = 2_000
# How many names of a folder are looked at: somebody may name the root of a disk.
_MOST_NAMES = 20_000
_ENDINGS: Mapping[str, Notation] = {".toml": Notation.TOML, ".entry.json": Notation.JSON}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Library:
    """All entries as they are now, by id, and the files that stay out."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What came of a file: an entry, or why it is none; and what the files were then.

    ``catalog``: with which it was read, where that counts.
    """

    states: tuple[State, ...]
    entry: Entry | Broken
    catalog: Catalog | None = None

    @property
    def is_fresh(self) -> bool:
        return all(state_of(one[0]) == one for one in self.states)


class Registry:
    """The workflows of both folders. Owned by the app; its methods wait, and are for threads.

    ``catalog`` and ``profiles`` tell what can be set in a graph that has no entry.
    """

    def __init__(
        self,
        own: Path,
        shipped: Path = LIBRARY,
        *,
        catalog: Callable[[], Catalog | None] = lambda: None,
        profiles: Profiles | None = None,
    ) -> None:
        self.own = own
        self._folders = {Source.SHIPPED: shipped, Source.OWN: own}
        self._catalog = catalog
        self._profiles = profiles if profiles is not None else Profiles(())
        # Held while the folders are looked at, and from "is the name free?" until it is taken.
        self._lock = threading.RLock()
        # File → what came of it. Of a graph without an entry, the graph's.
        self._read: dict[Path, _Read] = {}
        # Folders with more files than are read.
        self._crowded: tuple[Broken, ...] = ()
        self._library = Library()

    @property
    def latest(self) -> Library:
        """The library as it was last looked at."""
        return self._library

    def current(self) -> Library:
        """Look at the folders, and read what came or changed.

        The same object comes back while nothing changes.
        """
        with self._lock:
            return self._look()

    def picture(self, entry: Entry) -> Path:
        """Return the file of the picture that shows what a workflow makes.

        Raises:
            NotFoundError: it has none, or that is not in its folder.
        """
        folder = self._folders[entry.source]
        if entry.picture is not None:
            path = (folder / entry.file).parent / entry.picture
            if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
                return path
        raise NotFoundError(f"The workflow {entry.id} has no picture.")

    def save(self, entry: Entry) -> Entry:
        """Write a new entry with its graph into the own folder; return it as it is read there.

        Its id is the next one that is free.

        Raises:
            WorkflowError: it is too large to be read there.
            StorageError: the disk refused.
        """
        with self._lock:
            taken = names_in(self.own) | self._look().entries.keys()
            saved = entry.model_copy(update={"id": free_id(entry.id, taken)})
            write_pair(self.own, saved.id, write_entry(saved, f"{saved.id}.json"), saved.graph)
            found = self._look().entries.get(saved.id)
            if found is None:
                take_out(self.own, saved.id)
                raise WorkflowError(f"The workflow {entry.name} is too large, or one too many.")
            return found

    def remove(self, entry_id: str) -> Entry:
        """Move an own entry into the trash, with its graph unless others have that too.

        Raises:
            NotFoundError: there is none.
            ConflictError: it is a shipped one.
            StorageError: the disk refused.
        """
        with self._lock:
            entry = find_entry(entry_id, self._look().entries)
            if entry.source is Source.SHIPPED:
                raise ConflictError(
                    f"The workflow {entry.name} comes with Imagine, and stays.",
                    hint="One of your own with the same id stands in its place.",
                )
            path = self.own / entry.file
            others = {
                state[0]
                for other, read in self._read.items()
                if other != path
                for state in read.states
            }
            files = [state[0] for state in self._read[path].states if state[0] not in others]
            if entry.picture is not None and entry.source is Source.OWN:
                files += [one for one in (path.with_name(entry.picture),) if one.is_file()]
            put_away(self.own, entry.id, dict.fromkeys(files))
            self._look()
            return entry

    def restore(self, entry_id: str) -> Entry:
        """Take back the last `remove` of an id.

        Raises:
            NotFoundError: there is nothing of it in the trash.
            ConflictError: there is another one by now.
            StorageError: the disk refused.
        """
        with self._lock:
            known = self._look().entries.get(entry_id)
            if known is not None and known.source is Source.OWN:
                raise ConflictError(
                    f"There is a workflow {entry_id} again.", hint="Remove or rename it first."
                )
            take_back(self.own, entry_id)
            found = self._look().entries.get(entry_id)
            if found is None:
                raise NotFoundError(f"What came back of the workflow {entry_id} cannot be read.")
            return found

    # --- reading

    def _look(self) -> Library:
        found: dict[Path, _Read] = {}
        crowded: tuple[Broken, ...] = ()
        for source, folder in self._folders.items():
            graphs: list[Path] = []
            paths = list(islice(_files(folder), MOST_FILES + 1))
            if len(paths) > MOST_FILES:
                message = f"It holds more than {MOST_FILES} files. Those from {paths[-1].name} on"
                crowded = (*crowded, _broken(folder.name, f"{message} stay out."))
            for path in paths[:MOST_FILES]:
                if path.name.endswith(tuple(_ENDINGS)):
                    found[path] = self._entry(folder, path, source)
                else:
                    graphs.append(path)
            if source is Source.OWN:
                taken = {state[0] for read in found.values() for state in read.states}
                taken |= {path.with_name(f"{_stem(path)}.json") for path in found}
                found |= {path: self._lone(folder, path) for path in graphs if path not in taken}
        if found == self._read and crowded == self._crowded:
            return self._library
        entries: dict[str, Entry] = {}
        broken = list(crowded)
        for read in found.values():
            entry = read.entry
            if isinstance(entry, Broken):
                broken.append(entry)
            elif (other := entries.get(entry.id)) is not None and other.source is entry.source:
                message = f"The id {entry.id} is that of {other.file} already. Give it another."
                broken.append(_broken(entry.file, message))
            else:
                entries[entry.id] = entry
        for one in set(broken) - set(self._library.broken):
            logger.warning("The workflow %s stayed out: %s", one.place, one.message)
        self._read, self._crowded = found, crowded
        self._library = Library(entries, tuple(broken))
        return self._library

    def _entry(self, folder: Path, path: Path, source: Source) -> _Read:
        known = self._read.get(path)
        if known is not None and known.is_fresh:
            return known
        graph = path
        file = path.relative_to(folder).as_posix()
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
                file=file,
                text=text,
                notation=notation,
            )
        except BrokenEntryError as error:
            entry = _broken(file, error.message, error.line)
        except (OSError, ValueError, RuntimeError) as error:
            # Links in a circle, and what else nobody thought of: the others stay in any case.
            entry = _broken(file, f"It cannot be read: {error}.")
        return _Read(tuple(state_of(one) for one in dict.fromkeys((path, graph))), entry)

    def _lone(self, folder: Path, path: Path) -> _Read:
        """Read a graph that has no entry."""
        known, catalog = self._read.get(path), self._catalog()
        if known is not None and known.is_fresh and known.catalog is catalog:
            return known
        file, state = path.relative_to(folder).as_posix(), state_of(path)
        try:
            imported = read_workflow(_read_bytes(path, JSON_LIMIT), catalog)
            entry: Entry | Broken = entry_of(
                imported,
                id=id_of(path.stem),
                name=(imported.title or words_of(path.stem))[:80],
                profiles=self._profiles,
                catalog=catalog,
                file=file,
            )
        except (BrokenEntryError, WorkflowError) as error:
            entry = _broken(file, error.message)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            where = ".".join(map(str, problem["loc"]))
            entry = _broken(file, f"It makes no entry: {where}: {problem['msg']}.")
        except (OSError, ValueError, RuntimeError) as error:
            entry = _broken(file, f"It cannot be read: {error}.")
        return _Read((state,), entry, catalog)


def _files(folder: Path) -> Iterator[Path]:
    """Find entries and graphs below a folder, which need not be there, in order of their paths."""
    names = 0
    for place, folders, found in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(found):
            if name.endswith((*_ENDINGS, ".json")) and not name.startswith("."):
                yield Path(place, name)
        names += len(found) + len(folders)
        if names > _MOST_NAMES:
            return


def _stem(path: Path) -> str:
    return next(path.name.removesuffix(e) for e in (*_ENDINGS, ".json") if path.name.endswith(e))


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
        return read_bounded(path, most)
    except UnfitFileError as error:
        raise BrokenEntryError(str(error)) from error
    except OSError as error:
        raise BrokenEntryError(f"{path.name} cannot be read: {error.strerror}.") from error


def _broken(file: str, message: str, line: int | None = None) -> Broken:
    return Broken(file=file, line=line, message=message)
