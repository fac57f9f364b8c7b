"""Masks: of the picture's size, faded inwards only, and black where nobody painted."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from imagine.errors import PromptError, StorageError
from imagine.masks import Mask, normalise
from tests.painting import encoded, hole, lying, mask, strokes

SIZE = (64, 48)
BOX = (8, 8, 32, 32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mask.png"


def made(file: Path, data: bytes, size: tuple[int, int] = SIZE) -> tuple[Image.Image, Mask]:
    file.write_bytes(data)
    result = normalise(file, *size)
    file.with_suffix(".out.png").write_bytes(result.png)
    with Image.open(file.with_suffix(".out.png")) as opened:
        opened.load()
        return opened.copy(), result


def test_a_mask_is_grey_of_the_size_of_its_picture_and_knows_its_box(file):
    opened, result = made(file, mask(painted=BOX))
    assert (opened.mode, opened.size) == ("L", SIZE)
    assert result.box == BOX


def test_nothing_outside_of_what_was_painted_is_touched(file):
    opened, _ = made(file, encoded(strokes(SIZE)))
    outside = strokes(SIZE).point(lambda value: 255 - value)
    assert ImageChops.multiply(opened, outside).getbbox() is None


def test_what_is_painted_fades_towards_its_edge_and_is_full_inside(file):
    opened, _ = made(file, mask((1000, 500), (200, 100, 800, 400)), (1000, 500))
    row = list(opened.crop((195, 250, 260, 251)).tobytes())
    assert row[:5] == [0] * 5
    assert 120 <= row[5] <= 140
    assert row[5:] == sorted(row[5:])
    assert row[-1] == 255


def test_a_thin_stroke_keeps_half_of_its_strength(file):
    opened, result = made(file, mask((1000, 500), (100, 100, 102, 400)), (1000, 500))
    assert result.box == (100, 100, 102, 400)
    assert opened.crop((100, 250, 102, 251)).tobytes() == b"\x7f\x7f"


def test_what_is_painted_up_to_the_border_stays_full_there(file):
    opened, _ = made(file, mask((1000, 500), (0, 0, 500, 500)), (1000, 500))
    assert opened.getpixel((0, 0)) == 255


def test_a_hole_in_a_picture_is_painted_anew(file):
    assert made(file, hole())[0].tobytes() == made(file, mask())[0].tobytes()


def test_a_picture_that_only_could_be_transparent_counts_by_its_brightness(file):
    drawn = Image.new("RGBA", SIZE, (0, 0, 0, 255))
    drawn.paste((255, 255, 255, 255), BOX)
    assert made(file, encoded(drawn))[0].tobytes() == made(file, mask(painted=BOX))[0].tobytes()


def test_sixteen_bits_are_read_by_their_upper_half(file):
    drawn = Image.new("I;16", SIZE)
    drawn.paste(65535, BOX)
    drawn.putpixel((40, 40), 300)  # nearly black, which a cut at 255 would make white
    assert made(file, encoded(drawn))[1].box == BOX


def test_specks_of_jpeg_do_not_count_as_painted(file):
    drawn = Image.new("L", SIZE)
    drawn.paste(255, BOX)
    box = made(file, encoded(drawn, "JPEG", quality=60))[1].box
    assert all(abs(side - wanted) <= 2 for side, wanted in zip(box, BOX, strict=True))


def test_another_size_of_the_same_shape_is_brought_to_that_of_the_picture(file):
    opened, result = made(file, mask((640, 480), (80, 80, 320, 320)))
    assert opened.size == SIZE
    assert result.box == BOX


def test_another_shape_is_refused_with_both_sizes(file):
    with pytest.raises(PromptError, match=r"64×48.*48×64") as caught:
        made(file, mask((64, 48)), (48, 64))
    assert [detail.parameter for detail in caught.value.details] == ["mask"]


def test_a_mask_from_a_camera_is_turned_before_it_is_compared(file):
    data = lying((64, 48))
    file.write_bytes(data)
    assert normalise(file, 48, 64).box == (0, 0, 48, 64)


@pytest.mark.parametrize("shade", [0, 9])
def test_a_mask_without_anything_painted_is_refused(file, shade):
    with pytest.raises(PromptError, match="Nothing is painted"):
        made(file, encoded(Image.new("RGB", SIZE, (shade, shade, shade))))


def test_the_same_mask_gives_the_same_bytes(file):
    assert made(file, hole())[1] == made(file, hole())[1]


def test_a_mask_of_ours_comes_back_as_it_is(file):
    first = made(file, encoded(strokes(SIZE)))[1]
    assert made(file, first.png)[1] == first


def test_a_mask_that_only_says_to_be_ours_is_made_into_one(file):
    info = PngInfo()
    info.add_text("imagine", "mask")
    drawn = Image.new("RGB", SIZE)
    drawn.paste((255, 255, 255), BOX)
    assert made(file, encoded(drawn, pnginfo=info))[0].tobytes() == made(file, mask())[0].tobytes()


def test_a_damaged_mask_says_so(file):
    with pytest.raises(StorageError, match="damaged"):
        made(file, mask()[:60])
