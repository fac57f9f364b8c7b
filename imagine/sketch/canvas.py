"""Drawing tools over Pillow: smooth shapes, gradients, glows and noise, all from one seed.

Scenes draw in pixels of the picture in work but decide nothing by them, so that the same seed
gives the same composition at every size. Pillow's shapes have hard edges; here each shape is a
mask drawn larger and reduced.
"""

import math
import random
from collections.abc import Sequence
from typing import TypeAlias

from PIL import Image

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Stops: TypeAlias = Sequence[tuple[float, Colour]]

# Masks are drawn this much larger, then reduced.
SMOOTH = 3


def hex_colour(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return the colour ``share`` of the way from ``a`` to ``b``."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def ramp(stops: Stops, size: tuple[int, int], *, across: bool = False) -> Image.Image:
    """Return a gradient, from top to bottom, or from left to right with ``across``."""
    strip = Image.new("RGB", (256, 1))
    strip.putdata([_at(stops, i / 255) for i in range(256)])
    if not across:
        strip = strip.transpose(Image.Transpose.ROTATE_270)
    return strip.resize(size, Image.Resampling.BILINEAR)


def _at(stops: Stops, place: float) -> Colour:
    before = stops[0]
    for stop in stops:
        if stop[0] >= place:
            span = stop[0] - before[0]
            return mix(before[1], stop[1], (place - before[0]) / span) if span else stop[1]
        before = stop
    return before[1]


class Wave:
    """Smooth random curves: value noise in one dimension, summed over octaves, 0–1."""

    def __init__(self, rng: random.Random, octaves: int = 5) -> None:
        self._tables = [[rng.random() for _ in range(64)] for _ in range(octaves)]

    def at(self, x: float) -> float:
        total, weight, sum_of_weights = 0.0, 0.5, 0.0
        for table in self._tables:
            cell = math.floor(x)
            t = x - cell
            t = t * t * (3 - 2 * t)
            a, b = table[cell % 64], table[(cell + 1) % 64]
            total += weight * (a + (b - a) * t)
            sum_of_weights += weight
            weight *= 0.5
            x *= 2.03
        return total / sum_of_weights


def noise(rng: random.Random, size: tuple[int, int], cells: float, octaves: int = 5) -> Image.Image:
    """Return cloud-like noise (L), about ``cells`` blobs over the longer side."""
    longer = max(size)
    total: Image.Image | None = None
    weight = 1.0
    for octave in range(octaves):
        grid_cells = cells * 2**octave
        grid = (
            max(2, round(grid_cells * size[0] / longer) + 1),
            max(2, round(grid_cells * size[1] / longer) + 1),
        )
        layer = Image.frombytes("L", grid, rng.randbytes(grid[0] * grid[1]))
        layer = layer.resize(size, Image.Resampling.BICUBIC)
        weight *= 0.5
        total = layer if total is None else Image.blend(total, layer, weight / (1 - weight / 2))
    assert total is not None
    return total
