from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.catalog import Catalog
from tests.catalogs import catalog, object_info, recorded_info


def read(config: Any) -> Catalog:
    """Return the catalog of an engine with one node ``Odd`` that has one input."""
    return Catalog.from_object_info({"Odd": {"input": {"required": {"it": config}}}})


def test_every_recorded_node_is_read() -> None:
    info = recorded_info()
    read_back = Catalog.from_object_info(info)
    assert read_back.nodes == tuple(info)
    assert len(read_back.nodes) == 496


def test_models_and_lists_are_told_apart() -> None:
    installed = catalog(
        checkpoints=["a.safetensors"],
        diffusion_models=["b.safetensors"],
        text_encoders=["c.safetensors"],
        vaes=["d.safetensors"],
        loras=["e.safetensors"],
        upscale_models=["f.pth"],
        style_models=["g.safetensors"],
        clip_visions=["h.safetensors"],
        photomakers=["i.bin"],
    )
    assert installed.checkpoints == ("a.safetensors",)
    assert installed.diffusion_models == ("b.safetensors",)
    assert installed.text_encoders == ("c.safetensors",)
    assert installed.vaes == ("d.safetensors",)
    assert installed.loras == ("e.safetensors",)
    assert installed.upscale_models == ("f.pth",)
    assert installed.style_models == ("g.safetensors",)
    assert installed.clip_visions == ("h.safetensors",)
    assert installed.photomakers == ("i.bin",)
    assert "euler" in installed.samplers
    assert "karras" in installed.schedulers


def test_both_shapes_of_a_choice_are_read() -> None:
    installed = catalog(checkpoints=["a.safetensors"], upscale_models=["f.pth"])
    assert installed.choices("CheckpointLoaderSimple", "ckpt_name") == ("a.safetensors",)
    assert installed.choices("UpscaleModelLoader", "model_name") == ("f.pth",)


def test_what_is_not_there_has_no_choices() -> None:
    installed = catalog()
    assert not installed.has("NoSuchNode")
    assert installed.choices("NoSuchNode", "x") == ()
    assert installed.choices("KSampler", "no_such_input") == ()
    assert installed.choices("KSampler", "steps") == ()


def test_an_engine_without_any_node_is_an_empty_catalog() -> None:
    nothing = Catalog.from_object_info({})
    assert (nothing.nodes, nothing.checkpoints, nothing.samplers) == ((), (), ())


@pytest.mark.parametrize(
    "config",
    [
        [["a.png"], {"image_upload": True}],
        ["COMBO", {"options": ["a.png"], "remote": {"route": "/x"}}],
        ["COMBO"],
        ["COMBO", {}],
        [["[none]"], {}],
        [[["nested"], {"value": 1}]],
        "STRING",
        [],
    ],
)
def test_lists_that_only_the_page_knows_in_full_stay_open(config: Any) -> None:
    choices = read(config).schemas["Odd"].inputs["it"].choices
    assert choices is None or not choices.is_closed


@pytest.mark.parametrize("values", [["a"], ["None"], ["[none]", "a"], []])
def test_any_other_list_is_closed(values: list[str]) -> None:
    choices = read([values, {}]).schemas["Odd"].inputs["it"].choices
    assert choices is not None
    assert choices.is_closed


def test_what_the_page_fills_in_is_known() -> None:
    assert catalog().schemas["KSampler"].inputs["steps"].default == 20
    assert catalog().schemas["SaveImage"].inputs["filename_prefix"].default == "ComfyUI"
    assert read([["a", "b"], {"default": "b"}]).schemas["Odd"].inputs["it"].default == "b"


def test_a_text_of_several_lines_is_known() -> None:
    installed = catalog().schemas
    assert installed["CLIPTextEncode"].inputs["text"].is_multiline
    assert not installed["SaveImage"].inputs["filename_prefix"].is_multiline
    assert not read(["STRING"]).schemas["Odd"].inputs["it"].is_multiline


@pytest.mark.parametrize(
    ("about", "is_of_pack"),
    [
        ({"python_module": "custom_nodes.somebodys"}, True),
        ({"python_module": "custom_nodes"}, True),
        ({}, True),
        ({"python_module": None}, True),
        ({"python_module": "nodes"}, False),
        ({"python_module": "comfy_extras.nodes_mask"}, False),
        ({"python_module": "comfy_api_nodes.nodes_any"}, False),
    ],
)
def test_what_did_not_come_with_the_engine_is_of_a_pack(
    about: dict[str, Any], is_of_pack: bool
) -> None:
    known = Catalog.from_object_info({"Odd": {"input": {}, **about}})
    assert known.schemas["Odd"].is_of_pack is is_of_pack


def test_bounds_of_seeds_are_exact() -> None:
    seed = catalog().schemas["KSampler"].inputs["seed"]
    assert seed.maximum == 18446744073709551615


def test_inputs_of_the_newest_kind_are_left_to_the_node() -> None:
    odd = read(["COMFY_AUTOGROW_V3", {"template": {}}]).schemas["Odd"]
    assert odd.inputs["it"].is_dynamic
    assert odd.required == ()


def test_a_broken_schema_counts_as_a_missing_node() -> None:
    broken = Catalog.from_object_info({"A": None, "B": {}, "C": {"input": {"required": None}}})
    assert broken.nodes == ("C",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
NODE = st.fixed_dictionaries(
    {"input": st.fixed_dictionaries({}, optional={"required": JSON, "optional": JSON})},
    optional={"output": JSON},
)


@settings(deadline=None)
@given(NODE, st.dictionaries(st.text(max_size=3), JSON, max_size=3))
def test_one_strange_node_spoils_nothing(strange: Any, inputs: Any) -> None:
    info = {"A": strange, "B": {"input": {"required": inputs}}} | object_info()
    assert Catalog.from_object_info(info).checkpoints == catalog().checkpoints


def test_equal_lists_are_kept_once() -> None:
    loras = [f"lora-{n}.safetensors" for n in range(1000)]
    read_back = Catalog.from_object_info(object_info(loras=loras))
    one = read_back.schemas["LoraLoader"].inputs["lora_name"].choices
    other = read_back.schemas["LoraLoaderModelOnly"].inputs["lora_name"].choices
    assert one is other
