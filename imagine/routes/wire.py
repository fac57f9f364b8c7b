"""The bodies of the API as models: what is read is checked with them, and all is described by them.

Answers that hold jobs are written as text made of the stored JSON; these models describe them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from imagine.models import Action, Direction, Job, Note, Strength
from imagine.routes.reading import Body, JsonInt, Query, whole_number


class PictureRef(Body):
    """One picture of a job."""

    job: str
    image: JsonInt = Field(0, ge=0, le=99)


class ImagineBody(Body):
    """One prompt, with options that a flag in the prompt beats, and pictures to start from."""

    prompt: str = Field(description="Words, then flags: a red fox --ar 16:9 --seed 42")
    options: dict[str, Any] = Field(
        default_factory=dict, description="Parameters by long name, as GET /api/parameters lists"
    )
    images: list[str | PictureRef] = Field(
        default_factory=list,
        max_length=16,
        description="Ids of uploads, links, and pictures of jobs; behind those in the prompt",
    )
    mask: str | None = Field(
        None, description="Id of an upload: where it is white, the first picture is painted anew"
    )
    priority: JsonInt | None = Field(
        None, ge=-100, le=100, description="The higher goes first; else as --fast and --relax say"
    )


class SubmitAnswer(BaseModel):
    """The jobs that one request made."""

    batch: str
    jobs: list[Job]
    warnings: list[Note]


class ActionBody(Body):
    """What to do with a picture of a job."""

    action: str = Field(json_schema_extra={"enum": list(Action)})
    image: JsonInt | None = Field(None, ge=0, le=99, description="Its index; else the first one")
    strength: str | None = Field(
        None,
        json_schema_extra={"enum": [*Strength, None]},
        description="variation: subtle, strong; upscale: subtle, creative",
    )
    factor: float | None = Field(None, description="zoom: how far to go out, 1–2")
    direction: str | None = Field(None, json_schema_extra={"enum": [*Direction, None]})
    mask: str | None = Field(None, description="region: id of an upload, white is painted anew")
    aspect: str | None = Field(None, description="reshape, zoom: the new shape, W:H")
    prompt: str | None = Field(None, description="Other words and flags than those of the job")


class BlendBody(Body):
    """Pictures to mix into a new set."""

    images: list[str | PictureRef] = Field(description="Ids of uploads, and pictures of jobs: 2–5")
    aspect: str | None = None
    prompt: str | None = None


class EdgeEntry(BaseModel):
    """A job that grew from a picture."""

    parent: str
    image: int
    child: str


class FamilyAnswer(BaseModel):
    """All that grew from the same beginning, oldest first; at most 500 jobs are told."""

    root: str
    jobs: list[Job]
    edges: list[EdgeEntry]
    truncated: bool


class JobsQuery(Query):
    """Which jobs to list."""

    state: str = Field("", description="States, comma-separated; active = queued and running")
    kind: str | None = None
    q: str = Field("", max_length=500, description="Words that all occur; -word must not")
    favorite: bool = False
    visibility: Literal["stealth", "public"] | None = None
    batch: str | None = None
    number: int | None = Field(None, ge=1, lt=2**31, description="The number of a set")
    id: str | None = Field(None, max_length=40, description="The beginning of an id")
    trash: bool = False
    before: str | None = Field(None, max_length=40, description="The next of the page before")
    limit: int = Field(50, ge=1, le=200)


class JobsAnswer(BaseModel):
    """One page of jobs, newest first; ``next`` is the ``before`` of the page after, or null."""

    jobs: list[Job]
    next: str | None
    counts: dict[str, int]


def read_place(value: object) -> object:
    """Let a priority pass, or the word next."""
    number = None if value == "next" else whole_number(value)
    if isinstance(number, int) and not -100 <= number <= 100:
        raise ValueError("it must be from -100 to 100, or next")
    return value if number is None else number


Place = Annotated[
    Annotated[int, Field(ge=-100, le=100)] | Literal["next"], BeforeValidator(read_place)
]


class PatchBody(Body):
    """What can be changed on a job; what is left out stays."""

    favorites: list[JsonInt] | None = Field(
        None, max_length=64, description="Indexes of the starred pictures"
    )
    priority: Place | None = Field(
        None, description="Of a waiting job: the higher goes first, next before all who wait"
    )


class ParseAnswer(BaseModel):
    """What a prompt would do."""

    ok: bool
    count: int
    jobs: list[dict[str, Any]]
    tokens: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    warnings: list[Note]
    eta_s: float | None


class EngineState(BaseModel):
    """One engine. ``model`` is the one that it has loaded."""

    kind: Literal["comfyui", "sketch"]
    name: str
    state: Literal["starting", "ready", "down"]
    reason: str | None
    url: str | None
    previews: bool | None
    version: str | None
    model: str | None
    running: int
    waiting: int


class PauseReason(BaseModel):
    """Why nobody is handed to an engine; ``by_hand``: somebody paused the line."""

    code: Literal["paused", "disk_full", "disk_unwritable"]
    message: str
    hint: str | None
    by_hand: bool


class QueueAnswer(BaseModel):
    """Our line. ``position`` 1 starts next. Units: ``starts`` in seconds from now."""

    running: int
    waiting: int
    paused: bool
    reason: PauseReason | None
    positions: dict[str, int]
    starts: dict[str, float]


class DiskState(BaseModel):
    """The disk of the output folder; while it is not ok, the queue is paused."""

    state: Literal["ok", "full", "unwritable"]
    free_mb: int | None
    reason: str | None


class HealthAnswer(BaseModel):
    """Each part's state; the answer is 200 while the process serves."""

    status: Literal["ok", "degraded"]
    version: str
    engine: EngineState
    engines: list[EngineState]
    queue: QueueAnswer
    disk: DiskState
    watchers: int


class ModelEntry(BaseModel):
    """One installed model and what is used with it unless a flag says otherwise.

    ``reason`` says why it is taken for this family. Units: pixels, of a square picture.
    """

    name: str
    label: str
    family: str
    family_label: str
    reason: str
    default: bool
    width: int
    height: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    negative: bool


class OtherModel(BaseModel):
    """One installed model that makes no pictures from words, and why not.

    ``edits``: it changes pictures, and can be used with a prompt that brings one.
    """

    name: str
    label: str
    family: str | None
    family_label: str | None
    reason: str
    problem: str
    edits: bool


class CatalogAnswer(BaseModel):
    """What is installed in the engine."""

    engine: EngineState
    models: list[ModelEntry]
    others: list[OtherModel]
    loras: list[str]
    samplers: list[str]
    schedulers: list[str]
    default_model: str | None


class CheckEntry(BaseModel):
    """One hop as it was found. ``details.engine`` says which ComfyUI it is about."""

    id: str
    title: str
    status: Literal["ok", "warning", "failed", "skipped"]
    message: str
    fix: str | None
    details: dict[str, Any]


class DiagnosticsAnswer(BaseModel):
    """What the doctor found, without what is private; at most 5 seconds old."""

    checks: list[CheckEntry]
    version: str
    checked_at: str


class ParametersQuery(Query):
    """Whose flags are asked for: with ``workflow``, those of a prompt that names it."""

    workflow: str | None = Field(None, max_length=64)


class ParametersAnswer(BaseModel):
    """Every flag of the prompt language."""

    parameters: list[dict[str, Any]]


class ComfyQueueAnswer(BaseModel):
    """ComfyUI's own queue: prompt ids, and which of them are ours."""

    running: list[dict[str, Any]]
    pending: list[dict[str, Any]]


class CanceledAnswer(BaseModel):
    """The jobs of ours that were canceled, or asked to stop."""

    jobs: list[str]


class ThumbnailQuery(Query):
    """How wide a thumbnail should be. Units: pixels; rounded up to the next size kept."""

    w: int = Field(640, ge=1, le=4096)


class UploadQuery(Query):
    """How wide a small copy should be; without it, the picture itself. Units: pixels."""

    w: int | None = Field(None, ge=1, le=4096)


class UploadAnswer(BaseModel):
    """A file that came in; its id is the SHA-256 of its bytes. Units: pixels, seconds, bytes."""

    id: str
    link: str = Field(description="How a prompt names it")
    url: str
    kind: str = Field(description="image, video or audio")
    width: int | None = Field(description="null for a sound")
    height: int | None
    duration_s: float | None = Field(description="null for a picture, and where it does not say")
    media_type: str
    bytes: int


class LiveQuery(Query):
    """What to hear of. ``job`` may be given several times."""

    since: int | None = Field(None, ge=0, description="The newest sequence that the reader knows")
    job: list[str] = Field(default_factory=list, max_length=200)
    previews: bool = True
