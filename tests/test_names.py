import pytest

from imagine.names import closest, find, known_as, nearest, scheduler_known_as
from tests.catalogs import catalog

INSTALLED = (
    "sd_xl_base_1.0.safetensors",
    "flux1-dev.safetensors",
    "flux1-schnell.safetensors",
    "SDXL\\juggernautXL_v9.safetensors",
    "SDXL/anime/animagineXL40.safetensors",
    "euler",
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("sd_xl_base_1.0.safetensors", "sd_xl_base_1.0.safetensors"),
        ("SD_XL_BASE_1.0", "sd_xl_base_1.0.safetensors"),
        ("sd xl base", "sd_xl_base_1.0.safetensors"),
        ("sdxl base", "sd_xl_base_1.0.safetensors"),
        ("flux dev", "flux1-dev.safetensors"),
        ("juggernaut", "SDXL\\juggernautXL_v9.safetensors"),
        ("SDXL/juggernautXL_v9.safetensors", "SDXL\\juggernautXL_v9.safetensors"),
        ("animaginexl40", "SDXL/anime/animagineXL40.safetensors"),
        ("flux1-schnel", "flux1-schnell.safetensors"),
        ("flux1-shcnell", "flux1-schnell.safetensors"),
    ],
)
def test_a_name_is_found_by_what_people_type(wanted: str, expected: str) -> None:
    assert find(wanted, INSTALLED) == (expected,)


def test_half_a_name_that_fits_several_is_ambiguous() -> None:
    assert find("flux", INSTALLED) == ("flux1-dev.safetensors", "flux1-schnell.safetensors")


def test_an_exact_name_beats_longer_ones_that_contain_it() -> None:
    assert find("dream", ("dream_v2.ckpt", "dream.ckpt")) == ("dream.ckpt",)


@pytest.mark.parametrize("wanted", ["flux2-dev", "sd_xl_base_2.0", "midjourney", "", "--"])
def test_another_number_is_another_model(wanted: str) -> None:
    assert find(wanted, INSTALLED) == ()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("sdxl_base_1.0", "sd_xl_base_1.0.safetensors"),
        ("old/folder/FLUX1-DEV.ckpt", "flux1-dev.safetensors"),
        ("euler_a", "euler"),
    ],
)
def test_the_nearest_name_ignores_case_folder_and_extension(wanted: str, expected: str) -> None:
    assert nearest(wanted, INSTALLED) == (expected,)


def test_what_was_cut_off_is_nearer_than_what_is_wrong() -> None:
    assert nearest("euler_a", ("euler", "euler_ancestral")) == ("euler_ancestral",)


def test_a_name_unlike_all_others_has_no_nearest() -> None:
    assert nearest("zzzzzz", INSTALLED) == ()


def test_names_of_very_different_length_are_not_even_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compare(*_: object) -> None:
        raise AssertionError("it would take seconds among thousands of names")

    monkeypatch.setattr("imagine.names.difflib.SequenceMatcher", compare)
    assert nearest("x" * 5000, INSTALLED) == ()
    assert find("x" * 5000, INSTALLED) == ()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("flux dev", "flux1-dev.safetensors"),
        ("flux", "flux1-dev.safetensors"),
        ("models/checkpoints/sd_xl_base_1.0.ckpt", "sd_xl_base_1.0.safetensors"),
        ("sdxl_base", "sd_xl_base_1.0.safetensors"),
        ("zzzzzz", None),
        ("", None),
    ],
)
def test_the_closest_name_is_one(wanted: str, expected: str | None) -> None:
    assert closest(wanted, INSTALLED) == expected


# Names of AUTOMATIC1111's page and of those who write like it.
@pytest.mark.parametrize(
    ("name", "sampler", "scheduler"),
    [
        ("Euler a", "euler_ancestral", None),
        ("euler_a", "euler_ancestral", None),
        ("Euler", "euler", None),
        ("LMS", "lms", None),
        ("LMS Karras", "lms", "karras"),
        ("Heun", "heun", None),
        ("DPM2", "dpm_2", None),
        ("DPM2 a Karras", "dpm_2_ancestral", "karras"),
        ("DPM++ 2S a", "dpmpp_2s_ancestral", None),
        ("DPM++ 2M", "dpmpp_2m", None),
        ("DPM++ 2M Karras", "dpmpp_2m", "karras"),
        ("dpm++_2m_karras", "dpmpp_2m", "karras"),
        ("DPM++ SDE Karras", "dpmpp_sde", "karras"),
        ("DPM++ 2M SDE Exponential", "dpmpp_2m_sde", "exponential"),
        ("DPM++ 2M SDE Heun Karras", "dpmpp_2m_sde_heun", "karras"),
        ("DPM++ 3M SDE Karras", "dpmpp_3m_sde", "karras"),
        ("DPM++ 2M SGM Uniform", "dpmpp_2m", "sgm_uniform"),
        ("DPM fast", "dpm_fast", None),
        ("DPM adaptive", "dpm_adaptive", None),
        ("DDIM", "ddim", None),
        ("UniPC", "uni_pc", None),
        ("LCM", "lcm", None),
        ("k_euler_ancestral", "euler_ancestral", None),
        ("dpmpp_2m_k", "dpmpp_2m", "karras"),
    ],
)
def test_samplers_are_known_by_the_names_of_other_programs(
    name: str, sampler: str, scheduler: str | None
) -> None:
    assert known_as(name, catalog().samplers) == (sampler, scheduler)


@pytest.mark.parametrize("name", ["Restart", "karras", "k", "", "++", "DPM++ 4M Karras"])
def test_a_sampler_that_is_not_there_is_not_made_up(name: str) -> None:
    assert known_as(name, catalog().samplers) is None


def test_every_sampler_is_known_by_its_own_name() -> None:
    samplers = catalog().samplers
    assert [known_as(name, samplers) for name in samplers] == [(name, None) for name in samplers]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Karras", "karras"),
        ("SGM Uniform", "sgm_uniform"),
        ("Automatic", "normal"),
        ("Uniform", "normal"),
        ("DDIM", "ddim_uniform"),
        ("KL Optimal", "kl_optimal"),
        ("Polyexponential", "exponential"),
        ("euler", None),
        ("", None),
    ],
)
def test_schedulers_are_known_by_the_names_of_other_programs(
    name: str, expected: str | None
) -> None:
    assert scheduler_known_as(name, catalog().schedulers) == expected
