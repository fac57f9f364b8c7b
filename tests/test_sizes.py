import pytest

from imagine.sizes import clamp_aspect, fit_aspect, ratio_error, shape_of

MEGAPIXEL = 1024 * 1024


@pytest.mark.parametrize(
    ("pixels", "grid"), [(MEGAPIXEL, 64), (512 * 512, 64), (768 * 768, 64), (1328 * 1328, 16)]
)
def test_every_shape_up_to_14_to_1_keeps_ratio_and_budget(pixels: int, grid: int) -> None:
    shapes = [
        (across, down)
        for across in range(1, 100)
        for down in (1, 2, 3, 7, 9, 16, 25, 50, 99)
        if max(across, down) <= 14 * min(across, down)
    ]
    for across, down in shapes:
        width, height = fit_aspect(across, down, pixels=pixels, grid=grid)
        assert (width % 16, height % 16) == (0, 0)
        assert ratio_error(width, height, across, down) <= 0.02, (across, down)
        assert ratio_error(height, width, down, across) <= 0.02, (across, down)
        assert abs(width * height / pixels - 1) <= 0.10, (across, down)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((1, 1), (1024, 1024)),
        ((16, 9), (1344, 768)),
        ((9, 16), (768, 1344)),
        ((3, 2), (1248, 832)),
        ((4, 3), (1152, 864)),
        ((21, 9), (1568, 672)),
        ((14, 1), (3808, 272)),
    ],
)
def test_common_shapes_have_round_sizes(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert fit_aspect(*shape, pixels=MEGAPIXEL) == size


def test_a_turned_shape_has_the_turned_size() -> None:
    assert fit_aspect(5, 7, pixels=MEGAPIXEL) == fit_aspect(7, 5, pixels=MEGAPIXEL)[::-1]


def test_the_step_is_kept_by_tiny_budgets_too() -> None:
    width, height = fit_aspect(14, 1, pixels=256 * 256)
    assert (width % 16, height % 16) == (0, 0)
    assert ratio_error(width, height, 14, 1) <= 0.02


@pytest.mark.parametrize(
    ("shape", "clamped"),
    [((20, 1), (14, 1)), ((1, 10_000), (1, 14)), ((14, 1), (14, 1)), ((28, 2), (28, 2))],
)
def test_too_long_shapes_are_clamped(shape: tuple[int, int], clamped: tuple[int, int]) -> None:
    assert clamp_aspect(*shape) == clamped


def test_a_size_has_a_shape_in_lowest_terms() -> None:
    assert shape_of(1000, 600) == (5, 3)
