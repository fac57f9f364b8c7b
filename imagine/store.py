"""Durable jobs in SQLite: every job is one row, written by one thread and read by two others.

Here they are written; what can be asked of them is in `imagine.job_reading`. SQLAlchemy's
synchronous engine in threads of our own, instead of its asyncio one: that one hops between loop and
thread once for each statement, this once for each group of writes, which share a transaction too
(`imagine.group_commit`). SQLite has one writer anyway.

A row holds the whole job as the JSON that readers get (`imagine.job_rows`), so that a page of the
gallery (`imagine.job_query`) is joining strings. Tables and file are in `imagine.database`.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import sqlalchemy as sa

from imagine.database import (
    check_place,
    counters,
    file_identity,
    prepare,
    storage_error,
    storage_errors,
    writing_engine,
)
from imagine.errors import StorageError
from imagine.group_commit import GroupThread, StoppedError
from imagine.job_family import Family
from imagine.job_query import JobPage, JobQuery
from imagine.job_reading import Change, JobReader, closed
from imagine.job_rows import Transaction, count_jobs, read_counters
from imagine.lifetime import Opened
from imagine.models import Job, JobState, Once, Stage, utc_now

__all__ = ["Change", "Family", "JobPage", "JobQuery", "SqliteJobStore"]

T = TypeVar("T")
Work = Callable[[Transaction], Any]

NO_PRIORITIES: Mapping[str, int] = MappingProxyType({})
# The marks of a job whose end is past.
ENDED: Mapping[str, Any] = MappingProxyType(
    {"cancel_requested": False, "losses": 0, "oom_retried": False}
)
# What only the store itself changes, each by a method of its own.
OWN_FIELDS = frozenset({"id", "number", "batch", "sequence", "state", "attempt", "created_at"})


class SqliteJobStore(JobReader, Opened):
    """All jobs of one output folder. Owned by the app, which opens and closes it.

    Every write returns the new snapshot of the job with its ``sequence``, after the commit. A write
    whose caller was cancelled happens all the same. ``told`` is called on the loop with every new
    snapshot, in the order of the sequences, before the write returns; ``refused`` with the reason
    why something was not written.

    Raises:
        StorageError: from any method, when the disk or the database refuses; nothing was written.
    """

    def __init__(
        self,
        path: Path,
        moves: Mapping[JobState, frozenset[JobState]],
        *,
        told: Callable[[Job], None] = lambda job: None,
        refused: Callable[[StorageError], None] = lambda error: None,
        busy_timeout_s: float = 5.0,
    ) -> None:
        super().__init__(path, busy_timeout_s=busy_timeout_s)
        self._moves = moves
        self._told = told
        self._refused = refused
        self._engine = writing_engine(path, busy_timeout_s=busy_timeout_s)
        # Of the file that is open.
        self._identity = (0, 0)
        # Of the writer thread, and what the loop has been told of them.
        self._counting: Mapping[str, int] = {}
        self._counts: Mapping[str, int] = {}
        self._paused = False
        self._loop: asyncio.AbstractEventLoop | None = None
        # These are there while the store is open.
        self._writer: GroupThread[Work] | None = None
        self._connection: sa.Connection | None = None

    async def open(self) -> None:
        """Open the file; create it, or bring it up to date, when that is due."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._loop.run_in_executor(self._start_readers(), self._open)
        except BaseException:
            await self.close()
            raise
        self._writer = GroupThread(self._commit, "imagine-store-writer")

    def _open(self) -> None:
        with storage_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            for part in self._path.parent.glob(f"{self._path.stem}*.part*"):
                part.unlink(missing_ok=True)  # what a crash left of a copy
            prepare(self._engine, self._path)
            self._connect_readers()
            self._connection = self._engine.connect()
            self._identity = file_identity(self._path)
            with self._connection.begin():
                self._sequence, _ = read_counters(self._connection)
                self._counting = self._counts = count_jobs(self._connection)
                self._paused = bool(self._connection.scalar(sa.select(counters.c.paused)))

    async def close(self) -> None:
        """Finish the writes that wait, then let go of the file."""
        if self._writer is not None:
            await self._writer.stop()
            self._writer = None
        await self._stop_readers()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def paused(self) -> bool:
        """Did the owner pause the line?"""
        return self._paused

    @property
    def counts(self) -> dict[str, int]:
        """How many jobs there are in all, starred, active, in each state, and in the trash.

        All but ``trash`` leave out what is in the trash.
        """
        return dict(self._counts)

    async def add(
        self, new: Sequence[Job], *, priorities: Mapping[str, int] = NO_PRIORITIES
    ) -> list[Job]:
        """Store jobs, all or none; return them with their ``number`` and ``sequence``.

        ``priorities`` by job id; of those left out it is 0.

        Raises:
            ConflictError: one of them is there already.
        """
        return await self._write(lambda writing: writing.insert(new, priorities))

    async def add_once(
        self,
        new: Sequence[Job],
        once: Once,
        answer: Callable[[Sequence[Job]], str],
        *,
        priorities: Mapping[str, int] = NO_PRIORITIES,
    ) -> tuple[list[Job], str]:
        """Store jobs and what is answered to their request, unless that was done before.

        Returns:
            No jobs and the first answer, when the same request was here before.

        Raises:
            ConflictError: the key was used for another request.
        """

        def work(writing: Transaction) -> tuple[list[Job], str]:
            replay = writing.reply(once)
            if replay is not None:
                return [], replay
            added = writing.insert(new, priorities)
            text = answer(added)
            writing.keep_reply(once, text)
            return added, text

        return await self._write(work)

    async def move(
        self,
        job_id: str,
        to: JobState,
        *,
        attempt: int | None = None,
        changes: Mapping[str, Any] | Callable[[Job], Mapping[str, Any]] | None = None,
        marks: Mapping[str, Any] | None = None,
        stray: bool = False,
    ) -> Job | None:
        """Move a job to another state and change other fields and marks with it.

        ``changes`` may be a function that tells them of the job as it is found. ``stray``: its
        engine is out of reach, and may still know the attempt that is given up.

        Returns:
            None when the move is not allowed from where the job is now (nothing in the trash is
            queued), when ``attempt`` is not its present one (the write comes late), or when there
            is no such job.
        """

        def work(writing: Transaction) -> Job | None:
            found = writing.find(job_id, attempt)
            if found is None or to not in self._moves[found.job.state]:
                return None
            if to.is_active and found.job.deleted_at is not None:
                return None
            if stray:
                writing.stray(found)
            fields = changes(found.job) if callable(changes) else changes or {}
            _refuse_own(fields)
            fields = {**fields, "state": to}
            # What a life left behind is not meant for the one that a retry begins.
            fresh = {} if found.job.state.is_active else ENDED
            return writing.replace(found, fields, **{**fresh, **(marks or {})})

        return await self._write(work)

    async def update(
        self, job_id: str, *, attempt: int | None = None, changes: Mapping[str, Any]
    ) -> Job | None:
        """Change fields of a job but not its state; None as with `move`.

        A job that is active cannot be put into the trash.
        """
        _refuse_own(changes)

        def work(writing: Transaction) -> Job | None:
            found = writing.find(job_id, attempt)
            if found is None:
                return None
            if changes.get("deleted_at") is not None and found.job.state.is_active:
                return None
            return writing.replace(found, changes)

        return await self._write(work)

    async def claim_attempt(
        self,
        job_id: str,
        *,
        prompt_id: str,
        engine: str,
        engine_url: str,
        changes: Mapping[str, Any] | None = None,
    ) -> Job | None:
        """Begin the next attempt of a queued job: written before an engine sees its prompt id.

        Returns:
            None when the job is no longer queued, or is to be canceled.
        """
        _refuse_own(changes)

        def work(writing: Transaction) -> Job | None:
            found = writing.find(job_id)
            if found is None or found.job.state is not JobState.QUEUED:
                return None
            if found.marks.cancel_requested:
                return None
            begun = {
                "stage": Stage.SUBMITTED,
                "started_at": utc_now(),
                **(changes or {}),
                "state": JobState.RUNNING,
                "attempt": found.job.attempt + 1,
                "prompt_id": prompt_id,
                "engine": engine,
            }
            return writing.replace(found, begun, engine_url=engine_url)

        return await self._write(work)

    async def request_cancel(self, job_id: str) -> Job | None:
        """Write down that a job is to be canceled; return it as it is, None when unknown.

        Only an active job is marked. What readers see does not change, and so neither does its
        ``sequence``.
        """

        def work(writing: Transaction) -> Job | None:
            found = writing.find(job_id)
            if found is None:
                return None
            if found.job.state.is_active:
                writing.mark(found, cancel_requested=True)
            return found.job

        return await self._write(work)

    async def cancel_all(self, job_ids: Collection[str]) -> list[Job]:
        """Cancel those of these jobs that are queued, and mark those that run; in one write.

        Returns:
            Both, as they are now. What is over, or unknown, is left out.
        """
        ended = {"state": JobState.CANCELED, "finished_at": utc_now()}

        def work(writing: Transaction) -> list[Job]:
            jobs = []
            for job_id in job_ids:
                found = writing.find(job_id)
                if found is None or not found.job.state.is_active:
                    continue
                if found.job.state is JobState.QUEUED:
                    jobs.append(writing.replace(found, ended))
                else:
                    writing.mark(found, cancel_requested=True)
                    jobs.append(found.job)
            return jobs

        return await self._write(work)

    async def set_priority(self, job_id: str, priority: int | None) -> tuple[Job, int] | None:
        """Write down the priority of a queued job; None puts it before all others.

        Of a job that is not queued it stays as it was.

        Returns:
            The job as it is, and its priority; None when there is no such job.
        """

        def work(writing: Transaction) -> tuple[Job, int] | None:
            found = writing.find(job_id)
            if found is None:
                return None
            own = found.marks.priority
            if found.job.state is not JobState.QUEUED:
                return found.job, own
            new = writing.first_priority(found) if priority is None else priority
            writing.mark(found, priority=new)
            return found.job, new

        return await self._write(work)

    async def forget_stray(self, prompt_id: str) -> None:
        """Its engine no longer works on an attempt that was given up."""
        await self._write(lambda writing: writing.forget_stray(prompt_id))

    async def set_paused(self, paused: bool) -> None:
        """Write down whether the owner paused the line."""
        await self._write(lambda writing: writing.set_paused(paused))
        self._paused = paused

    async def probe(self) -> None:
        """Write something, to see whether that can be done."""
        if self._writer is None:
            raise closed()
        await self._writer.do(lambda writing: writing.touch())

    async def _write(self, work: Callable[[Transaction], T]) -> T:
        if self._writer is None:
            raise closed()
        try:
            result: T = await self._writer.do(work)
        except StoppedError as error:
            raise closed() from error
        except StorageError as error:
            self._refused(error)
            raise
        return result

    def _commit(self, works: Sequence[Work]) -> Sequence[Any]:
        """Do all works in one transaction; in the writer thread."""
        assert self._connection is not None, "the writer lives while the connection does"
        assert self._loop is not None, "open"
        try:
            check_place(self._path, self._identity)
            with self._connection.begin():
                writing = Transaction(self._connection, self._counting)
                outcomes = [writing.attempt(work) for work in works]
                writing.keep_counters()
        except sa.exc.SQLAlchemyError as error:
            return [storage_error(error, self._path) for _ in works]
        except StorageError as error:
            return [error for _ in works]
        self._counting = writing.counts
        # Before the outcomes are handed back, which goes the same way.
        self._loop.call_soon_threadsafe(self._take_over, writing)
        return outcomes

    def _take_over(self, written: Transaction) -> None:
        """Tell what was committed; on the loop."""
        self._counts = written.counts
        for job in written.changed:
            self._sequence = job.sequence
            self._told(job)
        self._sequence = written.sequence


def _refuse_own(changes: Mapping[str, Any] | None) -> None:
    if changes and (own := OWN_FIELDS & changes.keys()):
        raise ValueError(f"only the store itself changes {', '.join(sorted(own))}")
