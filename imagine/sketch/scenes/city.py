"""A city at night, wet streets, neon, somebody with an umbrella."""

import random
from dataclasses import dataclass

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import BLACK, WHITE, Colour, Line, Path, hues, limb, mix, oval


@dataclass(frozen=True, slots=True)
class Lights:
    """Night above, haze below, and the colours of the lamps."""

    night: Colour
    haze: Colour
    warm: Colour
    neon: Colour
    other: Colour


LIGHTS = {
    "night": [
        Lights(*hues("#0b1220 #1e3350 #ffb15c #4fd1d9 #ff5d8f")),
        Lights(*hues("#150d1c #3a2247 #ff7d6b #ffd28a #7a6bff")),
        Lights(*hues("#0a1416 #17383c #ffd089 #ff6f4f #56e0c0")),
        Lights(*hues("#10101b #2b2d4d #f6a3d0 #8bd0ff #ffc46b")),
    ],
    "dusk": [
        Lights(*hues("#2a2a52 #c8697a #ffc27a #ff8f6b #8bd0ff")),
        Lights(*hues("#1f3354 #d98a6a #ffd08a #ff9d5c #9fd8e8")),
    ],
    "day": [Lights(*hues("#7fa6c9 #d9dfe0 #fff2d4 #e0905c #6fa8b8"))],
    "dawn": [Lights(*hues("#8390b8 #f0c4ae #ffe0b0 #ff9d7a #9fc4e0"))],
}


def paint_city(c: Canvas, r: Reading) -> None:
    hour = r.time("night", "dusk") if r.hour in (None, "night", "dusk") else r.hour
    lights = r.deal("lights", LIGHTS[hour])
    is_wet = r.has_rain or r.has("neon", "cyberpunk", "wet") or hour == "night"
    horizon = c.h * 0.64
    centre = c.w * c.rng.uniform(0.42, 0.58)
    c.fill([(0, lights.night), (1, lights.haze)], 0, horizon)
    if hour == "night":
        c.clouds(mix(lights.haze, lights.warm, 0.15), 0.5, 0, horizon, cells=3, cover=0.5)
    c.glow(centre, horizon, c.u * 1.1, lights.warm, 0.5)
    for layer in range(4):
        _blocks(c, lights, horizon, centre, layer, hour)
    _street(c, lights, horizon, centre)
    _signs(c, lights, horizon, centre)
    _reflections(c, lights, horizon, is_wet)
    c.brush(turn=0.15, alpha=0.4)
    _bokeh(c, lights, horizon, centre)
    if r.has_subject:
        _walker(c, r, lights, horizon, centre)
    if r.has_rain or r.has("neon", "cyberpunk"):
        land.rain(c, 0.9)


def _blocks(
    c: Canvas, lights: Lights, horizon: float, centre: float, layer: int, hour: str
) -> None:
    """One row of houses; the nearer, the darker, taller and further to the sides."""
    rng = c.child()
    near = layer / 3
    tone = mix(
        mix(lights.haze, lights.warm, 0.22), mix(lights.night, BLACK, 0.35), 0.2 + 0.8 * near
    )
    if hour == "day":
        tone = mix(lights.haze, (92, 108, 124), 0.25 + 0.6 * near)
    houses: list[Line] = []
    panes: dict[Colour, list[Line]] = {
        lights.warm: [],
        mix(lights.warm, WHITE, 0.4): [],
        lights.neon: [],
    }
    x = -c.u * 0.05
    while x < c.w:
        wide = c.u * rng.uniform(0.07, 0.15) * (0.7 + near * 0.8)
        away = min(1.0, abs(x + wide / 2 - centre) / (c.u * 0.75))
        tall = c.u * (0.1 + rng.random() * 0.2 + away**1.4 * 0.5) * (0.7 + 0.42 * near)
        gap = 0.06 + near * 0.26
        if abs(x + wide / 2 - centre) > c.u * gap * rng.uniform(0.7, 1.1):
            top = horizon - tall
            houses.append([(x, horizon + 2), (x, top), (x + wide, top), (x + wide, horizon + 2)])
            if rng.random() < 0.4:
                mast = x + wide * rng.uniform(0.2, 0.8)
                houses.append(
                    [
                        (mast, top + 1),
                        (mast, top - tall * 0.16),
                        (mast + c.u * 0.004, top - tall * 0.16),
                        (mast + c.u * 0.004, top + 1),
                    ]
                )
            _panes(c, rng, panes, x, top, wide, horizon, near)
        x += wide + c.u * rng.uniform(0.0, 0.02)
    c.shapes(
        houses,
        land.downward(
            horizon - c.u * 0.6, horizon, tone, mix(tone, lights.warm, 0.16 * (1 - near * 0.6))
        ),
    )
    glow = 0.35 + 0.5 * near if hour != "day" else 0.25
    for colour, boxes in panes.items():
        c.shapes(boxes, colour, alpha=glow)
    c.veil(lights.haze, [(0, 0), (1, 0.35 * (1 - near))], horizon - c.u * 0.3, horizon)


def _panes(
    c: Canvas,
    rng: random.Random,
    panes: dict[Colour, list[Line]],
    x: float,
    top: float,
    wide: float,
    horizon: float,
    near: float,
) -> None:
    size = c.u * (0.005 + 0.006 * near)
    colours = list(panes)
    y = top + size * 2
    while y < horizon - size * 3:
        is_lit_row = rng.random() < 0.75
        px = x + size
        while px < x + wide - size * 1.6:
            if is_lit_row and rng.random() < 0.34:
                colour = colours[min(2, int(rng.random() ** 0.7 * 2.25))]
                panes[colour].append(
                    [(px, y), (px + size, y), (px + size, y + size * 1.5), (px, y + size * 1.5)]
                )
            px += size * 2.1
        y += size * 3


def _street(c: Canvas, lights: Lights, horizon: float, centre: float) -> None:
    c.fill(
        [
            (0, mix(lights.haze, lights.warm, 0.25)),
            (0.18, mix(lights.night, lights.haze, 0.3)),
            (1, mix(lights.night, BLACK, 0.5)),
        ],
        horizon,
    )
    for side in (-1, 1):
        kerb = [
            (centre + side * c.u * 0.1, horizon),
            (centre + side * c.u * 1.1, c.h),
            (centre + side * c.u * 1.0, c.h),
            (centre + side * c.u * 0.09, horizon),
        ]
        c.shapes([kerb], mix(lights.haze, lights.warm, 0.3), alpha=0.3, soft=c.u * 0.004)


def _signs(c: Canvas, lights: Lights, horizon: float, centre: float) -> None:
    """Upright signs along the street, glowing."""
    rng = c.child()
    for _ in range(9):
        side = rng.choice((-1, 1))
        away = c.u * rng.uniform(0.14, 0.6)
        x, y = centre + side * away, horizon - away * rng.uniform(0.25, 0.75)
        wide, tall = away * 0.05, away * rng.uniform(0.16, 0.36)
        colour = rng.choice((lights.neon, lights.other, lights.warm))
        box = [(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)]
        c.glow(x + wide / 2, y + tall / 2, tall * 1.3, colour, 0.6)
        c.shapes([box], mix(colour, WHITE, 0.25), alpha=0.9)
        marks = [
            [(x + wide * 0.25, y + tall * t), (x + wide * 0.75, y + tall * t)]
            for t in (0.18, 0.34, 0.5, 0.66, 0.82)
        ]
        c.strokes(marks, mix(colour, BLACK, 0.65), wide * 0.16)


def _reflections(c: Canvas, lights: Lights, horizon: float, is_wet: bool) -> None:
    if is_wet:
        c.mirror(horizon, c.u * 0.012)
        depth = mix(lights.night, BLACK, 0.3)
        c.veil(depth, [(0, 0.35), (0.5, 0.6), (1, 0.85)], horizon)
    rng = c.child()
    lanes: dict[Colour, list[Line]] = {lights.warm: [], lights.neon: [], lights.other: []}
    for _ in range(70):
        x, wide = rng.random() * c.w, c.u * rng.uniform(0.001, 0.007)
        length = c.h * rng.uniform(0.06, 0.3)
        top = horizon + c.h * 0.02 * rng.random()
        rng.choice(list(lanes.values())).append(
            [
                (x, top),
                (x + wide, top),
                (x + wide * 1.4, top + length),
                (x - wide * 0.4, top + length),
            ]
        )
    for colour, shapes in lanes.items():
        c.shapes(
            shapes,
            land.downward(horizon, horizon + c.h * 0.3, colour, BLACK),
            alpha=0.5 if is_wet else 0.15,
            soft=c.u * 0.006,
            light=True,
        )


def _bokeh(c: Canvas, lights: Lights, horizon: float, centre: float) -> None:
    rng = c.child()
    for colour in (lights.warm, lights.neon, mix(lights.warm, WHITE, 0.5), lights.other):
        discs = [
            (
                centre + rng.gauss(0, c.u * 0.32),
                horizon - rng.random() ** 2 * c.u * 0.2 + c.u * 0.03,
                c.u * rng.uniform(0.008, 0.036),
            )
            for _ in range(8)
        ]
        for number, disc in enumerate(discs):
            c.dots(
                [disc], colour, alpha=0.12 + 0.2 * (number % 3) / 2, light=True, soft=c.u * 0.0015
            )


def _walker(c: Canvas, r: Reading, lights: Lights, horizon: float, centre: float) -> None:
    """A figure from behind, under an umbrella, lit from the street."""
    size = c.u * c.rng.uniform(0.4, 0.5)
    x = centre + c.u * r.deal("walker", (-0.16, 0.12, 0.02, -0.08))
    y = horizon + c.h * 0.27
    black = mix(lights.night, BLACK, 0.72)
    c.shapes(
        [oval(x, y + size * 0.01, size * 0.2, size * 0.025)], BLACK, alpha=0.6, soft=size * 0.02
    )
    below = [oval(x, y + size * 0.2, size * 0.1, size * 0.2)]
    c.shapes(below, black, alpha=0.5, soft=size * 0.03)

    def part(*joints: tuple[float, float, float]) -> Line:
        return Path(x, y, size).through(limb(joints)).points

    figure = [
        part((-0.045, -0.4, 0.09), (-0.05, -0.2, 0.07), (-0.055, -0.02, 0.05), (-0.07, 0.0, 0.04)),
        part((0.045, -0.4, 0.09), (0.06, -0.2, 0.065), (0.05, -0.03, 0.05), (0.065, -0.01, 0.04)),
        Path(x, y, size)
        .to(-0.08, -0.66)
        .quad(-0.13, -0.5, -0.14, -0.26)
        .to(0.14, -0.26)
        .quad(0.13, -0.5, 0.08, -0.66)
        .quad(0, -0.72, -0.08, -0.66)
        .points,
        oval(x, y - size * 0.755, size * 0.055, size * 0.065),
        part((0.08, -0.62, 0.06), (0.14, -0.52, 0.05), (0.06, -0.6, 0.04)),
    ]
    c.shapes(figure, black)
    edge = [part((-0.105, -0.62, 0.006), (-0.135, -0.45, 0.01), (-0.145, -0.28, 0.004))]
    c.shapes(edge, lights.warm, alpha=0.8, soft=size * 0.004)
    hood = r.own_colour or c.rng.choice(
        (mix(lights.neon, BLACK, 0.25), (158, 40, 44), mix(lights.other, BLACK, 0.2), black)
    )
    top = y - size * 0.93
    dome = (
        Path(x, top, size).to(-0.36, 0.14).quad(-0.3, -0.16, 0, -0.18).quad(0.3, -0.16, 0.36, 0.14)
    )
    for i in range(4):
        dome.quad(0.36 - 0.18 * i - 0.09, 0.075, 0.36 - 0.18 * (i + 1), 0.14)
    c.strokes([[(x, top - size * 0.2), (x, y - size * 0.56)]], black, size * 0.012)
    c.shapes(
        [dome.points],
        land.downward(
            top - size * 0.18, top + size * 0.14, mix(hood, WHITE, 0.18), mix(hood, BLACK, 0.45)
        ),
    )
    ribs = [
        Path(x, top, size).to(0, -0.18).quad(0.22 * s, -0.12, 0.18 * s * 1.0, 0.13).points
        for s in (-1, 0.02, 1)
    ]
    c.strokes(ribs, mix(hood, BLACK, 0.5), size * 0.004, alpha=0.7)
    c.strokes(
        [Path(x, top, size).to(-0.35, 0.12).quad(-0.29, -0.16, 0, -0.178).points],
        mix(lights.warm, WHITE, 0.3),
        size * 0.006,
        alpha=0.6,
    )
