"""Jobs: which states may follow which, and what a reader may ask of a job.

This room names what it needs from the disk and the bus as protocols and is given the objects, so
that each can be another part one day (a shared database, a message bus, object storage) with
nothing above changed: `imagine.job_store`, and those at the top of who needs them. The embedded
parts are `imagine.store`, `imagine.events`, `imagine.images` and `imagine.job_queue`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType
from typing import Any
from weakref import WeakValueDictionary

from imagine.errors import ConflictError, NotFoundError, PromptError, StorageError
from imagine.ids import new_id
from imagine.job_queue import BY_HAND, MemoryQueue
from imagine.job_store import JobStore
from imagine.lifetime import whole
from imagine.models import (
    Frozen,
    Job,
    JobKind,
    JobState,
    Note,
    Once,
    Origin,
    Parent,
    Progress,
    utc_now,
)
from imagine.planned import Planned
from imagine.planner import Planner
from imagine.planning.memory import PARAMETER as OOM_RETRY

logger = logging.getLogger(__name__)

# A plan holds its graph: 20 to 70 KB. Without a bound, 10,000 waiting jobs would take half a GB.
MOST_PLANS = 2000

# So many jobs are canceled in one write: others have their turn between two.
CANCELED_AT_ONCE = 250

MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELED}),
    JobState.RUNNING: frozenset(
        {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED, JobState.QUEUED}
    ),
    JobState.SUCCEEDED: frozenset({JobState.EXPIRED}),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELED: frozenset({JobState.QUEUED}),
    JobState.EXPIRED: frozenset(),
}


class Submission(Frozen):
    """What one request made: its jobs, and what is worth saying about the request as a whole."""

    batch: str
    jobs: tuple[Job, ...]
    warnings: tuple[Note, ...]


class Jobs:
    """What a reader may ask: submit, cancel, retry, star, trash, restore.

    What is written is also queued, even when the one who asked has hung up meanwhile.

    Owned by the app. It tells the dispatcher nothing: it writes, and rings ``bell``, on which the
    dispatcher looks at the queue and at the cancel column again.
    """

    def __init__(self, store: JobStore, queue: MemoryQueue, planner: Planner) -> None:
        self._store = store
        self._queue = queue
        self._planner = planner
        self.bell = asyncio.Event()
        # Ids with a cancel asked for and not yet seen by the dispatcher.
        self.cancels: set[str] = set()
        # The keys of requests that are being answered; those who wait hold the lock.
        self._keys: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # The plan made at submission, used again when the catalog is still the same. Those who
        # wait behind so many are planned anew when their turn comes.
        self.plans: dict[str, Planned] = {}

    async def submit(
        self,
        text: str,
        options: Mapping[str, Any],
        once: Once | None = None,
        *,
        images: Sequence[str] = (),
        origin: Origin | None = None,
        kind: JobKind | None = None,
        priority: int | None = None,
    ) -> str:
        """Parse, plan, check and store the jobs of one prompt, then queue them.

        ``images`` are links that stand behind those in the prompt; ``origin`` says what the jobs
        grow from. Without a ``kind`` the plan says it, without a ``priority`` the prompt.

        Returns:
            A `Submission` as JSON. A request that was here before makes nothing, and gets the
            very text that it got the first time.

        Raises:
            PromptError: the prompt or an option cannot be.
            WorkflowError: the engine cannot run it.
            QueueFullError: too many are waiting.
            ConflictError: the key of ``once`` was used for another request.
            StorageError: it could not be written; nothing is queued.
        """
        if (replay := await self.replay(once)) is not None:
            return replay
        planned = await self._planner.plan_all(text, options, images=images, origin=origin)
        return await self.add(planned, once, kind=kind, priority=priority)

    @asynccontextmanager
    async def alone(self, once: Once | None) -> AsyncIterator[None]:
        """Let requests with one key come one after another: all but the first find its answer."""
        lock = asyncio.Lock() if once is None else self._keys.setdefault(once.key, asyncio.Lock())
        async with lock:
            yield

    async def replay(self, once: Once | None) -> str | None:
        """Return what the same request got when it was here before.

        Raises:
            ConflictError: the key of ``once`` was used for another request.
        """
        return None if once is None else await self._store.reply(once)

    @whole
    async def add(
        self,
        planned: Sequence[Planned],
        once: Once | None,
        *,
        parents: Sequence[Parent] | None = None,
        kind: JobKind | None = None,
        priority: int | None = None,
        priorities: Mapping[str, int] = MappingProxyType({}),
        answer: Callable[[str, Sequence[Job]], str] | None = None,
    ) -> str:
        """Store planned jobs and queue them; the rest is as with `submit`.

        ``parents`` is what readers are told that they grow from; without it the plan says it.
        ``priorities`` are those of single jobs, by id. ``answer`` makes the text that is returned,
        and replayed, of the batch and its jobs; without it that is a `Submission`.
        """
        self._queue.reserve(len(planned))
        warnings = planned[0].prompt.notes
        batch = new_id()
        new = [one.job(batch, parents, kind) for one in planned]
        priorities = {
            one.prompt_id: one.priority if priority is None else priority for one in planned
        } | dict(priorities)

        def told(jobs: Sequence[Job]) -> str:
            if answer is not None:
                return answer(batch, jobs)
            return Submission(batch=batch, jobs=tuple(jobs), warnings=warnings).model_dump_json()

        try:
            if once is None:
                made = await self._store.add(new, priorities=priorities)
                text = told(made)
            else:
                made, text = await self._store.add_once(new, once, told, priorities=priorities)
        finally:
            self._queue.release(len(planned))
        plans = {one.prompt_id: one for one in planned}
        for job in made:
            if len(self.plans) < MOST_PLANS:
                self.plans[job.id] = plans[job.id]
            self._queue.put(job, priority=priorities[job.id])
        self.bell.set()
        return text

    async def get(self, job_id: str) -> Job:
        job = await self._store.get(job_id)
        if job is None:
            raise NotFoundError(f"There is no set {job_id}.")
        return job

    @whole
    async def cancel(self, job_id: str) -> Job:
        """Cancel this job only: at once while it waits, at the engine's next step while it runs.

        Raises:
            ConflictError: it is over already.
        """
        job = await self._store.request_cancel(job_id)
        if job is None:
            raise NotFoundError(f"There is no set {job_id}.")
        if job.state is JobState.QUEUED:
            moved = await self._store.move(
                job_id, JobState.CANCELED, changes={"finished_at": utc_now()}
            )
            if moved is not None:
                self.plans.pop(job_id, None)
                self.bell.set()
                return moved
            job = await self.get(job_id)
        if not job.state.is_active:
            raise ConflictError(f"Set {job.number} is over already: it {_ended(job.state)}.")
        self.cancels.add(job_id)
        self.bell.set()
        return job

    @whole
    async def cancel_batch(self, batch: str) -> list[str]:
        """Cancel what waits or runs of a batch; return the ids.

        Raises:
            NotFoundError: there is no such batch.
        """
        found = await self._store.batch(batch)
        if not found:
            raise NotFoundError(f"There is no batch {batch}.")
        return await self._cancel_all([job_id for job_id, state in found if state.is_active])

    @whole
    async def clear(self) -> list[str]:
        """Cancel all that wait, those handed to an engine but not begun included; return the ids.

        What begins to run in this very moment is canceled too.
        """
        line = [place.id for place in self._queue.line()]
        return await self._cancel_all(list(dict.fromkeys([*line, *await self._store.queued()])))

    async def _cancel_all(self, job_ids: Sequence[str]) -> list[str]:
        """Cancel jobs, a group in each write, and the last first: the next in line may begin."""
        canceled = []
        for end in range(len(job_ids), 0, -CANCELED_AT_ONCE):
            group = job_ids[max(0, end - CANCELED_AT_ONCE) : end]
            for job in await self._store.cancel_all(group):
                canceled.append(job.id)
                if job.state.is_active:
                    self.cancels.add(job.id)
                else:
                    self.plans.pop(job.id, None)
            self.bell.set()
        order = set(canceled)
        return [job_id for job_id in job_ids if job_id in order]

    @whole
    async def retry(self, job_id: str) -> Job:
        """Queue a failed or canceled job again; it keeps what it has and makes what is missing.

        Raises:
            ConflictError: it neither failed nor was canceled, or it is in the trash.
        """
        self._queue.reserve(1)
        try:
            moved = await self._store.move(job_id, JobState.QUEUED, changes=afresh)
        finally:
            self._queue.release(1)
        if moved is None:
            job = await self.get(job_id)
            if job.deleted_at is not None:
                raise ConflictError(f"Set {job.number} is in the trash. Restore it first.")
            raise _not_again(job)
        priority = 0
        with suppress(StorageError):  # it is queued by now, and must not be left out of the line
            marks = await self._store.marks(job_id)
            priority = marks.priority if marks is not None else 0
        self.requeue(moved, priority=priority)
        return moved

    def requeue(self, job: Job, *, priority: int | None = None) -> None:
        """Put a job that was just moved back to ``queued`` into the queue.

        Without a ``priority`` it keeps the one that it had in the queue.
        """
        self._queue.put(job, priority=priority)
        self.bell.set()

    @whole
    async def remove(self, job_id: str) -> Job:
        """Move a finished job into the trash.

        Raises:
            ConflictError: it is still active.
        """
        removed = await self._store.update(job_id, changes={"deleted_at": utc_now()})
        if removed is None:
            job = await self.get(job_id)
            raise ConflictError(f"Set {job.number} is still being made. Cancel it first.")
        return removed

    async def restore(self, job_id: str) -> Job:
        """Take a job out of the trash."""
        job = await self.get(job_id)
        if job.deleted_at is None:
            raise ConflictError(f"Set {job.number} is not in the trash.")
        return await self._change(job_id, {"deleted_at": None})

    async def set_favorites(self, job_id: str, favorites: Iterable[int]) -> Job:
        """Star exactly these pictures of a job.

        Raises:
            PromptError: it has no picture of such an index.
        """
        job = await self.get(job_id)
        chosen = tuple(sorted(set(favorites)))
        known = {image.index for image in job.images}
        if unknown := [index for index in chosen if index not in known]:
            raise PromptError(f"Set {job.number} has no picture {unknown[0]}.")
        return await self._change(job_id, {"favorites": chosen})

    @whole
    async def set_priority(self, job_id: str, priority: int | None) -> Job:
        """Move a waiting job in the line: a higher priority goes first, then the older one.

        None: before all others that wait now.

        Raises:
            ConflictError: it does not wait.
        """
        found = await self._store.set_priority(job_id, priority)
        if found is None:
            raise NotFoundError(f"There is no set {job_id}.")
        job, priority = found
        if job.state is not JobState.QUEUED:
            raise ConflictError(
                f"Set {job.number} {_ended(job.state)}. Only one that waits can be moved in line."
            )
        self._queue.move(job_id, priority)
        self.bell.set()
        return job

    @whole
    async def pause(self) -> None:
        """Hand no more jobs to the engines; what runs there goes on. It outlives a restart."""
        await self._store.set_paused(True)
        self._queue.pause(BY_HAND)
        self.bell.set()

    @whole
    async def resume(self) -> None:
        """Take back `pause`.

        Raises:
            ConflictError: there is another reason, which only goes away by itself.
        """
        await self._store.set_paused(False)
        self._queue.resume(BY_HAND.code)
        self.bell.set()
        if (still := self._queue.paused) is not None:
            raise ConflictError(still.message, hint=still.hint)

    @whole
    async def _change(self, job_id: str, changes: Mapping[str, Any]) -> Job:
        changed = await self._store.update(job_id, changes=changes)
        assert changed is not None, "a job row is never deleted"
        return changed


def afresh(job: Job) -> dict[str, Any]:
    """Return what changes on a job that begins again; what was tried for want of memory goes.

    Raises:
        ConflictError: an engine has it.
    """
    if job.state.is_active:
        raise _not_again(job)
    return {
        "error": None,
        "stage": None,
        "progress": Progress(),
        "started_at": None,
        "finished_at": None,
        "parameters": {name: v for name, v in job.parameters.items() if name != OOM_RETRY},
        "notes": tuple(note for note in job.notes if note.parameter != OOM_RETRY),
    }


def _not_again(job: Job) -> ConflictError:
    return ConflictError(
        f"Set {job.number} {_ended(job.state)}. Only a failed or a canceled one can be made again."
    )


def _ended(state: JobState) -> str:
    match state:
        case JobState.SUCCEEDED:
            return "is finished"
        case JobState.FAILED:
            return "failed"
        case JobState.CANCELED:
            return "was canceled"
        case JobState.EXPIRED:
            return "was removed by the retention rule"
        case JobState.QUEUED:
            return "is in line"
        case JobState.RUNNING:
            return "is being made"
