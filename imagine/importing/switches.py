"""Switches that pass one of several inputs on, and which one as a graph stands.

What leads to another one makes nothing until somebody switches over.

Source: ComfyUI (``comfy_extras/nodes_logic.py``), and the switches of Impact Pack, Easy Use,
Comfyroll, Crystools, WAS Node Suite and rgthree.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.numbered import families
from imagine.importing.walking import (
    Feed,
    behind,
    inputs_of,
    links_of,
    number_of,
    schema_at,
    value_at,
)
from imagine.repair import Graph

# Takes the first of its inputs that is there.
_FIRST = "Any Switch (rgthree)"
# What is passed on where it is true, and where it is false.
_PAIRS = (
    ("on_true", "on_false"),
    ("if_true", "if_false"),
    ("tt_value", "ff_value"),
    ("image_a", "image_b"),
    ("latent_a", "latent_b"),
    ("text_a", "text_b"),
    ("conditioning_a", "conditioning_b"),
    ("model_a", "model_b"),
)
# How nodes call what picks one.
_PICKING = (
    *("select", "selected", "index", "switch", "boolean", "bool", "condition", "cond", "input"),
    *("choice", "choose", "boolean_number"),
)
# And themselves; other nodes have such inputs for other things.
_CLASSES = ("switch", "select", "branch", "ifelse", "if else", "if_else")


@dataclass(frozen=True, slots=True)
class Switch:
    """A node that passes one input on. ``control``: where that is typed; None where it is not."""

    node_id: str
    control: Feed | None
    others: tuple[str, ...]


def switches(graph: Graph, catalog: Catalog | None) -> list[Switch]:
    """Return the switches of a graph of which it is known what they pass on."""
    return [one for node_id in graph if (one := _switch(graph, catalog, node_id)) is not None]


def as_switched(graph: Graph, found: Sequence[Switch]) -> Graph:
    """Return a graph without what only leads to inputs that are not passed on."""
    made: dict[str, Mapping[str, Any]] = dict(graph)
    for one in found:
        inputs = inputs_of(graph, one.node_id)
        kept = {name: value for name, value in inputs.items() if name not in one.others}
        made[one.node_id] = {**graph[one.node_id], "inputs": kept}
    off = {node_id for one in found for node_id in unswitched(graph, one)}
    on = {*behind(made, *(node_id for node_id in graph if node_id not in off))}
    return {node_id: node for node_id, node in made.items() if node_id in on}


def unswitched(graph: Graph, one: Switch) -> Collection[str]:
    """Return the nodes that lead to inputs of a switch that are not passed on."""
    links = links_of(graph, one.node_id)
    return behind(graph, *(links[name][0] for name in one.others if name in links))


def unused(found: Sequence[Switch]) -> frozenset[Feed]:
    """Return the inputs that are not passed on."""
    return frozenset((one.node_id, name) for one in found for name in one.others)


def _switch(graph: Graph, catalog: Catalog | None, node_id: str) -> Switch | None:
    class_type = str(graph[node_id].get("class_type", ""))
    inputs = inputs_of(graph, node_id)
    if class_type == _FIRST:
        names = [name for name in sorted(inputs) if name in links_of(graph, node_id)]
        return Switch(node_id, None, tuple(names[1:])) if len(names) > 1 else None
    if not any(part in class_type.lower() for part in _CLASSES):
        return None
    for name in inputs:
        control = number_of(graph, node_id, name) if name.lower() in _PICKING else None
        value = value_at(graph, control) if control is not None else None
        if not isinstance(value, int):
            continue
        for group, wanted in _passed(graph, catalog, node_id, name, value):
            others = tuple(other for other in group if other != wanted and other in inputs)
            if wanted in inputs and others:
                return Switch(node_id, control, others)
    return None


def _passed(
    graph: Graph, catalog: Catalog | None, node_id: str, picking: str, value: int
) -> Iterator[tuple[Sequence[str], str]]:
    """Yield inputs of which one is passed on, and which one."""
    inputs = inputs_of(graph, node_id)
    if isinstance(value, bool) or picking == "boolean_number":
        for pair in _PAIRS:
            if all(name in inputs for name in pair):
                yield pair, pair[0] if value == 1 else pair[1]
        return
    schema = schema_at(graph, catalog, node_id)
    names = dict.fromkeys((*(schema.inputs if schema is not None else ()), *inputs))
    numbered = families(name for name in names if name != picking)
    wanted = schema.inputs.get(picking) if schema is not None else None
    for group in numbered.values():
        least = wanted.minimum if wanted is not None else None
        # Where it counts from 0, and they from 1.
        offset = 1 if least == 0 and min(group) == 1 else 0
        if value + offset in group:
            yield tuple(group.values()), group[value + offset]
