"""A cat on a window sill, the town or the moon behind the glass."""

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import BLACK, WHITE, Colour, Line, Path, hues, mix, oval

# Sky above, sky below, lamps, room, coat.
ROOMS = [
    hues("#1c2748 #c8738a #ffce8a #2a1c24 #1a1418"),
    hues("#0c1732 #3a6090 #ffd79a #1c1a26 #2a2220"),
    hues("#3c4a7a #f2a878 #ffe0a8 #3a2622 #b8662c"),
    hues("#7fa8c8 #f2e6cc #fff6dc #5a4436 #6c6a70"),
]


def paint_cat(c: Canvas, r: Reading) -> None:
    top, low, lamp, room, coat = r.deal("room", ROOMS)
    coat = r.own_colour or coat
    c.fill([(0, top), (1, low)])
    rng = c.child()
    sill = c.h * 0.78
    if top[0] < 60:
        land.stars(c, sill * 0.6, 140)
    if top[0] < 60 and r.has_subject:
        x, y = c.w * rng.uniform(0.25, 0.75), c.h * 0.26
        c.glow(x, y, c.u * 0.5, lamp, 0.5)
        c.dots([(x, y, c.u * 0.1)], mix(lamp, WHITE, 0.6), alpha=0.95)
    _roofs(c, sill, low, room, lamp)
    c.brush(turn=0.3)
    _lamps(c, sill, lamp)
    size = c.u * rng.uniform(0.6, 0.68)
    if r.has_subject:
        _cat(
            c, c.w * r.deal("cat", (0.42, 0.58, 0.5, 0.64)), sill + c.h * 0.03, size, coat, lamp, r
        )
    _frame(c, sill, room, lamp)


def _roofs(c: Canvas, sill: float, low: Colour, room: Colour, lamp: Colour) -> None:
    rng = c.child()
    for depth in (0.7, 0.35):
        houses: list[Line] = []
        lights: list[Line] = []
        x = -c.u * 0.1
        while x < c.w:
            wide, tall = (
                c.u * rng.uniform(0.12, 0.24),
                c.u * rng.uniform(0.12, 0.26) * (1.3 - depth),
            )
            peak = sill - tall - wide * rng.uniform(0.2, 0.5)
            houses.append(
                [
                    (x, sill),
                    (x, sill - tall),
                    (x + wide / 2, peak),
                    (x + wide, sill - tall),
                    (x + wide, sill),
                ]
            )
            for _ in range(3):
                wx, wy, s = (
                    x + wide * rng.uniform(0.15, 0.75),
                    sill - tall * rng.uniform(0.3, 0.9),
                    c.u * 0.011,
                )
                lights.append([(wx, wy), (wx + s, wy), (wx + s, wy + s * 1.4), (wx, wy + s * 1.4)])
            x += wide * rng.uniform(0.8, 1.05)
        tone = mix(room, low, depth)
        c.shapes(houses, land.downward(sill - c.u * 0.5, sill, mix(tone, low, 0.2), tone))
        c.shapes(lights, lamp, alpha=0.85 - depth * 0.4)


def _lamps(c: Canvas, sill: float, lamp: Colour) -> None:
    rng = c.child()
    for _ in range(16):
        disc = (
            rng.random() * c.w,
            sill - rng.random() * c.u * 0.34,
            c.u * rng.uniform(0.012, 0.036),
        )
        c.dots(
            [disc],
            mix(lamp, WHITE, rng.random() * 0.4),
            alpha=rng.uniform(0.1, 0.3),
            light=True,
            soft=c.u * 0.002,
        )


def _cat(
    c: Canvas, x: float, y: float, size: float, coat: Colour, lamp: Colour, r: Reading
) -> None:
    """The cat from behind, a little turned, looking out."""
    flip = c.rng.random() < 0.5
    dark, edge = mix(coat, BLACK, 0.35), mix(coat, lamp, 0.55)

    def path() -> Path:
        return Path(x, y, size, flip=flip)

    body = (
        path()
        .to(-0.1, -0.62)
        .curve(-0.22, -0.5, -0.34, -0.3, -0.3, -0.08)
        .curve(-0.28, 0.02, 0.24, 0.02, 0.27, -0.08)
        .curve(0.32, -0.3, 0.2, -0.5, 0.12, -0.62)
    )
    head = (
        path()
        .to(-0.16, -0.7)
        .to(-0.17, -0.9)
        .quad(-0.1, -0.88, -0.06, -0.82)
        .quad(0.0, -0.84, 0.07, -0.82)
        .quad(0.11, -0.88, 0.18, -0.9)
        .to(0.175, -0.7)
        .curve(0.18, -0.56, -0.16, -0.56, -0.16, -0.7)
    )
    tail = (
        path()
        .to(0.22, -0.06)
        .curve(0.5, -0.02, 0.62, 0.06, 0.5, 0.2)
        .curve(0.46, 0.26, 0.4, 0.24, 0.42, 0.18)
        .curve(0.5, 0.08, 0.36, 0.04, 0.14, 0.0)
    )
    c.shapes([oval(x, y, size * 0.36, size * 0.04)], BLACK, alpha=0.45, soft=size * 0.03)
    fade = land.downward(y - size * 0.9, y + size * 0.1, mix(coat, lamp, 0.16), coat, dark)
    c.shapes([body.points, head.points], fade)
    if r.has("tabby", "ginger", "striped", "orange") or c.rng.random() < 0.4:
        stripes = [
            path()
            .to(-0.24 + 0.02 * k, -0.46 + k * 0.1)
            .quad(0, -0.4 + k * 0.1, 0.2 - 0.02 * k, -0.46 + k * 0.1)
            .points
            for k in range(4)
        ]
        stripes += [
            path()
            .to(-0.06 + 0.06 * k, -0.8)
            .quad(-0.05 + 0.05 * k, -0.74, -0.04 + 0.04 * k, -0.68)
            .points
            for k in range(3)
        ]
        c.strokes(
            stripes,
            dark,
            size * 0.024,
            alpha=0.45,
            soft=size * 0.006,
            inside=[body.points, head.points],
        )
    rim = [body.points[:28], body.points[-20:], head.points[1:24]]
    c.strokes(rim, edge, size * 0.009, alpha=0.75, soft=size * 0.004)
    c.shapes(
        [
            path().to(-0.145, -0.74).to(-0.155, -0.86).quad(-0.11, -0.84, -0.08, -0.8).points,
            path().to(0.155, -0.74).to(0.165, -0.86).quad(0.12, -0.84, 0.09, -0.8).points,
        ],
        dark,
        alpha=0.7,
    )
    c.shapes([tail.points], land.downward(y - size * 0.1, y + size * 0.26, coat, dark))
    fur_rng = c.child()
    hairs = []
    for _ in range(120):
        hx, hy = fur_rng.uniform(-0.26, 0.24), fur_rng.uniform(-0.56, -0.06)
        hairs.append(path().to(hx, hy).quad(hx * 1.02, hy + 0.02, hx * 1.06, hy + 0.05).points)
    c.strokes(hairs, mix(coat, lamp, 0.3), size * 0.004, alpha=0.3, inside=[body.points])


def _frame(c: Canvas, sill: float, room: Colour, lamp: Colour) -> None:
    """The dark room: bars of the window, the sill, a plant."""
    lit = mix(room, lamp, 0.3)
    bar = c.u * 0.02
    for x in (0.0, c.w):
        c.shapes([[(x - bar, 0.0), (x + bar, 0.0), (x + bar, sill), (x - bar, sill)]], room)
    c.shapes(
        [
            [
                (0.0, sill * 0.13 - bar / 2),
                (c.w, sill * 0.13 - bar / 2),
                (c.w, sill * 0.13 + bar / 2),
                (0.0, sill * 0.13 + bar / 2),
            ]
        ],
        room,
    )
    c.veil(
        room, [(0, 0.9), (0.1, 0.75), (0.2, 0.0), (0.8, 0.0), (0.9, 0.75), (1, 0.9)], across=True
    )
    ledge = sill + c.h * 0.05
    c.shapes(
        [[(0.0, ledge), (c.w, ledge), (c.w, c.h), (0.0, c.h)]],
        land.downward(ledge, c.h, mix(room, lamp, 0.16), mix(room, BLACK, 0.5)),
    )
    c.strokes([[(0.0, ledge), (c.w, ledge)]], lit, c.u * 0.005, alpha=0.7)
