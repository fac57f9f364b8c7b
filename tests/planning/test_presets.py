"""Presets, and the models that stand for versions of Midjourney."""

from typing import Any

import pytest

from imagine.image_request import Lora, Mix, Part
from imagine.prompt import Segment
from imagine.prompt_values import Weighted
from imagine.workflow_builder import PicturePlan
from tests.catalogs import catalog
from tests.planning.helpers import LORAS, SDXL, about, built, engine_of, nodes, planned, sentences
from tests.prompts import parts, prompt

PRESETS = {
    "warm": "warm light, film grain --stylize 250 --lora fox:0.6 --no fog",
    "bare": "--chaos 30",
}
FLUX = "flux1-dev-fp8.safetensors"


def made(*names: Weighted, **asked: Any) -> PicturePlan:
    return planned(prompt(profile=names, **asked), presets=PRESETS)


def test_a_preset_adds_its_words_and_its_flags() -> None:
    plan = made(Weighted("warm"))
    assert plan.request.positive == (Part("a red fox, warm light, film grain"),)
    assert plan.request.loras == (Lora("fox.safetensors", 0.6),)
    assert plan.parameters["stylize"] == 250
    assert plan.parameters["negative"] == "fog"
    built(plan)


def test_what_was_typed_beats_a_preset_and_lists_add_up() -> None:
    plan = made(Weighted("warm"), stylize=400, no=("rain",), lora=(Weighted("detail"),))
    assert plan.parameters["stylize"] == 400
    assert plan.parameters["negative"] == "rain, fog"
    assert [lora.name for lora in plan.request.loras] == [LORAS[0], LORAS[1]]


def test_a_preset_of_another_weight_is_mixed_in_by_its_share() -> None:
    plan = made(Weighted("warm", 0.5))
    assert plan.request.positive == (Part("a red fox"),)
    assert plan.request.mixes[0] == Mix("warm light, film grain", 0.25)
    assert plan.request.loras == (Lora("fox.safetensors", 0.3),)


def test_no_weight_of_a_preset_is_more_than_a_lora_takes() -> None:
    plan = made(Weighted("warm", 1000.0))
    assert plan.request.loras == (Lora("fox.safetensors", 10.0),)
    assert plan.request.mixes[0].share == 1.0
    built(plan)


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_a_preset_that_counts_for_nothing_leaves_the_words_as_they_are(weight: float) -> None:
    workflow = built(made(Weighted("warm", weight), stylize=100))
    assert nodes(workflow, "ConditioningAverage") == []


def test_the_words_of_a_preset_stand_behind_each_part_that_is_to_be_drawn() -> None:
    asked = parts(Segment("hot", 2.0), Segment("dog", -0.5), profile=(Weighted("warm"),))
    plan = planned(asked, presets=PRESETS)
    assert plan.request.positive == (Part("hot, warm light, film grain", 2.0),)


def test_presets_add_up() -> None:
    plan = made(Weighted("warm"), Weighted("bare"))
    assert (plan.parameters["stylize"], plan.parameters["chaos"]) == (250, 30)


def test_an_unknown_preset_is_told_with_the_nearest() -> None:
    assert about(made(Weighted("wram")), "profile").message == (
        "--p wram was left out: there is no such preset. Did you mean warm?"
    )


def test_no_preset_is_no_preset() -> None:
    assert made(Weighted("none")).request == made().request


@pytest.mark.parametrize(("asked", "version"), [({"version": "7"}, "7"), ({"niji": "6"}, "niji 6")])
def test_a_version_is_the_model_that_the_owner_gave_it(asked: Any, version: str) -> None:
    engine = catalog(checkpoints=[SDXL, FLUX])
    plan = planned(prompt(**asked), engine, versions={version: "sd_xl_base"})
    assert plan.parameters["model"] == SDXL
    assert about(plan, next(iter(asked))).message == f"--{_flag(asked)} is made by sd_xl_base here."


def _flag(asked: dict[str, str]) -> str:
    ((name, value),) = asked.items()
    return f"{'v' if name == 'version' else name} {value}"


def test_a_typed_model_beats_a_version_and_says_so() -> None:
    engine = catalog(checkpoints=[SDXL, FLUX])
    plan = planned(prompt(version="7", model="flux"), engine, versions={"7": "sd_xl_base"})
    assert plan.parameters["model"] == FLUX
    assert about(plan, "version").message == "--v 7 was left out: --model says which model."


def test_an_anime_version_without_a_model_is_a_look() -> None:
    plan = planned(prompt(niji="6"), engine_of("sdxl"), model=SDXL)
    assert sentences(plan) == [
        "--niji 6 is approximated: the words go 60% towards anime: no model is set for it."
    ]
