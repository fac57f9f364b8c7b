"""WebP, still or moving.

Source: RFC 9649, sections 2.5 to 2.7.
"""

import struct
from io import SEEK_CUR
from typing import BinaryIO

from imagine.media.base import BrokenFileError, size_of, take
from imagine.media.picture import PictureType

ANIMATED = 0x02
MOST_CHUNKS = 100_000


class Webp(PictureType):
    """WebP."""

    name = "WebP"
    media_type = "image/webp"
    extension = "webp"

    def fits(self, head: bytes, told: str) -> bool:
        return head.startswith(b"RIFF") and head[8:12] == b"WEBP"

    def size(self, file: BinaryIO) -> tuple[int, int]:
        file.seek(0)
        head = take(file, 30)
        match head[12:16]:
            case b"VP8X":
                width, height = head[24:27], head[27:30]
                return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
            case b"VP8L":
                bits = int.from_bytes(head[21:25], "little")
                return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            case b"VP8 ":
                across, down = struct.unpack_from("<HH", head, 26)
                return across & 0x3FFF, down & 0x3FFF
            case _:
                raise BrokenFileError("it has no header")

    def duration(self, file: BinaryIO) -> float | None:
        """Add up the frames of a moving one; a single frame is a still picture."""
        file.seek(12)
        head = take(file, 9)
        if head[:4] != b"VP8X" or not head[8] & ANIMATED:
            return None
        file.seek(12)
        frames, total_ms = 0, 0
        for _ in range(MOST_CHUNKS):
            start = file.read(8)
            if len(start) < 8:
                break
            length = int.from_bytes(start[4:], "little")
            body = file.read(15) if start[:4] == b"ANMF" and length >= 16 else b""
            if len(body) == 15:
                frames += 1
                total_ms += int.from_bytes(body[12:15], "little")
            file.seek(length + length % 2 - len(body), SEEK_CUR)
        return total_ms / 1000 if frames > 1 else None

    def is_whole(self, file: BinaryIO) -> bool:
        file.seek(4)
        length = int.from_bytes(take(file, 4), "little")
        return size_of(file) == 8 + length + length % 2
