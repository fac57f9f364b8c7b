"""A character sheet: one painting seen several times, side by side on paper.

A painter of scenes cannot turn a head, so its views are that one painting, mirrored and nearer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from imagine.sketch.shapes import Colour, hue

SAYING = "character sheet"
PAPER: Colour = hue("#f3eee3")
# Words for many views, and the rows and columns that they get.
LAYOUTS = (("six", (2, 3)), ("three-quarter", (1, 4)))
USUAL = (1, 3)
# How near each view is, the next one always mirrored.
NEARNESS = (1.0, 1.0, 1.35, 1.2, 1.5, 1.35)
MARGIN = 0.035


@dataclass(frozen=True, slots=True)
class Sheet:
    """The arrangement of a sheet. ``text``: what is said of the character alone."""

    text: str
    rows: int
    columns: int

    def arrange(
        self, paint: Callable[[int, int], Image.Image], width: int, height: int
    ) -> Image.Image:
        """Return the sheet, with one painting in each of its places."""
        gap = round(min(width, height) * MARGIN)
        wide = (width - gap * (self.columns + 1)) // self.columns
        high = (height - gap * (self.rows + 1)) // self.rows
        sheet = Image.new("RGB", (width, height), PAPER)
        if min(wide, high) < 1:
            return sheet
        view = paint(wide, high)
        boxes = [
            (gap + column * (wide + gap), gap + row * (high + gap))
            for row in range(self.rows)
            for column in range(self.columns)
        ]
        sheet = _shaded(sheet, boxes, (wide, high), gap)
        for number, box in enumerate(boxes):
            seen = _nearer(view, NEARNESS[number % len(NEARNESS)])
            sheet.paste(ImageOps.mirror(seen) if number % 2 else seen, box)
        return sheet


def sheet_of(text: str) -> Sheet | None:
    """Return the sheet that a text asks for, if it asks for one."""
    lower = text.lower()
    if SAYING not in lower:
        return None
    rows, columns = next((layout for word, layout in LAYOUTS if word in lower), USUAL)
    return Sheet(
        text[: lower.index(SAYING)] + text[lower.index(SAYING) + len(SAYING) :], rows, columns
    )


def _nearer(view: Image.Image, nearness: float) -> Image.Image:
    """Return the upper middle of a picture, so much nearer."""
    wide, high = view.width / nearness, view.height / nearness
    left, top = (view.width - wide) / 2, (view.height - high) * 0.35
    return view.resize(view.size, Image.Resampling.BICUBIC, (left, top, left + wide, top + high))


def _shaded(
    sheet: Image.Image, boxes: list[tuple[int, int]], size: tuple[int, int], gap: int
) -> Image.Image:
    """Let each view lie on the paper with a soft shadow."""
    mask = Image.new("L", sheet.size)
    pen = ImageDraw.Draw(mask)
    for left, top in boxes:
        pen.rectangle((left, top + gap // 5, left + size[0], top + size[1] + gap // 5), fill=90)
    shadow = mask.filter(ImageFilter.GaussianBlur(max(1, gap / 4)))
    return Image.composite(Image.new("RGB", sheet.size, hue("#4a4038")), sheet, shadow)
