"""LoRAs that are named among the words, as other programs write them: ``<lora:detail:0.8>``.

Apart from the reader, because a tag may stand anywhere in a line: it is taken out first, and what
is left is read as if it had never been there. So no place in the line moves.
"""

import re
from dataclasses import dataclass

from imagine.parameters import Parameter
from imagine.prompt_tokens import FORBIDDEN, SPACE, extent, flags, tidy
from imagine.prompt_values import BadValueError, Weighted, read_item

# What stands for a tag that leaves no gap behind; no line has it, for it cannot be kept.
NOTHING = "\x00"

_TAG = re.compile(rf"<lora:(?:(?P<body>[^<>]*+)>|[^<>{SPACE}]*+)", re.IGNORECASE)
# `cat <lora:x>, dog` is "cat, dog", and of `cat, <lora:x>, dog` one comma goes too.
_GAP = re.compile(rf"[{SPACE}]*+\x00[{SPACE}\x00]*+(?P<sign>[,.;)]?)")
_CLOSES_ON = re.compile(r"[\w\"'”’)\]]")
_MOST_WEIGHTS = 2


@dataclass(frozen=True, slots=True)
class LoraTag:
    """One tag. ``body`` is what stands in it, None when it is not closed."""

    start: int
    end: int
    body: str | None


def lora_tags(line: str) -> list[LoraTag]:
    """Find every place where a LoRA is named so."""
    return [LoraTag(tag.start(), tag.end(), tag["body"]) for tag in _TAG.finditer(line)]


def without_tags(line: str, tags: list[LoraTag]) -> str:
    """Return the line, as long as it is, with spaces or nothing in place of the tags."""
    if not tags:
        return line
    pieces, start = [], 0
    for tag in tags:
        pieces += [line[start : tag.start], NOTHING * (tag.end - tag.start)]
        start = tag.end
    masked = "".join((*pieces, line[start:]))
    return _GAP.sub(lambda found: _closed(found, masked), masked)


def _closed(found: re.Match[str], line: str) -> str:
    """Return what stands in place of a gap and the sign behind it."""
    length, sign = len(found.group()), found["sign"]
    before = line[found.start() - 1] if found.start() else ","
    if sign == "," and before == ",":
        return " " * length
    if sign and _CLOSES_ON.match(before):
        return NOTHING * (length - 1) + sign
    return " " * (length - len(sign)) + sign


def comma_of(tag: LoraTag, typed: str, read: str) -> int:
    """Return where a tag ends with the comma that went with it, if one did."""
    end = extent(typed, tag.end, len(typed))[0]
    went = typed[end : end + 1] == "," and read[end] == " "
    return end + 1 if went else tag.end


def read_tag(row: Parameter, tag: LoraTag) -> tuple[Weighted, bool]:
    """Read a tag; also tell whether it has a weight of its own for the words.

    Raises:
        BadValueError: it is not closed, has no name, or a weight that cannot be.
    """
    if tag.body is None:
        raise BadValueError("has no > at its end", "<lora:detail:0.8>")
    name, *weights = (tidy(part) for part in tag.body.split(":"))
    if not name:
        raise BadValueError("has no name", "<lora:detail:0.8>")
    if flags(f"x {name}") or FORBIDDEN.search(name):
        raise BadValueError("has a name that looks like a flag")
    if len(weights) > _MOST_WEIGHTS:
        raise BadValueError("has more than a name and a weight")
    items = [_weighted(row, name, weight) for weight in weights or ["1"]]
    return items[0], len(items) > 1


def _weighted(row: Parameter, name: str, weight: str) -> Weighted:
    item = read_item(row, f"{name}:{weight}")
    if not weight or item.value != read_item(row, f"{name}:1").value:
        raise BadValueError("has a weight that is no number", f"<lora:{name}:1>")
    return item
