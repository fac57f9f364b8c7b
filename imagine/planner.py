"""From typed words to a checked graph: parse, expand, plan, build and preflight, in that order.

The language and the graphs are pure functions; the planner brings them together with what is
installed now and what the owner configured.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from imagine.catalog import Catalog
from imagine.defaults import NOTHING_CHOSEN, Defaults
from imagine.errors import PromptError, WorkflowError
from imagine.ids import new_id
from imagine.input_image import NO_INPUTS, InputImage
from imagine.links import read_picture
from imagine.model_choice import choose_model, installed_models
from imagine.models import Action, Job, JobKind, Note, Origin, Parent, utc_now
from imagine.planning.memory import PARAMETER as OOM_RETRY
from imagine.preflight import preflight
from imagine.profiles import Profiles
from imagine.prompt_links import flags_of, links_of, with_links
from imagine.prompt_parser import (
    MAX_CHARACTERS,
    VOCABULARY,
    Prompt,
    Vocabulary,
    expand,
    parse,
)
from imagine.recognition import describe_models
from imagine.workflow_builder import Plan, Workflow, build, plan

T = TypeVar("T")

# Longer prompts are read in a thread: forty lines of a permutation take most of a second.
LONG = 1_000
# Without it there is no wildcard in a prompt.
MARK = "__"
# A canonical prompt, with everything written in, is longer than what was typed.
MOST_STORED = 24_000
# The size that a picture is taken to have while it is not found. Units: pixels.
UNSEEN = (1024, 1024)

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
    """Finds the pictures that prompts name.

    Raises:
        PromptError: a link names no picture, or one that cannot be used.
    """

    async def find(self, links: Collection[str]) -> Mapping[str, InputImage]:
        """Return the picture of each link; those on the web are fetched and kept."""
        ...

    async def find_mask(self, link: str, source: InputImage) -> InputImage:
        """Return a mask for a picture: of its size, white where it is to be painted anew."""
        ...


async def read_apart(text: str, work: Callable[[], T]) -> T:
    """Do work on a prompt: in a thread when it is long, or when it may need wildcard files."""
    return await asyncio.to_thread(work) if len(text) > LONG or MARK in text else work()


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
        named = (read_picture(link) for link in (*origin, *links_of(self.prompt)))
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


class Planner:
    """Plans prompts against the engine's catalog as it is at the moment of the call."""

    def __init__(
        self,
        profiles: Profiles,
        *,
        catalog: Callable[[], Catalog | None] = lambda: None,
        wildcards: Callable[[], Mapping[str, tuple[str, ...]]] = lambda: VOCABULARY.wildcards,
        defaults: Defaults = NOTHING_CHOSEN,
        inputs: Inputs | None = None,
    ) -> None:
        self._profiles = profiles
        self._catalog = catalog
        self._wildcards = wildcards
        self._defaults = defaults
        self._inputs = inputs

    def vocabulary(self, text: str) -> Vocabulary:
        """Return what a prompt is read by. Where it may hold a wildcard, files are looked at."""
        return replace(VOCABULARY, wildcards=self._wildcards()) if MARK in text else VOCABULARY

    async def plan_all(
        self,
        text: str,
        options: Mapping[str, Any],
        *,
        images: Sequence[str] = (),
        origin: Origin | None = None,
    ) -> list[Planned]:
        """Plan every job of one prompt: `read` and `plan_one` together.

        Raises:
            PromptError: the prompt or an option cannot be.
            WorkflowError: the engine cannot run it.
        """
        prompts = await self.read(text, options, images=images)
        return [await self.plan_one(prompt, origin=origin) for prompt in prompts]

    async def read(
        self,
        text: str,
        options: Mapping[str, Any],
        *,
        images: Sequence[str] = (),
        most: int = MAX_CHARACTERS,
    ) -> list[Prompt]:
        """Open a prompt into one for each job, each with a seed.

        ``images`` are links that stand behind those in the prompt; ``most`` is the length up to
        which it may be written.

        Raises:
            PromptError: the prompt or an option cannot be.
        """

        def opened() -> list[Prompt]:
            vocabulary = replace(self.vocabulary(text), max_characters=most)
            return expand(text, vocabulary, draw_seed, options, uploads=len(images))

        prompts = await read_apart(text, opened)
        return [replace(prompt, images=(*prompt.images, *images)) for prompt in prompts]

    async def plan_one(
        self, prompt: Prompt, *, origin: Origin | None = None, member: int | None = None
    ) -> Planned:
        """Plan a new job; other work may go on before it.

        Raises:
            PromptError: it names a picture or a model that is not there.
            WorkflowError: the engine cannot run it.
        """
        await asyncio.sleep(0)
        return await self._found(prompt, new_id(), self._catalog(), origin, member)

    async def plan_stored(self, job: Job, prompt_id: str, catalog: Catalog) -> Planned:
        """Plan a stored job again, for another attempt or another engine.

        It keeps the model that was chosen for it, unless the engine does not have that.
        """
        vocabulary = replace(VOCABULARY, max_characters=MOST_STORED)
        prompt = parse(job.canonical, vocabulary)
        origin = job.parameters.get("origin")
        defaults = self._defaults
        notes: tuple[Note, ...] = ()
        chosen = job.parameters.get("model")
        if chosen in installed_models(catalog):
            if "model" in prompt.parameters:
                prompt = prompt.with_parameters(model=chosen)
            else:
                defaults = replace(defaults, model=chosen)
                notes = tuple(note for note in job.notes if note.parameter == "model")
        planned = await self._found(
            prompt,
            prompt_id,
            catalog,
            Origin.model_validate(origin) if origin is not None else None,
            job.parameters.get("member"),
            defaults=defaults,
            after_oom=OOM_RETRY in job.parameters,
        )
        made = replace(planned.plan, notes=(*notes, *planned.plan.notes))
        return replace(planned, plan=made)

    async def _found(
        self,
        prompt: Prompt,
        prompt_id: str,
        catalog: Catalog | None,
        origin: Origin | None,
        member: int | None,
        *,
        defaults: Defaults | None = None,
        after_oom: bool = False,
    ) -> Planned:
        """Plan one job once the pictures that it names are found."""
        if origin is None and not links_of(prompt):
            return self.plan(
                prompt, prompt_id, catalog, member=member, defaults=defaults, after_oom=after_oom
            )
        try:
            prompt, origin, inputs = await self._with_pictures(prompt, origin)
        except PromptError as error:
            typed = {link: "images" for link in prompt.images if link in prompt.source}
            masks = {origin.mask: "mask"} if origin is not None and origin.mask is not None else {}
            raise error.named({**typed, **masks, **flags_of(prompt)}) from error
        return self.plan(
            prompt,
            prompt_id,
            catalog,
            inputs=inputs,
            origin=origin,
            member=member,
            defaults=defaults,
            after_oom=after_oom,
        )

    async def _with_pictures(
        self, prompt: Prompt, origin: Origin | None
    ) -> tuple[Prompt, Origin | None, dict[str, InputImage]]:
        """Return both with links that stay, and the picture of each."""
        assert self._inputs is not None, "a server can find pictures"
        source = (origin.source,) if origin is not None else ()
        found = await self._inputs.find((*links_of(prompt), *source))
        own = {link: image.link for link, image in found.items()}
        inputs = {image.link: image for image in found.values()}
        if origin is not None:
            origin = origin.model_copy(update={"source": own[origin.source]})
            if origin.mask is not None:
                mask = await self._inputs.find_mask(origin.mask, inputs[origin.source])
                inputs[mask.link] = mask
                origin = origin.model_copy(update={"mask": mask.link})
        return with_links(prompt, own), origin, inputs

    def outline(self, prompt: Prompt) -> Plan:
        """Say what a prompt would use, without building its graph or finding its pictures."""
        inputs = {link: InputImage(link, link, *UNSEEN) for link in links_of(prompt)}
        return plan(prompt, self._catalog(), self._profiles, self._defaults, inputs=inputs)

    def models(self, catalog: Catalog | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """List the installed models that make pictures from words, and the others, and why."""
        if catalog is None:
            return [], []
        try:
            default = choose_model(None, self._defaults.model, catalog, self._profiles).name
        except WorkflowError:
            default = None
        return describe_models(catalog, self._profiles, default)

    def plan(
        self,
        prompt: Prompt,
        prompt_id: str,
        catalog: Catalog | None,
        *,
        inputs: Mapping[str, InputImage] = NO_INPUTS,
        origin: Origin | None = None,
        member: int | None = None,
        defaults: Defaults | None = None,
        after_oom: bool = False,
    ) -> Planned:
        """Plan one job, and build and check its graph if the catalog is known.

        ``defaults`` stand in place of the owner's.

        Raises:
            PromptError: a model, a LoRA or a sampler that is not installed.
            WorkflowError: the engine cannot run the graph.
        """
        made = plan(
            prompt,
            catalog,
            self._profiles,
            self._defaults if defaults is None else defaults,
            inputs=inputs,
            origin=origin,
            member=member,
            after_oom=after_oom,
        )
        if catalog is None:
            return Planned(prompt_id, prompt, made, None, None, origin, member)
        request = replace(made.request, filename_prefix=f"imagine/{prompt_id}")
        workflow = build(request, made.profile, catalog)
        if problems := preflight(workflow.graph, catalog):
            raise WorkflowError(
                problems[0].message or "The engine cannot run this graph.", details=problems
            )
        return Planned(prompt_id, prompt, made, workflow, catalog, origin, member)
