"""The workflows as readers see them: looked at for each request, described once for each state.

Describing an entry checks its whole graph against what the engines have, so it is done in a thread,
and again only for what changed: the entry, or the engines.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from imagine.catalog import Catalog
from imagine.errors import MalformedError
from imagine.importing.reading import read_workflow
from imagine.models import Broken
from imagine.profiles import Profiles
from imagine.registry.described import describe
from imagine.registry.entries import Entry
from imagine.registry.from_import import entry_of, id_of, words_of
from imagine.registry.lookup import find_entry

# So many files come in at a time.
COMING_IN = 2
# What a workflow is called whose maker and file say nothing.
NAMELESS = "workflow"
# What the gallery calls a picture: perhaps the day, its words, the end of a job's id, its place.
_OWN_PICTURE = re.compile(r"(?:\d{4}-\d\d-\d\d-)?(.+)-[0-9a-f]{12}-\d+")


class Library(Protocol):
    """All entries as they are now (`imagine.workflow_files`)."""

    @property
    def entries(self) -> Mapping[str, Entry]: ...
    @property
    def broken(self) -> tuple[Broken, ...]: ...


class Registry(Protocol):
    """The folders (`imagine.workflow_files`); its methods are for threads."""

    def current(self) -> Library: ...
    def picture(self, entry: Entry) -> Path: ...
    def save(self, entry: Entry) -> Entry: ...
    def remove(self, entry_id: str) -> Entry: ...
    def restore(self, entry_id: str) -> Entry: ...


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is told of all workflows, by id, and of the files that stay out.

    ``digest`` is another one when anything of it is.
    """

    workflows: Mapping[str, Mapping[str, Any]]
    broken: tuple[Mapping[str, Any], ...]
    digest: str


class Shelf:
    """The workflows of the registry as the engines can run them. Owned by the app."""

    def __init__(
        self, registry: Registry, profiles: Profiles, catalog: Callable[[], Catalog | None]
    ) -> None:
        self._registry = registry
        self._profiles = profiles
        self._catalog = catalog
        # A file that comes in is held in memory, and so is what is read from it.
        self.door = asyncio.Semaphore(COMING_IN)
        # One thread looks at a time; the others would only wait for it in threads of their own.
        self._looking = asyncio.Lock()
        self._last: tuple[Library, Catalog | None, Shown] | None = None
        # What was told of an entry, with the catalog of ``_last``.
        self._described: dict[str, tuple[Entry, dict[str, Any]]] = {}

    async def shown(self) -> Shown:
        """Return all workflows as they are now; the same object while nothing changes."""
        async with self._looking:
            return await asyncio.to_thread(self._shown)

    async def entry(self, entry_id: str) -> Entry:
        """Return one workflow.

        Raises:
            NotFoundError: there is none of that id.
        """
        entries = (await asyncio.to_thread(self._registry.current)).entries
        return find_entry(entry_id, entries)

    async def limits(self) -> Mapping[str, int]:
        """Return how many jobs one request may make of each workflow."""
        entries = (await asyncio.to_thread(self._registry.current)).entries
        return {name: entry.max_batch_size for name, entry in entries.items()}

    async def picture(self, entry_id: str) -> Path:
        """Return the picture that shows what a workflow makes.

        Raises:
            NotFoundError: there is no such workflow, or it has none.
        """
        entry = await self.entry(entry_id)
        return await asyncio.to_thread(self._registry.picture, entry)

    async def add(self, data: bytes, *, id_: str | None, name: str | None, file: str) -> Entry:
        """Make an entry of what a file holds, and save it in the own folder.

        ``file``: what the file is called, "" when nobody says.

        Raises:
            WorkflowError: it holds no workflow.
            StorageError: the disk refused.
        """
        return await asyncio.to_thread(self._add, data, id_, name, _stem(file))

    async def remove(self, entry_id: str) -> Entry:
        """Move a workflow of the owner's into the trash (`Registry.remove`)."""
        return await asyncio.to_thread(self._registry.remove, entry_id)

    async def restore(self, entry_id: str) -> Entry:
        """Take a workflow back out of the trash (`Registry.restore`)."""
        return await asyncio.to_thread(self._registry.restore, entry_id)

    def _add(self, data: bytes, id_: str | None, name: str | None, stem: str) -> Entry:
        catalog = self._catalog()
        imported = read_workflow(data, catalog)
        called = name or imported.title or words_of(stem) or NAMELESS.capitalize()
        wanted = id_ if id_ is not None else id_of(name or stem or called)
        if id_ is not None and id_of(id_) != id_.replace("-", "_"):
            raise MalformedError(f"{id_} cannot be an id. {id_of(id_) or NAMELESS} could.")
        return self._registry.save(
            entry_of(
                imported,
                id=wanted or id_of(called) or NAMELESS,
                name=called[:80],
                profiles=self._profiles,
                catalog=catalog,
            )
        )

    # --- describing

    def _shown(self) -> Shown:
        library = self._registry.current()
        catalog = self._catalog()
        if self._last is not None:
            if self._last[0] is library and self._last[1] is catalog:
                return self._last[2]
            if self._last[1] is not catalog:
                self._described.clear()
        described = {entry.id: self._describe(entry, catalog) for entry in _sorted(library.entries)}
        self._described = {name: (library.entries[name], told) for name, told in described.items()}
        broken = tuple(one.model_dump() for one in library.broken)
        text = json.dumps([described, broken], sort_keys=True)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        shown = Shown(described, broken, digest)
        self._last = library, catalog, shown
        return shown

    def _describe(self, entry: Entry, catalog: Catalog | None) -> dict[str, Any]:
        known = self._described.get(entry.id)
        if known is not None and known[0] is entry:
            return known[1]
        return describe(entry, catalog, self._profiles)


def _stem(file: str) -> str:
    """Return what the name of a file says of what is in it; of a picture made here, its words."""
    stem = Path(file).stem
    own = _OWN_PICTURE.fullmatch(stem)
    return own[1].replace("-", " ") if own else stem


def _sorted(entries: Mapping[str, Entry]) -> Iterator[Entry]:
    """Yield entries as people look through them: by category and name, the 9th before the 10th."""

    def place(one: Entry) -> tuple[str, str, str]:
        name = re.sub(r"\d+", lambda number: number[0].zfill(9), one.name.lower())
        return one.category, name, one.id

    yield from sorted(entries.values(), key=place)
