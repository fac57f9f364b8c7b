"""Chance that can be repeated: the same key gives the same draw, on every machine and version.

Each draw has a key of its own, so that one more draw elsewhere does not change it. Python's random
numbers promise less, and a shared generator would couple what has nothing to do with each other.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

# As many bits as a float holds, so that 1 is never drawn.
_BITS = 53
_RANGE = 1 << _BITS


def lot(*key: object) -> float:
    """Return a number from 0 up to, and without, 1 for a key."""
    text = "\x1f".join(map(str, key))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> (64 - _BITS)) / _RANGE


def pick(options: Sequence[T], *key: object) -> T:
    """Return one option. A new option changes a pick only to that one."""
    return max(options, key=lambda option: lot(*key, option))


def shuffled(options: Sequence[T], *key: object) -> list[T]:
    """Return all options in the order of a key. A new option leaves the others in their order."""
    return sorted(options, key=lambda option: lot(*key, option))
