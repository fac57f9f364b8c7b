"""The text inside a PNG: read from its chunks, and put between two of them.

Pure functions on bytes. Nothing here decodes a pixel, and what a file of any kind is stands in
`imagine.media`.

Source: PNG specification (W3C), chapters 5 and 11.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Signature and IHDR, after which other chunks may begin.
PNG_HEAD_BYTES = len(PNG_SIGNATURE) + 4 + 4 + 13 + 4
# The most that a picture may have that somebody sends, or a prompt names.
INPUT_LIMIT = 20 * 2**20
# The same of a video or a sound: what ComfyUI itself takes.
MEDIA_LIMIT = 100 * 2**20
# The most that a compressed text chunk may unfold to.
TEXT_LIMIT = 16 * 2**20


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
