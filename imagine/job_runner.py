"""Brings a claimed job to its engine and follows it to its end."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from imagine.comfy_messages import (
    Cached,
    Failed,
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
from imagine.engine import Engine
from imagine.errors import (
    EngineRejectedError,
    EngineTimeoutError,
    EngineUnavailableError,
    ImagineError,
    JobError,
    NotFoundError,
    StorageError,
)
from imagine.estimates import Estimates
from imagine.input_image import InputFile
from imagine.job_endings import Endings
from imagine.job_limits import JobLimits
from imagine.job_memory import OUT_OF_MEMORY, Memory
from imagine.job_pictures import Pictures
from imagine.job_queue import MemoryQueue
from imagine.job_run import Run
from imagine.jobs import Jobs
from imagine.media import of_extension
from imagine.models import Job, JobState, Progress, Stage
from imagine.picture_text import picture_text
from imagine.planned import Planned
from imagine.progress import ProgressMeter

logger = logging.getLogger(__name__)

# An engine refuses a graph whose pictures it has not got, with this code.
MISSING_PICTURE = "missing_input"


class EventBus(Protocol):
    """Tells watchers what passes; never waits. What is stored, the store tells it by itself."""

    def offer_progress(
        self, job_id: str, sequence: int, progress: Progress, stage: Stage | None
    ) -> None: ...
    def offer_preview(
        self, job_id: str, image: int | None, media_type: str, data: bytes
    ) -> None: ...


class InputFiles(Protocol):
    """The files that graphs start from (`imagine.inputs`)."""

    async def path(self, image: InputFile) -> Path: ...


class Runner:
    """Follows runs to their end. Owned by the app; the dispatcher uses it, and stops it."""

    def __init__(
        self,
        *,
        queue: MemoryQueue,
        jobs: Jobs,
        bus: EventBus,
        inputs: InputFiles,
        estimates: Estimates,
        pictures: Pictures,
        endings: Endings,
        limits: JobLimits,
        memory: Memory,
    ) -> None:
        self._queue = queue
        self._jobs = jobs
        self._bus = bus
        self._inputs = inputs
        self._estimates = estimates
        self._pictures = pictures
        self._endings = endings
        self._limits = limits
        self._memory = memory

    async def stop(self) -> None:
        """Let go of the pictures that are being fetched; the next start asks for them again."""
        await self._limits.stop()
        await self._pictures.stop()

    def expect_end(self, run: Run) -> None:
        """A run is to be canceled: it ends, even if its engine does not react."""
        self._limits.expect_end(run)

    def open(self, job: Job, planned: Planned, engine: Engine) -> Run:
        """Return the run of a claimed job, with the pictures that earlier attempts made."""
        assert planned.workflow is not None, "planned against a catalog"
        expected_s = self._estimates.seconds(engine.kind, planned.plan.parameters)
        meter = ProgressMeter(planned.workflow, now=time.monotonic(), expected_s=expected_s)
        return Run(job, planned, engine, meter, images={image.index: image for image in job.images})

    async def follow(self, run: Run, *, adopt: bool) -> None:
        """Submit a run, or find it again, and follow it to its end.

        Raises:
            EngineRejectedError: the engine refused it.
            EngineUnavailableError, EngineTimeoutError: as far as is known, it did not get it.
        """
        run.is_adopted = adopt
        try:
            try:
                await self._submit(run, adopt=adopt)
            except EngineRejectedError as error:
                if adopt or error.error_code != MISSING_PICTURE:
                    raise
                # Somebody tidied up the engine's input folder.
                await self._submit(run, adopt=False, again=True)
        except (NotFoundError, StorageError) as error:
            run.is_over = True
            await self._endings.end(run, JobState.FAILED, error.body())
        except (EngineUnavailableError, EngineTimeoutError):
            run.is_over = True
            if not run.is_given_up:
                raise
            await self._give_up(run)
        finally:
            for task in (*run.saves, *run.watches):
                task.cancel()

    async def _give_up(self, run: Run) -> None:
        """End a run whose engine was asked to stop it, and did not."""
        for save in run.saves:  # from an engine that does not answer
            save.cancel()
        if run.cancel_wanted:
            await self._endings.end(run, JobState.CANCELED, None, stray=True)
        else:
            await self._endings.end(run, JobState.FAILED, self._limits.error(), stray=True)

    async def _submit(self, run: Run, *, adopt: bool, again: bool = False) -> None:
        """Bring the engine what it needs, submit the graph and take what it tells.

        ``again``: the engine may have lost what it was brought.
        """
        workflow = run.planned.workflow
        assert workflow is not None, "planned against a catalog"
        if not adopt:
            for image in run.planned.plan.inputs:
                if is_used(image, workflow.graph):
                    path = await self._inputs.path(image)
                    kind = of_extension(path.suffix[1:])
                    assert kind is not None, "an upload, or a picture of ours"
                    await run.engine.client.upload(image.name, path, kind.media_type, again=again)
            if run.cancel_wanted:  # the engine was asked to stop what it does not know yet
                await self._endings.end(run, JobState.CANCELED, None)
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
            case Started(is_fresh):
                run.began = now
                meter.begin(now)
                self._limits.begin(run, is_fresh=is_fresh)
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
            case Outputs(node, given):
                self._pictures.fetch(run, node, given)
                return
            case Finished():
                await self._finish(run)
                return
            case Failed(error) if error.code == OUT_OF_MEMORY:
                await self._memory.ran_out(run, error)
                return
            case Failed(error):
                await self._endings.end(run, JobState.FAILED, error)
                return
            case Interrupted() if run.is_overtime and not run.cancel_wanted:
                await self._endings.end(run, JobState.FAILED, self._limits.error())
                return
            case Interrupted():
                await self._endings.interrupted(run)
                return
            case Lost() if run.is_withdrawn and run.began is None:
                run.is_over = True
                await self._endings.give_back(run.job)
                return
            case Lost():
                await self._endings.lost(run)
                return
        self._bus.offer_progress(run.job.id, run.job.sequence, meter.read(now), meter.stage)

    def _preview(self, run: Run, node: str | None, media_type: str, data: bytes) -> None:
        workflow = run.planned.workflow
        sampler = workflow.samplers.get(node) if workflow is not None and node else None
        image = sampler.image if sampler is not None else None
        if image not in run.images:
            self._bus.offer_preview(run.job.id, image, media_type, data)

    async def _finish(self, run: Run) -> None:
        ended = time.monotonic()
        run.is_over = True
        await run.saved()
        parameters = run.planned.plan.parameters
        workflow = run.planned.workflow
        assert workflow is not None, "planned against a catalog"
        expected = int(parameters.get("batch_size", 1)) if workflow.is_counted else 1
        missing = expected - len(run.images)
        if run.save_error is not None:
            await self._end_unsaved(run, run.save_error)
        elif missing > 0:
            nothing = "a picture." if workflow.is_counted else "anything to keep."
            error = JobError(
                "The engine ended without "
                + (nothing if not run.images else f"{missing} of the pictures."),
                hint="Look into ComfyUI's own window for the reason, then try again.",
            )
            await self._endings.end(run, JobState.FAILED, error.body())
        else:
            if run.began is not None:
                self._estimates.learn(
                    run.engine.kind,
                    parameters,
                    steps=run.meter.steps,
                    sampling_s=run.meter.sampling_s,
                    total_s=ended - run.began,
                )
            await self._endings.end(run, JobState.SUCCEEDED, None)

    async def _end_unsaved(self, run: Run, error: ImagineError) -> None:
        """End a run with a picture that never came onto our disk."""
        if run.cancel_wanted:
            await self._endings.end(run, JobState.CANCELED, None)
        elif isinstance(error, EngineUnavailableError | EngineTimeoutError):
            # It died with the picture; where it goes on telling, it is the picture that is lost.
            await self._endings.lost(run, error if run.engine.is_in_touch else None)
        else:
            await self._endings.end(run, JobState.FAILED, error.body())


def is_used(image: InputFile, graph: Mapping[str, Any]) -> bool:
    """Whether a graph loads a file."""
    return any(image.name in node["inputs"].values() for node in graph.values())
