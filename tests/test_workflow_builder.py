"""A set as a graph: its branches, its costs, and what the job says of it."""

import json

import pytest

from imagine.errors import WorkflowError
from imagine.prompt_values import Weighted
from imagine.workflow_builder import Sampler, build
from tests.planning.helpers import (
    ENGINE,
    FAMILIES,
    SDXL,
    built,
    engine_of,
    nodes,
    planned,
)
from tests.prompts import prompt


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_runs_with_every_flag(family: str) -> None:
    engine = engine_of(family)
    made = planned(
        prompt(
            aspect="1:14",
            no=("fog",),
            steps=7,
            cfg=3.0,
            sampler="dpmpp_2m",
            scheduler="karras",
            batch=16,
            stop=30,
            draft=True,
            clip_skip=2,
            lora=(Weighted("fox", 0.5),),
        ),
        engine,
    )
    assert len(nodes(built(made, engine), "SaveImage")) == 16


def test_the_same_prompt_gives_the_same_graph() -> None:
    one, other = (built(planned(prompt(aspect="3:2"))) for _ in range(2))
    assert json.dumps(one.graph) == json.dumps(other.graph)
    assert one == other


def test_a_set_is_a_branch_for_each_picture_of_one_batch_of_noise() -> None:
    workflow = built(planned(prompt()))
    assert [latent["batch_size"] for latent in nodes(workflow, "EmptyLatentImage")] == [4]
    taken = nodes(workflow, "LatentFromBatch")
    assert [(latent["batch_index"], latent["length"]) for latent in taken] == [
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 1),
    ]
    assert len({tuple(latent["samples"]) for latent in taken}) == 1
    assert {sampler["seed"] for sampler in nodes(workflow, "KSampler")} == {42}
    assert len(nodes(workflow, "CheckpointLoaderSimple")) == 1
    assert len(nodes(workflow, "CLIPTextEncode")) == 2


def test_each_picture_is_saved_under_a_name_of_its_own() -> None:
    workflow = built(planned(prompt()))
    assert [(workflow.graph[o.node_id]["class_type"], o.image) for o in workflow.outputs] == [
        ("SaveImage", 0),
        ("SaveImage", 1),
        ("SaveImage", 2),
        ("SaveImage", 3),
    ]
    prefixes = [save["filename_prefix"] for save in nodes(workflow, "SaveImage")]
    assert prefixes == ["imagine/x-0", "imagine/x-1", "imagine/x-2", "imagine/x-3"]


def test_samplers_know_their_picture_and_their_steps() -> None:
    workflow = built(planned(prompt(batch=3, steps=11)))
    assert list(workflow.samplers.values()) == [Sampler(0, 11), Sampler(1, 11), Sampler(2, 11)]
    assert {workflow.graph[node]["class_type"] for node in workflow.samplers} == {"KSampler"}


def test_together_is_one_latent_one_sampler_and_one_save() -> None:
    workflow = built(planned(prompt(), batch_mode="together"))
    assert nodes(workflow, "LatentFromBatch") == []
    assert list(workflow.samplers.values()) == [Sampler(None, 25)]
    assert [output.image for output in workflow.outputs] == [None]
    assert nodes(workflow, "SaveImage")[0]["filename_prefix"] == "imagine/x"


@pytest.mark.parametrize("batch_mode", ["one_by_one", "together"])
def test_one_picture_of_a_set_is_made_alone_with_the_noise_of_its_place(batch_mode: str) -> None:
    made = planned(prompt(), member=2, batch_mode=batch_mode)
    workflow = built(made)
    assert nodes(workflow, "EmptyLatentImage")[0]["batch_size"] == 4
    assert [taken["batch_index"] for taken in nodes(workflow, "LatentFromBatch")] == [2]
    assert list(workflow.samplers.values()) == [Sampler(0, 25)]
    assert [output.image for output in workflow.outputs] == [0]
    assert (made.parameters["member"], made.parameters["batch_size"]) == (2, 1)


def test_a_typed_batch_mode_beats_the_setting() -> None:
    made = planned(prompt(batch_mode="one_by_one"), batch_mode="together")
    assert len(built(made).samplers) == 4


@pytest.mark.parametrize("batch_mode", ["one_by_one", "together"])
def test_a_single_picture_is_a_plain_latent(batch_mode: str) -> None:
    workflow = built(planned(prompt(batch=1), batch_mode=batch_mode))
    assert nodes(workflow, "LatentFromBatch") == []
    assert nodes(workflow, "EmptyLatentImage")[0]["batch_size"] == 1
    assert list(workflow.samplers.values()) == [Sampler(0, 25)]
    assert [output.image for output in workflow.outputs] == [0]


@pytest.mark.parametrize("batch_mode", ["one_by_one", "together"])
def test_the_steps_outweigh_all_the_rest(batch_mode: str) -> None:
    workflow = built(planned(prompt(), batch_mode=batch_mode))
    assert workflow.weights.keys() == workflow.graph.keys()
    sampling = sum(workflow.weights[node] for node in workflow.samplers)
    assert sampling == 100
    assert sampling / sum(workflow.weights.values()) > 0.85


def test_flux_has_guidance_and_no_negative_prompt() -> None:
    engine = engine_of("flux-split")
    workflow = built(planned(prompt(), engine), engine)
    assert nodes(workflow, "FluxGuidance")[0]["guidance"] == 3.5
    assert len(nodes(workflow, "ConditioningZeroOut")) == 1
    assert len(nodes(workflow, "EmptySD3LatentImage")) == 1
    assert {sampler["cfg"] for sampler in nodes(workflow, "KSampler")} == {1.0}
    assert nodes(workflow, "DualCLIPLoader") == [
        {
            "clip_name1": "clip_l.safetensors",
            "clip_name2": "t5xxl_fp8_e4m3fn_scaled.safetensors",
            "type": "flux",
        }
    ]


def test_loras_are_applied_in_order_before_the_words_are_read() -> None:
    asked = prompt(lora=(Weighted("detail", 0.6), Weighted("fox")))
    workflow = built(planned(asked))
    first, second = nodes(workflow, "LoraLoader")
    assert (first["lora_name"], first["strength_model"], first["strength_clip"]) == (
        "style/Detail-XL.safetensors",
        0.6,
        0.6,
    )
    loader = next(i for i, n in workflow.graph.items() if n["inputs"] == first)
    assert (second["model"], second["clip"]) == ([loader, 0], [loader, 1])


def test_a_plan_made_without_an_engine_cannot_be_built() -> None:
    made = planned(prompt(), None)
    with pytest.raises(WorkflowError, match="plan again"):
        build(made.request, made.profile, ENGINE)


def test_the_parameters_say_what_is_really_used() -> None:
    made = planned(prompt(aspect="16:9"))
    assert made.parameters == {
        "aspect": "16:9",
        "seed": 42,
        "width": 1344,
        "height": 768,
        "steps": 25,
        "cfg": 5.0,
        "sampler": "euler",
        "scheduler": "normal",
        "model": SDXL,
        "family": "sdxl",
        "batch_size": 4,
        "batch_mode": "one_by_one",
    }


def test_what_is_used_besides_is_said_too() -> None:
    made = planned(prompt(no=("fog",), lora=(Weighted("fox", 0.5),), stop=50, clip_skip=2))
    extra = {"negative", "loras", "stop", "clip_skip"}
    assert {name: made.parameters[name] for name in extra} == {
        "negative": "fog",
        "loras": [{"value": "fox.safetensors", "weight": 0.5}],
        "stop": 50,
        "clip_skip": 2,
    }
    json.dumps(made.parameters)


def test_what_was_typed_beats_the_profile() -> None:
    asked = prompt(steps=9, cfg=7.5, sampler="DPMPP-2M", scheduler="Karras", batch=2)
    used = planned(asked).parameters
    wanted = {"steps": 9, "cfg": 7.5, "sampler": "dpmpp_2m", "scheduler": "karras"}
    assert {name: used[name] for name in wanted} == wanted


def test_without_an_engine_the_plan_goes_as_far_as_it_can() -> None:
    made = planned(prompt(aspect="16:9", model="whatever", sampler="any"), None)
    assert made.parameters["model"] is None
    assert (made.parameters["width"], made.parameters["height"]) == (1344, 768)
    assert made.parameters["sampler"] == "any"
    assert planned(prompt(model="flux1-dev"), None).parameters["family"] == "flux"


def test_a_prompt_without_a_seed_is_planned_with_zero() -> None:
    made = planned(prompt().with_parameters(seed=None))
    assert made.parameters["seed"] == 0
