"""Stops, on an engine that is back, the attempts that were given up while it was out of reach.

Nothing is handed to it before that, so no two attempts of a job are alive as far as can be known.
"""

import asyncio
import logging

from imagine.engine import Engine
from imagine.errors import EngineError, StorageError
from imagine.job_run import RETRY_S
from imagine.job_store import JobStore
from imagine.jobs import Jobs
from imagine.lifetime import TaskSet

logger = logging.getLogger(__name__)


class Strays:
    """Looks after the engines that may have some. Owned by the dispatcher."""

    def __init__(self, store: JobStore, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs
        self._tasks = TaskSet()
        self._at_work: set[Engine] = set()

    def look(self, engine: Engine) -> None:
        """Begin to clean an engine that needs it and can be asked."""
        if engine.is_in_touch and not engine.is_clean and engine not in self._at_work:
            self._at_work.add(engine)
            self._tasks.start(self._clean(engine), f"strays of {engine.url}")

    async def stop(self) -> None:
        await self._tasks.cancel()

    async def _clean(self, engine: Engine) -> None:
        try:
            while found := await self._store.strays(engine.url):
                for prompt_id in found:
                    await engine.client.cancel(prompt_id)
                    await self._store.forget_stray(prompt_id)
                    logger.info("prompt %s is stopped on %s", prompt_id, engine.url)
            engine.is_clean = engine.is_in_touch
        except (EngineError, StorageError) as error:
            logger.warning("strays of %s: %s", engine.url, error.message)
            await asyncio.sleep(RETRY_S)
        finally:
            self._at_work.discard(engine)
            self._jobs.bell.set()
