"""What the tests of the doctor share: a ComfyUI that says what it is told to, and its checks."""

import atexit
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import aiohttp
from aiohttp import web

from imagine.doctor.calls import Caller, Patience
from imagine.doctor.checks import Check, Status
from imagine.doctor.engine import check_engine
from imagine.profiles import load_profiles
from tests.fakes.comfy import FakeComfy

PROFILES = load_profiles()
# For what never answers at all …
SHORT = Patience(connect_s=0.2, answer_s=0.2)
# … for what answers, but for one thing, on a busy machine …
PATIENT = Patience(connect_s=0.8, answer_s=0.8, nodes_s=0.8)
# … and for what answers as it should: all the time that it has in life.
LONG = Patience()
GB = 10**9
CARD = {
    "name": "card", "type": "cuda", "vram_total": 24 * GB, "vram_free": 22 * GB,
    "torch_vram_total": 0, "torch_vram_free": 0,
}  # fmt: skip

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ToldComfy(FakeComfy):
    """A healthy ComfyUI on a machine with a card, whose answers a test can change.

    ``answers``: what a path answers in place of its own; ``stats``: /system_stats.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.argv = ["main.py", "--preview-method", "auto"]
        self.system: dict[str, Any] = {"comfyui_version": "0.3.64", "ram_free": 20 * GB}
        self.device = dict(CARD)
        self.answers: dict[str, Callable[[], web.StreamResponse]] = {}
        self.headers: dict[str, str] = {}

    def without(self, *nodes: str) -> None:
        for name in nodes:
            del self.object_info[name]

    def _app(self) -> web.Application:
        app = super()._app()
        app.middlewares.append(self._change)
        app.on_response_prepare.append(self._add_headers)
        return app

    async def _add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(self.headers)

    @web.middleware
    async def _change(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = self.answers.get(request.path)
        return answer() if answer else await handler(request)

    async def _system_stats(self, _: web.Request) -> web.Response:
        system = {"argv": self.argv, **self.system}
        return web.json_response({"system": system, "devices": [self.device]})


@cache
def closed_port() -> int:
    """Return a port where nobody listens, and nobody else can: it is held, without listening."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    atexit.register(held.close)
    port: int = held.getsockname()[1]
    return port


@asynccontextmanager
async def calling(url: str, patience: Patience = LONG) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, url, patience)


async def examine(url: str, patience: Patience = LONG) -> dict[str, Check]:
    """Return the checks of an engine by id."""
    async with calling(url, patience) as caller:
        return by_id(await check_engine(caller, PROFILES, patience.nodes_s))


def by_id(checks: Iterable[Check]) -> dict[str, Check]:
    found = {check.id: check for check in checks}
    json.dumps([check.body() for check in found.values()])  # it must be JSON
    return found


def assert_found(checks: Mapping[str, Check], check_id: str, status: str, *words: str) -> None:
    """A check has a status, and what it says to do holds these words."""
    check = checks[check_id]
    assert check.status == status, check
    assert check.fix, check
    for word in words:
        assert word in check.fix, check


def bad(checks: Mapping[str, Check]) -> set[str]:
    return {name for name, c in checks.items() if c.status in (Status.WARNING, Status.FAILED)}
