"""What is drawn with: colours, gradients, curves, outlines and noise, apart from any canvas."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Line: TypeAlias = Sequence[Point]
Stops: TypeAlias = Sequence[tuple[float, Colour]]
Box: TypeAlias = tuple[int, int, int, int]

# The longer side at which noise is made; larger pictures get it scaled up.
NOISE_PX = 420
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


def hue(text: str) -> Colour:
    """Return the colour of a hex text such as ``#d9702b``."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def hues(text: str) -> tuple[Colour, ...]:
    """Return the colours of several hex texts between spaces."""
    return tuple(hue(part) for part in text.split())


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return the colour ``share`` of the way from ``a`` to ``b``."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def smoothstep(t: float) -> float:
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)


@dataclass(frozen=True, slots=True)
class Fade:
    """A gradient between two places on the canvas, downward or, with ``across``, rightward."""

    start: float
    end: float
    stops: Stops
    across: bool = False

    def image(self, box: Box) -> Image.Image:
        first, last = (box[0], box[2]) if self.across else (box[1], box[3])
        count = max(2, min(256, last - first))
        span = (self.end - self.start) or 1.0
        flat = bytearray()
        for i in range(count):
            place = first + (last - first) * (i + 0.5) / count
            flat += bytes(_at(self.stops, (place - self.start) / span))
        size = (count, 1) if self.across else (1, count)
        strip = Image.frombytes("RGB", size, bytes(flat))
        return strip.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BILINEAR)


Paint: TypeAlias = Colour | Fade


def _at(stops: Stops, place: float) -> Colour:
    before = stops[0]
    for stop in stops:
        if stop[0] >= place:
            span = stop[0] - before[0]
            return mix(before[1], stop[1], (place - before[0]) / span) if span > 0 else stop[1]
        before = stop
    return before[1]


class Wave:
    """A smooth random curve: value noise in one dimension, summed over octaves, 0–1."""

    def __init__(self, rng: random.Random, octaves: int = 5) -> None:
        self._tables = [[rng.random() for _ in range(64)] for _ in range(octaves)]

    def at(self, x: float) -> float:
        total, weight, weights = 0.0, 0.5, 0.0
        for table in self._tables:
            cell = math.floor(x)
            t = x - cell
            t = t * t * (3 - 2 * t)
            a, b = table[cell % 64], table[(cell + 1) % 64]
            total += weight * (a + (b - a) * t)
            weights += weight
            weight *= 0.5
            x *= 2.03
        return total / weights


class Path:
    """An outline of lines and curves, placed, turned and scaled as it is drawn."""

    def __init__(
        self, x: float = 0, y: float = 0, size: float = 1, *, flip: bool = False, turn: float = 0
    ) -> None:
        self._x, self._y = x, y
        self._across = -size if flip else size
        self._down = size
        self._cos, self._sin = math.cos(turn), math.sin(turn)
        self._here: Point = (0.0, 0.0)
        self.points: list[Point] = []

    def to(self, x: float, y: float) -> "Path":
        self._here = (x, y)
        x, y = x * self._cos - y * self._sin, x * self._sin + y * self._cos
        self.points.append((self._x + x * self._across, self._y + y * self._down))
        return self

    def through(self, points: Iterable[Point]) -> "Path":
        for x, y in points:
            self.to(x, y)
        return self

    def quad(self, cx: float, cy: float, x: float, y: float) -> "Path":
        sx, sy = self._here
        for i in range(1, 13):
            t = i / 12
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
            self.to(a * sx + b * cx + c * x, a * sy + b * cy + c * y)
        return self

    def curve(self, ax: float, ay: float, bx: float, by: float, x: float, y: float) -> "Path":
        sx, sy = self._here
        for i in range(1, 17):
            t = i / 16
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            self.to(a * sx + b * ax + c * bx + d * x, a * sy + b * ay + c * by + d * y)
        return self


def limb(joints: Sequence[tuple[float, float, float]]) -> list[Point]:
    """Return the outline of a smooth limb through joints (x, y, width there)."""
    spine: list[tuple[float, float, float]] = []
    padded = [joints[0], *joints, joints[-1]]
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for i in range(6):
            t = i / 6
            x, y, width = (_between(a[k], b[k], c[k], d[k], t) for k in range(3))
            spine.append((x, y, width))
    spine.append(joints[-1])
    left: list[Point] = []
    right: list[Point] = []
    for place, (x, y, width) in enumerate(spine):
        ax, ay, _ = spine[max(0, place - 1)]
        bx, by, _ = spine[min(len(spine) - 1, place + 1)]
        dx, dy = bx - ax, by - ay
        reach = width / 2 / (math.hypot(dx, dy) or 1)
        left.append((x - dy * reach, y + dx * reach))
        right.append((x + dy * reach, y - dx * reach))
    return left + right[::-1]


def _between(a: float, b: float, c: float, d: float, t: float) -> float:
    """Return a value between ``b`` and ``c`` on a Catmull-Rom spline."""
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def oval(x: float, y: float, rx: float, ry: float, turn: float = 0) -> list[Point]:
    cos, sin = math.cos(turn), math.sin(turn)
    around = (i * math.tau / 40 for i in range(40))
    return [
        (
            x + rx * math.cos(a) * cos - ry * math.sin(a) * sin,
            y + rx * math.cos(a) * sin + ry * math.sin(a) * cos,
        )
        for a in around
    ]


def noise(
    rng: random.Random, size: tuple[int, int], cells: float, octaves: int = 5, *, stretch: float = 1
) -> Image.Image:
    """Return cloud-like noise (L), its contrast spread to 0–255.

    Args:
        rng: where it comes from.
        size: of the result; it is made at most NOISE_PX long and scaled up.
        cells: blobs over the longer side.
        octaves: layers of ever finer detail.
        stretch: above 1 draws the blobs out sideways.
    """
    longer = max(size)
    scale = min(1.0, NOISE_PX / longer)
    made = (max(2, round(size[0] * scale)), max(2, round(size[1] * scale)))
    if stretch == 1:
        # Made larger and turned: with few blobs, straight ones would show their grid.
        side = math.ceil(math.hypot(*made))
        square = _octaves(rng, (side, side), cells * side / max(made), octaves, 1)
        square = square.rotate(rng.uniform(20, 70), Image.Resampling.BICUBIC)
        left, top = (side - made[0]) // 2, (side - made[1]) // 2
        layers = square.crop((left, top, left + made[0], top + made[1]))
    else:
        layers = _octaves(rng, made, cells, octaves, stretch)
    spread = layers.point([max(0, min(255, (v - 62) * 255 // 131)) for v in range(256)])
    return spread if made == size else spread.resize(size, Image.Resampling.BICUBIC)


def _octaves(
    rng: random.Random, size: tuple[int, int], cells: float, octaves: int, stretch: float
) -> Image.Image:
    total = Image.new("L", size)
    weights = 0.0
    for octave in range(octaves):
        count = cells * 2**octave / max(size)
        grid = (
            max(2, round(count * size[0] / stretch) + 1),
            max(2, round(count * size[1]) + 1),
        )
        layer = Image.frombytes("L", grid, rng.randbytes(grid[0] * grid[1]))
        layer = layer.resize(size, Image.Resampling.BICUBIC)
        weights += 0.5**octave
        total = Image.blend(total, layer, 0.5**octave / weights)
    return total
