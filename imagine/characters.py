"""Characters: what ``--character mira`` stands for, written out in a prompt.

Pure; `imagine.character_files` reads them. A canonical prompt has them written out, so that it
makes the same again whatever becomes of their file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Protocol

from imagine.errors import Detail, NotFoundError, PromptError
from imagine.models import Broken, Note
from imagine.parameters import Parameter
from imagine.prompt import VOCABULARY, Prompt, Segment, Vocabulary, write_text
from imagine.prompt_findings import near_name
from imagine.prompt_values import BadValueError, Weighted, read_item, split_weight

NAME = "character"
# How strong a LoRA may be, either way.
MOST_STRENGTH = 10.0


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody who is to be the same in many pictures.

    ``strength`` is that of the LoRA, -10–10. ``pictures`` are links of our own.
    """

    id: str
    name: str
    description: str = ""
    lora: str | None = None
    strength: float = 1.0
    trigger: str = ""
    pictures: tuple[str, ...] = ()


class Cast(Protocol):
    """All characters as they are now, by id, and what stays out."""

    @property
    def characters(self) -> Mapping[str, Character]: ...
    @property
    def broken(self) -> tuple[Broken, ...]: ...


@dataclass(frozen=True, slots=True)
class KnownCast:
    """A cast that somebody put together."""

    characters: Mapping[str, Character]
    broken: tuple[Broken, ...] = ()


class Characters(Protocol):
    """The characters (`imagine.character_files`)."""

    @property
    def latest(self) -> Cast:
        """The characters as they were last looked at."""
        ...

    def current(self) -> Cast:
        """Look at their file; for threads."""
        ...


class Nobody:
    """Where nobody is known."""

    characters: Mapping[str, Character] = MappingProxyType({})
    broken: tuple[Broken, ...] = ()

    @property
    def latest(self) -> Cast:
        return self

    def current(self) -> Cast:
        return self


NOBODY = Nobody()


def with_known(vocabulary: Vocabulary, characters: Mapping[str, Character]) -> Vocabulary:
    """Return a vocabulary that knows these characters."""

    def told(row: Parameter) -> Parameter:
        if row.name != NAME or row.is_of_workflow:
            return row
        usual = tuple((one.id, one.strength) for one in characters.values())
        return replace(row, choices=tuple(characters), usual=usual)

    return replace(vocabulary, parameters=tuple(map(told, vocabulary.parameters)))


def with_characters(
    prompt: Prompt, characters: Mapping[str, Character], *, room: int | None = None
) -> Prompt:
    """Return a prompt with its characters written out: triggers, LoRAs, pictures.

    ``room``: how many pictures its workflow still takes; None without a workflow.
    """
    cast = cast_of(prompt, characters)
    prompt = prompt.with_parameters(character=None)
    for character, strength in cast:
        prompt = _with_trigger(prompt, character.trigger)
        if character.lora is not None:
            prompt = _with_item(prompt, "lora", Weighted(character.lora, strength))
        if room is None:
            for link in character.pictures:
                prompt = _with_item(prompt, "cref", Weighted(link))
            continue
        taken, room = character.pictures[:room], max(0, room - len(character.pictures))
        prompt = replace(prompt, images=(*prompt.images, *taken))
        if len(taken) < len(character.pictures):
            text = f"Not all pictures of {character.name} were taken: the workflow takes no more."
            prompt = prompt.with_notes(Note(parameter=NAME, message=text))
    return prompt


def cast_of(
    prompt: Prompt, characters: Mapping[str, Character]
) -> Sequence[tuple[Character, float]]:
    """Return the characters that a prompt names, with their strengths."""
    named = prompt.parameters.get(NAME)
    return [
        (characters[item.value], item.weight)
        for item in (named if isinstance(named, tuple) else ())
        if isinstance(item, Weighted) and item.value in characters
    ]


def read_cast(
    typed: str, characters: Mapping[str, Character]
) -> tuple[tuple[Character, float], ...]:
    """Read ``mira`` or ``mira:0.8`` of a request.

    Raises:
        NotFoundError: there is no such character.
        PromptError: its strength cannot be.
    """
    row = with_known(VOCABULARY, characters).by_name[NAME]
    name, _ = split_weight(typed, row.weight_mark)
    if name.lower() not in characters:
        near = near_name(name.lower(), characters)
        meant = f" Did you mean {near}?" if near is not None else ""
        raise NotFoundError(f"There is no character {name[:80]}.{meant}")
    try:
        item = read_item(row, typed)
    except BadValueError as error:
        message = f"The character {name} {error.complaint}."
        detail = Detail(parameter=NAME, value=typed[:80], allowed=row.range, message=message)
        raise PromptError(message, details=[detail]) from error
    return ((characters[item.value], item.weight),)


def told_of(cast: Sequence[tuple[Character, float]]) -> dict[str, Any]:
    """Return what a job shows of its characters; nothing when it has none."""
    shown = [{"value": one.id, "weight": strength} for one, strength in cast]
    return {NAME: shown} if shown else {}


def with_trigger(words: str, trigger: str) -> str:
    """Put a trigger in front of words, unless it is among them."""
    if not trigger or trigger.lower() in words.lower():
        return words
    return f"{trigger}, {words}" if words else trigger


def _with_trigger(prompt: Prompt, trigger: str) -> Prompt:
    """Put a trigger in front of the first words that say what to draw."""
    if trigger.lower() in prompt.text.lower():
        return prompt
    segments = list(prompt.segments)
    place = next((at for at, part in enumerate(segments) if part.weight > 0), 0)
    segments[place] = Segment(with_trigger(segments[place].text, trigger), segments[place].weight)
    return replace(prompt, segments=tuple(segments), text=write_text(tuple(segments)))


def _with_item(prompt: Prompt, name: str, item: Weighted) -> Prompt:
    there = prompt.parameters.get(name)
    items = there if isinstance(there, tuple) else ()
    if item in items:
        return prompt
    return prompt.with_parameters(**{name: (*items, item)})
