"""Work handed from the loop to one thread, which does together whatever is waiting.

This is how many small writes share one transaction: while the thread commits, the next ones gather,
so a lone write waits for nobody and two hundred at once cost two commits. It stands apart from the
store because it knows no database: what "together" means is the function it is given.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

Work = TypeVar("Work")

# How much work may wait before callers do, and the most that one turn takes. Bounds a turn's
# length, not what gets done.
WAITING_LIMIT = 1000
TURN_LIMIT = 250


class StoppedError(Exception):
    """The thread was stopped and takes no more work."""


class GroupThread(Generic[Work]):
    """One thread and the line before it. Owned by whoever opened it; called on that loop only.

    ``run`` is called in the thread with all that waits, and returns for each piece of work its
    result, or the exception to raise at its caller.
    """

    def __init__(self, run: Callable[[Sequence[Work]], Sequence[Any]], name: str) -> None:
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(WAITING_LIMIT)
        self._line: queue.SimpleQueue[tuple[Work, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._stopping = False
        # A daemon, so that an owner who forgot to stop it cannot keep the process alive.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def do(self, work: Work) -> Any:
        """Have the work done and return its result.

        Once it is in the line it is done, whether or not the caller still waits.

        Raises:
            StoppedError: the thread was stopped.
        """
        await self._room.acquire()
        if self._stopping:
            self._room.release()
            raise StoppedError(f"{self._thread.name} was stopped")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._line.put((work, future))
        return await future

    async def stop(self) -> None:
        """Do what is in the line, then end the thread."""
        if not self._stopping:
            self._stopping = True
            self._line.put(None)
        await asyncio.shield(self._ended)
        self._thread.join()

    def _work(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed before us
            stopping = False
            while not stopping:
                turn, stopping = self._take()
                if turn:
                    outcomes = self._outcomes([work for work, _ in turn])
                    self._loop.call_soon_threadsafe(self._hand_back, turn, outcomes)
            self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _take(self) -> tuple[list[tuple[Work, asyncio.Future[Any]]], bool]:
        """Wait for work; return all that is there, and whether it was the last."""
        turn = []
        item = self._line.get()
        with contextlib.suppress(queue.Empty):
            while item is not None:
                turn.append(item)
                if len(turn) == TURN_LIMIT:
                    break
                item = self._line.get_nowait()
        return turn, item is None

    def _outcomes(self, works: list[Work]) -> Sequence[Any]:
        try:
            return self._run(works)
        except Exception as error:  # noqa: BLE001  it is raised at the callers
            return [error] * len(works)

    def _hand_back(
        self, turn: Sequence[tuple[Work, asyncio.Future[Any]]], outcomes: Sequence[Any]
    ) -> None:
        for (_, future), outcome in zip(turn, outcomes, strict=True):
            self._room.release()
            if future.done():  # its caller was cancelled
                continue
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
