"""Several samplers in turn, and numbers that stand twice: what is one, and what counts again."""

from typing import Any

import pytest

from imagine.importing.conversion import Shared
from imagine.importing.parameters import Parameter, Rank, infer
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
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


def test_of_a_refiner_seed_steps_and_cfg_are_shown_and_the_sampler_waits_behind():
    document = edited("sd15_api")
    document["20"] = of("UNETLoader", unet_name="finer.safetensors", weight_dtype="default")
    document["23"] = sampling("20", latent_image=["3", 0], denoise=0.4)
    document["8"]["inputs"]["samples"] = ["23", 0]
    flow = read(document)
    assert at(flow, "20", "unet_name").rank is Rank.MAIN
    for name in ("seed", "steps", "cfg"):
        assert (at(flow, "3", name).rank, at(flow, "23", name).rank) == (Rank.MAIN, Rank.MAIN)
    ranks = at(flow, "3", "sampler_name").rank, at(flow, "23", "sampler_name").rank
    assert ranks == (Rank.MAIN, Rank.MORE)


def test_of_many_samplers_only_the_first_is_shown():
    document = edited("sd15_api")
    for n in range(4):
        before = f"{22 + n}" if n else "3"
        document[f"{23 + n}"] = sampling("4", latent_image=[before, 0], denoise=1, seed=n)
    document["8"]["inputs"]["samples"] = ["26", 0]
    flow = read(document)
    assert at(flow, "3", "steps").rank is Rank.MAIN
    assert {at(flow, f"{23 + n}", "seed").rank for n in range(4)} == {Rank.MORE}


def test_what_another_model_makes_of_a_latent_by_words_of_its_own_has_its_settings_in_front():
    document = edited("sd15_api")
    document["20"] = of("UNETLoader", unet_name="other.safetensors", weight_dtype="default")
    document["21"] = of("CLIPTextEncode", text="drawn in ink", clip=["4", 1])
    document["23"] = sampling("20", latent_image=["3", 0], positive=["21", 0], denoise=0.7)
    document["8"]["inputs"]["samples"] = ["23", 0]
    flow = read(document)
    assert {at(flow, "23", name).rank for name in ("seed", "steps", "cfg")} == {Rank.MAIN}


def test_of_a_clip_of_the_same_model_the_sampler_stays_behind():
    document = then_a_clip(832, 480, start_image=["8", 0])
    document["23"]["inputs"]["model"] = ["4", 0]
    flow = read(document)
    assert {at(flow, "23", name).rank for name in ("sampler_name", "scheduler")} == {Rank.MORE}


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
    assert (one.name, one.default, one.rank) == ("end_at_step", 12, Rank.MAIN)
    assert one.feeds == (("3", "end_at_step"), ("22", "start_at_step"))
    assert at(flow, "22", "end_at_step").feeds == (("22", "end_at_step"),)


@pytest.mark.parametrize(("start", "in_between"), [(14, False), (12, True)])
def test_steps_that_differ_or_of_another_latent_are_two(start: int, in_between: bool):
    flow = in_two(12, start, in_between=in_between)
    assert at(flow, "3", "end_at_step").feeds == (("3", "end_at_step"),)
    assert at(flow, "22", "start_at_step").feeds == (("22", "start_at_step"),)


# --- how much of what there is a sampler changes


def strength(document: dict[str, Any], node_id: str = "3") -> Rank:
    return at(read(document), node_id, "denoise").rank


def begun(strength_: float, latent: str) -> dict[str, Any]:
    """Return the usual graph; ``latent``: the node by which its sampling begins."""
    document = edited("sd15_api") | {
        "20": of("LoadImage", image="a.png"),
        "21": of("VAEEncode", pixels=["20", 0], vae=["4", 2]),
        "22": of("SetLatentNoiseMask", samples=["21", 0], mask=["20", 1]),
        "23": of("LatentBatch", samples1=["5", 0], samples2=["5", 0]),
    }
    document["3"]["inputs"] |= {"denoise": strength_, "latent_image": [latent, 0]}
    return document


@pytest.mark.parametrize(("value", "rank"), [(1, Rank.MORE), (1.0, Rank.MORE), (0.6, Rank.MAIN)])
def test_of_an_empty_latent_all_is_changed_unless_its_maker_says_less(value: float, rank: Rank):
    assert strength(begun(value, "5")) is rank


@pytest.mark.parametrize("value", [1, 0.6])
@pytest.mark.parametrize("latent", ["21", "22"])
def test_how_much_of_a_picture_is_changed_is_in_front(value: float, latent: str):
    assert strength(begun(value, latent)) is Rank.MAIN


@pytest.mark.parametrize(("value", "rank"), [(0.4, Rank.MAIN), (1, Rank.MORE), (0, Rank.MORE)])
def test_how_much_a_later_sampler_changes_is_in_front_if_that_is_a_part(value: float, rank: Rank):
    document = edited("sd15_api")
    document["23"] = sampling("4", latent_image=["3", 0], denoise=value)
    document["8"]["inputs"]["samples"] = ["23", 0]
    assert strength(document, "23") is rank
    assert strength(document) is Rank.MORE


def test_a_later_sampler_that_changes_all_of_a_picture_stays_behind():
    document = edited("sd15_api")
    document["20"] = of("VAEEncode", pixels=["8", 0], vae=["4", 2])
    document["23"] = sampling("4", latent_image=["20", 0], denoise=1)
    document["24"] = of("VAEDecode", samples=["23", 0], vae=["4", 2])
    document["9"]["inputs"]["images"] = ["24", 0]
    assert strength(document, "23") is Rank.MORE


# --- samplers that work side by side


def twins(**other: Any) -> Imported:
    """Return two samplers of one model and one latent; ``other``: what the second has instead."""
    document = edited("sd15_api")
    again = {**document["3"]["inputs"], "seed": 7, "positive": ["21", 0]}
    document |= {
        "20": of("UNETLoader", unet_name="other.safetensors", weight_dtype="default"),
        "21": of("CLIPTextEncode", text="a fox", clip=["4", 1]),
        "22": of("EmptyLatentImage", width=512, height=512, batch_size=1),
        "23": of("KSampler", **{**again, **other}),
        "24": of("VAEDecode", samples=["23", 0], vae=["4", 2]),
        "25": of("SaveImage", images=["24", 0], filename_prefix="x"),
    }
    return read(document)


SHARED = {
    "steps": "steps",
    "cfg": "cfg",
    "sampler": "sampler_name",
    "scheduler": "scheduler",
    "denoise": "denoise",
}


def test_samplers_of_one_model_and_one_latent_share_what_they_have_alike():
    flow = twins()
    for name, own in SHARED.items():
        one = at(flow, "3", own)
        assert (one.name, one.feeds) == (name, (("3", own), ("23", own)))


@pytest.mark.parametrize("seed", [7, 8566257])
def test_each_of_two_samplers_side_by_side_has_a_seed_of_its_own(seed: int):
    flow = twins(seed=seed)
    assert at(flow, "3", "seed").feeds == (("3", "seed"),)
    assert at(flow, "23", "seed").feeds == (("23", "seed"),)


def test_what_they_have_otherwise_is_its_own():
    flow = twins(steps=9)
    assert at(flow, "3", "steps").feeds == (("3", "steps"),)
    assert at(flow, "23", "steps").feeds == (("23", "steps"),)
    assert at(flow, "3", "cfg").feeds == (("3", "cfg"), ("23", "cfg"))


@pytest.mark.parametrize("other", [{"model": ["20", 0]}, {"latent_image": ["22", 0]}])
def test_samplers_of_another_model_or_another_latent_share_nothing(other: dict[str, Any]):
    flow = twins(**other)
    for own in SHARED.values():
        assert at(flow, "3", own).feeds == (("3", own),)
        assert at(flow, "23", own).feeds == (("23", own),)


# --- parts of one film, each with loaders of its own


def in_parts(count: int, **more: Any) -> dict[str, Any]:
    """Return a graph whose later parts load the same model and LoRA again.

    ``more``: what the sampler of the last part has otherwise.
    """
    document = edited("sd15_api")
    del document["3"]
    for at in range(count):
        first = 100 * (at + 1)
        own = {name: f"{first + n}" for n, name in enumerate(("unet", "lora", "text", "size"), 1)}
        document |= {
            own["unet"]: of("UNETLoader", unet_name="film.safetensors", weight_dtype="default"),
            own["lora"]: of(
                "LoraLoaderModelOnly",
                model=[own["unet"], 0],
                lora_name="fast.safetensors",
                strength_model=0.8,
            ),
            own["text"]: of("CLIPTextEncode", text=f"scene {at}", clip=["4", 1]),
            own["size"]: of("EmptyLatentImage", width=832, height=480, batch_size=1),
            f"{first}": sampling(
                own["lora"],
                positive=[own["text"], 0],
                latent_image=[own["size"], 0],
                seed=at,
                **(more if at == count - 1 else {}),
            ),
            f"{first + 10}": of("VAEDecode", samples=[f"{first}", 0], vae=["4", 2]),
            f"{first + 11}": of("SaveImage", images=[f"{first + 10}", 0], filename_prefix="x"),
        }
    for node_id in ("5", "6", "8", "9"):
        del document[node_id]
    return document


def test_the_parts_of_a_film_share_models_size_and_settings_and_not_words_and_seeds():
    flow = read(in_parts(5))
    for name in ("model", "lora", "lora_strength", "width", "height", "steps", "cfg", "sampler"):
        assert len(parameter(flow, name).feeds) == 5
    names = {one.name for one in flow.parameters}
    assert {"prompt_5", "seed_5"} <= names
    assert names.isdisjoint({"lora_2", "width_2", "steps_2"})


def test_a_part_that_is_sampled_otherwise_keeps_what_differs():
    flow = read(in_parts(2, steps=12))
    assert parameter(flow, "steps_2").default == 12
    assert len(parameter(flow, "cfg").feeds) == 2


def test_parts_with_other_loras_stay_two():
    document = in_parts(2)
    document["202"]["inputs"]["lora_name"] = "slow.safetensors"
    flow = read(document)
    assert parameter(flow, "lora_2").default == "slow.safetensors"
    assert len(parameter(flow, "model").feeds) == 2  # the same file is one whoever loads it
    assert len(parameter(flow, "width").feeds) == 1
