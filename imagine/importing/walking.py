"""Ways through a graph: what leads where, and in which node a value is typed."""

from collections import deque
from collections.abc import Mapping
from typing import Any, TypeAlias

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


def behind(graph: Graph, start: str) -> list[str]:
    """Return a node and all that it is made from, the nearest first."""
    seen, waiting = [start], deque([start])
    known = {start}
    while waiting:
        for source, _ in links_of(graph, waiting.popleft()).values():
            if source not in known:
                known.add(source)
                seen.append(source)
                waiting.append(source)
    return seen


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
        typed = [n for n in named if n in typed and isinstance(values[n], str | int | float)]
    return (source, typed[0]) if typed else None
