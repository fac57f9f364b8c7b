"""Which text of a graph is the prompt, where several lead to one encoder."""

from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.catalogs import recorded_info
from tests.importing.samples import edited, parameter, read

Nodes = dict[str, dict[str, Any]]


def node(class_type: str, title: str = "", /, **inputs: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"class_type": class_type, "inputs": inputs}
    return made | ({"_meta": {"title": title}} if title else {})


def with_text(source: list[Any], **nodes: dict[str, Any]) -> Imported:
    """Return a graph whose prompt comes from one of these nodes."""
    document = edited("sd15_api") | nodes
    document["6"]["inputs"]["text"] = source
    return read(document, engine())


def engine() -> Catalog:
    """Return an engine with a few nodes of packs."""
    info = recorded_info()
    picture, text = ["IMAGE", {}], ["STRING", {"multiline": True}]
    for name, wanted, outputs in (
        ("Text box", {"Text": text}, ["STRING"]),
        ("Text Concatenate", {"text_a": text, "text_b": text, "text_c": text}, ["STRING"]),
        ("AskTheModel", {"prompt": text, "system_prompt": text, "image": picture}, ["STRING"]),
        ("FindByWords", {"image": picture, "prompt": text}, ["IMAGE", "MASK"]),
        (
            "FindByEncoded",
            {"image": picture, "conditioning": ["CONDITIONING", {}]},
            ["BOOL", "MASK"],
        ),
        ("RegionOfWords", {"model": ["MODEL", {}], "cond": ["CONDITIONING", {}]}, ["MODEL"]),
    ):
        info[name] = {
            "input": {"required": {}, "optional": wanted},
            "input_order": {"required": [], "optional": list(wanted)},
            "output": outputs,
            "output_node": False,
            "display_name": name,
        }
    return Catalog.from_object_info(info)


def shown(flow: Imported) -> dict[str, object]:
    """Return the texts that are seen at once, by their names and in their order."""
    found = [one for one in flow.parameters if one.rank is Rank.MAIN and one.type == "text"]
    return {one.name: one.default for one in found}


# --- Several boxes for one prompt


def test_each_text_that_is_joined_can_be_set_and_the_longest_is_the_prompt():
    flow = with_text(
        ["30", 0],
        **{
            "30": node("Text Concatenate", text_a=["31", 0], text_b=["32", 0], text_c=["33", 0]),
            "31": node("Text box", Text="(ink drawing), "),
            "32": node("Text box", Text="an old fisherman who mends a net"),
            "33": node("Text box", Text="sharp"),
        },
    )
    prompt = "an old fisherman who mends a net"
    assert next(iter(shown(flow).items())) == ("prompt", prompt)
    assert shown(flow)["prompt_2"] == "(ink drawing), "
    assert shown(flow)["prompt_3"] == "sharp"
    assert list(shown(flow))[1] == "negative"


def test_a_title_says_which_box_is_the_prompt_and_what_the_others_are():
    flow = with_text(
        ["30", 0],
        **{
            "30": node("StringConcatenate", string_a=["31", 0], string_b=["32", 0], delimiter=" "),
            "31": node("Text box", "My subject", Text="a fox"),
            "32": node("Text box", "Style", Text="thick lines of ink on rough paper"),
        },
    )
    assert shown(flow)["prompt"] == "a fox"
    assert shown(flow)["style"] == "thick lines of ink on rough paper"


def test_what_is_only_added_is_not_the_prompt_however_long():
    flow = with_text(
        ["30", 0],
        **{
            "30": node("StringReplace", string=["31", 0], find="@", replace=["32", 0]),
            "31": node("PrimitiveString", "Style of the house", value="@ in very thick lines"),
            "32": node("PrimitiveString", value="a fox"),
        },
    )
    assert shown(flow)["prompt"] == "a fox"
    assert shown(flow)["style_of_the_house"] == "@ in very thick lines"


def test_what_is_empty_in_a_joiner_is_not_asked_for_and_an_empty_box_is():
    flow = with_text(
        ["30", 0],
        **{
            "30": node("Text Concatenate", text_a="a fox", text_b="", text_c=["31", 0]),
            "31": node("Text box", "Where", Text=""),
        },
    )
    assert [*shown(flow)] == ["prompt", "negative", "where"]


def test_a_text_that_is_typed_into_a_joiner_has_the_name_of_its_input():
    flow = with_text(
        ["30", 0],
        **{"30": node("SomebodysJoiner", prefix="ink, ", subject="a fox", delimiter=",")},
    )
    assert shown(flow)["prompt"] == "a fox"
    assert shown(flow)["prefix"] == "ink, "


def test_a_box_that_goes_into_both_texts_is_no_negative():
    document = edited("sd15_api") | {
        "30": node("Text Concatenate", text_a=["32", 0], text_b="a fox in the woods"),
        "31": node("Text Concatenate", text_a=["32", 0], text_b="fog"),
        "32": node("Text box", Text="ink"),
    }
    document["6"]["inputs"]["text"] = ["30", 0]
    document["7"]["inputs"]["text"] = ["31", 0]
    flow = read(document, engine())
    assert shown(flow) == {"prompt": "a fox in the woods", "negative": "fog", "prompt_2": "ink"}


def test_what_makes_a_picture_for_the_text_is_no_part_of_it():
    flow = with_text(
        ["30", 0],
        **{
            "30": node("AskTheModel", prompt="what a dog would like", image=["31", 0]),
            "31": node("FindByWords", image=["8", 0], prompt="a house behind many trees"),
        },
    )
    assert shown(flow)["prompt"] == "what a dog would like"


@pytest.mark.parametrize(
    ("mode", "name"), [("populate", "wildcard_text"), ("fixed", "populated_text")]
)
def test_of_a_text_with_wildcards_the_one_is_the_prompt_that_the_engine_reads(mode, name):
    flow = with_text(
        ["30", 0],
        **{
            "30": node(
                "ImpactWildcardProcessor",
                wildcard_text="a __beast__",
                populated_text="a fox",
                mode=mode,
            )
        },
    )
    assert parameter(flow, "prompt").feeds == (("30", name),)


# --- What a language model is told


def test_what_a_language_model_is_told_is_not_the_prompt():
    flow = with_text(
        ["30", 0],
        **{
            "30": node("AskTheModel", prompt=["31", 0]),
            "31": node("StringConcatenate", string_a=["32", 0], string_b=["33", 0], delimiter=""),
            "32": node("PrimitiveString", value="You are an expert who makes prompts longer."),
            "33": node("PrimitiveString", value="a fox"),
        },
    )
    assert [*shown(flow)] == ["prompt", "negative"]
    assert shown(flow)["prompt"] == "a fox"
    assert parameter(flow, "instructions").rank is Rank.MORE


def test_a_title_or_an_input_says_that_a_text_is_for_a_language_model():
    flow = with_text(
        ["30", 0],
        **{
            "30": node("AskTheModel", prompt=["31", 0], system_prompt="Answer in plain English"),
            "31": node("Text Concatenate", text_a=["32", 0], text_b=["33", 0]),
            "32": node("Text box", "Template", Text="Make it long, and full of light"),
            "33": node("Text box", Text="a fox"),
        },
    )
    assert [*shown(flow)] == ["prompt", "negative"]
    assert shown(flow)["prompt"] == "a fox"
    ranks = {name: parameter(flow, name).rank for name in ("template", "system_prompt")}
    assert ranks == {"template": Rank.MORE, "system_prompt": Rank.MORE}


@pytest.mark.parametrize(
    "text",
    [
        "Act as a painter",
        "# Role: an editor",
        "Your task is to enrich what follows",
        "Rewrite what follows as a long prompt.",
        "Describe this image in detail",
        "你是一位画家",
    ],
)
def test_what_begins_like_an_order_to_a_language_model_is_not_the_prompt(text):
    joiner = node("Text Concatenate", text_a=text, text_b="fox")
    assert shown(with_text(["30", 0], **{"30": joiner}))["prompt"] == "fox"


@pytest.mark.parametrize("text", ["you there", "a writer at a desk", "Create a poster of a fox"])
def test_what_only_sounds_like_that_is_the_prompt(text):
    joiner = node("Text Concatenate", text_a=text, text_b="fox")
    assert shown(with_text(["30", 0], **{"30": joiner}))["prompt"] == text


def test_what_a_language_model_is_told_is_the_prompt_where_nothing_else_is_typed():
    asked = node("AskTheModel", prompt="Describe this image in detail")
    assert shown(with_text(["30", 0], **{"30": asked}))["prompt"] == "Describe this image in detail"


def test_also_without_a_sampler_the_prompt_is_not_what_a_language_model_is_told():
    document = {
        "1": node("PrimitiveString", value="You are a poet."),
        "2": node("PrimitiveString", value="a fox"),
        "3": node("SomebodysTeller", text=["1", 0]),
        "4": node("AskTheModel", prompt=["2", 0], system_prompt=["3", 0]),
        "5": node("PreviewAny", source=["4", 0]),
    }
    assert parameter(read(document, engine()), "prompt").default == "a fox"


# --- Texts that come to the pictures otherwise than by a sampler's conditioning


def test_the_text_of_a_region_comes_after_the_prompt():
    document = edited("sd15_api") | {
        "30": node("CLIPTextEncode", text="a red fox", clip=["4", 1]),
        "31": node("RegionOfWords", model=["4", 0], cond=["30", 0]),
        "32": node("CLIPTextEncode", "The sky", text="clouds", clip=["4", 1]),
        "33": node("ConditioningSetArea", conditioning=["32", 0]),
        "34": node("RegionOfWords", model=["31", 0], cond=["33", 0]),
    }
    document["3"]["inputs"]["model"] = ["34", 0]
    flow = read(document, engine())
    assert [*shown(flow)] == ["prompt", "negative", "prompt_2", "the_sky"]
    assert shown(flow)["prompt_2"] == "a red fox"
    assert shown(flow)["the_sky"] == "clouds"


def test_texts_that_a_later_node_takes_keep_their_sides():
    document = edited("sd15_api") | {
        "30": node("CLIPTextEncode", text="a face", clip=["4", 1]),
        "31": node("CLIPTextEncode", text="a blurred face", clip=["4", 1]),
        "32": node("SomebodysDetailer", image=["8", 0], positive=["30", 0], negative=["31", 0]),
    }
    document["9"]["inputs"]["images"] = ["32", 0]
    flow = read(document, engine())
    assert shown(flow)["prompt_2"] == "a face"
    assert shown(flow)["negative_2"] == "a blurred face"


def test_a_text_that_is_thrown_away_is_not_asked_for():
    document = edited("sd15_api") | {
        "30": node("CLIPTextEncode", text="nothing", clip=["4", 1]),
        "31": node("ConditioningZeroOut", conditioning=["30", 0]),
    }
    document["3"]["inputs"]["negative"] = ["31", 0]
    assert [*shown(read(document, engine()))] == ["prompt"]


# --- What to find


def masked(**finder: dict[str, Any]) -> Imported:
    """Return a graph that paints anew what a node finds."""
    document = edited("sd15_api") | {
        "30": node("LoadImage", image="a.png"),
        "31": node("FindByWords", "Find it (fast)", image=["30", 0], prompt="the hat"),
        "32": node("VAEEncodeForInpaint", pixels=["30", 0], vae=["4", 2], mask=["31", 1]),
    }
    document["32"]["inputs"]["grow_mask_by"] = 6
    document["3"]["inputs"]["latent_image"] = ["32", 0]
    return read(document | finder, engine())


def test_what_to_find_in_a_picture_is_asked_for_beside_the_prompt():
    flow = masked()
    assert [*shown(flow)] == ["prompt", "negative", "find"]
    assert shown(flow)["find"] == "the hat"


def test_what_is_no_text_is_not_asked_for():
    finder = node("FindByWords", image=["30", 0], prompt={"words": 1})
    assert [*shown(masked(**{"31": finder}))] == ["prompt", "negative"]


def test_what_to_find_has_the_title_of_its_box():
    finder = node("FindByWords", image=["30", 0], prompt=["33", 0])
    flow = masked(**{"31": finder, "33": node("Text box", "Clothes to change", Text="the hat")})
    assert shown(flow)["clothes_to_change"] == "the hat"


def test_what_a_node_does_not_look_for_is_not_asked_for():
    flow = masked(**{"31": node("FindByWords", image=["30", 0], prompt="")})
    assert [*shown(flow)] == ["prompt", "negative"]


def test_what_is_encoded_to_be_found_is_no_prompt():
    info = node("FindByEncoded", image=["30", 0], conditioning=["33", 0])
    flow = masked(**{"31": info, "33": node("CLIPTextEncode", text="the hat", clip=["4", 1])})
    assert shown(flow)["find"] == "the hat"


def test_in_a_graph_that_only_finds_it_is_the_prompt():
    document = {
        "1": node("LoadImage", image="a.png"),
        "2": node("FindByWords", image=["1", 0], prompt="the hat"),
        "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    assert shown(read(document, engine())) == {"prompt": "the hat"}


def test_nobody_is_asked_for_what_a_model_writes_from_a_picture():
    flow = masked(
        **{
            "6": node("CLIPTextEncode", text=["33", 0], clip=["4", 1]),
            "33": node("AskTheModel", prompt="", image=["30", 0]),
        }
    )
    assert [*shown(flow)] == ["negative", "find"]


def test_a_long_chain_of_texts_is_read_once():
    chain = {
        str(at): node("SomebodysShow", text=[str(at + 1), 0], prompt=[str(at + 1), 0])
        for at in range(2000)
    }
    flow = read(chain | {"2000": node("SomebodysEnd", amount=1)})
    assert [one.name for one in flow.parameters] == ["amount"]


@pytest.mark.parametrize(
    "told",
    [
        "Describe this reference image in one line.",
        "Describe the two uploaded pictures in one line.",
        "Analyze this image.",
    ],
)
def test_what_is_asked_of_a_picture_is_no_prompt(told: str):
    flow = with_text(
        ["20", 0],
        **{
            "20": node("Text Concatenate", text_a=["21", 0], text_b=["22", 0]),
            "21": node("Text box", Text=told),
            "22": node("Text box", Text="a hut"),
        },
    )
    assert next(iter(shown(flow).values())) == "a hut"


@pytest.mark.parametrize("name", ["prompt", "prompt_text", "user_prompt"])
def test_what_a_model_is_asked_for_is_the_prompt_however_long_the_others_are(name: str):
    flow = with_text(
        ["20", 0],
        **{
            "20": node("Text Concatenate", text_a=["21", 0], text_b=["22", 0]),
            "21": node("SomebodysModel", custom_system_prompt="Be brief.", **{name: ["23", 0]}),
            "22": node(
                "Text box", Text="with soft light, many details and a calm sky above it all"
            ),
            "23": node("Text box", Text="a hut"),
        },
    )
    assert shown(flow)["prompt"] == "a hut"


def test_a_pair_is_kept_apart_whatever_a_pack_calls_its_sides():
    document = edited("sd15_api")
    inputs = document["3"]["inputs"]
    pair = {"cond": inputs["positive"], "uncond": inputs["negative"]}
    document["20"] = {"class_type": "ApplyToBoth", "inputs": pair}
    inputs["positive"], inputs["negative"] = ["20", 0], ["20", 1]
    sides = {"input": {"required": {name: ["CONDITIONING"] for name in pair}}}
    both = {"ApplyToBoth": {**sides, "output": ["CONDITIONING", "CONDITIONING"]}}
    flow = read(document, Catalog.from_object_info(recorded_info() | both))
    assert parameter(flow, "prompt").feeds == (("6", "text"),)
    assert parameter(flow, "negative").feeds == (("7", "text"),)


def test_a_box_that_holds_the_name_of_a_file_is_no_prompt():
    document = {
        "1": {"class_type": "SomebodysBox", "inputs": {"text": "models/fox"}},
        "2": {"class_type": "SomebodysModel", "inputs": {"base_model_path": ["1", 0]}},
        "3": {"class_type": "SomebodysMaker", "inputs": {"of": ["2", 0], "prompt": "a fox"}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "x"}},
    }
    assert parameter(read(document), "prompt").feeds == (("3", "prompt"),)


# --- A node that makes one text of others


def changed(source: str, outputs: list[str], **texts: Any) -> Imported:
    """Return a graph whose prompt a pack's node makes of what comes from another (11)."""
    info = recorded_info()
    given = {name: ["*" if isinstance(text, list) else "STRING"] for name, text in texts.items()}
    info["SomebodysChanger"] = {
        "input": {"required": given},
        "output": outputs,
        "output_node": False,
    }
    info["SomebodysTeller"] = {
        "input": {"required": {"image": ["IMAGE"]}},
        "output": ["STRING", "INT"],
        "output_node": False,
    }
    document = edited("sd15_api") | {
        "10": node("LoadImage", image="a.png"),
        "11": node(source, **({"image": ["10", 0]} if source == "SomebodysTeller" else {})),
        "12": node("SomebodysChanger", **texts),
    }
    if source == "PrimitiveString":
        document["11"]["inputs"]["value"] = "a red fox in deep snow"
    document["6"]["inputs"]["text"] = ["12", 0]
    return read(document, Catalog.from_object_info(info))


@pytest.mark.parametrize("names", [("old", "new"), ("a", "b")])
@pytest.mark.parametrize("source", ["PrimitiveString", "SomebodysTeller"])
def test_words_of_any_name_are_parts_of_the_prompt_where_texts_are_made_into_one(
    source: str, names: tuple[str, str]
):
    words = dict(zip(names, ("red", "blue"), strict=True))
    flow = changed(source, ["STRING"], start=["11", 0], **words)
    of_it = {
        one.feeds[0]: (one.default, one.rank)
        for one in flow.parameters
        if one.feeds[0][0] == "12" and one.type == "text"
    }
    assert of_it == {("12", name): (word, Rank.MAIN) for name, word in words.items()}
    assert "prompt" in {one.name for one in flow.parameters}


@pytest.mark.parametrize(
    ("outputs", "link"),
    [(["STRING", "INT"], ["11", 0]), (["STRING"], ["11", 1]), (["STRING"], "a red fox in a wood")],
)
def test_words_of_any_name_are_none_where_something_else_is_made_or_taken(
    outputs: list[str], link: Any
):
    flow = changed("SomebodysTeller", outputs, start=link, old="red", new="blue")
    behind = {one.feeds[0]: one.rank for one in flow.parameters if one.feeds[0][0] == "12"}
    assert behind["12", "old"] is Rank.MORE
    assert behind["12", "new"] is Rank.MORE


# --- All that a language model is told


TOLD, SAID = "You are a painter of foxes.", "Describe this image as a prompt."


def test_where_nothing_else_is_written_all_that_a_model_is_told_is_in_front():
    asked = node("AskTheModel", image=["11", 0], prompt=SAID, system_prompt=TOLD)
    flow = with_text(["10", 0], **{"10": asked, "11": node("LoadImage", image="a.png")})
    assert {SAID, TOLD} <= {*shown(flow).values()}


def test_where_a_prompt_is_written_what_a_model_is_told_stays_behind():
    asked = node("AskTheModel", image=["11", 0], prompt="a fox in snow", system_prompt=TOLD)
    flow = with_text(["10", 0], **{"10": asked, "11": node("LoadImage", image="a.png")})
    assert shown(flow)["prompt"] == "a fox in snow"
    [told] = [one for one in flow.parameters if ("10", "system_prompt") in one.feeds]
    assert (told.rank, told.default) == (Rank.MORE, TOLD)


def test_what_a_schedule_puts_around_its_texts_is_in_front_beside_them():
    document = edited("sd15_api")
    around = {"pre_text": "a fox", "app_text": "in ink", "text": "it sits, it stands"}
    document["6"] = {
        "class_type": "SomebodysSchedule",
        "inputs": {**around, "clip": ["4", 1]},
    }
    flow = read(document)
    assert parameter(flow, "prompt").feeds == (("6", "text"),)
    for name in ("pre_text", "app_text"):
        assert parameter(flow, name).feeds == (("6", name),)
        assert parameter(flow, name).rank is Rank.MAIN


def test_equal_texts_of_one_schedule_stay_apart():
    document = edited("sd15_api")
    turns = {f"text_{at}": text for at, text in enumerate(("spring comes", "autumn", "autumn"), 1)}
    document["20"] = {"class_type": "SomebodysTurns", "inputs": turns}
    document["6"]["inputs"]["text"] = ["20", 0]
    feeds = [one.feeds for one in read(document).parameters if one.feeds[0][0] == "20"]
    assert sorted(feeds) == [(("20", name),) for name in sorted(turns)]
