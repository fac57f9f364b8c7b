"""A fake ComfyUI for each test, and clients of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest

from imagine.comfy_client import ComfyClient, Timing
from tests.comfy.following import TIMING, settled
from tests.fakes.comfy import FakeComfy

Connect = Callable[..., Awaitable[ComfyClient]]


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        yield fake


@pytest.fixture
async def connect(comfy: FakeComfy) -> AsyncIterator[Connect]:
    """Make clients; those that should become ready are so."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def make(timing: Timing = TIMING, *, is_ready: bool = True) -> ComfyClient:
            client = ComfyClient(comfy.url, session, timing=timing)
            await stack.enter_async_context(client)
            if is_ready:
                await settled(client.wait_ready())
            return client

        yield make


@pytest.fixture
async def client(connect: Connect) -> ComfyClient:
    return await connect()
