"""The sea: a lighthouse in a storm, a boat in the evening, open water."""

import math
from dataclasses import dataclass

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import WHITE, Colour, Fade, Line, Path, Point, Wave, hues, mix, oval


@dataclass(frozen=True, slots=True)
class Weather:
    """Colours of sky (top, low), cloud, and water (far, near), and of the light."""

    top: Colour
    low: Colour
    cloud: Colour
    far: Colour
    near: Colour
    light: Colour


STORM = [
    Weather(*hues("#1d2a33 #8fa3a8 #2c3a44 #5f767e #0b171d #ffe9b8")),
    Weather(*hues("#232332 #a58f90 #34313f #6a6270 #10121d #ffdfb0")),
    Weather(*hues("#14242a #9db3a4 #22363a #587069 #08171a #fff0c0")),
]
CALM = {
    "day": [Weather(*hues("#5b9fd4 #d6ebee #ffffff #5aa6b8 #0f4a66 #fffdf0"))],
    "dawn": [Weather(*hues("#93a9cf #f7d3c0 #fbeadf #a9aabf #3a4a6a #fff2dc"))],
    "dusk": [
        Weather(*hues("#34406e #f2935f #f5b98c #c2766a #1c2140 #ffdf9e")),
        Weather(*hues("#4b3768 #f07f74 #f3aaa0 #a85f78 #22183a #ffd3a6")),
    ],
    "night": [Weather(*hues("#050a18 #20406a #31507c #23426a #040a16 #eef2ff"))],
}


def paint_sea(c: Canvas, r: Reading) -> None:
    has_tower = r.has_subject and r.has("lighthouse", "lighthouses", "beacon")
    is_stormy = r.has_rain or r.has("wave", "waves", "gale", "rough", "tempest")
    hour = r.time("dusk", "day", "dawn", "night") if not is_stormy else "storm"
    sky = c.rng.choice(STORM if is_stormy else CALM[hour])
    horizon = c.h * c.rng.uniform(0.56, 0.64)
    c.fill([(0, sky.top), (1, sky.low)], 0, horizon + 2)
    if hour == "night":
        land.stars(c, horizon * 0.9, 220)
    sun = (c.w * c.rng.uniform(0.25, 0.75), horizon - c.h * c.rng.uniform(0.05, 0.18))
    if is_stormy:
        c.clouds(sky.cloud, 0.9, -c.h * 0.2, horizon, cells=3, stretch=1.8, cover=0.75)
        c.clouds(
            mix(sky.low, WHITE, 0.4), 0.4, c.h * 0.1, horizon, cells=4, stretch=2.6, cover=0.45
        )
    else:
        if r.has_subject:
            c.glow(*sun, c.u * 0.9, sky.light, 0.55)
            c.dots([(*sun, c.u * 0.05)], sky.light, alpha=0.95)
        c.clouds(sky.cloud, 0.6, 0, horizon, cells=3.5, stretch=4, cover=0.5)
    c.fill([(0, mix(sky.far, sky.low, 0.35)), (0.12, sky.far), (1, sky.near)], horizon)
    c.brush(turn=0.22)
    if has_tower:
        _lighthouse(c, r, horizon, sky, is_stormy)
    _water(c, horizon, sky, is_stormy)
    if not is_stormy and r.has_subject:
        _glitter(c, sun[0], horizon, sky)
    if r.has_subject and r.has(
        "boat",
        "boats",
        "ship",
        "ships",
        "sail",
        "sailboat",
        "sailing",
        "yacht",
        "harbour",
        "harbor",
    ):
        _boats(c, r, horizon, sky)
    elif r.has_subject and not has_tower and not is_stormy:
        land.birds(c, c.w * 0.6, horizon * 0.5, 6, c.u * 0.018, mix(sky.near, sky.top, 0.5))
    if is_stormy:
        land.rain(c, 0.6)


def _glitter(c: Canvas, x: float, horizon: float, sky: Weather) -> None:
    """The road of light under the sun."""
    rng = c.child()
    lines: list[Line] = []
    for _ in range(240):
        t = rng.random()
        y = horizon + (c.h - horizon) * t**1.5
        spread = c.u * (0.03 + 0.16 * t)
        cx, half = x + rng.gauss(0, spread), c.u * (0.006 + 0.035 * t) * rng.random()
        lines.append([(cx - half, y), (cx + half, y)])
    c.strokes(lines, sky.light, c.u * 0.003, alpha=0.5, light=True)
    c.glow(x, horizon, c.u * 0.5, sky.light, 0.35)


def _water(c: Canvas, horizon: float, sky: Weather, is_stormy: bool) -> None:
    """Rows of swell, larger towards the viewer, with foam in a storm."""
    force = 1.0 if is_stormy else 0.28
    for row in range(8):
        rng = c.child()
        t = row / 7
        wave, start, phase = Wave(rng, 3), rng.random() * 20, rng.random() * 6
        level = horizon + c.h * (0.008 + t * t * 0.3)
        height = c.u * (0.01 + t * 0.06) * force
        pace = 24 - t * 15

        def curve(
            x: float,
            wave: Wave = wave,
            start: float = start,
            phase: float = phase,
            level: float = level,
            height: float = height,
            pace: float = pace,
        ) -> float:
            s = x / c.u
            return (
                level
                + math.sin(s * pace + phase) * height * 0.5
                - (wave.at(start + s * pace / 3) - 0.5) * height * 1.2
            )

        tone = mix(mix(sky.far, sky.near, 0.3), sky.near, t)
        body = land.downward(
            level - height, level + c.h * 0.13, mix(tone, sky.low, 0.3), tone, sky.near
        )
        c.shapes([land.below(c, curve, 160)], body, alpha=1.0 if is_stormy else 0.55)
        crest: list[Line] = []
        step = c.u * 0.014
        x = -step
        line: list[Point] = []
        while x < c.w + step:
            if wave.at(start * 2 + x / c.u * 11) > (0.5 if is_stormy else 0.6):
                line.append((x, curve(x)))
            elif line:
                crest.append(line)
                line = []
            x += step
        c.strokes(
            [s for s in crest if len(s) > 1],
            mix(sky.low, WHITE, 0.6),
            c.u * (0.001 + t * 0.003),
            alpha=(0.2 + 0.5 * t) * (1 if is_stormy else 0.6),
        )


def _lighthouse(c: Canvas, r: Reading, horizon: float, sky: Weather, is_stormy: bool) -> None:
    rng = c.child()
    size = min(c.u * r.deal("distance", (0.8, 1.1, 0.65, 0.95)), horizon / 0.58)
    x = c.w * (r.deal("tower", (0.3, 0.66, 0.42, 0.56)) + rng.uniform(-0.04, 0.04))
    rock_y, top = horizon - size * 0.06, horizon - size * 0.47
    dark = mix(sky.near, (0, 0, 0), 0.2)
    for sign, alpha in ((1, 0.5), (-1, 0.3)):
        beam = [(x, top), (x + sign * c.w, top - size * 0.26), (x + sign * c.w, top + size * 0.08)]
        fade = (
            Fade(
                x,
                x + sign * c.w * 0.75,
                [(0, mix(sky.top, sky.light, alpha)), (1, (0, 0, 0))],
                across=True,
            )
            if sign > 0
            else Fade(
                x - c.w * 0.75,
                x,
                [(0, (0, 0, 0)), (1, mix(sky.top, sky.light, alpha))],
                across=True,
            )
        )
        c.shapes([beam], fade, light=True, soft=size * 0.012, alpha=0.75)
    rock: list[Point] = [(x - size * 0.46, horizon + size * 0.12)]
    for i in range(15):
        s = i / 14
        rock.append(
            (
                x - size * 0.4 + s * size * 0.8,
                horizon
                - math.sin(s * math.pi) ** 0.7 * size * 0.11
                + rng.uniform(-1, 1) * size * 0.014,
            )
        )
    rock.append((x + size * 0.46, horizon + size * 0.12))
    c.shapes(
        [rock],
        land.downward(rock_y - size * 0.06, horizon + size * 0.1, mix(dark, sky.low, 0.25), dark),
    )
    half = size * 0.04

    def at(t: float, out: float = 1.0) -> tuple[float, float, float]:
        wide = half * (1 - 0.36 * t) * out
        return x - wide, x + wide, rock_y + (top + size * 0.03 - rock_y) * t

    white = Fade(
        x - half,
        x + half,
        [
            (0, mix(WHITE, sky.low, 0.1)),
            (0.45, mix(WHITE, sky.low, 0.35)),
            (1, mix(sky.top, dark, 0.3)),
        ],
        across=True,
    )
    red = Fade(
        x - half,
        x + half,
        [(0, (196, 62, 48)), (0.45, (160, 44, 36)), (1, (70, 22, 24))],
        across=True,
    )
    for band in range(6):
        low, high = at(band / 6), at((band + 1) / 6)
        block = [(low[0], low[2]), (high[0], high[2]), (high[1], high[2]), (low[1], low[2])]
        c.shapes([block], red if band % 2 else white)
    c.shapes(
        [
            [
                (x - half * 0.95, top + size * 0.032),
                (x + half * 0.95, top + size * 0.032),
                (x + half * 0.95, top + size * 0.02),
                (x - half * 0.95, top + size * 0.02),
            ]
        ],
        dark,
    )
    c.shapes(
        [
            [
                (x - half * 0.5, top + size * 0.022),
                (x + half * 0.5, top + size * 0.022),
                (x + half * 0.5, top - size * 0.018),
                (x - half * 0.5, top - size * 0.018),
            ]
        ],
        (255, 240, 205),
    )
    c.shapes(
        [
            [
                (x - half * 0.72, top - size * 0.016),
                (x, top - size * 0.052),
                (x + half * 0.72, top - size * 0.016),
            ]
        ],
        dark,
    )
    c.glow(x, top, size * 0.34, sky.light, 0.85)
    c.glow(x, top, size * 0.09, (255, 250, 235), 1.0)
    if is_stormy:
        for side in (-0.36, -0.12, 0.2, 0.4):
            burst = [
                (
                    x + size * side + rng.gauss(0, size * 0.03),
                    horizon + size * 0.07 - abs(rng.gauss(0, size * 0.06)),
                    size * rng.uniform(0.001, 0.006),
                )
                for _ in range(60)
            ]
            c.dots(burst, WHITE, alpha=0.4, soft=size * 0.0015)
            c.shapes(
                [oval(x + size * side, horizon + size * 0.06, size * 0.08, size * 0.05)],
                WHITE,
                alpha=0.3,
                soft=size * 0.025,
            )


def _boats(c: Canvas, r: Reading, horizon: float, sky: Weather) -> None:
    rng = c.child()
    spots = (
        (r.deal("boat", (0.34, 0.62, 0.46, 0.54)), 0.15, 0.24),
        (rng.uniform(0.1, 0.9), 0.035, 0.045),
    )
    for share, drop, scale in spots:
        x, y, size = c.w * share, horizon + c.h * drop, c.u * scale
        flip = rng.random() < 0.5
        hull_colour = r.own_colour or mix((58, 34, 28), sky.near, 0.3)
        sail_tone = mix((252, 244, 228), sky.light, 0.3)

        def path(x: float = x, y: float = y, size: float = size, flip: bool = flip) -> Path:
            return Path(x, y, size, flip=flip)

        shade = [path().to(-0.6, 0.03).quad(0, 0.5, 0.6, 0.03).points]
        c.shapes(shade, mix(sky.near, sky.far, 0.2), alpha=0.55, soft=size * 0.04)
        hull = (
            path()
            .to(-0.62, -0.14)
            .quad(0, -0.06, 0.68, -0.18)
            .quad(0.52, 0.02, 0.36, 0.06)
            .to(-0.44, 0.06)
            .quad(-0.56, 0, -0.62, -0.14)
        )
        c.shapes(
            [hull.points],
            land.downward(
                y - size * 0.18,
                y + size * 0.06,
                mix(hull_colour, WHITE, 0.2),
                mix(hull_colour, (0, 0, 0), 0.4),
            ),
        )
        c.strokes([path().to(0.02, -0.1).to(0.02, -1.2).points], (60, 44, 36), size * 0.022)
        main = (
            path().to(-0.02, -1.16).quad(-0.22, -0.6, -0.5, -0.22).quad(-0.2, -0.17, -0.02, -0.18)
        )
        jib = path().to(0.05, -1.08).quad(0.36, -0.6, 0.62, -0.24).quad(0.3, -0.2, 0.06, -0.22)
        c.shapes(
            [main.points],
            Fade(
                x - size * 0.5,
                x + size * 0.5,
                [(0, sail_tone), (1, mix(sail_tone, sky.top, 0.4))],
                across=True,
            ),
        )
        c.shapes(
            [jib.points],
            Fade(
                x - size * 0.5,
                x + size * 0.6,
                [(0, mix(sail_tone, sky.low, 0.3)), (1, sail_tone)],
                across=True,
            ),
        )
        mirror = [
            oval(x, y + size * (0.16 + i * 0.09), size * (0.4 - i * 0.07), size * 0.012)
            for i in range(5)
        ]
        c.shapes(mirror, sail_tone, alpha=0.25, soft=size * 0.01)
