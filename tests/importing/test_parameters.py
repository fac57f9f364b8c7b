"""What can be set: types, ranges, names, and what the maker marked."""

import json
from pathlib import Path
from typing import Any

import pytest

from imagine.importing.fields import ParameterType
from imagine.importing.naming import Names, read_mark, safe_name
from imagine.importing.parameters import Rank
from imagine.importing.reading import read_workflow
from tests.importing.samples import edited, node, parameter, read, recorded, workflow

GOLDEN = sorted((Path(__file__).parent.parent / "golden").glob("*.json"))


@pytest.mark.parametrize(
    ("flow", "name", "type_"),
    [
        ("sd15_default", "prompt", "text"),
        ("sd15_default", "seed", "seed"),
        ("sd15_default", "steps", "int"),
        ("sd15_default", "cfg", "float"),
        ("sd15_default", "sampler", "choice"),
        ("sd15_default", "model", "model"),
        ("lora_stack", "lora", "lora"),
        ("lora_stack", "lora_strength", "float"),
        ("inpaint_mask", "mask", "mask"),
        ("inpaint_mask", "noise_mask", "bool"),
        ("qwen_edit", "image_3", "image"),
        ("upscale_model", "upscale_model", "model"),
        ("flux_custom_sampler", "guidance", "float"),
    ],
)
def test_each_has_its_type(flow, name, type_):
    assert parameter(workflow(flow), name).type == type_


def test_ranges_steps_and_choices_come_from_the_engine():
    cfg = parameter(workflow("sd15_default"), "cfg")
    assert (cfg.min, cfg.max, cfg.step, cfg.default) == (0.0, 100.0, 0.1, 8)
    assert parameter(workflow("sd15_default"), "seed").max == 2**64 - 1
    assert "euler" in parameter(workflow("sd15_default"), "sampler").choices
    assert "Classifier-Free" in cfg.description


def test_pictures_are_counted_in_the_order_in_which_the_graph_takes_them():
    flow = workflow("qwen_edit")
    shown = [parameter(flow, name).default for name in ("image", "image_2", "image_3")]
    assert shown == ["first.png", "second.png", "third.png"]


def test_a_picture_of_which_only_the_mask_is_used_is_a_mask():
    document = edited("inpaint")
    link = next(entry for entry in document["links"] if entry[3] == 26 and entry[5] == "IMAGE")
    document["nodes"].append(
        {"id": 70, "type": "LoadImage", "widgets_values": ["other.png", "image"], "inputs": []}
    )
    link[1] = 70
    flow = read(document)
    assert parameter(flow, "image").default == "other.png"
    assert parameter(flow, "mask").default == "yosemite_inpaint_example.png"


def test_a_mask_that_is_painted_into_a_picture_stands_behind_it():
    flow = workflow("inpaint")
    picture, mask = parameter(flow, "image"), parameter(flow, "mask")
    assert flow.parameters.index(mask) == flow.parameters.index(picture) + 1
    assert mask.type == "mask"
    assert mask.feeds == picture.feeds
    assert picture.is_required
    assert not mask.is_required


def test_a_text_behind_a_link_is_the_prompt_and_the_zeroed_one_is_no_negative():
    names = [found.name for found in workflow("flux_subgraph").parameters]
    assert "prompt" in names
    assert "negative" not in names


def test_where_no_sampler_leads_the_usual_ones_are_found_by_their_names():
    document = {
        "1": {
            "class_type": "WanVideoTextEncode",
            "inputs": {"positive_prompt": "a wave", "negative_prompt": "blur", "t5": ["9", 0]},
        },
        "2": {"class_type": "WanVideoSampler", "inputs": {"steps": 6, "cfg": 1, "seed": 4}},
        "3": {"class_type": "VHS_VideoCombine", "inputs": {"images": ["4", 0]}},
        "4": {"class_type": "WanVideoDecode", "inputs": {"samples": ["2", 0]}},
    }
    document["2"]["inputs"]["text_embeds"] = ["1", 0]  # type: ignore[index]
    main = [found.name for found in read(document).parameters if found.rank is Rank.MAIN]
    assert main == ["prompt", "negative", "seed", "steps", "cfg"]


def test_one_prompt_for_two_models_is_one_parameter():
    assert parameter(workflow("sdxl_base_refiner"), "prompt").feeds == (
        ("6", "text"),
        ("15", "text"),
    )


def test_what_a_continued_sampling_must_have_equal_is_one_parameter():
    assert len(parameter(workflow("wan_image_to_video"), "cfg").feeds) == 2
    assert len(parameter(workflow("hires_fix"), "cfg").feeds) == 1


def test_the_range_in_a_title_does_not_go_beyond_what_the_node_takes():
    graph = edited("sd15_api")
    graph["3"]["_meta"] = {"title": "<Steps:prompt:1> 0, 20, 1"}
    steps = parameter(read(graph), "steps")
    assert (steps.min, steps.max) == (1, 20)


def picked_by(inputs: dict[str, Any], **between: Any) -> list[str]:
    """Return the main names of a graph whose latent gets its size from a node with these inputs."""
    graph = edited("sd15_api")
    latent = graph["3"]["inputs"]["latent_image"][0]
    graph["50"] = {"class_type": "SomebodysPicker", "inputs": inputs}
    graph |= {name.removeprefix("n"): node for name, node in between.items()}
    start = "51" if between else "50"
    graph[latent]["inputs"] |= {"width": [start, 0], "height": [start, 1]}
    main = [found.name for found in read(graph).parameters if found.rank is Rank.MAIN]
    return main[main.index("model") + 1 : main.index("seed")]


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        (
            {"aspect_ratio": "4:3 (Standard)", "megapixels": 0.5, "multiple": 32},
            ["aspect_ratio", "megapixels"],
        ),
        (
            {"resolution": "1024x1024", "batch_size": 1, "width_override": 0, "prescale": 1.5},
            ["resolution", "width_override"],
        ),
        (
            {"width": 512, "height": 768, "aspect_ratio": "custom", "swap_dimensions": "Off"},
            ["width", "aspect_ratio", "swap_dimensions", "height"],
        ),
        ({"resolution": "1024x1024"}, ["resolution"]),
    ],
)
def test_what_picks_the_size_has_its_place(inputs: dict[str, Any], names: list[str]):
    assert picked_by(inputs) == [*names, "batch_size"]


def test_the_size_is_followed_through_what_works_with_it():
    inputs = {"preset": "wide", "megapixels": 1}
    sums = {"class_type": "SomebodysSum", "inputs": {"a": ["50", 0], "b": 8}}
    assert picked_by(inputs, n51=sums) == ["preset", "megapixels", "batch_size"]
    measured = {"class_type": "SomebodysMeasure", "inputs": {"image": ["50", 0]}}
    assert picked_by(inputs, n51=measured) == ["batch_size"]


def test_a_node_that_makes_the_latent_may_pick_its_size_too():
    graph = edited("sd15_api")
    inputs = {"resolution": "1024x1024 (1.0)", "batch_size": 1, "height_override": 0}
    graph["50"] = {"class_type": "SomebodysLatentPicker", "inputs": inputs}
    graph["3"]["inputs"]["latent_image"] = ["50", 0]
    main = [found.name for found in read(graph).parameters if found.rank is Rank.MAIN]
    assert main[main.index("model") + 1 : main.index("seed")] == [
        *("resolution", "height_override", "batch_size")
    ]


def test_a_size_is_picked_for_nodes_of_packs_too():
    graph = {
        "1": {"class_type": "SomebodysResizer", "inputs": {"width": 64, "height": 64}},
        "2": {"class_type": "SomebodysPicker", "inputs": {"preset": "wide", "megapixels": 1}},
        "3": {
            "class_type": "SomebodysVideo",
            "inputs": {"seed": 1, "num_frames": 33, "width": ["2", 0], "height": ["2", 1]},
        },
        "4": {"class_type": "SomebodysSaver", "inputs": {"images": ["3", 0], "l": ["1", 0]}},
    }
    main = [found.name for found in read(graph).parameters if found.rank is Rank.MAIN]
    assert main == ["preset", "megapixels", "length", "seed"]


def with_loras(*nodes: tuple[str, dict[str, Any]]) -> dict[str, tuple[Any, Rank]]:
    """Return what can be set of LoRAs when these nodes (50, 51 …) stand behind the model."""
    graph = edited("sd15_api")
    for at, (class_type, inputs) in enumerate(nodes):
        graph[f"{50 + at}"] = {"class_type": class_type, "inputs": inputs}
    graph["3"]["inputs"]["model"] = [f"{49 + len(nodes)}", 0]
    found = read(graph).parameters
    return {one.name: (one.default, one.rank) for one in found if "lora" in one.name}


def test_the_slots_of_a_stack_have_a_strength_each_and_the_empty_ones_come_behind():
    stack = {"lora_01": "None", "strength_01": 1, "lora_02": "fur.safetensors", "strength_02": 0.4}
    stack |= {"lora_03": "ink.safetensors", "strength_03": 0.7, "model": ["4", 0]}
    assert with_loras(("Somebodys Stack", stack)) == {
        "lora": ("fur.safetensors", Rank.MAIN),
        "lora_2": ("ink.safetensors", Rank.MAIN),
        "lora_strength": (0.4, Rank.MAIN),
        "lora_strength_2": (0.7, Rank.MAIN),
        "lora_3": ("None", Rank.MORE),
        "lora_strength_3": (1, Rank.MORE),
    }


def test_loras_that_are_handed_on_apart_from_the_model_are_found():
    first = {"lora_name_1": "fur.safetensors", "model_weight_1": 0.4, "clip_weight_1": 1}
    second = {
        "lora": "ink.safetensors",
        "strength": 0.7,
        "is_merged": False,
        "prev_lora": ["50", 0],
    }
    apply = {"model": ["4", 0], "lora_stack": ["51", 0]}
    found = with_loras(("Somebodys", first), ("Somebodys", second), ("SomebodysApply", apply))
    assert found == {
        "lora": ("fur.safetensors", Rank.MAIN),
        "lora_2": ("ink.safetensors", Rank.MAIN),
        "lora_strength": (0.4, Rank.MAIN),
        "lora_strength_2": (0.7, Rank.MAIN),
    }


def test_a_lora_whose_file_another_node_names_keeps_its_strength():
    graph = edited("sd15_api")
    named = {"url": "https://example.org/fur", "again": True}
    graph["50"] = {"class_type": "SomebodysDownload", "inputs": named}
    stack = {"lora_01": ["50", 0], "strength_01": 0.4, "lora_02": "None", "strength_02": 1}
    graph["51"] = {"class_type": "Somebodys Stack", "inputs": stack | {"model": ["4", 0]}}
    graph["3"]["inputs"]["model"] = ["51", 0]
    flow = read(graph)
    assert parameter(flow, "lora_strength").feeds == (("51", "strength_01"),)
    assert parameter(flow, "lora_strength").rank is Rank.MAIN
    assert parameter(flow, "lora_2").rank is parameter(flow, "lora_strength_2").rank is Rank.MORE


def test_without_a_chain_of_models_each_lora_has_its_strength_too():
    graph = {
        "1": {"class_type": "SomebodysLoader", "inputs": {"model": "wave.gguf"}},
        "2": {"class_type": "SomebodysLora", "inputs": {"lora": "a.safetensors", "strength": 0.4}},
        "3": {"class_type": "SomebodysLora", "inputs": {"lora": "none", "strength": 1}},
        "4": {"class_type": "SomebodysSaver", "inputs": {"images": ["1", 0], "l": ["2", 0]}},
        "5": {"class_type": "SomebodysLora", "inputs": {"lora": "b.safetensors", "strength": 0.7}},
    }
    found = {one.name: (one.default, one.rank) for one in read(graph).parameters}
    assert found["lora"] == ("a.safetensors", Rank.MAIN)
    assert found["lora_strength"] == (0.4, Rank.MAIN)
    assert found["lora_strength_2"] == (0.7, Rank.MAIN)
    assert found["lora_strength_3"] == (1, Rank.MORE)


def in_two_stages(**second: Any) -> dict[str, dict[str, Any]]:
    """Return a graph whose sampler (3) leaves its last ten steps to another one (30)."""
    graph = edited("sd15_api")
    sampling = graph["3"]["inputs"] | {"steps": 25, "add_noise": "enable", "noise_seed": 7}
    del sampling["seed"], sampling["denoise"]
    stages = [
        {"start_at_step": 0, "end_at_step": 15, "return_with_leftover_noise": "enable"},
        {"start_at_step": 15, "end_at_step": 25, "return_with_leftover_noise": "disable"},
    ]
    for node_id, stage in zip(("3", "30"), stages, strict=True):
        graph[node_id] = {"class_type": "KSamplerAdvanced", "inputs": sampling | stage}
    graph["30"]["inputs"] |= {"latent_image": ["3", 0], **second}
    decode = next(n for n in graph.values() if n["class_type"] == "VAEDecode")
    decode["inputs"]["samples"] = ["30", 0]
    return graph


def test_both_stages_of_a_sampling_have_one_seed_and_the_same_steps():
    flow = read(in_two_stages(cfg=3.5))
    for name, key in (("seed", "noise_seed"), ("sampler", "sampler_name")):
        assert parameter(flow, name).feeds == (("3", key), ("30", key))
    steps = (("3", "steps"), ("30", "steps"), ("30", "end_at_step"))  # it ends with the last
    assert parameter(flow, "steps").feeds == steps
    assert parameter(flow, "cfg").feeds == (("3", "cfg"),)
    assert parameter(flow, "cfg_2").default == 3.5


@pytest.mark.parametrize(
    "second", [{"start_at_step": 0}, {"latent_image": ["31", 0]}], ids=["from-the-start", "anew"]
)
def test_a_second_sampling_that_does_not_go_on_stands_alone(second: dict[str, Any]):
    graph = in_two_stages(**second)
    graph["31"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["32", 0], "vae": ["4", 2]}}
    graph["32"] = {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}}
    flow = read(graph)
    assert parameter(flow, "steps").feeds == (("3", "steps"),)
    assert parameter(flow, "seed").feeds == (("3", "noise_seed"),)


def test_the_stages_of_a_sampler_of_a_pack_belong_together_too():
    sampling: dict[str, Any] = {"model": ["1", 0], "text_embeds": ["2", 0], "steps": 6, "shift": 5}
    sampling |= {"cfg": 1, "seed": 4, "scheduler": "unipc"}
    start = {"start_step": 0, "end_step": ["5", 0]}
    rest = {"start_step": ["5", 0], "end_step": -1, "samples": ["3", 0]}
    graph = {
        "1": {"class_type": "SomebodysLoader", "inputs": {"model": "wave.gguf"}},
        "2": {"class_type": "SomebodysEncode", "inputs": {"positive_prompt": "a wave"}},
        "4": {"class_type": "SomebodysSampler", "inputs": sampling | rest},
        "3": {"class_type": "SomebodysSampler", "inputs": sampling | start},
        "5": {"class_type": "INTConstant", "inputs": {"value": 2}, "_meta": {"title": "Change"}},
        "6": {"class_type": "SomebodysSaver", "inputs": {"images": ["4", 0]}},
    }
    flow = read(graph)
    for name in ("steps", "cfg", "seed", "shift", "scheduler"):
        assert parameter(flow, name).feeds == (("3", name), ("4", name))
    main = [found.name for found in flow.parameters if found.rank is Rank.MAIN]
    assert main == ["prompt", "model", "seed", "steps", "cfg", "scheduler", "change"]


def test_a_later_sampler_is_named_by_its_title():
    assert parameter(workflow("hires_fix"), "hires_denoise").default == 0.5


def test_inputs_that_links_feed_are_no_parameters():
    feeds = {feed for found in workflow("sdxl_base_refiner").parameters for feed in found.feeds}
    assert ("10", "model") not in feeds


def test_plumbing_comes_behind():
    assert parameter(workflow("sd15_default"), "filename_prefix").rank is Rank.MORE
    assert parameter(workflow("flux_subgraph"), "vae").rank is Rank.MORE


def test_what_no_output_needs_cannot_be_set():
    document = edited("sd15_default")
    document["nodes"].append(
        {"id": 50, "type": "CLIPTextEncode", "title": "Spare", "widgets_values": ["x"]}
    )
    assert "spare" not in [found.name for found in read(document).parameters]


def test_marked_titles_are_obeyed():
    flow = workflow("marked_titles_api")
    boost = parameter(flow, "boost")
    assert (boost.min, boost.max, boost.step, boost.rank) == (0.5, 2.0, 0.05, Rank.MAIN)
    assert parameter(flow, "style").feeds == (("10", "strength_model"),)
    assert parameter(flow, "scale_by").feeds == (("11", "scale_by"),)
    assert parameter(flow, "avoid").rank is Rank.MORE


def test_what_was_chosen_for_the_app_mode_comes_first():
    assert parameter(workflow("app_mode"), "filename_prefix").rank is Rank.MAIN


def test_the_newer_way_of_the_app_mode_is_read():
    document = edited("app_mode")
    document["extra"]["linearData"] = {"inputs": [["9ae6-b:9:filename_prefix", "Name", {}]]}
    assert parameter(read(document), "filename_prefix").rank is Rank.MAIN


def test_a_primitive_with_a_title_comes_first_under_it():
    document = edited("shared_seed")
    node(document, 51)["title"] = "My Détail"
    document["links"] = [entry for entry in document["links"] if entry[1] != 51]
    document["links"].append([900, 51, 0, 5, 2, "INT"])
    latent = node(document, 5)
    latent["inputs"].append({"name": "batch_size", "type": "INT", "widget": {"name": "batch_size"}})
    latent["inputs"][-1]["link"] = 900
    found = parameter(read(document), "batch_size")
    assert found.feeds == (("51", "value"),)
    assert found.max == 4096


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("param:strength", "strength"),
        ("Parameter: Face Detail", "face_detail"),
        ("$strength", "strength"),
        ("${lora weight}", "lora_weight"),
        ("<CFG:advanced:2/2> 1, 10, 0.1", "cfg"),
        ("<Image 1:prompt/Image 1:1>", "image_1"),
    ],
)
def test_the_marks_of_known_tools_are_read(title, name):
    mark = read_mark(title)
    assert mark is not None
    assert mark.name == name


@pytest.mark.parametrize("title", ["Load Checkpoint", "<b>", "$5 bill", "a $x", "param:", "<:x:1>"])
def test_other_titles_mark_nothing(title):
    assert read_mark(title) is None


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Sampler Steps", "sampler_steps"),
        ("KSampler (Advanced) - BASE", "ksampler_advanced_base"),
        ("CLIPTextEncode", "clip_text_encode"),
        ("🎨 Größe!", "groe"),
        ("2nd pass", "nd_pass"),
        ("Lightning LoRA", "lightning_lora"),
        ("LoRALoader", "lora_loader"),
        ("HyperLoRAs", "hyper_loras"),
        ("BBox Threshold", "bbox_threshold"),
        ("ControlNetApply", "controlnet_apply"),
        ("IPAdapterUnifiedLoader", "ipadapter_unified_loader"),
        ("IP-Adapter weight", "ipadapter_weight"),
        ("VAE / CLIP / fps", "vae_clip_fps"),
        ("UNetLoader", "unet_loader"),
        ("YOLOv8 face", "yolov8_face"),
        ("WAN_I2V 2 LoRAs", "wan_i2v_2_loras"),
        ("image URLs", "image_urls"),
        ("Float (Duration)", "duration"),
        ("Int (Full)", "full"),
        ("Boolean (Enable Lightning LoRA)", "enable_lightning_lora"),
        ("Text (Prompt)", "prompt"),
        ("String (Multiline)", "string_multiline"),
        ("Int (数)", "int"),
        ("Strength (Model)", "strength_model"),
        ("提示词", ""),
    ],
)
def test_names_are_made_fit_for_a_flag(title, name):
    assert safe_name(title) == name


def test_a_name_that_is_taken_is_counted():
    names = Names()
    assert [names.unique("lora") for _ in range(3)] == ["lora", "lora_2", "lora_3"]
    long = "the_sampler_of_a_node_pack_with_base_cfg"
    assert [names.unique(long) for _ in range(2)] == [long, "the_sampler_of_a_node_pack_base_cfg_2"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_our_own_graphs_come_back_with_their_parameters(path):
    golden = json.loads(path.read_text(encoding="utf-8"))
    flow = read_workflow(json.dumps(golden["graph"]).encode(), recorded())
    found = {entry.name: entry for entry in flow.parameters}
    planned = golden["parameters"]
    if any("latent_image" in entry["inputs"] for entry in golden["graph"].values()):
        assert found["seed"].type is ParameterType.SEED
        assert found["model"].default == planned["model"]
        assert "prompt" in found
    assert len(flow.outputs) >= 1


@pytest.mark.parametrize(("control", "default"), [("randomize", -1), ("increment", -1)])
def test_a_seed_that_the_page_changes_is_drawn_each_time(control, default):
    document = edited("sd15_default")
    node(document, 3)["widgets_values"][1] = control
    flow = read(document)
    assert parameter(flow, "seed").default == default
    assert flow.left_to_chance == {("3", "seed")}


def test_a_seed_that_the_page_leaves_stays():
    document = edited("sd15_default")
    node(document, 3)["widgets_values"][1] = "fixed"
    flow = read(document)
    assert parameter(flow, "seed").default == 156680208700286
    assert flow.left_to_chance == frozenset()


def test_a_seed_of_a_primitive_is_drawn_where_the_primitive_is():
    document = edited("shared_seed")
    flow = read(document)
    assert flow.left_to_chance == {("3", "seed"), ("13", "seed")}


def test_a_seed_that_the_use_of_a_subgraph_leaves_stays():
    document = edited("flux_subgraph")
    assert parameter(read(document), "seed").default == -1
    host = node(document, 46)
    host["properties"]["proxyWidgets"].append(["31", "control_after_generate"])
    host["widgets_values"] = [*host["widgets_values"][:5], "fixed"]
    places = [name for _, name in host["properties"]["proxyWidgets"]]
    host["widgets_values"] = [
        "fixed" if name == "control_after_generate" else value
        for name, value in zip(places, [*host["widgets_values"], *[None] * 9], strict=False)
    ]
    assert parameter(read(document), "seed").default != -1


def test_texts_keep_their_side_through_a_node_that_nobody_knows():
    document = edited("sd15_api")
    document["30"] = {
        "class_type": "SomebodysFaceNode",
        "inputs": {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0]},
    }
    document["3"]["inputs"] |= {"model": ["30", 0], "positive": ["30", 1], "negative": ["30", 2]}
    flow = read(document)
    assert parameter(flow, "prompt").feeds == (("6", "text"),)
    assert parameter(flow, "negative").feeds == (("7", "text"),)


def test_a_node_that_holds_both_texts_gives_each_side_its_own():
    document = edited("sd15_api")
    document["30"] = {
        "class_type": "SomebodysStyler",
        "inputs": {"text_positive": "a fox", "text_negative": "fog", "style": "ink"},
    }
    document["6"]["inputs"]["text"] = ["30", 0]
    document["7"]["inputs"]["text"] = ["30", 1]
    flow = read(document)
    assert parameter(flow, "prompt").feeds == (("30", "text_positive"),)
    assert parameter(flow, "negative").feeds == (("30", "text_negative"),)


def test_a_size_that_a_picture_is_scaled_to_is_the_size():
    document = edited("wan_image_to_video")
    flow = read(document)
    graph = {key: dict(value) for key, value in flow.graph.items()}
    latent, _ = parameter(flow, "length").feeds[0]
    inputs = graph[latent]["inputs"]
    picture = inputs["start_image"]
    graph["90"] = {
        "class_type": "SomebodysResizer",
        "inputs": {"image": picture, "width": 640, "height": 352},
    }
    inputs |= {"start_image": ["90", 0], "width": ["90", 1], "height": ["90", 2]}
    read_back = read(graph)
    assert parameter(read_back, "width").feeds == (("90", "width"),)
    assert parameter(read_back, "height").rank is Rank.MAIN


def test_a_side_of_zero_is_not_the_size_of_the_picture():
    document = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {"class_type": "SomebodysResizer", "inputs": {"width": 0, "height": 512}},
        "3": {
            "class_type": "SomebodysDetailer",
            "inputs": {"image": ["2", 0], "seed": 3, "steps": 8, "model": ["4", 0]},
        },
        "4": {"class_type": "SomebodysLoader", "inputs": {"model": "face.gguf"}},
        "5": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "x"}},
    }
    document["2"]["inputs"]["image"] = ["1", 0]  # type: ignore[index]
    ranks = {found.name: found.rank for found in read(document).parameters}
    assert (ranks["width"], ranks["height"]) == (Rank.MORE, Rank.MORE)
    document["2"]["inputs"]["width"] = 640  # type: ignore[index]
    ranks = {found.name: found.rank for found in read(document).parameters}
    assert (ranks["width"], ranks["height"]) == (Rank.MAIN, Rank.MAIN)


def test_a_latent_takes_no_size_from_a_picture_that_keeps_its_shape():
    flow = read(edited("wan_image_to_video"))
    graph = {key: dict(value) for key, value in flow.graph.items()}
    inputs = graph[parameter(flow, "length").feeds[0][0]]["inputs"]
    resized = {"image": inputs["start_image"], "width": 0, "height": 352}
    graph["90"] = {"class_type": "SomebodysResizer", "inputs": resized}
    inputs |= {"start_image": ["90", 0], "width": ["90", 1], "height": ["90", 2]}
    flow = read(graph)
    assert parameter(flow, "width").rank is parameter(flow, "height").rank is Rank.MORE
    assert parameter(flow, "length").rank is Rank.MAIN


def test_without_a_sampler_the_size_and_the_model_are_found_by_their_names():
    document = {
        "1": {"class_type": "SomebodysLoader", "inputs": {"model": "wan.gguf"}},
        "2": {
            "class_type": "SomebodysImageEncode",
            "inputs": {"width": 832, "height": 480, "num_frames": 33, "model": ["1", 0]},
        },
        "3": {"class_type": "SomebodysSaver", "inputs": {"images": ["2", 0]}},
    }
    flow = read(document)
    main = [found.name for found in flow.parameters if found.rank is Rank.MAIN]
    assert main == ["model", "width", "height", "length"]


def test_a_graph_without_anything_usual_is_set_by_what_its_own_nodes_have():
    document = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {
            "class_type": "SomebodysSliders",
            "inputs": {"image": ["1", 0], "smile": 0, "index": 1, "amount": 7},
            "_meta": {"title": "Sliders (somebody)"},
        },
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
    }
    flow = read(document)
    main = {found.name: found.type for found in flow.parameters if found.rank is Rank.MAIN}
    assert main == {"image": "image", "smile": "float", "index": "int", "amount": "int"}


def test_both_texts_of_one_encoder_are_one_also_when_they_are_empty():
    document = edited("sd15_api")
    document["7"] = {
        "class_type": "CLIPTextEncodeSDXL",
        "inputs": {"text_g": "", "text_l": "", "clip": ["4", 1]},
    }
    assert parameter(read(document), "negative").feeds == (("7", "text_g"), ("7", "text_l"))


def test_a_graph_that_makes_text_has_its_question_as_the_prompt():
    document = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {
            "class_type": "SomebodysReader",
            "inputs": {"picture": ["1", 0], "text": "What is it?", "temperature": 1},
        },
        "3": {"class_type": "PreviewAny", "inputs": {"source": ["2", 0]}},
    }
    assert parameter(read(document), "prompt").default == "What is it?"


def test_a_sampler_that_only_helps_another_stands_behind_it():
    document = edited("sd15_api")
    document["30"] = {"class_type": "KSampler", "inputs": dict(document["3"]["inputs"])}
    document["30"]["inputs"] |= {"seed": 9, "latent_image": ["31", 0]}
    document["31"] = {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 256, "height": 256, "batch_size": 1},
    }
    document["32"] = {"class_type": "VAEDecode", "inputs": {"samples": ["30", 0], "vae": ["4", 2]}}
    document["33"] = {
        "class_type": "SomebodysGuide",
        "inputs": {"positive": ["6", 0], "negative": ["7", 0], "image": ["32", 0]},
    }
    document["3"]["inputs"] |= {"positive": ["33", 0], "negative": ["33", 1]}
    flow = read(document)
    assert parameter(flow, "width").feeds == (("5", "width"),)
    assert parameter(flow, "seed").feeds == (("3", "seed"),)


def test_a_size_that_stands_twice_is_one():
    document = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {
            "class_type": "SomebodysScaler",
            "inputs": {"image": ["1", 0], "width": 832, "height": 480},
        },
        "3": {
            "class_type": "SomebodysImageToVideo",
            "inputs": {"image": ["2", 0], "width": 832, "height": 480, "prompt": "waves"},
        },
        "4": {"class_type": "VHS_VideoCombine", "inputs": {"images": ["3", 0]}},
    }
    assert parameter(read(document), "width").feeds == (("2", "width"), ("3", "width"))


def flux_with_knobs() -> dict[str, dict[str, Any]]:
    """Return a graph whose values stand in nodes of packs that hold several each."""
    return {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "f", "weight_dtype": "default"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["12", 0]}},
        "3": {
            "class_type": "FluxGuidance",
            "inputs": {"guidance": ["8", 0], "conditioning": ["2", 0]},
        },
        "4": {"class_type": "BasicGuider", "inputs": {"model": ["1", 0], "conditioning": ["3", 0]}},
        "5": {"class_type": "RandomNoise", "inputs": {"noise_seed": ["9", 0]}},
        "6": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": ["10", 0], "height": ["10", 1], "batch_size": 1},
        },
        "7": {
            "class_type": "SamplerCustomAdvanced",
            "inputs": {"noise": ["5", 0], "guider": ["4", 0], "latent_image": ["6", 0]},
        },
        "8": {"class_type": "mxSlider", "inputs": {"Xi": 3, "Xf": 3.5, "isfloatX": 1}},
        "9": {"class_type": "SeedsOfSomebody", "inputs": {"seed": 7, "increment": 0}},
        "10": {
            "class_type": "mxSlider2D",
            "inputs": {"Xi": 960, "Xf": 0, "Yi": 640, "Yf": 0, "isfloatX": 0, "isfloatY": 0},
        },
        "11": {
            "class_type": "Image Saver",
            "inputs": {"images": ["7", 0], "positive": "a fox", "negative": "", "filename": "x"},
        },
        "12": {"class_type": "CLIPLoader", "inputs": {"clip_name": "c", "type": "flux"}},
    }


def test_a_value_is_found_in_a_node_that_holds_several():
    flow = read(flux_with_knobs())
    feeds = {name: parameter(flow, name).feeds for name in ("seed", "guidance", "width", "height")}
    assert feeds == {
        "seed": (("9", "seed"),),
        "guidance": (("8", "Xf"),),
        "width": (("10", "Xi"),),
        "height": (("10", "Yi"),),
    }


def test_what_a_saver_only_writes_down_is_no_negative():
    flow = read(flux_with_knobs())
    assert parameter(flow, "prompt").feeds == (("2", "text"),)
    assert parameter(flow, "negative").rank is Rank.MORE


def test_the_sides_of_a_conditioning_are_found_by_what_packs_call_them():
    document = edited("sd15_api")
    inputs = document["3"]["inputs"]
    document["3"] = {
        "class_type": "SomebodysSampler",
        "inputs": {
            "model": inputs["model"],
            "conditioning": inputs["positive"],
            "neg_conditioning": inputs["negative"],
            "latent_image": inputs["latent_image"],
            "noise_seed": 5,
            "denoise_strength": 0.4,
        },
    }
    flow = read(document)
    assert parameter(flow, "prompt").feeds == (("6", "text"),)
    assert parameter(flow, "negative").feeds == (("7", "text"),)
    assert parameter(flow, "denoise").feeds == (("3", "denoise_strength"),)


@pytest.mark.parametrize(("switch", "rank"), [("Off", Rank.MORE), ("On", Rank.MAIN)])
def test_a_lora_whose_switch_is_off_waits_behind(switch: str, rank: Rank):
    stack = {
        "switch_1": "On",
        "lora_name_1": "ink.safetensors",
        "model_weight_1": 0.5,
        "switch_2": switch,
        "lora_name_2": "fox.safetensors",
        "model_weight_2": 0.7,
    }
    found = with_loras(("SomebodysLoraStack", {**stack, "model": ["4", 0]}))
    assert found["lora"] == ("ink.safetensors", Rank.MAIN)
    assert (found["lora_2"], found["lora_strength_2"]) == (("fox.safetensors", rank), (0.7, rank))


def test_the_settings_of_a_later_sampler_have_its_number_whichever_of_them_stand_in_front():
    graph = edited("sd15_api")
    later = graph["3"]["inputs"] | {"latent_image": ["3", 0], "seed": 9, "steps": 8, "cfg": 3}
    graph["30"] = {"class_type": "KSampler", "inputs": later | {"denoise": 0.4}}
    graph["8"]["inputs"]["samples"] = ["30", 0]
    flow = read(graph)
    for name in ("seed", "steps", "cfg", "denoise"):
        assert parameter(flow, name).feeds[0][0] == "3"
        assert parameter(flow, f"{name}_2").feeds[0][0] == "30"
    assert parameter(flow, "denoise").rank is Rank.MORE
    assert parameter(flow, "denoise_2").rank is Rank.MAIN


def test_a_marked_title_may_say_which_input_it_means():
    document = edited("sd15_api")
    document["5"]["_meta"] = {"title": "$how_high.height"}
    found = parameter(read(document), "how_high")
    assert found.feeds == (("5", "height"),)
