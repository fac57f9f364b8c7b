"""Where a picture stands when it grows, and which part is worked on at which size. Pure arithmetic.

Sizes are in pixels, corners count from the left and the top. A model works best near the number of
pixels that it was trained on (its budget), so a large picture is worked on in a window, and a large
window at a smaller size.
"""

from dataclasses import dataclass
from math import ceil, sqrt

from imagine.input_image import Box, Size
from imagine.models import Direction

STEP = 16
# The side of a cell of the latent: no picture that is made has sides between.
CELL = 8
# A window may have so much more than the budget before it is worked on at a smaller size, and so
# little of it before it is worked on at a larger one (a draft has a quarter).
ROOM = 1.6
LEAST = 0.2
# How much a pan adds, as a share of the side that grows.
PAN = 0.5
# The largest side of anything that is made here.
MAX_SIDE = 8192
# Above so many pixels, a picture is worked over in tiles.
WHOLE = 4 * 1024 * 1024
TILE = 1024
OVERLAP = 128


@dataclass(frozen=True, slots=True)
class Layout:
    """How a picture grows: on which canvas, where it stands there, and what is made.

    ``window`` is the part of the canvas that the model works on, at the size ``work``.
    """

    canvas: Size
    place: Box
    window: Box
    work: Size

    @property
    def visible(self) -> Box:
        """The part of the placed picture that lies in the window, on the canvas."""
        return Box(
            max(self.place.left, self.window.left),
            max(self.place.top, self.window.top),
            min(self.place.right, self.window.right),
            min(self.place.bottom, self.window.bottom),
        )


def zoom_out(size: Size, factor: float, canvas: Size | None, budget: int) -> Layout:
    """Put a picture, ``factor`` times smaller, into the middle of a canvas (its own size)."""
    canvas = canvas or size
    scale = min(canvas.width / size.width, canvas.height / size.height) / factor
    width, height = (max(1, round(side * scale)) for side in size)
    return _whole(canvas, Size(min(width, canvas.width), min(height, canvas.height)), budget)


def square(size: Size, budget: int) -> Layout:
    side = max(size)
    return _whole(Size(side, side), size, budget)


def reshape(size: Size, across: int, down: int, budget: int) -> Layout:
    """Put a picture on the smallest canvas of another ratio that holds it."""
    width = max(size.width, size.height * across / down)
    height = max(size.height, size.width * down / across)
    return _whole(Size(_up(width), _up(height)), size, budget)


def pan(size: Size, direction: Direction, budget: int) -> Layout:
    """Let a picture grow on one side by half; the part next to that side is worked on with it."""
    is_across = direction in (Direction.LEFT, Direction.RIGHT)
    long, wide = size if is_across else (size.height, size.width)
    total = _up(long * (1 + PAN))
    grown = total - long
    reach = min(total, max(2 * grown, _up(budget / wide)))
    is_back = direction in (Direction.LEFT, Direction.UP)
    place = (grown, total) if is_back else (0, long)
    window = (0, reach) if is_back else (total - reach, total)
    if is_across:
        canvas = Size(total, wide)
        where = Box(place[0], 0, place[1], wide)
        worked = Box(window[0], 0, window[1], wide)
    else:
        canvas = Size(wide, total)
        where = Box(0, place[0], wide, place[1])
        worked = Box(0, window[0], wide, window[1])
    return Layout(canvas, where, worked, working_size(worked.size, budget))


def around(size: Size, box: Box, budget: int) -> Box:
    """Return what to work on when this box of a picture changes: all of it, if that is not much."""
    if size.pixels <= ROOM * budget:
        return Box(0, 0, *size)
    least = sqrt(budget)
    left, right = _stretched(box.left, box.right, max(least, 1.5 * box.width), size.width)
    top, bottom = _stretched(box.top, box.bottom, max(least, 1.5 * box.height), size.height)
    return Box(left, top, right, bottom)


def redrawn_size(size: Size, budget: int) -> Size:
    """Return the size of what a picture is redrawn to: its own, unless that is too much."""
    if size.pixels > ROOM * budget:
        return working_size(size, budget)
    return Size(*(max(CELL, side // CELL * CELL) for side in size))


def working_size(size: Size, budget: int) -> Size:
    """Return the size at which a model works on something of a size, within bounds."""
    fitted = Size(_near(size.width), _near(size.height))
    if LEAST * budget <= fitted.pixels <= ROOM * budget:
        return fitted
    wanted = budget if fitted.pixels > budget else LEAST * budget
    scale = sqrt(wanted / size.pixels)
    return Size(_near(size.width * scale), _near(size.height * scale))


def tiles(size: Size) -> tuple[Box, ...]:
    """Cut a large size into tiles that overlap; none when it can be worked on as a whole.

    All tiles are equal, so that each has an even number of latent cells whatever the size.
    """
    if size.pixels <= WHOLE:
        return ()
    columns, rows = _cuts(size.width), _cuts(size.height)
    return tuple(
        Box(left, top, min(left + TILE, size.width), min(top + TILE, size.height))
        for top in rows
        for left in columns
    )


def scaled(box: Box, of: Size, to: Size) -> Box:
    """Return the same part of the same thing at another size."""
    across, down = to.width / of.width, to.height / of.height
    return Box(
        round(box.left * across),
        round(box.top * down),
        round(box.right * across),
        round(box.bottom * down),
    )


def _whole(canvas: Size, placed: Size, budget: int) -> Layout:
    """Lay a picture into the middle of a canvas that is worked on as a whole."""
    left = (canvas.width - placed.width) // 2
    top = (canvas.height - placed.height) // 2
    place = Box(left, top, left + placed.width, top + placed.height)
    return Layout(canvas, place, Box(0, 0, *canvas), working_size(canvas, budget))


def _stretched(start: int, end: int, length: float, limit: int) -> tuple[int, int]:
    """Widen a stretch around its middle to a length, inside of 0 and the limit."""
    wanted = min(limit, _up(length))
    first = max(0, min((start + end - wanted) // 2, limit - wanted))
    return first, first + wanted


def _cuts(length: int) -> list[int]:
    """Return where tiles begin along a side, evenly spread."""
    if length <= TILE:
        return [0]
    count = ceil((length - OVERLAP) / (TILE - OVERLAP))
    return [round(k * (length - TILE) / (count - 1)) for k in range(count)]


def _up(length: float) -> int:
    return ceil(length / STEP) * STEP


def _near(length: float) -> int:
    return max(STEP, round(length / STEP) * STEP)
