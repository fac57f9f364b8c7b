"""Jobs as rows: what one write transaction reads and writes, and how jobs are counted.

Apart from `imagine.store`, which says when and in which thread; here is only what a row holds.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from imagine.database import counters, jobs, parents, strays
from imagine.errors import ConflictError
from imagine.job_query import fold
from imagine.models import Job, JobState, Marks, Once, utc_now
from imagine.replies import find_reply, keep_reply

BY_ID = jobs.c.id == sa.bindparam("job")
_COUNTERS = sa.select(counters.c.sequence, counters.c.number)
_KEEP_COUNTERS = sa.update(counters).values(
    sequence=sa.bindparam("sequence"), number=sa.bindparam("number")
)
MARKS = tuple(jobs.c[name] for name in Marks.model_fields)
_FIND = sa.select(jobs.c.attempt, jobs.c.body, *MARKS).where(BY_ID)
_NOT_REPLACED = {"number", "id", *Marks.model_fields}
_REPLACE = (
    sa.update(jobs)
    .where(jobs.c.number == sa.bindparam("row"))
    .values({name: sa.bindparam(name) for name in set(jobs.c.keys()) - _NOT_REPLACED})
)


@dataclass(frozen=True, slots=True)
class Found:
    """A row as a write finds it."""

    job: Job
    marks: Marks


class Transaction:
    """One write transaction, shared by several pieces of work.

    ``sequence``, ``counts`` and ``changed``, every new snapshot in the order of their sequences,
    are what the store takes over once it is committed.
    """

    def __init__(self, connection: sa.Connection, counts: Mapping[str, int]) -> None:
        self._connection = connection
        self.sequence, self._number = read_counters(connection)
        self.counts = Counter(counts)
        self.changed: list[Job] = []
        self._drawn = False

    def attempt(self, work: Callable[["Transaction"], Any]) -> Any:
        """Return what a piece of work returns or raises; one that raises leaves nothing behind.

        Raises:
            SQLAlchemyError: the disk refused, after which nothing of the transaction can be kept.
        """
        counts, told = self.counts.copy(), len(self.changed)
        self._connection.exec_driver_sql("SAVEPOINT work")
        try:
            outcome = work(self)
        except sa.exc.IntegrityError:
            outcome = ConflictError("This job is in the gallery already.")
        except sa.exc.SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  it is raised at the caller
            outcome = error
        if isinstance(outcome, Exception):
            self.counts = counts  # the counters may have gaps
            del self.changed[told:]
            self._connection.exec_driver_sql("ROLLBACK TO work")
        self._connection.exec_driver_sql("RELEASE work")
        return outcome

    def find(self, job_id: str, attempt: int | None = None) -> Found | None:
        """Return a row; None when there is none, or when it is at another attempt than given."""
        row = self._connection.execute(_FIND, {"job": job_id}).one_or_none()
        if row is None or (attempt is not None and row.attempt != attempt):
            return None
        return Found(Job.model_validate_json(row.body), marks_of(row))

    def insert(self, new: Sequence[Job], priorities: Mapping[str, int]) -> list[Job]:
        added = [_changed(job, self._place_in_line()) for job in new]
        rows = [
            {
                **columns_of(job),
                **Marks(priority=priorities.get(job.id, 0)).model_dump(),
            }
            for job in added
        ]
        if rows:
            self._connection.execute(sa.insert(jobs), rows)
        if lines := [line for job in added for line in lines_of(job)]:
            self._connection.execute(sa.insert(parents), lines)
        for job in added:
            self.counts.update(_places(job))
        self.changed += added
        return added

    def keep_reply(self, once: Once, answer: str) -> None:
        """Remember what was answered under a key."""
        keep_reply(self._connection, once, answer)

    def replace(self, found: Found, changes: Mapping[str, Any], **marks: Any) -> Job:
        """Write a job's next snapshot over it, with those of its marks that change."""
        job = found.job
        changed = _changed(job, {**changes, "sequence": self._next_sequence()})
        self._connection.execute(_REPLACE, {**columns_of(changed), "row": job.number})
        self.mark(found, **marks)
        self.counts.subtract(_places(job))
        self.counts.update(_places(changed))
        self.changed.append(changed)
        return changed

    def mark(self, found: Found, **marks: Any) -> None:
        """Write those marks that differ; what readers see stays, and so does the sequence."""
        new = {name: mark for name, mark in marks.items() if getattr(found.marks, name) != mark}
        if new:
            row = sa.update(jobs).where(jobs.c.number == found.job.number)
            self._connection.execute(row.values(**new))

    def first_priority(self, found: Found) -> int:
        """Return the priority with which a queued job goes before all others that are queued."""
        others = sa.select(sa.func.max(jobs.c.priority)).where(
            jobs.c.deleted_at.is_(None),
            jobs.c.state == JobState.QUEUED,
            jobs.c.number != found.job.number,
        )
        highest = self._connection.scalar(others)
        own = found.marks.priority
        return own if highest is None else max(own, highest + 1)

    def stray(self, found: Found) -> None:
        """Remember the present attempt as one that is given up on an engine out of reach."""
        row = {"prompt_id": found.job.prompt_id, "engine_url": found.marks.engine_url}
        if None not in row.values():
            self._connection.execute(
                sa.insert(strays), {**row, "created_at": utc_now().isoformat()}
            )

    def forget_stray(self, prompt_id: str) -> None:
        self._connection.execute(sa.delete(strays).where(strays.c.prompt_id == prompt_id))

    def set_paused(self, paused: bool) -> None:
        self._connection.execute(sa.update(counters).values(paused=paused))

    def touch(self) -> None:
        """Write what is there already."""
        self._connection.execute(sa.update(counters).values(id=counters.c.id))

    def reply(self, once: Once) -> str | None:
        """Return what was answered under this key; see `find_reply`."""
        return find_reply(self._connection, once)

    def keep_counters(self) -> None:
        """Write down how far the counters went; the last thing before the commit."""
        if self._drawn:
            values = {"sequence": self.sequence, "number": self._number}
            self._connection.execute(_KEEP_COUNTERS, values)

    def _place_in_line(self) -> dict[str, int]:
        self._number += 1
        return {"number": self._number, "sequence": self._next_sequence()}

    def _next_sequence(self) -> int:
        self._drawn = True
        self.sequence += 1
        return self.sequence


def marks_of(row: sa.Row[Any]) -> Marks:
    return Marks.model_validate({name: getattr(row, name) for name in Marks.model_fields})


def read_counters(connection: sa.Connection) -> tuple[int, int]:
    """Return the newest sequence and the newest number."""
    sequence, number = connection.execute(_COUNTERS).one()
    return sequence, number


def count_jobs(connection: sa.Connection) -> Mapping[str, int]:
    """Count all jobs, each group along an index that covers it."""
    live = jobs.c.deleted_at.is_(None)
    states = [state.value for state in JobState]
    counts = Counter(dict.fromkeys(("all", "starred", "active", *states, "trash"), 0))
    by_state = sa.select(jobs.c.state, sa.func.count()).where(live).group_by(jobs.c.state)
    for state, count in connection.execute(by_state):
        counts.update({state: count, "all": count})
        if JobState(state).is_active:
            counts["active"] += count
    rows = sa.select(sa.func.count()).select_from(jobs)
    counts["starred"] = connection.scalar(rows.where(jobs.c.starred, live)) or 0
    counts["trash"] = connection.scalar(rows.where(jobs.c.deleted_at.is_not(None))) or 0
    return counts


def _places(job: Job) -> list[str]:
    """Return the names under which a job is counted."""
    if job.deleted_at is not None:
        return ["trash"]
    places = ["all", job.state.value]
    if job.state.is_active:
        places.append("active")
    if job.favorites:
        places.append("starred")
    return places


def _changed(job: Job, changes: Mapping[str, Any]) -> Job:
    """Return the next snapshot, checked: what is written must be readable for ever."""
    return Job.model_validate({**dict(job), **changes})


def columns_of(job: Job) -> dict[str, Any]:
    return {
        "number": job.number,
        "id": job.id,
        "batch": job.batch,
        "kind": job.kind,
        "state": job.state,
        "sequence": job.sequence,
        "words": fold(f"{job.prompt}\n{job.canonical}"),
        "starred": bool(job.favorites),
        "attempt": job.attempt,
        "prompt_id": job.prompt_id,
        "created_at": job.created_at.isoformat(),
        "deleted_at": job.deleted_at.isoformat() if job.deleted_at else None,
        "body": job.model_dump_json(),
        "stealth": job.parameters.get("visibility") == "stealth",
    }


def lines_of(job: Job) -> list[dict[str, Any]]:
    """Return the rows that say what a job grew from; the same picture twice is one."""
    return [
        {"child": job.id, "parent": parent.job, "image": parent.image}
        for parent in dict.fromkeys(job.parents)
    ]
