"""What is drawn, chosen or sampled in stages beside the settings that every sampler has."""

from typing import Any

import pytest

from imagine.importing.conversion import Shared
from imagine.importing.parameters import Rank, infer
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of

ROULETTE = kind(["MODEL"], model=["MODEL"], seed=["INT", {"min": 0}], least=["INT", {}])


def drawing(count: int, **more: Any) -> dict[str, Any]:
    """Return a graph whose model goes through so many nodes that draw something of it."""
    document = edited("sd15_api")
    before = ["4", 0]
    for node_id in map(str, range(20, 20 + count)):
        document[node_id] = of("SomebodysRoulette", model=before, seed=1, least=2, **more)
        before = [node_id, 0]
    document["3"]["inputs"]["model"] = before
    return document


@pytest.mark.parametrize(("count", "rank"), [(1, Rank.MAIN), (3, Rank.MAIN), (4, Rank.MORE)])
def test_a_few_seeds_by_which_something_is_drawn_are_in_front(count: int, rank: Rank):
    flow = read(drawing(count), engine(SomebodysRoulette=ROULETTE))
    assert parameter(flow, "seed").feeds == (("3", "seed"),)
    seeds = [at(flow, str(20 + number), "seed") for number in range(count)]
    assert {one.rank for one in seeds} == {rank}
    assert seeds[0].name == "somebodys_roulette_seed"


def test_the_seed_of_what_samples_in_ways_of_its_own_stays_behind():
    flow = read(drawing(1, steps=3), engine(SomebodysRoulette=ROULETTE))
    assert parameter(flow, "seed").feeds == (("3", "seed"),)
    sampling = kind(["MODEL"], model=["MODEL"], seed=["INT", {}], cfg=["FLOAT", {}])
    flow = read(drawing(1, cfg=3.0), engine(SomebodysRoulette=sampling))
    assert at(flow, "20", "seed").rank is Rank.MORE


def staged(*names: str, **more: Any) -> dict[str, Any]:
    document = edited("sd15_api")
    inputs = document["3"]["inputs"]
    steps, cfg = inputs.pop("steps"), inputs.pop("cfg")
    numbers = {name: steps if name.endswith("steps") else cfg for name in names}
    document["3"] = of("SomebodysStager", **inputs, **numbers, **more)
    return document


def test_a_sampler_with_settings_for_each_stage_shows_the_steps_and_the_strength_of_each():
    flow = read(staged("quick_steps", "base_steps", "base_cfg", switch_step=4))
    for name in ("quick_steps", "base_steps", "base_cfg"):
        found = parameter(flow, name)
        assert (found.feeds, found.rank) == ((("3", name),), Rank.MAIN)
    assert at(flow, "3", "switch_step").rank is Rank.MORE


def test_where_it_has_steps_of_the_whole_the_others_stay_behind():
    flow = read(staged("steps", "cfg", "warmup_steps"))
    assert parameter(flow, "steps").feeds == (("3", "steps"),)
    assert at(flow, "3", "warmup_steps").rank is Rank.MORE


@pytest.mark.parametrize(
    ("listed", "rank"), [("an owl.wav", Rank.MAIN), ("AN OWL.MP3", Rank.MAIN), ("soft", Rank.MORE)]
)
def test_a_recording_that_is_chosen_from_a_list_is_in_front(listed: str, rank: Rank):
    many = {f"tone_{letter}": 1.0 for letter in "abcdefghijklm"}  # too much to show it all
    speaker = kind(
        ["AUDIO"],
        text=["STRING", {"multiline": True}],
        voice=[["a fox.wav", listed], {}],
        **{name: ["FLOAT", {}] for name in many},
    )
    document = {
        "1": of("SomebodysSpeaker", text="a fox speaks", voice=listed, **many),
        "2": of("SaveAudio", audio=["1", 0], filename_prefix="x"),
    }
    known = engine(SomebodysSpeaker={**speaker, "python_module": "custom_nodes.x"})
    found = at(read(document, known), "1", "voice")
    assert (found.type, found.choices) == ("choice", ("a fox.wav", listed))
    assert found.rank is rank


def test_a_list_of_loras_that_is_typed_is_a_text_and_no_lora():
    document = edited("sd15_api")
    lists = "ink.safetensors ; ink ; 0.6\nfox.safetensors ; fox ; 0.8"
    document["20"] = of("SomebodysLister", model=["4", 0], lora_list=lists)
    document["3"]["inputs"]["model"] = ["20", 0]
    found = at(read(document), "20", "lora_list")
    assert (found.name, found.type) == ("lora_list", "text")


@pytest.mark.parametrize(("control", "left"), [("randomize", {"seed"}), ("fixed", set[str]())])
def test_of_two_seeds_of_a_node_each_has_the_control_behind_it(control: str, left: set[str]):
    document = edited("sd15_default")
    known = engine(
        SomebodysRoulette=kind(
            ["MODEL"],
            model=["MODEL"],
            word_seed=["INT", {"control_after_generate": True}],
            seed=["INT", {"control_after_generate": True}],
        )
    )
    named = {
        "word_seed": 0,
        "control_after_generate": "fixed",
        "seed": 1,
        "control_after_generate#1": control,
    }
    [sampler] = (one for one in document["nodes"] if one["type"] == "KSampler")
    [slot] = (one for one in sampler["inputs"] if one["name"] == "model")
    [link] = (one for one in document["links"] if one[0] == slot["link"])
    document["nodes"].append(
        {
            "id": 90,
            "type": "SomebodysRoulette",
            "mode": 0,
            "inputs": [{"name": "model", "type": "MODEL", "link": 900}],
            "outputs": [{"name": "MODEL", "type": "MODEL", "links": [link[0]]}],
            "widgets_values": [0, "fixed", 1, control],
            "widgets_values_named": named,
        }
    )
    document["links"].append([900, link[1], link[2], 90, 0, "MODEL"])
    link[1], link[2] = 90, 0
    chance = read(document, known).left_to_chance
    assert {name for node_id, name in chance if node_id == "90"} == left


def test_words_that_are_joined_one_behind_another_stay_in_their_order():
    document = edited("sd15_api")
    for node_id, text in {"20": "a kitchen", "21": "of steel", "22": "in blue"}.items():
        document[node_id] = of("CLIPTextEncode", text=text, clip=["4", 1])
    joined = {"conditioning_to": ["20", 0], "conditioning_from": ["21", 0]}
    document["23"] = of("ConditioningConcat", **joined)
    joined = {"conditioning_to": ["23", 0], "conditioning_from": ["22", 0]}
    document["24"] = of("ConditioningConcat", **joined)
    document["3"]["inputs"]["positive"] = ["24", 0]
    flow = read(document)
    prompts = [one for one in flow.parameters if one.name.startswith("prompt")]
    assert [one.default for one in prompts] == ["a kitchen", "of steel", "in blue"]


@pytest.mark.parametrize("text", ["[none]", "a fox"])
def test_what_a_pack_writes_for_no_text_is_no_prompt(text: str):
    document = edited("sd15_api")
    document["4"] = of("SomebodysLoader", ckpt_name="a.safetensors", prompt=text)
    found = at(read(document), "4", "prompt")
    assert found.rank is (Rank.MORE if text == "[none]" else Rank.MAIN)


def test_what_a_node_would_need_something_else_for_stays_behind():
    mover = kind(
        ["IMAGE"], image=["IMAGE"], feature_threshold=["FLOAT", {}], strength=["FLOAT", {}]
    )
    mover["input"]["optional"] = {"feature": ["FEATURE", {}]}
    document = {
        "1": of("LoadImage", image="a.png"),
        "2": of("SomebodysMover", image=["1", 0], feature_threshold=0.5, strength=1.0),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    known = engine(SomebodysMover={**mover, "python_module": "custom_nodes.x"})
    assert at(read(document, known), "2", "feature_threshold").rank is Rank.MORE
    assert at(read(document, known), "2", "strength").rank is Rank.MAIN
    document["4"] = of("SomebodysFeature")
    document["2"]["inputs"]["feature"] = ["4", 0]
    known = engine(
        SomebodysMover={**mover, "python_module": "custom_nodes.x"},
        SomebodysFeature=kind(["FEATURE"]),
    )
    assert at(read(document, known), "2", "feature_threshold").rank is Rank.MAIN


LOOKS = [f"look {number}" for number in range(8)]


def styled(outputs: list[str], looks: list[str], **more: Any) -> Imported:
    """Return a graph whose prompt a node writes from lists, and from a text that is typed."""
    document = edited("sd15_api")
    inputs = {"words": "a fox in the snow at night", "look": looks[0], "place": "sea", "age": 30}
    inputs |= {"batch_mode": "one", **dict.fromkeys(more, 1.0)}
    writer = kind(
        outputs,
        words=["STRING", {"multiline": True}],
        look=[looks, {}],
        place=[["sea", "hill"], {}],
        age=["INT", {}],
        batch_mode=[["one", "all"], {}],
        **more,
    )
    document["20"] = of("SomebodysWriter", **inputs)
    document["6"]["inputs"]["text"] = ["20", 0]
    return read(document, engine(SomebodysWriter={**writer, "python_module": "nodes"}))


def test_what_a_prompt_is_chosen_by_is_in_front():
    flow = styled(["STRING", "INT"], LOOKS)
    ranks = {name: at(flow, "20", name).rank for name in ("look", "place", "age", "batch_mode")}
    assert ranks == {
        "look": Rank.MAIN,
        "place": Rank.MAIN,
        "age": Rank.MAIN,
        "batch_mode": Rank.MORE,
    }


@pytest.mark.parametrize(
    ("outputs", "looks", "more"),
    [
        (["STRING"], LOOKS[:7], {}),
        (["STRING", "IMAGE"], LOOKS, {}),
        (["STRING"], LOOKS, {"temperature": ["FLOAT", {}]}),
        (["STRING"], LOOKS, {"max_tokens": ["FLOAT", {}]}),
    ],
)
def test_how_texts_are_joined_or_a_model_writes_them_stays_behind(
    outputs: list[str], looks: list[str], more: dict[str, Any]
):
    flow = styled(outputs, looks, **more)
    assert {at(flow, "20", name).rank for name in ("look", "place", "age")} == {Rank.MORE}


@pytest.mark.parametrize(
    ("class_type", "rank"),
    [("ImagePadForOutpaint", Rank.MAIN), ("SomebodysExtender", Rank.MAIN), ("Crop", Rank.MORE)],
)
def test_by_how_much_a_picture_is_extended_is_in_front(class_type: str, rank: Rank):
    document = edited("sd15_api")
    sides = {"left": 0, "top": 0, "right": 256, "bottom": 0}
    document["20"] = of("LoadImage", image="a.png")
    document["21"] = of(class_type, image=["20", 0], **sides, feathering=40)
    document["22"] = of("VAEEncode", pixels=["21", 0], vae=["4", 2])
    document["3"]["inputs"]["latent_image"] = ["22", 0]
    flow = read(document)
    assert {at(flow, "21", side).rank for side in sides} == {rank}
    assert at(flow, "21", "feathering").rank is Rank.MORE


@pytest.mark.parametrize(("class_type", "rank"), [("AudioCrop", Rank.MAIN), ("Odd", Rank.MORE)])
def test_the_part_of_a_sound_that_is_taken_is_in_front(class_type: str, rank: Rank):
    document = edited("sd15_api")
    document["20"] = of("LoadAudio", audio="a.wav")
    document["21"] = of(class_type, audio=["20", 0], start_time="0:00", end_time="0:10", mode="x")
    document["22"] = of("SomebodysSinger", model=["4", 0], audio=["21", 0])
    document["3"]["inputs"]["model"] = ["22", 0]
    flow = read(document)
    assert {at(flow, "21", name).rank for name in ("start_time", "end_time")} == {rank}
    assert at(flow, "21", "mode").rank is Rank.MORE


@pytest.mark.parametrize("order", [("2", "3"), ("3", "2")])
def test_a_seed_that_also_goes_to_what_draws_nothing_stays_a_seed(order: tuple[str, str]):
    document = edited("sd15_api")
    inputs = {n: v for n, v in document["3"]["inputs"].items() if n not in ("seed", "denoise")}
    for node_id, noise in {"3": "enable", "2": "disable"}.items():
        steps = {"add_noise": noise, "noise_seed": 5, "start_at_step": 0, "end_at_step": 20}
        document[node_id] = of("KSamplerAdvanced", **inputs, **steps)
    document["2"]["inputs"]["latent_image"] = ["3", 0]
    document["8"]["inputs"]["samples"] = ["2", 0]
    feeds = tuple((node_id, "noise_seed") for node_id in order)
    found = infer(document, None, shared=[Shared("Seed", feeds, is_chosen=False)])
    [seed] = (one for one in found if set(one.feeds) == set(feeds))
    assert (seed.type, seed.rank) == ("seed", Rank.MAIN)
