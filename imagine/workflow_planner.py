"""From a prompt that names a workflow, or a request for one, to a checked graph.

Apart from the planner of pictures: here the graph is somebody else's, and what a prompt says
becomes values for it. Both end in a `imagine.planned.Planned`, and jobs do not tell them apart.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from imagine.catalog import Catalog
from imagine.characters import Character, Characters, cast_of, read_cast, told_of, with_characters
from imagine.errors import Detail, NotFoundError, PromptError, WorkflowError
from imagine.graph import Workflow
from imagine.ids import new_id
from imagine.input_image import InputFile, InputImage
from imagine.media import Kind
from imagine.models import Job, Origin
from imagine.planned import Inputs, Planned, draw_seed
from imagine.preflight import preflight
from imagine.profiles import Profiles
from imagine.prompt import VOCABULARY, Prompt, Vocabulary
from imagine.prompt_links import with_links
from imagine.prompt_places import placed
from imagine.registry.asking import WorkflowAsk, each_picture, given_by
from imagine.registry.availability import wrong_feeds
from imagine.registry.brought import ask_with_media, prompt_with_media
from imagine.registry.entries import FILES, Entry, Parameter
from imagine.registry.filling import fill
from imagine.registry.installed import stand_in_notes
from imagine.registry.lookup import Registry, find_entry
from imagine.registry.loras import takes_loras
from imagine.registry.planning import WorkflowPlan, plan_values
from imagine.registry.remembered import Remembered
from imagine.registry.rerunning import Rerun, rerun_of, reseeded, with_beneath
from imagine.registry.rows import vocabulary_of, with_workflows
from imagine.registry.settling import settle
from imagine.registry.translation import (
    Given,
    free_pictures,
    given_of,
    is_drawn,
    links_in,
    spread,
    with_origin,
    without_loras,
)
from imagine.registry.values import check_values
from imagine.registry.writing import with_values, written_prompt
from imagine.run_pictures import find_pictures

# What a prompt may say of the whole job, and the job then shows.
_SHOWN = {"speed": ("turbo", "fast", "relax"), "visibility": ("stealth", "public")}
# The size that a picture is taken to have while it is not found. Units: pixels.
UNSEEN = (1024, 1024)


class WorkflowPlanner:
    """Plans runs of workflows. Owned by the planner."""

    def __init__(
        self,
        profiles: Profiles,
        registry: Registry,
        characters: Characters,
        inputs: Inputs | None,
    ) -> None:
        self._profiles = profiles
        self._registry = registry
        self._characters = characters
        self._inputs = inputs
        self._settled = Remembered(self._settle)
        self._wrong_feeds = Remembered(wrong_feeds)

    # --- what there is

    def library(self) -> Mapping[str, Entry]:
        """Return the workflows as they are now; for threads."""
        return self._registry.current().entries

    def parameters(self, entry: Entry, catalog: Catalog | None) -> tuple[Parameter, ...]:
        """Return the parameters of an entry as an engine has them."""
        return self._settled.of(entry, catalog)

    def _settle(self, entry: Entry, catalog: Catalog | None) -> tuple[Parameter, ...]:
        return settle(entry, catalog, self._profiles)

    def vocabulary(self, name: str | None, base: Vocabulary, catalog: Catalog | None) -> Vocabulary:
        """Return the flags beside ``--workflow NAME``; those of all prompts, if there is none.

        It looks at the folders, so it is for threads.
        """
        library = self.library()
        base = with_workflows(base, library)
        entry = library.get(name) if name is not None else None
        return (
            base if entry is None else vocabulary_of(entry, self.parameters(entry, catalog), base)
        )

    # --- prompts

    def spread(self, prompt: Prompt) -> list[Prompt]:
        """Return one prompt for each picture, where a workflow takes one at a time.

        Videos and sounds stand behind flags then. It may look for uploads, so it is for threads.

        Raises:
            PromptError: it names more pictures than may be made at once.
        """
        entry = self._entry(prompt)
        return spread(prompt_with_media(prompt, entry, self._kind_of), entry)

    def _kind_of(self, link: str) -> Kind | None:
        return self._inputs.kind_of(link) if self._inputs is not None else None

    def outline(self, prompt: Prompt, catalog: Catalog | None) -> tuple[Prompt, WorkflowPlan]:
        """Say what a prompt would use, without its graph; nobody looks for its pictures.

        Raises:
            PromptError: it asks for what cannot be.
            WorkflowError: the engine cannot run it.
        """
        entry = self._entry(prompt)
        parameters = self.parameters(entry, catalog)
        prompt, given, also = self._read(prompt, entry, parameters, catalog)
        values = _checked(prompt, entry, parameters, given, lambda: 0)
        images = {link: InputImage(link, link, *UNSEEN) for _, link in links_in(entry, values)}
        made = self._plan(prompt, entry, given, values, catalog, images, also)
        if catalog is not None:
            self._graph(made, catalog, "imagine")
        drawn = (one.name for one in parameters if is_drawn(one))
        unknown = {name: None for name in drawn if name not in prompt.parameters}
        return prompt, replace(made, parameters={**made.parameters, **unknown})

    async def plan(
        self,
        prompt: Prompt,
        catalog: Catalog | None,
        *,
        origin: Origin | None = None,
        beneath: Rerun | None = None,
    ) -> Planned:
        """Plan one job of a prompt.

        ``origin``: a picture and its mask, which came beside it. ``beneath``: a job whose values
        count where the prompt says nothing.

        Raises:
            PromptError: it asks for what cannot be, or names a picture that is not there.
            WorkflowError: the engine cannot run it.
        """
        entry = self._entry(prompt)
        parameters = self.parameters(entry, catalog)
        if origin is not None:
            prompt = with_origin(prompt, entry, origin)
        prompt, given, also = self._read(prompt, entry, parameters, catalog)
        names: frozenset[str] = frozenset()
        if beneath is not None:
            names = beneath.names | {one.name for one in entry.of_type(*FILES)}
            names -= given.values.keys()
        whole = given if beneath is None else with_beneath(given, beneath)
        values = _checked(prompt, entry, parameters, whole, draw_seed)
        try:
            own, values, images = await find_pictures(self._inputs, entry, values)
        except PromptError as error:
            raise error.named({link: name for name, link in links_in(entry, values)}) from error
        prompt = with_values(with_links(prompt, own), parameters, values, names)
        made = self._plan(prompt, entry, given, values, catalog, images, also)
        return self._built(prompt, made, new_id(), catalog)

    # --- requests

    async def plan_ask(self, ask: WorkflowAsk, catalog: Catalog | None) -> list[Planned]:
        """Plan the runs that a request asks for: one, or one for each picture.

        Raises:
            NotFoundError: there is no such workflow, or no such character.
            PromptError: a value cannot be, or there are too many pictures.
            WorkflowError: the engine cannot run it.
        """
        ask, entry, characters = await asyncio.to_thread(self._asked, ask)
        cast = read_cast(ask.character, characters) if ask.character is not None else ()
        planned = []
        for one in each_picture(ask, entry):
            planned.append(await self._plan_run(one, entry, cast, catalog))
            await asyncio.sleep(0)
        return planned

    def _asked(self, ask: WorkflowAsk) -> tuple[WorkflowAsk, Entry, Mapping[str, Character]]:
        """Return a request with its videos and sounds as values, and what it names."""
        entry = self.find(ask.workflow)
        ask = ask_with_media(ask, entry, self._kind_of)
        known = self._characters.current().characters if ask.character is not None else {}
        return ask, entry, known

    async def _plan_run(
        self,
        ask: WorkflowAsk,
        entry: Entry,
        cast: Sequence[tuple[Character, float]],
        catalog: Catalog | None,
    ) -> Planned:
        parameters = self.parameters(entry, catalog)
        given = _fitting(given_by(ask, entry, cast), entry, catalog)
        values = check_values(entry, parameters, given.values, draw_seed)
        _, values, images = await find_pictures(self._inputs, entry, values)
        seed = values.get("seed")
        prompt = written_prompt(
            vocabulary_of(entry, parameters, VOCABULARY),
            parameters,
            values,
            given.values.keys(),
            words=str(values.get("prompt", ask.prompt or "")),
            seed=seed if isinstance(seed, int) else draw_seed(),
            loras=given.loras,
        )
        made = self._plan(prompt, entry, given, values, catalog, images, told_of(cast))
        return self._built(prompt, made, new_id(), catalog)

    # --- jobs that are there already

    async def plan_stored(self, job: Job, prompt_id: str, catalog: Catalog) -> Planned:
        """Plan a stored job again, by the values that it shows.

        Raises:
            WorkflowError: its workflow is no longer there, or the engine cannot run it.
            PromptError: a value of it can no longer be.
        """
        return await self._plan_rerun(await self.rerun(job, catalog), prompt_id, catalog)

    async def plan_again(self, job: Job, catalog: Catalog | None) -> Planned:
        """Plan a new job with the values of another one, but for its seeds; errors as above."""
        rerun = reseeded(await self.rerun(job, catalog), draw_seed())
        return await self._plan_rerun(rerun, new_id(), catalog)

    async def rerun(self, job: Job, catalog: Catalog | None) -> Rerun:
        """Return what a job was given.

        Raises:
            WorkflowError: its workflow is no longer there.
        """
        name = str(job.parameters["workflow"])
        try:
            entry = await asyncio.to_thread(self.find, name)
        except NotFoundError as error:
            raise WorkflowError(
                f"The workflow {name}, which makes set {job.number}, {self._missing(name)}.",
                hint="Put its files back into the folder as they were, then try again.",
            ) from error
        return rerun_of(job, entry, self.parameters(entry, catalog))

    def _missing(self, name: str) -> str:
        """Say why a workflow is not there: it went, or its file cannot be read."""
        for one in self._registry.latest.broken:
            if one.file.rpartition("/")[2].partition(".")[0].lower() == name:
                return f"cannot be read: {one.file}: {one.message.rstrip('.')}"
        return "is no longer there"

    async def _plan_rerun(self, rerun: Rerun, prompt_id: str, catalog: Catalog | None) -> Planned:
        entry = rerun.entry
        parameters = self.parameters(entry, catalog)
        values = check_values(entry, parameters, rerun.values, draw_seed)
        _, values, images = await find_pictures(self._inputs, entry, values)
        seed = values.get("seed", rerun.seed)
        prompt = written_prompt(
            vocabulary_of(entry, parameters, VOCABULARY),
            parameters,
            values,
            rerun.names,
            words=rerun.words,
            seed=seed if isinstance(seed, int) else rerun.seed,
            loras=rerun.loras,
            switches=rerun.switches,
            notes=rerun.notes,
        )
        named = {name: value for name, value in values.items() if name in rerun.names}
        given = Given(named, rerun.loras)
        made = self._plan(prompt, entry, given, values, catalog, images, rerun.also)
        return self._built(prompt, made, prompt_id, catalog)

    # --- what all of them do

    def find(self, name: str) -> Entry:
        """Return a workflow, read again if its files changed; for threads.

        Raises:
            NotFoundError: there is none of that id.
        """
        return find_entry(name, self.library())

    def _entry(self, prompt: Prompt) -> Entry:
        """Return the workflow by whose flags a prompt was read.

        Raises:
            PromptError: somebody removed it since.
        """
        name = prompt.vocabulary.workflow or ""
        entry = self._registry.latest.entries.get(name)
        if entry is None:
            message = f"There is no workflow {name} any more."
            raise PromptError(message, details=[Detail(parameter="workflow", message=message)])
        return entry

    def _read(
        self,
        prompt: Prompt,
        entry: Entry,
        parameters: Sequence[Parameter],
        catalog: Catalog | None,
    ) -> tuple[Prompt, Given, dict[str, Any]]:
        """Return a prompt with its characters written out, what it gives, and what its job shows.

        Raises:
            PromptError: it names more pictures than the workflow takes.
        """
        characters = self._characters.latest.characters
        shown = told_of(cast_of(prompt, characters))
        prompt = with_characters(prompt, characters, room=max(0, free_pictures(prompt, entry)))
        given = _fitting(given_of(prompt, entry, parameters), entry, catalog)
        for name, flags in _SHOWN.items():
            if typed := next((flag for flag in flags if prompt.parameters.get(flag)), None):
                shown[name] = typed
        return prompt, given, shown

    def _plan(
        self,
        prompt: Prompt,
        entry: Entry,
        given: Given,
        values: Mapping[str, Any],
        catalog: Catalog | None,
        images: Mapping[str, InputFile],
        also: Mapping[str, Any],
    ) -> WorkflowPlan:
        seed = prompt.parameters.get("seed")
        try:
            return plan_values(
                entry,
                values,
                catalog,
                self._profiles,
                seed=seed if isinstance(seed, int) else 0,
                loras=given.loras,
                images=images,
                notes=(*given.notes, *stand_in_notes(entry, values, given.values.keys())),
                also=also,
            )
        except PromptError as error:
            raise _placed(prompt, error) from error

    def _built(
        self, prompt: Prompt, made: WorkflowPlan, prompt_id: str, catalog: Catalog | None
    ) -> Planned:
        """Return the job with its graph, checked, if the engine is known.

        Raises:
            WorkflowError: the engine cannot run it.
        """
        if catalog is None:
            return Planned(prompt_id, prompt, made, None, None)
        workflow = self._graph(made, catalog, f"imagine/{prompt_id}")
        return Planned(prompt_id, prompt, made, workflow, catalog)

    def _graph(self, made: WorkflowPlan, catalog: Catalog, prefix: str) -> Workflow:
        """Return the graph of a plan, checked.

        Raises:
            WorkflowError: the engine cannot run it.
        """
        workflow = fill(
            made.entry,
            made.values,
            images=made.images,
            catalog=catalog,
            filename_prefix=prefix,
            loras=made.loras,
        )
        problems = self._wrong_feeds.of(made.entry, catalog) or preflight(workflow.graph, catalog)
        if problems:
            raise WorkflowError(
                problems[0].message or "The engine cannot run this graph.", details=problems
            )
        return workflow


def _fitting(given: Given, entry: Entry, catalog: Catalog | None) -> Given:
    """Return what is given, without LoRAs where the graph has no place for them."""
    has_place = catalog is None or not given.loras or takes_loras(entry, catalog)
    return given if has_place else without_loras(given, entry)


def _checked(
    prompt: Prompt,
    entry: Entry,
    parameters: Sequence[Parameter],
    given: Given,
    draw: Callable[[], int],
) -> dict[str, Any]:
    try:
        return check_values(entry, parameters, given.values, draw)
    except PromptError as error:
        raise _placed(prompt, error) from error


def _placed(prompt: Prompt, error: PromptError) -> PromptError:
    """Return an error that says where in the prompt its values stand."""
    details = [placed(prompt, detail) for detail in error.details]
    return PromptError(error.message, details=details, hint=error.hint, code=error.error_code)
