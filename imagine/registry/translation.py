"""What a prompt gives a workflow: values by name, from its own flags and from general ones.

Pure. What the workflow has nothing for is told in a note, as everywhere; nothing is dropped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imagine.errors import Detail, PromptError
from imagine.importing.fields import DRAWN, ParameterType
from imagine.left_out import is_default, not_done
from imagine.models import Note, Origin
from imagine.parameters import Parameter as Row
from imagine.parameters import short
from imagine.prompt import Prompt
from imagine.prompt_values import Value, Weighted
from imagine.registry.entries import FILES, NOUNS, Entry, Parameter
from imagine.registry.rows import (
    STEERING,
    choice_names,
    is_flag,
    is_lora,
    is_turned,
    switch,
)
from imagine.sizes import clamp_aspect, fit_aspect

# What is typed for no LoRA, and what a parameter gets then.
NO_LORA, NOTHING = "none", ""
# Units: pixels. What sides are multiples of, where the workflow says nothing coarser.
STEP = 8
# Units: pixels. The size that is taken where a workflow says none.
USUAL = (1024, 1024)


@dataclass(frozen=True, slots=True)
class Given:
    """What one run was given, before it is checked: values by name, and what is told of the rest.

    ``loras`` are put into the graph beside its own.
    """

    values: Mapping[str, Any]
    loras: tuple[Weighted, ...] = ()
    notes: tuple[Note, ...] = ()


def given_of(prompt: Prompt, entry: Entry, parameters: Sequence[Parameter]) -> Given:
    """Return what a prompt gives. ``parameters``: as the engine has them.

    Raises:
        PromptError: it names more pictures than the workflow takes.
    """
    reading = _Reading(prompt, entry, parameters)
    return Given(reading.values, tuple(reading.loras), tuple(dict.fromkeys(reading.notes)))


def free_pictures(prompt: Prompt, entry: Entry) -> int:
    """Return how many more pictures the workflow takes than a prompt names."""
    free = [one for one in entry.of_type(ParameterType.IMAGE) if one.name not in prompt.parameters]
    return len(free) - len(prompt.images)


def spread(prompt: Prompt, entry: Entry) -> list[Prompt]:
    """Return one prompt for each picture where the workflow takes one at a time, and may so."""
    count = len(prompt.images)
    takes = entry.of_type(ParameterType.IMAGE)
    if (
        count < 2
        or len(takes) != 1
        or entry.max_batch_size == 1
        or free_pictures(prompt, entry) == 1
    ):
        return [prompt]
    if takes[0].name in prompt.parameters:
        return [prompt]
    if count > entry.max_batch_size:
        raise refuse_runs(entry, count)
    return [replace(prompt, images=(image,)) for image in prompt.images]


def _too_many(message: str, count: int, most: int) -> PromptError:
    detail = Detail(parameter="images", value=str(count), allowed=f"0–{most}", message=message)
    return PromptError(message, details=[detail])


def refuse_runs(entry: Entry, count: int) -> PromptError:
    """Return the error that there are more pictures than one request may make runs of."""
    most = entry.max_batch_size
    text = f"The workflow {entry.name} takes {most} pictures at once, and here are {count}."
    return _too_many(text, count, most)


def refuse_files(entry: Entry, type_: ParameterType, count: int) -> PromptError:
    """Return the error that there are more pictures, videos or sounds than a workflow takes."""
    takes, noun = len(entry.of_type(type_)), NOUNS[type_]
    what = {0: f"takes no {noun}s", 1: f"takes 1 {noun}"}.get(takes, f"takes {takes} {noun}s")
    here = "is 1" if count == 1 else f"are {count}"
    return _too_many(f"The workflow {entry.name} {what}, and here {here}.", count, takes)


def without_loras(given: Given, entry: Entry) -> Given:
    """Return what is given to a workflow that has no place for a LoRA."""
    text = f"--lora was left out: the workflow {entry.name} loads no model that it could change."
    return replace(given, loras=(), notes=(*given.notes, Note(parameter="lora", message=text)))


def mask_of(entry: Entry) -> Parameter:
    """Return the parameter that takes a mask.

    Raises:
        PromptError: there is none.
    """
    for parameter in entry.of_type(ParameterType.MASK):
        return parameter
    message = f"The workflow {entry.name} takes no mask."
    raise PromptError(message, details=[Detail(parameter="mask", message=message)])


def with_origin(prompt: Prompt, entry: Entry, origin: Origin) -> Prompt:
    """Return a prompt with a picture and its mask that came beside it.

    Raises:
        PromptError: the workflow takes no mask.
    """
    prompt = replace(prompt, images=(origin.source, *prompt.images))
    if origin.mask is None:
        return prompt
    return prompt.with_parameters(**{mask_of(entry).name: (Weighted(origin.mask),)})


def words_of(prompt: Prompt) -> str:
    """Return the words of a prompt as one text: a workflow weighs no parts against each other."""
    return ", ".join(part.text for part in prompt.segments if part.weight > 0 and part.text)


def typed_value(parameter: Parameter, value: Value) -> Any:
    """Return what stands behind the flag of a parameter as JSON would have it."""
    match parameter.type:
        case ParameterType.BOOL:
            return value == switch(True)
        case ParameterType.CHOICE:
            known = dict(zip(choice_names(parameter), parameter.choices, strict=True))
            return known.get(str(value), value)
        case ParameterType.LORA if value == NO_LORA:
            return NOTHING
        case ParameterType.IMAGE | ParameterType.MASK | ParameterType.VIDEO | ParameterType.AUDIO:
            assert isinstance(value, tuple)
            item = value[0]
            return item.value if isinstance(item, Weighted) else item
        case _:
            return value


def written_value(parameter: Parameter, value: Any) -> Value:
    """Return a value as a prompt has it behind the flag of a parameter."""
    match parameter.type:
        case ParameterType.BOOL:
            return switch(bool(value))
        case ParameterType.CHOICE:
            return switch(value) if isinstance(value, bool) else short(value)
        case ParameterType.LORA if value == NOTHING:
            return NO_LORA
        case ParameterType.IMAGE | ParameterType.MASK | ParameterType.VIDEO | ParameterType.AUDIO:
            return (Weighted(str(value)),)
        case ParameterType.FLOAT:
            return float(value)
        case ParameterType.INT | ParameterType.SEED:
            return int(value)
        case _:
            return str(value)


class _Reading:
    """One prompt, while it is taken apart for an entry."""

    def __init__(self, prompt: Prompt, entry: Entry, parameters: Sequence[Parameter]) -> None:
        self.prompt = prompt
        self.entry = entry
        self.parameters = {parameter.name: parameter for parameter in parameters}
        self.values: dict[str, Any] = {}
        self.loras: list[Weighted] = []
        self.notes: list[Note] = []
        self._own()
        self._words()
        self._pictures()
        self._loras()
        for row in prompt.vocabulary.parameters:
            if row.name in prompt.parameters and not (row.is_of_workflow or row.is_legacy):
                self._general(row, prompt.parameters[row.name])

    def _own(self) -> None:
        for name, parameter in self.parameters.items():
            value = self.prompt.parameters.get(name)
            if value is None or not is_flag(parameter):
                continue
            if name in self.prompt.drawn and not is_drawn(parameter):
                continue
            self.values[name] = typed_value(parameter, value)

    def _words(self) -> None:
        words = words_of(self.prompt)
        if not words:
            return
        if self.entry.prompt is None:
            text = f"The words were left out: the workflow {self.entry.name} takes none."
            self.notes.append(Note(message=text))
            return
        self.values["prompt"] = words
        if any(part.weight != 1 for part in self.prompt.segments):
            text = f"The weights behind :: were left out: the workflow {self.entry.name} has none."
            self.notes.append(Note(message=text))

    def _pictures(self) -> None:
        free = (
            one for one in self.entry.of_type(ParameterType.IMAGE) if one.name not in self.values
        )
        for image in self.prompt.images:
            parameter = next(free, None)
            if parameter is None:
                raise self._too_many()
            self.values[parameter.name] = image

    def _too_many(self) -> PromptError:
        typed = [name for name in self.values if name in self.prompt.parameters]
        flags = sum(self.parameters[name].type is ParameterType.IMAGE for name in typed)
        return refuse_files(self.entry, ParameterType.IMAGE, len(self.prompt.images) + flags)

    def _loras(self) -> None:
        """The first LoRA goes into the parameter of that name, and all others beside it."""
        named = self.prompt.parameters.get("lora")
        if self.prompt.vocabulary.by_name["lora"].is_of_workflow or not isinstance(named, tuple):
            return
        items = [item for item in named if isinstance(item, Weighted)]
        parameter = self.parameters.get("lora")
        if parameter is not None and is_lora(parameter) and items:
            first = items.pop(0)
            self.values["lora"] = NOTHING if first.value == NO_LORA else first.value
            if first.weight != 1 and "lora_strength" in self.parameters:
                self.values.setdefault("lora_strength", first.weight)
        self.loras = items

    def _general(self, row: Row, value: Value) -> None:
        if row.name in STEERING or is_default(row, value):
            return
        turn: Mapping[str, Callable[[Value], None]] = {
            "size": self._size,
            "aspect": self._aspect,
            "batch": self._batch,
            "no": self._no,
        }
        if not is_turned(row.name, self.entry):
            reason = f"the workflow {self.entry.name} has nothing like it"
            self.notes.append(not_done(row, reason, value))
        else:
            turn[row.name](value)

    def _size(self, value: Value) -> None:
        across, down = (int(side) for side in str(value).split("x"))
        self._sides("size", across, down)

    def _aspect(self, value: Value) -> None:
        if "size" in self.prompt.parameters:
            return  # it overrules the shape
        across, down = clamp_aspect(*(int(side) for side in str(value).split(":")))
        width, height = usual_size(self.parameters)
        step = max(STEP, *(int(self.parameters[side].step or STEP) for side in ("width", "height")))
        self._sides("aspect", *fit_aspect(across, down, pixels=width * height, step=step))

    def _sides(self, name: str, width: int, height: int) -> None:
        if {"width", "height"} & self.values.keys():
            row = self.prompt.vocabulary.by_name[name]
            self.notes.append(not_done(row, "--width and --height say it"))
            return
        self.values |= {"width": width, "height": height}

    def _batch(self, value: Value) -> None:
        self.values.setdefault("batch_size", value)

    def _no(self, value: Value) -> None:
        assert isinstance(value, tuple)
        phrases = (str(self.values.get("negative", "")), *map(str, value))
        self.values["negative"] = ", ".join(filter(None, phrases))


def is_drawn(parameter: Parameter) -> bool:
    """Say whether a seed that nobody gives is drawn, and not one that the workflow keeps to."""
    return parameter.type is ParameterType.SEED and parameter.default in (None, DRAWN)


def usual_size(parameters: Mapping[str, Parameter]) -> tuple[int, int]:
    """Return the size that a workflow has by itself. Units: pixels."""

    def side(name: str, usual: int) -> int:
        default = parameters[name].default if name in parameters else None
        return int(default) if isinstance(default, int | float) and default > 1 else usual

    return side("width", USUAL[0]), side("height", USUAL[1])


def links_in(
    entry: Entry, values: Mapping[str, Any], types: Sequence[ParameterType] = FILES
) -> Iterator[tuple[str, str]]:
    """Yield name and link of each file among values, or of those of some types."""
    for parameter in entry.of_type(*types):
        if parameter.name in values:
            yield parameter.name, str(values[parameter.name])
