"""Parts that several landscapes share: skies, ridges, pines, snow, hills."""

import math
import random
from collections.abc import Callable

from imagine.sketch.canvas import Canvas
from imagine.sketch.shapes import Colour, Fade, Line, Paint, Point, Wave

Curve = Callable[[float], float]


def ground(c: Canvas, curve: Curve, paint: Paint, *, points: int = 220) -> None:
    """Fill everything below a curve (x in pixels → y in pixels)."""
    c.shapes([below(c, curve, points)], paint)


def below(c: Canvas, curve: Curve, points: int = 220) -> list[Point]:
    step = c.w / points
    line = [(i * step, curve(i * step)) for i in range(-1, points + 2)]
    return [(-step, c.h + 2), *line, (c.w + step, c.h + 2)]


def pine(x: float, y: float, height: float, rng: random.Random) -> list[Point]:
    """Return the outline of a fir, foot at (x, y)."""
    tiers = 8
    lean = rng.uniform(-0.02, 0.02) * height
    right: list[Point] = []
    left: list[Point] = []
    for i in range(1, tiers + 1):
        t = i / tiers
        reach = height * 0.19 * t**0.9
        droop = height * 0.035
        level = y - height * (1 - t * 0.94)
        sway = lean * (1 - t)
        right += [
            (x + sway + reach * rng.uniform(0.75, 1.15), level + droop),
            (x + sway + reach * 0.42, level - droop * 0.2),
        ]
        left += [
            (x + sway - reach * rng.uniform(0.75, 1.15), level + droop),
            (x + sway - reach * 0.42, level - droop * 0.2),
        ]
    trunk = height * 0.018
    foot = [(x + trunk, y + height * 0.04), (x - trunk, y + height * 0.04)]
    return [(x + lean, y - height), *right[:-1], *foot, *reversed(left[:-1])]


def hill(c: Canvas, rng: random.Random, level: float, height: float, bumps: float) -> Curve:
    """Return a soft rolling curve around ``level``."""
    wave = Wave(rng, 3)
    start = rng.random() * 20

    def curve(x: float) -> float:
        return level - (wave.at(start + x / c.u * bumps) - 0.5) * height * 2

    return curve


def lee_sides(c: Canvas, curve: Curve) -> list[Line]:
    """Return the shaded side of each peak of a range: down its right slope, and back in zigzag."""
    rng = c.child()
    step = c.u * 0.008
    ys = [curve(i * step) for i in range(-40, round(c.w / step) + 60)]
    sides: list[Line] = []
    for i in range(6, len(ys) - 6):
        if ys[i] > min(ys[i - 6 : i + 7]):
            continue
        end, lowest = i, ys[i]
        while end + 1 < len(ys) and ys[end + 1] > lowest - c.u * 0.012:
            end += 1
            lowest = max(lowest, ys[end])
        drop = ys[end] - ys[i]
        if drop < c.u * 0.025:
            continue
        slope = [((k - 40) * step, ys[k]) for k in range(i, end + 1)]
        (x, y), (valley, _) = slope[0], slope[-1]
        deep = min(drop * 1.45, c.u * 0.34)
        back: list[Point] = []
        for k in range(1, 10):
            t = k / 9
            side = (1 if k % 2 else -0.7) * rng.uniform(0.4, 1.2) * drop * 0.16 * (1 - t * 0.5)
            along = 0.25 * t + 0.75 * t**4
            back.append((x + (valley - x) * along + side * (1 - t), y + deep * t))
        sides.append([*slope, *back[::-1]])
    return sides


def snowfall(c: Canvas, colour: Colour, count: int, strength: float) -> None:
    """Let it snow: many small flakes, few large and blurred."""
    rng = c.child()
    near: list[tuple[float, float, float]] = []
    far: list[tuple[float, float, float]] = []
    for _ in range(count):
        depth = rng.random()
        size = (0.0011 + depth**6 * 0.007) * c.u
        (near if depth > 0.86 else far).append((rng.random() * c.w, rng.random() * c.h, size))
    c.dots(far, colour, alpha=0.75 * strength)
    c.dots(near, colour, alpha=0.6 * strength, soft=c.u * 0.002)


def stars(c: Canvas, bottom: float, count: int) -> None:
    rng = c.child()
    groups: dict[float, list[tuple[float, float, float]]] = {0.35: [], 0.6: [], 0.95: []}
    for _ in range(count):
        bright = rng.choice((0.35, 0.35, 0.35, 0.6, 0.6, 0.95))
        size = c.u * (0.0006 + 0.0012 * rng.random() ** 3)
        groups[bright].append((rng.random() * c.w, rng.random() ** 1.2 * bottom, size))
    for alpha, dots in groups.items():
        c.dots(dots, (255, 252, 240), alpha=alpha)


def rain(c: Canvas, strength: float) -> None:
    rng = c.child()
    lines: list[Line] = []
    for _ in range(150):
        x, y = rng.random() * c.w * 1.1, rng.random() * c.h
        length = c.u * rng.uniform(0.03, 0.08)
        lines.append([(x, y), (x - length * 0.13, y + length)])
    c.strokes(lines, (205, 222, 245), c.u * 0.0016, alpha=0.22 * strength)


def birds(c: Canvas, x: float, y: float, count: int, size: float, colour: Colour) -> None:
    """A loose flock, each bird two curved wings."""
    rng = c.child()
    wings: list[Line] = []
    for _ in range(count):
        bx, by = x + rng.gauss(0, size * 6), y + rng.gauss(0, size * 2.2)
        span = size * rng.uniform(0.6, 1.2)
        lift = span * rng.uniform(0.2, 0.5)
        left = [(bx - span * (1 - t), by - lift * math.sin(t * math.pi)) for t in _tenths()]
        right = [(bx + span * t, by - lift * math.sin(t * math.pi)) for t in _tenths()]
        wings += [left, right]
    c.strokes(wings, colour, size * 0.16, alpha=0.85)


def _tenths() -> list[float]:
    return [i / 10 for i in range(11)]


def downward(start: float, end: float, *colours: Colour) -> Fade:
    """Return an even downward gradient through colours."""
    last = len(colours) - 1
    return Fade(start, end, [(i / last, colour) for i, colour in enumerate(colours)])
