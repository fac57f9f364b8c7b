"""The pictures of a run: fetched from the engine as soon as each is ready, onto our disk."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from imagine.comfy_messages import FileRef
from imagine.errors import (
    EngineTimeoutError,
    EngineUnavailableError,
    ImagineError,
    StorageError,
)
from imagine.image_names import StoredPicture, job_image
from imagine.job_run import RETRY_S, Run
from imagine.job_store import JobStore
from imagine.lifetime import TaskSet
from imagine.models import Job, JobImage
from imagine.picture_text import inserted_text, sidecar_text

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Tries to fetch a finished picture.
FETCH_TRIES = 4


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
        self, job_id: str, *, words: str, created_at: datetime, count: int
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
        count = int(job.parameters.get("batch_size", 1))
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

    def fetch(self, run: Run, node: str, files: tuple[FileRef, ...]) -> None:
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
                return await self._disk.patient(
                    lambda: self._copy_picture(run, index, file), lambda: run.cancel_wanted
                )
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
