"""The graph that is sent: exactly the fed inputs change, and what is not given leaves no gap."""

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.catalog import Catalog
from imagine.errors import WorkflowError
from imagine.graph import Workflow
from imagine.image_request import Lora
from imagine.importing.fields import ParameterType
from imagine.importing.walking import links_of
from imagine.preflight import preflight
from imagine.registry.entries import PICTURES as PICTURE_TYPES
from imagine.registry.entries import Entry
from imagine.registry.filling import fill, is_needed
from imagine.registry.loras import takes_loras
from imagine.registry.settling import settle
from imagine.registry.values import check_values
from tests.registry.samples import (
    NAMES,
    PICTURES,
    PROFILES,
    engine,
    entry,
    graph,
    imported,
    link,
    node,
    parameter,
)

ENGINE = engine(loras=("style.safetensors", "detail.safetensors"))
IMAGE = parameter("image", "image", "8.image")
MASK = parameter("mask", "mask", "9.image")
LORA = parameter("lora", "lora", "8.lora_name")
STYLE, DETAIL = Lora("style.safetensors", 0.5), Lora("detail.safetensors", -1.0)


def filled(
    one: Entry, *, loras: Sequence[Lora] = (), engine_: Any = ENGINE, **values: Any
) -> Workflow:
    """Fill an entry, and check that this leaves it as it was."""
    before = copy.deepcopy(dict(one.graph))
    made = fill(
        one, values, images=PICTURES, catalog=engine_, filename_prefix="imagine/a", loras=loras
    )
    assert one.graph == before
    return made


def inputs(made: Workflow, node_id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = made.graph[node_id]["inputs"]
    return found


def with_nodes(**nodes: Any) -> dict[str, dict[str, Any]]:
    """Return the small graph with more nodes, or others: ``n8=…``."""
    return graph() | {name.removeprefix("n"): one for name, one in nodes.items()}


def guided(**sampling: Any) -> dict[str, dict[str, Any]]:
    """Return the small graph with a picture (8) that steers the sampler by a ControlNet (10)."""
    words: dict[str, Any] = {"positive": ["2", 0], "negative": ["3", 0]}
    strength: dict[str, Any] = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0}
    nodes = with_nodes(
        n8=node("LoadImage", image="a.png"),
        n9=node("ControlNetLoader", control_net_name="c.safetensors"),
        n10=node(
            "ControlNetApplyAdvanced", image=["8", 0], control_net=["9", 0], **words, **strength
        ),
    )
    nodes["5"]["inputs"] |= {"positive": ["10", 0], "negative": ["10", 1], **sampling}
    return nodes


# --- values


def test_a_value_goes_into_every_input_that_it_feeds() -> None:
    both = parameter("words", "text", "2.text", "3.text")
    made = filled(entry(both, parameter("steps", "int", "5.steps")), words="a\nfox", steps=7)
    assert (inputs(made, "2")["text"], inputs(made, "3")["text"]) == ("a\nfox", "a\nfox")
    assert inputs(made, "5")["steps"] == 7


def test_an_input_that_the_graph_leaves_out_is_added() -> None:
    nodes = graph()
    del nodes["5"]["inputs"]["denoise"]
    made = filled(entry(parameter("denoise", "float", "5.denoise"), nodes=nodes), denoise=0.5)
    assert inputs(made, "5")["denoise"] == 0.5


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the inputs that differ in the nodes of the second graph."""
    found: set[tuple[str, str]] = set()
    for node_id, one in after.items():
        old, new = before[node_id], one
        assert {k: v for k, v in old.items() if k != "inputs"} == {
            k: v for k, v in new.items() if k != "inputs"
        }
        names = old["inputs"].keys() | new["inputs"].keys()
        found |= {
            (node_id, name)
            for name in names
            if (name in old["inputs"], old["inputs"].get(name))
            != (name in new["inputs"], new["inputs"].get(name))
        }
    return found


@pytest.mark.parametrize("name", NAMES)
def test_with_defaults_exactly_the_fed_inputs_and_the_file_names_change(name: str) -> None:
    made = imported(name)
    known = settle(made, None, PROFILES)
    nodes = {one.feeds: one for one in reversed(made.of_type(*PICTURE_TYPES))}
    pictures = {one.name: link(n) for n, one in enumerate(reversed(nodes.values()))}
    values = check_values(made, known, pictures, lambda: 123)
    before = copy.deepcopy(dict(made.graph))
    workflow = fill(made, values, images=PICTURES, catalog=ENGINE, filename_prefix="imagine/a")
    changed = changes(before, workflow.graph)
    masked = {(node_id, "channel") for node_id in before}
    fed = {feed for one in made.parameters for feed in one.feeds}
    saved = {(one.node_id, "filename_prefix") for one in workflow.outputs}
    assert changed <= fed | saved | masked
    for one in made.parameters:
        for node_id, input_name in one.feeds:
            if node_id in workflow.graph and one.type not in PICTURE_TYPES:
                used = workflow.graph[node_id]["inputs"][input_name]
                if (node_id, input_name) not in saved:
                    assert used == values[one.name]
    assert made.graph == before


@pytest.mark.parametrize("name", NAMES)
def test_only_what_an_output_needs_is_sent(name: str) -> None:
    made = imported(name)
    values = check_values(made, settle(made, None, PROFILES), {}, lambda: 1)
    values |= {one.name: link(0) for one in made.of_type(*PICTURE_TYPES)}
    workflow = filled(made, **values)
    used = {
        source for one in workflow.graph for source, _ in links_of(workflow.graph, one).values()
    }
    assert workflow.graph.keys() == used | {one.node_id for one in workflow.outputs}
    assert workflow.weights.keys() == workflow.graph.keys()
    assert sum(one.steps for one in workflow.samplers.values()) > 0
    assert not workflow.is_counted


# --- outputs and their names


def test_every_output_saves_under_a_name_of_its_own() -> None:
    nodes = with_nodes(n10=node("SaveImage", images=["6", 0], filename_prefix="b"))
    made = filled(entry(nodes=nodes))
    names = [inputs(made, one.node_id)["filename_prefix"] for one in made.outputs]
    assert names == ["imagine/a-0", "imagine/a-1"]
    assert [one.node_id for one in made.outputs] == ["7", "10"]
    assert [[one.index(place) for place in range(2)] for one in made.outputs] == [[0, 2], [1, 3]]
    assert inputs(filled(entry()), "7")["filename_prefix"] == "imagine/a"


def test_a_name_that_is_linked_or_fed_is_taken_care_of() -> None:
    nodes = with_nodes(n8=node("PrimitiveString", value="mine"))
    nodes["7"]["inputs"]["filename_prefix"] = ["8", 0]
    assert inputs(filled(entry(nodes=nodes)), "7")["filename_prefix"] == ["8", 0]
    named = entry(parameter("file", "text", "7.filename_prefix"))
    assert inputs(filled(named, file="mine"), "7")["filename_prefix"] == "imagine/a"


def test_what_is_only_shown_is_not_sent_beside_what_is_kept() -> None:
    shown = node("PreviewImage", images=["6", 0])
    made = filled(entry(nodes=with_nodes(n10=shown)))
    assert ([one.node_id for one in made.outputs], made.takes_temp) == (["7"], False)
    assert "10" not in made.graph
    nodes = with_nodes(n7=shown)
    made = filled(entry(nodes=nodes))
    assert ([one.node_id for one in made.outputs], made.takes_temp) == (["7"], True)


def test_of_what_is_only_shown_what_a_sampler_made_is_the_result() -> None:
    edges = {
        "n8": node("LoadImage", image="a.png"),
        "n9": node("Canny", image=["8", 0], low_threshold=0.4, high_threshold=0.8),
        "n10": node("PreviewImage", images=["9", 0]),
        "n11": node("MaskToImage", mask=["8", 1]),
        "n12": node("PreviewImage", images=["11", 0]),
    }
    shown = node("PreviewImage", images=["6", 0])
    words = node("PreviewAny", source=["9", 0])
    made = filled(entry(nodes=with_nodes(n7=shown, **edges, n13=words)))
    assert [one.node_id for one in made.outputs] == ["7", "13"]
    assert made.takes_temp
    nodes = with_nodes(**edges)
    del nodes["7"]
    assert [one.node_id for one in filled(entry(nodes=nodes)).outputs] == ["10", "12"]
    kept = node("SaveImage", images=["9", 0], filename_prefix="edges")
    made = filled(entry(nodes=with_nodes(n7=shown, **edges, n13=kept)))
    assert [one.node_id for one in made.outputs] == ["13"]


def test_a_mask_of_what_a_sampler_made_is_no_result() -> None:
    nodes = with_nodes(
        n7=node("PreviewImage", images=["6", 0]),
        n8=node("ImageToMask", image=["6", 0], channel="red"),
        n9=node("MaskToImage", mask=["8", 0]),
        n10=node("PreviewImage", images=["9", 0]),
    )
    assert [one.node_id for one in filled(entry(nodes=nodes)).outputs] == ["7"]


def test_a_text_that_is_shown_is_an_output_too() -> None:
    nodes = with_nodes(n10=node("PreviewAny", source=["6", 0]))
    assert [one.node_id for one in filled(entry(nodes=nodes)).outputs] == ["7", "10"]


def test_a_graph_that_saves_nothing_is_left_to_the_preflight() -> None:
    nodes = graph()
    del nodes["7"]
    made = filled(entry(nodes=nodes))
    assert made.outputs == ()
    assert "saves no picture" in (preflight(made.graph, ENGINE)[0].message or "")


# --- pictures that are not given


def test_an_optional_input_is_left_open() -> None:
    nodes = with_nodes(
        n8=node("LoadImage", image="a.png"),
        n2=node("TextEncodeQwenImageEditPlus", clip=["1", 1], prompt="a", image1=["8", 0]),
    )
    made = filled(entry(IMAGE, nodes=nodes))
    assert made.graph["2"]["inputs"] == {"clip": ["1", 1], "prompt": "a"}
    assert "8" not in made.graph
    assert preflight(made.graph, ENGINE) == ()
    assert inputs(filled(entry(IMAGE, nodes=nodes), image=link(1)), "8")["image"] == "imagine/1.png"


def optional_picture(*outputs: str, **more: Any) -> Catalog:
    """Return the engine with a pack's node ``Odd`` to which a picture may be given."""
    inputs_ = {"required": {"largest": ["INT", {}]}, "optional": {"image": ["IMAGE"], **more}}
    odd = {"Odd": {"input": inputs_, "output": [*outputs]}}
    return replace(ENGINE, schemas={**ENGINE.schemas, **Catalog.from_object_info(odd).schemas})


def scaled(**links: Any) -> dict[str, dict[str, Any]]:
    """Return the small graph with a picture (8) that reaches the prompt through ``Odd`` (9)."""
    return with_nodes(
        n8=node("LoadImage", image="a.png"),
        n9=node("Odd", image=["8", 0], largest=64, **links),
        n2=node("TextEncodeQwenImageEditPlus", clip=["1", 1], prompt="a", image1=["9", 0]),
    )


def test_what_only_scales_a_picture_that_is_left_out_goes_with_it() -> None:
    made = filled(entry(IMAGE, nodes=scaled()), engine_=optional_picture("IMAGE"))
    assert made.graph["2"]["inputs"] == {"clip": ["1", 1], "prompt": "a"}
    assert made.graph.keys() == graph().keys()


def test_what_has_something_else_to_work_on_stays_without_the_picture() -> None:
    nodes = scaled(latent=["4", 0])
    made = filled(entry(IMAGE, nodes=nodes), engine_=optional_picture("IMAGE", latent=["LATENT"]))
    assert made.graph["9"]["inputs"] == {"largest": 64, "latent": ["4", 0]}
    assert inputs(made, "2")["image1"] == ["9", 0]


def test_what_makes_something_else_of_a_picture_stays_without_it() -> None:
    nodes = scaled()
    nodes["2"] = node("CLIPTextEncode", clip=["1", 1], text=["9", 0])
    made = filled(entry(IMAGE, nodes=nodes), engine_=optional_picture("STRING"))
    assert made.graph["9"]["inputs"] == {"largest": 64}
    assert inputs(made, "2")["text"] == ["9", 0]


def test_a_node_that_cannot_be_without_it_is_passed_by() -> None:
    made = filled(entry(IMAGE, nodes=guided()))
    assert inputs(made, "5")["positive"] == ["2", 0]
    assert inputs(made, "5")["negative"] == ["3", 0]
    assert made.graph.keys() == graph().keys()
    assert preflight(made.graph, ENGINE) == ()


def test_all_that_is_made_of_it_goes_with_it() -> None:
    nodes = guided()
    nodes["11"] = node("ImageInvert", image=["8", 0])
    nodes["12"] = node("ImageScale", image=["11", 0], width=64, height=64, upscale_method="area")
    nodes["10"]["inputs"]["image"] = ["12", 0]
    nodes["13"] = node("GetImageSize", image=["12", 0])
    nodes["4"]["inputs"]["width"] = ["13", 0]
    made = filled(entry(IMAGE, nodes=nodes))
    assert made.graph.keys() == graph().keys()
    assert inputs(made, "4")["width"] == 512  # what the page of ComfyUI fills in


def test_of_two_pictures_the_other_one_goes_on() -> None:
    nodes = guided()
    nodes["11"] = node("LoadImage", image="b.png")
    nodes["12"] = node("ImageBatch", image1=["8", 0], image2=["11", 0])
    nodes["10"]["inputs"]["image"] = ["12", 0]
    made = filled(entry(IMAGE, parameter("other", "image", "11.image"), nodes=nodes), other=link(2))
    assert inputs(made, "10")["image"] == ["11", 0]
    none = filled(entry(IMAGE, parameter("other", "image", "11.image"), nodes=nodes))
    assert none.graph.keys() == graph().keys()


def test_a_chain_of_any_length_is_passed_by() -> None:
    nodes = guided()
    before = ["2", 0]
    for n in range(100, 3100):
        nodes[str(n)] = node(
            "unCLIPConditioning", conditioning=before, clip_vision_output=["99", 0]
        )
        before = [str(n), 0]
    nodes["99"] = node("CLIPVisionEncode", image=["8", 0], clip_vision=["98", 0], crop="center")
    nodes["5"]["inputs"]["positive"] = before
    made = filled(entry(IMAGE, nodes=nodes))
    assert inputs(made, "5")["positive"] == ["2", 0]


def test_without_a_picture_from_which_all_is_made_it_is_said() -> None:
    nodes = with_nodes(
        n8=node("LoadImage", image="a.png"), n4=node("VAEEncode", pixels=["8", 0], vae=["1", 2])
    )
    made = entry(IMAGE, nodes=nodes)
    with pytest.raises(WorkflowError, match="Sample makes nothing without image"):
        filled(made)
    assert is_needed(made, IMAGE, ENGINE)
    assert not is_needed(entry(IMAGE, nodes=guided()), IMAGE, ENGINE)


def test_an_output_of_a_picture_that_is_not_given_is_not_sent() -> None:
    nodes = with_nodes(
        n8=node("LoadImage", image="a.png"),
        n10=node("SaveImage", images=["8", 0], filename_prefix="b"),
    )
    made = filled(entry(IMAGE, nodes=nodes))
    assert [one.node_id for one in made.outputs] == ["7"]


# --- masks


def masked(loader: Mapping[str, Any], slot: int = 0) -> dict[str, dict[str, Any]]:
    nodes = with_nodes(
        n9=loader, n10=node("SetLatentNoiseMask", samples=["4", 0], mask=["9", slot])
    )
    nodes["5"]["inputs"]["latent_image"] = ["10", 0]
    return nodes


@pytest.mark.parametrize(("channel", "read"), [("alpha", "red"), ("green", "green"), (None, "red")])
def test_a_mask_is_read_by_its_brightness(channel: str | None, read: str) -> None:
    loader = node("LoadImageMask", image="m.png")
    if channel is not None:
        loader["inputs"]["channel"] = channel
    made = filled(entry(MASK, nodes=masked(loader)), mask=link(3))
    assert made.graph["9"]["inputs"] == {"image": "imagine/3.png", "channel": read}


def test_a_mask_from_transparency_is_read_by_its_brightness_too() -> None:
    made = filled(entry(MASK, nodes=masked(node("LoadImage", image="m.png"), 1)), mask=link(3))
    node_id, slot = inputs(made, "10")["mask"]
    assert made.graph[node_id]["class_type"] == "LoadImageMask"
    assert made.graph[node_id]["inputs"] == {"image": "imagine/3.png", "channel": "red"}
    assert slot == 0
    assert "9" not in made.graph


def test_a_picture_and_its_mask_may_come_from_one_node() -> None:
    nodes = masked(node("LoadImage", image="m.png"), 1)
    nodes["4"] = node("VAEEncode", pixels=["9", 0], vae=["1", 2])
    both = entry(parameter("image", "image", "9.image"), MASK, nodes=nodes)
    made = filled(both, image=link(1), mask=link(2))
    assert inputs(made, "9")["image"] == "imagine/1.png"
    assert inputs(made, inputs(made, "10")["mask"][0])["image"] == "imagine/2.png"
    alone = filled(both, image=link(1))
    assert inputs(alone, "10")["mask"] == ["9", 1]


def test_a_mask_that_is_not_given_is_left_out() -> None:
    made = filled(entry(MASK, nodes=masked(node("LoadImageMask", image="m.png", channel="red"))))
    assert inputs(made, "5")["latent_image"] == ["4", 0]


# --- LoRAs


def with_lora() -> dict[str, dict[str, Any]]:
    """Return the small graph with a LoRA (8) of its own, and a node that changes the sampling."""
    both: dict[str, Any] = {"model": ["1", 0], "clip": ["1", 1]}
    strength: dict[str, Any] = {"strength_model": 1.0, "strength_clip": 1.0}
    nodes = with_nodes(
        n8=node("LoraLoader", lora_name="style.safetensors", **both, **strength),
        n10=node("ModelSamplingSD3", model=["8", 0], shift=3.0),
    )
    for encoder in ("2", "3"):
        nodes[encoder]["inputs"]["clip"] = ["8", 1]
    nodes["5"]["inputs"]["model"] = ["10", 0]
    return nodes


def test_a_lora_that_is_left_out_is_passed_by() -> None:
    made = filled(entry(LORA, nodes=with_lora()), lora="")
    assert "8" not in made.graph
    assert inputs(made, "10")["model"] == ["1", 0]
    assert inputs(made, "2")["clip"] == ["1", 1]
    kept = filled(entry(LORA, nodes=with_lora()), lora="detail.safetensors")
    assert inputs(kept, "8")["lora_name"] == "detail.safetensors"


@pytest.mark.parametrize("name", ["None", "none"])
def test_a_loader_whose_lora_is_called_none_is_passed_by(name: str) -> None:
    nodes = with_lora()
    nodes["8"]["inputs"]["lora_name"] = name
    one = entry(LORA, nodes=nodes)
    made = filled(one, **check_values(one, settle(one, ENGINE, PROFILES), {}, lambda: 1))
    assert "8" not in made.graph
    assert (inputs(made, "10")["model"], inputs(made, "2")["clip"]) == (["1", 0], ["1", 1])
    assert preflight(made.graph, ENGINE) == ()


def test_a_list_of_loras_that_knows_none_of_them_is_told_so() -> None:
    loras: dict[str, Any] = {"lora_name": [["None", "style.safetensors"]]}
    pack = {"input": {"required": loras | {"model": ["MODEL"]}}, "output": ["MODEL"]}
    there = replace(
        ENGINE, schemas={**ENGINE.schemas, **Catalog.from_object_info({"Stack": pack}).schemas}
    )
    nodes = with_nodes(n8=node("Stack", lora_name="style.safetensors", model=["1", 0]))
    nodes["5"]["inputs"]["model"] = ["8", 0]
    made = entry(LORA, nodes=nodes)
    assert inputs(filled(made, engine_=there, lora=""), "8")["lora_name"] == "None"
    assert inputs(filled(made, lora=""), "8")["lora_name"] == ""  # a node that is not there


def test_loras_go_behind_what_loads_the_model_and_in_front_of_all_else() -> None:
    made = filled(entry(nodes=with_lora()), loras=[STYLE, DETAIL])
    assert inputs(made, "8") == {
        "lora_name": "style.safetensors",
        "model": ["12", 0],
        "clip": ["12", 1],
        "strength_model": 1.0,
        "strength_clip": 1.0,
    }
    assert made.graph["12"]["inputs"] == {
        "model": ["11", 0],
        "clip": ["11", 1],
        "lora_name": "detail.safetensors",
        "strength_model": -1.0,
        "strength_clip": -1.0,
    }
    assert (inputs(made, "11")["model"], inputs(made, "11")["clip"]) == (["1", 0], ["1", 1])
    assert preflight(made.graph, ENGINE) == ()


def test_a_model_without_a_text_encoder_of_its_own_gets_loras_alone() -> None:
    experts = with_nodes(
        n1=node("CheckpointLoaderSimple", ckpt_name="sd_xl_base_1.0.safetensors"),
        n8=node("UNETLoader", unet_name="a.safetensors", weight_dtype="default"),
        n9=node("UNETLoader", unet_name="b.safetensors", weight_dtype="default"),
        n10=copy.deepcopy(graph()["5"]),
    )
    experts["5"]["inputs"]["model"] = ["8", 0]
    experts["10"]["inputs"] |= {"model": ["9", 0], "latent_image": ["5", 0]}
    experts["6"]["inputs"]["samples"] = ["10", 0]
    made = filled(entry(nodes=experts), loras=[STYLE])
    added = [one for one in made.graph.values() if "Lora" in one["class_type"]]
    assert [one["class_type"] for one in added] == ["LoraLoaderModelOnly"] * 2
    assert [one["inputs"]["model"] for one in added] == [["8", 0], ["9", 0]]


def test_the_only_text_encoder_belongs_to_the_only_model() -> None:
    nodes = with_nodes(
        n8=node("UNETLoader", unet_name="a.safetensors", weight_dtype="default"),
        n9=node("CLIPLoader", clip_name="clip_l.safetensors", type="sd3"),
    )
    for encoder in ("2", "3"):
        nodes[encoder]["inputs"]["clip"] = ["9", 0]
    nodes["5"]["inputs"]["model"] = ["8", 0]
    made = filled(entry(nodes=nodes), loras=[STYLE])
    [added] = [one for one in made.graph.values() if one["class_type"] == "LoraLoader"]
    assert (added["inputs"]["model"], added["inputs"]["clip"]) == (["8", 0], ["9", 0])
    assert [inputs(made, one)["clip"] for one in ("2", "3")] == [["10", 1], ["10", 1]]


def test_loras_are_put_into_subgraphs_too() -> None:
    made = fill(
        imported("flux_subgraph"),
        {},
        images={},
        catalog=ENGINE,
        filename_prefix="a",
        loras=[STYLE],
    )
    [(node_id, added)] = [
        (one, found) for one, found in made.graph.items() if "Lora" in found["class_type"]
    ]
    assert added["inputs"]["model"] == ["46:38", 0]
    assert node_id not in imported("flux_subgraph").graph


def test_a_workflow_without_a_model_takes_no_loras() -> None:
    nodes = {
        "1": node("EmptyImage", width=64, height=64, batch_size=1, color=0),
        "2": node("SaveImage", images=["1", 0], filename_prefix="a"),
    }
    made = entry(nodes=nodes)
    assert not takes_loras(made, ENGINE)
    assert takes_loras(entry(), ENGINE)
    with pytest.raises(WorkflowError, match="loads no model that a LoRA could change"):
        filled(made, loras=[STYLE])


# --- whatever is left out


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_whatever_is_left_out_no_link_leads_nowhere(name: str, data: st.DataObject) -> None:
    made = imported(name)
    values = check_values(made, settle(made, None, PROFILES), {}, lambda: 1)
    for n, one in enumerate(made.of_type(*PICTURE_TYPES)):
        if data.draw(st.booleans(), label=one.name):
            values[one.name] = link(n)
    for one in made.of_type(ParameterType.LORA):
        if data.draw(st.booleans(), label=one.name):
            values[one.name] = ""
    loras = data.draw(st.lists(st.sampled_from([STYLE, DETAIL]), max_size=2))
    try:
        workflow = filled(made, loras=loras, **values)
    except WorkflowError:
        return
    for node_id in workflow.graph:
        values_ = inputs(workflow, node_id).values()
        links = [value[0] for value in values_ if isinstance(value, list)]
        assert set(links) <= workflow.graph.keys(), node_id
    known = {detail.message for detail in preflight(made.graph, ENGINE)}
    gaps = [detail.message for detail in preflight(workflow.graph, ENGINE)]
    assert [gap for gap in gaps if gap not in known and "is missing" in (gap or "")] == []


def test_a_large_graph_is_filled_and_checked_in_a_moment() -> None:
    nodes = guided()
    for n in range(100, 300):
        nodes[str(n)] = node("ImageInvert", image=[str(n - 1) if n > 100 else "6", 0])
    nodes["7"]["inputs"]["images"] = ["299", 0]
    made = entry(IMAGE, parameter("steps", "int", "5.steps"), nodes=nodes)

    def once() -> float:
        began = time.process_time()
        workflow = filled(made, loras=[STYLE], steps=5)
        preflight(workflow.graph, ENGINE)
        assert len(workflow.graph) == 208
        return time.process_time() - began

    # 3 ms on a quiet machine, and as much for the copy with which this file compares.
    assert min(once() for _ in range(5)) < 0.05


def test_what_paints_from_its_own_words_stays_without_the_picture() -> None:
    inputs_ = {
        "required": {"prompt": ["STRING", {"multiline": True}], "seed": ["INT", {}]},
        "optional": {"image": ["IMAGE"]},
    }
    known = Catalog.from_object_info({"Painter": {"input": inputs_, "output": ["IMAGE"]}})
    nodes = {
        "8": node("LoadImage", image="a.png"),
        "9": node("Painter", prompt="a fox", seed=3, image=["8", 0]),
        "7": node("SaveImage", images=["9", 0], filename_prefix="ComfyUI"),
    }
    engine_ = replace(ENGINE, schemas={**ENGINE.schemas, **known.schemas})
    made = filled(entry(IMAGE, nodes=nodes), engine_=engine_)
    assert made.graph["9"]["inputs"] == {"prompt": "a fox", "seed": 3}
