"""Pictures, other outputs and thumbnails as files: strong ETags, immutable caching, ranges."""

from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from imagine.app_keys import PARTS
from imagine.errors import NotFoundError
from imagine.media import of_extension
from imagine.routes.files import FileAnswer
from imagine.routes.reading import read_query
from imagine.routes.wire import ThumbnailQuery

IMMUTABLE = "private, max-age=31536000, immutable"


async def image(request: web.Request) -> web.StreamResponse:
    name, images = request.match_info["name"], request.app[PARTS].images
    found = await images.served(name)
    return kept(request, found, name, elsewhere=lambda: images.local(name))


def kept(
    request: web.Request,
    found: Path | str,
    name: str | None = None,
    elsewhere: Callable[[], Path] | None = None,
) -> web.StreamResponse:
    """Answer with what is kept: a file, under a name, or the address where it lies.

    ``elsewhere``: where the file is when it was moved meanwhile.
    """
    if isinstance(found, str):
        return web.Response(status=307, headers={"Location": found, "Cache-Control": "no-store"})
    try:
        size = found.stat().st_size
    except FileNotFoundError as error:
        if elsewhere is None:
            raise NotFoundError(f"There is no {found.name} any more.") from error
        found = elsewhere()
        size = found.stat().st_size
    check_range(request, size)
    kind = of_extension(found.suffix[1:])
    assert kind is not None, "nothing else is kept"
    headers = file_headers(kind.content_type or kind.media_type)
    how = "attachment" if kind.is_download else "inline"
    headers["Content-Disposition"] = f'{how}; filename="{name or found.name}"'
    return FileAnswer(found, elsewhere=elsewhere, headers=headers)


def check_range(request: web.Request, size: int) -> None:
    """Refuse a range that the file does not have; aiohttp would answer it without a body.

    Raises:
        HTTPRequestRangeNotSatisfiable: it cannot be read, or begins after the end.
    """
    try:
        start = request.http_range.start
    except ValueError:
        start = size
    if start is not None and start >= size:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})


async def thumbnail(request: web.Request) -> web.StreamResponse:
    query = read_query(request, ThumbnailQuery)
    path = await request.app[PARTS].images.thumbnail(request.match_info["name"], query.w)
    return FileAnswer(path, headers=file_headers("image/webp"))


def file_headers(media_type: str) -> dict[str, str]:
    """A name stands for the same bytes for ever. aiohttp adds the ETag and reads ranges.

    The type is set by us: aiohttp takes .webp for ``application/octet-stream`` on Python 3.11.
    """
    return {"Content-Type": media_type, "Cache-Control": IMMUTABLE}
