"""Texts that only come to a node which shows them, beside others of which something is made."""

from collections.abc import Sequence

from imagine.catalog import Catalog
from imagine.importing.fields import only_shows
from imagine.importing.joining import Role
from imagine.importing.named_roles import WORDS
from imagine.importing.walking import behind, schema_at
from imagine.repair import Graph

_TEXTS = frozenset({"STRING", "*"})
_PLAIN = _TEXTS | {"INT", "FLOAT", "BOOLEAN"}


def without_shown(graph: Graph, catalog: Catalog | None, roles: Sequence[Role]) -> list[Role]:
    """Return roles without the prompts that are only shown.

    Where all of them are, somebody wants to see just these.
    """
    ends = {node_id for node_id in graph if only_shows(str(graph[node_id].get("class_type")))}
    others = (node_id for node_id in graph if node_id not in ends)
    used = {*behind(graph, *(n for n in others if not _is_of_text(graph, catalog, n)))}
    only_shown = {*behind(graph, *ends)} - used
    texts = [role for role in roles if role.name in WORDS]
    shown = [role for role in texts if only_shown.issuperset(node_id for node_id, _ in role.feeds)]
    if len(shown) == len(texts):
        return [*roles]
    left_out = {id(role) for role in shown}
    return [role for role in roles if id(role) not in left_out]


def _is_of_text(graph: Graph, catalog: Catalog | None, node_id: str) -> bool:
    """Say whether a node takes and gives nothing but texts, whatever it does with them."""
    schema = schema_at(graph, catalog, node_id)
    if schema is None or not schema.outputs or schema.is_output:
        return False
    taken = {one.type for one in schema.inputs.values() if one.choices is None}
    return _TEXTS.issuperset(schema.outputs) and taken <= _PLAIN
