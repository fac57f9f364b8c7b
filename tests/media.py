"""Small files of every kind that an engine may give or begin from, built byte by byte."""

import io
import struct
from collections.abc import Sequence

from PIL import Image

UNKNOWN = b"\x01" + b"\xff" * 7
# A quarter to the right, as phones write it.
TURNED = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
UPRIGHT = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def picture(kind: str, size: tuple[int, int] = (31, 17), mode: str = "RGB", **how: object) -> bytes:
    data = io.BytesIO()
    Image.radial_gradient("L").convert(mode).resize(size).save(data, kind, **how)
    return data.getvalue()


def animation(
    kind: str, frames: int = 3, frame_ms: int = 100, size: tuple[int, int] = (31, 17)
) -> bytes:
    """A moving GIF, WebP or PNG, no two frames of it the same."""
    shown = [Image.new("RGB", size, (40 * n, 0, 255 - 40 * n)) for n in range(frames)]
    data = io.BytesIO()
    shown[0].save(data, kind, save_all=True, append_images=shown[1:], duration=frame_ms, loop=0)
    return data.getvalue()


# --- MP4


def box(kind: str, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind.encode()) + content


def big_box(kind: str, *parts: bytes) -> bytes:
    """A box with a length of 64 bits."""
    content = b"".join(parts)
    return struct.pack(">I4sQ", 1, kind.encode(), 16 + len(content)) + content


def open_box(kind: str, *parts: bytes) -> bytes:
    """A box that goes to the end of the file."""
    return struct.pack(">I4s", 0, kind.encode()) + b"".join(parts)


def movie_header(duration: int, scale: int = 1000, version: int = 0) -> bytes:
    times = struct.pack(">QQIQ" if version else ">IIII", 0, 0, scale, duration)
    return box("mvhd", bytes([version, 0, 0, 0]), times, bytes(80))


def track(
    size: tuple[int, int],
    *,
    number: int = 1,
    handler: bytes = b"vide",
    version: int = 0,
    matrix: Sequence[int] = UPRIGHT,
    scale: int = 1000,
) -> bytes:
    times = struct.pack(">QQI4xQ" if version else ">III4xI", 0, 0, number, 0)
    sides = struct.pack(">9iII", *matrix, size[0] << 16, size[1] << 16)
    header = box("tkhd", bytes([version, 0, 0, 7]), times, bytes(16), sides)
    media = box(
        "mdia",
        box("mdhd", bytes(4), struct.pack(">IIII", 0, 0, scale, 0), bytes(4)),
        box("hdlr", bytes(8), handler, bytes(13)),
    )
    return box("trak", header, media)


def mp4(
    size: tuple[int, int] = (64, 48),
    duration_ms: int = 2500,
    *,
    at_end: bool = False,
    version: int = 0,
    content: bytes = b"frames",
) -> bytes:
    """A film; ``at_end``: its header stands behind its frames."""
    header = box("moov", movie_header(duration_ms, version=version), track(size, version=version))
    frames = box("mdat", content)
    kind = box("ftyp", b"isom", bytes(4), b"isomiso2avc1mp41")
    return kind + (frames + header if at_end else header + frames)


# --- WebM


def element(identity: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = (0x10000000 | len(content)).to_bytes(4)
    return identity.to_bytes((identity.bit_length() + 7) // 8) + size + content


def open_element(identity: int, *parts: bytes) -> bytes:
    """An element whose end nobody knows."""
    return identity.to_bytes((identity.bit_length() + 7) // 8) + UNKNOWN + b"".join(parts)


def ebml(doc_type: bytes = b"webm") -> bytes:
    name = b"\x42\x82" + bytes([0x80 | len(doc_type)]) + doc_type
    return element(0x1A45DFA3, element(0x4286, b"\1"), name)


def info(duration: float | None, scale: int | None = None) -> bytes:
    parts = []
    if scale is not None:
        parts.append(element(0x2AD7B1, scale.to_bytes(4)))
    if duration is not None:
        parts.append(element(0x4489, struct.pack(">d", duration)))
    return element(0x1549A966, *parts)


def tracks(size: tuple[int, int], *before: bytes) -> bytes:
    video = element(0xE0, element(0xB0, size[0].to_bytes(2)), element(0xBA, size[1].to_bytes(2)))
    entry = element(0xAE, element(0xD7, b"\1"), element(0x83, b"\1"), video)
    return element(0x1654AE6B, *before, entry)


def cluster(time: int = 0) -> tuple[bytes, bytes]:
    return element(0xE7, time.to_bytes(2)), element(0xA3, b"\x81\0\0\x80frame")


def webm(size: tuple[int, int] = (64, 48), duration_ms: float | None = 1500.0) -> bytes:
    parts = info(duration_ms, 1_000_000), tracks(size), element(0x1F43B675, *cluster())
    return ebml() + element(0x18538067, *parts)


def live_webm(size: tuple[int, int] = (64, 48), duration_ms: float | None = None) -> bytes:
    """As it is written to a pipe: nobody knows how long anything will be."""
    clusters = open_element(0x1F43B675, *cluster()), open_element(0x1F43B675, *cluster(40))
    return ebml() + open_element(0x18538067, info(duration_ms), tracks(size), *clusters)


# --- GLB


def glb(content: bytes = b'{"asset":{"version":"2.0"}}', version: int = 2) -> bytes:
    padded = content + b" " * (-len(content) % 4)
    chunk = struct.pack("<I4s", len(padded), b"JSON") + padded
    return struct.pack("<4sII", b"glTF", version, 12 + len(chunk)) + chunk


# --- sounds


def wav(duration_ms: int = 500, *, length: int | None = None, before: bytes = b"") -> bytes:
    """A sound of 8000 bytes a second; ``length``: what it says that it has."""
    content = bytes(8 * duration_ms)
    said = len(content) if length is None else length
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    chunks = b"WAVE" + form + before + struct.pack("<4sI", b"data", said) + content
    return struct.pack("<4sI", b"RIFF", len(chunks)) + chunks


def mp3(frames: int = 10, *, tag: int | None = None) -> bytes:
    """Frames of 128 kbit/s at 44.1 kHz, 1152 samples each; ``tag``: so many bytes in front."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    if tag is None:
        return frame * frames
    length = bytes((tag >> 7 * n & 0x7F) for n in (3, 2, 1, 0))
    return b"ID3\4\0\0" + length + bytes(tag) + frame * frames


def flac(samples: int = 44_100, *, block: int = 40) -> bytes:
    """A second of silence that plays, with ``block`` bytes between its header and its frames."""
    packed = (44_100 << 44 | 15 << 36 | samples).to_bytes(8)
    header = struct.pack(">HH", 4096, 4096) + bytes(6) + packed + bytes(16)
    parts = b"\0" + len(header).to_bytes(3) + header + b"\x84" + block.to_bytes(3) + bytes(block)
    frames = [_flac_frame(number) for number in range(-(-max(samples, 1) // 4096))]
    return b"fLaC" + parts + b"".join(frames)


def _flac_frame(number: int) -> bytes:
    """4096 samples of one channel in 16 bits, each of them 0."""
    head = b"\xff\xf8\xc9\x08" + chr(number).encode()
    frame = head + _crc(head, 8, 0x07) + b"\0\0\0"
    return frame + _crc(frame, 16, 0x8005)


def _crc(data: bytes, bits: int, polynomial: int) -> bytes:
    rest = 0
    for byte in data:
        rest ^= byte << bits - 8
        for _ in range(8):
            rest = rest << 1 ^ (polynomial if rest >> bits - 1 else 0)
            rest &= (1 << bits) - 1
    return rest.to_bytes(bits // 8)


def page(packet: bytes, position: int = 0) -> bytes:
    head = struct.pack("<4sBBqIII", b"OggS", 0, 0, position, 1, 0, 0)
    return head + bytes([1, len(packet)]) + packet


def ogg(kind: str = "vorbis", duration_ms: int = 1000) -> bytes:
    first, rate, skipped = {
        "vorbis": (b"\x01vorbis" + struct.pack("<IBI", 0, 2, 44_100) + bytes(14), 44_100, 0),
        "opus": (b"OpusHead" + struct.pack("<BBHI", 1, 2, 312, 44_100) + bytes(3), 48_000, 312),
        "flac": (b"\x7fFLAC\1\0\0\1" + flac()[:42], 44_100, 0),
        "theora": (b"\x80theora" + bytes(30), 44_100, 0),
    }[kind]
    return page(first) + page(b"sound", rate * duration_ms // 1000 + skipped)
