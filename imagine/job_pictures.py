"""The outputs of a run: fetched from the engine as soon as each is ready, onto our disk."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeVar

from imagine.comfy_outputs import FileRef, Given, ShownText
from imagine.engine import Engine
from imagine.errors import (
    EngineTimeoutError,
    EngineUnavailableError,
    ImagineError,
    StorageError,
)
from imagine.image_names import MOST_INDEX, StoredPicture, job_image
from imagine.job_run import RETRY_S, Run
from imagine.job_store import JobStore
from imagine.lifetime import TaskSet
from imagine.media.text import Text
from imagine.models import Job, JobImage, JobKind
from imagine.picture_text import inserted_text, sidecar_text

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Tries to fetch a finished picture.
FETCH_TRIES = 4
# What a text is told to be that a node shows and keeps nowhere.
TEXT = Text.media_type


class ImageStore(Protocol):
    """Pictures: created once, never overwritten."""

    async def put(
        self,
        chunks: AsyncIterator[bytes],
        *,
        job_id: str,
        index: int,
        words: str,
        created_at: datetime,
        media_type: str,
        text_chunks: Mapping[str, str],
        about: Mapping[str, Any],
    ) -> StoredPicture: ...
    async def of_job(
        self, job_id: str, *, words: str, created_at: datetime, count: int | None
    ) -> Mapping[int, StoredPicture]: ...


class Patience(Protocol):
    """What waits for a disk that refuses (`imagine.disk`)."""

    async def patient(
        self, work: Callable[[], Awaitable[T]], given_up: Callable[[], bool]
    ) -> T: ...


class Pictures:
    """Fetches and keeps. Owned by the runner, which stops it.

    A picture that our own disk refuses stays with its engine, and is fetched again when the disk
    works: it fails no job.
    """

    def __init__(self, store: JobStore, images: ImageStore, disk: Patience) -> None:
        self._store = store
        self._images = images
        self._disk = disk
        self._tasks = TaskSet()

    async def stop(self) -> None:
        """Let go of the pictures that are being fetched; the next start asks for them again."""
        await self._tasks.cancel()

    async def recall(self, job: Job) -> Job:
        """Return a job that an earlier process was at, with all the pictures that it has.

        One may have come onto our disk just before that process died, and not into the job.
        """
        # How many a workflow of somebody's own gives, nobody knows beforehand.
        is_counted = job.kind is not JobKind.WORKFLOW
        count = int(job.parameters.get("batch_size", 1)) if is_counted else None
        try:
            there = await self._images.of_job(
                job.id, words=job.text, created_at=job.created_at, count=count
            )
            images = {i: job_image(i, stored, job.parameters) for i, stored in there.items()}
            images |= {image.index: image for image in job.images}
            if len(images) == len(job.images):
                return job
            changes = {"images": tuple(images[index] for index in sorted(images))}
            return await self._store.update(job.id, attempt=job.attempt, changes=changes) or job
        except ImagineError as error:
            logger.warning("pictures of job %s are not looked for: %s", job.id, error.message)
            return job

    def fetch(self, run: Run, node: str, given: tuple[Given, ...]) -> None:
        """Begin to fetch what an output node of the workflow gives; each one once."""
        workflow = run.planned.workflow
        assert workflow is not None, "planned against a catalog"
        output = next((one for one in workflow.outputs if one.node_id == node), None)
        if output is None:
            return
        for place, one in enumerate(given):
            is_temp = isinstance(one, FileRef) and one.type == "temp"
            if (node, place) in run.taken or (is_temp and not workflow.takes_temp):
                continue
            run.taken.add((node, place))
            index = output.index(place)
            if index in run.images or index > MOST_INDEX:
                continue
            save = self._tasks.add(
                self._save(run, index, one), f"output {index} of job {run.job.id}"
            )
            run.saves.add(save)
            save.add_done_callback(run.saves.discard)

    async def _save(self, run: Run, index: int, given: Given) -> None:
        """Bring one finished picture onto our disk, and say so."""
        try:
            image = await self._fetch_picture(run, index, given)
        except ImagineError as error:
            logger.warning("picture %s of job %s: %s", index, run.job.id, error.message)
            run.save_error = error
            return
        run.images[index] = image
        if run.is_over and len(run.saves) == 1:
            return  # the end of the job is written next, with this picture
        await self._write_images(run)

    async def _fetch_picture(self, run: Run, index: int, given: Given) -> JobImage:
        for remaining in reversed(range(FETCH_TRIES)):
            try:
                return await self._disk.patient(
                    lambda: self._copy_picture(run, index, given), lambda: run.cancel_wanted
                )
            except (EngineUnavailableError, EngineTimeoutError):
                if not remaining:
                    raise
                await asyncio.sleep(RETRY_S)
        raise AssertionError("the last try returns or raises")

    async def _copy_picture(self, run: Run, index: int, given: Given) -> JobImage:
        job = run.job
        async with opened(run.engine, given) as (media_type, chunks):
            stored = await self._images.put(
                chunks,
                job_id=job.id,
                index=index,
                words=job.text,
                created_at=job.created_at,
                media_type=media_type,
                text_chunks=inserted_text(run.planned, index),
                about=sidecar_text(job, run.planned, index),
            )
        return job_image(index, stored, run.planned.plan.parameters)

    async def _write_images(self, run: Run) -> None:
        try:
            updated = await self._store.update(
                run.job.id, attempt=run.job.attempt, changes={"images": run.pictures}
            )
        except StorageError as error:  # the end of the job is written with all its pictures
            logger.warning("pictures of job %s are not told yet: %s", run.job.id, error.message)
            return
        if updated is not None:
            run.job = updated


@asynccontextmanager
async def opened(engine: Engine, given: Given) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    """Open what a node gave: its media type and its bytes in pieces."""
    if isinstance(given, ShownText):
        yield TEXT, _pieces(given.text)
        return
    async with engine.client.view(given) as file:
        yield file


async def _pieces(text: str) -> AsyncIterator[bytes]:
    yield text.encode(errors="replace")
