"""What is behind a switch, and which of it is used as the graph stands."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from imagine.importing.switches import switches
from tests.importing.samples import edited, parameter, read

Nodes = dict[str, dict[str, Any]]


def of(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def switched(class_type: str, **inputs: Any) -> Imported:
    """Return a graph whose prompt comes from a switch between a short text and a long one."""
    document = edited("sd15_api")
    document["20"] = of("SomebodysText", text="a hut")
    document["21"] = of("SomebodysText", text="a castle by the sea with many towers")
    document["22"] = of(class_type, **inputs)
    document["6"]["inputs"]["text"] = ["22", 0]
    return read(document)


A, B = ["20", 0], ["21", 0]


@pytest.mark.parametrize(
    ("class_type", "control", "inputs"),
    [
        ("ComfySwitchNode", "switch", {"switch": False, "on_true": B, "on_false": A}),
        ("Switch any [Crystools]", "boolean", {"on_true": A, "on_false": B, "boolean": True}),
        ("easy ifElse", "boolean", {"boolean": True, "on_true": A, "on_false": B}),
        ("ImpactConditionalBranch", "cond", {"cond": True, "tt_value": A, "ff_value": B}),
        ("ImpactSwitch", "select", {"select": 2, "input1": B, "input2": A, "sel_mode": False}),
        ("easy anythingIndexSwitch", "index", {"index": 1, "value0": B, "value1": A}),
        ("CR Text Input Switch", "Input", {"Input": 1, "text1": A, "text2": B}),
        ("Text Input Switch", "boolean", {"boolean": False, "text_a": B, "text_b": A}),
    ],
)
def test_the_prompt_is_what_a_switch_passes_on(class_type: str, control: str, inputs: Any):
    flow = switched(class_type, **inputs)
    assert parameter(flow, "prompt").feeds == (("20", "text"),)
    other = next(one for one in flow.parameters if ("21", "text") in one.feeds)
    switch = next(one for one in flow.parameters if ("22", control) in one.feeds)
    assert (other.rank, switch.rank) == (Rank.MORE, Rank.MAIN)


def test_the_first_that_is_there_is_passed_on():
    flow = switched("Any Switch (rgthree)", any_01=A, any_02=B)
    assert parameter(flow, "prompt").default == "a hut"


def test_a_switch_of_which_nobody_knows_what_it_takes_is_not_followed():
    for one in (of("SomebodysSwitch", index=7, a1=A, a2=B), of("Blend", index=1, a1=A, a2=B)):
        assert switches({"1": one}, None) == []


@pytest.mark.parametrize(
    ("inputs", "others"),
    [
        ({"select": 2, "input_01": A, "input_02": B, "input_03": A}, ("input_01", "input_03")),
        ({"index": 0, "value0": B, "value_1": A}, ("value_1",)),
        # Of two families that which has the number, and another one to switch to.
        ({"select": 3, "a1": A, "a2": B, "b3": A, "b4": B}, ("b4",)),
        ({"select": 1, "a1": A, "b1": A, "b2": B}, ("b2",)),
    ],
)
def test_inputs_with_numbers_are_switched_by_these(inputs: Any, others: tuple[str, ...]):
    (found,) = switches({"1": of("SomebodysSwitch", **inputs), "20": {}, "21": {}}, None)
    assert (found.others, found.control) == (others, ("1", next(iter(inputs))))


def test_the_size_and_the_picture_are_those_that_are_switched_to():
    document = edited("sd15_api")
    document["20"] = of("LoadImage", image="a.png")
    document["21"] = of("VAEEncode", pixels=["20", 0], vae=["4", 2])
    document["22"] = of("ImpactSwitch", select=2, input1=["21", 0], input2=["5", 0])
    document["3"]["inputs"]["latent_image"] = ["22", 0]
    flow = read(document)
    ranks = {one.name: one.rank for one in flow.parameters}
    assert (ranks["width"], ranks["image"], ranks["select"]) == (Rank.MAIN, Rank.MORE, Rank.MAIN)
    document["22"]["inputs"]["select"] = 1
    ranks = {one.name: one.rank for one in read(document).parameters}
    assert (ranks["width"], ranks["image"], ranks["select"]) == (Rank.MORE, Rank.MAIN, Rank.MAIN)


def test_what_also_leads_elsewhere_is_used():
    document = edited("sd15_api")
    document["20"] = of("SomebodysText", text="a hut")
    document["22"] = of("ComfySwitchNode", switch=True, on_true=["20", 0], on_false=["20", 0])
    document["6"]["inputs"]["text"] = ["22", 0]
    assert parameter(read(document), "prompt").rank is Rank.MAIN


def test_a_switch_whose_other_side_makes_something_else_of_the_same_words_is_in_front():
    document = edited("sd15_api")
    document["20"] = of("SomebodysText", text="a hut")
    document["21"] = of("StringConcatenate", string_a=A, string_b="in ink", delimiter=", ")
    document["22"] = of("ComfySwitchNode", switch=False, on_true=["21", 0], on_false=A)
    document["6"]["inputs"]["text"] = ["22", 0]
    assert parameter(read(document), "switch").rank is Rank.MAIN


def test_a_switch_between_models_that_makes_nothing_of_words_or_pictures_stays_behind():
    document = edited("sd15_api")
    document["20"] = of("SomebodysSharpener", model=["4", 0])
    document["22"] = of("ComfySwitchNode", switch=False, on_true=["20", 0], on_false=["4", 0])
    document["3"]["inputs"]["model"] = ["22", 0]
    assert parameter(read(document), "switch").rank is Rank.MORE
