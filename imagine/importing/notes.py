"""What a person should know of a workflow before it runs, and what stays as it is.

Nothing of this keeps it from running, else it would be a problem (`imagine.preflight`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from imagine import media_inputs
from imagine.catalog import Catalog
from imagine.importing.fields import medium_of
from imagine.importing.page_graph import objects
from imagine.importing.walking import inputs_of, schema_at
from imagine.names import basename
from imagine.repair import Graph, folder_of, title

# ``{red|green}``: ComfyUI's page draws one of them before it sends a text; the engine does not.
_DRAWN = re.compile(r"\{[^{}|]*\|[^{}]*\}")
# Units: model files in one note.
_MOST_FILES = 12


def find_notes(graph: Graph, page: Mapping[str, Any], catalog: Catalog | None) -> tuple[str, ...]:
    """Return notes on a graph. ``page``: the form of ComfyUI's page, as far as there is one."""
    return (
        *_media(graph, catalog),
        *_drawn(graph),
        *_boxes(graph, catalog),
        *_files(graph, page, catalog),
    )


def _media(graph: Graph, catalog: Catalog | None) -> Iterator[str]:
    for node_id in graph:
        class_type = graph[node_id]["class_type"]
        schema = schema_at(graph, catalog, node_id)
        for name, value in inputs_of(graph, node_id).items():
            wanted = schema.inputs.get(name) if schema is not None else None
            medium = media_inputs.named(class_type, name)
            if medium is None or medium_of(class_type, name, wanted) or not isinstance(value, str):
                continue
            what = "sound" if medium == "audio" else "video"
            yield (
                f"{title(graph, node_id)} takes the path or the address of a {what} as ComfyUI’s "
                "machine knows it. None can be sent there from here."
            )


def _drawn(graph: Graph) -> Iterator[str]:
    for node_id in graph:
        for name, value in inputs_of(graph, node_id).items():
            if isinstance(value, str) and (found := _DRAWN.search(value)):
                yield (
                    f"{title(graph, node_id)}: {name} has {found[0][:60]}, of which ComfyUI’s page "
                    "draws one. Here it is sent as it stands."
                )


def _boxes(graph: Graph, catalog: Catalog | None) -> Iterator[str]:
    """Tell the values of several parts, such as a box, that are set on ComfyUI's page only."""
    for node_id in graph:
        schema = schema_at(graph, catalog, node_id)
        for name, value in inputs_of(graph, node_id).items():
            wanted = schema.inputs.get(name) if schema is not None else None
            if wanted is not None and wanted.is_socketless and isinstance(value, Mapping):
                parts = ", ".join(f"{key} {part}" for key, part in value.items())
                yield f"{title(graph, node_id)}: {name} stays as it is ({parts[:200]})."


def _files(graph: Graph, page: Mapping[str, Any], catalog: Catalog | None) -> Iterator[str]:
    """Tell the model files that a template names and that are not installed, with their sources."""
    told: dict[str, str] = {}
    for name, folder, url in _named_files(page):
        if not _is_installed(graph, name, catalog):
            told[name] = f"{name} in models/{folder}" + (f" ({url})" if url else "")
    missing = list(told.values())
    if missing:
        more = len(missing) - _MOST_FILES
        shown = ", ".join(missing[:_MOST_FILES]) + (f" and {more} more" if more > 0 else "")
        yield f"It needs {shown}."


def _named_files(page: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    waiting: list[Mapping[str, Any]] = [page]
    while waiting:
        level = waiting.pop()
        definitions = level.get("definitions")
        if isinstance(definitions, Mapping):
            waiting += objects(definitions, "subgraphs")
        for node in objects(level, "nodes"):
            properties = node.get("properties")
            if isinstance(properties, Mapping) and node.get("mode") not in (2, 4):
                yield from _models(properties)


def _models(properties: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for model in objects(properties, "models"):
        name, folder, url = (model.get(key) for key in ("name", "directory", "url"))
        if isinstance(name, str) and name and isinstance(folder, str) and folder:
            yield name, folder, url if isinstance(url, str) else ""


def _is_installed(graph: Graph, name: str, catalog: Catalog | None) -> bool:
    """Say whether a node that loads the file has it in its list; True when it loads another one."""
    if catalog is None:
        return False
    loads = False
    for node_id in graph:
        class_type = graph[node_id]["class_type"]
        for key, value in inputs_of(graph, node_id).items():
            if not isinstance(value, str) or basename(value) != name:
                continue
            loads = True
            if value in catalog.choices(class_type, key) or folder_of(class_type, key) is None:
                return True
    return not loads
