from pathlib import Path

import pytest

from imagine.errors import SettingsError
from imagine.profiles import Profile, load_profiles, matches
from tests.catalogs import catalog

PROFILES = load_profiles()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sketch.safetensors", "sketch"),
        ("v1-5-pruned-emaonly-fp16.safetensors", "sd15"),
        ("dreamshaper_8.safetensors", "sd15"),
        ("realisticVisionV60B1_v51VAE.safetensors", "sd15"),
        ("v2-1_768-ema-pruned.safetensors", "sd2"),
        ("sd_xl_base_1.0.safetensors", "sdxl"),
        ("juggernautXL_v9Rundiffusionphoto2.safetensors", "sdxl"),
        ("SDXL\\ponyDiffusionV6XL.safetensors", "sdxl"),
        ("sdxl/mine.safetensors", "sdxl"),
        ("sd_xl_turbo_1.0_fp16.safetensors", "sdxl-turbo"),
        ("sdxl_lightning_4step.safetensors", "sdxl-lightning"),
        ("sdxl_lightning_8step.safetensors", "sdxl-lightning-8"),
        ("dreamshaperXL_lightningDPMSDE.safetensors", "sdxl-quick"),
        ("sd3_medium_incl_clips_t5xxlfp8.safetensors", "sd3-medium"),
        ("sd3.5_large_fp8_scaled.safetensors", "sd3"),
        ("sd3.5_large.safetensors", "sd3-plain"),
        ("sd3.5_large_turbo.safetensors", "sd3-turbo"),
        ("sd3.5_medium.safetensors", "sd3-medium-plain"),
        ("flux1-dev.safetensors", "flux"),
        ("flux1-dev-fp8.safetensors", "flux"),
        ("flux1-krea-dev_fp8_scaled.safetensors", "flux"),
        ("flux1-schnell-fp8.safetensors", "flux-schnell"),
        ("qwen_image_fp8_e4m3fn.safetensors", "qwen-image"),
        ("z_image_turbo_bf16.safetensors", "z-image-turbo"),
        ("z_image_bf16.safetensors", "z-image"),
        ("Chroma1-HD-fp8_scaled_rev2.safetensors", "chroma"),
        ("hidream_i1_full_fp8.safetensors", "hidream"),
        ("hidream_i1_dev_bf16.safetensors", "hidream-dev"),
        ("hidream_i1_fast_fp8.safetensors", "hidream-fast"),
    ],
)
def test_models_are_recognised_by_their_file_names(name: str, expected: str) -> None:
    profile = PROFILES.recognise(name)
    assert profile is not None
    assert (profile.id, profile.unsuitable) == (expected, None)


@pytest.mark.parametrize(
    "name",
    [
        "flux1-dev-kontext_fp8_scaled.safetensors",
        "flux1-fill-dev.safetensors",
        "flux1-canny-dev.safetensors",
        "flux2_dev_fp8mixed.safetensors",
        "qwen_image_edit_2509_fp8_e4m3fn.safetensors",
        "sd_xl_refiner_1.0.safetensors",
        "sd-v1-5-inpainting.ckpt",
        "wan2.1_t2v_1.3B_fp16.safetensors",
        "svd_xt.safetensors",
        "stable_audio_open_1.0.safetensors",
        "lumina_2.safetensors",
    ],
)
def test_what_makes_no_picture_from_words_is_told_apart(name: str) -> None:
    profile = PROFILES.recognise(name)
    assert profile is not None
    assert profile.unsuitable


@pytest.mark.parametrize(
    "name", ["my_dream.safetensors", "swan_song_v2.ckpt", "illuminati.safetensors"]
)
def test_a_name_that_tells_nothing_is_not_guessed(name: str) -> None:
    assert PROFILES.recognise(name) is None


@pytest.mark.parametrize(
    ("name", "metadata", "expected"),
    [
        ("mine.safetensors", {"modelspec.architecture": "stable-diffusion-xl-v1-base"}, "sdxl"),
        ("mine.safetensors", {"modelspec.architecture": "stable-diffusion-v1"}, "sd15"),
        ("mine.safetensors", {"modelspec.architecture": "flux-1-schnell"}, "flux-schnell"),
        ("mine.safetensors", {"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl"),
        ("epicXL_v5.safetensors", {"modelspec.architecture": "stable-diffusion-v1"}, "sd15"),
        ("sdxl_lightning.ckpt", {"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl-lightning"),
        ("flux1-kontext.sft", {"modelspec.architecture": "flux-1-dev"}, "flux-kontext"),
    ],
)
def test_a_header_decides_the_family_and_the_name_the_variant(
    name: str, metadata: dict[str, str], expected: str
) -> None:
    profile = PROFILES.recognise(name, metadata)
    assert profile is not None
    assert profile.id == expected


@pytest.mark.parametrize("metadata", [{}, {"format": "pt"}, {"modelspec.architecture": 7}])
def test_a_header_that_says_nothing_changes_nothing(metadata: dict[str, object]) -> None:
    profile = PROFILES.recognise("sd_xl_base_1.0.safetensors", metadata)
    assert profile is PROFILES["sdxl"]


@pytest.mark.parametrize("profile", list(PROFILES), ids=lambda profile: profile.id)
def test_every_profile_uses_what_comfyui_has(profile: Profile) -> None:
    engine = catalog()
    assert profile.sampler in engine.samplers
    assert profile.scheduler in engine.schedulers
    assert engine.has(profile.latent)
    assert profile.shift_node is None or engine.has(profile.shift_node)
    loader = {1: "CLIPLoader", 2: "DualCLIPLoader"}.get(len(profile.text_encoders))
    if loader is not None:
        assert profile.text_encoder_type in engine.choices(loader, "type")


def test_a_negative_prompt_needs_a_cfg_above_one() -> None:
    assert PROFILES["sdxl"].negative
    assert not PROFILES["flux"].negative


def test_ranks_of_families_differ_so_that_the_best_is_sure() -> None:
    ranks: dict[int, set[str]] = {}
    for profile in PROFILES:
        if profile.unsuitable is None:
            ranks.setdefault(profile.rank, set()).add(profile.label)
    assert {rank: labels for rank, labels in ranks.items() if len(labels) > 1} == {}


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("clip_l", "clip_l.safetensors", True),
        ("clip_l", "folder/CLIP-L.safetensors", True),
        ("clip_l", "clip_l_hidream.safetensors", False),
        ("t5xxl_fp8*scaled", "t5xxl_fp8_e4m3fn_scaled.safetensors", True),
        ("*-xl-*", "mine_xl.safetensors", True),
        ("*-xl-*", "minexl.safetensors", False),
        ("*xl[0-9]*", "animagineXL40.safetensors", True),
    ],
)
def test_patterns_ignore_case_separators_and_extension(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits


def own(folder: Path, text: str) -> Path:
    path = folder / "profiles.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_of_ones_own_comes_first_and_takes_over_another(tmp_path: Path) -> None:
    profiles = load_profiles(
        own(tmp_path, '[mine]\nlabel = "Mine"\nlike = "sdxl"\nnames = ["*mine*"]\ncfg = 3.5\n')
    )
    mine = profiles.recognise("mine_xl.safetensors")
    assert mine is not None
    assert (mine.id, mine.family, mine.cfg, mine.steps) == ("mine", "sdxl", 3.5, 25)
    assert mine.names == ("*mine*",)


def test_an_entry_of_the_same_name_changes_only_what_it_gives(tmp_path: Path) -> None:
    profiles = load_profiles(own(tmp_path, "[sdxl]\nsteps = 40\n"))
    assert profiles["sdxl"].steps == 40
    assert profiles["sdxl"].cfg == PROFILES["sdxl"].cfg
    assert profiles["sdxl-turbo"].steps == PROFILES["sdxl-turbo"].steps


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[sdxl]\nstepps = 4\n", "[sdxl] there is no key stepps; did you mean steps"),
        ("[sdxl]\nsteps = 0\n", "[sdxl] steps: Input should be greater than or equal to 1"),
        ('[mine]\nlabel = "M"\nlike = "nobody"\n', "[mine] is like 'nobody'"),
        ('[a]\nlike = "b"\n[b]\nlike = "a"\n', "is like"),
        ("steps = 3\n", "steps stands alone"),
        ("[sdxl\n", "are not valid TOML"),
    ],
)
def test_a_mistake_in_ones_own_profiles_is_told_with_its_place(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_profiles(own(tmp_path, text))
    assert complaint in caught.value.message


def test_profiles_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_profiles(tmp_path / "nowhere.toml")
