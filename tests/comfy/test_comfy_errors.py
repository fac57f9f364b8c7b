import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.comfy_errors import explain_rejection
from imagine.comfy_words import title_of
from imagine.errors import ErrorBody
from tests.fakes import recording

GRAPH = {
    "5": {"class_type": "KSampler", "inputs": {}, "_meta": {"title": "Sampler of picture 2"}},
    "6": {"class_type": "VAEDecode", "inputs": {}},
}


def rejections() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every recorded refusal with its graph, the partly accepted one included."""
    return [
        (body["prompt"] or {}, answer)
        for body, status, answer in recording.answers("validation_errors", "/prompt")
        if status == 400 or answer.get("node_errors")
    ]


def explained(words: str) -> ErrorBody:
    """Explain the recorded refusal whose answer contains these words."""
    [(graph, answer)] = [pair for pair in rejections() if words in json.dumps(pair[1])][:1]
    return explain_rejection(answer, graph)


def test_a_node_goes_by_its_title_else_by_its_class() -> None:
    assert title_of(GRAPH, "5") == "Sampler of picture 2"
    assert title_of(GRAPH, "6") == "VAEDecode"
    assert title_of({}, "9", "SaveImage") == "SaveImage"
    assert title_of({}, "9") == "Node 9"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            "'nope.safetensors'",
            "missing_model",
            "CheckpointLoaderSimple: ComfyUI does not have nope.safetensors.",
        ),
        ("list of length 42", "bad_input", "KSampler: sampler_name cannot be nope."),
        ("NoSuchNode", "missing_node", "ComfyUI does not have the node NoSuchNode."),
        (
            "prompt_no_outputs",
            "engine_rejected",
            "The graph has no node that saves a picture.",
        ),
        ('"details": "steps", "extra', "bad_input", "KSampler: steps is missing."),
        (
            "Value 20000 bigger",
            "bad_input",
            "KSampler: steps is 20000; it must be at most 10000.",
        ),
        ("Value -1 smaller", "bad_input", "KSampler: seed is -1; it must be at least 0."),
        ("many", "bad_input", "KSampler: steps takes a whole number, not many."),
        (
            "'99'",
            "engine_rejected",
            "KSampler: a link leads to node 99, which is not in the graph.",
        ),
        (
            "tuple index",
            "engine_rejected",
            "KSampler: a link leads to an output that the node does not have.",
        ),
        (
            "return_type_mismatch",
            "engine_rejected",
            "KSampler: model takes MODEL, and is linked to CONDITIONING.",
        ),
        (
            "Invalid image file: no_such",
            "missing_input",
            "LoadImage: ComfyUI does not have the picture no_such_file.png.",
        ),
    ],
)
def test_each_recorded_refusal_is_one_clear_sentence(words: str, code: str, message: str) -> None:
    body = explained(words)
    assert (body.code, body.message) == (code, message)
    assert body.hint


def test_every_recorded_refusal_says_what_and_what_next() -> None:
    assert len(rejections()) > 15
    for graph, answer in rejections():
        body = explain_rejection(answer, graph)
        assert body.message.endswith((".", ")")), body
        assert body.hint, body
        assert "Traceback" not in body.message
        assert "tuple" not in body.message


def test_a_missing_model_names_the_nearest_one() -> None:
    answer = {
        "node_errors": {
            "1": {
                "class_type": "CheckpointLoaderSimple",
                "errors": [
                    {
                        "type": "value_not_in_list",
                        "details": "",
                        "extra_info": {
                            "input_name": "ckpt_name",
                            "input_config": [["sd15.safetensors", "sdxl_base.safetensors"], {}],
                            "received_value": "sdxl-base.safetensors",
                        },
                    }
                ],
            }
        }
    }
    body = explain_rejection(answer, {})
    assert body.hint == (
        "Put it into ComfyUI's models/checkpoints folder, or use sdxl_base.safetensors."
    )
    assert body.details[0].suggestion == "sdxl_base.safetensors"
    assert body.details[0].allowed == "sd15.safetensors, sdxl_base.safetensors"


def test_several_problems_are_all_in_the_details() -> None:
    body = explained("1000.0")
    assert body.message == (
        "CheckpointLoaderSimple: ComfyUI does not have nope. (2 more in the details.)"
    )
    assert [detail.parameter for detail in body.details] == ["ckpt_name", "steps", "cfg"]


def test_a_newer_comfyui_names_a_missing_node_otherwise() -> None:
    answer = {
        "error": {
            "type": "missing_node_type",
            "message": "Node 'Upscale it' not found. The custom node may not be installed.",
            "extra_info": {"class_type": "UpscaleIt", "node_id": "4"},
        },
        "node_errors": [],
    }
    assert explain_rejection(answer, {}).message == "ComfyUI does not have the node UpscaleIt."


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "node_errors", "errors", "type", "extra_info", "5"]), inner
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(ANYTHING)
def test_no_answer_is_too_strange_to_explain(answer: Any) -> None:
    assert explain_rejection(answer, GRAPH).message
