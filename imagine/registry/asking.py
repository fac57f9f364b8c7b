"""What a program asks of a workflow: values by name, words that are only words, and pictures.

Beside it stands the prompt language, which asks for the same with flags (`imagine.registry.rows`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from imagine.characters import Character, with_trigger
from imagine.errors import Detail, PromptError
from imagine.importing.fields import ParameterType
from imagine.models import Note
from imagine.prompt_values import Weighted
from imagine.registry.entries import Entry
from imagine.registry.translation import Given, mask_of, refuse_files, refuse_runs


@dataclass(frozen=True, slots=True)
class WorkflowAsk:
    """One run of a workflow, or one for each picture.

    ``prompt`` is taken as it stands: flags and braces in it are words. ``images`` and ``mask`` are
    links (`imagine.links`, or of the web), among ``images`` also those of videos and sounds;
    ``character`` is an id, or ``id:0.8``.
    """

    workflow: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    prompt: str | None = None
    images: tuple[str, ...] = ()
    mask: str | None = None
    character: str | None = None


def each_picture(ask: WorkflowAsk, entry: Entry) -> list[WorkflowAsk]:
    """Return one request for each picture where a workflow takes one, and makes several runs.

    Raises:
        PromptError: there are more pictures than it takes.
    """
    takes = entry.of_type(ParameterType.IMAGE)
    free = [one for one in takes if ask.parameters.get(one.name) is None]
    count = len(ask.images)
    if count <= len(free):
        return [ask]
    if len(takes) != 1 or not free or entry.max_batch_size == 1:
        raise refuse_files(entry, ParameterType.IMAGE, count + len(takes) - len(free))
    if count > entry.max_batch_size:
        raise refuse_runs(entry, count)
    return [replace(ask, images=(image,)) for image in ask.images]


def given_by(ask: WorkflowAsk, entry: Entry, cast: Sequence[tuple[Character, float]]) -> Given:
    """Return what a request gives, with its characters written out.

    Raises:
        PromptError: it brings a mask that the workflow does not take, or other words twice.
    """
    values = {name: value for name, value in ask.parameters.items() if value is not None}
    notes: list[Note] = []
    if ask.prompt is not None and values.get("prompt", ask.prompt) != ask.prompt:
        message = "prompt is there twice: as a field of its own, and among the parameters."
        raise PromptError(message, details=[Detail(parameter="prompt", message=message)])
    words = ask.prompt if ask.prompt is not None else values.get("prompt", "")
    if isinstance(words, str):
        for character, _ in cast:
            words = with_trigger(words, character.trigger)
        if words and entry.prompt is not None:
            values["prompt"] = words
        elif words and "prompt" not in values:
            text = f"The words were left out: the workflow {entry.name} takes none."
            notes.append(Note(message=text))
    free = [one for one in entry.of_type(ParameterType.IMAGE) if one.name not in values]
    pictures = [link for character, _ in cast for link in character.pictures]
    values |= {one.name: link for one, link in zip(free, (*ask.images, *pictures), strict=False)}
    if len(ask.images) + len(pictures) > len(free):
        text = f"Not all pictures of the character were taken: {entry.name} takes no more."
        notes.append(Note(parameter="character", message=text))
    if ask.mask is not None:
        values[mask_of(entry).name] = ask.mask
    loras = (Weighted(one.lora, strength) for one, strength in cast if one.lora is not None)
    return Given(values, tuple(loras), tuple(notes))
