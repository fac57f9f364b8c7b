"""What an installed model is taken for and why; and the models that change pictures."""

from dataclasses import replace
from pathlib import Path

import pytest

from imagine.catalog import Catalog
from imagine.errors import PromptError, WorkflowError
from imagine.model_choice import choose_model, usable_models
from imagine.models import NoteLevel
from imagine.profiles import Profiles, load_profiles
from imagine.recognition import describe_models, explain_model
from tests.catalogs import catalog

PROFILES = load_profiles()
SDXL = "sd_xl_base_1.0.safetensors"
KONTEXT = "flux1-dev-kontext_fp8_scaled.safetensors"
QWEN_EDIT = "qwen_image_edit_2509_fp8_e4m3fn.safetensors"


def with_headers(engine: Catalog, **headers: str) -> Catalog:
    metadata = {
        f"{name}.safetensors": {"modelspec.architecture": headers[name]} for name in headers
    }
    return replace(engine, metadata=metadata)


ENGINE = with_headers(
    catalog(
        checkpoints=[
            SDXL,
            "dream.safetensors",
            "mine.safetensors",
            "sd_xl_refiner_1.0.safetensors",
        ],
        diffusion_models=[KONTEXT, "mystery.safetensors", "wan2.1_i2v_480p_14B_fp16.safetensors"],
    ),
    mine="stable-diffusion-v1",
)


@pytest.mark.parametrize(
    ("name", "family", "reason", "problem"),
    [
        (SDXL, "sdxl", "its name fits *sd_xl*", None),
        ("mine.safetensors", "sd15", "its header says stable-diffusion-v1", None),
        ("dream.safetensors", "sdxl", "nothing tells what it is; taken for SDXL", None),
        ("sd_xl_refiner_1.0.safetensors", "refiner", "*refiner*", "It only finishes pictures"),
        (KONTEXT, "flux-kontext", "its name fits *kontext*", "It changes a picture and needs one"),
        ("mystery.safetensors", None, "nothing tells what it is", "an entry of your own"),
        ("wan2.1_i2v_480p_14B_fp16.safetensors", "wan-i2v", "*-wan*i2v*", "It moves a pic"),
    ],
)
def test_a_model_is_explained(
    name: str, family: str | None, reason: str, problem: str | None
) -> None:
    found = explain_model(name, ENGINE, PROFILES)
    assert (found.profile.family if found.profile else None) == family
    assert reason in found.reason
    assert (found.problem is None) is (problem is None)
    assert problem is None or problem in str(found.problem)


def test_a_header_and_a_name_are_both_told() -> None:
    engine = with_headers(catalog(checkpoints=["my_xl-turbo.safetensors"]))
    engine = replace(
        engine, metadata={"my_xl-turbo.safetensors": {"ss_base_model_version": "sdxl_base_v1-0"}}
    )
    found = explain_model("my_xl-turbo.safetensors", engine, PROFILES)
    assert found.reason == "its header says sdxl_base_v1-0 and its name fits *xl*turbo*"


def test_missing_companions_are_the_problem() -> None:
    engine = catalog(diffusion_models=["flux1-dev.safetensors", KONTEXT], vaes=[])
    assert explain_model("flux1-dev.safetensors", engine, PROFILES).problem == (
        "flux1-dev.safetensors needs files that are not installed: vae/ae.safetensors."
    )
    assert "and needs one to start from. flux1-dev-kontext" in str(
        explain_model(KONTEXT, engine, PROFILES).problem
    )


def test_an_entry_of_the_owner_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text(
        '[mine]\nlabel = "Mine"\nlike = "sd15"\nnames = ["*myst*"]\n[sdxl]\nsteps = 40\n',
        encoding="utf-8",
    )
    profiles = load_profiles(path)
    engine = catalog(checkpoints=["mystery.safetensors", SDXL, "v1-5.safetensors"])
    models, _ = describe_models(engine, profiles, None)
    told = {model["name"]: (model["family_label"], model["reason"]) for model in models}
    assert told == {
        "mystery.safetensors": ("Mine", "its name fits *myst* (your profile mine)"),
        SDXL: ("SDXL", "its name fits *sd_xl* (your profile sdxl)"),
        "v1-5.safetensors": ("SD 1.5", "its name fits *v1-5*"),
    }
    assert next(model["steps"] for model in models if model["name"] == SDXL) == 40


def test_every_installed_model_is_described_once() -> None:
    models, others = describe_models(ENGINE, PROFILES, SDXL)
    assert [model["name"] for model in models] == [
        name for name, _ in usable_models(ENGINE, PROFILES)
    ]
    named = [entry["name"] for entry in (*models, *others)]
    assert sorted(named) == sorted((*ENGINE.checkpoints, *ENGINE.diffusion_models))
    assert [model["name"] for model in models if model["default"]] == [SDXL]
    assert [other["name"] for other in others if other["edits"]] == [KONTEXT]
    assert all(other["problem"] for other in others)


def test_the_size_of_a_square_picture_is_told() -> None:
    engine = catalog(
        checkpoints=["v1-5.safetensors"], diffusion_models=["wan2.1_t2v_1.3B_fp16.safetensors"]
    )
    models, _ = describe_models(engine, PROFILES, None)
    assert [(model["width"], model["height"]) for model in models] == [(512, 512), (624, 624)]


# Models that change pictures


def chosen(
    typed: str | None,
    engine: Catalog,
    *,
    edits: bool = True,
    default: str | None = None,
    profiles: Profiles = PROFILES,
) -> tuple[str, list[str]]:
    choice = choose_model(typed, default, engine, profiles, edits=edits)
    return choice.name, [note.message for note in choice.notes]


EDITORS = catalog(checkpoints=[SDXL], diffusion_models=[KONTEXT, QWEN_EDIT])


def test_a_prompt_that_changes_a_picture_prefers_a_model_that_does_just_that() -> None:
    name, notes = chosen(None, EDITORS)
    assert name == QWEN_EDIT
    assert notes == [f"Model: {QWEN_EDIT}, the best installed that changes pictures."]
    assert chosen(None, EDITORS, edits=False)[0] == SDXL


def test_it_goes_before_a_configured_model_that_does_not() -> None:
    assert chosen(None, EDITORS, default=SDXL)[0] == QWEN_EDIT
    assert chosen(None, EDITORS, default="kontext") == (KONTEXT, [])


def test_a_model_whose_files_are_missing_is_passed_over() -> None:
    engine = catalog(
        checkpoints=[SDXL],
        diffusion_models=[KONTEXT, QWEN_EDIT],
        text_encoders=["clip_l.safetensors", "t5xxl_fp16.safetensors"],
    )
    assert chosen(None, engine)[0] == KONTEXT


def test_without_such_a_model_any_is_taken_as_always() -> None:
    engine = catalog(checkpoints=[SDXL, "v1-5.safetensors"])
    assert chosen(None, engine) == (SDXL, [f"Model: {SDXL}, the best installed."])
    assert chosen(None, engine, default="v1-5") == ("v1-5.safetensors", [])


@pytest.mark.parametrize("typed", ["kontext", "flux-kontext", "FLUX.1 Kontext", KONTEXT])
def test_a_model_that_changes_pictures_may_be_typed_with_one(typed: str) -> None:
    assert chosen(typed, EDITORS) == (KONTEXT, [])


def test_a_typed_model_is_taken_also_when_others_would_change_it_better() -> None:
    assert chosen("sd_xl", EDITORS)[0] == SDXL


def test_without_a_picture_it_is_refused_with_what_to_do() -> None:
    with pytest.raises(PromptError) as caught:
        chosen("kontext", EDITORS, edits=False)
    assert "It changes a picture and needs one to start from." in caught.value.message
    assert caught.value.hint == "Put a picture in front of the words."


def test_only_such_a_model_installed_makes_no_pictures_from_words() -> None:
    engine = catalog(diffusion_models=[KONTEXT])
    assert chosen(None, engine)[0] == KONTEXT
    with pytest.raises(WorkflowError):
        chosen(None, engine, edits=False)


def test_a_configured_model_with_a_slip_is_told_with_the_nearest() -> None:
    engine = catalog(checkpoints=[SDXL, "dreamshaper_8.safetensors"])
    choice = choose_model(None, "dreamshaper_7", engine, PROFILES)
    assert choice.notes[0].level is NoteLevel.WARNING
    assert choice.notes[0].message == (
        "The model dreamshaper_7 of the settings is not installed, so another was taken. "
        "The nearest is dreamshaper_8.safetensors."
    )
