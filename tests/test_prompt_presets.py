import pytest

from imagine.errors import PromptError, SettingsError
from imagine.prompt_parser import Segment, Weighted, read_fragment
from imagine.prompt_presets import check_names, preset_problem


def refusal(presets: dict[str, str], versions: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        check_names(presets, versions, {"presets": "imagine.toml", "versions": "IMAGINE_VERSIONS"})
    return caught.value.message


def test_a_fragment_may_be_words_flags_or_both() -> None:
    words = read_fragment("warm light, film grain")
    assert (words.text, words.parameters) == ("warm light, film grain", {})
    flags = read_fragment("--stylize 250 --lora film:0.6")
    assert flags.segments == (Segment(""),)
    assert flags.parameters == {"stylize": 250, "lora": (Weighted("film", 0.6),)}
    assert read_fragment("").canonical() == ""


def test_a_fragment_with_mistakes_is_told_like_a_prompt() -> None:
    with pytest.raises(PromptError, match="There is no --styilze"):
        read_fragment("warm --styilze 250")


def test_good_names_pass() -> None:
    check_names({"warm": "warm --s 250", "grain-2": "--raw"}, {"7": "flux", "niji 6": "x"}, {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("warm --ar 1:0", "--ar takes whole numbers, such as 1:1."),
        ("", "a preset has words, flags, or both."),
        ("https://a.example/1 warm", "a preset holds no links."),
        ("warm --sref https://a.example/1", "a preset holds no links."),
        ("warm --p cold", "a preset holds no --profile."),
        ("warm --repeat 2", "a preset holds no --repeat."),
        ("warm --seed 2", "a preset holds no --seed."),
        ("warm __light__", "a preset holds no wildcards, such as __light__."),
        ("{warm, cold}", "This makes 2 sets, and only one can be made here. Take {…} out."),
    ],
)
def test_what_no_preset_can_hold_is_said(text: str, problem: str) -> None:
    assert preset_problem(text) == problem
    assert refusal({"warm": text}, {}) == f"presets.warm (from imagine.toml): {problem}"


@pytest.mark.parametrize("name", ["a b", "", "none", "a.b"])
def test_a_preset_must_have_a_name_that_can_be_typed(name: str) -> None:
    assert "letters, digits, - and _" in refusal({name: "warm"}, {})


def test_a_version_must_be_known_and_have_a_model() -> None:
    message = refusal({}, {"9": "x", "7": " "})
    assert "versions.9 (from IMAGINE_VERSIONS): there is no such version. It takes 1, 2" in message
    assert "versions.7 (from IMAGINE_VERSIONS): it takes the name of a model." in message
