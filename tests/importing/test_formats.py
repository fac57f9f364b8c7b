"""Widgets that a pack's page adds for each format: they have names of their own, as ``crf``."""

from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.importing.reading import Imported
from imagine.profiles import load_profiles
from imagine.registry.filling import fill
from imagine.registry.from_import import entry_of
from tests.catalogs import recorded_info
from tests.importing.samples import edited, parameter, read, values

RATE = ["INT", {"default": 19, "min": 0, "max": 100, "step": 1}]
FORMATS: dict[str, Any] = {
    "video/h264-mp4": [
        ["pix_fmt", ["yuv420p", "yuv420p10le"]],
        ["crf", *RATE],
        ["save_metadata", "BOOLEAN", {"default": True}],
    ],
    "video/webm": [["bitrate", "INT", {"default": 10, "min": 1, "max": 50}]],
}


def engine(formats: Any = FORMATS) -> Catalog:
    """Return an engine with a pack that saves clips; ``formats``: what it says of its widgets."""
    names = ["image/gif", "video/h264-mp4", "video/webm"]
    inputs = {
        "images": ["IMAGE", {}],
        "frame_rate": ["FLOAT", {"default": 8, "min": 1}],
        "format": [names, {"formats": formats}],
        "pingpong": ["BOOLEAN", {"default": False}],
    }
    saver = {"input": {"required": inputs}, "output": ["FILES"], "output_node": True}
    return Catalog.from_object_info(recorded_info() | {"SomebodysClipSaver": saver})


def for_programs(catalog: Catalog | None = None, **more: Any) -> Imported:
    document = edited("sd15_api")
    named = {"frame_rate": 12, "format": "video/h264-mp4", "pingpong": False, **more}
    document["9"] = {"class_type": "SomebodysClipSaver", "inputs": {"images": ["8", 0], **named}}
    return read(document, catalog or engine())


def of_the_page(widgets: Any, catalog: Catalog | None = None) -> Imported:
    """Read a page's file that saves a picture as a clip."""
    slots = [{"name": "images", "type": "IMAGE", "link": 1}]
    nodes: list[dict[str, Any]] = [
        {"id": 1, "type": "LoadImage", "widgets_values": ["fox.png", "image"]},
        {"id": 9, "type": "SomebodysClipSaver", "inputs": slots, "widgets_values": widgets},
    ]
    document = {"nodes": nodes, "links": [[1, 1, 0, 9, 0, "IMAGE"]]}
    return read(document, catalog or engine())


NAMED = {"frame_rate": 12, "format": "video/h264-mp4", "pingpong": False}
ADDED: dict[str, Any] = {"pix_fmt": "yuv420p10le", "crf": 23, "save_metadata": False}


def both(catalog: Catalog | None = None, **more: Any) -> list[Imported]:
    """Return the same workflow in both formats."""
    return [for_programs(catalog, **more), of_the_page({**NAMED, **more}, catalog)]


@pytest.mark.parametrize("at", [0, 1])
def test_what_a_format_brings_along_can_be_set_in_its_range(at: int):
    flow = both(**ADDED)[at]
    rate = parameter(flow, "crf")
    assert (rate.type, rate.default, rate.feeds) == ("int", 23, (("9", "crf"),))
    assert (rate.min, rate.max, rate.step) == (0, 100, 1)
    pixels = parameter(flow, "pix_fmt")
    assert (pixels.type, pixels.default) == ("choice", "yuv420p10le")
    assert pixels.choices == ("yuv420p", "yuv420p10le")
    kept = parameter(flow, "save_metadata")
    assert (kept.type, kept.default) == ("bool", False)
    assert not [name for one in flow.parameters for _, name in one.feeds if "." in name]


@pytest.mark.parametrize("at", [0, 1])
def test_it_is_not_missed_where_a_file_does_not_have_it(at: int):
    flow = both()[at]
    assert "crf" not in values(flow.graph, "9")
    assert not any("crf" in note for note in flow.notes)
    assert not any("crf" in str(problem.message) for problem in flow.problems or ())


def test_values_without_names_stand_behind_the_format_that_brings_them_along():
    listed = of_the_page([12, "video/h264-mp4", "yuv420p10le", 23, False, True])
    found = {n: v for n, v in values(listed.graph, "9").items() if n != "images"}
    assert found == {**NAMED, **ADDED, "pingpong": True}
    shorter = values(of_the_page([12, "image/gif", True]).graph, "9")
    assert (shorter["format"], shorter["pingpong"]) == ("image/gif", True)
    assert "crf" not in shorter


def test_a_file_from_before_there_were_any_is_read_as_it_was_written():
    listed = values(of_the_page([24, "video/h264-mp4", True, None]).graph, "9")
    assert (listed["frame_rate"], listed["pingpong"]) == (24, True)
    assert listed.keys().isdisjoint(ADDED)


def test_of_another_format_nobody_asks_for_it():
    flow = for_programs(format="video/webm", crf=23, bitrate=20)
    fed = {feed: one for one in flow.parameters for feed in one.feeds}
    assert ("9", "crf") not in fed
    assert (fed["9", "bitrate"].min, fed["9", "bitrate"].max) == (1, 50)


@pytest.mark.parametrize(("crf", "is_wrong"), [(23, False), (100, False), (101, True)])
def test_a_value_out_of_its_range_is_told(crf: int, is_wrong: bool):
    problems = for_programs(crf=crf).problems or ()
    assert any("crf" in str(problem.message) for problem in problems) is is_wrong


def test_the_choice_itself_stays_a_choice_of_all_formats():
    found = parameter(for_programs(**ADDED), "format")
    assert (found.type, found.default) == ("choice", "video/h264-mp4")
    assert found.choices == ("image/gif", "video/h264-mp4", "video/webm")


BROKEN: list[Any] = [
    ["video/h264-mp4"],
    "video/h264-mp4",
    7,
    None,
    {"video/h264-mp4": None},
    {"video/h264-mp4": {"crf": RATE}},
    {"video/h264-mp4": "crf"},
    {"video/h264-mp4": [["crf"], [], "crf", 3, None, {"crf": 19}]},
    {"video/h264-mp4": [[7, "INT", {}], [None, "INT"], [["crf"], "INT"]]},
    {"video/h264-mp4": [["pix_fmt", None], ["crf", 7, 8], ["save_metadata", [[1], {}]]]},
    {"video/h264-mp4": [["crf", "INT", [1, 2]], ["crf", "INT", {"min": "a", "max": None}]]},
    {"video/h264-mp4": [["format", ["a", "b"], {"formats": {"a": [["format", "INT"]]}}]]},
    {"": [["crf", "INT"]], "none": 3},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_what_a_pack_says_wrongly_of_its_formats_breaks_nothing(broken: Any):
    known = engine(broken)
    for flow in both(known, **ADDED):
        assert parameter(flow, "format").default == "video/h264-mp4"
        assert parameter(flow, "frame_rate").default == 12
        assert values(flow.graph, "9")["crf"] == 23
    assert of_the_page([12, "image/gif", True], known).graph["9"]["inputs"]["pingpong"] is True


def test_of_widgets_said_wrongly_the_others_are_kept():
    mixed = {"video/h264-mp4": [["crf", *RATE], ["pix_fmt"], 7], 3: [["crf", "INT"]]}
    for flow in both(engine(mixed), **ADDED):
        assert parameter(flow, "crf").max == 100
        assert all(("9", "pix_fmt") not in one.feeds for one in flow.parameters)


def test_another_format_brings_its_own_widgets_and_takes_the_others_along():
    imported = for_programs(crf=23, pix_fmt="yuv420p10le")
    made = entry_of(imported, id="it", name="It", profiles=load_profiles(), catalog=engine())
    values_ = {one.name: one.default for one in made.parameters if one.default is not None}
    flow = fill(
        made,
        values_ | {"format": "video/webm", "seed": 1},
        images={},
        catalog=engine(),
        filename_prefix="x",
    )
    found = flow.graph["9"]["inputs"]
    assert (found["format"], found["bitrate"]) == ("video/webm", 10)
    assert found.keys().isdisjoint({"crf", "pix_fmt", "save_metadata"})


def test_a_widget_of_a_format_takes_no_input_of_the_node():
    formats = {"video/h264-mp4": [["frame_rate", ["fast", "slow"]], ["crf", *RATE]]}
    schema = engine(formats).schema_of(for_programs(engine(formats)).graph["9"])
    assert schema is not None
    assert schema.inputs["frame_rate"].type == "FLOAT"
