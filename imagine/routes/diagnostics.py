"""What the doctor says of this server: each hop, and what to do about it."""

from aiohttp import web

from imagine.app_keys import DIAGNOSTICS


async def diagnostics(request: web.Request) -> web.Response:
    """Answer with all checks; looking takes some seconds, and is shared by all who ask."""
    return web.json_response(await request.app[DIAGNOSTICS].body())
