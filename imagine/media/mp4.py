"""MP4: the boxes of the ISO base media file format.

Source: ISO/IEC 14496-12, sections 4.2 (boxes), 4.3 (brands), 8.2.2 (mvhd), 8.3.2 (tkhd), 8.4.2
(mdhd), 8.4.3 (hdlr), 8.8 (fragments).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import SEEK_CUR
from typing import Any, BinaryIO, NamedTuple

from imagine.media.base import BrokenFileError, Facts, Kind, OutputType, size_of, take

# Major brands of what players call MP4; still pictures (avif, heic), sound and QuickTime have
# others.
BRANDS = (b"iso", b"mp4", b"avc1", b"hvc1", b"av01", b"M4V", b"f4v", b"MSNV", b"dash", b"mmp4")
# More than any fragmented film has. Each box is at least 8 bytes, so no walk is endless; this one
# is also short.
MOST_BOXES = 200_000
MOST_SAMPLES = 10_000_000
# In `tfhd` and `trun`: what is there, in this order.
BASE_OFFSET, DESCRIPTION, DEFAULT_DURATION = 0x1, 0x2, 0x8
DATA_OFFSET, FIRST_FLAGS = 0x1, 0x4
SAMPLE_DURATION = 0x100
SAMPLE_FIELDS = (SAMPLE_DURATION, 0x200, 0x400, 0x800)


class Film(NamedTuple):
    """A file that is walked through, and what counts the boxes that may still come."""

    file: BinaryIO
    left: Iterator[int]


class Box(NamedTuple):
    """A box, by where its content stands."""

    kind: bytes
    start: int
    end: int


@dataclass(slots=True)
class Track:
    """What is told of a track. Units: pixels; ``scale`` ticks a second; ``ticks``."""

    number: int = 0
    width: int = 0
    height: int = 0
    scale: int = 0
    is_video: bool = False
    usual_duration: int = 0
    fragment_ticks: int = 0


@dataclass(slots=True)
class Movie:
    """What is told of a whole film. ``ticks`` is None while nobody says how long it is."""

    scale: int = 0
    ticks: int | None = None
    tracks: list[Track] = field(default_factory=list)
    usual: dict[int, int] = field(default_factory=dict)

    @property
    def video(self) -> Track | None:
        return next((track for track in self.tracks if track.is_video), None)

    def duration_s(self) -> float | None:
        if self.ticks and self.scale:
            return self.ticks / self.scale
        track = self.video
        if track is not None and track.fragment_ticks and track.scale:
            return track.fragment_ticks / track.scale
        return None


class Mp4(OutputType):
    """MP4, whole or in fragments."""

    name = "MP4"
    media_type = "video/mp4"
    extension = "mp4"
    kind = Kind.VIDEO

    def fits(self, head: bytes, told: str) -> bool:
        return head[4:8] == b"ftyp" and head[8:12].startswith(BRANDS)

    def describe(self, file: BinaryIO) -> Facts:
        film = Film(file, iter(range(MOST_BOXES)))
        movie: Movie | None = None
        for box in _boxes(film, 0, size_of(file)):
            if box.kind == b"moov" and movie is None:
                movie = _movie(film, box)
            elif box.kind == b"moof" and movie is not None:
                _fragment(film, box, movie)
        if movie is None:
            raise BrokenFileError("it has no header")
        track = movie.video
        return Facts(
            (track.width or None) if track else None,
            (track.height or None) if track else None,
            movie.duration_s(),
        )


def _boxes(film: Film, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places.

    Raises:
        BrokenFileError: they do not fill it exactly.
    """
    for _ in film.left:
        if start == end:
            return
        film.file.seek(start)
        size, kind = struct.unpack(">I4s", take(film.file, 8))
        header = 8
        if size == 1:
            (size,) = struct.unpack(">Q", take(film.file, 8))
            header = 16
        elif size == 0:  # to the end
            size = end - start
        if size < header or start + size > end:
            raise BrokenFileError("a box ends after the file")
        yield Box(kind, start + header, start + size)
        start += size
    raise BrokenFileError("it has too many boxes")


def _movie(film: Film, moov: Box) -> Movie:
    movie = Movie()
    for box in _boxes(film, moov.start, moov.end):
        if box.kind == b"mvhd":
            movie.scale, movie.ticks = _times(film, box)
        elif box.kind == b"trak":
            movie.tracks.append(_track(film, box))
        elif box.kind == b"mvex":
            for inner in _boxes(film, box.start, box.end):
                if inner.kind == b"mehd":
                    movie.ticks = _fragments_duration(film, inner)
                elif inner.kind == b"trex":
                    number, duration = _read(film, inner, ">4xI4xI")
                    movie.usual[number] = duration
    for track in movie.tracks:
        track.usual_duration = movie.usual.get(track.number, 0)
    return movie


def _track(film: Film, trak: Box) -> Track:
    track = Track()
    for box in _boxes(film, trak.start, trak.end):
        if box.kind == b"tkhd":
            _track_header(film, box, track)
        elif box.kind == b"mdia":
            for inner in _boxes(film, box.start, box.end):
                if inner.kind == b"mdhd":
                    track.scale, _ = _times(film, inner)
                elif inner.kind == b"hdlr":
                    (handler,) = _read(film, inner, ">8x4s")
                    track.is_video = handler == b"vide"
    return track


def _read(film: Film, box: Box, form: str) -> tuple[Any, ...]:
    """Read the fields at the beginning of a box."""
    if struct.calcsize(form) > box.end - box.start:
        raise BrokenFileError("a box is too short")
    film.file.seek(box.start)
    return struct.unpack(form, take(film.file, struct.calcsize(form)))


def _times(film: Film, box: Box) -> tuple[int, int | None]:
    """Return scale and duration of `mvhd` or `mdhd`; all ones stand for unknown."""
    (version,) = _read(film, box, ">B")
    form, unknown = (">4x16xIQ", 2**64 - 1) if version == 1 else (">4x8xII", 2**32 - 1)
    scale, ticks = _read(film, box, form)
    return scale, None if ticks == unknown else ticks


def _fragments_duration(film: Film, mehd: Box) -> int:
    (version,) = _read(film, mehd, ">B")
    (ticks,) = _read(film, mehd, ">4xQ" if version == 1 else ">4xI")
    return int(ticks)


def _track_header(film: Film, tkhd: Box, track: Track) -> None:
    """Read number and size of a track, as it is shown: the matrix may turn it by a quarter."""
    (version,) = _read(film, tkhd, ">B")
    times = ">4x16xI4x8x" if version == 1 else ">4x8xI4x4x"
    track.number, a, b, c, d, width, height = _read(film, tkhd, times + "16xii4xii16xII")
    is_turned = not a and not d and b and c
    sides = (height >> 16, width >> 16) if is_turned else (width >> 16, height >> 16)
    track.width, track.height = sides


def _fragment(film: Film, moof: Box, movie: Movie) -> None:
    """Add what a fragment says of the time of each track."""
    for traf in _boxes(film, moof.start, moof.end):
        if traf.kind != b"traf":
            continue
        track: Track | None = None
        usual = begin = ticks = 0
        for box in _boxes(film, traf.start, traf.end):
            if box.kind == b"tfhd":
                number, usual = _fragment_header(film, box)
                track = next((one for one in movie.tracks if one.number == number), None)
                usual = usual or (track.usual_duration if track else 0)
            elif box.kind == b"tfdt":
                (version,) = _read(film, box, ">B")
                (begin,) = _read(film, box, ">4xQ" if version == 1 else ">4xI")
            elif box.kind == b"trun":
                ticks += _samples_duration(film, box, usual)
        if track is not None:
            track.fragment_ticks = max(track.fragment_ticks, begin or track.fragment_ticks) + ticks


def _fragment_header(film: Film, tfhd: Box) -> tuple[int, int]:
    """Return the track of a fragment, and how long its samples usually are (0: not said)."""
    flags, number = _read(film, tfhd, ">II")
    skipped = 8 * bool(flags & BASE_OFFSET) + 4 * bool(flags & DESCRIPTION)
    if not flags & DEFAULT_DURATION:
        return number, 0
    (usual,) = _read(film, tfhd, f">8x{skipped}xI")
    return number, usual


def _samples_duration(film: Film, trun: Box, usual: int) -> int:
    flags, count = _read(film, trun, ">II")
    if not flags & SAMPLE_DURATION:
        return int(count) * usual
    size = 4 * sum(bool(flags & one) for one in SAMPLE_FIELDS)
    before = 4 * bool(flags & DATA_OFFSET) + 4 * bool(flags & FIRST_FLAGS)
    if count > MOST_SAMPLES or trun.start + 8 + before + count * size > trun.end:
        raise BrokenFileError("a run has more samples than it holds")
    film.file.seek(before, SEEK_CUR)
    table = take(film.file, count * size)
    return sum(int.from_bytes(table[at : at + 4]) for at in range(0, len(table), size))
