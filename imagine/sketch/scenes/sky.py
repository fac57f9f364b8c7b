"""Northern lights over a lake, stars, firs on the shore."""

from PIL import Image, ImageChops

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import WHITE, Colour, Line, Wave, hues, mix, smoothstep

LIGHTS = [
    hues("#35e0a1 #7c5cff"),
    hues("#4be3c1 #e064b8"),
    hues("#8df06b #3aa0ff"),
    hues("#37d6d0 #a56bff"),
]


def paint_sky(c: Canvas, r: Reading) -> None:
    shore = c.h * c.rng.uniform(0.66, 0.74)
    c.fill([(0, (3, 6, 15)), (0.65, (10, 26, 44)), (1, (30, 60, 74))], 0, shore)
    land.stars(c, shore, 420)
    low, high = r.tints if len(r.tints) > 1 else r.deal("lights", LIGHTS)
    if r.has("aurora", "auroras", "borealis"):
        for band in range(3):
            _curtain(c, low, high, shore, band)
    else:
        _milky_way(c, mix(high, WHITE, 0.5), low)
    rng = c.child()
    wave, start = Wave(rng, 6), rng.random() * 20
    land.ground(
        c,
        lambda x: shore - c.u * 0.015 - max(0.0, wave.at(start + x / c.u * 2.2) - 0.3) * c.u * 0.36,
        land.downward(shore - c.u * 0.25, shore, (12, 28, 38), (7, 17, 25)),
    )
    c.mirror(shore, c.u * 0.006)
    c.veil((3, 9, 14), [(0, 0.1), (1, 0.6)], shore)
    c.brush(turn=0.25, length=0.014, alpha=0.4)
    _shore(c, shore, is_snowy=r.season == "winter")
    if r.has_subject and r.has("tent", "camp", "camping", "campfire", "cabin"):
        _tent(c, shore)


def _curtain(c: Canvas, low: Colour, high: Colour, shore: float, band: int) -> None:
    """One curtain of light: its foot winds over the sky, rays rise from it."""
    rng = c.child()
    foot, tall, strong = Wave(rng, 3), Wave(rng, 3), Wave(rng, 4)
    columns, rows = 150, 80
    lower, upper = bytearray(columns * rows), bytearray(columns * rows)
    start = rng.random() * 30
    for i in range(columns):
        u = i / columns * c.w / c.u
        base = (0.5 + band * 0.14 + (foot.at(start + u * 1.3) - 0.5) * 0.75) * rows * 1.05
        reach = rows * (0.2 + tall.at(start + u * 4) * 0.65)
        force = 255 * smoothstep((strong.at(start + u * 2.4) - 0.3) * 2.4) * (0.95 - band * 0.15)
        for j in range(max(0, int(base - reach)), min(rows, int(base + 4))):
            t = min(1.0, (base - j) / reach)
            rise = smoothstep((t + 0.06) * 9) * (1 - t) ** 1.6 if t > -0.06 else 0.0
            lower[j * columns + i] = round(force * rise * (1 - t * 0.75))
            upper[j * columns + i] = round(force * smoothstep(t * 1.6) * (1 - t) ** 1.2 * 0.6)
    size = (c.image.width, round(shore))
    rays = (
        c.noise(26, 3, stretch=0.12)
        .crop((0, 0, *size))
        .point([150 + v * 105 // 255 for v in range(256)])
    )
    for flat, colour in ((upper, high), (lower, low)):
        mask = Image.frombytes("L", (columns, rows), bytes(flat)).resize(
            size, Image.Resampling.BICUBIC
        )
        c.cover(colour, ImageChops.multiply(mask, rays), (0, 0, *size), light=True)


def _milky_way(c: Canvas, core: Colour, edge: Colour) -> None:
    """A bright band of stars and dust, slanting."""
    x, lean = c.w * c.rng.uniform(0.4, 0.6), c.rng.choice((-1, 1)) * c.u * 0.35
    rng = c.child()
    for _ in range(26):
        t = rng.random()
        cx, cy = x + lean * (t - 0.5) * 2 + rng.gauss(0, c.u * 0.03), c.h * 0.75 * t
        c.glow(cx, cy, c.u * rng.uniform(0.1, 0.26), mix(edge, core, rng.random()), 0.22)
    stars = [
        (
            x + lean * (t - 0.5) * 2 + rng.gauss(0, c.u * 0.08),
            c.h * 0.75 * t,
            c.u * 0.0006 + c.u * 0.001 * rng.random() ** 4,
        )
        for t in (rng.random() for _ in range(700))
    ]
    c.dots(stars, WHITE, alpha=0.8)
    dust = [
        (
            x + lean * (t - 0.5) * 2 + rng.gauss(0, c.u * 0.02),
            c.h * 0.7 * t,
            c.u * rng.uniform(0.01, 0.035),
        )
        for t in (rng.random() for _ in range(18))
    ]
    c.dots(dust, (8, 12, 24), alpha=0.4, soft=c.u * 0.02)


def _shore(c: Canvas, shore: float, *, is_snowy: bool) -> None:
    rng = c.child()
    trees: list[Line] = []
    for _ in range(round(34 * c.wide)):
        inward = rng.random() ** 1.8 * 0.42
        x = c.w * (inward if rng.random() < 0.5 else 1 - inward)
        near = 1 - inward / 0.42
        trees.append(
            land.pine(
                x,
                shore + c.u * (0.02 + near * 0.06),
                c.u * (0.07 + near * 0.26 * rng.random()),
                rng,
            )
        )
    c.shapes(trees, (4, 9, 12))
    if is_snowy:
        bank = land.hill(c, c.child(), c.h * 0.97, c.h * 0.06, 1.2)
        land.ground(c, bank, land.downward(c.h * 0.9, c.h, (120, 150, 165), (40, 60, 74)))


def _tent(c: Canvas, shore: float) -> None:
    size, x = c.u * 0.14, c.w * c.rng.uniform(0.35, 0.65)
    y = shore + c.u * 0.12
    bank = [
        (0.0, c.h),
        (0.0, y + size * 0.1),
        (x - size, y - size * 0.02),
        (x + size, y - size * 0.02),
        (c.w, y + size * 0.14),
        (c.w, c.h),
    ]
    c.shapes([bank], (5, 11, 13))
    c.glow(x, y - size * 0.3, size * 2.6, (255, 180, 90), 0.55)
    c.shapes(
        [[(x - size * 0.7, y), (x, y - size * 0.85), (x + size * 0.7, y)]],
        land.downward(y - size * 0.85, y, (255, 206, 120), (226, 120, 48)),
    )
    c.shapes(
        [[(x - size * 0.14, y), (x, y - size * 0.6), (x + size * 0.14, y)]], (90, 40, 20), alpha=0.7
    )
    c.strokes(
        [[(x - size * 0.76, y), (x, y - size * 0.88), (x + size * 0.76, y)]],
        (60, 30, 16),
        size * 0.02,
    )
