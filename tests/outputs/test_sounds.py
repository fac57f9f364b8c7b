"""Sounds as bytes: known by their beginning, measured by their headers, refused when cut."""

import io
import random

import pytest

from imagine.media import (
    INPUT_TYPES,
    BrokenFileError,
    Facts,
    Kind,
    input_type,
    of_extension,
    recognise,
)
from tests.media import flac, mp3, ogg, wav

SOUNDS = [one for one in INPUT_TYPES if one.kind is Kind.AUDIO]


def read(data: bytes) -> tuple[str, Facts]:
    kind = input_type(data[:64])
    assert kind is not None
    assert kind is of_extension(kind.extension)
    return kind.media_type, kind.describe(io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "media_type", "duration_s"),
    [
        (wav(500), "audio/wav", 0.5),
        (wav(500, before=b"LIST\x03\0\0\0abc\0"), "audio/wav", 0.5),
        (wav(500, length=0xFFFF_FFFF), "audio/wav", 0.5),
        (mp3(10), "audio/mpeg", 10 * 1152 / 44_100),
        (mp3(10, tag=300), "audio/mpeg", 10 * 1152 / 44_100),
        (mp3(10) + b"TAG" + bytes(125), "audio/mpeg", 10 * 1152 / 44_100),
        (flac(22_050), "audio/flac", 0.5),
        (flac(0), "audio/flac", None),
        (ogg("vorbis", 1500), "audio/ogg", 1.5),
        (ogg("opus", 1500), "audio/ogg", 1.5),
        (ogg("flac", 1500), "audio/ogg", 1.5),
    ],
)
def test_a_sound_is_known_by_its_bytes_and_says_how_long_it_is(data, media_type, duration_s):
    found, facts = read(data)
    assert (found, facts.width, facts.height) == (media_type, None, None)
    assert facts.duration_s == (None if duration_s is None else pytest.approx(duration_s))


@pytest.mark.parametrize(
    "data",
    [
        ogg("theora"),
        b"OggS",
        b"RIFF\0\0\0\0AVI LIST",
        b"\xff\xfe" + "a text".encode("utf-16-le"),
        b"\xff\xf1\x50\x80" + bytes(100),  # AAC
        b"",
    ],
)
def test_what_is_no_sound_of_these_is_of_no_kind(data: bytes):
    assert input_type(data) is None


@pytest.mark.parametrize(
    "data",
    [
        wav()[:-1],
        wav()[:30],
        mp3(1),
        mp3(0, tag=30),
        flac()[:60],
        flac()[:44] + b"\x84\xff\xff\xff" + bytes(50),
        ogg()[:-1],
        ogg("opus")[:36],
    ],
)
def test_a_sound_whose_header_tells_more_than_there_is_is_damaged(data: bytes):
    with pytest.raises(BrokenFileError):
        read(data)


@pytest.mark.parametrize("data", [mp3(11), mp3(11, tag=9), flac(), ogg(), wav()])
def test_a_sound_that_an_engine_gives_is_whole_or_not(data: bytes):
    kind = input_type(data[:64])
    assert kind is not None
    assert kind.is_whole(io.BytesIO(data))
    for cut in (data[:-1], data[:-9], data[: len(data) // 2]):
        try:
            assert not kind.is_whole(io.BytesIO(cut))
        except BrokenFileError:
            continue


@pytest.mark.parametrize("data", [mp3(11), flac()])
def test_an_old_tag_may_follow(data: bytes):
    kind = input_type(data[:64])
    assert kind is not None
    assert kind.is_whole(io.BytesIO(data + b"TAG" + bytes(125)))


def test_a_text_may_begin_as_a_tag_does():
    found = recognise(b"ID3 was a tag of old, and this is a text about it.", "text/plain")
    assert found is of_extension("txt")


@pytest.mark.parametrize("data", [wav(20), mp3(3, tag=9), flac(), ogg(), ogg("opus"), ogg("flac")])
def test_bytes_of_strangers_raise_nothing_else(data: bytes):
    draw = random.Random(data)
    cut = [data[:end] for end in range(min(len(data), 300))]
    for broken in (bytearray(draw.choice((data, *cut))) for _ in range(300)):
        for _ in range(draw.randint(0, 6)):
            if broken:
                broken[draw.randrange(min(len(broken), 200))] = draw.choice((0, 1, 8, 128, 255))
        for kind in SOUNDS:
            kind.fits(bytes(broken[:64]), "")
            try:
                kind.describe(io.BytesIO(bytes(broken)))
            except BrokenFileError:
                continue
