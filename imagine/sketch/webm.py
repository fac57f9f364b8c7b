"""A video file without an encoder: VP8 key frames out of lossy WebP pictures, in a WebM container.

A lossy WebP is one key frame of VP8 in a RIFF wrapping, and a video may have nothing but key
frames. Larger than a real encoder's file, but true: every player shows it, and can seek anywhere.

Source: RFC 8794 (EBML), RFC 9559 (Matroska: elements and their numbers), the WebM project's
container guidelines (VP8, one SimpleBlock a frame), RFC 9649 (WebP: the chunk ``VP8 ``).
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO

from PIL import Image

WRITER = "Imagine sketch engine"

# Element numbers, as they stand in the file.
EBML, SEGMENT, INFO, TRACKS, CLUSTER, CUES = (
    *(0x1A45DFA3, 0x18538067, 0x1549A966),
    *(0x1654AE6B, 0x1F43B675, 0x1C53BB6B),
)
# Times count in ms. A block tells its own within 16 bits from its cluster's.
SCALE_NS = 1_000_000
CLUSTER_MS = 5_000
KEY_FRAME = 0x80
TRACK = 1


def webm(pictures: Sequence[Image.Image], fps: float, quality: int = 80) -> bytes:
    """Return a video of pictures of one size; the same object again is no frame of its own.

    Raises:
        ValueError: there are no pictures.
    """
    if not pictures:
        raise ValueError("a video has at least one picture")
    width, height = pictures[0].size
    frames = [
        (round(number * 1000 / fps), _vp8(picture, quality))
        for number, picture in enumerate(pictures)
        if number == 0 or picture is not pictures[number - 1]
    ]
    info = _element(
        INFO,
        _number(0x2AD7B1, SCALE_NS),
        _element(0x4489, struct.pack(">d", len(pictures) * 1000 / fps)),
        _text(0x4D80, WRITER),
        _text(0x5741, WRITER),
    )
    tracks = _element(TRACKS, _element(0xAE, *_track(width, height)))
    # Where a cluster lies is told from the beginning of the segment's content.
    clusters, cues, place = [], [], len(info) + len(tracks)
    for start_ms, group in _grouped(frames):
        cues.append(_cue(start_ms, place))
        clusters.append(_element(CLUSTER, _number(0xE7, start_ms), *_blocks(group, start_ms)))
        place += len(clusters[-1])
    return _head() + _element(SEGMENT, info, tracks, *clusters, _element(CUES, *cues))


def _vp8(picture: Image.Image, quality: int) -> bytes:
    """Return a picture as one key frame."""
    out = BytesIO()
    picture.convert("RGB").save(out, "WEBP", quality=quality, method=0)
    data = out.getvalue()
    at = 12
    while data[at : at + 4] != b"VP8 ":
        (length,) = struct.unpack_from("<I", data, at + 4)
        at += 8 + length + length % 2
    (length,) = struct.unpack_from("<I", data, at + 4)
    return data[at + 8 : at + 8 + length]


def _head() -> bytes:
    return _element(
        EBML,
        *(_number(number, 1) for number in (0x4286, 0x42F7)),
        *(_number(number, value) for number, value in ((0x42F2, 4), (0x42F3, 8))),
        _text(0x4282, "webm"),
        *(_number(number, 2) for number in (0x4287, 0x4285)),
    )


def _track(width: int, height: int) -> Iterator[bytes]:
    yield from (_number(number, TRACK) for number in (0xD7, 0x73C5, 0x83))
    yield _text(0x86, "V_VP8")
    yield _element(0xE0, _number(0xB0, width), _number(0xBA, height))


def _grouped(frames: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, list[tuple[int, bytes]]]]:
    """Yield the frames of each cluster, with the time at which it begins."""
    group: list[tuple[int, bytes]] = []
    for frame in frames:
        if group and frame[0] - group[0][0] > CLUSTER_MS:
            yield group[0][0], group
            group = []
        group.append(frame)
    yield group[0][0], group


def _blocks(group: Iterable[tuple[int, bytes]], start_ms: int) -> Iterator[bytes]:
    for time_ms, frame in group:
        head = struct.pack(">BhB", 0x80 | TRACK, time_ms - start_ms, KEY_FRAME)
        yield _element(0xA3, head, frame)


def _cue(time_ms: int, place: int) -> bytes:
    where = _element(0xB7, _number(0xF7, TRACK), _number(0xF1, place))
    return _element(0xBB, _number(0xB3, time_ms), where)


def _element(number: int, *content: bytes) -> bytes:
    body = b"".join(content)
    # Seven bits of a length to the byte; all ones would say that nobody knows it.
    width = next(n for n in range(1, 9) if len(body) < (1 << 7 * n) - 1)
    length = (1 << 7 * width | len(body)).to_bytes(width, "big")
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + length + body


def _number(number: int, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _text(number: int, value: str) -> bytes:
    return _element(number, value.encode())
