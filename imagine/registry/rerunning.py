"""A run of a workflow that is made again: what its job shows becomes values once more.

Pure. It goes by the values and not by the prompt, which holds only what somebody gave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imagine.importing.fields import ParameterType
from imagine.models import Job, Note, NoteLevel
from imagine.names import find
from imagine.parameters import MAX_SEED
from imagine.planning.memory import PARAMETER as OOM_RETRY
from imagine.prompt import VOCABULARY, Prompt, Segment, in_order
from imagine.prompt_tokens import flags
from imagine.prompt_values import Weighted
from imagine.registry.entries import NAMES, Entry, Parameter
from imagine.registry.translation import Given
from imagine.registry.writing import plain_words

# What its job shows besides its values, and a job that is made of it too.
_CARRIED = ("character", "speed", "visibility")
_STOOD_IN = ("model", NoteLevel.INFO)
# The words of what grows from a run without any.
_WORDLESS = "a picture"


@dataclass(frozen=True, slots=True)
class Rerun:
    """A job once more. ``names``: the parameters that somebody gave; the others had defaults.

    ``also`` is what the new job shows besides its values.
    """

    entry: Entry
    values: Mapping[str, Any]
    names: frozenset[str]
    words: str
    seed: int
    loras: tuple[Weighted, ...]
    switches: tuple[str, ...]
    notes: tuple[Note, ...]
    also: Mapping[str, Any]


def is_run(job: Job) -> bool:
    """Say whether a job was made by a workflow."""
    return "workflow" in job.parameters


def rerun_of(job: Job, entry: Entry, parameters: Sequence[Parameter]) -> Rerun:
    """Return a job as it was. ``parameters``: as the engine has them that is to make it.

    What it had by default and this engine has not installed is left to the engine.
    """
    told = job.parameters
    own = {one.name for one in entry.parameters}
    values = {name: told[name] for name in own if name in told}
    if "batch_size" in values and "outputs" in told:
        values["batch_size"] = int(values["batch_size"]) // int(told["outputs"])
    names = frozenset(flag.name.lower().replace("-", "_") for flag in flags(job.canonical))
    for parameter in parameters:
        if parameter.name in values and _is_elsewhere(parameter, values[parameter.name], names):
            del values[parameter.name]
    # Which files stand in for others is told anew: the engine may be another one.
    notes = tuple(one for one in job.notes if (one.parameter, one.level) != _STOOD_IN)
    if told.get("revision") != entry.revision:
        text = f"The workflow {entry.name} was changed since this set was asked for."
        notes = (*notes, Note(parameter="workflow", message=text))
    shown = () if "loras" in own else told.get("loras", ())
    seed = told.get("seed")
    return Rerun(
        entry=entry,
        values=values,
        names=names,
        words=str(values.get("prompt", job.text)),
        seed=seed if isinstance(seed, int) else 0,
        loras=tuple(Weighted(str(one["value"]), float(one["weight"])) for one in shown),
        switches=tuple(str(told[name]) for name in _CARRIED[1:] if name in told.keys() - own),
        notes=notes,
        also={name: told[name] for name in (*_CARRIED, OOM_RETRY) if name in told.keys() - own},
    )


def reseeded(rerun: Rerun, seed: int) -> Rerun:
    """Return the same as a new job: with other seeds."""
    seeds = {one.name for one in rerun.entry.of_type(ParameterType.SEED)}
    return replace(
        rerun,
        values={name: value for name, value in rerun.values.items() if name not in seeds},
        seed=seed,
        notes=tuple(one for one in rerun.notes if one.parameter not in ("workflow", OOM_RETRY)),
        also={name: value for name, value in rerun.also.items() if name != OOM_RETRY},
    )


def with_beneath(given: Given, rerun: Rerun) -> Given:
    """Return what is given, and what a run had where nothing is."""
    return replace(given, values={**rerun.values, **given.values})


def words_alone(job: Job) -> Prompt:
    """Return the prompt of what grows from a picture of a run: its words and its seed, no flags."""
    text = plain_words(job.text) or _WORDLESS
    seed = job.parameters.get("seed")
    known = {"seed": seed} if isinstance(seed, int) and 0 <= seed <= MAX_SEED else {}
    parameters = in_order(known, VOCABULARY)
    return Prompt(text, text, (Segment(text),), (), parameters)


def _is_elsewhere(parameter: Parameter, value: object, names: frozenset[str]) -> bool:
    if parameter.type not in NAMES or parameter.name in names or not parameter.choices:
        return False
    return bool(value) and not find(str(value), [str(one) for one in parameter.choices])
