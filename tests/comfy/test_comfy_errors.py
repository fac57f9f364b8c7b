import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.comfy_errors import explain_failure, explain_rejection, title_of
from imagine.comfy_messages import ExecutionError, decode_text
from imagine.errors import ErrorBody
from tests.fakes import recording

GRAPH = {
    "5": {"class_type": "KSampler", "inputs": {}, "_meta": {"title": "Sampler of picture 2"}},
    "6": {"class_type": "VAEDecode", "inputs": {}},
}


def error(kind: str, message: str, node: str = "5") -> ExecutionError:
    return ExecutionError("P", node, "KSampler", kind, message, "  File secret.py\n")


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
        ("list of length 42", "engine_rejected", "KSampler: sampler_name cannot be nope."),
        ("NoSuchNode", "missing_node", "ComfyUI does not have the node NoSuchNode."),
        (
            "prompt_no_outputs",
            "engine_rejected",
            "The graph has no node that saves a picture.",
        ),
        ('"details": "steps", "extra', "engine_rejected", "KSampler: steps is missing."),
        (
            "Value 20000 bigger",
            "engine_rejected",
            "KSampler: steps is 20000; it must be at most 10000.",
        ),
        ("Value -1 smaller", "engine_rejected", "KSampler: seed is -1; it must be at least 0."),
        ("many", "engine_rejected", "KSampler: steps takes a whole number, not many."),
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
    assert body.hint == "The nearest one installed is sdxl_base.safetensors."
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


@pytest.mark.parametrize(
    ("kind", "message", "code"),
    [
        ("torch.OutOfMemoryError", "Allocation on device \nThis error means", "out_of_memory"),
        ("torch.cuda.OutOfMemoryError", "CUDA out of memory. Tried to", "out_of_memory"),
        ("RuntimeError", "MPS backend out of memory (MPS allocated", "out_of_memory"),
        ("RuntimeError", "HIP out of memory. Tried", "out_of_memory"),
        ("RuntimeError", "DefaultCPUAllocator: not enough memory", "out_of_memory"),
        ("MemoryError", "", "out_of_memory"),
        ("OSError", "[Errno 28] No space left on device: '/x/y.png'", "disk_full"),
        ("FileNotFoundError", "No such file: '/m/a.safetensors'", "missing_model"),
        ("UnpicklingError", "invalid load key, '<'.", "broken_model"),
        ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied", "model_mismatch"),
        ("RuntimeError", "ERROR: Could not detect model type of: x", "incomplete_model"),
        ("FileNotFoundError", "No such file: 'x.png'", "missing_input"),
        ("RuntimeError", "CUDA error: device-side assert triggered", "engine_broken"),
        ("KeyError", "'strange {braces}'", "node_failed"),
        ("Exception", "", "node_failed"),
    ],
)
def test_known_causes_have_a_stable_code_and_a_next_step(
    kind: str, message: str, code: str
) -> None:
    body = explain_failure(error(kind, message), GRAPH)
    assert body.code == code
    assert body.hint
    assert "secret.py" not in body.model_dump_json()


def test_out_of_memory_says_at_which_step() -> None:
    body = explain_failure(error("torch.OutOfMemoryError", "…"), GRAPH, step=(14, 25))
    assert body.message == "The GPU ran out of memory at step 14 of 25."


def test_out_of_memory_outside_the_steps_says_where() -> None:
    body = explain_failure(error("torch.OutOfMemoryError", "…"), GRAPH)
    assert body.message == "The GPU ran out of memory in Sampler of picture 2."


def test_a_missing_model_file_is_named_without_its_folders() -> None:
    body = explain_failure(
        error("FileNotFoundError", "[Errno 2] No such file: '/srv/me/models/my model.ckpt'"), GRAPH
    )
    assert body.message == "Sampler of picture 2: ComfyUI does not have my model.ckpt."
    assert "srv" not in body.model_dump_json()


def test_an_unknown_cause_is_told_in_comfyuis_own_words() -> None:
    body = explain_failure(error("ValueError", "**** ERROR: no such mode\nlong tail"), GRAPH)
    assert body.message == "Sampler of picture 2 failed: no such mode."


def test_a_failure_without_a_reason_is_told_too() -> None:
    assert explain_failure(None, GRAPH).code == "node_failed"


@pytest.mark.parametrize(
    ("node_type", "code"),
    [
        ("VAEDecode", "model_mismatch"),
        ("CLIPTextEncode", "incomplete_model"),
        ("CheckpointLoaderSimple", "broken_model"),
        ("SaveImage", "node_failed"),
        ("UpscaleModelLoader", "missing_model"),
        ("ImageScaleToTotalPixels", "node_failed"),
    ],
)
def test_each_recorded_failure_is_recognized(node_type: str, code: str) -> None:
    told = [decode_text(f) for f in recording.frames("runtime_errors") if isinstance(f, str)]
    errors = [m for m in told if isinstance(m, ExecutionError) and m.node_type == node_type]
    assert errors
    for message in errors:
        body = explain_failure(message, {})
        assert body.code == code
        assert "tensor(" not in body.model_dump_json()
        assert body.message.startswith(node_type)
