"""Small pictures as bytes, for tests that bring some along."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

Box = tuple[int, int, int, int]


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def picture(
    kind: str = "PNG", size: tuple[int, int] = (64, 48), shade: int = 0, **options: Any
) -> bytes:
    return encoded(Image.new("RGB", size, (shade, 90, 120)), kind, **options)


def lying(size: tuple[int, int] = (64, 48), kind: str = "JPEG") -> bytes:
    """A picture that is shown with its sides swapped, as cameras write them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture(kind, size, exif=exif)


def moving(kind: str = "WEBP") -> bytes:
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in (0, 99, 255)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of few bytes that unfolds to thousands of millions of pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(1_000_000), 9))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


def mask(size: tuple[int, int] = (64, 48), painted: Box = (8, 8, 32, 32)) -> bytes:
    """White on black, the last row and column of the box not included."""
    drawn = Image.new("L", size)
    drawn.paste(255, painted)
    return encoded(drawn)


def hole(size: tuple[int, int] = (64, 48), painted: Box = (8, 8, 32, 32)) -> bytes:
    """A picture that is transparent where it is to be painted anew."""
    drawn = Image.new("RGBA", size, (200, 200, 200, 255))
    drawn.paste((200, 200, 200, 0), painted)
    return encoded(drawn)


def noise(size: tuple[int, int], seed: int = 0) -> bytes:
    """A PNG that cannot be made small: some three bytes for each pixel."""
    values = bytearray()
    state = seed.to_bytes(8, "big")
    while len(values) < size[0] * size[1] * 3:
        state = zlib.crc32(state).to_bytes(4, "big") + state[:4]
        values += state
    return encoded(Image.frombytes("RGB", size, bytes(values[: size[0] * size[1] * 3])))


def strokes(size: tuple[int, int]) -> Image.Image:
    """A grey picture with a disc, for masks that are not boxes."""
    drawn = Image.new("L", size)
    ImageDraw.Draw(drawn).ellipse((10, 10, 40, 40), fill=255)
    return drawn
