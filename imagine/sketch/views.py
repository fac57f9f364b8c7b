"""Pictures in and out over HTTP: ``/view`` and the two uploads."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiohttp import web
from PIL import Image

from imagine.sketch.files import Files, OutsideError, split_annotation

T = TypeVar("T")

# Types that a browser would run are sent as bytes, as ComfyUI does.
ACTIVE_SUFFIXES = frozenset({".html", ".htm", ".js", ".css", ".svg", ".xml"})


class Work(Protocol):
    """Runs a blocking job in the engine's executor."""

    async def __call__(self, job: Callable[[], T], /) -> T: ...


async def view(request: web.Request, files: Files, work: Work) -> web.StreamResponse:
    name, kind = split_annotation(request.query.get("filename", ""))
    if not name:
        return web.Response(status=404)
    kind = kind or request.query.get("type", "output")
    if name[0] == "/" or ".." in name:
        return web.Response(status=400)
    # A folder inside the name is cut off: it belongs into `subfolder`.
    name = Path(name).name
    try:
        path = files.path(kind, request.query.get("subfolder", ""), name)
    except KeyError:
        return web.Response(status=400)
    except OutsideError:
        return web.Response(status=403)
    if not await work(path.is_file):
        return web.Response(status=404)
    headers = {"Content-Disposition": f'filename="{name}"'}
    preview, channel = request.query.get("preview"), request.query.get("channel")
    if preview is not None or channel in ("rgb", "a"):
        body, media_type = await work(lambda: _encoded(path, preview, channel))
        return web.Response(body=body, content_type=media_type, headers=headers)
    if path.suffix.lower() in ACTIVE_SUFFIXES:
        headers["Content-Type"] = "application/octet-stream"
    return web.FileResponse(path, headers=headers)


def _encoded(path: Path, preview: str | None, channel: str | None) -> tuple[bytes, str]:
    """Encode a picture again: ``preview`` is ``webp;90`` or ``jpeg;75``, at full size."""
    out = BytesIO()
    with Image.open(path) as picture:
        if preview is None:
            part = picture.convert("RGB") if channel == "rgb" else _alpha_only(picture)
            part.save(out, "PNG")
            return out.getvalue(), "image/png"
        kind, _, quality = preview.partition(";")
        kind = "jpeg" if kind == "jpeg" and channel != "a" else "webp"
        mode = "RGB" if kind == "jpeg" or channel == "rgb" else "RGBA"
        picture.convert(mode).save(out, kind, quality=int(quality) if quality.isdigit() else 90)
    return out.getvalue(), f"image/{kind}"


def _alpha_only(picture: Image.Image) -> Image.Image:
    alpha = picture.convert("RGBA").getchannel("A")
    empty = Image.new("RGBA", picture.size)
    empty.putalpha(alpha)
    return empty


async def upload_image(request: web.Request, files: Files, work: Work) -> web.Response:
    form = await request.post()
    image = form.get("image")
    if image is None:
        return web.Response(status=400)
    if not isinstance(image, web.FileField):
        raise TypeError("the image field is not a file")
    data = image.file.read()
    return await _stored(form, image.filename, data, files, work)


async def upload_mask(request: web.Request, files: Files, work: Work) -> web.Response:
    """Store the original under the sent name, with the sent picture's alpha as its own."""
    form = await request.post()
    image = form.get("image")
    if image is None:
        return web.Response(status=400)
    if not isinstance(image, web.FileField):
        raise TypeError("the image field is not a file")
    reference = json.loads(str(form["original_ref"]))
    original = files.path(
        reference.get("type", "output"), reference.get("subfolder", ""), reference["filename"]
    )
    if not await work(original.is_file):
        # ComfyUI 0.3.64 answers with a name all the same, and writes nothing.
        return web.json_response(_answer(form, image.filename))
    data = await work(lambda: _masked(original, image.file.read()))
    return await _stored(form, image.filename, data, files, work)


def _masked(original: Path, sent: bytes) -> bytes:
    out = BytesIO()
    with Image.open(original) as picture, Image.open(BytesIO(sent)) as mask:
        result = picture.convert("RGBA")
        alpha = mask.convert("RGBA").getchannel("A")
        result.putalpha(alpha.resize(result.size))
        result.save(out, "PNG", compress_level=1)
    return out.getvalue()


async def _stored(form: Any, name: str, data: bytes, files: Files, work: Work) -> web.Response:
    answer = _answer(form, name)
    try:
        answer["name"] = await work(
            lambda: files.store(
                answer["type"],
                answer["subfolder"],
                name,
                data,
                overwrite=form.get("overwrite") in ("true", "1"),
            )
        )
    except OutsideError:
        return web.Response(status=400)
    return web.json_response(answer)


def _answer(form: Any, name: str) -> dict[str, str]:
    return {
        "name": name,
        "subfolder": str(form.get("subfolder", "")),
        "type": str(form.get("type") or "input"),
    }
