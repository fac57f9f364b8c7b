"""What the stand-in sends, as bytes made once: pictures, previews and WebSocket frames."""

import base64
import json
import random
import struct
import zlib
from typing import Any

TEXT, BINARY = 1, 2

# A JPEG of 64 by 64 with a few colours.
_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1td"
    "hbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
    "pKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCABAAEADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAgQF/8QA"
    "FhAAAwAAAAAAAAAAAAAAAAAAAAEC/8QAFgEBAQEAAAAAAAAAAAAAAAAAAgQG/8QAFhEBAQEAAAAAAAAAAAAAAAAAAgAB"
    "/9oADAMBAAIRAxEAPwDBUjUjUiUl2qJUVI1IlI1INVSVBSNSNSNSDVUlQUjUjUiUg1VJVCpGpGpGpHqs4VBSNSJSNSDV"
    "UlRUiUjUjUg1VJUFI1I1I1INVSVQKRqRqRqR6rOFQUjUiUjUg1VRUVI1IlI1INVSVBSNSNSNSDVUlUCkakakakeqzhUF"
    "I1I1I1INVSVBSNSJSNSDVUlQUjUjUjUg1VJV/9k="
)


def jpeg(size: int) -> bytes:
    """Return a JPEG of about so many bytes: comment segments make it longer."""
    parts = [_JPEG[:2]]
    noise = random.Random(7)
    missing = size - len(_JPEG)
    while missing >= 4:
        length = min(missing, 65537)
        parts.append(b"\xff\xfe" + struct.pack(">H", length - 2) + noise.randbytes(length - 4))
        missing -= length
    return b"".join((*parts, _JPEG[2:]))


def png(width: int, height: int) -> tuple[bytes, bytes]:
    """Return head and tail of a noisy RGB PNG; text chunks fit between them.

    Units: pixels. 1024 by 1024 is about 1.6 MB, as much as such a picture of a model.
    """
    noise = random.Random(3)
    length = width * 3
    mask = int.from_bytes(b"\x0f" * length)
    rows = bytearray()
    for y in range(height):
        shade = int.from_bytes(bytes([y * 255 // height & 0xF0]) * length)
        rows += b"\0" + (int.from_bytes(noise.randbytes(length)) & mask | shade).to_bytes(length)
    packer = zlib.compressobj(4, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    pixels = packer.compress(rows) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    return head, png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def mark(seed: object) -> bytes:
    """Return the text chunk by which a picture is known to be that of a job."""
    return png_chunk(b"tEXt", b"bench\0" + f"seed {seed}.".encode())


def frame(kind: int, payload: bytes) -> bytes:
    """Return one WebSocket frame as a server sends it: whole and unmasked."""
    length = len(payload)
    if length < 126:
        return bytes((0x80 | kind, length)) + payload
    if length < 65536:
        return struct.pack(">BBH", 0x80 | kind, 126, length) + payload
    return struct.pack(">BBQ", 0x80 | kind, 127, length) + payload


def message(kind: str, **data: Any) -> bytes:
    return frame(TEXT, json.dumps({"type": kind, "data": data}).encode())
