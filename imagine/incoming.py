"""One file on its way from an engine to the disk.

Apart from `imagine.image_files`, which reads what lies there: this one is written, seen to be
whole, and given its name. For threads: nothing here knows the loop.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from imagine.errors import EngineError, EngineUnavailableError
from imagine.image_files import part_path
from imagine.media import HEAD_BYTES, BrokenFileError, Facts, OutputType, listed, recognise

# So far into a PNG our own text is looked for. Units: bytes.
TEXT_SEARCHED = 2**20
# How our text begins in a PNG (`imagine.picture_text`), as a chunk of either kind.
OWN_TEXT = b"Xtimagine\0"


class Incoming:
    """One file on its way to the disk; used in threads, by one at a time.

    ``told`` is the media type that the engine calls it; ``texts`` go into a file that carries some.
    """

    def __init__(self, folder: Path, told: str, texts: Mapping[str, str]) -> None:
        self._part = part_path(folder)
        self._told = told
        self._texts = texts
        self._file: BinaryIO | None = None
        self._kind: OutputType | None = None
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
            if self._kind is None or self._file is None:
                self._kind, chunks = self._begin(chunks)
                # Somebody may have tidied the folder away while we ran; the one with the database
                # is not ours to make again.
                self._part.parent.mkdir(exist_ok=True)
                self._file = self._part.open("x+b", buffering=0)
                chunks = [b"".join(chunks)]
                self.says_itself = chunks[0].find(OWN_TEXT, 0, TEXT_SEARCHED) >= 0
            data = b"".join(chunks)
            self.size += len(data)
            _write_all(self._file, data)
            if self.size > self._kind.limit:
                raise EngineError(
                    f"The engine sent a {self._kind.kind.noun} of more than "
                    f"{self._kind.limit >> 20} MiB.",
                    hint="Make a smaller one.",
                )

    def _begin(self, chunks: Sequence[bytes]) -> tuple[OutputType, Sequence[bytes]]:
        """Learn what is coming, and put the texts in; return what to write."""
        if len(chunks[0]) < HEAD_BYTES:
            chunks = [b"".join(chunks)]
        kind = recognise(chunks[0], self._told)
        if kind is not None:  # only the first chunk is copied for its texts
            return kind, [kind.with_texts(chunks[0], self._texts), *chunks[1:]]
        if len(chunks[0]) < HEAD_BYTES:
            raise _broken_off("file")
        raise EngineError(
            f"The engine sent a file of a kind that is not taken here ({self._told}). "
            f"These are: {listed()}.",
            hint="Let the workflow save one of these. If it does, look into ComfyUI's own window.",
        )

    def finish(self) -> tuple[OutputType, Facts]:
        """See that the file is whole, and read what it says of itself."""
        with self._using:
            if self._file is None or self._kind is None:
                raise _broken_off("file")
            try:
                is_whole = self._kind.is_whole(self._file)
                facts = self._kind.describe(self._file)
            except BrokenFileError as error:
                raise _broken_off(self._kind.kind.noun) from error
            if not is_whole:
                raise _broken_off(self._kind.kind.noun)
            self._file.close()
            return self._kind, facts

    def place(self, create: Callable[[Path], bool]) -> bool:
        """Hand the file over (`imagine.storage.Storage.create`); return whether it was taken."""
        with self._using:
            self._is_over = create(self._part)
            if self._is_over:
                self._part.unlink(missing_ok=True)
            return self._is_over

    def discard(self) -> None:
        with self._using:
            if not self._is_over:
                self._is_over = True
                if self._file is not None:
                    self._file.close()
                self._part.unlink(missing_ok=True)


def _broken_off(noun: str) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"The engine sent a {noun} that ends too early, or is damaged.",
        hint="Try again; if it stays so, look at the disk of ComfyUI's machine.",
    )


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write everything to an unbuffered file, which may take less at a time."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
