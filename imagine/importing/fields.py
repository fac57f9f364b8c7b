"""The typed values of a graph: where each stands, what kind it is, and what bounds it.

Apart from the parameters, which join, name and rank these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from imagine import media_inputs
from imagine.catalog import CHOICE, Catalog, InputSchema
from imagine.importing.bounds import BOUNDLESS, Bounds, Range, hands_on
from imagine.importing.branches import running
from imagine.importing.naming import safe_name
from imagine.importing.numbered import uncounted
from imagine.importing.walking import Feed, inputs_of, links_of, schema_at, users_of, wanted_at
from imagine.importing.widgets import SEEDS, is_control_name
from imagine.names import EXTENSIONS
from imagine.repair import Graph, folder_of

PRIMITIVES = (
    *("Primitive", "INTConstant", "FloatConstant", "StringConstant"),
    *("easy int", "easy float", "easy string"),
)
# Words of classes that show something, and make nothing of it.
SHOWING = ("preview", "show", "display", "compare")
# What these name is a fraction, though a file may have a whole number there.
_FRACTIONS = frozenset(
    {
        *("cfg", "denoise", "guidance", "strength", "weight", "shift", "scale", "percent", "ratio"),
        *("factor", "sigma", "temperature", "opacity", "eta", "rho"),
        *("start_at", "end_at", "fps"),
    }
)
# And what these name is counted.
_COUNTS = frozenset(
    {
        *("seed", "steps", "step", "width", "height", "length", "batch", "size", "count", "number"),
        *("frames", "frame", "index", "skip", "resolution", "layer", "crf", "loop", "stop", "num"),
        *("top", "left", "right", "bottom", "multiple", "level"),
    }
)


# The value of a seed that is another one each time.
DRAWN = -1


class ParameterType(StrEnum):
    """What a parameter takes."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    CHOICE = "choice"
    TEXT = "text"
    SEED = "seed"
    IMAGE = "image"
    MASK = "mask"
    VIDEO = "video"
    AUDIO = "audio"
    MODEL = "model"
    LORA = "lora"


@dataclass(frozen=True, slots=True)
class Field:
    """One input with a typed value; ``label`` is the node's title, if a person wrote it."""

    feed: Feed
    value: Any
    class_type: str
    title: str
    label: str | None
    wanted: InputSchema | None


class Fields:
    """All typed values of a graph that an engine would look at. ``graph``: what of it runs."""

    def __init__(self, graph: Graph, catalog: Catalog | None) -> None:
        runs = running(graph, catalog)
        self.graph = {node_id: node for node_id, node in graph.items() if node_id in runs}
        self.catalog = catalog
        self.users = users_of(self.graph)
        self.by_feed = {field.feed: field for field in self._found()}

    def in_order(self) -> list[str]:
        """Return the nodes as the inputs lead to them, from the ends of the graph."""
        order: dict[str, None] = {}
        ends = [node_id for node_id in self.graph if node_id not in self.users]
        # What only shows something on the way leads to it in an order of its own.
        ends.sort(key=lambda node_id: only_shows(self.graph[node_id]["class_type"]))
        waiting = ends[::-1]
        while waiting:
            node_id = waiting.pop()
            if node_id not in order:
                order[node_id] = None
                sources = [source for source, _ in links_of(self.graph, node_id).values()]
                waiting += reversed(sources)
        return [*order, *(node_id for node_id in self.graph if node_id not in order)]

    def _found(self) -> Iterator[Field]:
        for node_id, node in self.graph.items():
            class_type = node["class_type"]
            schema = schema_at(self.graph, self.catalog, node_id)
            title, label = _titles(node, class_type, schema.label if schema is not None else None)
            inputs = inputs_of(self.graph, node_id)
            beyond = uncounted(inputs)
            for name, value in inputs.items():
                wanted = schema.inputs.get(name) if schema is not None else None
                if schema is not None and wanted is None:
                    continue  # ComfyUI does not look at it
                if name in beyond and not str(value).lower().endswith(EXTENSIONS):
                    continue  # but a file has to be there all the same
                if isinstance(value, str | int | float) and not is_control_name(name):
                    yield Field((node_id, name), value, class_type, title, label, wanted)

    # What bounds a value, and what kind it is

    def bounds(self, field: Field) -> InputSchema | None:
        """Return the schema that bounds a value; a primitive has that of what it feeds."""
        wanted = field.wanted
        if wanted is None or wanted.type not in ("INT", "FLOAT"):
            return wanted
        is_bound = wanted.maximum is not None and wanted.maximum < BOUNDLESS
        if is_bound or not hands_on(self.graph, field.feed):
            return wanted
        for user in self.users.get(field.feed[0], ()):
            other = self._schema(user)
            if other is not None and other.type == wanted.type:
                return other
        return wanted

    def range(self, fields: Sequence[Field], *, is_whole: bool) -> Range:
        """Return what all takes that gets a number from these values."""
        bounds = Bounds(self.graph, self.users, self._schema)
        return bounds.range([field.feed for field in fields], is_whole=is_whole)

    def _schema(self, feed: Feed) -> InputSchema | None:
        return wanted_at(self.graph, self.catalog, feed)

    def type_of(self, field: Field, role: str = "") -> ParameterType:
        """Return what a value takes. ``role``: what it is for, if that is known."""
        name, value, wanted = field.feed[1], field.value, field.wanted
        if kind := self.picture_kind(field) or self.medium(field):
            return kind
        if self.medium_named(field) and (wanted is None or wanted.type != CHOICE):
            return ParameterType.TEXT
        if isinstance(value, bool) or (wanted is not None and wanted.type == "BOOLEAN"):
            return ParameterType.BOOL
        if wanted is not None and wanted.type == CHOICE:
            return _choice_type(field)  # numbers, too, where there is a list of them
        if wanted.type == "INT" if wanted is not None else _seems_whole(name, value):
            is_seed = name.rpartition(".")[2] in SEEDS or role == "seed" or self._feeds_seed(field)
            return (
                ParameterType.SEED
                if is_seed and not self._adds_no_noise(field)
                else ParameterType.INT
            )
        if isinstance(value, int | float) or (wanted is not None and wanted.type == "FLOAT"):
            return ParameterType.FLOAT
        if wanted is None:
            return _choice_type(field)
        return ParameterType.TEXT

    def _adds_no_noise(self, field: Field) -> bool:
        """Say whether a seed only stands in what goes on with a sampling: nothing is drawn."""
        return inputs_of(self.graph, field.feed[0]).get("add_noise") in ("disable", False)

    def _feeds_seed(self, field: Field) -> bool:
        if field.class_type.startswith(PRIMITIVES):
            return any(name in SEEDS for _, name in self.users.get(field.feed[0], ()))
        return field.wanted is not None and field.wanted.has_control

    def picture_kind(self, field: Field) -> ParameterType | None:
        """Return whether a value names a picture or a mask; None for anything else."""
        node_id, name = field.feed
        if field.wanted is not None:
            takes_picture = field.wanted.upload == "image"
        else:
            takes_picture = name == "image" and "LoadImage" in field.class_type
        if not takes_picture or not isinstance(field.value, str):
            return None
        if "Mask" in field.class_type:
            return ParameterType.MASK
        return ParameterType.MASK if self._slots(node_id) == {1} else ParameterType.IMAGE

    def gives_mask(self, picture: Feed) -> bool:
        """Say whether what loads a picture also gives the mask in it to somebody."""
        schema = schema_at(self.graph, self.catalog, picture[0])
        is_mask = schema is None or schema.outputs[1:2] == ("MASK",)
        return is_mask and 1 in self._slots(picture[0])

    def _slots(self, node_id: str) -> set[int]:
        """Return which outputs of a node are used."""
        users = self.users.get(node_id, ())
        return {inputs_of(self.graph, user)[name][1] for user, name in users}

    def is_needed(self, field: Field) -> bool:
        """Say whether anything cannot be without what the node of a value gives."""
        users = map(self._schema, self.users.get(field.feed[0], ()))
        return any(wanted is None or wanted.is_required for wanted in users)

    def medium(self, field: Field) -> ParameterType | None:
        """Return whether a value names a video or a sound to be uploaded; None for anything else.

        Whoever gives a path or an address has a text.
        """
        kind = medium_of(field.class_type, field.feed[1], field.wanted)
        return ParameterType(kind) if kind is not None and isinstance(field.value, str) else None

    def medium_named(self, field: Field) -> str | None:
        """Return ``video`` or ``audio`` where a value says in any way which one to load."""
        kind = media_inputs.named(field.class_type, field.feed[1])
        return kind if isinstance(field.value, str) else None


def only_shows(class_type: str) -> bool:
    """Say whether a node shows something, and makes nothing of it."""
    return any(word in class_type.lower() for word in SHOWING)


def medium_of(class_type: str, name: str, wanted: InputSchema | None) -> str | None:
    """Return ``audio`` or ``video`` where an input names a file of that kind to be uploaded.

    ``wanted``: the input as an engine describes it, if it does.
    """
    if wanted is None:
        return media_inputs.uploaded(class_type, name)
    return wanted.upload if wanted.upload in ("audio", "video") else None


def _seems_whole(name: str, value: Any) -> bool:
    """Say whether a number without a schema is a whole one: 8 stands for 8.0 in JSON.

    In doubt it is not, since a whole number can be given as well where fractions are allowed.
    """
    if not isinstance(value, int):
        return False
    words = {name.lower(), *name.lower().split("_")}
    if not words.isdisjoint(_FRACTIONS):
        return False
    return not -1 <= value <= 1 or not words.isdisjoint(_COUNTS)


def _choice_type(field: Field) -> ParameterType:
    name, value = field.feed[1], str(field.value).lower()
    if "lora" in name and (value.endswith(EXTENSIONS) or field.wanted is not None):
        return ParameterType.LORA
    if value.endswith(EXTENSIONS) or folder_of(field.class_type, name) is not None:
        return ParameterType.MODEL
    return ParameterType.CHOICE if field.wanted is not None else ParameterType.TEXT


def _titles(node: Mapping[str, Any], class_type: str, label: str | None) -> tuple[str, str | None]:
    """Return the title of a node, and the same if a person wrote it."""
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    if not isinstance(title, str) or not title:
        return label or class_type, None
    ours = {safe_name(other) for other in (class_type, label or class_type)}
    return title, None if safe_name(title) in ours else title
