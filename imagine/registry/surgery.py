"""Changes to a graph that keep it runnable: what is taken out, what passes it by, what is put in.

The graph that is given stays as it is; nodes that nothing changes are shared with it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from imagine.catalog import CHOICE, Catalog, NodeSchema
from imagine.importing.making import makes, writes
from imagine.importing.walking import Feed, behind, inputs_of, links_of, users_of
from imagine.repair import Graph, is_link

Link = tuple[str, int]

# What can be typed in place of a link.
_WIDGETS = ("INT", "FLOAT", "BOOLEAN", CHOICE)


class Surgery:
    """One graph while it is changed. ``nodes`` are copies, down to their inputs."""

    def __init__(self, graph: Graph, catalog: Catalog) -> None:
        self.catalog = catalog
        self.nodes: dict[str, dict[str, Any]] = {
            node_id: {**node, "inputs": dict(inputs_of(graph, node_id))}
            for node_id, node in graph.items()
        }
        # Node → the inputs that it feeds, and those that it once fed.
        self._users = {
            source: dict.fromkeys(feeds) for source, feeds in users_of(self.nodes).items()
        }
        self._last_id = max((int(one) for one in self.nodes if one.isdecimal()), default=0)

    def class_of(self, node_id: str) -> str:
        return str(self.nodes[node_id].get("class_type", ""))

    def schema_of(self, node_id: str) -> NodeSchema | None:
        return self.catalog.schema_of(self.nodes[node_id])

    def set(self, feed: Feed, value: Any) -> None:
        """Give an input a value; nothing happens when its node is gone."""
        if feed[0] in self.nodes:
            self.nodes[feed[0]]["inputs"][feed[1]] = value

    def link(self, feed: Feed, source: Link) -> None:
        self.nodes[feed[0]]["inputs"][feed[1]] = list(source)
        self._users.setdefault(source[0], {})[feed] = None

    def users(self, node_id: str, slot: int | None = None) -> list[tuple[Feed, int]]:
        """Return the inputs that a node feeds, from one slot or from any, with the slot."""
        return list(self._using(node_id, slot))

    def _using(self, node_id: str, wanted: int | None) -> Iterator[tuple[Feed, int]]:
        for feed in self._users.get(node_id, ()):
            source = links_of(self.nodes, feed[0]).get(feed[1])
            if source is not None and source[0] == node_id and wanted in (None, source[1]):
                yield feed, source[1]

    def add(self, class_type: str, title: str, **inputs: Any) -> str:
        """Add a node and return its id; a pair among the inputs is a link."""
        self._last_id += 1
        node_id = str(self._last_id)
        self.nodes[node_id] = {"class_type": class_type, "inputs": {}, "_meta": {"title": title}}
        for name, value in inputs.items():
            if isinstance(value, tuple):
                self.link((node_id, name), value)
            else:
                self.set((node_id, name), value)
        return node_id

    # Taking out

    def remove(self, node_id: str) -> None:
        """Take a node out, with all that cannot be without it.

        An input that need not be there is left open, and one that can be typed gets what ComfyUI's
        page fills in. A node that misses anything else is passed by.
        """
        self._take_out(node_id, passes=False)

    def bypass(self, node_id: str) -> None:
        """Take a node out, and let what it got go on to those that it fed, by type."""
        self._take_out(node_id, passes=True)

    def _take_out(self, node_id: str, *, passes: bool) -> None:
        waiting = [(node_id, passes)]
        for gone, is_passed in waiting:  # grows
            if gone not in self.nodes:
                continue
            node, schema = self.nodes[gone], self.schema_of(gone)
            users = self.users(gone)
            del self.nodes[gone]
            for feed, slot in users:
                source = _passed(node, schema, slot) if is_passed else None
                if source is not None and source[0] in self.nodes:
                    self.link(feed, source)
                elif not self._does_without(feed) or self._has_nothing(feed[0], schema, slot):
                    waiting.append((feed[0], True))

    def _has_nothing(self, node_id: str, gone: NodeSchema | None, slot: int) -> bool:
        """Say whether a node that only changed what is gone has nothing left to work from."""
        own = self.schema_of(node_id)
        if own is None or gone is None or writes(own, self.nodes[node_id]["inputs"]):
            return False
        is_changing = not {*own.outputs}.isdisjoint(gone.outputs[slot : slot + 1])
        return is_changing and not links_of(self.nodes, node_id)

    def _does_without(self, feed: Feed) -> bool:
        """Leave an input open, and say whether its node can still run."""
        node_id, name = feed
        inputs = self.nodes[node_id]["inputs"]
        del inputs[name]
        schema = self.schema_of(node_id)
        if schema is None:
            return False
        wanted = schema.inputs.get(name)
        if wanted is None or not wanted.is_required:
            return True
        if wanted.type in _WIDGETS and wanted.default is not None:
            inputs[name] = wanted.default
            return True
        return False

    def keep(self, outputs: Iterable[str]) -> None:
        """Drop every node that none of these needs."""
        needed = {*behind(self.nodes, *outputs)}
        self.nodes = {one: node for one, node in self.nodes.items() if one in needed}


def _passed(node: dict[str, Any], schema: NodeSchema | None, slot: int) -> Link | None:
    """Return what goes on in place of an output: the input of its type, the n-th for the n-th."""
    if schema is None or not 0 <= slot < len(schema.outputs):
        return None
    kind = schema.outputs[slot]
    if makes(schema, kind):
        return None  # what was not sampled is no picture
    nth = schema.outputs[:slot].count(kind)
    names = [name for name in schema.order or schema.inputs if schema.inputs[name].type == kind]
    inputs = node["inputs"]
    for name in (*names[nth : nth + 1], *names):
        if is_link(value := inputs.get(name)):
            return value[0], value[1]
    return None
