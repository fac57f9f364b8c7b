"""How a set grows from a finished picture."""

from typing import Any

import pytest

from imagine.errors import WorkflowError
from imagine.image_request import Enlarge, Outpaint, Redraw, Repaint
from imagine.input_image import Box, InputImage, Size
from imagine.models import Action, Direction, NoteLevel, Origin, Strength
from imagine.sizes import shape_of
from imagine.workflow_builder import PicturePlan
from tests.planning.helpers import (
    UPSCALER,
    about,
    built,
    engine_of,
    nodes,
    picture,
    planned,
    sentences,
)
from tests.prompts import prompt

PARENT = picture("parent", 1344, 768)
MASK = picture("mask", 1344, 768, box=Box(100, 100, 300, 300))
ENGINE = engine_of("sdxl")
UPSCALING = engine_of("sdxl", upscale_models=UPSCALER)


def grown(
    action: Action,
    source: InputImage = PARENT,
    *,
    asked: dict[str, Any] | None = None,
    installed: Any = ENGINE,
    **more: Any,
) -> PicturePlan:
    origin = Origin(action=action, source=source.link, **more)
    made = planned(prompt(**(asked or {})), installed, source, MASK, origin=origin)
    built(made, installed)
    return made


# Variations


@pytest.mark.parametrize(
    ("strength", "denoise"), [(None, 0.7), (Strength.SUBTLE, 0.35), (Strength.STRONG, 0.7)]
)
def test_a_variation_redraws_a_little_or_much(strength: Strength | None, denoise: float) -> None:
    made = grown(Action.VARIATION, strength=strength)
    assert made.request.start == Redraw((PARENT,), denoise)
    assert made.request.size == PARENT.size
    assert made.parameters["denoise"] == denoise


def test_a_typed_denoise_beats_the_strength_of_an_action() -> None:
    asked = {"denoise": 0.15}
    assert grown(Action.VARIATION, asked=asked).parameters["denoise"] == 0.15
    assert grown(Action.UPSCALE, asked=asked).parameters["denoise"] == 0.15
    assert grown(Action.REGION, mask=MASK.link, asked=asked).parameters["denoise"] == 0.15


def test_a_large_picture_is_varied_near_the_size_that_the_model_knows() -> None:
    made = grown(Action.VARIATION, picture("large", 2688, 1536))
    assert made.request.size == (1360, 768)


@pytest.mark.parametrize("action", [Action.VARIATION, Action.ZOOM])
@pytest.mark.parametrize("size", [(320, 256), (200, 600)])
def test_a_small_set_keeps_its_size(action: Action, size: tuple[int, int]) -> None:
    assert grown(action, picture("small", *size)).request.size == size


def test_more_around_a_small_picture_is_painted_at_a_size_that_the_model_can_draw() -> None:
    made = grown(Action.SQUARE, picture("small", 96, 64))
    assert layout_of(made).canvas == (96, 96)
    assert layout_of(made).work == (464, 464)
    assert made.request.size == (96, 96)


def test_denoise_0_keeps_the_picture_even_when_it_is_to_stop_early() -> None:
    made = grown(Action.VARIATION, asked={"denoise": 0.0, "stop": 50})
    assert nodes(built(made, ENGINE), "KSamplerAdvanced") == []


@pytest.mark.parametrize("denoise", [0.001, 0.35, 0.5, 0.999])
def test_an_unfinished_variation_takes_the_first_of_the_same_steps(denoise: float) -> None:
    made = grown(Action.VARIATION, asked={"denoise": denoise, "stop": 60, "steps": 20})
    sampler = nodes(built(made, ENGINE), "KSamplerAdvanced")[0]
    # What KSampler itself does: a longer schedule, of which it takes the end.
    assert sampler["steps"] == min(10_000, int(20 / denoise))
    assert sampler["start_at_step"] == sampler["steps"] - 20
    assert sampler["end_at_step"] == sampler["start_at_step"] + 12


# Larger


def test_an_upscale_model_needs_no_redrawing_when_it_is_to_be_subtle() -> None:
    made = grown(Action.UPSCALE, installed=UPSCALING)
    workflow = built(made, UPSCALING)
    assert made.request.size == (2688, 1536)
    assert workflow.samplers == {}
    assert nodes(workflow, "UpscaleModelLoader") == [{"model_name": "2x-plain.pth"}]
    assert nodes(workflow, "CheckpointLoaderSimple") == []
    assert sentences(made)[-1] == "Enlarged to 2688×1536 with 2x-plain.pth."


def test_creative_redraws_more_than_subtle() -> None:
    shares = [
        grown(Action.UPSCALE, strength=strength, installed=engine).parameters["denoise"]
        for strength in (Strength.SUBTLE, Strength.CREATIVE)
        for engine in (ENGINE, UPSCALING)
    ]
    assert shares == [0.2, 0.0, 0.45, 0.35]


def test_what_is_enlarged_is_one_picture_without_a_flag_for_sets() -> None:
    made = grown(
        Action.UPSCALE, asked={"batch": 4, "chaos": 50, "stop": 50, "hd": True, "draft": True}
    )
    assert (made.request.batch_size, made.request.variety, made.request.end_step) == (1, (), None)
    assert made.request.refine is None
    told = {note.parameter for note in made.notes}
    assert {"batch", "chaos", "stop", "hd", "draft"} <= told
    assert "draft" not in made.parameters


def test_what_is_large_is_worked_over_in_tiles_of_one_size() -> None:
    made = grown(Action.UPSCALE, picture("odd", 1501, 1001))
    workflow = built(made, ENGINE)
    assert made.request.size == (3002, 2002)
    cuts = {(cut["width"], cut["height"]) for cut in nodes(workflow, "ImageCrop")}
    assert cuts == {(1024, 1024)}
    assert len(workflow.samplers) == len(nodes(workflow, "ImageCrop"))


def test_an_odd_size_is_worked_over_at_an_even_one() -> None:
    made = grown(Action.UPSCALE, picture("odd", 777, 555))
    workflow = built(made, ENGINE)
    sizes = [(scale["width"], scale["height"]) for scale in nodes(workflow, "ImageScale")]
    assert sizes == [(1554, 1110), (1568, 1120), (1554, 1110)]


def test_a_draft_becomes_as_large_as_its_model_likes() -> None:
    made = grown(Action.ENHANCE, picture("draft", 672, 384), asked={"draft": True})
    assert made.request.size == (1344, 768)
    assert made.parameters["steps"] == 25
    assert about(made, "draft").message == "Made larger, it is a draft no longer."


def test_enhancing_makes_no_picture_smaller() -> None:
    assert grown(Action.ENHANCE, picture("large", 2048, 2048)).request.size == (2048, 2048)


def test_a_picture_may_be_too_large_already() -> None:
    with pytest.raises(WorkflowError, match="16000×16000, and 8192 pixels is the longest side"):
        grown(Action.UPSCALE, picture("huge", 8000, 8000))


# More around it


def layout_of(made: PicturePlan) -> Any:
    assert isinstance(made.request.start, Outpaint)
    return made.request.start.layout


def test_a_zoom_keeps_the_size_and_takes_the_shape_that_was_typed() -> None:
    assert grown(Action.ZOOM, factor=1.5).request.size == PARENT.size
    made = grown(Action.ZOOM, factor=1.0, asked={"aspect": "1:1"})
    assert made.request.size == (1008, 1008)
    assert layout_of(made).place.width == 1008


def test_a_typed_zoom_beats_the_one_of_the_action() -> None:
    assert layout_of(grown(Action.ZOOM, factor=2.0, asked={"zoom": 1.25})).place.width == 1075


def test_a_pan_without_a_direction_goes_right() -> None:
    assert layout_of(grown(Action.PAN)) == layout_of(grown(Action.PAN, direction=Direction.RIGHT))


def test_the_picture_is_laid_over_whatever_was_painted() -> None:
    workflow = built(grown(Action.PAN, direction=Direction.LEFT, asked={"batch": 1}), ENGINE)
    source = next(i for i, n in workflow.graph.items() if n["class_type"] == "LoadImage")
    last = workflow.graph[workflow.outputs[0].node_id]["inputs"]["images"][0]
    laid = workflow.graph[last]
    assert laid["class_type"] == "ImageCompositeMasked"
    assert laid["inputs"]["source"] == [source, 0]
    assert "mask" not in laid["inputs"]
    assert (laid["inputs"]["x"], laid["inputs"]["y"]) == (672, 0)


def test_a_picture_that_has_the_shape_already_is_said_to() -> None:
    made = grown(Action.SQUARE, picture("square", 1024, 1024))
    assert sentences(made)[-1] == "Nothing is new: the picture has that shape already."


def test_what_is_painted_around_a_picture_has_no_denoise() -> None:
    note = about(grown(Action.SQUARE, asked={"denoise": 0.5}), "denoise")
    assert note.message == (
        "--denoise was left out: what is new around a picture begins from nothing."
    )


@pytest.mark.parametrize("action", [Action.VARIATION, Action.UPSCALE, Action.PAN, Action.SQUARE])
def test_the_picture_says_the_shape_and_the_size(action: Action) -> None:
    made = grown(action, asked={"aspect": "1:2", "size": "512x512"})
    for name in ("aspect", "size"):
        note = about(made, name)
        assert note.level is NoteLevel.INFO
        assert "the picture says the" in note.message
    across, down = shape_of(*made.request.size)
    same = grown(action, asked={"aspect": f"{across}:{down}", "size": "1344x768"})
    assert not {"aspect", "size"} & {note.parameter for note in same.notes}


def test_a_zoom_keeps_a_size_that_was_typed_beside_a_shape() -> None:
    source = picture("wide", 320, 192)
    made = grown(Action.ZOOM, source, asked={"aspect": "16:9", "size": "320x192"})
    assert made.request.size == source.size


# A part of it


def test_a_region_of_a_large_picture_is_worked_on_with_what_lies_around_it() -> None:
    large = picture("large", 4096, 3072)
    made = grown(Action.REGION, large, mask=MASK.link)
    start = made.request.start
    assert isinstance(start, Repaint)
    assert start.window == (0, 0, 1024, 1024)
    assert start.work == (1024, 1024)
    assert made.request.size == large.size


def test_a_region_needs_a_mask() -> None:
    with pytest.raises(WorkflowError, match="Nothing says which part is painted anew"):
        grown(Action.REGION)


def test_a_mask_without_a_box_counts_as_all_of_the_picture() -> None:
    mask = picture("bare", 2688, 1536)
    origin = Origin(action=Action.REGION, source=mask.link, mask=mask.link)
    made = planned(prompt(), ENGINE, mask, origin=origin)
    assert isinstance(made.request.start, Repaint)
    assert made.request.start.window == (0, 0, 2688, 1536)
    assert made.request.start.work == (1360, 768)


# All of them


def test_a_draft_of_a_picture_takes_fewer_steps() -> None:
    made = grown(Action.VARIATION, asked={"draft": True})
    assert about(made, "draft").message == "--draft means 10 steps here."
    assert made.parameters["draft"] is True


@pytest.mark.parametrize("flag", ["tile", "hd"])
def test_what_needs_nothing_to_begin_from_is_left_out(flag: str) -> None:
    assert " was left out: " in about(grown(Action.VARIATION, asked={flag: True}), flag).message


def test_pictures_that_are_worked_on_alone_are_made_one_by_one() -> None:
    made = grown(Action.VARIATION, asked={"batch_mode": "together"})
    assert made.parameters["batch_mode"] == "one_by_one"
    assert about(made, "batch_mode").message == (
        "The pictures are made one by one, as each is worked on alone."
    )
    by_setting = planned(
        prompt(),
        ENGINE,
        PARENT,
        origin=Origin(action=Action.VARIATION, source=PARENT.link),
        batch_mode="together",
    )
    assert "batch_mode" not in {note.parameter for note in by_setting.notes}


def test_the_origin_is_kept_as_it_was() -> None:
    made = grown(Action.ZOOM, factor=1.5)
    assert made.parameters["origin"] == {"action": "zoom", "source": PARENT.link, "factor": 1.5}
    assert made.inputs == (PARENT,)


def test_only_the_pictures_that_are_used_have_to_be_there() -> None:
    made = grown(Action.REGION, mask=MASK.link)
    assert made.inputs == (PARENT, MASK)
    assert isinstance(grown(Action.UPSCALE).request.start, Enlarge)
    assert grown(Action.UPSCALE).inputs == (PARENT,)
    assert planned(prompt(), ENGINE, PARENT).inputs == ()


def test_sizes_are_those_of_finished_pictures() -> None:
    hd = planned(prompt(hd=True, aspect="16:9"), ENGINE)
    assert (hd.parameters["width"], hd.parameters["height"]) == (2688, 1536)
    assert hd.request.size == Size(1344, 768)
