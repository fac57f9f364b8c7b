"""Which model a prompt is made with, and names that have to be installed."""

from dataclasses import replace

import pytest

from imagine.errors import PromptError, WorkflowError
from imagine.model_choice import usable_models
from imagine.models import Note, NoteLevel
from imagine.planning.names import MOST_UNKNOWN
from imagine.prompt_values import Weighted
from tests.catalogs import ENCODERS, catalog
from tests.planning.helpers import (
    ENGINE,
    PROFILES,
    SDXL,
    about,
    planned,
    sentences,
)
from tests.prompts import prompt


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


def test_a_lora_that_fits_several_is_refused_with_them() -> None:
    engine = catalog(checkpoints=[SDXL], loras=["fox-red.safetensors", "fox-white.safetensors"])
    with pytest.raises(PromptError) as caught:
        planned(prompt(lora=(Weighted("fox"),)), engine)
    assert caught.value.message == (
        "--lora fox fits several: fox-red.safetensors, fox-white.safetensors."
    )


def test_a_lora_among_the_words_is_refused_at_its_place() -> None:
    source = "a fox <lora:gone:0.5> in snow"
    asked = replace(prompt("a fox in snow", lora=(Weighted("gone", 0.5),)), source=source)
    with pytest.raises(PromptError) as caught:
        planned(asked)
    (detail,) = caught.value.details
    assert source[detail.start : detail.end] == "gone"


def test_what_was_given_as_an_option_has_no_place_in_the_prompt() -> None:
    with pytest.raises(PromptError) as caught:
        planned(prompt("plms", sampler="plms"))
    assert (caught.value.details[0].start, caught.value.details[0].end) == (None, None)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [("euler_a", "euler_ancestral"), ("dpm_2_a", "dpm_2_ancestral"), ("unipc", "uni_pc")],
)
def test_a_sampler_that_comfyui_calls_otherwise_is_understood(typed: str, taken: str) -> None:
    assert planned(prompt(sampler=typed)).parameters["sampler"] == taken


def test_a_sampler_of_another_program_may_tell_the_scheduler_too() -> None:
    made = planned(prompt(sampler="DPM++ 2M Karras"))
    assert (made.request.sampler, made.request.scheduler) == ("dpmpp_2m", "karras")
    assert about(made, "sampler").message == (
        "--sampler DPM++ 2M Karras is dpmpp_2m with the scheduler karras."
    )


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
