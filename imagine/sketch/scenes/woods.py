"""Inside a wood: trunks into the haze, light falling through, a path or leaves on the ground."""

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import BLACK, WHITE, Colour, Fade, Line, Path, hues, limb, mix, oval

# Haze, light, trunks, leaves (two), ground.
MOODS = {
    "summer": [
        hues("#c9d8b4 #fff3c8 #2a3322 #5f8a3c #8fb04a #4b5a30"),
        hues("#a9c6b0 #fdf6d8 #1e2c26 #3f7a4c #7aa85a #36482e"),
    ],
    "autumn": [
        hues("#ecc890 #fff0c0 #3a261c #c8642c #e0a03c #7a4a28"),
        hues("#e6b48c #ffe6b8 #33201c #b0482c #d98a34 #6a3a26"),
    ],
    "winter": [hues("#d3dee6 #ffffff #37424c #b8c6d2 #e6eef4 #dfe8f0")],
    "spring": [hues("#e8dfd8 #fff6ec #3a322e #e8a8b8 #f4ccd4 #7a8a58")],
    "night": [
        hues("#24405a #cfe2ff #060c14 #123040 #1c4450 #0a141c"),
        hues("#2a3a66 #d8e0ff #080a18 #1c2c4c #2c4068 #0c1220"),
    ],
}


def paint_woods(c: Canvas, r: Reading) -> None:
    season = r.season or r.deal("season", ("summer", "autumn", "winter", "night"))
    mood = "night" if r.hour == "night" else season
    haze, light, bark, leaf, bright, floor = c.rng.choice(MOODS[mood])
    ground = c.h * c.rng.uniform(0.7, 0.78)
    sun = (c.w * c.rng.uniform(0.3, 0.7), c.h * c.rng.uniform(0.12, 0.3))
    c.fill(
        [(0, mix(haze, leaf, 0.35)), (0.5, haze), (1, mix(haze, light, 0.4))],
        0,
        ground + c.h * 0.06,
    )
    c.glow(*sun, c.u * 1.2, light, 0.75)
    c.fill([(0, mix(floor, haze, 0.55)), (0.4, floor), (1, mix(floor, BLACK, 0.5))], ground)
    for layer in range(4):
        _trunks(c, layer / 3, ground, bark, haze, leaf, has_crowns=mood != "winter")
        c.veil(
            mix(haze, light, 0.3),
            [(0, 0.05), (0.7, 0.3 * (1 - layer / 3)), (1, 0)],
            0,
            ground + c.h * 0.1,
        )
    _path(c, ground, mix(floor, light, 0.45))
    _shafts(c, sun, light)
    c.brush(turn=0.7, length=0.017)
    _leaves(c, leaf, bright, ground, mood)
    if r.has_subject and r.has("deer", "stag", "stags", "elk", "doe"):
        _stag(c, r, ground, mix(bark, (90, 50, 30), 0.35), light)
    if mood == "winter":
        land.snowfall(c, WHITE, 190, 0.9)
    if mood == "night":
        _fireflies(c, ground)


def _trunks(
    c: Canvas,
    near: float,
    ground: float,
    bark: Colour,
    haze: Colour,
    leaf: Colour,
    *,
    has_crowns: bool,
) -> None:
    rng = c.child()
    tone = mix(haze, bark, 0.22 + 0.78 * near**1.2)
    count = max(3, round((19 - near * 12) * c.wide / 1.6))
    trunks: list[Line] = []
    crowns: list[Line] = []
    for i in range(count):
        x = (i + rng.uniform(0.1, 0.9)) / count * c.w
        if near > 0.9 and abs(x / c.w - 0.5) < 0.2:
            continue
        wide = c.u * (0.012 + near**1.6 * 0.075) * rng.uniform(0.6, 1.3)
        foot = ground + c.h * (0.01 + near * 0.17) * rng.uniform(0.8, 1.1)
        lean = rng.uniform(-0.3, 0.3) * wide
        trunks.append(
            limb(
                [
                    (x, foot + wide * 0.1, wide * 1.9),
                    (x + lean * 0.3, foot - wide * 0.8, wide * 1.05),
                    (x + lean, foot - c.h * 0.4, wide * 0.85),
                    (x + lean * 2.5, -c.h * 0.08, wide * 0.62),
                ]
            )
        )
        for _ in range(3):
            at, side = rng.uniform(0.0, 0.45) * c.h, rng.choice((-1, 1))
            reach = c.u * rng.uniform(0.05, 0.16) * (0.5 + near)
            trunks.append(
                limb(
                    [
                        (x + lean, at, wide * 0.3),
                        (x + lean + side * reach * 0.6, at - reach * 0.35, wide * 0.16),
                        (x + lean + side * reach, at - reach * 0.75, wide * 0.03),
                    ]
                )
            )
        if has_crowns:
            crowns.extend(
                oval(
                    x + rng.gauss(0, c.u * 0.09),
                    rng.uniform(-0.04, 0.2) * c.h,
                    c.u * rng.uniform(0.03, 0.08),
                    c.u * rng.uniform(0.02, 0.05),
                    rng.random(),
                )
                for _ in range(7)
            )
    edge = Fade(0, ground, [(0, mix(tone, haze, 0.25)), (1, tone)])
    c.shapes(trunks, edge)
    if near > 0.6:
        lit = [
            [(x + c.u * 0.002, y) for x, y in line[: len(line) // 2]]
            for line in trunks
            if len(line) > 40
        ]
        c.strokes(lit, mix(tone, haze, 0.5), c.u * 0.004, alpha=0.35, soft=c.u * 0.002)
    c.shapes(
        crowns,
        mix(mix(haze, leaf, 0.4 + 0.5 * near), bark, 0.15 * near),
        alpha=0.5 + 0.3 * near,
        soft=c.u * 0.004,
    )


def _path(c: Canvas, ground: float, tone: Colour) -> None:
    x, end = c.w * c.rng.uniform(0.44, 0.56), c.w * c.rng.uniform(0.35, 0.65)
    bend = c.u * c.rng.uniform(-0.09, 0.09)
    way: list[tuple[float, float, float]] = [
        (x, ground + c.h * 0.005, c.u * 0.02),
        (x + bend * 0.6, ground + c.h * 0.07, c.u * 0.08),
        (x - bend * 0.3, ground + c.h * 0.16, c.u * 0.2),
        (end, c.h * 1.1, c.u * 0.52),
    ]
    c.shapes([limb(way)], tone, alpha=0.6, soft=c.u * 0.014)


def _shafts(c: Canvas, sun: tuple[float, float], light: Colour) -> None:
    rng = c.child()
    x, y = sun
    for _ in range(9):
        spread = rng.uniform(-0.9, 0.9)
        wide = c.u * rng.uniform(0.015, 0.06)
        ex, ey = x + spread * c.h, c.h * rng.uniform(0.75, 1.05)
        beam = [
            (x - wide * 0.2, y - c.h * 0.3),
            (x + wide * 0.2, y - c.h * 0.3),
            (ex + wide * 2.2, ey),
            (ex - wide * 2.2, ey),
        ]
        c.shapes(
            [beam],
            Fade(y - c.h * 0.3, ey, [(0, light), (1, BLACK)]),
            alpha=0.2,
            soft=c.u * 0.018,
            light=True,
        )


def _leaves(c: Canvas, leaf: Colour, bright: Colour, ground: float, mood: str) -> None:
    """Leaves on the ground, larger in front, and some in the air."""
    rng = c.child()
    tones: dict[Colour, list[Line]] = {leaf: [], bright: [], mix(leaf, BLACK, 0.35): []}
    for _ in range(320):
        t = rng.random() ** 0.7
        y = ground + (c.h - ground) * t
        size = c.u * (0.002 + 0.009 * t)
        rng.choice(list(tones.values())).append(
            oval(rng.random() * c.w, y, size, size * 0.4, rng.uniform(-0.4, 0.4))
        )
    if mood in ("autumn", "spring"):
        for _ in range(34):
            size = c.u * rng.uniform(0.004, 0.012)
            rng.choice(list(tones.values())).append(
                oval(
                    rng.random() * c.w,
                    rng.random() * c.h * 0.8,
                    size,
                    size * 0.45,
                    rng.random() * 3,
                )
            )
    if mood in ("winter", "night"):
        return
    for colour, shapes in tones.items():
        c.shapes(shapes, colour, alpha=0.8)


def _fireflies(c: Canvas, ground: float) -> None:
    rng = c.child()
    for _ in range(26):
        x, y = rng.random() * c.w, rng.uniform(0.35, 0.95) * c.h
        size = c.u * rng.uniform(0.008, 0.03)
        c.glow(x, y, size, (255, 230, 130), 0.9)
    c.dots(
        [(rng.random() * c.w, rng.uniform(0.4, 0.9) * c.h, c.u * 0.002) for _ in range(20)],
        (255, 245, 190),
    )


def _stag(c: Canvas, r: Reading, ground: float, coat: Colour, light: Colour) -> None:
    """A stag on the path, head turned up, antlers against the light."""
    size = c.u * c.rng.uniform(0.42, 0.5)
    x, y = c.w * r.deal("stag", (0.4, 0.56, 0.48, 0.62)), ground + c.h * 0.12
    flip = c.rng.random() < 0.5
    dark = mix(coat, BLACK, 0.45)

    def part(*joints: tuple[float, float, float]) -> Line:
        return Path(x, y, size, flip=flip).through(limb(joints)).points

    c.shapes([oval(x, y, size * 0.5, size * 0.04)], BLACK, alpha=0.45, soft=size * 0.03)
    far = [
        part((-0.26, -0.42, 0.1), (-0.24, -0.24, 0.05), (-0.28, -0.1, 0.03), (-0.25, 0, 0.035)),
        part((0.16, -0.42, 0.09), (0.2, -0.22, 0.042), (0.18, -0.08, 0.028), (0.2, 0, 0.034)),
    ]
    c.shapes(far, mix(dark, BLACK, 0.3))
    body = (
        Path(x, y, size, flip=flip)
        .to(-0.36, -0.5)
        .curve(-0.34, -0.62, -0.1, -0.58, 0.08, -0.6)
        .curve(0.18, -0.66, 0.22, -0.8, 0.27, -0.9)
        .to(0.36, -0.86)
        .curve(0.38, -0.66, 0.36, -0.5, 0.26, -0.42)
        .curve(0.1, -0.35, -0.1, -0.37, -0.2, -0.36)
        .curve(-0.32, -0.34, -0.38, -0.4, -0.36, -0.5)
    )
    near = [
        part((-0.3, -0.48, 0.14), (-0.3, -0.26, 0.06), (-0.34, -0.12, 0.034), (-0.32, 0, 0.038)),
        part((0.22, -0.48, 0.12), (0.24, -0.24, 0.048), (0.24, -0.1, 0.032), (0.25, 0, 0.036)),
    ]
    head = (
        Path(x, y, size, flip=flip)
        .to(0.24, -0.92)
        .curve(0.26, -1.0, 0.36, -1.0, 0.4, -0.95)
        .quad(0.48, -0.9, 0.53, -0.86)
        .quad(0.53, -0.82, 0.48, -0.82)
        .quad(0.38, -0.8, 0.3, -0.8)
    )
    ears = [part((0.27, -0.96, 0.03), (0.19, -1.0, 0.05), (0.13, -1.02, 0.01))]
    fade = land.downward(y - size, y, mix(coat, light, 0.18), coat, dark)
    c.shapes([body.points, head.points, *near, *ears], fade)
    ruff = (
        Path(x, y, size, flip=flip)
        .to(0.3, -0.84)
        .curve(0.4, -0.7, 0.38, -0.54, 0.3, -0.48)
        .curve(0.26, -0.6, 0.26, -0.74, 0.3, -0.84)
    )
    c.shapes([ruff.points], mix(coat, light, 0.25), alpha=0.7, soft=size * 0.012)
    antlers: list[Line] = []
    for lean in (-1, 1):
        bx = 0.3 + lean * 0.01
        tips = (
            (0.0, -0.97, 0.02),
            (0.06 * lean - 0.06, -1.12, 0.02),
            (0.2 * lean - 0.08, -1.26, 0.016),
            (0.2 * lean - 0.03, -1.42, 0.004),
        )
        antlers.append(part(*((bx + dx, dy, w) for dx, dy, w in tips)))
        for at, dx in ((-1.1, 0.09), (-1.2, 0.12), (-1.28, 0.1)):
            along = (at + 0.97) / -0.45
            ax = bx + (0.2 * lean - 0.05) * along
            antlers.append(
                part(
                    (ax, at, 0.014), (ax + dx * 0.6, at - 0.05, 0.011), (ax + dx, at - 0.12, 0.003)
                )
            )
    c.shapes(antlers, mix(dark, (200, 170, 130), 0.25))
    c.shapes(
        [
            Path(x, y, size, flip=flip).through(oval(0.385, -0.925, 0.012, 0.01)).points,
            Path(x, y, size, flip=flip).through(oval(0.52, -0.85, 0.014, 0.016)).points,
        ],
        (14, 10, 10),
    )
