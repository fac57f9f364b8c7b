"""What the words become: parts, what is left out, looks, how pictures differ."""

import pytest

from imagine import looks
from imagine.image_request import Part
from imagine.models import Note, NoteLevel
from imagine.prompt import Segment
from imagine.prompt_values import Weighted
from tests.planning.helpers import (
    SDXL,
    about,
    built,
    engine_of,
    nodes,
    planned,
    sentences,
)
from tests.prompts import parts, prompt


def test_what_is_not_wanted_is_the_negative_prompt() -> None:
    workflow = built(planned(prompt(no=("semi-transparent glass", "fog"))))
    texts = [words["text"] for words in nodes(workflow, "CLIPTextEncode")]
    assert texts == ["a red fox", "semi-transparent glass, fog"]


@pytest.mark.parametrize("family", ["flux", "flux-schnell", "z-image-turbo", "sdxl-turbo"])
def test_a_model_without_negative_prompt_says_so(family: str) -> None:
    made = planned(prompt(no=("fog",)), engine_of(family))
    message = (
        "--no was left out: at cfg 1 this model takes no negative prompt; "
        "--cfg above 1 brings it back."
    )
    assert about(made, "no") == Note(parameter="no", message=message)
    assert "negative" not in made.parameters


def test_cfg_above_one_turns_the_negative_prompt_on_and_says_what_it_costs() -> None:
    engine = engine_of("flux")
    made = planned(prompt(no=("fog",), cfg=2.0), engine)
    assert made.parameters["negative"] == "fog"
    assert about(made, "cfg").message == "--cfg above 1 takes twice the time with this model."
    assert nodes(built(made, engine), "ConditioningZeroOut") == []


def test_parts_are_encoded_apart_and_weighed_against_each_other() -> None:
    asked = parts(Segment("hot", 2.0), Segment("dog"), Segment("mustard", -0.5))
    made = planned(asked)
    assert made.request.positive == (Part("hot", 2.0), Part("dog", 1.0))
    assert made.request.negative == (Part("mustard", 0.5), Part("", 1.0))
    assert sentences(made)[-1] == (
        "The 2 parts of the prompt count 67 %, 33 %; each takes its time."
    )
    workflow = built(made)
    # The prompt, and what is left out: a third of what it might be.
    strengths = [part["strength"] for part in nodes(workflow, "ConditioningSetAreaStrength")]
    assert strengths == [1.0, 0.5, 0.5, 1.0]
    assert len(nodes(workflow, "ConditioningCombine")) == 2


def test_a_single_part_has_no_weight_to_lose() -> None:
    made = planned(parts(Segment("fox", 3.0)))
    assert [note for note in made.notes if note.level is NoteLevel.WARNING] == []


def test_negative_parts_are_told_when_the_model_takes_none() -> None:
    made = planned(parts(Segment("fox"), Segment("fog", -0.5)), engine_of("flux"))
    assert sentences(made)[-1].startswith("The parts with negative weights were left out: ")


def test_clip_skip_is_for_clip_models() -> None:
    workflow = built(planned(prompt(clip_skip=2)))
    assert nodes(workflow, "CLIPSetLastLayer")[0]["stop_at_clip_layer"] == -2
    made = planned(prompt(clip_skip=2), engine_of("flux"))
    assert about(made, "clip_skip").message.startswith("--clip-skip was left out: ")
    assert "clip_skip" not in made.parameters


def test_negative_parts_that_weigh_little_leave_room_for_nothing() -> None:
    full = planned(parts(Segment("fox"), Segment("fog", -0.5)))
    assert full.request.negative == (Part("fog", 0.5),)
    little = planned(parts(Segment("fox", 2.0), Segment("fog", -0.1)))
    assert little.request.negative == (Part("fog", 0.1), Part("", 0.9))
    with_no = planned(parts(Segment("fox"), Segment("fog", -0.5), no=("rain",)))
    assert with_no.request.negative == (Part("rain", 0.5), Part("fog", 0.5))


def test_weights_are_relative_and_the_least_still_counts() -> None:
    workflow = built(planned(parts(Segment("a", 100.0), Segment("b", 50.0), Segment("c", 0.1))))
    strengths = [part["strength"] for part in nodes(workflow, "ConditioningSetAreaStrength")]
    assert strengths == [1.0, 0.5, 0.01]


# Looks


def test_a_mix_goes_from_the_words_to_the_longer_ones() -> None:
    workflow = built(planned(prompt(stylize=400, batch=1)))
    (mixed,) = nodes(workflow, "ConditioningAverage")
    plain, longer = (
        workflow.graph[mixed[side][0]]["inputs"]["text"]
        for side in ("conditioning_from", "conditioning_to")
    )
    assert plain == "a red fox"
    assert longer.startswith("a red fox, ")
    assert mixed["conditioning_to_strength"] == 0.28


@pytest.mark.parametrize("family", ["sd3", "hidream"])
def test_where_encodings_cannot_be_averaged_the_predictions_are(family: str) -> None:
    engine = engine_of(family)
    workflow = built(planned(prompt(stylize=400, weird=900, batch=1), engine), engine)
    assert nodes(workflow, "ConditioningAverage") == []
    strengths = [part["strength"] for part in nodes(workflow, "ConditioningSetAreaStrength")]
    # 28 % house look, and then 26 % oddness of all.
    assert strengths == [1.0, 0.39, 0.49]


@pytest.mark.parametrize(("stylize", "where"), [(0, looks.PLAIN), (1000, looks.HOUSE)])
def test_stylize_goes_both_ways_from_the_usual(stylize: int, where: str) -> None:
    assert [mix.words for mix in planned(prompt(stylize=stylize)).request.mixes] == [where]


def test_raw_leaves_out_the_house_look() -> None:
    made = planned(prompt(raw=True, stylize=500), model=SDXL)
    assert made.request.mixes == ()
    assert sentences(made) == [
        "--raw: no house look is added.",
        "--stylize was left out: --raw leaves out the house look.",
    ]


def test_raw_and_a_low_stylize_go_together() -> None:
    (mix,) = planned(prompt(raw=True, stylize=0), model=SDXL).request.mixes
    assert mix.words == looks.PLAIN


def test_the_scale_of_the_first_versions_is_understood() -> None:
    old, new = planned(prompt(stylize=12_500)), planned(prompt(stylize=500))
    assert old.request.mixes == new.request.mixes


def test_loud_detail_turns_the_house_look_down() -> None:
    shares = [planned(prompt(stylize=600, exp=exp)).request.mixes[0].share for exp in (0, 75)]
    assert shares == [0.39, 0.19]
    loud = planned(prompt(stylize=600, exp=100), model=SDXL)
    assert [mix.words for mix in loud.request.mixes] == [looks.DETAIL]
    assert about(loud, "stylize").message == (
        "--stylize 600 changes nothing beside the other flags."
    )
    assert planned(prompt(exp=50)).request.rescale_cfg == 0.35


@pytest.mark.parametrize(
    ("family", "used"), [("sdxl", True), ("sd3", False), ("qwen-image", False), ("flux", False)]
)
def test_cfg_is_rescaled_for_the_models_whose_noise_the_node_knows(family: str, used: bool) -> None:
    engine = engine_of(family)
    made = planned(prompt(exp=60), engine)
    assert bool(nodes(built(made, engine), "RescaleCFG")) is used


def test_odd_words_are_drawn_from_the_seed() -> None:
    mixes = [planned(prompt(weird=900, seed=seed)).request.mixes for seed in (1, 1, 2)]
    assert mixes[0] == mixes[1] != mixes[2]


def test_style_codes_share_the_strength_by_their_weights() -> None:
    codes = (Weighted("11", 3.0), Weighted("12"))
    first, second = planned(prompt(sref=codes, sw=100)).request.mixes
    assert (first.share, second.share) == (0.34, 0.11)
    assert first.words == looks.style("11")


def test_a_named_anime_style_is_a_look() -> None:
    assert planned(prompt(style="scenic")).request.mixes[0].words == looks.NAMED["scenic"]


# How pictures differ


def test_chaos_gives_each_picture_words_and_a_cfg_of_its_own() -> None:
    made = planned(prompt(chaos=100))
    assert len({variety.mix.words for variety in made.request.variety}) == 4
    assert len({variety.cfg for variety in made.request.variety}) == 4
    samplers = nodes(built(made), "KSampler")
    assert len({tuple(sampler["positive"]) for sampler in samplers}) == 4
    assert len({tuple(sampler["negative"]) for sampler in samplers}) == 1
    assert {sampler["cfg"] for sampler in samplers} == {one.cfg for one in made.request.variety}


def test_more_chaos_goes_further() -> None:
    shares = [planned(prompt(chaos=chaos)).request.variety[0].mix.share for chaos in (25, 50, 100)]
    assert shares == sorted(shares)
    assert planned(prompt(chaos=0)).request == planned(prompt()).request


def test_a_model_without_cfg_differs_by_words_alone() -> None:
    made = planned(prompt(chaos=100), engine_of("flux"))
    assert {variety.cfg for variety in made.request.variety} == {1.0}
    assert about(made, "chaos").message.endswith("towards words of its own.")


def test_one_picture_of_a_set_keeps_what_set_it_apart() -> None:
    whole, alone = (planned(prompt(chaos=60), member=member) for member in (None, 2))
    by_title = {node["_meta"]["title"]: node["inputs"] for node in built(whole).graph.values()}
    (sampler,) = nodes(built(alone), "KSampler")
    assert sampler["cfg"] == by_title["Picture 3: sampling"]["cfg"]
    words = {text["text"] for text in nodes(built(alone), "CLIPTextEncode")}
    assert by_title["Picture 3: Words"]["text"] in words


def test_with_one_noise_every_picture_is_the_first_place_of_the_batch() -> None:
    made = planned(prompt(sameseed=7, seed=1, batch=3))
    workflow = built(made)
    (one,) = nodes(workflow, "LatentBatchSeedBehavior")
    assert one["seed_behavior"] == "fixed"
    fixed = next(i for i, n in workflow.graph.items() if n["inputs"] == one)
    # A latent keeps the place that it was given when it is taken out of the batch.
    assert {tuple(latent["samples"]) for latent in nodes(workflow, "LatentFromBatch")} == {
        (fixed, 0)
    }
    assert {sampler["seed"] for sampler in nodes(workflow, "KSampler")} == {7}
    assert made.parameters["seed"] == 7
