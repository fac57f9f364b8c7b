"""Under water: jellyfish glowing in the deep, or a whale, shafts of light from above."""

import math
import random

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import BLACK, WHITE, Colour, Fade, Line, Path, hues, limb, mix, oval

# Deep, water, glow.
WATERS = [
    hues("#031421 #0b4a63 #ffb38a"),
    hues("#0a0b24 #33307e #ff9ec4"),
    hues("#02191b #0d5c57 #ffd79a"),
    hues("#110818 #5b2350 #ffc2a0"),
]


def paint_reef(c: Canvas, r: Reading) -> None:
    deep, water, glow = r.deal("water", WATERS)
    if r.own_colour or r.tints:
        glow = mix(r.own_colour or r.tints[0], WHITE, 0.3)
    c.fill([(0, mix(water, WHITE, 0.12)), (0.45, mix(deep, water, 0.5)), (1, deep)])
    _shafts(c, water)
    c.clouds(water, 0.4, 0, c.h, cells=3, cover=0.5)
    c.brush(turn=0.5, alpha=0.4)
    if r.has_subject and r.has("whale", "whales"):
        _whale(c, r, deep, water)
    elif r.has_subject and r.has("fish", "fishes", "coral", "reef", "diver"):
        _shoal(c, glow)
        _corals(c, deep, glow)
    elif r.has_subject:
        big = c.u * c.rng.uniform(0.2, 0.26)
        middle = c.w * r.deal("jelly", (0.42, 0.58, 0.5, 0.36))
        _jelly(c, (c.w * 0.5 - middle) * 0.6 + c.w * 0.24, c.h * 0.66, big * 0.42, glow, 0.5)
        _jelly(c, c.w - middle * 0.5, c.h * 0.28, big * 0.32, glow, 0.4)
        _jelly(c, middle, c.h * c.rng.uniform(0.32, 0.4), big, glow, 1.0)
    _motes(c)


def _shafts(c: Canvas, water: Colour) -> None:
    rng = c.child()
    tone = mix(water, WHITE, 0.6)
    for _ in range(7):
        x, wide = c.w * rng.uniform(0.0, 1.0), c.u * rng.uniform(0.03, 0.1)
        lean = c.u * rng.uniform(0.05, 0.3)
        beam = [
            (x, -2.0),
            (x + wide, -2.0),
            (x + wide * 2.4 + lean, c.h * 0.85),
            (x + lean - wide * 0.4, c.h * 0.85),
        ]
        c.shapes(
            [beam],
            Fade(0, c.h * 0.85, [(0, tone), (1, BLACK)]),
            alpha=0.22,
            soft=c.u * 0.02,
            light=True,
        )


def _motes(c: Canvas) -> None:
    rng = c.child()
    dots = [
        (rng.random() * c.w, rng.random() * c.h, c.u * (0.0008 + 0.003 * rng.random() ** 3))
        for _ in range(150)
    ]
    c.dots(dots[:100], (223, 243, 255), alpha=0.22)
    c.dots(dots[100:], (223, 243, 255), alpha=0.4)


def _jelly(c: Canvas, x: float, y: float, size: float, glow: Colour, strength: float) -> None:
    rng = c.child()
    turn = rng.uniform(-0.3, 0.3)

    def path() -> Path:
        return Path(x, y, size, turn=turn)

    c.glow(x, y, size * 2.6, glow, 0.34 * strength)
    pale = mix(glow, WHITE, 0.55)
    for width, count, reach in ((0.012, 18, 3.4), (0.022, 12, 2.6)):
        threads = []
        for i in range(count):
            start = (i / (count - 1) - 0.5) * 1.6
            length = reach * rng.uniform(0.55, 1.0)
            sway = rng.uniform(-0.5, 0.5)
            threads.append(
                path()
                .to(start, 0.08)
                .curve(
                    start + sway,
                    length * 0.35,
                    start - sway,
                    length * 0.7,
                    start * 0.7 + sway,
                    length,
                )
                .points
            )
        far = y + size * reach
        c.strokes(
            threads,
            Fade(y, far, [(0, glow), (0.75, mix(glow, BLACK, 0.75)), (1, BLACK)]),
            size * width,
            alpha=0.55 * strength,
            light=True,
        )
    arms = []
    for i in range(6):
        start = (i / 5 - 0.5) * 0.66
        phase = rng.random() * 6
        spine = [
            (start + math.sin(t * 9 + phase) * 0.09, t * 1.9, 0.2 * (1 - t) ** 0.8 + 0.01)
            for t in (k / 9 for k in range(10))
        ]
        arms.append(path().through(limb(spine)).points)
    c.shapes(
        arms,
        Fade(y, y + size * 2, [(0, pale), (0.5, glow), (1, BLACK)]),
        alpha=0.4 * strength,
        light=True,
        soft=size * 0.012,
    )
    bell = path().to(-1, 0.16).curve(-1.04, -1.05, 1.04, -1.05, 1, 0.16)
    for i in range(10):
        at = 1 - i * 0.2
        bell.quad(at - 0.1, 0.27, at - 0.2, 0.12)
    outline = bell.points
    c.shapes(
        [outline],
        land.downward(y - size * 0.7, y + size * 0.2, pale, glow, mix(glow, BLACK, 0.5)),
        alpha=0.42 * strength,
        light=True,
    )
    c.shapes(
        [oval(x - size * 0.2, y - size * 0.34, size * 0.55, size * 0.28, turn - 0.2)],
        WHITE,
        alpha=0.34 * strength,
        soft=size * 0.16,
        inside=[outline],
        light=True,
    )
    ribs = [path().to(0, -0.66).quad(i * 0.24, -0.5, i * 0.22, 0.1).points for i in range(-4, 5)]
    c.strokes(ribs, WHITE, size * 0.014, alpha=0.22 * strength, light=True)
    c.strokes([outline], WHITE, size * 0.012, alpha=0.4 * strength, light=True, soft=size * 0.004)
    for i in range(4):
        gland = path().through(oval(-0.27 + i * 0.18, -0.2, 0.08, 0.11)).points
        c.shapes([gland], pale, alpha=0.5 * strength, light=True, soft=size * 0.02)


def _whale(c: Canvas, r: Reading, deep: Colour, water: Colour) -> None:
    size = c.u * c.rng.uniform(0.75, 0.95)
    x, y = c.w * c.rng.uniform(0.46, 0.54), c.h * c.rng.uniform(0.46, 0.54)
    flip = c.rng.random() < 0.5
    turn = c.rng.uniform(-0.16, 0.1)
    back, belly = mix(deep, water, 0.35), mix(water, WHITE, 0.5)

    def path() -> Path:
        return Path(x, y, size, flip=flip, turn=turn)

    body = (
        path()
        .to(0.72, 0.02)
        .curve(0.6, -0.2, 0.2, -0.24, -0.1, -0.16)
        .curve(-0.36, -0.1, -0.56, -0.02, -0.7, -0.04)
        .curve(-0.78, -0.12, -0.9, -0.16, -0.98, -0.14)
        .curve(-0.9, -0.06, -0.84, 0.0, -0.8, 0.02)
        .curve(-0.86, 0.08, -0.92, 0.1, -0.96, 0.14)
        .curve(-0.84, 0.14, -0.72, 0.1, -0.66, 0.04)
        .curve(-0.4, 0.08, -0.1, 0.22, 0.2, 0.24)
        .curve(0.5, 0.25, 0.72, 0.16, 0.72, 0.02)
    )
    c.shapes(
        [body.points],
        land.downward(
            y - size * 0.24, y + size * 0.24, mix(back, water, 0.35), back, mix(back, deep, 0.5)
        ),
    )
    under = (
        path()
        .to(0.72, 0.05)
        .curve(0.5, 0.12, 0.2, 0.1, -0.1, 0.18)
        .curve(0.1, 0.25, 0.5, 0.27, 0.72, 0.05)
    )
    c.shapes([under.points], belly, alpha=0.55, soft=size * 0.01, inside=[body.points])
    grooves = [
        path()
        .to(0.66 - 0.02 * i, 0.08 + 0.02 * i)
        .curve(0.46, 0.13 + 0.018 * i, 0.26, 0.14 + 0.016 * i, 0.04, 0.18 + 0.008 * i)
        .points
        for i in range(5)
    ]
    c.strokes(grooves, back, size * 0.003, alpha=0.6)
    fin = (
        path()
        .to(0.26, 0.14)
        .curve(0.22, 0.3, 0.08, 0.42, -0.08, 0.46)
        .curve(-0.02, 0.34, 0.04, 0.22, 0.1, 0.14)
    )
    c.shapes([fin.points], land.downward(y, y + size * 0.46, back, mix(deep, back, 0.4)))
    c.shapes([path().through(oval(0.5, 0.03, 0.014, 0.01)).points], BLACK)
    shine = path().to(0.6, -0.1).curve(0.3, -0.22, 0.0, -0.19, -0.3, -0.1)
    c.strokes(
        [shine.points],
        mix(water, WHITE, 0.6),
        size * 0.016,
        alpha=0.4,
        soft=size * 0.012,
        inside=[body.points],
    )
    rng = c.child()
    c.dots(
        [
            (
                x + rng.gauss(0, size * 0.5),
                y - size * rng.uniform(0.1, 0.5),
                c.u * rng.uniform(0.002, 0.007),
            )
            for _ in range(26)
        ],
        WHITE,
        alpha=0.25,
    )


def _shoal(c: Canvas, glow: Colour) -> None:
    rng = c.child()
    cx, cy, lean = c.w * rng.uniform(0.4, 0.6), c.h * 0.4, rng.uniform(-0.3, 0.3)
    flip = rng.random() < 0.5
    for tone in (mix(glow, BLACK, 0.4), glow, mix(glow, WHITE, 0.4)):
        fish: list[Line] = []
        for _ in range(26):
            a, d = rng.random() * math.tau, rng.random() ** 0.6
            x, y = cx + math.cos(a) * d * c.u * 0.5, cy + math.sin(a) * d * c.u * 0.24
            one = Path(
                x, y, c.u * rng.uniform(0.03, 0.06), flip=flip, turn=lean + rng.uniform(-0.15, 0.15)
            )
            fish.append(
                one.to(0.5, 0)
                .curve(0.3, -0.3, -0.1, -0.26, -0.34, -0.02)
                .to(-0.56, -0.2)
                .quad(-0.48, 0, -0.56, 0.2)
                .to(-0.34, 0.02)
                .curve(-0.1, 0.26, 0.3, 0.3, 0.5, 0)
                .points
            )
        c.shapes(fish, tone, alpha=0.9)


def _corals(c: Canvas, deep: Colour, glow: Colour) -> None:
    """A sea bed with corals, the far ones pale in the water."""
    for depth in (0.6, 0.0):
        rng = c.child()
        bed = land.hill(c, c.child(), c.h * (0.9 - depth * 0.08), c.h * 0.07, 1.5)
        tone = mix(mix(deep, glow, 0.2), deep, depth * 0.5)
        land.ground(c, bed, land.downward(c.h * 0.78, c.h, tone, mix(deep, BLACK, 0.4)))
        hues_here = (glow, mix(glow, (220, 80, 120), 0.6), mix(glow, (120, 90, 200), 0.6))
        for _ in range(round(8 * c.wide)):
            x, size = rng.random() * c.w, c.u * rng.uniform(0.08, 0.17) * (1 - depth * 0.4)
            colour = mix(rng.choice(hues_here), deep, rng.uniform(0.1, 0.35) + depth * 0.5)
            foot = bed(x) + size * 0.1
            arms = _fan(x, foot, size, rng) if rng.random() < 0.6 else _tubes(x, foot, size, rng)
            c.shapes(arms, land.downward(foot - size, foot, mix(colour, WHITE, 0.2), colour))


def _fan(x: float, y: float, size: float, rng: random.Random) -> list[Line]:
    """A branching coral: arms that fork twice, ending in round tips."""
    arms: list[Line] = []
    for _ in range(7):
        lean, tall = rng.uniform(-0.8, 0.8), size * rng.uniform(0.6, 1.0)
        bend = (x + lean * tall * 0.45, y - tall * 0.5)
        arms.append(limb([(x, y, size * 0.1), (*bend, size * 0.07)]))
        for fork in (-0.35, 0.3):
            tip = (x + (lean + fork) * tall * 0.9, y - tall * rng.uniform(0.8, 1.0))
            arms.append(limb([(*bend, size * 0.07), (*tip, size * 0.05)]))
            arms.append(oval(*tip, size * 0.035, size * 0.035))
    return arms


def _tubes(x: float, y: float, size: float, rng: random.Random) -> list[Line]:
    """A tuft of sea grass or tube worms, swaying one way."""
    sway = rng.uniform(-0.5, 0.5)
    arms: list[Line] = []
    for _ in range(9):
        root, tall = x + rng.gauss(0, size * 0.16), size * rng.uniform(0.7, 1.2)
        lean = sway + rng.uniform(-0.15, 0.15)
        arms.append(
            limb(
                [
                    (root, y, size * 0.05),
                    (root + lean * tall * 0.2, y - tall * 0.5, size * 0.045),
                    (root + lean * tall * 0.7, y - tall, size * 0.008),
                ]
            )
        )
    return arms
