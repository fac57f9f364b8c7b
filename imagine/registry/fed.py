"""The inputs that a parameter feeds, as an engine describes them, and the range they share."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from imagine.catalog import Catalog, InputSchema
from imagine.importing.fields import BOUNDLESS, ParameterType
from imagine.importing.walking import Feed, inputs_of, users_of
from imagine.registry.entries import NUMBERS, Entry, Parameter
from imagine.repair import Graph

# The largest number that JSON keeps whole everywhere.
MOST_SEED = BOUNDLESS - 1
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


class Fed:
    """What the parameters of one graph feed on one engine; nothing is known without a catalog."""

    def __init__(self, graph: Graph, catalog: Catalog | None) -> None:
        self.graph = graph
        self.catalog = catalog

    def schema(self, feed: Feed) -> InputSchema | None:
        """Return the input itself; None when the engine has no such node or input."""
        node = self.graph.get(feed[0])
        if self.catalog is None or not isinstance(node, Mapping):
            return None
        known = self.catalog.schema_of(node)
        return known.inputs.get(feed[1]) if known is not None else None

    def schemas(self, parameter: Parameter) -> list[InputSchema]:
        """Return the inputs that decide what a parameter takes.

        A node that only holds a number, and takes any, has the bounds of what it feeds.
        """
        found: list[InputSchema] = []
        waiting, seen = list(parameter.feeds), set(parameter.feeds)
        while waiting and len(seen) < _MOST_PASSED + len(parameter.feeds):
            feed = waiting.pop(0)
            schema = self.schema(feed)
            if schema is None:
                continue
            found.append(schema)
            if schema.type in ("INT", "FLOAT") and not _is_bound(schema):
                users = [user for user in self._users.get(feed[0], ()) if user not in seen]
                waiting += users
                seen.update(users)
        return found

    def range(self, parameter: Parameter) -> Range:
        """Return what all the fed inputs take, whatever the parameter itself says."""
        found = _of_type(parameter.type)
        for schema in self.schemas(parameter):
            if schema.type in ("INT", "FLOAT"):
                found = found.within(_rounded(schema, parameter.type))
        return found

    def narrowed(self, parameter: Parameter) -> Range:
        """Return the range of a parameter: its own, and never more than the nodes take.

        Where both have nothing in common, that of the nodes.
        """
        theirs = self.range(parameter)
        ours = Range(parameter.min, parameter.max).within(theirs)
        return theirs if ours.is_empty else ours

    @cached_property
    def _users(self) -> dict[str, list[Feed]]:
        return users_of(self.graph)


def first_value(graph: Graph, feeds: Iterable[Feed]) -> object:
    """Return what stands in the graph where the first of some feeds leads; None for nothing."""
    for node_id, name in feeds:
        value: object = inputs_of(graph, node_id).get(name)
        return value
    return None


def wanted_file(entry: Entry, parameter: Parameter) -> object:
    """Return the file that a workflow would load by itself; ``parameter`` may be settled."""
    own = entry.parameter(parameter.name) or parameter
    return own.default or first_value(entry.graph, parameter.feeds)


def _is_bound(schema: InputSchema) -> bool:
    return schema.maximum is not None and schema.maximum < BOUNDLESS


def _of_type(type_: ParameterType) -> Range:
    if type_ is ParameterType.SEED:
        return Range(0, MOST_SEED)
    return Range()


def _rounded(schema: InputSchema, type_: ParameterType) -> Range:
    """Return the range of an input; a bound that only says how many bits there are is none."""
    low = schema.minimum if schema.minimum is not None and schema.minimum > -BOUNDLESS else None
    high = schema.maximum if schema.maximum is not None and schema.maximum < BOUNDLESS else None
    if type_ in NUMBERS and type_ is not ParameterType.FLOAT:
        low = math.ceil(low) if low is not None else None
        high = math.floor(high) if high is not None else None
    return Range(low, high)
