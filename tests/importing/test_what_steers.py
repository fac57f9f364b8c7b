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


def two_of_a_pack(title: str) -> dict[str, Any]:
    """Return a graph with two nodes alike, of which one has a title."""
    second = of("SomebodysWiderOfPictures", image=["2", 0], resolution=2048, most=9)
    return {
        "1": of("LoadImage", image="a.png"),
        "2": of("SomebodysWiderOfPictures", image=["1", 0], resolution=1024, only_here=8),
        "3": {**second, "_meta": {"title": title}},
        "4": of("SaveImage", images=["3", 0], filename_prefix="x"),
    }


def test_of_a_long_title_only_so_much_is_in_a_name_that_its_input_stays_whole():
    flow = read(two_of_a_pack("The Wider of Pictures by Somebody (v12.5.10)"))
    names = {one.feeds[0]: one.name for one in flow.parameters}
    assert names["3", "resolution"] == "the_wider_of_pictures_by_resolution"
    assert names["2", "resolution"] == "somebodys_wider_of_pictures_resolution"


def test_a_name_that_only_one_input_has_needs_no_title():
    names = {one.feeds[0]: one.name for one in read(two_of_a_pack("The second")).parameters}
    assert (names["2", "only_here"], names["3", "most"]) == ("only_here", "most")
    assert names["3", "resolution"] == "the_second_resolution"


def test_what_a_title_in_another_script_has_of_latin_letters_is_no_name():
    for title in ("放大图像 ab v2", "Увеличение x2", "高清 HD"):
        names = {one.feeds[0]: one.name for one in read(two_of_a_pack(title)).parameters}
        assert names["3", "resolution"].startswith("somebodys_wider_of_pictures_resolution")
    names = {one.feeds[0]: one.name for one in read(two_of_a_pack("Größer, naïve → 2K")).parameters}
    assert names["3", "resolution"] == "groer_naive_2_k_resolution"
