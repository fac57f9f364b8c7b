"""Files of ComfyUI's first months, and values of another kind than a node takes by now."""

from typing import Any

import pytest

from imagine.importing.fields import ParameterType
from imagine.importing.reading import Imported
from tests.importing.samples import edited, node, parameter, read, values
from tests.importing.test_what_steers import engine, kind, of

REST = [30, 7.5, "sample_heun", "karras", 0.9]


def early(*listed: Any) -> Imported:
    """Return the usual graph with these values of its sampler."""
    document = edited("sd15_default")
    node(document, 3)["widgets_values"] = [*listed]
    return read(document)


@pytest.mark.parametrize("control", [True, False])
def test_a_yes_or_no_behind_a_seed_is_what_becomes_of_it_after_a_run(control: bool):
    found = values(early(5, control, *REST).graph, "3")
    assert {name: found[name] for name in ("seed", "steps", "cfg", "scheduler", "denoise")} == {
        "seed": 5,
        "steps": 30,
        "cfg": 7.5,
        "scheduler": "karras",
        "denoise": 0.9,
    }


@pytest.mark.parametrize(("control", "default"), [(True, -1), (False, 5)])
def test_a_seed_is_drawn_where_such_a_yes_stands_behind_it(control: bool, default: int):
    found = parameter(early(5, control, *REST), "seed")
    assert (found.type, found.default) == (ParameterType.SEED, default)


@pytest.mark.parametrize(("control", "default"), [("randomize", -1), ("fixed", 5)])
def test_the_control_of_later_files_counts_as_before(control: str, default: int):
    flow = early(5, control, *REST)
    assert parameter(flow, "seed").default == default
    assert values(flow.graph, "3")["steps"] == 30


@pytest.mark.parametrize("sampler", ["sample_heun", "heun"])
def test_a_sampler_has_the_name_that_it_has_by_now(sampler: str):
    rest = [sampler if one == "sample_heun" else one for one in REST]
    flow = early(5, True, *rest)
    assert values(flow.graph, "3")["sampler_name"] == "heun"
    assert flow.problems == read(edited("sd15_default")).problems


def test_only_a_sampler_loses_the_front_of_its_name():
    document = edited("sd15_default")
    node(document, 6)["widgets_values"] = ["sample_of a fox"]
    assert values(read(document).graph, "6")["text"] == "sample_of a fox"


def test_a_switch_that_stands_behind_a_seed_keeps_its_value():
    wanted = {"seed": ["INT", {}], "soft": ["BOOLEAN", {}], "times": ["INT", {}]}
    known = engine(SomebodysDice=kind(["IMAGE"], image=["IMAGE"], **wanted))
    document = edited("sd15_default")
    document["nodes"].append(
        {
            "id": 50,
            "type": "SomebodysDice",
            "inputs": [{"name": "image", "type": "IMAGE", "link": 901}],
            "outputs": [{"name": "image", "type": "IMAGE", "links": [902]}],
            "widgets_values": [5, True, 3],
        }
    )
    saving = next(n for n in document["nodes"] if n["type"] == "SaveImage")
    decoding = next(n for n in document["nodes"] if n["type"] == "VAEDecode")
    old = saving["inputs"][0]["link"]
    document["links"] = [one for one in document["links"] if one[0] != old]
    document["links"] += [[901, decoding["id"], 0, 50, 0, "IMAGE"]]
    document["links"] += [[902, 50, 0, saving["id"], 0, "IMAGE"]]
    saving["inputs"][0]["link"], decoding["outputs"][0]["links"] = 902, [901]
    found = values(read(document, known).graph, "50")
    assert (found["seed"], found["soft"], found["times"]) == (5, True, 3)


# --- a yes or no where a number belongs


@pytest.mark.parametrize("value", [True, False])
def test_a_yes_or_no_where_a_graph_for_programs_has_a_number_is_one(value: bool):
    document = edited("sd15_api")
    document["3"]["inputs"] |= {"steps": value, "cfg": value}
    flow = read(document)
    for name in ("steps", "cfg"):
        found = values(flow.graph, "3")[name]
        assert (found, type(found)) == (int(value), int)
        assert parameter(flow, name).default == int(value)
        assert not isinstance(parameter(flow, name).default, bool)


@pytest.mark.parametrize("value", [True, False])
def test_a_yes_or_no_where_the_page_has_a_number_is_one(value: bool):
    flow = early(5, "fixed", value, value, *REST[2:])
    for name in ("steps", "cfg"):
        found = values(flow.graph, "3")[name]
        assert (found, type(found)) == (int(value), int)


def test_a_switch_stays_one_and_so_does_what_nobody_knows():
    wanted = {"soft": ["BOOLEAN", {}], "times": ["INT", {}]}
    known = engine(SomebodysDice=kind(["IMAGE"], image=["IMAGE"], **wanted))
    document = edited("sd15_api")
    document["20"] = of("SomebodysDice", image=["8", 0], soft=True, times=True, added=True)
    document["21"] = of("SomebodysUnknown", image=["20", 0], soft=True)
    document["9"]["inputs"]["images"] = ["21", 0]
    flow = read(document, known)
    found = values(flow.graph, "20") | {"unknown": values(flow.graph, "21")["soft"]}
    kinds = {name: type(found[name]) for name in ("soft", "times", "added", "unknown")}
    assert kinds == {"soft": bool, "times": int, "added": bool, "unknown": bool}


# --- what is no control of a seed, and what hides none


def test_one_step_behind_a_seed_is_no_control():
    flow = early(5, 1, 7.5, "heun", "karras", 0.9)
    assert values(flow.graph, "3")["steps"] == 1
    assert parameter(flow, "seed").default == 5


def diced(wanted: dict[str, Any], *listed: Any) -> Any:
    """Return the default of the seed of a pack's node behind the pictures, with these values."""
    known = engine(SomebodysDice=kind(["IMAGE"], image=["IMAGE"], **wanted))
    document = edited("sd15_default")
    saving = next(one for one in document["nodes"] if one["type"] == "SaveImage")
    decoding = next(one for one in document["nodes"] if one["type"] == "VAEDecode")
    document["nodes"].append(
        {
            "id": 50,
            "type": "SomebodysDice",
            "inputs": [{"name": "image", "type": "IMAGE", "link": 901}],
            "outputs": [{"name": "image", "type": "IMAGE", "links": [902]}],
            "widgets_values": [*listed],
        }
    )
    old = saving["inputs"][0]["link"]
    document["links"] = [one for one in document["links"] if one[0] != old] + [
        [901, decoding["id"], 0, 50, 0, "IMAGE"],
        [902, 50, 0, saving["id"], 0, "IMAGE"],
    ]
    saving["inputs"][0]["link"], decoding["outputs"][0]["links"] = 902, [901]
    flow = read(document, known)
    return next(one for one in flow.parameters if ("50", "seed") in one.feeds).default


def test_a_number_that_is_the_seed_too_hides_no_control():
    wanted = {"times": ["INT", {}], "seed": ["INT", {}]}
    assert diced(wanted, 0, 0, "randomize") == -1


def test_a_switch_behind_a_seed_without_a_control_is_none():
    assert diced({"seed": ["INT", {}], "soft": ["BOOLEAN", {}]}, 5, True) == 5
