"""A person: head and shoulders in profile or from the front, against light."""

import math
from collections.abc import Callable
from typing import TypeAlias

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import BLACK, WHITE, Colour, Fade, Line, Path, hues, mix, oval

Placed: TypeAlias = Callable[[], Path]

# Ground behind, light behind, skin in shade, hair, cloth.
PALETTES = [
    hues("#c2543c #f4c88c #7a3a30 #2a1620 #1f3a4a"),
    hues("#2f5a66 #e8c79a #8a4a38 #1a1a24 #b0482f"),
    hues("#d8a24a #fbe6b4 #8a4630 #33201c #2c3c5a"),
    hues("#3c3a66 #e69aa0 #74364a #161226 #d0683c"),
    hues("#6a7a5c #ecdcae #84503a #2c2018 #7a2f32"),
]


def paint_portrait(c: Canvas, r: Reading) -> None:
    back, light, skin, hair, cloth = r.deal("palette", PALETTES)
    if r.tints:
        back = mix(back, r.tints[0], 0.6)
    if r.own_colour:
        cloth = r.own_colour
    if r.hour == "night":
        back, light, skin = (
            mix(back, (10, 14, 34), 0.7),
            mix(light, (120, 150, 220), 0.6),
            mix(skin, (20, 20, 50), 0.4),
        )
    c.fill([(0, mix(back, BLACK, 0.25)), (0.6, back), (1, mix(back, light, 0.3))])
    size = c.u * 0.84
    x = c.w * r.deal("place", (0.46, 0.56, 0.5, 0.42))
    y = c.h * 0.5 + size * 0.02
    flip = r.deal("side", (False, True))
    if r.has_subject:
        c.glow(x, y - size * 0.1, size * 0.85, light, 0.4)
        c.dots([(x, y - size * 0.12, size * 0.4)], mix(light, back, 0.12), alpha=0.9)
    c.brush(strokes=6500, length=0.034, alpha=0.7, turn=1.2)
    _leaves(c, x, y, size, back, light)
    if not r.has_subject:
        return
    _bust(c, r, x, y, size, flip, (skin, hair, cloth), light)


def _leaves(c: Canvas, x: float, y: float, size: float, back: Colour, light: Colour) -> None:
    """Leaves adrift around the disc of light."""
    rng = c.child()
    leaves: dict[Colour, list[Line]] = {mix(back, BLACK, 0.35): [], mix(back, light, 0.35): []}
    for _ in range(70):
        a, d = rng.random() * math.tau, size * rng.uniform(0.42, 0.85)
        tone = rng.choice(list(leaves))
        leaves[tone].append(
            oval(
                x + math.cos(a) * d,
                y + math.sin(a) * d,
                size * rng.uniform(0.03, 0.06),
                size * 0.014,
                a + rng.uniform(-0.6, 0.6),
            )
        )
    for colour, shapes in leaves.items():
        c.shapes(shapes, colour, alpha=0.7)


def _bust(
    c: Canvas,
    r: Reading,
    x: float,
    y: float,
    size: float,
    flip: bool,
    tones: tuple[Colour, Colour, Colour],
    light: Colour,
) -> None:
    """Head and shoulders in profile, looking right; the light stands behind."""
    skin, hair, cloth = tones

    def path() -> Path:
        return Path(x, y, size, flip=flip)

    lit = mix(skin, light, 0.5)
    shoulders = (
        path()
        .to(-0.62, 0.72)
        .curve(-0.56, 0.36, -0.34, 0.3, -0.14, 0.24)
        .to(0.12, 0.24)
        .curve(0.3, 0.32, 0.46, 0.42, 0.5, 0.72)
        .to(0.6, 3.0)
        .to(-0.72, 3.0)
    )
    neck = (
        path()
        .to(-0.2, -0.06)
        .curve(-0.17, 0.12, -0.17, 0.26, -0.26, 0.33)
        .curve(-0.1, 0.42, 0.1, 0.42, 0.19, 0.32)
        .curve(0.11, 0.26, 0.09, 0.16, 0.1, 0.06)
    )
    face = (
        path()
        .to(-0.12, -0.3)
        .curve(-0.02, -0.42, 0.14, -0.4, 0.17, -0.29)
        .curve(0.185, -0.25, 0.178, -0.22, 0.182, -0.2)
        .quad(0.2, -0.16, 0.232, -0.105)
        .quad(0.238, -0.085, 0.205, -0.08)
        .quad(0.2, -0.06, 0.213, -0.045)
        .quad(0.212, -0.03, 0.2, -0.024)
        .quad(0.21, -0.01, 0.204, 0.005)
        .quad(0.188, 0.014, 0.19, 0.03)
        .curve(0.19, 0.08, 0.13, 0.1, 0.08, 0.092)
        .curve(0.0, 0.08, -0.08, 0.06, -0.14, 0.0)
        .curve(-0.2, -0.1, -0.18, -0.24, -0.12, -0.3)
    )
    is_short = r.has("man", "boy", "king", "prince", "gentleman", "knight", "wizard", "he")
    is_long = r.has("woman", "girl", "lady", "queen", "princess", "witch", "she")
    has_long_hair = is_long or (not is_short and r.deal("hair", (True, False)))
    if has_long_hair:
        mane = (
            path()
            .to(0.1, -0.4)
            .curve(-0.1, -0.54, -0.36, -0.42, -0.36, -0.16)
            .curve(-0.36, 0.06, -0.46, 0.2, -0.42, 0.46)
            .curve(-0.3, 0.54, -0.16, 0.5, -0.08, 0.4)
            .curve(-0.14, 0.2, -0.1, 0.0, -0.04, -0.12)
        )
        c.shapes(
            [mane.points],
            Fade(
                x - size * 0.45,
                x + size * 0.2,
                [(0, mix(hair, light, 0.3)), (0.5, hair), (1, hair)],
                across=True,
            ),
        )
        _falls(c, path, mix(hair, light, 0.45), size, mane.points)
    c.shapes(
        [shoulders.points],
        land.downward(
            y + size * 0.24, y + size * 0.72, mix(cloth, light, 0.12), mix(cloth, BLACK, 0.5)
        ),
    )
    c.shapes([neck.points], land.downward(y, y + size * 0.32, mix(skin, BLACK, 0.3), skin))
    toward = (x - size * 0.1, x + size * 0.24) if not flip else (x - size * 0.24, x + size * 0.1)
    stops = [(0.0, mix(skin, BLACK, 0.25)), (0.5, skin), (1.0, lit)]
    c.shapes(
        [face.points],
        Fade(*toward, stops if not flip else [(1 - p, k) for p, k in reversed(stops)], across=True),
    )
    cheek = path().through(oval(0.1, -0.06, 0.07, 0.05)).points
    c.shapes(
        [cheek], mix(skin, (220, 90, 70), 0.5), alpha=0.4, soft=size * 0.03, inside=[face.points]
    )
    eye = (
        path().to(0.118, -0.187).quad(0.145, -0.206, 0.17, -0.19).quad(0.146, -0.178, 0.118, -0.187)
    )
    brow = path().to(0.095, -0.232).quad(0.14, -0.256, 0.178, -0.238)
    lips = path().to(0.204, -0.042).quad(0.17, -0.03, 0.152, -0.022).quad(0.18, -0.004, 0.2, -0.006)
    c.shapes([eye.points], mix(hair, BLACK, 0.4))
    c.strokes([brow.points], hair, size * 0.011, alpha=0.9)
    c.shapes([lips.points], mix(skin, (150, 36, 40), 0.55), alpha=0.9)
    top = (
        path()
        .to(0.168, -0.3)
        .curve(0.19, -0.42, 0.02, -0.52, -0.12, -0.46)
        .curve(-0.3, -0.4, -0.3, -0.2, -0.22, -0.04)
        .curve(-0.18, 0.02, -0.12, 0.0, -0.1, -0.08)
        .curve(-0.09, -0.2, -0.02, -0.28, 0.06, -0.3)
        .curve(0.1, -0.31, 0.14, -0.32, 0.168, -0.3)
    )
    c.shapes(
        [top.points],
        Fade(
            x - size * 0.3,
            x + size * 0.2,
            [(0, mix(hair, light, 0.25)), (0.6, hair), (1, mix(hair, light, 0.1))],
            across=True,
        ),
    )
    _strands(c, path, mix(hair, light, 0.5), size, top.points)
    ear = path().through(oval(-0.045, -0.1, 0.03, 0.05, -0.2)).points
    c.shapes([ear], mix(skin, BLACK, 0.1))
    if has_long_hair:
        earring = path().through(oval(-0.05, -0.03, 0.008, 0.009)).points
        c.shapes([earring], mix(light, WHITE, 0.4))
    _attire(c, r, path, size, cloth, light, y, shoulders.points)


def _strands(c: Canvas, path: Placed, tone: Colour, size: float, within: Line) -> None:
    """Light in the hair, combed back over the head."""
    rng = c.child()
    lines: list[Line] = []
    for _ in range(30):
        t, end = rng.random(), rng.uniform(0.55, 1.0)
        sweep = (
            path()
            .to(0.13 - t * 0.16, -0.4 - 0.06 * (1 - t))
            .curve(-0.06 - t * 0.12, -0.47 + t * 0.16, -0.24, -0.32, -0.21 - t * 0.05, -0.06)
        )
        lines.append(sweep.points[: round(len(sweep.points) * end)])
    c.strokes(lines, tone, size * 0.0026, alpha=0.3, inside=[within])


def _falls(c: Canvas, path: Placed, tone: Colour, size: float, within: Line) -> None:
    """Strands of long hair, falling over the back."""
    rng = c.child()
    lines: list[Line] = []
    for _ in range(26):
        t = rng.random()
        fall = (
            path()
            .to(-0.12 - t * 0.2, -0.3 + t * 0.14)
            .curve(-0.22 - t * 0.14, 0.0, -0.2 - t * 0.2, 0.2, -0.16 - t * 0.26, 0.52)
        )
        lines.append(fall.points[rng.randrange(6) :])
    c.strokes(lines, tone, size * 0.0028, alpha=0.35, inside=[within])


def _attire(
    c: Canvas,
    r: Reading,
    path: Placed,
    size: float,
    cloth: Colour,
    light: Colour,
    y: float,
    within: Line,
) -> None:
    """Collar and folds, and what a title or a trade puts on a head."""
    collar = (
        path()
        .to(-0.26, 0.32)
        .curve(-0.1, 0.4, 0.1, 0.4, 0.19, 0.31)
        .to(0.24, 0.36)
        .curve(0.1, 0.5, -0.14, 0.5, -0.32, 0.36)
    )
    c.shapes([collar.points], mix(cloth, light, 0.3))
    folds = [
        path().to(s, 0.5).curve(s * 1.1, 0.6, s * 1.3, 0.7, s * 1.4, 0.95).points
        for s in (-0.38, -0.26, -0.1, 0.08, 0.2, 0.32)
    ]
    dark = mix(cloth, BLACK, 0.5)
    c.strokes(folds, dark, size * 0.007, alpha=0.5, soft=size * 0.006, inside=[within])
    if r.has("king", "queen", "prince", "princess", "crown", "royal"):
        crown = (
            path()
            .to(0.17, -0.4)
            .to(0.2, -0.53)
            .to(0.1, -0.47)
            .to(0.04, -0.6)
            .to(-0.05, -0.47)
            .to(-0.18, -0.56)
            .to(-0.19, -0.42)
            .quad(0.0, -0.5, 0.17, -0.4)
        )
        c.shapes(
            [crown.points],
            land.downward(y - size * 0.6, y - size * 0.4, (255, 226, 140), (190, 130, 40)),
        )
    if r.has("hat", "detective", "wizard", "witch", "cowboy"):
        brim = (
            path()
            .to(0.34, -0.36)
            .curve(0.2, -0.44, -0.2, -0.44, -0.36, -0.3)
            .curve(-0.2, -0.34, 0.14, -0.36, 0.34, -0.36)
        )
        tip = (-0.2, -0.9) if r.has("wizard", "witch") else (0.0, -0.66)
        crown = (
            path()
            .to(-0.22, -0.38)
            .curve(-0.2, -0.6, *tip, *tip)
            .curve(0.1, -0.64, 0.18, -0.5, 0.2, -0.4)
        )
        c.shapes(
            [crown.points, brim.points],
            land.downward(
                y - size * 0.8, y - size * 0.3, mix(cloth, WHITE, 0.1), mix(cloth, BLACK, 0.5)
            ),
        )
    if r.has("glasses", "spectacles"):
        c.strokes(
            [
                path().through(oval(0.15, -0.19, 0.035, 0.04)).points,
                path().to(0.115, -0.19).to(-0.04, -0.13).points,
            ],
            (20, 16, 18),
            size * 0.008,
        )
