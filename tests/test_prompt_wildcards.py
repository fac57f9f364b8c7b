"""Wildcards that hold still: what a choice depends on, and what it never depends on."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.errors import Detail, PromptError
from imagine.prompt_parser import Prompt, TokenKind, Vocabulary, Weighted, expand, inspect, parse
from imagine.prompt_wildcards import (
    MAX_DEPTH,
    MAX_WILDCARDS,
    is_wildcard_name,
    known_wildcards,
    wildcards,
)

LISTS = {
    "animals": ("fox", "wolf", "hen", "owl", "bear"),
    "colour": ("red", "blue", "green"),
    "wild/birds": ("__colour__ heron", "__colour__ tit with a __colour__ wing"),
    "look": ("--ar 16:9 --no fog", "--ar 16:9 --no fog, rain"),
    "number": ("5", "7"),
}
VOCABULARY = Vocabulary(wildcards=LISTS)


def counter(first: int = 100) -> Callable[[], int]:
    numbers = iter(range(first, first + 1000))
    return lambda: next(numbers)


def jobs(text: str, lists: Mapping[str, Sequence[str]] = LISTS) -> list[Prompt]:
    vocabulary = Vocabulary(wildcards={name: tuple(lines) for name, lines in lists.items()})
    return expand(text, vocabulary, counter())


def text_of(text: str, lists: Mapping[str, Sequence[str]] = LISTS) -> str:
    (job,) = jobs(text, lists)
    return job.text


def problem(text: str, lists: Mapping[str, Sequence[str]] = LISTS) -> Detail:
    with pytest.raises(PromptError) as caught:
        jobs(text, lists)
    (detail,) = caught.value.details
    return detail


# ----------------------------------------------------------------------------------------- finding


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a __fox__ b", ["fox"]),
        ("__a__ __b__", ["a", "b"]),
        ("__a____b__", ["a", "b"]),
        ("__a__b__c__", ["a", "c"]),
        ("x__a__y", ["a"]),
        ("___a___", ["a"]),
        ("__wild/birds__, __two-part__, __two_part__", ["wild/birds", "two-part", "two_part"]),
        ("__雪__", ["雪"]),
        ("__a b__ __ __ ____ __-__ _a_", []),
        ("https://a.example/x__a__y.png s.mj.run/__a__ __b__", ["b"]),
    ],
)
def test_a_wildcard_is_a_name_between_two_underscores(text: str, names: list[str]) -> None:
    assert [found.name for found in wildcards(text)] == names


@pytest.mark.parametrize(
    ("name", "fits"),
    [("fox", True), ("a/b-c_d1", True), ("", False), ("a b", False), ("a__b", False),
     ("_a", False), ("a/", False), ("../a", False)],
)  # fmt: skip
def test_only_some_names_can_be_typed(name: str, fits: bool) -> None:
    assert is_wildcard_name(name) is fits


def test_a_name_is_known_in_any_case() -> None:
    assert [found.name for found in known_wildcards("__Animals__ __x__", VOCABULARY)] == ["Animals"]
    assert text_of("__ANIMALS__ --seed 3") == text_of("__animals__ --seed 3")


# --------------------------------------------------------------------------------------- filling in


def test_a_job_keeps_what_was_typed_and_its_normal_form_has_the_choice() -> None:
    (job,) = jobs("a __animals__ in the snow --seed 5")
    assert job.source == "a __animals__ in the snow --seed 5"
    assert job.text in {f"a {line} in the snow" for line in LISTS["animals"]}
    assert job.canonical() == f"{job.text} --seed 5"
    (again,) = expand(job.canonical(), VOCABULARY, counter(900))
    assert again == job


def test_each_job_chooses_by_its_own_seed() -> None:
    made = jobs("a __animals__ and a __colour__ {hat, coat} --repeat 20")
    assert len(made) == 40
    assert {job.parameters["seed"] for job in made} == set(range(100, 140))
    assert {job.source for job in made} == {
        "a __animals__ and a __colour__ hat",
        "a __animals__ and a __colour__ coat",
    }
    assert {animal for animal in LISTS["animals"] for job in made if animal in job.text} == set(
        LISTS["animals"]
    )
    for job in made:
        (again,) = jobs(f"{job.source} --seed {job.parameters['seed']}")
        assert again == job


def test_one_seed_is_one_choice() -> None:
    assert len({job.text for job in jobs("a __animals__ --seed 8 --repeat 5")}) == 1
    options = {"seed": 8}
    (job,) = expand("a __animals__", VOCABULARY, counter(), options)
    assert job.text == text_of("a __animals__ --seed 8")


def test_wildcards_work_in_values_and_bring_flags() -> None:
    (job,) = jobs("a fox --no __colour__, __animals__ --steps __number__ __look__ --seed 1")
    assert job.parameters["aspect"] == "16:9"
    assert job.parameters["steps"] in (5, 7)
    no = job.parameters["no"]
    assert isinstance(no, tuple)
    assert no[0] in LISTS["colour"]
    assert no[-1] in ("fog", "rain")


def test_a_wildcard_may_be_the_seed() -> None:
    (job,) = jobs("a fox --seed __number__")
    assert job.parameters["seed"] in (5, 7)


def test_a_wildcard_may_be_a_link_or_a_lora() -> None:
    lists = {"face": ["https://a.example/1"], "film": ["<lora:film:0.5>"]}
    (job,) = jobs("__face__ a fox __film__ --sref __face__::2", lists)
    assert job.images == ("https://a.example/1",)
    assert job.parameters["sref"] == (Weighted("https://a.example/1", 2.0),)
    assert job.parameters["lora"] == (Weighted("film", 0.5),)


def test_a_line_may_hold_wildcards_and_plain_braces() -> None:
    assert "__" not in text_of("a __wild/birds__ --seed 4")
    assert text_of("__x__", {"x": ["{a, b}"]}) == "{a, b}"
    assert len(jobs("{__x__, __x__}", {"x": ["{a, b}"]})) == 2


def test_permutations_may_spell_a_name() -> None:
    made = jobs("a __{animals, colour}__ --seed 2")
    assert made[0].text.removeprefix("a ") in LISTS["animals"]
    assert made[1].text.removeprefix("a ") in LISTS["colour"]


def test_an_unknown_name_stays_and_is_said() -> None:
    (job,) = jobs("a __animalz__ --seed 1")
    assert job.text == "a __animalz__"
    assert [note.message for note in job.notes] == [
        "There is no wildcard __animalz__: it stayed as it is. Did you mean __animals__?"
    ]
    assert [note.message for note in parse("a __fox__").notes] == [
        "There is no wildcard __fox__: it stayed as it is."
    ]


def test_a_line_whose_lists_are_empty_is_no_wildcard() -> None:
    assert text_of("a __none__", {"none": []}) == "a __none__"


# ------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("text", "lists", "message"),
    [
        ("a __x__", {"x": ["__y__"], "y": ["b __x__"]},
         "This wildcard leads back to itself: __x__ → __y__ → __x__."),
        ("a __w0__", {f"w{k}": [f"__w{k + 1}__"] for k in range(12)} | {"w12": ["b"]},
         f"Wildcards go {MAX_DEPTH} deep, and this one goes deeper."),
        ("a __x__", {"x": ["b" * 6000]},
         "With its wildcards filled in, a prompt has at most 6,000 characters."),
        ("a __x__", {"x": ["__y__ " * 40], "y": ["__z__ " * 40], "z": ["c"]},
         f"At most {MAX_WILDCARDS} wildcards are filled in."),
        ("a __x__", {"x": ["--ar 1:0"]},
         "--ar takes whole numbers, such as 1:1. It comes from a wildcard."),
        ("a ___y___", {"y": ["_x_"], "x": ["b"]},
         "Filled in, this spells __x__. Put a space between the wildcards."),
        ("a --repeat __x__", {"x": ["2"]}, "--repeat takes a number, and none from a wildcard."),
        ("__x__", {"x": ["--tile"]},
         "Empty prompt. Describe a picture, or put two links at the front to blend them."
         " It comes from a wildcard."),
    ],
)  # fmt: skip
def test_what_a_wildcard_cannot_bring(
    text: str, lists: Mapping[str, Sequence[str]], message: str
) -> None:
    detail = problem(text, lists)
    assert detail.message == message
    assert detail.start is not None
    assert "__" in text[detail.start : detail.end]


def test_a_problem_points_at_the_wildcard_as_it_was_typed() -> None:
    text = "a {fox, owl} __x__ b"
    detail = problem(text, {"x": ["--styilze 5"]})
    assert text[detail.start : detail.end] == "__x__"
    assert (detail.parameter, detail.suggestion) == ("styilze", None)


def test_fifty_wildcards_are_allowed() -> None:
    assert len(jobs("__number__ " * MAX_WILDCARDS)) == 1
    assert problem("__number__ " * (MAX_WILDCARDS + 1)).message


def test_long_lists_allow_fewer() -> None:
    lists = {"x": [str(line) for line in range(10_000)]}
    assert len(jobs("__x__ " * 20, lists)) == 1
    detail = problem("__x__ " * 21, lists)
    assert detail.message == "These are too many wildcards for lists so long."


def test_a_repeat_in_a_line_is_left_out() -> None:
    (job,) = jobs("a __x__", {"x": ["fox --repeat 3"]})
    assert "repeat" not in job.parameters
    assert [note.message for note in job.notes] == [
        "The --repeat of a wildcard was left out. Write it in the prompt."
    ]


# -------------------------------------------------------------------------------------- explaining


def test_a_wildcard_is_coloured_and_counts_for_nothing() -> None:
    text = "a __animals__ --ar __look__"
    inspection = inspect(text, VOCABULARY)
    assert inspection.count == 1
    assert inspection.errors == ()
    groups = [token for token in inspection.tokens if token.kind is TokenKind.GROUP]
    assert [(text[token.start : token.end], token.meaning) for token in groups] == [
        ("__animals__", "One of 5 lines of animals"),
        ("__look__", "One of 2 lines of look"),
    ]


def test_before_the_seed_is_known_wildcards_stay() -> None:
    open_prompt = inspect("a __animals__", VOCABULARY).prompt
    assert open_prompt is not None
    assert open_prompt.canonical() == "a __animals__"
    assert [note.message for note in open_prompt.notes] == [
        "__animals__ is chosen with the seed: one of 5 lines of animals."
    ]
    known = inspect("a __animals__ --seed 5", VOCABULARY).prompt
    assert known is not None
    assert known.text == text_of("a __animals__ --seed 5")
    assert known.notes == ()


def test_a_wrong_line_is_told_as_soon_as_the_seed_is_known() -> None:
    vocabulary = Vocabulary(wildcards={"x": ("--ar 1:0",)})
    text = "a __x__ --seed 5"
    inspection = inspect(text, vocabulary)
    assert [text[error.start : error.end] for error in inspection.errors] == ["__x__"]
    assert [token.kind for token in inspection.tokens][1] is TokenKind.ERROR


# --------------------------------------------------------------------------------------- stability

seeds = st.integers(min_value=0, max_value=2**32 - 1)
lines = st.lists(
    st.text(alphabet="abcdefgh", min_size=1, max_size=6), min_size=1, max_size=8, unique=True
)


@settings(deadline=None, derandomize=True)
@given(seeds, st.lists(st.sampled_from(["x", "__number__", "__colour__"]), max_size=6), st.data())
def test_moving_or_adding_a_wildcard_leaves_the_others_alone(
    seed: int, words: list[str], data: st.DataObject
) -> None:
    """The choices of two names stay whatever stands between, before and behind them."""
    place = data.draw(st.integers(min_value=0, max_value=len(words)))
    around = [*words[:place], "[__animals__]", "(__wild/birds__)", *words[place:]]
    if data.draw(st.booleans()):
        around.reverse()
    alone = text_of(f"[__animals__] (__wild/birds__) --seed {seed}")
    made = text_of(f"{' '.join(around)} --seed {seed}")
    for part in (alone[: alone.index("]") + 1], alone[alone.index("(") :]):
        assert part in made


@settings(deadline=None, derandomize=True)
@given(seeds, lines, st.text(alphabet="abcdefgh", min_size=1, max_size=6), st.data())
def test_a_new_line_changes_a_choice_only_to_itself(
    seed: int, old: list[str], new: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(min_value=0, max_value=len(old)))
    grown = [*old[:place], new, *old[place:]]
    prompt = f"__x__, __x__, __y__ --seed {seed}"
    before = text_of(prompt, {"x": old, "y": ["__x__"]}).split(", ")
    after = text_of(prompt, {"x": grown, "y": ["__x__"]}).split(", ")
    assert all(now in (then, new) for then, now in zip(before, after, strict=True))


@settings(deadline=None, derandomize=True)
@given(seeds, lines.filter(lambda drawn: len(drawn) > 1), st.data())
def test_a_line_that_goes_changes_only_the_choices_of_itself(
    seed: int, old: list[str], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(old))
    rest = [line for line in old if line != gone]
    before = text_of(f"__x__, __x__ --seed {seed}", {"x": old}).split(", ")
    after = text_of(f"__x__, __x__ --seed {seed}", {"x": rest}).split(", ")
    assert all(then in (now, gone) for then, now in zip(before, after, strict=True))


def test_two_of_a_name_are_chosen_apart() -> None:
    made = {text_of(f"__animals__ __animals__ --seed {seed}") for seed in range(300)}
    assert len(made) == len(LISTS["animals"]) ** 2
