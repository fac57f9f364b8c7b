"""A file as an answer, closed whatever its reader does."""

import asyncio

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest

# What opening a file may take. A reader who leaves stops the sending at once.
OPENING_S = 1.0


class FileAnswer(web.FileResponse):
    """A `FileResponse` whose reader may leave at any moment.

    aiohttp opens the file in a thread; canceled while that is under way, nobody would close it.
    """

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        sending = asyncio.ensure_future(super().prepare(request))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=OPENING_S)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            raise
