"""What is in front of the settings of nodes that no usual name fits."""

from collections.abc import Mapping
from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
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


# --- a graph with neither a file nor anything usual


DRAWER = {
    "corners": WHOLE,
    "wobble": SHARE,
    "filled": ["BOOLEAN", {"default": False}],
    "tile_size": WHOLE,
}
VALUES = {"corners": 5, "wobble": 0.3, "filled": True, "tile_size": 64}
FOLDER = {"directory": ["STRING", {"default": ""}], "note": ["STRING", {"default": ""}]}


def alone(loader: str = "SomebodysFolderLoader", more: Mapping[str, Any] | None = None) -> Imported:
    """Return a graph that draws shapes over what lies in a folder; ``more``: nodes beside."""
    packs = {
        "SomebodysDrawer": kind(["IMAGE"], over=["IMAGE"], **DRAWER),
        "SomebodysBlender": kind(["IMAGE"], image=["IMAGE"], other=["IMAGE"], **DRAWER),
        loader: kind(["IMAGE"], **FOLDER),
    }
    document = {
        "1": of(loader, directory="shapes", note="mine"),
        "2": of("SomebodysDrawer", over=["1", 0], **VALUES),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
        **(more or {}),
    }
    return read(document, engine(**packs))


def test_without_a_file_the_settings_of_all_nodes_are_in_front_and_the_folder_too():
    flow = alone()
    assert {*main(flow)} == {"directory", "corners", "wobble", "filled"}
    assert not rank_of(flow, "2", "tile_size")
    assert not rank_of(flow, "1", "note")


@pytest.mark.parametrize("name", ["path", "folder", "image_dir", "url"])
def test_a_folder_is_known_by_the_words_of_its_input(name: str):
    packs = engine(SomebodysFolderLoader=kind(["IMAGE"], **{name: ["STRING", {}], "tag": [["a"]]}))
    document = {
        "1": of("SomebodysFolderLoader", **{name: "shapes", "tag": "a"}),
        "2": of("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    flow = read(document, packs)
    assert (rank_of(flow, "1", name), rank_of(flow, "1", "tag")) == (True, False)


def test_the_folder_of_what_loads_nothing_stays_behind():
    flow = alone("SomebodysFolderWatcher")
    assert not rank_of(flow, "1", "directory")
    assert {"corners", "wobble", "filled"} <= {*main(flow)}


def test_beside_a_file_only_what_is_on_its_way_is_in_front():
    given = of("LoadImage", image="a.png")
    blended = of("SomebodysBlender", image=["4", 0], other=["2", 0], **VALUES)
    saved = of("SaveImage", images=["5", 0], filename_prefix="x")
    flow = alone(more={"3": saved, "4": given, "5": blended})
    assert rank_of(flow, "5", "corners")
    assert not rank_of(flow, "2", "corners")
    assert not rank_of(flow, "1", "directory")


def resized(mode: str) -> set[str]:
    """Return which settings of a node are in front that scales, or resizes, as it is told."""
    wanted = {
        "mode": [["rescale", "resize"]],
        "resize_width": WHOLE,
        "rescale_amount": SHARE,
        "resizer": SHARE,
    }
    values = {"mode": mode, "resize_width": 640, "rescale_amount": 2.0, "resizer": 0.5}
    document = {
        "1": of("LoadImage", image="a.png"),
        "2": of("SomebodysSizer", image=["1", 0], **values),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    flow = read(document, engine(SomebodysSizer=kind(["IMAGE"], image=["IMAGE"], **wanted)))
    return {name for name in wanted if rank_of(flow, "2", name)}


def test_what_is_for_another_choice_of_its_node_stays_behind():
    assert resized("rescale") == {"mode", "rescale_amount", "resizer"}
    assert resized("resize") == {"mode", "resize_width", "resizer"}


# --- to what a picture is upscaled


def upscaled(name: str, class_type: str, *, before: bool = False) -> bool:
    """Say whether a number of an upscaler is in front; ``before``: it works before a sampler."""
    wanted = {name: ["FLOAT", {"default": 1.0}], "warmth": SHARE}
    one = kind(["IMAGE"], image=["IMAGE"], **wanted)
    document = edited("sd15_api") | {
        "20": of("LoadImage", image="a.png"),
        "21": of(class_type, image=["20" if before else "8", 0], **{name: 2.0, "warmth": 0.1}),
        "22": of("VAEEncode", pixels=["21", 0], vae=["4", 2]),
    }
    if before:
        document["3"]["inputs"]["latent_image"] = ["22", 0]
    else:
        document["9"]["inputs"]["images"] = ["21", 0]
    # It came with the engine: of a pack's node a few settings would be in front anyway.
    flow = read(document, engine(**{class_type: {**one, "python_module": "nodes"}}))
    assert not rank_of(flow, "21", "warmth")
    return rank_of(flow, "21", name)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("name", ["resolution", "target_resolution", "megapixels"])
def test_to_what_an_upscaler_makes_a_picture_is_in_front(name: str, before: bool):
    assert upscaled(name, "FineUpscaler", before=before)


@pytest.mark.parametrize("class_type", ["FineSharpener", "FineScaler"])
def test_of_any_other_node_such_a_number_stays_behind(class_type: str):
    assert not upscaled("resolution", class_type)
    assert upscaled("scale_by", class_type)


def test_beside_a_prompt_what_says_little_is_called_after_its_node():
    document = edited("sd15_api") | {
        "50": of("SomebodysTint", image=["8", 0], strength=0.5, mode="white"),
    }
    document["9"]["inputs"]["images"] = ["50", 0]
    share = {"strength": SHARE, "mode": [["white", "blue"]]}
    known = engine(SomebodysTint=kind(["IMAGE"], image=["IMAGE"], **share))
    names = {one.feeds[0]: one.name for one in read(document, known).parameters}
    assert names["50", "strength"] == "somebodys_tint_strength"
    assert names["50", "mode"] == "somebodys_tint_mode"


@pytest.mark.parametrize("is_advanced", [True, False])
def test_what_a_page_keeps_out_of_sight_stays_behind(is_advanced: bool):
    steps = ["INT", {"default": 1, "advanced": is_advanced}]
    document = {
        "1": of("LoadImage", image="a.png"),
        "2": of("SomebodysFitter", image=["1", 0], coarse=4, fine=1),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    known = engine(SomebodysFitter=kind(["IMAGE"], image=["IMAGE"], coarse=WHOLE, fine=steps))
    flow = read(document, known)
    assert rank_of(flow, "2", "coarse")
    assert rank_of(flow, "2", "fine") is not is_advanced


def test_what_prepares_a_picture_that_guides_stays_behind():
    document = edited("sd15_api") | {
        "50": of("LoadImage", image="a.png"),
        "51": of("Some-DepthMapPreprocessor", image=["50", 0], a=6.0, resolution=512),
        "52": of("ControlNetLoader", control_net_name="depth.safetensors"),
    }
    guide = {"positive": ["6", 0], "negative": ["7", 0], "control_net": ["52", 0]}
    amounts = {"image": ["51", 0], "strength": 1.0, "start_percent": 0.0, "end_percent": 1.0}
    document["53"] = of("ControlNetApplyAdvanced", **guide, **amounts)
    document["3"]["inputs"] |= {"positive": ["53", 0], "negative": ["53", 1]}
    wanted = {"image": ["IMAGE"], "a": SHARE, "resolution": WHOLE}
    known = engine(**{"Some-DepthMapPreprocessor": kind(["IMAGE"], **wanted)})
    flow = read(document, known)
    assert not rank_of(flow, "51", "a")
    assert not rank_of(flow, "51", "resolution")
