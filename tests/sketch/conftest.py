from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagine.sketch import serve
from tests.sketch.helpers import Client, connected


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[str]:
    async with serve(step_ms=0, output_dir=tmp_path) as server:
        yield server.url


@pytest.fixture
async def client(engine: str) -> AsyncIterator[Client]:
    async with connected(engine) as connection:
        yield connection
