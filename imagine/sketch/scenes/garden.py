"""A meadow full of flowers, near ones large and soft, far ones a haze of colour."""

import math
import random

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.scenes.still import bloom
from imagine.sketch.shapes import BLACK, WHITE, Colour, Line, hues, limb, mix, oval

SKIES = {
    "day": [hues("#7fb4dc #e2efe8 #fffdf0"), hues("#9cc6d8 #f0f2e0 #fffbe8")],
    "dawn": [hues("#a8b6d4 #fadfc8 #fff0d8")],
    "dusk": [hues("#5a5c8c #f6b284 #ffd9a0"), hues("#74588c #f29c8c #ffd4a8")],
    "night": [hues("#0a1430 #2c4a78 #e8eeff")],
}
# Blossoms by kind, then the green of their field.
FIELDS = {
    "poppy": hues("#d8402f #e8604a #b02a26 #6f8a48"),
    "lavender": hues("#8a6fc0 #a890d8 #6a52a0 #7a8a6a"),
    "sunflower": hues("#f0b428 #f6cc50 #d89420 #6a8a3c"),
    "tulip": hues("#e0566a #f2a0a0 #f4d060 #5f9050"),
    "daisy": hues("#fbf8ee #f4e8c8 #ffffff #6f9a50"),
    "wild": hues("#d8607a #e8b03c #7a78c8 #7a9a50"),
}


def paint_garden(c: Canvas, r: Reading) -> None:
    hour = r.time("day", "dusk", "dawn")
    top, low, sun = c.rng.choice(SKIES[r.hour if r.hour in SKIES else hour])
    kind = _kind(r)
    *blossoms, green = FIELDS[kind]
    if r.own_colour or r.tints:
        tone = r.own_colour or r.tints[0]
        blossoms = [tone, mix(tone, WHITE, 0.35), mix(tone, BLACK, 0.25)]
    if hour == "night" or r.hour == "night":
        green, blossoms = mix(green, top, 0.6), [mix(b, top, 0.45) for b in blossoms]
    horizon = c.h * c.rng.uniform(0.36, 0.46)
    c.fill([(0, top), (1, low)], 0, horizon + c.h * 0.05)
    x = c.w * c.rng.uniform(0.2, 0.8)
    c.glow(x, horizon * 0.75, c.u * 0.9, sun, 0.6)
    if hour == "dusk" and r.has_subject:
        c.dots([(x, horizon * 0.78, c.u * 0.055)], sun, alpha=0.9)
    c.clouds(mix(low, WHITE, 0.5), 0.7, 0, horizon, cells=4, stretch=3, cover=0.5)
    far = land.hill(c, c.child(), horizon - c.h * 0.03, c.h * 0.06, 1.6)
    land.ground(
        c,
        far,
        land.downward(
            horizon - c.h * 0.08, horizon + c.h * 0.1, mix(green, low, 0.7), mix(green, low, 0.5)
        ),
    )
    near = land.hill(c, c.child(), horizon + c.h * 0.03, c.h * 0.035, 1.3)
    land.ground(
        c, near, land.downward(horizon, c.h, mix(green, low, 0.45), green, mix(green, BLACK, 0.45))
    )
    _far_flowers(c, blossoms, horizon, low)
    _copse(c, horizon, mix(green, BLACK, 0.3), low)
    c.brush(turn=0.35, length=0.014)
    _rows(c, blossoms, green, horizon, kind)
    _near_flowers(c, blossoms, green, kind)
    if r.has_subject and r.has("butterfly", "butterflies"):
        _butterflies(c)


def _kind(r: Reading) -> str:
    for kind, words in (
        ("poppy", ("poppy", "poppies")),
        ("lavender", ("lavender",)),
        ("sunflower", ("sunflower", "sunflowers")),
        ("tulip", ("tulip", "tulips")),
        ("daisy", ("daisy", "daisies")),
    ):
        if r.has(*words):
            return kind
    return r.deal("flowers", ("wild", "poppy", "lavender", "daisy"))


def _far_flowers(c: Canvas, blossoms: list[Colour], horizon: float, air: Colour) -> None:
    rng = c.child()
    for number, colour in enumerate(blossoms):
        dots = []
        for _ in range(420):
            t = rng.random()
            y = horizon + c.h * (0.035 + 0.22 * t * t)
            dots.append((rng.random() * c.w, y, c.u * (0.0012 + 0.004 * t)))
        c.dots(dots, mix(colour, air, 0.3), alpha=0.75 if number else 0.9)


def _copse(c: Canvas, horizon: float, tone: Colour, air: Colour) -> None:
    rng = c.child()
    for _ in range(3):
        x, size = rng.random() * c.w, c.u * rng.uniform(0.04, 0.09)
        crowns = [
            oval(
                x + rng.gauss(0, size * 0.9),
                horizon - size * rng.uniform(0.0, 0.7),
                size * rng.uniform(0.4, 0.8),
                size * rng.uniform(0.4, 0.7),
            )
            for _ in range(9)
        ]
        c.shapes(crowns, mix(tone, air, 0.4), soft=c.u * 0.002)


def _rows(c: Canvas, blossoms: list[Colour], green: Colour, horizon: float, kind: str) -> None:
    """The middle ground: small flowers on stems, row by row towards us."""
    rng = c.child()
    for row in range(5):
        t = 0.25 + row * 0.15
        level, size = horizon + c.h * (0.06 + 0.5 * t * t), c.u * (0.006 + 0.016 * t)
        stems: list[Line] = []
        heads: list[list[Line]] = [[] for _ in blossoms]
        hearts: list[tuple[float, float, float]] = []
        for _ in range(round(34 * c.wide)):
            x, y = rng.random() * c.w, level + rng.gauss(0, c.h * 0.016)
            tall = size * rng.uniform(2.4, 4.2)
            tip = x + rng.uniform(-0.3, 0.3) * tall
            stems.append([(x, y + tall), ((x + tip) / 2, y + tall * 0.4), (tip, y)])
            _head(heads[rng.randrange(len(heads))], hearts, tip, y, size, kind, rng)
        c.strokes(stems, mix(green, BLACK, 0.25), size * 0.16)
        for colour, shapes in zip(blossoms, heads, strict=True):
            c.shapes(shapes, mix(colour, BLACK, 0.08 * (4 - row) / 4))
        c.dots(hearts, (70, 44, 28) if kind in ("sunflower", "poppy") else (232, 180, 70))


def _head(
    shapes: list[Line],
    hearts: list[tuple[float, float, float]],
    x: float,
    y: float,
    size: float,
    kind: str,
    rng: random.Random,
) -> None:
    if kind == "lavender":
        shapes.extend(
            oval(
                x + rng.gauss(0, size * 0.16),
                y + k * size * 0.42 - size * 1.4,
                size * 0.26,
                size * 0.3,
            )
            for k in range(6)
        )
    elif kind == "tulip":
        shapes.append(
            limb(
                [
                    (x, y + size * 0.5, size * 0.5),
                    (x, y, size * 0.9),
                    (x, y - size * 0.7, size * 0.5),
                ]
            )
        )
    elif kind in ("sunflower", "daisy"):
        for k in range(9):
            a = k * math.tau / 9
            shapes.append(
                oval(
                    x + math.cos(a) * size * 0.6,
                    y + math.sin(a) * size * 0.52,
                    size * 0.42,
                    size * 0.17,
                    a,
                )
            )
        hearts.append((x, y, size * 0.34))
    else:
        shapes.extend(
            oval(
                x + math.cos(a) * size * 0.4,
                y + math.sin(a) * size * 0.28,
                size * 0.5,
                size * 0.4,
                a,
            )
            for a in (0.3, 1.9, 3.4, 5.0)
        )
        hearts.append((x, y, size * 0.16))


def _near_flowers(c: Canvas, blossoms: list[Colour], green: Colour, kind: str) -> None:
    """In front: blades of grass, and a few large blooms, the nearest out of focus."""
    rng = c.child()
    blades = []
    for _ in range(round(70 * c.wide)):
        x, tall, lean = rng.random() * c.w, c.u * rng.uniform(0.05, 0.2), rng.uniform(-0.4, 0.4)
        blades.append(
            limb(
                [
                    (x, c.h * 1.02, c.u * 0.008),
                    (x + lean * tall * 0.4, c.h - tall * 0.6, c.u * 0.005),
                    (x + lean * tall, c.h - tall, c.u * 0.001),
                ]
            )
        )
    c.shapes(blades[::2], mix(green, BLACK, 0.35))
    c.shapes(blades[1::2], mix(green, BLACK, 0.12))
    for _ in range(round(6 * c.wide)):
        x, y, size = (
            rng.random() * c.w,
            c.h * rng.uniform(0.74, 0.95),
            c.u * rng.uniform(0.028, 0.05),
        )
        lean = rng.uniform(-0.2, 0.2) * c.u * 0.2
        c.shapes(
            [
                limb(
                    [
                        (x + lean, c.h * 1.05, c.u * 0.008),
                        (x + lean * 0.3, (y + c.h) / 2, c.u * 0.006),
                        (x, y, c.u * 0.005),
                    ]
                )
            ],
            mix(green, BLACK, 0.2),
        )
        colour = rng.choice(blossoms)
        if kind in ("lavender", "tulip", "sunflower", "daisy"):
            shapes: list[Line] = []
            hearts: list[tuple[float, float, float]] = []
            _head(shapes, hearts, x, y, size * 0.9, kind, rng)
            c.shapes(
                shapes,
                land.downward(y - size, y + size, mix(colour, WHITE, 0.2), mix(colour, BLACK, 0.2)),
            )
            c.dots(hearts, (78, 48, 28) if kind == "sunflower" else (236, 186, 72))
        else:
            bloom(c, x, y, size, colour, rng)


def _butterflies(c: Canvas) -> None:
    rng = c.child()
    for number in range(4):
        size = c.u * (0.075, 0.045, 0.035, 0.03)[number]
        x, y = c.w * rng.uniform(0.2, 0.8), c.h * rng.uniform(0.2, 0.65)
        colour = rng.choice(hues("#e8863c #f0c040 #5a8ad0 #f4f0e8"))
        turn = rng.uniform(-0.6, 0.6)
        wings = [
            oval(x + s * size * 0.42, y - size * 0.26, size * 0.5, size * 0.3, turn + s * -0.7)
            for s in (-1, 1)
        ]
        wings += [
            oval(x + s * size * 0.3, y + size * 0.22, size * 0.3, size * 0.22, turn + s * 0.8)
            for s in (-1, 1)
        ]
        c.shapes(wings, colour)
        c.strokes([[*w, w[0]] for w in wings], mix(colour, BLACK, 0.75), size * 0.05)
        c.shapes([oval(x, y, size * 0.05, size * 0.34, turn * 0.3)], (40, 28, 24))
