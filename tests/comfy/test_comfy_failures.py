"""The corpus of failures: what ComfyUI said, and what the person is told, word for word."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.comfy_causes import CAUSES
from imagine.comfy_errors import explain_rejection
from imagine.comfy_failures import explain_failure
from imagine.comfy_history import Outcome, decode_history
from imagine.comfy_messages import ExecutionError, decode_text
from imagine.errors import ErrorBody
from tests.fakes import recording

CORPUS = Path(__file__).parent.parent / "data" / "failures.jsonl"
TRACEBACK = '  File "/opt/ComfyUI/secret.py", line 1\n'

Row = dict[str, Any]
ROWS: list[Row] = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
FAILED = [row for row in ROWS if "type" in row]


def failure(row: Row) -> tuple[ExecutionError, dict[str, Any]]:
    """Return a scripted failure as ComfyUI tells it, and the graph it happened in."""
    node = row["node"]
    title = {"_meta": {"title": node["title"]}} if "title" in node else {}
    graph = {"5": {"class_type": node["class_type"], "inputs": node.get("inputs", {}), **title}}
    others = {f"other {n}": other for n, other in enumerate(row.get("others", ()))}
    error = ExecutionError(
        "P", "5", node["class_type"], row["type"], row["message"].strip(), TRACEBACK
    )
    return error, graph | others


def recorded(row: Row) -> ErrorBody:
    """Explain the first recorded failure or refusal that contains the row's words."""
    name, words = row["recording"], row["contains"]
    if name == "runtime_errors":
        frames = [f for f in recording.frames(name) if isinstance(f, str) and words in f]
        error = next(m for m in map(decode_text, frames) if isinstance(m, ExecutionError))
        return explain_failure(error, {})
    body, answer = next(
        (body, answer)
        for body, status, answer in recording.answers(name, "/prompt")
        if status == 400 and words in json.dumps(answer)
    )
    graph = body.get("prompt") if isinstance(body, dict) else None
    return explain_rejection(answer, graph or {})


def explained(row: Row) -> ErrorBody | None:
    """Explain a row; None for what was stopped."""
    if "recording" in row:
        return recorded(row)
    if "answer" in row:
        return explain_rejection(row["answer"], row["graph"])
    if "history" in row:
        entry = decode_history({"P": row["history"]}, "P")
        assert entry is not None
        assert entry.outcome is Outcome(row["outcome"])
        return explain_failure(entry.error, {}) if entry.outcome is Outcome.FAILED else None
    error, graph = failure(row)
    step = tuple(row["step"]) if "step" in row else None
    return explain_failure(error, graph, step=step)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_failure_has_its_class_its_sentence_and_its_next_step(row: Row) -> None:
    body = explained(row)
    told = (body.code, body.message, body.hint) if body is not None else (None, None, None)
    assert told == (row["code"], row.get("sentence"), row.get("next"))


@pytest.mark.parametrize("row", FAILED, ids=lambda row: row["name"])
def test_each_failure_names_the_title_of_its_node(row: Row) -> None:
    body = explained(row)
    assert body is not None
    title = row["node"].get("title", row["node"]["class_type"])
    assert title in body.message
    assert body.details[0].parameter == title


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_no_folder_tensor_or_traceback_gets_out(row: Row) -> None:
    body = explained(row)
    said = body.model_dump_json() if body is not None else ""
    for secret in ("/home", "/opt", "/srv", "/mnt", "C:\\", "D:\\", "anna", "secret.py", "tensor("):
        assert secret not in said


def test_a_sentence_is_one_sentence_and_one_step_of_a_bearable_length() -> None:
    bodies = [body for body in map(explained, ROWS) if body is not None]
    assert len(bodies) > 100
    for body in bodies:
        assert len(body.message) <= 160, body.message
        assert body.message.endswith((".", ")", "…")), body.message
        assert body.hint is not None
        assert len(body.hint) <= 120, body.hint
        assert body.hint.endswith("."), body.hint


def test_every_cause_that_is_known_is_in_the_corpus() -> None:
    told = [(row["code"], row.get("next")) for row in ROWS]
    fixed = [cause for cause in CAUSES if "{" not in cause.hint]
    assert [cause.pattern.pattern for cause in fixed if (cause.code, cause.hint) not in told] == []


def test_a_model_that_the_message_does_not_name_is_the_one_in_the_graph() -> None:
    row = next(row for row in ROWS if row["name"] == "html-in-place-of-model")
    error, graph = failure(row)
    body = explain_failure(error, graph)
    assert "control_v11p_sd15_canny.pth" in body.message
    assert "the model file is broken" in explain_failure(error, {}).message


def test_another_model_than_the_one_in_the_graph_goes_where_it_was_looked_for() -> None:
    graph = {"5": {"class_type": "LoraLoader", "inputs": {"lora_name": "fox.safetensors"}}}
    words = "No such file: '/data/models/ComfyUI/models/vae/ae.safetensors'"
    error = ExecutionError("P", "5", "LoraLoader", "FileNotFoundError", words, "")
    body = explain_failure(error, graph)
    assert body.message == "LoraLoader: ComfyUI does not have ae.safetensors."
    assert body.hint is not None
    assert "models/vae" in body.hint


@pytest.mark.parametrize("piece", ["x", "a.", "/a", "'", "Model in folder '"])
def test_a_message_of_a_megabyte_holds_nobody_up(piece: str) -> None:
    error = ExecutionError("P", "5", "KSampler", "ValueError", piece * 1_000_000, TRACEBACK)
    assert len(explain_failure(error, {}).message) < 300


@settings(deadline=None)
@given(st.text(), st.text(), st.text(max_size=20))
def test_no_failure_is_too_strange_to_explain(kind: str, message: str, node: str) -> None:
    error = ExecutionError("P", node, node, kind, message, TRACEBACK)
    body = explain_failure(error, {node: {"class_type": node, "inputs": message}})
    assert body.message
    assert body.hint
