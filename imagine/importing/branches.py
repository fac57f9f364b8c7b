"""Which nodes of a graph run: those that its outputs need, without outputs that never can be.

ComfyUI checks each output apart. One whose branch lacks an input, or has a link to nowhere, also
into an optional input, is dropped, and the others run. Here it goes when the workflow is read, so
that what never runs lends it no values and asks for no picture. What is only not installed here
stays, and is told as a problem (`imagine.preflight`).

Source: ComfyUI 0.3.64, ``execution.py`` (``validate_prompt``, ``validate_inputs``).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from imagine.catalog import Catalog, InputSchema, NodeSchema
from imagine.importing.making import makers
from imagine.importing.outputs import OutputKind, find_outputs, is_tidying
from imagine.importing.walking import ahead, behind, inputs_of, links_of, schema_at, users_of
from imagine.names import EXTENSIONS
from imagine.repair import Graph, folder_of, is_link, title

# What counts for more than words and files of the maker.
_MEDIA = (OutputKind.IMAGE, OutputKind.VIDEO, OutputKind.AUDIO, OutputKind.MODEL)


def running(graph: Graph, catalog: Catalog | None) -> Collection[str]:
    """Return the nodes that run; all, when nobody knows which ones are outputs."""
    return graph.keys() if catalog is None else {*behind(graph, *_ends(graph, catalog))}


def without_dead_branches(
    graph: dict[str, dict[str, Any]], catalog: Catalog | None
) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """Return a graph without what never runs, and a note on each output that is left out.

    It stays as it is when nobody knows its outputs, and when nothing as good as what is broken
    would remain, so that the mistake can be mended.
    """
    ends = _ends(graph, catalog) if catalog is not None else []
    if catalog is None or not ends:
        return graph, ()
    broken = _broken(graph, catalog)
    if not _is_enough(graph, broken, catalog):
        return graph, ()
    needed = {*behind(graph, *(end for end in ends if end not in broken))}
    # Of an unknown node nobody knows whether it is an output, so it is told in any case.
    loose = graph.keys() - {*behind(graph, *ends)}
    strange = [one for one in graph if one in loose and not catalog.has(graph[one]["class_type"])]
    needed.update(behind(graph, *ahead(graph, strange)))
    left = {node_id: node for node_id, node in graph.items() if node_id in needed}
    told = (_note(graph, end, broken[end]) for end in ends if end in broken)
    return left, tuple(dict.fromkeys(told))


def _ends(graph: Graph, catalog: Catalog) -> list[str]:
    users = users_of(graph)
    schemas = {node_id: schema_at(graph, catalog, node_id) for node_id in graph}
    return [
        node_id
        for node_id, schema in schemas.items()
        if (schema.is_output if schema is not None else node_id not in users)
    ]


# --- What can never run


def _broken(graph: Graph, catalog: Catalog) -> dict[str, tuple[str, str]]:
    """Return the nodes that can never run, with the node at fault and what is wrong with it."""
    faults: dict[str, str] = {}
    for node_id in graph:
        schema = schema_at(graph, catalog, node_id)
        if schema is not None and (fault := next(_faults(graph, node_id, schema, catalog), None)):
            faults[node_id] = fault
    return {n: (nearest, faults[nearest]) for n, nearest in ahead(graph, faults).items()}


def _faults(graph: Graph, node_id: str, schema: NodeSchema, catalog: Catalog) -> Iterator[str]:
    """Yield what is wrong with a node on every engine, as the end of a sentence about it."""
    inputs = inputs_of(graph, node_id)
    for name in schema.required:
        wanted = schema.inputs[name]
        if inputs.get(name) is None and (wanted.is_slot or wanted.default is None):
            yield f"gets no {name}"
    for name, value in inputs.items():
        known = schema.inputs.get(name)
        if known is None or known.is_dynamic:
            continue  # ComfyUI ignores inputs it does not know
        if isinstance(value, list):
            if (lost := _lost(graph, value, catalog)) is not None:
                yield f"gets its {name} from {lost}"
        elif value == "" and _names_file(graph[node_id], name, known):
            yield f"has no {name}"


def _lost(graph: Graph, link: list[Any], catalog: Catalog) -> str | None:
    """Return where a link leads, if that is nowhere."""
    if not is_link(link):
        return "nowhere"
    source, slot = link
    if source not in graph:
        return f"node {source}, which is not there"
    schema = schema_at(graph, catalog, source)
    if schema is None or 0 <= slot < len(schema.outputs):
        return None
    return f"slot {slot} of {title(graph, source)}, which is not there"


def _names_file(node: Mapping[str, Any], name: str, wanted: InputSchema) -> bool:
    """Say whether an input names a file from a list, in which nothing has no name."""
    if wanted.choices is None or not wanted.choices.is_closed or "" in wanted.choices.known:
        return False
    if folder_of(node["class_type"], name) is not None:
        return True
    return any(str(one).lower().endswith(EXTENSIONS) for one in wanted.choices.values)


# --- What is worth keeping


def _is_enough(graph: Graph, broken: Collection[str], catalog: Catalog) -> bool:
    """Say whether the outputs that can run are as good as those that cannot.

    What nothing leads to would never have made anything, so it does not count.
    """
    made = ahead(graph, makers(graph, catalog))
    worth = {
        output.node_id: (output.kind in _MEDIA, output.is_kept, output.node_id in made)
        for output in find_outputs(graph, catalog)
        if not is_tidying(graph[output.node_id]["class_type"])
    }
    left = [worth[end] for end in worth if end not in broken]
    meant = [worth[end] for end in worth if end not in broken or links_of(graph, end)]
    return bool(left) and max(left) == max(meant)


def _note(graph: Graph, end: str, why: tuple[str, str]) -> str:
    at_fault, fault = why
    who = "it" if at_fault == end else title(graph, at_fault)
    return f"{title(graph, end)} is left out: {who} {fault}."
