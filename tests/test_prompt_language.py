"""Midjourney's language, rule by rule; the corpus has the same rules in whole prompts."""

from collections.abc import Callable

import pytest

from imagine.errors import Detail, PromptError
from imagine.parameters import NIJI_VERSIONS, VERSIONS
from imagine.prompt_parser import (
    Prompt,
    Segment,
    Vocabulary,
    Weighted,
    expand,
    inspect,
    parse,
)

UPLOAD = f"upload:{'0f' * 32}"
PICTURE = "picture:01980000-0000-7000-8000-000000000000/3"


def counter(first: int = 100) -> Callable[[], int]:
    numbers = iter(range(first, first + 1000))
    return lambda: next(numbers)


def jobs(text: str) -> list[Prompt]:
    return expand(text, Vocabulary(), counter())


def problems(text: str) -> tuple[Detail, ...]:
    with pytest.raises(PromptError) as caught:
        parse(text)
    return caught.value.details


# ----------------------------------------------------------------------------------------- versions


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_can_be_asked_for(version: str) -> None:
    for flag in ("--v", "--version", "--V"):
        assert parse(f"a {flag} {version}").parameters["version"] == version


@pytest.mark.parametrize("version", NIJI_VERSIONS)
def test_every_niji_can_be_asked_for(version: str) -> None:
    assert parse(f"a --niji {version}").parameters["niji"] == version


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("--v 6.0", "--v 6"), ("--v 7.0", "--v 7"), ("--v 5.0", "--v 5"), ("--v 8.0", "--v 8"),
     ("--niji 6.0", "--niji 6"), ("--niji", "--niji 7")],
)  # fmt: skip
def test_versions_are_normalised(typed: str, meant: str) -> None:
    assert parse(f"a {typed}") == parse(f"a {meant}")


@pytest.mark.parametrize("text", ["a --v 6 --niji 6", "a --niji --v 6", "a --niji 5 --version 5"])
def test_version_and_niji_do_not_go_together(text: str) -> None:
    (detail,) = problems(text)
    assert detail.parameter in ("niji", "v", "version")


@pytest.mark.parametrize("model", ["--v 1", "--v 3", "--test", "--testp", "--vibe", "--beta"])
def test_old_models_have_their_own_scales(model: str) -> None:
    assert parse(f"a --s 5000 {model}").parameters["stylize"] == 5000
    assert parse(f"a --iw -500.5 {model}").parameters["iw"] == -500.5
    assert problems(f"a --s 60001 {model}")


@pytest.mark.parametrize("model", ["", "--v 4", "--v 7", "--niji 6"])
def test_later_models_have_the_short_scales(model: str) -> None:
    assert [detail.parameter for detail in problems(f"a --s 1001 --iw 3.1 {model}")] == ["s", "iw"]


# --------------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("flag", "least", "most"),
    [
        *(("chaos", "0", "100"), ("c", "0", "100"), ("stylize", "0", "1000"), ("s", "0", "1000")),
        *(("weird", "0", "3000"), ("w", "0", "3000"), ("seed", "0", "4294967295")),
        *(("sameseed", "0", "4294967295"), ("stop", "10", "100"), ("exp", "0", "100")),
        *(("repeat", "1", "40"), ("r", "1", "40"), ("iw", "0", "3"), ("sw", "0", "1000")),
        *(("sv", "1", "6"), ("cw", "0", "100"), ("ow", "1", "1000"), ("zoom", "1", "2")),
    ],
)
def test_a_range_is_held_at_both_ends(flag: str, least: str, most: str) -> None:
    for typed in (least, most):
        assert parse(f"a --{flag} {typed}").parameters
    for typed in (str(int(least) - 1), str(int(most) + 1), "x", f"{most},", f"{most}."):
        (detail,) = problems(f"a --{flag} {typed}")
        assert detail.parameter == flag
        assert detail.allowed


@pytest.mark.parametrize(
    ("typed", "used"), [(".5", 0.5), (".25", 0.25), ("1", 1.0), ("2", 2.0), ("3", 4.0), ("9", 4.0)]
)
def test_quality_snaps_and_takes_a_leading_dot(typed: str, used: float) -> None:
    assert parse(f"a --q {typed}").parameters["quality"] == used


@pytest.mark.parametrize("typed", ["1.5:1", "16:9.5", "0:1", "-1:2", "16/9", "16x9", "16", "a:b"])
def test_a_shape_is_two_whole_numbers(typed: str) -> None:
    (detail,) = problems(f"a --ar {typed}")
    assert detail.parameter == "ar"


@pytest.mark.parametrize("typed", ["1:20", "139:100", "14:1", "10000:1"])
def test_very_long_shapes_are_read(typed: str) -> None:
    assert parse(f"a --aspect {typed}").parameters["aspect"] == typed


def test_a_decimal_shape_comes_with_the_whole_one() -> None:
    (detail,) = problems("a --ar 1.39:1")
    assert detail.suggestion == "139:100"


@pytest.mark.parametrize(
    "style",
    ["4a", "4b", "4c", "cute", "expressive", "original", "scenic", "random", "random-32",
     "random-32-15", "7PSRdHzA", "raw-7PSRdHzA", "7PSRdHzA-2bT9cQmE"],
)  # fmt: skip
def test_every_style_is_read(style: str) -> None:
    assert parse(f"a --style {style}").parameters["style"] == style


@pytest.mark.parametrize(
    ("typed", "items"),
    [
        ("--p", (Weighted("default"),)),
        ("--profile abc123", (Weighted("abc123"),)),
        ("--p abc m72984::2", (Weighted("abc"), Weighted("m72984", 2.0))),
        ("--p abc --p def::.5", (Weighted("abc"), Weighted("def", 0.5))),
        ("--personalize abc", (Weighted("abc"),)),
        ("--p none", (Weighted("none"),)),
    ],
)
def test_profiles(typed: str, items: tuple[Weighted, ...]) -> None:
    assert parse(f"a {typed} --ar 1:1").parameters["profile"] == items


@pytest.mark.parametrize(
    "flag", ["raw", "tile", "draft", "hd", "sd", "video", "loop", "fast", "relax", "turbo",
             "stealth", "public", "uplight", "upbeta", "upanime", "hq", "newclip", "nostretch",
             "old", "beta", "test", "testp", "creative", "vibe"],
)  # fmt: skip
def test_a_flag_takes_no_value(flag: str) -> None:
    assert parse(f"a --{flag}").parameters[flag] is True
    (detail,) = problems(f"a --{flag} 5")
    assert detail.parameter == flag
    assert (detail.message or "").startswith(f"--{flag} takes no value.")


def test_old_clients_send_a_number_behind_video() -> None:
    assert parse("a --video 1") == parse("a --video")


@pytest.mark.parametrize("typed", ["--width 512", "--height 512", "--h 512", "--hq", "--old"])
def test_deprecated_names_are_ignored_with_a_warning(typed: str) -> None:
    prompt = parse(f"a {typed}")
    assert prompt.text == "a"
    assert len(prompt.notes) == 1


def test_a_width_that_is_read_as_weird_is_said() -> None:
    messages = [note.message for note in parse("a --w 448 --h 704").notes]
    assert "--w is --weird here. For a width, use --size." in messages
    assert parse("a --w 448").notes == ()


# --------------------------------------------------------------------------------------- references


@pytest.mark.parametrize(
    "link",
    ["https://a.example/b.png", "http://a.example/b.jpg?x=1&y=2,3", "<https://a.example/b.webp>",
     "s.mj.run/AbC", "https://s.mj.run/AbC", "<s.mj.run/AbC>", UPLOAD, PICTURE, f"<{UPLOAD}>"],
)  # fmt: skip
def test_every_kind_of_link_is_taken_wherever_links_are(link: str) -> None:
    plain = link.strip("<>")
    plain = f"https://{plain}" if plain.startswith("s.mj") else plain
    assert parse(f"{link} a fox").images == (plain,)
    for flag in ("sref", "cref", "oref", "edit", "dref"):
        prompt = parse(f"a fox --{flag} {link}")
        assert prompt.parameters[flag] == (Weighted(plain),)
        assert parse(prompt.canonical()) == prompt
    weighted = parse(f"a fox --sref {plain}::2 5").parameters["sref"]
    assert weighted == (Weighted(plain, 2.0), Weighted("5"))
    assert parse(f"a fox --end {link}").parameters["end"] == plain


@pytest.mark.parametrize(
    "word",
    ["upload:abc", f"upload:{'0F' * 32}", f"upload:{'0f' * 32}0", f"Upload:{'0f' * 32}",
     "picture:1/0", f"{PICTURE}00", "picture:frame", "upload:"],
)  # fmt: skip
def test_what_is_nearly_a_link_of_our_own_is_a_word(word: str) -> None:
    prompt = parse(f"{word} a fox")
    assert prompt.images == ()
    assert prompt.text == f"{word} a fox"
    assert problems(f"a fox --cref {word}")


@pytest.mark.parametrize("link", ["https://a.example/1", "s.mj.run/x", UPLOAD, PICTURE])
def test_a_link_elsewhere_is_misplaced(link: str) -> None:
    for text in (f"a fox {link}", f"a {link} fox", f"a fox --ar 1:1 {link}", f"a --no {link}"):
        (detail,) = problems(text)
        assert detail.message == "Links stand at the front, or after a flag such as --sref."


def test_one_link_alone_is_an_error_and_two_are_a_blend() -> None:
    assert problems(PICTURE)
    assert parse(f"{PICTURE} {UPLOAD} --ar 1:1").images == (PICTURE, UPLOAD)


def test_random_styles_are_drawn_for_each_permutation_and_repeat_and_kept() -> None:
    made = jobs("a {fox, owl} --sref random 7::2 random::.5 --seed 1 --repeat 2")
    drawn = []
    for job in made:
        styles = job.parameters["sref"]
        assert isinstance(styles, tuple)
        assert styles[1] == Weighted("7", 2.0)
        drawn += [styles[0], styles[2]]
        (again,) = jobs(job.canonical())
        assert again == job
    assert drawn == [Weighted(str(100 + k), weight) for k, weight in enumerate([1.0, 0.5] * 4)]


def test_a_second_link_for_one_thing_is_left_out() -> None:
    prompt = parse("a --oref https://a.example/1 --oref https://a.example/2 --dref https://a.e/3")
    assert prompt.parameters["oref"] == (Weighted("https://a.example/1"),)
    assert len(prompt.notes) == 1
    assert problems("a --oref https://a.example/1 https://a.example/2")


# ------------------------------------------------------------------------------------------- syntax


@pytest.mark.parametrize(
    "typed",
    ["--ar 16:9 --s 50", "--s 50 --ar 16:9", "—ar 16:9 –s 50", "–-ar 16:9 -–s 50",
     "――ar 16:9 —s 50", "－－ar 16:9 −−s 50", "--AR 16:9 --Stylize 50", "--ar=16:9 --s=50",
     "--ar\t16:9\n--s\u00a050"],
)  # fmt: skip
def test_flags_in_any_order_case_and_dash(typed: str) -> None:
    assert parse(f"a fox {typed}") == parse("a fox --ar 16:9 --s 50")


@pytest.mark.parametrize("typed", ["- ar", "— ar", "– ar", "-- ar", "-ar", "x--ar", "---ar", "−ar"])
def test_dashes_that_begin_no_flag(typed: str) -> None:
    assert parse(f"a fox {typed} 3:2").text == f"a fox {typed} 3:2"


def test_flags_run_to_the_next_one() -> None:
    prompt = parse("a --no tall grass, fog --sref 1 2 --p x y --cref https://a.e/1 https://a.e/2")
    assert prompt.canonical() == (
        "a --no tall grass, fog --sref 1 2 --cref https://a.e/1 https://a.e/2 --profile x y"
    )


@pytest.mark.parametrize("text", ["a --ar 3:2 b", "--ar 3:2 b", "a --tile b", "a --q 1 :: b"])
def test_words_behind_a_flag_are_told_with_that_flag(text: str) -> None:
    (detail,) = problems(text)
    assert detail.parameter in ("ar", "tile", "q")


def test_every_problem_is_in_one_error() -> None:
    found = problems("a --ar 1:0 --styilze 5 --seed x --c 101 --q --sref y")
    assert [detail.parameter for detail in found] == ["ar", "styilze", "seed", "c", "q", "sref"]


def test_the_command_that_people_copy_along_is_left_out() -> None:
    for typed in ("/imagine prompt: a fox", "/imagine a fox", "/Imagine Prompt:a fox"):
        prompt = parse(f"{typed} --ar 1:1")
        assert prompt.text == "a fox"
        assert len(prompt.notes) == 1
    assert parse("/imagine prompt: https://a.e/1 a fox").images == ("https://a.e/1",)
    assert parse("imagine a fox").text == "imagine a fox"
    assert parse("/imagined a fox").notes == ()


def test_length_is_counted_before_expansion() -> None:
    text = f"{{{'a' * 2995}, {'b' * 2995}}}"
    assert len(text) <= 6000
    assert len(jobs(f"{text}")) == 2
    assert problems("a" * 6001)


# --------------------------------------------------------------------------------- parts and groups


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a:: b::2 c::-.5", [("a", 1), ("b", 2), ("c", -0.5)]),
        ("a::2 b", [("a", 2), ("b", 1)]),
        ("a ::2 b", [("a", 2), ("b", 1)]),
        ("a::b", [("a", 1), ("b", 1)]),
        ("cats:: 2 cats", [("cats", 1), ("2 cats", 1)]),
        ("a:: :: b", [("a", 1), ("b", 1)]),
        (":: a", [("a", 1)]),
        ("a::2, b::1,", [("a", 2), (", b", 1)]),
        ("a: :b", [("a: :b", 1)]),
        ("a::100 b::50", [("a", 100), ("b", 50)]),
        ("a::1.5 b::-0.25 c::0", [("a", 1.5), ("b", -0.25), ("c", 0)]),
        ("12:30, 16:9 photo", [("12:30, 16:9 photo", 1)]),
    ],
)
def test_parts_and_their_weights(text: str, segments: list[tuple[str, float]]) -> None:
    assert parse(text).segments == tuple(Segment(*segment) for segment in segments)


@pytest.mark.parametrize("text", ["a::-1", "a::1 b::-1", "a::0 b::0", "a::1 b::-1.01"])
def test_the_sum_of_weights_is_above_nothing(text: str) -> None:
    assert problems(text)


def test_a_weight_behind_a_space_is_warned_of() -> None:
    assert len(parse("a :: 0.5 b").notes) == 1


def test_a_sign_alone_is_no_part() -> None:
    prompt = parse("a::2, b::1, .")
    assert prompt.segments == (Segment("a", 2.0), Segment(", b"))
    assert [note.message for note in prompt.notes] == [
        "“, .” was left out: there are no words in this part."
    ]
    assert parse("...").text == "..."


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("{red, pastel \\, yellow} bird", ["red bird", "pastel, yellow bird"]),
        ("a bird --{v 5, niji, test}", ["a bird --v 5", "a bird --niji 7", "a bird --test"]),
        ("a --v {5.2, 6 {, --style raw}}", ["a --v 5.2", "a --v 6", "a --style raw --v 6"]),
        ("{a,b} {c,d}", ["a c", "a d", "b c", "b d"]),
        ("cat::{1,2} dog", ["cat:: dog", "cat::2 dog"]),
        ("\\{a, b\\}", ["\\{a, b\\}"]),
        ("{a}{}", ["a"]),
    ],
)
def test_permutations(text: str, lines: list[str]) -> None:
    made = [job.with_parameters(seed=None).canonical() for job in jobs(text)]
    assert made == lines
    assert inspect(text).count == len(lines)


def test_an_explicit_seed_is_shared_and_a_missing_one_is_drawn_for_each() -> None:
    assert [job.parameters["seed"] for job in jobs("{a, b} --seed 5 --repeat 2")] == [5] * 4
    assert [job.parameters["seed"] for job in jobs("{a, b} --repeat 2")] == [100, 101, 102, 103]


@pytest.mark.parametrize("text", ["{a,b,c,d} --r 11", "{a,b} {c,d} {e,f,g,h,i} --r 3", "a --r 41"])
def test_no_more_than_forty_jobs(text: str) -> None:
    with pytest.raises(PromptError):
        jobs(text)
