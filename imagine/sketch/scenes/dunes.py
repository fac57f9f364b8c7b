"""Dunes: lit and shaded sides, ripples, a caravan on a ridge."""

import math
from dataclasses import dataclass

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import Colour, Line, Path, Point, Wave, hues, limb, mix, oval


@dataclass(frozen=True, slots=True)
class Heat:
    """Sky above and below, sand in light and in shade, the sun."""

    top: Colour
    low: Colour
    lit: Colour
    shade: Colour
    sun: Colour


HEAT = {
    "day": [
        Heat(*hues("#4f86b8 #e9dcc0 #ecc58e #9a5c34 #fff8e4")),
        Heat(*hues("#86a7b8 #f5e6cf #eacb9b #a36b3d #fffdf0")),
    ],
    "dusk": [
        Heat(*hues("#2c3f63 #e9a77c #f1b983 #6f3422 #ffe6c0")),
        Heat(*hues("#3a2b52 #e47f6d #ea9a6e #4c2030 #ffd9b0")),
    ],
    "dawn": [Heat(*hues("#8fa0c0 #f6d6bd #f2c9a0 #8d5a4a #fff0dc"))],
    "night": [Heat(*hues("#070d1e #2a4068 #7e90b0 #141d36 #f0f3ff"))],
}
MARS = Heat(*hues("#5a3b34 #d99a72 #c8683c #4a1d14 #fff0e0"))


def paint_dunes(c: Canvas, r: Reading) -> None:
    hour = r.time("day", "dusk", "dawn", "night")
    heat = MARS if r.has("mars", "martian") else c.rng.choice(HEAT[hour])
    c.fill([(0, heat.top), (1, heat.low)], 0, c.h * 0.62)
    if hour == "night":
        land.stars(c, c.h * 0.5, 300)
    x, y = c.w * c.rng.uniform(0.2, 0.8), c.h * c.rng.uniform(0.2, 0.34)
    if r.has_subject:
        c.glow(x, y, c.u * 0.7, heat.sun, 0.5)
        c.dots([(x, y, c.u * c.rng.uniform(0.04, 0.075))], heat.sun, alpha=0.95)
    c.clouds(mix(heat.low, heat.sun, 0.4), 0.4, 0, c.h * 0.5, cells=3, stretch=5, cover=0.4)
    peaks = [_dune(c, heat, layer) for layer in range(5)]
    c.brush(turn=0.3, length=0.024)
    if r.has_subject and r.has("walker", "walkers", "people", "person", "figure", "figures"):
        _walkers(c, *peaks[3], heat)
    elif r.has_subject and not r.has("mars"):
        _caravan(c, *peaks[3], heat)


def _dune(c: Canvas, heat: Heat, layer: int) -> tuple[float, float, land.Curve]:
    """One dune with its crest; returns the crest's place and its outline."""
    rng = c.child()
    t = layer / 4
    level, height = c.h * (0.47 + t * 0.36), c.h * (0.09 + t * 0.17)
    span = c.u * (0.75 + t * 0.5)
    peak = c.w * rng.uniform(0.15, 0.85)
    wave, start = Wave(rng, 2), rng.random() * 20

    def curve(x: float) -> float:
        rise = max(0.0, 1 - abs(x - peak) / span)
        swell = (wave.at(start + x / c.u * 1.4) - 0.5) * c.h * 0.05
        return level - math.pow(rise, 1.35) * height - swell

    air = heat.low
    lit = mix(mix(heat.lit, air, 0.55 * (1 - t)), heat.sun, 0.12)
    dark = mix(mix(heat.shade, air, 0.5 * (1 - t)), heat.lit, 0.1)
    land.ground(
        c, curve, land.downward(level - height, level + c.h * 0.3, lit, mix(lit, heat.shade, 0.45))
    )
    crest = curve(peak)
    lee: list[Point] = [(peak, crest)]
    x = peak
    while x < peak + span * 1.15:
        x += c.u * 0.02
        lee.append((x, curve(x) + 1))
    lee.append((peak + span * 1.05, c.h + 2))
    # The line between light and shade winds down from the crest.
    for i in range(12, -1, -1):
        q = i / 12
        wind = c.u * 0.07 * (1 - q) * ((i * 0.7 + layer) % 2 - 1) * 0.35
        lee.append((peak + span * 0.42 * q**1.5 + wind * q, crest + (c.h - crest) * q))
    c.shapes([lee], land.downward(crest, c.h, dark, mix(dark, lit, 0.4)), soft=c.u * 0.0015)
    c.strokes([lee[: len(lee) - 15]], mix(lit, heat.sun, 0.5), c.u * 0.002, alpha=0.5)
    ripples: list[Line] = []
    for _ in range(round(26 * t)):
        rx, ry = peak - rng.random() * span * 1.3, level + c.h * 0.3 * rng.random() ** 1.5
        length = c.u * rng.uniform(0.05, 0.16)
        if ry > curve(rx) + c.u * 0.02:
            ripples.append(Path(rx, ry, length).to(-0.5, 0.03).quad(0, -0.05, 0.5, 0.03).points)
    c.strokes(ripples, mix(lit, heat.shade, 0.4), c.u * 0.0022, alpha=0.4, soft=c.u * 0.001)
    return peak, span, curve


def _caravan(c: Canvas, peak: float, span: float, curve: land.Curve, heat: Heat) -> None:
    """Camels in a row along a crest, against the light."""
    size = c.u * 0.058
    dark = mix(heat.shade, (10, 6, 10), 0.75)
    first = max(peak - span * 0.12, size * 6.5)
    for number in range(5):
        x = first - number * size * 1.35
        y = curve(x) + size * 0.03

        def part(*joints: tuple[float, float, float], x: float = x, y: float = y) -> Line:
            return Path(x, y, size).through(limb(joints)).points

        legs = [
            part((s, -0.5, 0.1), (s + 0.02, -0.25, 0.05), (s + k, 0.0, 0.04))
            for s, k in ((-0.26, -0.04), (-0.16, 0.05), (0.18, -0.05), (0.27, 0.04))
        ]
        body = (
            Path(x, y, size)
            .to(-0.36, -0.5)
            .curve(-0.36, -0.72, -0.14, -0.7, -0.1, -0.74)
            .quad(0.0, -1.02, 0.12, -0.74)
            .curve(0.3, -0.7, 0.36, -0.62, 0.34, -0.5)
            .curve(0.2, -0.4, -0.2, -0.4, -0.36, -0.5)
        )
        neck = part(
            (0.28, -0.6, 0.14),
            (0.46, -0.56, 0.09),
            (0.54, -0.84, 0.07),
            (0.6, -0.98, 0.08),
            (0.74, -0.94, 0.05),
        )
        parts = [*legs, body.points, neck]
        if number % 2 == 0:
            parts += [
                part((0.02, -0.86, 0.2), (0.02, -1.2, 0.12)),
                Path(x, y, size).through(oval(0.02, -1.3, 0.075, 0.075)).points,
            ]
        c.shapes(parts, dark)


def _walkers(c: Canvas, peak: float, span: float, curve: land.Curve, heat: Heat) -> None:
    """People in a row along a crest, with staffs."""
    size = c.u * 0.06
    dark = mix(heat.shade, (10, 6, 10), 0.75)
    first = max(peak - span * 0.1, size * 5.5)
    for number in range(5):
        x = first - number * size * 1.1
        y = curve(x) + size * 0.04

        def part(*joints: tuple[float, float, float], x: float = x, y: float = y) -> Line:
            return Path(x, y, size).through(limb(joints)).points

        figure = [
            part((-0.02, -0.45, 0.16), (-0.08, -0.22, 0.08), (-0.12, 0.0, 0.06)),
            part((0.02, -0.45, 0.16), (0.08, -0.22, 0.08), (0.1, 0.0, 0.06)),
            part((0.0, -0.8, 0.14), (-0.01, -0.6, 0.2), (0.0, -0.36, 0.22)),
            part((0.03, -0.72, 0.07), (0.14, -0.55, 0.05), (0.22, -0.52, 0.04)),
            Path(x, y, size).through(oval(0.02, -0.93, 0.07, 0.085)).points,
        ]
        c.shapes(figure, dark)
        c.strokes([Path(x, y, size).to(0.22, -0.86).to(0.26, 0.0).points], dark, size * 0.025)
