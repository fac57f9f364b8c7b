"""``--workflow ID`` in the prompt language: its flags are read, checked, coloured and told."""

import copy
from pathlib import Path
from typing import Any

import pytest

from imagine.errors import NotFoundError, PromptError
from imagine.explain import explain
from imagine.parameters import PARAMETERS, Group, describe
from imagine.planned import Planned
from imagine.planner import Planner
from imagine.profiles import load_profiles
from imagine.prompt_parser import VOCABULARY, inspect, parse
from imagine.prompt_workflow import workflow_named
from imagine.registry.asking import WorkflowAsk
from imagine.registry.writing import plain_words
from imagine.workflow_files import Registry
from tests.catalogs import catalog
from tests.registry.samples import link
from tests.routes.workflows import PORTRAIT, WORDS, join_entry, joined, put

PROFILES = load_profiles()
CATALOG = catalog(
    checkpoints=["sd_xl_base_1.0.safetensors", "dreamshaper_8.safetensors"],
    loras=["style/ink.safetensors", "detail.safetensors"],
)
MORE = """
[[parameters]]
name = "width"
type = "int"
feeds = ["5.width"]

[[parameters]]
name = "height"
type = "int"
feeds = ["5.height"]

[[parameters]]
name = "batch_size"
type = "int"
feeds = ["5.batch_size"]

[[parameters]]
name = "model"
type = "model"
feeds = ["4.ckpt_name"]

[[parameters]]
name = "denoise"
type = "float"
label = "How much"
description = "How much is new"
feeds = ["3.denoise"]
"""
# The graph of words, with a model that the catalog has.
INSTALLED = {**WORDS, "4": {**WORDS["4"], "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}}}
SWITCH = """
[[parameters]]
name = "tiled"
type = "bool"
default = true
feeds = ["9.tiled"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "portrait", PORTRAIT + MORE)
    put(tmp_path, "plain", graph=INSTALLED)
    put(tmp_path, "join", join_entry(2), joined(2))
    put(tmp_path, "each", join_entry(1, most=3), joined(1))
    return tmp_path


@pytest.fixture
def planner(folder: Path) -> Planner:
    lists = {"days": ("monday", "sunday"), "ids": ("portrait", "plain")}
    return Planner(
        PROFILES,
        catalog=lambda: CATALOG,
        wildcards=lambda: lists,
        registry=Registry(folder, profiles=PROFILES),
    )


def told(planner: Planner, text: str, **options: Any) -> dict[str, Any]:
    return explain(text, options, planner)


def only(planner: Planner, text: str, **options: Any) -> dict[str, Any]:
    body = told(planner, text, **options)
    assert body["errors"] == []
    (job,) = body["jobs"]
    return dict(job)


def wrong(planner: Planner, text: str, **options: Any) -> dict[str, Any]:
    (error,) = told(planner, text, **options)["errors"]
    return dict(error)


def notes(job: dict[str, Any]) -> list[str]:
    return [note["message"] for note in job["notes"] if note["parameter"] != "model"]


# --- flags of its own


def test_a_workflow_brings_a_flag_for_each_of_its_parameters(planner: Planner):
    job = only(planner, "an owl --workflow portrait --steps 7 --cfg 2.5 --negative fog, rain")
    used = job["parameters"]
    assert (used["steps"], used["cfg"], used["negative"]) == (7, 2.5, "fog, rain")
    assert (used["workflow"], used["prompt"]) == ("portrait", "an owl")
    assert job["canonical"] == (
        "an owl --workflow portrait --negative fog, rain --steps 7 --cfg 2.5"
    )


def test_defaults_are_told_and_a_seed_stays_open(planner: Planner):
    used = only(planner, "an owl --workflow portrait")["parameters"]
    assert used["steps"] == 2
    assert used["negative"] == "ugly"
    assert used["seed"] is None


@pytest.mark.parametrize(
    ("text", "place", "suggestion", "words"),
    [
        ("--steps 50", "--steps 50", "12", "from 1 to 12"),
        ("--steps many", "--steps many", None, "whole numbers"),
        ("--sampler eulr", "--sampler eulr", "euler", "names"),
        ("--cfg 99", "--cfg 99", "9", "from 1 to 9"),
        ("--stps 5", "--stps", "--steps", "Did you mean --steps?"),
        ("--model juggernaut", "juggernaut", None, "model takes"),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_would_do(
    planner: Planner, text: str, place: str, suggestion: str | None, words: str
):
    prompt = f"an owl --workflow portrait {text}"
    error = wrong(planner, prompt)
    assert prompt[error["start"] : error["end"]] == place
    assert error["suggestion"] == suggestion
    assert words in error["message"]


def test_an_unknown_workflow_is_told_with_the_nearest(planner: Planner):
    error = wrong(planner, "an owl --workflow potrait")
    assert "no such workflow" in error["message"]
    assert error["suggestion"] == "portrait"
    assert "an owl --workflow potrait"[error["start"] : error["end"]] == "--workflow potrait"


@pytest.mark.parametrize(
    "text",
    [
        "an owl {--workflow portrait, --workflow plain}",
        "an owl --workflow {portrait, plain}",
        "an owl --workflow __ids__ --seed 3",
        "an owl --{workflow, model} portrait",
    ],
)
def test_a_workflow_comes_from_no_group_and_no_wildcard(planner: Planner, text: str):
    errors = told(planner, text)["errors"]
    assert errors
    assert "outside of { } and wildcards" in errors[0]["message"]


def test_of_two_workflows_the_first_counts_with_a_note(planner: Planner):
    body = told(planner, "an owl --workflow portrait --workflow plain")
    assert body["jobs"][0]["parameters"]["workflow"] == "portrait"
    assert "came first" in body["warnings"][0]["message"]


def test_permutations_repeats_and_wildcards_work_beside_a_workflow(planner: Planner):
    body = told(planner, "{an owl, a fox} --workflow portrait --steps {3, 4} --repeat 2")
    assert body["count"] == 8
    assert {job["parameters"]["steps"] for job in body["jobs"]} == {3, 4}
    job = only(planner, "an owl on __days__ --workflow portrait --seed 3")
    assert job["parameters"]["prompt"] in ("an owl on monday", "an owl on sunday")


def test_its_flags_are_coloured_like_all_others(planner: Planner):
    text = "an owl --workflow portrait --denoise 0.5"
    tokens = {text[t["start"] : t["end"]]: t for t in told(planner, text)["tokens"]}
    assert tokens["--denoise"]["kind"] == "flag"
    assert tokens["--denoise"]["meaning"] == "--denoise: how much"
    assert tokens["0.5"]["kind"] == "value"


def test_options_name_a_workflow_and_its_parameters_too(planner: Planner):
    job = only(planner, "an owl", workflow="portrait", steps=9, width=512, negative="rain")
    used = job["parameters"]
    assert (used["workflow"], used["steps"]) == ("portrait", 9)
    assert (used["width"], used["height"]) == (512, 64)
    assert used["negative"] == "rain"
    assert "whole numbers" in wrong(planner, "an owl", workflow="portrait", steps=True)["message"]


def test_a_switch_is_on_off_or_bare(tmp_path: Path):
    graph = {**WORDS, "9": {**WORDS["9"], "inputs": {**WORDS["9"]["inputs"], "tiled": True}}}
    put(tmp_path, "portrait", PORTRAIT + SWITCH, graph)
    planner = Planner(PROFILES, registry=Registry(tmp_path, profiles=PROFILES))
    for typed, value in (("--tiled", True), ("--tiled off", False), ("--tiled=ON", True)):
        job = only(planner, f"an owl --workflow portrait {typed} --steps 3")
        assert job["parameters"]["tiled"] is value
    assert only(planner, "an owl", workflow="portrait", tiled=False)["parameters"]["tiled"] is False
    assert "on or off" in wrong(planner, "an owl --workflow portrait --tiled maybe")["message"]


# --- general flags beside it


def test_shape_size_number_and_negative_words_become_values(planner: Planner):
    job = only(planner, "an owl --workflow portrait --size 768x512 --batch 3 --no fog, rain")
    used = job["parameters"]
    assert (used["width"], used["height"], used["batch_size"]) == (768, 512, 3)
    assert used["negative"] == "fog, rain"
    job = only(planner, "an owl --workflow portrait --ar 2:1")
    assert job["width"] == 2 * job["height"]
    assert notes(job) == []


def test_its_own_width_overrules_the_shape_with_a_note(planner: Planner):
    job = only(planner, "an owl --workflow portrait --width 256 --ar 2:1")
    assert (job["width"], job["height"]) == (256, 64)
    assert notes(job) == ["--ar was left out: --width and --height say it."]


@pytest.mark.parametrize("flag", ["--ar 2:1", "--batch 2", "--iw 2", "--chaos 50", "--tile"])
def test_what_a_workflow_has_nothing_for_is_left_out_with_a_note(planner: Planner, flag: str):
    job = only(planner, f"an owl --workflow plain {flag}")
    name = flag.split()[0]
    assert notes(job) == [f"{name} was left out: the workflow Portrait has nothing like it."]


def test_a_flag_at_its_default_needs_no_note(planner: Planner):
    assert notes(only(planner, "an owl --workflow plain --chaos 0 --fast --stealth")) == []


def test_weights_of_parts_are_left_out_with_a_note(planner: Planner):
    job = only(planner, "hot::2 dog --workflow plain")
    assert job["parameters"]["prompt"] == "hot, dog"
    assert "weights" in notes(job)[0]


def test_a_lora_is_put_in_and_shown(planner: Planner):
    used = only(planner, "an owl <lora:ink:0.5> --workflow plain")["parameters"]
    assert used["loras"] == [{"value": "style/ink.safetensors", "weight": 0.5}]
    error = wrong(planner, "an owl --workflow plain --lora detial-xl:0.5")
    assert (error["parameter"], error["suggestion"]) == ("lora", "detail.safetensors")


# --- pictures


def test_links_fill_its_pictures_in_order(planner: Planner):
    one, two = link(1), link(2)
    used = only(planner, f"{one} {two} --workflow join")["parameters"]
    assert (used["image"], used["image_2"]) == (one, two)
    used = only(planner, f"{one} --workflow join --image {two}")["parameters"]
    assert (used["image"], used["image_2"]) == (two, one)


def test_too_many_pictures_are_refused_by_number(planner: Planner):
    pictures = " ".join(link(n) for n in range(3))
    assert wrong(planner, f"{pictures} --workflow join")["message"] == (
        "The workflow Join 2 takes 2 pictures, and here are 3."
    )
    assert wrong(planner, f"{link(1)} an owl --workflow plain")["message"] == (
        "The workflow Portrait takes no pictures, and here is 1."
    )


def test_a_workflow_of_one_picture_makes_a_job_for_each(planner: Planner):
    pictures = [link(n) for n in range(3)]
    body = told(planner, f"{' '.join(pictures)} --workflow each")
    assert [job["parameters"]["image"] for job in body["jobs"]] == pictures
    assert body["count"] == 3
    error = wrong(planner, f"{' '.join(pictures)} {link(3)} --workflow each")
    assert "takes 3 pictures at once, and here are 4" in error["message"]


def test_a_missing_picture_is_told(planner: Planner):
    assert wrong(planner, "--workflow join")["message"] == (
        "image is missing: the workflow begins from a picture."
    )


# --- its vocabulary


def test_its_rows_take_the_place_of_general_ones(planner: Planner):
    rows = {row["name"]: row for row in describe(planner.parameters("portrait").parameters)}
    assert rows["steps"]["group"] == Group.WORKFLOW
    assert (rows["steps"]["min"], rows["steps"]["max"], rows["steps"]["default"]) == (1, 12, 2)
    assert "euler" in rows["sampler"]["choices"]
    assert rows["model"]["choices"] == [
        "sd_xl_base_1.0.safetensors",
        "dreamshaper_8.safetensors",
    ]
    assert rows["iw"]["fidelity"] == "not here"
    assert rows["aspect"]["fidelity"] == "exact"
    assert set(rows["workflow"]["choices"]) >= {"portrait", "plain", "text_to_image"}


def test_without_a_workflow_the_rows_are_the_general_ones(planner: Planner):
    names = [row.name for row in planner.parameters(None).parameters]
    assert names == [row.name for row in PARAMETERS]
    for typed in ("potrait", "Portrait", " portrait "):
        with pytest.raises(NotFoundError, match="Did you mean portrait"):
            planner.parameters(typed)


@pytest.mark.parametrize("typed", ["text_to_imag", "text_to_im", "TEXT_TO_IMAGE", "text_to_imgae"])
def test_of_several_that_begin_alike_the_shortest_is_meant(planner: Planner, typed: str):
    with pytest.raises(NotFoundError, match=r"Did you mean text_to_image\?"):
        planner.parameters(typed)
    if typed.islower():
        assert wrong(planner, f"a fox --workflow {typed}")["suggestion"] == "text_to_image"


def test_a_name_of_any_length_is_told_short(planner: Planner):
    assert len(wrong(planner, f"a fox --workflow {'x' * 5000}")["message"]) < 120


def test_a_parameter_that_is_added_to_a_file_is_a_flag_at_once(planner: Planner, folder: Path):
    assert (
        "There is no --sharpness"
        in wrong(planner, "an owl --workflow plain --sharpness 2")["message"]
    )
    more = '\n[[parameters]]\nname = "sharpness"\ntype = "float"\nfeeds = ["3.cfg"]\n'
    text = PORTRAIT.replace('feeds = ["3.cfg"]', 'feeds = ["3.denoise"]')
    put(folder, "plain", text + more, INSTALLED)
    assert only(planner, "an owl --workflow plain --sharpness 2")["parameters"]["sharpness"] == 2


@pytest.mark.parametrize("name", sorted(Registry(Path("nothing")).current().entries))
def test_every_flag_of_every_shipped_workflow_can_be_typed(name: str):
    planner = Planner(PROFILES, catalog=lambda: CATALOG, registry=Registry(Path("nothing")))
    vocabulary = planner.parameters(name)
    for row in vocabulary.parameters:
        if row.is_of_workflow:
            text = f"an owl --workflow {name} {row.flag} {row.example}"
            seen = inspect(text, vocabulary)
            assert seen.errors == (), text
            assert seen.prompt is not None
            assert parse(seen.prompt.canonical(), vocabulary) == seen.prompt


# --- which one is named


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("an owl", None),
        ("an owl --workflow Portrait", "portrait"),
        ("an owl —workflow=portrait --steps 3", "portrait"),
        ("an owl \\{ --workflow portrait", "portrait"),
        ("an owl {--workflow portrait}", None),
        ("an owl --workflow", None),
        ("an owl--workflow portrait", None),
    ],
)
def test_the_name_is_found_before_anything_else_is_read(text: str, name: str | None):
    assert workflow_named(text, {}) == name


def test_a_server_without_workflows_refuses_every_name():
    with pytest.raises(PromptError, match="no such workflow"):
        parse("an owl --workflow portrait", VOCABULARY)


# --- asked without a prompt


async def planned(planner: Planner, **ask: Any) -> Planned:
    (made,) = await planner.plan_workflow(WorkflowAsk(**ask))
    return made


def graph_of(made: Planned) -> dict[str, Any]:
    """Return a graph without its file names, which no two have in common."""
    assert made.workflow is not None
    graph = copy.deepcopy(made.workflow.graph)
    for node in graph.values():
        node["inputs"].pop("filename_prefix", None)
    return graph


@pytest.mark.parametrize(
    "words",
    [
        "an owl --ar 16:9 --no fog",
        "hot::2 dog",
        "{a, b} \\{c",
        "https://example.com/a.png an owl <lora:ink:1>",
        "two\nlines — and—dashes --",
    ],
)
async def test_literal_words_stay_words_and_their_canonical_prompt_reads_the_same(
    planner: Planner, words: str
):
    made = await planned(planner, workflow="portrait", prompt=words, parameters={"steps": 3})
    assert made.plan.parameters["prompt"] == words
    assert graph_of(made)["6"]["inputs"]["text"] == words
    (again,) = await planner.plan_all(made.prompt.canonical(), {})
    assert again.plan.parameters["prompt"] == again.prompt.text == made.prompt.text
    assert again.prompt.parameters == made.prompt.parameters
    assert plain_words(made.prompt.text) == made.prompt.text


async def test_the_canonical_prompt_makes_the_same_graph(planner: Planner):
    text = "an owl --workflow portrait --steps 7 --lora ink:0.5 --ar 2:1 --model dreamshaper"
    (first,) = await planner.plan_all(text, {})
    (again,) = await planner.plan_all(first.prompt.canonical(), {})
    assert first.prompt.parameters["seed"] == first.plan.parameters["seed"]
    assert graph_of(again) == graph_of(first)
    assert again.plan.parameters == first.plan.parameters


async def test_asking_for_what_is_not_there_is_told(planner: Planner):
    with pytest.raises(NotFoundError, match="Did you mean portrait"):
        await planned(planner, workflow="potrait")
    with pytest.raises(NotFoundError, match="There is no character mira"):
        await planned(planner, workflow="portrait", prompt="an owl", character="mira")
    with pytest.raises(PromptError, match="takes no mask"):
        await planned(planner, workflow="portrait", prompt="an owl", mask=link(9))
