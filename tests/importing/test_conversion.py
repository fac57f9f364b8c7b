"""The page's form becomes what the page itself would send."""

import pytest

from imagine.catalog import Catalog
from imagine.errors import WorkflowError
from tests.catalogs import recorded_info
from tests.importing.samples import edited, node, parameter, read, values, workflow


def test_values_go_by_the_order_of_the_schema_past_what_only_the_page_shows():
    assert values(workflow("sd15_default").graph, "3") == {
        "seed": 156680208700286,
        "steps": 20,
        "cfg": 8,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1,
        "model": ["4", 0],
        "positive": ["6", 0],
        "negative": ["7", 0],
        "latent_image": ["5", 0],
    }


def test_both_versions_and_both_shapes_of_links_give_the_same():
    assert workflow("sd15_default").graph == workflow("sd15_default_new").graph


def test_a_file_from_before_seeds_had_a_control_is_read_as_well():
    document = edited("sd15_default")
    node(document, 3)["widgets_values"] = [5, 30, 7.5, "heun", "karras", 0.9]
    assert values(read(document).graph, "3")["steps"] == 30


def test_buttons_that_a_pack_puts_between_the_values_are_none():
    document = edited("sd15_default")
    node(document, 3)["widgets_values"] = [5, "fixed", None, None, 30, 7.5, "heun", "karras", 0.9]
    given = values(read(document).graph, "3")
    assert (given["steps"], given["sampler_name"], given["denoise"]) == (30, "heun", 0.9)


def test_what_a_file_does_not_have_gets_what_the_page_fills_in():
    document = edited("sd15_default")
    node(document, 3)["widgets_values"] = [5, "fixed", 30]
    assert values(read(document).graph, "3")["cfg"] == 8.0
    assert values(read(document).graph, "3")["scheduler"] == "simple"


def test_values_by_name_are_taken_by_name_with_those_that_a_pack_adds():
    document = edited("sd15_default")
    added = {"height": 640, "width": 384, "preview": {}, "crf": 19}
    node(document, 5)["widgets_values"] = added
    read_back = values(read(document).graph, "5")
    assert (read_back["width"], read_back["height"], read_back["crf"]) == (384, 640, 19)
    assert "preview" not in read_back
    assert read_back["batch_size"] == 1  # an older file that lacks it: what the page fills in


def test_a_text_of_a_field_that_only_the_page_has_is_told():
    document = edited("sd15_default")
    node(document, 3)["widgets_values"] = [5, "fixed", 30, 7.5, "heun", "karras", 0.9, "canny"]
    flow = read(document)
    assert values(flow.graph, "3")["denoise"] == 0.9
    (note,) = flow.notes
    assert "“canny”" in note
    assert "Export (API)" in note


@pytest.mark.parametrize(
    "text",
    [
        "<details>\n<summary>How to use it</summary></details>",
        '  <div class="hint">Drop a file</div>',
        "Load it first. " * 40 + "<br/>Then <b>wait</b>.",
    ],
)
def test_what_a_pack_shows_on_its_page_is_no_field(text):
    document = edited("sd15_default")
    node(document, 3)["widgets_values"] = [5, "fixed", 30, 7.5, "heun", "karras", 0.9, text]
    assert read(document).notes == ()


def test_a_lora_in_a_text_is_no_markup():
    document = edited("sd15_default")
    text = "<lora:detail:0.8> a fox"
    node(document, 3)["widgets_values"] = [5, "fixed", 30, 7.5, "heun", "karras", 0.9, text]
    assert text in read(document).notes[0]


def test_texts_that_nobody_can_place_are_told_once_for_all_nodes_of_a_class():
    document = edited("sd15_default")
    for at, (node_id, text) in enumerate([(6, "canny"), (7, "depth")]):
        node(document, node_id)["widgets_values"] = [f"text {at}", text, "both"]
    (note,) = read(document).notes
    assert "“canny”, “both”, “depth” stand in fields" in note


BOX = {"x": 8, "y": 16, "width": 256, "height": 128}
CROP = {
    "input": {
        "required": {
            "image": ["IMAGE"],
            "region": ["BOUNDING_BOX", {"socketless": True, "default": {"x": 0, "y": 0}}],
        }
    },
    "output": ["IMAGE"],
}


@pytest.mark.parametrize(("given", "kept"), [([BOX, 8, 16, 256, 128], BOX), ([], {"x": 0, "y": 0})])
def test_a_value_of_several_parts_is_kept_whole_and_told(given, kept):
    document = {
        "nodes": [
            {"id": 1, "type": "LoadImage", "widgets_values": ["fox.png", "image"]},
            {
                "id": 2,
                "type": "Crop",
                "inputs": [{"name": "image", "type": "IMAGE", "link": 1}],
                "widgets_values": given,
            },
            {
                "id": 3,
                "type": "PreviewImage",
                "inputs": [{"name": "images", "type": "IMAGE", "link": 2}],
            },
        ],
        "links": [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]],
    }
    flow = read(document, Catalog.from_object_info(recorded_info() | {"Crop": CROP}))
    assert values(flow.graph, "2")["region"] == kept
    assert flow.problems == ()
    assert any("region stays as it is (x " in note for note in flow.notes)


def test_a_list_is_wrapped_so_that_it_is_taken_for_no_link():
    document = edited("animatediff")
    node(document, 10)["widgets_values"]["points"] = [1, 2]
    assert values(read(document).graph, "10")["points"] == {"__value__": [1, 2]}


def test_the_button_for_uploads_is_no_value():
    assert values(workflow("inpaint_mask").graph, "21") == {
        "image": "room_mask.png",
        "channel": "red",
    }


def test_titles_that_people_wrote_are_kept_and_others_are_those_of_the_page():
    graph = workflow("hires_fix").graph
    assert graph["11"]["_meta"] == {"title": "Hires"}
    assert graph["4"]["_meta"] == {"title": "Load Checkpoint"}


def test_reroutes_and_set_and_get_nodes_vanish_from_between_the_ends():
    graph = workflow("set_get_reroutes").graph
    assert values(graph, "8")["vae"] == ["4", 2]
    assert values(graph, "3")["model"] == ["4", 0]
    assert values(graph, "6")["clip"] == ["4", 1]
    assert {found["class_type"] for found in graph.values()}.isdisjoint({"Reroute", "GetNode"})


def test_a_primitive_gives_its_value_to_all_it_feeds_and_is_one_parameter():
    read_back = workflow("shared_seed")
    assert values(read_back.graph, "3")["seed"] == values(read_back.graph, "13")["seed"] == 424242
    assert parameter(read_back, "seed").feeds == (("3", "seed"), ("13", "seed"))


def test_a_primitive_that_is_a_real_node_stays_and_is_what_is_set():
    read_back = workflow("shared_seed")
    assert values(read_back.graph, "3")["steps"] == ["51", 0]
    steps = parameter(read_back, "steps")
    assert (steps.feeds, steps.min, steps.max) == ((("51", "value"),), 1, 10000)


def test_notes_are_dropped():
    assert "36" not in workflow("sdxl_base_refiner").graph
    assert "62" not in workflow("rgthree").graph


def test_a_bypassed_node_passes_on_what_has_the_same_type():
    graph = workflow("lora_stack").graph
    assert "11" not in graph
    assert values(graph, "12")["model"] == ["10", 0]
    assert values(graph, "12")["clip"] == ["10", 1]


def test_a_bypassed_node_that_has_nothing_to_pass_on_leaves_an_optional_input_open():
    graph = workflow("flux_kontext").graph
    assert "147" not in graph
    assert "image2" not in values(graph, "146")


def test_what_needs_a_muted_node_goes_with_it():
    assert set(workflow("muted_branch").graph) == {"3", "4", "5", "6", "7", "8", "9"}


def test_a_workflow_of_which_nothing_would_run_is_refused():
    document = edited("upscale_model")
    for found in document["nodes"]:
        found["mode"] = 2
    with pytest.raises(WorkflowError, match="Nothing of the workflow would run"):
        read(document)


def test_a_subgraph_is_unfolded_under_the_ids_of_the_page():
    graph = workflow("flux_subgraph").graph
    assert graph["46:31"]["class_type"] == "KSampler"
    assert values(graph, "9")["images"] == ["46:8", 0]


def test_values_of_the_use_of_a_subgraph_win_over_those_inside():
    graph = workflow("flux_subgraph").graph
    assert values(graph, "46:45")["text"].startswith("cute anime girl")
    assert (values(graph, "46:27")["width"], values(graph, "46:27")["height"]) == (1152, 896)
    assert values(graph, "46:31")["seed"] == 972054013131368
    assert values(graph, "46:38")["unet_name"] == "flux1-dev.safetensors"


def test_slots_of_the_use_of_a_subgraph_may_stand_in_another_order():
    document = edited("nested_subgraphs")
    node(document, 20)["inputs"].reverse()
    assert read(document).graph == workflow("nested_subgraphs").graph


def test_what_the_use_of_a_subgraph_keeps_for_the_page_only_is_not_sent():
    document = edited("flux_subgraph")
    node(document, 46)["widgets_values"][4:] = [77, "randomize"]
    sampler = values(read(document).graph, "46:31")
    assert sampler["seed"] == 77
    assert "control_after_generate" not in sampler


def test_a_link_goes_through_nested_subgraphs_and_each_use_has_its_own_values():
    graph = workflow("nested_subgraphs").graph
    assert values(graph, "20:6:1") == {"text": "a lighthouse", "clip": ["4", 1]}
    assert values(graph, "20:7:1") == {"text": "ugly", "clip": ["4", 1]}
    assert values(graph, "3")["positive"] == ["20:6:1", 0]


def test_a_muted_and_a_bypassed_subgraph_take_their_nodes_with_them():
    document = edited("nested_subgraphs")
    node(document, 20)["mode"] = 2
    document["nodes"].append({"id": 99, "type": "LoadImage", "widgets_values": ["a.png", "image"]})
    assert set(read(document).graph) == {"4", "5", "99"}
    node(document, 20)["mode"] = 4
    assert not any(":" in node_id for node_id in read(document).graph)


def test_a_subgraph_that_contains_itself_is_refused():
    document = edited("nested_subgraphs")
    document["definitions"]["subgraphs"][0]["nodes"][0]["type"] = "enc"
    with pytest.raises(WorkflowError, match="contains itself"):
        read(document)


def test_a_group_node_is_unfolded_with_its_values_in_order():
    graph = workflow("group_node").graph
    assert values(graph, "20:0") == {"text": "a castle", "clip": ["4", 1]}
    assert values(graph, "20:1") == {"text": "fog", "clip": ["4", 1]}
    sampler = values(graph, "20:2")
    assert (sampler["seed"], sampler["steps"], sampler["scheduler"]) == (99, 18, "karras")
    assert sampler["positive"] == ["20:0", 0]
    assert values(graph, "8")["samples"] == ["20:2", 0]


def test_values_of_unknown_nodes_are_named_as_far_as_the_file_tells():
    graph = workflow("rgthree").graph
    assert values(graph, "61:1")["lora_name"] == "a.safetensors"
    assert values(graph, "60") == {"seed": 77}


def test_values_that_nobody_can_name_are_told():
    document = edited("animatediff")
    loader = next(n for n in document["nodes"] if n["type"].startswith("ADE_"))
    loader["type"] = "SomebodysLoader"
    (note,) = read(document).notes
    assert "SomebodysLoader" in note


def test_what_is_sent_everywhere_feeds_the_open_inputs_of_its_type():
    document = edited("sd15_default")
    document["links"] = [link for link in document["links"] if link[1:3] != [4, 2]]
    vae = next(slot for slot in node(document, 8)["inputs"] if slot["name"] == "vae")
    vae["link"] = None
    document["links"].append([800, 4, 2, 90, 0, "VAE"])
    slots = [{"name": "anything", "type": "*", "link": 800}]
    document["nodes"].append({"id": 90, "type": "Anything Everywhere", "inputs": slots})
    graph = read(document).graph
    assert values(graph, "8")["vae"] == ["4", 2]
    assert "90" not in graph


def test_a_link_to_a_place_before_the_first_is_none():
    document = edited("flux_kontext")
    next(entry for entry in document["links"] if entry[1] == 147)[2] = -5
    assert "image2" not in values(read(document).graph, "146")


def test_links_in_a_circle_come_to_an_end():
    document = edited("set_get_reroutes")
    first, last = node(document, 40), node(document, 42)
    document["links"].append([999, 42, 0, 40, 0, "VAE"])
    first["inputs"][0]["link"] = 999
    last["outputs"][0]["links"] = [999]
    assert "vae" not in values(read(document).graph, "8")


def test_a_value_keeps_its_place_where_the_file_does_not_mark_that_a_link_took_it():
    """Of five widgets the second is fed by a link; its value still stands among the others."""
    info = recorded_info() | {
        "SomebodysTeller": {
            "input": {
                "required": {
                    "system": ["STRING", {"default": ""}],
                    "prompt": ["STRING", {"default": ""}],
                    "think": ["BOOLEAN", {"default": True}],
                    "keep": ["BOOLEAN", {"default": True}],
                    "format": [["text", "json"]],
                }
            },
            "output": ["STRING"],
            "output_node": True,
        }
    }
    document = {
        "nodes": [
            {"id": 1, "type": "PrimitiveString", "widgets_values": ["a fox"]},
            {
                "id": 2,
                "type": "SomebodysTeller",
                "inputs": [{"name": "prompt", "type": "STRING", "link": 7}],
                "widgets_values": ["be short", "old", False, False, "json"],
            },
        ],
        "links": [[7, 1, 0, 2, 1, "STRING"]],
    }
    found = values(read(document, Catalog.from_object_info(info)).graph, "2")
    assert found == {
        "system": "be short",
        "prompt": ["1", 0],
        "think": False,
        "keep": False,
        "format": "json",
    }


def test_the_buttons_of_a_loader_of_models_take_no_value():
    asked = {
        "model_file": [["none", "toy.glb"]],
        "image": ["LOAD_3D", {}],
        "width": ["INT", {"default": 1024}],
        "height": ["INT", {"default": 1024}],
    }
    info = recorded_info() | {
        "Load3D": {"input": {"required": asked}, "output": ["IMAGE"], "output_node": True}
    }
    listed = ["toy.glb", "upload3dmodel", "uploadExtraResources", "clear", "", 640, 480]
    document = {"nodes": [{"id": 1, "type": "Load3D", "widgets_values": listed}], "links": []}
    found = values(read(document, Catalog.from_object_info(info)).graph, "1")
    assert (found["model_file"], found["width"], found["height"]) == ("toy.glb", 640, 480)
