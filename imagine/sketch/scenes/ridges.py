"""Mountains behind mountains, in morning mist, evening light or under a moon."""

from dataclasses import dataclass

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import WHITE, Colour, Line, Path, Point, Wave, hues, mix, oval


@dataclass(frozen=True, slots=True)
class Light:
    """Colours from the top of the sky down to the nearest ridge."""

    top: Colour
    sky: Colour
    glow: Colour
    far: Colour
    near: Colour
    disc: Colour


LIGHTS = {
    "dawn": [
        Light(*hues("#8fa3c4 #f2bfa0 #fbe4c8 #8a90ac #151d2d #fff6e2")),
        Light(*hues("#a9b9cf #f0cdbb #f8e8d8 #9a8ea6 #241a2d #fff4ea")),
    ],
    "day": [
        Light(*hues("#6ea3cf #bcd8e6 #eef2e6 #6a8ea6 #10242e #fffdf2")),
        Light(*hues("#86b1c4 #d4e3dd #f4f2e2 #6f938c #10231f #fffdf0")),
    ],
    "dusk": [
        Light(*hues("#33426e #d9785f #f9c48a #7a5a78 #170f1f #ffe9c0")),
        Light(*hues("#4a3a68 #c8627a #f7b58e #6d5480 #140e20 #ffdcb4")),
        Light(*hues("#2c5372 #e09a62 #fbd59a #5d6c80 #0f161f #fff0c8")),
    ],
    "night": [
        Light(*hues("#060b1a #1b3258 #4c6c96 #2b4568 #050a14 #f2f4ff")),
        Light(*hues("#0a0a1c #2b2a58 #6a5c94 #39376a #08081a #f6f0ff")),
    ],
}


def paint_ridges(c: Canvas, r: Reading) -> None:
    hour = r.time("dawn", "dusk", "day", "night")
    light = c.rng.choice(LIGHTS[hour])
    has_water = r.has("lake", "lakes", "river", "fjord", "water", "reflection", "sea")
    shore = c.h * (0.72 if has_water else 2)
    c.fill([(0, light.top), (0.6, light.sky), (1, light.glow)], 0, c.h * 0.66)
    if hour == "night":
        land.stars(c, c.h * 0.55, 260)
    x, y = c.w * c.rng.uniform(0.22, 0.78), c.h * c.rng.uniform(0.18, 0.36)
    if r.has_subject:
        c.glow(x, y, c.u * 0.85, light.disc, 0.5)
        c.glow(x, y, c.u * 0.22, light.disc, 0.5)
        c.dots([(x, y, c.u * c.rng.uniform(0.03, 0.06))], light.disc, alpha=0.95)
    c.clouds(
        mix(light.glow, WHITE, 0.3),
        0.55 if hour != "night" else 0.2,
        c.h * 0.02,
        c.h * 0.46,
        cells=3.5,
        stretch=4,
        cover=0.5,
    )
    layers = 5 if has_water else 7
    foot = 0.66 if has_water else 0.86
    has_castle = r.has_subject and r.has(
        "castle", "castles", "tower", "fortress", "palace", "temple", "monastery"
    )
    for layer in range(layers):
        if has_castle and layer == layers // 2 + 1:
            _castle(c, light)
        _ridge(c, r, light, layer / (layers - 1), foot)
    if has_water:
        c.mirror(shore, c.u * 0.004)
        c.veil(light.near, [(0, 0.12), (1, 0.6)], shore)
        _ripples(c, shore, light)
    c.brush(length=0.016)
    _front(c, light, r)
    if r.has_subject and r.has("balloon", "balloons"):
        _balloons(c, r)
    elif r.deal("birds", (True, False, True)):
        land.birds(c, x + c.u * 0.2, y + c.u * 0.1, 7, c.u * 0.014, mix(light.near, light.far, 0.3))


def _ridge(c: Canvas, r: Reading, light: Light, depth: float, foot: float) -> None:
    """One range; ``depth`` 0 is the farthest, 1 the nearest."""
    rng = c.child()
    wave = Wave(rng, 6)
    start, detail = rng.random() * 30, 1.5 + depth * 1.4
    level = c.h * (0.4 + depth * (foot - 0.42))
    height = c.h * (0.4 - depth * 0.2)
    is_sharp = r.has("mountain", "mountains", "alps", "peak", "peaks", "summit", "himalaya")

    def curve(x: float) -> float:
        v = wave.at(start + x / c.u * detail)
        if is_sharp:
            v = 1 - abs(2 * v - 1) * 0.9 if depth < 0.5 else v
            v = 0.42 + (v - 0.55) * 0.9 if depth < 0.5 else v
        return level - (v - 0.45) * height * 1.5

    tone = mix(light.far, light.near, depth**1.3)
    air = mix(light.glow, light.sky, 0.3)
    top = mix(tone, air, 0.55 * (1 - depth) ** 1.4)
    if (is_sharp and depth < 0.6) or (r.season == "winter" and depth < 0.9):
        _snowy_range(c, curve, level, height, top, air)
    else:
        land.ground(
            c,
            curve,
            land.downward(
                level - height * 0.6, level + c.h * 0.2, top, mix(top, air, 0.5 - 0.4 * depth)
            ),
        )
    c.veil(air, [(0, 0), (1, 0.5 * (1 - depth))], level - height * 0.1, level + c.h * 0.12)
    if depth > 0.7:
        trees: list[Line] = []
        count = round(62 * c.wide)
        for i in range(count):
            x = (i + rng.random()) / count * c.w
            tall = c.u * rng.uniform(0.02, 0.035 + 0.05 * (depth - 0.6))
            trees.append(land.pine(x, curve(x) + tall * 0.12, tall, rng))
        c.shapes(trees, tone)


def _snowy_range(
    c: Canvas, curve: land.Curve, level: float, height: float, tone: Colour, air: Colour
) -> None:
    """A range with snow above and rock below, each peak with a side in the light."""
    snow = mix(WHITE, air, 0.22)
    rock = mix(tone, air, 0.15)
    top, foot = level - height * 0.7, level + height * 0.45
    land.ground(c, curve, land.downward(top, foot, snow, mix(snow, rock, 0.35), rock), points=320)
    shade = mix(tone, (38, 52, 92), 0.3)
    lee = land.downward(top, foot, mix(snow, shade, 0.62), mix(shade, rock, 0.3), rock)
    c.shapes(land.lee_sides(c, curve), lee, alpha=0.9, soft=c.u * 0.0008)


def _ripples(c: Canvas, shore: float, light: Light) -> None:
    rng = c.child()
    lines: list[Line] = []
    for _ in range(60):
        t = rng.random()
        y = shore + (c.h - shore) * t**1.6
        x, half = rng.random() * c.w, c.u * (0.02 + 0.12 * t) * rng.random()
        lines.append([(x - half, y), (x + half, y)])
    c.strokes(lines, mix(light.glow, WHITE, 0.3), c.u * 0.0016, alpha=0.35)


def _front(c: Canvas, light: Light, r: Reading) -> None:
    """Dark firs at the edges, to look past them."""
    rng = c.child()
    trees: list[Line] = []
    for _ in range(round(10 * c.wide)):
        side = rng.random() < 0.5
        inward = rng.random() ** 2 * 0.34
        x = c.w * (inward if side else 1 - inward)
        trees.append(
            land.pine(x, c.h * 1.03, c.u * rng.uniform(0.12, 0.34) * (1 - inward * 1.6), rng)
        )
    c.shapes(trees, mix(light.near, (0, 0, 0), 0.3))


def _castle(c: Canvas, light: Light) -> None:
    """A castle on its rock, a few windows lit."""
    rng = c.child()
    size = c.u * rng.uniform(0.24, 0.3)
    x, y = c.w * rng.uniform(0.3, 0.7), c.h * 0.5
    tone = mix(light.far, light.near, 0.5)
    rock: list[Point] = [(x - size * 2.2, c.h)]
    rock += [
        (
            x + size * s,
            y + size * (0.02 + max(0.0, abs(s) - 0.3) ** 0.8 * 0.75 + rng.uniform(-0.04, 0.04)),
        )
        for s in (-1.5, -1.2, -0.95, -0.7, -0.5, -0.3, 0.0, 0.3, 0.5, 0.7, 0.95, 1.2, 1.5)
    ]
    rock.append((x + size * 2.2, c.h))
    parts: list[Line] = [rock]
    windows: list[Line] = []

    def block(left: float, right: float, top: float, low: float) -> Line:
        return [
            (x + size * left, y + size * low),
            (x + size * left, y - size * top),
            (x + size * right, y - size * top),
            (x + size * right, y + size * low),
        ]

    parts.append(block(-0.36, 0.36, 0.22, 0.2))
    for at, wide, tall in (
        (-0.38, 0.055, 0.34),
        (-0.21, 0.06, 0.52),
        (-0.04, 0.085, 0.72),
        (0.14, 0.05, 0.44),
        (0.3, 0.065, 0.58),
        (0.41, 0.04, 0.3),
    ):
        tall *= rng.uniform(0.85, 1.15)
        parts.append(block(at - wide, at + wide, tall, 0.2))
        parts.append(block(at - wide * 1.2, at + wide * 1.2, tall, 0.03 - tall))
        spire = size * wide * rng.uniform(3.2, 4.6)
        parts.append(
            [
                (x + size * (at - wide * 1.25), y - size * tall),
                (x + size * at, y - size * tall - spire),
                (x + size * (at + wide * 1.25), y - size * tall),
            ]
        )
        for row in range(1, 4):
            high = tall - 0.11 * row
            if rng.random() < 0.7 and high > 0:
                windows.append(block(at - 0.012, at + 0.012, high, 0.035 - high))
    c.shapes(parts, land.downward(y - size, y + size * 1.2, tone, mix(tone, light.glow, 0.3)))
    shade = [block(0.0, 0.47, 0.9, 0.2)]
    c.shapes(shade, mix(light.near, (0, 0, 0), 0.2), alpha=0.3, inside=parts[1:], soft=size * 0.01)
    c.shapes(windows, (255, 218, 150), alpha=0.95)
    for window in windows:
        c.glow(window[0][0], window[0][1], size * 0.1, (255, 190, 110), 0.45)


def _balloons(c: Canvas, r: Reading) -> None:
    rng = c.child()
    for number in range(4):
        size = c.u * (0.1, 0.06, 0.045, 0.03)[number] * rng.uniform(0.9, 1.2)
        x, y = c.w * rng.uniform(0.12, 0.88), c.h * rng.uniform(0.14, 0.5)
        first = rng.choice(hues("#c8402f #e0782c #d9a441 #3f6fb5 #7a4a9e"))
        second = mix(first, WHITE, 0.75)
        envelope = (
            Path(x, y, size)
            .to(-0.12, 0.62)
            .curve(-0.2, 0.4, -0.52, 0.2, -0.5, -0.12)
            .curve(-0.48, -0.62, 0.48, -0.62, 0.5, -0.12)
            .curve(0.52, 0.2, 0.2, 0.4, 0.12, 0.62)
        )
        c.shapes([envelope.points], first)
        c.shapes(
            [oval(x, y - size * 0.06, size * 0.3, size * 0.46)], second, inside=[envelope.points]
        )
        c.shapes(
            [oval(x, y - size * 0.06, size * 0.12, size * 0.46)], first, inside=[envelope.points]
        )
        c.shapes(
            [oval(x + size * 0.4, y + size * 0.1, size * 0.3, size * 0.7)],
            (20, 10, 30),
            alpha=0.3,
            soft=size * 0.12,
            inside=[envelope.points],
        )
        basket = [
            (x - size * 0.08, y + size * 0.72),
            (x + size * 0.08, y + size * 0.72),
            (x + size * 0.06, y + size * 0.84),
            (x - size * 0.06, y + size * 0.84),
        ]
        c.shapes([basket], (70, 45, 30))
        c.strokes(
            [
                [(x - size * 0.1, y + size * 0.6), (x - size * 0.07, y + size * 0.74)],
                [(x + size * 0.1, y + size * 0.6), (x + size * 0.07, y + size * 0.74)],
            ],
            (70, 45, 30),
            size * 0.015,
        )
