"""A house alone in its landscape: a cabin in the snow, a cottage in a meadow, lit windows."""

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import BLACK, WHITE, Colour, Fade, Line, hues, limb, mix, oval

# Sky above, sky below, far hills, lit ground, shaded ground.
WINTER = {
    "night": [hues("#0a1530 #38588a #1c3358 #bcd0ee #4a6698")],
    "dusk": [
        hues("#3a4678 #f2b08c #5c5c8c #f4e4ea #8c94c4"),
        hues("#54507e #f6a894 #6c5a80 #f8e2e0 #a094c0"),
    ],
    "day": [hues("#8fb4d4 #e8f0f2 #8aa2b8 #ffffff #b8cee4")],
    "dawn": [hues("#9caccc #f8dcc8 #8c8cac #fdf2ee #b4b8d8")],
}
GREEN = {
    "night": [hues("#0c1730 #2f4f78 #16283c #3c5c54 #14262c")],
    "dusk": [
        hues("#52548a #f8b07c #5c5470 #a89858 #4a5034"),
        hues("#7a5480 #f49a7c #6a4a68 #b08a54 #54472e"),
    ],
    "day": [
        hues("#78b0dc #e6f0e4 #7c9c98 #a8be68 #5c7c3c"),
        hues("#94c0d8 #f4f2dc #88a088 #bcc070 #6c8444"),
    ],
    "dawn": [hues("#a0b0d0 #fadcc0 #8c98a0 #b8b878 #6c7c4c")],
}
WALLS = hues("#6b4630 #8c3f34 #d8cdb8 #4a5a64")


def paint_dwelling(c: Canvas, r: Reading) -> None:
    is_snowy = r.season == "winter" or (r.season is None and r.has("cabin", "hut", "chalet"))
    hour = r.time("dusk", "night", "dawn", "day")
    top, low, hills, lit, shade = c.rng.choice((WINTER if is_snowy else GREEN)[hour])
    if r.season == "autumn":
        lit, shade = mix(lit, (208, 130, 52), 0.55), mix(shade, (110, 60, 34), 0.5)
    horizon = c.h * c.rng.uniform(0.52, 0.6)
    c.fill([(0, top), (1, low)], 0, horizon + c.h * 0.05)
    if hour == "night":
        land.stars(c, horizon, 240)
        if r.has_subject:
            c.dots([(c.w * 0.78, c.h * 0.16, c.u * 0.034)], (244, 246, 255))
            c.glow(c.w * 0.78, c.h * 0.16, c.u * 0.4, (200, 216, 255), 0.5)
    else:
        c.glow(c.w * c.rng.uniform(0.2, 0.8), horizon * 0.9, c.u * 0.9, mix(low, WHITE, 0.5), 0.6)
    c.clouds(
        mix(low, WHITE, 0.4),
        0.5 if hour != "night" else 0.15,
        0,
        horizon,
        cells=3.5,
        stretch=3.5,
        cover=0.5,
    )
    for depth in (0.75, 0.45):
        curve = land.hill(c, c.child(), horizon - c.h * (depth * 0.1), c.h * 0.09, 1.5)
        tone = mix(hills, low, depth)
        land.ground(
            c,
            curve,
            land.downward(horizon - c.h * 0.15, horizon + c.h * 0.08, tone, mix(tone, low, 0.4)),
        )
        _treeline(c, curve, mix(hills, BLACK, 0.2 - depth * 0.1), low, depth)
    near = land.hill(c, c.child(), horizon + c.h * 0.06, c.h * 0.05, 1.2)
    land.ground(c, near, land.downward(horizon, c.h, lit, mix(lit, shade, 0.5), shade))
    _drifts(c, horizon, lit, shade)
    c.brush(turn=0.35)
    if r.has_subject:
        x = c.w * r.deal("house", (0.38, 0.62, 0.5, 0.44))
        _house(c, r, x, near(x) + c.h * 0.1, is_snowy, hour, low, shade)
    _fir_group(c, is_snowy, shade, hills)
    if is_snowy:
        land.snowfall(c, WHITE, 200, 0.9)


def _treeline(c: Canvas, curve: land.Curve, tone: Colour, air: Colour, depth: float) -> None:
    rng = c.child()
    trees: list[Line] = []
    for _ in range(round(46 * c.wide)):
        x = rng.random() * c.w
        tall = c.u * rng.uniform(0.03, 0.09) * (1.3 - depth)
        trees.append(land.pine(x, curve(x) + tall * 0.1, tall, rng))
    c.shapes(trees, mix(tone, air, depth * 0.75))


def _drifts(c: Canvas, horizon: float, lit: Colour, shade: Colour) -> None:
    rng = c.child()
    for colour in (mix(lit, WHITE, 0.3), shade):
        shapes = [
            oval(
                rng.random() * c.w,
                rng.uniform(horizon + c.h * 0.12, c.h),
                c.u * rng.uniform(0.08, 0.34),
                c.u * rng.uniform(0.006, 0.02),
            )
            for _ in range(9)
        ]
        c.shapes(shapes, colour, alpha=0.45, soft=c.u * 0.012)


def _house(
    c: Canvas, r: Reading, x: float, y: float, is_snowy: bool, hour: str, air: Colour, shade: Colour
) -> None:
    """One gabled house seen from its corner, smoke from the chimney, a way to the door."""
    rng = c.child()
    size = c.u * rng.uniform(0.3, 0.38)
    wall = r.own_colour or rng.choice(WALLS)
    dim = {"night": 0.55, "dusk": 0.25}.get(hour, 0.08)
    wall = mix(wall, shade, dim)
    dark = mix(wall, BLACK, 0.45)
    roof = (
        mix((240, 246, 252), shade, dim * 0.8)
        if is_snowy
        else mix(mix(wall, (70, 44, 40), 0.7), shade, dim)
    )

    def p(px: float, py: float) -> tuple[float, float]:
        return x + px * size, y + py * size

    c.shapes(
        [oval(x + size * 0.1, y + size * 0.02, size * 0.8, size * 0.09)],
        mix(shade, BLACK, 0.4),
        alpha=0.5,
        soft=size * 0.05,
    )
    front = [p(-0.52, 0), p(-0.52, -0.42), p(-0.26, -0.8), p(0.0, -0.42), p(0.0, 0.03)]
    side = [p(0.0, 0.03), p(0.0, -0.42), p(0.62, -0.4), p(0.62, -0.02)]
    c.shapes([side], Fade(x, x + size * 0.62, [(0, dark), (1, mix(dark, shade, 0.3))], across=True))
    c.shapes([front], land.downward(y - size * 0.8, y, mix(wall, air, 0.12), wall))
    boards = [[p(-0.52, -0.07 * k), p(0.0, -0.07 * k + 0.03 * (1 - k / 6))] for k in range(1, 7)]
    boards += [[p(0.0, -0.07 * k + 0.03 * (1 - k / 6)), p(0.62, -0.07 * k)] for k in range(1, 6)]
    c.strokes(boards, dark, size * 0.005, alpha=0.5)
    chimney = [p(0.34, -0.62), p(0.34, -0.98), p(0.44, -0.98), p(0.44, -0.62)]
    c.shapes([chimney], mix(dark, (110, 60, 50), 0.4))
    cover = [p(-0.26, -0.88), p(0.42, -0.86), p(0.72, -0.36), p(0.04, -0.38)]
    eave = limb(
        [
            (*p(-0.6, -0.36), size * 0.045),
            (*p(-0.26, -0.86), size * 0.055),
            (*p(0.06, -0.36), size * 0.045),
        ]
    )
    c.shapes([cover], land.downward(y - size * 0.88, y - size * 0.36, roof, mix(roof, shade, 0.45)))
    c.shapes([eave], roof)
    if is_snowy:
        c.shapes([[p(0.33, -0.97), p(0.335, -1.02), p(0.445, -1.02), p(0.45, -0.97)]], roof)
    glow = (255, 208, 122) if hour != "day" else (250, 226, 176)
    panes: list[Line] = []
    for px, py, wide, tall in (
        (-0.44, -0.32, 0.13, 0.16),
        (-0.19, -0.32, 0.13, 0.16),
        (-0.32, -0.58, 0.11, 0.13),
        (0.14, -0.3, 0.14, 0.15),
        (0.4, -0.3, 0.13, 0.15),
    ):
        panes.append([p(px, py), p(px + wide, py), p(px + wide, py + tall), p(px, py + tall)])
    c.shapes(panes, glow)
    bars: list[Line] = []
    for (left, top), (right, _), (_, low), _ in panes:
        bars += [
            [((left + right) / 2, top), ((left + right) / 2, low)],
            [(left, (top + low) / 2), (right, (top + low) / 2)],
        ]
    c.strokes(bars, dark, size * 0.012)
    c.shapes(
        [[p(0.27, 0.005), p(0.27, -0.24), p(0.38, -0.24), p(0.38, 0.0)]],
        mix(dark, (150, 70, 40), 0.35),
    )
    if hour != "day":
        for px, py in ((-0.37, -0.24), (-0.12, -0.24), (0.2, -0.22), (0.46, -0.22)):
            c.glow(*p(px, py), size * 0.34, (255, 180, 90), 0.5)
        pool = [p(-0.5, 0.05), p(0.7, 0.02), p(0.9, 0.3), p(-0.8, 0.34)]
        c.shapes([pool], (255, 196, 110), alpha=0.3, soft=size * 0.09, light=True)
    _smoke(c, *p(0.39, -1.0), size, mix(air, WHITE, 0.35))
    way = limb(
        [
            (*p(0.33, 0.01), size * 0.1),
            (*p(0.3, 0.2), size * 0.16),
            (*p(0.5, 0.5), size * 0.34),
            (*p(0.3, 1.1), size * 0.7),
        ]
    )
    c.shapes(
        [way],
        mix(shade, BLACK, 0.15) if not is_snowy else mix(shade, WHITE, 0.1),
        alpha=0.4,
        soft=size * 0.03,
    )


def _smoke(c: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    rng = c.child()
    drift = rng.choice((-1, 1))
    for i in range(12):
        t = i / 11
        puff = (
            x + drift * size * 0.5 * t**1.5 + rng.gauss(0, size * 0.012),
            y - size * 0.75 * t,
            size * (0.02 + 0.09 * t),
        )
        c.dots([puff], tone, alpha=0.42 * (1 - t) + 0.06, soft=size * (0.012 + 0.05 * t))


def _fir_group(c: Canvas, is_snowy: bool, shade: Colour, hills: Colour) -> None:
    """Large firs in front, at both sides; snow lies on their tiers."""
    rng = c.child()
    dark = mix(hills, (8, 22, 24), 0.72)
    for _ in range(round(5 * c.wide) + 2):
        inward = rng.random() ** 1.5 * 0.24
        x = c.w * (inward if rng.random() < 0.5 else 1 - inward)
        tall = c.u * rng.uniform(0.34, 0.62) * (1 - inward * 1.4)
        y = c.h * (0.93 + rng.random() * 0.1)
        outline = land.pine(x, y, tall, rng)
        c.shapes([outline], land.downward(y - tall, y, mix(dark, hills, 0.3), dark))
        if is_snowy:
            caps = [
                oval(
                    x + rng.uniform(-1, 1) * tall * 0.15 * t,
                    y - tall * (1 - t) + tall * 0.03,
                    tall * 0.1 * t,
                    tall * 0.018,
                )
                for t in (0.25, 0.38, 0.5, 0.62, 0.72, 0.85)
            ]
            c.shapes(caps, mix(shade, WHITE, 0.6), alpha=0.9, soft=tall * 0.006, inside=[outline])
