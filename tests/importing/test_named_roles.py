"""What inputs are for by their names: a pack's node that makes a picture without any link."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_what_steers import engine, kind, main, of

LINES = ["STRING", {"multiline": True}]
PAINTER = {
    "character_prompt": LINES,
    "scene_prompt": LINES,
    "negative_prompt": LINES,
    "width": ["INT", {"default": 512}],
    "height": ["INT", {"default": 512}],
    "seed": ["INT", {"default": 0}],
}
VALUES = {
    "character_prompt": "a fox with a hat",
    "scene_prompt": "in a snowy wood",
    "negative_prompt": "blurry",
    "width": 640,
    "height": 384,
    "seed": 5,
}


def painted(**more: tuple[Any, Any]) -> Imported:
    """Return a painter's graph; ``more``: inputs in front of its prompts, with their values."""
    has = {name: wanted for name, (wanted, _) in more.items()} | PAINTER
    values = {name: value for name, (_, value) in more.items()} | VALUES
    document = {
        "1": of("SomebodysText2ImgPainter", **values),
        "2": of("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    return read(document, engine(SomebodysText2ImgPainter=kind(["IMAGE"], **has)))


def test_both_prompts_of_a_node_are_in_front_and_the_first_is_the_prompt():
    flow = painted()
    assert {*main(flow)[:3]} == {"prompt", "scene_prompt", "negative"}
    assert parameter(flow, "prompt").feeds == (("1", "character_prompt"),)
    assert parameter(flow, "scene_prompt").default == "in a snowy wood"
    assert parameter(flow, "negative").feeds == (("1", "negative_prompt"),)


def test_the_sides_of_what_makes_a_picture_are_its_size_though_its_class_has_a_text_in_it():
    flow = painted()
    names = main(flow)
    assert names[names.index("width") :][:3] == ["width", "height", "seed"]
    assert parameter(flow, "width").feeds == (("1", "width"),)


def test_what_a_language_model_is_told_beside_a_prompt_is_no_prompt():
    flow = painted(system_prompt=(LINES, "be brief"))
    told = next(one for one in flow.parameters if ("1", "system_prompt") in one.feeds)
    assert told.rank is Rank.MORE
    assert parameter(flow, "prompt").feeds == (("1", "character_prompt"),)


@pytest.mark.parametrize(
    ("name", "wanted", "type_"),
    [
        ("prompt_style", [["photo", "comic"]], "choice"),
        ("style_prompt", [["photo", "comic"]], "choice"),
        ("prompt_style", ["STRING", {}], "text"),
    ],
)
def test_a_choice_is_no_prompt_and_neither_is_what_is_only_about_one(
    name: str, wanted: list[Any], type_: str
):
    flow = painted(**{name: (wanted, "comic")})
    found = next(one for one in flow.parameters if ("1", name) in one.feeds)
    assert (found.type, found.name) == (type_, name)
    assert parameter(flow, "prompt").feeds == (("1", "character_prompt"),)


@pytest.mark.parametrize("name", ["scene_negative_prompt", "neg_scene_prompt"])
def test_what_is_called_negative_in_any_words_is_no_prompt(name: str):
    prompts = {name: "people", "scene_prompt": "a wood"}
    document = {
        "1": of("SomebodysText2ImgPainter", **prompts, seed=5),
        "2": of("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    has = dict.fromkeys(prompts, LINES) | {"seed": PAINTER["seed"]}
    flow = read(document, engine(SomebodysText2ImgPainter=kind(["IMAGE"], **has)))
    assert parameter(flow, "prompt").feeds == (("1", "scene_prompt"),)
    assert parameter(flow, "negative").feeds == (("1", name),)


@pytest.mark.parametrize(("beside", "is_sampling"), [({}, False), ({"cfg": 4.0}, True)])
def test_steps_are_those_of_a_sampling_only_beside_what_else_one_has(
    beside: dict[str, float], is_sampling: bool
):
    has = {name: ["FLOAT", {"default": value}] for name, value in beside.items()}
    one = kind(["IMAGE"], image=["IMAGE"], steps=["INT", {"default": 3}], **has)
    # It came with the engine: of a pack's node a few settings would be in front anyway.
    known = engine(
        SomebodysText2ImgPainter=kind(["IMAGE"], **PAINTER),
        Softener={**one, "python_module": "nodes"},
    )
    document = {
        "1": of("SomebodysText2ImgPainter", **VALUES),
        "2": of("Softener", image=["1", 0], steps=3, **beside),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    assert ("steps" in main(read(document, known))) is is_sampling


# --- a sampler of names of its own, and what only writes for it

WRITER = kind(["STRING"], prompt=LINES, seed=["INT", {"default": 0}], max_tokens=["INT", {}])


def written_first(**sampling: Any) -> Imported:
    """Return a graph in which a language model with a seed stands before a painter."""
    numbers = {name: [{int: "INT", float: "FLOAT"}[type(n)], {}] for name, n in sampling.items()}
    paints = kind(["IMAGE"], prompt=LINES, seed=["INT", {}], hint=["STRING"], **numbers)
    document = {
        "1": of("SomebodysWriter", prompt="name a colour", seed=3, max_tokens=64),
        "2": of("SomebodysPainter", prompt="a fox", seed=5, hint=["1", 0], **sampling),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    return read(document, engine(SomebodysWriter=WRITER, SomebodysPainter=paints))


@pytest.mark.parametrize(
    "sampling",
    [{"steps": 8}, {"inference_steps": 8}, {"cfg": 4.0}, {"cfg_scale": 4.0}, {"guidance_scale": 4}],
)
def test_what_paints_is_asked_for_prompt_and_seed_before_what_only_writes(
    sampling: dict[str, float],
):
    flow = written_first(**sampling)
    assert parameter(flow, "prompt").feeds == (("2", "prompt"),)
    assert parameter(flow, "seed").feeds == (("2", "seed"),)


def test_where_no_node_is_told_how_well_the_first_is_asked():
    flow = written_first()
    assert parameter(flow, "prompt").feeds == (("1", "prompt"),)
    assert parameter(flow, "seed").feeds == (("1", "seed"),)


@pytest.mark.parametrize("name", ["steps", "num_inference_steps", "inference_steps"])
def test_steps_have_one_name_whatever_a_pack_calls_them(name: str):
    found = parameter(written_first(**{name: 8}), "steps")
    assert (found.feeds, found.default, found.rank) == ((("2", name),), 8, Rank.MAIN)


def test_the_prompts_of_regions_are_found_and_the_other_side_is_none_of_them():
    region = {"region": ["REGION", {"forceInput": True}]}
    known = engine(
        SomebodysBase=kind(["REGION"], base_prompt_text=["STRING", {"multiline": True}]),
        SomebodysRegion=kind(["REGION"], prompt_text=["STRING", {"multiline": True}], **region),
        SomebodysCouple=kind(
            ["MODEL", "CONDITIONING", "CONDITIONING"],
            model=["MODEL"],
            negative=["CONDITIONING"],
            **region,
        ),
    )
    document = edited("sd15_api")
    document["30"] = of("SomebodysBase", base_prompt_text="two foxes")
    document["31"] = of("SomebodysRegion", prompt_text="a red one", region=["30", 0])
    document["32"] = of("SomebodysRegion", prompt_text="a white one", region=["31", 0])
    couple = of("SomebodysCouple", model=["4", 0], negative=["7", 0], region=["32", 0])
    document |= {"33": couple}
    document["3"]["inputs"] |= {"model": ["33", 0], "positive": ["33", 1], "negative": ["33", 2]}
    found = {one.feeds[0]: one for one in read(document, known).parameters}
    assert found["7", "text"].name == "negative"
    texts = [found["30", "base_prompt_text"]]
    texts += [found[node_id, "prompt_text"] for node_id in ("31", "32")]
    assert {one.rank for one in texts} == {Rank.MAIN}
    assert "prompt" in {one.name for one in texts}


def test_the_same_prompt_of_two_encoders_of_a_pack_is_one():
    text = ["STRING", {"multiline": True}]
    known = engine(
        SomebodysEncoder=kind(["EMBEDS"], positive_prompt=text),
        SomebodysSampler=kind(["IMAGE"], embeds=["EMBEDS"], seed=["INT", {}], steps=["INT", {}]),
        SomebodysJoiner=kind(["IMAGE"], one=["IMAGE"], other=["IMAGE"]),
    )
    document = {
        "1": of("SomebodysEncoder", positive_prompt="a fox runs"),
        "2": of("SomebodysEncoder", positive_prompt="a fox runs"),
        "3": of("SomebodysSampler", embeds=["1", 0], seed=1, steps=8),
        "4": of("SomebodysSampler", embeds=["2", 0], seed=2, steps=8),
        "5": of("SomebodysJoiner", one=["3", 0], other=["4", 0]),
        "6": of("SaveImage", images=["5", 0], filename_prefix="x"),
    }
    found = parameter(read(document, known), "prompt")
    assert found.feeds == (("1", "positive_prompt"), ("2", "positive_prompt"))
