"""Each kind of workflow that people share becomes a graph that runs, with what can be set."""

import json

import pytest

from imagine.catalog import Catalog
from imagine.importing.parameters import Rank
from imagine.importing.reading import read_workflow
from tests.catalogs import object_info
from tests.importing.samples import NAMES, raw, recorded, workflow

USUAL = "prompt negative model width height batch_size seed steps cfg sampler scheduler"
EDIT = "prompt negative image model seed steps cfg sampler scheduler denoise"

# What comes first in each, in order, and what comes out.
EXPECTED = {
    "animatediff": (
        USUAL.replace("model", "model motion_model").replace("batch", "frame_rate batch"),
        "video",
    ),
    "app_mode": (f"{USUAL} filename_prefix", "image"),
    "audio": ("prompt negative model seconds seed steps cfg sampler scheduler", "audio"),
    "controlnet": (
        USUAL.replace("model", "image model controlnet controlnet_strength"),
        "image",
    ),
    "flux_custom_sampler": (
        "prompt model width height batch_size seed steps guidance sampler scheduler",
        "image",
    ),
    "flux_kontext": (
        "prompt image model seed steps cfg guidance sampler scheduler denoise",
        "image image",
    ),
    "flux_subgraph": (
        "prompt model width height batch_size seed steps cfg guidance sampler scheduler",
        "image",
    ),
    "group_node": (f"{USUAL} denoise", "image"),
    "hires_fix": (
        "prompt negative model width height latent_upscale_width latent_upscale_height "
        "batch_size seed hires_seed steps hires_steps cfg hires_cfg sampler scheduler "
        "hires_denoise",
        "image image",
    ),
    "hunyuan_3d": ("image model seed steps cfg sampler scheduler", "model"),
    "inpaint": (EDIT.replace("image", "image mask"), "image"),
    "inpaint_mask": (EDIT.replace("image", "image mask"), "image"),
    "lora_stack": (
        USUAL.replace("model", "model lora lora_2 lora_strength lora_strength_2"),
        "image",
    ),
    "marked_titles_api": (
        "prompt style scale_by boost model lora width height batch_size seed steps cfg sampler "
        "scheduler",
        "image",
    ),
    "muted_branch": (USUAL, "image"),
    "nested_subgraphs": (USUAL, "image"),
    "qwen_edit": (f"{EDIT} megapixels".replace("image", "image image_2 image_3"), "image"),
    "rgthree": (USUAL.replace(" model ", " model lora lora_strength "), "image"),
    "sd15_api": (USUAL, "image"),
    "sd15_default": (USUAL, "image"),
    "sd15_default_new": (USUAL, "image"),
    "sdxl_base_refiner": (
        f"{USUAL} end_at_step".replace("model", "model model_2"),
        "image",
    ),
    "set_get_reroutes": (USUAL, "image"),
    "shared_seed": (USUAL.replace("steps", "steps second_try_steps"), "image image"),
    "upscale_model": ("image scale_by", "image"),
    "wan_image_to_video": (
        "prompt negative image model model_2 lora lora_2 lora_strength lora_strength_2 width "
        "height length fps batch_size seed steps end_at_step cfg sampler scheduler",
        "video",
    ),
}

# Classes that the recorded engine does not have.
STRANGE = {
    "animatediff": ["ADE_AnimateDiffLoaderWithContext", "VHS_VideoCombine"],
    "rgthree": ["Seed (rgthree)"],
}


def test_there_are_twenty_and_more_of_both_formats():
    assert set(EXPECTED) == set(NAMES)
    assert len(NAMES) > 20
    assert {workflow(name).format for name in NAMES} == {"ui", "api"}


@pytest.mark.parametrize("name", NAMES)
def test_the_first_parameters_are_those_that_people_look_for(name):
    main = [found.name for found in workflow(name).parameters if found.rank is Rank.MAIN]
    assert " ".join(main) == EXPECTED[name][0]


@pytest.mark.parametrize("name", NAMES)
def test_the_outputs_are_told_by_kind(name):
    assert " ".join(output.kind for output in workflow(name).outputs) == EXPECTED[name][1]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_files_that_are_not_installed_keeps_a_known_workflow_from_running(name):
    problems = workflow(name).problems or ()
    strange = [p.value for p in problems if p.parameter == "class_type"]
    others = [p for p in problems if p.parameter != "class_type"]
    assert strange == STRANGE.get(name, [])
    assert [p.message for p in others if "is not in models/" not in (p.message or "")] == []


def test_with_its_files_installed_a_workflow_has_no_problem():
    ready = Catalog.from_object_info(object_info(checkpoints=["v1-5-pruned-emaonly.ckpt"]))
    assert read_workflow(raw("sd15_default"), ready).problems == ()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_unique_and_fit_for_a_flag(name):
    names = [found.name for found in workflow(name).parameters]
    assert len(set(names)) == len(names)
    assert all(found.isidentifier() and found == found.lower() for found in names)


@pytest.mark.parametrize("name", NAMES)
def test_each_parameter_feeds_inputs_that_hold_its_value(name):
    read = workflow(name)
    for found in read.parameters:
        assert found.feeds
        first = found.feeds[0]
        is_drawn = first in read.left_to_chance
        assert found.default == (-1 if is_drawn else read.graph[first[0]]["inputs"][first[1]])


@pytest.mark.parametrize("name", NAMES)
def test_what_was_converted_reads_the_same_when_it_comes_back(name):
    read = workflow(name)
    again = read_workflow(json.dumps(read.graph).encode(), recorded())
    assert again.graph == read.graph
    assert again.format == "api"


@pytest.mark.parametrize("name", NAMES)
def test_without_an_engine_a_workflow_is_still_read(name):
    read = read_workflow(raw(name), None)
    assert read.problems is None
    assert set(read.graph) >= set(workflow(name).graph) - {"60"}
    assert read.outputs
