"""The values that were given for a workflow's parameters, checked and filled.

By this check every request passes: from JSON, from a form, from a prompt. What is checked against
is settled before (`imagine.registry.settling`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from imagine.errors import Detail, PromptError
from imagine.importing.bounds import BOUNDLESS
from imagine.importing.fields import DRAWN, ParameterType
from imagine.links import is_own
from imagine.names import closest, find, plain
from imagine.parameters import short
from imagine.prompt_findings import near_name
from imagine.prompt_options import plain_key, shown, whole_number
from imagine.prompt_tokens import FORBIDDEN, clip, printable
from imagine.registry.entries import LONGEST_TEXT, NAMES, NOUNS, Entry, Parameter
from imagine.registry.fed import wanted_file
from imagine.registry.settling import Choice, among, range_of
from imagine.repair import plain_number, some

# So many problems are enough to begin with, and looking for what is nearest takes its time.
MOST_PROBLEMS = 50
# Units: characters.
_LONGEST_LINK = 2_000
_WEB = ("http://", "https://")


def check_values(
    entry: Entry,
    parameters: Sequence[Parameter],
    given: Mapping[str, Any],
    draw: Callable[[], int],
) -> dict[str, Any]:
    """Return the value that each parameter really has; files that are not given have none.

    ``parameters`` are settled. ``draw`` gives a seed, 0–4294967295, where none is given. The names
    may be written as JSON has them elsewhere: ``negativePrompt``. null is as if not given.

    Raises:
        PromptError: one detail for each value that cannot be.
    """
    reading = _Reading(entry, parameters, given)
    values = reading.values(draw)
    if reading.problems:
        message = reading.problems[0].message or "The values cannot be."
        raise PromptError(message, details=reading.problems)
    return values


class _WrongError(Exception):
    """A value that cannot be: the rest of the sentence, and one that would do."""

    def __init__(self, complaint: str, suggestion: str | None = None) -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.suggestion = suggestion


class _Reading:
    """What was given for one entry, while it is checked."""

    def __init__(
        self, entry: Entry, parameters: Sequence[Parameter], given: Mapping[str, Any]
    ) -> None:
        self.entry = entry
        self.parameters = {parameter.name: parameter for parameter in parameters}
        self.problems: list[Detail] = []
        self.given = self._named(given)

    def values(self, draw: Callable[[], int]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            if len(self.problems) >= MOST_PROBLEMS:
                break
            value = self.given.get(name)
            try:
                used = self._default(parameter) if value is None else _checked(parameter, value)
            except _WrongError as error:
                self._complain(parameter, value, error)
                continue
            if parameter.type is ParameterType.SEED and used in (None, DRAWN):
                used = _drawn(parameter, draw)
            if used is not None:
                found[name] = used
        return found

    def _named(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was given by the names of the parameters."""
        found: dict[str, Any] = {}
        for key, value in given.items():
            name = key if key in self.parameters else plain_key(key)
            if name in self.parameters and name not in found:
                found[name] = value
            elif len(self.problems) < MOST_PROBLEMS:
                self._complain_of_name(key, is_double=name in found)
        return found

    def _default(self, parameter: Parameter) -> Choice | None:
        if parameter.required:
            raise _WrongError(_missing(parameter))
        if parameter.default is None and parameter.type in NAMES and parameter.choices:
            raise self._nothing_fits(parameter)
        return parameter.default

    def _nothing_fits(self, parameter: Parameter) -> "_WrongError":
        """Return the complaint that nothing installed stands in for what the workflow wants."""
        wanted = wanted_file(self.entry, parameter) or "what it wants"
        also = ". An empty text leaves it out" if parameter.type is ParameterType.LORA else ""
        return _WrongError(
            f"has to be chosen: {shown(wanted)} is not installed, and nothing like it{also}",
            closest(str(wanted), [str(choice) for choice in parameter.choices]),
        )

    def _complain(self, parameter: Parameter, value: Any, error: _WrongError) -> None:
        near = f" Did you mean {error.suggestion}?" if isinstance(value, str) else ""
        near = near if error.suggestion is not None else ""
        self.problems.append(
            Detail(
                parameter=parameter.name,
                value=None if value is None else shown(value),
                allowed=range_of(parameter),
                suggestion=error.suggestion,
                message=f"{parameter.name} {error.complaint}.{near}",
            )
        )

    def _complain_of_name(self, key: str, *, is_double: bool) -> None:
        name = clip(printable(key))
        near = None if is_double else near_name(plain_key(key), list(self.parameters))
        message = f"{name} is there twice." if is_double else f"There is no parameter {name}."
        message += f" Did you mean {near}?" if near is not None else ""
        allowed = some(list(self.parameters), 20) or "none"
        self.problems.append(
            Detail(parameter=name, allowed=allowed, suggestion=near, message=message)
        )


def _missing(parameter: Parameter) -> str:
    match parameter.type:
        case ParameterType.IMAGE | ParameterType.VIDEO | ParameterType.AUDIO:
            return f"is missing: the workflow begins from a {NOUNS[parameter.type]}"
        case ParameterType.MASK:
            return "is missing: the workflow needs to know what to paint anew"
        case ParameterType.TEXT:
            return "is missing: the workflow needs some words"
        case _:
            return "is missing, and the workflow needs it"


def _drawn(parameter: Parameter, draw: Callable[[], int]) -> int:
    low = int(parameter.min or 0)
    high = int(parameter.max) if parameter.max is not None else BOUNDLESS - 1
    return low + draw() % (high - low + 1)


def _checked(parameter: Parameter, value: Any) -> Choice:
    """Return one value as the graph gets it."""
    match parameter.type:
        case ParameterType.BOOL:
            if not isinstance(value, bool):
                raise _WrongError("takes true or false")
            return value
        case ParameterType.INT | ParameterType.SEED | ParameterType.FLOAT:
            return _number(parameter, value)
        case ParameterType.CHOICE:
            return _choice(parameter, value)
        case ParameterType.MODEL | ParameterType.LORA:
            return _file(parameter, value)
        case ParameterType.IMAGE | ParameterType.MASK | ParameterType.VIDEO | ParameterType.AUDIO:
            return _link(parameter, value)
        case _:
            return _text(value)


def _number(parameter: Parameter, value: Any) -> int | float:
    is_whole = parameter.type is not ParameterType.FLOAT
    number: float | None = whole_number(value) if is_whole else _finite(value)
    if parameter.type is ParameterType.SEED and number == DRAWN:
        return DRAWN
    low, high = parameter.min, parameter.max
    is_low = number is not None and number < (-BOUNDLESS if low is None else low)
    is_high = number is not None and number > (BOUNDLESS if high is None else high)
    if number is None or is_low or is_high:
        what = "whole numbers" if is_whole else "numbers"
        also = ", or -1 for a new one each time" if parameter.type is ParameterType.SEED else ""
        near = low if is_low else high if is_high else None
        raise _WrongError(
            f"takes {what}{_scale(low, high)}{also}",
            plain_number(near) if near is not None else None,
        )
    return number


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _scale(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {plain_number(low)} to {plain_number(high)}"
    if low is not None:
        return f" from {plain_number(low)}"
    return f" up to {plain_number(high)}" if high is not None else ""


def _choice(parameter: Parameter, value: Any) -> Choice:
    choices = parameter.choices
    if not choices:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _number(parameter.model_copy(update={"type": ParameterType.FLOAT}), value)
        return _text(value)
    if isinstance(value, str | bool | int | float):
        if (found := among(value, choices)) is not None:
            return found
        if found_all := _spelled(value, choices):
            return found_all[0]
    near = closest(value, [str(choice) for choice in choices]) if isinstance(value, str) else None
    raise _WrongError(f"takes one of {some(choices)}", near)


def _spelled(value: Choice, choices: Sequence[Choice]) -> list[Choice]:
    """Return the one choice that a text means, when it is written otherwise."""
    if not isinstance(value, str):
        return []
    wanted = _letters(value)
    found = [
        choice
        for choice in choices
        if (_letters(choice) == wanted if isinstance(choice, str) else value in _written(choice))
    ]
    return found if len(found) == 1 and wanted else []


def _written(choice: bool | int | float) -> tuple[str, str]:
    """Return how a choice that is no text may be written: 1.0 is 1 in a flag."""
    return str(choice), short(choice)


def _letters(name: str) -> str:
    return plain(name.replace("++", "pp"))


def _file(parameter: Parameter, value: Any) -> str:
    """Return an installed file; an empty name of a LoRA is none of them."""
    text = _text(value)
    if parameter.type is ParameterType.LORA and not text.strip():
        return ""
    names = [choice for choice in parameter.choices if isinstance(choice, str)]
    if not names and text.strip():
        return text
    found = find(text, names)
    if len(found) == 1:
        return found[0]
    if found:
        raise _WrongError(f"fits several of what is installed: {some(found, 5)}", found[0])
    near = closest(text, names) if text.strip() else None
    message = f"takes the name of what is installed, and {clip(printable(text))} is not"
    raise _WrongError(message if near else f"takes one of {some(names)}", near)


def _link(parameter: Parameter, value: Any) -> str:
    is_link = isinstance(value, str) and len(value) <= _LONGEST_LINK and not FORBIDDEN.search(value)
    if not is_link or not (is_own(value) or value.lower().startswith(_WEB)):
        raise _WrongError(f"takes the link of a {NOUNS[parameter.type]}, such as upload:…")
    link: str = value
    return link


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _WrongError("takes a text")
    if len(value) > LONGEST_TEXT:
        most, here = f"{LONGEST_TEXT:,}", f"{len(value):,}"
        raise _WrongError(f"takes up to {most} characters, and here are {here}")
    if FORBIDDEN.search(value):
        raise _WrongError("takes plain text, without control characters")
    return value
