"""ComfyUI's queue and history, read into types: the truth when its messages were missed.

Pure, like ``comfy_messages``; what cannot be read is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from imagine.comfy_messages import (
    MALFORMED,
    ComfyMessage,
    ExecutionError,
    ExecutionInterrupted,
    decode_message,
)
from imagine.comfy_outputs import Given, outputs_of


@dataclass(frozen=True, slots=True)
class QueueState:
    """Who runs and who waits: prompt id → the client id it was submitted under."""

    running: Mapping[str, str | None]
    pending: Mapping[str, str | None]


def decode_queue(body: Any) -> QueueState | None:
    """Read ``GET /queue``."""
    try:
        return QueueState(_queued(body["queue_running"]), _queued(body["queue_pending"]))
    except MALFORMED:
        return None


def _queued(items: Any) -> dict[str, str | None]:
    clients: dict[str, str | None] = {}
    for item in items:
        extra_data = item[3] if len(item) > 3 else None
        client = extra_data.get("client_id") if isinstance(extra_data, dict) else None
        clients[str(item[1])] = client if isinstance(client, str) else None
    return clients


class Outcome(StrEnum):
    """How a prompt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """How a prompt ended, and all it left. A failed one may have outputs too."""

    outcome: Outcome
    outputs: Mapping[str, tuple[Given, ...]]
    error: ExecutionError | None = None


def decode_history(body: Any, prompt_id: str) -> HistoryEntry | None:
    """Read ``GET /history/{prompt_id}``; None when ComfyUI does not know the prompt as ended.

    Failed and interrupted share ``status_str: error``: only the messages tell them apart.
    """
    entry = body.get(prompt_id) if isinstance(body, dict) else None
    if not isinstance(entry, dict):
        return None
    raw = entry.get("outputs")
    outputs = {str(k): outputs_of(v) for k, v in raw.items()} if isinstance(raw, dict) else {}
    status = entry.get("status")
    if not isinstance(status, dict) or status.get("status_str") != "error":
        return HistoryEntry(Outcome.SUCCEEDED, outputs)
    match _verdict(status.get("messages")):
        case ExecutionInterrupted():
            return HistoryEntry(Outcome.INTERRUPTED, outputs)
        case ExecutionError() as error:
            return HistoryEntry(Outcome.FAILED, outputs, error)
        case _:
            return HistoryEntry(Outcome.FAILED, outputs)


def _verdict(messages: Any) -> ComfyMessage | None:
    """Return the last message that says why it ended; extensions add messages of their own."""
    for message in reversed(messages) if isinstance(messages, list) else ():
        try:
            kind, data = message
        except MALFORMED:
            continue
        told = decode_message(kind, data)
        if isinstance(told, ExecutionInterrupted | ExecutionError):
            return told
    return None
