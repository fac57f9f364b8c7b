"""Space: a nebula, a planet with its shadow and perhaps its rings, moons, an astronaut."""

import math

from PIL import Image, ImageChops, ImageDraw

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import (
    BLACK,
    WHITE,
    Colour,
    Line,
    Path,
    hues,
    limb,
    mix,
    oval,
    smoothstep,
)

# Deep space, two clouds, the planet's lit side, its bands.
PALETTES = [
    hues("#05060f #3b2a7a #c2477f #e8b27a #8c4a3a"),
    hues("#04080f #13506b #6f4bb0 #8fd0d8 #2f6a8c"),
    hues("#07040c #6b1f3f #e07a4a #f0d0a0 #a8603a"),
    hues("#03090a #0f5a55 #c9a14a #d8e0c0 #5a8a6a"),
]


def paint_space(c: Canvas, r: Reading) -> None:
    deep, first, second, lit, bands = r.deal("palette", PALETTES)
    if r.tints:
        first = mix(first, r.tints[0], 0.7)
        second = mix(second, r.tints[-1], 0.5)
    if r.own_colour:
        lit, bands = mix(r.own_colour, WHITE, 0.35), mix(r.own_colour, BLACK, 0.35)
    c.fill([(0, deep), (1, mix(deep, first, 0.22))])
    _nebula(c, first, 2.2, 0.85)
    _nebula(c, second, 2.8, 0.75)
    _nebula(c, mix(second, WHITE, 0.45), 4.5, 0.4)
    land.stars(c, c.h * 1.4, 700)
    _bright_stars(c)
    if r.has_subject and r.has("astronaut", "astronauts", "cosmonaut", "spaceman"):
        _planet(c, r, (lit, bands), 0.28, far=True)
        _astronaut(c, second)
    elif r.has_subject and not r.has("nebula", "galaxy"):
        _planet(c, r, (lit, bands), c.rng.uniform(0.24, 0.36), far=False)
        _moon(c, mix(lit, WHITE, 0.3))


def _nebula(c: Canvas, colour: Colour, cells: float, alpha: float) -> None:
    """A cloud with holes: two noises multiplied, so that it has both shape and threads."""
    shape = c.noise(cells, 5).point([round(255 * smoothstep((v - 95) / 130)) for v in range(256)])
    threads = c.noise(cells * 3, 5).point(
        [round(255 * (1 - abs(v - 128) / 128) ** 1.6) for v in range(256)]
    )
    mask = ImageChops.multiply(shape, threads)
    c.cover(colour, mask, alpha=alpha, light=True)


def _bright_stars(c: Canvas) -> None:
    rng = c.child()
    for _ in range(9):
        x, y, size = rng.random() * c.w, rng.random() * c.h, c.u * rng.uniform(0.006, 0.022)
        c.glow(x, y, size * 2, (214, 226, 255), 0.8)
        rays: list[Line] = [[(x - size, y), (x + size, y)], [(x, y - size), (x, y + size)]]
        c.strokes(rays, WHITE, c.u * 0.0011, alpha=0.6, light=True)


def _planet(
    c: Canvas, r: Reading, colours: tuple[Colour, Colour], share: float, *, far: bool
) -> None:
    lit, band = colours
    radius = c.u * share * (0.55 if far else 1)
    x = c.w * r.deal("planet", (0.34, 0.64, 0.42, 0.58)) if not far else c.w * 0.8
    y = c.h * c.rng.uniform(0.42, 0.58) if not far else c.h * 0.74
    tilt = c.rng.uniform(-0.5, 0.5)
    has_rings = r.deal("rings", (True, False)) or r.has("saturn", "rings", "ring", "ringed")
    ring = [
        (radius * s, a)
        for s, a in ((2.05, 0.35), (1.92, 0.7), (1.72, 0.85), (1.5, 0.6), (1.38, 0.3))
    ]
    if has_rings:
        _rings(c, x, y, ring, tilt, lit, front=False)
    c.glow(x, y, radius * 1.7, mix(lit, WHITE, 0.2), 0.35)
    size = max(4, round(radius * 2))
    c.image.paste(*_sphere(c, size, lit, band, tilt, (round(x - radius), round(y - radius))))
    if has_rings:
        _rings(c, x, y, ring, tilt, lit, front=True)


def _sphere(
    c: Canvas, size: int, lit: Colour, band: Colour, tilt: float, at: tuple[int, int]
) -> tuple[Image.Image, tuple[int, int], Image.Image]:
    """Return a shaded globe with bands, its place, and its mask."""
    rng = c.child()
    strip = bytes(rng.randbytes(18))
    tones = Image.frombytes("L", (1, 18), strip).resize((1, 96), Image.Resampling.BICUBIC)
    bands = tones.resize((size * 2, size * 2), Image.Resampling.BICUBIC)
    wobble = c.noise(3, 4, stretch=3).resize(bands.size)
    bands = Image.blend(bands, wobble, 0.35).rotate(math.degrees(-tilt), Image.Resampling.BILINEAR)
    bands = bands.crop((size // 2, size // 2, size // 2 + size, size // 2 + size))
    surface = Image.composite(
        Image.new("RGB", bands.size, lit), Image.new("RGB", bands.size, band), bands
    )
    # The lit side is upper left: darkness grows with the distance from a point there.
    dark = (
        Image.radial_gradient("L")
        .resize((size * 2, size * 2))
        .crop(
            (
                round(size * 0.68),
                round(size * 0.66),
                round(size * 0.68) + size,
                round(size * 0.66) + size,
            )
        )
        .point([round(255 * (1 - smoothstep((v - 34) / 92)) ** 1.2) for v in range(256)])
    )
    surface = ImageChops.multiply(surface, Image.merge("RGB", (dark,) * 3))
    mask = Image.new("L", (size * 2, size * 2))
    ImageDraw.Draw(mask).ellipse((2, 2, size * 2 - 3, size * 2 - 3), fill=255)
    return surface, at, mask.reduce(2)


def _rings(
    c: Canvas,
    x: float,
    y: float,
    ring: list[tuple[float, float]],
    tilt: float,
    lit: Colour,
    *,
    front: bool,
) -> None:
    for reach, alpha in ring:
        whole = oval(x, y, reach, reach * 0.24, tilt)
        half = whole[:21] if front else [*whole[20:], whole[0]]
        c.strokes([half], mix(lit, WHITE, 0.2), reach * 0.05, alpha=alpha * 0.8)


def _moon(c: Canvas, lit: Colour) -> None:
    size = max(3, round(c.u * c.rng.uniform(0.03, 0.06)) * 2)
    at = (round(c.w * c.rng.uniform(0.1, 0.9)), round(c.h * c.rng.uniform(0.1, 0.3)))
    c.image.paste(*_sphere(c, size, lit, mix(lit, BLACK, 0.3), 0.3, at))


def _astronaut(c: Canvas, glow: Colour) -> None:
    """A figure adrift, the sky in its visor."""
    size = c.u * c.rng.uniform(0.5, 0.6)
    x, y = c.w * c.rng.uniform(0.38, 0.56), c.h * 0.52
    turn = c.rng.uniform(-0.35, 0.35)
    flip = c.rng.random() < 0.5
    suit, shade = (232, 232, 236), (96, 98, 124)

    def path() -> Path:
        return Path(x, y, size, flip=flip, turn=turn)

    def part(*joints: tuple[float, float, float]) -> Line:
        return path().through(limb(joints)).points

    c.glow(x, y, size * 0.9, glow, 0.35)
    body = land.downward(y - size * 0.5, y + size * 0.55, suit, mix(suit, shade, 0.45), shade)
    pack = (
        path()
        .to(-0.2, -0.2)
        .quad(-0.24, -0.2, -0.24, -0.14)
        .to(-0.24, 0.14)
        .quad(-0.22, 0.2, -0.1, 0.2)
        .to(-0.05, -0.2)
    )
    c.shapes([pack.points], mix(shade, suit, 0.2))
    back = [
        part((0.06, 0.14, 0.16), (0.2, 0.3, 0.14), (0.12, 0.5, 0.12), (0.16, 0.56, 0.13)),
        part((-0.1, -0.14, 0.13), (-0.3, -0.08, 0.11), (-0.4, -0.26, 0.1), (-0.44, -0.3, 0.09)),
    ]
    c.shapes(back, mix(suit, shade, 0.6))
    torso = (
        path()
        .to(-0.16, -0.22)
        .curve(-0.2, 0, -0.18, 0.16, -0.12, 0.22)
        .to(0.12, 0.22)
        .curve(0.18, 0.1, 0.19, -0.1, 0.15, -0.22)
    )
    front = [
        torso.points,
        part((-0.06, 0.16, 0.17), (-0.12, 0.36, 0.14), (-0.26, 0.5, 0.12), (-0.3, 0.56, 0.13)),
        part((0.12, -0.15, 0.13), (0.3, 0.0, 0.11), (0.44, -0.1, 0.1), (0.5, -0.13, 0.09)),
    ]
    c.shapes(front, body)
    c.shapes(
        [path().to(-0.09, -0.06).to(0.09, -0.06).to(0.09, 0.06).to(-0.09, 0.06).points],
        mix(shade, suit, 0.35),
    )
    c.dots([(x - size * 0.03, y - size * 0.01, size * 0.012)], (226, 88, 60))
    helmet = path().through(oval(0.02, -0.36, 0.185, 0.19)).points
    c.shapes([helmet], body)
    visor = path().through(oval(0.06, -0.36, 0.13, 0.125)).points
    c.shapes(
        [visor],
        land.downward(
            y - size * 0.5,
            y - size * 0.22,
            (30, 26, 60),
            mix(glow, (20, 16, 40), 0.4),
            mix(glow, (255, 210, 160), 0.5),
        ),
    )
    c.shapes(
        [path().through(oval(0.1, -0.42, 0.03, 0.018, 0.6)).points],
        WHITE,
        alpha=0.85,
        soft=size * 0.003,
    )
    cord = path().to(-0.18, 0.14).curve(-0.5, 0.4, -0.7, 0.1, -1.1, 0.5)
    c.strokes([cord.points], mix(suit, shade, 0.3), size * 0.012, alpha=0.8)
