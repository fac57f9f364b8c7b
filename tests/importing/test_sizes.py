"""Which number is the length, or a side, of what a sampler makes, where nodes work it out."""

from collections.abc import Mapping
from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_what_steers import engine, kind, of

ANY = ["FLOAT", {"default": 0.0}]
PACK = engine(
    SomebodysTimes=kind(["FLOAT"], a=ANY, b=ANY),
    SomebodysWhole=kind(["INT"], number=["FLOAT", {"forceInput": True}]),
    SomebodysMeasurer=kind(["FLOAT"], image=["IMAGE"], most=ANY),
)


def lasting(
    factor: Any = 24.0, more: Mapping[str, Any] | None = None, size: str = "length"
) -> Imported:
    """Return a graph whose clip is so many seconds (30) long.

    ``factor``: by which these are multiplied, in one of ``more``, too. ``size``: what is worked
    out of them.
    """
    document = edited("sd15_api") | {
        "30": of("PrimitiveFloat", value=4.0),
        "31": of("SomebodysTimes", a=["30", 0], b=factor),
        "32": of("SomebodysWhole", number=["31", 0]),
        **(more or {}),
    }
    sides = {"width": 832, "height": 480, "length": 33, "batch_size": 1} | {size: ["32", 0]}
    document["5"] = of("EmptyHunyuanLatentVideo", **sides)
    return read(document, PACK)


def test_the_length_that_is_worked_out_of_one_number_is_that_number():
    flow = lasting()
    found = parameter(flow, "length")
    assert (found.feeds, found.default, found.type) == ((("30", "value"),), 4.0, "float")
    assert found.rank is Rank.MAIN
    # Of the node that works it out nothing else is the length.
    assert [one.name for one in flow.parameters if ("31", "b") in one.feeds] == ["b"]


@pytest.mark.parametrize("side", ["width", "height"])
def test_so_is_a_side(side: str):
    flow = lasting(size=side)
    assert parameter(flow, side).feeds == (("30", "value"),)
    other = {"width": "height", "height": "width"}[side]
    assert parameter(flow, other).feeds == (("5", other),)


def test_the_length_that_is_worked_out_of_two_numbers_is_neither():
    flow = lasting(["33", 0], {"33": of("PrimitiveFloat", value=24.0)})
    assert "length" not in {one.name for one in flow.parameters}


def test_the_length_that_is_worked_out_of_a_picture_is_none_that_is_typed():
    measured = of("SomebodysMeasurer", image=["34", 0], most=9.0)
    flow = lasting(["33", 0], {"33": measured, "34": of("LoadImage", image="a.png")})
    assert "length" not in {one.name for one in flow.parameters}
    assert any(("30", "value") in one.feeds for one in flow.parameters)


EITHER = engine(
    SomebodysEither=kind(["INT"], on=["BOOLEAN"], first=["INT", {}], second=["INT", {}]),
    SomebodysSwitchedTimes=kind(["INT"], on=["BOOLEAN"], a=["FLOAT", {}]),
)
CLIP = of("EmptyHunyuanLatentVideo", width=832, height=480, length=["31", 0], batch_size=1)


def test_a_length_that_a_switch_decides_is_not_the_switch():
    document = edited("sd15_api") | {
        "30": of("PrimitiveBoolean", value=True),
        "31": of("SomebodysEither", on=["30", 0], first=33, second=65),
        "5": CLIP,
    }
    assert "length" not in {one.name for one in read(document, EITHER).parameters}


def test_a_switch_beside_seconds_is_no_second_number():
    document = edited("sd15_api") | {
        "29": of("PrimitiveFloat", value=4.0),
        "30": of("PrimitiveBoolean", value=True),
        "31": of("SomebodysSwitchedTimes", on=["30", 0], a=["29", 0]),
        "5": CLIP,
    }
    assert parameter(read(document, EITHER), "length").feeds == (("29", "value"),)


# --- a size that comes from a picture is what the picture is scaled to


def scaled(**inputs: Any) -> Imported:
    """Return a graph that begins from a picture, scaled by these."""
    document = edited("sd15_api") | {
        "40": of("LoadImage", image="a.png"),
        "41": of("SomebodysScaler", image=["40", 0], **inputs),
        "42": of("VAEEncode", pixels=["41", 0], vae=["4", 2]),
    }
    document["3"]["inputs"]["latent_image"] = ["42", 0]
    wanted = {name: ["INT", {}] for name in inputs}
    return read(document, engine(SomebodysScaler=kind(["IMAGE"], image=["IMAGE"], **wanted)))


@pytest.mark.parametrize("name", ["longest_side", "scale_to_length", "max_resolution"])
def test_what_a_picture_is_scaled_to_is_in_front_of_a_graph_without_a_size(name: str):
    found = parameter(scaled(**{name: 1024, **{f"other_{n}": 1 for n in "abcde"}}), name)
    assert (found.rank, found.default) == (Rank.MAIN, 1024)


def test_a_side_that_follows_from_the_other_one_stays_behind():
    flow = scaled(width=0, height=720, **{f"other_{n}": 1 for n in "abcde"})
    assert {parameter(flow, name).rank for name in ("width", "height")} == {Rank.MORE}


def test_a_number_with_a_node_of_its_own_is_in_front():
    document = edited("sd15_api") | {"50": of("PrimitiveInt", value=7)}
    document["51"] = of("SomebodysGrainer", image=["8", 0], amount=["50", 0])
    document["9"]["inputs"]["images"] = ["51", 0]
    known = engine(SomebodysGrainer=kind(["IMAGE"], image=["IMAGE"], amount=["INT", {}]))
    found = next(one for one in read(document, known).parameters if ("50", "value") in one.feeds)
    assert (found.name, found.rank) == ("amount", Rank.MAIN)


def test_to_what_a_sampled_picture_is_scaled_is_in_front():
    document = edited("sd15_api") | {
        "40": of("ImageScale", image=["8", 0], width=1024, height=1536, upscale_method="bicubic"),
    }
    document["40"]["inputs"]["crop"] = "disabled"
    document["9"]["inputs"]["images"] = ["40", 0]
    fed = {feed: one for one in read(document).parameters for feed in one.feeds}
    assert fed["40", "width"].rank is fed["40", "height"].rank is Rank.MAIN
    assert fed["40", "upscale_method"].rank is Rank.MORE


def test_the_steps_in_which_a_picture_is_scaled_stay_behind():
    flow = scaled(megapixels=1, resolution_steps=8, **{f"other_{n}": 1 for n in "abcde"})
    ranks = [parameter(flow, name).rank for name in ("megapixels", "resolution_steps")]
    assert ranks == [Rank.MAIN, Rank.MORE]


# --- sounds, and what services make


def test_how_long_a_sound_is_is_set_once_for_its_latent_and_its_words():
    document = edited("audio")
    flow = read(document)
    made = parameter(flow, "seconds")
    assert made.rank is Rank.MAIN
    graph = {key: {**one, "inputs": {**one["inputs"]}} for key, one in flow.graph.items()}
    encoder = next(key for key, one in graph.items() if "Encode" in one["class_type"])
    graph[encoder]["class_type"] = "SomebodysTextEncodeOfSongs"
    graph[encoder]["inputs"]["duration"] = made.default
    joined = parameter(read(graph), "seconds")
    assert joined.feeds == (made.feeds[0], (encoder, "duration"))
    graph[encoder]["inputs"]["duration"] = 1.25
    assert parameter(read(graph), "seconds").feeds == made.feeds


def test_what_a_service_is_told_of_its_clip_is_in_front():
    known = engine(
        SomebodysFilmService=kind(
            ["VIDEO"],
            prompt=["STRING", {"multiline": True}],
            duration=["INT", {"default": 5, "min": 3, "max": 15}],
            aspect_ratio=[["16:9", "9:16"]],
            **{f"other_{n}": ["INT", {"default": 0}] for n in range(9)},
        )
    )
    inputs = {"prompt": "a fox runs", "duration": 5, "aspect_ratio": "16:9"}
    document = {
        "1": of("SomebodysFilmService", **inputs, **{f"other_{n}": 0 for n in range(9)}),
        "2": of("SaveVideo", video=["1", 0], filename_prefix="x", format="auto", codec="auto"),
    }
    flow = read(document, known)
    for name in ("prompt", "duration", "aspect_ratio"):
        assert parameter(flow, name).rank is Rank.MAIN
    assert parameter(flow, "other_0").rank is Rank.MORE


@pytest.mark.parametrize("name", ["image_size", "size"])
def test_the_size_that_a_service_is_told_is_in_front(name: str):
    others = {f"other_{n}": 0 for n in range(9)} | {"sized": 0, "chunk_size": 8}
    service = kind(
        ["IMAGE"],
        prompt=["STRING", {"multiline": True}],
        **{name: [["1K", "2K", "4K"]]},
        **{other: ["INT", {"default": 0}] for other in others},
    )
    document = {
        "1": of("SomebodysService", prompt="a fox", **{name: "2K"}, **others),
        "2": of("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    flow = read(document, engine(SomebodysService=service))
    found = next(one for one in flow.parameters if ("1", name) in one.feeds)
    assert (found.rank, found.name, found.choices) == (Rank.MAIN, name, ("1K", "2K", "4K"))
    behind = {one.name for one in flow.parameters if one.rank is Rank.MORE}
    assert {"other_0", "sized", "chunk_size"} <= behind


def test_a_mask_of_the_whole_picture_follows_its_size():
    document = edited("sd15_api")
    sides = {name: document["5"]["inputs"][name] for name in ("width", "height")}
    document |= {
        "40": of("SolidMask", value=1.0, **sides),
        "41": of("SetLatentNoiseMask", samples=["5", 0], mask=["40", 0]),
    }
    document["3"]["inputs"]["latent_image"] = ["41", 0]
    assert parameter(read(document), "width").feeds == (("5", "width"), ("40", "width"))


def test_a_mask_for_a_later_sampler_follows_the_size_too():
    document = edited("sd15_api")
    sides = {name: document["5"]["inputs"][name] for name in ("width", "height")}
    document |= {
        "40": of("SolidMask", value=1.0, **sides),
        "41": of("VAEEncodeForInpaint", pixels=["8", 0], vae=["4", 2], mask=["40", 0]),
        "43": of("VAEDecode", samples=["42", 0], vae=["4", 2]),
    }
    document["41"]["inputs"]["grow_mask_by"] = 6
    again = document["3"]["inputs"] | {"latent_image": ["41", 0], "seed": 9, "denoise": 0.9}
    document["42"] = of("KSampler", **again)
    document["9"]["inputs"]["images"] = ["43", 0]
    assert parameter(read(document), "width").feeds == (("5", "width"), ("40", "width"))


def test_each_service_shows_its_seed():
    service = kind(
        ["IMAGE"],
        prompt=["STRING", {"multiline": True}],
        seed=["INT", {"default": 0, "max": 2**31}],
        images=["IMAGE"],
    )
    service["input"]["optional"] = {"images": service["input"]["required"].pop("images")}
    document = {
        "1": of("SomebodysService", prompt="a fox", seed=1),
        "2": of("SomebodysService", prompt="and an owl", seed=2, images=["1", 0]),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    flow = read(document, engine(SomebodysService=service))
    ranks = {one.feeds[0]: one.rank for one in flow.parameters if one.feeds[0][1] == "seed"}
    assert ranks == {("1", "seed"): Rank.MAIN, ("2", "seed"): Rank.MAIN}
