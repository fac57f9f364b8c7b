"""What files of every kind say of themselves, and that bytes of strangers break nothing."""

import io
import random
import struct

import pytest

from imagine.media import (
    OUTPUT_TYPES,
    BrokenFileError,
    Facts,
    Kind,
    OutputType,
    of_extension,
    of_media_type,
    read_header,
    recognise,
    what_else,
)
from imagine.media.base import TEXT_LIMIT
from imagine.media.mp4 import Mp4
from imagine.media.text import Text
from imagine.media.webm import Webm
from imagine.models import JobImage
from tests.media import (
    TURNED,
    animation,
    big_box,
    box,
    cluster,
    ebml,
    element,
    flac,
    glb,
    info,
    live_webm,
    movie_header,
    mp3,
    mp4,
    ogg,
    open_box,
    open_element,
    picture,
    track,
    tracks,
    wav,
    webm,
)

FTYP = box("ftyp", b"mp42", bytes(4), b"isom")
UNKNOWN_32, UNKNOWN_64 = 2**32 - 1, 2**64 - 1


def one(extension: str) -> OutputType:
    found = of_extension(extension)
    assert found is not None
    return found


def facts(data: bytes, told: str = "") -> Facts:
    found = recognise(data[:64], told)
    assert found is not None
    assert found.is_whole(io.BytesIO(data))
    return found.describe(io.BytesIO(data))


SAMPLES: dict[str, tuple[bytes, Facts]] = {
    "png": (picture("PNG"), Facts(31, 17)),
    "jpg": (picture("JPEG", exif=b"Exif\0\0" + b"x" * 60_000), Facts(31, 17)),
    "webp": (picture("WEBP"), Facts(31, 17)),
    "gif": (picture("GIF"), Facts(31, 17)),
    "mp4": (mp4(), Facts(64, 48, 2.5)),
    "webm": (webm(), Facts(64, 48, 1.5)),
    "wav": (wav(500), Facts(duration_s=0.5)),
    "mp3": (mp3(11), Facts(duration_s=11 * 1152 / 44_100)),
    "flac": (flac(), Facts(duration_s=1.0)),
    "ogg": (ogg("opus", 1500), Facts(duration_s=1.5)),
    "glb": (glb(), Facts()),
    "txt": ("лиса".encode() * 100, Facts()),
}


@pytest.mark.parametrize("kind", [one.extension for one in OUTPUT_TYPES])
def test_every_kind_of_the_table_is_known_by_its_bytes(kind: str):
    data, said = SAMPLES[kind]
    found = recognise(data[:64], "text/plain")
    assert found is of_extension(kind) is of_media_type(one(kind).media_type)
    assert facts(data, "text/plain") == said


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_picture_that_moves_says_for_how_long(kind: str):
    assert facts(animation(kind, frames=4, frame_ms=250)) == Facts(31, 17, 1.0)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_single_frame_does_not_move(kind: str):
    assert facts(animation(kind, frames=1)) == Facts(31, 17)


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
def test_type_and_size_of_what_comes_in_are_read_from_its_beginning(data: bytes, media_type: str):
    header = read_header(data)
    assert header is not None
    assert (header.media_type, header.width, header.height) == (media_type, 31, 17)
    assert facts(data) == Facts(31, 17)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not a picture</html>",
        picture("GIF"),
        mp4(),
        picture("PNG")[:20],
        picture("JPEG")[:10],
        picture("WEBP")[:20],
        b"RIFF\x10\0\0\0WEBPXXXX" + bytes(20),
        b"\xff\xd8\xff" + b"\xff" * 50,
        picture("PNG")[:16] + bytes(8) + picture("PNG")[24:],  # no pixel wide
    ],
)
def test_what_is_no_still_picture_cannot_come_in(data: bytes):
    assert read_header(data) is None


def test_a_webp_with_odd_content_ends_on_an_even_byte():
    head = b"RIFF" + struct.pack("<I", 101) + b"WEBP"
    assert one("webp").is_whole(io.BytesIO(head + bytes(98)))
    assert not one("webp").is_whole(io.BytesIO(head + bytes(97)))


# --- MP4


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("at_end", [True, False])
def test_the_header_of_an_mp4_may_stand_anywhere(at_end: bool, version: int):
    data = mp4((640, 360), 90_500, at_end=at_end, version=version)
    assert facts(data) == Facts(640, 360, 90.5)


def test_boxes_may_have_long_lengths_or_go_to_the_end():
    header = big_box("moov", movie_header(1000), track((64, 48)))
    assert facts(FTYP + header + open_box("mdat", b"frames")) == Facts(64, 48, 1.0)


def test_a_film_on_its_side_has_the_size_in_which_it_is_shown():
    header = box("moov", movie_header(1000), track((64, 48), matrix=TURNED))
    assert facts(FTYP + header) == Facts(48, 64, 1.0)


def test_the_sound_of_a_film_says_nothing_of_its_size():
    sound = track((0, 0), number=2, handler=b"soun")
    header = box("moov", movie_header(1000), sound, track((64, 48)))
    assert facts(FTYP + header) == Facts(64, 48, 1.0)


@pytest.mark.parametrize(("version", "ticks"), [(0, UNKNOWN_32), (1, UNKNOWN_64), (0, 0)])
def test_a_film_of_unknown_length_has_no_duration(version: int, ticks: int):
    header = box("moov", movie_header(ticks, version=version), track((64, 48)))
    assert facts(FTYP + header) == Facts(64, 48)
    header = box("moov", movie_header(5, scale=0), track((64, 48)))
    assert facts(FTYP + header) == Facts(64, 48)


@pytest.mark.parametrize("version", [0, 1])
def test_a_film_in_fragments_may_say_its_length(version: int):
    length = (7000).to_bytes(8 if version else 4)
    extends = box("mvex", box("mehd", bytes([version, 0, 0, 0]), length))
    header = box("moov", movie_header(0), track((64, 48)), extends)
    assert facts(FTYP + header) == Facts(64, 48, 7.0)


def run(count: int, durations: list[int] | None = None) -> bytes:
    """A run of samples that have a size each, and perhaps a duration."""
    flags = 0x201 | (0x100 if durations else 0)
    rows = [struct.pack(">II", d, 9) for d in durations or ()] or [struct.pack(">I", 9)] * count
    return box("trun", struct.pack(">III", flags, count, 0), *rows)


def test_a_film_in_fragments_without_a_length_is_as_long_as_its_samples():
    usual = box("trex", struct.pack(">IIIIII", 0, 1, 1, 40, 0, 0))
    header = box("moov", movie_header(0), track((64, 48), scale=1000), box("mvex", usual))
    first = box("traf", box("tfhd", struct.pack(">II", 0, 1)), run(5))
    own = box("tfhd", struct.pack(">IIQI", 0x9, 1, 0, 100))
    second = box("traf", own, box("tfdt", struct.pack(">II", 0, 200)), run(3))
    third = box("traf", box("tfhd", struct.pack(">II", 0, 1)), run(2, [30, 70]))
    parts = [box("moof", part) + box("mdat", b"frames") for part in (first, second, third)]
    assert facts(FTYP + header + b"".join(parts)) == Facts(64, 48, 0.6)


@pytest.mark.parametrize("brand", [b"avif", b"heic", b"qt  ", b"M4A "])
def test_other_files_of_boxes_are_no_mp4(brand: bytes):
    assert recognise(box("ftyp", brand, bytes(40))) is None


@pytest.mark.parametrize(
    "data",
    [
        FTYP,
        FTYP + box("moov")[:-1],
        FTYP + struct.pack(">I4s", 4, b"moov"),
        FTYP + struct.pack(">I4sQ", 1, b"moov", 2**63),
        FTYP + struct.pack(">I4sQ", 1, b"moov", 7),
        FTYP + box("moov", box("mvhd", b"short")),
        FTYP + box("moov", movie_header(1), track((1, 1)), b"rest"),
        mp4()[:-1],
        mp4() + b"\0",
        FTYP
        + box("moov", movie_header(0), track((1, 1)))
        + box("moof", box("traf", box("trun", struct.pack(">II", 0x100, 2**31)))),
    ],
)
def test_a_broken_mp4_is_broken(data: bytes):
    with pytest.raises(BrokenFileError):
        Mp4().describe(io.BytesIO(data))


# --- WebM


def test_a_webm_counts_in_its_own_ticks():
    data = ebml() + element(0x18538067, info(3.0, 500_000_000), tracks((320, 240)))
    assert facts(data) == Facts(320, 240, 1.5)
    data = ebml() + element(0x18538067, tracks((320, 240)), info(3000.0))
    assert facts(data) == Facts(320, 240, 3.0)


def test_a_webm_of_unknown_lengths_is_read_to_its_end():
    assert facts(live_webm()) == Facts(64, 48)
    assert facts(live_webm(duration_ms=80.0)) == Facts(64, 48, 0.08)
    with pytest.raises(BrokenFileError):
        Webm().is_whole(io.BytesIO(live_webm()[:-1]))


def test_the_sound_of_a_webm_says_nothing_of_its_size():
    sound = element(0xAE, element(0x83, b"\2"), element(0xE0, element(0xB0, b"\7")))
    assert facts(ebml() + element(0x18538067, tracks((64, 48), sound), info(1.0))).width == 64


@pytest.mark.parametrize("duration", [float("nan"), float("inf"), -1.0])
def test_a_length_that_is_no_length_is_none(duration: float):
    assert facts(webm(duration_ms=duration)) == Facts(64, 48)


@pytest.mark.parametrize(
    "data",
    [
        ebml(),
        ebml() + element(0x18538067, info(1.0)),
        ebml() + element(0x18538067, open_element(0x1654AE6B), *cluster()),
        ebml() + open_element(0x18538067, element(0x1549A966, b"\x44\x89")),
        ebml()
        + element(0x18538067, tracks((1, 1)), element(0x1549A966, b"\x44\x89\x89" + b"x" * 9)),
        ebml() + element(0x18538067, tracks((1, 1))) + b"\0",
        webm()[:-1],
        webm()[:60],
    ],
)
def test_a_broken_webm_is_broken(data: bytes):
    with pytest.raises(BrokenFileError):
        Webm().describe(io.BytesIO(data))


def test_other_files_of_ebml_are_no_webm():
    assert recognise(ebml(b"matroska")) is None


# --- the others


@pytest.mark.parametrize(
    "data", [glb(version=1), glb() + b"more", glb()[:-1], b"glTF", b"glTF" + bytes(8)]
)
def test_a_broken_glb_is_broken(data: bytes):
    with pytest.raises(BrokenFileError):
        one("glb").describe(io.BytesIO(data))


def test_an_image_that_was_stored_before_still_loads():
    old = {"index": 0, "url": "u", "thumbnail": "t", "width": 8, "height": 8}
    image = JobImage.model_validate(old | {"media_type": "image/png", "bytes": 9})
    assert (image.duration_s, image.thumbnail) == (None, "t")


@pytest.mark.parametrize(
    ("data", "told", "is_text"),
    [
        (b"a red fox", "text/plain", True),
        ("\ufeffлиса 狐".encode(), "text/markdown", True),
        (b"<html>502</html>", "text/html", False),
        (b"a red fox", "image/png", False),
        (b"caf\xe9 au lait", "text/plain", False),
        (b"a\0b", "text/plain", False),
    ],
)
def test_a_text_is_one_when_it_is_called_so_and_is_utf_8(data: bytes, told: str, is_text: bool):
    assert isinstance(recognise(data, told), Text) is is_text


def test_a_text_is_seen_by_a_beginning_that_cuts_a_character():
    assert recognise("狐".encode()[:2], "text/plain") is not None
    with pytest.raises(BrokenFileError):
        Text().describe(io.BytesIO("狐".encode()[:2]))
    with pytest.raises(BrokenFileError):
        Text().describe(io.BytesIO(b"x" * (TEXT_LIMIT + 1)))


@pytest.mark.parametrize(
    ("media_type", "duration_s", "said"),
    [
        ("image/png", None, None),
        ("image/gif", None, None),
        ("image/webp", 1.0, "a moving picture (WebP)"),
        ("video/mp4", None, "a video (MP4)"),
        ("model/gltf-binary", None, "a 3D model (GLB)"),
        ("text/plain", None, "a text"),
        ("audio/flac", 2.0, "a sound (FLAC)"),
        ("audio/midi", None, "a file of another kind (audio/midi)"),
    ],
)
def test_what_is_no_still_picture_is_called_by_its_name(media_type, duration_s, said):
    assert what_else(media_type, duration_s) == said


# --- bytes of strangers

WHOLE = [
    *(data for data, _ in SAMPLES.values()),
    *(animation(kind) for kind in ("GIF", "WEBP", "PNG")),
    mp4(at_end=True, version=1),
    live_webm(),
]


def read_all(data: bytes) -> None:
    """Let every kind read these bytes: nothing but the one error may come of it."""
    recognise(data[:64], "text/plain")
    for kind in OUTPUT_TYPES:
        for read in (kind.describe, kind.is_whole):
            try:
                read(io.BytesIO(data))
            except BrokenFileError:
                continue


@pytest.mark.parametrize("data", WHOLE)
def test_a_file_cut_anywhere_raises_nothing_else(data: bytes):
    for end in {*range(min(len(data), 400)), *range(0, len(data), 97)}:
        read_all(data[:end])


@pytest.mark.parametrize("data", WHOLE)
def test_a_file_with_wrong_bytes_raises_nothing_else(data: bytes):
    draw = random.Random(data)
    for _ in range(150):
        broken = bytearray(data)
        for _ in range(draw.randint(1, 8)):
            broken[draw.randrange(min(len(broken), 2000))] = draw.choice((0, 1, 255, 128, 8))
        read_all(bytes(broken))


@pytest.mark.parametrize(
    "data",
    [
        FTYP + box("moov", movie_header(0)) + box("moof", box("traf")) * 100_001,
        FTYP + box("moov", movie_header(0), box("free") * 200_001),
        ebml() + open_element(0x18538067) + b"\xec\x80" * 500_001,
        ebml() + element(0x18538067, element(0x1549A966, b"\xec\x80" * 600_000)),
    ],
    ids=["fragments", "boxes", "elements", "header"],
)
def test_a_file_of_countless_parts_is_given_up(data: bytes):
    kind = recognise(data[:64])
    assert kind is not None
    with pytest.raises(BrokenFileError, match="too"):
        kind.describe(io.BytesIO(data))


def test_noise_raises_nothing_else():
    draw = random.Random(5)
    heads = [b"", *(data[:40] for data in WHOLE)]
    for _ in range(400):
        read_all(draw.choice(heads) + draw.randbytes(draw.randint(0, 300)))


def is_whole(kind: OutputType, data: bytes) -> bool:
    try:
        return kind.is_whole(io.BytesIO(data))
    except BrokenFileError:
        return False


@pytest.mark.parametrize("kind", [one for one in OUTPUT_TYPES if one.kind is not Kind.TEXT])
def test_a_file_that_breaks_off_is_not_whole(kind: OutputType):
    data, _ = SAMPLES[kind.extension]
    assert is_whole(kind, data)
    assert not is_whole(kind, data[:-5])
    assert not is_whole(kind, data[: len(data) // 2])
