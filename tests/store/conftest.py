"""A store in a folder of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagine.store import SqliteJobStore
from tests.store.helpers import MOVES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output" / "imagine.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteJobStore]:
    async with SqliteJobStore(path, MOVES, busy_timeout_s=0.05) as opened:
        yield opened
