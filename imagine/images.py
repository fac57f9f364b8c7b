"""Pictures on disk: taken in once, never overwritten, with sidecars and thumbnails.

Files are handled in threads of their own (`imagine.image_files`): the loop's default executor
serves files, and would stand behind an fsync. Names are the business of `imagine.image_names`,
bytes that of `imagine.image_bytes`, small copies that of `imagine.thumbnails`.
"""

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from imagine.errors import JobError, NotFoundError, StorageError
from imagine.image_bytes import EXTENSIONS, MEDIA_TYPES, PNG, Header, a1111_parameters
from imagine.image_files import (
    clear_parts,
    disk_errors,
    make_folder,
    part_path,
    read_file_header,
    read_json,
    read_texts,
    sidecar,
    sync_folder,
    trash_note,
    write_beside,
)
from imagine.image_names import day_of, is_name, no_such_picture, parse_name, stem
from imagine.image_reading import said_job
from imagine.incoming import Incoming
from imagine.lifetime import Opened
from imagine.thumbnails import Thumbnails

__all__ = ["ImageStore", "Listed", "StoredImage", "a1111_parameters"]

T = TypeVar("T")

# So much is gathered before it goes to the disk: few hops to a thread, and little memory.
GATHERED_BYTES = 4 * 1024**2
# Two threads: while one waits for the disk, the other writes.
WRITERS = 2
# So much is written to see whether a disk has room: about one picture.
PROBE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A picture as it lies on disk. Units: pixels, bytes."""

    name: str
    path: Path
    width: int
    height: int
    media_type: str
    bytes: int


class Listed(NamedTuple):
    """A picture found by `ImageStore.walk`."""

    name: str
    trashed: bool


class Kept(NamedTuple):
    """How a picture lies on disk.

    ``noted``: it is said of it that it lies in the trash. ``sidecar`` is empty when there is none.
    """

    trashed: bool
    noted: bool
    sidecar: dict[str, Any]


class ImageStore(Opened):
    """The pictures of one output folder. Owned by the app, which opens and closes it.

    Raises:
        StorageError: from any method, when the disk refuses.
        NotFoundError: from any method, when there is no picture of that name.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._images = output / "images"
        self._small = output / "thumbnails"
        self._trash = output / "trash"
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="imagine-images")
        self._thumbnails = Thumbnails(self._small)
        # Held from "is the name free?" until it is taken.
        self._naming = threading.Lock()

    async def open(self) -> None:
        """Make the folders, and clear away what a crash left half-written."""
        await self._write(self._prepare)

    def _prepare(self) -> None:
        for folder in (self._images, self._small, self._trash):
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
            EngineError: it is no PNG, JPEG or WebP, or too big.
            EngineUnavailableError: it ends too early; asking again may help.
        """
        incoming = Incoming(self._images, media_type, text_chunks)
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
                day_of(created_at),
                stem(words, job_id, index),
                about,
            )
        except BaseException:
            await asyncio.shield(self._write(incoming.discard))
            raise

    def _settle(
        self,
        incoming: Incoming,
        rest: Sequence[bytes],
        day: str,
        base: str,
        about: Mapping[str, Any] | None,
    ) -> StoredImage:
        """Write the last bytes and give the file its name; in a thread."""
        incoming.write(rest)
        header = incoming.finish()
        folder = self._images / day
        make_folder(folder)
        extension = EXTENSIONS[header.media_type]
        with self._naming:
            for count in range(1, 100):
                ending = f"-{count}" if count > 1 else ""
                path = folder / f"{base}{ending}.{extension}"
                if incoming.place(path):
                    break
            else:
                raise JobError(f"There are too many pictures called {base} already.")
        sync_folder(folder)
        if about is not None and not incoming.says_itself and not _exists(sidecar(path)):
            write_beside(sidecar(path), _json(about), part_path(self._images))
        return _stored(f"{day}-{path.name}", path, header, incoming.size)

    async def of_job(
        self, job_id: str, *, words: str, created_at: datetime, count: int
    ) -> dict[int, StoredImage]:
        """Return those of the first ``count`` pictures of a job that are there, by index."""
        names = [stem(words, job_id, index) for index in range(count)]
        return await self._write(self._find, day_of(created_at), names)

    def _find(self, day: str, stems: Sequence[str]) -> dict[int, StoredImage]:
        found = {}
        for index, base in enumerate(stems):
            for extension in MEDIA_TYPES:
                path = self._images / day / f"{base}.{extension}"
                # Of a picture that cannot say itself whose it is, that stands beside it.
                is_said = MEDIA_TYPES[extension] == PNG or _exists(sidecar(path))
                if _exists(path) and is_said:
                    header = read_file_header(path)
                    found[index] = _stored(f"{day}-{path.name}", path, header, path.stat().st_size)
        return found

    def path(self, name: str) -> Path:
        """Return the file of a picture, in the gallery or in the trash."""
        day, file, _ = parse_name(name)
        # Once more at the end: it may come back while we look.
        for root in (self._images, self._trash, self._images):
            path = root / day / file
            try:
                real = path.resolve(strict=True)
            except (OSError, RuntimeError):  # not there, or (before Python 3.13) a loop of links
                continue
            if real.is_file() and real.is_relative_to(root.resolve()):
                return path
        raise no_such_picture(name)

    def media_type(self, name: str) -> str:
        """Return the type of a picture by its name.

        aiohttp would not know WebP on Python 3.11.
        """
        return MEDIA_TYPES[parse_name(name).extension]

    async def inspect(self, name: str) -> tuple[StoredImage, dict[str, str]]:
        """Return what a picture file says of itself, and the texts in it."""
        return await self._write(self._inspect, name)

    def _inspect(self, name: str) -> tuple[StoredImage, dict[str, str]]:
        path = self.path(name)
        header = read_file_header(path)
        texts = read_texts(path) if header.media_type == PNG else {}
        return _stored(name, path, header, path.stat().st_size), texts

    async def thumbnail(self, name: str, width: int) -> Path:
        """Return a WebP of a picture at about a width (`imagine.thumbnails`)."""
        day, file, _ = parse_name(name)
        path = self.path(name)
        try:
            return await self._thumbnails.get(path, f"{day}/{file}", width)
        except StorageError:
            # It may have gone into the trash, or come out of it, since we looked.
            if (moved := self.path(name)) == path:
                raise
            return await self._thumbnails.get(moved, f"{day}/{file}", width)

    async def write_sidecar(self, name: str, data: Mapping[str, Any]) -> None:
        """Write the JSON beside a picture, in one go."""
        path = sidecar(self.path(name))
        await self._write(write_beside, path, _json(data), part_path(self._images))

    async def trash(self, name: str, at: datetime) -> None:
        """Move a picture and its sidecar out of the gallery's folder; `path` still finds it.

        ``at`` is noted beside it, for whoever has nothing but the files.
        """
        note = _json({"deleted_at": at.isoformat()})
        await self._write(self._move, name, self._images, self._trash, note)

    async def restore(self, name: str) -> None:
        """Move a picture and its sidecar back out of the trash."""
        await self._write(self._move, name, self._trash, self._images, None)

    def _move(self, name: str, origin: Path, to: Path, note: bytes | None) -> None:
        """Move what belongs to a picture, itself last: begun and broken off, it is begun again."""
        day, file, _ = parse_name(name)
        source, target = origin / day / file, to / day / file
        with self._naming:
            if not _exists(target):
                if not _exists(source):
                    raise no_such_picture(name)
                make_folder(target.parent)
                if note is not None:
                    write_beside(trash_note(target), note, part_path(self._images))
                if _exists(sidecar(source)):
                    sidecar(source).replace(sidecar(target))
                source.replace(target)
                sync_folder(target.parent)
                sync_folder(source.parent)
            if note is None:
                trash_note(source).unlink(missing_ok=True)

    async def delete(self, name: str) -> None:
        """Remove a picture for good, with its sidecar and thumbnails; gone already is no error."""
        await self._write(self._delete, name)

    def _delete(self, name: str) -> None:
        day, file, _ = parse_name(name)
        for root in (self._images, self._trash):
            (root / day / file).unlink(missing_ok=True)
            sidecar(root / day / file).unlink(missing_ok=True)
        trash_note(self._trash / day / file).unlink(missing_ok=True)
        self._thumbnails.delete(f"{day}/{file}")

    async def look_up(self, names: Sequence[str]) -> dict[str, Kept]:
        """Say of pictures how they lie on disk; those that are gone are left out."""
        return await self._write(self._look_up, names)

    def _look_up(self, names: Sequence[str]) -> dict[str, Kept]:
        found = {}
        for name in names:
            day, file, _ = parse_name(name)
            for root in (self._images, self._trash):
                if _exists(path := root / day / file):
                    noted = _exists(trash_note(self._trash / day / file))
                    said = read_json(sidecar(path)) or {}
                    found[name] = Kept(root is self._trash, noted, said)
                    break
        return found

    async def job_of(self, name: str) -> str | None:
        """Return the id of the job that a picture says it is of."""
        try:
            return await self._write(lambda: said_job(self.path(name)))
        except NotFoundError:
            return None

    async def in_trash(self) -> AsyncIterator[str]:
        """Find every picture in the trash."""
        for folder in await self._write(_folders, self._trash):
            for name in await self._write(_names, folder):
                yield name

    async def sidecars(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Find every sidecar that can be read, with the name of its picture."""
        for root in (self._images, self._trash):
            for folder in await self._write(_folders, root):
                for found in await self._write(_read_sidecars, folder):
                    yield found

    async def probe(self) -> None:
        """Write something, to see whether that can be done."""
        await self._write(self._probe)

    def _probe(self) -> None:
        self._images.mkdir(exist_ok=True)
        part = part_path(self._images)
        try:
            with part.open("xb") as file:
                file.write(os.urandom(PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            part.unlink(missing_ok=True)

    async def walk(self) -> AsyncIterator[Listed]:
        """Find every picture, oldest day first; what is not named by us is left out."""
        for root in (self._images, self._trash):
            for folder in await self._write(_folders, root):
                for name in await self._write(_names, folder):
                    yield Listed(name, trashed=root is self._trash)

    async def _write(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do work in one of the threads for files."""
        with disk_errors(self._output):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._writers, work, *arguments)


def _exists(path: Path) -> bool:
    return path.is_file()


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode(errors="replace")


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(folder for folder in root.iterdir() if folder.is_dir())


def _read_sidecars(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted(folder.glob("*.json")):
        name = f"{folder.name}-{path.name.removesuffix('.json')}"
        if is_name(name) and (data := read_json(path)) is not None:
            found.append((name, data))
    return found


def _names(folder: Path) -> list[str]:
    names = sorted(f"{folder.name}-{path.name}" for path in folder.iterdir())
    return [name for name in names if is_name(name)]


def _stored(name: str, path: Path, header: Header, size: int) -> StoredImage:
    return StoredImage(name, path, header.width, header.height, header.media_type, size)
