"""What comes first in graphs of packs, on an engine that has these: with names and types."""

from typing import Any

from imagine.catalog import Catalog
from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.catalogs import recorded_info
from tests.importing.samples import parameter, read


def of(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def kind(outputs: list[str], **inputs: Any) -> dict[str, Any]:
    """Return what an engine tells of a node."""
    return {"input": {"required": inputs}, "output": outputs, "output_node": False}


def engine(**kinds: dict[str, Any]) -> Catalog:
    """Return an engine with some nodes more than those of ComfyUI."""
    return Catalog.from_object_info({**recorded_info(), **kinds})


def main(flow: Imported) -> list[str]:
    return [one.name for one in flow.parameters if one.rank is Rank.MAIN]


def test_numbers_of_a_list_are_a_choice():
    packs = engine(SomebodysDoubler=kind(["IMAGE"], image=["IMAGE"], times=[[1, 2, 4]]))
    document = {
        "1": of("LoadImage", image="a.png"),
        "2": of("SomebodysDoubler", image=["1", 0], times=2),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    found = parameter(read(document, packs), "times")
    assert (found.type, found.choices, found.default) == ("choice", (1, 2, 4), 2)
