"""A ComfyUI for tests: the same HTTP and WebSocket, no models, and it does what a test tells it.

::

    async with FakeComfy() as comfy:
        client = ComfyClient(comfy.url, session)

It runs the graph of each prompt node by node, one prompt at a time, with steps, previews, cache and
small real pictures (`picture_of(data)` tells which one it is). `example_graph()` is one to submit.
What can be told:

    comfy.hold(Stage.SAMPLING)           every run stops there …
    await comfy.reached(Stage.SAMPLING)  … wait until one has come so far (or `reached(stage, id)`,
                                         `queued(count)`, `connected(count)`, `until(predicate)`)
    comfy.release()                      … and goes on
    comfy.at(Stage.SAMPLING, comfy.drop_sockets)   do something once, when a run comes there
    comfy.drop_sockets()                 cut every socket without a close frame
    comfy.go_silent()                    sockets stay open, nothing is sent, until `silent = False`
    comfy.go_dark()                      a black hole: connections are taken, nothing is answered
                                         or sent, until `come_back()`
    await comfy.restart()                everything is forgotten; also apart: `stop()`, `start()`
    comfy.reject_next(body)              the next POST /prompt is a 400 with this body
    comfy.accept_partly(node_errors)     the next is a 200 with these node_errors
    comfy.fail_next(OUT_OF_MEMORY)       the next run raises in its first sampler, or in the node
                                         or class given as `node_id` or `node_type`
    comfy.fault_next("/prompt", "drop_after")   or `drop_before`, `hang_before`, `hang_after`,
                                         `truncate`, `begin` (a picture's first
                                         bytes), or a status such as 500; `heal()` ends it
    comfy.chokes_on = "cursed"           a graph with this word in it is a 500, always
    comfy.output_order = sorted          the order of the branches, a function of the output ids
    comfy.history_late_s = 0.05          the history follows the end by so much
    comfy.step_s = 0.05                  each step takes so long
    comfy.give("SaveVideo", {"images": {"clip.mp4": data}, "text": ["a fox"]})   what an output node
                                         gives, by its class or id: files under a key, or anything
                                         else as it stands; also with `kind="temp"`, `folder="sub"`
    comfy.tells_outputs = False          `executed` is never sent
    comfy.takes_uploads.clear()          uploads wait, until `set()`
    comfy.answers_pings, comfy.speaks_flags, comfy.names_prompts = False …   other shortcomings
    await comfy.send_garbage()           frames that nobody can read, to every socket
    await comfy.submit(graph)            another program's prompt (no client id: everybody hears it)

and what it saw: `submitted` (bodies), `uploaded` (folder and name), `interrupts`, `deleted`,
`freed`, `client_ids`, `requests`, `running`, `pending`, `history`, `files`, `ran` (prompt ids in
running order).
Also `loads`: checkpoints, each time that one was loaded.

By hand: ``python -m tests.fakes.comfy --port 8188``.
"""

import argparse
import asyncio
import gzip
import json
import logging
import mimetypes
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.comfy_engine import OUT_OF_MEMORY, PATIENCE_S, FakeEngine, Prompt, Stage
from tests.fakes.comfy_graph import CHECKPOINT, example_graph, picture_of

__all__ = ["CHECKPOINT", "OUT_OF_MEMORY", "FakeComfy", "Stage", "example_graph", "picture_of"]

logger = logging.getLogger(__name__)

DATA = Path(__file__).parent.parent / "data"

# What no client may stumble over.
GARBAGE: tuple[str | bytes, ...] = (
    "", "not json", "[]", "null", '"text"', "{}", '{"type": []}', '{"type": "executing"}',
    '{"type": "executing", "data": null}', '{"type": "executing", "data": {"node": 5}}',
    '{"type": "progress", "data": {"value": "x", "max": null, "prompt_id": 3}}',
    '{"type": "crystools.monitor", "data": {"cpu": 1}}', "[" * 5000,
    '{"type": "status", "data": {"status": null}}',
    b"", b"\0", b"\0\0\0\1", b"\0\0\0\1\0\0\0\1", b"\0\0\0\1\0\0\0\7abc", b"\0\0\0\3\0\0\0\1a1",
    b"\0\0\0\4\0\0\0\2{}", b"\0\0\0\4\xff\xff\xff\xff{}", b"\0\0\0\4\0\0\0\4nope", b"\0\0\0\x63abc",
)  # fmt: skip


@cache
def recorded_object_info() -> dict[str, Any]:
    info: dict[str, Any] = json.loads(gzip.decompress((DATA / "object_info.json.gz").read_bytes()))
    return info


class FakeComfy(FakeEngine):
    """See the top of this file. Each test has its own."""

    def __init__(
        self,
        *,
        port: int = 0,
        previews: bool = True,
        honors_preview_method: bool = False,
        checkpoints: Sequence[str] = (CHECKPOINT,),
        loras: Sequence[str] | None = None,
        picture_size: tuple[int, int] = (64, 64),
    ) -> None:
        self.port = port
        super().__init__(
            previews=previews,
            honors_preview_method=honors_preview_method,
            picture_size=picture_size,
        )
        self.object_info = dict(recorded_object_info())
        self.set_checkpoints(checkpoints)
        if loras is not None:
            for node in ("LoraLoader", "LoraLoaderModelOnly"):
                self._set_choices(node, "lora_name", loras)
        # What the headers of model files say, by file name.
        self.model_headers: dict[str, dict[str, str]] = {}
        self.speaks_flags = True  # False: a ComfyUI of before feature flags
        self.answers_pings = True
        self.names_prompts = True  # False: a ComfyUI that chooses prompt ids itself
        self.submitted: list[dict[str, Any]] = []
        self.interrupts: list[str | None] = []
        self.deleted: list[str] = []
        self.client_ids: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.freed: list[dict[str, Any]] = []
        self.uploaded: list[str] = []
        self.vram_free = 0
        self.takes_uploads = asyncio.Event()
        self.takes_uploads.set()
        self._is_bright = asyncio.Event()
        self._is_bright.set()
        self._transports: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._number = 0
        self._faults: dict[str, deque[str | int]] = {}
        self.chokes_on = ""
        self._answers: deque[tuple[int, dict[str, Any]]] = deque()
        self._runner: web.AppRunner | None = None
        self._worker: asyncio.Task[None] | None = None

    # --- Life

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_up(self) -> bool:
        return self._worker is not None and not self._worker.done()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def connected(self, count: int) -> None:
        """Wait until so many sockets were opened since the beginning."""
        await self.until(lambda: len(self.client_ids) >= count)

    async def queued(self, count: int) -> None:
        """Wait until so many prompts are pending."""
        await self.until(lambda: len(self.pending) >= count)

    async def start(self) -> None:
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._worker = asyncio.create_task(self._work(), name="fake ComfyUI")

    async def stop(self) -> None:
        """Die: sockets end without a close frame, connections are refused, nothing is kept."""
        assert self._worker is not None, "started"
        assert self._runner is not None, "started"
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker
        self.drop_sockets()
        await self._runner.cleanup()
        self.pending.clear()
        self.running = None
        self.history.clear()
        self._cache.clear()
        self._seen.clear()
        self._number = 0

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def set_checkpoints(self, names: Sequence[str]) -> None:
        self._set_choices("CheckpointLoaderSimple", "ckpt_name", names)

    def _set_choices(self, class_type: str, name: str, values: Sequence[str]) -> None:
        schema = json.loads(json.dumps(self.object_info[class_type]))
        schema["input"]["required"][name][0] = list(values)
        self.object_info[class_type] = schema

    # --- What a test tells it

    def drop_sockets(self) -> None:
        for transport in self._transports.values():
            transport.abort()

    def go_silent(self) -> None:
        self.silent = True

    def go_dark(self) -> None:
        self.silent = True
        self._is_bright.clear()

    def come_back(self) -> None:
        self.silent = False
        self._is_bright.set()

    def reject_next(self, body: dict[str, Any]) -> None:
        self._answers.append((400, body))

    def accept_partly(self, node_errors: dict[str, Any]) -> None:
        self._answers.append((200, node_errors))

    def fault_next(self, path: str, fault: str | int, *, times: int = 1) -> None:
        self._faults.setdefault(path, deque()).extend([fault] * times)

    def heal(self) -> None:
        """Forget the faults that were not used up."""
        self._faults.clear()

    async def send_garbage(self) -> None:
        for frame in GARBAGE:
            for socket in list(self._transports):
                await self._send_to(socket, frame)

    async def submit(
        self, graph: Mapping[str, Any], *, client_id: str | None = None, prompt_id: str = ""
    ) -> str:
        """Queue another program's prompt."""
        body = {"prompt": graph, "prompt_id": prompt_id or str(uuid.uuid4())}
        prompt = self._queue({**body, "client_id": client_id})
        await self._send_status()
        return prompt.id

    # --- HTTP

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._fault], client_max_size=100 * 2**20)
        for prefix in ("", "/api"):
            app.add_routes(
                [
                    web.get(f"{prefix}/ws", self._ws),
                    web.get(f"{prefix}/prompt", self._get_prompt),
                    web.post(f"{prefix}/prompt", self._post_prompt),
                    web.get(f"{prefix}/queue", self._get_queue),
                    web.post(f"{prefix}/queue", self._post_queue),
                    web.post(f"{prefix}/interrupt", self._interrupt),
                    web.post(f"{prefix}/free", self._free),
                    web.get(f"{prefix}/history", self._get_history),
                    web.get(f"{prefix}/history/{{id}}", self._get_history),
                    web.post(f"{prefix}/history", self._post_history),
                    web.get(f"{prefix}/view", self._view),
                    web.get(f"{prefix}/object_info", self._get_object_info),
                    web.get(f"{prefix}/object_info/{{name}}", self._get_object_info),
                    web.get(f"{prefix}/system_stats", self._system_stats),
                    web.get(f"{prefix}/view_metadata/{{folder}}", self._view_metadata),
                    web.get(f"{prefix}/features", self._features),
                    web.post(f"{prefix}/upload/image", self._upload),
                ]
            )
        return app

    @web.middleware
    async def _fault(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        await self._is_bright.wait()
        path = request.path.removeprefix("/api")
        self.requests.append((request.method, path))
        name = "/" + path.split("/")[1]
        fault: str | int = ""
        if request.method == "POST" or name != "/prompt":
            faults = self._faults.get(name)
            fault = faults.popleft() if faults else ""
        if isinstance(fault, int):
            return web.Response(status=fault, text="500 Internal Server Error")
        if not fault:
            return await handler(request)
        if fault == "begin":
            return web.Response(body=b"\x89PNG", content_type="image/png")
        if fault.endswith("after"):
            await handler(request)
        if fault.startswith("hang"):
            await asyncio.sleep(PATIENCE_S)
        if fault == "truncate":
            broken = web.StreamResponse(
                headers={"Content-Type": "image/png", "Content-Length": "100000"}
            )
            await broken.prepare(request)
            await broken.write(b"\x89PNG")
        assert request.transport is not None, "connected"
        request.transport.abort()
        return web.Response()

    def _queue(self, body: dict[str, Any]) -> Prompt:
        graph = body["prompt"]
        number = float(body["number"]) if "number" in body else float(self._number)
        if body.get("front"):
            number = -number
        self._number += 1
        prompt = Prompt(
            number=number,
            id=str(body.get("prompt_id", uuid.uuid4()) if self.names_prompts else uuid.uuid4()),
            graph=graph,
            extra_data=dict(body.get("extra_data") or {}),
            outputs=[n for n in graph if self._is_output(graph[n]["class_type"])],
            client_id=body.get("client_id"),
        )
        if prompt.client_id is not None:
            prompt.extra_data["client_id"] = prompt.client_id
        self.pending.append(prompt)
        self._notify()
        return prompt

    def _is_output(self, class_type: str) -> bool:
        return bool(self.object_info[class_type]["output_node"])

    def _refusal(self, graph: Mapping[str, Any]) -> dict[str, Any] | None:
        for node_id, node in graph.items():
            if node.get("class_type") not in self.object_info:
                return {
                    "type": "invalid_prompt",
                    "message": f"Cannot execute because node {node.get('class_type')} "
                    "does not exist.",
                    "details": f"Node ID '#{node_id}'",
                    "extra_info": {},
                }
        if not any(self._is_output(node["class_type"]) for node in graph.values()):
            return {
                "type": "prompt_no_outputs",
                "message": "Prompt has no outputs",
                "details": "",
                "extra_info": {},
            }
        return None

    def _without_picture(self, graph: Mapping[str, Any]) -> dict[str, Any]:
        """The complaints about nodes that load a picture which is not in the input folder."""
        complaints = {}
        for node_id, node in graph.items():
            name = node["inputs"].get("image")
            if node["class_type"] not in ("LoadImage", "LoadImageMask") or "[output]" in name:
                continue
            folder, _, file_name = name.rpartition("/")
            if ("input", folder, file_name) not in self.files:
                problem = {
                    "type": "custom_validation_failed",
                    "message": "Custom validation failed for node",
                    "details": f"image - Invalid image file: {name}",
                    "extra_info": {"input_name": "image"},
                }
                complaints[node_id] = {
                    "errors": [problem],
                    "dependent_outputs": [],
                    "class_type": node["class_type"],
                }
        return complaints

    async def _post_prompt(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.submitted.append(body)
        if self.chokes_on and self.chokes_on in json.dumps(body["prompt"]):
            return web.Response(status=500)
        status, scripted = self._answers.popleft() if self._answers else (200, {})
        if status != 200:
            self._number += 1
            return web.json_response(scripted, status=status)
        if refusal := self._refusal(body["prompt"]):
            self._number += 1
            return web.json_response({"error": refusal, "node_errors": {}}, status=400)
        if complaints := self._without_picture(body["prompt"]):
            self._number += 1
            error = {"type": "prompt_outputs_failed_validation", "message": "", "details": ""}
            return web.json_response({"error": error, "node_errors": complaints}, status=400)
        number = self._number
        prompt = self._queue(body)
        await self._send_status()
        return web.json_response(
            {"prompt_id": prompt.id, "number": number, "node_errors": scripted}
        )

    async def _get_prompt(self, _: web.Request) -> web.Response:
        return web.json_response(self._exec_info())

    async def _get_queue(self, _: web.Request) -> web.Response:
        running = [self.running.item()] if self.running else []
        pending = [prompt.item() for prompt in self.pending]
        return web.json_response({"queue_running": running, "queue_pending": pending})

    async def _post_queue(self, request: web.Request) -> web.Response:
        body = await request.json()
        gone = set(body.get("delete", ()))
        self.deleted.extend(gone)
        if body.get("clear"):
            gone = {prompt.id for prompt in self.pending}
        before = len(self.pending)
        self.pending = [prompt for prompt in self.pending if prompt.id not in gone]
        if len(self.pending) != before:
            self._notify()
            await self._send_status()
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        text = await request.text()
        prompt_id = (json.loads(text) if text else {}).get("prompt_id")
        self.interrupts.append(prompt_id)
        if self.running is not None and prompt_id in (None, self.running.id):
            self.running.is_interrupted = True
            self._notify()
        return web.Response()

    async def _free(self, request: web.Request) -> web.Response:
        self.freed.append(await request.json())
        return web.Response()

    async def _get_history(self, request: web.Request) -> web.Response:
        if "id" in request.match_info:
            prompt_id = request.match_info["id"]
            entry = self.history.get(prompt_id)
            return web.json_response({prompt_id: entry} if entry else {})
        most = int(request.query.get("max_items", len(self.history)))
        return web.json_response(dict(list(self.history.items())[-most:] if most else []))

    async def _post_history(self, request: web.Request) -> web.Response:
        body = await request.json()
        for prompt_id in list(self.history) if body.get("clear") else body.get("delete", ()):
            self.history.pop(prompt_id, None)
        return web.Response()

    async def _view(self, request: web.Request) -> web.Response:
        query = request.query
        key = (query.get("type", "output"), query.get("subfolder", ""), query["filename"])
        if key not in self.files:
            return web.Response(status=404)
        told = mimetypes.guess_type(query["filename"])[0]
        return web.Response(body=self.files[key], content_type=told or "application/octet-stream")

    async def _get_object_info(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name")
        if name is None:
            return web.json_response(self.object_info)
        return web.json_response({k: v for k, v in self.object_info.items() if k == name})

    async def _view_metadata(self, request: web.Request) -> web.Response:
        header = self.model_headers.get(request.query.get("filename", ""))
        return web.Response(status=404) if header is None else web.json_response(header)

    async def _system_stats(self, _: web.Request) -> web.Response:
        argv = ["main.py", "--cpu", *(["--preview-method", "latent2rgb"] if self.previews else [])]
        system = {"os": "posix", "comfyui_version": "0.3.64", "argv": argv}
        device = {"name": "cpu", "type": "cpu", "vram_free": self.vram_free}
        return web.json_response({"system": system, "devices": [device]})

    async def _features(self, _: web.Request) -> web.Response:
        return web.json_response({"supports_preview_metadata": True, "max_upload_size": 104857600})

    async def _upload(self, request: web.Request) -> web.Response:
        if not request.content_type.startswith("multipart/"):
            return web.Response(status=400)
        await self.takes_uploads.wait()
        form = await request.post()
        image = form.get("image")
        if not image:
            return web.Response(status=400)
        folder, kind = str(form.get("subfolder", "")), str(form.get("type", "input"))
        if kind not in ("input", "temp", "output") or not isinstance(image, web.FileField):
            return web.Response(status=500, text="500 Internal Server Error")
        if ".." in folder or ".." in image.filename:
            return web.Response(status=400)
        data, name = image.file.read(), image.filename
        if form.get("overwrite") not in ("true", "1"):
            name = self._free_name(kind, folder, name, data)
        self.files[kind, folder, name] = data
        self.uploaded.append(f"{folder}/{name}")
        return web.json_response({"name": name, "subfolder": folder, "type": kind})

    def _free_name(self, kind: str, folder: str, name: str, data: bytes) -> str:
        """Return the name under which these bytes are there already, or the next free one."""
        stem, dot, extension = name.rpartition(".")
        count = 0
        while self.files.get((kind, folder, name), data) != data:
            count += 1
            name = f"{stem} ({count}){dot}{extension}"
        return name

    async def _ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0, autoping=self.answers_pings)
        await socket.prepare(request)
        client_id = request.query.get("clientId") or uuid.uuid4().hex
        self.client_ids.append(client_id)
        self._notify()
        assert request.transport is not None, "connected"
        self._transports[socket] = request.transport
        self._sockets[client_id] = socket
        status = {"status": self._exec_info(), "sid": client_id}
        await self._send_to(socket, json.dumps({"type": "status", "data": status}))
        if self.running is not None and self.running.client_id == client_id and self.running.nodes:
            last = {"node": list(self.running.nodes)[-1]}
            await self._send_to(socket, json.dumps({"type": "executing", "data": last}))
        try:
            is_first = True
            async for message in socket:
                if message.type is WSMsgType.TEXT and is_first and self.speaks_flags:
                    await self._read_flags(socket, message.data)
                is_first = False
        finally:
            self._transports.pop(socket, None)
            self._flags.discard(socket)
            # As ComfyUI does: also when a newer socket has this id by now, which then goes deaf.
            self._sockets.pop(client_id, None)
            await socket.close(code=WSCloseCode.GOING_AWAY)
        return socket

    async def _read_flags(self, socket: web.WebSocketResponse, text: str) -> None:
        message = json.loads(text)
        if message.get("type") != "feature_flags":
            return
        if message["data"].get("supports_preview_metadata") is True:
            self._flags.add(socket)
        answer = {"supports_preview_metadata": True, "max_upload_size": 104857600}
        await self._send_to(socket, json.dumps({"type": "feature_flags", "data": answer}))


async def _main() -> None:
    parser = argparse.ArgumentParser(description="A ComfyUI without models, for trying clients.")
    parser.add_argument("--port", type=int, default=8188)
    parser.add_argument("--step-ms", type=float, default=100)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    async with FakeComfy(port=arguments.port) as comfy:
        comfy.step_s = arguments.step_ms / 1000
        logger.info("The fake ComfyUI listens at %s.", comfy.url)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main())
