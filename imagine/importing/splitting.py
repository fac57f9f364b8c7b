"""Masks by themselves: a loader that gives a picture and its mask becomes two.

ComfyUI's page paints a mask into the transparency of a picture, and one node loads both. Outside of
that page a mask is a picture of its own, white where it counts; so what uses the mask is linked to
a node that loads one. Done when a workflow becomes an entry of the registry, and not when it is
only shown.
"""

from collections.abc import Iterator
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.roles import Feed, inputs_of
from imagine.repair import Graph, is_link

_LOADER, _MASKS = "LoadImage", "LoadImageMask"
_PICTURE_SLOT, _MASK_SLOT = 0, 1


def split_masks(graph: Graph, catalog: Catalog | None = None) -> dict[str, Any]:
    """Return a graph in which each mask of a loaded picture is loaded by a node of its own.

    A loader of which only the mask is used becomes one of masks. Where the graph loads masks
    already, or the engine has no such node, it stays as it is.
    """
    made: dict[str, Any] = dict(graph)
    if catalog is not None and not catalog.has(_MASKS):
        return made
    for node_id in _loaders(graph):
        masks = list(_users(graph, node_id, _MASK_SLOT))
        if not masks:
            continue
        picture = inputs_of(graph, node_id).get("image")
        mask = {"class_type": _MASKS, "inputs": {"image": picture, "channel": "red"}}
        if not list(_users(graph, node_id, _PICTURE_SLOT)):
            meta = graph[node_id].get("_meta")
            made[node_id] = {**mask, **({"_meta": meta} if meta else {})}
            new = node_id
        else:
            new = _free_id(made, node_id)
            made[new] = {**mask, "_meta": {"title": "Mask"}}
        for user, name in masks:
            node = made[user]
            made[user] = {**node, "inputs": {**node["inputs"], name: [new, _PICTURE_SLOT]}}
    return made


def _loaders(graph: Graph) -> list[str]:
    classes = {graph[node_id].get("class_type") for node_id in graph}
    if _MASKS in classes:
        return []
    return [node_id for node_id in graph if graph[node_id].get("class_type") == _LOADER]


def _users(graph: Graph, node_id: str, slot: int) -> Iterator[Feed]:
    for user in graph:
        for name, value in inputs_of(graph, user).items():
            if is_link(value) and value[0] == node_id and value[1] == slot:
                yield user, name


def _free_id(graph: Graph, node_id: str) -> str:
    name = f"{node_id}-mask"
    while name in graph:
        name += "-"
    return name
