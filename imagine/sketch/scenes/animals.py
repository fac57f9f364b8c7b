"""A fox, a wolf or a deer, in snow, in a wood's clearing, in a meadow at dusk."""

import math
from dataclasses import astuple, dataclass

from imagine.sketch.canvas import Canvas
from imagine.sketch.reading import Reading
from imagine.sketch.scenes import land
from imagine.sketch.shapes import WHITE, Colour, Fade, Line, Path, hues, limb, mix, oval


@dataclass(frozen=True, slots=True)
class Coat:
    """The colours of a beast, from back to belly, and of its dark and light parts."""

    back: Colour
    side: Colour
    under: Colour
    dark: Colour
    pale: Colour


FOX = Coat(*hues("#e58a3e #c9591f #8a340f #2b1710 #fbf1e2"))
WOLF = Coat(*hues("#9aa0a3 #6f767b #43484d #1d2024 #d9d8d2"))


@dataclass(frozen=True, slots=True)
class Place:
    """The air and ground around it: top of the sky, horizon, trees, light and shaded ground."""

    sky: Colour
    air: Colour
    trees: Colour
    lit: Colour
    shade: Colour
    sun: Colour | None = None


SNOW = {
    "day": [
        Place(*hues("#aebfcd #e6ebec #55666f #ffffff #c3d3e2")),
        Place(*hues("#9db4c8 #dde7ee #415564 #fbfdff #b4c9dd")),
    ],
    "dawn": [Place(*hues("#b5b4c9 #f6e0d2 #6c6273 #fff8f2 #cfc3d6 #ffcf9c"))],
    "dusk": [
        Place(*hues("#7d87ac #f5c9a8 #57506b #fdeee6 #a5a3c9 #ffb877")),
        Place(*hues("#6a7fa6 #f0b9a0 #4a4c68 #fbe9e2 #939cc6 #ff9f6b")),
    ],
    "night": [Place(*hues("#0f1c33 #3b557a #0c1626 #c6d6ee #5c769f #dfe9ff"))],
}
AUTUMN = {
    "day": [Place(*hues("#cdbd9f #f4e2bd #8a5a2c #d59a4a #7d4a24 #ffe0a0"))],
    "dawn": [Place(*hues("#c2a58f #f7d9ae #7b5233 #cf9150 #6d4430 #ffd291"))],
    "dusk": [Place(*hues("#8d6a6f #f3b478 #5c3427 #b9713a #552c22 #ffb060"))],
    "night": [Place(*hues("#121722 #39455a #15161d #5c5350 #241f24 #c9d6ee"))],
}
MEADOW = {
    "day": [Place(*hues("#a9c3c4 #eef0d9 #5d7a5c #b9c07c #5f7f4c #fff3c4"))],
    "dawn": [Place(*hues("#b7b8c2 #f8e4c4 #6d7a68 #c4bd84 #667a52 #ffdca6"))],
    "dusk": [Place(*hues("#7f86a0 #f6c48f #55624f #b3a05f #4b5a3d #ffbd72"))],
    "night": [Place(*hues("#0e1826 #33506a #0d1a1c #4d6a63 #16282c #d5e4f5"))],
}


def paint_animal(c: Canvas, r: Reading) -> None:
    if r.season == "autumn" or r.has("leaves"):
        places = AUTUMN
    elif r.season == "winter" or not r.has("forest", "meadow", "grass", "wood", "woods", "field"):
        places = SNOW
    else:
        places = MEADOW
    hour = r.time("day", "dawn", "dusk", "night")
    place = c.rng.choice(places[hour])
    is_snowy = places is SNOW
    horizon = c.h * c.rng.uniform(0.56, 0.64)
    _backdrop(c, place, horizon, hour)
    far = land.hill(c, c.child(), horizon + c.h * 0.04, c.h * 0.05, 1.6)
    land.ground(c, far, land.downward(horizon - c.h * 0.02, c.h, place.lit, place.shade))
    c.veil(place.air, [(0, 0), (0.5, 0.55), (1, 0)], horizon - c.h * 0.12, horizon + c.h * 0.16)
    near = land.hill(c, c.child(), horizon + c.h * 0.2, c.h * 0.05, 1.1)
    _tracks_and_shadows(c, place, near)
    c.brush()
    if r.has_subject:
        _beast(c, r, place, horizon, hour)
    front = land.hill(c, c.child(), c.h * 0.99, c.h * 0.09, 0.9)
    land.ground(
        c,
        front,
        land.downward(c.h * 0.86, c.h * 1.05, mix(place.lit, place.shade, 0.25), place.shade),
    )
    _foreground(c, place, is_snowy)
    if is_snowy:
        land.snowfall(c, WHITE, 230, 0.95)


def _backdrop(c: Canvas, place: Place, horizon: float, hour: str) -> None:
    c.fill([(0, place.sky), (0.75, place.air), (1, place.air)], 0, horizon + c.h * 0.1)
    c.fill([(0, place.lit), (1, place.shade)], horizon)
    c.clouds(mix(place.air, WHITE, 0.4), 0.4, 0, horizon, cells=3, cover=0.45)
    if hour == "night":
        land.stars(c, horizon * 0.7, 150)
    if place.sun:
        x = c.w * c.rng.uniform(0.2, 0.8)
        c.glow(x, horizon * 0.78, c.u * 0.9, place.sun, 0.55)
        c.glow(x, horizon * 0.78, c.u * 0.3, place.sun, 0.6)
    for layer in range(4):
        rng = c.child()
        depth = 1 - (layer + 1) / 4.6
        colour = mix(place.trees, place.air, depth * 0.92)
        count = round((30 - layer * 6) * c.wide / 1.6)
        foot = horizon + c.h * (0.015 + 0.012 * layer)
        trees = [
            land.pine(
                (i + rng.random()) / count * c.w,
                foot + rng.uniform(-0.01, 0.01) * c.h,
                c.h * rng.uniform(0.2, 0.42) * (0.6 + layer * 0.22),
                rng,
            )
            for i in range(count)
        ]
        c.shapes(
            trees, land.downward(foot - c.h * 0.35, foot, colour, mix(colour, place.air, 0.45))
        )
        c.veil(place.air, [(0, 0), (1, 0.55)], foot - c.h * 0.16, foot + c.h * 0.02)


def _tracks_and_shadows(c: Canvas, place: Place, curve: land.Curve) -> None:
    """The near ground, with drifts that catch light and hold shadow."""
    land.ground(c, curve, land.downward(c.h * 0.72, c.h * 1.02, place.lit, place.shade))
    rng = c.child()
    drifts: list[Line] = []
    for _ in range(12):
        x, y = rng.random() * c.w, c.h * rng.uniform(0.8, 0.98)
        drifts.append(oval(x, y, c.u * rng.uniform(0.1, 0.4), c.u * rng.uniform(0.006, 0.02)))
    c.shapes(drifts[:6], mix(place.lit, WHITE, 0.3), alpha=0.5, soft=c.u * 0.012)
    c.shapes(drifts[6:], place.shade, alpha=0.5, soft=c.u * 0.014)


def _foreground(c: Canvas, place: Place, is_snowy: bool) -> None:
    """Dry grass in front, dark against the ground."""
    rng = c.child()
    blades: list[Line] = []
    for _ in range(5):
        x0, y0 = rng.random() * c.w, c.h * rng.uniform(0.93, 1.02)
        for _ in range(9):
            lean, tall = rng.uniform(-0.5, 0.5), c.u * rng.uniform(0.04, 0.13)
            x = x0 + rng.gauss(0, c.u * 0.02)
            blades.append(
                [(x + lean * tall * t * t, y0 - tall * t) for t in (0, 0.25, 0.5, 0.75, 1)]
            )
    colour = mix(place.trees, (120, 90, 60), 0.4 if is_snowy else 0.15)
    c.strokes(blades, colour, c.u * 0.0022, alpha=0.7)


def _beast(c: Canvas, r: Reading, place: Place, horizon: float, hour: str) -> None:
    coat = WOLF if r.has("wolf", "wolves", "dog", "husky") else FOX
    if coat is WOLF and r.own_colour:
        coat = _dyed(coat, r.own_colour, 0.45)
    is_sitting = r.deal("pose", (True, False, False)) or r.has("sitting", "sits")
    if r.has("walking", "running", "walks", "runs"):
        is_sitting = False
    size = c.u * c.rng.uniform(0.36, 0.5)
    x = c.w / 2 + (c.w / 2 - size * 0.85) * c.rng.uniform(-0.75, 0.75)
    y = horizon + c.h * c.rng.uniform(0.24, 0.29)
    dim = {"night": 0.3, "dusk": 0.14, "dawn": 0.08}.get(hour, 0.0)
    coat = _lit_by(coat, mix(place.air, place.shade, 0.4), dim)
    beast = Beast(c, x, y, size, c.rng.random() < 0.5, coat, place)
    beast.shadow(0.5 if is_sitting else 0.8)
    if is_sitting:
        beast.sit()
    else:
        beast.walk()


def _dyed(coat: Coat, colour: Colour, share: float) -> Coat:
    return Coat(
        mix(coat.back, colour, share),
        mix(coat.side, colour, share),
        mix(coat.under, mix(colour, (0, 0, 0), 0.5), share),
        coat.dark,
        coat.pale,
    )


def _lit_by(coat: Coat, light: Colour, share: float) -> Coat:
    """Return a coat in the light of its surroundings."""
    return Coat(*(mix(tone, light, share) for tone in astuple(coat)))


@dataclass(frozen=True, slots=True)
class Beast:
    """A fox or wolf seen from the side, its feet at (x, y); ``size`` is about its length."""

    c: Canvas
    x: float
    y: float
    size: float
    flip: bool
    coat: Coat
    place: Place

    def path(self, dx: float = 0, dy: float = 0, turn: float = 0) -> Path:
        across = -dx if self.flip else dx
        return Path(
            self.x + across * self.size,
            self.y + dy * self.size,
            self.size,
            flip=self.flip,
            turn=turn,
        )

    def shadow(self, reach: float) -> None:
        shade = mix(self.place.shade, self.place.trees, 0.5)
        for share, alpha in ((1.0, 0.5), (0.55, 0.6)):
            self.c.shapes(
                [oval(self.x, self.y, self.size * reach * share, self.size * 0.07 * share)],
                shade,
                alpha=alpha,
                soft=self.size * 0.05 * share,
            )

    def fade(self, top: float, bottom: float, *colours: Colour) -> Fade:
        return land.downward(self.y + top * self.size, self.y + bottom * self.size, *colours)

    def walk(self) -> None:
        """Trot through the picture, the body 0.16 above where the drawing has it."""
        c, coat, size = self.c, self.coat, self.size
        up = -0.16
        sway = c.rng.uniform(-0.03, 0.03)

        def leg(*joints: tuple[float, float, float]) -> list[tuple[float, float]]:
            return self.path().through(limb(joints)).points

        far = mix(coat.under, self.place.shade, 0.2)
        dark = mix(coat.dark, self.place.shade, 0.12)
        c.shapes(
            [
                leg(
                    (-0.27, -0.52, 0.16),
                    (-0.22, -0.3, 0.085),
                    (-0.33, -0.16, 0.055),
                    (-0.36, -0.02, 0.05),
                    (-0.31, 0.0, 0.035),
                ),
                leg(
                    (0.2, -0.5, 0.15),
                    (0.27, -0.28, 0.075),
                    (0.36, -0.14, 0.05),
                    (0.37, -0.02, 0.048),
                    (0.42, 0.0, 0.03),
                ),
            ],
            self.fade(-0.5, 0, far, mix(far, dark, 0.6), dark),
        )
        tail = (
            self.path(0, up, sway)
            .to(-0.34, -0.56)
            .curve(-0.6, -0.66, -0.9, -0.52, -1.16, -0.18)
            .curve(-0.99, -0.08, -0.68, -0.12, -0.38, -0.36)
            .points
        )
        fur = self.fade(-0.98, -0.36, coat.back, coat.side, coat.under)
        c.shapes([tail], fur)
        self._brushed([tail], -1.1, -0.4, up)
        tip = (
            self.path(0, up, sway)
            .to(-0.92, -0.395)
            .quad(-1.08, -0.29, -1.17, -0.165)
            .quad(-1.04, -0.105, -0.87, -0.125)
            .quad(-0.99, -0.22, -0.92, -0.395)
            .points
        )
        c.shapes([tip], coat.pale, soft=size * 0.008)
        near = [
            leg(
                (-0.36, -0.5, 0.2),
                (-0.36, -0.3, 0.11),
                (-0.44, -0.17, 0.062),
                (-0.41, -0.02, 0.056),
                (-0.35, 0.0, 0.036),
            ),
            leg(
                (0.3, -0.5, 0.18),
                (0.3, -0.28, 0.085),
                (0.29, -0.13, 0.056),
                (0.28, -0.02, 0.054),
                (0.34, 0.0, 0.036),
            ),
        ]
        c.shapes(near, self.fade(-0.56, 0, coat.side, coat.side, coat.under, coat.dark, coat.dark))
        body = (
            self.path(0, up)
            .to(-0.46, -0.44)
            .curve(-0.42, -0.66, 0.0, -0.575, 0.24, -0.62)
            .curve(0.34, -0.7, 0.4, -0.78, 0.46, -0.81)
            .curve(0.62, -0.76, 0.54, -0.56, 0.45, -0.42)
            .curve(0.38, -0.24, 0.18, -0.3, 0.02, -0.325)
            .curve(-0.14, -0.345, -0.24, -0.3, -0.3, -0.26)
            .curve(-0.42, -0.22, -0.48, -0.32, -0.46, -0.44)
            .points
        )
        c.shapes([body], fur)
        self._brushed([body], -0.45, 0.45, up)
        chest = (
            self.path(0, up)
            .to(0.48, -0.62)
            .curve(0.56, -0.5, 0.47, -0.34, 0.36, -0.27)
            .curve(0.31, -0.38, 0.37, -0.54, 0.48, -0.62)
            .points
        )
        c.shapes([chest], coat.pale, soft=size * 0.012)
        self.head(0, up, c.rng.uniform(-0.08, 0.12))

    def sit(self) -> None:
        """Sit upright, the tail around the feet."""
        c, coat, size = self.c, self.coat, self.size
        tail = (
            self.path()
            .to(-0.24, -0.14)
            .curve(-0.46, -0.24, -0.8, -0.2, -1.0, 0.015)
            .curve(-0.82, 0.05, -0.5, 0.05, -0.24, 0.02)
            .points
        )
        fur = self.fade(-1.0, 0.02, coat.back, coat.side, coat.side, coat.under)
        body = (
            self.path()
            .to(-0.06, -0.8)
            .curve(-0.16, -0.6, -0.42, -0.42, -0.4, -0.12)
            .curve(-0.4, 0.02, -0.3, 0.02, -0.2, 0.02)
            .to(0.14, 0.02)
            .curve(0.2, -0.2, 0.27, -0.42, 0.2, -0.66)
            .curve(0.16, -0.8, 0.02, -0.86, -0.06, -0.8)
            .points
        )
        c.shapes([tail], self.fade(-0.22, 0.05, coat.back, coat.side, coat.under))
        tip = (
            self.path()
            .to(-0.83, -0.12)
            .quad(-0.93, -0.06, -1.01, 0.02)
            .quad(-0.9, 0.04, -0.78, 0.036)
            .quad(-0.88, -0.03, -0.83, -0.12)
            .points
        )
        c.shapes([tip], coat.pale, soft=size * 0.006)
        c.shapes([body], fur)
        self._brushed([body], -0.4, 0.2, 0.2)
        bib = (
            self.path()
            .to(0.14, -0.74)
            .curve(0.27, -0.6, 0.28, -0.44, 0.2, -0.3)
            .curve(0.12, -0.4, 0.06, -0.58, 0.14, -0.74)
            .points
        )
        c.shapes([bib], coat.pale, soft=size * 0.012)
        haunch = self.path().through(oval(-0.19, -0.17, 0.2, 0.185, 0.3)).points
        c.shapes(
            [haunch],
            self.fade(-0.36, 0.02, mix(coat.back, coat.side, 0.5), coat.under),
            soft=size * 0.012,
        )
        legs = [
            self.path().through(limb(joints)).points
            for joints in (
                (
                    (0.06, -0.58, 0.02),
                    (0.09, -0.24, 0.085),
                    (0.1, -0.02, 0.06),
                    (0.14, 0.015, 0.04),
                ),
                (
                    (0.13, -0.56, 0.02),
                    (0.17, -0.24, 0.085),
                    (0.19, -0.02, 0.058),
                    (0.23, 0.015, 0.04),
                ),
            )
        ]
        here = self.fade(
            -0.5, 0.02, coat.side, mix(coat.side, coat.under, 0.3), coat.dark, coat.dark
        )
        c.shapes(legs[:1], here, soft=size * 0.004)
        c.shapes(legs[1:], here)
        self.head(-0.37, -0.09, c.rng.uniform(-0.1, 0.06))

    def _brushed(self, within: list[Line], start: float, end: float, up: float) -> None:
        """Lay the hair along the body, light above, dark below."""
        coat, rng = self.coat, self.c.child()
        for colour, low, high in (
            (mix(coat.back, WHITE, 0.3), -0.66, -0.48),
            (mix(coat.side, coat.back, 0.4), -0.6, -0.36),
            (mix(coat.under, coat.dark, 0.25), -0.46, -0.22),
        ):
            lines: list[Line] = []
            for _ in range(90):
                x, y = rng.uniform(start, end), rng.uniform(low, high)
                y += 0.5 * max(0.0, -x - 0.5)
                length, drop = rng.uniform(0.03, 0.08), rng.uniform(0.0, 0.03)
                lines.append(
                    self.path(0, up).to(x, y).quad(x - length / 2, y, x - length, y + drop).points
                )
            self.c.strokes(lines, colour, self.size * 0.005, alpha=0.35, inside=within)

    def head(self, dx: float, dy: float, tilt: float) -> None:
        """The head as it stands on the walker, moved, and turned about the neck."""
        c, coat, size = self.c, self.coat, self.size
        across = dx + 0.45 - 0.45 * math.cos(tilt) - 0.7 * math.sin(tilt)
        down = dy - 0.7 - 0.45 * math.sin(tilt) + 0.7 * math.cos(tilt)

        def path() -> Path:
            return self.path(across, down, tilt)

        far_ear = (
            path().to(0.5, -0.84).quad(0.51, -0.98, 0.545, -1.06).quad(0.62, -0.96, 0.63, -0.84)
        )
        c.shapes([far_ear.points], mix(coat.under, coat.dark, 0.35))
        skull = (
            path()
            .to(0.34, -0.72)
            .curve(0.37, -0.9, 0.56, -0.93, 0.645, -0.845)
            .quad(0.74, -0.77, 0.85, -0.7)
            .quad(0.86, -0.665, 0.81, -0.65)
            .curve(0.7, -0.61, 0.48, -0.54, 0.37, -0.6)
        )
        top = self.fade(dy - 0.93, dy - 0.58, coat.back, mix(coat.back, coat.side, 0.6), coat.side)
        c.shapes([skull.points], top)
        cheek = (
            path()
            .to(0.84, -0.672)
            .curve(0.72, -0.71, 0.62, -0.75, 0.45, -0.59)
            .curve(0.56, -0.56, 0.76, -0.62, 0.84, -0.672)
        )
        c.shapes([cheek.points], coat.pale, soft=size * 0.007)
        ear = path().to(0.375, -0.79).quad(0.37, -0.96, 0.4, -1.075).quad(0.52, -0.98, 0.555, -0.86)
        c.shapes([ear.points], top)
        inner = (
            path().to(0.415, -0.83).quad(0.405, -0.94, 0.42, -1.0).quad(0.49, -0.94, 0.51, -0.86)
        )
        c.shapes([inner.points], mix(coat.dark, coat.under, 0.3), soft=size * 0.006)
        tip = path().to(0.383, -0.98).quad(0.39, -1.04, 0.4, -1.075).quad(0.44, -1.05, 0.47, -1.0)
        c.shapes([tip.points], coat.dark, soft=size * 0.004)
        nose = (
            path()
            .to(0.815, -0.69)
            .quad(0.85, -0.715, 0.862, -0.685)
            .quad(0.86, -0.655, 0.83, -0.655)
        )
        eye = (
            path().to(0.6, -0.765).quad(0.618, -0.795, 0.65, -0.768).quad(0.62, -0.75, 0.6, -0.765)
        )
        c.shapes([nose.points, eye.points], (20, 12, 9))
        mouth = path().to(0.835, -0.657).quad(0.76, -0.64, 0.7, -0.648)
        c.strokes([mouth.points], coat.dark, size * 0.006, alpha=0.6)
