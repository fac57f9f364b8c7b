"""Files that came in: uploads, fetched links and masks, each stored once under what it holds.

``uploads/<sha256>.<ext>`` in the storage: the same file sent again is the same, and nobody's name
ever becomes a path. A picture is kept only when it is known that it can be decoded within bounds, a
video or a sound when its header can be read. `imagine.images` keeps what the engines made; small
copies of both are made in `imagine.thumbnails`.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

import aiofiles
from PIL import Image

from imagine.errors import (
    MalformedError,
    NotFoundError,
    PromptError,
    TooLargeError,
    UnsupportedMediaError,
)
from imagine.image_bytes import INPUT_LIMIT, MEDIA_LIMIT
from imagine.image_files import HEADER_BYTES, clear_parts, damaged, disk_errors, part_path
from imagine.input_image import Box
from imagine.lifetime import Opened
from imagine.masks import Mask, normalise
from imagine.media import (
    HEAD_BYTES,
    INPUT_TYPES,
    BrokenFileError,
    Facts,
    Kind,
    OutputType,
    input_limit,
    input_type,
    listed_inputs,
    of_extension,
    read_header,
)
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
_KINDS = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO)

_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it is kept; its id is the SHA-256 of its bytes in hex, its name has the ending.

    Units: pixels, as it is shown (cameras write pictures on their side), None for a sound; seconds,
    None for a picture and where a file does not say; bytes.
    """

    id: str
    name: str
    kind: Kind
    width: int | None
    height: int | None
    duration_s: float | None
    media_type: str
    bytes: int


class Put(NamedTuple):
    """What came of taking a file in: it may have been here already."""

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
        """Take a file in as it streams; one that is here already is left untouched.

        Raises:
            TooLargeError: it has too many bytes or pixels; reading stops there.
            UnsupportedMediaError: it is no picture, video or sound that is taken, or a picture that
                moves.
            PromptError: it is damaged.
            MalformedError: there is nothing in it.
        """
        part = part_path(self._folder)
        try:
            upload_id, size = await self._receive(part, chunks)
            try:
                return Put(await self.get(upload_id), is_new=False)
            except NotFoundError:
                kind, facts = await self._do(self._looker, _look, part)
            return await self._do(self._writer, self._settle, part, upload_id, kind, facts, size)
        finally:
            await asyncio.shield(self._do(self._writer, _discard, part))

    async def _receive(self, part: Path, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        """Write what comes; return its id and how many bytes it has."""
        digest = hashlib.sha256()
        size, limit = 0, INPUT_LIMIT
        kind: OutputType | None = None
        head = b""
        gathered = bytearray()
        with disk_errors(part):
            file = await aiofiles.open(part, "xb", executor=self._writer)
        try:
            async for chunk in chunks:
                size += len(chunk)
                if len(head) < HEAD_BYTES:
                    head += chunk[:HEAD_BYTES]
                    kind = input_type(head)
                    limit = input_limit(kind.kind) if kind is not None else INPUT_LIMIT
                if size > limit:
                    raise too_large(kind.kind if kind is not None else Kind.IMAGE)
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
            raise MalformedError("There is no file in it: it is empty.")
        return digest.hexdigest(), size

    def _settle(self, part: Path, upload_id: str, kind: OutputType, facts: Facts, size: int) -> Put:
        """Keep a file, unless somebody was quicker with the same one; in the thread."""
        name = f"{upload_id}.{kind.extension}"
        key = f"{FOLDER}/{name}"
        is_new = self._storage.size(key) is None
        if not self._storage.create(key, part):
            raise damaged(name)  # what is kept has other bytes than its name says
        return Put(self._told(upload_id, kind, facts, size), is_new)

    def _told(self, upload_id: str, kind: OutputType, facts: Facts, size: int) -> Upload:
        upload = Upload(
            id=upload_id,
            name=f"{upload_id}.{kind.extension}",
            kind=kind.kind,
            width=facts.width,
            height=facts.height,
            duration_s=facts.duration_s,
            media_type=kind.media_type,
            bytes=size,
        )
        return _remember(self._known, upload_id, upload)

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
        kind, facts = await self._do(self._looker, lambda: _look(self._storage.local(key)))
        return self._told(upload_id, kind, facts, size)

    def kind_of(self, upload_id: str) -> Kind | None:
        """Return of what kind an upload is; None when there is none of that id. For threads."""
        known = self._known.get(upload_id)
        if known is not None:
            return known.kind
        try:
            key, _ = self._key(upload_id)
        except NotFoundError:
            return None
        return _type_of(key).kind

    async def thumbnail(self, upload_id: str, width: int) -> Path:
        """Return a WebP of an uploaded picture at about a width (`imagine.thumbnails`)."""
        key, _ = await asyncio.to_thread(self._key, upload_id)
        kind = _type_of(key).kind
        if kind is not Kind.IMAGE:
            raise NotFoundError(f"{upload_id} is a {kind.noun}, and has no small picture.")
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


def too_large(kind: Kind | None) -> TooLargeError:
    """Return the error that a file has too many bytes; None: nobody knows of what kind it is."""
    if kind is None:
        return TooLargeError(
            f"A video or a sound may have {MEDIA_LIMIT >> 20} MiB and a picture "
            f"{INPUT_LIMIT >> 20} MiB, and this file has more.",
            hint="Save it smaller.",
        )
    example = ", for example as JPEG" if kind is Kind.IMAGE else ""
    return TooLargeError(
        f"A {kind.noun} may have {input_limit(kind) >> 20} MiB, and this one has more.",
        hint=f"Save it smaller{example}.",
    )


def _type_of(key: str) -> OutputType:
    kind = of_extension(key.rpartition(".")[2])
    assert kind is not None, "nothing else is kept"
    return kind


def _look(path: Path) -> tuple[OutputType, Facts]:
    """See that a file can be used; return its type, and what it says of itself."""
    with path.open("rb") as file:
        kind = input_type(file.read(HEAD_BYTES))
        if kind is None:
            raise _not_taken()
        if kind.kind is not Kind.IMAGE:
            return kind, _look_at_media(kind, file)
    return kind, _look_at_picture(path)


def _not_taken() -> UnsupportedMediaError:
    *most, last = (listed_inputs(kind) for kind in _KINDS)
    return UnsupportedMediaError(f"This is no {', no '.join(most)}, and no {last}.", hint=TAKEN)


def _look_at_media(kind: OutputType, file: BinaryIO) -> Facts:
    noun = kind.kind.noun
    try:
        facts = kind.describe(file)
    except BrokenFileError as error:
        raise PromptError(f"The {noun} is damaged: {error}.", hint="Save it again.") from error
    if kind.kind is Kind.VIDEO and not facts.width:
        raise UnsupportedMediaError(
            "There is nothing to be seen in the video.",
            hint=f"Save a sound as {listed_inputs(Kind.AUDIO)}.",
        )
    return facts


def _look_at_picture(path: Path) -> Facts:
    """Return the size of a picture as shown."""
    with path.open("rb") as file:
        header = read_header(file.read(HEADER_BYTES))
    if header is None:
        raise _not_taken()
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
    width, height = header.width, header.height
    return Facts(height, width) if is_lying else Facts(width, height)


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
