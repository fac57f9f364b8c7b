import json
import re

import pytest

from imagine.fidelity import FACTS, Fidelity
from imagine.parameters import PARAMETERS, Arity, Group, Parameter, ValueType, describe, short
from imagine.prompt_values import read_word

KEYS = [
    *("name", "flag", "aliases", "type", "min", "max", "step", "default", "choices", "meaning"),
    *("range", "example", "group", "versions", "ours", "here", "fidelity"),
]

# Every flag of Midjourney's language, and ours.
EXPECTED_FLAGS = """
    aspect ar chaos c stylize s weird w quality q seed sameseed no style raw tile stop exp draft hd
    sd repeat r profile p version v niji video uplight upbeta upanime width height h hq newclip
    nostretch old beta iw sref sw sv cref cw oref ow edit dref motion loop end bs fast relax turbo
    stealth public zoom test testp creative vibe
    model lora steps cfg sampler scheduler size batch batch-mode denoise clip-skip
"""


def row(name: str) -> Parameter:
    return next(parameter for parameter in PARAMETERS if parameter.name == name)


def test_every_flag_of_the_language_is_known() -> None:
    known = {flag for parameter in PARAMETERS for flag in parameter.flags}
    assert set(EXPECTED_FLAGS.split()) <= known


def test_no_flag_and_no_name_is_given_twice() -> None:
    flags = [flag for parameter in PARAMETERS for flag in parameter.flags]
    names = [parameter.name for parameter in PARAMETERS]
    assert len(flags) == len(set(flags))
    assert len(names) == len(set(names))


def test_long_names_are_flags_too() -> None:
    for parameter in PARAMETERS:
        assert parameter.name.replace("_", "-") in parameter.flags


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        *(("chaos", 0, 100), ("stylize", 0, 1000), ("weird", 0, 3000), ("seed", 0, 4294967295)),
        *(("stop", 10, 100), ("exp", 0, 100), ("repeat", 1, 40), ("iw", 0, 3), ("sw", 0, 1000)),
        *(("sv", 1, 6), ("cw", 0, 100), ("ow", 1, 1000), ("zoom", 1, 2), ("steps", 1, 150)),
        *(("cfg", 0, 30), ("batch", 1, 16), ("denoise", 0, 1), ("size", 64, 8192)),
    ],
)
def test_ranges_are_those_of_the_language(name: str, low: float, high: float) -> None:
    assert (row(name).min, row(name).max) == (low, high)


def test_old_models_have_longer_scales() -> None:
    assert row("stylize").bounds(frozenset({"3"})) == (0, 60_000)
    assert row("stylize").bounds(frozenset({"7"})) == (0, 1000)


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_examples_and_defaults_are_allowed(parameter: Parameter) -> None:
    if parameter.arity is Arity.WORD and parameter.name != "workflow":
        assert read_word(parameter, parameter.example) is not None
    if parameter.default is not None and parameter.type is not ValueType.FLAG:
        assert read_word(parameter, short(parameter.default)) == parameter.default


def test_the_description_is_json_with_all_its_fields() -> None:
    rows = describe()
    assert json.loads(json.dumps(rows)) == rows
    assert all(list(described) == KEYS for described in rows)


def test_the_description_of_chaos_says_what_a_person_wants_to_know() -> None:
    chaos = next(described for described in describe() if described["name"] == "chaos")
    assert chaos["flag"] == "--chaos"
    assert chaos["aliases"] == ["--c"]
    assert chaos["type"] == "int"
    assert chaos["range"] == "0–100"
    assert chaos["example"] == "--chaos 25"
    assert chaos["meaning"] == "How different the pictures are"
    assert row("chaos").hint == "--chaos: how different the pictures are"


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_every_flag_says_what_it_does_here(parameter: Parameter) -> None:
    assert (parameter.name in FACTS) != parameter.is_legacy
    assert re.fullmatch(r"[A-Z`c].{15,200}\.", parameter.here)
    assert parameter.fidelity in Fidelity


def test_what_is_only_ours_has_a_meaning_of_its_own() -> None:
    assert {row.fidelity for row in PARAMETERS if row.ours} == {Fidelity.OWN_MEANING}
    assert FACTS.keys() <= {row.name for row in PARAMETERS}


def test_every_group_has_flags_but_that_of_workflows_which_bring_their_own() -> None:
    assert {parameter.group for parameter in PARAMETERS} == set(Group) - {Group.WORKFLOW}
    ours = {parameter.group for parameter in PARAMETERS if parameter.ours}
    assert ours == {Group.ENGINE, Group.REFERENCE}
