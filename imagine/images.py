"""The pictures of the gallery: taken in once, never overwritten, with sidecars and thumbnails.

Where they are kept is the business of `imagine.storage`. It is called in threads of their own: the
loop's default executor serves files, and would stand behind an fsync. Names are the business of
`imagine.image_names`, bytes that of `imagine.image_bytes`, small copies that of
`imagine.thumbnails`.
"""

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from imagine.errors import JobError, NotFoundError
from imagine.image_files import clear_parts, disk_errors, part_path, read_facts
from imagine.image_names import (
    BESIDE,
    GALLERY,
    TRASH,
    day_of,
    index_of,
    key_in,
    name_at,
    no_such_picture,
    parse_name,
    sidecar,
    stem,
    trash_note,
)
from imagine.image_reading import read_json, said_job
from imagine.incoming import Incoming
from imagine.lifetime import Opened
from imagine.media import OUTPUT_TYPES, Facts, OutputType, of_extension, what_else
from imagine.media.png import Png
from imagine.storage import Storage, served
from imagine.thumbnails import Thumbnails

T = TypeVar("T")

# So much is gathered before it goes to the disk: few hops to a thread, and little memory.
GATHERED_BYTES = 4 * 1024**2
# Two threads: while one waits for the disk, the other writes.
WRITERS = 2
# So much is written to see whether a disk has room: about one picture.
PROBE_BYTES = 2**20
# No job of ours is found again with more outputs.
MOST_RECALLED = 10_000
# So often is looked again for a picture that moves between gallery and trash.
MOST_MOVES = 3
# So many keys are looked at in one hop to a thread.
BATCH = 500


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A picture, or another output, as it is kept. Units: pixels, bytes, seconds."""

    name: str
    width: int | None
    height: int | None
    media_type: str
    bytes: int
    duration_s: float | None = None


class Kept(NamedTuple):
    """How a picture is kept.

    ``noted``: it is said of it that it lies in the trash. ``sidecar`` is empty when there is none.
    """

    trashed: bool
    noted: bool
    sidecar: dict[str, Any]


class ImageStore(Opened):
    """The pictures of one storage. Owned by the app, which opens and closes it.

    What is being received, and the small copies, lie below ``output``.

    Raises:
        StorageError: from any method, when the storage refuses.
        NotFoundError: from any method, when there is no picture of that name.
    """

    def __init__(self, storage: Storage, output: Path) -> None:
        self._storage = storage
        # Where `DiskStorage` keeps pictures, so that it can rename what was received.
        self._arrivals = output / GALLERY
        self._small = output / "thumbnails"
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="imagine-images")
        self._thumbnails = Thumbnails(self._small)
        # Held while one moves, which takes several steps.
        self._moving = threading.Lock()

    async def open(self) -> None:
        """Make the folders, and clear away what a crash left half-written."""
        await self._write(self._prepare)

    def _prepare(self) -> None:
        for folder in (self._arrivals, self._small):
            folder.mkdir(parents=True, exist_ok=True)
            clear_parts(folder)

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.to_thread(self._writers.shutdown)
        await self._thumbnails.close()

    async def put(
        self,
        chunks: AsyncIterator[bytes],
        *,
        job_id: str,
        index: int,
        words: str,
        created_at: datetime,
        media_type: str,
        text_chunks: Mapping[str, str],
        about: Mapping[str, Any] | None = None,
    ) -> StoredImage:
        """Take a picture in as it streams; its bytes stay what they are.

        A PNG gets the texts as chunks of its own. ``about`` is what a picture says of itself: one
        that has no place for it, or came without it, gets it as a sidecar. A picture that is there
        already, from an earlier attempt of the job, is accepted if it is the same; another one gets
        another name.

        Raises:
            EngineError: it is of no kind that is taken (`imagine.media`), or too big.
            EngineUnavailableError: it ends too early; asking again may help.
        """
        incoming = Incoming(self._arrivals, media_type, text_chunks)
        gathered: list[bytes] = []
        size = 0
        try:
            async for chunk in chunks:
                gathered.append(chunk)
                size += len(chunk)
                if size >= GATHERED_BYTES:
                    await self._write(incoming.write, gathered)
                    gathered, size = [], 0
            return await self._write(
                self._settle,
                incoming,
                gathered,
                f"{day_of(created_at)}-{stem(words, job_id, index)}",
                about,
            )
        except BaseException:
            await asyncio.shield(self._write(incoming.discard))
            raise

    def _settle(
        self,
        incoming: Incoming,
        rest: Sequence[bytes],
        base: str,
        about: Mapping[str, Any] | None,
    ) -> StoredImage:
        """Write the last bytes and give the picture its name; in a thread."""
        incoming.write(rest)
        kind, facts = incoming.finish()
        for count in range(1, 100):
            ending = f"-{count}" if count > 1 else ""
            name = f"{base}{ending}.{kind.extension}"
            key = key_in(GALLERY, name)
            if incoming.place(partial(self._storage.create, key)):
                break
        else:
            raise JobError(f"There are too many pictures called {base} already.")
        if about is not None and not incoming.says_itself and not self._has(sidecar(key)):
            self._storage.write(sidecar(key), _json(about))
        return _stored(name, kind, facts, incoming.size)

    async def of_job(
        self, job_id: str, *, words: str, created_at: datetime, count: int | None
    ) -> dict[int, StoredImage]:
        """Return those of the first ``count`` outputs of a job that are there, by index.

        None: all that are there.
        """
        day = day_of(created_at)
        if count is None:
            indices = await self._write(self._indices, day, stem(words, job_id, 0)[:-1])
        else:
            indices = list(range(count))
        bases = {index: f"{day}-{stem(words, job_id, index)}" for index in indices}
        return await self._write(self._find, bases)

    def _indices(self, day: str, beginning: str) -> list[int]:
        """Return the indices of a day's files that begin so."""
        folder = f"{GALLERY}/{day}"
        keys = (
            key for key in self._storage.keys(folder) if key.startswith(f"{folder}/{beginning}")
        )
        found = {index_of(name) for name in map(name_at, keys) if name is not None}
        return sorted(found)[:MOST_RECALLED]

    def _find(self, bases: Mapping[int, str]) -> dict[int, StoredImage]:
        found = {}
        for index, base in bases.items():
            for kind in OUTPUT_TYPES:
                name = f"{base}.{kind.extension}"
                key = key_in(GALLERY, name)
                size = self._storage.size(key)
                # Of a file that cannot say itself whose it is, that stands beside it.
                if size is not None and (isinstance(kind, Png) or self._has(sidecar(key))):
                    found[index] = _stored(name, *read_facts(self._storage.local(key)), size)
        return found

    async def path(self, name: str) -> Path:
        """Return a file with a picture, which may lie in the gallery or in the trash."""
        return await asyncio.to_thread(self.local, name)

    async def served(self, name: str) -> Path | str:
        """Return from where a browser gets a picture (`imagine.storage.served`)."""
        return await asyncio.to_thread(self._reached, name, lambda key: served(self._storage, key))

    def local(self, name: str) -> Path:
        """Return a file with a picture, as `path` does; for threads."""
        return self._reached(name, self._storage.local)

    async def thumbnail(self, name: str, width: int) -> Path:
        """Return a WebP of a picture at about a width (`imagine.thumbnails`)."""
        day, file, extension = parse_name(name)
        kind = of_extension(extension)
        if kind is None or not kind.has_thumbnail:
            other = what_else(kind.media_type, None) if kind is not None else "of no kind"
            raise NotFoundError(f"{name} is {other}, and has no small picture.")
        return await self._thumbnails.get(partial(self.local, name), f"{day}/{file}", width)

    async def write_sidecar(self, name: str, data: Mapping[str, Any]) -> None:
        """Write the JSON beside a picture, in one go."""
        await self._write(lambda: self._storage.write(sidecar(self._key(name)), _json(data)))

    async def trash(self, name: str, at: datetime) -> None:
        """Move a picture and its sidecar out of the gallery; `path` still finds it.

        ``at`` is noted beside it, for whoever has nothing but the files.
        """
        note = _json({"deleted_at": at.isoformat()})
        await self._write(self._move, name, GALLERY, TRASH, note)

    async def restore(self, name: str) -> None:
        """Move a picture and its sidecar back out of the trash."""
        await self._write(self._move, name, TRASH, GALLERY, None)

    def _move(self, name: str, origin: str, to: str, note: bytes | None) -> None:
        """Move what belongs to a picture, itself last: begun and broken off, it is begun again."""
        source, target = key_in(origin, name), key_in(to, name)
        with self._moving:
            if not self._has(target):
                if not self._has(source):
                    raise no_such_picture(name)
                if note is not None:
                    self._storage.write(trash_note(target), note)
                if self._has(sidecar(source)):
                    self._storage.delete(sidecar(target))
                    self._storage.move(sidecar(source), sidecar(target))
                self._storage.move(source, target)
            if note is None:
                self._storage.delete(trash_note(source))

    async def delete(self, name: str) -> None:
        """Remove a picture for good, with its sidecar and thumbnails; gone already is no error."""
        await self._write(self._delete, name)

    def _delete(self, name: str) -> None:
        day, file, _ = parse_name(name)
        for root in (GALLERY, TRASH):
            self._storage.delete(key_in(root, name))
            self._storage.delete(sidecar(key_in(root, name)))
        self._storage.delete(trash_note(key_in(TRASH, name)))
        self._thumbnails.delete(f"{day}/{file}")

    async def look_up(self, names: Sequence[str]) -> dict[str, Kept]:
        """Say of pictures how they are kept; those that are gone are left out."""
        return await self._write(self._look_up, names)

    def _look_up(self, names: Sequence[str]) -> dict[str, Kept]:
        found = {}
        for name in names:
            for root in (GALLERY, TRASH):
                if self._has(key := key_in(root, name)):
                    noted = self._has(trash_note(key_in(TRASH, name)))
                    # A move that broke off may have left it at the other end already.
                    other = key_in(GALLERY if root == TRASH else TRASH, name)
                    said = read_json(self._storage, sidecar(key))
                    said = said or read_json(self._storage, sidecar(other)) or {}
                    found[name] = Kept(root == TRASH, noted, said)
                    break
        return found

    async def job_of(self, name: str) -> str | None:
        """Return the id of the job that a picture says it is of."""
        try:
            return await self._write(lambda: said_job(self._storage, self._key(name)))
        except NotFoundError:
            return None

    async def in_trash(self) -> AsyncIterator[str]:
        """Find every picture in the trash."""
        async for keys in self._keys(TRASH):
            for key in keys:
                if (name := name_at(key)) is not None:
                    yield name

    async def sidecars(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Find every sidecar that can be read, with the name of its picture."""
        for root in (GALLERY, TRASH):
            async for keys in self._keys(root):
                for found in await self._write(self._read_sidecars, keys):
                    yield found

    def _read_sidecars(self, keys: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
        names = {key: name_at(key.removesuffix(BESIDE)) for key in keys if key.endswith(BESIDE)}
        found = [(name, read_json(self._storage, key)) for key, name in names.items() if name]
        return [(name, said) for name, said in found if said is not None]

    async def _keys(self, root: str) -> AsyncIterator[Sequence[str]]:
        """Yield all keys below a folder, some at a time."""
        keys = await self._write(lambda: iter(self._storage.keys(root)))
        while some := await self._write(lambda: list(islice(keys, BATCH))):
            yield some

    async def probe(self) -> None:
        """Write something, to see whether that can be done."""
        await self._write(self._probe)

    def _probe(self) -> None:
        self._arrivals.mkdir(exist_ok=True)
        part = part_path(self._arrivals)
        try:
            with part.open("xb") as file:
                file.write(os.urandom(PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            part.unlink(missing_ok=True)

    def _has(self, key: str) -> bool:
        return self._storage.size(key) is not None

    def _key(self, name: str) -> str:
        """Return under which key a picture is kept."""
        # Once more at the end: it may come back while we look.
        for root in (GALLERY, TRASH, GALLERY):
            if self._has(key := key_in(root, name)):
                return key
        raise no_such_picture(name)

    def _reached(self, name: str, reach: Callable[[str], T]) -> T:
        """Return what is under the key of a picture, which may get another one while we look."""
        for _ in range(MOST_MOVES):
            key = self._key(name)
            try:
                return reach(key)
            except NotFoundError:
                continue
        return reach(self._key(name))

    async def _write(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do work in one of the threads for files."""
        with disk_errors(self._arrivals):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._writers, work, *arguments)


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode(errors="replace")


def _stored(name: str, kind: OutputType, facts: Facts, size: int) -> StoredImage:
    return StoredImage(name, facts.width, facts.height, kind.media_type, size, facts.duration_s)
