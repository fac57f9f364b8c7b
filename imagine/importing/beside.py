"""What encoded texts are for that no sampler takes as its conditioning.

Regions of a picture, details that are painted anew, a model that looks for what is described: their
texts reach the pictures on ways of their own.
"""

from collections.abc import Iterator

from imagine.catalog import Catalog, NodeSchema
from imagine.importing.named_roles import is_unwanted, is_wanted
from imagine.importing.walking import Feed, inputs_of, schema_at, users_of
from imagine.repair import Graph

# What makes of a text that there is none.
STOP = "ConditioningZeroOut"
_ENCODED = "CONDITIONING"
# Units: nodes. No conditioning goes through more.
_MOST_NODES = 200
# What is found, by a part of the type.
_FOUND = ("MASK", "SEGS", "BBOX")
# How nodes call the text that says what to find.
_SOUGHT = (
    *("prompt", "prompts", "text", "text_input", "text_prompt", "query", "categories", "classes"),
    "class_names",
)
# And nodes that nobody here knows are called by what they do it with.
_FINDERS = ("segment", "dino", "clipseg", "florence", "detect")


def encoders(graph: Graph, catalog: Catalog | None) -> Iterator[tuple[str, str]]:
    """Yield the nodes that encode for somebody, each with the role of its texts."""
    users = users_of(graph)
    for node_id, node in graph.items():
        schema = schema_at(graph, catalog, node_id)
        named = "TextEncode" in str(node.get("class_type", ""))
        if schema is not None and _ENCODED not in schema.outputs and not named:
            continue
        if (schema is None and not named) or node_id not in users:
            continue
        uses = set(_uses(graph, catalog, users, node_id))
        if uses:
            yield node_id, next(name for name in ("prompt", "find", "negative") if name in uses)


def _uses(
    graph: Graph, catalog: Catalog | None, users: dict[str, list[tuple[str, str]]], start: str
) -> Iterator[str]:
    """Yield what the texts of an encoder are in each place to which they come."""
    waiting, seen = [start], {start}
    while waiting and len(seen) < _MOST_NODES:
        for user, name in users.get(waiting.pop(), ()):
            schema = schema_at(graph, catalog, user)
            if graph[user].get("class_type") == STOP:
                continue
            if is_unwanted(name):
                yield "negative"
            elif not is_wanted(name) and schema is not None and _ENCODED in schema.outputs:
                waiting += [] if user in seen else [user]
                seen.add(user)
            else:
                yield "find" if schema is not None and _is_found(schema) else "prompt"


def sought(graph: Graph, catalog: Catalog | None) -> Iterator[Feed]:
    """Yield the inputs that say what to find in a picture, of nodes whose finding is used."""
    users = users_of(graph)
    for node_id, node in graph.items():
        schema = schema_at(graph, catalog, node_id)
        inputs = inputs_of(graph, node_id)
        if schema is None:
            class_type = str(node.get("class_type", "")).lower()
            is_finder = "image" in inputs and any(word in class_type for word in _FINDERS)
        else:
            used = {inputs_of(graph, user)[name][1] for user, name in users.get(node_id, ())}
            shown = [given for at, given in enumerate(schema.outputs) if at in used]
            is_finder = _is_found(schema) and any(_is_shown(given) for given in shown)
        for name in inputs if is_finder else ():
            wanted = schema.inputs.get(name) if schema is not None else None
            is_text = schema is None or (wanted is not None and wanted.type == "STRING")
            if name.lower() in _SOUGHT and is_text:
                yield (node_id, name)


def _is_shown(given: str) -> bool:
    return given == "IMAGE" or any(part in given for part in _FOUND)


def _is_found(schema: NodeSchema) -> bool:
    """Say whether a node gives where something is in a picture, and makes no picture itself."""
    finds = any(part in given for given in schema.outputs for part in _FOUND)
    takes = any(wanted.type == "IMAGE" for wanted in schema.inputs.values())
    return finds and takes and {"LATENT", "MODEL", _ENCODED}.isdisjoint(schema.outputs)
