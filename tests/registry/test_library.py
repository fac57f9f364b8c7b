"""The shipped workflows: each one fits ComfyUI as recorded, and what it says of itself is true."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagine.catalog import Catalog, InputSchema
from imagine.importing.fields import ParameterType
from imagine.importing.outputs import find_outputs
from imagine.preflight import preflight
from imagine.profiles import load_profiles
from imagine.registry.entries import NUMBERS, Entry, Parameter
from imagine.workflow_files import LIBRARY, Registry
from tests.catalogs import recorded_info

ENTRIES = Registry(Path(__file__).with_name("nothing")).current().entries
FAMILIES = {profile.family for profile in load_profiles()}
# What the card promises, and more of the same for other families.
PROMISED = {
    *("text_to_image", "image_to_image", "inpaint", "outpaint", "upscale", "multi_image_edit"),
    *("batch_image_to_image", "character_sheet", "image_to_video", "text_to_3d"),
}
ENTRY = pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
MODEL_FILE = re.compile(r".+\.(safetensors|pth)")


def installed() -> dict[str, Any]:
    """Return the recorded schemas, with the models that the shipped graphs name."""
    info = recorded_info()
    for entry in ENTRIES.values():
        for node in entry.graph.values():
            for name, value in node["inputs"].items():
                if isinstance(value, str) and MODEL_FILE.fullmatch(value):
                    config = info[node["class_type"]]["input"]["required"][name]
                    names = config[1]["options"] if config[0] == "COMBO" else config[0]
                    names.append(value)
    return info


CATALOG = Catalog.from_object_info(installed())


def fed(entry: Entry, parameter: Parameter) -> Iterator[tuple[Any, InputSchema]]:
    """Yield what stands in the graph at each place that a parameter feeds, and its schema."""
    for node_id, name in parameter.feeds:
        node = entry.graph[node_id]
        yield node["inputs"][name], CATALOG.schemas[node["class_type"]].inputs[name]


def without_lora(entry: Entry) -> dict[str, Any]:
    """Return the graph with a LoRA in the place of none; how none is left out is tested apart."""
    graph = json.loads(json.dumps(entry.graph).replace('"lora_name": ""', '"lora_name": "x"'))
    assert isinstance(graph, dict)
    return graph


def test_every_promised_workflow_is_shipped():
    assert set(ENTRIES) >= PROMISED
    assert Registry(Path("nothing")).current().broken == ()


@ENTRY
def test_the_graph_fits_the_recorded_engine(entry: Entry):
    said = [
        detail.message
        for detail in preflight(without_lora(entry), CATALOG)
        if "lora_name is x" not in str(detail.message)
    ]
    assert said == []


@ENTRY
def test_every_node_has_a_title_of_its_own(entry: Entry):
    titles = [node["_meta"]["title"] for node in entry.graph.values()]
    assert len(set(titles)) == len(titles)
    classes = {node["class_type"] for node in entry.graph.values()}
    assert not classes & set(titles)


@ENTRY
def test_an_entry_says_what_it_is(entry: Entry):
    assert entry.family == "" or entry.family in FAMILIES
    assert entry.description.endswith(".")
    assert entry.category != "other"
    assert find_outputs(entry.graph, CATALOG)
    needs_words = any(one.name == "prompt" for one in entry.parameters)
    assert (entry.example.prompt is not None) == needs_words
    for name, value in entry.example.parameters.items():
        parameter = entry.parameter(name)
        assert parameter is not None
        assert parameter.fits(value)


@ENTRY
def test_every_parameter_has_words_a_default_and_its_place(entry: Entry):
    for parameter in entry.parameters:
        assert parameter.label, parameter.name
        assert parameter.description.endswith("."), parameter.name
        for value, schema in fed(entry, parameter):
            assert not isinstance(value, list), parameter.name
            if parameter.type in (ParameterType.IMAGE, ParameterType.MASK):
                assert schema.upload == "image"
            elif parameter.type not in (ParameterType.SEED, ParameterType.MODEL):
                is_empty = parameter.required or parameter.default is None
                assert is_empty or value == parameter.default, parameter.name


@ENTRY
def test_ranges_lie_within_those_of_the_nodes(entry: Entry):
    for parameter in entry.parameters:
        for _, schema in fed(entry, parameter):
            if parameter.type in NUMBERS:
                assert None not in (parameter.min, parameter.max)
                assert schema.minimum is not None
                assert parameter.min is not None
                assert parameter.max is not None
                assert schema.minimum <= parameter.min <= parameter.max
                assert schema.maximum is None or parameter.max <= schema.maximum
                if schema.type == "INT" and schema.step and parameter.step:
                    assert parameter.step % schema.step == 0
            if parameter.type is ParameterType.CHOICE and schema.choices is not None:
                assert parameter.default in schema.choices.values
                assert set(parameter.choices) <= schema.choices.known


@ENTRY
def test_whatever_leads_to_a_model_can_be_chosen(entry: Entry):
    """Every file of a graph is a parameter: nobody's files are called as ours are."""
    offered = {feed for one in entry.parameters for feed in one.feeds}
    for node_id, node in entry.graph.items():
        for name, value in node["inputs"].items():
            if isinstance(value, str) and (name == "lora_name" or MODEL_FILE.fullmatch(value)):
                assert (node_id, name) in offered, node["_meta"]["title"]


def test_pictures_of_a_workflow_are_counted_on():
    """Four pictures come as image, image_2, image_3 and image_4; only the first has to be."""
    for name, most in (("multi_image_edit", 4), ("multi_image_edit_qwen", 3)):
        pictures = ENTRIES[name].of_type(ParameterType.IMAGE)
        assert [one.name for one in pictures] == ["image", "image_2", "image_3", "image_4"][:most]
        assert [one.required for one in pictures] == [True, False, False, False][:most]
    assert ENTRIES["batch_image_to_image"].max_batch_size == 10


@ENTRY
def test_a_graph_is_kept_as_comfyui_exports_it(entry: Entry):
    path = LIBRARY / entry.file.replace(".toml", ".json")
    text = json.dumps(entry.graph, indent=2, ensure_ascii=False) + "\n"
    assert path.read_text(encoding="utf-8") == text
