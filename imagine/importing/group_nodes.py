"""Group nodes, which ComfyUI's page had before subgraphs, as the subgraphs that they amount to.

Apart from the conversion, which then knows one kind of nesting only. A group keeps no list of its
slots and widgets: they follow from its nodes, in the order in which the page makes them.

Source: ComfyUI_frontend, ``src/extensions/core/groupNode.ts``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.page_graph import (
    ANY,
    INPUT_NODE,
    OUTPUT_NODE,
    Link,
    Node,
    PageGraph,
    Slot,
    objects,
    read_node,
)
from imagine.importing.widgets import SEEDS, has_control, widget_names

# Both spellings are in files: the slash is the older one.
_PREFIXES = ("workflow/", "workflow>")
_DRAWN = ("Note", "MarkdownNote")
_PRIMITIVE = "PrimitiveNode"


@dataclass(frozen=True, slots=True)
class Group:
    """A group as a subgraph; ``widgets`` are its values in order, None for what is no value."""

    graph: PageGraph
    widgets: tuple[tuple[str, str] | None, ...]


def group_name(type_: str) -> str | None:
    """Return the name of the group that a node's type means; None when it means none."""
    return next((type_[len(p) :] for p in _PREFIXES if type_.startswith(p)), None)


def read_groups(extra: Mapping[str, Any], catalog: Catalog | None) -> dict[str, Group]:
    """Return the groups of a workflow by name."""
    groups = extra.get("groupNodes")
    if not isinstance(groups, Mapping):
        return {}
    return {
        str(name): _Reader(raw, catalog).group(str(name))
        for name, raw in groups.items()
        if isinstance(raw, Mapping)
    }


class _Reader:
    """One group, while its inner nodes are joined and its own slots are counted."""

    def __init__(self, raw: Mapping[str, Any], catalog: Catalog | None) -> None:
        self.catalog = catalog
        self.raw = raw
        nodes = [read_node(node) for node in objects(raw, "nodes")]
        self.nodes = [replace(node, id=str(index)) for index, node in enumerate(nodes)]
        self.links: dict[str, Link] = {}
        self.fed: dict[tuple[str, int], str] = {}
        self.used: set[tuple[str, int]] = set()
        listed = raw.get("links")
        for number, link in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(link, list) and len(link) >= 4 and all(_is_int(n) for n in link[:4]):
                origin, origin_slot, target, target_slot = link[:4]
                made = Link(str(origin), origin_slot, str(target), target_slot, ANY)
                self.links[f"inner{number}"] = made
                self.fed[made.target, made.target_slot] = f"inner{number}"
                self.used.add((made.origin, made.origin_slot))

    def group(self, name: str) -> Group:
        inputs, placed = self._inputs()
        outputs = self._outputs()
        nodes = {node.id: self._linked(node, placed) for node in self.nodes}
        return Group(
            PageGraph(name, nodes, self.links, inputs, outputs), tuple(self._widget_places())
        )

    def _linked(self, node: Node, placed: Mapping[tuple[str, int], str]) -> Node:
        slots = (
            replace(slot, link=self.fed.get((node.id, at)) or placed.get((node.id, at)))
            for at, slot in enumerate(node.inputs)
        )
        return replace(node, inputs=tuple(slots))

    def _inputs(self) -> tuple[tuple[Slot, ...], dict[tuple[str, int], str]]:
        """Return the slots of the group, and for each inner slot the link that leads to it.

        What was a widget comes after all that is none.
        """
        open_slots = [
            (slot.is_widget, node, at, slot)
            for node in self.nodes
            for at, slot in enumerate(node.inputs)
            if (node.id, at) not in self.fed and self._shows(node, "input", slot.name)
        ]
        inputs: list[Slot] = []
        placed: dict[tuple[str, int], str] = {}
        for is_widget, node, at, slot in sorted(open_slots, key=lambda entry: entry[0]):
            link = f"outer{len(inputs)}"
            self.links[link] = Link(INPUT_NODE, len(inputs), node.id, at, slot.type)
            placed[node.id, at] = link
            inputs.append(Slot(f"{node.id} {slot.name}", slot.type, is_widget=is_widget))
        return tuple(inputs), placed

    def _outputs(self) -> tuple[Slot, ...]:
        external = self.raw.get("external")
        shown = {
            (str(entry[0]), entry[1])
            for entry in (external if isinstance(external, list) else ())
            if isinstance(entry, list) and len(entry) >= 2 and _is_int(entry[1])
        }
        outputs: list[Slot] = []
        for node in self.nodes:
            for slot, output in enumerate(node.outputs):
                place = (node.id, slot)
                is_inner = place in self.used and place not in shown
                if not self._shows(node, "output", str(slot), not is_inner):
                    continue
                link = Link(node.id, slot, OUTPUT_NODE, len(outputs), output.type)
                self.links[f"out{len(outputs)}"] = link
                outputs.append(output)
        return tuple(outputs)

    def _shows(self, node: Node, side: str, name: str, usual: bool = True) -> bool:
        found: Any = self.raw.get("config")
        for key in (node.id, side, name):
            found = found.get(key) if isinstance(found, Mapping) else None
        visible = found.get("visible") if isinstance(found, Mapping) else None
        return visible if isinstance(visible, bool) else usual

    def _widget_places(self) -> Iterator[tuple[str, str] | None]:
        """Yield whose values the group keeps; None for what only the page needs."""
        converted: list[tuple[str, str] | None] = []
        for node in self.nodes:
            slots = {slot.name: at for at, slot in enumerate(node.inputs) if slot.is_widget}
            for place in self._of_node(node):
                name = place[1] if place is not None else None
                if name not in slots:
                    yield place
                elif (node.id, slots[name]) not in self.fed:
                    converted.append(place)
        yield from converted

    def _of_node(self, node: Node) -> Sequence[tuple[str, str] | None]:
        schema = self.catalog.schemas.get(node.type) if self.catalog is not None else None
        if node.type == _PRIMITIVE:
            return [(node.id, "value"), None] if (node.id, 0) in self.used else []
        if schema is None or node.type in _DRAWN:
            return []
        places: list[tuple[str, str] | None] = []
        converted = {slot.name for slot in node.inputs if slot.is_widget}
        for name in widget_names(node, schema):
            places.append((node.id, name))
            if name not in converted and (name in SEEDS or has_control(name, schema.inputs[name])):
                places.append(None)
        if any(wanted.upload == "image" for wanted in schema.inputs.values()):
            places.append(None)
        return places


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
