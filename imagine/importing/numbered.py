"""Inputs of a node that have numbers, such as ``text_1``, and how many of them it looks at.

A stack of fifty LoRAs may count to one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_NUMBERED = re.compile(r"(.*?)_?0*(\d+)")
# Words of the names of what counts; the rest of the name says which ones.
_COUNTING = frozenset({"count", "num", "number"})
# Counts all that a node has.
_ALL = "inputcount"


def families(names: Iterable[str]) -> dict[str, dict[int, str]]:
    """Return the inputs that have numbers by what stands before them, and by these."""
    found: dict[str, dict[int, str]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            found.setdefault(match[1], {})[int(match[2])] = name
    return found


def uncounted(inputs: Mapping[str, Any]) -> frozenset[str]:
    """Return the inputs of a node that stand beyond how many of them count."""
    numbered = families(inputs)
    found: set[str] = set()
    for name, count in inputs.items():
        words = {*name.lower().split("_")}
        is_count = name == _ALL or not words.isdisjoint(_COUNTING)
        if not is_count or not isinstance(count, int) or isinstance(count, bool):
            continue
        meant = {word.rstrip("s") for word in words - _COUNTING}
        counted = [
            family.keys()
            for stem, family in numbered.items()
            if name == _ALL or not meant.isdisjoint(stem.lower().split("_"))
        ]
        for family in numbered.values():
            if family.keys() in counted:
                least = min(family)
                found |= {other for at, other in family.items() if at - min(least, 1) >= count}
    return frozenset(found)
