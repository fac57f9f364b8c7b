"""Masks as the engine takes them: of the picture's size, white where it is to be painted anew.

What comes in is whatever a person or a program painted: white on black, or a picture with a hole in
it. What goes out is grey, with edges that fade inwards only: a pixel that nobody painted stays 0,
so the picture under it stays what it is, byte for byte. The same mask and size give the same bytes.

For threads; nothing here knows the loop.
"""

import io
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageFilter, ImageOps
from PIL.PngImagePlugin import PngInfo

from imagine.errors import Detail, PromptError
from imagine.image_files import damaged
from imagine.input_image import Box
from imagine.thumbnails import FORMATS

# How far the shape of a mask may be from that of its picture.
RATIO_TOLERANCE = 0.02
# The width of the faded edge, as a part of the picture's longer side.
EDGE = 0.01
# JPEG leaves specks of grey around what was painted; darker ones than this are not meant.
FLOOR = 16
OPAQUE = 255
# A text in our own masks: a softened edge must not be softened again when its job is.
MARK, MARKED = "imagine", "mask"


class Mask(NamedTuple):
    """A mask as PNG, and the part of it that is not black."""

    png: bytes
    box: Box


def normalise(path: Path, width: int, height: int) -> Mask:
    """Return a mask for a picture of this size.

    A picture with transparency is painted anew where it is transparent, any other one where it is
    bright. Units: pixels.

    Raises:
        PromptError: it has another shape than the picture, or nothing is painted.
        StorageError: it is damaged.
    """
    try:
        with Image.open(path, formats=FORMATS) as opened:
            is_done = (
                opened.mode == "L"
                and opened.size == (width, height)
                and opened.info.get(MARK) == MARKED
            )
            picture = ImageOps.exif_transpose(opened)
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged(path.name) from error
    if is_done:
        painted = picture
    else:
        _check_shape(picture.size, width, height)
        painted = _softened(_without_specks(_fitted(_painted(picture), width, height)))
    box = painted.getbbox()
    if box is None:
        raise _refusal("Nothing is painted in the mask.", "Paint over what is to become new.")
    return Mask(path.read_bytes() if is_done else _png(painted), Box(*box))


def _check_shape(size: tuple[int, int], width: int, height: int) -> None:
    if abs(size[0] * height / (size[1] * width) - 1) > RATIO_TOLERANCE:
        raise _refusal(
            f"The mask has another shape ({size[0]}×{size[1]}) than its picture "
            f"({width}×{height}).",
            "Paint it on the picture itself.",
        )


def _refusal(message: str, hint: str) -> PromptError:
    return PromptError(message, details=[Detail(parameter="mask", message=message)], hint=hint)


def _painted(picture: Image.Image) -> Image.Image:
    """Return what is painted, by transparency if there is any."""
    if picture.has_transparency_data:
        alpha = picture.convert("RGBA").getchannel("A")
        if alpha.getextrema()[0] != OPAQUE:
            return ImageChops.invert(alpha)
        picture = picture.convert("RGB")
    if picture.mode.startswith("I"):  # 16 bits, of which Pillow would keep the lower half
        return picture.point(lambda value: value / 256).convert("L")
    return picture.convert("L")


def _fitted(painted: Image.Image, width: int, height: int) -> Image.Image:
    if painted.size == (width, height):
        return painted
    # Every other filter reaches beyond what was painted.
    return painted.resize((width, height), Image.Resampling.BOX)


def _without_specks(painted: Image.Image) -> Image.Image:
    return painted.point([0 if value < FLOOR else value for value in range(256)])


def _softened(painted: Image.Image) -> Image.Image:
    """Fade the edges inwards; what is thinner than an edge keeps half of its strength."""
    blurred = painted.filter(ImageFilter.GaussianBlur(EDGE * max(painted.size)))
    half = painted.point([value // 2 for value in range(256)])
    return ImageChops.darker(painted, ImageChops.lighter(blurred, half))


def _png(painted: Image.Image) -> bytes:
    info = PngInfo()
    info.add_text(MARK, MARKED)
    data = io.BytesIO()
    painted.save(data, "PNG", pnginfo=info)
    return data.getvalue()
