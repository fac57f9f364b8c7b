"""The life of a job at an engine: one attempt, from its graph to its end.

Each write carries the attempt it belongs to; one that comes late changes nothing. A write that the
disk refuses is tried again, for it must end no job.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

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
from imagine.engines import Engine
from imagine.errors import (
    EngineRejectedError,
    EngineTimeoutError,
    EngineUnavailableError,
    ErrorBody,
    ImagineError,
    JobError,
    NotFoundError,
    StorageError,
)
from imagine.estimates import Estimates
from imagine.image_bytes import MEDIA_TYPES
from imagine.input_image import InputImage
from imagine.job_queue import MemoryQueue
from imagine.jobs import EventBus, ImageStore, Jobs, JobStore
from imagine.lifetime import TaskSet
from imagine.models import Job, JobImage, JobState, utc_now
from imagine.picture_text import inserted_text, picture_text
from imagine.planner import Planned
from imagine.progress import ProgressMeter

logger = logging.getLogger(__name__)

# An engine that dies this often during one job fails it.
MOST_LOSSES = 3
# Tries to fetch a finished picture, and the wait before the next one or the next write.
FETCH_TRIES = 4
RETRY_S = 0.5
# An engine refuses a graph whose pictures it has not got, with this code.
MISSING_PICTURE = "missing_input"


class InputFiles(Protocol):
    """The pictures that graphs start from (`imagine.inputs`)."""

    def path(self, image: InputImage) -> Path: ...


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


class Runner:
    """Follows runs to their end. Owned by the app; the dispatcher uses it, and stops it."""

    def __init__(
        self,
        *,
        store: JobStore,
        queue: MemoryQueue,
        jobs: Jobs,
        bus: EventBus,
        images: ImageStore,
        inputs: InputFiles,
        estimates: Estimates,
    ) -> None:
        self._store = store
        self._queue = queue
        self._jobs = jobs
        self._bus = bus
        self._images = images
        self._inputs = inputs
        self._estimates = estimates
        self._tasks = TaskSet()
        self._losses: dict[str, int] = {}

    async def stop(self) -> None:
        """Let go of the pictures that are being fetched; the next start asks for them again."""
        await self._tasks.cancel()

    def open(self, job: Job, planned: Planned, engine: Engine) -> Run:
        """Return the run of a claimed job, with the pictures that earlier attempts made."""
        assert planned.workflow is not None, "planned against a catalog"
        expected_s = self._estimates.seconds(engine.kind, planned.plan.parameters)
        meter = ProgressMeter(planned.workflow, now=time.monotonic(), expected_s=expected_s)
        return Run(job, planned, engine, meter, images={image.index: image for image in job.images})

    async def follow(self, run: Run, *, adopt: bool) -> None:
        """Submit a run, or find it again, and follow it to its end."""
        try:
            try:
                await self._submit(run, adopt=adopt)
            except EngineRejectedError as error:
                if adopt or error.error_code != MISSING_PICTURE:
                    raise
                # Somebody tidied up the engine's input folder.
                await self._submit(run, adopt=False, again=True)
        except (EngineRejectedError, NotFoundError, StorageError) as error:
            run.is_over = True
            await self._end(run, JobState.FAILED, error.body())
        except (EngineUnavailableError, EngineTimeoutError) as error:
            run.is_over = True
            logger.warning("job %s goes back into the line: %s", run.job.id, error.message)
            await asyncio.sleep(RETRY_S)
            await self.give_back(run.job)
        finally:
            for save in run.saves:
                save.cancel()

    async def _submit(self, run: Run, *, adopt: bool, again: bool = False) -> None:
        """Bring the engine what it needs, submit the graph and take what it tells.

        ``again``: the engine may have lost what it was brought.
        """
        workflow = run.planned.workflow
        assert workflow is not None, "planned against a catalog"
        if not adopt:
            for image in run.planned.plan.inputs:
                if is_used(image, workflow.graph):
                    path = self._inputs.path(image)
                    media_type = MEDIA_TYPES[path.suffix[1:]]
                    await run.engine.client.upload(image.name, path, media_type, again=again)
            if run.cancel_wanted:  # the engine was asked to stop what it does not know yet
                await self._end(run, JobState.CANCELED, None)
                return
        extra = {
            "extra_pnginfo": picture_text(run.job, run.planned),
            "preview_method": "auto",
        }
        async for event in run.engine.client.execute(
            run.prompt_id, workflow.graph, extra_data=extra, adopt=adopt
        ):
            await self._take(run, event)

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
        try:
            updated = await self._store.update(
                run.job.id, attempt=run.job.attempt, changes={"images": pictures(run)}
            )
        except StorageError as error:  # the end of the job is written with all its pictures
            logger.warning("pictures of job %s are not told yet: %s", run.job.id, error.message)
            return
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
            await self.give_back(job)

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
        await self.move(run.job, state, changes)

    async def fail(self, job: Job, error: ErrorBody) -> None:
        """Fail a job that never came to run."""
        await self.move(
            job, JobState.FAILED, {"error": error, "stage": None, "finished_at": utc_now()}
        )

    async def give_back(self, job: Job) -> None:
        """Put a job back into the line, or end it if its cancel was asked for meanwhile."""
        moved = await self._write(
            job, JobState.QUEUED, {"stage": None, "started_at": None, "error": None}
        )
        if moved is None:
            return
        if await self.is_cancel_asked(job.id):
            await self.move(moved, JobState.CANCELED, {"finished_at": utc_now()})
        else:
            self._jobs.requeue(moved)

    async def is_cancel_asked(self, job_id: str) -> bool:
        try:
            return await self._store.cancel_requested(job_id)
        except StorageError as error:  # no harm: nothing that is to be canceled can be claimed
            logger.warning("job %s: it is not known if it is wanted: %s", job_id, error.message)
            return False

    async def move(self, job: Job, state: JobState, changes: Mapping[str, Any]) -> None:
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


def is_used(image: InputImage, graph: Mapping[str, Any]) -> bool:
    """Whether a graph loads a picture."""
    return any(image.name in node["inputs"].values() for node in graph.values())
