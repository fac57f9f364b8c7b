import copy
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.catalog import Catalog
from imagine.errors import Detail
from imagine.graph import Graph, Sampling
from imagine.preflight import MOST_PROBLEMS, preflight
from tests.catalogs import catalog, recorded_info

RECORDINGS = Path(__file__).with_name("data") / "recordings"

ENGINE = catalog(
    checkpoints=["SDXL\\sd_xl_base_1.0.safetensors", "other.ckpt"],
    upscale_models=["4x-UltraSharp.pth"],
)


def good_graph() -> dict[str, dict[str, Any]]:
    """Return a graph that runs: 1 model, 2 prompt, 3 latent, 4 sampler, 5 decode, 6 save."""
    graph = Graph()
    model, clip, vae = graph.load_checkpoint("other.ckpt")
    words = graph.encode(clip, "a fox", "Prompt")
    latent = graph.empty_latent("EmptyLatentImage", 512, 512, 1)
    how = Sampling(seed=1, steps=10, cfg=5.0, sampler="euler", scheduler="normal")
    samples = graph.sample(model, words, words, latent, how, "Sampling")
    graph.save(graph.decode(samples, vae, "Decoding"), "x", "Saving")
    return graph.to_api()


def broken(node: str, **inputs: Any) -> dict[str, dict[str, Any]]:
    graph = copy.deepcopy(good_graph())
    graph[node]["inputs"] |= inputs
    return graph


def the_problem(graph: Mapping[str, Any], engine: Catalog = ENGINE) -> Detail:
    problems = preflight(graph, engine)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_graph_that_runs_has_no_problems() -> None:
    assert preflight(good_graph(), ENGINE) == ()


def test_an_unknown_node_is_told_with_its_title_and_the_nearest() -> None:
    graph = good_graph()
    graph["5"]["class_type"] = "VaeDecode"
    problem = the_problem(graph)
    assert problem.message is not None
    assert problem.message == (
        "Decoding (VaeDecode): this ComfyUI has no node VaeDecode. Use VAEDecode."
    )
    assert (problem.value, problem.suggestion) == ("VaeDecode", "VAEDecode")


def test_a_missing_model_is_told_with_the_nearest_installed() -> None:
    problem = the_problem(broken("1", ckpt_name="old/SD_XL_base_1.0.ckpt"))
    assert problem.parameter == "ckpt_name"
    assert problem.value == "old/SD_XL_base_1.0.ckpt"
    assert problem.suggestion == "SDXL\\sd_xl_base_1.0.safetensors"
    assert problem.allowed == "SDXL\\sd_xl_base_1.0.safetensors, other.ckpt"
    assert problem.message == (
        "Model (CheckpointLoaderSimple): ckpt_name is old/SD_XL_base_1.0.ckpt, which is not in "
        "models/checkpoints. Use --model SDXL\\sd_xl_base_1.0.safetensors."
    )


def test_a_value_of_the_newer_choice_is_checked_although_comfyui_does_not() -> None:
    graph = good_graph()
    graph["7"] = {
        "class_type": "UpscaleModelLoader",
        "inputs": {"model_name": "4x_UltraSharp.pt"},
        "_meta": {"title": "Upscaler"},
    }
    graph["8"] = {
        "class_type": "ImageUpscaleWithModel",
        "inputs": {"upscale_model": ["7", 0], "image": ["5", 0]},
    }
    graph["6"]["inputs"]["images"] = ["8", 0]
    assert the_problem(graph).suggestion == "4x-UltraSharp.pth"


def test_an_empty_list_says_that_nothing_is_installed() -> None:
    problem = the_problem(good_graph(), catalog(checkpoints=[]))
    assert problem.message is not None
    assert "Nothing is installed for it. Put a file into ComfyUI's models/checkpoints folder." in (
        problem.message
    )


def test_a_long_list_is_cut_short() -> None:
    names = [f"model-{n}.safetensors" for n in range(100)]
    problem = the_problem(good_graph(), catalog(checkpoints=names))
    assert problem.allowed is not None
    assert problem.allowed.endswith("… (100 in all)")


def test_a_missing_input_is_told() -> None:
    graph = good_graph()
    del graph["4"]["inputs"]["positive"]
    problem = the_problem(graph)
    assert problem.parameter == "positive"
    assert problem.message is not None
    assert problem.message.startswith("Sampling (KSampler): the input positive is missing.")


@pytest.mark.parametrize("value", [0, 10_001, "0"])
def test_a_number_out_of_range_is_told_with_the_range(value: object) -> None:
    problem = the_problem(broken("4", steps=value))
    assert (problem.value, problem.allowed) == (str(value), "1–10000")


@pytest.mark.parametrize("value", ["many", None, {}, float("nan"), float("inf")])
def test_what_is_no_number_is_told(value: object) -> None:
    problem = the_problem(broken("4", cfg=value))
    assert problem.message is not None
    assert "takes a number (0–100)" in problem.message


@pytest.mark.parametrize("value", [True, False, "20.0", 1e400])
def test_what_is_no_whole_number_is_told(value: object) -> None:
    problem = the_problem(broken("4", steps=value))
    assert problem.message is not None
    assert "takes a whole number (1–10000)" in problem.message


@pytest.mark.parametrize("value", ["20", 20.0, 7])
def test_numbers_that_comfyui_converts_pass(value: object) -> None:
    assert preflight(broken("4", steps=value), ENGINE) == ()


def test_the_largest_seed_passes_and_one_more_does_not() -> None:
    assert preflight(broken("4", seed=2**64 - 1), ENGINE) == ()
    assert the_problem(broken("4", seed=2**64)).parameter == "seed"


def test_a_link_to_a_node_that_is_not_there_is_told() -> None:
    problem = the_problem(broken("4", latent_image=["99", 0]))
    assert problem.message is not None
    assert "node 99, which is not there" in problem.message


@pytest.mark.parametrize("slot", [3, -1])
def test_a_link_to_a_slot_that_is_not_there_is_told(slot: int) -> None:
    problem = the_problem(broken("5", vae=["1", slot]))
    assert problem.message is not None
    assert f"slot {slot} of Model (CheckpointLoaderSimple), which has 3" in problem.message


def test_a_link_of_the_wrong_type_is_told() -> None:
    problem = the_problem(broken("4", latent_image=["2", 0]))
    assert problem.message is not None
    assert "latent_image takes LATENT, and slot 0 of Prompt (CLIPTextEncode) gives" in (
        problem.message
    )


@pytest.mark.parametrize("link", [[], ["3"], ["3", 0, 0], [3, 0], ["3", "0"]])
def test_a_list_that_is_no_link_is_told(link: list[object]) -> None:
    problem = the_problem(broken("4", latent_image=link))
    assert problem.message is not None
    assert "latent_image" in problem.message


def test_a_value_where_a_link_belongs_is_told() -> None:
    assert the_problem(broken("4", model="other.ckpt")).parameter == "model"


def test_an_object_is_no_choice() -> None:
    assert the_problem(broken("4", sampler_name={"a": 1})).parameter == "sampler_name"


def test_every_problem_is_told_at_once() -> None:
    graph = broken("4", steps=0, sampler_name="plms")
    assert {problem.parameter for problem in preflight(graph, ENGINE)} == {"steps", "sampler_name"}


def test_an_unknown_node_does_not_hide_what_else_is_wrong() -> None:
    graph = broken("4", steps=0)
    graph["5"]["class_type"] = "VaeDecode"
    assert [problem.parameter for problem in preflight(graph, ENGINE)] == ["class_type", "steps"]


def test_telling_ends_after_some_problems() -> None:
    graph: dict[str, Any] = {str(n): {"class_type": f"Nobody{n}", "inputs": {}} for n in range(999)}
    assert len(preflight(graph, ENGINE)) == MOST_PROBLEMS


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        (None, "Node 4 is no node: it does not say its class_type"),
        ([], "Node 4 is no node"),
        ({"inputs": {}}, "Node 4 is no node"),
        ({"class_type": ["KSampler"], "inputs": {}}, "Node 4 is no node"),
        ({"class_type": "KSampler"}, "KSampler (node 4) is no node: it has no inputs"),
        ({"class_type": "KSampler", "inputs": []}, "KSampler (node 4) is no node"),
    ],
)
def test_what_is_no_node_is_told(node: object, complaint: str) -> None:
    graph: dict[str, Any] = good_graph()
    graph["4"] = node
    problem = the_problem(graph)
    assert problem.message is not None
    assert complaint in problem.message
    assert "Export (API)" in problem.message


def test_a_workflow_of_the_page_is_told_apart() -> None:
    problem = the_problem({"last_node_id": 9, "nodes": [{"id": 1}], "links": []})
    assert problem.message is not None
    assert "Export (API)" in problem.message


def test_an_optional_input_may_be_null() -> None:
    graph = good_graph()
    graph["7"] = {
        "class_type": "TextEncodeQwenImageEdit",
        "inputs": {"clip": ["1", 1], "prompt": "a fox", "vae": None, "image": None},
    }
    graph["4"]["inputs"]["positive"] = ["7", 0]
    assert preflight(graph, ENGINE) == ()
    graph["7"]["inputs"]["prompt"] = None
    assert the_problem(graph).parameter == "prompt"


def test_inputs_that_no_node_knows_are_ignored_as_comfyui_does() -> None:
    assert preflight(broken("4", unheard_of=1), ENGINE) == ()


def test_nodes_that_no_output_needs_are_not_judged() -> None:
    graph = good_graph()
    graph["7"] = {"class_type": "KSampler", "inputs": {}}
    assert preflight(graph, ENGINE) == ()


def test_a_graph_without_an_output_is_told() -> None:
    graph = good_graph()
    del graph["6"]
    problem = the_problem(graph)
    assert problem.message is not None
    assert problem.message.startswith("The graph saves no picture: it has no output node.")
    assert problem.suggestion == "SaveImage"


def test_uploaded_files_pass_although_the_list_does_not_hold_them() -> None:
    graph = good_graph()
    graph["7"] = {"class_type": "LoadImage", "inputs": {"image": "imagine/mine.png [output]"}}
    graph["6"]["inputs"]["images"] = ["7", 0]
    assert preflight(graph, ENGINE) == ()


def test_a_literal_list_is_left_to_its_node() -> None:
    assert preflight(broken("4", sampler_name={"__value__": ["euler"]}), ENGINE) == ()


@pytest.mark.parametrize(
    ("given", "taken", "fits"),
    [
        ("IMAGE", "*", True),
        ("*", "IMAGE", True),
        ("IMAGE", "IMAGE,MASK", True),
        ("IMAGE,LATENT", "IMAGE,MASK", True),
        ("LATENT", "IMAGE,MASK", False),
        ("INT", "FLOAT", False),
        ("COMFY_MATCHTYPE_V3", "IMAGE", True),
    ],
)
def test_types_fit_as_comfyui_sees_it(given: str, taken: str, fits: bool) -> None:
    engine = Catalog.from_object_info(
        {
            "Give": {"input": {}, "output": [given]},
            "Take": {"input": {"required": {"it": [taken]}}, "output": [], "output_node": True},
        }
    )
    graph = {
        "1": {"class_type": "Give", "inputs": {}},
        "2": {"class_type": "Take", "inputs": {"it": ["1", 0]}},
    }
    assert (preflight(graph, engine) == ()) is fits


def recorded_submissions() -> list[tuple[str, dict[str, Any], bool]]:
    """Return every graph sent in a recording, and whether ComfyUI took all of it."""
    submissions = []
    for path in sorted(RECORDINGS.glob("*.jsonl")):
        sent: dict[int, dict[str, Any]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["ch"] != "http":
                continue
            if event["dir"] == "req":
                body = event.get("json")
                graph = body.get("prompt") if isinstance(body, dict) else None
                if event["path"] == "/prompt" and isinstance(graph, dict) and graph:
                    sent[event["n"]] = graph
            elif event["n"] in sent:
                answer = event.get("json") or {}
                accepted = event["status"] == 200 and not answer.get("node_errors")
                submissions.append((path.stem, sent.pop(event["n"]), accepted))
    return submissions


SUBMISSIONS = recorded_submissions()
RECORDED_ENGINE = Catalog.from_object_info(recorded_info())


def test_what_a_real_comfyui_ran_passes() -> None:
    # What it takes and then fails on: values of the newer choice, which it does not check.
    fails_later = {"model_name", "upscale_method"}
    accepted = [graph for _, graph, was_accepted in SUBMISSIONS if was_accepted]
    assert len(accepted) > 50
    for graph in accepted:
        assert {problem.parameter for problem in preflight(graph, RECORDED_ENGINE)} <= fails_later


def test_what_a_real_comfyui_refused_is_refused() -> None:
    # What only the engine can know: whether an uploaded file is there.
    refused = [
        graph
        for _, graph, was_accepted in SUBMISSIONS
        if not was_accepted
        and "LoadImage" not in {node.get("class_type") for node in graph.values()}
    ]
    assert len(refused) > 15
    for graph in refused:
        assert preflight(graph, RECORDED_ENGINE), graph


def test_a_circle_is_told() -> None:
    graph = good_graph()
    scale = {"upscale_method": "area", "scale_by": 1.0}
    graph["7"] = {"class_type": "ImageScaleBy", "inputs": {"image": ["8", 0], **scale}}
    graph["8"] = {"class_type": "ImageScaleBy", "inputs": {"image": ["7", 0], **scale}}
    graph["6"]["inputs"]["images"] = ["7", 0]
    problem = the_problem(graph)
    assert problem.message is not None
    assert problem.message.startswith("The graph runs in a circle: ImageScaleBy (node 7) → ")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["1", "4", "99", "KSampler", "VAEDecode", "SaveImage", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["class_type", "inputs", "_meta", "title", "model", "steps", "images"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["1", "2", "nodes"]), JSON), st.data())
def test_whatever_comes_is_told_and_never_an_exception(graph: Any, data: st.DataObject) -> None:
    for problem in preflight(graph, ENGINE):
        assert problem.message
    changed = copy.deepcopy(good_graph())
    node = data.draw(st.sampled_from(sorted(changed)))
    for name in changed[node]["inputs"]:
        changed[node]["inputs"][name] = data.draw(JSON)
    for problem in preflight(changed, ENGINE):
        assert problem.message
        assert problem.message.endswith(".")


def test_many_names_and_links_are_checked_quickly() -> None:
    names = [f"folder/some-model-with-a-long-name-{n}.safetensors" for n in range(3000)]
    engine = catalog(checkpoints=names)
    graph: dict[str, Any] = good_graph()
    for n in range(10, 500):
        graph[str(n)] = {
            "class_type": "ImageBatch",
            "inputs": {"image1": [str(n + 1), 0], "image2": ["99999", 0]},
        }
    graph["6"]["inputs"]["images"] = ["10", 0]
    begun = time.process_time()
    assert len(preflight(graph, engine)) == MOST_PROBLEMS
    assert time.process_time() - begun < 5


def test_what_leads_to_an_unknown_end_is_checked_as_well():
    graph = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "gone.safetensors"}},
        "2": {"class_type": "SomebodysVideoSaver", "inputs": {"model": ["1", 0]}},
    }
    catalog = Catalog.from_object_info(recorded_info())
    told = [problem.value for problem in preflight(graph, catalog)]
    assert told == ["SomebodysVideoSaver", "gone.safetensors"]


def test_types_that_differ_only_in_how_they_are_written_are_joined():
    made = {"input": {}, "output": ["audio"], "output_node": False}
    info = {**recorded_info(), "SomebodysSound": made}
    graph = {
        "1": {"class_type": "SomebodysSound", "inputs": {}},
        "2": {"class_type": "PreviewAudio", "inputs": {"audio": ["1", 0]}},
    }
    assert preflight(graph, Catalog.from_object_info(info)) == ()
