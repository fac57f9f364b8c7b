"""The WebSocket side of the engine: who is connected, and who hears what.

Sending never waits: each socket has a bounded line of its own and a task that empties it, so that
a client which does not read cannot stop a run (in ComfyUI 0.3.64 it can). One that falls too far
behind is closed.
"""

import asyncio
import json
import struct
import uuid
from collections.abc import Iterable
from typing import Any

from aiohttp import WSMsgType, web

FEATURES = {"supports_preview_metadata": True, "max_upload_size": 104857600}
# Messages a socket may be behind; some 25 MB with previews.
MAX_BEHIND = 800
# How long a client may take to answer a close.
CLOSE_S = 1.0
JPEG_EVENT, JPEG_META_EVENT, JPEG_TYPE = 1, 4, 1


class Socket:
    """One connected client."""

    def __init__(self, ws: web.WebSocketResponse) -> None:
        self.ws = ws
        self.wants_metadata = False
        self._line: asyncio.Queue[str | bytes] = asyncio.Queue(MAX_BEHIND)
        self._is_cut = False

    def send(self, frame: str | bytes) -> None:
        if self._line.full():
            self._is_cut = True
        else:
            self._line.put_nowait(frame)

    async def pump(self) -> None:
        """Send what stands in line until the socket is gone or has fallen too far behind."""
        while not self._is_cut:
            frame = await self._line.get()
            try:
                if isinstance(frame, str):
                    await self.ws.send_str(frame)
                else:
                    await self.ws.send_bytes(frame)
            except ConnectionError:
                return
        await self.ws.close()


class Hub:
    """All sockets by client id; ``None`` as client id means everyone."""

    def __init__(self) -> None:
        self._sockets: dict[str, Socket] = {}

    def send(self, event: str, data: dict[str, Any], client_id: str | None) -> None:
        text = json.dumps({"type": event, "data": data})
        for socket in self._hearers(client_id):
            socket.send(text)

    def send_preview(self, jpeg: bytes, about: dict[str, Any], client_id: str | None) -> None:
        """Send a preview, in the form that each hearer negotiated.

        Without a client id everyone gets the plain form, even those who asked for metadata.
        """
        plain = struct.pack(">II", JPEG_EVENT, JPEG_TYPE) + jpeg
        for socket in self._hearers(client_id):
            if socket.wants_metadata and client_id is not None:
                header = json.dumps({**about, "image_type": "image/jpeg"}).encode()
                socket.send(struct.pack(">II", JPEG_META_EVENT, len(header)) + header + jpeg)
            else:
                socket.send(plain)

    def has_hearers(self, client_id: str | None) -> bool:
        return any(True for _ in self._hearers(client_id))

    def wants_metadata(self, client_id: str | None) -> bool:
        return client_id in self._sockets and self._sockets[client_id].wants_metadata

    def _hearers(self, client_id: str | None) -> Iterable[Socket]:
        if client_id is None:
            return tuple(self._sockets.values())
        socket = self._sockets.get(client_id)
        return () if socket is None else (socket,)

    async def serve(
        self, request: web.Request, hello: dict[str, Any], running: tuple[str | None, str | None]
    ) -> web.WebSocketResponse:
        """Hold one connection from handshake to close.

        ``running`` is (client id, node id) of the run that goes on: its owner, back after a
        break, is told the node without prompt id, as ComfyUI does.
        """
        ws = web.WebSocketResponse(max_msg_size=1 << 20, timeout=CLOSE_S)
        await ws.prepare(request)
        sid = request.query.get("clientId", "") or uuid.uuid4().hex
        socket = Socket(ws)
        self._sockets[sid] = socket
        pump = asyncio.create_task(socket.pump(), name=f"sketch socket {sid}")
        try:
            self.send("status", {**hello, "sid": sid}, sid)
            if running[0] == sid and running[1] is not None:
                self.send("executing", {"node": running[1]}, sid)
            await self._listen(socket, sid)
        finally:
            # By id, as ComfyUI 0.3.64 does: the older of two sockets with one id takes the
            # newer one's place in the table with it when it closes.
            self._sockets.pop(sid, None)
            pump.cancel()
            await asyncio.wait({pump})
        return ws

    async def _listen(self, socket: Socket, sid: str) -> None:
        """Read feature flags, which count only as the first text message, and drop the rest."""
        is_first = True
        async for message in socket.ws:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                data = json.loads(message.data)
            except json.JSONDecodeError:
                continue
            if is_first and isinstance(data, dict) and data.get("type") == "feature_flags":
                flags = data.get("data") or {}
                socket.wants_metadata = flags.get("supports_preview_metadata") is True
                self.send("feature_flags", FEATURES, sid)
            is_first = False

    async def close(self) -> None:
        await asyncio.gather(*(socket.ws.close(code=1001) for socket in self._sockets.values()))
