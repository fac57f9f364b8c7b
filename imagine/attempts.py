"""Each job that an engine has: planned for it, claimed, followed, and taken from it if it fails."""

import asyncio
import logging
import time

from imagine.engine import Engine
from imagine.engines import Engines
from imagine.errors import (
    EngineRejectedError,
    EngineTimeoutError,
    EngineUnavailableError,
    ErrorBody,
    ImagineError,
    JobError,
    StorageError,
)
from imagine.ids import new_id
from imagine.job_endings import Endings
from imagine.job_queue import MemoryQueue
from imagine.job_run import RETRY_S, Run
from imagine.job_runner import Runner
from imagine.job_store import JobStore
from imagine.jobs import Jobs
from imagine.lifetime import TaskSet
from imagine.models import Job, JobImage, JobState
from imagine.out_of_reach import is_given_up
from imagine.planned import Planned
from imagine.planner import Planner

logger = logging.getLogger(__name__)

# Why an engine is left out that could make a job, but less well than another one.
LESSER = ErrorBody(code="lesser_engine", message="It would leave something out.")


class Attempts:
    """The attempts of this process. Owned by the dispatcher, which stops it."""

    def __init__(
        self,
        *,
        store: JobStore,
        queue: MemoryQueue,
        jobs: Jobs,
        endings: Endings,
        engines: Engines,
        planner: Planner,
        runner: Runner,
    ) -> None:
        self._store = store
        self._queue = queue
        self._jobs = jobs
        self._endings = endings
        self._engines = engines
        self._planner = planner
        self._runner = runner
        self._tasks = TaskSet()
        self._runs: dict[str, Run] = {}
        # Jobs at an engine, those that have no run yet or no longer included.
        self._held: set[str] = set()
        # Jobs that are being taken back.
        self._withdrawing: set[str] = set()
        # Jobs of which no engine can do everything, and one can do enough.
        self._content: set[str] = set()
        # Ends the following of a run that is given up.
        self._patience: dict[str, asyncio.Timeout] = {}

    async def stop(self) -> None:
        """Let go of everything, and leave what runs running."""
        await self._tasks.cancel()
        await self._runner.stop()

    def start(self, job: Job, engine: Engine) -> None:
        """Begin an attempt of a job that was handed to an engine."""
        self._held.add(job.id)
        self._tasks.start(self._start(job, engine), f"job {job.id}")

    def adopt(self, job: Job, engine: Engine) -> None:
        """Follow an attempt of an earlier process."""
        self._held.add(job.id)
        engine.jobs.add(job.id)
        engine.model = engine.loaded = job.parameters.get("model") or engine.loaded
        self._tasks.start(self._adopt(job, engine), f"adopted job {job.id}")

    # --- to its end

    async def _start(self, job: Job, engine: Engine) -> None:
        """Claim a job and run it to its end."""
        try:
            planned = await self._plan(job, engine)
            if planned is None:
                return
            claimed = await self._store.claim_attempt(
                job.id,
                prompt_id=planned.prompt_id,
                engine=engine.kind,
                engine_url=engine.url,
                changes={
                    "parameters": planned.plan.parameters,
                    "notes": planned.notes,
                    "error": None,
                },
            )
            if claimed is None:
                await self._drop(job)
                return
            await self._follow(claimed, planned, engine, adopt=False)
        except StorageError as error:
            logger.exception("job %s could not be claimed: %s", job.id, error.message)
            await asyncio.sleep(RETRY_S)
            self._queue.put(job)
        except Exception:
            logger.exception("job %s broke off", job.id)
            await self._break_off(job)
        finally:
            self._release(job, engine)

    async def _drop(self, job: Job) -> None:
        """Let go of a job that could not be claimed: it is over, or was to be canceled."""
        self._queue.drop(job.id)
        if await self._endings.is_cancel_asked(job.id):
            await self._endings.cancel(job)

    async def _adopt(self, job: Job, engine: Engine) -> None:
        try:
            catalog = engine.catalog
            assert catalog is not None, "asked before adopting"
            planned = await self._planner.plan_stored(job, job.prompt_id or job.id, catalog)
            await self._follow(job, planned, engine, adopt=True)
        except ImagineError as error:
            await self._endings.fail(job, error.body())
        except Exception:
            logger.exception("job %s broke off", job.id)
            await self._break_off(job)
        finally:
            self._release(job, engine)

    async def _break_off(self, job: Job) -> None:
        """End a job after a mistake of ours, which must not leave it at work for ever."""
        run = self._runs.get(job.id)
        error = JobError(
            "Something went wrong inside Imagine while this one was made.",
            hint="Try again. The log has the reason.",
        )
        await self._endings.fail(run.job if run is not None else job, error.body())

    def _release(self, job: Job, engine: Engine) -> None:
        engine.jobs.discard(job.id)
        engine.breaker.end_untried()
        self._held.discard(job.id)
        self._runs.pop(job.id, None)
        self._patience.pop(job.id, None)
        self._jobs.plans.pop(job.id, None)
        if self._queue.position(job.id) is None:
            self._engines.forget(job.id)
            self._content.discard(job.id)
        self._jobs.bell.set()

    async def _plan(self, job: Job, engine: Engine) -> Planned | None:
        """Return the graph of the next attempt; None for a job that this engine cannot run."""
        planned = self._jobs.plans.pop(job.id, None)
        if planned is not None and planned.catalog is engine.catalog and job.attempt == 0:
            return planned
        catalog = engine.catalog
        assert catalog is not None, "only an engine with a catalog has room"
        prompt_id = job.id if job.attempt == 0 else new_id()
        try:
            planned = await self._planner.plan_stored(job, prompt_id, catalog)
        except ImagineError as error:
            if self._is_left_to_others(job, engine, error.body()):
                self._queue.put(job)
            else:
                await self._endings.fail(job, error.body())
            return None
        if self._is_lesser(planned, job, engine):
            engine.refused[job.id] = LESSER
            engine.model = engine.loaded
            self._queue.put(job)
            return None
        return planned

    def _is_lesser(self, planned: Planned, job: Job, engine: Engine) -> bool:
        """Would the engine do other things than were told at first, and another one is ready?"""
        model = job.parameters.get("model")
        if model is None or job.id in self._content:
            return False
        told = {note for note in planned.notes if note.parameter != "model"}
        return not told <= set(job.notes) and self._engines.others_can(
            engine, job.id, model, time.monotonic()
        )

    def _is_left_to_others(self, job: Job, engine: Engine, error: ErrorBody) -> bool:
        """Leave an engine out that cannot run a job; say whether another one may."""
        engine.refused[job.id] = error
        engine.model = engine.loaded
        if not self._engines.is_hoped_for(job.id, job.parameters.get("model"), time.monotonic()):
            if not self._engines.forgive(job.id, LESSER):
                return False
            self._content.add(job.id)
        logger.info("job %s cannot be made on %s: %s", job.id, engine.url, error.message)
        return True

    async def _follow(self, job: Job, planned: Planned, engine: Engine, *, adopt: bool) -> None:
        run = self._runs[job.id] = self._runner.open(job, planned, engine)
        engine.model = engine.loaded = planned.plan.parameters.get("model") or engine.loaded
        if job.id in self._jobs.cancels or (adopt and await self._endings.is_cancel_asked(job.id)):
            self._jobs.cancels.add(job.id)
            self._jobs.bell.set()
        patience = self._patience[job.id] = asyncio.timeout(None)
        try:
            async with patience:
                await self._runner.follow(run, adopt=adopt)
            if run.is_given_up:
                engine.is_clean = False
            else:
                engine.took()
        except TimeoutError:
            if not patience.expired():
                raise
            logger.warning("job %s is no longer left to %s", job.id, engine.url)
            if run.cancel_wanted:
                await self._endings.end(run, JobState.CANCELED, None, stray=True)
                engine.is_clean = False
            else:
                run.is_over = True
                await self.take_away(run.job, engine, run.pictures)
        except EngineRejectedError as error:
            engine.took()
            await self._refused(run, error)
        except (EngineUnavailableError, EngineTimeoutError) as error:
            run.is_over = True
            logger.warning("job %s goes back into the line: %s", job.id, error.message)
            if engine.is_in_touch and engine.failed(job.id, error.message, time.monotonic()):
                await self._refused(run, error, stray=True)
                return
            await asyncio.sleep(RETRY_S)
            await self.take_away(run.job, engine, run.pictures)

    async def _refused(self, run: Run, error: ImagineError, *, stray: bool = False) -> None:
        """An engine does not take a job: leave it to others, or fail it.

        ``stray``: it gave no clear answer.
        """
        run.is_over = True
        if self._is_left_to_others(run.job, run.engine, error.body()):
            await self._endings.give_back(run.job, stray=stray)
        else:
            await self._endings.end(run, JobState.FAILED, error.body(), stray=stray)
        if stray:
            run.engine.is_clean = False

    async def take_away(
        self, job: Job, engine: Engine | None, images: tuple[JobImage, ...] | None = None
    ) -> None:
        """Give a job back that its engine may still know; it is stopped there later on.

        ``images`` are those that it has by now.
        """
        if engine is not None:
            engine.is_clean = False
        await self._endings.give_back(job, stray=True, images=images)
        if engine is not None:  # it may have been cleaned before that was written
            engine.is_clean = False

    # --- before its end

    def look(self, now: float) -> None:
        """Close the breakers of engines that began a job; take jobs from engines that are gone."""
        for run in list(self._runs.values()):
            if run.began is not None and run.engine.breaker.is_open and run.engine.is_in_touch:
                run.engine.breaker.succeed()
            if not run.is_over and self._is_lost(run, now):
                self._give_up(run)

    def _is_lost(self, run: Run, now: float) -> bool:
        engine, job = run.engine, run.job
        out_s = engine.out_s(now)
        if out_s is None:
            return False
        if run.cancel_wanted:
            return True
        has_begun = run.began is not None or run.is_adopted
        return is_given_up(
            out_s, is_refused=engine.client.is_refused, has_begun=has_begun
        ) and self._engines.others_can(engine, job.id, job.parameters.get("model"), now)

    def _give_up(self, run: Run) -> None:
        patience = self._patience.get(run.job.id)
        if patience is not None and not patience.expired():
            patience.reschedule(asyncio.get_running_loop().time())

    def withdraw(self) -> None:
        """Take back what no engine has begun: the line is paused."""
        for run in self._runs.values():
            is_waiting = run.began is None and not (run.is_over or run.cancel_wanted)
            if is_waiting and run.engine.is_in_touch and run.job.id not in self._withdrawing:
                run.is_withdrawn = True
                self._withdrawing.add(run.job.id)
                self._tasks.start(self._withdraw(run), f"withdrawal of job {run.job.id}")

    async def _withdraw(self, run: Run) -> None:
        try:
            await run.engine.client.withdraw(run.prompt_id)
            await asyncio.sleep(RETRY_S)
        except ImagineError as error:
            logger.warning("job %s is not taken back yet: %s", run.job.id, error.message)
        finally:
            self._withdrawing.discard(run.job.id)

    def cancel_asked(self) -> None:
        """Stop the runs whose cancel was asked for; those not here yet are asked again later."""
        for job_id in list(self._jobs.cancels):
            run = self._runs.get(job_id)
            if run is None:
                if job_id not in self._held:
                    self._jobs.cancels.discard(job_id)
                continue
            self._jobs.cancels.discard(job_id)
            if not run.cancel_wanted:
                run.cancel_wanted = True
                self._runner.expect_end(run)
            if run.engine.is_in_touch:
                self._tasks.start(self._cancel(run), f"cancel of job {job_id}")

    async def _cancel(self, run: Run) -> None:
        try:
            await run.engine.client.cancel(run.prompt_id)
        except ImagineError as error:
            logger.warning("cancel of job %s: %s", run.job.id, error.message)
            await asyncio.sleep(RETRY_S)
            if not run.is_over:
                self._jobs.cancels.add(run.job.id)
                self._jobs.bell.set()
