"""A workflow that was read becomes an entry: what it needs, what it is called, where it belongs."""

import json
from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.importing.reading import Imported, read_workflow
from imagine.profiles import load_profiles
from imagine.registry.availability import remarks
from imagine.registry.entries import NAMED_TYPES, Entry, Parameter
from imagine.registry.entry_text import Notation, make_entry, read_text, write_entry
from imagine.registry.from_import import entry_of, free_id, id_of
from tests.catalogs import recorded_info
from tests.importing.samples import NAMES, edited, read, recorded, workflow

PROFILES = load_profiles()


def entry(imported: Imported, **changes: Any) -> Entry:
    told = {"id": "it", "name": "It", "profiles": PROFILES, "catalog": recorded(), **changes}
    return entry_of(imported, **told)


@pytest.mark.parametrize("name", NAMES)
def test_every_workflow_becomes_an_entry_that_is_written_and_read_again(name: str):
    is_written_and_read_again(workflow(name))


@pytest.mark.parametrize("node_id", ["a.b", "", ".", "1:2"])
@pytest.mark.parametrize("name", ["noise.seed", "steps", ""])
def test_nodes_and_inputs_of_any_name_are_written_and_read_again(node_id: str, name: str):
    document = edited("sd15_api")
    document[node_id] = document.pop("3")
    document[node_id]["inputs"][name] = 3
    document["8"]["inputs"]["samples"] = [node_id, 0]
    is_written_and_read_again(read(document))


def test_halves_of_characters_are_no_part_of_an_entry():
    document = edited("sd15_api")
    document["3"]["_meta"] = {"title": "half \ud83d"}
    document["6"]["inputs"]["text"] = "fox \udd8a and 🦊"
    flow = read(document)
    is_written_and_read_again(flow)
    assert entry(flow).parameter("prompt") is not None
    assert flow.graph["6"]["inputs"]["text"] == "fox \ufffd and 🦊"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400])
@pytest.mark.parametrize("catalog", [recorded(), None])
def test_what_is_no_number_is_no_default(value: float, catalog: Catalog | None):
    document = edited("sd15_api")
    document["3"]["inputs"]["cfg"] = value
    flow = read_workflow(json.dumps(document).encode(), catalog)
    cfg = entry(flow, catalog=catalog).parameter("cfg")
    assert cfg is None or cfg.default is None


def is_written_and_read_again(flow: Imported) -> None:
    made = entry(flow)
    told = read_text(write_entry(made, "it.json"), Notation.TOML)
    assert told.pop("graph") == "it.json"
    again = make_entry(
        told, json.loads(json.dumps(made.graph)), stem="x", source=made.source, file=made.file
    )
    assert again == made
    assert again.revision == made.revision


@pytest.mark.parametrize(
    ("name", "category", "family"),
    [
        ("sd15_default", "text-to-image", "sd15"),
        ("flux_kontext", "image-to-image", "flux-kontext"),
        ("qwen_edit", "image-to-image", "qwen-image-edit"),
        ("inpaint", "repaint", "inpainting"),
        ("inpaint_mask", "repaint", "inpainting"),
        ("upscale_model", "upscale", ""),
        ("animatediff", "video", "sd15"),
        ("audio", "audio", ""),
    ],
)
def test_category_and_family_are_guessed(name: str, category: str, family: str):
    made = entry(workflow(name))
    assert (made.category, made.family) == (category, family)


def test_the_first_picture_is_needed_and_those_that_the_graph_can_do_without_are_not():
    made = entry(workflow("qwen_edit"))
    needed = {one.name: one.required for one in made.of_type(*["image", "mask"])}  # type: ignore[arg-type]
    assert needed == {"image": True, "image_2": False, "image_3": False}
    assert all(one.required for one in entry(workflow("qwen_edit"), catalog=None).of_type("image"))  # type: ignore[arg-type]


def test_a_mask_that_the_graph_cannot_do_without_is_needed():
    mask = entry(workflow("inpaint_mask")).parameter("mask")
    assert mask is not None
    assert mask.required


def test_without_a_mask_the_transparency_of_the_picture_counts():
    mask = entry(workflow("inpaint")).parameter("mask")
    assert mask is not None
    assert not mask.required


def test_the_values_of_the_maker_are_the_defaults():
    made = entry(workflow("sd15_default"))
    defaults = {one.name: one.default for one in made.parameters}
    assert (defaults["steps"], defaults["cfg"], defaults["width"]) == (20, 8, 512)
    assert isinstance(defaults["prompt"], str)
    # What each engine has others of is left to it.
    assert defaults["model"] is None
    assert made.parameter("sampler").choices == ()  # type: ignore[union-attr]


def test_a_seed_of_a_graph_for_programs_is_drawn():
    seed = entry(workflow("sd15_api")).parameter("seed")
    assert seed is not None
    assert seed.default == -1
    assert seed.max is None


def test_a_name_that_is_taken_by_a_flag_is_another():
    document = edited("sd15_api")
    node = next(n for n in document.values() if n["class_type"] == "EmptyLatentImage")
    node["_meta"] = {"title": "$aspect"}
    made = entry(read(document))
    assert made.parameter("aspect") is None
    assert made.parameter("aspect_value") is not None


@pytest.mark.parametrize("name", ["width", "seed", "batch_size"])
def test_what_every_job_has_is_of_its_own_type_or_has_another_name(name: str):
    document = edited("sd15_api")
    node = next(n for n in document.values() if n["class_type"] == "CLIPTextEncode")
    node["_meta"] = {"title": f"${name}"}
    made = entry(read(document))
    assert {one.type for one in made.parameters if one.name == name} <= {*NAMED_TYPES[name]}
    assert node["inputs"]["text"] in {one.default for one in made.parameters}


def test_a_name_that_is_too_long_is_cut_and_keeps_its_number():
    document = edited("sd15_api")
    kind = "a_kind_that_is_called_by_so_many_words_of_its_maker"
    for node_id in ("58:0", "58:1"):
        document[node_id] = {"class_type": "Loader", "inputs": {kind: "b"}}
    document["58:2"] = {
        "class_type": "SaveWhatTheyFind",
        "inputs": {"one": ["58:0", 0], "other": ["58:1", 0]},
    }
    names = [one.name for one in entry(read(document)).parameters]
    assert [name for name in names if name.startswith("a_kind")] == [
        "a_kind_that_is_called_by_so_many_words_o",
        "a_kind_that_is_called_by_so_words_o_2",
    ]


def test_the_names_of_files_are_no_parameters_for_each_run_has_its_own():
    document = edited("sd15_api")
    saving = next(n for n in document.values() if n["class_type"] == "SaveImage")
    assert saving["inputs"]["filename_prefix"]
    feeds = {name for one in entry(read(document)).parameters for _, name in one.feeds}
    assert "filename_prefix" not in feeds
    assert "steps" in feeds


def test_a_default_that_cannot_be_is_left_to_the_graph():
    document = edited("sd15_api")
    sampler = next(n for n in document.values() if n["class_type"] == "KSampler")
    sampler["inputs"]["steps"] = 0
    steps = entry(read(document)).parameter("steps")
    assert steps is not None
    assert steps.default is None


def test_of_very_many_values_the_last_stay_as_they_are():
    document = edited("sd15_api")
    for number in range(100, 240):
        document[str(number)] = {"class_type": "Mine", "inputs": {"x": number, "y": 1}}
    made = entry(read(document))
    assert len(made.parameters) == 200
    assert "stay as they are" in made.notes[-1]


def test_a_text_that_nobody_could_type_stays_as_it_is():
    document = edited("sd15_api")
    encoder = next(n for n in document.values() if n["class_type"] == "CLIPTextEncode")
    encoder["inputs"]["text"] = "long " * 10_000
    made = entry(read(document))
    assert all(len(str(one.default)) < 10_000 for one in made.parameters)
    assert "the others stay as they are" in made.notes[-1]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Flux Portrait (v2).json", "flux_portrait_v2_json"),
        ("  ../../etc/passwd", "etc_passwd"),
        ("Ärger", "arger"),
        ("CON", "con_workflow"),
        ("lpt1", "lpt1_workflow"),
        ("2xUpscale", "2xupscale"),
        ("狐", ""),
        ("a" * 100, "a" * 60),
    ],
)
def test_an_id_may_be_a_file_on_every_system(text: str, wanted: str):
    assert id_of(text) == wanted


def test_a_taken_id_is_followed_by_the_next_one():
    assert free_id("fox", {"bear"}) == "fox"
    assert free_id("fox", {"fox", "fox_2"}) == "fox_3"


def test_a_graph_whose_prompt_another_node_writes_does_not_only_scale():
    document = edited("sd15_api")
    document["6"]["inputs"]["text"] = ["50", 0]
    document["50"] = {"class_type": "SomebodysTagger", "inputs": {"image": ["51", 0]}}
    document["51"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    document["52"] = {"class_type": "ImageUpscaleWithModel", "inputs": {"image": ["8", 0]}}
    document["9"]["inputs"]["images"] = ["52", 0]
    made = entry(read(document))
    assert made.parameter("prompt") is None
    assert made.category == "image-to-image"


def test_what_gives_a_shape_is_among_those():
    assert entry(workflow("hunyuan_3d")).category == "3d"


def test_what_only_leads_to_a_picture_that_is_shown_beside_the_kept_one_cannot_be_set():
    document = edited("sd15_api")
    usual = entry(read(document))
    document["50"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    document["51"] = {"class_type": "PreviewImage", "inputs": {"images": ["50", 0]}}
    made = entry(read(document))
    assert made.parameters == usual.parameters
    assert made.category == "text-to-image"


def test_what_leads_to_an_unknown_node_can_be_set():
    document = edited("sd15_api")
    document["50"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    document["51"] = {"class_type": "SomebodysSaver", "inputs": {"images": ["50", 0]}}
    assert entry(read(document)).parameter("image") is not None


HOLDER = {
    "SomebodysInt": {
        "input": {"required": {"int": ["INT", {"default": 0, "min": -999999, "max": 999999}]}},
        "output": ["INT", "FLOAT", "STRING"],
        "output_node": False,
    },
    "SomebodysSampler": {
        "input": {
            "required": {
                "latent": ["LATENT"],
                "end_step": ["INT", {"default": -1, "min": -1, "max": 10000}],
                "start_step": ["INT", {"default": 0, "min": 0, "max": 10000}],
            }
        },
        "output": ["LATENT"],
        "output_node": False,
    },
}


def held(value: int, holder: str = "SomebodysInt") -> tuple[Entry, Catalog]:
    """Import a graph in which one number (20) is the width and the step of two samplers' change."""
    known = Catalog.from_object_info(recorded_info() | HOLDER)
    document = edited("sd15_api")
    named = "int" if holder == "SomebodysInt" else "value"
    document["20"] = {"class_type": holder, "inputs": {named: value}}
    document["20"]["_meta"] = {"title": "Amount"}
    steps = {"end_step": ["20", 0], "start_step": ["20", 0], "latent": ["3", 0]}
    document["21"] = {"class_type": "SomebodysSampler", "inputs": steps}
    decode = next(n for n in document.values() if n["class_type"] == "VAEDecode")
    decode["inputs"]["samples"] = ["21", 0]
    return entry(read(document, known), catalog=known), known


@pytest.mark.parametrize("holder", ["SomebodysInt", "PrimitiveInt"])
def test_a_number_that_several_inputs_get_keeps_to_what_all_of_them_take(holder: str):
    made, known = held(8, holder)
    one = next(one for one in made.parameters if one.feeds[0][0] == "20")
    assert (one.min, one.max) == (0, 10000)
    assert remarks(made, known, PROFILES) == ()


def test_what_its_maker_left_there_stays_possible():
    made, known = held(-1)
    one = next(one for one in made.parameters if one.feeds[0][0] == "20")
    assert (one.min, one.max, one.default) == (-1, 10000, -1)
    assert remarks(made, known, PROFILES) == ()


def pictured(class_type: str) -> Entry:
    """Return the usual graph with a picture that only goes where none need be."""
    pack = {
        "input": {"required": {"model": ["MODEL", {}]}, "optional": {"image": ["IMAGE", {}]}},
        "output": ["MODEL"],
    }
    catalog = Catalog.from_object_info(recorded_info() | {class_type: pack})
    document = edited("sd15_api")
    document["50"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    links = {"model": ["4", 0], "image": ["50", 0]}
    document["51"] = {"class_type": class_type, "inputs": links}
    document["3"]["inputs"]["model"] = ["51", 0]
    return entry(read_workflow(json.dumps(document).encode(), catalog), catalog=catalog)


@pytest.mark.parametrize(
    ("class_type", "is_needed"),
    [("SomebodysStyle", False), ("SomebodysImageEdit", True), ("SomebodysImageToVideo", True)],
)
def test_beside_a_prompt_a_picture_is_needed_by_what_is_about_it(class_type: str, is_needed: bool):
    [image] = pictured(class_type).of_type("image")  # type: ignore[arg-type]
    assert image.required is is_needed


@pytest.mark.parametrize(("select", "is_needed"), [(1, True), (2, False)])
def test_a_picture_behind_the_other_side_of_a_switch_is_not_needed(select: int, is_needed: bool):
    document = edited("sd15_api")
    links = {"input1": ["21", 0], "input2": ["5", 0]}
    document["20"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    document["21"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["20", 0], "vae": ["4", 2]}}
    document["22"] = {"class_type": "ImpactSwitch", "inputs": {"select": select, **links}}
    document["3"]["inputs"]["latent_image"] = ["22", 0]
    flow = read_workflow(json.dumps(document).encode(), recorded())
    [image] = entry(flow, catalog=recorded()).of_type("image")  # type: ignore[arg-type]
    assert image.required is is_needed


LINES = ["STRING", {"multiline": True}]
# Packs' nodes that a picture may be given to.
OPTIONAL: dict[str, dict[str, Any]] = {
    "SomebodysScaler": {"required": {"largest": ["INT", {}]}, "output": ["IMAGE"]},
    "SomebodysSides": {"required": {}, "output": ["INT", "INT"]},
    "SomebodysTeller": {"required": {"prompt": LINES}, "output": ["STRING"]},
    "SomebodysNamer": {"required": {"prompt": ["STRING", {}]}, "output": ["STRING"]},
}


def is_wanted(class_type: str, values: dict[str, Any], **fed: tuple[str, int]) -> bool:
    """Say whether a picture is needed that goes only to a pack's node; ``fed``: by that node."""
    packs = {
        name: {
            "input": {"required": one["required"], "optional": {"image": ["IMAGE", {}]}},
            "output": one["output"],
        }
        for name, one in OPTIONAL.items()
    }
    known = Catalog.from_object_info(recorded_info() | packs)
    document = edited("sd15_api")
    document["20"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    document["21"] = {"class_type": class_type, "inputs": {"image": ["20", 0], **values}}
    document["22"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["8", 0], "vae": ["4", 2]}}
    for name, (node_id, slot) in fed.items():
        document[node_id]["inputs"][name] = ["21", slot]
    if "pixels" in fed:
        document["3"]["inputs"]["latent_image"] = ["22", 0]
    made = entry(read(document, known), catalog=known)
    assert made.parameter("prompt") is not None
    [image] = made.of_type("image")  # type: ignore[arg-type]
    return image.required


def test_a_picture_is_needed_where_it_may_be_left_out_and_what_is_made_of_it_may_not():
    assert is_wanted("SomebodysScaler", {"largest": 512}, pixels=("22", 0))
    assert is_wanted("SomebodysSides", {}, width=("5", 0), height=("5", 1))


def test_a_picture_is_not_needed_by_what_has_a_text_to_work_from():
    assert not is_wanted("SomebodysTeller", {"prompt": "a fox\nin snow"}, text=("6", 0))
    assert is_wanted("SomebodysNamer", {"prompt": "a fox"}, text=("6", 0))


def test_without_a_prompt_a_picture_is_needed_by_what_has_a_text_too():
    packs = {
        "SomebodysDrawer": {
            "input": {"required": {"notes": LINES}, "optional": {"image": ["IMAGE", {}]}},
            "output": ["IMAGE"],
        }
    }
    known = Catalog.from_object_info(recorded_info() | packs)
    links = {"notes": "a fox", "image": ["1", 0]}
    document = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {"class_type": "SomebodysDrawer", "inputs": links},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
    }
    made = entry(read(document, known), catalog=known)
    assert made.parameter("prompt") is None
    [image] = made.of_type("image")  # type: ignore[arg-type]
    assert image.required


def test_the_pictures_of_a_clip_are_called_its_frames():
    assert batch_of(entry(workflow("animatediff"))).label == "Frames"
    assert batch_of(entry(workflow("sd15_default"))).label == ""
    assert batch_of(entry(workflow("wan_image_to_video"))).label == ""  # it has a length


def test_a_single_picture_from_which_a_clip_is_made_is_not_called_its_frames():
    document = edited("animatediff")
    [latent] = (one for one in document["nodes"] if one["type"] == "EmptyLatentImage")
    latent["widgets_values"][2] = 1
    assert batch_of(entry(read(document))).label == ""


@pytest.mark.parametrize(
    ("cfg", "more", "told"),
    [
        (1, {}, True),
        (1.0, {}, True),
        (7, {}, False),
        (1, {"nag_scale": 11.0}, False),
        (1, {"refiner_cfg": 7.0}, False),
    ],
)
def test_a_negative_that_changes_nothing_says_so(cfg: float, more: dict[str, Any], told: bool):
    document = edited("sd15_api")
    document["3"]["inputs"]["cfg"] = cfg
    document["20"] = {"class_type": "SomebodysGuide", "inputs": {"model": ["4", 0], **more}}
    document["3"]["inputs"]["model"] = ["20", 0]
    found = entry(read(document)).parameter("negative")
    assert found is not None
    assert (found.description == "Changes nothing while cfg is 1") is told


def test_what_only_a_flag_may_not_be_called_keeps_its_name_in_the_form():
    document = edited("sd15_api")
    document["20"] = {
        "class_type": "SomebodysPaper",
        "inputs": {"image": ["8", 0], "aspect": 2},
    }
    document["9"]["inputs"]["images"] = ["20", 0]
    found = entry(read(document)).parameter("aspect_value")
    assert found is not None
    assert found.label == "Aspect"


def batch_of(made: Entry) -> Parameter:
    return next(one for one in made.parameters if one.name == "batch_size")


def test_what_its_maker_calls_the_positive_prompt_is_the_prompt():
    document = edited("sd15_api")
    document["6"]["_meta"] = {"title": "param:positive_prompt"}
    made = entry(read(document)).prompt
    assert made is not None
    assert (made.label, made.feeds) == ("positive prompt", (("6", "text"),))


@pytest.mark.parametrize(
    "text", ["{{positive_prompt}}", "__POSITIVE__", "%prompt%", "${prompt}", "PLACEHOLDER_PROMPT"]
)
def test_what_only_marks_the_place_of_a_text_is_no_default(text: str):
    document = edited("sd15_api")
    document["6"]["inputs"]["text"] = text
    made = entry(read(document)).prompt
    assert made is not None
    assert made.default == ""


@pytest.mark.parametrize("text", ["a {red|blue} fox", "__animal__ in a wood", "100% wool"])
def test_a_text_with_something_else_stays_a_default(text: str):
    document = edited("sd15_api")
    document["6"]["inputs"]["text"] = text
    made = entry(read(document)).prompt
    assert made is not None
    assert made.default == text
