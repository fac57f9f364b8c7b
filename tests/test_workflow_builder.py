"""Plans and graphs. The graphs in ``golden/`` are rewritten only on purpose::

IMAGINE_REWRITE_GOLDEN=1 pytest tests/test_workflow_builder.py
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.defaults import Defaults
from imagine.errors import PromptError, WorkflowError
from imagine.image_request import Part
from imagine.model_choice import usable_models
from imagine.models import Note, NoteLevel
from imagine.parameters import PARAMETERS
from imagine.planning.names import MOST_UNKNOWN
from imagine.preflight import preflight
from imagine.profiles import load_profiles
from imagine.prompt import Prompt, Segment
from imagine.prompt_parser import Vocabulary, parse
from imagine.prompt_values import Weighted
from imagine.workflow_builder import Plan, Sampler, Workflow, build, plan
from tests.catalogs import ENCODERS, catalog
from tests.prompts import parts, prompt

GOLDEN = Path(__file__).with_name("golden")
PROFILES = load_profiles()
SDXL = "sd_xl_base_1.0.safetensors"
ENGINE = catalog(checkpoints=[SDXL], loras=["style/Detail-XL.safetensors", "fox.safetensors"])

# One model of each kind, and the folder it stands in.
FAMILIES = {
    "sketch": ("checkpoints", "sketch.safetensors"),
    "sd15": ("checkpoints", "v1-5-pruned-emaonly-fp16.safetensors"),
    "sd2": ("checkpoints", "v2-1_768-ema-pruned.safetensors"),
    "sdxl": ("checkpoints", SDXL),
    "sdxl-split": ("diffusion_models", "sdxl_lightning_4step_unet.safetensors"),
    "sdxl-turbo": ("checkpoints", "sd_xl_turbo_1.0_fp16.safetensors"),
    "sd3": ("checkpoints", "sd3.5_large_fp8_scaled.safetensors"),
    "sd3-plain": ("checkpoints", "sd3.5_large.safetensors"),
    "flux": ("checkpoints", "flux1-dev-fp8.safetensors"),
    "flux-split": ("diffusion_models", "flux1-dev.safetensors"),
    "flux-schnell": ("checkpoints", "flux1-schnell-fp8.safetensors"),
    "qwen-image": ("diffusion_models", "qwen_image_fp8_e4m3fn.safetensors"),
    "z-image": ("diffusion_models", "z_image_bf16.safetensors"),
    "z-image-turbo": ("diffusion_models", "z_image_turbo_bf16.safetensors"),
    "chroma": ("diffusion_models", "Chroma1-HD.safetensors"),
    "hidream": ("diffusion_models", "hidream_i1_full_fp8.safetensors"),
}
FEW: dict[str, Any] = {"batch": 2}
RECIPES: dict[str, tuple[str, Prompt]] = {
    **{name: (name, prompt(no=("fog", "text"), aspect="16:9", **FEW)) for name in FAMILIES},
    "one-by-one": ("sdxl", prompt()),
    "together": ("sdxl", prompt(batch_mode="together")),
    "single": ("sdxl", prompt(batch=1)),
    "unfinished": ("sdxl", prompt(stop=50, **FEW)),
    "loras": ("sdxl", prompt(lora=(Weighted("fox"), Weighted("detail", 0.6)), clip_skip=2, **FEW)),
    "loras-model-only": ("qwen-image", prompt(lora=(Weighted("fox", -1.0),), **FEW)),
}


def engine_of(family: str) -> Catalog:
    folder, name = FAMILIES[family]
    return catalog(**{folder: [name], "loras": ENGINE.loras})


def planned(asked: Prompt, engine: Catalog | None = ENGINE, **settings: Any) -> Plan:
    return plan(asked, engine, PROFILES, Defaults(**settings))


def built(made: Plan, engine: Catalog = ENGINE) -> Workflow:
    workflow = build(replace(made.request, filename_prefix="imagine/x"), made.profile, engine)
    assert preflight(workflow.graph, engine) == ()
    return workflow


def nodes(workflow: Workflow, class_type: str) -> list[dict[str, Any]]:
    """Return the inputs of all nodes of a class, in order."""
    found = (n for n in workflow.graph.values() if n["class_type"] == class_type)
    return [node["inputs"] for node in found]


def sentences(made: Plan) -> list[str]:
    return [note.message for note in made.notes]


def about(made: Plan, parameter: str | None) -> Note:
    (note,) = [note for note in made.notes if note.parameter == parameter]
    return note


# Graphs


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_graph_of_a_recipe_is_the_golden_one(recipe: str) -> None:
    family, asked = RECIPES[recipe]
    engine = engine_of(family)
    made = planned(asked, engine)
    workflow = built(made, engine)
    found = {
        "parameters": made.parameters,
        "notes": sentences(made),
        "graph": workflow.graph,
    }
    path = GOLDEN / f"text-to-image-{recipe}.json"
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("IMAGINE_REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(text)


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


# Parameters


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


# Sizes


def test_a_typed_size_is_kept_to_the_pixel() -> None:
    made = planned(prompt(size="1000x600"))
    used = made.parameters
    assert (used["width"], used["height"], used["aspect"]) == (1000, 600, "5:3")


def test_a_size_beats_a_shape_and_says_so() -> None:
    made = planned(prompt(size="1024x512", aspect="1:1"))
    assert about(made, "aspect").message == "--ar was left out: --size says the shape."
    assert made.parameters["aspect"] == "2:1"


def test_a_size_of_the_same_shape_needs_no_word() -> None:
    made = planned(prompt(size="1024x512", aspect="2:1"))
    assert [note for note in made.notes if note.parameter == "aspect"] == []


@pytest.mark.parametrize(("typed", "used"), [("40:1", "14:1"), ("1:10000", "1:14")])
def test_a_shape_that_is_too_long_is_clamped_and_said(typed: str, used: str) -> None:
    made = planned(prompt(aspect=typed))
    assert made.parameters["aspect"] == used
    message = f"--ar {typed} became {used}, the longest shape there is."
    assert about(made, "aspect") == Note(parameter="aspect", message=message)


def test_a_shape_that_the_budget_cannot_hold_says_how_far_off_it_is(tmp_path: Path) -> None:
    tiny = tmp_path / "tiny.toml"
    tiny.write_text("[sdxl]\npixels = 4096\nstep = 64\n", encoding="utf-8")
    made = plan(prompt(aspect="14:13"), ENGINE, load_profiles(tiny))
    assert about(made, "aspect").message == "--ar 14:13 became 64×64, which is 7% off."


# Steps


@pytest.mark.parametrize(("quality", "steps"), [(0.25, 6), (0.5, 12), (2.0, 50), (4.0, 100)])
def test_quality_is_steps(quality: float, steps: int) -> None:
    made = planned(prompt(quality=quality))
    assert made.parameters["steps"] == steps
    message = f"--quality {quality:g} means {steps} steps with this model."
    assert about(made, "quality").message == message


def test_quality_stays_within_what_is_useful() -> None:
    assert planned(prompt(quality=4.0), engine_of("hidream")).parameters["steps"] == 150
    assert planned(prompt(quality=0.25), engine_of("flux-schnell")).parameters["steps"] == 4


def test_typed_steps_beat_quality_and_say_so() -> None:
    made = planned(prompt(quality=2.0, steps=30))
    assert made.parameters["steps"] == 30
    assert about(made, "quality").message.startswith("--quality was left out: ")
    assert "quality" not in made.parameters


def test_a_draft_has_half_the_sides_and_fewer_steps() -> None:
    made = planned(prompt(draft=True))
    used = made.parameters
    assert (used["width"], used["height"], used["steps"]) == (512, 512, 10)
    assert about(made, "draft").message == "--draft means 512×512 and 10 steps here."


def test_stop_ends_sampling_early() -> None:
    made = planned(prompt(stop=50, batch=1))
    workflow = built(made)
    (sampler,) = nodes(workflow, "KSamplerAdvanced")
    assert (sampler["steps"], sampler["end_at_step"]) == (25, 13)
    assert list(workflow.samplers.values()) == [Sampler(0, 13)]
    assert about(made, "stop").message == "--stop ends after 13 of 25 steps."


def test_stop_at_the_end_changes_nothing() -> None:
    made = planned(prompt(stop=100))
    assert nodes(built(made), "KSamplerAdvanced") == []
    assert [note for note in made.notes if note.parameter == "stop"] == []


# Words


def test_what_is_not_wanted_is_the_negative_prompt() -> None:
    workflow = built(planned(prompt(no=("semi-transparent glass", "fog"))))
    texts = [words["text"] for words in nodes(workflow, "CLIPTextEncode")]
    assert texts == ["a red fox", "semi-transparent glass, fog"]


@pytest.mark.parametrize("family", ["flux", "flux-schnell", "z-image-turbo", "sdxl-turbo"])
def test_a_model_without_negative_prompt_says_so(family: str) -> None:
    made = planned(prompt(no=("fog",)), engine_of(family))
    message = "--no was left out: at cfg 1 this model takes no negative prompt."
    assert about(made, "no") == Note(parameter="no", message=message)
    assert "negative" not in made.parameters


def test_cfg_above_one_turns_the_negative_prompt_on_and_says_what_it_costs() -> None:
    engine = engine_of("flux")
    made = planned(prompt(no=("fog",), cfg=2.0), engine)
    assert made.parameters["negative"] == "fog"
    assert about(made, "cfg").message == "--cfg above 1 takes twice the time with this model."
    assert nodes(built(made, engine), "ConditioningZeroOut") == []


def test_weighted_parts_are_joined_and_the_lost_weights_are_told() -> None:
    asked = parts(Segment("hot", 2.0), Segment("dog"), Segment("mustard", -0.5))
    made = planned(asked)
    assert made.request.positive == (Part("hot", 2.0), Part("dog", 1.0))
    assert made.request.negative == "mustard"
    assert about(made, None).message == (
        "The parts were joined in order: their weights are not applied yet."
    )


def test_a_single_part_has_no_weight_to_lose() -> None:
    made = planned(parts(Segment("fox", 3.0)))
    assert [note for note in made.notes if note.level is NoteLevel.WARNING] == []


def test_negative_parts_are_told_when_the_model_takes_none() -> None:
    made = planned(parts(Segment("fox"), Segment("fog", -0.5)), engine_of("flux"))
    assert about(made, None).message.startswith("The parts with negative weights were left out: ")


def test_clip_skip_is_for_clip_models() -> None:
    workflow = built(planned(prompt(clip_skip=2)))
    assert nodes(workflow, "CLIPSetLastLayer")[0]["stop_at_clip_layer"] == -2
    made = planned(prompt(clip_skip=2), engine_of("flux"))
    assert about(made, "clip_skip").message.startswith("--clip-skip was left out: ")
    assert "clip_skip" not in made.parameters


# Models


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("juggernaut", "SDXL\\juggernautXL_v9.safetensors"),
        ("flux1-dev", "flux1-dev-fp8.safetensors"),
        ("sd15", "v1-5-pruned.ckpt"),
        ("SD 1.5", "v1-5-pruned.ckpt"),
        ("z image", "z_image_turbo_bf16.safetensors"),
    ],
)
def test_half_a_name_or_a_family_is_enough(typed: str, expected: str) -> None:
    engine = catalog(
        checkpoints=[
            "SDXL\\juggernautXL_v9.safetensors",
            "v1-5-pruned.ckpt",
            "flux1-dev-fp8.safetensors",
        ],
        diffusion_models=["z_image_turbo_bf16.safetensors"],
    )
    made = planned(prompt(model=typed), engine)
    assert made.parameters["model"] == expected
    assert [note for note in made.notes if note.parameter == "model"] == []


def test_a_slip_of_the_finger_is_understood_and_said() -> None:
    made = planned(prompt(model="sd_xl_bsae_1.0"))
    assert about(made, "model").message == f"Model: {SDXL}, the nearest to sd_xl_bsae_1.0."


def test_a_name_that_fits_several_is_refused_with_all_of_them() -> None:
    engine = catalog(checkpoints=["flux1-dev-fp8.safetensors", "flux1-schnell-fp8.safetensors"])
    with pytest.raises(PromptError) as caught:
        planned(prompt(model="flux"), engine)
    (detail,) = caught.value.details
    assert "flux1-dev-fp8.safetensors, flux1-schnell-fp8.safetensors" in caught.value.message
    assert (detail.parameter, detail.value) == ("model", "flux")
    assert detail.suggestion == "flux1-dev-fp8.safetensors"


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(PromptError) as caught:
        planned(prompt(model="sd_xl_base_2.0"))
    assert caught.value.details[0].suggestion == SDXL
    assert caught.value.message.endswith(f"Did you mean {SDXL}?")


def test_a_model_that_edits_is_refused_with_the_reason() -> None:
    engine = catalog(checkpoints=[SDXL, "flux1-dev-kontext.safetensors"])
    with pytest.raises(PromptError, match="It changes a picture and needs one to start from"):
        planned(prompt(model="kontext"), engine)


def test_everything_that_cannot_be_is_told_at_once_with_its_place() -> None:
    source = "a red fox --model dall-e --lora foks --sampler plms --scheduler linear_quad"
    asked = replace(
        prompt(
            model="dall-e",
            lora=(Weighted("foks"),),
            sampler="plms",
            scheduler="linear_quad",
        ),
        source=source,
    )
    with pytest.raises(PromptError) as caught:
        planned(asked)
    details = caught.value.details
    assert {d.parameter for d in details} == {"model", "lora", "sampler", "scheduler"}
    for detail in details:
        assert source[detail.start : detail.end] == detail.value
    nearest = {detail.parameter: detail.suggestion for detail in details}
    assert nearest["lora"] == "fox.safetensors"
    assert nearest["scheduler"] == "linear_quadratic"


def test_looking_for_names_ends_after_some_that_are_unknown() -> None:
    many = tuple(Weighted(f"unknown-{n}") for n in range(400))
    with pytest.raises(PromptError) as refused:
        planned(prompt(lora=many))
    assert len(refused.value.details) == MOST_UNKNOWN


def test_what_was_given_as_an_option_has_no_place_in_the_prompt() -> None:
    with pytest.raises(PromptError) as caught:
        planned(prompt("plms", sampler="plms"))
    assert (caught.value.details[0].start, caught.value.details[0].end) == (None, None)


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [("euler_a", "euler_ancestral"), ("dpm_2_a", "dpm_2_ancestral"), ("unipc", "uni_pc")],
)
def test_a_sampler_that_comfyui_calls_otherwise_is_suggested(typed: str, suggestion: str) -> None:
    with pytest.raises(PromptError) as caught:
        planned(prompt(sampler=typed))
    assert caught.value.details[0].suggestion == suggestion


@pytest.mark.parametrize("sampler", ENGINE.samplers)
def test_every_sampler_that_comfyui_lists_is_taken(sampler: str) -> None:
    assert planned(prompt(sampler=sampler)).parameters["sampler"] == sampler


def test_the_usual_sampler_of_a_family_may_be_missing() -> None:
    engine = catalog(
        diffusion_models=["z_image_turbo_bf16.safetensors"], samplers=["euler", "ddim"]
    )
    made = planned(prompt(), engine)
    assert made.parameters["sampler"] == "euler"
    assert about(made, "sampler").message == (
        "This ComfyUI has no sampler res_multistep, so euler is used."
    )


def test_with_nothing_said_the_best_model_is_taken_and_said() -> None:
    engine = catalog(
        checkpoints=["v1-5-pruned.ckpt", "sd_xl_refiner_1.0.safetensors", SDXL, "mine.ckpt"]
    )
    made = planned(prompt(), engine)
    assert made.parameters["model"] == SDXL
    assert about(made, "model") == Note(
        parameter="model", level=NoteLevel.INFO, message=f"Model: {SDXL}, the best installed."
    )


def test_the_best_model_is_one_whose_files_are_all_there() -> None:
    engine = catalog(
        checkpoints=[SDXL],
        diffusion_models=["flux1-dev.safetensors"],
        text_encoders=["clip_l.safetensors"],
    )
    assert planned(prompt(), engine).parameters["model"] == SDXL


def test_a_model_of_an_unknown_kind_is_run_like_sdxl_and_said() -> None:
    made = planned(prompt(), catalog(checkpoints=["mine.safetensors"]))
    assert made.parameters["family"] == "sdxl"
    note = about(made, "model")
    assert note.level is NoteLevel.WARNING
    assert note.message.startswith("Model: mine.safetensors. Nothing tells what kind it is")


def test_the_name_of_an_unknown_model_may_hint_at_sd15() -> None:
    made = planned(prompt(), catalog(checkpoints=["mine_sd1.safetensors"]))
    assert made.parameters["family"] == "sd15"


def test_a_header_tells_what_a_name_does_not() -> None:
    engine = replace(
        catalog(checkpoints=["mine.safetensors"]),
        metadata={"mine.safetensors": {"modelspec.architecture": "stable-diffusion-v1"}},
    )
    assert planned(prompt(), engine).parameters["family"] == "sd15"


def test_the_configured_model_is_taken_without_a_word() -> None:
    engine = catalog(checkpoints=["v1-5-pruned.ckpt", SDXL])
    made = planned(prompt(), engine, model="v1-5")
    assert made.parameters["model"] == "v1-5-pruned.ckpt"
    assert made.notes == ()


def test_a_configured_model_that_is_gone_is_said_and_the_best_is_taken() -> None:
    made = planned(prompt(), model="gone_v3")
    assert made.parameters["model"] == SDXL
    assert sentences(made) == [
        "The model gone_v3 of the settings is not installed, so another was taken.",
        f"Model: {SDXL}, the best installed.",
    ]


def test_a_configured_model_that_fits_several_is_said() -> None:
    engine = catalog(checkpoints=["flux1-dev-fp8.safetensors", "flux1-schnell-fp8.safetensors"])
    made = planned(prompt(), engine, model="flux")
    assert sentences(made)[0] == (
        "The model flux of the settings fits several models, so another was taken."
    )


def test_a_configured_model_that_makes_no_pictures_from_words_is_passed_over() -> None:
    engine = catalog(checkpoints=[SDXL, "flux1-dev-kontext.safetensors"])
    made = planned(prompt(), engine, model="kontext")
    assert made.parameters["model"] == SDXL


def test_a_split_model_of_an_unknown_kind_is_not_guessed() -> None:
    engine = catalog(checkpoints=[SDXL], diffusion_models=["mystery.safetensors"])
    with pytest.raises(PromptError, match="Nothing tells what kind it is"):
        planned(prompt(model="mystery"), engine)


def test_models_to_choose_from_are_those_that_can_run() -> None:
    engine = catalog(
        checkpoints=[SDXL, "mine.ckpt", "sd_xl_refiner_1.0.safetensors"],
        diffusion_models=["flux1-dev.safetensors", "mystery.safetensors", "wan2.1_t2v.safetensors"],
        text_encoders=[],
    )
    found = [(name, profile.family) for name, profile in usable_models(engine, PROFILES)]
    assert found == [(SDXL, "sdxl"), ("mine.ckpt", "sdxl")]


def test_no_model_at_all_says_what_to_install_and_where() -> None:
    with pytest.raises(WorkflowError) as caught:
        planned(prompt(), catalog())
    assert caught.value.message == "No model is installed that makes pictures from words."
    assert caught.value.hint is not None
    assert "models/checkpoints" in caught.value.hint


def test_missing_companions_are_named_with_their_folders() -> None:
    engine = catalog(
        diffusion_models=["flux1-dev.safetensors"],
        text_encoders=[name for name in ENCODERS if "t5" not in name],
        vaes=[],
    )
    for asked in (prompt(), prompt(model="flux")):
        with pytest.raises(WorkflowError) as caught:
            planned(asked, engine)
        assert caught.value.message == (
            "flux1-dev.safetensors needs files that are not installed: "
            "text_encoders/t5xxl_fp16.safetensors, vae/ae.safetensors."
        )


def test_a_checkpoint_in_the_wrong_folder_is_told() -> None:
    engine = catalog(diffusion_models=["v1-5-pruned.safetensors"])
    with pytest.raises(WorkflowError) as caught:
        planned(prompt(model="v1-5"), engine)
    assert caught.value.hint is not None
    assert "models/checkpoints" in caught.value.hint


# Notes

DEFAULTS: dict[str, Any] = {
    row.name: row.default for row in PARAMETERS if row.default is not None and row.name != "repeat"
}
LEFT_OUT: dict[str, Any] = {
    "chaos": (20, "--chaos was left out: this model has nothing like it."),
    "weird": (500, "--weird was left out: this model has nothing like it."),
    "exp": (5, "--exp was left out: this model has nothing like it."),
    "stylize": (
        250,
        "--stylize was left out: this model has no house look to turn up or down.",
    ),
    "raw": (True, "--raw was left out: nothing is beautified here in the first place."),
    "style": ("cute", "--style cute was left out: that look exists only at Midjourney."),
    "tile": (True, "--tile was left out: this model makes no seamless tiles."),
    "hd": (True, "--hd was left out: --size makes larger pictures."),
    "denoise": (0.5, "--denoise was left out: it needs a picture to start from."),
    "zoom": (1.5, "--zoom was left out: it needs a finished picture."),
    "sameseed": (7, "--sameseed was left out: with one noise all pictures would be the same."),
    "version": ("7", "--v 7 was left out: Midjourney's models are only at Midjourney."),
    "niji": ("6", "--niji 6 was left out: Midjourney's models are only at Midjourney."),
    "profile": ((Weighted("abc"),), "--profile was left out: there are no presets here."),
    "sref": ((Weighted("123"),), "--sref was left out: picture references are not used yet."),
    "sw": (300, "--sw was left out: picture references are not used yet."),
    "cref": (
        (Weighted("https://x/a.png"),),
        "--cref was left out: picture references are not used yet.",
    ),
    "iw": (2.0, "--iw was left out: picture references are not used yet."),
    "video": (True, "--video was left out: only still pictures are made here."),
    "relax": (True, "--relax makes no difference: there is one queue."),
    "stealth": (True, "--stealth makes no difference: the pictures stay on this machine."),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_not_honoured_is_told_in_one_plain_sentence(name: str) -> None:
    value, message = LEFT_OUT[name]
    made = planned(prompt(**{name: value}), model=SDXL)
    assert sentences(made) == [message]
    assert name not in made.parameters


def test_every_parameter_is_honoured_or_told() -> None:
    known = planned(prompt(), model=SDXL)
    honoured: dict[str, Any] = {
        "no": ("fog",),
        "lora": (Weighted("fox"),),
        "sampler": "ddim",
        "batch": 2,
    }
    honoured |= {"scheduler": "karras", "aspect": "3:2", "size": "512x512", "steps": 3, "cfg": 2.0}
    honoured |= {"seed": 1, "batch_mode": "together", "model": SDXL, "repeat": 2, "sd": True}
    honoured |= {"clip_skip": 2}
    for row in (row for row in PARAMETERS if not row.is_legacy):
        value = honoured.get(row.name, LEFT_OUT.get(row.name, (True, ""))[0])
        if row.name in ("quality", "stop"):
            value = 50
        made = planned(prompt(**{row.name: value}), model=SDXL)
        assert made.notes or row.name in honoured, row.name
        if row.name not in ("repeat", "sd", "model"):
            assert made != known, row.name


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_default_that_was_typed_needs_no_word(name: str) -> None:
    assert sentences(planned(prompt(**{name: DEFAULTS[name]}), model=SDXL)) == []


def test_old_flags_are_told_by_the_parser_alone() -> None:
    read = parse("a red fox --seed 1 --hq --newclip", Vocabulary())
    made = planned(read, model=SDXL)
    assert [note.parameter for note in (*read.notes, *made.notes)] == ["hq", "newclip"]


def test_pictures_at_the_front_are_told() -> None:
    made = planned(prompt(images=("https://x/a.png",)), model=SDXL)
    assert sentences(made) == [
        "The pictures at the front were left out: picture references are not used yet."
    ]


def test_no_preset_needs_no_word() -> None:
    made = planned(prompt(profile=(Weighted("none"),)), model=SDXL)
    assert sentences(made) == []


def test_raw_typed_as_a_style_is_told_once() -> None:
    made = planned(prompt(style="raw", raw=True), model=SDXL)
    assert [note.parameter for note in made.notes] == ["raw"]
