"""Flags of the prompt language for the parameters of a workflow, and the vocabulary with them.

A workflow's own parameters are flags beside the general ones: they take the place of those whose
names they have, and of what is general a workflow heeds what steers every prompt, and what it has
a parameter for (`imagine.registry.translation`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from imagine.fidelity import Fidelity
from imagine.importing.fields import ParameterType
from imagine.parameters import Group, ItemKind, ValueType, short
from imagine.parameters import Parameter as Row
from imagine.prompt import Vocabulary
from imagine.registry.entries import FILES, Entry, Parameter

# General flags that count with every workflow.
STEERING = frozenset(
    {"workflow", "character", "repeat", "seed", "lora"}
    | {"fast", "relax", "turbo", "stealth", "public"}
)
# General flags that count where the workflow has what they are turned into.
TURNED = {
    "aspect": ("width", "height"),
    "size": ("width", "height"),
    "batch": ("batch_size",),
    "no": ("negative",),
}
_LINK = "https://example.com/cat.png"
_CLIP = "https://example.com/cat.mp4"
_SOUND = "https://example.com/cat.wav"
_LONGEST_EXAMPLE = 40
_TYPES = {
    ParameterType.INT: ValueType.INT,
    ParameterType.SEED: ValueType.INT,
    ParameterType.FLOAT: ValueType.NUMBER,
    ParameterType.BOOL: ValueType.SWITCH,
    ParameterType.CHOICE: ValueType.CHOICE,
    ParameterType.IMAGE: ValueType.WEIGHTED_LIST,
    ParameterType.MASK: ValueType.WEIGHTED_LIST,
    ParameterType.VIDEO: ValueType.WEIGHTED_LIST,
    ParameterType.AUDIO: ValueType.WEIGHTED_LIST,
}
_VALUES = {
    ParameterType.TEXT: "words, up to the next flag",
    ParameterType.MODEL: "an installed model, or a part of its name",
    ParameterType.LORA: "an installed LoRA, or a part of its name; none",
    ParameterType.IMAGE: "one link",
    ParameterType.MASK: "one link",
    ParameterType.VIDEO: "one link of a video",
    ParameterType.AUDIO: "one link of a sound",
}
# Types whose values run on to the next flag.
_RUNNING = (ParameterType.TEXT, ParameterType.MODEL, ParameterType.LORA)
_EXAMPLES = {
    ParameterType.TEXT: "soft light",
    ParameterType.MODEL: "sdxl",
    ParameterType.LORA: "detail",
    ParameterType.IMAGE: _LINK,
    ParameterType.MASK: _LINK,
    ParameterType.VIDEO: _CLIP,
    ParameterType.AUDIO: _SOUND,
    ParameterType.BOOL: "on",
    ParameterType.SEED: "42",
}


def vocabulary_of(entry: Entry, parameters: Sequence[Parameter], base: Vocabulary) -> Vocabulary:
    """Return the flags of a prompt that names a workflow. ``parameters``: as its engine has them.

    ``base`` are the flags of all other prompts.
    """
    own = [row_of(one) for one in parameters if is_flag(one)]
    names = {row.name for row in own} | {row.flags[0] for row in own}
    general = [
        _told(replace(row, flags=tuple(flag for flag in row.flags if flag not in names)), entry)
        for row in base.parameters
        if row.name not in names and row.flags[0] not in names
    ]
    first = [row for row in general if row.name == "workflow"]
    rest = [row for row in general if row.name != "workflow"]
    return replace(base, parameters=(*first, *own, *rest), workflow=entry.id)


def with_workflows(vocabulary: Vocabulary, ids: Iterable[str]) -> Vocabulary:
    """Return a vocabulary that knows these workflows by name."""
    known = tuple(ids)
    rows = (
        replace(row, choices=known) if row.name == "workflow" else row
        for row in vocabulary.parameters
    )
    return replace(vocabulary, parameters=tuple(rows))


def is_flag(parameter: Parameter) -> bool:
    """Say whether a parameter has a flag of its own: all but the words, and a lone LoRA.

    ``--lora`` may be given several times, with weights; the first goes into the parameter.
    """
    if parameter.name == "seed":
        return parameter.type in (ParameterType.SEED, ParameterType.INT)
    return not is_words(parameter) and not is_lora(parameter)


def is_words(parameter: Parameter) -> bool:
    return parameter.name == "prompt" and parameter.type is ParameterType.TEXT


def is_lora(parameter: Parameter) -> bool:
    return parameter.name == "lora" and parameter.type is ParameterType.LORA


def row_of(parameter: Parameter) -> Row:
    """Return the flag of one parameter."""
    kind = parameter.type
    choices = choice_names(parameter)
    default = parameter.default
    if isinstance(default, bool):
        default = switch(default)
    return Row(
        parameter.name,
        (parameter.name.replace("_", "-"),),
        _TYPES.get(kind, ValueType.TEXT),
        parameter.shown_label,
        group=Group.WORKFLOW,
        example=_example(parameter, choices),
        min=parameter.min,
        max=parameter.max,
        step=parameter.step,
        default=None if kind in FILES else default,
        choices=choices,
        values=_VALUES.get(kind, "") or _bounds(parameter),
        items=ItemKind.LINK if kind in FILES else None,
        max_items=1 if kind in FILES else None,
        runs_on=_runs_on(kind, choices),
        bare="on" if kind is ParameterType.BOOL else "" if kind is ParameterType.TEXT else None,
        ours=True,
        here=parameter.description or f"Sets {parameter.shown_label.lower()} of the workflow.",
        fidelity=Fidelity.OWN_MEANING,
    )


def choice_names(parameter: Parameter) -> tuple[str, ...]:
    """Return what may be typed for a parameter, where that is a list."""
    if parameter.type is ParameterType.BOOL:
        return (switch(True), switch(False))
    return tuple(switch(one) if isinstance(one, bool) else short(one) for one in parameter.choices)


def _runs_on(kind: ParameterType, choices: Sequence[str]) -> bool:
    """Say whether a value may have spaces in it; choices that nobody knows yet may."""
    if kind is ParameterType.CHOICE:
        return not choices or any(" " in choice for choice in choices)
    return kind in _RUNNING


def switch(value: bool) -> str:
    return "on" if value else "off"


def _example(parameter: Parameter, choices: Sequence[str]) -> str:
    kind, default = parameter.type, parameter.default
    if kind in FILES or kind in (ParameterType.BOOL, ParameterType.SEED):
        return _EXAMPLES[kind]
    if isinstance(default, int | float) and not isinstance(default, bool):
        return short(default)
    if isinstance(default, str) and 0 < len(default) <= _LONGEST_EXAMPLE and "\n" not in default:
        return default
    if choices:
        return choices[0]
    return _EXAMPLES.get(kind, "1" if parameter.min is None else short(parameter.min))


def _bounds(parameter: Parameter) -> str:
    """Say what a number may be, where it is not bounded on both sides."""
    if parameter.type not in (ParameterType.INT, ParameterType.SEED, ParameterType.FLOAT):
        return ""
    if parameter.min is not None and parameter.max is not None:
        return ""
    what = "a number" if parameter.type is ParameterType.FLOAT else "a whole number"
    return " ".join((what, *_ends(parameter)))


def _ends(parameter: Parameter) -> Iterator[str]:
    if parameter.min is not None:
        yield f"from {short(parameter.min)}"
    if parameter.max is not None:
        yield f"up to {short(parameter.max)}"


def _told(row: Row, entry: Entry) -> Row:
    """Return a general flag as it counts with a workflow."""
    if row.is_legacy or row.name in STEERING or is_turned(row.name, entry):
        return row
    return replace(
        row,
        here=f"Left out with a note: the workflow {entry.name} has nothing like it.",
        fidelity=Fidelity.NOT_HERE,
    )


def is_turned(name: str, entry: Entry) -> bool:
    """Say whether a workflow has all that a general flag is turned into."""
    needed = TURNED.get(name)
    return needed is not None and all(entry.parameter(one) is not None for one in needed)
