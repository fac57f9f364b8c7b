"""Sounds: WAV, MP3, FLAC and Ogg, of which only headers are read.

Source: Microsoft "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE); ID3
tag version 2.4.0, "Main Structure", section 3.1; ISO/IEC 11172-3, section 2.4.2.3 and 13818-3 (the
headers of MPEG audio frames); RFC 9639 (FLAC), sections 8 and 9; RFC 3533 (Ogg), section 6; Vorbis
I specification, section 4.2.2; RFC 7845 (Opus in Ogg), section 5.1.
"""

import struct
from collections.abc import Iterator
from io import SEEK_CUR
from typing import BinaryIO

from imagine.media.base import (
    BrokenFileError,
    Facts,
    Kind,
    OutputType,
    size_of,
    tail_of,
    take,
)

# More than any file has of them; each walk ends at the end of the file at the latest.
MOST_CHUNKS = 10_000
MOST_FRAMES = 5_000_000
# What writers put in place of a length that they do not know.
UNKNOWN_LENGTH = 0xFFFF_FFFF
OPUS_RATE = 48_000
# No page of Ogg is longer. Units: bytes.
LONGEST_PAGE = 27 + 255 + 255 * 255
# The last frame of a FLAC is looked for in so much, far more than one has. Units: bytes.
LAST_FRAME = 256 * 2**10
# By what its sums are divided, without the highest bit.
FLAC_SUM = 0x8005
# A tag of old behind all frames: ID3 version 1.
OLD_TAG = 128


class SoundType(OutputType):
    """A sound, that a browser plays."""

    kind = Kind.AUDIO


class Wav(SoundType):
    """WAV."""

    name = "WAV"
    media_type = "audio/wav"
    extension = "wav"

    def fits(self, head: bytes, told: str) -> bool:
        return head[:4] == b"RIFF" and head[8:12] == b"WAVE"

    def describe(self, file: BinaryIO) -> Facts:
        whole, at, rate = size_of(file), 12, 0
        for _ in range(MOST_CHUNKS):
            file.seek(at)
            kind, length = struct.unpack("<4sI", take(file, 8))
            if kind == b"fmt ":
                (rate,) = struct.unpack("<8xI", take(file, 12))
            elif kind == b"data":
                left = whole - at - 8
                if length == UNKNOWN_LENGTH:
                    length = left
                if length > left:
                    raise BrokenFileError("it ends too early")
                return Facts(duration_s=length / rate if rate else None)
            at += 8 + length + length % 2
        raise BrokenFileError("it has too many parts")


class Mp3(SoundType):
    """MP3, with or without a tag in front."""

    name = "MP3"
    media_type = "audio/mpeg"
    extension = "mp3"

    def fits(self, head: bytes, told: str) -> bool:
        # A text that begins with the same letters goes on with one that is no version.
        is_tagged = head[:3] == b"ID3" and head[3:4] < b" "
        return is_tagged or _frame(head[:4]) is not None

    def describe(self, file: BinaryIO) -> Facts:
        return Facts(duration_s=_walk(file)[1])

    def is_whole(self, file: BinaryIO) -> bool:
        """Whether no frame begins that does not end."""
        file.seek(_walk(file)[0])
        return _frame(file.read(4)) is None


def _walk(file: BinaryIO) -> tuple[int, float]:
    """Go from frame to frame: nothing else tells how long a file is whose rate changes.

    Return where that ends, and after how many seconds.
    """
    at, whole = _behind_tag(file), size_of(file)
    frames, seconds = 0, 0.0
    while frames < MOST_FRAMES:
        file.seek(at)
        frame = _frame(file.read(4))
        if frame is None or at + frame[0] > whole:
            break
        at += frame[0]
        seconds += frame[1]
        frames += 1
    # A single one may be an accident of other bytes.
    if frames < 2:
        raise BrokenFileError("it has no frames")
    return at, seconds


# By version (2.5, none, 2, 1) and place: units of 1000 bits a second, and of samples a second.
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLES = ((11025, 12000, 8000), None, (22050, 24000, 16000), (44100, 48000, 32000))
_LAYER_3 = 1


def _frame(header: bytes) -> tuple[int, float] | None:
    """Return length and duration of a frame of MP3; None when it begins otherwise."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    rates, place, speed = _SAMPLES[version], header[2] >> 4, header[2] >> 2 & 3
    if layer != _LAYER_3 or rates is None or not 0 < place < 15 or speed == 3:
        return None
    is_first = version == 3
    bits = 1000 * (_RATES_1 if is_first else _RATES_2)[place]
    count, rate = 1152 if is_first else 576, rates[speed]
    return count // 8 * bits // rate + (header[2] >> 1 & 1), count / rate


def _behind_tag(file: BinaryIO) -> int:
    """Return where the frames begin."""
    file.seek(0)
    head = take(file, 10)
    if head[:3] != b"ID3":
        return 0
    # Each byte of its length has seven bits.
    length = sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(head[6:]))
    return 10 + length + (10 if head[5] & 0x10 else 0)


class Flac(SoundType):
    """FLAC."""

    name = "FLAC"
    media_type = "audio/flac"
    extension = "flac"

    def fits(self, head: bytes, told: str) -> bool:
        return head[:4] == b"fLaC"

    def describe(self, file: BinaryIO) -> Facts:
        file.seek(4)
        kind, length = _block(file)
        if kind & 0x7F or length < 18:
            raise BrokenFileError("it does not begin with what it holds")
        packed = int.from_bytes(take(file, 18)[10:])
        rate, count = packed >> 44, packed & (1 << 36) - 1
        file.seek(length - 18, SEEK_CUR)
        while not kind & 0x80:
            kind, length = _block(file)
            file.seek(length, SEEK_CUR)
        sync = take(file, 2)
        if sync[0] != 0xFF or sync[1] & 0xFC != 0xF8:
            raise BrokenFileError("it has no frames")
        return Facts(duration_s=count / rate if rate and count else None)

    def is_whole(self, file: BinaryIO) -> bool:
        """Whether a frame ends where the file does: then its sum is right."""
        self.describe(file)
        tail = tail_of(file, LAST_FRAME)
        if tail[-OLD_TAG:].startswith(b"TAG"):
            tail = tail[:-OLD_TAG]
        return _ends_a_frame(tail)


def _undone() -> Iterator[int]:
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = (rest ^ FLAC_SUM) >> 1 | 0x8000 if rest & 1 else rest >> 1
        yield rest


_UNDONE = tuple(_undone())


def _ends_a_frame(tail: bytes) -> bool:
    """Say whether a frame ends where bytes do: its CRC-16 with its own sum at its end is 0.

    Counted backwards, so that each byte is looked at once wherever the frame begins.
    """
    rest, behind = 0, 0
    for byte in reversed(tail):
        rest = rest >> 8 ^ _UNDONE[rest & 0xFF] ^ byte << 8
        if not rest and byte == 0xFF and behind & 0xFE == 0xF8:
            return True
        behind = byte
    return False


def _block(file: BinaryIO) -> tuple[int, int]:
    """Return kind and length of a block of FLAC's header; the highest bit marks the last."""
    header = take(file, 4)
    return header[0], int.from_bytes(header[1:])


class Ogg(SoundType):
    """Ogg with Vorbis, Opus or FLAC in it."""

    name = "OGG"
    media_type = "audio/ogg"
    extension = "ogg"

    def fits(self, head: bytes, told: str) -> bool:
        packet = _first_packet(head)
        return packet.startswith((b"\x01vorbis", b"OpusHead", b"\x7fFLAC"))

    def describe(self, file: BinaryIO) -> Facts:
        file.seek(0)
        packet = _first_packet(file.read(LONGEST_PAGE))
        count = _last_position(tail_of(file, 2 * LONGEST_PAGE))
        try:
            if packet.startswith(b"OpusHead"):
                rate = OPUS_RATE
                count -= struct.unpack_from("<H", packet, 10)[0]
            elif packet.startswith(b"\x01vorbis"):
                (rate,) = struct.unpack_from("<I", packet, 12)
            else:  # FLAC as above, behind 13 bytes and the header of its first block
                rate = int.from_bytes(packet[27:30]) >> 4
        except struct.error as error:
            raise BrokenFileError("it ends too early") from error
        return Facts(duration_s=count / rate if rate and count > 0 else None)


def _first_packet(head: bytes) -> bytes:
    if head[:4] != b"OggS" or len(head) < 28:
        return b""
    return head[27 + head[26] :]


def _last_position(tail: bytes) -> int:
    """Return the last sample that the last page of a file tells of, as it counts them.

    Raises:
        BrokenFileError: it ends within a page.
    """
    at = tail.rfind(b"OggS")
    page = tail[at:]
    if at < 0 or len(page) < 27 or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]]):
        raise BrokenFileError("it ends too early")
    (position,) = struct.unpack_from("<q", page, 6)
    return int(position)
