"""Nodes and links, whatever they do, and what a finished graph is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Output(NamedTuple):
    """One output slot of a node; given as an input, it is a link."""

    node: str
    slot: int = 0


@dataclass(frozen=True, slots=True)
class OutputNode:
    """A node that saves. ``image``: the index of its first picture; None: it saves the whole batch.

    Further pictures follow in order, each ``stride`` after the one before.
    """

    node_id: str
    image: int | None
    stride: int = 1

    def index(self, place: int) -> int:
        """Return which picture of the job the one at a place of this node is."""
        return (self.image or 0) + place * self.stride


@dataclass(frozen=True, slots=True)
class Sampler:
    """A node that samples, and the picture it works on (None: the whole batch at once)."""

    image: int | None
    steps: int


@dataclass(frozen=True, slots=True)
class Workflow:
    """A graph in ComfyUI's API format, and what a reader of its progress has to know.

    Units: ``weights`` are the relative costs of the nodes; a sampler's is its number of steps, as
    far as they are steps of one picture at the size of the set.

    ``is_counted``: ``batch_size`` says how many pictures come; else at least one output of any
    kind does. ``takes_temp``: what nodes only show, and ComfyUI soon forgets, counts too.
    """

    graph: dict[str, dict[str, Any]]
    outputs: tuple[OutputNode, ...]
    samplers: Mapping[str, Sampler]
    weights: Mapping[str, float]
    is_counted: bool = True
    takes_temp: bool = False


def output_nodes(node_ids: Sequence[str]) -> tuple[OutputNode, ...]:
    """Return output nodes that give any number of files each.

    The index of place p of the k-th of K is p·K + k: the same in whatever order they come.
    """
    return tuple(OutputNode(node_id, k, len(node_ids)) for k, node_id in enumerate(node_ids))


class Nodes:
    """The nodes of a graph, in the order in which they were added."""

    def __init__(self) -> None:
        self._nodes: dict[str, dict[str, Any]] = {}
        self._links: dict[str, list[str]] = {}
        self._known: dict[tuple[str, tuple[tuple[str, Any], ...]], str] = {}

    def add(self, class_type: str, title: str, **inputs: Any) -> str:
        """Add a node and return its id; an `Output` among the inputs becomes a link."""
        node_id = str(len(self._nodes) + 1)
        self._nodes[node_id] = {
            "class_type": class_type,
            "inputs": {
                name: list(value) if isinstance(value, Output) else value
                for name, value in inputs.items()
            },
            "_meta": {"title": title},
        }
        links = (value.node for value in inputs.values() if isinstance(value, Output))
        self._links[node_id] = list(links)
        return node_id

    def add_once(self, class_type: str, title: str, **inputs: Any) -> str:
        """Return the node that does just this already, or add it."""
        key = (class_type, tuple(sorted(inputs.items())))
        if key not in self._known:
            self._known[key] = self.add(class_type, title, **inputs)
        return self._known[key]

    def to_api(self) -> dict[str, dict[str, Any]]:
        """Return the nodes in ComfyUI's API format."""
        return self._nodes

    def needed_for(self, outputs: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the same without those that none of these depends on."""
        needed: set[str] = set()
        waiting = list(outputs)
        while waiting:
            node_id = waiting.pop()
            if node_id not in needed:
                needed.add(node_id)
                waiting += self._links[node_id]
        return {node_id: node for node_id, node in self._nodes.items() if node_id in needed}
