"""Pictures beside the words: by which way each guides its set, and what is said of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from imagine.errors import PromptError
from imagine.image_request import (
    IpAdapter,
    PhotoMaker,
    QwenEdit,
    Redraw,
    Redux,
    Reference,
    Unclip,
)
from imagine.input_image import InputImage
from imagine.models import Action, NoteLevel, Origin
from imagine.planning.references import FACES
from imagine.prompt import Segment
from imagine.prompt_values import Weighted
from imagine.workflow_builder import PicturePlan, Workflow
from tests.catalogs import catalog
from tests.planning.helpers import (
    IP_ADAPTERS,
    REDUX,
    UNCLIP,
    about,
    built,
    engine_of,
    nodes,
    picture,
    planned,
    sentences,
)
from tests.prompts import parts, prompt

ONE = picture("one", 1200, 800)
TWO = picture("two", 800, 1200)
FACE = picture("face", 512, 512)
PICTURES = (ONE, TWO, FACE)
PHOTOMAKER = {"photomakers": ["photomaker-v1.bin"]}


def links(*pictures: InputImage) -> tuple[Weighted, ...]:
    return tuple(Weighted(one.link) for one in pictures)


def guided(
    family: str, installed: dict[str, Any] | None = None, /, **asked: Any
) -> tuple[PicturePlan, Workflow]:
    engine = engine_of(family, **(installed or {}))
    made = planned(prompt(**asked), engine, *PICTURES)
    return made, built(made, engine)


def fronts(*pictures: InputImage) -> tuple[str, ...]:
    return tuple(one.link for one in pictures)


# The last resort


def test_with_nothing_installed_a_set_begins_from_its_picture() -> None:
    made, _ = guided("sdxl", images=fronts(ONE))
    assert made.request.start == Redraw((ONE,), 0.75)
    assert about(made, "images").message == (
        "The set begins from this picture, and 75% is redrawn: nothing is installed here that "
        "reads pictures with this model."
    )


@pytest.mark.parametrize(("iw", "denoise"), [(0.0, 0.95), (1.0, 0.75), (3.0, 0.35)])
def test_the_more_a_picture_counts_the_less_is_redrawn(iw: float, denoise: float) -> None:
    made, _ = guided("sd3", images=fronts(ONE), iw=iw)
    assert made.parameters["denoise"] == denoise
    assert made.parameters["iw"] == iw


def test_a_blend_without_words_keeps_more_of_its_pictures() -> None:
    made = planned(parts(Segment(""), images=fronts(ONE, TWO)), engine_of("sdxl"), *PICTURES)
    assert made.request.start == Redraw((ONE, TWO), 0.5)


def test_a_typed_denoise_beats_what_a_reference_would_redraw() -> None:
    made, _ = guided("sd3", images=fronts(ONE), denoise=0.5)
    assert made.parameters["denoise"] == 0.5


def test_several_pictures_are_mixed_in_equal_shares() -> None:
    made, workflow = guided("sketch", images=fronts(ONE, TWO, FACE), batch=1)
    assert [blend["blend_factor"] for blend in nodes(workflow, "ImageBlend")] == [0.5, 0.33]
    assert "a mix of 3 pictures" in about(made, "images").message


def test_a_style_alone_redraws_nearly_everything() -> None:
    made, _ = guided("sd3", sref=links(ONE))
    assert made.parameters["denoise"] == 0.88
    assert "reads a style with this model" in about(made, "sref").message


def test_of_last_resorts_only_pictures_at_the_front_have_a_strength() -> None:
    made, _ = guided("sd3", oref=links(ONE), ow=400)
    assert about(made, "ow").message == "--ow was left out: here a picture is taken whole."


# FLUX Redux


def test_redux_is_stronger_for_content_than_for_style() -> None:
    made, _ = guided("flux", REDUX, images=fronts(ONE), sref=links(TWO))
    assert [guide.strength for guide in made.request.guides if isinstance(guide, Redux)] == [
        0.7,
        0.3,
    ]
    assert made.request.start is None
    assert about(made, "images").message == (
        "A picture at the front guides the model through FLUX Redux."
    )


def test_weights_share_out_the_strength_of_a_flag() -> None:
    sref = (Weighted(ONE.link, 3.0), Weighted(TWO.link, 1.0))
    made, workflow = guided("flux", REDUX, sref=sref, sw=400)
    assert [style["strength"] for style in nodes(workflow, "StyleModelApply")] == [0.45, 0.15]
    assert about(made, "sref").message == "2 pictures of --sref guide the model through FLUX Redux."
    assert made.parameters["sw"] == 400
    # Loaded once, and the guidance of FLUX comes before them.
    assert len(nodes(workflow, "StyleModelLoader")) == len(nodes(workflow, "CLIPVisionLoader")) == 1
    first = nodes(workflow, "StyleModelApply")[0]["conditioning"][0]
    assert workflow.graph[first]["class_type"] == "FluxGuidance"


@pytest.mark.parametrize("missing", ["style_models", "clip_visions"])
def test_redux_needs_both_of_its_files(missing: str) -> None:
    made, _ = guided("flux", {**REDUX, missing: []}, images=fronts(ONE))
    assert made.request.guides == ()
    assert isinstance(made.request.start, Redraw)


# unCLIP


def test_sdxl_reads_pictures_with_the_vision_model_that_it_was_trained_on() -> None:
    made, _ = guided("sdxl", UNCLIP, images=fronts(ONE, TWO))
    assert made.request.guides == (
        Unclip(ONE, "clip_vision_g.safetensors", 0.4),
        Unclip(TWO, "clip_vision_g.safetensors", 0.4),
    )


@pytest.mark.parametrize(
    "other",
    ["CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors", "sigclip_vision_patch14_384.safetensors"],
)
def test_with_another_vision_model_sdxl_would_fail(other: str) -> None:
    made, _ = guided("sdxl", {"clip_visions": [other]}, images=fronts(ONE))
    assert made.request.guides == ()


# IPAdapter


def test_ip_adapter_is_taken_before_unclip_and_knows_styles() -> None:
    visions = [*IP_ADAPTERS["clip_visions"], "clip_vision_g.safetensors"]
    made, _ = guided("sdxl", {**IP_ADAPTERS, "clip_visions": visions}, sref=links(ONE), sw=400)
    assert made.request.guides == (IpAdapter(ONE, "PLUS (high strength)", 1.4, "style transfer"),)


def test_each_adapter_is_loaded_once_and_knows_of_the_one_before() -> None:
    made, workflow = guided("sdxl", IP_ADAPTERS, images=fronts(ONE, TWO), cref=links(FACE))
    assert [guide.preset for guide in made.request.guides if isinstance(guide, IpAdapter)] == [
        "PLUS (high strength)",
        "PLUS (high strength)",
        FACES,
    ]
    first, second = nodes(workflow, "IPAdapterUnifiedLoader")
    assert "ipadapter" not in first
    loader = next(i for i, n in workflow.graph.items() if n["inputs"] == first)
    assert second["ipadapter"] == [loader, 1]
    assert len(nodes(workflow, "IPAdapterAdvanced")) == 3


def test_without_the_file_for_faces_a_character_is_a_picture_like_others() -> None:
    made, _ = guided("sd15", IP_ADAPTERS, cref=links(FACE))
    assert made.request.guides == (IpAdapter(FACE, "PLUS (high strength)", 0.7, "linear"),)


@pytest.mark.parametrize("missing", ["ip_adapters", "clip_visions"])
def test_ip_adapter_is_not_tried_without_its_files(missing: str) -> None:
    made, _ = guided("sdxl", {**IP_ADAPTERS, missing: []}, images=fronts(ONE))
    assert made.request.guides == ()


# PhotoMaker


def test_photomaker_reads_a_face_behind_the_noun_it_belongs_to() -> None:
    made, workflow = guided("sdxl", PHOTOMAKER, cref=links(FACE), text="an astronaut, on the moon")
    assert made.request.guides == (PhotoMaker(FACE, "photomaker-v1.bin", 0.6),)
    (encoded,) = nodes(workflow, "PhotoMakerEncode")
    # Its node looks for the name between two spaces.
    assert encoded["text"].split(" ").index("photomaker") == 2
    assert encoded["text"].startswith("a person photomaker ")
    (mixed,) = nodes(workflow, "ConditioningAverage")
    assert mixed["conditioning_to_strength"] == 0.4


@pytest.mark.parametrize(
    "text", ["long " * 200, "長い文字列 " * 40, "x" * 400, "(a:1.2), b-c " * 30]
)
def test_the_words_beside_a_face_stay_within_what_photomaker_reads(text: str) -> None:
    _, workflow = guided("sdxl", PHOTOMAKER, cref=links(FACE), text=text, batch=1)
    (encoded,) = nodes(workflow, "PhotoMakerEncode")
    assert len(encoded["text"].encode()) < 300
    assert encoded["text"].count("長") <= 5


# Models that change pictures


def test_kontext_takes_a_reference_latent_of_each_picture() -> None:
    made, workflow = guided("flux-kontext", edit=links(ONE, TWO), sref=links(FACE), sw=200, batch=1)
    assert {type(guide) for guide in made.request.guides} == {Reference}
    assert len(nodes(workflow, "ReferenceLatent")) == 3
    assert about(made, "edit").message == (
        "2 pictures of --edit guide the model through reference latents."
    )
    assert about(made, "sw").message == "--sw was left out: here a picture is taken whole."


def test_what_is_changed_keeps_its_shape_unless_another_was_typed() -> None:
    made, _ = guided("flux-kontext", edit=links(ONE))
    assert made.parameters["width"] / made.parameters["height"] == pytest.approx(1.5, rel=0.02)
    typed, _ = guided("flux-kontext", edit=links(ONE), aspect="1:1")
    assert (typed.parameters["width"], typed.parameters["aspect"]) == (1024, "1:1")


def encodings(workflow: Workflow) -> Sequence[dict[str, Any]]:
    return nodes(workflow, "TextEncodeQwenImageEditPlus")


def test_qwen_reads_words_and_pictures_together_also_what_is_left_out() -> None:
    made, workflow = guided("qwen-image-edit", edit=links(ONE, TWO), no=("fog",))
    assert made.request.guides == (QwenEdit((ONE, TWO), is_normed=True),)
    assert [words["prompt"] for words in encodings(workflow)] == ["a red fox", "fog"]
    assert all({"image1", "image2"} <= words.keys() for words in encodings(workflow))
    assert nodes(workflow, "CLIPTextEncode") == []
    assert len(nodes(workflow, "CFGNorm")) == 1


def test_qwen_at_few_steps_has_nothing_to_leave_out() -> None:
    _, workflow = guided("qwen-image-edit-lightning", edit=links(ONE))
    assert len(encodings(workflow)) == len(nodes(workflow, "ConditioningZeroOut")) == 1


def test_qwen_takes_three_pictures_and_says_so() -> None:
    four = picture("four")
    engine = engine_of("qwen-image-edit")
    asked = prompt(edit=links(ONE, TWO, FACE, four), images=fronts(ONE), iw=2.0)
    made = planned(asked, engine, *PICTURES, four)
    built(made, engine)
    assert made.inputs == (ONE, TWO, FACE)
    told = " ".join(sentences(made))
    assert "reads the words and 4 pictures together" in told
    assert "It takes 3, so the others were left out." in told
    assert "--iw was left out: here a picture is taken whole." in told


# Beside another picture


def test_a_set_that_begins_from_a_picture_has_no_last_resort() -> None:
    engine = engine_of("sd3")
    origin = Origin(action=Action.VARIATION, source=FACE.link)
    asked = prompt(images=fronts(ONE, TWO), iw=2.0, oref=links(ONE))
    made = planned(asked, engine, *PICTURES, origin=origin)
    built(made, engine)
    assert made.inputs == (FACE,)
    assert [note.message for note in made.notes if note.level is NoteLevel.WARNING] == [
        "2 pictures at the front were left out: nothing is installed here that reads pictures "
        "with this model.",
        "A picture of --oref was left out: nothing is installed here that reads pictures "
        "with this model.",
    ]


def test_a_guide_stays_when_a_set_begins_from_another_picture() -> None:
    engine = engine_of("flux", **REDUX)
    origin = Origin(action=Action.VARIATION, source=FACE.link)
    made = planned(prompt(images=fronts(ONE)), engine, *PICTURES, origin=origin)
    built(made, engine)
    assert set(made.inputs) == {FACE, ONE}


def test_before_an_engine_is_seen_pictures_are_planned_as_the_last_resort() -> None:
    made = planned(prompt(images=fronts(ONE)), None, ONE)
    assert made.inputs == (ONE,)


# Which model


KONTEXT = "flux1-dev-kontext_fp8_scaled.safetensors"
BOTH = catalog(checkpoints=["sd_xl_base_1.0.safetensors"], diffusion_models=[KONTEXT])


@pytest.mark.parametrize("flag", ["edit", "oref", "cref"])
def test_a_person_or_a_thing_is_kept_by_a_model_that_changes_pictures(flag: str) -> None:
    asked: dict[str, Any] = {flag: links(ONE)}
    made = planned(prompt(**asked), BOTH, *PICTURES)
    assert made.parameters["model"] == KONTEXT
    assert made.request.guides == (Reference(ONE),)


def test_other_pictures_are_for_the_model_that_makes_pictures_from_words() -> None:
    for asked in (prompt(images=fronts(ONE)), prompt(sref=links(ONE))):
        assert planned(asked, BOTH, *PICTURES).parameters["family"] == "sdxl"


def test_a_model_that_changes_pictures_may_be_typed_where_there_is_one() -> None:
    asked = prompt(images=fronts(ONE), model="kontext")
    assert planned(asked, BOTH, *PICTURES).request.guides == (Reference(ONE),)
    with pytest.raises(PromptError, match="makes no pictures from words"):
        planned(prompt(model="kontext"), BOTH)


def test_with_nothing_else_installed_it_takes_every_picture() -> None:
    alone = catalog(diffusion_models=[KONTEXT])
    assert planned(prompt(sref=links(ONE)), alone, *PICTURES).parameters["model"] == KONTEXT


def test_denoise_has_nothing_to_keep_where_pictures_only_guide() -> None:
    made = planned(prompt(edit=links(ONE), denoise=0.4), BOTH, *PICTURES)
    assert about(made, "denoise").message == (
        "--denoise was left out: the picture only guides a set that is all new."
    )
