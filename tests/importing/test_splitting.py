"""A mask becomes a picture of its own when a workflow is taken over."""

import json

from imagine.importing.splitting import split_masks
from tests.importing.samples import edited, parameter, read, recorded, values, workflow


def test_what_uses_the_mask_of_a_picture_is_linked_to_a_loader_of_masks():
    graph = workflow("inpaint").graph
    before = json.dumps(graph)
    made = split_masks(graph, recorded())
    (mask,) = [key for key, node in made.items() if node["class_type"] == "LoadImageMask"]
    links = [v for n in made.values() for v in n["inputs"].values() if isinstance(v, list)]
    loader = next(key for key, node in made.items() if node["class_type"] == "LoadImage")
    assert values(made, mask)["channel"] == "red"
    assert [mask, 0] in links
    assert [loader, 1] not in links
    assert json.dumps(graph) == before


def test_the_form_has_a_picture_and_a_mask_then():
    flow = read(split_masks(workflow("inpaint").graph, recorded()))
    assert parameter(flow, "image").type == "image"
    assert parameter(flow, "mask").type == "mask"
    assert parameter(flow, "mask").is_required
    assert flow.problems is not None
    assert {problem.parameter for problem in flow.problems} <= {"ckpt_name"}


def test_a_loader_of_which_only_the_mask_is_used_becomes_one_of_masks():
    document = edited("sd15_api")
    document["20"] = {"class_type": "LoadImage", "inputs": {"image": "m.png"}}
    document["21"] = {
        "class_type": "SetLatentNoiseMask",
        "inputs": {"samples": ["5", 0], "mask": ["20", 1]},
    }
    document["3"]["inputs"]["latent_image"] = ["21", 0]
    made = split_masks(document, recorded())
    assert made["20"]["class_type"] == "LoadImageMask"
    assert values(made, "21")["mask"] == ["20", 0]
    assert len(made) == len(document)


def test_a_graph_that_loads_masks_already_stays_as_it_is():
    graph = workflow("inpaint_mask").graph
    assert split_masks(graph, recorded()) == graph


def test_a_graph_without_masks_stays_as_it_is():
    graph = workflow("qwen_edit").graph
    assert split_masks(graph, recorded()) == graph


def test_a_picture_that_a_node_can_be_without_is_not_required():
    document = edited("sd15_api")
    document["20"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    document["6"] = {
        "class_type": "TextEncodeQwenImageEdit",
        "inputs": {"clip": ["4", 1], "prompt": "a fox", "image": ["20", 0]},
    }
    assert not parameter(read(document), "image").is_required
    document["21"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["20", 0], "vae": ["4", 2]}}
    document["3"]["inputs"]["latent_image"] = ["21", 0]
    assert parameter(read(document), "image").is_required
