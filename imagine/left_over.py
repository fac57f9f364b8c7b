"""Takes up what an earlier process left: the line, and the jobs that were at an engine."""

import asyncio
import logging
from dataclasses import dataclass

from imagine.attempts import Attempts
from imagine.engine import Engine
from imagine.engines import Engines
from imagine.errors import StorageError
from imagine.job_endings import Endings
from imagine.job_pictures import Pictures
from imagine.job_queue import BY_HAND, MemoryQueue
from imagine.job_run import RETRY_S
from imagine.job_store import JobStore
from imagine.jobs import Jobs
from imagine.lifetime import TaskSet
from imagine.models import Job, JobState, Marks
from imagine.out_of_reach import is_gone

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Left:
    """A job that was at an engine. ``url`` is None when it is not known which one it was."""

    job: Job
    url: str | None


class LeftOver:
    """What is not taken up yet. Owned by the dispatcher."""

    def __init__(
        self,
        *,
        store: JobStore,
        queue: MemoryQueue,
        jobs: Jobs,
        endings: Endings,
        engines: Engines,
        attempts: Attempts,
        pictures: Pictures,
    ) -> None:
        self._store = store
        self._queue = queue
        self._jobs = jobs
        self._endings = endings
        self._engines = engines
        self._attempts = attempts
        self._pictures = pictures
        self._tasks = TaskSet()
        self._left: dict[str, _Left] = {}
        # Those of them that are to be canceled.
        self._canceled: set[str] = set()

    async def stop(self) -> None:
        await self._tasks.cancel()

    async def read(self) -> None:
        """Fill the line from the store, and remember what an engine may still be running."""
        if self._store.paused:
            self._queue.pause(BY_HAND)
        for stored, marks in await self._left_active():
            if stored.state is JobState.QUEUED:
                if marks.cancel_requested:
                    await self._endings.cancel(stored)
                else:
                    self._queue.put(stored, priority=marks.priority)
                continue
            job = await self._pictures.recall(stored)
            self._queue.hand(job, priority=marks.priority)
            left = _Left(job, marks.engine_url)
            if self._engine_of(left) is not None:
                self._left[job.id] = left
                if marks.cancel_requested:
                    self._canceled.add(job.id)
            else:  # a sketch engine ends with its server; a ComfyUI may be configured again
                await self._endings.give_back(job, stray=job.engine == "comfyui")

    async def _left_active(self) -> list[tuple[Job, Marks]]:
        """Read what was left; without it nothing could ever run, so this tries until it can.

        A job that is submitted meanwhile is in the line already, and stays where it is.
        """
        while True:
            try:
                return await self._store.active()
            except StorageError as error:
                logger.warning("what was left is not read yet: %s", error.message)
                await asyncio.sleep(RETRY_S)

    def _engine_of(self, left: _Left) -> Engine | None:
        if left.job.engine != "comfyui":
            return None
        if left.url is None:
            return self._engines.any_comfyui()
        return self._engines.at(left.url)

    def look(self, now: float) -> None:
        """Follow each job whose engine can be asked; give back those whose engine stays away."""
        self._canceled |= self._jobs.cancels & self._left.keys()
        for job_id, left in list(self._left.items()):
            engine = self._engine_of(left)
            if engine is not None and engine.is_in_touch and engine.catalog is not None:
                del self._left[job_id]
                self._attempts.adopt(left.job, engine)
            elif engine is None or self._is_lost(left, engine, now):
                del self._left[job_id]
                work = self._attempts.take_away(left.job, engine)
                self._tasks.start(work, f"job {job_id} of an engine that is gone")

    def _is_lost(self, left: _Left, engine: Engine, now: float) -> bool:
        out_s = engine.out_s(now)
        if out_s is None:
            return False
        if left.job.id in self._canceled:
            return True
        model = left.job.parameters.get("model")
        return is_gone(out_s, is_refused=engine.client.is_refused) and self._engines.others_can(
            engine, left.job.id, model, now
        )
