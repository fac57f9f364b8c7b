"""From typed words to a checked graph: parse, expand, plan, build and preflight, in that order.

The language and the graphs are pure functions; the planner brings them together with what is
installed now and what the owner configured.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from imagine.catalog import Catalog
from imagine.errors import WorkflowError
from imagine.ids import new_id
from imagine.model_choice import choose_model, usable_models
from imagine.models import Note
from imagine.names import basename
from imagine.preflight import preflight
from imagine.profiles import Profiles
from imagine.prompt_parser import Prompt, Vocabulary, expand, parse
from imagine.workflow_builder import Plan, Workflow, build, plan

T = TypeVar("T")

# Longer prompts are read in a thread: forty lines of a permutation take most of a second.
LONG = 1_000
# A canonical prompt, with everything written in, is longer than what was typed.
MOST_STORED = 24_000


async def read_apart(text: str, work: Callable[[], T]) -> T:
    """Do pure work on a prompt: in a thread when it is long, so that nobody waits for it."""
    return await asyncio.to_thread(work) if len(text) > LONG else work()


def draw_seed() -> int:
    """Draw a seed of 32 bits, the range of ``--seed``."""
    return secrets.randbelow(2**32)


@dataclass(frozen=True, slots=True)
class Planned:
    """One job to be: its prompt, what it will use, and its graph if the engine is known.

    ``prompt_id`` stands in the graph's file names, so a graph serves one attempt only.
    """

    prompt_id: str
    prompt: Prompt
    plan: Plan
    workflow: Workflow | None
    catalog: Catalog | None

    @property
    def notes(self) -> tuple[Note, ...]:
        built = self.workflow.notes if self.workflow is not None else ()
        return tuple(dict.fromkeys((*self.prompt.notes, *self.plan.notes, *built)))


class Planner:
    """Plans prompts against the engine's catalog as it is at the moment of the call."""

    def __init__(
        self,
        profiles: Profiles,
        *,
        catalog: Callable[[], Catalog | None] = lambda: None,
        vocabulary: Vocabulary | None = None,
        default_model: str | None = None,
        batch_mode: str = "one_by_one",
    ) -> None:
        self._profiles = profiles
        self._catalog = catalog
        self.vocabulary = vocabulary or Vocabulary()
        self._default_model = default_model
        self._batch_mode = batch_mode

    async def plan_all(self, text: str, options: Mapping[str, Any]) -> list[Planned]:
        """Plan every job of one prompt; other work may go on between two jobs.

        Raises:
            PromptError: the prompt or an option cannot be.
            WorkflowError: the engine cannot run it.
        """
        planned: list[Planned] = []
        prompts = await read_apart(text, lambda: expand(text, self.vocabulary, draw_seed, options))
        for prompt in prompts:
            if planned:
                await asyncio.sleep(0)
            planned.append(self.plan(prompt, new_id(), self._catalog()))
        return planned

    def plan_canonical(self, canonical: str, prompt_id: str, catalog: Catalog) -> Planned:
        """Plan a stored job again, for another attempt or another engine."""
        stored = replace(self.vocabulary, max_characters=MOST_STORED)
        return self.plan(parse(canonical, stored), prompt_id, catalog)

    def outline(self, prompt: Prompt) -> Plan:
        """Say what a prompt would use, without building its graph."""
        return self._plan(prompt, self._catalog())

    def models(self, catalog: Catalog | None) -> list[dict[str, Any]]:
        """List the installed models that make pictures from words, for ``/api/catalog``."""
        if catalog is None:
            return []
        try:
            default = choose_model(None, self._default_model, catalog, self._profiles).name
        except WorkflowError:
            default = None
        return [
            {
                "name": name,
                "label": basename(name),
                "family": profile.family,
                "family_label": profile.label,
                "default": name == default,
                "steps": profile.steps,
                "cfg": profile.cfg,
                "sampler": profile.sampler,
                "scheduler": profile.scheduler,
                "negative": profile.negative,
            }
            for name, profile in usable_models(catalog, self._profiles)
        ]

    def plan(self, prompt: Prompt, prompt_id: str, catalog: Catalog | None) -> Planned:
        """Plan one job, and build and check its graph if the catalog is known.

        Raises:
            PromptError: a model, a LoRA or a sampler that is not installed.
            WorkflowError: the engine cannot run the graph.
        """
        made = self._plan(prompt, catalog)
        if catalog is None:
            return Planned(prompt_id, prompt, made, None, None)
        request = replace(made.request, filename_prefix=f"imagine/{prompt_id}")
        workflow = build(request, made.profile, catalog)
        if problems := preflight(workflow.graph, catalog):
            raise WorkflowError(
                problems[0].message or "The engine cannot run this graph.", details=problems
            )
        return Planned(prompt_id, prompt, made, workflow, catalog)

    def _plan(self, prompt: Prompt, catalog: Catalog | None) -> Plan:
        return plan(
            prompt,
            catalog,
            self._profiles,
            default_model=self._default_model,
            batch_mode=self._batch_mode,
        )
