"""Pictures and thumbnails as files: strong ETags, immutable caching, ranges."""

from aiohttp import web

from imagine.app_keys import PARTS
from imagine.routes.files import FileAnswer
from imagine.routes.reading import read_query
from imagine.routes.wire import ThumbnailQuery

IMMUTABLE = "private, max-age=31536000, immutable"


async def image(request: web.Request) -> web.StreamResponse:
    images = request.app[PARTS].images
    name = request.match_info["name"]
    path = images.path(name)
    check_range(request, path.stat().st_size)
    headers = file_headers(images.media_type(name))
    headers["Content-Disposition"] = f'inline; filename="{name}"'
    return FileAnswer(path, headers=headers)


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
