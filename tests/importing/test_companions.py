"""What works beside the model of a sampler, and frames that are loaded as many as are made."""

from collections.abc import Mapping
from typing import Any

import pytest

from imagine.importing.companions import companion
from imagine.importing.fields import Field
from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import main, of

FILE = "a.safetensors"


@pytest.mark.parametrize(
    ("class_type", "name", "called"),
    [
        ("ADE_LoadAnimateDiffModel", "model_name", "motion_model"),
        ("ADE_AnimateDiffLoaderGen1", "model_name", "motion_model"),
        ("SomebodysMotionModule", "motion_model", "motion_model"),
        ("SomebodysMotionLoader", "ckpt_name", "motion_model"),
        ("UNETLoader", "unet_name", "model"),
        ("CheckpointLoaderSimple", "ckpt_name", "model"),
    ],
)
def test_a_second_model_is_called_by_whether_it_moves_something(
    class_type: str, name: str, called: str
):
    field = Field(("1", name), FILE, class_type, "", None, None)
    assert companion(field) == (called, "model")


@pytest.mark.parametrize(
    ("class_type", "name"),
    [
        ("ADE_AnimateDiffLoRALoader", "model_name"),
        ("SomebodysMotionVAELoader", "model_name"),
        ("SomebodysSharpener", "model_name"),
        ("SomebodysMotionModule", "kind"),
    ],
)
def test_what_is_no_model_is_no_companion(class_type: str, name: str):
    assert companion(Field(("1", name), FILE, class_type, "", None, None)) is None


def test_the_motion_model_stands_behind_the_model_and_a_second_model_is_counted():
    document = edited("sd15_api") | {
        "20": of("SomebodysMotionLoader", ckpt_name="motion.ckpt"),
        "21": of("UNETLoader", unet_name="second.safetensors", weight_dtype="default"),
        "22": of("SomebodysMixer", model=["4", 0], motion=["20", 0], other=["21", 0]),
    }
    document["3"]["inputs"]["model"] = ["22", 0]
    flow = read(document)
    assert at(flow, "20", "ckpt_name").name == "motion_model"
    names = main(flow)
    assert {*names[names.index("model") :][:3]} == {"model", "motion_model", "model_2"}
    assert parameter(flow, "model").feeds == (("4", "ckpt_name"),)


# --- frames


def framed(
    cap: int, count: int = 24, name: str = "batch_size", more: Mapping[str, Any] | None = None
) -> Imported:
    """Return a graph that makes so many frames by a clip, of which so many are loaded."""
    document = edited("sd15_api") | {
        "20": of("SomebodysClipLoader", video="a.mp4", frame_load_cap=cap, skip_first_frames=count),
        "21": of("SomebodysClipGuide", model=["4", 0], frames=["20", 0]),
        **(more or {}),
    }
    document["3"]["inputs"]["model"] = ["21", 0]
    sides = {"width": 512, "height": 512, "batch_size": 1}
    is_clip = name == "length"
    document["5"] = of(
        "EmptyHunyuanLatentVideo" if is_clip else "EmptyLatentImage", **sides | {name: count}
    )
    return read(document)


@pytest.mark.parametrize("name", ["batch_size", "length"])
def test_as_many_frames_are_loaded_as_are_made(name: str):
    found = parameter(framed(24, name=name), name)
    assert found.feeds == (("5", name), ("20", "frame_load_cap"))
    assert (found.default, found.rank) == (24, Rank.MAIN)


@pytest.mark.parametrize("name", ["batch_size", "length"])
@pytest.mark.parametrize("cap", [0, 25, 512])
def test_where_another_number_is_loaded_it_is_one_of_its_own(cap: int, name: str):
    flow = framed(cap, name=name)
    assert parameter(flow, name).feeds == (("5", name),)
    found = at(flow, "20", "frame_load_cap")
    assert found.feeds == (("20", "frame_load_cap"),)
    # Where nothing else says how long a clip is to be, it does.
    assert found.rank is (Rank.MORE if name == "length" else Rank.MAIN)


def test_one_frame_that_is_loaded_is_not_how_many_pictures_are_made():
    flow = framed(1, count=1)
    assert parameter(flow, "batch_size").feeds == (("5", "batch_size"),)


def test_what_has_the_same_number_by_chance_is_not_joined():
    flow = framed(24)
    assert at(flow, "20", "skip_first_frames").feeds == (("20", "skip_first_frames"),)
    # A side is no number of frames.
    assert at(framed(512), "5", "width").feeds == (("5", "width"),)


def test_a_number_that_both_get_from_one_node_is_one_already():
    document = {**framed(24).graph, "30": of("PrimitiveInt", value=24)}
    for node_id, name in (("5", "batch_size"), ("20", "frame_load_cap")):
        inputs = {**document[node_id]["inputs"], name: ["30", 0]}
        document[node_id] = {**document[node_id], "inputs": inputs}
    assert parameter(read(document), "batch_size").feeds == (("30", "value"),)


def test_the_frames_of_each_clip_follow_the_count_that_they_have():
    again = of("SomebodysClipLoader", video="b.mp4", frame_load_cap=24)
    guide = of("SomebodysClipGuide", image=["8", 0], frames=["22", 0])
    flow = framed(24, more={"22": again, "23": guide, "9": of("SaveImage", images=["23", 0])})
    feeds = parameter(flow, "batch_size").feeds
    assert feeds == (("5", "batch_size"), ("20", "frame_load_cap"), ("22", "frame_load_cap"))
