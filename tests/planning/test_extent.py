"""How large a set is, and in how many steps it is made."""

from pathlib import Path

import pytest

from imagine.models import Note
from imagine.profiles import load_profiles
from imagine.workflow_builder import Sampler, plan
from tests.planning.helpers import (
    ENGINE,
    about,
    built,
    engine_of,
    nodes,
    planned,
)
from tests.prompts import prompt


def test_a_typed_size_is_kept_to_the_pixel() -> None:
    made = planned(prompt(size="1000x600"))
    used = made.parameters
    assert (used["width"], used["height"], used["aspect"]) == (1000, 600, "5:3")


def test_a_size_beats_a_shape_and_says_so() -> None:
    made = planned(prompt(size="1024x512", aspect="1:1"))
    assert about(made, "aspect").message == "--ar was left out: --size says the shape."
    assert made.parameters["aspect"] == "2:1"


def test_a_size_of_the_same_shape_needs_no_word() -> None:
    made = planned(prompt(size="1024x512", aspect="2:1"))
    assert [note for note in made.notes if note.parameter == "aspect"] == []


@pytest.mark.parametrize(("typed", "used"), [("40:1", "14:1"), ("1:10000", "1:14")])
def test_a_shape_that_is_too_long_is_clamped_and_said(typed: str, used: str) -> None:
    made = planned(prompt(aspect=typed))
    assert made.parameters["aspect"] == used
    message = f"--ar {typed} became {used}, the longest shape there is."
    assert about(made, "aspect") == Note(parameter="aspect", message=message)


def test_a_shape_that_the_budget_cannot_hold_says_how_far_off_it_is(tmp_path: Path) -> None:
    tiny = tmp_path / "tiny.toml"
    tiny.write_text("[sdxl]\npixels = 4096\nstep = 64\n", encoding="utf-8")
    made = plan(prompt(aspect="14:13"), ENGINE, load_profiles(tiny))
    assert about(made, "aspect").message == "--ar 14:13 became 64×64, which is 7% off."


@pytest.mark.parametrize(("quality", "steps"), [(0.25, 6), (0.5, 12), (2.0, 50), (4.0, 100)])
def test_quality_is_steps(quality: float, steps: int) -> None:
    made = planned(prompt(quality=quality))
    assert made.parameters["steps"] == steps
    message = f"--quality {quality:g} means {steps} steps with this model."
    assert about(made, "quality").message == message


def test_quality_stays_within_what_is_useful() -> None:
    assert planned(prompt(quality=4.0), engine_of("hidream")).parameters["steps"] == 150
    assert planned(prompt(quality=0.25), engine_of("flux-schnell")).parameters["steps"] == 4


def test_typed_steps_beat_quality_and_say_so() -> None:
    made = planned(prompt(quality=2.0, steps=30))
    assert made.parameters["steps"] == 30
    assert about(made, "quality").message.startswith("--quality was left out: ")
    assert "quality" not in made.parameters


def test_a_draft_has_half_the_sides_and_fewer_steps() -> None:
    made = planned(prompt(draft=True))
    used = made.parameters
    assert (used["width"], used["height"], used["steps"]) == (512, 512, 10)
    assert about(made, "draft").message == "--draft means 512×512 and 10 steps here."


def test_stop_ends_sampling_early() -> None:
    made = planned(prompt(stop=50, batch=1))
    workflow = built(made)
    (sampler,) = nodes(workflow, "KSamplerAdvanced")
    assert (sampler["steps"], sampler["end_at_step"]) == (25, 13)
    assert list(workflow.samplers.values()) == [Sampler(0, 13)]
    assert about(made, "stop").message == "--stop ends after 13 of 25 steps."


def test_stop_at_the_end_changes_nothing() -> None:
    made = planned(prompt(stop=100))
    assert nodes(built(made), "KSamplerAdvanced") == []
    assert [note for note in made.notes if note.parameter == "stop"] == []
