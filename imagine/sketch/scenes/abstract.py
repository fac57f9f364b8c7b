"""What no other scene knows: fields of flowing colour, marbled, with a few calm shapes."""

import math

from PIL import Image, ImageChops, ImageFilter

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import BLACK, WHITE, Colour, Line, Wave, hues, mix, oval

PALETTES = [
    hues("#14213d #2f5d7c #e9c46a #f4a261 #e76f51"),
    hues("#1b1b3a #693668 #a74482 #f84aa7 #ffd5c2"),
    hues("#0b3c49 #2e8b83 #a8d5ba #f7e7ce #d9825b"),
    hues("#2d1e2f #6e3b4b #c06a4e #eab676 #f6e7cb"),
    hues("#10241f #33593f #8aa05a #e2c97e #f3efe0"),
    hues("#1a1f2e #44597a #8fa9c4 #e4dcd0 #c9674a"),
]


def paint_abstract(c: Canvas, r: Reading) -> None:
    palette = list(r.deal("palette", PALETTES))
    said = [k for k in (r.own_colour, *r.tints) if k is not None]
    if said:
        base = said[0]
        palette = [
            mix(base, BLACK, 0.7),
            mix(base, BLACK, 0.3),
            base,
            mix(said[-1], WHITE, 0.35),
            mix(said[-1], WHITE, 0.75),
        ]
    if r.hour == "night":
        palette = [mix(k, (6, 8, 26), 0.4) for k in palette]
    style = r.deal("style", (_marble, _bands, _dunes_of_paper, _marble))
    style(c, palette)
    if r.has_subject and r.deal("discs", (True, False)):
        _discs(c, palette)
    c.brush(strokes=5600, length=0.026, alpha=0.5, turn=1.4)
    _gilding(c, palette[-1])


def _gradient_map(c: Canvas, grey: Image.Image, palette: list[Colour]) -> None:
    last = len(palette) - 1
    bands = []
    for band in range(3):
        lut = []
        for v in range(256):
            place = v / 255 * last
            i = min(last - 1, int(place))
            t = place - i
            lut.append(round(palette[i][band] + (palette[i + 1][band] - palette[i][band]) * t))
        bands.append(grey.point(lut))
    c.image = Image.merge("RGB", bands)


def _marble(c: Canvas, palette: list[Colour]) -> None:
    """Noise bent by noise, then coloured by height."""
    base = c.noise(1.6, 5)
    bend = c.noise(2.2, 3)
    turns = 2.2 + c.rng.random() * 1.6
    folded = Image.blend(base, bend, 0.45).point(
        [round(127.5 + 127.5 * math.sin(v / 255 * math.pi * turns)) for v in range(256)]
    )
    _gradient_map(c, Image.blend(folded, base, 0.35), palette)
    edges = folded.filter(ImageFilter.FIND_EDGES).filter(ImageFilter.GaussianBlur(c.u * 0.0015))
    c.cover(palette[-1], edges.point([min(255, v * 5) for v in range(256)]), alpha=0.35)


def _bands(c: Canvas, palette: list[Colour]) -> None:
    """Waves of paint one before the other, each with a soft shadow."""
    c.fill([(0, palette[-1]), (1, palette[-2])])
    order = [*palette[::-1], *palette[1:-1]]
    for number, colour in enumerate(order):
        rng = c.child()
        wave, start, lean = Wave(rng, 3), rng.random() * 20, rng.uniform(-0.35, 0.35)
        level = c.h * (0.12 + number / len(order) * 0.95)
        line = [
            (
                i * c.w / 120,
                level
                + (i / 120 - 0.5) * lean * c.h
                - (wave.at(start + i / 120 * 2.4 * c.wide) - 0.5) * c.u * 0.6,
            )
            for i in range(-2, 123)
        ]
        shape = [(-9.0, c.h + 9), *line, (c.w + 9, c.h + 9)]
        c.shapes([[(x, y - c.u * 0.012) for x, y in shape]], BLACK, alpha=0.28, soft=c.u * 0.02)
        c.shapes(
            [shape],
            land.downward(
                level - c.u * 0.3,
                level + c.u * 0.4,
                mix(colour, WHITE, 0.16),
                mix(colour, BLACK, 0.18),
            ),
        )


def _dunes_of_paper(c: Canvas, palette: list[Colour]) -> None:
    """Round cut-outs nested in each other, like layers of paper seen from above."""
    base = c.noise(2.0, 2)
    steps = len(palette) + 2
    c.fill([(0, palette[0]), (1, mix(palette[0], palette[1], 0.4))])
    for number in range(steps):
        level = 40 + number * 190 / steps
        mask = base.point([255 if v > level else 0 for v in range(256)]).filter(
            ImageFilter.GaussianBlur(c.u * 0.0016)
        )
        shadow = ImageChops.offset(mask, round(c.u * 0.006), round(c.u * 0.01)).filter(
            ImageFilter.GaussianBlur(c.u * 0.012)
        )
        c.cover(BLACK, shadow, alpha=0.35)
        c.cover(mix(palette[number % len(palette)], WHITE, 0.06), mask)


def _discs(c: Canvas, palette: list[Colour]) -> None:
    rng = c.child()
    for _ in range(3):
        x, y, size = (
            c.w * rng.uniform(0.2, 0.8),
            c.h * rng.uniform(0.2, 0.8),
            c.u * rng.uniform(0.06, 0.2),
        )
        colour = rng.choice(palette[2:])
        c.dots([(x + size * 0.08, y + size * 0.12, size)], BLACK, alpha=0.35, soft=size * 0.12)
        c.dots([(x, y, size)], colour, alpha=0.95)
        c.shapes(
            [oval(x - size * 0.3, y - size * 0.3, size * 0.5, size * 0.4)],
            WHITE,
            alpha=0.18,
            soft=size * 0.2,
        )


def _gilding(c: Canvas, light: Colour) -> None:
    """A few fine lines of gold."""
    rng = c.child()
    lines: list[Line] = []
    for _ in range(5):
        wave, start, level = Wave(rng, 3), rng.random() * 20, rng.random()
        lines.append(
            [
                (i * c.w / 90, c.h * level - (wave.at(start + i / 90 * 3) - 0.5) * c.u * 0.7)
                for i in range(-1, 92)
            ]
        )
    c.strokes(lines, mix(light, (222, 184, 104), 0.6), c.u * 0.0022, alpha=0.55)
