"""What bounds a number: the inputs that it goes into, as an engine describes them.

A node that only holds a number hands it on, so what it feeds bounds it too. ComfyUI checks no
range behind a link: what its maker left there runs, whatever a later node says of it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imagine.catalog import InputSchema
from imagine.importing.walking import Feed, inputs_of, links_of, value_at
from imagine.importing.widgets import CONTROL
from imagine.repair import Graph

# Beyond this a bound is none: it only says how many bits a number has.
BOUNDLESS = 2**53
_NUMBERS = ("INT", "FLOAT")
# What nodes that hold a number beside others call it.
_VALUES = frozenset({"value", "int", "float", "number"})
# How many nodes that only pass a number on are followed.
_MOST_PASSED = 100


@dataclass(frozen=True, slots=True)
class Range:
    """The ends of a range; None is an open one."""

    low: float | None = None
    high: float | None = None

    @property
    def is_empty(self) -> bool:
        return self.low is not None and self.high is not None and self.low > self.high

    def within(self, other: "Range") -> "Range":
        """Return what both have in common."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Range(max(lows, default=None), min(highs, default=None))

    def has(self, value: object) -> bool:
        """Say whether a number lies in it; True for what is none."""
        if not isinstance(value, int | float):
            return True
        return not Range(value, value).within(self).is_empty


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds the numbers of one graph. ``schema_of``: an input, None for what is unknown."""

    graph: Graph
    users: Mapping[str, Sequence[Feed]]
    schema_of: Callable[[Feed], InputSchema | None]

    def schemas(self, feeds: Sequence[Feed]) -> Iterator[tuple[Feed, InputSchema]]:
        """Yield these inputs, and those that get the same number from them."""
        waiting, seen = list(feeds), set(feeds)
        while waiting and len(seen) < _MOST_PASSED + len(feeds):
            feed = waiting.pop(0)
            schema = self.schema_of(feed)
            if schema is None:
                continue
            yield feed, schema
            is_open = not _is_bound(schema) and hands_on(self.graph, feed)
            if schema.type in _NUMBERS and (is_open or self._only_holds(feed)):
                users = [user for user in self.users.get(feed[0], ()) if user not in seen]
                waiting += users
                seen.update(users)

    def range(self, feeds: Sequence[Feed], *, is_whole: bool) -> Range:
        """Return what all these inputs take, and what gets the number from them, if it can."""
        found = Range()
        value = value_at(self.graph, feeds[0]) if feeds else None
        for feed, schema in self.schemas(feeds):
            if schema.type not in _NUMBERS:
                continue
            narrower = found.within(_ends(schema, is_whole=is_whole))
            if feed in feeds or (not narrower.is_empty and narrower.has(value)):
                found = narrower
        return found

    def _only_holds(self, feed: Feed) -> bool:
        """Say whether a number is all that its node has, so that it can only hand it on."""
        names = inputs_of(self.graph, feed[0]).keys() - {CONTROL}
        return names == {feed[1]} and not links_of(self.graph, feed[0])


def hands_on(graph: Graph, feed: Feed) -> bool:
    """Say whether what a node gives is this number: of several it may be any."""
    typed = (n for n, v in inputs_of(graph, feed[0]).items() if isinstance(v, int | float))
    return feed[1] in _VALUES or {*typed} - {CONTROL} <= {feed[1]}


def _is_bound(schema: InputSchema) -> bool:
    return schema.maximum is not None and schema.maximum < BOUNDLESS


def _ends(schema: InputSchema, *, is_whole: bool) -> Range:
    """Return the range of an input; a bound that only says how many bits there are is none."""
    low = schema.minimum if schema.minimum is not None and schema.minimum > -BOUNDLESS else None
    high = schema.maximum if schema.maximum is not None and schema.maximum < BOUNDLESS else None
    if is_whole:
        low = math.ceil(low) if low is not None else None
        high = math.floor(high) if high is not None else None
    return Range(low, high)
