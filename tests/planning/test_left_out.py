"""What a prompt asks for and its pictures will not show."""

from typing import Any

import pytest

from imagine.parameters import PARAMETERS
from imagine.prompt_parser import Vocabulary, parse
from imagine.prompt_values import Weighted
from tests.planning.helpers import (
    SDXL,
    planned,
    sentences,
)
from tests.prompts import prompt

LINK = "https://x/a.png"
DEFAULTS: dict[str, Any] = {
    row.name: row.default for row in PARAMETERS if row.default is not None and row.name != "repeat"
}
LEFT_OUT: dict[str, Any] = {
    "style": ("4b", "--style 4b was left out: that look exists only at Midjourney."),
    "denoise": (0.5, "--denoise was left out: it needs a picture to start from."),
    "zoom": (1.5, "--zoom was left out: it says how far to zoom out of a finished picture."),
    "version": (
        "7",
        "--v 7 was left out: no model is set for it; the owner can set one under [versions].",
    ),
    "sw": (300, "--sw was left out: there is no picture for it."),
    "sv": (4, "--sv was left out: there is one way of reading a style here."),
    "dref": ((Weighted(LINK),), "--dref was left out: nothing here reads the depth of a picture."),
    "cref": ((Weighted(LINK),), "--cref was left out: there is no picture for it."),
    "iw": (2.0, "--iw was left out: it counts for pictures at the front."),
    "video": (True, "--video was left out: only still pictures are made here."),
    "profile": ((Weighted("abc"),), "--p abc was left out: there is no such preset."),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_not_honoured_is_told_in_one_plain_sentence(name: str) -> None:
    value, message = LEFT_OUT[name]
    made = planned(prompt(**{name: value}), model=SDXL)
    assert sentences(made) == [message]
    assert name not in made.parameters


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_default_that_was_typed_needs_no_word(name: str) -> None:
    assert sentences(planned(prompt(**{name: DEFAULTS[name]}), model=SDXL)) == []


def test_old_flags_are_told_by_the_parser_alone() -> None:
    read = parse("a red fox --seed 1 --hq --newclip", Vocabulary())
    made = planned(read, model=SDXL)
    assert [note.parameter for note in (*read.notes, *made.notes)] == ["hq", "newclip"]


def test_no_preset_needs_no_word() -> None:
    made = planned(prompt(profile=(Weighted("none"),)), model=SDXL)
    assert sentences(made) == []


def test_raw_typed_as_a_style_is_told_once() -> None:
    made = planned(prompt(style="raw", raw=True), model=SDXL)
    assert [note.parameter for note in made.notes] == ["raw"]


def test_what_was_left_out_is_not_shown_as_used() -> None:
    made = planned(prompt(hd=True, tile=True, raw=True, stylize=700), model=SDXL)
    assert made.parameters["tile"] is True
    assert "hd" not in made.parameters
    assert "stylize" not in made.parameters
