"""JPEG.

Source: ITU T.81, annex B.
"""

import struct
from typing import BinaryIO

from imagine.media.base import BrokenFileError, tail_of, take
from imagine.media.picture import PictureType

# Frame headers; C4, C8 and CC in between are something else.
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Segments before the frame header, fill bytes among them.
MOST_SEGMENTS = 10_000
# Some writers pad the end with zeros.
TAIL_BYTES = 32


class Jpeg(PictureType):
    """JPEG."""

    name = "JPEG"
    media_type = "image/jpeg"
    extension = "jpg"

    def fits(self, head: bytes, told: str) -> bool:
        return head.startswith(b"\xff\xd8\xff")

    def size(self, file: BinaryIO) -> tuple[int, int]:
        file.seek(2)
        mark = take(file, 2)
        for _ in range(MOST_SEGMENTS):
            if mark[0] != 0xFF:
                break
            if mark[1] == 0xFF:  # a fill byte before the marker
                mark = mark[1:] + take(file, 1)
            elif mark[1] in _SOF:
                height, width = struct.unpack(">3xHH", take(file, 7)[:7])
                return width, height
            else:
                (length,) = struct.unpack(">H", take(file, 2))
                file.seek(max(0, length - 2), 1)
                mark = take(file, 2)
        raise BrokenFileError("it has no header")

    def is_whole(self, file: BinaryIO) -> bool:
        return tail_of(file, TAIL_BYTES).rstrip(b"\0").endswith(b"\xff\xd9")
