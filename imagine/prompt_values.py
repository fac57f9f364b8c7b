"""Values of parameters: from the typed word to a checked value, and back to how it is written.

Apart from the reader, so that a flag in the prompt and an option in JSON pass the same checks. Each
reader takes the text and raises ``BadValueError`` with a sentence and, where one is near, a value
that would work.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from imagine.links import is_own
from imagine.names import closest
from imagine.parameters import (
    MAX_RATIO,
    MAX_SEED,
    MOST_LISTED,
    Arity,
    ItemKind,
    Parameter,
    ValueType,
    short,
)
from imagine.prompt_tokens import NUMBER, SPACE, clip, escape, flags, tidy, unescape


@dataclass(frozen=True, slots=True)
class Weighted:
    """One item of a list that may carry a weight: ``https://… ::2``, ``detail:0.8``."""

    value: str
    weight: float = 1.0


Value: TypeAlias = bool | int | float | str | tuple[str, ...] | tuple[Weighted, ...]


class BadValueError(Exception):
    """A value that cannot be. ``suggestion`` is one that can; the sentence has no subject yet."""

    def __init__(self, complaint: str, suggestion: str | None = None) -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.suggestion = suggestion


MAX_WEIGHT = 1_000_000
COMMON_RATIOS = ("16:9", "1:1", "3:2", "4:3", "2:3", "3:4", "9:16", "5:4", "4:5", "7:4", "21:9")

# What may be typed for on and off.
SWITCHES = {"true": "on", "yes": "on", "1": "on", "false": "off", "no": "off", "0": "off"}
STYLES = ("raw", "4a", "4b", "4c", "cute", "expressive", "original", "scenic", "random")

_NUMBER = re.compile(NUMBER)
_INT = re.compile(r"-?[0-9]{1,20}")
_RATIO = re.compile(r"([0-9]{1,12}):([0-9]{1,12})")
_DECIMAL_RATIO = re.compile(r"([0-9]{0,5}(?:\.[0-9]{1,3})?):([0-9]{0,5}(?:\.[0-9]{1,3})?)")
_SIZE = re.compile(r"([0-9]{1,12})[x×]([0-9]{1,12})", re.IGNORECASE)
_LINK = re.compile(rf"(?:https?://[^/{SPACE}]|s\.mj\.run/)[^{SPACE}]*", re.IGNORECASE)
_ID = re.compile(r"[\w-]+")
_STYLE = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?:,[0-9]{3})*\Z)")
_LONGEST_NUMBER = 40


# ---------------------------------------------------------------------------------------- one word


def read_word(parameter: Parameter, word: str, models: frozenset[str] = frozenset()) -> Value:
    """Read the value of a parameter that takes one word, or a name that runs on."""
    match parameter.type:
        case ValueType.INT:
            return _read_int(parameter, word, models)
        case ValueType.NUMBER:
            return _read_number(parameter, word, models)
        case ValueType.RATIO:
            return _read_ratio(parameter, word)
        case ValueType.SIZE:
            return _read_size(parameter, word)
        case ValueType.CHOICE if parameter.is_of_workflow:
            return _read_listed(parameter, unescape(word))
        case ValueType.CHOICE:
            return _read_choice(parameter, word.lower().replace("-", "_"))
        case ValueType.SWITCH:
            return _read_choice(parameter, SWITCHES.get(word.lower(), word.lower()))
        case ValueType.VERSION:
            return _read_choice(parameter, word.removesuffix(".0"))
        case _:
            return _read_text(parameter, word)


def _read_int(parameter: Parameter, word: str, models: frozenset[str]) -> int:
    low, high = parameter.bounds(models)
    if _INT.fullmatch(word):
        number = int(word)
        if number in parameter.choices if parameter.choices else _within(number, low, high):
            return number
    if parameter.choices:
        raise BadValueError(f"takes {_either(parameter.choices)}", parameter.example)
    scale = f"takes whole numbers{_between(low, high)}"
    raise BadValueError(scale, _nearest(word, low, high, whole=True))


def _read_number(parameter: Parameter, word: str, models: frozenset[str]) -> float:
    low, high = parameter.bounds(models)
    if _is_number(word) and _within(float(word), low, high):
        return float(word) + 0.0
    near = _nearest(word, low, high, whole=False)
    if not parameter.choices:
        scale = f"takes numbers{_between(low, high)}"
        raise BadValueError(scale, near)
    steps = [float(choice) for choice in parameter.choices]
    if near is not None:
        near = write_number(nearest_step(float(near), steps))
    raise BadValueError(f"takes {_either(parameter.choices)}", near)


def _read_ratio(parameter: Parameter, word: str) -> str:
    found = _RATIO.fullmatch(word)
    sides = [int(side) for side in found.groups()] if found is not None else []
    if sides and all(_within(side, parameter.min, parameter.max) for side in sides):
        return f"{sides[0]}:{sides[1]}"
    near = _near_ratio(parameter, word)
    scale = f" up to {MAX_RATIO}" if max(sides, default=0) > MAX_RATIO else ""
    raise BadValueError(f"takes whole numbers{scale}, such as {near}", near)


def _near_ratio(parameter: Parameter, word: str) -> str:
    """Return the ratio that was probably meant."""
    plain = re.sub(r"[x×/\\;：∶]|(?<=[0-9])-(?=[0-9])", ":", word.lower().strip(" ,.;="))
    if (decimals := _DECIMAL_RATIO.fullmatch(plain)) is not None and "" not in decimals.groups():
        sides = [Decimal(side) for side in decimals.groups()]
        while any(side != side.to_integral_value() for side in sides):
            sides = [side * 10 for side in sides]
        width, height = (int(side) for side in sides)
        if _within(width, 1, parameter.max) and _within(height, 1, parameter.max):
            return f"{width}:{height}"
    first = plain.split(":")[0]
    return next((ratio for ratio in COMMON_RATIOS if ratio.split(":")[0] == first), "16:9")


def _read_size(parameter: Parameter, word: str) -> str:
    found = _SIZE.fullmatch(word)
    if found is not None:
        sides = [int(side) for side in found.groups()]
        if all(_within(side, parameter.min, parameter.max) for side in sides):
            return f"{sides[0]}x{sides[1]}"
    digits = [min(max(int(side[:9]), 64), 8192) for side in re.findall(r"[0-9]+", word)[:2]]
    near = "x".join(str(side) for side in (digits * 2)[:2]) or parameter.example
    raise BadValueError(
        f"takes width and height from 64 to 8192, such as {parameter.example}", near
    )


def _read_choice(parameter: Parameter, word: str) -> str:
    if word in parameter.choices:
        return word
    near = [str(choice) for choice in parameter.choices if word and str(choice).startswith(word[0])]
    raise BadValueError(
        f"takes {_either(parameter.choices)}", near[-1] if near else parameter.example
    )


def _read_listed(parameter: Parameter, word: str) -> str:
    """Read one of the names that a node of ComfyUI lists, in any case and with any separators."""
    choices = [short(choice) for choice in parameter.choices]
    if not choices:  # no engine has been seen yet
        return tidy(word)
    for key in (str, _folded):
        if found := next((choice for choice in choices if key(choice) == key(word)), None):
            return found
    near = closest(word, choices)
    if len(choices) <= MOST_LISTED:
        raise BadValueError(f"takes {_either(choices)}", near or choices[0])
    raise BadValueError(f"takes one of {len(choices)} names", near)


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.lower()).strip() or name


def _read_text(parameter: Parameter, word: str) -> str:
    text = tidy(unescape(word))
    if parameter.is_of_workflow:
        return text
    match parameter.name:
        case "workflow" if text.lower() not in parameter.choices:
            raise BadValueError(
                f"names {clip(text)}, and there is no such workflow",
                closest(text.lower(), [str(choice) for choice in parameter.choices]),
            )
        case "workflow":
            return text.lower()
        case "style" if not _STYLE.fullmatch(text):
            raise BadValueError("takes a name or a code, such as raw", "raw")
        case "style":
            name, dash, code = text.partition("-")
            return (name.lower() if name.lower() in STYLES else name) + dash + code
        case "end" if text.lower() == "loop":
            return "loop"
        case "end":
            return _read_link(text, "takes a link or loop")
        case _:
            return text


# ------------------------------------------------------------------------------------------- lists


def read_phrases(text: str) -> tuple[str, ...]:
    r"""Split ``semi-transparent glass, fog`` at its commas; ``\,`` belongs to a phrase."""
    phrases, start = [], 0
    for comma in re.finditer(r",", text):
        if comma.start() > start and text[comma.start() - 1] == "\\":
            continue
        phrases.append(text[start : comma.start()])
        start = comma.end()
    phrases.append(text[start:])
    return tuple(kept for phrase in phrases if (kept := tidy(unescape(phrase))))


def read_item(parameter: Parameter, word: str) -> Weighted:
    """Read one item of a weighted list, such as ``123::2``, or a LoRA, such as ``detail:0.8``."""
    value, weight = split_weight(unescape(word), parameter.weight_mark)
    if parameter.items is ItemKind.CHARACTER:
        value = _read_character(parameter, value, weight)
        usual = dict(parameter.usual).get(value, 1.0)
        return Weighted(value, _read_weight(parameter, weight) if weight else usual)
    return Weighted(_read_item_value(parameter, value), _read_weight(parameter, weight))


def _read_character(parameter: Parameter, value: str, weight: str) -> str:
    name = value.lower()
    if name in parameter.choices:
        return name
    near = closest(name, [str(choice) for choice in parameter.choices])
    strength = f":{weight}" if weight else ""
    raise BadValueError(
        f"names {clip(value)}, and there is no such character", near and f"{near}{strength}"
    )


def split_weight(text: str, mark: str) -> tuple[str, str]:
    """Split ``name:0.8`` or ``123::2`` into value and weight; the weight is "" when absent."""
    value, found, weight = text.rpartition(mark)
    if not found or not (weight == "" or _NUMBER.fullmatch(weight)):
        return text, ""
    return value.rstrip(": ") if mark == ":" else value, weight


def _read_item_value(parameter: Parameter, value: str) -> str:
    match parameter.items:
        case ItemKind.LORA:
            if not value:
                raise BadValueError("takes a name, such as detail:0.8", parameter.example)
            return value
        case ItemKind.PROFILE:
            if not _ID.fullmatch(value):
                raise BadValueError("takes ids made of letters and digits")
            return value
        case ItemKind.STYLE if value.lower() == "random":
            return "random"
        case ItemKind.STYLE if _INT.fullmatch(value) and 0 <= int(value) <= MAX_SEED:
            return str(int(value))
        case ItemKind.STYLE:
            return _read_link(value, f"takes links, style codes from 0 to {MAX_SEED}, or random")
        case _:
            return _read_link(value, "takes links that begin with http:// or https://")


def _read_link(text: str, complaint: str) -> str:
    link = read_link(text)
    if link is None:
        raise BadValueError(complaint)
    return link


def read_link(text: str) -> str | None:
    """Return a link as it is fetched, or None; Discord's angle brackets are taken off."""
    bare = text.lstrip("<").rstrip(",>")
    if is_own(bare):
        return bare
    if not _LINK.fullmatch(bare):
        return None
    return bare if bare[:4].lower() == "http" else f"https://{bare}"


def _read_weight(parameter: Parameter, weight: str) -> float:
    if not weight:
        return 1.0
    low, high = (-10.0, 10.0) if parameter.weight_mark == ":" else (0.0, float(MAX_WEIGHT))
    number = float(weight) if _is_number(weight) else high + 1
    if not _within(number, low, high):
        raise BadValueError(f"takes weights from {short(low)} to {short(high)}")
    return number + 0.0


def read_part_weight(weight: str | None) -> float:
    """Read the number after ``::`` in the text."""
    if weight is None:
        return 1.0
    number = float(weight) if _is_number(weight) else MAX_WEIGHT + 1.0
    if abs(number) > MAX_WEIGHT:
        raise BadValueError(f"takes numbers from {-MAX_WEIGHT} to {MAX_WEIGHT}")
    return number + 0.0


# ----------------------------------------------------------------------------------------- writing


def write(parameter: Parameter, value: Value) -> list[str]:
    """Write a value as a prompt has it: one text for each time the flag is written."""
    if isinstance(value, bool):
        return [""]
    if isinstance(value, float):
        return [write_number(value)]
    if not isinstance(value, tuple):
        return [escape(str(value))]
    if parameter.type is ValueType.LIST:
        return ["".join(_write_phrase(str(phrase)) for phrase in value).removeprefix(", ")]
    items = [write_item(parameter, item) for item in value if isinstance(item, Weighted)]
    return items if parameter.arity is Arity.REST else [" ".join(items)]


def _write_phrase(phrase: str) -> str:
    text = re.sub(r"[,{}]", r"\\\g<0>", phrase)
    # A space before a dash would begin a flag; a backslash at the end would escape the comma.
    lead = "," if flags(f" {phrase}") else ", "
    return f"{lead}{text} " if text.endswith("\\") else f"{lead}{text}"


def write_item(parameter: Parameter, item: Weighted) -> str:
    mark = parameter.weight_mark
    usual = dict(parameter.usual).get(item.value, 1)
    is_plain = item.weight == usual and split_weight(item.value, mark) == (item.value, "")
    weight = "" if is_plain else f"{mark}{write_number(item.weight)}"
    return escape(item.value) + weight


def write_number(number: float) -> str:
    """Write a number without exponent and without a needless ``.0``."""
    text = format(Decimal(repr(float(number))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# ----------------------------------------------------------------------------------------- helpers


def _is_number(word: str) -> bool:
    return len(word) <= _LONGEST_NUMBER and _NUMBER.fullmatch(word) is not None


def _between(low: float | None, high: float | None) -> str:
    start = "" if low is None else f" from {short(low)}"
    return start if high is None else f"{start or ' up'} to {short(high)}"


def _within(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def _nearest(word: str, low: float | None, high: float | None, *, whole: bool) -> str | None:
    """Return the allowed number that is nearest to what was typed, or None."""
    if len(word) > _LONGEST_NUMBER:
        return None
    plain = _THOUSANDS.sub("", word.strip("=:,;#%").rstrip("."))
    plain = plain.replace(",", ".").removeprefix("+")
    if not _is_number(plain):
        return None
    number = float(plain)
    number = max(number, low) if low is not None else number
    number = min(number, high) if high is not None else number
    return write_number(float(round(number)) if whole else number)


def nearest_step(number: float, steps: Iterable[float]) -> float:
    """Return the step that is nearest; halfway, the higher one."""
    return min(steps, key=lambda step: (abs(step - number), -step))


def _either(choices: Iterable[str | float]) -> str:
    *first, last = (short(choice) for choice in choices)
    return f"{', '.join(first)} or {last}" if first else last
