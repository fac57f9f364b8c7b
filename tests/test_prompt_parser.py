import json
from pathlib import Path
from typing import Any

import pytest

from imagine.errors import Detail, PromptError
from imagine.parameters import PARAMETERS, Group, Parameter, ValueType
from imagine.prompt_parser import (
    MAX_CHARACTERS,
    Prompt,
    Segment,
    TokenKind,
    Vocabulary,
    Weighted,
    inspect,
    parse,
    wire_parameters,
)

CORPUS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "prompts.jsonl")
    .read_text(encoding="utf-8")
    .split("\n")
    if line
]


def problems(text: str) -> tuple[Detail, ...]:
    with pytest.raises(PromptError) as caught:
        parse(text)
    return caught.value.details


def only_problem(text: str) -> Detail:
    (detail,) = problems(text)
    return detail


def kinds(text: str) -> list[tuple[str, TokenKind]]:
    return [(text[token.start : token.end], token.kind) for token in inspect(text).tokens]


def messages(prompt: Prompt) -> list[str]:
    return [note.message for note in prompt.notes]


# -------------------------------------------------------------------------------------- the corpus


@pytest.mark.parametrize("entry", CORPUS, ids=lambda entry: entry["prompt"][:50])
def test_corpus(entry: dict[str, Any]) -> None:
    text = entry["prompt"]
    inspection = inspect(text)
    errors = [
        {
            "parameter": error.parameter,
            "at": text[error.start : error.end],
            "suggestion": error.suggestion,
            "message": error.message,
        }
        for error in inspection.errors
    ]
    assert [{k: v for k, v in error.items() if v is not None} for error in errors] == entry.get(
        "errors", []
    )
    if "errors" in entry:
        return
    assert inspection.count == entry["count"]
    assert [note.message for note in inspection.warnings] == entry.get("notes", [])
    for prompt, job in zip(inspection.prompts, entry["jobs"], strict=True):
        segments = [[segment.text, segment.weight] for segment in prompt.segments]
        assert prompt.text == job["text"]
        assert wire_parameters(prompt) == job["typed"]
        assert prompt.canonical() == job["canonical"]
        assert list(prompt.images) == job.get("images", [])
        assert segments == job.get("segments", [[job["text"], 1]])


def test_the_corpus_is_large() -> None:
    assert len({entry["prompt"] for entry in CORPUS}) >= 400
    assert sum("errors" in entry for entry in CORPUS) >= 150


# ------------------------------------------------------------------------------------------- order


def test_the_first_prompt_of_the_handbook() -> None:
    prompt = parse("a red fox in the snow --ar 16:9 --seed 42")
    assert prompt.text == "a red fox in the snow"
    assert prompt.segments == (Segment("a red fox in the snow", 1.0),)
    assert prompt.parameters == {"aspect": "16:9", "seed": 42}
    assert prompt.notes == ()
    assert prompt.source == "a red fox in the snow --ar 16:9 --seed 42"


def test_phrases_of_no_stay_whole_and_leak_nothing() -> None:
    prompt = parse("a greenhouse --no semi-transparent glass, fog --ar 3:2")
    assert prompt.parameters["no"] == ("semi-transparent glass", "fog")
    assert prompt.text == "a greenhouse"


@pytest.mark.parametrize(
    "text",
    ["a --ar 16:9", "a --aspect 16:9", "a --AR=16:9", "a —ar 16:9", "a –-ar 16:9", "a -–ar 16:9",
     "a –ar 16:9", "a\n--ar\n16:9", "a\u200b--ar 16:9", "a::1--ar 16:9", "a --ar 016:9"],
)  # fmt: skip
def test_ways_to_write_a_flag(text: str) -> None:
    assert parse(text) == parse("a --ar 16:9")


@pytest.mark.parametrize(
    "text",
    ["liquid--pink dress", "poppies--ar 2:3", "a – b", "a — b", "a -- b", "a --", "a -ar 2:3",
     "a ---ar 2:3", "a --3d", "a-–ar 2:3", "C:\\foxes", 'say "--hello"', "a -b", "a −b"],
)  # fmt: skip
def test_dashes_that_stay_words(text: str) -> None:
    prompt = parse(text)
    assert prompt.text == text
    assert prompt.parameters == {}


def test_words_that_look_like_a_flag_get_a_note() -> None:
    assert messages(parse("poppies--ar 2:3")) == [
        "“--ar” was read as words. For the flag, write --ar after a space."
    ]
    assert messages(parse("liquid--pink, vitamin -c")) == []


def test_text_after_a_value_is_an_error_with_its_span() -> None:
    text = "a fox --ar 16:9 in the snow --tile"
    detail = only_problem(text)
    assert text[detail.start : detail.end] == "in the snow"
    assert detail.message == "Text must stand before the flags. Move “in the snow” to the front."


def test_an_option_of_quotes_hides_nothing() -> None:
    assert parse('a "quiet --ar 16:9').parameters == {"aspect": "16:9"}


# ------------------------------------------------------------------------------------------ values


def test_the_error_of_the_design_page() -> None:
    detail = only_problem("a red fox --ar 16:0")
    assert detail == Detail(
        parameter="ar",
        value="16:0",
        allowed="W:H, 1–10000",
        start=10,
        end=19,
        suggestion="16:9",
        message="--ar takes whole numbers, such as 16:9.",
    )


def test_positions_count_code_points() -> None:
    detail = only_problem("🦊 👩‍🚀 --ar 16:0")
    assert (detail.start, detail.end) == (6, 15)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("1.39:1", "139:100"), ("16x9", "16:9"), ("16/9", "16:9"), ("3:2,", "3:2"),
     ("2.35:1", "235:100"), ("1:0", "1:1"), ("0:9", "16:9"),
     ("wide", "16:9"), ("10001:1", "16:9"), ("16：9", "16:9")],
)  # fmt: skip
def test_shapes_that_cannot_be_come_with_one_that_can(typed: str, meant: str) -> None:
    detail = only_problem(f"a fox --ar {typed}")
    assert detail.value == typed
    assert detail.suggestion == meant


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a --styilze 5", "There is no --styilze. Did you mean --stylize?"),
        ("a --ar16:9", "There is no --ar16:9. Did you mean --ar 16:9?"),
        ("a --tile2", "There is no --tile2. Did you mean --tile?"),
        ("a --v99", "There is no --v99. Did you mean --v?"),
        ("a --q", "--q needs a value, such as 2."),
        ("a --seed -1", "Leave --seed out, and a new one is drawn."),
        ("a --c 101", "--c takes whole numbers from 0 to 100."),
        ("a --motion medium", "--motion takes low or high."),
        ("a --v 9", "--v takes 1, 2, 3, 4, 5, 5.1, 5.2, 6, 6.1, 7, 8, 8.1 or 8.2."),
        ("a --v 7 --niji 6", "--v and --niji do not go together. Keep one of them."),
        ("a --ar 3:2, --tile", "Take out the “,” after --ar 3:2."),
        ("a --sref fox", "--sref takes links, style codes from 0 to 4294967295, or random."),
        ("a --sref 1::-2", "--sref takes weights from 0 to 1000000."),
        ("a https://b.example/c.png", "Links stand at the front, or after a flag such as --sref."),
        ("a::-1", "The weights of all parts must add up to more than 0."),
        ("a::2000000", ":: takes numbers from -1000000 to 1000000."),
        ("a {b", "This { is not closed. For a brace in the text, write \\{."),
        ("a \x00", "The character U+0000 cannot be kept. Delete it."),
        ("a \ud800", "The character U+D800 cannot be kept. Delete it."),
        ("a —tall tower", "There is no --tall. For words, put a space after the dash."),
        ("a --profile warm! --p", "--profile takes ids made of letters and digits."),
        ("a --end there", "--end takes a link or loop."),
        ("a --lora :2", "--lora takes a name, such as detail:0.8."),
    ],
)
def test_what_is_said(text: str, message: str) -> None:
    assert only_problem(text).message == message


def test_every_problem_is_told_in_the_order_of_the_prompt() -> None:
    text = "a fox --ar 0:1 --styilze 3 --seed x --c 500 tail"
    found = [text[detail.start : detail.end] for detail in problems(text)]
    assert found == ["--ar 0:1", "--styilze", "--seed x", "--c 500", "tail"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty_prompt"), ("a --ar 0:1", "invalid_parameter"), ("a {b", "invalid_prompt")],
)
def test_errors_have_codes(text: str, code: str) -> None:
    with pytest.raises(PromptError) as caught:
        parse(text)
    assert caught.value.error_code == code
    assert caught.value.status == 422


@pytest.mark.parametrize("text", ["", "  \n ", "--tile", "::", "https://a.example/b.png --ar 1:1"])
def test_a_prompt_without_words_is_empty(text: str) -> None:
    (detail,) = problems(text)
    assert (detail.message or "").startswith("Empty prompt.")


def test_two_pictures_need_no_words() -> None:
    assert parse("https://a.example/1 https://a.example/2").images == (
        "https://a.example/1",
        "https://a.example/2",
    )
    assert parse("--ar 3:2", uploads=2).text == ""
    assert parse("https://a.example/1", uploads=1).segments == (Segment("", 1.0),)


def test_length_is_counted_as_typed() -> None:
    assert len(parse("🦊" * MAX_CHARACTERS).text) == MAX_CHARACTERS
    detail = only_problem("🦊" * (MAX_CHARACTERS + 1))
    assert detail.message == "A prompt has at most 6,000 characters, and this one has 6,001."
    assert (detail.start, detail.end) == (6000, 6001)


def test_known_flags_of_other_versions_are_never_errors() -> None:
    for row in PARAMETERS:
        if row.name in ("workflow", "character"):  # they name what a server has
            continue
        value = "" if row.type is ValueType.FLAG else row.example
        for version in ("", " --v 3", " --v 8.2"):
            if row.rivals != "midjourney":
                assert parse(f"a fox{version} --{row.flags[-1]} {value}").parameters[row.name]


def test_flags_of_old_models_get_a_note() -> None:
    assert messages(parse("a --uplight --width 512")) == [
        "--uplight was left out: it belongs to Midjourney 1–4.",
        "--width was left out: it belongs to Midjourney 1–2. Use --size.",
    ]


@pytest.mark.parametrize(
    ("typed", "version", "used"),
    [
        (".5", "6", 0.5),
        ("3", "7", 4),
        (".25", "7", 1),
        ("4", "6.1", 2),
        ("3", "8.2", 4),
        ("9", "5", 2),
    ],
)
def test_quality_goes_to_the_nearest_step_of_its_version(
    typed: str, version: str, used: float
) -> None:
    prompt = parse(f"a --q {typed} --v {version}")
    assert prompt.parameters["quality"] == used
    assert len(prompt.notes) == (float(typed) != used)


def test_sizes_go_in_steps_of_eight() -> None:
    prompt = parse("a --size 1001x770")
    assert prompt.parameters["size"] == "1000x768"
    assert messages(prompt) == ["--size 1001x770 became 1000x768: both sides go in steps of 8."]


# -------------------------------------------------------------------------------------- duplicates


def test_the_first_value_counts_and_a_different_one_is_noted() -> None:
    prompt = parse("a --seed 1 --seed 1 --ar 3:2 --seed 2")
    assert prompt.parameters["seed"] == 1
    assert messages(prompt) == ["--seed 2 was left out: --seed 1 came first."]


def test_lists_add_up() -> None:
    prompt = parse("a --sref 1 --no fog --sref 2::3 --no rain, hail --lora x --lora y:.5")
    assert prompt.parameters["sref"] == (Weighted("1"), Weighted("2", 3.0))
    assert prompt.parameters["no"] == ("fog", "rain", "hail")
    assert prompt.parameters["lora"] == (Weighted("x"), Weighted("y", 0.5))


def test_of_speeds_the_first_counts() -> None:
    prompt = parse("a --relax --fast")
    assert prompt.parameters == {"relax": True}
    assert messages(prompt) == ["--fast was left out: --relax came first."]


def test_style_raw_is_raw() -> None:
    prompt = parse("a --style raw")
    assert prompt.parameters == {"style": "raw", "raw": True}
    assert prompt.canonical() == "a --style raw"
    assert prompt.with_parameters(style=None).canonical() == "a"


# ------------------------------------------------------------------------------------------- parts


def test_weights_split_the_text() -> None:
    prompt = parse("hot ::2 dog::-.5 mustard")
    assert prompt.segments == (Segment("hot", 2.0), Segment("dog", -0.5), Segment("mustard", 1.0))
    assert prompt.text == "hot::2 dog::-0.5 mustard"


def test_empty_parts_are_left_out_with_a_note() -> None:
    prompt = parse(":: ::2 fox::3")
    assert prompt.segments == (Segment("fox", 3.0),)
    assert messages(prompt) == [
        ":: was left out: there are no words before it.",
        "::2 was left out: there are no words before it.",
    ]


def test_a_number_after_a_space_is_a_word() -> None:
    prompt = parse("cats:: 2 dogs")
    assert prompt.segments == (Segment("cats"), Segment("2 dogs"))
    assert messages(prompt) == ["“:: 2” was read as words. For a weight, write ::2."]
    assert parse(prompt.canonical()) == prompt
    assert parse(prompt.canonical()).notes == ()


@pytest.mark.parametrize("text", ["a::1.5x b", "a::3d b", "a::b"])
def test_a_number_that_runs_into_a_word_is_no_weight(text: str) -> None:
    assert parse(text).segments[0] == Segment("a", 1.0)


# ------------------------------------------------------------------------------------- normal form


def test_canonical_has_one_order_and_one_spelling() -> None:
    prompt = parse(
        "<https://a.example/1>  a  fox --seed 7 —c 5 --p --V 6.0 --lora x y:.50 --ar=03:2"
    )
    assert prompt.canonical() == (
        "https://a.example/1 a fox --ar 3:2 --chaos 5 --seed 7 --profile default --v 6"
        " --lora x y:0.5"
    )


def test_equal_prompts_may_be_typed_differently() -> None:
    assert parse("a fox --s 5 --c 2") == parse("a   fox --chaos 2 --stylize=5 --stylize 5")


def test_with_parameters_changes_removes_and_keeps_the_order() -> None:
    prompt = parse("a fox --seed 7 --v 7")
    changed = prompt.with_parameters(aspect="3:2", version=None, sref=(Weighted("5", 2.0),))
    assert changed.canonical() == "a fox --ar 3:2 --seed 7 --sref 5::2"
    assert parse(changed.canonical()) == changed
    assert prompt.canonical() == "a fox --seed 7 --v 7"


def test_with_parameters_knows_its_names() -> None:
    with pytest.raises(ValueError, match="ar"):
        parse("a fox").with_parameters(ar="3:2")


def test_parameters_cannot_be_changed_in_place() -> None:
    with pytest.raises(TypeError):
        parse("a fox --ar 3:2").parameters["aspect"] = "1:1"  # type: ignore[index]


def test_wire_parameters_are_json() -> None:
    prompt = parse("a --no fog, rain --sref 5::2 --iw 1.5 --tile --repeat 3")
    assert json.loads(json.dumps(wire_parameters(prompt))) == {
        "no": ["fog", "rain"],
        "tile": True,
        "repeat": 3,
        "iw": 1.5,
        "sref": [{"value": "5", "weight": 2.0}],
    }


# ------------------------------------------------------------------------------------------ tokens


def test_tokens_say_what_everything_is() -> None:
    text = "https://a.example/1 {red, blue} fox::2 tail --c 25 --hq --styilze 3 --ar 0:1"
    assert kinds(text) == [
        ("https://a.example/1", TokenKind.IMAGE),
        ("{", TokenKind.GROUP),
        ("red", TokenKind.TEXT),
        (",", TokenKind.GROUP),
        ("blue", TokenKind.TEXT),
        ("}", TokenKind.GROUP),
        ("fox", TokenKind.TEXT),
        ("::2", TokenKind.WEIGHT),
        ("tail", TokenKind.TEXT),
        ("--c", TokenKind.FLAG),
        ("25", TokenKind.VALUE),
        ("--hq", TokenKind.NOTE),
        ("--styilze", TokenKind.ERROR),
        ("3", TokenKind.VALUE),
        ("--ar", TokenKind.FLAG),
        ("0:1", TokenKind.ERROR),
    ]


def test_tokens_explain() -> None:
    meanings = [token.meaning for token in inspect("a fox --c 25").tokens]
    assert meanings == [
        "What to draw",
        "--chaos: how different the pictures are",
        "--chaos: how different the pictures are (0–100)",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a fox --", [("a fox --", TokenKind.TEXT)]),
        ("a fox --s", [("a fox", TokenKind.TEXT), ("--s", TokenKind.ERROR)]),
        ("a fox --sty", [("a fox", TokenKind.TEXT), ("--sty", TokenKind.ERROR)]),
        ("a {red, b", [("a", TokenKind.TEXT), ("{", TokenKind.ERROR), ("red", TokenKind.TEXT),
                       (",", TokenKind.GROUP), ("b", TokenKind.TEXT)]),
    ],
)  # fmt: skip
def test_a_half_typed_prompt_has_colours(text: str, expected: list[tuple[str, TokenKind]]) -> None:
    assert kinds(text) == expected


def test_inspection_tells_errors_in_place_of_raising() -> None:
    inspection = inspect("a fox --ar {16:9, 1:0}")
    assert inspection.prompt is None
    assert inspection.count == 2
    assert [error.value for error in inspection.errors] == ["1:0"]


# -------------------------------------------------------------------------------------- vocabulary


def test_a_workflow_may_add_flags() -> None:
    strength = Parameter(
        "ink", ("ink",), ValueType.INT, "How much ink", Group.ENGINE, "5", min=0, max=9, ours=True
    )
    vocabulary = Vocabulary(parameters=(*PARAMETERS, strength))
    prompt = parse("a fox --ink 7 --ar 3:2", vocabulary)
    assert prompt.parameters == {"aspect": "3:2", "ink": 7}
    assert prompt.canonical() == "a fox --ar 3:2 --ink 7"
    assert only_problem("a fox --ink 7").message == "There is no --ink."


def test_two_parameters_cannot_share_a_flag() -> None:
    with pytest.raises(ValueError, match="share"):
        Vocabulary(parameters=(*PARAMETERS, PARAMETERS[0]))
