from collections.abc import Mapping
from typing import Any

import pytest

from imagine.errors import Detail, PromptError
from imagine.prompt_parser import (
    Prompt,
    Value,
    Vocabulary,
    Weighted,
    apply_options,
    expand,
    inspect,
    parse,
)

VOCABULARY = Vocabulary()


def applied(text: str, options: Mapping[str, Any]) -> Prompt:
    return apply_options(parse(text), options, VOCABULARY)


def problem(options: Mapping[str, Any]) -> Detail:
    with pytest.raises(PromptError) as caught:
        applied("a fox", options)
    (detail,) = caught.value.details
    return detail


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"aspect": "16:9"}, "aspect", "16:9"),
        ({"ar": "16:9"}, "aspect", "16:9"),
        ({"aspectRatio": "16:9"}, "aspect", "16:9"),
        (
            {"negative_prompt": "fog, semi-transparent glass"},
            "no",
            ("fog", "semi-transparent glass"),
        ),
        ({"negativePrompt": "fog"}, "no", ("fog",)),
        ({"no": ["fog, rain", "hail"]}, "no", ("fog, rain", "hail")),
        ({"width": 1000, "height": 777}, "size", "1000x776"),
        ({"size": "512X512"}, "size", "512x512"),
        ({"sampler_name": "euler"}, "sampler", "euler"),
        ({"batch_size": 2}, "batch", 2),
        ({"batch-mode": "together"}, "batch_mode", "together"),
        ({"cfg_scale": 7}, "cfg", 7.0),
        ({"cfgScale": 7.5}, "cfg", 7.5),
        ({"steps": 30.0}, "steps", 30),
        ({"version": 6.1}, "version", "6.1"),
        ({"v": "7.0"}, "version", "7"),
        ({"tile": True}, "tile", True),
        ({"quality": 3}, "quality", 4.0),
        ({"style": "raw"}, "raw", True),
        ({"stylize": 5000, "v": 3}, "stylize", 5000),
        ({"model": "sd xl  base"}, "model", "sd xl base"),
        ({"model": "foxes {v2}"}, "model", "foxes {v2}"),
        ({"sref": "5::2 random"}, "sref", (Weighted("5", 2.0), Weighted("random"))),
        ({"sref": 5}, "sref", (Weighted("5"),)),
        ({"sref": [{"value": "5", "weight": 2}, 6]}, "sref", (Weighted("5", 2.0), Weighted("6"))),
        ({"lora": "detail tweaker:0.8"}, "lora", (Weighted("detail tweaker", 0.8),)),
        ({"loras": [{"value": "ink:1", "weight": 0.5}]}, "lora", (Weighted("ink:1", 0.5),)),
    ],
)
def test_an_option_is_the_parameter(options: Mapping[str, Any], name: str, value: Value) -> None:
    prompt = applied("a fox", options)
    assert prompt.parameters[name] == value
    assert parse(prompt.canonical()) == prompt


@pytest.mark.parametrize(
    "options",
    [{}, {"seed": -1}, {"seed": None}, {"tile": False}, {"no": ""}, {"negative_prompt": []},
     {"width": None, "height": None}, {"sref": []}, {"whatever": None}],
)  # fmt: skip
def test_nothing_chosen_changes_nothing(options: Mapping[str, Any]) -> None:
    assert applied("a fox --ar 3:2", options) == parse("a fox --ar 3:2")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": True}, "steps takes whole numbers from 1 to 150."),
        ({"steps": "25"}, "steps takes whole numbers from 1 to 150."),
        ({"steps": 25.5}, "steps takes whole numbers from 1 to 150."),
        ({"steps": 151}, "steps takes whole numbers from 1 to 150."),
        ({"cfg": float("nan")}, "cfg takes numbers from 0 to 30."),
        ({"cfg_scale": float("inf")}, "cfg_scale takes numbers from 0 to 30."),
        ({"seed": 2**32}, "seed takes whole numbers from 0 to 4294967295."),
        ({"seed": 10**400}, "seed takes whole numbers from 0 to 4294967295."),
        ({"tile": 1}, "tile takes true or false."),
        ({"ar": "1:0"}, "ar takes whole numbers, such as 1:1."),
        ({"ar": 1.5}, "ar takes whole numbers, such as 16:9."),
        ({"no": [1]}, "no takes a text or a list of texts."),
        ({"no": "a --ar 3:2"}, "no takes plain words, without flags in them."),
        ({"no": "https://a.example/1"}, "no takes plain words, without links in them."),
        ({"model": ""}, "model takes a name, up to the next flag."),
        ({"model": "a\x00b"}, "model takes plain words, without flags in them."),
        ({"sampler": "DPM++ 2M"}, "sampler takes one name without spaces."),
        ({"lora": [{"name": "x"}]},
         "lora takes a list of texts, or of objects with value and weight."),
        ({"oref": ["https://a.example/1", "https://a.example/2"]}, "oref takes one link."),
        ({"width": 512}, "width needs height beside it."),
        ({"width": 512, "height": 32}, "height takes whole numbers from 64 to 8192."),
        ({"stepz": 5}, "There is no option stepz. Did you mean steps?"),
        ({"x": 5}, "There is no option x."),
        ({"v": "7", "niji": "6"}, "version and niji do not go together. Keep one of them."),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_is_named(options: Mapping[str, Any], message: str) -> None:
    detail = problem(options)
    assert detail.message == message
    assert detail.parameter is not None
    assert message.startswith((detail.parameter, "There is no option", "version"))
    assert (detail.start, detail.end) == (None, None)


def test_every_wrong_option_is_told() -> None:
    with pytest.raises(PromptError) as caught:
        applied("a fox", {"steps": 0, "cfg": 5, "seed": "x"})
    assert [detail.parameter for detail in caught.value.details] == ["steps", "seed"]


def test_a_flag_beats_the_same_option() -> None:
    prompt = applied("a fox --s 250 --no fog --seed 7", {"stylize": 50, "seed": 8, "chaos": 3})
    assert prompt.canonical() == "a fox --chaos 3 --stylize 250 --no fog --seed 7"
    assert [note.message for note in prompt.notes] == [
        "The option stylize was left out: --stylize in the prompt comes first.",
        "The option seed was left out: --seed in the prompt comes first.",
    ]


def test_the_same_value_twice_needs_no_note() -> None:
    assert (
        applied("a fox --q 3 --s 5", {"quality": 3, "stylize": 5}).notes == parse("a --q 3").notes
    )


def test_lists_add_up() -> None:
    prompt = applied("a fox --no fog --lora x", {"negative_prompt": "rain, fog", "lora": ["y:2"]})
    assert prompt.parameters["no"] == ("fog", "rain")
    assert prompt.parameters["lora"] == (Weighted("x"), Weighted("y", 2.0))


def test_a_typed_shape_beats_a_size() -> None:
    prompt = applied("a fox --ar 3:2", {"width": 512, "height": 512})
    assert prompt.parameters == {"aspect": "3:2"}
    assert applied("a fox --niji 6", {"version": 7}).parameters == {"niji": "6"}


def test_of_two_names_for_one_option_the_first_counts() -> None:
    prompt = applied("a fox", {"cfg": 5, "cfg_scale": 6, "hd": True, "sd": True})
    assert prompt.canonical() == "a fox --hd --cfg 5"
    assert [note.message for note in prompt.notes] == [
        "The option cfg_scale was left out: cfg came first.",
        "The option sd was left out: hd came first.",
    ]


def test_an_option_replaces_what_chance_gave() -> None:
    (job,) = expand("a fox", VOCABULARY, lambda: 5)
    assert apply_options(job, {"seed": 9}, VOCABULARY).parameters["seed"] == 9
    assert apply_options(job, {"seed": -1}, VOCABULARY).parameters["seed"] == 5


def test_inspection_tells_wrong_options_beside_wrong_flags() -> None:
    errors = inspect("a fox --ar 1:0", VOCABULARY, {"steps": 0}).errors
    assert [error.parameter for error in errors] == ["ar", "steps"]
