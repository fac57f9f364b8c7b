"""Several samplers in turn, and numbers that stand twice: what is one, and what counts again."""

from typing import Any

import pytest

from imagine.importing.conversion import Shared
from imagine.importing.parameters import Parameter, Rank, infer
from imagine.importing.reading import Imported
from tests.importing.samples import edited, read
from tests.importing.test_what_steers import engine, kind, of


def at(flow: Imported, node_id: str, name: str) -> Parameter:
    """Return the parameter that feeds an input."""
    return next(one for one in flow.parameters if (node_id, name) in one.feeds)


def sampling(model: str, **more: Any) -> dict[str, Any]:
    """Return a sampler with another model, and with numbers of its own."""
    numbers = {"seed": 7, "steps": 9, "cfg": 3, "denoise": 1}
    ways = {"sampler_name": "euler", "scheduler": "simple"}
    texts = {"positive": ["6", 0], "negative": ["7", 0]}
    return of("KSampler", **{"model": [model, 0], **numbers, **ways, **texts, **more})


def then_a_clip(width: int = 512, height: int = 512, **ends: Any) -> dict[str, Any]:
    """Return the usual graph, and a clip that another model makes; ``ends``: of what it begins."""
    sides = {"width": width, "height": height, "length": 33, "batch_size": 1}
    texts = {"positive": ["21", 0], "negative": ["7", 0], "vae": ["4", 2]}
    saving = {"filename_prefix": "x", "codec": "vp9", "fps": 16.0, "crf": 32.0}
    return edited("sd15_api") | {
        "20": of("UNETLoader", unet_name="clip.safetensors", weight_dtype="default"),
        "21": of("CLIPTextEncode", text="it turns around", clip=["4", 1]),
        "22": of("WanImageToVideo", **sides, **texts, **ends),
        "23": sampling("20", positive=["22", 0], negative=["22", 1], latent_image=["22", 2]),
        "24": of("VAEDecode", samples=["23", 0], vae=["4", 2]),
        "25": of("SaveWEBM", images=["24", 0], **saving),
    }


@pytest.mark.parametrize("words", ["21", "6"])
def test_a_clip_that_another_model_makes_of_the_picture_has_its_settings_in_front(words: str):
    document = then_a_clip(832, 480, start_image=["8", 0])
    document["22"]["inputs"]["positive"] = [words, 0]
    flow = read(document)
    for name in ("seed", "steps", "cfg"):
        first, later = at(flow, "3", name), at(flow, "23", name)
        assert (first.name, first.rank, later.rank) == (name, Rank.MAIN, Rank.MAIN)
        assert later.feeds == (("23", name),)
    for name, value in {"width": 832, "height": 480, "length": 33}.items():
        one = at(flow, "22", name)
        assert (one.rank, one.default, one.feeds) == (Rank.MAIN, value, (("22", name),))


def test_the_size_of_a_picture_and_of_the_clip_that_begins_with_it_is_one():
    flow = read(then_a_clip(start_image=["8", 0]))
    for side in ("width", "height"):
        assert at(flow, "5", side).feeds == (("5", side), ("22", side))
        assert at(flow, "5", side).name == side


def test_a_size_of_which_one_side_is_another_is_a_size_of_its_own():
    flow = read(then_a_clip(512, 768, start_image=["8", 0]))
    for side in ("width", "height"):
        assert at(flow, "5", side).feeds == (("5", side),)
        assert at(flow, "22", side).rank is Rank.MAIN


def test_a_clip_that_does_not_begin_with_the_picture_keeps_its_own_size():
    flow = read(then_a_clip())
    for side in ("width", "height"):
        assert {at(flow, one, side).feeds for one in ("5", "22")} == {
            (("5", side),),
            (("22", side),),
        }


def test_what_stands_again_of_the_size_of_a_clip_follows_it():
    document = then_a_clip(832, 480, start_image=["30", 0])
    how = {"upscale_method": "area", "crop": "center"}
    document["30"] = of("ImageScale", image=["8", 0], width=832, height=480, **how)
    flow = read(document)
    assert at(flow, "22", "width").feeds == (("22", "width"), ("30", "width"))
    assert at(flow, "22", "height").feeds == (("22", "height"), ("30", "height"))


def test_a_refiner_of_the_same_latent_stays_behind():
    document = edited("sd15_api")
    document["20"] = of("UNETLoader", unet_name="finer.safetensors", weight_dtype="default")
    document["23"] = sampling("20", latent_image=["3", 0], denoise=0.4)
    document["8"]["inputs"]["samples"] = ["23", 0]
    flow = read(document)
    assert at(flow, "20", "unet_name").rank is Rank.MAIN
    for name in ("seed", "steps", "cfg"):
        assert (at(flow, "3", name).rank, at(flow, "23", name).rank) == (Rank.MAIN, Rank.MORE)


def test_what_another_model_makes_of_a_latent_by_words_of_its_own_has_its_settings_in_front():
    document = edited("sd15_api")
    document["20"] = of("UNETLoader", unet_name="other.safetensors", weight_dtype="default")
    document["21"] = of("CLIPTextEncode", text="drawn in ink", clip=["4", 1])
    document["23"] = sampling("20", latent_image=["3", 0], positive=["21", 0], denoise=0.7)
    document["8"]["inputs"]["samples"] = ["23", 0]
    flow = read(document)
    assert {at(flow, "23", name).rank for name in ("seed", "steps", "cfg")} == {Rank.MAIN}


def test_a_clip_of_the_same_model_stays_behind():
    document = then_a_clip(832, 480, start_image=["8", 0])
    document["23"]["inputs"]["model"] = ["4", 0]
    flow = read(document)
    assert {at(flow, "23", name).rank for name in ("seed", "steps", "cfg")} == {Rank.MORE}


# --- the rate of a clip

SAVER = kind([], images=["IMAGE"], frame_rate=["INT", {"default": 8, "min": 1, "max": 60}])
PACK = engine(SomebodysClipSaver={**SAVER, "output_node": True})


def rated(told: float, saved: float, saver: str = "SomebodysClipSaver") -> Imported:
    """Return the usual graph as a clip: its conditioning and its saver have a rate each."""
    document = edited("sd15_api")
    texts = {"positive": ["6", 0], "negative": ["7", 0]}
    document["20"] = of("LTXVConditioning", frame_rate=told, **texts)
    document["3"]["inputs"] |= {"positive": ["20", 0], "negative": ["20", 1]}
    del document["9"]
    document["30"] = of("SomebodysClipSaver", images=["8", 0], frame_rate=saved)
    if saver == "SaveWEBM":
        named = {"filename_prefix": "x", "codec": "vp9", "crf": 32.0}
        document["30"] = of(saver, images=["8", 0], fps=saved, **named)
    return read(document, PACK)


def test_the_rate_that_a_model_is_told_and_a_clip_is_saved_with_is_one():
    one = at(rated(24.0, 24.0, "SaveWEBM"), "20", "frame_rate")
    assert (one.name, one.type, one.default) == ("frame_rate", "float", 24.0)
    assert set(one.feeds) == {("20", "frame_rate"), ("30", "fps")}


@pytest.mark.parametrize("told", [24.0, 24])
def test_a_rate_that_one_of_them_takes_only_whole_is_whole(told: float):
    one = at(rated(told, 24), "20", "frame_rate")
    assert (one.type, one.default, one.max) == ("int", 24, 60)
    assert set(one.feeds) == {("20", "frame_rate"), ("30", "frame_rate")}


def test_rates_that_differ_are_two():
    flow = rated(24.0, 16)
    assert at(flow, "20", "frame_rate").feeds == (("20", "frame_rate"),)
    assert at(flow, "30", "frame_rate").feeds == (("30", "frame_rate"),)


def test_a_rate_to_which_its_maker_gave_a_place_of_its_own_is_called_as_there():
    graph = rated(24.0, 24).graph
    feeds = (("20", "frame_rate"), ("30", "frame_rate"))
    shared = [Shared("Pictures a second", feeds, is_chosen=False)]
    [one] = [one for one in infer(graph, PACK, shared=shared) if feeds[0] in one.feeds]
    assert (one.name, one.rank, one.feeds) == ("pictures_a_second", Rank.MAIN, feeds)


# --- the step at which one hands over to the next


def in_two(end: int, start: int, *, in_between: bool = False) -> Imported:
    """Return a sampling in two parts; ``in_between``: a picture is made of the first one."""
    document = edited("sd15_api")
    inputs = document["3"]["inputs"]
    shared = {n: v for n, v in inputs.items() if n not in ("seed", "denoise")}
    on = {"add_noise": "enable", "return_with_leftover_noise": "enable", "noise_seed": 7}
    off = {"add_noise": "disable", "return_with_leftover_noise": "disable", "noise_seed": 0}
    document["3"] = of("KSamplerAdvanced", **shared, **on, start_at_step=0, end_at_step=end)
    document["20"] = of("VAEDecode", samples=["3", 0], vae=["4", 2])
    document["21"] = of("VAEEncode", pixels=["20", 0], vae=["4", 2])
    later = shared | {"latent_image": ["21" if in_between else "3", 0]}
    document["22"] = of("KSamplerAdvanced", **later, **off, start_at_step=start, end_at_step=10000)
    document["8"]["inputs"]["samples"] = ["22", 0]
    return read(document)


def test_the_step_where_one_sampler_ends_and_the_next_one_begins_is_one():
    flow = in_two(12, 12)
    one = at(flow, "3", "end_at_step")
    assert (one.name, one.default) == ("end_at_step", 12)
    assert one.feeds == (("3", "end_at_step"), ("22", "start_at_step"))
    assert at(flow, "22", "end_at_step").feeds == (("22", "end_at_step"),)


@pytest.mark.parametrize(("start", "in_between"), [(14, False), (12, True)])
def test_steps_that_differ_or_of_another_latent_are_two(start: int, in_between: bool):
    flow = in_two(12, start, in_between=in_between)
    assert at(flow, "3", "end_at_step").feeds == (("3", "end_at_step"),)
    assert at(flow, "22", "start_at_step").feeds == (("22", "start_at_step"),)
