"""Picture files as bytes: what they are, whether they are whole, and the text inside a PNG.

Pure functions on bytes, apart from `imagine.images`, which moves files. Nothing here decodes a
pixel: type and size stand in the first bytes, and text goes between two chunks of a PNG as it is.

Source: PNG specification (W3C), chapters 5 and 11; ITU T.81, annex B; RFC 9649 (WebP).
"""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
EXTENSIONS = {PNG: "png", JPEG: "jpg", WEBP: "webp"}
MEDIA_TYPES = {extension: media_type for media_type, extension in EXTENSIONS.items()}

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Signature and IHDR, after which other chunks may begin.
PNG_HEAD_BYTES = len(PNG_SIGNATURE) + 4 + 4 + 13 + 4
# The most that a picture may have that somebody sends, or a prompt names.
INPUT_LIMIT = 20 * 2**20
# The most that a compressed text chunk may unfold to.
TEXT_LIMIT = 16 * 2**20

_IEND = b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
# Frame headers of JPEG; C4, C8 and CC in between are something else.
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a picture say of it. Units: pixels."""

    media_type: str
    width: int
    height: int


def read_header(head: bytes) -> Header | None:
    """Return type and size of a picture from its first bytes; None when it is not one of ours."""
    if head.startswith(PNG_SIGNATURE):
        media_type, size = PNG, _png_size(head)
    elif head.startswith(b"\xff\xd8\xff"):
        media_type, size = JPEG, _jpeg_size(head)
    elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        media_type, size = WEBP, _webp_size(head)
    else:
        return None
    return Header(media_type, *size) if size and all(size) else None


def is_whole(media_type: str, head: bytes, tail: bytes, size: int) -> bool:
    """Whether a picture goes to its end. Units: ``size`` is the bytes of the whole file."""
    if media_type == PNG:
        return tail.endswith(_IEND)
    if media_type == JPEG:
        return tail.rstrip(b"\0").endswith(b"\xff\xd9")
    length: int = struct.unpack_from("<I", head, 4)[0]
    return size == 8 + length + length % 2


def with_text(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Return the beginning of a PNG with texts put in right after its header chunk."""
    chunks = b"".join(text_chunk(keyword, text) for keyword, text in texts.items())
    return png[:PNG_HEAD_BYTES] + chunks + png[PNG_HEAD_BYTES:]


def text_chunk(keyword: str, text: str) -> bytes:
    """Return a PNG text chunk: tEXt when Latin-1 can say it, as most readers expect, else iTXt."""
    name = keyword.encode("latin-1") + b"\0"
    text = text.replace("\0", "")
    try:
        kind, body = b"tEXt", name + text.encode("latin-1")
    except UnicodeEncodeError:
        # Two zero bytes: not compressed. Two more: no language, no translated keyword.
        kind, body = b"iTXt", name + b"\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def read_text(kind: bytes, body: bytes) -> tuple[str, str] | None:
    """Return keyword and text of a PNG chunk; None when it holds no text that can be read."""
    keyword, _, rest = body.partition(b"\0")
    try:
        match kind:
            case b"tEXt":
                text = rest.decode("latin-1")
            case b"zTXt":
                text = _unfold(rest[1:]).decode("latin-1")
            case b"iTXt":
                packed = rest[0]
                content = rest[2:].split(b"\0", 2)[2]
                text = (_unfold(content) if packed else content).decode()
            case _:
                return None
    except (zlib.error, UnicodeDecodeError, IndexError):
        return None
    return keyword.decode("latin-1"), text


def a1111_parameters(text: str, negative: str | None, parameters: Mapping[str, Any]) -> str:
    """Return the settings as AUTOMATIC1111's web UI writes them, which many tools read.

    Source: AUTOMATIC1111 stable-diffusion-webui, ``modules/processing.py``, ``create_infotext``.
    """
    size = None
    if parameters.get("width") and parameters.get("height"):
        size = f"{parameters['width']}x{parameters['height']}"
    fields = {
        "Steps": parameters.get("steps"),
        "Sampler": parameters.get("sampler"),
        "Schedule type": parameters.get("scheduler"),
        "CFG scale": parameters.get("cfg"),
        "Seed": parameters.get("seed"),
        "Size": size,
        "Model": parameters.get("model"),
        "Denoising strength": parameters.get("denoise"),
    }
    settings = ", ".join(f"{name}: {_quoted(v)}" for name, v in fields.items() if v is not None)
    refused = f"Negative prompt: {negative}" if negative else ""
    return "\n".join(filter(None, (text, refused, settings)))


def _quoted(value: object) -> str:
    """Return a value as its readers split it: with a separator inside, it is a JSON string."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if set(text) & set(",:\n") else text


def _unfold(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, TEXT_LIMIT)


def _png_size(head: bytes) -> tuple[int, int] | None:
    if len(head) < PNG_HEAD_BYTES or head[8:16] != b"\x00\x00\x00\x0dIHDR":
        return None
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:  # a fill byte before the marker
            at += 1
        elif marker in _SOF:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        else:
            at += 2 + struct.unpack_from(">H", head, at + 2)[0]
    return None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    if len(head) < 30:
        return None
    match head[12:16]:
        case b"VP8X":
            width, height = head[24:27], head[27:30]
            return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width_bits, height_bits = struct.unpack_from("<HH", head, 26)
            return width_bits & 0x3FFF, height_bits & 0x3FFF
        case _:
            return None
