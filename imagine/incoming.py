"""One picture on its way from an engine to the disk.

Apart from `imagine.image_files`, which reads what lies there: this one is written, seen to be
whole, and given its name. For threads: nothing here knows the loop.
"""

import filecmp
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from imagine.errors import EngineError, EngineUnavailableError
from imagine.image_bytes import PNG, Header, is_whole, read_header, with_text
from imagine.image_files import HEADER_BYTES, part_path

PICTURE_LIMIT = 256 * 2**20
# The first and last bytes that are kept to see whether a picture is whole; no picture is smaller.
HEAD_BYTES = TAIL_BYTES = 32
# How our text begins in a PNG (`imagine.picture_text`), as a chunk of either kind.
OWN_TEXT = b"Xtimagine\0"


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


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write everything to an unbuffered file, which may take less at a time."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
