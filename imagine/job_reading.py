"""What can be asked of the stored jobs, in threads that only read.

Apart from `imagine.store`, which writes them: a reader waits for no writer, and can change nothing.
"""

import asyncio
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from imagine.database import jobs, reading_engine, storage_errors, strays
from imagine.errors import StorageError
from imagine.job_family import Family, find_family
from imagine.job_query import JobPage, JobQuery, page_statement
from imagine.job_rows import BY_ID, MARKS, marks_of
from imagine.models import Job, JobState, Marks, Once
from imagine.replies import find_reply

T = TypeVar("T")

READERS = 2
# So many jobs are read at once to see whether their files are as they should be.
MIRRORED = 200

_BODY = sa.select(jobs.c.body).where(BY_ID)
_MARKS = sa.select(*MARKS).where(BY_ID)
_BY_PROMPT = sa.select(jobs.c.body).where(jobs.c.prompt_id == sa.bindparam("prompt"))
_IS_ACTIVE = sa.and_(
    jobs.c.deleted_at.is_(None), jobs.c.state.in_([state for state in JobState if state.is_active])
)
_ACTIVE = sa.select(jobs.c.body, *MARKS).where(_IS_ACTIVE).order_by(jobs.c.number)
_QUEUED = (
    sa.select(jobs.c.id)
    .where(jobs.c.deleted_at.is_(None), jobs.c.state == JobState.QUEUED)
    .order_by(jobs.c.number)
)
_BATCH = (
    sa.select(jobs.c.id, jobs.c.state)
    .where(jobs.c.deleted_at.is_(None), jobs.c.batch == sa.bindparam("of"))
    .order_by(jobs.c.number)
)
_STRAYS = sa.select(strays.c.prompt_id).where(strays.c.engine_url == sa.bindparam("engine"))
_CHANGES = (
    sa.select(
        jobs.c.id, jobs.c.sequence, jobs.c.body, jobs.c.deleted_at.is_not(None).label("deleted")
    )
    .where(jobs.c.sequence > sa.bindparam("since"))
    .order_by(jobs.c.sequence)
    .limit(sa.bindparam("most"))
)
_MIRRORED = (
    sa.select(jobs.c.body)
    .where(jobs.c.number > sa.bindparam("after"))
    .where(jobs.c.starred | jobs.c.deleted_at.is_not(None))
    .order_by(jobs.c.number)
    .limit(sa.bindparam("most"))
)


class Change(NamedTuple):
    """A job that changed: its JSON as it is now, and whether it is in the trash."""

    id: str
    sequence: int
    body: str
    deleted: bool


class JobReader:
    """The reading half of the store, which opens and closes it."""

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        self._path = path
        self._reading = reading_engine(path, busy_timeout_s=busy_timeout_s)
        self._sequence = 0
        # There while the store is open. A connection is lent to whichever thread has something to
        # read.
        self._readers: ThreadPoolExecutor | None = None
        self._idle: queue.SimpleQueue[sa.Connection] = queue.SimpleQueue()

    def _start_readers(self) -> ThreadPoolExecutor:
        """Return the threads, in one of which the file is to be opened."""
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="imagine-store-reader")
        return self._readers

    def _connect_readers(self) -> None:
        for _ in range(READERS):
            self._idle.put(self._reading.connect())

    async def _stop_readers(self) -> None:
        if self._readers is not None:
            readers, self._readers = self._readers, None
            await asyncio.to_thread(readers.shutdown)
            while not self._idle.empty():
                self._idle.get().close()

    @property
    def sequence(self) -> int:
        """The newest sequence that was told; it never goes back, restarts included."""
        return self._sequence

    async def get(self, job_id: str) -> Job | None:
        body = await self.get_body(job_id)
        return None if body is None else Job.model_validate_json(body)

    async def get_body(self, job_id: str) -> str | None:
        """Return a job as JSON text, as it stands in the row."""
        return await self._read(lambda reading: reading.scalar(_BODY, {"job": job_id}))

    async def by_prompt_id(self, prompt_id: str) -> Job | None:
        """Return the job whose present attempt an engine knows by this id."""
        body = await self._read(lambda reading: reading.scalar(_BY_PROMPT, {"prompt": prompt_id}))
        return None if body is None else Job.model_validate_json(body)

    async def marks(self, job_id: str) -> Marks | None:
        """Return what is stored of a job and told to nobody."""
        row = await self._read(lambda reading: reading.execute(_MARKS, {"job": job_id}).first())
        return None if row is None else marks_of(row)

    async def page(self, query: JobQuery) -> JobPage:
        statement = page_statement(query)
        rows = await self._read(lambda reading: reading.execute(statement).all())
        shown = rows[: query.limit]
        more = len(rows) > query.limit
        return JobPage(
            tuple((row.id, row.body) for row in shown), str(shown[-1].number) if more else None
        )

    async def family(self, job_id: str) -> Family | None:
        """Return all that grew from what a job grew from; None when there is no such job."""
        return await self._read(lambda reading: find_family(reading, job_id))

    async def active(self) -> list[tuple[Job, Marks]]:
        """Return what is queued or running, oldest first."""
        return await self._read(
            lambda reading: [
                (Job.model_validate_json(row.body), marks_of(row))
                for row in reading.execute(_ACTIVE)
            ]
        )

    async def queued(self) -> list[str]:
        """Return the ids of what is queued, oldest first."""
        return await self._read(lambda reading: list(reading.scalars(_QUEUED)))

    async def batch(self, batch: str) -> list[tuple[str, JobState]]:
        """Return id and state of each job of a batch, oldest first; without those in the trash."""
        values = {"of": batch}
        rows = await self._read(lambda reading: reading.execute(_BATCH, values).all())
        return [(row.id, JobState(row.state)) for row in rows]

    async def mirrored(self, after: int) -> list[Job]:
        """Return jobs that are starred or in the trash, of those with a higher number."""
        values = {"after": after, "most": MIRRORED}
        return await self._read(
            lambda reading: [
                Job.model_validate_json(body) for body in reading.scalars(_MIRRORED, values)
            ]
        )

    async def strays(self, engine_url: str) -> list[str]:
        """Return the prompt ids of attempts that were given up while this engine was away."""
        values = {"engine": engine_url}
        return await self._read(lambda reading: list(reading.scalars(_STRAYS, values)))

    async def reply(self, once: Once) -> str | None:
        """Return what was answered to this request before.

        Raises:
            ConflictError: the key was used for another request.
        """
        return await self._read(lambda reading: find_reply(reading, once))

    async def changes(self, since: int, limit: int) -> list[Change] | None:
        """Return each job changed after a sequence, in the order of their last changes.

        Returns:
            None when there are more than ``limit``, or when ``since`` is not one of ours.
        """
        if not 0 <= since <= self._sequence:
            return None
        values = {"since": since, "most": limit + 1}
        rows = await self._read(lambda reading: reading.execute(_CHANGES, values).all())
        if len(rows) > limit:
            return None
        return [Change(row.id, row.sequence, row.body, row.deleted) for row in rows]

    async def _read(self, ask: Callable[[sa.Connection], T]) -> T:
        if self._readers is None:
            raise closed()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._ask, ask)

    def _ask(self, ask: Callable[[sa.Connection], T]) -> T:
        connection = self._idle.get()
        try:
            with storage_errors(self._path), connection.begin():
                return ask(connection)
        finally:
            self._idle.put(connection)


def closed() -> StorageError:
    return StorageError("Imagine is stopping.", hint="Start it again, then try again.")
