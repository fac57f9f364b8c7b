"""A whole server behind a real nginx, in each place that the manual tells how to give it.

One browser and one server a place serve this folder, so its tests share the session's event loop.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from imagine.server import create_app
from imagine.settings import EngineChoice, Settings
from tests.browser.conftest import browser  # noqa: F401  # a fixture
from tests.proxy.nginx import PROGRAM, nginx

FOLDER = Path(__file__).parent
# Where people see the server, and which of the manual's locations brings it there.
PLACES = {
    "a host of its own": ("", 0),
    "path stays on": ("/imagine", 1),
    "path off": ("/imagine", 2),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents and "shown" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@dataclass(frozen=True)
class Shown:
    """The server as it is seen through nginx."""

    session: aiohttp.ClientSession
    # Of nginx, without a path: what the server tells, is told from here.
    host: str
    base: str

    @property
    def url(self) -> str:
        return self.host + self.base

    def get(self, path: str, **options: Any) -> Any:
        """Ask for a path of ours, or for one that was told, which begins with the base path."""
        is_told = self.base and path.startswith(f"{self.base}/")
        return self.session.get((self.host if is_told else self.url) + path, **options)

    def post(self, path: str, **options: Any) -> Any:
        return self.session.post(self.url + path, **options)

    async def made(self, prompt: str) -> dict[str, Any]:
        """Submit a prompt, wait for its end and return its job."""
        headers = {"Prefer": "wait=60"}
        async with self.post("/imagine", json={"prompt": prompt}, headers=headers) as answer:
            told = await answer.json()
            assert answer.status == 200, told
        job: dict[str, Any] = told["jobs"][0]
        return job


def nginx_or_skip() -> None:
    """Skip without an nginx; where everything can be installed, its lack is a failure."""
    if PROGRAM is not None:
        return
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if os.environ.get("CI") == "true" and is_root:
        pytest.fail("There is no nginx, and as root scripts/nginx.sh should have installed it.")
    pytest.skip("there is no nginx: as root, sh scripts/nginx.sh installs it")


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=PLACES.values(), ids=PLACES)
async def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shown]:
    nginx_or_skip()
    base, location = request.param
    folder = tmp_path_factory.mktemp("proxy")
    settings = Settings(
        output=folder / "output",
        engine=EngineChoice.SKETCH,
        sketch_step_ms=20,
        base_path=base,
        trusted_proxy=("loopback",),
    )
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(create_app(settings)))
        assert server.port is not None
        host = await stack.enter_async_context(nginx(folder, location, server.port))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Shown(session, host, base)
