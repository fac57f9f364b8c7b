"""Which job goes to which engine, when.

The dispatcher is the only one that moves a job past ``queued``; what happens to it then is the
runner's (`imagine.job_run`). A stop of the server leaves what runs on a ComfyUI running: the next
start finds it by its prompt id and goes on.
"""

import asyncio
import logging
import time

from imagine.engines import Engine, Engines
from imagine.errors import ImagineError, JobError, StorageError
from imagine.ids import new_id
from imagine.job_endings import Endings
from imagine.job_queue import BY_HAND, MemoryQueue, Worker, choose
from imagine.job_run import RETRY_S, Run
from imagine.job_runner import Runner
from imagine.jobs import Jobs, JobStore
from imagine.lifetime import TaskSet
from imagine.models import Job, JobState, Marks, Stage, utc_now
from imagine.planner import Planned, Planner

logger = logging.getLogger(__name__)


class Dispatcher:
    """Feeds the engines from the line. Owned by the app; `run` until canceled."""

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

    async def run(self) -> None:
        """Take up what was left, then feed the engines; at the end leave what runs running."""
        try:
            adopted = await self._recover()
            while True:
                self._jobs.bell.clear()
                await self._cancel_asked()
                adopted = [job for job in adopted if not self._adopt(job)]
                if self._queue.paused is None:
                    for engine in list(self._engines.serving):
                        while engine.has_room and self._feed(engine):
                            pass
                await self._jobs.bell.wait()
        finally:
            await self._tasks.cancel()
            await self._runner.stop()

    # --- taking up and handing out

    async def _recover(self) -> list[Job]:
        """Fill the line from the store; return the jobs that an engine may still be running."""
        running = []
        if self._store.paused:
            self._queue.pause(BY_HAND)
        for job, marks in await self._left_active():
            if job.state is JobState.QUEUED:
                self._queue.put(job, priority=marks.priority)
                continue
            self._queue.hand(job, priority=marks.priority)
            if self._engines.of_kind(job.engine) is None:
                await self._endings.give_back(job)
            else:
                running.append(job)
        return running

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

    def _adopt(self, job: Job) -> bool:
        """Follow a job of an earlier process, once its engine can be asked."""
        engine = self._engines.of_kind(job.engine)
        if engine is None or engine.catalog is None or engine.client.state != "ready":
            return False
        engine.jobs.add(job.id)
        self._tasks.start(self._follow_adopted(job, engine), f"adopted job {job.id}")
        return True

    def _feed(self, engine: Engine) -> bool:
        """Hand the next job to an engine; False when there is none for it.

        Whether it may still run is asked when it is claimed.
        """
        worker = Worker(engine.kind, engine.client.url)
        chosen = choose(self._queue.waiting(), worker, time.monotonic())
        if chosen is None:
            return False
        job = chosen.job
        engine.jobs.add(job.id)
        self._queue.hand(job)
        self._tasks.start(self._start(job, engine), f"job {job.id}")
        return True

    async def _cancel_asked(self) -> None:
        """Stop the runs whose cancel was asked for; those not here yet are asked again later."""
        for job_id in list(self._jobs.cancels):
            run = self._runs.get(job_id)
            if run is None:
                if not any(job_id in engine.jobs for engine in self._engines.serving):
                    self._jobs.cancels.discard(job_id)
                continue
            self._jobs.cancels.discard(job_id)
            if not run.cancel_wanted:
                run.cancel_wanted = True
                self._runner.expect_end(run)
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

    # --- one job on one engine

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
                engine_url=engine.client.url,
                changes={
                    "parameters": planned.plan.parameters,
                    "notes": planned.notes,
                    "stage": Stage.SUBMITTED,
                    "started_at": utc_now(),
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
            await self._endings.move(job, JobState.CANCELED, {"finished_at": utc_now()})

    async def _follow_adopted(self, job: Job, engine: Engine) -> None:
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
        self._runs.pop(job.id, None)
        self._jobs.plans.pop(job.id, None)
        self._jobs.bell.set()

    async def _plan(self, job: Job, engine: Engine) -> Planned | None:
        """Return the graph of the next attempt; a job that this engine cannot run fails here."""
        planned = self._jobs.plans.pop(job.id, None)
        if planned is not None and planned.catalog is engine.catalog and job.attempt == 0:
            return planned
        catalog = engine.catalog
        assert catalog is not None, "only an engine with a catalog has room"
        prompt_id = job.id if job.attempt == 0 else new_id()
        try:
            return await self._planner.plan_stored(job, prompt_id, catalog)
        except ImagineError as error:
            await self._endings.fail(job, error.body())
            return None

    async def _follow(self, job: Job, planned: Planned, engine: Engine, *, adopt: bool) -> None:
        run = self._runs[job.id] = self._runner.open(job, planned, engine)
        if job.id in self._jobs.cancels or (adopt and await self._endings.is_cancel_asked(job.id)):
            self._jobs.cancels.add(job.id)
            self._jobs.bell.set()
        await self._runner.follow(run, adopt=adopt)
