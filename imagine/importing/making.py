"""What makes pictures of nothing, as samplers do, and what was made of these pictures."""

from collections.abc import Collection, Mapping
from typing import Any

from imagine.catalog import Catalog, NodeSchema
from imagine.importing.walking import Feed, ahead, given_by, links_of, schema_at
from imagine.repair import Graph

# What takes the first and gives the second makes pictures, and does not only change them.
_MAKING, _MADE = frozenset({"MODEL", "GUIDER"}), frozenset({"LATENT", "IMAGE"})


def makes(schema: NodeSchema, kind: str | None = None) -> bool:
    """Say whether a node makes pictures. ``kind``: only its outputs of this type are meant."""
    if _MADE.isdisjoint(schema.outputs if kind is None else (kind,)):
        return False
    return any(wanted.type in _MAKING for wanted in schema.inputs.values())


def latent_samplers(graph: Graph) -> list[str]:
    """Return what works on a latent with something else: also samplers that nobody knows."""
    links = {node_id: links_of(graph, node_id) for node_id in graph}
    return [n for n, into in links.items() if "latent_image" in into and len(into) > 1]


def makers(graph: Graph, catalog: Catalog) -> list[str]:
    """Return the nodes that make pictures."""
    schemas = {node_id: schema_at(graph, catalog, node_id) for node_id in graph}
    return [node_id for node_id, schema in schemas.items() if schema and makes(schema)]


def writes(schema: NodeSchema | None, inputs: Mapping[str, Any]) -> bool:
    """Say whether a node has a text of its own to work from, of several lines."""
    wanted = schema.inputs if schema is not None else {}
    return any(isinstance(inputs.get(n), str) and one.is_multiline for n, one in wanted.items())


def sampled(graph: Graph, catalog: Catalog) -> Collection[str]:
    """Return what a sampler made, and what was made of that, but for masks of it."""

    def shows(feed: Feed) -> bool:
        return given_by(graph, catalog, *links_of(graph, feed[0])[feed[1]]) != "MASK"

    return ahead(graph, makers(graph, catalog), shows).keys()
