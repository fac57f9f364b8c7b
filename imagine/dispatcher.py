"""Which job goes to which engine, when.

The dispatcher is the only one that moves a job past ``queued``; what happens to it then is the
business of its attempt (`imagine.attempts`). A stop of the server leaves what runs on a ComfyUI
running: the next start finds it by its prompt id and goes on.
"""

import asyncio
import time
from contextlib import suppress

from imagine import out_of_reach
from imagine.attempts import Attempts
from imagine.engine import Engine
from imagine.engines import Engines
from imagine.hand_out import HandOut
from imagine.job_queue import MemoryQueue
from imagine.jobs import Jobs
from imagine.left_over import LeftOver
from imagine.strays import Strays


class Dispatcher:
    """Feeds the engines from the line. Owned by the app; `run` until canceled.

    It stops the attempts, those left over and the strays when it ends.
    """

    def __init__(
        self,
        *,
        queue: MemoryQueue,
        jobs: Jobs,
        engines: Engines,
        left_over: LeftOver,
        attempts: Attempts,
        strays: Strays,
        hand_out: HandOut,
    ) -> None:
        self._queue = queue
        self._jobs = jobs
        self._engines = engines
        self._left_over = left_over
        self._attempts = attempts
        self._strays = strays
        self._hand_out = hand_out
        # Engines that nobody can count on now.
        self._absent: set[Engine] = set()

    async def run(self) -> None:
        """Take up what was left, then feed the engines; at the end leave what runs running."""
        try:
            await self._left_over.read()
            while True:
                self._jobs.bell.clear()
                self._look(time.monotonic())
                await self._ring()
        finally:
            await self._left_over.stop()
            await self._strays.stop()
            await self._attempts.stop()

    def _look(self, now: float) -> None:
        """Bring everything up to now."""
        self._left_over.look(now)
        self._attempts.cancel_asked()
        self._attempts.look(now)
        for engine in self._engines.serving:
            self._strays.look(engine)
        self._look_for_absent(now)
        if self._queue.paused is not None:
            self._attempts.withdraw()
        else:
            while (taken := self._hand_out.take(now)) is not None:
                self._attempts.start(*taken)

    def _look_for_absent(self, now: float) -> None:
        """Once an engine is no longer to be counted on, ask the others again what they can run."""
        absent = {engine for engine in self._engines.serving if engine.is_absent(now)}
        if absent - self._absent:
            for engine in self._engines.serving:
                engine.refused.clear()
        self._absent = absent

    async def _ring(self) -> None:
        """Wait for a change. While there are jobs the time passing is one too."""
        has_jobs = self._queue.length or self._queue.begun()
        with suppress(TimeoutError):
            async with asyncio.timeout(out_of_reach.TICK_S if has_jobs else None):
                await self._jobs.bell.wait()
