"""Pictures as bytes, read without decoding them."""

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from imagine.image_bytes import (
    PNG_HEAD_BYTES,
    a1111_parameters,
    is_whole,
    read_header,
    read_text,
    with_text,
)


def picture(kind: str, size: tuple[int, int] = (31, 17), mode: str = "RGB", **how: object) -> bytes:
    data = io.BytesIO()
    Image.radial_gradient("L").convert(mode).resize(size).save(data, kind, **how)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (picture("PNG"), "image/png"),
        (picture("PNG", mode="P"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("JPEG", progressive=True), "image/jpeg"),
        (picture("JPEG", exif=b"Exif\0\0" + b"x" * 60_000), "image/jpeg"),
        (picture("JPEG", comment=b"c" * 300), "image/jpeg"),
        (picture("WEBP"), "image/webp"),
        (picture("WEBP", lossless=True), "image/webp"),
        (picture("WEBP", mode="RGBA", exif=b"Exif\0\0"), "image/webp"),
    ],
)
def test_type_and_size_are_read_from_the_header_and_the_end_is_seen(data: bytes, media_type: str):
    header = read_header(data)
    assert header is not None
    assert (header.media_type, header.width, header.height) == (media_type, 31, 17)
    assert is_whole(media_type, data[:32], data[-32:], len(data))
    cut = data[:-5]
    assert not is_whole(media_type, cut[:32], cut[-32:], len(cut))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not a picture</html>",
        picture("GIF"),
        picture("PNG")[:20],
        picture("JPEG")[:10],
        picture("WEBP")[:20],
        b"RIFF\x10\0\0\0WEBPXXXX" + bytes(20),
        b"\xff\xd8\xff" + b"\xff" * 50,
        picture("PNG")[:16] + bytes(8) + picture("PNG")[24:],  # no pixel wide
    ],
)
def test_what_is_no_picture_has_no_header(data: bytes):
    assert read_header(data) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Größe: 3×4", b"tEXt"), ("лиса 狐", b"iTXt"), ("a\0b", b"tEXt"), ("", b"tEXt")],
)
def test_inserted_text_is_read_by_pillow_and_no_other_byte_changes(text: str, kind: bytes):
    png = picture("PNG")
    made = with_text(png, {"parameters": text, "imagine-index": "3"})
    with Image.open(io.BytesIO(made)) as read:
        read.load()  # checks the sums
        assert isinstance(read, PngImagePlugin.PngImageFile)
        assert read.text == {"parameters": text.replace("\0", ""), "imagine-index": "3"}
    assert made[PNG_HEAD_BYTES + 4 : PNG_HEAD_BYTES + 8] == kind
    assert made.startswith(png[:PNG_HEAD_BYTES])
    assert made.endswith(png[PNG_HEAD_BYTES:])


def test_texts_of_every_kind_are_read():
    packed = zlib.compress("лиса".encode())
    assert read_text(b"tEXt", b"key\0caf\xe9") == ("key", "café")
    assert read_text(b"zTXt", b"key\0\0" + zlib.compress(b"long")) == ("key", "long")
    assert read_text(b"iTXt", b"key\0\0\0en\0\0" + "лиса".encode()) == ("key", "лиса")
    assert read_text(b"iTXt", b"key\0\x01\0\0\0" + packed) == ("key", "лиса")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"IDAT", b"key\0text"),
        (b"zTXt", b"key\0\0not compressed"),
        (b"iTXt", b"key\0\0\0\0\0\xff\xfe"),
        (b"iTXt", b"key\0"),
        (b"iTXt", b""),
    ],
)
def test_broken_texts_are_left_out(kind: bytes, body: bytes):
    assert read_text(kind, body) is None


def test_a_text_that_unfolds_without_end_is_cut():
    body = b"key\0\0" + zlib.compress(bytes(40 * 2**20))
    found = read_text(b"zTXt", body)
    assert found is not None
    assert len(found[1]) == 16 * 2**20


def test_a_webp_with_odd_content_ends_on_an_even_byte():
    head = b"RIFF" + struct.pack("<I", 101) + b"WEBP"
    assert is_whole("image/webp", head, b"", 110)
    assert not is_whole("image/webp", head, b"", 109)


def test_settings_are_written_as_other_tools_read_them():
    used = {"steps": 25, "sampler": "euler", "scheduler": "normal", "cfg": 5.0, "seed": 42}
    used |= {"width": 1344, "height": 768, "model": "sd_xl_base_1.0.safetensors"}
    assert a1111_parameters("a red fox", "hat, dog", used) == (
        "a red fox\n"
        "Negative prompt: hat, dog\n"
        "Steps: 25, Sampler: euler, Schedule type: normal, CFG scale: 5.0, Seed: 42, "
        "Size: 1344x768, Model: sd_xl_base_1.0.safetensors"
    )


def test_settings_leave_out_what_there_is_not_and_quote_what_would_split():
    used = {"steps": 4, "model": 'odd, "name": x', "sampler": None}
    assert a1111_parameters("fox", None, used) == 'fox\nSteps: 4, Model: "odd, \\"name\\": x"'
    assert a1111_parameters("fox", "", {}) == "fox"
