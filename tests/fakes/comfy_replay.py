"""A recorded session, played to a client: it hears what the recorded client heard, in that order.

The recording is a script. Where the recorded client submitted a prompt or stopped one, the replay
asks the client under test to do the same, waits for its request, and answers as ComfyUI did. Frames
go to the socket under whose client id the prompt was submitted, or nowhere when it is closed. The
queue and the history are what they were at that point of the script.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.comfy_engine import PATIENCE_S
from tests.fakes.recording import Line, frame_of, lines_of

Submit = Callable[[str, dict[str, Any]], object]
Stop = Callable[[str], object]
# Name with folder, bytes, media type.
Upload = Callable[[str, bytes, str], object]


class ReplayComfy:
    """Plays one recording. ``roles`` are the recorded clients that the client under test is."""

    def __init__(
        self,
        name: str,
        *roles: str,
        submit: Submit,
        stop: Stop | None = None,
        upload: Upload | None = None,
    ) -> None:
        self._lines = lines_of(name)
        self._roles = roles
        self._submit = submit
        self._stop = stop
        self._upload = upload
        # What was uploaded: its fields, and its file as (name, media type, bytes).
        self.uploaded: list[dict[str, Any]] = []
        self._upload_answer: asyncio.Future[Line] | None = None
        ws = [line for line in self._lines if line["ch"] == "ws" and line["client"] in roles]
        self._recorded_ids = {
            line["path"].partition("=")[2] for line in ws if line["dir"] == "connect"
        }
        self._speaks_flags = any(line["dir"] == "send" for line in ws)
        self._responses = {
            line["n"]: line for line in self._lines if line["ch"] == "http" and line["dir"] == "res"
        }
        self._entries = _history_of(self._lines)
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._transports: list[asyncio.Transport] = []
        self._moved = asyncio.Condition()
        self._posted: dict[str, dict[str, Any]] = {}
        self._answers: dict[str, asyncio.Future[Line]] = {}
        self._stopped: list[str] = []
        # Prompt id → the item of the queue.
        self._running: dict[str, Any] = {}
        self._pending: dict[str, Any] = {}
        self._history: dict[str, Any] = {}
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        await self._open()
        try:
            yield
        finally:
            await self._close()

    async def _open(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/ws", self._ws),
                web.post("/prompt", self._post_prompt),
                web.get("/queue", self._get_queue),
                web.post("/queue", self._post_stop),
                web.post("/interrupt", self._post_stop),
                web.post("/upload/image", self._post_upload),
                web.get("/history/{id}", self._get_history),
                web.get("/object_info", self._get_object_info),
                web.get("/system_stats", self._get_system_stats),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        self._drop()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    def _drop(self) -> None:
        for transport in self._transports:
            transport.abort()
        self._transports.clear()
        self._sockets.clear()

    async def _until(self, wanted: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._moved:
            await self._moved.wait_for(wanted)

    async def _notify(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    # --- The script

    async def play(self) -> None:
        for line in self._lines:
            if line["ch"] == "http" and line["dir"] == "req" and line["method"] == "POST":
                await self._ask(line)
            elif line["ch"] == "http" and line["dir"] == "res":
                self._answer(line)
            elif line["ch"] == "ws" and line["client"] in self._roles:
                await self._play_socket(line)

    async def _ask(self, line: Line) -> None:
        """Let the client under test do what the recorded one did, if that was its doing."""
        body = line.get("json") or {}
        prompt_id = self._prompt_id(line)
        if line["path"] == "/prompt" and body.get("client_id") in self._recorded_ids:
            self._submit(prompt_id, body["prompt"])
            await self._until(lambda: prompt_id in self._posted)
        elif line["path"] == "/upload/image" and self._upload is not None:
            self._upload_answer = asyncio.get_running_loop().create_future()
            fields = {field["name"]: field for field in line["form"]}
            name = "/".join([fields["subfolder"]["value"], fields["image"]["filename"]])
            data = base64.b64decode(fields["image"]["b64"])
            count = len(self.uploaded)
            self._upload(name, data, fields["image"]["content_type"])
            await self._until(lambda: len(self.uploaded) > count)
        elif line["path"] in ("/queue", "/interrupt") and self._stop is not None:
            waiting = [named for named in body.get("delete", ()) if named in self._pending]
            running = [named for named in [body.get("prompt_id")] if named in self._running]
            for named in waiting + running:
                self._stop(named)
            await self._until(lambda: set(waiting + running) <= set(self._stopped))

    def _prompt_id(self, line: Line) -> str:
        answer = self._responses[line["n"]].get("json")
        given = answer.get("prompt_id") if isinstance(answer, dict) else None
        return str(given) if given is not None else f"refused {line['n']}"

    def _answer(self, line: Line) -> None:
        """Answer the request that this line answered."""
        [request] = [
            other
            for other in self._lines
            if other["ch"] == "http" and other["dir"] == "req" and other["n"] == line["n"]
        ]
        future = self._answers.pop(self._prompt_id(request), None)
        if request["path"] == "/prompt" and future is not None:
            future.set_result(line)
        if request["path"] == "/upload/image" and self._upload_answer is not None:
            self._upload_answer.set_result(line)
        if request["path"].startswith("/history/"):
            for prompt_id in self._running.keys() & line["json"].keys():
                self._end(prompt_id)

    async def _play_socket(self, line: Line) -> None:
        if line["dir"] == "connected":
            await self._come_back()
        elif line["dir"] == "recv":
            await self._send(line)
        elif line["dir"] == "close":
            self._drop()
        elif line.get("code") == 1006:
            self._running.clear()
            self._pending.clear()
            self._history.clear()
            await self._close()

    async def _come_back(self) -> None:
        """Wait for a socket: where a run is alive, for the one that can hear it."""
        if self._runner is None:
            await self._open()
        alive = {self._posted[prompt_id]["client_id"] for prompt_id in self._running}
        await self._until(lambda: alive <= self._sockets.keys() if alive else self._sockets)

    async def _send(self, line: Line) -> None:
        message = line.get("json") or {"type": "", "data": line["bin"].get("metadata", {})}
        kind, data = message["type"], message["data"]
        prompt_id = data.get("prompt_id")
        if kind == "execution_start" and prompt_id in self._pending:
            self._running[prompt_id] = self._pending.pop(prompt_id)
        if kind == "executing" and data["node"] is None and prompt_id in self._posted:
            self._end(prompt_id)
        mine = self._posted.get(prompt_id, {}).get("client_id")
        frame = frame_of(line)
        for client_id, socket in list(self._sockets.items()):
            if mine in (None, client_id) and not socket.closed:
                with suppress(ConnectionError):
                    if isinstance(frame, bytes):
                        await socket.send_bytes(frame)
                    else:
                        await socket.send_str(frame)

    def _end(self, prompt_id: str) -> None:
        self._running.pop(prompt_id, None)
        self._history[prompt_id] = self._entries[prompt_id]

    # --- HTTP

    async def _ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None, "connected"
        client_id = request.query["clientId"]
        self._transports.append(request.transport)
        self._sockets[client_id] = socket
        await self._notify()
        async for message in socket:
            if message.type is WSMsgType.TEXT and self._speaks_flags:
                await socket.send_str(message.data)
        if self._sockets.get(client_id) is socket:
            del self._sockets[client_id]
        return socket

    async def _post_prompt(self, request: web.Request) -> web.Response:
        body = await request.json()
        prompt_id = body["prompt_id"]
        self._answers[prompt_id] = asyncio.get_running_loop().create_future()
        answer = self._answers[prompt_id]
        self._posted[prompt_id] = body
        extra_data = {"client_id": body["client_id"]}
        self._pending[prompt_id] = [0, prompt_id, body["prompt"], extra_data, []]
        await self._notify()
        line = await answer
        if line["status"] != 200:
            self._pending.pop(prompt_id, None)
        return web.json_response(line["json"], status=line["status"])

    async def _post_upload(self, request: web.Request) -> web.Response:
        form: dict[str, Any] = dict(await request.post())
        image = form["image"]
        form["image"] = (image.filename, image.content_type, image.file.read())
        assert self._upload_answer is not None, "asked for"
        answer = self._upload_answer
        self.uploaded.append(form)
        await self._notify()
        line = await answer
        return web.json_response(line["json"], status=line["status"])

    async def _post_stop(self, request: web.Request) -> web.Response:
        body = await request.json()
        for prompt_id in body.get("delete", ()):
            if self._pending.pop(prompt_id, None):
                self._stopped.append(prompt_id)
        if body.get("prompt_id") in self._running:
            self._stopped.append(body["prompt_id"])
        await self._notify()
        return web.Response()

    async def _get_queue(self, _: web.Request) -> web.Response:
        queue = {"queue_running": self._running, "queue_pending": self._pending}
        return web.json_response({key: list(items.values()) for key, items in queue.items()})

    async def _get_history(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["id"]
        entry = self._history.get(prompt_id)
        return web.json_response({prompt_id: entry} if entry else {})

    async def _get_object_info(self, _: web.Request) -> web.Response:
        return web.json_response({"SaveImage": {"output_node": True}})

    async def _get_system_stats(self, _: web.Request) -> web.Response:
        return web.json_response({"system": {"argv": []}})


def _history_of(lines: list[Line]) -> dict[str, Any]:
    """Every prompt's entry: as recorded, else put together from what its client heard."""
    entries: dict[str, Any] = {}
    for line in lines:
        message = line.get("json")
        if line["ch"] != "ws" or not isinstance(message, dict):
            continue
        kind, data = message["type"], message["data"]
        if kind == "executed" or kind.startswith("execution_"):
            entry = entries.setdefault(
                data["prompt_id"], {"outputs": {}, "status": {"messages": []}}
            )
            if kind == "executed":
                entry["outputs"][data["node"]] = data["output"]
            else:
                is_bad = kind in ("execution_error", "execution_interrupted")
                entry["status"]["status_str"] = "error" if is_bad else "success"
                entry["status"]["messages"].append([kind, data])
    for line in lines:
        body = line.get("json")
        if line["ch"] == "http" and line["dir"] == "res" and isinstance(body, dict):
            recorded = {k: v for k, v in body.items() if isinstance(v, dict) and "outputs" in v}
            entries |= json.loads(json.dumps(recorded))
    return entries
