"""What is in front of the settings of nodes that no usual name fits."""

from collections.abc import Mapping
from typing import Any

import pytest

from imagine.importing.parameters import Rank
from tests.importing.samples import edited, read
from tests.importing.test_what_steers import engine, kind, main, of, rank_of

WHOLE, SHARE = ["INT", {"default": 0}], ["FLOAT", {"default": 0.5}]


def pointed(**more: Any) -> dict[str, Any]:
    """Return a graph that cuts what is at a point out of a picture."""
    return {
        "1": of("LoadImage", image="a.png"),
        "2": of("SomebodysPoint", x_coord=120, y_coord=80),
        "3": of("SomebodysCutter", image=["1", 0], point=["2", 0], feather=4, **more),
        "4": of("SaveImage", images=["3", 0], filename_prefix="x"),
    }


CUTTER = {"image": ["IMAGE"], "point": ["POINT"], "feather": WHOLE}
POINTING = {
    "SomebodysPoint": kind(["POINT"], x_coord=WHOLE, y_coord=WHOLE),
    "SomebodysCutter": kind(["IMAGE"], **CUTTER),
    "SomebodysTeller": {**kind([], point=["POINT"]), "output_node": True},
}


def test_what_only_says_something_to_a_node_on_the_way_of_the_picture_is_in_front():
    flow = read(pointed(), engine(**POINTING))
    assert {"image", "x_coord", "y_coord"} <= {*main(flow)}


def test_what_says_something_to_another_node_too_stays_behind():
    document = pointed() | {"5": of("SomebodysTeller", point=["2", 0])}
    flow = read(document, engine(**POINTING))
    assert not rank_of(flow, "2", "x_coord")
    assert any(("2", "x_coord") in one.feeds for one in flow.parameters)


# --- a few settings beside the usual ones


def finished(
    settings: Mapping[str, tuple[Any, Any]],
    module: str | None = "custom_nodes.somebodys",
    class_type: str = "SomebodysGrain",
) -> set[str]:
    """Return which settings of a node that changes the sampled picture are in front."""
    wanted = {name: one for name, (one, _) in settings.items()}
    about = kind(["IMAGE"], image=["IMAGE"], **wanted)
    if module is not None:
        about["python_module"] = module
    document = edited("sd15_api")
    values = {name: value for name, (_, value) in settings.items()}
    document["20"] = of(class_type, image=["8", 0], **values)
    document["9"]["inputs"]["images"] = ["20", 0]
    flow = read(document, engine(**{class_type: about}))
    assert {("20", name) for name in settings} <= {f for one in flow.parameters for f in one.feeds}
    assert {"prompt", "steps", "seed"} <= {*main(flow)}
    own = [one for one in flow.parameters if one.feeds[0][0] == "20" and one.rank is Rank.MAIN]
    return {one.feeds[0][1] for one in own}


FOUR: dict[str, tuple[Any, Any]] = {
    "grain": (SHARE, 0.2),
    "warmth": (WHOLE, 3),
    "fades": (["BOOLEAN", {"default": False}], True),
    "tone": ([["soft", "hard"]], "hard"),
}


@pytest.mark.parametrize("module", ["custom_nodes.somebodys", "custom_nodes", None])
def test_a_few_settings_of_a_packs_node_are_in_front(module: str | None):
    assert finished(FOUR, module) == {*FOUR}


def test_more_of_them_stay_behind():
    assert finished(FOUR | {"gloss": (SHARE, 0.1)}) == set()


@pytest.mark.parametrize("module", ["nodes", "comfy_extras.nodes_grain"])
def test_those_of_a_node_that_came_with_the_engine_stay_behind(module: str):
    assert finished(FOUR, module) == set()


def test_what_only_keeps_a_node_from_going_wrong_stays_behind_and_does_not_count():
    keeping: dict[str, tuple[Any, Any]] = {
        "divisible_by": (WHOLE, 8),
        "err_if_missing": (["BOOLEAN", {"default": True}], True),
        "tile_size": (WHOLE, 512),
    }
    assert finished(FOUR | keeping) == {*FOUR}
    assert finished(keeping) == set()


@pytest.mark.parametrize("class_type", ["SomebodysGrainLoader", "SomebodysSaveAndPass"])
def test_those_of_what_loads_or_saves_stay_behind(class_type: str):
    assert finished(FOUR, class_type=class_type) == set()
