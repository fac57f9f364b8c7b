"""The graphs that ComfyUI writes into its pictures: text of a PNG, EXIF of a WebP or a JPEG.

Nothing is decoded but the few bytes that hold text, and no length in a file is believed.

Source: ComfyUI 0.3.64, ``nodes.py`` (``SaveImage``), ``comfy_extras/nodes_images.py``
(``SaveAnimatedWEBP``: EXIF Model is ``prompt:{…}``, Make is ``workflow:{…}``); TIFF 6.0; EXIF 2.32.
"""

import re
import struct
from collections.abc import Iterator, Mapping

from imagine.image_bytes import PNG_SIGNATURE, read_text

KEYS = ("prompt", "workflow")

# Units: entries. More than that is no directory of a picture.
MOST_TAGS = 512
_ASCII, _UNDEFINED = 2, 7
_EXIF_POINTER = 0x8769
_MARKED = re.compile(r"\s*(prompt|workflow)\s*:\s*(?=\{)", re.IGNORECASE)
# The first bytes of EXIF's UserComment name its coding.
_CODINGS = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16", b"\0" * 8: "utf-8"}


def graph_texts(data: bytes) -> Mapping[str, str] | None:
    """Return the texts that a picture holds under ``prompt`` and ``workflow``.

    None when these bytes are no picture of a kind in which ComfyUI writes graphs.
    """
    if data.startswith(PNG_SIGNATURE):
        return _of_png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _of_exif(_webp_exif(data))
    if data.startswith(b"\xff\xd8\xff"):
        return _of_exif(_jpeg_exif(data))
    return None


def _of_png(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            text = read_text(kind, data[at + 8 : at + 8 + length])
            if text is not None and text[0].lower() in KEYS:
                found.setdefault(text[0].lower(), text[1])
        at += 12 + length
    return found


def _webp_exif(data: bytes) -> bytes:
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        if data[at : at + 4] == b"EXIF":
            return data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return b""


def _jpeg_exif(data: bytes) -> bytes:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = struct.unpack_from(">BH", data, at + 1)
        body = data[at + 4 : at + 2 + length]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            return body
        if marker == 0xDA or length < 2:  # the picture itself begins
            break
        at += 2 + length
    return b""


def _of_exif(exif: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in _exif_texts(exif.removeprefix(b"Exif\0\0")):
        if marked := _MARKED.match(text):
            found.setdefault(marked[1].lower(), text[marked.end() :])
        elif text.lstrip().startswith("{"):
            found.setdefault("workflow", text)
    return found


def _exif_texts(tiff: bytes) -> Iterator[str]:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return
    places = [struct.unpack_from(f"{order}I", tiff, 4)[0]]
    # The main directory, and the one that it points to.
    for place in places:
        if place + 2 > len(tiff):
            continue
        (count,) = struct.unpack_from(f"{order}H", tiff, place)
        for index in range(min(count, MOST_TAGS)):
            at = place + 2 + 12 * index
            if at + 12 > len(tiff):
                break
            tag, kind, length, where = struct.unpack_from(f"{order}HHII", tiff, at)
            if tag == _EXIF_POINTER and len(places) == 1:
                places.append(where)
            elif kind in (_ASCII, _UNDEFINED) and length > 4:
                yield _text(tiff[where : where + length], order)


def _text(raw: bytes, order: str) -> str:
    coding = _CODINGS.get(raw[:8])
    if coding == "utf-16":
        coding = "utf-16-le" if order == "<" else "utf-16-be"
    body = raw if coding is None else raw[8:]
    return body.decode(coding or "utf-8", "replace").rstrip("\0")
