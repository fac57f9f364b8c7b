"""A loader that keeps its LoRAs in one value each becomes a row of ComfyUI's own loaders."""

from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.importing.parameters import Rank
from tests.catalogs import recorded_info
from tests.importing.samples import edited, node, parameter, read, values

POWER = "Power Lora Loader (rgthree)"
SCHEMA = {
    "input": {"required": {}, "optional": {"model": ["MODEL"], "clip": ["CLIP"]}},
    "output": ["MODEL", "CLIP"],
}
INK = {"on": True, "lora": "ink.safetensors", "strength": 0.8, "strengthTwo": None}
FOX = {"on": True, "lora": "animals/fox.safetensors", "strength": 0.5, "strengthTwo": 0.25}
OFF = {"on": False, "lora": "off.safetensors", "strength": 1, "strengthTwo": None}


def graph(*loras: dict[str, Any], clip: bool = True) -> dict[str, Any]:
    """Return the usual graph with such a loader behind its checkpoint."""
    document = edited("sd15_api")
    checkpoint = document["3"]["inputs"]["model"][0]
    named = {f"lora_{n}": lora for n, lora in enumerate(loras, 1)}
    header = {"PowerLoraLoaderHeaderWidget": {"type": "PowerLoraLoaderHeaderWidget"}}
    inputs: dict[str, Any] = {**header, **named, "➕ Add Lora": "", "model": [checkpoint, 0]}
    document["20"] = {"class_type": POWER, "inputs": inputs}
    document["3"]["inputs"]["model"] = ["20", 0]
    if clip:
        inputs["clip"] = [checkpoint, 1]
        for encoder in ("6", "7"):
            document[encoder]["inputs"]["clip"] = ["20", 1]
    return document


def test_each_lora_has_a_loader_of_its_own_in_their_order():
    flow = read(graph(INK, FOX))
    first, second = flow.graph["20:1"], flow.graph["20:2"]
    assert (first["class_type"], second["class_type"]) == ("LoraLoader", "LoraLoader")
    assert second["inputs"] == {
        "model": ["20:1", 0],
        "clip": ["20:1", 1],
        "lora_name": "animals/fox.safetensors",
        "strength_model": 0.5,
        "strength_clip": 0.25,
    }
    assert values(flow.graph, "3")["model"] == ["20:2", 0]
    assert values(flow.graph, "6")["clip"] == ["20:2", 1]
    assert "20" not in flow.graph


def test_each_can_be_set_and_one_strength_is_one_parameter():
    flow = read(graph(INK, FOX))
    assert parameter(flow, "lora").feeds == (("20:1", "lora_name"),)
    assert parameter(flow, "lora_2").feeds == (("20:2", "lora_name"),)
    both = (("20:1", "strength_model"), ("20:1", "strength_clip"))
    assert parameter(flow, "lora_strength").feeds == both
    assert parameter(flow, "lora_strength_2").feeds == (("20:2", "strength_model"),)


def test_what_is_switched_off_waits_behind_until_it_is_chosen_with_a_note():
    flow = read(graph(OFF, INK, INK | {"lora": "None"}))
    assert values(flow.graph, "20:1")["lora_name"] == "None"
    assert values(flow.graph, "20:2")["lora_name"] == "ink.safetensors"
    assert "20:3" not in flow.graph
    found = {one.name: (one.default, one.rank) for one in flow.parameters if "lora" in one.name}
    assert (found["lora"], found["lora_2"]) == (("ink.safetensors", Rank.MAIN), ("None", Rank.MORE))
    told = f"switched off, and left out until you choose it: {OFF['lora']}."
    assert any(told in note for note in flow.notes)


def test_what_is_switched_off_is_no_problem():
    assert read(graph(OFF)).problems == read(edited("sd15_api")).problems


def test_without_any_the_model_passes_through():
    flow = read(graph(INK | {"lora": "None"}))
    assert values(flow.graph, "3")["model"] == values(read(graph()).graph, "3")["model"]
    assert values(flow.graph, "3")["model"][0] != "20"
    assert flow.problems == read(edited("sd15_api")).problems


def test_without_a_text_encoder_only_the_model_gets_it():
    flow = read(graph(INK, clip=False))
    assert flow.graph["20:1"]["class_type"] == "LoraLoaderModelOnly"
    assert values(flow.graph, "20:1")["strength_model"] == 0.8


def test_two_in_a_row_are_followed():
    document = graph(INK)
    document["21"] = {"class_type": POWER, "inputs": {"lora_1": FOX, "model": ["20", 0]}}
    document["3"]["inputs"]["model"] = ["21", 0]
    flow = read(document)
    assert values(flow.graph, "21:1")["model"] == ["20:1", 0]
    assert values(flow.graph, "3")["model"] == ["21:1", 0]


@pytest.mark.parametrize("model", [["20", 0], ["21", 0], ["20", 7]])
def test_a_loader_that_gets_its_model_in_a_circle_gives_none(model: list[Any]):
    document = graph(clip=False)
    document["20"]["inputs"]["model"] = model
    document["21"] = {"class_type": POWER, "inputs": {"model": ["20", 0]}}
    assert "model" not in values(read(document).graph, "3")


@pytest.mark.parametrize("model", [[["4"], 0], [{}, 0], ["4"], []])
def test_what_is_no_link_stays_a_problem(model: list[Any]):
    document = graph()
    document["20"]["inputs"]["model"] = model
    flow = read(document)
    assert flow.problems
    assert values(flow.graph, "3")["model"] == model


def test_no_loader_takes_the_place_of_a_node_of_its_id():
    document = graph(INK)
    document["20:1"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "a", "clip": ["20", 1]}}
    document["3"]["inputs"]["positive"] = ["20:1", 0]
    flow = read(document)
    assert flow.graph["20:1"]["class_type"] == "CLIPTextEncode"
    assert values(flow.graph, "3")["model"] == ["20:1_", 0]
    assert values(flow.graph, "20:1")["clip"] == ["20:1_", 1]


@pytest.mark.parametrize("is_installed", [True, False])
def test_a_page_file_is_read_whether_the_pack_is_installed_or_not(is_installed):
    document = edited("rgthree")
    loader = next(one for one in document["nodes"] if one["type"] == POWER)
    node(document, loader["id"])["widgets_values"] = [{}, {"type": "Header"}, INK, OFF, {}, ""]
    info = recorded_info() | ({POWER: SCHEMA} if is_installed else {})
    flow = read(document, Catalog.from_object_info(info))
    assert parameter(flow, "lora").default == "ink.safetensors"
    assert parameter(flow, "lora_strength").default == 0.8
