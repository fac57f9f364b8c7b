"""Lean HTTP and WebSocket clients: cheap enough not to be the slow side on two cores.

They know only what the two servers of the bench send: answers with a ``Content-Length``, and whole
unmasked frames without compression.
"""

import asyncio
import base64
import json
import os
import struct
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from bench.frames import BINARY, TEXT

CLOSE, PING, PONG = 8, 9, 10
CONNECT_S = 10

# Called with the kind of a frame, its payload, and when it arrived (ns of the monotonic clock).
OnFrame = Callable[[int, bytes, int], None]


class LostError(Exception):
    """The server closed the connection, or did not answer as it should."""


def host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 80


class Answer(NamedTuple):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Http(asyncio.Protocol):
    """One keep-alive connection with one request at a time; opened when it is first used."""

    def __init__(self, url: str) -> None:
        self._host, self._port = host_and_port(url)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._received = bytearray()
        self._status = 0
        self._body_at = self._length = 0

    async def get(self, path: str) -> Answer:
        return await self._request(f"GET {path} HTTP/1.1\r\n", b"")

    async def post(self, path: str, body: Any) -> Answer:
        return await self.send("POST", path, body)

    async def send(self, method: str, path: str, body: Any = None) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\n"
        return await self._request(f"{head}Content-Length: {len(data)}\r\n", data)

    async def _request(self, head: str, body: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        if self._transport is None:
            self._received.clear()
            self._body_at = 0
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(lambda: self, self._host, self._port)
        assert self._transport is not None, "connected"
        self._answer = loop.create_future()
        host = f"Host: {self._host}:{self._port}\r\n\r\n"
        self._transport.write((head + host).encode() + body)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LostError(f"the connection was closed ({exc})"))

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        if not self._body_at:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(received[:end]).lower()
            self._status = int(head[9:12])
            _, found, rest = head.partition(b"\r\ncontent-length:")
            self._length = int(rest.split(b"\r\n", 1)[0]) if found else 0
            self._body_at = end + 4
        end = self._body_at + self._length
        if len(received) >= end:
            body = bytes(memoryview(received)[self._body_at : end])
            del received[:end]
            self._body_at = 0
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(Answer(self._status, body))


class Pool:
    """Connections to one server, as many as are used at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: list[Http] = []
        self._all: list[Http] = []

    async def get(self, path: str) -> Answer:
        return await self._use(lambda http: http.get(path))

    async def post(self, path: str, body: Any) -> Answer:
        return await self._use(lambda http: http.post(path, body))

    async def send(self, method: str, path: str, body: Any = None) -> Answer:
        return await self._use(lambda http: http.send(method, path, body))

    async def _use(self, ask: Callable[[Http], Any]) -> Answer:
        if not self._free:
            self._all.append(Http(self._url))
            self._free.append(self._all[-1])
        http = self._free.pop()
        try:
            answer: Answer = await ask(http)
        except BaseException:
            http.close()
            raise
        finally:
            self._free.append(http)
        return answer

    async def close(self) -> None:
        for http in self._all:
            http.close()
        await asyncio.sleep(0)  # the loop closes them in its next turn


class Socket(asyncio.Protocol):
    """A WebSocket that listens, like that of a page."""

    def __init__(self, on_frame: OnFrame) -> None:
        self._on_frame = on_frame
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()

    @classmethod
    async def open(cls, url: str, path: str, on_frame: OnFrame) -> Self:
        host, port = host_and_port(url)
        socket = cls(on_frame)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(lambda: socket, host, port)
                key = base64.b64encode(os.urandom(16)).decode()
                socket._write(
                    f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {url}\r\n"
                    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
                )
                await socket._opened
        except BaseException:  # nobody is there to close it
            await socket.abort()
            raise
        return socket

    async def close(self) -> None:
        if self._transport is not None:
            self._send(CLOSE, struct.pack(">H", 1000))
            self._transport.close()
            await asyncio.sleep(0)

    async def abort(self) -> None:
        """Be gone without a word, like a phone that loses its network."""
        if self._transport is not None:
            self._transport.abort()
            await asyncio.sleep(0)

    def _send(self, kind: int, payload: bytes) -> None:
        """Send a short frame. A mask of zeros is a mask."""
        self._write(bytes((0x80 | kind, 0x80 | len(payload))) + bytes(4) + payload)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.closed.set()
        if not self._opened.done():
            self._opened.set_exception(LostError("the socket was refused"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self._received += data
        if not self._opened.done() and not self._read_head():
            return
        at = 0
        while (found := self._frame_at(at)) is not None:
            kind, start, at = found
            payload = bytes(self._received[start:at])
            if kind in (TEXT, BINARY):
                self._on_frame(kind, payload, now)
            elif kind == PING:
                self._send(PONG, payload)
            elif kind == CLOSE and self._transport is not None:
                self._transport.close()
        del self._received[:at]

    def _read_head(self) -> bool:
        """Read the answer to the upgrade; False while it is not there, or when it is a refusal."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._received[9:12])
        del self._received[: end + 4]
        if status != b"101":
            self._opened.set_exception(LostError(f"the socket was refused ({status.decode()})"))
            return False
        self._opened.set_result(None)
        return True

    def _frame_at(self, at: int) -> tuple[int, int, int] | None:
        """Return kind, start and end of the frame that begins here; None when not all is there."""
        received, end = self._received, len(self._received)
        if end - at < 2:
            return None
        length, start = received[at + 1] & 0x7F, at + 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, start = int.from_bytes(received[start : start + size]), start + size
        if end < start + length:
            return None
        return received[at] & 0x0F, start, start + length
