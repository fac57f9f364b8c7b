"""What holds for every prompt, however odd.

Two thousand examples are looked at in all, always the same ones. To look longer, and at random, for
some ten minutes::

    PROMPT_EXAMPLES=100000 pytest tests/test_prompt_properties.py -o faulthandler_timeout=0
"""

import os
import time
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from imagine.errors import PromptError
from imagine.prompt_parser import (
    MAX_CHARACTERS,
    MAX_JOBS,
    Inspection,
    Prompt,
    Vocabulary,
    apply_options,
    expand,
    inspect,
    parse,
)
from imagine.prompt_tokens import is_space, printable
from imagine.prompt_wildcards import known_wildcards
from tests.prompt_strategies import WILDCARDS, fragments, options, prompts

VOCABULARY = Vocabulary(wildcards=WILDCARDS)
# A canonical prompt is a little longer than what was typed.
STORED = Vocabulary(wildcards=WILDCARDS, max_characters=4 * MAX_CHARACTERS)

EXAMPLES = int(os.environ.get("PROMPT_EXAMPLES", "2000"))
PROPERTIES = 8

thorough = settings(
    max_examples=EXAMPLES // PROPERTIES,
    derandomize="PROMPT_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def parsed(text: str) -> Prompt:
    """Parse, and give up the example when there is something wrong with it."""
    try:
        return parse(text, VOCABULARY)
    except PromptError:
        assume(False)
        raise


def expanded(text: str) -> list[Prompt]:
    try:
        return expand(text, VOCABULARY, lambda: 7)
    except PromptError:
        assume(False)
        raise


def uncovered(text: str, inspection: Inspection) -> str:
    """Return what no token covers; tokens must be in order and not overlap."""
    rest, end = "", 0
    for token in inspection.tokens:
        assert end <= token.start < token.end <= len(text)
        assert token.meaning
        rest += text[end : token.start]
        end = token.end
    return without_spaces(rest + text[end:])


def without_spaces(text: str) -> str:
    return "".join(sign for sign in text if not is_space(sign))


@thorough
@given(st.one_of(fragments, prompts, st.text()))
@example("a::--ar 16:9")
@example("{" * 6000)
@example("{a,b}" * 1200)
def test_only_prompt_errors_are_raised_and_they_have_places(text: str) -> None:
    jobs, found = [], None
    try:
        jobs = expand(text, VOCABULARY, lambda: 7)
    except PromptError as error:
        found = error
    if found is None:
        assert 1 <= len(jobs) <= MAX_JOBS
        assert all(job.segments and "seed" in job.parameters for job in jobs)
        return
    assert found.body().model_dump_json()
    assert found.message == found.details[0].message
    for detail in found.details:
        assert detail.message
        assert detail.start is not None
        assert detail.end is not None
        assert 0 <= detail.start <= detail.end <= len(text)


@thorough
@given(st.one_of(fragments, prompts))
def test_a_suggestion_takes_the_place_of_the_value(text: str) -> None:
    for detail in inspect(text, VOCABULARY).errors:
        if detail.suggestion is not None and detail.value is not None:
            assert printable(text[: detail.end]).endswith(detail.value)


@thorough
@given(st.one_of(fragments, prompts, st.text()))
def test_nothing_typed_is_lost(text: str) -> None:
    inspection = inspect(text, VOCABULARY)
    assert uncovered(text, inspection) == ""
    assert (inspection.prompt is None) == bool(inspection.errors)
    if not inspection.prompts:
        return
    try:
        jobs = expand(text, VOCABULARY, lambda: 7)
    except PromptError:
        # What a wildcard brings is known only when it is chosen.
        assert known_wildcards(text.replace("{", " ").replace("}", " "), VOCABULARY)
        return
    assert inspection.count == len(jobs)
    for job in jobs[:3]:
        assert uncovered(job.source, inspect(job.source, VOCABULARY)) == ""


@thorough
@given(st.one_of(fragments, prompts))
def test_words_that_are_no_flags_reach_the_text(text: str) -> None:
    prompt = parsed(text)
    typed = "".join(
        text[token.start : token.end] for token in prompt.tokens if token.kind == "text"
    )
    kept = "".join(segment.text for segment in prompt.segments)
    assert without_spaces(kept).replace("\\", "") == without_spaces(typed).replace("\\", "")


@thorough
@given(st.one_of(fragments, prompts))
@example("a::: b")
@example("/imagine prompt:--seed __number__ a")
@example("/imagine prompt: \\, ::2 /imagine a")
@example("cat:: ::2 2 dogs: ::3")
@example("a \\{b\\, c\\} --no x\\, y, z\\ , w")
@example("a --style raw --raw --q 3 --v 7")
@example("a --lora b:2:3 --lora c")
@example("https://a.example/\\{1\\} https://a.example/2\\,\\,")
@example(" http:// ::__animals__")
def test_parsing_the_canonical_form_gives_an_equal_prompt(text: str) -> None:
    prompt = parsed(text)
    again = parse(prompt.canonical(), STORED)
    assert again == prompt
    assert again.canonical() == prompt.canonical()


@thorough
@given(st.one_of(fragments, prompts))
def test_every_job_can_be_submitted_again_as_itself(text: str) -> None:
    for job in expanded(text)[:2]:
        (again,) = expand(job.canonical(), STORED, lambda: 8)
        assert again == job


@thorough
@given(prompts, options)
@example("fox", {"no": "https://example.com/cat.png"})
def test_options_are_taken_or_named_and_survive_the_canonical_form(
    text: str, given_options: Mapping[str, object]
) -> None:
    merged, found = parsed(text), None
    try:
        merged = apply_options(merged, given_options, VOCABULARY)
    except PromptError as error:
        found = error
    if found is None:
        assert parse(merged.canonical(), STORED) == merged
        return
    assert found.body().model_dump_json()
    assert all(detail.parameter is not None and detail.message for detail in found.details)


@thorough
@given(st.one_of(fragments, prompts), options)
def test_inspection_never_fails(text: str, given_options: Mapping[str, object]) -> None:
    inspect(text, VOCABULARY, given_options)
    for end in range(0, len(text), 1 + len(text) // 5):
        assert uncovered(text[:end], inspect(text[:end], VOCABULARY)) == ""


PIECES = [
    *("a", "a ", " ", "--", "--x ", "--no ", "::", "::1", ":: 1", "{", "{a,b}", "{a}", "}", "\\,"),
    *(
        "–a ",
        "-ar ",
        "---",
        "https://",
        "https://a.b/c ",
        "1",
        "a--ar",
        "--sref 1::2 ",
        "--seed 1 ",
    ),
    *(
        ",",
        "\\",
        "{a,",
        "x\u200b",
        "--no a, ",
        '"',
        "--styilze9 ",
        "::1234567890",
        "\x00",
        "{a{b,c},",
    ),
    *("(((((", "<lora:<lora:", "<lora:x:1>,", "<lora:x ", "-- -- --", "__a__b__c", "__animals__ "),
    *("__", "_", "s.mj.run/__", "/imagine ", "imagine prompt ", "upload:", "1,000,"),
]


def seconds_to_inspect(text: str) -> float:
    start = time.process_time()
    inspect(text[:MAX_CHARACTERS], VOCABULARY)
    return time.process_time() - start


@pytest.mark.parametrize("piece", PIECES)
def test_six_thousand_characters_of_anything_are_read_quickly(piece: str) -> None:
    assert seconds_to_inspect(piece * MAX_CHARACTERS) < 2


@pytest.mark.parametrize("piece", ["::", "–a ", "--no a, "])
def test_forty_long_lines_are_read_quickly(piece: str) -> None:
    groups = "{1,2,3,4,5}{1,2,3,4,5,6,7,8} "
    assert seconds_to_inspect(groups + piece * MAX_CHARACTERS) < 4
