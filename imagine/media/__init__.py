"""What an engine may give or begin from: one class for each kind of file, and tables of them.

Pure on bytes and open files. To add a kind, write a class and put it into the table: then it is
taken in, named, served, told and found again (``docs/outputs.md``, "Adding a kind").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from imagine.image_bytes import INPUT_LIMIT, MEDIA_LIMIT
from imagine.media.base import (
    HEAD_BYTES,
    BrokenFileError,
    Facts,
    Kind,
    OutputType,
)
from imagine.media.gif import Gif
from imagine.media.glb import Glb
from imagine.media.jpeg import Jpeg
from imagine.media.mp4 import Mp4
from imagine.media.picture import PictureType
from imagine.media.png import Png
from imagine.media.sounds import Flac, Mp3, Ogg, Wav
from imagine.media.text import Text
from imagine.media.webm import Webm
from imagine.media.webp import Webp

__all__ = [
    "HEAD_BYTES",
    "INPUT_TYPES",
    "OUTPUT_TYPES",
    "PICTURE_TYPES",
    "BrokenFileError",
    "Facts",
    "Header",
    "Kind",
    "OutputType",
    "called",
    "input_limit",
    "input_type",
    "listed",
    "listed_inputs",
    "of_extension",
    "of_media_type",
    "read_header",
    "recognise",
    "what_else",
]

# Given by engines, and taken from people.
SOUND_TYPES: Final[tuple[OutputType, ...]] = (Wav(), Mp3(), Flac(), Ogg())
# What an engine may give. A list, so that it can grow before a server starts; nothing keeps a copy.
OUTPUT_TYPES: Final[list[OutputType]] = [
    Png(),
    Jpeg(),
    Webp(),
    Gif(),
    Mp4(),
    Webm(),
    *SOUND_TYPES,
    Glb(),
    Text(),
]
# What a graph may begin from: still pictures that everything can decode, videos and sounds.
PICTURE_TYPES: Final[tuple[PictureType, ...]] = (Png(), Jpeg(), Webp())
INPUT_TYPES: Final[tuple[OutputType, ...]] = (
    *PICTURE_TYPES,
    *(Mp4(), Webm()),
    *SOUND_TYPES,
)


def recognise(head: bytes, told: str = "") -> OutputType | None:
    """Return of what kind a file is that begins so; None: of none that is taken."""
    return next((one for one in OUTPUT_TYPES if one.fits(head, told)), None)


def input_type(head: bytes) -> OutputType | None:
    """Return of what kind a file is that comes in and begins so; None: of none that is taken."""
    return next((one for one in INPUT_TYPES if one.fits(head, "")), None)


def input_limit(kind: Kind) -> int:
    """Return how much a file of a kind may have that comes in. Units: bytes."""
    return INPUT_LIMIT if kind is Kind.IMAGE else MEDIA_LIMIT


def of_extension(extension: str) -> OutputType | None:
    """Return the kind of a file name's ending, without its dot."""
    return next((one for one in _all() if one.extension == extension), None)


def of_media_type(media_type: str) -> OutputType | None:
    return next((one for one in _all() if one.media_type == media_type), None)


def _all() -> Iterator[OutputType]:
    yield from OUTPUT_TYPES
    yield from INPUT_TYPES


def listed() -> str:
    """Return the names of all kinds, as they stand in a sentence."""
    return _joined(OUTPUT_TYPES, "and")


def listed_inputs(kind: Kind) -> str:
    """Return the names of what comes in of one kind, as they stand in a sentence."""
    return _joined([one for one in INPUT_TYPES if one.kind is kind], "or")


def _joined(types: Sequence[OutputType], word: str) -> str:
    *most, last = dict.fromkeys(one.name for one in types)
    return f"{', '.join(most)} {word} {last}" if most else last


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a picture that comes in say of it. Units: pixels."""

    media_type: str
    extension: str
    width: int
    height: int


def read_header(head: bytes) -> Header | None:
    """Return type and size of a picture from its first bytes; None when it is none."""
    for one in PICTURE_TYPES:
        if one.fits(head, ""):
            try:
                width, height = one.size(BytesIO(head))
            except BrokenFileError:
                return None
            return Header(one.media_type, one.extension, width, height) if width * height else None
    return None


def what_else(media_type: str, duration_s: float | None) -> str | None:
    """Say what an output is that is no still picture, such as "a video (MP4)"; else None."""
    found = of_media_type(media_type)
    if found is None:
        return f"a file of another kind ({media_type})"
    if found.kind is Kind.IMAGE and duration_s is None:
        return None
    return called(found, duration_s)


def called(found: OutputType, duration_s: float | None) -> str:
    """Say what a file is, such as "a video (MP4)"."""
    match found.kind:
        case Kind.IMAGE:
            moving = "picture" if duration_s is None else "moving picture"
            return f"a {moving} ({found.name})"
        case Kind.VIDEO:
            return f"a video ({found.name})"
        case Kind.AUDIO:
            return f"a sound ({found.name})"
        case Kind.MODEL:
            return f"a 3D model ({found.name})"
        case Kind.TEXT:
            return "a text"
