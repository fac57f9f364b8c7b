import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.comfy_history import Outcome, decode_history, decode_queue
from imagine.comfy_messages import (
    ComfyMessage,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    FeatureFlags,
    LeftQueue,
    PreviewFrame,
    ProgressMessage,
    Status,
    decode,
    decode_binary,
    decode_text,
)
from imagine.comfy_outputs import FileRef, ShownText, outputs_of
from tests.fakes import recording
from tests.fakes.comfy import GARBAGE

STATUS = {"status": {"exec_info": {"queue_remaining": 2}}}
PICTURE = {"filename": "t2i_00001_.png", "subfolder": "rec", "type": "output"}


def text(kind: str, data: Any) -> str:
    return json.dumps({"type": kind, "data": data})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (text("status", STATUS), Status(2)),
        (text("status", {**STATUS, "sid": "me"}), Status(2)),
        (text("feature_flags", {"supports_preview_metadata": True}), FeatureFlags(True)),
        (text("feature_flags", {"supports_preview_metadata": "true"}), FeatureFlags(False)),
        (text("execution_start", {"prompt_id": "P", "timestamp": 1}), ExecutionStart("P")),
        (
            text("execution_cached", {"nodes": ["1", "2"], "prompt_id": "P"}),
            ExecutionCached("P", ("1", "2")),
        ),
        (
            text("executing", {"node": "5", "display_node": "4", "prompt_id": "P"}),
            Executing("P", "5", "4"),
        ),
        (text("executing", {"node": "5", "prompt_id": "P"}), Executing("P", "5", "5")),
        (text("executing", {"node": None, "prompt_id": "P"}), LeftQueue("P")),
        (
            text("progress", {"value": 1, "max": 8, "prompt_id": "P", "node": "5"}),
            ProgressMessage("P", "5", 1, 8),
        ),
        (
            text("executed", {"node": "7", "output": {"images": [PICTURE]}, "prompt_id": "P"}),
            Executed("P", "7", (FileRef("t2i_00001_.png", "rec", "output"),)),
        ),
        (text("executed", {"node": "7", "output": None, "prompt_id": "P"}), Executed("P", "7", ())),
        (text("execution_success", {"prompt_id": "P"}), ExecutionSuccess("P")),
        (
            text("execution_interrupted", {"prompt_id": "P", "node_id": "5"}),
            ExecutionInterrupted("P"),
        ),
        (
            text(
                "execution_error",
                {
                    "prompt_id": "P",
                    "node_id": "6",
                    "node_type": "VAEDecode",
                    "exception_type": "RuntimeError",
                    "exception_message": "no\n",
                    "traceback": ["a\n", "b\n"],
                },
            ),
            ExecutionError("P", "6", "VAEDecode", "RuntimeError", "no", "a\nb\n"),
        ),
    ],
)
def test_each_kind_of_text_frame_is_read(frame: str, message: ComfyMessage) -> None:
    assert decode_text(frame) == message
    assert decode(frame.encode()) == message


def test_the_greeting_after_a_reconnect_names_no_prompt_and_is_dropped() -> None:
    assert decode_text(text("executing", {"node": "5"})) is None


def test_progress_state_is_not_even_parsed() -> None:
    assert decode_text('{"type": "progress_state", "data": this is no JSON') is None
    assert decode(b'{"type": "progress_state", "data": this is no JSON') is None


def test_a_prompt_that_speaks_of_progress_state_is_read() -> None:
    frame = text("execution_start", {"prompt_id": "progress_state " * 9})
    assert decode_text(frame) == ExecutionStart("progress_state " * 9)


def test_a_preview_without_metadata_belongs_to_nobody() -> None:
    assert decode_binary(b"\0\0\0\1\0\0\0\1\xff\xd8\xff") == PreviewFrame(
        None, None, "image/jpeg", b"\xff\xd8\xff"
    )
    assert decode_binary(b"\0\0\0\1\0\0\0\2\x89PNG") == PreviewFrame(
        None, None, "image/png", b"\x89PNG"
    )


def test_a_preview_with_metadata_names_prompt_and_displayed_node() -> None:
    metadata = json.dumps(
        {"node_id": "5.1", "display_node_id": "5", "prompt_id": "P", "image_type": "image/webp"}
    ).encode()
    frame = b"\0\0\0\4" + len(metadata).to_bytes(4) + metadata + b"RIFF"
    assert decode(frame) == PreviewFrame("P", "5", "image/webp", b"RIFF")


@pytest.mark.parametrize("frame", GARBAGE)
def test_garbage_reads_as_nothing(frame: str | bytes) -> None:
    message = decode(frame if isinstance(frame, bytes) else frame.encode())
    assert message is None


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_no_binary_frame_raises(tail: bytes) -> None:
    for kind in (b"", b"\0\0\0\1", b"\0\0\0\3", b"\0\0\0\4"):
        decode(kind + tail)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KINDS = [
    "status", "feature_flags", "execution_start", "execution_cached", "executing", "progress",
    "executed", "execution_success", "execution_error", "execution_interrupted",
]  # fmt: skip
NAMES = ["prompt_id", "node", "node_id", "nodes", "value", "max", "output", "status"]
FIELDS = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON))


@settings(deadline=None)
@given(st.sampled_from(KINDS), FIELDS | JSON)
def test_no_text_frame_raises(kind: str, data: Any) -> None:
    decode_text(text(kind, data))


@settings(deadline=None)
@given(JSON)
def test_no_queue_or_history_raises(body: Any) -> None:
    decode_queue(body)
    decode_queue({"queue_running": body, "queue_pending": []})
    decode_history(body, "P")
    decode_history({"P": body}, "P")
    decode_history({"P": {"outputs": body, "status": body}}, "P")
    decode_history({"P": {"status": {"status_str": "error", "messages": body}}}, "P")


@pytest.mark.parametrize("key", ["images", "gifs", "videos", "audio", "3d", "files", "anything"])
def test_files_under_any_key_are_outputs(key: str) -> None:
    items = [{"filename": "a.mp4", "subfolder": "s", "type": "output", "format": "video/h264-mp4"}]
    assert outputs_of({key: items, "animated": [True], "again": items}) == (FileRef("a.mp4", "s"),)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("mesh/ComfyUI_00001_.glb", FileRef("ComfyUI_00001_.glb", "mesh")),
        ("a.glb", FileRef("a.glb")),
        ("a b.3mf [temp]", FileRef("a b.3mf", "", "temp")),
        ("x\\y\\a.mp4", FileRef("a.mp4", "x/y")),
        ("../a.glb", None),
        ("/srv/ComfyUI/output/a.glb", None),
        ("C:\\output\\a.glb", None),
        ("no file", None),
        ("version 1.5", None),
        ("", None),
    ],
)
def test_a_bare_path_is_a_file_when_it_lies_in_a_folder_of_comfyui(path, file) -> None:
    camera = {"position": [1, 2, 3], "target": None}
    assert outputs_of({"result": [path, camera, None]}) == (() if file is None else (file,))
    assert outputs_of({"tags": [path]}) == ()


def test_texts_that_a_node_shows_are_outputs() -> None:
    shown = {"text": ["a fox.png", "", "a fox.png", ["1", 2]], "images": [PICTURE]}
    assert outputs_of(shown) == (
        FileRef("t2i_00001_.png", "rec"),
        ShownText(0, "a fox.png"),
        ShownText(1, "a fox.png"),
        ShownText(2, "1"),
    )
    assert outputs_of({"text": "one"}) == (ShownText(0, "one"),)


@pytest.mark.parametrize("name", recording.NAMES)
def test_every_recorded_frame_is_understood(name: str) -> None:
    unread = {"progress_state"}
    for frame in recording.frames(name):
        is_text = isinstance(frame, str)
        if is_text and json.loads(frame)["type"] in unread:
            continue
        if not is_text and frame[3] == 3:
            continue
        if is_text and "prompt_id" not in frame and '"executing"' in frame:
            continue
        assert decode(frame.encode() if isinstance(frame, str) else frame) is not None, frame[:200]


def recorded_history(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in recording.lines_of(name):
        body = line.get("json")
        if line["ch"] == "http" and line["dir"] == "res" and isinstance(body, dict):
            found |= {k: v for k, v in body.items() if isinstance(v, dict) and "outputs" in v}
    return found


def test_a_recorded_success_has_its_outputs() -> None:
    [(prompt_id, entry)] = recorded_history("four_branches").items()
    read = decode_history({prompt_id: entry}, prompt_id)
    assert read is not None
    assert read.outcome is Outcome.SUCCEEDED
    assert sorted(read.outputs) == ["50", "51", "52", "53"]


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("interrupt_targeted", {Outcome.INTERRUPTED}),
        ("runtime_errors", {Outcome.FAILED, Outcome.SUCCEEDED}),
    ],
)
def test_failed_and_interrupted_are_told_apart_by_the_last_message(
    name: str, outcomes: set[Outcome]
) -> None:
    history = recorded_history(name)
    read = [decode_history(history, prompt_id) for prompt_id in history]
    assert {entry.outcome for entry in read if entry is not None} == outcomes


def test_a_failed_entry_knows_why() -> None:
    history = recorded_history("runtime_errors")
    read = [decode_history(history, prompt_id) for prompt_id in history]
    failed = [entry for entry in read if entry is not None and entry.outcome is Outcome.FAILED]
    assert failed
    assert all(entry.error is not None and entry.error.exception_type for entry in failed)


def test_an_unfinished_or_unknown_prompt_has_no_entry() -> None:
    assert decode_history({}, "P") is None


def test_the_recorded_queue_names_prompts_and_their_clients() -> None:
    [(_, _, first), *_] = recording.answers("queue_delete", "/queue")
    queue = decode_queue(first)
    assert queue is not None
    assert len(queue.running) == 1
    assert len(queue.pending) == 3
    assert len({*queue.running.values(), *queue.pending.values()} - {None}) == 1
