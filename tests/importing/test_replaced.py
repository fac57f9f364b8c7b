"""What a mark in a template is replaced by, and numbered texts that come one after the other."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import of

TEMPLATE = "a photo of SUBJECT in soft light, with many details and a calm sky above it all"
CORE = {"string": TEMPLATE, "find": "SUBJECT", "replace": "a fox"}
BY_PATTERN = {"string": TEMPLATE, "regex_pattern": "SUB.*T", "replace": "a fox"}
UNKNOWN = {"text": TEMPLATE, "search": "SUBJECT", "replacement": "a fox"}


def prompted(class_type: str, **inputs: Any) -> Imported:
    """Return a graph whose prompt a node makes of a longer text."""
    document = edited("sd15_api") | {"20": of(class_type, **inputs)}
    document["6"]["inputs"]["text"] = ["20", 0]
    return read(document)


@pytest.mark.parametrize(
    ("class_type", "inputs"),
    [
        ("StringReplace", CORE),
        ("RegexReplace", BY_PATTERN),
        ("SomebodysReplacer", UNKNOWN),
        ("SomebodysReplacer", {"prompt": TEMPLATE, "find": "SUBJECT", "replace": "a fox"}),
    ],
)
def test_what_a_mark_is_replaced_by_is_the_prompt(class_type: str, inputs: dict[str, str]):
    flow = prompted(class_type, **inputs)
    whole, mark, put = inputs
    assert parameter(flow, "prompt").feeds == (("20", put),)
    assert at(flow, "20", whole).rank is Rank.MAIN
    assert at(flow, "20", mark).rank is Rank.MORE


def test_so_is_what_another_node_puts_there():
    document = edited("sd15_api") | {
        "20": of("StringReplace", **CORE | {"replace": ["21", 0]}),
        "21": of("PrimitiveStringMultiline", value="a fox"),
    }
    document["6"]["inputs"]["text"] = ["20", 0]
    assert parameter(read(document), "prompt").feeds == (("21", "value"),)


@pytest.mark.parametrize("put", ["", ", ", "\n", " - "])
def test_what_has_no_letter_is_no_prompt(put: str):
    flow = prompted("StringReplace", **CORE | {"replace": put})
    assert parameter(flow, "prompt").feeds == (("20", "string"),)


def test_where_nothing_is_looked_for_the_longest_text_is_the_prompt():
    flow = prompted("SomebodysJoiner", text=TEMPLATE, replace="a fox")
    assert parameter(flow, "prompt").feeds == (("20", "text"),)


def counted(action: str, **more: Any) -> Imported:
    texts = {"text_a": TEMPLATE, "text_b": "SUBJECT", "text_c": "a fox"} | more
    return prompted("StringFunction|pysssss", action=action, tidy_tags="no", **texts)


def test_of_counted_texts_the_last_replaces_the_second_which_is_no_text():
    flow = counted("replace")
    assert parameter(flow, "prompt").feeds == (("20", "text_c"),)
    assert at(flow, "20", "text_a").rank is Rank.MAIN
    assert at(flow, "20", "text_b").rank is Rank.MORE


def test_where_they_are_appended_each_is_a_part_and_the_longest_the_prompt():
    flow = counted("append")
    assert parameter(flow, "prompt").feeds == (("20", "text_a"),)
    assert {at(flow, "20", f"text_{one}").rank for one in "abc"} == {Rank.MAIN}


def test_where_a_mark_is_only_taken_out_the_template_is_the_prompt():
    assert parameter(counted("replace", text_c=""), "prompt").feeds == (("20", "text_a"),)


# --- texts with numbers

TURNS = ("spring", "a long and warm summer by the sea", "autumn")


def in_turns(**beside: Any) -> dict[str, str]:
    """Return what the texts of a schedule are called; ``beside``: the other inputs of its node."""
    texts = {f"text_{at}": text for at, text in enumerate(TURNS, 1)}
    flow = prompted("SomebodysTurns", **texts, **beside)
    return {name: at(flow, "20", name).name for name in texts}


def test_of_texts_that_each_have_a_frame_the_first_is_the_prompt_however_long_the_others_are():
    frames = {f"frame_{at}": at * 16 for at in (1, 2, 3)}
    named = in_turns(**frames)
    assert [*named.values()] == ["prompt", "prompt_2", "prompt_3"]


def test_a_longer_text_beside_a_schedule_is_the_prompt():
    schedule = {"text_1": "spring", "frame_1": 0, "text_2": "autumn", "frame_2": 16}
    flow = prompted("SomebodysTurns", **schedule, text="a garden by the sea")
    assert parameter(flow, "prompt").feeds == (("20", "text"),)


@pytest.mark.parametrize("beside", [{}, {"frame_1": 1, "frame_2": 2}, {"frame_0": 0}])
def test_else_the_longest_is_the_prompt(beside: dict[str, int]):
    assert in_turns(**beside)["text_2"] == "prompt"
