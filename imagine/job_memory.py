"""What becomes of a job when its engine runs out of memory.

With ``--oom-retry`` the engine is asked to free what it can, and the job is tried once more, with
half the batch. That it was is stored with the move back into the line, so that no restart and no
other engine makes a third try of it; a retry by a person begins afresh.
"""

import logging

from imagine.errors import ErrorBody, ImagineError
from imagine.job_endings import Endings
from imagine.job_run import Run
from imagine.models import JobState
from imagine.planning.memory import PARAMETER, Spared, memory_note

logger = logging.getLogger(__name__)

OUT_OF_MEMORY = "out_of_memory"
NOT_TRIED = "With --oom-retry Imagine frees the memory and tries once more by itself."
TRIED = {
    Spared.HALF_BATCH: "Freeing the memory and halving the batch did not help.",
    Spared.NOTHING_ELSE: "Freeing the memory did not help.",
}


class Memory:
    """Decides about the second try. Owned by the runner."""

    def __init__(self, endings: Endings, *, tries_again: bool) -> None:
        self._endings = endings
        self._tries_again = tries_again

    async def ran_out(self, run: Run, error: ErrorBody) -> None:
        """End a run that failed for want of memory, or put its job back into the line, once."""
        run.is_over = True
        how = run.planned.plan.spared
        if (await self._endings.marks(run.job.id)).oom_retried:
            hint = f"{TRIED[how]} {error.hint or ''}".rstrip()
        elif not self._tries_again:
            hint = f"{error.hint or ''} {NOT_TRIED}".lstrip()
        else:
            await self._try_again(run, how)
            return
        failed = error.model_copy(update={"hint": hint})
        await self._endings.end(run, JobState.FAILED, failed)

    async def _try_again(self, run: Run, how: Spared) -> None:
        logger.warning("job %s ran out of memory, and is tried once more", run.job.id)
        try:
            await run.engine.free_memory()
        except ImagineError as error:
            logger.warning("%s frees no memory: %s", run.engine.url, error.message)
        await run.saved()
        job = run.job
        # The next plan says the same; until then the job does.
        told = {
            "parameters": {**job.parameters, PARAMETER: how},
            "notes": (*job.notes, memory_note(how)),
        }
        await self._endings.give_back(
            job, marks={"oom_retried": True}, images=run.pictures, changes=told
        )
