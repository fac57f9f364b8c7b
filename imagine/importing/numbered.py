"""Inputs of a node that have numbers, such as ``text_1``, and how many of them it looks at.

A stack of fifty LoRAs may count to one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from imagine.importing.walking import is_number

# Units: digits. No node counts further.
_DIGITS = re.compile(r"\d{1,9}$")
# Words of the names of what counts; the rest of the name says which ones.
_COUNTING = frozenset({"count", "num", "number"})
# Counts all that a node has.
_ALL = "inputcount"


def families(names: Iterable[str]) -> dict[str, dict[int, str]]:
    """Return the inputs that have numbers by what stands before them, and by these."""
    found: dict[str, dict[int, str]] = {}
    for name in names:
        if match := _DIGITS.search(name):
            stem = name[: match.start()].removesuffix("_")
            found.setdefault(stem, {})[int(match[0])] = name
    return found


def uncounted(inputs: Mapping[str, Any]) -> frozenset[str]:
    """Return the inputs of a node that stand beyond how many of them count.

    Beside what is counted by its name these are the numbers of as many others, such as strengths.
    """
    found: set[str] = set()
    numbered = families(inputs)
    for name, count in inputs.items() if numbered else ():
        words = {*name.lower().split("_")}
        is_count = name == _ALL or not words.isdisjoint(_COUNTING)
        if not is_count or not isinstance(count, int) or isinstance(count, bool) or count < 0:
            continue
        meant = {word.rstrip("s") for word in words - _COUNTING}
        counted = {
            stem
            for stem in numbered
            if name == _ALL or not meant.isdisjoint(stem.lower().rstrip("s_").split("_"))
        }
        places = {frozenset(numbered[stem]) for stem in counted}
        for stem, family in numbered.items():
            is_beside = all(is_number(inputs[one]) for one in family.values())
            if stem in counted or (is_beside and frozenset(family) in places):
                least = min(*family, 1)
                found |= {other for at, other in family.items() if at - least >= count}
    return frozenset(found)
