"""What a graph gives: pictures, video, sound, models, text; told from the nodes that end it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from imagine.catalog import Catalog
from imagine.importing.walking import given_by, inputs_of, links_of, schema_at
from imagine.repair import Graph, title


class OutputKind(StrEnum):
    """What comes out."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    MODEL = "model"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Output:
    """A node that ends a graph. ``is_kept``: it saves what it shows.

    ``kind``: a model is one of three dimensions.
    """

    node_id: str
    kind: OutputKind
    title: str
    is_kept: bool


# Parts of class names; the first that fits tells the kind.
_NAMES = (
    (OutputKind.VIDEO, ("video", "webm", "animated", "gif", "vhs_")),
    (OutputKind.AUDIO, ("audio", "sound", "speech")),
    (OutputKind.MODEL, ("glb", "3d", "mesh", "tripo", "trimesh")),
    (OutputKind.OTHER, ("savelatent", "checkpointsave", "clipsave", "vaesave", "modelsave")),
    (OutputKind.OTHER, ("lorasave", "savelora", "lossgraph", "saveconditioning")),
    (OutputKind.TEXT, ("savetext", "save text", "showtext", "show text", "displaytext")),
    (OutputKind.IMAGE, ("image", "mask", "svg", "picture")),
    (OutputKind.TEXT, ("text", "any", "string", "show")),
)
_TYPES = {
    "IMAGE": OutputKind.IMAGE,
    "MASK": OutputKind.IMAGE,
    "VIDEO": OutputKind.VIDEO,
    "AUDIO": OutputKind.AUDIO,
    "MESH": OutputKind.MODEL,
    "TRIMESH": OutputKind.MODEL,
    "STRING": OutputKind.TEXT,
}
# What a node that nobody knows is called when it gives anything.
_SHOWN_ONLY = ("preview", "show", "compare", "display")
# What ends a graph only to tidy up after it.
_TIDYING = ("purge", "vram", "cleangpu", "clearcache", "unload")
_ENDS = ("save", "preview", "combine", "show", "display", "output", "compare", "export", "writer")
# What gives nothing else only measures, though packs call it an end.
_MEASURES = frozenset({"INT", "FLOAT", "BOOLEAN"})
# A format that says it, where neither the class nor an input does.
_SOUNDS = frozenset({"wav", "mp3", "flac", "ogg", "opus"})
# The inputs by which an end says what it takes, where its class does not.
_INPUTS = {
    "audio": OutputKind.AUDIO,
    "video": OutputKind.VIDEO,
    "images": OutputKind.IMAGE,
    "image": OutputKind.IMAGE,
    "text": OutputKind.TEXT,
}


def find_outputs(graph: Graph, catalog: Catalog | None) -> tuple[Output, ...]:
    """Return the outputs of a graph, those that are kept first."""
    found = sorted(_outputs(graph, catalog), key=lambda output: not output.is_kept)
    return tuple(found)


def is_tidying(class_type: str) -> bool:
    """Say whether an output only tidies up, and makes nothing."""
    return any(word in class_type.lower() for word in _TIDYING)


def _outputs(graph: Graph, catalog: Catalog | None) -> Iterator[Output]:
    used = {source for node_id in graph for source, _ in links_of(graph, node_id).values()}
    for node_id in graph:
        class_type = str(graph[node_id].get("class_type", ""))
        schema = schema_at(graph, catalog, node_id)
        lower = class_type.lower()
        if schema is not None:
            measures = bool(schema.outputs) and _MEASURES.issuperset(schema.outputs)
            is_end = schema.is_output and (not measures or _is_called_end(lower))
        else:
            is_end = node_id not in used and _is_called_end(lower)
        if is_end:
            kind = _kind(graph, node_id, lower, catalog)
            # Packs also call ends what only passes on what the real end shows.
            is_passed_on = node_id in used and not _is_called_end(lower)
            is_kept = _is_kept(graph, node_id, lower) and not is_passed_on
            yield Output(node_id, kind, title(graph, node_id), is_kept)


def _is_called_end(lower: str) -> bool:
    return any(word in lower for word in _ENDS)


def _is_kept(graph: Graph, node_id: str, lower: str) -> bool:
    if inputs_of(graph, node_id).get("save_output") is False:
        return False
    return "save" in lower or not any(word in lower for word in (*_SHOWN_ONLY, *_TIDYING))


def _kind(graph: Graph, node_id: str, lower: str, catalog: Catalog | None) -> OutputKind:
    for kind, words in _NAMES:
        if any(word in lower for word in words):
            return kind
    for source, slot in links_of(graph, node_id).values():
        if (given := _TYPES.get(given_by(graph, catalog, source, slot) or "")) is not None:
            return given
    names = links_of(graph, node_id)
    if (taken := next((kind for name, kind in _INPUTS.items() if name in names), None)) is not None:
        return taken
    if not _SOUNDS.isdisjoint(v for v in inputs_of(graph, node_id).values() if isinstance(v, str)):
        return OutputKind.AUDIO
    schema = schema_at(graph, catalog, node_id)
    given_on = schema.outputs if schema is not None else ()
    return next((_TYPES[one] for one in given_on if one in _TYPES), OutputKind.OTHER)
