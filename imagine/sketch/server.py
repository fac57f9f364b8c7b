"""ComfyUI's routes over the sketch engine, and its life from start to stop."""

import asyncio
import ipaddress
import json
import logging
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from imagine.sketch import views
from imagine.sketch.execution import Surroundings, Ticket
from imagine.sketch.files import Files
from imagine.sketch.runner import Runner
from imagine.sketch.schemas import (
    CHECKPOINT,
    load_schemas,
    metadata_of,
    models_of,
    with_uploads,
)
from imagine.sketch.sockets import FEATURES, Hub
from imagine.sketch.validation import validate

logger = logging.getLogger(__name__)

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The ComfyUI whose behaviour this follows.
COMFYUI_VERSION = "0.3.64"
# In a temporary folder, so many prompts' pictures are kept; the product fetches them at once.
KEPT_IN_TEMPORARY = 200
SHUTDOWN_S = 2.0
TROUBLE = "500 Internal Server Error\n\nServer got itself in trouble"


@dataclass(frozen=True, slots=True)
class SketchServer:
    """A running engine, as ``serve`` yields it."""

    url: str


class Api:
    """The handlers, one method a route."""

    def __init__(
        self, runner: Runner, around: Surroundings, checkpoints: Sequence[str] = (CHECKPOINT,)
    ) -> None:
        self._runner = runner
        self._around = around
        self._models = models_of(checkpoints)
        self._schemas = load_schemas(self._models)
        # Counts every POST /prompt, refused ones too.
        self._number = 0

    def routes(self) -> list[web.RouteDef]:
        """Return every route twice: as it is, and below ``/api``."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/ws", self.ws),
            ("GET", "/prompt", self.get_prompt),
            ("POST", "/prompt", self.post_prompt),
            ("GET", "/queue", self.get_queue),
            ("POST", "/queue", self.post_queue),
            ("POST", "/interrupt", self.interrupt),
            ("GET", "/history", self.get_history),
            ("GET", "/history/{prompt_id}", self.get_history),
            ("POST", "/history", self.post_history),
            ("POST", "/free", self.free),
            ("GET", "/view", self.view),
            ("POST", "/upload/image", self.upload_image),
            ("POST", "/upload/mask", self.upload_mask),
            ("GET", "/object_info", self.object_info),
            ("GET", "/object_info/{class_type}", self.object_info),
            ("GET", "/models", self.models),
            ("GET", "/models/{folder}", self.models),
            ("GET", "/embeddings", self.embeddings),
            ("GET", "/view_metadata/{folder}", self.metadata),
            ("GET", "/system_stats", self.system_stats),
            ("GET", "/features", self.features),
        ]
        add = {"GET": web.get, "POST": web.post}
        return [web.get("/", self.root)] + [
            add[method](prefix + path, handler)
            for method, path, handler in table
            for prefix in ("", "/api")
        ]

    async def root(self, request: web.Request) -> web.Response:
        return web.Response(text="Imagine sketch engine: speaks ComfyUI's API, has no page.\n")

    # --- prompts

    async def ws(self, request: web.Request) -> web.StreamResponse:
        ticket = self._runner.running
        running = (None if ticket is None else ticket.client_id, self._around.node_id)
        return await self._around.hub.serve(request, self._runner.status(), running)

    async def get_prompt(self, request: web.Request) -> web.Response:
        return web.json_response(self._runner.status()["status"])

    async def post_prompt(self, request: web.Request) -> web.Response:
        body = await _json(request)
        if isinstance(body, list | str):
            body = {}
        number: float = -self._number if body.get("front") else self._number
        self._number += 1
        if "number" in body:
            number = float(body["number"])
        if "prompt" not in body:
            problem = {"type": "no_prompt", "message": "No prompt provided", "extra_info": {}}
            problem["details"] = problem["message"]
            return web.json_response({"error": problem, "node_errors": {}}, status=400)
        graph = body["prompt"]
        verdict = await self._work(
            lambda: validate(
                graph,
                self._schemas,
                self._around.files.has,
                body.get("partial_execution_targets"),
            )
        )
        if verdict.error is not None:
            answer = {"error": verdict.error, "node_errors": verdict.node_errors}
            return web.json_response(answer, status=400)
        extra = dict(body.get("extra_data", {}))
        if "client_id" in body:
            extra["client_id"] = body["client_id"]
        prompt_id = str(body.get("prompt_id", uuid.uuid4()))
        self._runner.submit(Ticket(number, prompt_id, graph, extra, verdict.outputs))
        return web.json_response(
            {"prompt_id": prompt_id, "number": number, "node_errors": verdict.node_errors}
        )

    async def get_queue(self, request: web.Request) -> web.Response:
        return web.json_response(self._runner.queue())

    async def post_queue(self, request: web.Request) -> web.Response:
        body = await _json(request)
        if body.get("clear"):
            self._runner.clear()
        self._runner.delete(body.get("delete", ()))
        return web.Response()

    async def interrupt(self, request: web.Request) -> web.Response:
        try:
            body = await _json(request)
        except json.JSONDecodeError:
            body = {}
        self._runner.interrupt(body.get("prompt_id"))
        return web.Response()

    async def get_history(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info.get("prompt_id")
        if prompt_id is not None:
            entry = self._runner.history.get(prompt_id)
            return web.json_response({} if entry is None else {prompt_id: entry})
        newest, offset = (request.query.get(name) for name in ("max_items", "offset"))
        past = self._runner.past(
            None if newest is None else int(newest), None if offset is None else int(offset)
        )
        return web.json_response(past)

    async def post_history(self, request: web.Request) -> web.Response:
        body = await _json(request)
        if body.get("clear"):
            self._runner.history.clear()
        for prompt_id in body.get("delete", ()):
            self._runner.history.pop(prompt_id, None)
        return web.Response()

    async def free(self, request: web.Request) -> web.Response:
        body = await _json(request)
        if body.get("free_memory"):
            self._runner.free()
        return web.Response()

    # --- files

    async def view(self, request: web.Request) -> web.StreamResponse:
        return await views.view(request, self._around.files, self._work)

    async def upload_image(self, request: web.Request) -> web.Response:
        return await views.upload_image(request, self._around.files, self._work)

    async def upload_mask(self, request: web.Request) -> web.Response:
        return await views.upload_mask(request, self._around.files, self._work)

    # --- introspection

    async def object_info(self, request: web.Request) -> web.Response:
        uploads = await self._work(self._around.files.uploads)
        schemas = with_uploads(self._schemas, uploads)
        class_type = request.match_info.get("class_type")
        if class_type is None:
            return web.json_response(schemas)
        known = class_type in schemas
        return web.json_response({class_type: schemas[class_type]} if known else {})

    async def models(self, request: web.Request) -> web.Response:
        folder = request.match_info.get("folder")
        if folder is None:
            return web.json_response(list(self._models))
        if folder not in self._models:
            return web.Response(status=404)
        return web.json_response(self._models[folder])

    async def embeddings(self, request: web.Request) -> web.Response:
        return web.json_response(self._models["embeddings"])

    async def metadata(self, request: web.Request) -> web.Response:
        name = request.query.get("filename", "")
        known = metadata_of(request.match_info["folder"], name, self._models["checkpoints"])
        return web.Response(status=404) if known is None else web.json_response(dict(known))

    async def system_stats(self, request: web.Request) -> web.Response:
        memory = 1 << 32
        system = {
            "os": sys.platform,
            "ram_total": memory,
            "ram_free": memory,
            "comfyui_version": f"{COMFYUI_VERSION}+sketch",
            "python_version": sys.version,
            "pytorch_version": "none (Imagine sketch engine)",
            "embedded_python": False,
            "argv": ["imagine", "sketch", "--preview-method", "latent2rgb"],
        }
        device = {
            "name": "Imagine sketch engine",
            "type": "cpu",
            "index": None,
            "vram_total": memory,
            "vram_free": memory,
            "torch_vram_total": memory,
            "torch_vram_free": memory,
        }
        return web.json_response({"system": system, "devices": [device]})

    async def features(self, request: web.Request) -> web.Response:
        return web.json_response(FEATURES)

    async def _work(self, job: Callable[[], T], /) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._around.executor, job)


async def _json(request: web.Request) -> Any:
    """Read a body as JSON whatever its content type says, as ComfyUI does."""
    return json.loads(await request.read())


@web.middleware
async def trouble(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what the handlers do not expect as ComfyUI does: status 500, plain text."""
    try:
        return await handler(request)
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        if isinstance(error, ConnectionError):
            raise
        logger.debug("%s %s: %r", request.method, request.path, error)
        return web.Response(status=500, text=TROUBLE)


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse pages of other sites: the Origin's host and port must be the Host's."""
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    if origin and _is_loopback(request.host) and not _same_host(origin, request.host):
        return web.Response(status=403)
    return await handler(request)


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _same_host(one: str, other: str) -> bool:
    """Compare names, and ports where both sides have one."""
    a, b = urlsplit(f"//{one}"), urlsplit(f"//{other}")
    return a.hostname == b.hostname and (a.port is None or b.port is None or a.port == b.port)


@asynccontextmanager
async def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    step_ms: float = 40,
    load_ms: float = 0,
    checkpoints: Sequence[str] = (CHECKPOINT,),
    output_dir: Path | None = None,
) -> AsyncIterator[SketchServer]:
    """Run a sketch engine beside the block.

    Args:
        host: the address to listen on.
        port: 0 takes a free one.
        step_ms: how long a sampler step takes; 0 is as fast as it paints.
        load_ms: how long a checkpoint takes to load that is not loaded yet.
        checkpoints: the names that it lists; all of them paint the same.
        output_dir: where ``output``, ``input`` and ``temp`` go; None makes a temporary folder
            that goes with the engine.
    """
    async with AsyncExitStack() as stack:
        root = output_dir
        if root is None:
            temporary = tempfile.TemporaryDirectory(
                prefix="imagine-sketch-", ignore_cleanup_errors=True
            )
            root = Path(stack.enter_context(temporary))
        executor = ThreadPoolExecutor(2, thread_name_prefix="sketch")
        stack.push_async_callback(asyncio.to_thread, executor.shutdown, cancel_futures=True)
        around = Surroundings(Hub(), Files(root), executor, step_ms / 1000, load_ms / 1000)
        around.files.prepare()
        runner = Runner(around, keep=KEPT_IN_TEMPORARY if output_dir is None else None)
        work = asyncio.create_task(runner.work(), name="sketch runner")
        stack.push_async_callback(_stop, work)
        site_runner = web.AppRunner(
            _app(runner, around, checkpoints), access_log=None, shutdown_timeout=SHUTDOWN_S
        )
        await site_runner.setup()
        stack.push_async_callback(site_runner.cleanup)
        await web.TCPSite(site_runner, host, port).start()
        yield SketchServer(f"http://{host}:{site_runner.addresses[0][1]}")


def _app(runner: Runner, around: Surroundings, checkpoints: Sequence[str]) -> web.Application:
    async def close_sockets(app: web.Application) -> None:
        await around.hub.close()

    app = web.Application(
        client_max_size=FEATURES["max_upload_size"], middlewares=[same_origin, trouble]
    )
    app.add_routes(Api(runner, around, checkpoints).routes())
    app.on_shutdown.append(close_sockets)
    return app


async def _stop(work: asyncio.Task[None]) -> None:
    work.cancel()
    await asyncio.wait({work})
