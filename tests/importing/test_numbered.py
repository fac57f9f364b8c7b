"""Numbered inputs beyond how many of them a node looks at."""

from typing import Any

import pytest

from imagine.importing.numbered import families, uncounted
from imagine.importing.parameters import Rank
from tests.importing.samples import edited, parameter, read
from tests.importing.test_stages import at


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a_1", "a_2"], {"a": {1: "a_1", 2: "a_2"}}),
        (["a1", "a_02", "a010"], {"a": {1: "a1", 2: "a_02", 10: "a010"}}),
        (["a_0", "b_0"], {"a": {0: "a_0"}, "b": {0: "b_0"}}),
        # Of several numbers only the last one counts.
        (["a1_2", "a1_3"], {"a1": {2: "a1_2", 3: "a1_3"}}),
        (["3"], {"": {3: "3"}}),
        (["a", "a_1b", "text_g"], {}),
        ([], {}),
    ],
)
def test_inputs_of_one_name_with_numbers_are_a_family(
    names: list[str], found: dict[str, dict[int, str]]
):
    assert families(names) == found


@pytest.mark.parametrize(
    ("inputs", "beyond"),
    [
        ({"lora_count": 1, "lora_name_1": "a", "lora_name_2": "b"}, {"lora_name_2"}),
        ({"num_loras": 1, "lora_1": "a", "lora_2": "b", "lora_3": "c"}, {"lora_2", "lora_3"}),
        # Strengths stand beside the names of as many.
        (
            {
                "lora_count": 1,
                "lora_name_1": "a",
                "lora_wt_1": 1,
                "lora_name_2": "b",
                "lora_wt_2": 1,
            },
            {"lora_name_2", "lora_wt_2"},
        ),
        # Some count from 0.
        ({"text_count": 2, "text0": "a", "text1": "b", "text2": "c"}, {"text2"}),
        ({"inputcount": 2, "a_1": 1, "a_2": 2, "a_3": 3, "b01": 1, "b02": 2}, {"a_3"}),
        ({"lora_count": 0, "lora_1": "a"}, {"lora_1"}),
        # What is linked nobody can read, and what counts others says nothing of these.
        ({"lora_count": ["7", 0], "lora_1": "a", "lora_2": "b"}, set()),
        ({"lora_count": True, "lora_1": "a", "lora_2": "b"}, set()),
        ({"num_frames": 1, "text_1": "a", "text_2": "b"}, set()),
        ({"lora_count": 1, "lora_1": "a", "text_1": "b", "text_2": "c"}, set()),
        ({"count": 1, "text_1": "a", "text_2": "b"}, set()),
        ({}, set()),
    ],
)
def test_what_stands_beyond_the_count_is_not_looked_at(inputs: dict[str, Any], beyond: set[str]):
    assert uncounted(inputs) == beyond


def stacked(count: int, *files: str) -> dict[str, Any]:
    """Return a graph with a stack of LoRAs, of which a number counts."""
    document = edited("sd15_api")
    names = {f"lora_name_{at}": file for at, file in enumerate(files, 1)}
    weights = {f"lora_wt_{at}": 1.0 for at, _ in enumerate(files, 1)}
    stack = {"lora_count": count, **names, **weights}
    document["20"] = {"class_type": "SomebodysStacker", "inputs": stack}
    document["21"] = {
        "class_type": "SomebodysApplier",
        "inputs": {"model": ["4", 0], "lora_stack": ["20", 0]},
    }
    document["3"]["inputs"]["model"] = ["21", 0]
    return document


def test_of_fifty_loras_of_which_one_counts_the_form_has_one():
    flow = read(stacked(1, "ink.safetensors", *["None"] * 49))
    fed = {name for one in flow.parameters for node_id, name in one.feeds if node_id == "20"}
    assert fed == {"lora_count", "lora_name_1", "lora_wt_1"}
    assert parameter(flow, "lora").rank is Rank.MAIN


def test_a_file_beyond_the_count_can_be_replaced_behind_since_it_has_to_be_there():
    flow = read(stacked(1, "ink.safetensors", "fox.safetensors"))
    assert at(flow, "20", "lora_name_2").rank is Rank.MORE
    assert at(flow, "20", "lora_name_1").rank is Rank.MAIN


@pytest.mark.parametrize(
    ("inputs", "beyond"),
    [
        # What else has as many, and is written, is no strength of them.
        (
            {"image_count": 1, "image_1": "a", "image_2": "b", "text_1": "c", "text_2": "d"},
            {"image_2"},
        ),
        ({"text_count": -1, "text_1": "a", "text_2": "b"}, set()),
        ({"num_images": 1, "images_1": "a", "images_2": "b"}, {"images_2"}),
    ],
)
def test_only_what_is_counted_and_its_numbers_are_left_out(
    inputs: dict[str, Any], beyond: set[str]
):
    assert uncounted(inputs) == beyond


@pytest.mark.parametrize("name", ["a" + "1" * 5000, "0" * 5000 + "x", "a" + "0" * 5000])
def test_endless_numbers_in_a_name_are_read_at_once(name: str):
    assert uncounted({"a_count": 1, name: "b"}) in (set(), {name})
