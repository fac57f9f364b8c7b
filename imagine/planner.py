"""From typed words to a checked graph: parse, expand, plan, build and preflight, in that order.

The language and the graphs are pure functions; the planner brings them together with what is
installed now and what the owner configured.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from imagine.catalog import Catalog
from imagine.characters import NAME as CHARACTER
from imagine.characters import (
    NOBODY,
    Cast,
    Characters,
    KnownCast,
    cast_of,
    told_of,
    with_characters,
    with_known,
)
from imagine.defaults import NOTHING_CHOSEN, Defaults
from imagine.errors import PromptError, WorkflowError
from imagine.ids import new_id
from imagine.input_image import NO_INPUTS, InputImage
from imagine.model_choice import choose_model, installed_models
from imagine.models import Broken, Job, Note, Origin
from imagine.planned import Inputs, Outline, Planned, draw_seed
from imagine.planning.memory import PARAMETER as OOM_RETRY
from imagine.preflight import preflight
from imagine.profiles import Profiles
from imagine.prompt_links import flags_of, links_of, with_links
from imagine.prompt_options import plain_key
from imagine.prompt_parser import (
    MAX_CHARACTERS,
    VOCABULARY,
    Prompt,
    Vocabulary,
    expand,
    parse,
)
from imagine.prompt_workflow import FLAG as WORKFLOW
from imagine.prompt_workflow import workflow_named
from imagine.recognition import describe_models
from imagine.registry.asking import WorkflowAsk
from imagine.registry.lookup import NO_WORKFLOWS, Registry
from imagine.registry.rerunning import is_run, reseeded
from imagine.workflow_builder import build, plan
from imagine.workflow_planner import UNSEEN, WorkflowPlanner

T = TypeVar("T")

# Longer prompts are read in a thread: forty lines of a permutation take most of a second.
LONG = 1_000
# Without it there is no wildcard in a prompt.
MARK = "__"
# Without one of these no file has to be looked at for it.
MARKS = (MARK, "workflow", "character")
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})
# A canonical prompt, with everything written in, is longer than what was typed.
MOST_STORED = 24_000


async def read_apart(text: str, work: Callable[[], T]) -> T:
    """Do work on a prompt: in a thread when it is long, or when files may have to be looked at."""
    is_slow = len(text) > LONG or any(mark in text.lower() for mark in MARKS)
    return await asyncio.to_thread(work) if is_slow else work()


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
        registry: Registry = NO_WORKFLOWS,
        characters: Characters = NOBODY,
    ) -> None:
        self._profiles = profiles
        self._catalog = catalog
        self._wildcards = wildcards
        self._defaults = defaults
        self._inputs = inputs
        self._characters = characters
        self._workflows = WorkflowPlanner(profiles, registry, characters, inputs)

    def vocabulary(self, text: str, options: Mapping[str, Any] = NO_OPTIONS) -> Vocabulary:
        """Return what a prompt and its options are read by.

        Where they may name a wildcard, a workflow or a character, files are looked at.
        """
        known = VOCABULARY
        asked = f"{text.lower()} {' '.join(map(plain_key, options))}"
        if MARK in text:
            known = replace(known, wildcards=self._wildcards())
        if CHARACTER in asked:
            known = with_known(known, self._characters.current().characters)
        if WORKFLOW in asked:
            named = workflow_named(text, options)
            known = self._workflows.vocabulary(named, known, self._catalog())
        return known

    def parameters(self, workflow: str | None) -> Vocabulary:
        """Return all flags, those of a workflow included; for threads.

        Raises:
            NotFoundError: there is no such workflow.
        """
        known = with_known(VOCABULARY, self._characters.current().characters)
        if workflow is not None:
            self._workflows.find(workflow)
        return self._workflows.vocabulary(workflow, known, self._catalog())

    async def cast(self) -> Cast:
        """Return all characters, whose pictures are brought in; one that cannot be is told."""
        found = await asyncio.to_thread(self._characters.current)
        broken = []
        for character in found.characters.values():
            if self._inputs is None or not character.pictures:
                continue
            try:
                await self._inputs.find(character.pictures)
            except PromptError as error:
                text = f"The pictures of {character.id} cannot be used: {error.message}"
                broken.append(Broken(file=character.id, line=None, message=text))
        return KnownCast(found.characters, (*found.broken, *broken))

    async def plan_workflow(self, ask: WorkflowAsk) -> list[Planned]:
        """Plan the runs of a workflow that a request asks for.

        Raises:
            NotFoundError: there is no such workflow, or no such character.
            PromptError: a value cannot be, or there are too many pictures.
            WorkflowError: the engine cannot run it.
        """
        return await self._workflows.plan_ask(ask, self._catalog())

    async def plan_again(self, job: Job, text: str | None) -> list[Planned]:
        """Plan a run of a workflow anew, with other seeds, or with other words and flags.

        A prompt that names no workflow is read as one of the same, and changes what it says.

        Raises:
            PromptError: the prompt cannot be.
            WorkflowError: the workflow is no longer there, or the engine cannot run it.
        """
        if text is None:
            return [await self._workflows.plan_again(job, self._catalog())]
        if await asyncio.to_thread(workflow_named, text, NO_OPTIONS) is not None:
            return await self.plan_all(text, NO_OPTIONS)
        rerun = await self._workflows.rerun(job, self._catalog())
        prompts = await self.read(text, {WORKFLOW: rerun.entry.id})
        catalog = self._catalog()
        rerun = reseeded(rerun, draw_seed())
        return [await self._workflows.plan(one, catalog, beneath=rerun) for one in prompts]

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
            vocabulary = replace(self.vocabulary(text, options), max_characters=most)
            prompts = expand(text, vocabulary, draw_seed, options, uploads=len(images))
            whole = (replace(prompt, images=(*prompt.images, *images)) for prompt in prompts)
            return [one for prompt in whole for one in self.spread(prompt)]

        return await read_apart(" ".join((text, *options)), opened)

    def spread(self, prompt: Prompt) -> list[Prompt]:
        """Return one prompt for each picture, where a workflow takes one at a time; for threads.

        Raises:
            PromptError: it names more pictures than may be made at once.
        """
        is_picture = prompt.vocabulary.workflow is None
        return [prompt] if is_picture else self._workflows.spread(prompt)

    async def plan_one(
        self, prompt: Prompt, *, origin: Origin | None = None, member: int | None = None
    ) -> Planned:
        """Plan a new job; other work may go on before it.

        Raises:
            PromptError: it names a picture or a model that is not there.
            WorkflowError: the engine cannot run it.
        """
        await asyncio.sleep(0)
        catalog = self._catalog()
        if prompt.vocabulary.workflow is not None:
            return await self._workflows.plan(prompt, catalog, origin=origin)
        prompt, shown = self._written_out(prompt)
        planned = await self._found(prompt, new_id(), catalog, origin, member)
        return planned.showing(shown)

    async def plan_stored(self, job: Job, prompt_id: str, catalog: Catalog) -> Planned:
        """Plan a stored job again, for another attempt or another engine.

        It keeps the model that was chosen for it, unless the engine does not have that.
        """
        if is_run(job):
            return await self._workflows.plan_stored(job, prompt_id, catalog)
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
        shown = {name: job.parameters[name] for name in (CHARACTER,) if name in job.parameters}
        return replace(planned, plan=made).showing(shown)

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

    def outline(self, prompt: Prompt) -> Outline:
        """Say what a prompt would use, without building its graph or finding its pictures.

        Raises:
            PromptError, WorkflowError: it could not be planned either.
        """
        if prompt.vocabulary.workflow is not None:
            return Outline(*self._workflows.outline(prompt, self._catalog()))
        prompt, shown = self._written_out(prompt)
        inputs = {link: InputImage(link, link, *UNSEEN) for link in links_of(prompt)}
        made = plan(prompt, self._catalog(), self._profiles, self._defaults, inputs=inputs)
        return Outline(prompt, replace(made, parameters={**made.parameters, **shown}))

    def _written_out(self, prompt: Prompt) -> tuple[Prompt, dict[str, Any]]:
        """Return a prompt with its characters written out, and what its job shows of them."""
        if CHARACTER not in prompt.parameters:
            return prompt, {}
        characters = self._characters.latest.characters
        shown = told_of(cast_of(prompt, characters))
        return with_characters(prompt, characters), shown

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
