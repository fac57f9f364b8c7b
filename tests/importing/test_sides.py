"""Of which side a text is, and what the second and later ones of a side are called."""

from typing import Any

import pytest

from imagine.importing.beside import encoders
from imagine.importing.named_roles import is_unwanted, is_wanted
from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of

LINES = ["STRING", {"multiline": True}]
ENDS = ("conditioning_prompt", "reference_image_prompt", "negative_prompt")


def referred(positive: int, negative: int, *, is_known: bool = True) -> Imported:
    """Return a graph with a node between its texts and its sampler, which takes both sides.

    ``positive``, ``negative``: of its outputs those that the sampler takes.
    """
    document = edited("sd15_api") | {
        "20": of(
            "SomebodysReferrer", **dict(zip(ENDS, (["6", 0], ["21", 0], ["7", 0]), strict=True))
        ),
        "21": of("CLIPTextEncode", text="a hat as in the picture", clip=["4", 1]),
    }
    document["3"]["inputs"] |= {"positive": ["20", positive], "negative": ["20", negative]}
    both = kind(["CONDITIONING"] * 2, **{name: ["CONDITIONING"] for name in ENDS})
    return read(document, engine(SomebodysReferrer=both) if is_known else None)


@pytest.mark.parametrize("is_known", [True, False])
def test_of_a_node_that_takes_both_sides_each_input_is_of_the_side_that_it_says(is_known: bool):
    flow = referred(0, 1, is_known=is_known)
    assert parameter(flow, "prompt").feeds == (("6", "text"),)
    assert parameter(flow, "prompt_2").feeds == (("21", "text"),)
    assert parameter(flow, "negative").feeds == (("7", "text"),)
    assert parameter(flow, "prompt_2").rank is Rank.MAIN
    assert "negative_2" not in {one.name for one in flow.parameters}


def test_which_side_it_hands_on_is_that_of_its_output():
    flow = referred(1, 0)
    assert parameter(flow, "prompt").feeds == (("7", "text"),)
    assert parameter(flow, "negative").feeds == (("6", "text"),)


def test_what_takes_nothing_but_the_other_side_leads_to_no_prompt():
    document = edited("sd15_api") | {
        "20": of("SomebodysMixer", cond_1=["6", 0], cond_2=["21", 0]),
        "21": of("SomebodysTurner", uncond=["22", 0]),
        "22": of("CLIPTextEncode", text="grey and blurry", clip=["4", 1]),
    }
    document["3"]["inputs"]["positive"] = ["20", 0]
    flow = read(document)
    assert parameter(flow, "prompt").feeds == (("6", "text"),)
    assert parameter(flow, "negative_2").feeds == (("22", "text"),)


def test_on_the_other_side_it_leads_to_the_text_of_the_sampler():
    turner = kind(["CONDITIONING"], uncond=["CONDITIONING"])
    guide = kind(["MODEL"], model=["MODEL"], negative=["CONDITIONING"])
    # In front of all stands what is encoded for another node.
    document = {
        "1": of("CLIPTextEncode", text="grey", clip=["4", 1]),
        "2": of("SomebodysGuide", model=["4", 0], negative=["1", 0]),
        "20": of("SomebodysTurner", uncond=["7", 0]),
    } | edited("sd15_api")
    document["3"]["inputs"] |= {"model": ["2", 0], "negative": ["20", 0]}
    flow = read(document, engine(SomebodysTurner=turner, SomebodysGuide=guide))
    assert parameter(flow, "negative").feeds == (("7", "text"),)


# --- texts that a pack encodes by itself


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("negative_prompt", (False, True)),
        ("nag_text_embeds", (False, True)),
        ("Neg_Cond", (False, True)),
        ("uncond", (False, True)),
        ("positive", (True, False)),
        ("text_embeds", (False, False)),
        ("negated", (False, False)),
        ("nagging_positives", (False, False)),
    ],
)
def test_the_words_of_an_input_say_of_which_side_it_is(name: str, sides: tuple[bool, bool]):
    assert (is_wanted(name), is_unwanted(name)) == sides


def embedded(wanted: str, unwanted: str, text: str = "prompt") -> Imported:
    """Return a graph of a pack whose encoders are alike, and end in inputs of these names."""
    known = engine(
        SomebodysEncoder=kind(["EMBEDS"], **{text: LINES}),
        SomebodysSampler=kind(
            ["IMAGE"],
            **{unwanted: ["EMBEDS"], wanted: ["EMBEDS"]},
            seed=["INT", {}],
            steps=["INT", {}],
        ),
    )
    ends = {unwanted: ["1", 0], wanted: ["2", 0]}
    document = {
        "1": of("SomebodysEncoder", **{text: "blurry"}),
        "2": of("SomebodysEncoder", **{text: "a fox runs"}),
        "3": of("SomebodysSampler", **ends, seed=1, steps=8),
        "4": of("SaveImage", images=["3", 0], filename_prefix="x"),
    }
    return read(document, known)


@pytest.mark.parametrize("unwanted", ["nag_text_embeds", "negative_embeds", "neg_embeds"])
@pytest.mark.parametrize("text", ["prompt", "text", "scene_prompt"])
def test_a_text_whose_embeds_go_to_the_other_side_is_none_that_is_asked_for(
    unwanted: str, text: str
):
    flow = embedded("text_embeds", unwanted, text)
    assert parameter(flow, "prompt").feeds == (("2", text),)
    assert parameter(flow, "negative").feeds == (("1", text),)
    assert {parameter(flow, name).rank for name in ("prompt", "negative")} == {Rank.MAIN}


def test_a_text_that_goes_to_both_sides_is_the_prompt():
    known = engine(
        SomebodysEncoder=kind(["EMBEDS"], prompt=LINES),
        SomebodysSampler=kind(
            ["IMAGE"], nag_text_embeds=["EMBEDS"], text_embeds=["EMBEDS"], seed=["INT", {}]
        ),
    )
    ends: dict[str, Any] = {"nag_text_embeds": ["1", 0], "text_embeds": ["1", 0]}
    document = {
        "1": of("SomebodysEncoder", prompt="a fox runs"),
        "2": of("SomebodysSampler", **ends, seed=1),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    names = {one.name for one in read(document, known).parameters}
    assert "prompt" in names
    assert "negative" not in names


def test_a_text_that_nobody_takes_any_further_is_the_prompt():
    service = {**kind(["IMAGE"], prompt=LINES, seed=["INT", {}]), "output_node": True}
    flow = read(
        {"1": of("SomebodysService", prompt="a fox", seed=1)}, engine(SomebodysService=service)
    )
    assert parameter(flow, "prompt").feeds == (("1", "prompt"),)


@pytest.mark.parametrize(
    ("name", "role"),
    [("nag_cond", "negative"), ("negative_2", "negative"), ("region", "prompt")],
)
def test_what_is_encoded_for_others_is_of_the_side_that_they_say(name: str, role: str):
    known = engine(SomebodysGuide=kind(["MODEL"], model=["MODEL"], **{name: ["CONDITIONING"]}))
    document = edited("sd15_api") | {
        "20": of("CLIPTextEncode", text="grey", clip=["4", 1]),
        "21": of("SomebodysGuide", model=["4", 0], **{name: ["20", 0]}),
    }
    document["3"]["inputs"]["model"] = ["21", 0]
    assert dict(encoders(document, known))["20"] == role
    assert parameter(read(document, known), f"{role}_2").feeds == (("20", "text"),)


def test_a_way_on_that_says_positive_ends_as_a_prompt_whatever_comes_after():
    known = engine(
        SomebodysPair=kind(["CONDITIONING"] * 2, positive=["CONDITIONING"]),
        SomebodysGuide=kind(["MODEL"], model=["MODEL"], negative=["CONDITIONING"]),
    )
    document = edited("sd15_api") | {
        "20": of("CLIPTextEncode", text="red", clip=["4", 1]),
        "21": of("SomebodysPair", positive=["20", 0]),
        "22": of("SomebodysGuide", model=["4", 0], negative=["21", 1]),
    }
    assert dict(encoders(document, known))["20"] == "prompt"


# --- several prompts of one side


def styled(title: str) -> Imported:
    """Return a graph whose prompt is combined with a second one under a title."""
    second = of("CLIPTextEncode", text="in ink", clip=["4", 1])
    document = edited("sd15_api") | {
        "20": of("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["21", 0]),
        "21": {**second, "_meta": {"title": title}} if title else second,
    }
    document["3"]["inputs"]["positive"] = ["20", 0]
    return read(document)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("CLIP Text Encode (Style Prompt)", "style_prompt"),
        ("clip text encode (Sky)", "sky"),
        ("Background", "background"),
        ("CLIP Text Encode (Prompt)", "prompt_2"),
        ("CLIP Text Encode", "prompt_2"),
        ("CLIP Text Encode 2", "prompt_2"),
        # What is called like something else is not that.
        ("Negative", "prompt_2"),
        ("", "prompt_2"),
    ],
)
def test_a_second_prompt_is_called_by_its_title(title: str, name: str):
    flow = styled(title)
    assert parameter(flow, "prompt").feeds == (("6", "text"),)
    assert parameter(flow, "negative").feeds == (("7", "text"),)
    assert (at(flow, "21", "text").name, at(flow, "21", "text").rank) == (name, Rank.MAIN)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"t5xxl": "a fox runs", "clip_l": "fox"}, {"t5xxl": "prompt", "clip_l": "clip_l"}),
        ({"text_g": "a fox runs", "text_l": "fox"}, {"text_g": "prompt", "text_l": "text_l"}),
        ({"tags": "slow, soft", "lyrics": "la la"}, {"tags": "prompt", "lyrics": "lyrics"}),
    ],
)
def test_or_by_its_input_where_one_node_has_both(values: dict[str, str], named: dict[str, str]):
    document = edited("sd15_api")
    document["6"] = of("SomebodysEncoder", clip=["4", 1], **values)
    flow = read(document)
    assert {name: at(flow, "6", name).name for name in values} == named
    assert {at(flow, "6", name).rank for name in values} == {Rank.MAIN}


def test_a_second_text_of_the_other_side_is_one_of_it():
    document = edited("sd15_api") | {
        "20": of("ConditioningConcat", conditioning_to=["7", 0], conditioning_from=["21", 0]),
        "21": of("CLIPTextEncode", text="text, watermark", clip=["4", 1]),
    }
    document["3"]["inputs"]["negative"] = ["20", 0]
    flow = read(document)
    assert parameter(flow, "negative").feeds == (("7", "text"),)
    assert parameter(flow, "negative_2").feeds == (("21", "text"),)
    assert parameter(flow, "negative_2").rank is Rank.MAIN
