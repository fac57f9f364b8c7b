"""WebM: a part of Matroska, in EBML.

Source: RFC 8794 (EBML), sections 4 to 6; RFC 9559 (Matroska), section 5; WebM container guidelines.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from imagine.media.base import BrokenFileError, Facts, Kind, OutputType, size_of, take

EBML, DOC_TYPE, SEGMENT, CLUSTER = 0x1A45DFA3, 0x4282, 0x18538067, 0x1F43B675
INFO, TIMESTAMP_SCALE, DURATION = 0x1549A966, 0x2AD7B1, 0x4489
TRACKS, TRACK_ENTRY, TRACK_TYPE, VIDEO = 0x1654AE6B, 0xAE, 0x83, 0xE0
PIXEL_WIDTH, PIXEL_HEIGHT = 0xB0, 0xBA
VIDEO_TRACK = 1
# Nanoseconds of a tick, where nobody says another number.
USUAL_SCALE = 1_000_000
# More than hours of film have; each element is at least 2 bytes, so no walk is endless.
MOST_ELEMENTS = 500_000
MOST_HEADER_BYTES = 2**20
# No number and no name that is read here is longer. Units: bytes.
MOST_BYTES = 8
# The header of every WebM begins its file, and is small.
HEAD_SEARCHED = 64


class Element(NamedTuple):
    """An element, by where its content stands; ``end`` is None when nobody knows it yet."""

    id: int
    start: int
    end: int | None


class Webm(OutputType):
    """WebM."""

    name = "WebM"
    media_type = "video/webm"
    extension = "webm"
    kind = Kind.VIDEO

    def fits(self, head: bytes, told: str) -> bool:
        return head.startswith(EBML.to_bytes(4)) and b"\x42\x82\x84webm" in head[:HEAD_SEARCHED]

    def describe(self, file: BinaryIO) -> Facts:
        scale, ticks = USUAL_SCALE, 0.0
        size: tuple[int, int] | None = None
        for element in _flat(file):
            if element.id == INFO and not ticks:
                for inner in _parts(file, element):
                    if inner.id == TIMESTAMP_SCALE:
                        scale = _number(file, inner)
                    elif inner.id == DURATION:
                        ticks = _float(file, inner)
            elif element.id == TRACKS and size is None:
                size = _picture_size(file, element)
        if size is None:
            raise BrokenFileError("it has no picture")
        return Facts(*size, ticks * scale / 1e9 if ticks > 0 else None)


def _flat(file: BinaryIO) -> Iterator[Element]:
    """Yield what stands in the segments of a file, to its end.

    Segments, and clusters whose end is not known, are walked through as if their content stood
    beside them: what has no end of its own ends where something else begins.

    Raises:
        BrokenFileError: something ends after the file.
    """
    whole = size_of(file)
    at = 0
    for _ in range(MOST_ELEMENTS):
        if at >= whole:
            return
        element = _element(file, at, whole)
        yield element
        is_open = element.end is None or element.id == SEGMENT
        at = element.start if is_open else element.end or whole
    raise BrokenFileError("it has too many parts")


def _parts(file: BinaryIO, whole: Element) -> Iterator[Element]:
    """Yield the elements of one that is part of a header."""
    at, end = whole.start, whole.end
    if end is None or end - at > MOST_HEADER_BYTES:
        raise BrokenFileError("its header is too long")
    while at < end:
        element = _element(file, at, end)
        if element.end is None:
            raise BrokenFileError("a part of its header has no end")
        yield element
        at = element.end


def _element(file: BinaryIO, at: int, limit: int) -> Element:
    file.seek(at)
    identity, _ = _variable(file, keeps_marker=True)
    size, is_unknown = _variable(file, keeps_marker=False)
    start = file.tell()
    if is_unknown and identity in (SEGMENT, CLUSTER):
        return Element(identity, start, None)
    if start + size > limit:
        raise BrokenFileError("a part ends after the file")
    return Element(identity, start, start + size)


def _variable(file: BinaryIO, *, keeps_marker: bool) -> tuple[int, bool]:
    """Read a number whose first byte tells its length; all ones stand for an unknown size."""
    first = take(file, 1)[0]
    if not first:
        raise BrokenFileError("a number is too long")
    length = 9 - first.bit_length()
    marker = 1 << (7 * length)
    number = int.from_bytes(bytes([first]) + take(file, length - 1))
    value = number - marker
    return (number if keeps_marker else value), value == marker - 1


def _content(file: BinaryIO, element: Element) -> bytes:
    assert element.end is not None, "only segments and clusters are open"
    length = element.end - element.start
    if length > MOST_BYTES:
        raise BrokenFileError("a number is too long")
    file.seek(element.start)
    return take(file, length)


def _number(file: BinaryIO, element: Element) -> int:
    return int.from_bytes(_content(file, element))


def _float(file: BinaryIO, element: Element) -> float:
    content = _content(file, element)
    match len(content):
        case 4:
            value: float = struct.unpack(">f", content)[0]
        case 8:
            value = struct.unpack(">d", content)[0]
        case _:
            return 0.0
    return value if 0 <= value < 2**53 else 0.0


def _picture_size(file: BinaryIO, tracks: Element) -> tuple[int, int] | None:
    """Return the size of the first track that is to be seen."""
    for entry in _parts(file, tracks):
        if entry.id != TRACK_ENTRY:
            continue
        sides = {PIXEL_WIDTH: 0, PIXEL_HEIGHT: 0}
        is_video = False
        for element in _parts(file, entry):
            if element.id == TRACK_TYPE:
                is_video = _number(file, element) == VIDEO_TRACK
            elif element.id == VIDEO:
                for inner in _parts(file, element):
                    if inner.id in sides:
                        sides[inner.id] = _number(file, inner)
        if is_video and all(sides.values()):
            return sides[PIXEL_WIDTH], sides[PIXEL_HEIGHT]
    return None
