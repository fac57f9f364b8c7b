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
        ("realvisxlV50_v50Bakedvae.safetensors", "sdxl"),
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
        ("lumina_2.safetensors", "lumina2"),
        ("lumina_2_model_bf16.safetensors", "lumina2"),
        ("Lumina-Image-2.0-fp8.safetensors", "lumina2"),
        ("neta-lumina-v1.0-all-in-one.safetensors", "lumina2-anime"),
        ("NetaYumev35_pretrained_all_in_one.safetensors", "lumina2-anime"),
        ("wan2.1_t2v_14B_fp8_scaled.safetensors", "wan"),
        ("Wan2_1-T2V-14B_fp8_e4m3fn.safetensors", "wan"),
        ("wan2.1_t2v_1.3B_fp16.safetensors", "wan-small"),
        ("Wan2.1_T2V_14B_FusionX-FP16.safetensors", "wan-quick"),
        ("sd21-unclip-h.ckpt", "sd2-unclip"),
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
        "wan2.1_i2v_480p_14B_fp16.safetensors",
        "wan2.1_flf2v_720p_14B_fp16.safetensors",
        "wan2.1_vace_14B_fp16.safetensors",
        "Wan2.1-Fun-Control-14B.safetensors",
        "wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors",
        "wan2.2_ti2v_5B_fp16.safetensors",
        "Lumina-Next-SFT.safetensors",
        "svd_xt.safetensors",
        "stable_audio_open_1.0.safetensors",
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


@pytest.mark.parametrize("name", ["wan2.2_t2v_low_noise_14B_fp16.safetensors", "wan2.2_A14B.sft"])
def test_a_model_that_is_one_of_two_is_told_with_the_reason(name: str) -> None:
    profile = PROFILES.recognise(name)
    assert profile is not None
    assert "one after the other" in str(profile.unsuitable)


@pytest.mark.parametrize(
    ("name", "expected", "means"),
    [
        ("flux1-dev-kontext_fp8_scaled.safetensors", "flux-kontext", "reference_latent"),
        ("qwen_image_edit_2509_fp8_e4m3fn.safetensors", "qwen-image-edit", "qwen"),
        ("qwen_image_edit_2511_lightning_4steps.sft", "qwen-image-edit-lightning", "qwen"),
    ],
)
def test_models_that_change_pictures_say_how(name: str, expected: str, means: str) -> None:
    profile = PROFILES.recognise(name)
    assert profile is not None
    assert (profile.id, profile.edit) == (expected, means)
    assert profile.unsuitable


# What each way of leading a picture needs of ComfyUI.
MEANS = {
    "reference_latent": ("ReferenceLatent", "FluxKontextImageScale", "VAEEncode"),
    "qwen": ("TextEncodeQwenImageEdit", "TextEncodeQwenImageEditPlus"),
    "redux": ("StyleModelLoader", "StyleModelApply", "CLIPVisionLoader", "CLIPVisionEncode"),
    "unclip": ("unCLIPConditioning", "unCLIPCheckpointLoader", "CLIPVisionEncode"),
}


@pytest.mark.parametrize("profile", list(PROFILES), ids=lambda profile: profile.id)
def test_every_profile_uses_what_comfyui_has(profile: Profile) -> None:
    engine = catalog()
    assert profile.sampler in engine.samplers
    assert profile.scheduler in engine.schedulers
    loaders = ("CLIPLoader", "DualCLIPLoader", "TripleCLIPLoader", "QuadrupleCLIPLoader")
    if profile.text_encoders:
        loader = loaders[len(profile.text_encoders) - 1]
        assert engine.has(loader)
        types = engine.choices(loader, "type")
        assert profile.text_encoder_type in types if types else not profile.text_encoder_type
    if profile.edit is not None:
        assert all(engine.has(node) for node in MEANS[profile.edit])
    if profile.redux:
        assert all(engine.has(node) for node in MEANS["redux"])
    if profile.unclip:
        assert all(engine.has(node) for node in MEANS["unclip"])


@pytest.mark.parametrize("profile", list(PROFILES), ids=lambda profile: profile.id)
def test_every_number_of_a_profile_is_one_that_comfyui_takes(profile: Profile) -> None:
    def takes(node: str, name: str, value: float) -> bool:
        expected = catalog().schemas[node].inputs[name]
        assert expected.minimum is not None
        assert expected.maximum is not None
        return expected.minimum <= value <= expected.maximum

    assert takes("KSampler", "steps", profile.steps)
    assert takes("KSampler", "cfg", profile.cfg)
    side = round(profile.pixels**0.5)
    assert takes(profile.latent, "width", side)
    assert takes(profile.latent, "height", side)
    assert ("length" in catalog().schemas[profile.latent].required) is (profile.length is not None)
    if profile.length is not None:
        assert takes(profile.latent, "length", profile.length)
    if profile.guidance is not None:
        assert takes("FluxGuidance", "guidance", profile.guidance)
    assert (profile.shift_node is None) is (profile.shift is None)
    if profile.shift_node is not None and profile.shift is not None:
        assert takes(profile.shift_node, "shift", profile.shift)


@pytest.mark.parametrize("profile", list(PROFILES), ids=lambda profile: profile.id)
def test_every_companion_has_a_name_that_its_own_pattern_fits(profile: Profile) -> None:
    for patterns in (*profile.text_encoders, profile.vae):
        assert not patterns or matches(patterns[0], f"{patterns[0]}.safetensors")


@pytest.mark.parametrize(
    "family",
    [
        *("sd15", "sdxl", "sd3", "flux", "flux-kontext", "qwen-image", "qwen-image-edit"),
        *("z-image", "chroma", "hidream", "lumina2", "wan"),
    ],
)
def test_every_family_that_is_promised_is_there(family: str) -> None:
    assert any(profile.family == family for profile in PROFILES)


def test_a_still_of_wan_is_one_frame() -> None:
    assert (PROFILES["wan"].latent, PROFILES["wan"].length) == ("EmptyHunyuanLatentVideo", 1)
    assert PROFILES["wan-small"].pixels == 832 * 480
    assert PROFILES["wan"].pixels == 1280 * 720


@pytest.mark.parametrize(
    ("profile_id", "redux", "unclip", "ip_adapter"),
    [
        ("flux", True, False, False),
        ("flux-other", True, False, False),
        ("flux-kontext", False, False, False),
        ("sdxl", False, True, True),
        ("sdxl-lightning", False, True, True),
        ("sd15", False, False, True),
        ("sd2-unclip", False, True, False),
        ("sd2", False, False, False),
        ("qwen-image", False, False, False),
    ],
)
def test_what_leads_a_family_by_a_picture_is_known(
    profile_id: str, redux: bool, unclip: bool, ip_adapter: bool
) -> None:
    profile = PROFILES[profile_id]
    means = (profile.redux, profile.unclip, profile.ip_adapter is not None)
    assert means == (redux, unclip, ip_adapter)


@pytest.mark.parametrize(
    ("name", "metadata", "header", "pattern"),
    [
        ("sd_xl_base_1.0.safetensors", None, None, "*sd_xl*"),
        ("mine.sft", {"modelspec.architecture": "flux-1-dev"}, "flux-1-dev", None),
        ("my_xl-turbo.sft", {"ss_base_model_version": "sdxl_v1"}, "sdxl_v1", "*xl*turbo*"),
        ("my_inpaint.sft", {"ss_base_model_version": "sdxl_v1"}, None, "*inpaint*"),
    ],
)
def test_what_told_a_profile_is_known(
    name: str, metadata: dict[str, str] | None, header: str | None, pattern: str | None
) -> None:
    evidence = PROFILES.evidence(name, metadata)
    assert evidence is not None
    assert (evidence.header, evidence.pattern) == (header, pattern)


def test_a_negative_prompt_needs_a_cfg_above_one() -> None:
    assert PROFILES["sdxl"].negative
    assert not PROFILES["flux"].negative


def test_ranks_of_families_differ_so_that_the_best_is_sure() -> None:
    ranks: dict[int, set[str]] = {}
    for profile in PROFILES:
        if profile.unsuitable is None or profile.edit is not None:
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
    assert profiles.own == {"mine"}


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
