"""What the command line shows: carets stand exactly under their span."""

import pytest
from rich.cells import cell_len

from imagine.cli_output import EXCERPT_CELLS, columns, parsed_lines, problem_lines, underlined


@pytest.mark.parametrize(
    ("prompt", "span", "marked"),
    [
        ("a fox --ar 16:0", (6, 15), "--ar 16:0"),
        ("狐狸 --ar 16:0", (3, 12), "--ar 16:0"),
        ("🦊 fox --ar x", (6, 12), "--ar x"),
        ("a\tfox\n--ar x", (6, 12), "--ar x"),
        ("x " * 60 + "--ar 16:0" + " y" * 60, (120, 129), "--ar 16:0"),
        ("狐" * 90 + " --ar 0:1", (91, 99), "--ar 0:1"),
    ],
)
def test_carets_stand_under_the_span(prompt, span, marked):
    text, carets = underlined(prompt, *span)
    at = text.index(marked)
    assert cell_len(text[:at]) == carets.index("^")
    assert carets.count("^") == cell_len(marked)
    assert cell_len(text) <= EXCERPT_CELLS + 4


def test_an_empty_span_has_one_caret_at_its_place():
    assert underlined("fox", 3, 3) == ("  fox", "     ^")
    assert underlined("", 0, 0) == ("  ", "  ^")


def test_a_span_longer_than_the_line_is_marked_as_far_as_it_is_shown():
    text, carets = underlined("x" * 500, 0, 500)
    assert text.endswith("…")
    assert carets.count("^") == EXCERPT_CELLS


def test_an_error_without_details_is_its_message_and_hint():
    error = {"message": "The queue is full.", "hint": "Wait a little."}
    assert list(problem_lines("fox", error)) == ["The queue is full.", "Wait a little."]


def test_what_the_message_says_is_not_said_again():
    detail = {"message": "No --x. Did you mean --y?", "suggestion": "--y", "allowed": None}
    assert list(problem_lines("fox", {"details": [detail]})) == ["  No --x. Did you mean --y?"]


def test_columns_are_aligned_in_cells():
    assert list(columns([("狐", "a"), ("fox", "bb")], indent="")) == ["狐   a", "fox  bb"]


def test_a_parsed_prompt_is_a_table_with_its_notes():
    job = {
        "text": "fox",
        "segments": [{"text": "fox", "weight": 2.0}, {"text": "snow", "weight": 1.0}],
        "images": ["https://x/y.png"],
        "width": 1344,
        "height": 768,
        "parameters": {
            "aspect": "16:9",
            "width": 1344,
            "height": 768,
            "cfg": 5.0,
            "model": None,
            "raw": True,
            "lora": [{"value": "ink", "weight": 0.5}],
        },
        "canonical": "fox --ar 16:9",
        "notes": [{"level": "info", "message": "Rounded."}],
    }
    lines = list(parsed_lines("fox", {"errors": [], "jobs": [job, job]}))
    assert lines[0] == "2 jobs"
    assert "  size       1344 × 768" in lines
    assert "  parts      fox × 2 · snow × 1" in lines
    assert "  lora       ink::0.5" in lines
    assert "  cfg        5" in lines
    assert "  raw        yes" in lines
    assert "  info: Rounded." in lines
    assert lines.count("  canonical  fox --ar 16:9") == 2
