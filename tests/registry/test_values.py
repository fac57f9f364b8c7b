"""What can be set in a workflow on an engine, and what is refused of what somebody sets."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.catalog import Catalog
from imagine.errors import Detail, PromptError
from imagine.registry.entries import Entry, Parameter
from imagine.registry.settling import range_of, settle
from imagine.registry.values import check_values
from tests.registry.samples import NAMES, PROFILES, engine, entry, imported, link, node, parameter

STEPS = parameter("steps", "int", "5.steps", max=60)
CFG = parameter("cfg", "float", "5.cfg")
SEED = parameter("seed", "seed", "5.seed")
PROMPT = parameter("prompt", "text", "2.text")
SAMPLER = parameter("sampler", "choice", "5.sampler_name")
MODEL = parameter("model", "model", "1.ckpt_name")


def settled(one: Entry | Parameter, catalog: Catalog | None = None) -> Parameter:
    made = entry(one) if isinstance(one, Parameter) else one
    return settle(made, engine() if catalog is None else catalog, PROFILES)[0]


def check(*parameters: Parameter, catalog: Catalog | None = None, **given_: Any) -> dict[str, Any]:
    made = entry(*parameters)
    known = settle(made, engine() if catalog is None else catalog, PROFILES)
    return check_values(made, known, given_, draw=lambda: 4294967295)


def problem(*parameters: Parameter, catalog: Catalog | None = None, **given_: Any) -> Detail:
    with pytest.raises(PromptError) as caught:
        check(*parameters, catalog=catalog, **given_)
    [detail] = caught.value.details
    assert caught.value.message == detail.message
    return detail


# --- settling: numbers


def test_bounds_steps_and_defaults_come_from_the_nodes() -> None:
    found = settled(parameter("width", "int", "4.width"))
    assert (found.min, found.max, found.step, found.default) == (16, 16384, 8, 1024)


def test_an_entry_narrows_a_range_and_never_widens_it() -> None:
    assert (settled(STEPS).min, settled(STEPS).max) == (1, 60)
    wide = settled(parameter("steps", "int", "5.steps", min=-5, max=99999))
    assert (wide.min, wide.max) == (1, 10000)


def test_a_range_that_has_nothing_in_common_with_the_node_is_that_of_the_node() -> None:
    found = settled(parameter("steps", "int", "5.steps", min=20000, max=30000))
    assert (found.min, found.max) == (1, 10000)


def test_the_narrowest_of_all_feeds_counts() -> None:
    found = settled(parameter("side", "int", "4.width", "4.batch_size"))
    assert (found.min, found.max) == (16, 4096)


def test_a_default_out_of_bounds_is_brought_to_the_nearest() -> None:
    assert settled(parameter("steps", "int", "5.steps", max=12)).default == 12


def test_a_number_in_a_node_of_its_own_has_the_bounds_of_what_it_feeds() -> None:
    nodes = dict(entry().graph)
    nodes["9"] = node("PrimitiveInt", value=30)
    nodes["5"]["inputs"]["steps"] = ["9", 0]
    made = settled(entry(parameter("steps", "int", "9.value"), nodes=nodes))
    assert (made.min, made.max, made.default) == (1, 10000, 30)


def test_a_seed_is_drawn_unless_the_entry_gives_one_and_fits_json() -> None:
    found = settled(SEED)
    assert (found.min, found.max, found.default) == (0, 2**53 - 1, -1)
    assert settled(parameter("seed", "seed", "5.seed", default=42)).default == 42


def test_what_the_graph_leaves_out_the_page_of_comfyui_fills_in() -> None:
    nodes = dict(entry().graph)
    del nodes["5"]["inputs"]["steps"]
    assert settled(entry(parameter("steps", "int", "5.steps"), nodes=nodes)).default == 20


def test_what_no_database_takes_is_no_default() -> None:
    nodes = dict(entry().graph)
    nodes["2"]["inputs"]["text"] = "a \ud800 fox"
    made = entry(parameter("prompt", "text", "2.text"), nodes=nodes)
    assert settled(made).default == "a \ufffd fox"


def test_without_an_engine_the_entry_and_the_graph_decide() -> None:
    [steps, model] = settle(entry(STEPS, MODEL), None, PROFILES)
    assert (steps.min, steps.max, steps.default) == (None, 60, 20)
    assert (model.choices, model.default) == ((), "sd_xl_base_1.0.safetensors")
    assert check(STEPS, MODEL) == {"steps": 20, "model": "sd_xl_base_1.0.safetensors"}


# --- settling: choices and files


def test_choices_are_those_of_the_entry_that_the_node_has() -> None:
    assert "dpmpp_2m" in settled(SAMPLER).choices
    few = parameter("sampler", "choice", "5.sampler_name", choices=["euler", "warp", "heun"])
    assert settled(few).choices == ("euler", "heun")


SDXL, PONY, SD15, FLUX = (
    "sd_xl_base_1.0.safetensors",
    "SDXL/ponyDiffusionV6XL.safetensors",
    "v1-5-pruned-emaonly.safetensors",
    "flux1-dev.safetensors",
)


@pytest.mark.parametrize(
    ("wanted", "family", "installed", "taken"),
    [
        (SDXL, "sdxl", [SD15, SDXL], SDXL),
        (SDXL, "sdxl", [SD15, f"SDXL\\{SDXL}"], f"SDXL\\{SDXL}"),
        (SDXL, "sdxl", [SD15, PONY], PONY),
        (SDXL, "", [SD15, PONY], PONY),
        (SDXL, "sdxl", [SD15], SD15),
        ("my_own.safetensors", "sd15", [PONY, SD15], SD15),
        (SDXL, "sdxl", ["sketch.safetensors"], "sketch.safetensors"),
        (SDXL, "sdxl", ["sd_xl_refiner_1.0.safetensors"], None),
        ("512-inpainting-ema.ckpt", "", [SD15], None),
        ("stable-audio-open.safetensors", "", [SDXL], None),
        (SDXL, "sdxl", [], None),
    ],
)
def test_a_checkpoint_that_is_not_there_has_the_nearest_that_does_the_same(
    wanted: str, family: str, installed: list[str], taken: str | None
) -> None:
    nodes = dict(entry().graph)
    nodes["1"]["inputs"]["ckpt_name"] = wanted
    made = entry(MODEL, nodes=nodes, family=family)
    assert settled(made, engine(checkpoints=tuple(installed))).default == taken


@pytest.mark.parametrize(
    ("wanted", "installed", "taken"),
    [
        ("flux1-dev.safetensors", ["flux1-dev-fp8.safetensors"], "flux1-dev-fp8.safetensors"),
        ("flux1-dev.safetensors", ["qwen_image_fp8.safetensors"], None),
        (
            "qwen_image_edit_2509_fp8.safetensors",
            ["qwen_image_fp8.safetensors", "qwen_image_edit_2511_bf16.safetensors"],
            "qwen_image_edit_2511_bf16.safetensors",
        ),
        (
            "wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors",
            [
                "wan2.2_i2v_high_noise_14B_fp16.safetensors",
                "wan2.2_i2v_low_noise_14B_fp16.safetensors",
                "wan2.2_t2v_low_noise_14B_fp16.safetensors",
            ],
            "wan2.2_i2v_low_noise_14B_fp16.safetensors",
        ),
        (
            "wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors",
            ["wan2.2_i2v_high_noise_14B_fp16.safetensors"],
            None,
        ),
    ],
)
def test_a_diffusion_model_is_only_replaced_by_one_of_its_kind(
    wanted: str, installed: list[str], taken: str | None
) -> None:
    nodes = {"1": node("UNETLoader", unet_name=wanted, weight_dtype="default")}
    made = entry(parameter("model", "model", "1.unet_name"), nodes=nodes)
    assert settled(made, engine(diffusion_models=tuple(installed))).default == taken


@pytest.mark.parametrize(
    ("class_type", "name", "wanted", "taken"),
    [
        ("CLIPLoader", "clip_name", "t5xxl_fp16.safetensors", "t5xxl_fp8_e4m3fn_scaled"),
        ("CLIPLoader", "clip_name", "clip_l.safetensors", "clip_l"),
        ("VAELoader", "vae_name", "flux/ae.safetensors", "ae"),
        ("VAELoader", "vae_name", "my_own_vae.safetensors", None),
    ],
)
def test_a_text_encoder_and_a_vae_are_replaced_by_what_their_family_takes(
    class_type: str, name: str, wanted: str, taken: str | None
) -> None:
    nodes = {"1": node(class_type, **{name: wanted})}
    found = settled(entry(parameter("file", "model", f"1.{name}"), nodes=nodes)).default
    assert found == (taken and f"{taken}.safetensors")


@pytest.mark.parametrize("name", ["None", "none", "NONE"])
def test_no_lora_is_none_whatever_a_loader_calls_it(name: str) -> None:
    nodes = {"1": node("LoraLoaderModelOnly", lora_name=name)}
    made = entry(parameter("lora", "lora", "1.lora_name"), nodes=nodes)
    assert settled(made, engine(loras=("style_a.safetensors",))).default == ""
    assert settled(made, engine(loras=())).default == ""
    # Where the engine lists it, it stays what it is called there.
    assert settled(made, engine(loras=(name, "style_a.safetensors"))).default == name


def test_the_name_of_no_lora_is_none_of_a_model() -> None:
    nodes = dict(entry().graph)
    nodes["1"]["inputs"]["ckpt_name"] = "None"
    assert settled(entry(MODEL, nodes=nodes)).default == SDXL


def test_a_lora_is_never_replaced_by_another_one() -> None:
    nodes = {"1": node("LoraLoaderModelOnly", lora_name="style_a.safetensors")}
    made = entry(parameter("lora", "lora", "1.lora_name"), nodes=nodes)
    there = engine(loras=("mine/style_a.safetensors",))
    assert settled(made, there).default == "mine/style_a.safetensors"
    assert settled(made, engine(loras=("style_b.safetensors",))).default is None


def test_files_that_only_their_folder_names_are_not_the_same() -> None:
    nodes = {"1": node("VAELoader", vae_name="sdxl/diffusion_pytorch_model.safetensors")}
    made = entry(parameter("vae", "model", "1.vae_name"), nodes=nodes)
    other = engine(vaes=("flux/diffusion_pytorch_model.safetensors",))
    assert settled(made, other).default is None


def test_a_picture_without_which_nothing_is_made_is_required() -> None:
    nodes = dict(entry().graph)
    nodes["8"] = node("LoadImage", image="a.png")
    nodes["9"] = node("VAEEncode", pixels=["8", 0], vae=["1", 2])
    image = parameter("image", "image", "8.image")
    assert not settled(entry(image, nodes=nodes)).required
    nodes["5"]["inputs"]["latent_image"] = ["9", 0]
    assert settled(entry(image, nodes=nodes)).required


@pytest.mark.parametrize("name", NAMES)
def test_the_defaults_of_every_workflow_pass_its_own_check(name: str) -> None:
    made = imported(name)
    known = settle(made, None, PROFILES)
    given_ = {one.name: one.default for one in known if one.default is not None}
    assert check_values(made, known, given_, lambda: 7) == check_values(made, known, {}, lambda: 7)


# --- checking


def test_defaults_are_filled_in_and_a_seed_is_drawn() -> None:
    values = check(PROMPT, STEPS, SEED, SAMPLER)
    assert values == {"prompt": "a fox", "steps": 20, "seed": 4294967295, "sampler": "euler"}


@pytest.mark.parametrize("given_", [None, -1, -1.0])
def test_a_seed_of_minus_one_is_drawn(given_: object) -> None:
    assert check(SEED, seed=given_) == {"seed": 4294967295}


def test_a_drawn_seed_stays_within_the_bounds() -> None:
    small = parameter("seed", "seed", "5.seed", min=10, max=19)
    assert check(small) == {"seed": 10 + 4294967295 % 10}
    assert problem(small, seed=20).message == (
        "seed takes whole numbers from 10 to 19, or -1 for a new one each time."
    )


def test_an_explicit_seed_goes_up_to_what_json_keeps_whole() -> None:
    assert check(SEED, seed=2**53 - 1) == {"seed": 2**53 - 1}
    assert problem(SEED, seed=2**53).suggestion == str(2**53 - 1)


@pytest.mark.parametrize(
    ("one", "value", "used"),
    [
        (STEPS, 60, 60),
        (STEPS, 30.0, 30),
        (CFG, 3, 3),
        (CFG, 3.25, 3.25),
        (parameter("width", "int", "4.width"), 1001, 1001),
        (PROMPT, "two\nlines\tand a tab", "two\nlines\tand a tab"),
        (PROMPT, "", ""),
        (SAMPLER, "DPM++ 2M", "dpmpp_2m"),
        (MODEL, "SD_XL_base", "sd_xl_base_1.0.safetensors"),
        (parameter("image", "image", "1.ckpt_name"), link(1), link(1)),
        (parameter("image", "image", "1.ckpt_name"), "https://e.org/a.png", "https://e.org/a.png"),
    ],
)
def test_what_fits_is_used(one: Parameter, value: Any, used: object) -> None:
    found = check(one, **{one.name: value})[one.name]
    assert found == used
    assert type(found) is type(used)


@pytest.mark.parametrize(
    ("one", "value", "message", "suggestion"),
    [
        (STEPS, 61, "steps takes whole numbers from 1 to 60.", "60"),
        (STEPS, 0, "steps takes whole numbers from 1 to 60.", "1"),
        (STEPS, 7.5, "steps takes whole numbers from 1 to 60.", None),
        (STEPS, "5", "steps takes whole numbers from 1 to 60.", None),
        (STEPS, True, "steps takes whole numbers from 1 to 60.", None),
        (STEPS, 10**400, "steps takes whole numbers from 1 to 60.", "60"),
        (STEPS, [5], "steps takes whole numbers from 1 to 60.", None),
        (CFG, math.nan, "cfg takes numbers from 0 to 100.", None),
        (CFG, math.inf, "cfg takes numbers from 0 to 100.", None),
        (CFG, -0.1, "cfg takes numbers from 0 to 100.", "0"),
        (CFG, False, "cfg takes numbers from 0 to 100.", None),
        (PROMPT, 5, "prompt takes a text.", None),
        (PROMPT, "a\x00b", "prompt takes plain text, without control characters.", None),
        (PROMPT, "\ud800", "prompt takes plain text, without control characters.", None),
        (PROMPT, "a" * 24_001, "prompt takes up to 24,000 characters, and here are 24,001.", None),
        (
            parameter("flag", "bool", "5.seed", default=False),
            1,
            "flag takes true or false.",
            None,
        ),
        (
            parameter("image", "image", "1.ckpt_name"),
            "cat.png",
            "image takes the link of a picture, such as upload:….",
            None,
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(
    one: Parameter, value: Any, message: str, suggestion: str | None
) -> None:
    found = problem(one, **{one.name: value})
    assert (found.message, found.suggestion) == (message, suggestion)
    assert found.parameter == one.name
    assert found.allowed


def test_a_choice_that_is_not_listed_is_told_with_the_closest() -> None:
    found = problem(SAMPLER, sampler="eulr")
    assert found.suggestion == "euler"
    assert found.message is not None
    assert found.message.startswith("sampler takes one of euler, ")
    assert found.message.endswith("Did you mean euler?")


@pytest.mark.parametrize(
    ("value", "used"), [(1, 1.0), (1.0, 1.0), (0.5, 0.5), ("1", 1.0), ("1.0", 1.0), ("0.5", 0.5)]
)
def test_a_number_of_a_list_is_chosen_as_a_number_or_as_a_text(value: object, used: float) -> None:
    scale = parameter("scale", "choice", "2.text", choices=[0.5, 1.0, 2.0], default=2.0)
    assert check_values(entry(scale), [scale], {"scale": value}, lambda: 0)["scale"] == used


def test_true_is_not_the_choice_one() -> None:
    fps = parameter("fps", "choice", "2.text", choices=[1, 24, -24], default=24)
    assert check(fps, fps="-24") == {"fps": -24}
    assert problem(fps, fps=True).message == "fps takes one of 1, 24, -24."
    assert problem(fps, fps=-1).message == "fps takes one of 1, 24, -24."


def test_a_model_that_fits_several_is_refused_with_them() -> None:
    two = engine(checkpoints=("fox_a.safetensors", "fox_b.safetensors"))
    found = problem(MODEL, catalog=two, model="fox")
    assert found.message == (
        "model fits several of what is installed: fox_a.safetensors, fox_b.safetensors. "
        "Did you mean fox_a.safetensors?"
    )


def test_a_model_that_is_not_installed_is_refused_with_the_nearest() -> None:
    found = problem(MODEL, model="sd_xl_bose_2")
    assert found.suggestion == "sd_xl_base_1.0.safetensors"


def test_a_lora_can_be_left_out_and_one_that_is_missing_has_to_be() -> None:
    nodes = {"1": node("LoraLoaderModelOnly", lora_name="style_a.safetensors")}
    made = entry(parameter("lora", "lora", "1.lora_name"), nodes=nodes)
    known = settle(made, engine(loras=("style_b.safetensors",)), PROFILES)
    assert check_values(made, known, {"lora": ""}, int) == {"lora": ""}
    with pytest.raises(PromptError, match=r"style_a.safetensors is not installed.*leaves it out"):
        check_values(made, known, {}, int)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    found = problem(STEPS, PROMPT, stpes=5)
    assert found.message == "There is no parameter stpes. Did you mean steps?"
    assert (found.suggestion, found.allowed) == ("steps", "steps, prompt")


def test_names_may_be_written_as_elsewhere_but_once() -> None:
    one = parameter("lora_strength", "float", "5.cfg")
    assert check(one, loraStrength=2) == {"lora_strength": 2}
    found = problem(one, lora_strength=2, loraStrength=3)
    assert found.message == "loraStrength is there twice."


def test_what_is_required_has_to_be_given() -> None:
    words = parameter("prompt", "text", "2.text", required=True)
    image = parameter("image", "image", "1.ckpt_name", required=True)
    assert problem(words).message == "prompt is missing: the workflow needs some words."
    assert problem(image).message == "image is missing: the workflow begins from a picture."
    assert check(words, prompt="a fox") == {"prompt": "a fox"}


def test_a_picture_that_is_not_given_has_no_value() -> None:
    nodes = dict(entry().graph) | {"8": node("LoadImage", image="a.png")}
    made = entry(STEPS, parameter("image", "image", "8.image"), nodes=nodes)
    known = settle(made, engine(), PROFILES)
    assert check_values(made, known, {"image": None}, int) == {"steps": 20}


def test_all_problems_are_told_at_once_and_not_without_end() -> None:
    with pytest.raises(PromptError) as caught:
        check(STEPS, CFG, PROMPT, steps=0, cfg="x", prompt=[], nothing=1)
    names = [detail.parameter for detail in caught.value.details]
    assert names == ["nothing", "steps", "cfg", "prompt"]
    with pytest.raises(PromptError) as caught:
        check(STEPS, **dict.fromkeys([f"n{n}" for n in range(5000)], None))
    assert len(caught.value.details) == 50


def test_the_range_is_told_in_short() -> None:
    one = entry(STEPS, CFG, SEED, PROMPT, MODEL, parameter("image", "image", "1.ckpt_name"))
    assert [range_of(found) for found in settle(one, engine(), PROFILES)] == [
        "1–60",
        "0–100",
        "0–9007199254740991",
        "up to 24000 characters",
        "an installed file, or a part of its name",
        "the link of a picture",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["steps", "cfg", "seed", "prompt", "sampler"]), JSON))
def test_whatever_is_given_is_either_told_or_within_bounds(values: dict[str, Any]) -> None:
    known = {one.name: one for one in settle(ALL, engine(), PROFILES)}
    try:
        found = check_values(ALL, list(known.values()), values, lambda: 1)
    except PromptError as error:
        told = [detail.message and detail.parameter for detail in error.details]
        assert told
        assert all(told)
        return
    assert found.keys() == known.keys()
    assert 1 <= found["steps"] <= 60
    assert 0 <= found["cfg"] <= 100
    assert 0 <= found["seed"] < 2**53
    assert found["sampler"] in known["sampler"].choices
    assert known["prompt"].fits(found["prompt"])


ALL = entry(STEPS, CFG, SEED, PROMPT, SAMPLER)
