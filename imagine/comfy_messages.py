"""What ComfyUI says on its WebSocket, read into types; and what one run tells of it.

Pure, so that the protocol is tested without a socket. Whatever is malformed or unknown reads as
None and never raises: a custom node may send anything. The *run events* at the end are for the rest
of the program, which need not know ComfyUI's words; ``comfy_run`` makes them out of the frames.

Source: ComfyUI 0.3.64, ``server.py`` and ``execution.py``; recorded in ``tests/data/recordings``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imagine.comfy_outputs import Given, outputs_of
from imagine.errors import ErrorBody

MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class Status:
    """The length of the whole queue, others' prompts included; goes to every socket."""

    queue_remaining: int


@dataclass(frozen=True, slots=True)
class FeatureFlags:
    """The answer to our flags: may previews carry their prompt and node (type 4 frames)?"""

    preview_metadata: bool


@dataclass(frozen=True, slots=True)
class ExecutionStart:
    """The prompt left the queue."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class ExecutionCached:
    """The nodes that need not run again."""

    prompt_id: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Executing:
    """A node begins. ``display_node`` is the node of the submitted graph it was expanded from."""

    prompt_id: str
    node: str
    display_node: str


@dataclass(frozen=True, slots=True)
class LeftQueue:
    """``executing`` without a node: the prompt is over, and the history knows how it ended."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class ProgressMessage:
    """A step of a node is done; samplers count 1..max."""

    prompt_id: str
    node: str | None
    value: int
    max: int


@dataclass(frozen=True, slots=True)
class Executed:
    """An output node is done; its files are on ComfyUI's disk."""

    prompt_id: str
    node: str
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class ExecutionSuccess:
    """Every node is done. The history may not know it yet, so this is not the end."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class ExecutionError:
    """A node raised. ``traceback`` has paths of the server: for the log only."""

    prompt_id: str
    node: str | None
    node_type: str
    exception_type: str
    exception_message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class ExecutionInterrupted:
    """Somebody stopped the prompt."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class PreviewFrame:
    """A picture in a binary frame. Without metadata (type 1) nobody says whose it is."""

    prompt_id: str | None
    node: str | None
    media_type: str
    data: bytes


RunMessage = (
    ExecutionStart
    | ExecutionCached
    | Executing
    | LeftQueue
    | ProgressMessage
    | Executed
    | ExecutionSuccess
    | ExecutionError
    | ExecutionInterrupted
    | PreviewFrame
)
ComfyMessage = Status | FeatureFlags | RunMessage


def decode(frame: bytes) -> ComfyMessage | None:
    """Read a frame of either kind: JSON never begins with a zero byte, binary frames always do."""
    return decode_binary(frame) if frame[:1] == b"\0" else decode_text(frame)


def decode_text(text: str | bytes) -> ComfyMessage | None:
    """Read a text frame; None when it is malformed, unknown or not needed.

    ``progress_state`` repeats every node of the graph at each step. All it says is also said by
    ``progress`` and ``executing``, so its body, the bulk of the text, is not even parsed.
    """
    head = text[:40]
    if ("progress_state" in head) if isinstance(head, str) else (b"progress_state" in head):
        return None
    try:
        message = json.loads(text if isinstance(text, str) else text.decode())
        return decode_message(message["type"], message["data"])
    except MALFORMED:
        return None


def decode_message(kind: Any, data: Any) -> ComfyMessage | None:
    """Read a message by its type and data: the parts of a text frame, or a line of the history."""
    try:
        decode = _DECODERS.get(kind)
        return decode(data) if decode else None
    except MALFORMED:
        return None


def decode_binary(frame: bytes) -> ComfyMessage | None:
    """Read a binary frame: type 1, a bare preview, or type 4, a preview with metadata."""
    match frame[:4]:
        case b"\0\0\0\1":
            media_type = _MEDIA_TYPES.get(frame[4:8])
            if media_type is None or len(frame) == 8:
                return None
            return PreviewFrame(None, None, media_type, frame[8:])
        case b"\0\0\0\4":
            return _preview_with_metadata(frame)
        case _:  # type 3 is text of a node, which nobody here shows
            return None


_MEDIA_TYPES = {b"\0\0\0\1": "image/jpeg", b"\0\0\0\2": "image/png"}


def _preview_with_metadata(frame: bytes) -> PreviewFrame | None:
    end = 8 + int.from_bytes(frame[4:8])
    try:
        metadata = json.loads(frame[8:end].decode())
        node = metadata.get("display_node_id") or metadata["node_id"]
        preview = PreviewFrame(
            _text(metadata, "prompt_id"), str(node), _text(metadata, "image_type"), frame[end:]
        )
    except MALFORMED:
        return None
    return preview if preview.data else None


def _text(data: Any, key: str) -> str:
    value = data[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _optional_text(data: Any, key: str) -> str | None:
    return None if data.get(key) is None else _text(data, key)


def _executing(data: Any) -> Executing | LeftQueue:
    """Read ``executing``. The one that greets a reconnected client lacks the id, and is no use."""
    prompt_id = _text(data, "prompt_id")
    if data["node"] is None:
        return LeftQueue(prompt_id)
    node = _text(data, "node")
    return Executing(prompt_id, node, _optional_text(data, "display_node") or node)


def _progress(data: Any) -> ProgressMessage:
    return ProgressMessage(
        _text(data, "prompt_id"), _optional_text(data, "node"), int(data["value"]), int(data["max"])
    )


def _executed(data: Any) -> Executed:
    node = data.get("display_node") or data["node"]
    return Executed(_text(data, "prompt_id"), str(node), outputs_of(data.get("output")))


def _cached(data: Any) -> ExecutionCached:
    return ExecutionCached(_text(data, "prompt_id"), tuple(str(node) for node in data["nodes"]))


def _error(data: Any) -> ExecutionError:
    traceback = data.get("traceback")
    return ExecutionError(
        prompt_id=_text(data, "prompt_id"),
        node=_optional_text(data, "node_id"),
        node_type=str(data.get("node_type") or ""),
        exception_type=str(data.get("exception_type") or ""),
        exception_message=str(data.get("exception_message") or "").strip(),
        traceback="".join(map(str, traceback)) if isinstance(traceback, list) else "",
    )


def _flags(data: Any) -> FeatureFlags:
    return FeatureFlags(data.get("supports_preview_metadata") is True)


_DECODERS: Mapping[str, Callable[[Any], ComfyMessage]] = {
    "progress": _progress,
    "executing": _executing,
    "executed": _executed,
    "status": lambda data: Status(int(data["status"]["exec_info"]["queue_remaining"])),
    "feature_flags": _flags,
    "execution_start": lambda data: ExecutionStart(_text(data, "prompt_id")),
    "execution_cached": _cached,
    "execution_success": lambda data: ExecutionSuccess(_text(data, "prompt_id")),
    "execution_error": _error,
    "execution_interrupted": lambda data: ExecutionInterrupted(_text(data, "prompt_id")),
}


# --- Run events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The engine took the prompt out of its queue; ``is_fresh``: just now, not some time ago."""

    is_fresh: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Cached:
    """These nodes need not run: the engine still holds their results."""

    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node of the graph begins; told once for each node."""

    node_id: str


@dataclass(frozen=True, slots=True)
class StepProgress:
    """``value`` of ``max`` steps of a node are done."""

    node_id: str
    value: int
    max: int


@dataclass(frozen=True, slots=True)
class NodeFinished:
    """A node of the graph is done; told once for each node that ran."""

    node_id: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a node's picture looks like by now; no node when the engine does not say."""

    node_id: str | None
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Outputs:
    """All that an output node gave so far, in its order; told again only when there is more."""

    node_id: str
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The run ended well, and every output was told."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended badly; outputs told before it are good."""

    error: ErrorBody


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The run was stopped, or taken out of the queue before it began."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The engine does not know the prompt (any more): it was restarted, or somebody deleted it."""


FinalEvent = Finished | Failed | Interrupted | Lost
RunEvent = (
    Started | Cached | NodeStarted | StepProgress | NodeFinished | Preview | Outputs | FinalEvent
)
