"""What a graph gives: pictures, video, sound, models, text; told from the nodes that end it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from imagine.catalog import Catalog
from imagine.importing.roles import links_of
from imagine.repair import Graph, title


class OutputKind(StrEnum):
    """What comes out."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    MODEL_3D = "3d"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Output:
    """A node that ends a graph. ``is_kept``: it saves what it shows."""

    node_id: str
    kind: OutputKind
    title: str
    is_kept: bool


# Parts of class names; the first that fits tells the kind.
_NAMES = (
    (OutputKind.VIDEO, ("video", "webm", "animated", "gif", "vhs_")),
    (OutputKind.AUDIO, ("audio",)),
    (OutputKind.MODEL_3D, ("glb", "3d", "mesh", "tripo")),
    (OutputKind.OTHER, ("savelatent", "checkpointsave", "clipsave", "vaesave", "modelsave")),
    (OutputKind.OTHER, ("loraSave".lower(), "savelora", "lossgraph", "saveconditioning")),
    (OutputKind.IMAGE, ("image", "mask", "svg")),
    (OutputKind.TEXT, ("text", "any", "string", "show")),
)
_TYPES = {
    "IMAGE": OutputKind.IMAGE,
    "MASK": OutputKind.IMAGE,
    "VIDEO": OutputKind.VIDEO,
    "AUDIO": OutputKind.AUDIO,
    "MESH": OutputKind.MODEL_3D,
    "STRING": OutputKind.TEXT,
}
_SHOWN_ONLY = ("preview", "show", "compare", "display")
_ENDS = ("save", "preview", "combine", "show", "display", "output")


def find_outputs(graph: Graph, catalog: Catalog | None) -> tuple[Output, ...]:
    """Return the outputs of a graph, those that are kept first."""
    found = sorted(_outputs(graph, catalog), key=lambda output: not output.is_kept)
    return tuple(found)


def _outputs(graph: Graph, catalog: Catalog | None) -> Iterator[Output]:
    used = {source for node_id in graph for source, _ in links_of(graph, node_id).values()}
    for node_id in graph:
        class_type = str(graph[node_id].get("class_type", ""))
        schema = catalog.schemas.get(class_type) if catalog is not None else None
        lower = class_type.lower()
        if schema is not None:
            is_end = schema.is_output
        else:
            is_end = node_id not in used and any(word in lower for word in _ENDS)
        if is_end:
            kind = _kind(graph, node_id, lower, catalog)
            is_kept = not any(word in lower for word in _SHOWN_ONLY)
            yield Output(node_id, kind, title(graph, node_id), is_kept)


def _kind(graph: Graph, node_id: str, lower: str, catalog: Catalog | None) -> OutputKind:
    for kind, words in _NAMES:
        if any(word in lower for word in words):
            return kind
    for source, slot in links_of(graph, node_id).values():
        class_type = str(graph[source].get("class_type", ""))
        schema = catalog.schemas.get(class_type) if catalog is not None else None
        if schema is not None and 0 <= slot < len(schema.outputs):
            return _TYPES.get(schema.outputs[slot], OutputKind.OTHER)
    return OutputKind.OTHER
