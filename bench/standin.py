"""A ComfyUI that runs no model: as quick as it is told, and true to the original on the wire.

A process of its own, ``python -m bench.standin PORT``, so that its work is not counted as that of
the server. What a client sees (shapes, order, who gets what) follows ComfyUI 0.3.64; how long a
step takes is a matter of ``POST /bench/config``. It writes whole frames to the sockets, many at
once, because it must not be the slow side.

Units: times of ``/bench/emits`` are nanoseconds of the machine's monotonic clock, which all
processes share.
"""

import asyncio
import heapq
import itertools
import json
import struct
import sys
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiohttp import WSMsgType, web

from bench.frames import BINARY, TEXT, frame, jpeg, mark, message, png
from bench.graphs import CHECKPOINT, STEPS, Graph, running_order, seed_of, signatures
from tests.catalogs import object_info

FEATURES = {"supports_preview_metadata": True, "max_upload_size": 100 * 2**20}
SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced")
# The most that waits for one reader before the sender waits for it, as the original's does.
MOST_UNSENT = 2**20
MOST_EMITS = 200_000


class Prompt(NamedTuple):
    """One prompt, in the shape of ComfyUI's queue items."""

    number: float
    id: str
    graph: Graph
    extra: dict[str, Any]
    outputs: list[str]

    @property
    def client(self) -> str | None:
        client: str | None = self.extra.get("client_id")
        return client


class StandIn:
    """The server's state: one queue, one worker, and the sockets by client id."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {"step_ms": 0.0, "preview_bytes": 20_000, "picture": "full"}
        self.pictures = {"full": png(1024, 1024), "tiny": png(8, 8)}
        self.preview = jpeg(20_000)
        self.sockets: dict[str, asyncio.Transport] = {}
        self.speaks_metadata: set[str] = set()
        self.queue: list[Prompt] = []
        self.running: list[Prompt] = []
        self.history: dict[str, Any] = {}
        # File name → the seed that stands in the picture.
        self.files: dict[str, Any] = {}
        self.interrupted: set[str] = set()
        self.done = 0
        self.emits: deque[tuple[str, int, int]] = deque(maxlen=MOST_EMITS)
        self.arrived = asyncio.Event()
        self.numbers = itertools.count()
        # What the previous prompt left in the cache.
        self.kept: set[int] = set()

    # --- sending

    async def send(self, data: bytes, client: str | None) -> None:
        """Send whole frames to one client, or to everybody when it is None."""
        if client is None:
            transports = list(self.sockets.values())
        else:
            transports = [self.sockets[client]] if client in self.sockets else []
        for transport in transports:
            transport.write(data)
            while transport.get_write_buffer_size() > MOST_UNSENT:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async def send_status(self) -> None:
        left = len(self.queue) + len(self.running)
        await self.send(message("status", status={"exec_info": {"queue_remaining": left}}), None)

    # --- running prompts

    async def work(self) -> None:
        """Run the prompts of the queue one by one."""
        while True:
            while not self.queue:
                self.arrived.clear()
                await self.arrived.wait()
            prompt = heapq.heappop(self.queue)
            self.running.append(prompt)
            await self.send_status()
            self.history[prompt.id] = await Execution(self, prompt).run()
            self.running.remove(prompt)
            self.done += 1
            await self.send_status()
            if prompt.client is not None:
                end = message("executing", node=None, prompt_id=prompt.id)
                await self.send(end, prompt.client)

    # --- HTTP, as ComfyUI has it

    async def post_prompt(self, request: web.Request) -> web.Response:
        body = await request.json()
        graph = body["prompt"]
        outputs = [name for name, node in graph.items() if node["class_type"] == "SaveImage"]
        extra = dict(body.get("extra_data") or {})
        if "client_id" in body:
            extra["client_id"] = body["client_id"]
        prompt_id = str(body.get("prompt_id") or uuid.uuid4())
        prompt = Prompt(next(self.numbers), prompt_id, graph, extra, outputs)
        heapq.heappush(self.queue, prompt)
        await self.send_status()
        self.arrived.set()
        return web.json_response(
            {"prompt_id": prompt.id, "number": prompt.number, "node_errors": {}}
        )

    async def get_queue(self, _: web.Request) -> web.Response:
        return web.json_response({"queue_running": self.running, "queue_pending": self.queue})

    async def post_queue(self, request: web.Request) -> web.Response:
        doomed = set((await request.json()).get("delete", ()))
        self.queue = [prompt for prompt in self.queue if prompt.id not in doomed]
        heapq.heapify(self.queue)
        await self.send_status()
        return web.Response()

    async def interrupt(self, request: web.Request) -> web.Response:
        wanted = (await request.json()).get("prompt_id")
        self.interrupted.update(prompt.id for prompt in self.running if prompt.id == wanted)
        return web.Response()

    async def get_history(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["prompt_id"]
        entry = self.history.get(prompt_id)
        return web.json_response({} if entry is None else {prompt_id: entry})

    async def view(self, request: web.Request) -> web.StreamResponse:
        """Send a picture in two pieces, so that the large one need not be copied."""
        name = request.query["filename"]
        if name not in self.files:
            raise web.HTTPNotFound
        kind, seed = self.files[name]
        head, tail = self.pictures[kind]
        head += mark(seed)
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        response.content_length = len(head) + len(tail)
        await response.prepare(request)
        await response.write(head)
        await response.write(tail)
        return response

    async def system_stats(self, _: web.Request) -> web.Response:
        argv = ["main.py", "--preview-method", "auto"]
        system = {"comfyui_version": "0.3.64", "argv": argv}
        return web.json_response({"system": system, "devices": []})

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        client = request.query.get("clientId") or uuid.uuid4().hex
        assert request.transport is not None, "prepared"
        self.sockets[client] = request.transport
        try:
            status = {"exec_info": {"queue_remaining": len(self.queue) + len(self.running)}}
            await self.send(message("status", status=status, sid=client), client)
            async for received in socket:
                if received.type is WSMsgType.TEXT:
                    said = json.loads(received.data)
                    if said["type"] == "feature_flags":
                        if said["data"].get("supports_preview_metadata"):
                            self.speaks_metadata.add(client)
                        await self.send(message("feature_flags", **FEATURES), client)
        finally:
            self.sockets.pop(client, None)
            self.speaks_metadata.discard(client)
        return socket

    # --- what only the bench asks

    async def configure(self, request: web.Request) -> web.Response:
        self.config |= await request.json()
        self.preview = jpeg(self.config["preview_bytes"])
        return web.json_response(self.config)

    async def get_emits(self, request: web.Request) -> web.Response:
        since = int(request.query["since"])
        return web.json_response([emit for emit in self.emits if emit[2] >= since])

    async def count(self, _: web.Request) -> web.Response:
        return web.json_response({"done": self.done})


class Execution:
    """The run of one prompt; its frames gather until somebody should see them."""

    def __init__(self, comfy: StandIn, prompt: Prompt) -> None:
        self._comfy = comfy
        self._prompt = prompt
        self._frames: list[bytes] = []
        self._messages: list[list[Any]] = []
        self._outputs: dict[str, Any] = {}
        # The part of progress_state that tells of nodes that are done.
        self._finished = ""

    async def run(self) -> dict[str, Any]:
        """Run to the end; return the entry of the history."""
        comfy, prompt = self._comfy, self._prompt
        order = running_order(prompt.graph, prompt.outputs)
        signed = signatures(prompt.graph, order)
        cached = [node for node in order if signed[node] in comfy.kept]
        self._note("execution_start")
        self._note("execution_cached", nodes=cached)
        for node in order:
            if node in cached:
                continue
            await self._run_node(node)
            if prompt.id in comfy.interrupted:
                self._note("execution_interrupted", node_id=node, executed=[])
                await self._flush()
                return self._entry("error")
        comfy.kept = set(signed.values())
        self._note("execution_success")
        await self._flush()
        return self._entry("success")

    async def _run_node(self, node: str) -> None:
        prompt_id, kind = self._prompt.id, self._prompt.graph[node]["class_type"]
        steps = 1
        self._frames.append(self._state(node, 0, 1, "running"))
        self._tell(message("executing", node=node, display_node=node, prompt_id=prompt_id))
        if kind in SAMPLERS:
            steps = int(self._prompt.graph[node]["inputs"].get("steps", STEPS))
            await self._sample(node, steps)
        if node in self._prompt.outputs:
            output = self._outputs[node] = self._save(node)
            self._tell(
                message(
                    "executed", node=node, display_node=node, output=output, prompt_id=prompt_id
                )
            )
        self._finished += node_state(prompt_id, node, steps, steps, "finished") + ", "
        self._frames.append(self._state())

    async def _sample(self, node: str, steps: int) -> None:
        comfy, prompt_id = self._comfy, self._prompt.id
        loop = asyncio.get_running_loop()
        preview, has_metadata = self._preview(node)
        step_s = comfy.config["step_ms"] / 1000
        due = loop.time()
        for step in range(1, steps + 1):
            if step_s:
                await self._flush()
                due += step_s
                await asyncio.sleep(max(0.0, due - loop.time()))
            if prompt_id in comfy.interrupted:
                return
            progress = message("progress", value=step, max=steps, prompt_id=prompt_id, node=node)
            self._frames.append(self._state(node, step, steps, "running"))
            # A preview with metadata comes before the step that it belongs to, a bare one after.
            self._frames += [preview, progress] if has_metadata else [progress, preview]
            comfy.emits.append((prompt_id, step, time.monotonic_ns()))
            if step_s:
                await self._flush()

    def _preview(self, node: str) -> tuple[bytes, bool]:
        """Return the preview frame of this client, and whether it says whose it is."""
        picture = self._comfy.preview
        if self._prompt.client not in self._comfy.speaks_metadata:
            return frame(BINARY, struct.pack(">II", 1, 1) + picture), False
        metadata = json.dumps(
            {
                "node_id": node,
                "prompt_id": self._prompt.id,
                "display_node_id": node,
                "parent_node_id": None,
                "real_node_id": node,
                "image_type": "image/jpeg",
            }
        ).encode()
        return frame(BINARY, struct.pack(">II", 4, len(metadata)) + metadata + picture), True

    def _save(self, node: str) -> dict[str, Any]:
        """Save the picture of an output node: a name, for the bytes are made when asked for."""
        prefix = str(self._prompt.graph[node]["inputs"]["filename_prefix"])
        subfolder, _, base = prefix.rpartition("/")
        name = f"{base}_{len(self._comfy.files) + 1:05}_.png"
        self._comfy.files[name] = (self._comfy.config["picture"], seed_of(self._prompt.graph))
        return {"images": [{"filename": name, "subfolder": subfolder, "type": "output"}]}

    def _state(self, *running: Any) -> bytes:
        """Return ``progress_state``: every node so far, and the one at work."""
        nodes = self._finished + (node_state(self._prompt.id, *running) if running else "")
        head = (
            f'{{"type": "progress_state", "data": {{"prompt_id": "{self._prompt.id}", "nodes": {{'
        )
        return frame(TEXT, f"{head}{nodes.removesuffix(', ')}}}}}}}".encode())

    def _note(self, kind: str, **data: Any) -> None:
        """Tell, and keep for the history."""
        data |= {"prompt_id": self._prompt.id, "timestamp": int(time.time() * 1000)}
        self._messages.append([kind, data])
        self._tell(message(kind, **data))

    def _tell(self, one: bytes) -> None:
        """Tell the prompt's own client; what everybody hears goes to the frames directly."""
        if self._prompt.client is not None:
            self._frames.append(one)

    async def _flush(self) -> None:
        data = b"".join(self._frames)
        self._frames.clear()
        await self._comfy.send(data, self._prompt.client)

    def _entry(self, status: str) -> dict[str, Any]:
        said = {
            "status_str": status,
            "completed": status == "success",
            "messages": self._messages,
        }
        return {"prompt": self._prompt, "outputs": self._outputs, "status": said}


def node_state(prompt_id: str, node: str, value: int, maximum: int, state: str) -> str:
    return (
        f'"{node}": {{"value": {value}, "max": {maximum}, "state": "{state}", "node_id": "{node}", '
        f'"prompt_id": "{prompt_id}", "display_node_id": "{node}", "parent_node_id": null, '
        f'"real_node_id": "{node}"}}'
    )


def create_app(comfy: StandIn) -> web.Application:
    app = web.Application(client_max_size=100 * 2**20)
    info = json.dumps(object_info(checkpoints=[CHECKPOINT])).encode()

    async def get_object_info(_: web.Request) -> web.Response:
        return web.Response(body=info, content_type="application/json")

    table: list[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = [
        ("GET", "/ws", comfy.websocket),
        ("POST", "/prompt", comfy.post_prompt),
        ("GET", "/queue", comfy.get_queue),
        ("POST", "/queue", comfy.post_queue),
        ("POST", "/interrupt", comfy.interrupt),
        ("GET", "/history/{prompt_id}", comfy.get_history),
        ("GET", "/view", comfy.view),
        ("GET", "/system_stats", comfy.system_stats),
        ("GET", "/object_info", get_object_info),
        ("POST", "/bench/config", comfy.configure),
        ("GET", "/bench/emits", comfy.get_emits),
        ("GET", "/bench/count", comfy.count),
    ]
    for method, path, handler in table:
        app.router.add_route(method, path, handler)
    return app


async def main(port: int) -> None:
    comfy = StandIn()
    runner = web.AppRunner(create_app(comfy), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    await comfy.work()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
