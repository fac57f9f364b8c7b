"""Options in JSON beside a prompt: the same parameters, by the same rules, under many names.

Apart from the reader, because options come with types of their own. A flag in the prompt beats the
same option, lists add up, and an option that cannot be is told by the name it was given.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from imagine.errors import Detail, PromptError
from imagine.models import Note, NoteLevel
from imagine.parameters import Arity, ItemKind, Parameter, ValueType
from imagine.prompt import MAX_CHARACTERS, Prompt, Vocabulary
from imagine.prompt_findings import near_name
from imagine.prompt_settling import implied, settle
from imagine.prompt_tokens import (
    FORBIDDEN,
    LINK_IN_TEXT,
    clip,
    escape,
    flags,
    printable,
    tidy,
    words,
)
from imagine.prompt_values import (
    BadValueError,
    Value,
    Weighted,
    read_item,
    read_phrases,
    read_word,
    write,
    write_item,
    write_number,
)

ALIASES = {
    "negative": "no",
    "negative_prompt": "no",
    "aspect_ratio": "aspect",
    "sampler_name": "sampler",
    "scheduler_name": "scheduler",
    "batch_size": "batch",
    "cfg_scale": "cfg",
    "guidance_scale": "cfg",
    "denoising_strength": "denoise",
    "checkpoint": "model",
    "loras": "lora",
}
_SIDES = ("width", "height")
_VERSION = ("version", "v")
_SMALLEST, _LARGEST = 64, 8192
_MOST_ITEMS = 100
_LONGEST_NUMBER = 40
_HUGE = 10**15
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def apply_options(prompt: Prompt, options: Mapping[str, Any], vocabulary: Vocabulary) -> Prompt:
    """Write options into a prompt; null, and a seed of -1, leave the choice to us.

    Raises:
        PromptError: one detail for each option that cannot be.
    """
    reading = _Options(options, vocabulary, _models(prompt))
    if reading.problems:
        raise PromptError(reading.problems[0].message or "", details=reading.problems)
    return _merge(prompt, reading, vocabulary)


def _models(prompt: Prompt) -> frozenset[str]:
    legacy = {row.name for row in prompt.vocabulary.parameters if row.is_legacy}
    version = prompt.parameters.get("version")
    return frozenset({str(version), *(legacy & prompt.parameters.keys())})


class _Options:
    """The checked values of the options, and what is wrong with the others."""

    def __init__(
        self, options: Mapping[str, Any], vocabulary: Vocabulary, models: frozenset[str]
    ) -> None:
        self.values: dict[str, Value] = {}
        self.problems: list[Detail] = []
        self.notes: list[Note] = []
        self._vocabulary = vocabulary
        given = [(plain_key(key), key, value) for key, value in options.items()]
        given = [option for option in given if option[2] is not None]
        version = [str(value).removesuffix(".0") for name, _, value in given if name in _VERSION]
        self._models = models.union(version)
        sides = [name for name in _SIDES if name not in vocabulary.own]
        for name, key, value in given:
            if name not in sides:
                self._read(name, key, value)
        self._read_sides({name: (key, value) for name, key, value in given if name in sides})

    def _read(self, name: str, key: str, value: Any) -> None:
        if name not in self._vocabulary.own:
            name = ALIASES.get(name, name)
        row = self._vocabulary.by_name.get(name) or self._vocabulary.find(name)
        if row is None or row.is_legacy:
            self._complain_of_name(key, name)
            return
        try:
            checked = check_option(row, value, self._models)
        except BadValueError as error:
            message = f"{printable(key)} {error.complaint}."
            self._complain(key, value, message, row, error.suggestion)
            return
        if checked is not None:
            self._keep(row, key, value, checked)

    def _read_sides(self, sides: Mapping[str, tuple[str, Any]]) -> None:
        """Read width and height together, as one size."""
        row = self._vocabulary.by_name["size"]
        problems = len(self.problems)
        for name, (key, value) in sides.items():
            whole = whole_number(value)
            if whole is None or not _SMALLEST <= whole <= _LARGEST:
                scale = f"takes whole numbers from {_SMALLEST} to {_LARGEST}"
                self._complain(key, value, f"{printable(key)} {scale}.", row)
            elif len(sides) < len(_SIDES):
                other = _SIDES[1 - _SIDES.index(name)]
                self._complain(key, value, f"{printable(key)} needs {other} beside it.", row)
        if sides and len(self.problems) == problems:
            size = "x".join(str(whole_number(sides[name][1])) for name in _SIDES)
            self._keep(row, sides["width"][0], size, size)

    def _keep(self, row: Parameter, key: str, value: Any, checked: Value) -> None:
        """Take a value; of several that say the same thing, the first one counts."""
        rivals = [
            name
            for name in self.values
            if name == row.name or row.is_rival(self._vocabulary.by_name[name])
        ]
        if not rivals:
            self.values[row.name] = checked
        elif row.type is ValueType.VERSION and rivals != [row.name]:
            message = f"{rivals[0]} and {row.name} do not go together. Keep one of them."
            self._complain(key, value, message, row)
        elif self.values.get(row.name) != checked:
            message = f"The option {printable(key)} was left out: {rivals[0]} came first."
            self.notes.append(Note(parameter=row.name, message=message))

    def _complain(
        self, key: str, value: Any, message: str, row: Parameter, suggestion: str | None = None
    ) -> None:
        self.problems.append(
            Detail(
                parameter=printable(key),
                value=shown(value),
                allowed=row.range,
                suggestion=suggestion,
                message=message,
            )
        )

    def _complain_of_name(self, key: str, name: str) -> None:
        near = near_name(name, [*self._vocabulary.by_name, *ALIASES, *_SIDES])
        message = f"There is no option {clip(printable(key))}."
        message += f" Did you mean {near}?" if near is not None else ""
        self.problems.append(Detail(parameter=printable(key), suggestion=near, message=message))


def _merge(prompt: Prompt, reading: _Options, vocabulary: Vocabulary) -> Prompt:
    hidden = implied(prompt.parameters, vocabulary.own) | prompt.drawn
    typed = {name: value for name, value in prompt.parameters.items() if name not in hidden}
    changes: dict[str, Value | None] = {}
    notes = list(reading.notes)
    settled, _ = settle(reading.values, vocabulary.own)
    for name, value in reading.values.items():
        row = vocabulary.by_name[name]
        winner = _winner(row, typed, vocabulary)
        if winner is None:
            changes[name] = value
        elif winner is row and row.is_list and row.max_items is None:
            changes[name] = _joined(typed[name], value)
        elif winner is not row or typed[name] != settled[name]:
            message = f"The option {name} was left out: {winner.flag} in the prompt comes first."
            notes.append(Note(parameter=name, level=NoteLevel.INFO, message=message))
    return prompt.with_parameters(**changes).with_notes(*notes)


def _joined(old: Value, new: Value) -> Value:
    assert isinstance(old, tuple)
    assert isinstance(new, tuple)
    more = tuple(item for item in new if item not in old)
    return old + more  # type: ignore[operator]  # items of one kind


def _winner(row: Parameter, typed: Mapping[str, Value], vocabulary: Vocabulary) -> Parameter | None:
    """Return the typed parameter that beats this option."""
    if row.name in typed:
        return row
    other_shape = {"aspect": "size", "size": "aspect"}.get(row.name)
    for name in typed:
        other = vocabulary.by_name[name]
        if name == other_shape or row.is_rival(other):
            return other
    return None


# ---------------------------------------------------------------------------------- single options


def check_option(row: Parameter, value: Any, models: frozenset[str]) -> Value | None:
    """Check the value of one option; None means that nothing was chosen."""
    checked = _read_option(row, value, models)
    if checked is not None:
        written = " ".join(write(row, checked))
        if FORBIDDEN.search(written) or len(written) > MAX_CHARACTERS or flags(f"x {written}"):
            raise BadValueError("takes plain words, without flags in them")
        if row.type is ValueType.LIST and LINK_IN_TEXT.search(written):
            raise BadValueError("takes plain words, without links in them")
    return checked


def _read_option(row: Parameter, value: Any, models: frozenset[str]) -> Value | None:
    match row.type:
        case ValueType.FLAG:
            if not isinstance(value, bool):
                raise BadValueError("takes true or false")
            return value or None
        case ValueType.LIST:
            return _read_texts(value) or None
        case ValueType.WEIGHTED_LIST:
            return _read_weighted(row, value) or None
        case ValueType.INT | ValueType.NUMBER:
            text = _number_text(value)
            return None if row.name == "seed" and text == "-1" else read_word(row, text, models)
        case ValueType.SWITCH:
            words = {True: "on", False: "off"}
            return read_word(row, words[value] if isinstance(value, bool) else _text_of(value))
        case ValueType.CHOICE if row.is_of_workflow:
            return read_word(row, _text_of(value) or _number_text(value))
        case ValueType.VERSION:
            return read_word(row, value if isinstance(value, str) else _number_text(value))
        case ValueType.TEXT:
            return read_word(row, _name(row, value))
        case _:
            return read_word(row, value if isinstance(value, str) else "")


def _text_of(value: Any) -> str:
    return escape(tidy(value)) if isinstance(value, str) else ""


def _name(row: Parameter, value: Any) -> str:
    text = tidy(value) if isinstance(value, str) else ""
    if value == "" and row.bare == "":
        return ""
    if not text or (row.arity is Arity.WORD and " " in text):
        raise BadValueError(f"takes {row.range}", row.example)
    return escape(text)


def _read_texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return read_phrases(value)
    if not isinstance(value, list | tuple) or len(value) > _MOST_ITEMS:
        raise BadValueError("takes a text or a list of texts")
    if not all(isinstance(item, str) for item in value):
        raise BadValueError("takes a text or a list of texts")
    return tuple(text for item in value if (text := tidy(item)))


def _read_weighted(row: Parameter, value: Any) -> tuple[Weighted, ...]:
    items: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    if isinstance(value, str) and row.arity is Arity.ITEMS:
        items = [word.text for word in words(value, 0, len(value))]
    if len(items) > (row.max_items or _MOST_ITEMS):
        raise BadValueError(f"takes {row.range}")
    return tuple(_read_weighted_item(row, item) for item in items)


def _read_weighted_item(row: Parameter, item: Any) -> Weighted:
    if isinstance(item, Weighted):
        item = {"value": item.value, "weight": item.weight}
    if isinstance(item, dict) and item.keys() == {"value"}:
        item = item["value"]
    if isinstance(item, dict) and item.keys() == {"value", "weight"}:
        weight = _number_text(item["weight"])
        item = item["value"]
        if isinstance(item, str) and weight:
            named = write_item(row, Weighted(tidy(item), float(weight)))
            return read_item(row, named)
    if isinstance(item, int) and not isinstance(item, bool) and row.items is ItemKind.STYLE:
        item = str(item)[:_LONGEST_NUMBER]
    if not isinstance(item, str):
        raise BadValueError("takes a list of texts, or of objects with value and weight")
    return read_item(row, escape(tidy(item)))


# ----------------------------------------------------------------------------------------- helpers


def plain_key(key: str) -> str:
    """Bring ``negativePrompt`` and ``batch-mode`` to our spelling."""
    return _HUMP.sub("_", key).replace("-", "_").lower()


def whole_number(value: Any) -> int | None:
    """Return a JSON number that is whole; true is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value)


def _number_text(value: Any) -> str:
    """Write a JSON number as a prompt has it; "" for anything else, and for NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    whole = whole_number(value)
    if whole is not None:
        return str(max(min(whole, _HUGE), -_HUGE))
    return write_number(value) if isinstance(value, float) else ""


def shown(value: Any) -> str:
    """Print a JSON value for an error, in short."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return clip(printable(text))
