"""Work that runs beside something else and must end with it."""

import asyncio
import functools
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


def log_failure(task: asyncio.Task[Any]) -> None:
    """Log what a background task died of; a done callback."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s failed", task.get_name(), exc_info=error)


@asynccontextmanager
async def background(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run ``work`` beside the block; at the end cancel it and wait. Its failure is logged."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(log_failure)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def whole(
    function: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Decorate what must not stop half-way: a caller canceled meanwhile leaves when it is done."""

    @functools.wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(function(*args, **kwargs), name=function.__name__)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            log_failure(task)
            raise

    return wrapper


class Opened(ABC):
    """What is opened and closed: an ``async with`` block does both."""

    @abstractmethod
    async def open(self) -> None: ...

    @abstractmethod
    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class TaskSet:
    """Tasks that begin at any time and end together with their owner; each is named and held."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Begin work that nobody waits for."""
        _ = self.add(work, name)

    def add(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Begin work and return its task, for those who wait for it."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)
        return task

    async def cancel(self) -> None:
        """Cancel every task and wait for all of them."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks))
