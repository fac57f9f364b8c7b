"""GIF, still or moving.

Source: Graphics Interchange Format, version 89a, sections 17 to 27.
"""

import struct
from io import SEEK_CUR
from typing import BinaryIO

from imagine.media.base import BrokenFileError, take
from imagine.media.picture import PictureType

COLOR_TABLE = 0x80
EXTENSION, IMAGE, TRAILER = b"\x21", b"\x2c", b"\x3b"
GRAPHIC_CONTROL = b"\xf9"


class Gif(PictureType):
    """GIF."""

    name = "GIF"
    media_type = "image/gif"
    extension = "gif"

    def fits(self, head: bytes, told: str) -> bool:
        return head.startswith((b"GIF87a", b"GIF89a"))

    def size(self, file: BinaryIO) -> tuple[int, int]:
        file.seek(6)
        width, height = struct.unpack("<HH", take(file, 4))
        return width, height

    def duration(self, file: BinaryIO) -> float | None:
        """Add up the delays of the frames, to the end; a single frame is a still picture."""
        file.seek(10)
        _skip_colors(file, take(file, 3)[0])
        frames, hundredths = 0, 0
        while (block := take(file, 1)) != TRAILER:
            if block == EXTENSION and take(file, 1) == GRAPHIC_CONTROL:
                hundredths += _delay(file)
            elif block == IMAGE:
                frames += 1
                _skip_colors(file, take(file, 9)[8])
                take(file, 1)  # the size of the first code
                _skip(file)
            elif block == EXTENSION:
                _skip(file)
            else:
                raise BrokenFileError("it has a block of no kind")
        return hundredths / 100 if frames > 1 else None


def _skip_colors(file: BinaryIO, flags: int) -> None:
    if flags & COLOR_TABLE:
        file.seek(3 * 2 ** ((flags & 7) + 1), SEEK_CUR)


def _delay(file: BinaryIO) -> int:
    length = take(file, 1)[0]
    body = take(file, length)
    if length:
        _skip(file)
    return int.from_bytes(body[1:3], "little")


def _skip(file: BinaryIO) -> None:
    """Skip over blocks of data up to the empty one."""
    while length := take(file, 1)[0]:
        take(file, length)
