"""The line: jobs that wait, and those handed to an engine, in memory.

The store holds the same jobs durably; at start the line is filled from it. A job that was handed to
an engine which has not begun it yet still waits, as far as anybody watching is concerned.
"""

import bisect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from imagine.choice import Waiting
from imagine.errors import QueueFullError
from imagine.models import Job


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is handed to an engine now: a sentence, and the next step."""

    code: str
    message: str
    hint: str | None = None
    by_hand: bool = False


BY_HAND = Pause(
    "paused", "The queue is paused.", "What runs goes on. Resume it when you like.", by_hand=True
)


class MemoryQueue:
    """The line of one process. Owned by the app; used on its loop only."""

    def __init__(self, limit: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._reserved = 0
        self._order: list[Waiting] = []
        self._waiting: dict[str, Waiting] = {}
        # Handed to an engine: those that it has not begun, then those at work.
        self._handed: dict[str, Waiting] = {}
        self._begun: dict[str, Waiting] = {}
        self._pauses: dict[str, Pause] = {}

    @property
    def paused(self) -> Pause | None:
        """Why nobody is handed out now; None while they are. What an owner cannot lift is first."""
        return min(self._pauses.values(), key=lambda pause: pause.by_hand, default=None)

    def pause(self, pause: Pause) -> None:
        """Hand nobody out until this reason, and every other, is gone."""
        self._pauses[pause.code] = pause

    def resume(self, code: str) -> None:
        """A reason is gone."""
        self._pauses.pop(code, None)

    def __len__(self) -> int:
        return len(self._order)

    def reserve(self, count: int) -> None:
        """Hold room for jobs about to be stored.

        Raises:
            QueueFullError: the line is at its bound.
        """
        if len(self._order) + self._reserved + count > self._limit:
            raise QueueFullError(
                f"{len(self._order)} sets are waiting already, and {self._limit} is the most. "
                "Try again when some are done.",
                retry_after_s=30,
            )
        self._reserved += count

    def release(self, count: int) -> None:
        """Give back room held by `reserve`."""
        self._reserved -= count

    def put(self, job: Job, *, priority: int | None = None) -> None:
        """Add a job to the line, or give one back that an engine had.

        Without a ``priority`` it keeps the one it had, which is 0 for a new one.
        """
        place = self._place(job, priority)
        self._forget(job.id)
        bisect.insort(self._order, place)
        self._waiting[job.id] = place

    def move(self, job_id: str, priority: int) -> None:
        """Give another priority to a job that still waits; others stay where they are."""
        place = self._waiting.get(job_id)
        if place is not None:
            self.put(place.job, priority=priority)

    def stored(self, job: Job) -> None:
        """Follow what was stored: a job that is over leaves."""
        if not job.state.is_active:
            self._forget(job.id)

    def _forget(self, job_id: str) -> None:
        self._handed.pop(job_id, None)
        self._begun.pop(job_id, None)
        place = self._waiting.pop(job_id, None)
        if place is not None:
            del self._order[bisect.bisect_left(self._order, place)]

    def hand(
        self,
        job: Job,
        *,
        priority: int | None = None,
        can_run: Callable[[Waiting], bool] | None = None,
    ) -> None:
        """A job goes to an engine; it keeps its priority, should it come back.

        ``can_run`` says what else the engine could have run: those before it are overtaken.
        """
        if can_run is not None and (known := self._waiting.get(job.id)) is not None:
            self._overtake(known, can_run)
        place = self._place(job, priority)
        self._forget(job.id)
        self._handed[job.id] = place

    def _overtake(self, place: Waiting, can_run: Callable[[Waiting], bool]) -> None:
        """Count against those of the same priority who stand before a job that goes first."""
        now = self._clock()
        for index in range(bisect.bisect_left(self._order, place) - 1, -1, -1):
            other = self._order[index]
            if other.rank != place.rank:
                return
            if can_run(other):
                other.overtake(now)

    def _place(self, job: Job, priority: int | None) -> Waiting:
        known = self._waiting.get(job.id) or self._handed.get(job.id) or self._begun.get(job.id)
        rank = -priority if priority is not None else known.rank if known is not None else 0
        model = job.parameters.get("model")
        place = Waiting(rank, job.number, job.id, job, model, self._clock())
        if known is not None and known.rank == rank:
            place.since = known.since
            place.overtaken, place.overtaken_since = known.overtaken, known.overtaken_since
        return place

    def drop(self, job_id: str) -> None:
        """Let go of a job that an engine was handed in vain: it was over by then."""
        self._handed.pop(job_id, None)

    def begin(self, job_id: str) -> None:
        """The engine has begun a job that it was handed."""
        place = self._handed.pop(job_id, None)
        if place is not None:
            self._begun[job_id] = place

    def waiting(self) -> Sequence[Waiting]:
        """Those who may still be handed to an engine, next first. Do not change it."""
        return self._order

    def line(self) -> Iterator[Waiting]:
        """All who wait, next first, those handed to an engine but not begun included."""
        yield from self._handed.values()
        yield from self._order

    def begun(self) -> Sequence[str]:
        """The ids of the jobs at work."""
        return tuple(self._begun)

    @property
    def length(self) -> int:
        """How many wait, those handed to an engine but not begun included."""
        return len(self._handed) + len(self._order)

    def position(self, job_id: str) -> int | None:
        """1 for the job that starts next; None when it does not wait."""
        if job_id in self._handed:
            return list(self._handed).index(job_id) + 1
        place = self._waiting.get(job_id)
        if place is None:
            return None
        return len(self._handed) + bisect.bisect_left(self._order, place) + 1
