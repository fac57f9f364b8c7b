import pytest

from imagine.names import find, nearest

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
