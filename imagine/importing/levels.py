"""One level of a page graph while it is unfolded: the root, or a subgraph where it is used.

The same subgraph may be used several times; each use has ids, values and a mode of its own.

Source: ComfyUI_frontend, ``ExecutableNodeDTO`` (ids are the path of uses, joined by ``:``) and
``proxyWidgetMigration`` (which value of a use belongs to which inner widget).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from imagine.errors import WorkflowError
from imagine.importing.group_nodes import Group, group_name
from imagine.importing.page_graph import Node, PageGraph, Slot
from imagine.importing.widgets import CONTROLS, SEEDS

# Units: subgraphs inside one another. ComfyUI's own never come near.
DEEPEST = 32
# Older files name a widget of an inner use with the path to it.
_PATH = re.compile(r"^\s*\d+\s*:\s*")
_OWN = "-1"


class Mode(IntEnum):
    """How a node takes part; the numbers in between run as well."""

    ALWAYS = 0
    MUTED = 2
    BYPASSED = 4


@dataclass(frozen=True, slots=True)
class Given:
    """A value that stands elsewhere: in a primitive, or at the use of a subgraph.

    ``key`` is the same for all that it feeds. ``label``: how its maker called it. ``is_set``:
    False where the use only shows the inner value. ``is_left_to_chance``: the page would change it
    after each run.
    """

    value: Any
    key: str
    label: str | None
    is_set: bool = True
    is_left_to_chance: bool = False


@dataclass(slots=True)
class Level:
    """The nodes of one use. ``overrides``: by inner node and widget; ``promoted``: by input."""

    graph: PageGraph
    path: tuple[str, ...] = ()
    host: Node | None = None
    parent: "Level | None" = None
    mode: int = Mode.ALWAYS
    overrides: dict[tuple[str, str], Given] = field(default_factory=dict)
    promoted: dict[str, Given] = field(default_factory=dict)
    children: dict[str, "Level"] = field(default_factory=dict)

    def full_id(self, node: Node) -> str:
        return ":".join((*self.path, node.id))

    def mode_of(self, node: Node) -> int:
        return node.mode if self.mode == Mode.ALWAYS else self.mode

    def walk(self) -> Iterator["Level"]:
        """Yield this level and all that it holds."""
        yield self
        for child in self.children.values():
            yield from child.walk()

    def host_slot(self, at: int) -> Slot | None:
        """Return the slot of the use to which an input of the subgraph belongs."""
        if self.host is None or not 0 <= at < len(self.graph.inputs):
            return None
        wanted = self.graph.inputs[at].name
        named = next((slot for slot in self.host.inputs if slot.name == wanted), None)
        if named is None and at < len(self.host.inputs) and not self.host.inputs[at].name:
            return self.host.inputs[at]
        return named


def unfold(
    root: PageGraph,
    definitions: Mapping[str, PageGraph],
    groups: Mapping[str, Group],
    most_nodes: int,
) -> Level:
    """Return the root level with all levels below it.

    Raises:
        WorkflowError: a subgraph contains itself, or there are too many nodes in all.
    """
    level = Level(root)
    waiting = [level]
    count = 0
    while waiting:
        here = waiting.pop()
        count += len(here.graph.nodes)
        if count > most_nodes:
            raise WorkflowError(
                f"The workflow has more than {most_nodes} nodes, with what its subgraphs hold.",
                hint="Split it, or export the part that you need.",
            )
        for node in here.graph.nodes.values():
            child = _child(here, node, definitions, groups)
            if child is None:
                continue
            if len(child.path) > DEEPEST:
                raise WorkflowError(
                    f"The subgraph {child.graph.name or node.type} contains itself.",
                    hint="Open it in ComfyUI, and export it again.",
                )
            here.children[node.id] = child
            waiting.append(child)
    return level


def _child(
    level: Level,
    node: Node,
    definitions: Mapping[str, PageGraph],
    groups: Mapping[str, Group],
) -> Level | None:
    mode = level.mode_of(node)
    inherited = mode if mode in (Mode.MUTED, Mode.BYPASSED) else Mode.ALWAYS
    path = (*level.path, node.id)
    if (name := group_name(node.type)) is not None and name in groups:
        group = groups[name]
        host = replace(node, inputs=_joined_slots(node, group.graph))
        child = Level(group.graph, path, host, level, inherited)
        _give_group(child, group, node.values if isinstance(node.values, list) else [])
        return child
    if node.type not in definitions:
        return None
    child = Level(definitions[node.type], path, node, level, inherited)
    _give(child, level)
    return child


def _joined_slots(node: Node, graph: PageGraph) -> tuple[Slot, ...]:
    """Name the slots of a group's use as the group does: each kind in its own order."""
    slots: list[Slot] = []
    for is_widget in (False, True):
        theirs = [slot for slot in node.inputs if slot.is_widget is is_widget]
        ours = [slot for slot in graph.inputs if slot.is_widget is is_widget]
        pairs = zip(theirs, ours, strict=False)
        slots += [replace(their, name=our.name) for their, our in pairs]
    return tuple(slots)


def _give_group(child: Level, group: Group, values: list[Any]) -> None:
    at = 0
    for place in group.widgets:
        if at >= len(values):
            return
        if place is None:
            at += values[at] in ("image", *CONTROLS) if isinstance(values[at], str) else 0
            continue
        if values[at] is not None:
            key = f"{':'.join(child.path)}/{place[0]}/{place[1]}"
            child.overrides[place] = Given(values[at], key, None)
        at += 1


def _give(child: Level, level: Level) -> None:
    """Find the values that a use of a subgraph has of its own."""
    host = child.host
    if host is None:
        return
    labels = {slot.name: slot.label or slot.name for slot in child.graph.inputs}
    labels |= {slot.name: slot.label for slot in host.inputs if slot.label}
    for place, value in _entries(host):
        node_id, name = place
        key = f"{':'.join(child.path)}/{node_id}/{name}"
        given = Given(value, key, labels.get(name) if node_id == _OWN else None, value is not None)
        outer = level.overrides.get((host.id, name))
        given = outer if outer is not None and outer.is_set else given
        if node_id == _OWN:
            child.promoted[name] = given
        else:
            child.overrides[node_id, name] = given
            if (plain := _PATH.sub("", name)) != name:
                child.overrides[node_id, plain] = given


def _entries(host: Node) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield what a use shows, by inner node and widget, with its value."""
    proxies = host.properties.get("proxyWidgets")
    places = [
        (str(entry[0]), entry[1])
        for entry in (proxies if isinstance(proxies, list) else ())
        if isinstance(entry, list) and len(entry) >= 2 and isinstance(entry[1], str)
    ]
    if isinstance(host.values, dict):
        values = host.values
        yield from (((_OWN, str(name)), value) for name, value in values.items())
        return
    if places:
        listed = [*host.values, *[None] * len(places)]
        yield from zip(places, listed, strict=False)
        return
    if host.named:
        yield from (((_OWN, str(name)), value) for name, value in host.named.items())
        return
    at = 0
    for slot in host.inputs:
        if not slot.is_widget:
            continue
        value = host.values[at] if at < len(host.values) else None
        at += 1
        is_followed = at < len(host.values) and host.values[at] in tuple(CONTROLS)
        if slot.name in SEEDS and is_followed:
            at += 1
        yield (_OWN, slot.name), value
