"""LoRAs among the words, and the other signs of programs that weigh words."""

import pytest

from imagine.errors import PromptError
from imagine.prompt_parser import Segment, TokenKind, Weighted, inspect, parse, wire_parameters


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a fox <lora:ink:0.8>", "a fox"),
        ("a <lora:ink:0.8> fox", "a fox"),
        ("a<lora:ink:0.8>fox", "a fox"),
        ("a fox<lora:ink:0.8>, snow", "a fox, snow"),
        ("a fox, <lora:ink:0.8>, snow", "a fox, snow"),
        ("<lora:ink:0.8>, a fox", "a fox"),
        ("(a fox <lora:ink:0.8>)", "(a fox)"),
        ("a fox <LORA:ink:.8>", "a fox"),
        ("a fox < lora:ink:0.8>", None),
    ],
)
def test_a_tag_becomes_a_parameter_and_leaves_the_text(text: str, left: str | None) -> None:
    prompt = parse(text)
    assert prompt.text == (left or text)
    assert prompt.parameters.get("lora") == ((Weighted("ink", 0.8),) if left else None)
    assert parse(prompt.canonical()) == prompt


def test_tags_are_written_as_flags_in_the_normal_form() -> None:
    prompt = parse("a <lora:ink> fox <lora:film grain v2.1:-.5> --ar 3:2 <lora:x/y:2> --lora z")
    assert prompt.canonical() == (
        "a fox --ar 3:2 --lora z --lora ink --lora film grain v2.1:-0.5 --lora x/y:2"
    )
    assert wire_parameters(prompt)["lora"][1] == {"value": "ink", "weight": 1.0}


def test_a_second_weight_is_left_out_with_a_note() -> None:
    prompt = parse("a fox <lora:ink:0.8:0.6>")
    assert prompt.parameters["lora"] == (Weighted("ink", 0.8),)
    assert [note.message for note in prompt.notes] == [
        "Of <lora:ink:0.8:0.6> the second weight was left out."
    ]


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("<lora:>", "has no name"),
        ("<lora::0.8>", "has no name"),
        ("<lora: :0.8>", "has no name"),
        ("<lora:ink:>", "has a weight that is no number"),
        ("<lora:ink:strong>", "has a weight that is no number"),
        ("<lora:ink:0.8:x>", "has a weight that is no number"),
        ("<lora:ink:1:1:1>", "has more than a name and a weight"),
        ("<lora:ink:11>", "takes weights from -10 to 10"),
        ("<lora:ink:1:-11>", "takes weights from -10 to 10"),
        ("<lora:ink --ar 3:2>", "has a name that looks like a flag"),
        ("<lora:ink:0.8", "has no > at its end"),
    ],
)
def test_a_tag_that_cannot_be_is_told_with_its_place(tag: str, reason: str) -> None:
    text = f"a {tag} fox"
    with pytest.raises(PromptError) as caught:
        parse(text)
    (detail,) = caught.value.details
    assert detail.message == f"This <lora:…> {reason}."
    assert detail.parameter == "lora"
    assert text[detail.start : detail.end] == tag


def test_a_tag_is_coloured_as_a_value_with_its_comma() -> None:
    text = "a, <lora:ink:0.8>, fox --no <lora:film>"
    tokens = [token for token in inspect(f"{text} b").tokens if "LoRA" in token.meaning]
    assert [(text[token.start : token.end], token.kind) for token in tokens] == [
        ("<lora:ink:0.8>,", TokenKind.VALUE),
        ("<lora:film>", TokenKind.VALUE),
    ]
    assert tokens[0].meaning == "The LoRA ink, 0.8 strong"


def test_a_tag_survives_a_repeat() -> None:
    prompt = parse("a fox --repeat 2 <lora:ink> --ar 3:2")
    assert prompt.canonical() == "a fox --ar 3:2 --repeat 2 --lora ink"


@pytest.mark.parametrize(
    "text",
    ["a (red:1.3) fox", "((red)) fox", "[red] fox", "(a (red:1.1) fox:0.9)", "(red, blue:1.2)",
     "\\(not a weight\\)", "<3 and <hypernet:x:1>", "[red:blue:0.5]"],
)  # fmt: skip
def test_attention_weights_pass_through(text: str) -> None:
    prompt = parse(text)
    assert prompt.text == text
    assert prompt.segments == (Segment(text, 1.0),)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("(cat:1.3)::2 dog", (Segment("(cat:1.3)", 2.0), Segment("dog"))),
        ("((cat)) ::-.5 [dog]::1", (Segment("((cat))", -0.5), Segment("[dog]"))),
        ("(cat:1.3):: (dog:.8)::2", (Segment("(cat:1.3)"), Segment("(dog:.8)", 2.0))),
        ("cat <lora:ink:2>::2 dog", (Segment("cat", 2.0), Segment("dog"))),
    ],
)
def test_attention_weights_stand_beside_the_weights_of_parts(
    text: str, segments: tuple[Segment, ...]
) -> None:
    prompt = parse(text)
    assert prompt.segments == segments
    assert parse(prompt.canonical()) == prompt
