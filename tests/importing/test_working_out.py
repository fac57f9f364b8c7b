"""Numbers of a node that works a setting of the sampler out of them, and of nothing else."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of

NUMBERS = {"maximum_value": 0.9, "minimum_value": 0.2, "turns": 5.0, "offset": 1.0, "bend": 3.0}
WANTED: dict[str, Any] = {name: ["FLOAT", {}] for name in NUMBERS}
# Of a node of a pack a few settings would be in front anyway.
CURVE = {**kind(["FLOAT"], **WANTED, way=[["in", "out"]]), "python_module": "nodes"}
LINKED = {**kind(["FLOAT"], **WANTED, model=["MODEL"]), "python_module": "nodes"}


def curved(*settings: str, **more: Any) -> Imported:
    """Return a graph whose sampler gets these settings from a node; ``more``: links of this."""
    document = edited("sd15_api")
    document["20"] = of("SomebodysCurve", **NUMBERS, **more or {"way": "in"})
    document["3"]["inputs"] |= {name: ["20", 0] for name in settings}
    return read(document, engine(SomebodysCurve=LINKED if more else CURVE))


def ranks(flow: Imported) -> dict[str, Rank]:
    return {name: at(flow, "20", name).rank for name in NUMBERS}


@pytest.mark.parametrize("setting", ["denoise", "cfg", "steps"])
def test_what_works_a_setting_out_is_in_front_and_named_by_it(setting: str):
    flow = curved(setting)
    names = {at(flow, "20", name).name for name in NUMBERS}
    assert names == {f"{setting}_{name}" for name in NUMBERS}
    assert {*ranks(flow).values()} == {Rank.MAIN}


def test_how_it_does_so_is_named_by_it_and_stays_behind():
    found = at(curved("denoise"), "20", "way")
    assert (found.name, found.rank) == ("denoise_way", Rank.MORE)


def test_a_number_that_is_called_like_the_setting_is_the_setting():
    document = edited("sd15_api")
    document["20"] = of("SomebodysConfig", denoise=0.7, least=0.1)
    document["3"]["inputs"]["denoise"] = ["20", 0]
    flow = read(document)
    assert at(flow, "20", "denoise").name == "denoise"
    assert at(flow, "20", "least").name == "denoise_least"


def test_what_says_the_setting_by_itself_has_no_second_one_in_front():
    document = edited("sd15_api")
    document["20"] = of("SomebodysConfig", denoise_first=0.7, denoise_last=0.3, turns=5.0)
    document["3"]["inputs"]["denoise"] = ["20", 0]
    flow = read(document)
    names = ["denoise_first", "denoise_last", "turns"]
    called = [at(flow, "20", name).name for name in names]
    assert called == ["denoise_first", "denoise_last", "denoise_turns"]
    assert {at(flow, "20", name).rank for name in names} == {Rank.MAIN}


def test_one_number_alone_is_not_worked_out():
    document = edited("sd15_api")
    document["20"] = of("SomebodysHolder", amount=0.7)
    document["21"] = of("SomebodysFilter", images=["8", 0], denoise=["20", 0])
    document["9"]["inputs"]["images"] = ["21", 0]
    found = at(read(document), "20", "amount")
    assert (found.name, found.rank) == ("amount", Rank.MORE)


def named_by_themselves(flow: Imported) -> bool:
    return all(at(flow, "20", name).name == name for name in NUMBERS)


def test_what_works_it_out_of_something_else_names_nothing():
    flow = curved("denoise", model=["4", 0])
    assert named_by_themselves(flow)
    assert {*ranks(flow).values()} == {Rank.MORE}


def test_neither_does_what_is_for_two_settings():
    flow = curved("denoise", "cfg")
    assert named_by_themselves(flow)
    assert {*ranks(flow).values()} == {Rank.MORE}


def test_or_for_what_is_no_setting():
    document = edited("sd15_api")
    document["20"] = of("SomebodysCurve", **NUMBERS, way="in")
    document["21"] = of("SomebodysWriter", images=["8", 0], opacity=["20", 0])
    document["9"]["inputs"]["images"] = ["21", 0]
    flow = read(document, engine(SomebodysCurve=CURVE))
    assert named_by_themselves(flow)
    assert {*ranks(flow).values()} == {Rank.MORE}


def test_the_same_setting_of_two_samplers_is_one():
    document = edited("sd15_api")
    document["20"] = of("SomebodysCurve", **NUMBERS, way="in")
    document["3"]["inputs"]["denoise"] = ["20", 0]
    document["21"] = {**document["3"], "inputs": {**document["3"]["inputs"], "seed": 7}}
    document["21"]["inputs"]["latent_image"] = ["3", 0]
    document["8"]["inputs"]["samples"] = ["21", 0]
    flow = read(document, engine(SomebodysCurve=CURVE))
    assert at(flow, "20", "offset").name == "denoise_offset"


def test_a_node_with_one_number_is_the_setting_itself():
    document = edited("sd15_api")
    document["20"] = of("SomebodysHolder", amount=0.7)
    document["3"]["inputs"]["denoise"] = ["20", 0]
    found = at(read(document), "20", "amount")
    assert (found.name, found.rank) == ("denoise", Rank.MAIN)
