"""Why a run failed: the class of it, the node's title, one sentence and one next step.

Pure. The known causes stand in `imagine.comfy_causes`; a failure that none of them fits is told in
ComfyUI's own words, first line only. Tracebacks, tensors and folders stay out: they are for the
log.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from imagine.comfy_causes import CAUSES, Cause
from imagine.comfy_messages import ExecutionError
from imagine.comfy_words import (
    MOST_SEARCHED,
    Graph,
    install_advice,
    model_in,
    models_of,
    picture_in,
    place_in,
    presentable,
    sentence,
    title_of,
    update_advice,
)
from imagine.errors import Detail, ErrorBody
from imagine.node_packs import pack_of

WINDOW_HINT = "Change the prompt or the graph and try again; ComfyUI's own window tells more."


def explain_failure(
    error: ExecutionError | None, graph: Graph, *, step: tuple[int, int] | None = None
) -> ErrorBody:
    """Explain why a run failed. ``step`` is how far the node was: 14 of 25."""
    if error is None:
        return ErrorBody(
            code="node_failed", message="ComfyUI stopped without a reason.", hint=WINDOW_HINT
        )
    title = title_of(graph, error.node, error.node_type)
    words = _words(error)
    said = f"{error.exception_type[:MOST_SEARCHED]}: {words}"
    told = presentable(words)
    for cause in CAUSES:
        found = cause.pattern.search(said)
        if found and cause.nodes.search(error.node_type):
            groups = [presentable(group) for group in found.groups() if group is not None]
            code, message, hint = _filled(cause, groups, error, graph, title, step)
            break
    else:
        code, hint = "node_failed", _unknown_hint(error.node_type)
        message = sentence(f"{title} failed: {_own_words(error.exception_type, told)}")
    detail = Detail(parameter=title, value=error.exception_type or None, message=told or None)
    return ErrorBody(code=code, message=message, hint=hint, details=(detail,))


def _words(error: ExecutionError) -> str:
    """Return the message without its type, which newer versions of ComfyUI write before it."""
    kind, words = error.exception_type, error.exception_message[:MOST_SEARCHED]
    for prefix in (kind, kind.rpartition(".")[2]):
        if prefix and words.startswith(f"{prefix}:"):
            return words[len(prefix) + 1 :].strip()
    return words


def _own_words(kind: str, told: str) -> str:
    """Return what ComfyUI said; a bare name says too little without its kind."""
    kind = kind.rpartition(".")[2]
    if not told:
        return kind or "it gave no reason"
    return f"{kind} {told}" if re.fullmatch(r"(['\"]?)\S*\1|\d+", told) else told


def _filled(
    cause: Cause,
    groups: Iterable[str],
    error: ExecutionError,
    graph: Graph,
    title: str,
    step: tuple[int, int] | None,
) -> tuple[str, str, str]:
    words = _words(error)
    loaded, place = next(models_of(graph, error.node), (None, None))
    file = model_in(words)
    if file is not None and file != re.split(r"[\\/]", loaded or "")[-1]:
        loaded = place = None  # it is another one that is missing
    known = {
        "title": title,
        "where": f"in “{title}”" + (f", at step {step[0]} of {step[1]}" if step else ""),
        "file": loaded or file or "the model file",
        "picture": picture_in(words) or "that it reads",
        "install": install_advice(place_in(words) or place),
        "update": update_advice(error.node_type),
        "smaller": _smaller(graph),
    }
    message, hint = (text.format(*groups, **known) for text in (cause.message, cause.hint))
    return cause.code, message, hint


def _smaller(graph: Graph) -> str:
    """Say what takes less of the GPU; a set costs more than a picture only when made together."""
    nodes = [node for node in graph.values() if isinstance(node, dict)]
    is_split = any(map(_takes_one, nodes))
    empty = [node for node in nodes if str(node.get("class_type")).startswith("Empty")]
    for inputs in (node["inputs"] for node in empty if isinstance(node.get("inputs"), dict)):
        count, width, height = (inputs.get(name) for name in ("batch_size", "width", "height"))
        if isinstance(count, int) and count > 1 and not is_split:
            return "Make them one after the other (--batch-mode one_by_one)"
        if isinstance(width, int) and isinstance(height, int) and min(width, height) >= 512:
            return (
                f"Make it smaller (--size {width * 3 // 4 // 64 * 64}x{height * 3 // 4 // 64 * 64})"
            )
    return "Make it smaller (--size)"


def _takes_one(node: Mapping[str, Any]) -> bool:
    """Tell whether a node takes a single picture out of a batch, to be made alone."""
    inputs = node.get("inputs")
    length = inputs.get("length", 1) if isinstance(inputs, Mapping) else 1
    return node.get("class_type") == "LatentFromBatch" and length == 1


def _unknown_hint(class_type: str) -> str:
    if pack_of(class_type) is None:
        return WINDOW_HINT
    return f"{update_advice(class_type)}, then try again; ComfyUI's own window tells more."
