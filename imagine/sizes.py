"""From a shape to a size in pixels that a model likes."""

from functools import lru_cache
from math import gcd, log2, sqrt

# The longest shape that still looks like one picture, either way.
LONGEST = 14
# How far a size may be off the asked ratio, and off the pixel budget.
RATIO_TOLERANCE = 0.02
BUDGET_TOLERANCE = 0.10


@lru_cache(maxsize=1000)
def fit_aspect(
    across: int, down: int, *, pixels: int, step: int = 16, grid: int = 64
) -> tuple[int, int]:
    """Return the size of a shape that is nearest to a pixel budget: (width, height).

    Within 2 % of the ratio and 10 % of the budget for all shapes up to 14:1 and all budgets from
    512 × 512 up; below that the ratio counts more. Among such sizes those on the ``grid`` that a
    model was trained on are preferred.

    Units: pixels; both sides are multiples of ``step``.
    """
    if across < down:
        height, width = fit_aspect(down, across, pixels=pixels, step=step, grid=grid)
        return width, height
    ratio = across / down
    best = (float("inf"), step, step)
    for width in range(step, int(sqrt(pixels * ratio) * 1.5) + 2 * step, step):
        low = max(step, int(width / ratio) // step * step)
        for height in (low, low + step):
            best = min(best, (_cost(width, height, ratio, pixels, grid), width, height))
    return best[1:]


def ratio_error(width: int, height: int, across: int, down: int) -> float:
    """Return how far a size is off a ratio, as a fraction."""
    return abs(width * down / (height * across) - 1)


def clamp_aspect(across: int, down: int) -> tuple[int, int]:
    """Return the shape, or the longest one when it is longer than that."""
    if across > LONGEST * down:
        return LONGEST, 1
    if down > LONGEST * across:
        return 1, LONGEST
    return across, down


def shape_of(width: int, height: int) -> tuple[int, int]:
    """Return the shape of a size in lowest terms."""
    common = gcd(width, height)
    return width // common, height // common


def _cost(width: int, height: int, ratio: float, pixels: int, grid: int) -> float:
    """Weigh a size: its ratio first, then roundness and area; out of bounds only at need."""
    off_ratio = abs(width / height / ratio - 1)
    off_budget = abs(width * height / pixels - 1)
    # A hair inside the bounds, so that they also hold for the inverse ratio.
    outside = max(0.0, off_ratio - 0.975 * RATIO_TOLERANCE) * 1000
    outside += max(0.0, off_budget - 0.99 * BUDGET_TOLERANCE) * 10
    roughness = 0.015 * log2(grid / gcd(width, height, grid))
    return 1.5 * off_ratio + 0.25 * off_budget + roughness + outside
