"""The workflows of ``tests/data/workflows``, made here in the shape of what is in the world."""

import functools
import json
from pathlib import Path
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.parameters import Parameter
from imagine.importing.reading import Imported, read_workflow
from tests.catalogs import recorded_info

FOLDER = Path(__file__).parent.parent / "data" / "workflows"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@functools.cache
def recorded() -> Catalog:
    return Catalog.from_object_info(recorded_info())


def raw(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


@functools.cache
def workflow(name: str) -> Imported:
    return read_workflow(raw(name), recorded())


def edited(name: str) -> dict[str, Any]:
    """Return a workflow to be changed by a test."""
    document: dict[str, Any] = json.loads(raw(name))
    return document


def node(document: dict[str, Any], node_id: int) -> dict[str, Any]:
    found: dict[str, Any] = next(n for n in document["nodes"] if n["id"] == node_id)
    return found


def read(document: object, catalog: Catalog | None = None) -> Imported:
    return read_workflow(json.dumps(document).encode(), catalog or recorded())


def values(graph: Any, node_id: str) -> dict[str, Any]:
    inputs: dict[str, Any] = graph[node_id]["inputs"]
    return inputs


def parameter(imported: Imported, name: str) -> Parameter:
    return next(found for found in imported.parameters if found.name == name)
