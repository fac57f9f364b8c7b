"""The page, the API's own page, and the files they are made of."""

import asyncio
import gzip
from collections.abc import Iterable
from functools import lru_cache, partial
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, select_autoescape

from imagine import __version__
from imagine.routes.files import FileAnswer
from imagine.routes.shown import base_of

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
PACKED = {".css", ".js", ".json", ".svg"}


@lru_cache(maxsize=256)
def packed(path: Path, mtime_ns: int) -> bytes:
    """Return a text file as gzip; ``mtime_ns`` says which version of it."""
    return gzip.compress(path.read_bytes(), mtime=0)


class Pages:
    """The static files by name, and the rendered pages. Read once at start; owned by the app."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.suffix in MEDIA_TYPES and path.suffix != ".html" and path.is_file()
        }
        templates = Environment(
            loader=FileSystemLoader(folder), autoescape=select_autoescape(), auto_reload=False
        )
        pages = {
            name: templates.get_template(f"{name}.html")
            for name in ("index", "workflows", "docs")
            if (folder / f"{name}.html").is_file()
        }

        @lru_cache(maxsize=16)
        def render(name: str, base: str) -> str:
            if name not in pages:
                raise web.HTTPNotFound
            return pages[name].render(version=__version__, base=base)

        self._render = render

    async def page(self, name: str, request: web.Request) -> web.Response:
        answer = web.Response(
            text=self._render(name, base_of(request)),
            content_type="text/html",
            headers={"Cache-Control": "no-cache", "Vary": "Accept-Encoding"},
        )
        answer.enable_compression()
        return answer

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file that was there at start; no name becomes a path."""
        path = self._files.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        headers = {"Content-Type": MEDIA_TYPES[path.suffix], "Cache-Control": "no-cache"}
        if path.suffix not in PACKED:
            return FileAnswer(path, headers=headers)
        headers["Vary"] = "Accept-Encoding"
        if "gzip" not in request.headers.get("Accept-Encoding", ""):
            return FileAnswer(path, headers=headers)
        mtime_ns = path.stat().st_mtime_ns
        tag = f"{mtime_ns:x}-gz"
        answer = web.Response(headers=headers | {"ETag": f'"{tag}"'})
        if any(known.value == tag for known in request.if_none_match or ()):
            answer.set_status(304)
        else:
            # FileResponse cannot do this: with compression on, its 304 has a body
            answer.headers["Content-Encoding"] = "gzip"
            answer.body = await asyncio.to_thread(packed, path, mtime_ns)
        return answer

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", partial(self.page, "index")),
            web.get("/workflows", partial(self.page, "workflows")),
            web.get("/docs", partial(self.page, "docs")),
            web.get("/static/{name:.+}", self.file),
        ]


def routes_under(base: str, routes: Iterable[web.RouteDef]) -> list[web.RouteDef]:
    """Return the same routes under a path: a proxy may take it off, or leave it on.

    The path alone is the page, too. ``POST /imagine`` stays what it is under the path /imagine.
    """
    moved = [web.RouteDef(r.method, base + r.path, r.handler, r.kwargs) for r in routes]
    pages = [web.RouteDef(r.method, base, r.handler, r.kwargs) for r in routes if r.path == "/"]
    return [*moved, *pages]
