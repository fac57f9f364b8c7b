"""A job to be: its prompt, what it will use, and its graph; and what a planner is given.

Apart from the planners, of which there are two: `imagine.planner` for prompts whose graph is ours
to make, and `imagine.workflow_planner` for those that name a workflow.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from imagine.catalog import Catalog
from imagine.graph import Workflow
from imagine.input_image import InputFile, InputImage
from imagine.links import read_picture
from imagine.media import Kind
from imagine.models import Action, Job, JobKind, Note, Origin, Parent, utc_now
from imagine.plan import Plan
from imagine.prompt import Prompt
from imagine.prompt_links import links_of
from imagine.registry.planning import WorkflowPlan

# What a job is called that grows from a picture.
KINDS: Mapping[Action, JobKind] = {
    Action.UPSCALE: JobKind.UPSCALE,
    Action.ENHANCE: JobKind.UPSCALE,
    Action.VARIATION: JobKind.VARIATION,
    Action.ZOOM: JobKind.ZOOM,
    Action.RESHAPE: JobKind.ZOOM,
    Action.PAN: JobKind.PAN,
    Action.SQUARE: JobKind.SQUARE,
    Action.REGION: JobKind.REGION,
}
# Where in the line the flags of speed put a job.
SPEEDS: Mapping[str, int] = {"turbo": 20, "fast": 10, "relax": -10}


class Inputs(Protocol):
    """Finds the files that prompts name.

    Raises:
        PromptError: a link names no picture, or one that cannot be used.
    """

    async def find(self, links: Collection[str]) -> Mapping[str, InputImage]:
        """Return the picture of each link; those on the web are fetched and kept."""
        ...

    async def find_media(self, links: Collection[str], kind: Kind) -> Mapping[str, InputFile]:
        """Return the video or the sound of each link."""
        ...

    def kind_of(self, link: str) -> Kind | None:
        """Return of what kind an upload is; None of all other links. For threads."""
        ...

    async def find_mask(self, link: str, source: InputImage) -> InputImage:
        """Return a mask for a picture: of its size, white where it is to be painted anew."""
        ...


def draw_seed() -> int:
    """Draw a seed of 32 bits, the range of ``--seed``."""
    return secrets.randbelow(2**32)


@dataclass(frozen=True, slots=True)
class Planned:
    """One job to be: its prompt, what it will use, and its graph if the engine is known.

    ``prompt_id`` stands in the graph's file names, so a graph serves one attempt only. ``origin``
    and ``member`` say what it grows from (`imagine.workflow_builder.plan`).
    """

    prompt_id: str
    prompt: Prompt
    plan: Plan
    workflow: Workflow | None
    catalog: Catalog | None
    origin: Origin | None = None
    member: int | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(dict.fromkeys((*self.prompt.notes, *self.plan.notes)))

    @property
    def kind(self) -> JobKind:
        """What the job is called."""
        if isinstance(self.plan, WorkflowPlan):
            return JobKind.WORKFLOW
        if self.member is not None:
            return JobKind.SINGLE
        if self.origin is not None:
            return KINDS[self.origin.action]
        if "edit" in self.prompt.parameters:
            return JobKind.EDIT
        return JobKind.IMAGINE if self.prompt.text else JobKind.BLEND

    @property
    def priority(self) -> int:
        """What the prompt asks for with ``--turbo``, ``--fast`` or ``--relax``."""
        return next((SPEEDS[flag] for flag in SPEEDS if self.prompt.parameters.get(flag)), 0)

    @property
    def parents(self) -> tuple[Parent, ...]:
        """The pictures of other jobs that it begins from, or that guide it."""
        origin = (self.origin.source,) if self.origin is not None else ()
        links = links_of(self.prompt)
        if isinstance(self.plan, WorkflowPlan):  # other pictures of the prompt were left out
            links = tuple(image.link for image in self.plan.inputs)
        named = (read_picture(link) for link in (*origin, *links))
        parents = (Parent(job=one.job, image=one.image) for one in named if one is not None)
        return tuple(dict.fromkeys(parents))

    def job(
        self, batch: str, parents: Sequence[Parent] | None = None, kind: JobKind | None = None
    ) -> Job:
        """Return the first snapshot of the job; the store gives it its number.

        ``parents`` and ``kind`` are what it is said to grow from and to be, where that is more
        than its prompt tells.
        """
        return Job(
            id=self.prompt_id,
            number=0,
            batch=batch,
            kind=self.kind if kind is None else kind,
            prompt=self.prompt.source,
            canonical=self.prompt.canonical(),
            text=self.prompt.text,
            parameters=self.plan.parameters,
            notes=self.notes,
            parents=self.parents if parents is None else tuple(parents),
            created_at=utc_now(),
        )

    def showing(self, shown: Mapping[str, Any]) -> "Planned":
        """Return a job whose parameters show more."""
        if not shown:
            return self
        plan = replace(self.plan, parameters={**self.plan.parameters, **shown})
        return replace(self, plan=plan)


@dataclass(frozen=True, slots=True)
class Outline:
    """What a prompt would become: the prompt with all written out, and its plan."""

    prompt: Prompt
    plan: Plan
