"""A proxy in front of an Imagine, with the mistakes that proxies are set up with."""

import asyncio
import io
from contextlib import suppress
from typing import Self

import aiohttp
from aiohttp import WSMsgType, web

# What belongs to one connection, and is not passed on.
_OWN = {"connection", "upgrade", "keep-alive", "transfer-encoding", "content-length"}


class Proxy:
    """Shows what is at ``target`` below ``prefix``. A test sets what it does wrong.

    ``passes``: what it makes of the prefix (``strip``, ``keep``, ``double``). ``rewrites``: what
    stands in answers, and what is put in its place. ``blocks``: paths that it does not pass on.
    """

    def __init__(self, target: str, prefix: str = "") -> None:
        self.target = target.rstrip("/")
        self.prefix = prefix
        self.passes = "strip"
        self.host: str | None = None
        self.upgrades = True
        self.most_body = 100 * 2**20
        self.rewrites: tuple[str, str] | None = None
        self.blocks: tuple[str, ...] = ()
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        # Holds back what the other side sends a piece at a time.
        self.buffers = False
        self._stopping = asyncio.Event()
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{self.prefix}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=100 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await self._session.close()
        await self._runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if self.status is not None:
            return web.Response(status=self.status, headers=self.headers, text="<h1>proxy</h1>")
        if not request.path.startswith(self.prefix):
            return web.Response(status=404, text="<h1>nothing here</h1>")
        path = request.path_qs.removeprefix(self.prefix)
        if path.startswith(self.blocks or ("\0",)):
            return web.Response(status=404, text="<h1>nothing here</h1>")
        if (request.content_length or 0) > self.most_body:
            return web.Response(status=413, text="<h1>413 Request Entity Too Large</h1>")
        times = {"strip": 0, "keep": 1, "double": 2}[self.passes]
        url = f"{self.target}{self.prefix * times}{path}"
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _OWN}
        headers["Host"] = self.host or request.host
        headers["Accept-Encoding"] = "identity"  # pages are read here
        if request.headers.get("Upgrade", "").lower() == "websocket" and self.upgrades:
            return await self._join(request, url, headers)
        return await self._forward(request, url, headers)

    async def _forward(
        self, request: web.Request, url: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        body = await request.read()
        async with self._session.request(
            request.method,
            url,
            headers=headers,
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
        ) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _OWN}
            if answer.content_type == "text/event-stream":
                return await self._stream(request, answer, kept)
            content = await answer.read()
            if self.rewrites and answer.content_type in ("text/html", "application/json"):
                old, new = (word.encode() for word in self.rewrites)
                content = content.replace(old, new)
            return web.Response(status=answer.status, body=content, headers=kept | self.headers)

    async def _stream(
        self, request: web.Request, answer: aiohttp.ClientResponse, headers: dict[str, str]
    ) -> web.StreamResponse:
        stream = web.StreamResponse(status=answer.status, headers=headers)
        await stream.prepare(request)
        if self.buffers:
            await self._stopping.wait()
        with suppress(aiohttp.ClientError, ConnectionError):
            async for piece in answer.content.iter_any():
                await stream.write(piece)
        return stream

    async def _join(
        self, request: web.Request, url: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        headers = {k: v for k, v in headers.items() if not k.lower().startswith("sec-websocket")}
        try:
            target = await self._session.ws_connect(url, headers=headers)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async with target:
            if not self.buffers:
                back = asyncio.create_task(_copy(target, socket))
            else:
                back = asyncio.create_task(_forget(target))
            async for _ in socket:
                pass
            back.cancel()
            await asyncio.wait({back})
        return socket


async def _copy(source: aiohttp.ClientWebSocketResponse, to: web.WebSocketResponse) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await to.send_str(message.data)


async def _forget(source: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in source:
        pass
