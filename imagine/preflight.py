"""Check a graph against what an engine has, before it is submitted.

ComfyUI checks a graph too, but late, in words for programmers, and not everything: values of the
newer ``COMBO`` kind fail only while running, and an output that cannot be is dropped in silence.
Whatever ComfyUI would accept and run passes here, so that no graph is refused in vain. Whether an
uploaded file is there is left to the engine.

Source: ComfyUI 0.3.64, ``execution.py`` (``validate_inputs``).
"""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from math import isfinite
from typing import Any

from imagine.catalog import CHOICE, Catalog, Choices, InputSchema, NodeSchema
from imagine.errors import Detail
from imagine.names import nearest

# Types that only a link can give. Other unknown types may be widgets of a custom node.
_LINKED = {"MODEL", "CLIP", "VAE", "CONDITIONING", "LATENT", "IMAGE", "MASK", "NOISE", "GUIDER"}
_LINKED |= {"SAMPLER", "SIGMAS", "CONTROL_NET", "UPSCALE_MODEL", "STYLE_MODEL", "CLIP_VISION"}
_SHOWN = 8


def preflight(graph: Mapping[str, Any], catalog: Catalog) -> tuple[Detail, ...]:
    """Return every reason why the engine cannot run a graph; none when it can.

    Nodes that no output needs are never run, so only their class has to exist.
    """
    problems = tuple(_unknown_nodes(graph, catalog))
    if problems:
        return problems
    needed = _needed(graph, catalog)
    if not needed:
        return (Detail(message="The graph saves no picture: it has no output node."),)
    if circle := _circle(needed):
        titles = " → ".join(_title(graph, node_id) for node_id in circle)
        return (Detail(message=f"The graph runs in a circle: {titles}. Disconnect one of them."),)
    return tuple(
        problem
        for node_id in graph
        if node_id in needed
        for problem in _check_node(graph, node_id, catalog)
    )


def _unknown_nodes(graph: Mapping[str, Any], catalog: Catalog) -> Iterator[Detail]:
    for node_id, node in graph.items():
        class_type = node.get("class_type")
        if class_type in catalog.schemas:
            continue
        near = nearest(str(class_type), catalog.nodes)
        yield Detail(
            parameter="class_type",
            value=str(class_type),
            suggestion=near[0] if near else None,
            message=f"{_title(graph, node_id)}: this ComfyUI has no node {class_type}. Update "
            "ComfyUI, or install the custom nodes it belongs to.",
        )


def _needed(graph: Mapping[str, Any], catalog: Catalog) -> dict[str, list[str]]:
    """Return every node that the outputs lead back to, with the nodes it links to."""
    open_ends = [
        node_id for node_id, node in graph.items() if catalog.schemas[node["class_type"]].is_output
    ]
    needed: dict[str, list[str]] = {}
    while open_ends:
        node_id = open_ends.pop()
        if node_id in needed or node_id not in graph:
            continue
        links = (v for v in graph[node_id].get("inputs", {}).values() if isinstance(v, list))
        needed[node_id] = [link[0] for link in links if link and isinstance(link[0], str)]
        open_ends += needed[node_id]
    return needed


def _circle(links: Mapping[str, list[str]]) -> list[str]:
    """Return the nodes of a circle, each linked to the next; none if there is none."""
    try:
        TopologicalSorter(links).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def _check_node(graph: Mapping[str, Any], node_id: str, catalog: Catalog) -> Iterator[Detail]:
    node = graph[node_id]
    schema: NodeSchema = catalog.schemas[node["class_type"]]
    inputs = node.get("inputs", {})
    for name in schema.required:
        if name not in inputs:
            reason = f"the input {name} is missing. Connect it, or give it a value"
            yield _detail(graph, node_id, name, None, reason)
    for name, value in inputs.items():
        expected = schema.inputs.get(name)
        if expected is None or expected.is_dynamic:
            continue  # ComfyUI ignores inputs it does not know
        if isinstance(value, list):
            problem = _check_link(graph, node_id, name, value, expected, catalog)
        else:
            problem = _check_value(graph, node_id, name, value, expected)
        if problem is not None:
            yield problem


def _check_link(
    graph: Mapping[str, Any],
    node_id: str,
    name: str,
    link: list[Any],
    expected: InputSchema,
    catalog: Catalog,
) -> Detail | None:
    if len(link) != 2 or not isinstance(link[0], str) or not isinstance(link[1], int):
        reason = f"{name} is no link. Give it a node and a slot"
        return _detail(graph, node_id, name, link, reason)
    source, slot = link
    if source not in graph:
        reason = f"{name} links to node {source}, which is not there. Connect it to one that is"
        return _detail(graph, node_id, name, link, reason)
    outputs = catalog.schemas[graph[source]["class_type"]].outputs
    if not 0 <= slot < len(outputs):
        reason = (
            f"{name} links to slot {slot} of {_title(graph, source)}, which has {len(outputs)}. "
            "Slots count from 0"
        )
        return _detail(graph, node_id, name, link, reason)
    if not _fits(outputs[slot], expected.type):
        reason = (
            f"{name} takes {expected.type}, and {_title(graph, source)} gives {outputs[slot]}. "
            "Connect another output"
        )
        return _detail(graph, node_id, name, link, reason)
    return None


def _check_value(
    graph: Mapping[str, Any], node_id: str, name: str, value: Any, expected: InputSchema
) -> Detail | None:
    if isinstance(value, dict) and "__value__" in value:
        return None  # a literal list, which only its node can judge
    if expected.choices is not None:
        return _check_choice(graph, node_id, name, value, expected.choices)
    if expected.type in ("INT", "FLOAT"):
        return _check_number(graph, node_id, name, value, expected)
    if expected.type in _LINKED:
        reason = f"{name} is {value}, and takes {expected.type}. Connect it to a node that gives it"
        return _detail(graph, node_id, name, value, reason)
    return None


def _check_choice(
    graph: Mapping[str, Any], node_id: str, name: str, value: Any, choices: Choices
) -> Detail | None:
    if not choices.is_closed or _is_in(value, choices):
        return None
    near = nearest(str(value), (str(choice) for choice in choices.values))
    if not choices.values:
        reason = f"{name} is {value}, and nothing is installed for it. Install a file first"
    elif near:
        reason = f"{name} is {value}, which this ComfyUI does not have. The nearest is {near[0]}"
    else:
        reason = f"{name} is {value}, which this ComfyUI does not have. Take one that it lists"
    return _detail(
        graph,
        node_id,
        name,
        value,
        reason,
        allowed=_list(choices.values),
        suggestion=near[0] if near else None,
    )


def _check_number(
    graph: Mapping[str, Any], node_id: str, name: str, value: Any, expected: InputSchema
) -> Detail | None:
    low, high = expected.minimum, expected.maximum
    try:
        # ComfyUI turns text into numbers too.
        number = int(value) if expected.type == "INT" else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not isfinite(number):
        reason = f"{name} is {value}, and takes a number"
        return _detail(graph, node_id, name, value, reason)
    if (low is not None and number < low) or (high is not None and number > high):
        allowed = f"{'…' if low is None else low}–{'…' if high is None else high}"
        reason = f"{name} is {value}, and takes {allowed}"
        return _detail(graph, node_id, name, value, reason, allowed=allowed)
    return None


def _fits(given: str, wanted: str) -> bool:
    """Say whether a link may join two types; ``*`` is any, and a comma separates alternatives."""
    if given == wanted or "*" in (given, wanted) or wanted == CHOICE:
        return True
    if given.startswith("COMFY_"):
        return True  # decided by the node while it is linked
    return not set(given.split(",")).isdisjoint(wanted.split(","))


def _is_in(value: Any, choices: Choices) -> bool:
    try:
        return value in choices.known
    except TypeError:  # a list or an object is no choice
        return False


def _list(values: tuple[Any, ...]) -> str:
    some = ", ".join(str(value) for value in values[:_SHOWN])
    return some if len(values) <= _SHOWN else f"{some} … ({len(values)} in all)"


def _title(graph: Mapping[str, Any], node_id: str) -> str:
    node = graph[node_id]
    return str((node.get("_meta") or {}).get("title") or node.get("class_type") or node_id)


def _detail(
    graph: Mapping[str, Any],
    node_id: str,
    name: str,
    value: Any,
    reason: str,
    *,
    allowed: str | None = None,
    suggestion: str | None = None,
) -> Detail:
    return Detail(
        parameter=name,
        value=None if value is None else str(value),
        allowed=allowed,
        suggestion=suggestion,
        message=f"{_title(graph, node_id)}: {reason}.",
    )
