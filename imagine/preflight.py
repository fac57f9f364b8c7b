"""Check a graph against what an engine has, before it is submitted.

ComfyUI checks a graph too, but late, in words for programmers, and not everything: values of the
newer ``COMBO`` kind fail only while running, and an output that cannot be is dropped in silence.
Each problem is told with its node, what is allowed, and what would work (`imagine.repair`).
Whatever ComfyUI would accept and run as it is meant passes here, so that no graph is refused in
vain; what it would take for something else does not (``true`` for 1, ``null`` for the text
"None"). Whether an uploaded file is there is left to the engine.

Source: ComfyUI 0.3.64, ``execution.py`` (``validate_inputs``).
"""

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from math import isfinite
from typing import Any

from imagine.catalog import CHOICE, Catalog, Choices, InputSchema, NodeSchema
from imagine.errors import Detail
from imagine.repair import (
    Graph,
    Repair,
    folder_of,
    for_choice,
    for_class,
    for_link,
    for_missing,
    for_number,
    is_link,
    links,
    plain_range,
    some,
    title,
    written,
)

# Types that only a link can give. Other unknown types may be widgets of a custom node.
_LINKED = {"MODEL", "CLIP", "VAE", "CONDITIONING", "LATENT", "IMAGE", "MASK", "NOISE", "GUIDER"}
_LINKED |= {"SAMPLER", "SIGMAS", "CONTROL_NET", "UPSCALE_MODEL", "STYLE_MODEL", "CLIP_VISION"}
_NUMBERS = {"INT": "a whole number", "FLOAT": "a number"}
_EXPORT = "Export the workflow again with “Export (API)”"
# Looking for what is nearest takes its time, and so many problems are enough to begin with.
MOST_PROBLEMS = 50


def preflight(graph: Graph, catalog: Catalog) -> tuple[Detail, ...]:
    """Return the reasons why the engine cannot run a graph; none when it can.

    Nodes that no output needs are never run, so only their class has to exist.
    """
    return tuple(islice(_problems(graph, catalog), MOST_PROBLEMS))


def _problems(graph: Graph, catalog: Catalog) -> Iterator[Detail]:
    if isinstance(graph.get("nodes"), list):
        text = "This is a workflow as ComfyUI's page keeps it, and no graph that can be run."
        yield Detail(message=f"{text} {_EXPORT}.")
        return
    told = (problem for node_id in graph for problem in _check_class(graph, node_id, catalog))
    strange = list(islice(told, MOST_PROBLEMS))
    yield from strange
    runnable = {node_id for node_id, node in graph.items() if _is_known(node, catalog)}
    needed = _needed(graph, runnable, catalog)
    if not needed and not strange:
        text = "The graph saves no picture: it has no output node."
        yield Detail(
            suggestion="SaveImage",
            message=f"{text} Add a SaveImage, and connect your pictures to it.",
        )
    if circle := _circle(needed):
        titles = " → ".join(title(graph, node_id) for node_id in circle)
        yield Detail(message=f"The graph runs in a circle: {titles}. Disconnect one of them.")
        return
    for node_id in graph:
        if node_id in needed and node_id in runnable:
            yield from _Node(graph, node_id, catalog).problems()


def _check_class(graph: Graph, node_id: str, catalog: Catalog) -> Iterator[Detail]:
    """Check what a node is, apart from what goes into it."""
    node = graph[node_id]
    if not isinstance(node, Mapping) or not isinstance(node.get("class_type"), str):
        text = f"{title(graph, node_id)} is no node: it does not say its class_type. {_EXPORT}."
        yield Detail(parameter="class_type", value=written(node), message=text)
        return
    class_type = node["class_type"]
    if not catalog.has(class_type):
        repair = for_class(class_type, catalog)
        who = "the sketch engine" if catalog.is_sketch else "this ComfyUI"
        yield Detail(
            parameter="class_type",
            value=class_type,
            suggestion=repair.value,
            message=f"{title(graph, node_id)}: {who} has no node {class_type}. {repair.advice}.",
        )
    elif not isinstance(node.get("inputs"), Mapping):
        text = f"{title(graph, node_id)} is no node: it has no inputs. {_EXPORT}."
        yield Detail(parameter="inputs", value=written(node.get("inputs")), message=text)


def _is_known(node: Any, catalog: Catalog) -> bool:
    if not isinstance(node, Mapping) or not isinstance(node.get("inputs"), Mapping):
        return False
    class_type = node.get("class_type")
    return isinstance(class_type, str) and catalog.has(class_type)


def _needed(graph: Graph, runnable: Collection[str], catalog: Catalog) -> dict[str, list[str]]:
    """Return every node that the outputs lead back to, with the nodes it links to.

    An unknown node at an end is taken for an output, so that all that is missing is told at once.
    """
    used = {link[0] for _, link in links(graph)}
    open_ends = [
        node_id
        for node_id in graph
        if (
            catalog.schemas[graph[node_id]["class_type"]].is_output
            if node_id in runnable
            else node_id not in used
        )
    ]
    needed: dict[str, list[str]] = {}
    while open_ends:
        node_id = open_ends.pop()
        if node_id in needed or node_id not in graph:
            continue
        inputs = graph[node_id].get("inputs") if isinstance(graph[node_id], Mapping) else None
        values = inputs.values() if isinstance(inputs, Mapping) else ()
        listed = (value for value in values if isinstance(value, list))
        needed[node_id] = [link[0] for link in listed if link and isinstance(link[0], str)]
        open_ends += needed[node_id]
    return needed


def _circle(ends: Mapping[str, list[str]]) -> list[str]:
    """Return the nodes of a circle, each linked to the next; none if there is none."""
    try:
        TopologicalSorter(ends).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


class _Node:
    """One node whose class the engine has, while its inputs are checked."""

    def __init__(self, graph: Graph, node_id: str, catalog: Catalog) -> None:
        self.graph = graph
        self.node_id = node_id
        self.catalog = catalog
        self.class_type: str = graph[node_id]["class_type"]
        self.inputs: Mapping[str, Any] = graph[node_id]["inputs"]
        self.schema: NodeSchema = catalog.schemas[self.class_type].chosen(self.inputs)

    def problems(self) -> Iterator[Detail]:
        for name in self.schema.required:
            if name not in self.inputs:
                expected = self.schema.inputs[name]
                repair = for_missing(self.graph, self.node_id, name, expected, self.catalog)
                yield self._told(name, None, f"the input {name} is missing", repair)
        for name, value in self.inputs.items():
            known = self.schema.inputs.get(name)
            if known is None or known.is_dynamic:
                continue  # ComfyUI ignores inputs it does not know
            if isinstance(value, list):
                problem = self._check_link(name, value, known)
            else:
                problem = self._check_value(name, value, known)
            if problem is not None:
                yield problem

    # Links

    def _check_link(self, name: str, link: list[Any], expected: InputSchema) -> Detail | None:
        if not is_link(link):
            return self._no_link(name, link, expected)
        source, slot = link
        if source not in self.graph:
            reason = f"{name} links to node {source}, which is not there"
            return self._unlinked(name, link, reason, expected)
        if not _is_known(self.graph[source], self.catalog):
            return None  # told already
        outputs = self.catalog.schemas[self.graph[source]["class_type"]].outputs
        who = title(self.graph, source)
        if not 0 <= slot < len(outputs):
            reason = f"{name} links to slot {slot} of {who}, which has {len(outputs)}, from 0"
            return self._unlinked(name, link, reason, expected, source)
        if not _fits(outputs[slot], expected.type):
            reason = f"{name} takes {expected.type}, and slot {slot} of {who} gives {outputs[slot]}"
            return self._unlinked(name, link, reason, expected, source, outputs[slot])
        return None

    def _no_link(self, name: str, link: list[Any], expected: InputSchema) -> Detail:
        """Tell of a list that is no link, and of the link that it was to be, if it shows."""
        reason = f"{name} is {written(link)}, which is no link: those are a node and a slot"
        if len(link) >= 2 and str(link[0]) in self.graph and str(link[1]).isdecimal():
            meant = [str(link[0]), int(link[1])]
            if self._check_link(name, meant, expected) is None:
                text = written(meant)
                return self._told(name, link, reason, Repair(text, f"Write {text}"))
        return self._unlinked(name, link, reason, expected)

    def _unlinked(
        self,
        name: str,
        link: Any,
        reason: str,
        expected: InputSchema,
        source: str | None = None,
        given: str = "",
    ) -> Detail:
        """Tell of a link that cannot be, with one that can, or with a value in its place."""
        if expected.choices is not None or expected.type in (*_NUMBERS, "STRING", "BOOLEAN"):
            repair = for_missing(self.graph, self.node_id, name, expected, self.catalog)
        else:
            repair = for_link(
                self.graph, self.node_id, expected.type, self.catalog, source=source, given=given
            )
        return self._told(name, link, reason, repair)

    # Values

    def _check_value(self, name: str, value: Any, expected: InputSchema) -> Detail | None:
        if isinstance(value, dict) and "__value__" in value:
            return None  # a literal list, which only its node can judge
        if value is None and not expected.is_required and expected.type not in _NUMBERS:
            return None  # as if it were not there
        if expected.choices is not None:
            return self._check_choice(name, value, expected, expected.choices)
        if expected.type in _NUMBERS:
            return self._check_number(name, value, expected)
        if expected.type in _LINKED:
            reason = f"{name} is {written(value)}, and takes a link to {expected.type}"
            return self._unlinked(name, value, reason, expected)
        if value is None and expected.type == "STRING":
            reason = f"{name} is null, and takes a text"
            return self._told(name, value, reason, Repair("", "Write a text there"))
        return None

    def _check_choice(
        self, name: str, value: Any, expected: InputSchema, choices: Choices
    ) -> Detail | None:
        if not choices.is_closed or _is_in(value, choices):
            return None
        folder = folder_of(self.class_type, name)
        where = f"is not in models/{folder}" if folder else "this ComfyUI does not have"
        reason = f"{name} is {written(value)}, which {where}"
        repair = for_choice(self.class_type, name, value, expected, self.catalog)
        return self._told(name, value, reason, repair, allowed=some(choices.values))

    def _check_number(self, name: str, value: Any, expected: InputSchema) -> Detail | None:
        number = _as_comfyui_reads(value, expected)
        allowed = _range(expected)
        if number is None:
            within = f" ({allowed})" if allowed else ""
            reason = f"{name} is {written(value)}, and takes {_NUMBERS[expected.type]}{within}"
        elif _is_within(number, expected):
            return None
        else:
            reason = f"{name} is {written(value)}, and takes {allowed}"
        repair = for_number(self.class_type, name, value, expected, self.inputs)
        return self._told(name, value, reason, repair, allowed=allowed)

    def _told(
        self, name: str, value: Any, reason: str, repair: Repair, *, allowed: str | None = None
    ) -> Detail:
        return Detail(
            parameter=name,
            value=None if value is None else written(value),
            allowed=allowed,
            suggestion=repair.value,
            message=f"{title(self.graph, self.node_id)}: {reason}. {repair.advice}.",
        )


def _as_comfyui_reads(value: Any, expected: InputSchema) -> float | None:
    """Return the number that ComfyUI makes of a value: it turns text into numbers too."""
    if isinstance(value, bool):
        return None  # it would take true for 1, which nobody means
    try:
        number = int(value) if expected.type == "INT" else float(value)
        return number if isfinite(number) else None
    except (TypeError, ValueError, OverflowError):
        return None


def _is_within(number: float, expected: InputSchema) -> bool:
    low, high = expected.minimum, expected.maximum
    return (low is None or number >= low) and (high is None or number <= high)


def _range(expected: InputSchema) -> str | None:
    low, high = expected.minimum, expected.maximum
    return None if low is None and high is None else plain_range(low, high)


def _fits(given: str, wanted: str) -> bool:
    """Say whether a link may join two types; ``*`` is any, and a comma separates alternatives."""
    if given == wanted or "*" in (given, wanted) or wanted == CHOICE:
        return True
    if given.startswith("COMFY_"):
        return True  # decided by the node while it is linked
    # Packs write types as they like, and some of theirs are equal to any.
    return not set(given.lower().split(",")).isdisjoint(wanted.lower().split(","))


def _is_in(value: Any, choices: Choices) -> bool:
    try:
        return value in choices.known
    except TypeError:  # a list or an object is no choice
        return False
