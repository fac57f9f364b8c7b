"""What steers a graph without a prompt: not what is inside of a part, a loader or the working."""

from typing import Any

import pytest

from imagine.importing.reading import Imported
from tests.importing.samples import edited, read
from tests.importing.test_what_steers import engine, kind, main, of, rank_of

WHOLE, SHARE = ["INT", {"default": 0}], ["FLOAT", {"default": 0.5}]
SLOWER: dict[str, list[Any]] = {
    "image": ["IMAGE"],
    "interpolation_factor": WHOLE,
    "interpolation_method": [["linear", "cubic"]],
    "tile_multiplier": SHARE,
    "factor_of_tile": SHARE,
    "softness": SHARE,
}
VALUES = {
    "interpolation_factor": 2,
    "interpolation_method": "cubic",
    "tile_multiplier": 1.5,
    "factor_of_tile": 0.5,
    "softness": 0.2,
}


def slower(node_id: str = "2", **more: dict[str, Any]) -> Imported:
    """Return a graph that changes a picture without words, and more nodes."""
    document = {
        "1": of("LoadImage", image="a.png"),
        node_id: of("SomebodysSlower", image=["1", 0], **VALUES),
        "4": of("SaveImage", images=[node_id, 0], filename_prefix="x"),
        **more,
    }
    known = {
        "SomebodysSlower": kind(["IMAGE"], **SLOWER),
        "SomebodysPart": kind(["IMAGE"], image=["IMAGE"], brightness=SHARE),
        "SomebodysPoint": kind(["POINT"], x=WHOLE, y=WHOLE),
        "SomebodysPointLoader": kind(["POINT"], x=WHOLE, y=WHOLE),
        "SomebodysCutter": kind(["IMAGE"], image=["IMAGE"], point=["POINT"]),
    }
    return read(document, engine(**known))


# --- by how much, and how it is worked out


@pytest.mark.parametrize("name", ["interpolation_factor", "tile_multiplier"])
def test_by_how_much_something_is_worked_out_is_in_front(name: str):
    assert rank_of(slower(), "2", name)


@pytest.mark.parametrize("name", ["interpolation_method", "factor_of_tile"])
def test_how_it_is_worked_out_stays_behind(name: str):
    flow = slower()
    assert not rank_of(flow, "2", name)
    assert any(("2", name) in one.feeds for one in flow.parameters)


# --- nodes of a part that its maker closed


INNER = "105:102"


@pytest.mark.parametrize("inner", [INNER, "105:7:102"])
def test_the_numbers_inside_a_part_stay_behind(inner: str):
    flow = slower(inner)
    assert main(flow) == ["image"]
    fed = {feed for one in flow.parameters for feed in one.feeds}
    assert {(inner, name) for name in VALUES} <= fed


def test_those_of_the_nodes_around_it_are_in_front_all_the_same():
    around = {
        "5": of("SomebodysPart", image=[INNER, 0], brightness=0.1),
        "4": of("SaveImage", images=["5", 0], filename_prefix="x"),
    }
    assert main(slower(INNER, **around)) == ["image", "brightness"]


def test_a_node_whose_number_only_looks_like_one_of_a_part_is_none():
    beside = {
        "105": of("SomebodysPart", image=[INNER, 0], brightness=0.1),
        "4": of("SaveImage", images=["105", 0], filename_prefix="x"),
    }
    assert rank_of(slower(INNER, **beside), INNER, "interpolation_factor")


def finished(node_id: str) -> Imported:
    """Return the usual graph, of whose picture a pack's node changes the brightness."""
    document = edited("sd15_api")
    document[node_id] = of("SomebodysPart", image=["8", 0], brightness=0.1)
    document["9"]["inputs"]["images"] = [node_id, 0]
    part = kind(["IMAGE"], image=["IMAGE"], brightness=SHARE)
    return read(document, engine(SomebodysPart=part))


@pytest.mark.parametrize(("node_id", "is_shown"), [("20", True), ("20:5", False)])
def test_so_are_the_few_settings_of_a_pack_beside_a_prompt(node_id: str, is_shown: bool):
    flow = finished(node_id)
    assert rank_of(flow, node_id, "brightness") is is_shown
    assert "prompt" in main(flow)


# --- what brings a value in


@pytest.mark.parametrize(
    ("class_type", "is_shown"), [("SomebodysPoint", True), ("SomebodysPointLoader", False)]
)
def test_what_says_something_is_in_front_and_what_only_loads_it_is_not(
    class_type: str, is_shown: bool
):
    more: dict[str, Any] = {
        "5": of(class_type, x=3, y=4),
        "6": of("SomebodysCutter", image=["2", 0], point=["5", 0]),
        "4": of("SaveImage", images=["6", 0], filename_prefix="x"),
    }
    flow = slower(**more)
    assert rank_of(flow, "5", "x") is is_shown
    assert any(("5", "x") in one.feeds for one in flow.parameters)
