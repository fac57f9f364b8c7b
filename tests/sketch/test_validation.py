"""The engine refuses what ComfyUI 0.3.64 was recorded refusing, in the same words."""

import copy
from typing import Any

import pytest

from imagine.sketch.schemas import Schemas, load_schemas
from imagine.sketch.validation import validate
from tests.sketch.helpers import link, node, recording, text_to_image

# The checkpoints of the machine on which the answers were recorded.
RECORDED_CHECKPOINTS = [
    "broken.safetensors",
    "sd15-random.safetensors",
    "tiny-random.safetensors",
    "tiny-sd3-random.safetensors",
    "unet-only-random.safetensors",
]


def exchanges() -> list[tuple[str, dict[str, Any], int, dict[str, Any]]]:
    """Pair each recorded POST /prompt with its answer, named by the note before it."""
    found = []
    note, body = "", None
    for line in recording("validation_errors"):
        if line["ch"] == "note":
            note = line["text"]
        elif line["ch"] == "http" and line["dir"] == "req":
            body = line["json"] if line["path"] == "/prompt" else None
        elif line["ch"] == "http" and body is not None:
            found.append((note, body, line["status"], line["json"]))
    return found


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    loaded = load_schemas()
    loaded["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] = RECORDED_CHECKPOINTS
    return loaded


def judged(node_errors: dict[str, Any]) -> Any:
    """Keep of node_errors what is not a ComfyUI text, path or traceback."""
    result = copy.deepcopy(node_errors)
    for entry in result.values():
        for problem in entry["errors"]:
            extra = problem["extra_info"]
            extra.pop("traceback", None)
            if isinstance(extra.get("input_config"), list) and len(extra["input_config"]) > 1:
                extra["input_config"][1].pop("tooltip", None)
                extra["input_config"] = [c for c in extra["input_config"] if c != {}]
    return result


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [pytest.param(*rest, id=note) for note, *rest in exchanges()],
)
def test_each_recorded_answer_is_given_again(
    body: dict[str, Any], status: int, answer: dict[str, Any], schemas: Schemas
) -> None:
    verdict = validate(
        copy.deepcopy(body["prompt"]),
        schemas,
        lambda name: False,
        body.get("partial_execution_targets"),
    )

    assert (400 if verdict.error else 200) == status
    assert judged(verdict.node_errors) == judged(answer["node_errors"])
    if status == 400:
        assert verdict.error == answer["error"]


def test_the_recording_holds_enough_cases() -> None:
    assert len(exchanges()) > 20


def test_numbers_given_as_text_are_converted_in_place() -> None:
    graph = text_to_image(steps="20", cfg="4")

    assert validate(graph, load_schemas(), lambda name: True).error is None
    assert (graph["5"]["inputs"]["steps"], graph["5"]["inputs"]["cfg"]) == (20, 4.0)


def test_a_cycle_is_refused_without_node_errors() -> None:
    graph = {
        "1": node("ImageInvert", image=link("2")),
        "2": node("ImageInvert", image=link("1")),
        "3": node("PreviewImage", images=link("1")),
    }

    verdict = validate(graph, load_schemas(), lambda name: True)

    assert verdict.error is not None
    assert verdict.error["type"] == "prompt_outputs_failed_validation"
    assert verdict.node_errors == {}


def test_lists_of_the_newer_kind_are_not_checked() -> None:
    graph = {
        "1": node("EmptyImage", width=8, height=8, batch_size=1, color=0),
        "2": node("UpscaleModelLoader", model_name="nope.pth"),
        "3": node("ImageUpscaleWithModel", upscale_model=link("2"), image=link("1")),
        "4": node("PreviewImage", images=link("3")),
    }

    assert validate(graph, load_schemas(), lambda name: True).outputs == ("4",)


def test_a_fault_of_the_output_itself_stands_in_the_error_details() -> None:
    graph = text_to_image()
    del graph["7"]["inputs"]["filename_prefix"]

    verdict = validate(graph, load_schemas(), lambda name: True)

    assert verdict.error is not None
    assert verdict.error["details"] == "Required input is missing: filename_prefix"
