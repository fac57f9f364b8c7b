"""The inputs that a parameter feeds, as an engine describes them, and the range they share."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from imagine.catalog import Catalog, InputSchema
from imagine.importing.bounds import BOUNDLESS, Bounds, Range
from imagine.importing.fields import ParameterType
from imagine.importing.walking import Feed, users_of, value_at
from imagine.registry.entries import NUMBERS, Entry, Parameter
from imagine.repair import Graph

# The largest number that JSON keeps whole everywhere.
MOST_SEED = BOUNDLESS - 1


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
        """Return the inputs that decide what a parameter takes."""
        return [schema for _, schema in self._bounds.schemas(parameter.feeds)]

    def range(self, parameter: Parameter) -> Range:
        """Return what all the fed inputs take, whatever the parameter itself says."""
        is_whole = parameter.type in NUMBERS and parameter.type is not ParameterType.FLOAT
        theirs = self._bounds.range(parameter.feeds, is_whole=is_whole)
        return _of_type(parameter.type).within(theirs)

    def narrowed(self, parameter: Parameter) -> Range:
        """Return the range of a parameter: its own, and never more than the nodes take.

        Where both have nothing in common, that of the nodes.
        """
        theirs = self.range(parameter)
        ours = Range(parameter.min, parameter.max).within(theirs)
        return theirs if ours.is_empty else ours

    @cached_property
    def _bounds(self) -> Bounds:
        return Bounds(self.graph, users_of(self.graph), self.schema)


def first_value(graph: Graph, feeds: Iterable[Feed]) -> object:
    """Return what stands in the graph where the first of some feeds leads; None for nothing."""
    return next((value_at(graph, feed) for feed in feeds), None)


def wanted_file(entry: Entry, parameter: Parameter) -> object:
    """Return the file that a workflow would load by itself; ``parameter`` may be settled."""
    own = entry.parameter(parameter.name) or parameter
    return own.default or first_value(entry.graph, parameter.feeds)


def _of_type(type_: ParameterType) -> Range:
    if type_ is ParameterType.SEED:
        return Range(0, MOST_SEED)
    return Range()
