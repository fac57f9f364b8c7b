"""Keeps the files in line with the jobs: what is starred, and what is in the trash.

So the gallery can be made again from the files alone. A job is written first, and its files follow
beside everything else; what a crash left between the two is found at the next start, by comparing
what the files say with what the jobs say.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from imagine.errors import NotFoundError, StorageError
from imagine.image_names import name_in
from imagine.models import Job

logger = logging.getLogger(__name__)

# More jobs than this are not kept in mind: they are found again by comparing.
MOST_DUE = 10_000
# After a disk refused.
RETRY_S = 5.0
# A stop waits so long; what is not done by then is found by comparing.
SETTLE_S = 2.0


class Kept(Protocol):
    """How a picture lies on disk (`imagine.images`)."""

    @property
    def trashed(self) -> bool: ...
    @property
    def noted(self) -> bool: ...
    @property
    def sidecar(self) -> Mapping[str, Any]: ...


class Files(Protocol):
    """The pictures on disk (`imagine.images`)."""

    async def look_up(self, names: Sequence[str]) -> Mapping[str, Kept]: ...
    async def trash(self, name: str, at: datetime) -> None: ...
    async def restore(self, name: str) -> None: ...
    async def write_sidecar(self, name: str, data: Mapping[str, Any]) -> None: ...
    async def job_of(self, name: str) -> str | None: ...
    def sidecars(self) -> AsyncIterator[tuple[str, Mapping[str, Any]]]: ...
    def in_trash(self) -> AsyncIterator[str]: ...


class Store(Protocol):
    """The jobs (`imagine.store`)."""

    async def get(self, job_id: str) -> Job | None: ...
    async def mirrored(self, after: int) -> list[Job]: ...


class Keeper:
    """Brings files in line. Owned by the app; `run` until canceled."""

    def __init__(self, files: Files, store: Store) -> None:
        self._files = files
        self._store = store
        # By job, the newest snapshot of those whose files are to be looked at.
        self._due: dict[str, Job] = {}
        # Compare everything: at the start, and when too many were due.
        self._compare = True
        self._rung = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def stored(self, job: Job) -> None:
        """A job was written; never waits."""
        if not job.images or (job.state.is_active and not job.favorites):
            return
        if job.id not in self._due and len(self._due) >= MOST_DUE:
            self._compare = True
        else:
            self._due[job.id] = job
        self._idle.clear()
        self._rung.set()

    async def run(self) -> None:
        """Follow what is written; first find what was left undone."""
        while True:
            self._rung.clear()
            try:
                await self._follow()
                while self._compare:
                    await self._compare_all()
            except StorageError as error:
                logger.warning("files do not follow their jobs yet: %s", error.message)
                await asyncio.sleep(RETRY_S)
                continue
            if not self._due:
                self._idle.set()
                await self._rung.wait()

    async def settle(self) -> None:
        """Wait until the files follow what was written by now, but not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await self._idle.wait()

    async def _follow(self) -> None:
        while self._due:
            job_id, job = next(iter(self._due.items()))
            await self._bring_in_line(job)
            if self._due.get(job_id) is job:  # nothing newer came meanwhile
                del self._due[job_id]

    async def _bring_in_line(self, job: Job) -> None:
        """Put each picture of a job where it belongs, and write down whether it is starred."""
        indices = {name_in(image.url): image.index for image in job.images}
        for name, kept in (await self._files.look_up(list(indices))).items():
            try:
                if job.deleted_at is None:
                    if kept.trashed or kept.noted:
                        await self._files.restore(name)
                elif not kept.trashed:
                    await self._files.trash(name, job.deleted_at)
                starred = indices[name] in job.favorites
                if bool(kept.sidecar.get("favorite")) != starred:
                    await self._files.write_sidecar(name, {**kept.sidecar, "favorite": starred})
            except NotFoundError:
                logger.info("%s is no longer there", name)

    # --- what a crash left

    async def _compare_all(self) -> None:
        """Find every job whose files say something else than it does, and bring them in line."""
        self._compare = False  # it may be wanted again meanwhile
        try:
            for job_id in await self._differing():
                await self._follow()
                # As it is now: it may have changed since it was compared.
                job = await self._store.get(job_id)
                if job is not None:
                    await self._bring_in_line(job)
        except StorageError:
            self._compare = True
            raise

    async def _differing(self) -> list[str]:
        starred = {n async for n, data in self._files.sidecars() if data.get("favorite") is True}
        trashed = {name async for name in self._files.in_trash()}
        differing: dict[str, None] = {}
        after = 0
        while jobs := await self._store.mirrored(after):
            after = jobs[-1].number
            for job in jobs:
                names = {name_in(image.url) for image in job.images}
                stars = {name_in(i.url) for i in job.images if i.index in job.favorites}
                if names & starred != stars or names & trashed != (
                    names if job.deleted_at is not None else set()
                ):
                    differing[job.id] = None
                starred -= names
                trashed -= names
        # What is left is of jobs that are neither starred nor in the trash, or of nobody.
        for name in sorted(starred | trashed):
            job_id = await self._files.job_of(name)
            if job_id is not None:
                differing[job_id] = None
        return list(differing)
