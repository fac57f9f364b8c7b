"""Pictures that came in: uploads, fetched links and masks, each stored once under what it holds.

``uploads/<sha256>.<ext>`` in the storage: the same picture sent again is the same, and nobody's
name ever becomes a path. It is kept only when it is known to be a picture that can be decoded
within bounds. `imagine.images` keeps what the engines made; small copies of both are made in
`imagine.thumbnails`.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiofiles
from PIL import Image

from imagine.errors import (
    MalformedError,
    NotFoundError,
    PromptError,
    TooLargeError,
    UnsupportedMediaError,
)
from imagine.image_bytes import INPUT_LIMIT
from imagine.image_files import HEADER_BYTES, clear_parts, damaged, disk_errors, part_path
from imagine.input_image import Box
from imagine.lifetime import Opened
from imagine.masks import Mask, normalise
from imagine.media import INPUT_TYPES, Header, read_header
from imagine.storage import Storage, served
from imagine.thumbnails import FORMATS, PIXEL_LIMIT, Thumbnails, lies_on_its_side

T = TypeVar("T")

# Of keys, and of what is being received.
FOLDER = "uploads"
# Units: bytes. So much is gathered before it goes to the disk.
GATHERED_BYTES = 512 * 2**10
# So many files are kept in mind: what they are, and which masks were made of them.
MOST_KNOWN = 4096
TAKEN = "Save it as PNG, JPEG or WebP."

_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as it is kept; its id is the SHA-256 of its bytes in hex, its name has the ending.

    Units: pixels, as it is shown (cameras write pictures on their side); bytes.
    """

    id: str
    name: str
    width: int
    height: int
    media_type: str
    bytes: int


class Put(NamedTuple):
    """What came of taking a picture in: it may have been here already."""

    upload: Upload
    is_new: bool


class Uploads(Opened):
    """The uploads of one storage. Owned by the app, which opens and closes it.

    What is being received, and the small copies, lie below ``output``.

    Raises:
        StorageError: from any method, when the storage refuses.
        NotFoundError: from any method, when there is no upload of that id.
    """

    def __init__(self, storage: Storage, output: Path) -> None:
        self._storage = storage
        # Where `DiskStorage` keeps uploads, so that it can rename what was received.
        self._folder = output / FOLDER
        self._thumbnails = Thumbnails(output / "thumbnails")
        # One thread each: what is done to a file is done in order.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="imagine-uploads")
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="imagine-decoder")
        self._known: dict[str, Upload] = {}
        # Name and size → the id of the mask that was made, and its box.
        self._masks: dict[tuple[str, int, int], tuple[str, Box]] = {}

    async def open(self) -> None:
        """Make the folder, and clear away what a crash left half-written."""
        await self._do(self._writer, self._prepare)

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        clear_parts(self._folder)

    async def close(self) -> None:
        """Wait for what is being written."""
        for threads in (self._looker, self._writer):
            await asyncio.to_thread(threads.shutdown)
        await self._thumbnails.close()

    async def put(self, chunks: AsyncIterator[bytes]) -> Put:
        """Take a picture in as it streams; one that is here already is left untouched.

        Raises:
            TooLargeError: it has too many bytes or pixels; reading stops there.
            UnsupportedMediaError: it is no PNG, JPEG or WebP, or it moves.
            PromptError: it is damaged.
            MalformedError: there is nothing in it.
        """
        part = part_path(self._folder)
        try:
            upload_id, size = await self._receive(part, chunks)
            try:
                return Put(await self.get(upload_id), is_new=False)
            except NotFoundError:
                header = await self._do(self._looker, _look, part)
            return await self._do(self._writer, self._settle, part, upload_id, header, size)
        finally:
            await asyncio.shield(self._do(self._writer, _discard, part))

    async def _receive(self, part: Path, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        """Write what comes; return its id and how many bytes it has."""
        digest = hashlib.sha256()
        size = 0
        gathered = bytearray()
        with disk_errors(part):
            file = await aiofiles.open(part, "xb", executor=self._writer)
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > INPUT_LIMIT:
                    raise too_large()
                digest.update(chunk)
                gathered += chunk
                if len(gathered) >= GATHERED_BYTES:
                    with disk_errors(part):
                        await file.write(bytes(gathered))
                    gathered.clear()
            with disk_errors(part):
                await file.write(bytes(gathered))
                await file.flush()
        finally:
            await file.close()
        if not size:
            raise MalformedError("There is no picture in it: it is empty.")
        return digest.hexdigest(), size

    def _settle(self, part: Path, upload_id: str, header: Header, size: int) -> Put:
        """Keep a file, unless somebody was quicker with the same one; in the thread."""
        name = f"{upload_id}.{header.extension}"
        key = f"{FOLDER}/{name}"
        is_new = self._storage.size(key) is None
        if not self._storage.create(key, part):
            raise damaged(name)  # what is kept has other bytes than its name says
        upload = Upload(upload_id, name, header.width, header.height, header.media_type, size)
        return Put(_remember(self._known, upload_id, upload), is_new)

    def _key(self, upload_id: str) -> tuple[str, int]:
        """Return under which key an upload is kept, and how many bytes it has; in threads."""
        if _ID.fullmatch(upload_id):
            for kind in INPUT_TYPES:
                key = f"{FOLDER}/{upload_id}.{kind.extension}"
                if (size := self._storage.size(key)) is not None:
                    return key, size
        raise NotFoundError(f"There is no upload {upload_id[:64]}.")

    async def path(self, upload_id: str) -> Path:
        """Return a file with an upload."""
        return await asyncio.to_thread(lambda: self._storage.local(self._key(upload_id)[0]))

    async def served(self, upload_id: str) -> Path | str:
        """Return from where a browser gets an upload (`imagine.storage.served`)."""
        return await asyncio.to_thread(lambda: served(self._storage, self._key(upload_id)[0]))

    async def get(self, upload_id: str) -> Upload:
        """Return an upload by its id."""
        key, size = await asyncio.to_thread(self._key, upload_id)
        known = self._known.get(upload_id)
        if known is not None:
            return known
        header = await self._do(self._looker, lambda: _look(self._storage.local(key)))
        name = key.removeprefix(f"{FOLDER}/")
        upload = Upload(upload_id, name, header.width, header.height, header.media_type, size)
        return _remember(self._known, upload_id, upload)

    async def thumbnail(self, upload_id: str, width: int) -> Path:
        """Return a WebP of an upload at about a width (`imagine.thumbnails`)."""
        key, _ = await asyncio.to_thread(self._key, upload_id)
        return await self._thumbnails.get(partial(self._storage.local, key), key, width)

    async def mask(self, source: Path, width: int, height: int) -> tuple[Upload, Box]:
        """Return a mask for a picture of this size, made of what was painted (`imagine.masks`).

        Raises:
            PromptError: it does not fit the picture, or nothing is painted.
        """
        key = (source.name, width, height)
        made = self._masks.get(key)
        if made is not None:
            try:
                return await self.get(made[0]), made[1]
            except NotFoundError:  # somebody tidied up: it is made again
                del self._masks[key]
        mask: Mask = await self._do(self._looker, normalise, source, width, height)
        upload, _ = await self.put(_once(mask.png))
        _remember(self._masks, key, (upload.id, mask.box))
        return upload, mask.box

    async def _do(self, threads: ThreadPoolExecutor, work: Callable[..., T], *arguments: Any) -> T:
        with disk_errors(self._folder):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(threads, work, *arguments)


def too_large() -> TooLargeError:
    return TooLargeError(
        f"A picture may have {INPUT_LIMIT >> 20} MiB, and this one has more.",
        hint="Save it smaller, for example as JPEG.",
    )


def _look(path: Path) -> Header:
    """See that a file is a picture that can be used; return its type and its size as shown."""
    with path.open("rb") as file:
        header = read_header(file.read(HEADER_BYTES))
    if header is None:
        raise UnsupportedMediaError("This is no PNG, JPEG or WebP.", hint=TAKEN)
    if header.width * header.height > PIXEL_LIMIT:
        raise TooLargeError(
            f"A picture may have {PIXEL_LIMIT / 1e6:.0f} million pixels, and this one has "
            f"{header.width * header.height / 1e6:.0f} million.",
            hint="Save it smaller.",
        )
    try:
        with Image.open(path, formats=FORMATS) as picture:
            is_moving = getattr(picture, "is_animated", False) and picture.format != "MPO"
            if picture.size != (header.width, header.height):
                raise ValueError("the header tells another size")
            if not is_moving:
                picture.load()
            is_lying = not is_moving and lies_on_its_side(picture)
    # What strangers send can break Pillow in any way: whatever it raises, it is not to be used.
    except Exception as error:
        raise PromptError("The picture is damaged.", hint="Save it again, as PNG.") from error
    if is_moving:
        raise UnsupportedMediaError("The picture moves.", hint="Save one frame of it, as PNG.")
    if is_lying:
        return replace(header, width=header.height, height=header.width)
    return header


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)


def _remember(memory: dict[Any, T], key: object, value: T) -> T:
    """Keep something in mind; what was first is forgotten first."""
    if len(memory) >= MOST_KNOWN:
        memory.pop(next(iter(memory)), None)
    memory[key] = value
    return value


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
