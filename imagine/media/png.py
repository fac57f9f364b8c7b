"""PNG, still or moving.

Source: PNG specification, third edition (W3C), chapters 5 and 11; acTL and fcTL in 11.3.6.
"""

import struct
from collections.abc import Iterator, Mapping
from io import SEEK_CUR
from typing import BinaryIO

from imagine.image_bytes import PNG_HEAD_BYTES, PNG_SIGNATURE, with_text
from imagine.media.base import BrokenFileError, tail_of
from imagine.media.picture import PictureType

_IEND = b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
# Chunks before the pixels of a still picture, and chunks of a moving one, that are looked at.
MOST_CHUNKS = 100_000
# A delay without a denominator counts hundredths.
USUAL_DENOMINATOR = 100


class Png(PictureType):
    """PNG. It carries texts, so all that a picture says of itself stands in it."""

    name = "PNG"
    media_type = "image/png"
    extension = "png"

    def fits(self, head: bytes, told: str) -> bool:
        return head.startswith(PNG_SIGNATURE)

    def size(self, file: BinaryIO) -> tuple[int, int]:
        file.seek(0)
        head = file.read(PNG_HEAD_BYTES)
        if len(head) < PNG_HEAD_BYTES or head[8:16] != b"\x00\x00\x00\x0dIHDR":
            raise BrokenFileError("it has no header")
        width, height = struct.unpack_from(">II", head, 16)
        return width, height

    def duration(self, file: BinaryIO) -> float | None:
        """Return how long it moves: nothing before the pixels says so, then it is still."""
        file.seek(PNG_HEAD_BYTES)
        is_moving, total = False, 0.0
        for kind, length in _chunks(file):
            body = file.read(min(length, 26)) if kind in (b"acTL", b"fcTL") else b""
            file.seek(length - len(body), SEEK_CUR)
            if kind == b"acTL" and len(body) == 8:
                is_moving = struct.unpack(">II", body)[0] > 1
            elif kind == b"fcTL" and len(body) == 26:
                across, down = struct.unpack_from(">HH", body, 20)
                total += across / (down or USUAL_DENOMINATOR)
            elif kind == b"IEND" or (kind == b"IDAT" and not is_moving):
                break
        return total if is_moving else None

    def is_whole(self, file: BinaryIO) -> bool:
        return tail_of(file, len(_IEND)) == _IEND

    def with_texts(self, head: bytes, texts: Mapping[str, str]) -> bytes:
        return with_text(head, texts)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield kind and length of each chunk; whoever asks for the next has read or skipped it."""
    for _ in range(MOST_CHUNKS):
        start = file.read(8)
        if len(start) < 8:
            return
        yield start[4:], int.from_bytes(start[:4])
        file.seek(4, SEEK_CUR)  # the check sum
