"""Still life: vases on a table in window light, one of them with twigs or flowers."""

import math
import random

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.shapes import BLACK, WHITE, Colour, Fade, Line, Point, hues, mix, oval

# Wall, three glazes, table.
PALETTES = [
    hues("#cfc2b0 #b9553a #e9e2d4 #51584a #6b5a48"),
    hues("#b9bab4 #3f4a52 #e6dccb #b98a4a #5a4a3c"),
    hues("#d3bcac #7c3b30 #f0e6d8 #8e8f78 #6a4a3a"),
    hues("#a9b4b0 #d8a173 #efe9dd #2f3a39 #54483c"),
    hues("#3d4448 #c9764a #d8d0c0 #22282c #2a2420"),
]


def paint_still(c: Canvas, r: Reading) -> None:
    wall, *glazes, table = r.deal("palette", PALETTES)
    if r.own_colour:
        glazes[0] = r.own_colour
    edge = c.h * c.rng.uniform(0.7, 0.77)
    c.fill([(0, mix(wall, BLACK, 0.3)), (0.7, wall), (1, mix(wall, WHITE, 0.12))], 0, edge + 2)
    c.clouds(WHITE, 0.14, -c.h * 0.2, c.h * 0.9, cells=2.5, cover=0.6)
    if r.has_subject:
        _window(c, wall)
    c.fill(
        [
            (0, mix(table, WHITE, 0.35)),
            (0.05, mix(table, WHITE, 0.18)),
            (1, mix(table, BLACK, 0.45)),
        ],
        edge,
    )
    c.brush(turn=0.4, alpha=0.6, length=0.024)
    if r.has_subject:
        _things(c, r, edge, wall, glazes)
    c.veil(BLACK, [(0, 0), (1, 0.36)], across=True)


def _things(c: Canvas, r: Reading, edge: float, wall: Colour, glazes: list[Colour]) -> None:
    """The vases, and the fruit before them."""
    rng = c.child()
    count = r.deal("count", (3, 4, 3, 2))
    middle = c.w / 2 + c.u * rng.uniform(-0.08, 0.08)
    has_flowers = any(
        r.has(word, f"{word}s")
        for word in ("flower", "bouquet", "rose", "tulip", "peony", "peonie", "sunflower")
    )
    full = rng.randrange(count)
    for number in sorted(range(count), key=lambda n: n % 2):
        x = middle + (number - (count - 1) / 2) * c.u * 0.25 + rng.uniform(-1, 1) * c.u * 0.02
        base = edge + c.u * (0.05 + (number % 2) * 0.045)
        _vase(
            c,
            x,
            base,
            glazes[(number + len(glazes)) % len(glazes)],
            wall,
            with_flowers=number == full,
            many=has_flowers,
            r=r,
        )
    if r.has("apple", "apples", "fruit", "orange", "oranges", "pear", "lemon", "lemons"):
        for number in range(3):
            _fruit(
                c,
                middle + c.u * (0.1 + 0.1 * number) * (1 if number % 2 else -1),
                edge + c.u * (0.15 + 0.02 * number),
                r,
            )


def _window(c: Canvas, wall: Colour) -> None:
    """The light of a window falls slanting on the wall."""
    x, size = c.w * c.rng.uniform(0.06, 0.3), c.u * 0.27
    panes: list[Line] = []
    for column in range(2):
        for row in range(2):
            left, top = x + column * size, c.h * 0.08 + row * size * 1.05 + column * size * 0.14
            panes.append(
                [
                    (left, top),
                    (left + size * 0.88, top + size * 0.12),
                    (left + size * 0.88, top + size * 1.06),
                    (left, top + size * 0.94),
                ]
            )
    c.shapes(panes, mix((255, 240, 214), wall, 0.25), alpha=0.5, soft=c.u * 0.014)


def _vase(
    c: Canvas,
    x: float,
    base: float,
    glaze: Colour,
    wall: Colour,
    *,
    with_flowers: bool,
    many: bool,
    r: Reading,
) -> None:
    rng = c.child()
    tall, wide = c.u * rng.uniform(0.24, 0.46), c.u * rng.uniform(0.075, 0.115)
    neck, belly = rng.uniform(0.28, 0.62), rng.uniform(0.25, 0.58)

    def half(t: float) -> float:
        bulge = math.exp(-((t - belly) ** 2) / 0.09)
        reach = wide * (neck * 0.55 + bulge * (1 - neck * 0.35))
        lip = 1 + (t - 0.9) * 2.6 if t > 0.9 else 1.0
        foot = 0.82 + t * 3 if t < 0.06 else 1.0
        return reach * lip * foot

    shadow = oval(x + wide * 1.1, base, wide * 2.0, wide * 0.2, 0.03)
    c.shapes([shadow], (26, 17, 12), alpha=0.5, soft=c.u * 0.014)
    if with_flowers:
        top = base - tall
        if many:
            _bouquet(c, x, top, half(1), r)
        else:
            _twigs(c, x, top, half(1), wall)
    steps = [i / 44 for i in range(45)]
    outline: list[Point] = [(x - half(t), base - t * tall) for t in steps]
    outline += [(x + half(t), base - t * tall) for t in reversed(steps)]
    round_ = Fade(
        x - wide * 1.1,
        x + wide * 1.1,
        [
            (0, mix(glaze, (255, 243, 223), 0.16)),
            (0.24, mix(glaze, (255, 243, 223), 0.42)),
            (0.55, glaze),
            (1, mix(glaze, (18, 12, 8), 0.66)),
        ],
        across=True,
    )
    c.shapes([outline], round_)
    style = rng.randrange(3)
    if style == 0:  # a dipped glaze, running
        level = rng.uniform(0.45, 0.7)
        dip: list[Point] = [
            (x - wide * 1.4, base - tall * 1.1),
            (x + wide * 1.4, base - tall * 1.1),
        ]
        dip += [
            (x + wide * (1.4 - 2.8 * i / 14), base - tall * (level + rng.uniform(-0.04, 0.04)))
            for i in range(15)
        ]
        c.shapes([dip], mix(glaze, WHITE, 0.4), alpha=0.35, inside=[outline], soft=c.u * 0.002)
    elif style == 1:  # painted rings
        rings = [
            [
                (x - half(t), base - tall * t),
                (x, base - tall * t + wide * 0.14),
                (x + half(t), base - tall * t),
            ]
            for t in (0.42, 0.46, 0.62)
        ]
        c.strokes(rings, mix(glaze, BLACK, 0.4), c.u * 0.004, alpha=0.5, inside=[outline])
    else:  # speckle
        specks = [
            (x + rng.uniform(-1, 1) * wide, base - rng.random() * tall, c.u * 0.0012)
            for _ in range(110)
        ]
        specks = [
            (px, py, pr) for px, py, pr in specks if abs(px - x) < half((base - py) / tall) * 0.95
        ]
        c.dots(specks, mix(glaze, BLACK, 0.5), alpha=0.6)
    shine = [(x - half(t) * 0.55, base - t * tall) for t in steps[6:38]]
    c.strokes([shine], WHITE, wide * 0.1, alpha=0.28, soft=wide * 0.05, inside=[outline])
    c.shapes([oval(x, base - tall, half(1), half(1) * 0.17)], mix(glaze, (18, 12, 8), 0.62))
    c.strokes(
        [oval(x, base - tall, half(1), half(1) * 0.17)[20:]],
        mix(glaze, WHITE, 0.4),
        c.u * 0.0025,
        alpha=0.7,
    )


def _twigs(c: Canvas, x: float, top: float, mouth: float, wall: Colour) -> None:
    rng = c.child()
    stems: list[Line] = []
    seeds: list[Line] = []
    for _ in range(12):
        lean, length = rng.uniform(-0.5, 0.5), c.u * rng.uniform(0.18, 0.36)
        stem = [
            (
                x + lean * mouth + math.sin(lean * t) * length * t,
                top + mouth * 0.1 - math.cos(lean * t) * length * t,
            )
            for t in (i / 10 for i in range(11))
        ]
        stems.append(stem)
        for k in range(9):
            sx, sy = stem[10 - k // 2]
            seeds.append(
                oval(
                    sx + rng.gauss(0, c.u * 0.008),
                    sy + c.u * 0.006 * k,
                    c.u * 0.006,
                    c.u * 0.012,
                    lean,
                )
            )
    c.strokes(stems, mix(wall, (66, 48, 30), 0.8), c.u * 0.0028)
    c.shapes(seeds[::2], mix((236, 218, 184), wall, 0.15))
    c.shapes(seeds[1::2], mix((206, 180, 140), wall, 0.1))


def _bouquet(c: Canvas, x: float, top: float, mouth: float, r: Reading) -> None:
    """Flowers in a loose dome, leaves below, each bloom of several petals."""
    rng = c.child()
    kinds = [r.own_colour] if r.own_colour else list(r.tints)
    colours = kinds or list(
        rng.choice(
            (
                hues("#d9536a #f0b7b0 #f6e3d0"),
                hues("#e0a03c #d9673a #f6ead0"),
                hues("#7a68b8 #c9a8d8 #f0e8f2"),
            )
        )
    )
    blooms: list[tuple[float, float, float]] = []
    stems: list[Line] = []
    leaves: list[Line] = []
    for number in range(15):
        lean = (number / 14 - 0.5) * 1.9 + rng.uniform(-0.1, 0.1)
        length = c.u * rng.uniform(0.13, 0.3) * (1 - abs(lean) * 0.22)
        ex, ey = x + math.sin(lean) * length, top - math.cos(lean) * length
        stems.append(
            [
                (x + lean * mouth * 0.5, top + mouth * 0.2),
                ((x + ex) / 2, (top + ey) / 2 - length * 0.05),
                (ex, ey),
            ]
        )
        blooms.append((ex, ey, c.u * rng.uniform(0.026, 0.045)))
        for side in (-1, 1):
            lx, ly = x + math.sin(lean) * length * 0.55, top - math.cos(lean) * length * 0.55
            leaves.append(
                oval(lx + side * c.u * 0.022, ly, c.u * 0.026, c.u * 0.009, lean + side * 0.7)
            )
    c.strokes(stems, (70, 88, 54), c.u * 0.004)
    c.shapes(leaves[::2], (78, 104, 66))
    c.shapes(leaves[1::2], (52, 76, 52))
    for bx, by, size in sorted(blooms, key=lambda b: b[1]):
        bloom(c, bx, by, size, rng.choice(colours), rng)


def bloom(c: Canvas, x: float, y: float, size: float, colour: Colour, rng: random.Random) -> None:
    """One flower of three rings of petals, darker towards its heart."""
    start = rng.random() * math.tau
    for ring, (reach, count) in enumerate(((1.0, 8), (0.68, 6), (0.4, 5))):
        tone = mix(mix(colour, WHITE, 0.22), mix(colour, (90, 20, 30), 0.4), ring / 2.4)
        petals = []
        for i in range(count):
            a = start + ring + i * math.tau / count
            petals.append(
                oval(
                    x + math.cos(a) * size * reach * 0.55,
                    y + math.sin(a) * size * reach * 0.5,
                    size * reach * 0.5,
                    size * reach * 0.34,
                    a,
                )
            )
        c.shapes(petals[::2], tone)
        c.shapes(petals[1::2], mix(tone, BLACK, 0.1))
    c.dots([(x, y, size * 0.14)], mix(colour, (60, 30, 10), 0.6))


def _fruit(c: Canvas, x: float, y: float, r: Reading) -> None:
    rng = c.child()
    size = c.u * rng.uniform(0.045, 0.06)
    colour = rng.choice(hues("#c8402f #d9862c #b9b04a"))
    c.shapes(
        [oval(x + size * 0.6, y + size * 0.1, size * 1.4, size * 0.2)],
        (26, 17, 12),
        alpha=0.5,
        soft=size * 0.15,
    )
    skin = Fade(
        x - size,
        x + size,
        [(0, mix(colour, WHITE, 0.35)), (0.4, colour), (1, mix(colour, (20, 8, 6), 0.7))],
        across=True,
    )
    c.shapes([oval(x, y - size * 0.85, size, size * 0.95)], skin)
    c.strokes(
        [[(x, y - size * 1.7), (x + size * 0.12, y - size * 2.05)]], (70, 46, 28), size * 0.09
    )
    c.shapes(
        [oval(x - size * 0.35, y - size * 1.2, size * 0.2, size * 0.12, -0.6)],
        WHITE,
        alpha=0.5,
        soft=size * 0.05,
    )
