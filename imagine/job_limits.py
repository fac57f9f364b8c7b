"""How long an engine may take: for a job as a whole, and to stop once it is asked to.

A run that is over its limit is stopped at its engine like one that is canceled. An engine that does
not react is given up: the job ends, and what is left there is stopped when it can be reached again.
"""

import asyncio
import logging

from imagine.errors import ErrorBody, ImagineError, JobError
from imagine.job_run import Run
from imagine.lifetime import TaskSet
from imagine.models import utc_now

logger = logging.getLogger(__name__)

# An engine looks up between two steps only: a model may have to be loaded first.
GRACE_S = 30.0


class JobLimits:
    """Watches over runs. Owned by the runner, which stops it.

    Units: ``limit_s`` is how long an engine may work on one job; 0 is as long as it takes.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._tasks = TaskSet()

    async def stop(self) -> None:
        await self._tasks.cancel()

    def begin(self, run: Run, *, is_fresh: bool) -> None:
        """The engine works on a run. Not ``is_fresh``: it may have begun before we looked."""
        if not self._limit_s:
            return
        passed_s = 0.0
        if run.is_adopted and not is_fresh and run.job.started_at is not None:
            passed_s = max(0.0, (utc_now() - run.job.started_at).total_seconds())
        left_s = max(0.0, self._limit_s - passed_s)
        run.watches.add(self._tasks.add(self._enforce(run, left_s), f"limit of job {run.job.id}"))

    def expect_end(self, run: Run) -> None:
        """A run was asked to stop: give its engine up if it does not."""
        run.watches.add(self._tasks.add(self._expect_end(run), f"patience with job {run.job.id}"))

    def error(self) -> ErrorBody:
        """Return what a job fails with that is over its limit."""
        return JobError(
            f"The engine worked on this one for longer than {in_words(self._limit_s)}, which is "
            "the limit.",
            hint="Make it smaller or with fewer steps, or allow more time with --job-timeout-s.",
            code="time_limit",
        ).body()

    async def _enforce(self, run: Run, left_s: float) -> None:
        await asyncio.sleep(left_s)
        if run.is_over:
            return
        logger.warning("job %s is over its time limit", run.job.id)
        run.is_overtime = True
        self.expect_end(run)
        try:
            await run.engine.client.cancel(run.prompt_id)
        except ImagineError as error:  # its client goes on trying
            logger.warning("job %s is not stopped yet: %s", run.job.id, error.message)

    async def _expect_end(self, run: Run) -> None:
        await asyncio.sleep(GRACE_S)
        if not run.is_over:
            logger.warning("job %s: its engine does not stop, and is given up", run.job.id)
            run.is_given_up = True
            run.engine.client.give_up(run.prompt_id)


def in_words(seconds: float) -> str:
    """Write a time for a person: ``2 hours``, ``90 minutes``, ``1 second``."""
    for size, name in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return _counted(seconds / size, name)
    return _counted(seconds, "second")


def _counted(count: float, name: str) -> str:
    return f"{count:g} {name}" if count == 1 else f"{count:g} {name}s"
