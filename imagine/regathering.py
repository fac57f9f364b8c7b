"""The gallery from its files alone: pictures that say of what job they are become jobs again.

Pure. `imagine.image_reading` reads the files, `imagine.picture_text` says what stands in them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from imagine.image_names import job_image
from imagine.models import (
    Job,
    JobImage,
    JobKind,
    JobState,
    Marks,
    Note,
    Parent,
    Progress,
)

# So far the sequence jumps when nobody knows any longer what was told last: it must not go back.
MARGIN = 1_000_000
# No number of ours is higher.
MOST = 2**50


class Said(BaseModel):
    """What a picture says of its job; what later versions add is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    job: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    number: int = Field(0, ge=0, le=MOST)
    batch: str
    kind: JobKind = JobKind.IMAGINE
    prompt: str
    canonical: str
    text: str
    parameters: Mapping[str, Any]
    notes: tuple[Note, ...] = ()
    parents: tuple[Parent, ...] = ()
    sequence: int = Field(0, ge=0, le=MOST)
    steps: int = 0
    engine: str | None = None
    prompt_id: str | None = None
    attempt: int = 1
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture of ours, or another output, as it is kept. Units: pixels, bytes, seconds.

    ``deleted_at`` is when it came into the trash, None where it is not there.
    """

    name: str
    said: Said
    index: int
    width: int | None
    height: int | None
    media_type: str
    bytes: int
    written_at: datetime
    favorite: bool
    deleted_at: datetime | None
    duration_s: float | None = None

    @property
    def age(self) -> tuple[int, datetime]:
        """By which the newest of several is known."""
        return self.said.attempt, self.written_at

    def image(self) -> JobImage:
        return job_image(self.index, self, self.said.parameters)


class Row(NamedTuple):
    """A job, and what is stored of it besides."""

    job: Job
    marks: Marks


class Known(NamedTuple):
    """What another database knew: its jobs by id, and how far its counters were."""

    rows: Mapping[str, Row]
    sequence: int
    number: int


NOTHING_KNOWN = Known({}, 0, 0)


class Gallery(NamedTuple):
    """All jobs, by number, and how far the counters are."""

    rows: tuple[Row, ...]
    sequence: int
    number: int


def gather(pictures: Iterable[FoundPicture]) -> tuple[list[Job], int]:
    """Return a job for each one that pictures are of, and how many pictures were too many.

    Too many is what an attempt left that was given up: the newest of an index is the one.
    """
    by_job: dict[str, list[FoundPicture]] = defaultdict(list)
    for picture in pictures:
        by_job[picture.said.job].append(picture)
    jobs, spare = [], 0
    for found in by_job.values():
        newest = {picture.index: picture for picture in sorted(found, key=lambda one: one.age)}
        spare += len(found) - len(newest)
        jobs.append(_job([newest[index] for index in sorted(newest)]))
    return jobs, spare


def _job(pictures: Sequence[FoundPicture]) -> Job:
    said = max(pictures, key=lambda one: one.age).said
    trashed = [picture.deleted_at for picture in pictures if picture.deleted_at is not None]
    return Job(
        id=said.job,
        number=said.number,
        batch=said.batch,
        kind=said.kind,
        state=JobState.SUCCEEDED,
        sequence=said.sequence,
        prompt=said.prompt,
        canonical=said.canonical,
        text=said.text,
        parameters=said.parameters,
        notes=said.notes,
        progress=Progress(value=1.0, step=said.steps, steps=said.steps),
        images=tuple(picture.image() for picture in pictures),
        parents=said.parents,
        favorites=tuple(picture.index for picture in pictures if picture.favorite),
        engine=said.engine,
        prompt_id=said.prompt_id,
        attempt=said.attempt,
        created_at=said.created_at,
        started_at=said.started_at,
        finished_at=max(picture.written_at for picture in pictures),
        # A move that broke off half-way: rather seen than not.
        deleted_at=max(trashed) if len(trashed) == len(pictures) else None,
    )


def arrange(gathered: Sequence[Job], known: Known = NOTHING_KNOWN) -> Gallery:
    """Bring what the files say together with what was known beside them.

    Files say which pictures there are, which are starred, and which lie in the trash; all else of
    a job that was known stays as it was. A number stays where it is free.
    """
    found = {job.id: job for job in gathered}
    kept = [Row(_kept(row.job, found.get(job_id)), row.marks) for job_id, row in known.rows.items()]
    taken = {row.job.number for row in kept}
    sequence = known.sequence
    if not known.rows and gathered:
        sequence = max(sequence, max(job.sequence for job in gathered) + MARGIN)
    unknown = sorted(
        (job for job in gathered if job.id not in known.rows),
        key=lambda job: (job.created_at, job.id),
    )
    highest = max(known.number, 0, *taken, *(job.number for job in unknown))
    rows = []
    for job in unknown:
        number = job.number
        if number < 1 or number in taken:
            highest += 1
            number = highest
        taken.add(number)
        rows.append(Row(job.model_copy(update={"number": number, "sequence": -1}), Marks()))
    arranged = sorted((*kept, *rows), key=lambda row: row.job.number)
    told = []
    for row in arranged:
        before = known.rows.get(row.job.id)
        if before is None or before.job != row.job:
            sequence += 1
            row = Row(row.job.model_copy(update={"sequence": sequence}), row.marks)
        told.append(row)
    return Gallery(tuple(told), sequence, highest)


def _kept(job: Job, found: Job | None) -> Job:
    """Return a job that was known, with what its files say."""
    if found is None:
        if not job.images:
            return job
        gone = {"images": (), "favorites": ()}
        state = JobState.EXPIRED if job.state is JobState.SUCCEEDED else job.state
        return job.model_copy(update={**gone, "state": state})
    changes: dict[str, Any] = {"images": found.images, "favorites": found.favorites}
    if job.state is JobState.EXPIRED:
        changes["state"] = JobState.SUCCEEDED
    if (job.deleted_at is None) != (found.deleted_at is None) and not job.state.is_active:
        changes["deleted_at"] = found.deleted_at
    return job.model_copy(update=changes)
