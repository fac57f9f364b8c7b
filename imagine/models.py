"""What the rooms hand each other: the job on the wire and its parts (``docs/protocol.md``).

All models are frozen. A job changes by a new snapshot with a higher ``sequence``.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from imagine.errors import ErrorBody


class Frozen(BaseModel):
    """A model that cannot change and refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Broken(Frozen):
    """What stays out of a file or a folder that somebody edits, and why.

    ``line``: from 1, where that shows.
    """

    file: str
    line: int | None
    message: str

    @property
    def place(self) -> str:
        return self.file if self.line is None else f"{self.file}, line {self.line}"


class JobState(StrEnum):
    """The states of a job; ``imagine.jobs.MOVES`` says which may follow which."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_active(self) -> bool:
        return self in (JobState.QUEUED, JobState.RUNNING)


class Stage(StrEnum):
    """What a running job is doing."""

    SUBMITTED = "submitted"
    LOADING = "loading"
    SAMPLING = "sampling"
    DECODING = "decoding"
    SAVING = "saving"


class JobKind(StrEnum):
    """What was asked for."""

    IMAGINE = "imagine"
    SINGLE = "single"
    VARIATION = "variation"
    UPSCALE = "upscale"
    ZOOM = "zoom"
    PAN = "pan"
    SQUARE = "square"
    REGION = "region"
    BLEND = "blend"
    EDIT = "edit"
    WORKFLOW = "workflow"


class Action(StrEnum):
    """What can be done with a finished picture."""

    SINGLE = "single"
    UPSCALE = "upscale"
    VARIATION = "variation"
    REROLL = "reroll"
    REMIX = "remix"
    ZOOM = "zoom"
    PAN = "pan"
    SQUARE = "square"
    RESHAPE = "reshape"
    REGION = "region"
    ENHANCE = "enhance"


class Strength(StrEnum):
    """How far an action may go from its picture."""

    SUBTLE = "subtle"
    STRONG = "strong"
    CREATIVE = "creative"


class Direction(StrEnum):
    """Where a picture grows."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


class NoteLevel(StrEnum):
    """``info`` explains; ``warning`` says that something was not honoured."""

    INFO = "info"
    WARNING = "warning"


class Note(Frozen):
    """One plain sentence about something that was approximated, adjusted or left out."""

    parameter: str | None = None
    level: NoteLevel = NoteLevel.WARNING
    message: str


class Progress(Frozen):
    """How far a job is. ``value`` is 0–1 over the whole graph and never goes back.

    ``step`` of ``steps`` counts sampler steps over all pictures; ``image`` is the index of the
    picture in work (None: all at once, or none yet).

    Units: ``eta_s`` seconds until the job ends, None while unknown.
    """

    value: float = 0.0
    step: int = 0
    steps: int = 0
    image: int | None = None
    eta_s: float | None = None


class JobImage(Frozen):
    """One finished output of a job: a picture, a video, a model or a text.

    ``thumbnail`` is null for what is no picture; ``duration_s`` is set for what moves.

    Units: pixels, bytes, seconds; null where there is none, or the file does not say.
    """

    index: int
    url: str
    thumbnail: str | None
    width: int | None
    height: int | None
    duration_s: float | None = None
    media_type: str
    bytes: int
    seed: int | None = None


class Parent(Frozen):
    """The picture that a job grew from."""

    job: str
    image: int


class Origin(Frozen):
    """How a job grows from a picture; it is stored as ``parameters["origin"]``.

    ``source`` is the link of the picture (`imagine.links`), ``mask`` the link of one whose white
    part is painted anew. ``factor`` is how far a zoom goes out.
    """

    action: Action
    source: str
    strength: Strength | None = None
    factor: float | None = None
    direction: Direction | None = None
    mask: str | None = None


class Job(Frozen):
    """A job as every reader sees it."""

    id: str
    number: int
    batch: str
    kind: JobKind = JobKind.IMAGINE
    state: JobState = JobState.QUEUED
    stage: Stage | None = None
    sequence: int = 0
    prompt: str
    canonical: str
    text: str
    parameters: Mapping[str, Any]
    notes: tuple[Note, ...] = ()
    progress: Progress = Progress()
    position: int | None = None
    images: tuple[JobImage, ...] = ()
    error: ErrorBody | None = None
    parents: tuple[Parent, ...] = ()
    favorites: tuple[int, ...] = ()
    engine: str | None = None
    prompt_id: str | None = None
    attempt: int = 0
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    deleted_at: datetime | None = None


class Marks(Frozen):
    """What is stored of a job and told to nobody.

    ``priority``: its place in the line. ``engine_url``: which engine has its present attempt.
    ``losses``: how many engines died of it. ``oom_retried``: it was tried again after one ran out
    of memory.
    """

    priority: int = 0
    cancel_requested: bool = False
    engine_url: str | None = None
    losses: int = 0
    oom_retried: bool = False


class Once(Frozen):
    """A request that must be done once: its Idempotency-Key, and a digest of its body."""

    key: str
    fingerprint: str


def utc_now() -> datetime:
    return datetime.now(UTC)
