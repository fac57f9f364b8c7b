"""Which job goes to which engine, when; and the life of a job there, to its end.

The dispatcher is the only one that moves a job past ``queued``. Each write carries the attempt it
belongs to; one that comes late changes nothing. A stop of the server leaves what runs on a ComfyUI
running: the next start finds it by its prompt id and goes on.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imagine.comfy_messages import (
    Cached,
    Failed,
    FileRef,
    Finished,
    Interrupted,
    Lost,
    NodeFinished,
    NodeStarted,
    Outputs,
    Preview,
    RunEvent,
    Started,
    StepProgress,
)
from imagine.engines import Engine, Engines
from imagine.errors import (
    EngineRejectedError,
    EngineTimeoutError,
    EngineUnavailableError,
    ErrorBody,
    ImagineError,
    JobError,
    StorageError,
)
from imagine.estimates import Estimates
from imagine.ids import new_id
from imagine.job_queue import MemoryQueue, Worker, choose
from imagine.jobs import EventBus, ImageStore, Jobs, JobStore
from imagine.lifetime import TaskSet
from imagine.models import Job, JobImage, JobState, Stage, utc_now
from imagine.picture_text import inserted_text, picture_text
from imagine.planner import Planned, Planner
from imagine.progress import ProgressMeter

logger = logging.getLogger(__name__)

# An engine that dies this often during one job fails it.
MOST_LOSSES = 3
# Tries to fetch a finished picture, and to write a state, before the next idea.
FETCH_TRIES = 4
RETRY_S = 0.5


@dataclass(slots=True)
class Run:
    """One attempt of one job on one engine."""

    job: Job
    planned: Planned
    engine: Engine
    meter: ProgressMeter
    saves: set[asyncio.Task[None]] = field(default_factory=set)
    images: dict[int, JobImage] = field(default_factory=dict)
    taken: set[tuple[str, int]] = field(default_factory=set)
    save_error: ImagineError | None = None
    began: float | None = None
    cancel_wanted: bool = False
    is_over: bool = False

    @property
    def prompt_id(self) -> str:
        return self.planned.prompt_id


class Dispatcher:
    """Feeds the engines from the line. Owned by the app; `run` until canceled."""

    def __init__(
        self,
        *,
        store: JobStore,
        queue: MemoryQueue,
        jobs: Jobs,
        bus: EventBus,
        images: ImageStore,
        engines: Engines,
        planner: Planner,
        estimates: Estimates,
    ) -> None:
        self._store = store
        self._queue = queue
        self._jobs = jobs
        self._bus = bus
        self._images = images
        self._engines = engines
        self._planner = planner
        self._estimates = estimates
        self._tasks = TaskSet()
        self._runs: dict[str, Run] = {}
        self._losses: dict[str, int] = {}

    async def run(self) -> None:
        """Take up what was left, then feed the engines; at the end leave what runs running."""
        try:
            adopted = await self._recover()
            while True:
                self._jobs.bell.clear()
                await self._cancel_asked()
                adopted = [job for job in adopted if not self._adopt(job)]
                for engine in list(self._engines.serving):
                    while engine.has_room and self._feed(engine):
                        pass
                await self._jobs.bell.wait()
        finally:
            await self._tasks.cancel()

    # --- taking up and handing out

    async def _recover(self) -> list[Job]:
        """Fill the line from the store; return the jobs that an engine may still be running."""
        running = []
        for job in await self._left_active():
            if job.state is JobState.QUEUED:
                self._queue.put(job)
            elif self._engines.of_kind(job.engine) is None:
                await self._give_back(job)
            else:
                self._queue.hand(job)
                running.append(job)
        return running

    async def _left_active(self) -> list[Job]:
        """Read what was left; without it nothing could ever run, so this tries until it can."""
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
            run.cancel_wanted = True
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
            self._bus.changed(claimed)
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
        if await self._store.cancel_requested(job.id):
            await self._move(job, JobState.CANCELED, {"finished_at": utc_now()})
        self._queue.forget(job.id)

    async def _follow_adopted(self, job: Job, engine: Engine) -> None:
        try:
            catalog = engine.catalog
            assert catalog is not None, "asked before adopting"
            planned = self._planner.plan_canonical(job.canonical, job.prompt_id or job.id, catalog)
            await self._follow(job, planned, engine, adopt=True)
        except ImagineError as error:
            await self._fail(job, error.body())
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
        await self._fail(run.job if run is not None else job, error.body())

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
            return self._planner.plan_canonical(job.canonical, prompt_id, catalog)
        except ImagineError as error:
            await self._fail(job, error.body())
            return None

    async def _follow(self, job: Job, planned: Planned, engine: Engine, *, adopt: bool) -> None:
        workflow = planned.workflow
        assert workflow is not None, "planned against a catalog"
        meter = ProgressMeter(
            workflow,
            now=time.monotonic(),
            expected_s=self._estimates.seconds(engine.kind, planned.plan.parameters),
        )
        run = Run(job, planned, engine, meter)
        run.images = {image.index: image for image in job.images}
        self._runs[job.id] = run
        if job.id in self._jobs.cancels or (adopt and await self._is_cancel_asked(job.id)):
            self._jobs.cancels.add(job.id)
            self._jobs.bell.set()
        extra = {
            "extra_pnginfo": picture_text(job, planned),
            "preview_method": "auto",
        }
        try:
            async for event in engine.client.execute(
                run.prompt_id, workflow.graph, extra_data=extra, adopt=adopt
            ):
                await self._take(run, event)
        except EngineRejectedError as error:
            run.is_over = True
            await self._end(run, JobState.FAILED, error.body())
        except (EngineUnavailableError, EngineTimeoutError) as error:
            run.is_over = True
            logger.warning("job %s goes back into the line: %s", job.id, error.message)
            await asyncio.sleep(RETRY_S)
            await self._give_back(run.job)
        finally:
            for save in run.saves:
                save.cancel()

    async def _take(self, run: Run, event: RunEvent) -> None:
        now = time.monotonic()
        meter = run.meter
        match event:
            case Started():
                run.began = now
                meter.begin(now)
                self._queue.begin(run.job.id)
                self._jobs.bell.set()
            case Cached(nodes):
                meter.cached(nodes)
                return
            case NodeStarted(node):
                meter.node_started(node)
            case NodeFinished(node):
                meter.node_finished(node)
                return
            case StepProgress(node, value, maximum):
                meter.step(node, value, maximum, now)
            case Preview(node, media_type, data):
                self._preview(run, node, media_type, data)
                return
            case Outputs(node, files):
                self._fetch(run, node, files)
                return
            case Finished():
                await self._finish(run)
                return
            case Failed(error):
                await self._end(run, JobState.FAILED, error)
                return
            case Interrupted():
                await self._interrupted(run)
                return
            case Lost():
                await self._lost(run)
                return
        self._bus.offer_progress(run.job.id, run.job.sequence, meter.read(now), meter.stage)

    def _preview(self, run: Run, node: str | None, media_type: str, data: bytes) -> None:
        workflow = run.planned.workflow
        sampler = workflow.samplers.get(node) if workflow is not None and node else None
        image = sampler.image if sampler is not None else None
        if image not in run.images:
            self._bus.offer_preview(run.job.id, image, media_type, data)

    # --- pictures

    def _fetch(self, run: Run, node: str, files: tuple[FileRef, ...]) -> None:
        """Begin to fetch the pictures of an output node; each one once."""
        workflow = run.planned.workflow
        assert workflow is not None, "planned against a catalog"
        images = {output.node_id: output.image for output in workflow.outputs}
        if node not in images:
            return
        for place, file in enumerate(files):
            if (node, place) in run.taken or file.type == "temp":
                continue
            run.taken.add((node, place))
            first = images[node]
            index = place if first is None else first + place
            if index in run.images:
                continue
            save = self._tasks.add(
                self._save(run, index, file), f"picture {index} of job {run.job.id}"
            )
            run.saves.add(save)
            save.add_done_callback(run.saves.discard)

    async def _save(self, run: Run, index: int, file: FileRef) -> None:
        """Bring one finished picture onto our disk, and say so."""
        try:
            image = await self._fetch_picture(run, index, file)
        except ImagineError as error:
            logger.warning("picture %s of job %s: %s", index, run.job.id, error.message)
            run.save_error = error
            return
        run.images[index] = image
        if run.is_over and len(run.saves) == 1:
            return  # the end of the job is written next, with this picture
        await self._write_images(run)

    async def _fetch_picture(self, run: Run, index: int, file: FileRef) -> JobImage:
        for remaining in reversed(range(FETCH_TRIES)):
            try:
                return await self._copy_picture(run, index, file)
            except (EngineUnavailableError, EngineTimeoutError):
                if not remaining:
                    raise
                await asyncio.sleep(RETRY_S)
        raise AssertionError("the last try returns or raises")

    async def _copy_picture(self, run: Run, index: int, file: FileRef) -> JobImage:
        job = run.job
        async with run.engine.client.view(file) as (media_type, chunks):
            stored = await self._images.put(
                chunks,
                job_id=job.id,
                index=index,
                words=job.text,
                created_at=job.created_at,
                media_type=media_type,
                text_chunks=inserted_text(run.planned, index),
            )
        return JobImage(
            index=index,
            url=f"/api/images/{stored.name}",
            thumbnail=f"/api/thumbnails/{stored.name}",
            width=stored.width,
            height=stored.height,
            media_type=stored.media_type,
            bytes=stored.bytes,
            seed=run.planned.plan.parameters.get("seed"),
        )

    async def _write_images(self, run: Run) -> None:
        updated = await self._store.update(
            run.job.id,
            attempt=run.job.attempt,
            changes={"images": pictures(run)},
        )
        if updated is not None:
            run.job = updated
            self._bus.changed(updated)

    # --- endings

    async def _finish(self, run: Run) -> None:
        ended = time.monotonic()
        run.is_over = True
        await self._wait_for_saves(run)
        parameters = run.planned.plan.parameters
        missing = int(parameters.get("batch_size", 1)) - len(run.images)
        if run.save_error is not None:
            await self._end(run, JobState.FAILED, run.save_error.body())
        elif missing > 0:
            error = JobError(
                "The engine ended without "
                + ("a picture." if not run.images else f"{missing} of the pictures."),
                hint="Look into ComfyUI's own window for the reason, then try again.",
            )
            await self._end(run, JobState.FAILED, error.body())
        else:
            if run.began is not None and run.meter.sampling_s:
                self._estimates.learn(
                    run.engine.kind,
                    parameters,
                    steps=run.meter.steps,
                    sampling_s=run.meter.sampling_s,
                    total_s=ended - run.began,
                )
            await self._end(run, JobState.SUCCEEDED, None)

    async def _interrupted(self, run: Run) -> None:
        if run.cancel_wanted:
            await self._end(run, JobState.CANCELED, None)
            return
        error = JobError("This one was stopped in ComfyUI itself.", code="interrupted")
        await self._end(run, JobState.CANCELED, error.body())

    async def _lost(self, run: Run) -> None:
        """The engine no longer knows the prompt: try again, but not for ever."""
        run.is_over = True
        await self._wait_for_saves(run)
        job = run.job
        losses = self._losses[job.id] = self._losses.get(job.id, 0) + 1
        if run.cancel_wanted:
            await self._end(run, JobState.CANCELED, None)
        elif losses >= MOST_LOSSES:
            error = JobError(
                f"The engine stopped {losses} times while it made this one.",
                hint="Look at why it stops (often too little memory), then try again.",
                code="engine_died",
            )
            await self._end(run, JobState.FAILED, error.body())
        else:
            await self._give_back(job)

    async def _wait_for_saves(self, run: Run) -> None:
        if run.saves:
            await asyncio.wait(set(run.saves))

    async def _end(self, run: Run, state: JobState, error: ErrorBody | None) -> None:
        """Write the end of a job, with all its pictures."""
        run.is_over = True
        await self._wait_for_saves(run)
        changes: dict[str, Any] = {
            "images": pictures(run),
            "stage": None,
            "error": error,
            "finished_at": utc_now(),
        }
        progress = run.meter.read(time.monotonic())
        if state is JobState.SUCCEEDED:
            progress = progress.model_copy(update={"value": 1.0, "step": progress.steps})
        changes["progress"] = progress.model_copy(update={"eta_s": None, "image": None})
        self._losses.pop(run.job.id, None)
        await self._move(run.job, state, changes)

    async def _fail(self, job: Job, error: ErrorBody) -> None:
        """Fail a job that never came to run."""
        await self._move(
            job, JobState.FAILED, {"error": error, "stage": None, "finished_at": utc_now()}
        )

    async def _give_back(self, job: Job) -> None:
        """Put a job back into the line, or end it if its cancel was asked for meanwhile."""
        moved = await self._write(
            job, JobState.QUEUED, {"stage": None, "started_at": None, "error": None}
        )
        if moved is None:
            return
        if await self._is_cancel_asked(job.id):
            await self._move(moved, JobState.CANCELED, {"finished_at": utc_now()})
        else:
            self._jobs.requeue(moved)

    async def _is_cancel_asked(self, job_id: str) -> bool:
        try:
            return await self._store.cancel_requested(job_id)
        except StorageError as error:  # no harm: nothing that is to be canceled can be claimed
            logger.warning("job %s: it is not known if it is wanted: %s", job_id, error.message)
            return False

    async def _move(self, job: Job, state: JobState, changes: Mapping[str, Any]) -> None:
        moved = await self._write(job, state, changes)
        self._queue.forget(job.id)
        if moved is not None:
            self._bus.changed(moved)

    async def _write(self, job: Job, state: JobState, changes: Mapping[str, Any]) -> Job | None:
        """Write a state; a disk that refuses ends no job, so this tries until it is written."""
        while True:
            try:
                return await self._store.move(job.id, state, attempt=job.attempt, changes=changes)
            except StorageError as error:
                logger.warning("state of job %s is not written yet: %s", job.id, error.message)
                await asyncio.sleep(RETRY_S)


def pictures(run: Run) -> tuple[JobImage, ...]:
    return tuple(run.images[index] for index in sorted(run.images))
