"""The bodies of the API about workflows: to run one, and what is told of them."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from imagine.errors import Detail, ErrorBody
from imagine.models import Broken, Job
from imagine.registry.entries import LONGEST_TEXT
from imagine.routes.reading import Body, JsonInt, Query
from imagine.routes.wire import PictureRef


class RunBody(Body):
    """One run of a workflow."""

    parameters: dict[str, Any] = Field(
        default_factory=dict, description="By name, as GET /api/workflows/{id} lists them"
    )
    prompt: str | None = Field(
        None, max_length=LONGEST_TEXT, description="Words as they stand, without flags"
    )
    images: list[str | PictureRef] = Field(
        default_factory=list,
        max_length=16,
        description="Ids of uploads, links, and pictures of jobs, in the order of the workflow's "
        "pictures; of several for a workflow that takes one, each makes a job. Uploads of videos "
        "and sounds fill the parameters of their own kind",
    )
    mask: str | PictureRef | None = Field(
        None, description="Id of an upload: where it is white, the picture is painted anew"
    )
    character: str | None = Field(None, max_length=200, description="An id, or id:0.8")
    priority: JsonInt | None = Field(None, ge=-100, le=100, description="The higher goes first")


class GenerateBody(RunBody):
    """One run of any workflow."""

    workflow: str = Field(max_length=200, description="Its id")


class RunBatchBody(Body):
    """Several runs of one workflow; one that cannot be leaves the others."""

    batch: list[RunBody] = Field(min_length=1, max_length=10)


class GenerateBatchBody(Body):
    """Several runs of any workflows; one that cannot be leaves the others."""

    batch: list[GenerateBody] = Field(min_length=1, max_length=10)


class BatchResult(BaseModel):
    """What came of one run of a batch: a job, or an error."""

    job: Job | None = None
    error: ErrorBody | None = None


class BatchAnswer(BaseModel):
    """What came of each run of a batch, in the order of the request."""

    batch: str | None = Field(description="That of all its jobs; null when none was made")
    results: list[BatchResult]


class WorkflowsQuery(Query):
    """Which workflows to list."""

    category: str | None = Field(None, max_length=200)


class AddQuery(Query):
    """What a workflow that comes in is to be called; else the file says."""

    id: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")
    name: str | None = Field(None, min_length=1, max_length=80)


class CountEntry(BaseModel):
    """How many files of a kind a run takes."""

    min: int
    max: int


class InputsEntry(BaseModel):
    """What a workflow takes. ``batch``: one request may make several jobs of it."""

    prompt: bool
    images: CountEntry
    mask: Literal["required", "optional"] | None
    videos: CountEntry
    audios: CountEntry
    batch: bool


class WorkflowParameter(BaseModel):
    """One thing that can be set, with its range on these engines, and what it feeds.

    ``flag`` is null for the words of a prompt, which have none.
    """

    name: str
    flag: str | None
    type: str
    label: str
    description: str
    default: bool | int | float | str | None
    required: bool
    min: float | None
    max: float | None
    step: float | None
    choices: list[bool | int | float | str]
    rank: Literal["main", "more"]
    feeds: list[tuple[str, str]]


class WorkflowEntry(BaseModel):
    """A workflow. While it is not ``available``, ``reason`` says why in a sentence.

    ``example`` is a body for POST /api/workflows/{id}. ``revision`` changes with the graph.
    """

    id: str
    name: str
    description: str
    category: str
    family: str
    version: int
    source: Literal["shipped", "own"]
    inputs: InputsEntry
    max_batch_size: int
    parameters: list[WorkflowParameter]
    outputs: list[str]
    example: dict[str, Any]
    picture: str | None
    notes: list[str]
    available: bool
    reason: str | None
    problems: list[Detail]
    revision: str


class WorkflowsAnswer(BaseModel):
    """The workflows, by category and name; ``categories`` are those of all."""

    workflows: list[WorkflowEntry]
    broken: list[Broken]
    categories: list[str]


class AddedAnswer(BaseModel):
    """A workflow that came in; its ``notes`` say what was done to it."""

    workflow: WorkflowEntry
    notes: list[str]
