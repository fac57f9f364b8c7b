"""A graph as ComfyUI's page keeps it, read from JSON: nodes, links, and what subgraphs hold.

Both versions (0.4 and 1.0) and both shapes of a link become one; what is not of the right kind is
left out, so that the conversion never meets a surprise. Reroute points are drawing only: the links
in the file join the ends.

Source: ComfyUI_frontend, ``src/schemas/comfyWorkflowSchema.ts``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Where a link inside a subgraph leaves and enters it.
INPUT_NODE, OUTPUT_NODE = "-10", "-20"
ANY = "*"


@dataclass(frozen=True, slots=True)
class Slot:
    """An input or an output. ``is_widget``: it is the socket of a value that can be typed."""

    name: str
    type: str
    link: str | None = None
    is_widget: bool = False
    is_optional: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link by its two ends."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int
    type: str


@dataclass(frozen=True, slots=True)
class Node:
    """A node. ``values``: of its widgets, by position or by name. ``mode``: ComfyUI's number.

    ``named``: the same values by name, as newer pages write them beside.
    """

    id: str
    type: str
    title: str | None
    mode: int
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    values: list[Any] | dict[str, Any]
    properties: Mapping[str, Any]
    named: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageGraph:
    """The nodes and links of one level; ``inputs`` and ``outputs`` are those of a subgraph.

    ``origins``: the nodes whose outputs are used.
    """

    name: str
    nodes: Mapping[str, Node]
    links: Mapping[str, Link]
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    origins: frozenset[str] = frozenset()


def read_graph(raw: Mapping[str, Any]) -> PageGraph:
    """Return one level of a graph, nodes in the order in which ComfyUI runs them."""
    pairs = [(_order(node, at), read_node(node)) for at, node in enumerate(objects(raw, "nodes"))]
    pairs.sort(key=lambda pair: pair[0])
    name, extra = raw.get("name"), raw.get("extra")
    links = dict(_links(raw.get("links")))
    return PageGraph(
        name=name if isinstance(name, str) else "",
        nodes={node.id: node for _, node in pairs},
        links=links,
        inputs=tuple(_slot(slot) for slot in objects(raw, "inputs")),
        outputs=tuple(_slot(slot) for slot in objects(raw, "outputs")),
        extra=extra if isinstance(extra, Mapping) else {},
        origins=frozenset(link.origin for link in links.values()),
    )


def read_definitions(raw: Mapping[str, Any]) -> dict[str, PageGraph]:
    """Return the subgraphs that a workflow defines, by id; nested ones may be defined inside."""
    found: dict[str, PageGraph] = {}
    waiting = [raw]
    while waiting:
        definitions = waiting.pop().get("definitions")
        if not isinstance(definitions, Mapping):
            continue
        for subgraph in objects(definitions, "subgraphs"):
            found[identity(subgraph.get("id"))] = read_graph(subgraph)
            waiting.append(subgraph)
    return found


def read_node(raw: Mapping[str, Any]) -> Node:
    values, properties, title = (raw.get(key) for key in ("widgets_values", "properties", "title"))
    mode, type_, named = raw.get("mode"), raw.get("type"), raw.get("widgets_values_named")
    return Node(
        id=identity(raw.get("id")),
        type=type_ if isinstance(type_, str) else "",
        title=title if isinstance(title, str) and title else None,
        mode=mode if isinstance(mode, int) else 0,
        inputs=tuple(_slot(slot) for slot in objects(raw, "inputs")),
        outputs=tuple(_slot(slot) for slot in objects(raw, "outputs")),
        values=values if isinstance(values, list | dict) else [],
        properties=properties if isinstance(properties, Mapping) else {},
        named=named if isinstance(named, Mapping) else {},
    )


def objects(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list; what else is in it is nothing that can be read."""
    listed = raw.get(key)
    if not isinstance(listed, list):
        return []
    return [entry for entry in listed if isinstance(entry, Mapping)]


def identity(value: Any) -> str:
    """Return an id as text: files have numbers and texts for the same node."""
    return str(value) if isinstance(value, str | int) else ""


def _order(raw: Mapping[str, Any], position: int) -> tuple[int, int]:
    order = raw.get("order")
    return (order if isinstance(order, int) else position, position)


def _slot(raw: Mapping[str, Any]) -> Slot:
    name, kind, label = raw.get("name"), raw.get("type"), raw.get("label")
    link = identity(raw.get("link"))
    widget = raw.get("widget")
    named = widget.get("name") if isinstance(widget, Mapping) else None
    name = named if isinstance(named, str) and named else name
    return Slot(
        name=name if isinstance(name, str) else "",
        type=kind if isinstance(kind, str) else ANY,
        link=link or None,
        is_widget=isinstance(widget, Mapping),
        is_optional=raw.get("shape") == 7,  # drawn as a ring
        label=label if isinstance(label, str) and label else None,
    )


def _links(raw: Any) -> Iterator[tuple[str, Link]]:
    listed = list(raw.values()) if isinstance(raw, Mapping) else raw
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, list) and len(entry) >= 5:
            values = entry[:6] if len(entry) > 5 else [*entry, ANY]
        elif isinstance(entry, Mapping):
            keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
            values = [entry.get(key) for key in keys]
        else:
            continue
        link, origin, origin_slot, target, target_slot, kind = values
        if _is_place(origin_slot) and _is_place(target_slot):
            type_ = kind if isinstance(kind, str) else ANY
            ends = (identity(origin), origin_slot, identity(target), target_slot)
            yield identity(link), Link(*ends, type_)


def _is_place(slot: Any) -> bool:
    return isinstance(slot, int) and slot >= 0
