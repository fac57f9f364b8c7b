"""A workflow from a file: the graph that runs, its parameters, its outputs, what is wrong here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagine.catalog import Catalog, InputSchema
from imagine.errors import Detail, WorkflowError
from imagine.importing.branches import without_dead_branches
from imagine.importing.conversion import Converted, convert
from imagine.importing.documents import EXPORT, Document, Format, read_document
from imagine.importing.foreign_nodes import at_home
from imagine.importing.naming import app_inputs
from imagine.importing.notes import find_notes
from imagine.importing.outputs import Output, find_outputs
from imagine.importing.page_graph import identity, objects
from imagine.importing.parameters import Parameter, infer
from imagine.importing.power_loras import unrolled, without_empty
from imagine.importing.walking import Feed, schema_at
from imagine.preflight import preflight
from imagine.repair import Graph, title

# What packs called an input before, by the class of its node.
_RENAMED: Mapping[str, Mapping[str, str]] = {"VHS_VideoCombine": {"save_image": "save_output"}}


@dataclass(frozen=True, slots=True)
class Imported:
    """A workflow that was read. ``problems``: None when no engine's nodes are known.

    ``left_to_chance``: the inputs for seeds that are meant to be another one each time.
    """

    format: Format
    container: str
    title: str | None
    graph: Graph
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    notes: tuple[str, ...]
    problems: tuple[Detail, ...] | None
    left_to_chance: frozenset[Feed] = frozenset()


def read_workflow(data: bytes, catalog: Catalog | None) -> Imported:
    """Return the workflow that a file holds, as far as it can be known with this catalog.

    Raises:
        WorkflowError: the file holds no workflow; the message says what it is.
    """
    document = read_document(data)
    try:
        return _read(document, catalog)
    except RecursionError as error:
        raise WorkflowError("The workflow is nested too deep to be read.", hint=EXPORT) from error


def _read(document: Document, catalog: Catalog | None) -> Imported:
    if document.format is Format.UI:
        converted = convert(document.raw, catalog)
    else:
        converted = Converted(_titled(document), left_to_chance=_chances(document, catalog))
    if not converted.graph:
        raise WorkflowError(
            "Nothing of the workflow would run: its nodes are muted, bypassed or notes.",
            hint="Unmute them in ComfyUI, and export the workflow again.",
        )
    page = document.raw if document.format is Format.UI else document.page
    converted = _plainly(converted, catalog)
    if document.format is Format.API and catalog is not None:
        converted = _completed(converted, catalog)
    converted = _alive(unrolled(_plainly(at_home(converted, catalog), catalog)), catalog)
    return Imported(
        format=document.format,
        container=document.container,
        title=_title(page),
        graph=converted.graph,
        parameters=infer(
            converted.graph,
            catalog,
            shared=converted.shared,
            chosen=app_inputs(page.get("extra")),
            left_to_chance=converted.left_to_chance,
        ),
        outputs=find_outputs(converted.graph, catalog),
        notes=(*converted.notes, *find_notes(converted.graph, page, catalog)),
        problems=None if catalog is None else preflight(without_empty(converted.graph), catalog),
        left_to_chance=converted.left_to_chance,
    )


def _completed(converted: Converted, catalog: Catalog) -> Converted:
    """Return a graph for programs with the values that its nodes have learned to need since."""
    graph, notes = dict(converted.graph), list(converted.notes)
    for node_id, node in converted.graph.items():
        schema = catalog.schemas.get(node["class_type"])
        if schema is None:
            continue
        learned = {
            name: wanted.default
            for name in schema.required
            if name not in node["inputs"]
            and not (wanted := schema.inputs[name]).is_slot
            and isinstance(wanted.default, str | int | float)
        }
        graph[node_id] = {**node, "inputs": {**node["inputs"], **learned}}
        who = title(graph, node_id)
        notes += [f"{who} needs {name} by now; it is {value}." for name, value in learned.items()]
    return replace(converted, graph=graph, notes=tuple(notes))


def _plainly(converted: Converted, catalog: Catalog | None) -> Converted:
    """Return a graph with its values as ComfyUI takes them."""
    graph = dict(converted.graph)
    for node_id, node in converted.graph.items():
        schema = schema_at(graph, catalog, node_id)
        wanted = schema.inputs if schema is not None else {}
        inputs = {n: _plain(value, wanted.get(n)) for n, value in node["inputs"].items()}
        for old, new in _RENAMED.get(node["class_type"], {}).items():
            if old in inputs and old not in wanted and new in wanted:
                inputs[new] = inputs.pop(old)
        graph[node_id] = {**node, "inputs": inputs}
    return replace(converted, graph=graph)


def _plain(value: Any, wanted: InputSchema | None) -> Any:
    """Return a yes or no as a number, and a file without the picture that a pack keeps of it."""
    if isinstance(value, bool) and wanted is not None and wanted.type in ("INT", "FLOAT"):
        return int(value)
    if isinstance(value, Mapping) and isinstance(value.get("content"), str):
        return value["content"]
    return value


def _alive(converted: Converted, catalog: Catalog | None) -> Converted:
    """Return a graph without what never runs."""
    graph, notes = without_dead_branches(converted.graph, catalog)
    return replace(converted, graph=graph, notes=(*converted.notes, *notes))


def _chances(document: Document, catalog: Catalog | None) -> frozenset[Feed]:
    """Return the seeds that the page's form beside a graph would change after each run."""
    if not document.page:
        return frozenset()
    try:
        return convert(document.page, catalog).left_to_chance
    except WorkflowError:
        return frozenset()


def _titled(document: Document) -> dict[str, dict[str, Any]]:
    """Return a graph for programs with every part in its place, and titles from the page's form."""
    titles = {
        identity(node.get("id")): node["title"]
        for node in objects(document.page, "nodes")
        if isinstance(node.get("title"), str)
    }
    graph: dict[str, dict[str, Any]] = {}
    for node_id, node in document.raw.items():
        inputs, meta = node.get("inputs"), node.get("_meta")
        own = meta.get("title") if isinstance(meta, Mapping) else None
        called = own if isinstance(own, str) else titles.get(node_id)
        graph[node_id] = {
            "class_type": node["class_type"],
            "inputs": dict(inputs) if isinstance(inputs, Mapping) else {},
            **({"_meta": {"title": called}} if called else {}),
        }
    return graph


def _title(page: Mapping[str, Any]) -> str | None:
    extra = page.get("extra")
    places = (page, extra.get("info") if isinstance(extra, Mapping) else None)
    for place in places:
        for key in ("name", "title"):
            value = place.get(key) if isinstance(place, Mapping) else None
            if isinstance(value, str) and value.strip():
                return value.strip()
    return None
