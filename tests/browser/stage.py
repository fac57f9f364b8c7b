"""A server of the page's protocol whose story the test tells.

It serves the real page and plain pictures, answers the requests of the page from a list of jobs,
keeps what was asked in ``asked``, and sends on the live socket what it is told to send.
"""

import asyncio
import contextlib
import io
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from jinja2 import Environment, FileSystemLoader, select_autoescape
from PIL import Image, ImageDraw

from imagine.routes.files import FileAnswer

STATIC = Path(__file__).parents[2] / "static"
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'"
)
COMFYUI = {
    "kind": "comfyui", "state": "ready", "reason": None, "url": "http://127.0.0.1:8188",
    "previews": True, "version": "0.3.70", "running": 0, "waiting": 0,
}  # fmt: skip
SKETCH = COMFYUI | {
    "kind": "sketch", "url": None, "version": None,
    "reason": "No ComfyUI answers at http://127.0.0.1:8188.",
}  # fmt: skip
BY_HAND = {
    "code": "paused", "message": "The queue is paused.", "hint": "Resume it when you like.",
    "by_hand": True,
}  # fmt: skip
MODEL = {
    "name": "sd_xl_base_1.0.safetensors", "label": "SDXL base 1.0", "family": "sdxl",
    "family_label": "SDXL", "default": True, "steps": 25, "cfg": 5.0, "sampler": "euler",
    "scheduler": "normal", "negative": True,
}  # fmt: skip

Json = dict[str, Any]


def make_job(
    number: int,
    words: str,
    flags: str = "",
    *,
    size: tuple[int, int] = (1024, 1024),
    state: str = "succeeded",
    pictures: int = 4,
    done: int | None = None,
    at: datetime | None = None,
    took_s: float = 12.0,
    **fields: Any,
) -> Json:
    """Return a job as the server tells it, with ``done`` finished pictures."""
    job_id = str(uuid.UUID(int=(number << 80) | (7 << 76) | (2 << 62) | number))
    width, height = size
    at = at or datetime.now(UTC)
    prompt = f"{words} {flags}".strip()
    ready = (pictures if state == "succeeded" else 0) if done is None else done
    images = [
        {
            "index": i, "url": f"/api/images/{number}-{i}.png",
            "thumbnail": f"/api/thumbnails/{number}-{i}.webp", "width": width, "height": height,
            "media_type": "image/png", "bytes": 1_834_201, "seed": 90417733 + i,
        }
        for i in range(ready)
    ]  # fmt: skip
    ended = state not in {"queued", "running"}
    value = 1.0 if state == "succeeded" else 0.0
    return {
        "id": job_id, "number": number, "batch": job_id, "kind": "imagine", "state": state,
        "stage": None, "sequence": number * 10, "prompt": prompt,
        "canonical": f"{prompt} --seed 90417733", "text": words,
        "parameters": {
            "seed": 90417733, "width": width, "height": height, "steps": 25, "cfg": 5.0,
            "sampler": "euler", "scheduler": "normal", "model": MODEL["name"],
            "batch_size": pictures,
        },
        "notes": [], "progress": {"value": value, "step": 0, "steps": 25 * pictures,
                                  "image": None, "eta_s": None},
        "position": None, "images": images, "error": None, "parents": [], "favorites": [],
        "engine": "comfyui", "prompt_id": job_id, "attempt": 1, "created_at": at.isoformat(),
        "started_at": at.isoformat() if state != "queued" else None,
        "finished_at": (at + timedelta(seconds=took_s)).isoformat() if ended else None,
        "deleted_at": None,
    } | fields  # fmt: skip


KINDS = {"variation": "variation", "upscale": "upscale", "enhance": "upscale", "zoom": "zoom",
         "reshape": "zoom", "pan": "pan", "square": "square", "region": "region",
         "single": "single"}  # fmt: skip


def child(
    number: int,
    parent: Json,
    action: str,
    image: int = 0,
    *,
    prompt: str | None = None,
    aspect: str | None = None,
    state: str = "queued",
    **origin: Any,
) -> Json:
    """Return the job that an action on a picture makes."""
    words, _, flags = (prompt or parent["prompt"]).partition(" --")
    job = make_job(
        number, words, flags and f"--{flags}", state=state,
        size=(parent["parameters"]["width"], parent["parameters"]["height"]),
        pictures=1 if action in {"single", "upscale", "enhance"} else 4,
        kind=KINDS.get(action, parent["kind"]),
        parents=[{"job": parent["id"], "image": image}],
    )  # fmt: skip
    if action in {"single", "reroll", "remix"}:
        job["parameters"]["origin"] = parent["parameters"].get("origin")
        job["parameters"]["member"] = image if action == "single" else None
        job["canonical"] += f"{number}" if action == "reroll" else ""
    else:
        source = f"picture:{parent['id']}/{image}"
        job["parameters"]["origin"] = {"action": action, "source": source} | origin
    if aspect:
        job["parameters"]["aspect"] = aspect
    return job


def painting(name: str, width: int) -> bytes:
    """Return a plain picture, one colour for each name."""
    hue = sum(map(ord, name)) * 37 % 360
    image = Image.new("RGB", (width, width), f"hsl({hue}, 40%, 45%)")
    ImageDraw.Draw(image).ellipse(
        (width // 4,) * 2 + (width * 3 // 4,) * 2, f"hsl({hue}, 50%, 70%)"
    )
    return _encoded(image)


def _encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def speckle(seed: int) -> bytes:
    """Return a preview: small, rough."""
    return _encoded(Image.effect_noise((32, 24), 40 + seed % 50).convert("RGB"))


class Stage:
    """The state that the page is shown, and the levers to change it."""

    def __init__(self, jobs: list[Json] | None = None, *, engine: Json | None = None) -> None:
        self.jobs: dict[str, Json] = {}
        self.engine = engine or COMFYUI
        self.engines: list[Json] = []
        self.checks: list[Json] = []
        # the answer for the next action is this error: (status, error)
        self.refusal: tuple[int, Json] | None = None
        self.queue: Json = {
            "running": 0, "waiting": 0, "paused": False, "reason": None,
            "positions": {}, "starts": {},
        }  # fmt: skip
        self.painter: Callable[[str, int], bytes] = painting
        # what is no plain picture, by its name: bytes and type
        self.files: dict[str, tuple[bytes, str]] = {}
        self.fetched: list[str] = []
        self.page_size = 50
        self.asked: list[tuple[str, str, Any]] = []
        self.down = False  # nobody answers
        self.deaf = False  # only the socket cannot be opened
        self._sockets: set[web.WebSocketResponse] = set()
        self._number = 0
        self._sequence = 0
        self.add(*jobs or [])
        self.templates = Environment(
            loader=FileSystemLoader(STATIC), autoescape=select_autoescape(), auto_reload=True
        )
        self._index = self.templates.get_template("index.html")
        self.index_variables: Json = {"version": "0.1.0", "base": ""}

    # levers

    def add(self, *jobs: Json) -> None:
        """Have jobs that the page is not told of."""
        for job in jobs:
            self.jobs[job["id"]] = job
            self._number = max(self._number, job["number"])
            self._sequence = max(self._sequence, job["sequence"])

    async def tell(self, **message: Any) -> None:
        """Send a message to every page that listens."""
        for socket in [*self._sockets]:
            with contextlib.suppress(ConnectionResetError):  # a page that has just gone
                await socket.send_json(message)

    async def put(self, job: Json, **changes: Any) -> Json:
        """Store a change of a job, and tell it."""
        self._sequence += 1
        job = job | changes | {"sequence": self._sequence}
        self.jobs[job["id"]] = job
        await self.tell(type="job", job=job)
        await self.tell(type="queue", **self.queue, counts=self.counts())
        return job

    async def progress(self, job: Json, *, value: float, **fields: Any) -> None:
        defaults = {"step": 0, "steps": 100, "image": 0, "stage": "sampling", "eta_s": None}
        message = defaults | fields | {"value": value, "sequence": job["sequence"]}
        await self.tell(type="progress", job=job["id"], **message)

    async def preview(self, job: Json, image: int, data: bytes) -> None:
        head = bytes([1, 1]) + image.to_bytes(2, "big") + uuid.UUID(job["id"]).bytes
        for socket in [*self._sockets]:
            await socket.send_bytes(head + data)

    async def line(self, **changes: Any) -> None:
        """Change what is told of the queue, and tell it."""
        self.queue |= changes
        await self.tell(type="queue", **self.queue, counts=self.counts())

    async def hang_up(self) -> None:
        for socket in [*self._sockets]:
            await socket.close()

    def counts(self) -> Json:
        kept = [job for job in self.jobs.values() if not job["deleted_at"]]
        states = ("queued", "running", "succeeded", "failed", "canceled", "expired")
        by_state = {state: sum(job["state"] == state for job in kept) for state in states}
        return (
            {"all": len(kept), "starred": sum(bool(job["favorites"]) for job in kept)}
            | by_state
            | {"active": by_state["queued"] + by_state["running"]}
            | {"trash": len(self.jobs) - len(kept)}
        )

    # the server

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._gate])
        app.add_routes([
            web.get("/", self._page),
            web.get("/api/live", self._live),
            web.get("/api/jobs", self._list),
            web.get("/api/jobs/{id}", self._job),
            web.patch("/api/jobs/{id}", self._change),
            web.delete("/api/jobs/{id}", self._change),
            web.get("/api/jobs/{id}/family", self._family),
            web.post("/api/jobs/{id}/actions", self._act),
            web.post("/api/jobs/{id}/{verb}", self._change),
            web.post("/api/imagine", self._imagine),
            web.post("/api/parse", self._parse),
            web.get("/api/{kind:images|thumbnails}/{name}", self._picture),
            web.get("/api/health", self._answer(self._health)),
            web.get("/api/queue", self._answer(lambda: self.queue)),
            web.post("/api/queue/{verb}", self._steer),
            web.post("/api/batches/{batch}/cancel", self._cancel_batch),
            web.get("/api/diagnostics", self._answer(lambda: {"checks": self.checks})),
            web.get("/api/parameters", self._answer(lambda: {"parameters": []})),
            web.get("/api/catalog", self._answer(self._catalog)),
            web.get("/static/{path:.+}", self._file(STATIC)),
            web.get("/tests/js/{path:.+}", self._file(STATIC.parent / "tests" / "js")),
        ])  # fmt: skip
        return app

    def _file(self, folder: Path) -> Any:
        """Answer as the server does; a page that is closed early leaves no file open."""

        async def file(request: web.Request) -> web.StreamResponse:
            return FileAnswer(folder / request.match_info["path"])

        return file

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.down and request.transport is not None:
            request.transport.abort()
            return web.Response(status=503)  # to nobody: what was asked is not done either
        if request.method in {"POST", "PATCH", "DELETE"}:
            is_json = request.content_type == "application/json"
            body = await request.json() if is_json and request.can_read_body else None
            self.asked.append((request.method, request.path, body))
        response: web.StreamResponse = await handler(request)
        if request.path == "/" or request.path.startswith("/tests/"):
            response.headers["Content-Security-Policy"] = POLICY
        return response

    @staticmethod
    def _answer(tell: Callable[[], Json]) -> Any:
        async def answer(_: web.Request) -> web.Response:
            return web.json_response(tell())

        return answer

    async def _page(self, _: web.Request) -> web.Response:
        text = self._index.render(self.index_variables)
        return web.Response(text=text, content_type="text/html")

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        if self.deaf:
            raise web.HTTPBadGateway
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        with contextlib.suppress(ConnectionResetError):  # a page that goes before it has read all
            await self._greet(socket, request)
            self._sockets.add(socket)
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        self._sockets.discard(socket)
        return socket

    async def _greet(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        resumed = "since" in request.query
        await socket.send_json({
            "type": "hello", "version": "0.1.0", "sequence": self._sequence, "resumed": resumed,
            "engine": self.engine, "queue": self.queue,
        })  # fmt: skip
        if resumed:
            for job in self.jobs.values():
                if job["sequence"] > int(request.query["since"]):
                    await socket.send_json({"type": "job", "job": job})
        else:
            await socket.send_json({"type": "snapshot", **self._select({})})

    def _select(self, query: Any) -> Json:
        trash, state = "trash" in query, query.get("state")
        wanted = {"active": {"queued", "running"}}.get(state, {state})
        words = query.get("q", "").lower().split()
        before = int(query.get("before", 1 << 60))
        found = [
            job
            for job in sorted(self.jobs.values(), key=lambda job: -job["number"])
            if bool(job["deleted_at"]) == trash
            and (state is None or job["state"] in wanted)
            and ("favorite" not in query or job["favorites"])
            and all(word in job["prompt"].lower() for word in words)
            and job["number"] < before
        ]
        page = found[: self.page_size]
        more = len(found) > len(page)
        return {"jobs": page, "next": str(page[-1]["number"]) if more else None,
                "counts": self.counts()}  # fmt: skip

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response(self._select(request.query))

    async def _job(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.jobs:
            raise web.HTTPNotFound
        return web.json_response(self.jobs[request.match_info["id"]])

    async def _change(self, request: web.Request) -> web.Response:
        job = self.jobs[request.match_info["id"]]
        now = datetime.now(UTC).isoformat()
        known: dict[str, Json] = {
            "DELETE": {"deleted_at": now},
            "restore": {"deleted_at": None},
            "cancel": {"state": "canceled", "finished_at": now},
            "retry": {"state": "queued", "error": None, "images": [], "attempt": 2},
        }
        asked = request.match_info.get("verb", request.method)
        changes = known[asked] if asked in known else await request.json()
        return web.json_response(await self.put(job, **changes))

    def _health(self) -> Json:
        return {"engine": self.engine, "engines": self.engines or [self.engine]}

    async def _steer(self, request: web.Request) -> web.Response:
        verb = request.match_info["verb"]
        if verb == "clear":
            waiting = [job for job in self.jobs.values() if job["state"] == "queued"]
            return web.json_response({"jobs": await self._cancel(waiting)})
        await self.line(paused=verb == "pause", reason=BY_HAND if verb == "pause" else None)
        return web.json_response(self.queue)

    async def _cancel_batch(self, request: web.Request) -> web.Response:
        batch = [job for job in self.jobs.values() if job["batch"] == request.match_info["batch"]]
        return web.json_response({"jobs": await self._cancel(batch)})

    async def _cancel(self, jobs: list[Json]) -> list[str]:
        now = datetime.now(UTC).isoformat()
        active = [job for job in jobs if job["state"] in {"queued", "running"}]
        for job in active:
            await self.put(job, state="canceled", finished_at=now)
        return [job["id"] for job in active]

    async def _imagine(self, request: web.Request) -> web.Response:
        prompt = (await request.json())["prompt"]
        words, _, flags = prompt.partition(" --")
        self._number += 1
        size = (1344, 768) if "16:9" in flags else (1024, 1024)
        job = make_job(self._number, words, flags and f"--{flags}", size=size, state="queued")
        job = await self.put(job, position=1)
        answer = {"batch": job["batch"], "jobs": [job], "warnings": []}
        return web.json_response(answer, status=202)

    async def _act(self, request: web.Request) -> web.Response:
        if self.refusal:
            status, error = self.refusal
            self.refusal = None
            body = {"code": "refused", "request_id": "1", "details": []} | error
            return web.json_response({"error": body}, status=status)
        asked = await request.json()
        parent = self.jobs[request.match_info["id"]]
        self._number += 1
        job = child(self._number, parent, **asked)
        job = await self.put(job, position=1)
        answer = {"batch": job["batch"], "jobs": [job], "warnings": []}
        return web.json_response(answer, status=202)

    async def _family(self, request: web.Request) -> web.Response:
        edges = [
            {"parent": parent["job"], "image": parent["image"], "child": job["id"]}
            for job in sorted(self.jobs.values(), key=lambda job: job["number"])
            for parent in job["parents"]
        ]
        family = {request.match_info["id"]}
        for _ in edges:
            for edge in edges:
                ends = {edge["parent"], edge["child"]}
                family |= ends if family & ends else set()
        jobs = [job for job in self.jobs.values() if job["id"] in family]
        jobs.sort(key=lambda job: job["number"])
        edges = [edge for edge in edges if edge["child"] in family]
        return web.json_response({"root": jobs[0]["id"], "jobs": jobs, "edges": edges})

    async def _parse(self, request: web.Request) -> web.Response:
        prompt = (await request.json())["prompt"]
        return web.json_response({"ok": True, "count": 1, "jobs": [], "tokens": [], "errors": [],
                                  "warnings": [], "eta_s": None, "prompt": prompt})  # fmt: skip

    def _catalog(self) -> Json:
        return {"engine": self.engine, "models": [MODEL], "loras": [], "samplers": ["euler"],
                "schedulers": ["normal"], "default_model": MODEL["name"]}  # fmt: skip

    async def _picture(self, request: web.Request) -> web.Response:
        if request.match_info["name"] in self.files:
            data, media_type = self.files[request.match_info["name"]]
            self.fetched.append(request.match_info["name"])
            part = request.http_range
            if part.start is None:
                return web.Response(body=data, content_type=media_type)
            end = min(part.stop or len(data), len(data))
            where = {"Content-Range": f"bytes {part.start}-{end - 1}/{len(data)}"}
            body = data[part.start : end]
            return web.Response(status=206, body=body, content_type=media_type, headers=where)
        name = Path(request.match_info["name"]).stem
        width = int(request.query.get("w", 1280))
        data = await asyncio.to_thread(self.painter, name, min(width, 640))
        return web.Response(body=data, content_type="image/jpeg",
                            headers={"Cache-Control": "max-age=3600"})  # fmt: skip
