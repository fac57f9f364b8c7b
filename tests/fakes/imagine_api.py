"""A stand-in for our own server, for the tests of its command-line client.

It knows only what `imagine.cli_prompt` calls, runs in a thread of its own (the client starts a loop
of its own), and lets a test say what it answers::

    with FakeImagine() as fake:
        fake.live = [[{"type": "job", "job": job(state="succeeded")}]]   # one list per connection
        run_cli("prompt", "a fox", "--server", fake.url)
"""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any, Self

from aiohttp import web

from imagine.models import Job, utc_now

PICTURE = b"\x89PNG picture"
JOB_ID = "01980000-0000-7000-8000-000000000001"


def job(**changes: Any) -> dict[str, Any]:
    """Return a job on the wire."""
    made = Job(
        id=JOB_ID,
        number=7,
        batch="b",
        prompt="a fox",
        canonical="a fox --seed 1",
        text="a fox",
        parameters={"steps": 20},
        created_at=utc_now(),
    )
    return made.model_dump(mode="json") | changes


def pictures(*names: str) -> list[dict[str, Any]]:
    """Return the ``images`` of a job."""
    return [{"index": n, "url": f"/api/images/{name}"} for n, name in enumerate(names)]


class FakeImagine:
    """The stand-in; every attribute may be set before or while the client runs."""

    def __init__(self, base: str = "") -> None:
        self.base = base
        self.url = ""
        self.prompts: list[str] = []
        self.canceled: list[str] = []
        # Those that have ended before they can be canceled.
        self.ended: set[str] = set()
        self.connected = threading.Event()
        self.refusal: tuple[int, Any] | None = None
        self.warnings: list[Mapping[str, Any]] = []
        self.submitted = [job()]
        # What is found when a job is asked for; else as it was submitted.
        self.later: dict[str, dict[str, Any]] = {}
        # What each connection is told before it is closed; the last one stays open.
        self.live: list[list[Mapping[str, Any]]] = [[]]
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_post(f"{self.base}/api/imagine", self._imagine)
        app.router.add_get(f"{self.base}/api/jobs/{{id}}", self._job)
        app.router.add_post(f"{self.base}/api/jobs/{{id}}/cancel", self._cancel)
        app.router.add_get(f"{self.base}/api/live", self._live)
        app.router.add_get(f"{self.base}/api/images/{{name}}", self._image)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}{self.base}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _imagine(self, request: web.Request) -> web.Response:
        self.prompts.append((await request.json())["prompt"])
        if self.refusal is not None:
            status, body = self.refusal
            if isinstance(body, str):
                return web.Response(status=status, text=body)
            return web.json_response(body, status=status)
        body = {"batch": "b", "jobs": self.submitted, "warnings": self.warnings}
        return web.json_response(body, status=202)

    async def _job(self, request: web.Request) -> web.Response:
        asked = request.match_info["id"]
        submitted = {one["id"]: one for one in self.submitted}
        return web.json_response(self.later.get(asked, submitted[asked]))

    async def _cancel(self, request: web.Request) -> web.Response:
        asked = request.match_info["id"]
        if asked in self.ended:
            error = {"code": "conflict", "message": "It is over already.", "details": []}
            return web.json_response({"error": error}, status=409)
        self.canceled.append(asked)
        return web.json_response(job(state="canceled"))

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connected.set()
        await socket.send_json({"type": "hello"})
        is_last = len(self.live) == 1
        for message in self.live[0] if is_last else self.live.pop(0):
            await socket.send_json(message)
        if is_last:
            await socket.receive()  # until the client leaves
        await socket.close()
        return socket

    async def _image(self, _: web.Request) -> web.Response:
        return web.Response(body=PICTURE, content_type="image/png")
