"""What the words become: parts, what is left out, looks, how pictures differ."""

import pytest

from imagine.image_request import Part
from imagine.models import Note, NoteLevel
from imagine.prompt import Segment
from tests.planning.helpers import (
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
