from collections import Counter

import pytest

from imagine import looks
from imagine.chance import lot, pick, shuffled


def test_a_draw_is_the_same_on_every_machine() -> None:
    assert [round(lot("cfg", seed, 0), 12) for seed in (0, 42)] == [0.444752771718, 0.920721155903]
    assert pick(("red", "green", "blue"), "style", 7) == "red"
    assert shuffled("abcdef", "odd", 42) == list("adfbce")


def test_a_draw_lies_between_nothing_and_one_and_is_even() -> None:
    draws = [lot("any", number) for number in range(2000)]
    assert all(0 <= draw < 1 for draw in draws)
    assert abs(sum(draws) / len(draws) - 0.5) < 0.02


def test_the_parts_of_a_key_are_told_apart() -> None:
    assert lot("a", "bc") != lot("ab", "c")


def test_every_option_is_as_likely_as_every_other() -> None:
    counted = [pick("abcde", seed, "x", 0) for seed in range(5000)]
    assert all(900 < counted.count(option) < 1100 for option in "abcde")


@pytest.mark.parametrize("count", [2, 5, 16, 40])
def test_one_more_option_changes_a_pick_only_to_that_one(count: int) -> None:
    options = [f"option {number}" for number in range(count)]
    more = [*options[: count // 2], "new", *options[count // 2 :]]
    changed = 0
    for code in range(500):
        before, after = pick(options, "style", code), pick(more, "style", code)
        assert after in (before, "new")
        changed += after == "new"
    assert abs(changed - 500 / (count + 1)) < 500 * 0.1


def test_one_more_option_leaves_the_others_in_their_order() -> None:
    options = [f"option {number}" for number in range(12)]
    before = shuffled(options, "odd", 42)
    after = shuffled([*options, "new"], "odd", 42)
    assert [option for option in after if option != "new"] == before


def test_a_look_is_the_same_for_ever() -> None:
    assert looks.style("123") == "airbrush painting, charcoal and lime, overcast light, smooth"
    assert looks.odd(42) == (
        "glitched patterns, broken symmetry, surreal dream logic, impossible geometry"
    )
    assert looks.variety(42, 2) == [
        "spring, fresh pale colors, flat graphic shapes, bold colors",
        "neon glow, deep shadows, seen from below, towering",
    ]


def test_style_codes_are_different_looks() -> None:
    found = Counter(looks.style(str(code)) for code in range(1000))
    assert len(found) > 900


def test_no_two_pictures_of_a_set_have_the_same_words() -> None:
    words = looks.variety(7, 16)
    assert len(set(words)) == 16
    assert looks.variety(7, 4) == words[:4]
