"""The last step of a sampler: with the number of its steps it is one; and where all is painted."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of

ON = {"add_noise": "enable", "return_with_leftover_noise": "enable", "noise_seed": 7}
OFF = {"add_noise": "disable", "return_with_leftover_noise": "disable", "noise_seed": 0}


def usual(document: dict[str, Any]) -> dict[str, Any]:
    inputs = document["3"]["inputs"]
    return {n: v for n, v in inputs.items() if n not in ("seed", "denoise", "steps")}


def ending(steps: Any, end: Any, *later: tuple[Any, Any, Any], **more: Any) -> Imported:
    """Return samplings (3, 40, 41 ...) in turn; ``later``: steps, first and last step of each."""
    document = edited("sd15_api") | more
    shared, before = usual(document), "3"
    document["3"] = of(
        "KSamplerAdvanced", **shared, **ON, steps=steps, start_at_step=0, end_at_step=end
    )
    for count, (many, start, last) in enumerate(later):
        numbers = {"steps": many, "start_at_step": start, "end_at_step": last}
        begun = {**shared, "latent_image": [before, 0]}
        before = f"{40 + count}"
        document[before] = of("KSamplerAdvanced", **begun, **OFF, **numbers)
    document["8"]["inputs"]["samples"] = [before, 0]
    return read(document)


def test_steps_and_the_step_with_which_they_end_are_one():
    one = at(ending(20, 20), "3", "end_at_step")
    assert (one.name, one.default, one.rank) == ("steps", 20, Rank.MAIN)
    assert one.feeds == (("3", "steps"), ("3", "end_at_step"))


@pytest.mark.parametrize("end", [19, 21, 10000])
def test_a_last_step_of_another_number_is_its_own(end: int):
    flow = ending(20, end)
    assert at(flow, "3", "steps").feeds == (("3", "steps"),)
    assert at(flow, "3", "end_at_step").feeds == (("3", "end_at_step"),)


def test_steps_that_another_node_gives_are_one_with_a_last_step_that_is_typed():
    flow = ending(["30", 0], 20, **{"30": of("PrimitiveInt", value=20)})
    assert at(flow, "30", "value").feeds == (("30", "value"), ("3", "end_at_step"))


def test_steps_and_a_last_step_that_one_node_gives_stay_one():
    flow = ending(["30", 0], ["30", 0], **{"30": of("PrimitiveInt", value=20)})
    assert at(flow, "30", "value").feeds == (("30", "value"),)


def test_a_sampler_of_a_pack_calls_its_last_step_otherwise():
    names = {"add_noise": True, "noise_seed": 7, "start_step": 0, "end_step": 20}
    document = edited("sd15_api")
    document["3"] = of("SomebodysSampler", **usual(document), **names, steps=20)
    one = at(read(document), "3", "end_step")
    assert (one.name, one.feeds) == ("steps", (("3", "steps"), ("3", "end_step")))


def test_the_sampler_that_goes_on_there_follows_the_steps():
    flow = ending(20, 20, (30, 20, 10000))
    assert at(flow, "40", "start_at_step") == at(flow, "3", "steps")
    feeds = {("3", "steps"), ("3", "end_at_step"), ("40", "start_at_step")}
    assert {*at(flow, "3", "steps").feeds} == feeds
    assert at(flow, "40", "steps").feeds == (("40", "steps"),)
    assert len([one for one in flow.parameters if not feeds.isdisjoint(one.feeds)]) == 1


def test_a_sampler_that_goes_on_at_another_step_does_not():
    flow = ending(20, 20, (30, 10, 10000))
    assert at(flow, "40", "start_at_step").feeds == (("40", "start_at_step"),)


def test_each_of_several_steps_in_turn_is_handed_on():
    flow = ending(30, 10, (30, 10, 20), (30, 20, 30))
    assert at(flow, "3", "end_at_step").feeds == (("3", "end_at_step"), ("40", "start_at_step"))
    assert at(flow, "40", "end_at_step").feeds == (("40", "end_at_step"), ("41", "start_at_step"))
    # All are of the same number of steps, and the last of them ends with it.
    feeds = {("3", "steps"), ("40", "steps"), ("41", "steps"), ("41", "end_at_step")}
    assert {*at(flow, "3", "steps").feeds} == feeds


# --- how much of a latent is painted that a conditioning gives


def strength(**more: dict[str, Any]) -> Rank:
    """Return where the strength of the usual sampler is, which begins from node 30."""
    document = edited("sd15_api") | {
        "20": of("LoadImage", image="a.png"),
        "21": of("VAEEncode", pixels=["20", 0], vae=["4", 2]),
        **more,
    }
    ends = {"positive": ["30", 0], "negative": ["30", 1], "latent_image": ["30", 2]}
    document["3"]["inputs"] |= {**ends, "denoise": 1}
    passing = kind(
        ["CONDITIONING", "CONDITIONING", "LATENT"],
        positive=["CONDITIONING"],
        negative=["CONDITIONING"],
        latent=["LATENT"],
    )
    known = engine(SomebodysConditioner=passing)
    return at(read(document, known), "3", "denoise").rank


WORDS = {"positive": ["6", 0], "negative": ["7", 0]}
SCALED = of(
    "ImageScale", image=["20", 0], width=832, height=480, upscale_method="area", crop="center"
)


@pytest.mark.parametrize("start", [None, "20", "31"])
def test_a_clip_that_only_begins_with_a_picture_is_painted_anew(start: str | None):
    begins = {"start_image": [start, 0]} if start else {}
    sides = {"width": 832, "height": 480, "length": 33, "batch_size": 1}
    clip = of("WanImageToVideo", **WORDS, **sides, **begins, vae=["4", 2])
    assert strength(**{"30": clip, "31": SCALED}) is Rank.MORE


def through(latent: str) -> dict[str, Any]:
    return of("SomebodysConditioner", **WORDS, latent=[latent, 0])


def test_what_a_conditioning_passes_on_of_a_picture_is_changed_in_part():
    assert strength(**{"30": through("21")}) is Rank.MAIN


def test_so_it_is_behind_several_of_them():
    further = of("SomebodysConditioner", **WORDS, latent=["31", 2])
    assert strength(**{"30": further, "31": through("21")}) is Rank.MAIN


def test_what_it_passes_on_of_nothing_is_painted_anew():
    assert strength(**{"30": through("5")}) is Rank.MORE


def test_what_makes_its_latent_of_a_picture_itself_changes_it_in_part():
    masked = {"pixels": ["20", 0], "mask": ["20", 1], "vae": ["4", 2], "noise_mask": True}
    assert strength(**{"30": of("InpaintModelConditioning", **WORDS, **masked)}) is Rank.MAIN
