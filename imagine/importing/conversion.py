"""From the form of ComfyUI's page to the form that runs: what the page does when it queues.

What is only for the page goes (reroutes, primitives, notes, Set and Get), subgraphs are unfolded,
bypassed nodes pass on what they got, and muted ones are dropped with all that needs them. Values
that one place gives to several inputs stay known as one, since they are one parameter.

Source: ComfyUI_frontend, ``executionUtil.ts`` (``graphToPrompt``) and ``ExecutableNodeDTO.ts``;
ComfyUI-KJNodes, ``setgetnodes.js``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from imagine.catalog import Catalog, NodeSchema
from imagine.importing.documents import MOST_NODES
from imagine.importing.group_nodes import read_groups
from imagine.importing.levels import Given, Level, Mode, unfold
from imagine.importing.naming import Mark
from imagine.importing.page_graph import (
    ANY,
    INPUT_NODE,
    OUTPUT_NODE,
    Link,
    Node,
    Slot,
    read_definitions,
    read_graph,
)
from imagine.importing.widgets import (
    CONTROL,
    SEEDS,
    is_left_to_chance,
    named_values,
    unread_texts,
)

Feed: TypeAlias = tuple[str, str]

REROUTES = ("Reroute", "Reroute (rgthree)", "ReroutePrimitive|pysssss")
SETTERS, GETTERS = ("SetNode", "easy setNode"), ("GetNode", "easy getNode")
PRIMITIVE = "PrimitiveNode"
# cg-use-everywhere: what feeds one of these feeds each open input of its type.
EVERYWHERE = (
    *("Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3"),
    *("Prompts Everywhere", "Seed Everywhere"),
)
# What stands on the page only: texts, and switches that were thrown before the file was saved.
DECORATION = frozenset(
    {
        *("Note", "MarkdownNote", "Note Plus (mtb)", "Label (rgthree)", "Bookmark (rgthree)"),
        *("Fast Groups Muter (rgthree)", "Fast Groups Bypasser (rgthree)", "Fast Muter (rgthree)"),
        *("Fast Bypasser (rgthree)", "Fast Actions Button (rgthree)", "Node Collector (rgthree)"),
        *("Mute / Bypass Relay (rgthree)", "Mute / Bypass Repeater (rgthree)"),
        "Random Unmuter (rgthree)",
    }
)


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that one place gives to several inputs; ``is_chosen``: a subgraph shows it.

    ``mark``: what its maker said of it, if that is more than a label.
    """

    label: str | None
    feeds: tuple[Feed, ...]
    is_chosen: bool
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """The graph that runs, what belongs together in it, and what had to be left open.

    ``left_to_chance``: the inputs that the page would change after each run.
    """

    graph: dict[str, dict[str, Any]]
    shared: tuple[Shared, ...] = ()
    notes: tuple[str, ...] = ()
    left_to_chance: frozenset[Feed] = frozenset()


@dataclass(frozen=True, slots=True)
class _Output:
    """The end of a link that was followed: a slot of a node that runs."""

    node_id: str
    slot: int


class _Lost:
    """The end of a link that leads to a muted node, or that a bypassed one cannot pass on."""


_LOST = _Lost()
_End: TypeAlias = _Output | Given | _Lost | None


@dataclass(slots=True)
class _Gathered:
    label: str | None
    is_chosen: bool = False
    feeds: list[Feed] = field(default_factory=list)


def convert(raw: Mapping[str, Any], catalog: Catalog | None) -> Converted:
    """Return a page graph as the graph that runs.

    Raises:
        WorkflowError: a subgraph contains itself, or there are too many nodes.
    """
    graph = read_graph(raw)
    root = unfold(graph, read_definitions(raw), read_groups(graph.extra, catalog), MOST_NODES)
    return _Conversion(root, catalog).run()


class _Conversion:
    """One graph while its links are followed."""

    def __init__(self, root: Level, catalog: Catalog | None) -> None:
        self.root = root
        self.catalog = catalog
        self.graph: dict[str, dict[str, Any]] = {}
        self.gathered: dict[str, _Gathered] = {}
        self.lost: dict[str, list[Slot]] = {}
        self.notes: list[str] = []
        # Class → the title of its first node, and the texts of all that nobody can place.
        self.unread: dict[str, tuple[str, dict[str, None]]] = {}
        self.chance: set[Feed] = set()

    def run(self) -> Converted:
        for level in self.root.walk():
            everywhere = list(self._everywhere(level))
            for node in level.graph.nodes.values():
                if self._runs(level, node):
                    self._add(level, node)
                    self._fill(level, node, everywhere)
        self._drop_dependents()
        notes = (*self.notes, *self._unread())
        return Converted(self.graph, tuple(self._shared()), notes, frozenset(self.chance))

    def _runs(self, level: Level, node: Node) -> bool:
        """Say whether a node is sent to the engine."""
        if level.mode_of(node) in (Mode.MUTED, Mode.BYPASSED) or node.id in level.children:
            return False
        if node.type == PRIMITIVE or node.type in (*REROUTES, *SETTERS, *GETTERS, *DECORATION):
            return False
        if node.type in EVERYWHERE:
            return False
        if self.catalog is not None and self.catalog.has(node.type):
            return True
        is_joined = any(slot.link for slot in node.inputs) or node.id in level.graph.origins
        return bool(node.type) and is_joined  # an unknown one that stands alone does nothing

    def _add(self, level: Level, node: Node) -> None:
        node_id = level.full_id(node)
        schema = self.catalog.schemas.get(node.type) if self.catalog is not None else None
        label = node.title or (schema.label if schema is not None else None) or node.type
        values = named_values(node, schema)
        if values is None:
            what = f"{node.title} ({node.type})" if node.title else f"{node.type} (node {node_id})"
            self.notes.append(
                f"{what}: what its values are for is not known without ComfyUI’s node list. "
                "Read the workflow again where the node is installed."
            )
        elif schema is not None and (texts := unread_texts(node, values, schema)):
            _, known = self.unread.setdefault(node.type, (label, {}))
            known.update(dict.fromkeys(texts))
        inputs: dict[str, Any] = {name: _wrapped(v) for name, v in (values or {}).items()}
        control = level.overrides.get((node.id, CONTROL))
        for name, value in inputs.items():
            is_free = is_left_to_chance(node, name, value, schema)
            if is_free if control is None else name in SEEDS and control.value != "fixed":
                self.chance.add((node_id, name))
        for (inner, name), given in level.overrides.items():
            if inner == node.id and (name in inputs or _is_input(name, schema)):
                self._give(inputs, node_id, name, given)
        for at, slot in enumerate(node.inputs):
            end = self._input(level, node, at, slot.type, set())
            match end:
                case _Output():
                    inputs[slot.name] = [end.node_id, end.slot]
                case Given():
                    self._give(inputs, node_id, slot.name, end)
                case _Lost() if slot.name not in inputs:
                    self.lost.setdefault(node_id, []).append(slot)
                case _:
                    pass
        self.graph[node_id] = {
            "class_type": node.type,
            "inputs": inputs,
            "_meta": {"title": label},
        }

    def _unread(self) -> Iterator[str]:
        for label, texts in self.unread.values():
            told = ", ".join(f"“{text[:60]}”" for text in list(texts)[:5])
            stand = "stands in a field" if len(texts) == 1 else "stand in fields"
            yield (
                f"{label}: {told} {stand} that only its page in ComfyUI has. It cannot be read "
                "here; export the workflow with “Export (API)” to keep it."
            )

    def _everywhere(self, level: Level) -> Iterator[tuple[str, str, _Output]]:
        """Yield what is sent to all open inputs: its type, the name it is for, where it is made."""
        for node in level.graph.nodes.values():
            if node.type not in EVERYWHERE or level.mode_of(node) != Mode.ALWAYS:
                continue
            for at, slot in enumerate(node.inputs):
                link = level.graph.links.get(slot.link or "")
                end = self._input(level, node, at, link.type, set()) if link is not None else None
                if link is not None and isinstance(end, _Output):
                    name = ("pos", "neg")[at] if node.type.startswith("Prompts") and at < 2 else ""
                    yield link.type, name, end

    def _fill(self, level: Level, node: Node, everywhere: list[tuple[str, str, _Output]]) -> None:
        """Link the open inputs of a node to what is sent everywhere."""
        node_id = level.full_id(node)
        inputs = self.graph[node_id]["inputs"]
        for slot in node.inputs:
            if slot.link is not None or slot.is_widget or slot.name in inputs:
                continue
            for type_, name, end in everywhere:
                if type_ == slot.type and name in slot.name.lower():
                    inputs[slot.name] = [end.node_id, end.slot]
                    break

    def _give(self, inputs: dict[str, Any], node_id: str, name: str, given: Given) -> None:
        if given.is_set:
            inputs[name] = _wrapped(given.value)
        if given.is_left_to_chance:
            self.chance.add((node_id, name))
        group = self.gathered.setdefault(given.key, _Gathered(given.label))
        group.is_chosen |= "/" in given.key
        if (node_id, name) not in group.feeds:
            group.feeds.append((node_id, name))

    def _shared(self) -> Iterator[Shared]:
        for group in self.gathered.values():
            feeds = tuple(
                (node_id, name)
                for node_id, name in group.feeds
                if node_id in self.graph
                and not isinstance(self.graph[node_id]["inputs"].get(name), list)
            )
            if feeds:
                yield Shared(group.label, feeds, group.is_chosen)

    # Links

    def _input(
        self, level: Level, node: Node, at: int, wanted: str, seen: set[tuple[str, str, int]]
    ) -> _End:
        """Follow what leads into a slot, back to where it is made."""
        place = (level.full_id(node), "in", at)
        if place in seen or not 0 <= at < len(node.inputs):
            return None
        seen.add(place)
        link = level.graph.links.get(node.inputs[at].link or "")
        if link is None:
            return None
        return self._origin(level, link, wanted, seen)

    def _origin(
        self, level: Level, link: Link, wanted: str, seen: set[tuple[str, str, int]]
    ) -> _End:
        if link.origin == INPUT_NODE and level.parent is not None:
            return self._outside(level, link.origin_slot, wanted, seen)
        source = level.graph.nodes.get(link.origin)
        if source is None:
            return _LOST
        return self._output(level, source, link.origin_slot, wanted, seen)

    def _outside(self, level: Level, at: int, wanted: str, seen: set[tuple[str, str, int]]) -> _End:
        """Follow an input of a subgraph to where it is used."""
        slot = level.host_slot(at)
        host, parent = level.host, level.parent
        if host is None or parent is None:
            return None
        if slot is not None and slot.link:
            return self._input(parent, host, host.inputs.index(slot), wanted, seen)
        name = level.graph.inputs[at].name if 0 <= at < len(level.graph.inputs) else ""
        return level.promoted.get(name)

    def _output(
        self, level: Level, node: Node, slot: int, wanted: str, seen: set[tuple[str, str, int]]
    ) -> _End:
        place = (level.full_id(node), "out", slot)
        if place in seen:
            return None
        seen.add(place)
        mode = level.mode_of(node)
        if mode == Mode.MUTED or node.type in DECORATION:
            return _LOST
        if mode == Mode.BYPASSED:
            at = _passed_through(node, slot, wanted)
            return _LOST if at is None else self._input(level, node, at, wanted, seen) or _LOST
        if (child := level.children.get(node.id)) is not None:
            return self._inside(child, slot, wanted, seen)
        if node.type in REROUTES or node.type in SETTERS:
            return self._input(level, node, 0, wanted, seen)
        if node.type in GETTERS:
            return self._named(level, node, wanted, seen)
        if node.type == PRIMITIVE:
            return self._primitive(level, node)
        return _Output(level.full_id(node), slot)

    def _inside(
        self, child: Level, slot: int, wanted: str, seen: set[tuple[str, str, int]]
    ) -> _End:
        """Follow an output of a subgraph to the node in it."""
        for link in child.graph.links.values():
            if link.target == OUTPUT_NODE and link.target_slot == slot:
                return self._origin(child, link, wanted, seen)
        return _LOST

    def _named(
        self, level: Level, node: Node, wanted: str, seen: set[tuple[str, str, int]]
    ) -> _End:
        """Follow a Get node to the Set node of the same name, here or further out."""
        name = _first(node.values)
        outer: Level | None = level
        while outer is not None:
            for other in outer.graph.nodes.values():
                if other.type in SETTERS and _first(other.values) == name:
                    if outer.mode_of(other) == Mode.MUTED:
                        return _LOST
                    return self._input(outer, other, 0, wanted, seen)
            outer = outer.parent
        return _LOST

    def _primitive(self, level: Level, node: Node) -> _End:
        given = level.overrides.get((node.id, "value"))
        if given is not None and given.is_set:
            return given
        value = _first(node.values)
        if value is None:
            return None
        title = node.title if node.title not in ("Primitive", "PrimitiveNode") else None
        is_free = is_left_to_chance(node, "value", value, None)
        return Given(value, level.full_id(node), title, is_left_to_chance=is_free)

    # What cannot run without what was muted

    def _drop_dependents(self) -> None:
        """Drop each node that needs a link which is lost, and each that needs such a node."""
        waiting = [node_id for node_id, slots in self.lost.items() if self._needs(node_id, slots)]
        into: dict[str, list[Feed]] = {}
        for node_id, node in self.graph.items():
            for name, value in node["inputs"].items():
                if isinstance(value, list):
                    into.setdefault(value[0], []).append((node_id, name))
        while waiting:
            gone = waiting.pop()
            if self.graph.pop(gone, None) is None:
                continue
            for node_id, name in into.get(gone, ()):
                if node_id in self.graph:
                    del self.graph[node_id]["inputs"][name]
                    if self._needs(node_id, [Slot(name, ANY)]):
                        waiting.append(node_id)

    def _needs(self, node_id: str, slots: list[Slot]) -> bool:
        type_ = self.graph[node_id]["class_type"]
        schema = self.catalog.schema_of(self.graph[node_id]) if self.catalog is not None else None
        for slot in slots:
            wanted = schema.inputs.get(slot.name) if schema is not None else None
            if wanted is not None:
                if wanted.is_required:
                    return True
            elif schema is None and not slot.is_optional and "switch" not in type_.lower():
                return True
        return False


def _passed_through(node: Node, slot: int, wanted: str) -> int | None:
    """Return the input that a bypassed node passes on through an output; None if none fits.

    The input beside the output is tried first, then one of exactly the type, then any that fits.
    """
    kinds = [entry.type for entry in node.inputs]
    if wanted in (ANY, ""):
        return (slot if slot < len(kinds) else 0) if kinds else None
    given = node.outputs[slot].type if 0 <= slot < len(node.outputs) else wanted
    if slot < len(kinds) and _joins(kinds[slot], given) and _joins(kinds[slot], wanted):
        return slot
    if wanted in kinds:
        return kinds.index(wanted)
    fitting = (at for at, k in enumerate(kinds) if _joins(k, given) and _joins(k, wanted))
    return next(fitting, None)


def _joins(one: str, other: str) -> bool:
    if ANY in (one, other) or "" in (one, other):
        return True
    return not set(one.lower().split(",")).isdisjoint(other.lower().split(","))


def _is_input(name: str, schema: NodeSchema | None) -> bool:
    """Say whether the engine may know a widget: some are only for the page."""
    if schema is not None:
        return name in schema.inputs
    return name != CONTROL and not name.startswith("$$")


def _first(values: list[Any] | dict[str, Any]) -> Any:
    listed = list(values.values()) if isinstance(values, dict) else values
    return listed[0] if listed else None


def _wrapped(value: Any) -> Any:
    """Return a value as a graph holds it: a list would be taken for a link."""
    return {"__value__": value} if isinstance(value, list) else value
