from itertools import pairwise
from math import isclose

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from imagine import geometry
from imagine.geometry import OVERLAP, ROOM, STEP, TILE, WHOLE, Layout
from imagine.input_image import Box, Size
from imagine.models import Direction

# Every size that a picture can have here: what was made, and whatever was uploaded.
sides = st.one_of(st.integers(64, 8192), st.sampled_from([64, 512, 1000, 1024, 1333, 2048, 8192]))
sizes = st.builds(Size, sides, sides)
# From SD 1.5 at 512 × 512 to Qwen-Image.
budgets = st.sampled_from([262_144, 399_360, 589_824, 921_600, 1_048_576, 1_763_584])
ratios = st.tuples(st.integers(1, 14), st.integers(1, 14))
few = settings(max_examples=60, deadline=None)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[Size, Box]:
    """Return a size, and a part of it that is painted."""
    size = draw(sizes)
    left, right = sorted(draw(st.tuples(st.integers(0, size.width), st.integers(0, size.width))))
    top, bottom = sorted(draw(st.tuples(st.integers(0, size.height), st.integers(0, size.height))))
    assume(left < right and top < bottom)
    return size, Box(left, top, right, bottom)


def within(inner: Box, outer: Box) -> bool:
    return (
        outer.left <= inner.left < inner.right <= outer.right
        and outer.top <= inner.top < inner.bottom <= outer.bottom
    )


def can_be_worked_on(work: Size, budget: int) -> bool:
    return all(side % STEP == 0 and side > 0 for side in work) and work.pixels <= 1.7 * budget


def check(layout: Layout, budget: int) -> None:
    """Check what holds of every layout, however it came about."""
    canvas = Box(0, 0, *layout.canvas)
    assert within(layout.place, canvas)
    assert within(layout.window, canvas)
    assert within(layout.visible, layout.window)
    assert within(layout.visible, layout.place)
    assert can_be_worked_on(layout.work, budget)
    # Whatever lies outside of the window is the picture itself: all that is new is inside.
    beyond = [
        Box(0, 0, layout.window.left, layout.canvas.height),
        Box(layout.window.right, 0, *layout.canvas),
        Box(0, 0, layout.canvas.width, layout.window.top),
        Box(0, layout.window.bottom, *layout.canvas),
    ]
    for box in beyond:
        assert box.width <= 0 or box.height <= 0 or within(box, layout.place)


def is_unscaled(layout: Layout, size: Size) -> bool:
    return layout.place.size == size


@few
@given(sizes, st.floats(1, 2), budgets)
def test_zooming_out_makes_a_picture_smaller_in_the_middle(
    size: Size, factor: float, budget: int
) -> None:
    layout = geometry.zoom_out(size, factor, None, budget)
    check(layout, budget)
    assert layout.canvas == size
    place = layout.place
    assert abs(place.width - size.width / factor) <= 1
    assert abs(place.height - size.height / factor) <= 1
    assert abs(place.left - (size.width - place.right)) <= 1
    assert abs(place.top - (size.height - place.bottom)) <= 1


@pytest.mark.parametrize("factor", [1.25, 1.5, 2.0])
def test_the_scale_of_a_zoom_is_the_inverse_of_its_factor(factor: float) -> None:
    layout = geometry.zoom_out(Size(1344, 768), factor, None, 1_048_576)
    assert layout.canvas == (1344, 768)
    assert isclose(layout.place.width / 1344, 1 / factor, rel_tol=0.01)
    assert isclose(layout.place.height / 768, 1 / factor, rel_tol=0.01)


@few
@given(sizes, st.floats(1, 2), sizes, budgets)
def test_a_zoom_may_change_the_shape(size: Size, factor: float, canvas: Size, budget: int) -> None:
    canvas = Size(*(side // 16 * 16 for side in canvas))
    layout = geometry.zoom_out(size, factor, canvas, budget)
    check(layout, budget)
    assert layout.canvas == canvas


@few
@given(sizes, st.sampled_from(Direction), budgets)
def test_a_pan_grows_one_side_by_half_and_leaves_the_picture(
    size: Size, direction: Direction, budget: int
) -> None:
    layout = geometry.pan(size, direction, budget)
    check(layout, budget)
    assert is_unscaled(layout, size)
    across = direction in (Direction.LEFT, Direction.RIGHT)
    grown, long = (
        (layout.canvas.width, size.width) if across else (layout.canvas.height, size.height)
    )
    assert 1.5 * long <= grown < 1.5 * long + STEP
    assert grown % STEP == 0
    assert (layout.canvas.height if across else layout.canvas.width) == (
        size.height if across else size.width
    )
    ends = {
        Direction.LEFT: layout.place.right == layout.canvas.width,
        Direction.RIGHT: layout.place.left == 0,
        Direction.UP: layout.place.bottom == layout.canvas.height,
        Direction.DOWN: layout.place.top == 0,
    }
    assert ends[direction]


@few
@given(sizes, st.sampled_from(Direction), budgets)
def test_a_pan_sees_as_much_of_the_picture_as_it_adds(
    size: Size, direction: Direction, budget: int
) -> None:
    layout = geometry.pan(size, direction, budget)
    seen = layout.visible.width * layout.visible.height
    added = layout.canvas.pixels - size.pixels
    assert seen >= min(added, size.pixels) - STEP * max(layout.canvas)


@few
@given(sizes, budgets)
def test_a_square_holds_the_whole_picture(size: Size, budget: int) -> None:
    layout = geometry.square(size, budget)
    check(layout, budget)
    assert is_unscaled(layout, size)
    assert layout.canvas == (max(size), max(size))


@few
@given(sizes, ratios, budgets)
def test_another_shape_holds_the_whole_picture(
    size: Size, ratio: tuple[int, int], budget: int
) -> None:
    layout = geometry.reshape(size, *ratio, budget)
    check(layout, budget)
    assert is_unscaled(layout, size)
    assert all(side % STEP == 0 for side in layout.canvas)
    width, height = layout.canvas
    across, down = ratio
    # Off by the rounding to 16 pixels, and by no more.
    assert abs(width - height * across / down) <= STEP * (1 + across / down)


@few
@given(boxes(), budgets)
def test_a_region_is_worked_on_with_what_lies_around_it(
    part: tuple[Size, Box], budget: int
) -> None:
    size, box = part
    window = geometry.around(size, box, budget)
    assert within(window, Box(0, 0, *size))
    assert within(box, window)
    assert can_be_worked_on(geometry.working_size(window.size, budget), budget)
    if size.pixels <= ROOM * budget:
        assert window == (0, 0, *size)


@few
@given(sizes, budgets)
def test_nothing_is_worked_on_too_large_or_too_small(size: Size, budget: int) -> None:
    work = geometry.working_size(size, budget)
    assert can_be_worked_on(work, budget)
    assert work.pixels >= 0.15 * budget
    # And hardly in another shape, unless it is a mere stripe.
    if min(work) >= 128:
        assert abs(work.width / work.height / (size.width / size.height) - 1) < 0.14


@few
@given(sizes)
def test_tiles_are_equal_overlap_and_cover_everything(size: Size) -> None:
    tiles = geometry.tiles(size)
    if size.pixels <= WHOLE:
        assert tiles == ()
        return
    width, height = min(TILE, size.width), min(TILE, size.height)
    assert {(tile.width, tile.height) for tile in tiles} == {(width, height)}
    assert all(within(tile, Box(0, 0, *size)) for tile in tiles)
    for length, side, starts in (
        (size.width, width, sorted({tile.left for tile in tiles})),
        (size.height, height, sorted({tile.top for tile in tiles})),
    ):
        assert (starts[0], starts[-1] + side) == (0, length)
        assert all(one + side - other >= OVERLAP - 1 for one, other in pairwise(starts))
    assert len(tiles) == len({(tile.left, tile.top) for tile in tiles})


def test_a_part_of_a_thing_is_the_same_part_at_another_size() -> None:
    box = Box(10, 20, 30, 50)
    assert geometry.scaled(box, Size(100, 100), Size(200, 50)) == Box(20, 10, 60, 25)


@few
@given(sizes, st.sampled_from(Direction), budgets)
def test_the_picture_never_leaves_the_window_when_that_is_scaled(
    size: Size, direction: Direction, budget: int
) -> None:
    layout = geometry.pan(size, direction, budget)
    window = layout.window.size
    seen = layout.visible
    left, top = layout.window.left, layout.window.top
    inside = Box(seen.left - left, seen.top - top, seen.right - left, seen.bottom - top)
    stands = geometry.scaled(inside, window, layout.work)
    assert within(stands, Box(0, 0, *layout.work))
