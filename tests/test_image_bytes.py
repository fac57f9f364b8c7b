"""The text in a PNG, read and written without decoding a pixel."""

import io
import zlib

import pytest
from PIL import Image, PngImagePlugin

from imagine.image_bytes import (
    PNG_HEAD_BYTES,
    a1111_parameters,
    read_text,
    with_text,
)
from tests.media import picture


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
