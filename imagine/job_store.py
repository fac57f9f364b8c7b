"""What this room needs of the disk: jobs that are stored, as a protocol (`imagine.store`)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from imagine.models import Job, JobState, Marks, Once


class JobStore(Protocol):
    """Durable jobs. Every write returns the new snapshot, with its ``sequence``.

    Raises:
        StorageError: the disk refused; nothing was written.
    """

    @property
    def sequence(self) -> int: ...
    @property
    def counts(self) -> dict[str, int]: ...
    async def add(self, jobs: Sequence[Job], *, priorities: Mapping[str, int]) -> list[Job]: ...
    async def add_once(
        self,
        jobs: Sequence[Job],
        once: Once,
        answer: Callable[[Sequence[Job]], str],
        *,
        priorities: Mapping[str, int],
    ) -> tuple[list[Job], str]:
        """Add jobs with the answer to their request; no jobs and the first answer at a replay."""
        ...

    async def reply(self, once: Once) -> str | None: ...
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
        """Move by the table of allowed moves; None = somebody was first, or the write is late.

        What is in the trash is not queued. ``stray``: the attempt is given up while its engine is
        out of reach, and stopped there when that is back.
        """
        ...

    async def update(
        self, job_id: str, *, attempt: int | None = None, changes: Mapping[str, Any]
    ) -> Job | None:
        """Change fields but not the state; None as above. What is active does not become trash."""
        ...

    async def claim_attempt(
        self,
        job_id: str,
        *,
        prompt_id: str,
        engine: str,
        engine_url: str,
        changes: Mapping[str, Any],
    ) -> Job | None:
        """Write the next attempt's prompt id before an engine sees it."""
        ...

    async def set_priority(self, job_id: str, priority: int | None) -> tuple[Job, int] | None:
        """Write down the priority of a job, if it is queued; None: before all others.

        Returns the job and its priority; None when unknown.
        """
        ...

    async def cancel_all(self, job_ids: Collection[str]) -> list[Job]:
        """Cancel in one write what is queued, and mark what runs; return both as they are now."""
        ...

    async def queued(self) -> list[str]: ...
    async def batch(self, batch: str) -> list[tuple[str, JobState]]: ...

    async def request_cancel(self, job_id: str) -> Job | None: ...
    async def set_paused(self, paused: bool) -> None: ...
    @property
    def paused(self) -> bool: ...
    async def marks(self, job_id: str) -> Marks | None: ...
    async def get(self, job_id: str) -> Job | None: ...
    async def active(self) -> list[tuple[Job, Marks]]: ...
    async def strays(self, engine_url: str) -> list[str]: ...
    async def forget_stray(self, prompt_id: str) -> None: ...
