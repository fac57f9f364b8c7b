"""What a prompt would do: wildcards before and after their seed is known, and everything typed."""

from typing import Any

from imagine.explain import explain
from imagine.planner import Planner
from imagine.profiles import load_profiles

LISTS = {"animals": ("fox", "owl"), "bad": ("--ar 1:0",)}
PLANNER = Planner(load_profiles(), wildcards=lambda: LISTS)


def explained(text: str, **options: Any) -> dict[str, Any]:
    return explain(text, options, PLANNER)


def test_wildcards_stay_while_nobody_knows_the_seed():
    body = explained("a __animals__ in {snow, rain} --repeat 2")
    assert (body["ok"], body["count"], len(body["jobs"])) == (True, 4, 4)
    first = body["jobs"][0]
    assert (first["text"], first["canonical"]) == (
        "a __animals__ in snow",
        "a __animals__ in snow --repeat 2",
    )
    message = "__animals__ is chosen with the seed: one of 2 lines of animals."
    assert message in [note["message"] for note in first["notes"]]
    assert {"start": 2, "end": 13, "kind": "group", "meaning": "One of 2 lines of animals"} in body[
        "tokens"
    ]


def test_wildcards_are_chosen_by_a_seed_of_prompt_or_options():
    (typed,) = explained("a __animals__ --seed 4")["jobs"]
    (option,) = explained("a __animals__", seed=4)["jobs"]
    assert typed["text"] in ("a fox", "a owl")
    assert option["text"] == typed["text"]
    assert option["canonical"] == typed["canonical"] == f"{typed['text']} --seed 4"


def test_what_a_wildcard_brings_is_told_at_its_place():
    body = explained("a fox __bad__ --seed 4")
    (error,) = body["errors"]
    assert (body["ok"], error["start"], error["end"]) == (False, 6, 13)


def test_everything_typed_is_told():
    (job,) = explained("a <lora:ink:.5> fox --lora film --p warm::2 --sref random --fast --c 5")[
        "jobs"
    ]
    assert job["typed"] == {
        "chaos": 5,
        "sref": [{"value": "random", "weight": 1.0}],
        "profile": [{"value": "warm", "weight": 2.0}],
        "lora": [{"value": "film", "weight": 1.0}, {"value": "ink", "weight": 0.5}],
        "fast": True,
    }
