from collections.abc import Callable, Mapping
from typing import Any

import pytest

from imagine.errors import PromptError
from imagine.prompt_parser import Prompt, Vocabulary, Weighted, expand, inspect, parse

VOCABULARY = Vocabulary()


def counter(first: int = 100) -> Callable[[], int]:
    numbers = iter(range(first, first + 1000))
    return lambda: next(numbers)


def jobs(text: str, options: Mapping[str, Any] | None = None) -> list[Prompt]:
    return expand(text, VOCABULARY, counter(), options)


def lines(text: str) -> list[str]:
    return [job.source for job in jobs(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a fox", ["a fox"]),
        ("{a, b}", ["a", "b"]),
        ("{a,b} {c,d}", ["a c", "a d", "b c", "b d"]),
        ("x{a,b}y", ["xay", "xby"]),
        ("a {big {red, blue}, small} box", ["a big red box", "a big blue box", "a small box"]),
        ("{red, pastel \\, yellow} bird", ["red bird", "pastel, yellow bird"]),
        ("a {, red} fox", ["a fox", "a red fox"]),
        ("a {} fox {b}", ["a fox b"]),
        ("a fox --{v 5, niji, test}", ["a fox --v 5", "a fox --niji", "a fox --test"]),
        ("a --v {5.2, 6 {, --style raw}}", ["a --v 5.2", "a --v 6", "a --v 6 --style raw"]),
        ("a --ar {1:1, 16:9}", ["a --ar 1:1", "a --ar 16:9"]),
        ("a --{ar, aspect} 3:2", ["a --ar 3:2", "a --aspect 3:2"]),
        ("cat::{1, 2} dog", ["cat::1 dog", "cat::2 dog"]),
        ("a \\{b, c\\}", ["a \\{b, c\\}"]),
        ("{\\{, \\}} a", ["\\{ a", "\\} a"]),
    ],
)
def test_groups_open(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


def test_an_escaped_brace_is_a_brace_in_the_text() -> None:
    assert parse("a \\{b, c\\}\\, d").text == "a {b, c}, d"


def test_a_link_may_be_an_option() -> None:
    text = "{https://a.example/1, https://a.example/2} a fox"
    assert [job.images for job in jobs(text)] == [
        ("https://a.example/1",),
        ("https://a.example/2",),
    ]


def test_phrases_may_hold_a_comma() -> None:
    (one,) = jobs("a --no b\\, c, d")
    assert one.parameters["no"] == ("b, c", "d")
    rain, fog = jobs("a --no {rain, fog\\, mist}")
    assert rain.parameters["no"] == ("rain",)
    assert fog.parameters["no"] == ("fog", "mist")


def test_each_job_has_a_seed_of_its_own() -> None:
    assert [job.parameters["seed"] for job in jobs("{a,b}")] == [100, 101]
    assert [job.drawn for job in jobs("{a,b}")] == [frozenset({"seed"})] * 2


def test_a_typed_seed_is_shared() -> None:
    assert [job.parameters["seed"] for job in jobs("{a,b} --seed 7")] == [7, 7]
    assert jobs("a --seed 7")[0].drawn == frozenset()


def test_random_styles_are_drawn_for_each_job() -> None:
    first, second = jobs("{a,b} --sref random::2 5 --seed 7")
    assert first.parameters["sref"] == (Weighted("100", 2.0), Weighted("5"))
    assert second.parameters["sref"] == (Weighted("101", 2.0), Weighted("5"))


def test_repeat_multiplies_and_is_not_in_the_job() -> None:
    made = jobs("{a,b} --repeat 3 --ar 3:2")
    assert [job.canonical() for job in made] == [
        *(f"a --ar 3:2 --seed {seed}" for seed in (100, 101, 102)),
        *(f"b --ar 3:2 --seed {seed}" for seed in (103, 104, 105)),
    ]
    assert {job.source for job in made} == {"a --ar 3:2", "b --ar 3:2"}
    assert {job.repeated for job in made} == {3}


def test_a_repeat_in_the_options_counts_too() -> None:
    assert len(jobs("{a,b}", {"repeat": 2})) == 4
    assert "repeat" not in jobs("a", {"repeat": 2})[0].parameters


def test_options_come_before_chance() -> None:
    assert [job.parameters["seed"] for job in jobs("{a,b}", {"seed": 9})] == [9, 9]
    assert [job.parameters["seed"] for job in jobs("{a,b}", {"seed": -1})] == [100, 101]


@pytest.mark.parametrize(
    ("text", "count"),
    [("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "64"), ("{a,b} --repeat 21", "42"),
     ("{a,b} --repeat {20, 21}", "82"), ("{a,b}" * 1000, "more than a million")],
)  # fmt: skip
def test_forty_sets_at_most(text: str, count: str) -> None:
    with pytest.raises(PromptError) as caught:
        jobs(text)
    assert caught.value.message == (f"This makes {count} sets, and 40 at most can be made at once.")
    assert inspect(text).count <= 1_000_000


def test_forty_sets_are_allowed() -> None:
    assert len(jobs("{a,b,c,d} --repeat 10")) == 40


@pytest.mark.parametrize(
    ("text", "at"),
    [("a {b", 2), ("a } b", 2), ("{a {b}", 0), ("{a, b}}", 6), ("{" * 11 + "}" * 11, 10)],
)
def test_braces_must_pair(text: str, at: int) -> None:
    with pytest.raises(PromptError) as caught:
        jobs(text)
    assert [detail.start for detail in caught.value.details] == [at]


def test_a_problem_in_an_option_points_into_the_prompt_as_typed() -> None:
    text = "a {fox, owl} --ar {1:1, 1:0} --styilze 3"
    with pytest.raises(PromptError) as caught:
        jobs(text)
    assert [text[detail.start : detail.end] for detail in caught.value.details] == [
        "1:0",
        "--styilze",
    ]


def test_what_was_typed_in_pieces_has_no_quick_fix() -> None:
    with pytest.raises(PromptError) as caught:
        jobs("a --sty{lise, ilze} 3")
    assert [detail.suggestion for detail in caught.value.details] == [None, None]


def test_one_prompt_cannot_be_parsed_as_several() -> None:
    with pytest.raises(PromptError, match="This makes 2 sets"):
        parse("a {b, c}")
    assert parse("a {b} --ar 3:2").canonical() == "a b --ar 3:2"
