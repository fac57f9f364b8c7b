"""Ways through a graph: what leads where, where a value is typed, and what an engine says of it."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeGuard

from imagine.catalog import Catalog, InputSchema, NodeSchema
from imagine.repair import Graph, is_link

Feed: TypeAlias = tuple[str, str]

# These sliders have a whole and a broken number for each of their outputs, and say which counts.
_SLIDERS, _AXES = ("mxSlider", "mxSlider2D"), "XY"


def inputs_of(graph: Graph, node_id: str) -> Mapping[str, Any]:
    """Return the inputs of a node, none for what is no node."""
    node = graph.get(node_id)
    inputs = node.get("inputs") if isinstance(node, Mapping) else None
    return inputs if isinstance(inputs, Mapping) else {}


def links_of(graph: Graph, node_id: str) -> dict[str, tuple[str, int]]:
    """Return the inputs of a node that links feed, with where they come from."""
    found = inputs_of(graph, node_id).items()
    return {n: (v[0], v[1]) for n, v in found if is_link(v) and v[0] in graph}


def users_of(graph: Graph) -> dict[str, list[Feed]]:
    """Return for each node the inputs that its outputs feed."""
    found: dict[str, list[Feed]] = {}
    for node_id in graph:
        for name, (source, _) in links_of(graph, node_id).items():
            found.setdefault(source, []).append((node_id, name))
    return found


def value_at(graph: Graph, feed: Feed) -> Any:
    """Return what an input holds, a link too; None when it is not there."""
    return inputs_of(graph, feed[0]).get(feed[1])


def schema_at(graph: Graph, catalog: Catalog | None, node_id: str) -> NodeSchema | None:
    """Return a node as an engine describes it; None when nobody knows it."""
    return catalog.schema_of(graph[node_id]) if catalog is not None else None


def given_by(graph: Graph, catalog: Catalog | None, source: str, slot: int) -> str | None:
    """Return of what type an output is; None when nobody knows."""
    schema = schema_at(graph, catalog, source)
    return schema.outputs[slot] if schema and 0 <= slot < len(schema.outputs) else None


def behind(graph: Graph, *starts: str) -> list[str]:
    """Return some nodes and all that they are made from, the nearest first."""
    found = dict.fromkeys(starts)
    waiting = deque(found)
    while waiting:
        for source, _ in links_of(graph, waiting.popleft()).values():
            if source not in found:
                found[source] = None
                waiting.append(source)
    return list(found)


def ahead(
    graph: Graph, starts: Iterable[str], takes: Callable[[Feed], bool] = lambda _: True
) -> dict[str, str]:
    """Return some nodes and all that is made from them, each with the nearest of them.

    ``takes``: whether the way goes on through an input.
    """
    users = users_of(graph)
    nearest = {node_id: node_id for node_id in starts}
    waiting = deque(nearest)
    while waiting:
        source = waiting.popleft()
        for feed in users.get(source, ()):
            if feed[0] not in nearest and takes(feed):
                nearest[feed[0]] = nearest[source]
                waiting.append(feed[0])
    return nearest


def wanted_at(graph: Graph, catalog: Catalog | None, feed: Feed) -> InputSchema | None:
    """Return an input as an engine describes it; None when nobody knows it."""
    schema = schema_at(graph, catalog, feed[0])
    return schema.inputs.get(feed[1]) if schema is not None else None


def is_number(value: Any) -> TypeGuard[int | float]:
    """Say whether a value is a number: yes and no are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_of(graph: Graph, node_id: str, name: str) -> Feed | None:
    """Return where the value of an input is typed: here, or in the node that feeds it."""
    links = links_of(graph, node_id)
    if name not in links:
        value = inputs_of(graph, node_id).get(name)
        return (node_id, name) if isinstance(value, str | int | float) else None
    source, slot = links[name]
    values = inputs_of(graph, source)
    typed = [n for n, v in values.items() if not is_link(v)]
    if links_of(graph, source):
        return None
    if graph[source].get("class_type") in _SLIDERS and 0 <= slot < len(_AXES):
        axis = _AXES[slot]
        named = [f"{axis}f" if values.get(f"isfloat{axis}") else f"{axis}i"]
    else:
        named = [name, name.removeprefix("noise_")]
    if len(typed) != 1:
        numbers = [n for n in typed if is_number(values[n])]
        named += [n for n in numbers if n in (f"{name}_total", f"total_{name}")]
        typed = [n for n in named if n in typed and isinstance(values[n], str | int | float)]
    return (source, typed[0]) if typed else None
