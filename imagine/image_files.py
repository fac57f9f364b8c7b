"""One picture file: written whole or not at all, and read for what it says of itself.

For threads: nothing here knows the loop, which is the business of `imagine.images`. What the disk
says is turned into a sentence here too.
"""

import errno
import filecmp
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from imagine.errors import (
    DISK_FULL,
    DISK_UNWRITABLE,
    EngineError,
    EngineUnavailableError,
    StorageError,
)
from imagine.image_bytes import (
    PNG,
    PNG_SIGNATURE,
    TEXT_LIMIT,
    Header,
    is_whole,
    read_header,
    read_text,
    with_text,
)

PICTURE_LIMIT = 256 * 2**20
# The first and last bytes that are kept to see whether a picture is whole; no picture is smaller.
HEAD_BYTES = TAIL_BYTES = 32
# How our text begins in a PNG (`imagine.picture_text`), as a chunk of either kind.
OWN_TEXT = b"Xtimagine\0"
# More than any header takes, colour profile and EXIF of a JPEG included.
HEADER_BYTES = 2**20
USUAL_HEADER_BYTES = 4096


class Incoming:
    """One picture on its way to the disk; used in threads, by one at a time."""

    def __init__(self, folder: Path, media_type: str, texts: Mapping[str, str]) -> None:
        self._part = part_path(folder)
        self._media_type = media_type
        self._texts = texts
        self._file: BinaryIO | None = None
        self._header: Header | None = None
        self._head = self._tail = b""
        self.size = 0
        # Whether our own text came with it.
        self.says_itself = False
        # A cancelled caller discards the file while a thread may still write it.
        self._using = threading.Lock()
        self._is_over = False

    def write(self, chunks: Sequence[bytes]) -> None:
        """Write chunks as one: each call of the system hands the interpreter to another thread."""
        with self._using:
            if self._is_over or not any(chunks):
                return
            if self._file is None:
                chunks = self._begin(chunks)
                # Somebody may have tidied the folder away while we ran; the one with the database
                # is not ours to make again.
                self._part.parent.mkdir(exist_ok=True)
                self._file = self._part.open("xb", buffering=0)
                chunks = [b"".join(chunks)]
                self.says_itself = OWN_TEXT in chunks[0][:HEADER_BYTES]
            data = b"".join(chunks)
            self.size += len(data)
            self._tail = (self._tail + data[-TAIL_BYTES:])[-TAIL_BYTES:]
            _write_all(self._file, data)
            if self.size > PICTURE_LIMIT:
                raise EngineError(
                    f"The engine sent a picture of more than {PICTURE_LIMIT >> 20} MiB.",
                    hint="Make a smaller one.",
                )

    def _begin(self, chunks: Sequence[bytes]) -> Sequence[bytes]:
        """Learn what is coming, and put the texts in; return what to write."""
        self._header = read_header(chunks[0])
        if self._header is None:  # a tiny first chunk, or a header far in
            chunks = [b"".join(chunks)]
            self._header = read_header(chunks[0])
        if self._header is None:
            if len(chunks[0]) < HEAD_BYTES:
                raise _broken_off()
            raise EngineError(
                f"The engine sent something that is no PNG, JPEG or WebP ({self._media_type}).",
                hint="Look into ComfyUI's own window for the reason, then try again.",
            )
        self._head = chunks[0][:HEAD_BYTES]
        if self._header.media_type == PNG:
            return [with_text(chunks[0], self._texts), *chunks[1:]]
        return chunks

    def finish(self) -> Header:
        """See that the picture is whole, and that it is on the disk."""
        with self._using:
            header = self._header
            if (
                self._file is None
                or header is None
                or not is_whole(header.media_type, self._head, self._tail, self.size)
            ):
                raise _broken_off()
            os.fsync(self._file.fileno())
            self._file.close()
            return header

    def place(self, path: Path) -> bool:
        """Take a name, if it is free or stands for the same bytes; return whether it is ours."""
        with self._using:
            if not path.is_file():
                self._part.replace(path)
            elif filecmp.cmp(self._part, path, shallow=False):
                self._part.unlink()
            else:
                return False
            self._is_over = True
            return True

    def discard(self) -> None:
        with self._using:
            if not self._is_over:
                self._is_over = True
                if self._file is not None:
                    self._file.close()
                self._part.unlink(missing_ok=True)


def _broken_off() -> EngineUnavailableError:
    return EngineUnavailableError(
        "The engine sent a picture that ends too early.",
        hint="Try again; if it stays so, look at the disk of ComfyUI's machine.",
    )


def part_path(folder: Path) -> Path:
    """Return a name for a file being written; what a crash leaves of it is found by its ending."""
    return folder / f"{secrets.token_hex(8)}.part"


def make_folder(folder: Path) -> None:
    """Make a folder below one that is there, so that it outlives a power cut."""
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk; Windows has no way to ask for that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network disks cannot
            raise
    finally:
        os.close(descriptor)


def write_beside(path: Path, data: bytes, part: Path) -> None:
    """Write a small file in one go: all of it is there, or what was there before."""
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


def clear_parts(folder: Path) -> None:
    """Remove what a crash left half-written."""
    for part in folder.glob("*.part"):
        part.unlink(missing_ok=True)


def holds_pictures(output: Path) -> bool:
    """Say whether an output folder has pictures, to miss a database beside them."""
    return any((output / "images").glob("*/*.*"))


def sidecar(path: Path) -> Path:
    """Return where it is said of a picture what does not stand in it."""
    return path.with_name(f"{path.name}.json")


def trash_note(path: Path) -> Path:
    """Return where it is said of a picture in the trash since when it lies there."""
    return path.with_name(f"{path.name}.trash.json")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a small file; None when there is none that can be read."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def read_file_header(path: Path) -> Header:
    """Return type and size of a picture file.

    Raises:
        StorageError: it is damaged.
    """
    with path.open("rb") as file:
        head = file.read(USUAL_HEADER_BYTES)
        header = read_header(head) or read_header(head + file.read(HEADER_BYTES))
    if header is None:
        raise damaged(path.name)
    return header


def read_texts(path: Path, wanted: Set[str] | None = None) -> dict[str, str]:
    """Return the texts of a PNG file by keyword; at most until all that are wanted were found."""
    found: dict[str, str] = {}
    with path.open("rb") as file:
        for keyword, text in _texts(file):
            found[keyword] = text
            if wanted is not None and wanted <= found.keys():
                break
    return found


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write everything to an unbuffered file, which may take less at a time."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _texts(png: BinaryIO) -> Iterator[tuple[str, str]]:
    """Read the texts of a PNG, wherever they stand; pixels are skipped over."""
    png.seek(len(PNG_SIGNATURE))
    while len(start := png.read(8)) == 8:
        length, kind = int.from_bytes(start[:4], "big"), start[4:]
        if kind in (b"tEXt", b"zTXt", b"iTXt") and length <= TEXT_LIMIT:
            if (found := read_text(kind, png.read(length))) is not None:
                yield found
        else:
            png.seek(length, os.SEEK_CUR)
        png.seek(4, os.SEEK_CUR)  # the check sum


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk says inside the block into one sentence."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, Path(error.filename or path)) from error


def storage_error(error: OSError, path: Path) -> StorageError:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StorageError(
                "The disk is full, so this was not saved.",
                hint=f"Free some space for {path.parent}, then try again.",
                code=DISK_FULL,
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return StorageError(
                f"{path} cannot be written.",
                hint="Allow writing there, or start Imagine with another folder: --output FOLDER.",
                code=DISK_UNWRITABLE,
            )
        case _:
            return StorageError(
                f"{path} could not be read or written: {error.strerror or error}",
                hint="Check the disk and the folder, then try again.",
            )


def damaged(name: str) -> StorageError:
    return StorageError(
        f"{name} is damaged.", hint="Make the picture again, or put a good copy in its place."
    )
