"""Paint the pictures that stand beside the shipped workflows: ``python -m scripts.paint_library``.

Each shows what goes in and what comes out, as the sketch engine makes it. The 3D model is drawn
here, since the sketch engine makes none.
"""

import math
import random
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from imagine.sketch import retouch
from imagine.sketch.canvas import Canvas
from imagine.sketch.editing import edit, go_on
from imagine.sketch.film import Camera, film
from imagine.sketch.painter import Brief, paint
from imagine.sketch.shapes import hue, mix

LIBRARY = Path(__file__).parent.parent / "imagine" / "library"
SIZE = (480, 320)
# Painted larger and reduced, which is finer.
SCALE = 2
GAP = 6
QUALITY, MOST_BYTES = 82, 25_000
GROUND = hue("#141415")

Picture = Image.Image


def brief(words: str, seed: int = 3) -> Brief:
    return Brief(((words, 1.0),), avoid="", seed=seed)


def scene(words: str, seed: int = 3, size: tuple[int, int] = SIZE) -> Picture:
    return paint(brief(words, seed), size[0] * SCALE, size[1] * SCALE)


def row(*pictures: Picture) -> Picture:
    """Put pictures side by side, each cut to its share of the width."""
    sheet = Image.new("RGB", (SIZE[0] * SCALE, SIZE[1] * SCALE), GROUND)
    gap = GAP * SCALE // 2
    width = (sheet.width - gap * (len(pictures) - 1)) // len(pictures)
    for number, picture in enumerate(pictures):
        sheet.paste(ImageOps.fit(picture, (width, sheet.height)), (number * (width + gap), 0))
    return sheet


def inset(result: Picture, *given: Picture) -> Picture:
    """Lay what was given on a result, small, in its lower left corner."""
    sheet = ImageOps.fit(result, (SIZE[0] * SCALE, SIZE[1] * SCALE))
    side, edge = 84 * SCALE, GAP * SCALE // 2
    for number, picture in enumerate(given):
        left, top = 10 * SCALE + number * (side + 8 * SCALE), sheet.height - side - 10 * SCALE
        frame = (left - edge, top - edge, left + side + edge - 1, top + side + edge - 1)
        ImageDraw.Draw(sheet).rectangle(frame, fill=(250, 250, 249))
        sheet.paste(ImageOps.fit(picture, (side, side)), (left, top))
    return sheet


def repainted() -> Picture:
    before = scene("a mountain lake at dusk", 5, (237, 320))
    mask = Image.new("L", before.size)
    width, height = before.size
    box = (width * 0.16, height * 0.52, width * 0.84, height * 0.9)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    after = retouch.repaint(before, mask, brief("a sailing boat", 8), 1.0, is_blank=False)
    marked = before.copy()
    ImageDraw.Draw(marked).ellipse(box, outline=hue("#f2a65a"), width=3 * SCALE)
    return row(marked, after)


def beyond() -> Picture:
    width, height = SIZE[0] * SCALE, SIZE[1] * SCALE
    middle = scene("misty mountains at dawn, a castle", 7, (240, 320))
    wide, mask = Image.new("RGB", (width, height)), Image.new("L", (width, height), 255)
    place = (width - middle.width) // 2
    wide.paste(middle, (place, 0))
    mask.paste(0, (place, 0, place + middle.width, height))
    whole = retouch.repaint(
        wide, mask, brief("misty mountains at dawn, a castle", 7), 1.0, is_blank=True
    )
    pen = ImageDraw.Draw(whole)
    for x in (place, place + middle.width):
        for y in range(0, height, 16 * SCALE):
            pen.line((x, y, x, y + 8 * SCALE), fill=(250, 250, 249), width=SCALE)
    return whole


def enlarged() -> Picture:
    fine = scene("a red fox in the snow", 5)
    left, top = fine.width * 0.54, fine.height * 0.3
    part = fine.crop((round(left), round(top), round(left + 300), round(top + 400)))
    small = (part.width // 12, part.height // 12)
    coarse = part.resize(small, Image.Resampling.BOX)
    return row(coarse.resize(part.size, Image.Resampling.NEAREST), part)


def series() -> Picture:
    before = [
        scene(words, 4, (160, 160))
        for words in ("a fox in a forest", "a cabin by a lake", "a sailing boat")
    ]
    words = brief("watercolor, at dusk", 1)
    after = [edit([picture], words, picture.size) for picture in before]
    upper, lower = row(*before), row(*after)
    sheet = Image.new("RGB", upper.size, GROUND)
    half = (sheet.height - GAP * SCALE // 2) // 2
    for picture, top in ((upper, 0), (lower, sheet.height - half)):
        sheet.paste(ImageOps.fit(picture, (sheet.width, half), centering=(0.5, 0.55)), (0, top))
    return sheet


def moving(words: str, start: str, seed: int) -> Picture:
    first = scene(start, seed)
    last = go_on(first, brief(words, seed), first.size)
    frames = film(first, last, Camera.said(words, "k"), 33)
    return row(frames[0], frames[16], frames[32])


def solid() -> Picture:
    """Draw a turned vase as a body: its rings lit from the left, its edges fine lines."""
    canvas = Canvas(SIZE[0] * SCALE, SIZE[1] * SCALE, random.Random(3))
    canvas.fill([(0, hue("#e9e4d8")), (1, hue("#b9b2a4"))])
    middle, top, tall = canvas.w / 2, canvas.h * 0.13, canvas.h * 0.72
    rings, around = 30, 40

    def radius(share: float) -> float:
        waist = 0.62 + 0.38 * math.sin(share * math.pi * 1.25 + 0.35)
        return canvas.u * (0.08 + 0.17 * waist) * (1 if share > 0.1 else 1 + (0.1 - share) * 2)

    def point(ring: int, turn: int) -> tuple[float, float]:
        angle, reach = turn / around * 2 * math.pi, radius(ring / rings)
        return middle + math.sin(angle) * reach, top + ring / rings * tall + math.cos(
            angle
        ) * reach * 0.2

    canvas.dots(
        [(middle, top + tall, canvas.u * 0.24)], hue("#3b342c"), alpha=0.35, soft=canvas.u * 0.05
    )
    light, shade = hue("#f4d9b6"), hue("#7a3f22")
    seen = sorted(range(around), key=lambda turn: math.cos((turn + 0.5) / around * 2 * math.pi))
    for turn in seen:
        angle = (turn + 0.5) / around * 2 * math.pi
        lit = max(0.0, math.cos(angle + 0.9)) ** 0.8
        for ring in range(rings):
            corners = [
                point(ring, turn),
                point(ring + 1, turn),
                point(ring + 1, turn + 1),
                point(ring, turn + 1),
            ]
            canvas.shapes([corners], mix(shade, light, lit), soft=0)
            if math.cos(angle) > 0:
                canvas.strokes([[*corners, corners[0]]], hue("#2a1a10"), 0.5 * SCALE, alpha=0.45)
    return inset(canvas.image, scene("a ceramic vase", 12))


def changed(*starts: str, words: str, seed: int = 3) -> Picture:
    given = [scene(start, seed) for start in starts]
    return inset(edit(given, brief(words, seed), given[0].size), *given)


PICTURES: Mapping[str, Callable[[], Picture]] = {
    "text_to_image": lambda: scene("a lighthouse on a cliff at dusk, waves below", 11),
    "text_to_image_flux": lambda: scene("a cabin by a lake, smoke, early morning", 6),
    "text_to_image_qwen": lambda: scene("neon city in the rain at night", 4),
    "text_to_image_z_image": lambda: scene("a stag in an enchanted forest, fireflies", 9),
    "image_to_image": lambda: inset(
        edit([scene("a house on a hill, summer", 5)], brief("winter, watercolor", 5), (960, 640)),
        scene("a house on a hill, summer", 5),
    ),
    "batch_image_to_image": series,
    "inpaint": repainted,
    "outpaint": beyond,
    "upscale": enlarged,
    "character_sheet": lambda: scene(
        "a woman with red hair, character sheet, front, side and back", 14
    ),
    "multi_image_edit": lambda: changed(
        "a red fox in the snow", "portrait of a woman with red hair", words="at dusk"
    ),
    "multi_image_edit_qwen": lambda: changed(
        "a castle on a mountain", "a hot air balloon", words="at sunset", seed=6
    ),
    "image_to_video": lambda: moving(
        "the camera moves slowly closer, waves", "a sailing boat at sea, sunset", 3
    ),
    "image_to_video_wan22": lambda: moving(
        "the camera moves left, wind", "portrait of a woman with red hair", 7
    ),
    "text_to_3d": solid,
}


def main() -> None:
    for entry in sorted(LIBRARY.glob("*/*.toml")):
        picture = PICTURES[entry.stem]().resize(SIZE, Image.Resampling.LANCZOS)
        path = entry.with_suffix(".webp")
        for quality in range(QUALITY, 0, -6):
            picture.save(path, "WEBP", quality=quality, method=6)
            if path.stat().st_size <= MOST_BYTES:
                break


if __name__ == "__main__":
    main()
