"""A whole server in a temporary folder, over real sockets; shared by every room's tests."""

import contextlib
import faulthandler
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from imagine.comfy_client import Timing
from imagine.settings import EngineChoice, Settings

Client = TestClient[web.Request, web.Application]
StartServer = Callable[..., Coroutine[Any, Any, Client]]

# A ComfyUI of a test answers at once or not at all.
QUICK = Timing(
    connect_s=2.0, request_s=2.0, silence_s=0.2, poll_s=0.05, retry_s=0.02, retry_max_s=0.1
)
# Small enough to be painted in milliseconds; added to prompts by tests that only need pictures.
SMALL = "--size 128x128"


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Watch over a failed test until it is taken down; pytest's own watchdog ends at the error."""
    timeout_s = float(node.config.getini("faulthandler_timeout"))
    if isinstance(node, pytest.Item) and timeout_s:
        stderr = node.config.stash[fault_handler_stderr_fd_key]
        faulthandler.dump_traceback_later(timeout_s, file=stderr, exit=True)


@pytest.fixture
async def start_server(tmp_path: Path) -> AsyncIterator[StartServer]:
    """Start servers with the sketch engine at full speed, or with any other setting."""
    async with contextlib.AsyncExitStack() as stack:
        from imagine.server import create_app

        async def start(*, timing: Timing = QUICK, **changes: Any) -> Client:
            settings = Settings.model_validate(
                {
                    "output": tmp_path / "output",
                    "engine": EngineChoice.SKETCH,
                    "sketch_step_ms": 0,
                    "workflows": tmp_path / "workflows",
                    "characters": tmp_path / "characters.toml",
                    **changes,
                }
            )
            client: Client = TestClient(TestServer(create_app(settings, timing)))
            await stack.enter_async_context(client)
            return client

        yield start


@pytest.fixture
async def client(start_server: StartServer) -> Client:
    return await start_server()
