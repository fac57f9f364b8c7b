"""How a job ends, or goes back into the line.

Each write carries the attempt it belongs to; one that comes late changes nothing. A write that the
disk refuses is tried again, for it must end no job.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from imagine.errors import ErrorBody, ImagineError, JobError, StorageError
from imagine.job_run import RETRY_S, Run
from imagine.job_store import JobStore
from imagine.jobs import Jobs
from imagine.models import Job, JobImage, JobState, Marks, utc_now

logger = logging.getLogger(__name__)

# An engine that dies this often during one job fails it.
MOST_LOSSES = 3
# And one that was forgotten so often, begun or not, is given up: somebody forgets it on purpose.
MOST_ATTEMPTS = 25


class Endings:
    """Writes the ends. Owned by the app; the runner and the dispatcher use it."""

    def __init__(self, store: JobStore, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs

    async def interrupted(self, run: Run) -> None:
        if run.cancel_wanted:
            await self.end(run, JobState.CANCELED, None)
            return
        error = JobError("This one was stopped in ComfyUI itself.", code="interrupted")
        await self.end(run, JobState.CANCELED, error.body())

    async def lost(self, run: Run, reason: ImagineError | None = None) -> None:
        """The engine no longer knows the prompt: try again, but not for ever.

        ``reason``: why, where it did not stop.
        """
        run.is_over = True
        await run.saved()
        job = run.job
        marks = await self.marks(job.id)
        losses = marks.losses + (run.began is not None or run.is_adopted)
        if run.cancel_wanted:
            await self.end(run, JobState.CANCELED, None)
        elif losses >= MOST_LOSSES:
            error = reason or JobError(
                f"The engine stopped {losses} times while it made this one.",
                hint="Look at why it stops (often too little memory), then try again.",
                code="engine_died",
            )
            await self.end(run, JobState.FAILED, error.body())
        elif job.attempt >= MOST_ATTEMPTS and not run.is_withdrawn:
            error = JobError(
                f"The engine took this one {job.attempt} times, and knew nothing of it afterwards.",
                hint="Check that one ComfyUI is behind its address, and that nothing clears its "
                "queue.",
                code="engine_unavailable",
            )
            await self.end(run, JobState.FAILED, error.body())
        else:
            await self.give_back(job, marks={"losses": losses}, images=run.pictures)

    async def end(
        self, run: Run, state: JobState, error: ErrorBody | None, *, stray: bool = False
    ) -> None:
        """Write the end of a job, with all its pictures.

        ``stray``: its engine does not react, and may go on with the attempt.
        """
        run.is_over = True
        await run.saved()
        changes: dict[str, Any] = {
            "images": run.pictures,
            "stage": None,
            "error": error,
            "finished_at": utc_now(),
        }
        progress = run.meter.read(time.monotonic())
        if state is JobState.SUCCEEDED:
            progress = progress.model_copy(update={"value": 1.0, "step": progress.steps})
        changes["progress"] = progress.model_copy(update={"eta_s": None, "image": None})
        await self._move(run.job, state, changes, stray=stray)

    async def fail(self, job: Job, error: ErrorBody) -> None:
        """Fail a job that never came to run."""
        changes = {"error": error, "stage": None, "finished_at": utc_now()}
        await self._move(job, JobState.FAILED, changes)

    async def cancel(self, job: Job) -> None:
        """Cancel a job that waits."""
        await self._move(job, JobState.CANCELED, {"finished_at": utc_now()})

    async def give_back(
        self,
        job: Job,
        *,
        marks: Mapping[str, Any] | None = None,
        stray: bool = False,
        images: tuple[JobImage, ...] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a job back into the line, or end it if its cancel was asked for meanwhile.

        ``stray``: its engine is out of reach, and may still know the attempt. ``images`` are those
        that it has by now, where that may be more than it says. ``changes`` are made in line.
        """
        found = {} if images is None else {"images": images}
        if await self.is_cancel_asked(job.id):
            ended = {"stage": None, "finished_at": utc_now(), **found}
            await self._move(job, JobState.CANCELED, ended, stray=stray)
            return
        moved = await self._move(
            job,
            JobState.QUEUED,
            {"stage": None, "started_at": None, "error": None, **found, **(changes or {})},
            marks=marks,
            stray=stray,
        )
        if moved is None:
            return
        if await self.is_cancel_asked(job.id):  # since the look above
            await self.cancel(moved)
        else:
            self._jobs.requeue(moved)

    async def is_cancel_asked(self, job_id: str) -> bool:
        return (await self.marks(job_id)).cancel_requested

    async def marks(self, job_id: str) -> Marks:
        """Read the marks of a job; a disk that refuses is asked again."""
        while True:
            try:
                return await self._store.marks(job_id) or Marks()
            except StorageError as error:
                logger.warning("marks of job %s are not read yet: %s", job_id, error.message)
                await asyncio.sleep(RETRY_S)

    async def _move(
        self,
        job: Job,
        state: JobState,
        changes: Mapping[str, Any],
        *,
        marks: Mapping[str, Any] | None = None,
        stray: bool = False,
    ) -> Job | None:
        """Write a state; return None when it comes too late.

        A disk that refuses ends no job, so this tries until it is written.
        """
        while True:
            try:
                return await self._store.move(
                    job.id,
                    state,
                    attempt=job.attempt,
                    changes=changes,
                    marks=marks,
                    stray=stray,
                )
            except StorageError as error:
                logger.warning("state of job %s is not written yet: %s", job.id, error.message)
                await asyncio.sleep(RETRY_S)
