"""The parsed prompt, and the vocabulary by which it was read.

Apart from the parser, so that the rooms that only use a prompt (graphs, jobs) need nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from imagine.models import Note
from imagine.parameters import PARAMETERS, Parameter
from imagine.prompt_settling import implied, settle
from imagine.prompt_tokens import Token, escape
from imagine.prompt_values import Value, Weighted, write, write_number

MAX_CHARACTERS = 6000


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the parser knows: the flags, the wildcards, and how long a prompt may be.

    A workflow adds flags of its own with ``Vocabulary(parameters=(*PARAMETERS, mine))``. A stored
    canonical prompt, longer than what was typed, is read with a higher ``max_characters``.
    ``wildcards`` are the lines that ``__name__`` may stand for. ``workflow``: the id of the one
    whose flags it has, None without any.
    """

    parameters: tuple[Parameter, ...] = PARAMETERS
    max_characters: int = MAX_CHARACTERS
    wildcards: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, hash=False)
    workflow: str | None = None
    by_flag: Mapping[str, Parameter] = field(init=False, repr=False, compare=False)
    by_name: Mapping[str, Parameter] = field(init=False, repr=False, compare=False)
    # The names that the workflow gives a meaning of its own.
    own: frozenset[str] = field(init=False, repr=False, compare=False)
    _wildcard_names: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_flag = {flag: row for row in self.parameters for flag in row.flags}
        if len(by_flag) < sum(len(row.flags) for row in self.parameters):
            raise ValueError("two parameters share a flag")
        object.__setattr__(self, "by_flag", by_flag)
        object.__setattr__(self, "by_name", {row.name: row for row in self.parameters})
        own = frozenset(row.name for row in self.parameters if row.is_of_workflow)
        object.__setattr__(self, "own", own)
        names = {name.casefold(): name for name, lines in self.wildcards.items() if lines}
        object.__setattr__(self, "_wildcard_names", names)

    def find(self, flag: str) -> Parameter | None:
        """Return the parameter of a flag as it was typed, without its dashes."""
        return self.by_flag.get(flag.lower().replace("_", "-"))

    def find_wildcard(self, typed: str) -> str | None:
        """Return the name of a wildcard as it was typed between its underscores, in any case."""
        return typed if self.wildcards.get(typed) else self._wildcard_names.get(typed.casefold())


VOCABULARY = Vocabulary()


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the text with its weight; weights are relative to each other."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt, that is one job: words, references and checked parameters.

    Equal prompts have the same text, segments, images and parameters, however they were typed.
    ``tokens`` lie on ``source``. ``drawn`` names the parameters that chance gave, which an option
    may still replace; ``repeated`` is the ``--repeat`` that an expanded prompt came from.
    """

    source: str = field(compare=False)
    text: str
    segments: tuple[Segment, ...]
    images: tuple[str, ...]
    parameters: Mapping[str, Value]
    notes: tuple[Note, ...] = field(default=(), compare=False)
    tokens: tuple[Token, ...] = field(default=(), compare=False)
    vocabulary: Vocabulary = field(default=VOCABULARY, compare=False, repr=False)
    drawn: frozenset[str] = field(default=frozenset(), compare=False)
    repeated: int = field(default=1, compare=False)

    def canonical(self) -> str:
        """Print the one normal form: references, text, then parameters in the table's order."""
        hidden = implied(self.parameters, self.vocabulary.own)
        flags = [
            f"{row.flag} {text}".rstrip(" ")
            for row in self.vocabulary.parameters
            if row.name in self.parameters and row.name not in hidden
            for text in write(row, self.parameters[row.name])
        ]
        images = [escape(image) for image in self.images]
        return " ".join(part for part in (*images, escape(self.text), *flags) if part)

    def with_parameters(self, **changes: Value | None) -> "Prompt":
        """Return the prompt with other parameters, by long name; None removes one."""
        unknown = changes.keys() - self.vocabulary.by_name.keys()
        if unknown:
            raise ValueError(f"no such parameters: {', '.join(sorted(unknown))}")
        hidden = implied(self.parameters, self.vocabulary.own)
        values = {name: value for name, value in self.parameters.items() if name not in hidden}
        for name, change in changes.items():
            if change is None or change is False:
                values.pop(name, None)
            else:
                values[name] = change
        settled, notes = settle(values, self.vocabulary.own)
        changed = replace(
            self,
            parameters=in_order(settled, self.vocabulary),
            drawn=self.drawn - changes.keys(),
        )
        return changed.with_notes(*notes)

    def with_notes(self, *notes: Note) -> "Prompt":
        """Return the prompt with more notes; none is said twice."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *notes))))


def in_order(values: Mapping[str, Value], vocabulary: Vocabulary) -> Mapping[str, Value]:
    """Return the values, read-only, in the order of the table."""
    return MappingProxyType({name: values[name] for name in vocabulary.by_name if name in values})


def write_text(segments: tuple[Segment, ...]) -> str:
    """Print parts with their weights: ``hot::2 dog``. A last weight of 1 is left out."""
    written = []
    for place, segment in enumerate(segments):
        following = segments[place + 1].text if place + 1 < len(segments) else None
        if segment.weight == 1 and following is None:
            written.append(segment.text)
            continue
        # `::` takes a number after it, so a plain one is written where the next part begins so.
        is_plain = (
            segment.weight == 1 and following is not None and following[0] not in "-.0123456789"
        )
        weight = "" if is_plain else write_number(segment.weight)
        # Behind these, `::` would begin elsewhere, or be part of a link: ``http:// ::2``.
        gap = " " if segment.text.endswith((":", "/")) else ""
        written.append(f"{segment.text}{gap}::{weight}")
    return " ".join(written)


def wire_parameters(prompt: Prompt) -> dict[str, Any]:
    """Return every parameter as typed, by long name, ready for JSON."""
    values = dict(prompt.parameters)
    if prompt.repeated > 1:
        values["repeat"] = prompt.repeated
    return {name: _wire(value) for name, value in in_order(values, prompt.vocabulary).items()}


def _wire(value: Value) -> Any:
    if not isinstance(value, tuple):
        return value
    return [
        {"value": item.value, "weight": item.weight} if isinstance(item, Weighted) else item
        for item in value
    ]
