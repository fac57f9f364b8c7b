"""A file as an answer: found again when it moves, closed whatever its reader does."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest

from imagine.errors import NotFoundError

# What opening a file may take. A reader who leaves stops the sending at once.
OPENING_S = 1.0


class FileAnswer(web.FileResponse):
    """A `FileResponse` whose reader may leave at any moment.

    aiohttp opens the file in a thread; canceled while that is under way, nobody would close it.
    ``elsewhere``: where the file is when it was moved before it could be opened; it waits.
    """

    def __init__(
        self, path: Path, *, elsewhere: Callable[[], Path] | None = None, **options: Any
    ) -> None:
        super().__init__(path, **options)
        self._elsewhere = elsewhere

    def _make_response(self, request: BaseRequest, accept_encoding: str) -> Any:
        """Open the file; in a thread."""
        try:
            return super()._make_response(request, accept_encoding)
        except FileNotFoundError:
            if self._elsewhere is None:
                raise
            try:
                self._path = self._elsewhere()
            except NotFoundError as error:
                raise FileNotFoundError(error.message) from error
            return super()._make_response(request, accept_encoding)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        sending = asyncio.ensure_future(super().prepare(request))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=OPENING_S)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            raise
