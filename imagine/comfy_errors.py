"""What ComfyUI's errors mean to the person who typed the prompt: one sentence, and a next step.

Pure. Two questions are answered: why a graph was refused (``node_errors`` of ``POST /prompt``), and
why a run failed (``execution_error``). Nodes go by their title. Tracebacks and tensors stay out:
they are for the log. A message that fits no rule is shown in ComfyUI's own words, first line only.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imagine.comfy_messages import ExecutionError
from imagine.errors import Detail, ErrorBody

Graph = Mapping[str, Any]

INSTALL_HINT = "Put the file into ComfyUI's models folder, or choose a model that is installed."
REPORT_HINT = "Change the prompt or the graph and try again; ComfyUI's own window tells more."
MOST_CHOICES = 10
LONGEST_WORDS = 200

# Inputs that name a file of weights: ckpt_name, unet_name, lora_name, clip_name1, model_name …
_MODEL_INPUT = re.compile(r"^(?!sampler).*_name\d?$")

_TAKEN = {"INT": "a whole number", "FLOAT": "a number", "BOOLEAN": "yes or no", "STRING": "text"}
_FOLDERS = re.compile(r"(?:[A-Za-z]:)?[\\/](?:[^\\/\s'\"]+[\\/])+")


def title_of(graph: Graph, node_id: str | None, class_type: str = "") -> str:
    """Return a node's name as a person knows it: its title, else its class."""
    node = graph.get(node_id) if node_id is not None else None
    if not isinstance(node, Mapping):
        return class_type or (f"Node {node_id}" if node_id is not None else "A node")
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return str(title or class_type or node.get("class_type") or f"Node {node_id}")


# --- A refused graph ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Problem:
    """One thing that is wrong with one node."""

    code: str
    hint: str
    detail: Detail


def explain_rejection(body: Any, graph: Graph) -> ErrorBody:
    """Explain an answer of ``POST /prompt`` that refuses the graph, wholly or in part."""
    answer = body if isinstance(body, Mapping) else {}
    problems = list(_problems(answer.get("node_errors"), graph))
    if not problems:
        error = answer.get("error")
        return _explain_refusal(error if isinstance(error, Mapping) else {})
    first = problems[0]
    message = first.detail.message or ""
    if len(problems) > 1:
        message += f" ({len(problems) - 1} more in the details.)"
    return ErrorBody(
        code=first.code,
        message=message,
        hint=first.hint,
        details=tuple(problem.detail for problem in problems),
    )


def _explain_refusal(error: Mapping[str, Any]) -> ErrorBody:
    """Explain a refusal that names no node's inputs."""
    words = str(error.get("message") or "")
    kind = error.get("type")
    extra = error.get("extra_info")
    missing = extra.get("class_type") if isinstance(extra, Mapping) else None
    if found := re.search(r"[Nn]ode '?([^']+?)'? (?:does not exist|not found)", words):
        missing = missing or found[1]
    if missing:
        return ErrorBody(
            code="missing_node",
            message=f"ComfyUI does not have the node {missing}.",
            hint="Install the extension that brings it, or update ComfyUI, then restart it.",
            details=(Detail(parameter="class_type", value=str(missing), message=words),),
        )
    if kind == "prompt_no_outputs":
        return _rejected("The graph has no node that saves a picture.", "Add a Save Image node.")
    if kind == "prompt_outputs_failed_validation":
        return _rejected(
            "ComfyUI refused the graph without a reason.",
            "Look for links that lead round in a circle.",
        )
    where = error.get("details")
    words = f"{words.rstrip('.')} ({where})" if where else words
    return _rejected(_sentence(_shown(words) or "ComfyUI gave no reason"))


def _rejected(message: str, hint: str = REPORT_HINT) -> ErrorBody:
    return ErrorBody(code="engine_rejected", message=message, hint=hint)


def _problems(node_errors: Any, graph: Graph) -> Iterator[_Problem]:
    if not isinstance(node_errors, Mapping):
        return
    for node_id, report in node_errors.items():
        errors = report.get("errors") if isinstance(report, Mapping) else None
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, Mapping):
                title = title_of(graph, str(node_id), str(report.get("class_type") or ""))
                yield _problem(title, error, graph)


def _problem(title: str, error: Mapping[str, Any], graph: Graph) -> _Problem:
    """Explain one entry of ``node_errors``."""
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, Mapping) else {}
    name = str(extra.get("input_name") or "an input")
    value = _shown(extra.get("received_value"))
    words = _shown(error.get("details"))
    config = extra.get("input_config")
    limits = _limits(config)
    kind = str(config[0]) if isinstance(config, list) and config else "another kind"
    code, hint, suggestion, allowed = "engine_rejected", REPORT_HINT, None, None
    match error.get("type"):
        case "value_not_in_list":
            choices = _choices(config)
            allowed = _listed(choices, words)
            suggestion = _nearest(value, choices)
            if _MODEL_INPUT.match(name):
                code, hint = "missing_model", INSTALL_HINT
                said = f"ComfyUI does not have {value}."
            else:
                hint = "Choose another one."
                said = f"{name} cannot be {value}."
            if suggestion:
                hint = f"The nearest one installed is {suggestion}."
        case "required_input_missing":
            said = f"{name} is missing."
        case "value_bigger_than_max":
            allowed = f"at most {limits.get('max')}"
            said = f"{name} is {value}; it must be {allowed}."
        case "value_smaller_than_min":
            allowed = f"at least {limits.get('min')}"
            said = f"{name} is {value}; it must be {allowed}."
        case "invalid_input_type":
            said = f"{name} takes {_TAKEN.get(kind, kind)}, not {value}."
        case "return_type_mismatch":
            said = f"{name} takes {kind}, and is linked to {extra.get('received_type')}."
        case "bad_linked_input":
            said = f"the link into {name} is not one."
        case "custom_validation_failed" if found := re.search(r"Invalid \w+ file: (.+)", words):
            code, hint = "missing_input", "Attach the picture again, then try again."
            value = found[1]
            said = f"ComfyUI does not have the picture {value}."
        case "exception_during_inner_validation" | "exception_during_validation":
            said = _link_problem(words, graph)
        case _:
            said = _sentence(words or _shown(error.get("message")) or "ComfyUI refused it")
    detail = Detail(
        parameter=name if "input_name" in extra else None,
        value=value or None,
        allowed=allowed,
        suggestion=suggestion,
        message=f"{title}: {said}",
    )
    return _Problem(code, hint, detail)


def _link_problem(words: str, graph: Graph) -> str:
    """Explain a bare exception of the validation, which is mostly a link that leads nowhere."""
    named = words.strip("'")
    if words != named and named not in graph and named != "inputs":
        return f"a link leads to node {named}, which is not in the graph."
    if "index out of range" in words:
        return "a link leads to an output that the node does not have."
    return f"ComfyUI could not check it ({words})."


def _limits(config: Any) -> Mapping[str, Any]:
    limits = config[1] if isinstance(config, list) and len(config) > 1 else None
    return limits if isinstance(limits, Mapping) else {}


def _choices(config: Any) -> list[str]:
    options = config[0] if isinstance(config, list) and config else None
    if options == "COMBO":
        options = _limits(config).get("options")
    return [str(option) for option in options] if isinstance(options, list) else []


def _nearest(value: str, choices: list[str]) -> str | None:
    """Return the choice most like a value; the suffix that all files share does not count."""
    stems = {choice.rpartition(".")[0] or choice: choice for choice in choices}
    found = difflib.get_close_matches(value.rpartition(".")[0] or value, stems, 1, 0.5)
    return stems[found[0]] if found else None


def _listed(choices: list[str], words: str) -> str | None:
    """Return the choices as text; ComfyUI leaves them out when there are more than 20."""
    if not choices:
        found = re.search(r"list of length (\d+)", words)
        return f"one of {found[1]}" if found else None
    shown = ", ".join(choices[:MOST_CHOICES])
    rest = len(choices) - MOST_CHOICES
    return f"{shown} and {rest} more" if rest > 0 else shown


def _shown(value: Any) -> str:
    """Return the first line of a text, cut to a length that fits a sentence."""
    if value is None:
        return ""
    line = next((line for line in str(value).splitlines() if line.strip()), "").strip()
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


# --- A failed run ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rule:
    """A known cause: how it is recognised in ``type: message``, and what is said of it.

    ``{title}`` is the node, ``{where}`` how far it was, ``{0}`` the first group of the pattern.
    """

    code: str
    pattern: re.Pattern[str]
    message: str
    hint: str


def _rule(code: str, pattern: str, message: str, hint: str) -> _Rule:
    return _Rule(code, re.compile(pattern, re.IGNORECASE | re.DOTALL), message, hint)


# The first that matches speaks. Source: ComfyUI's execution.py (the tip after an allocation error)
# and model_management.py, PyTorch's wording for CUDA, ROCm, MPS, XPU and plain memory, and what
# users report.
_RULES = (
    _rule(
        "out_of_memory",
        r"DefaultCPUAllocator|^MemoryError|Cannot allocate memory|Errno 12\]|paging file|"
        r"WinError 1455|os error 1455",
        "The computer ran out of memory {where}.",
        "Close other programs, or choose a smaller size or model.",
    ),
    _rule(
        "out_of_memory",
        r"OutOfMemory|out of memory|Allocation on device|CUBLAS_STATUS_ALLOC_FAILED|"
        r"not enough memory",
        "The GPU ran out of memory {where}.",
        "Close other programs that use the GPU, or make it smaller.",
    ),
    _rule(
        "disk_full",
        r"No space left on device|Errno 28\]|Disk quota exceeded|not enough space on the disk",
        "The disk that ComfyUI writes to is full.",
        "Free some space there, then try again.",
    ),
    _rule(
        "missing_model",
        r"Model in folder '[^']*' with filename '([^']+)' not found",
        "{title}: ComfyUI does not have {0}.",
        INSTALL_HINT,
    ),
    _rule(
        "missing_model",
        r"FileNotFoundError: .*?([^\\/'\"]+\.(?:safetensors|ckpt|pth?|gguf|bin|sft))\b",
        "{title}: ComfyUI does not have {0}.",
        INSTALL_HINT,
    ),
    _rule(
        "broken_model",
        r"SafetensorError|UnpicklingError|PytorchStreamReader|invalid load key|"
        r"Error while deserializing|failed finding central directory",
        "{title}: the model file is broken or not a model.",
        "Download the file again, then try again.",
    ),
    _rule(
        "incomplete_model",
        r"(clip|vae) input is invalid: None|Could not detect model type",
        "{title}: this model file lacks a part that is needed here.",
        "Choose a model for this kind of loader, or add its text encoder and VAE.",
    ),
    _rule(
        "model_mismatch",
        r"shapes cannot be multiplied|to have \d+ channels, but got|size mismatch for|"
        r"must match the size of tensor|Expected size .* but got size",
        "{title}: the model, its text encoder, VAE, LoRA or ControlNet do not belong together.",
        "Choose parts that are made for the same kind of model.",
    ),
    _rule(
        "missing_input",
        r"FileNotFoundError|No such file or directory|UnidentifiedImageError",
        "{title}: a file that it reads is missing or unreadable.",
        "Attach the picture again, then try again.",
    ),
    _rule(
        "engine_broken",
        r"CUDA error|HIP error|device-side assert|no kernel image|cuDNN error|CUBLAS_STATUS",
        "The GPU stopped answering {where}.",
        "Restart ComfyUI, then try again.",
    ),
)


def explain_failure(
    error: ExecutionError | None, graph: Graph, *, step: tuple[int, int] | None = None
) -> ErrorBody:
    """Explain why a run failed. ``step`` is how far the node was: 14 of 25."""
    if error is None:
        return ErrorBody(
            code="node_failed", message="ComfyUI stopped without a reason.", hint=REPORT_HINT
        )
    title = title_of(graph, error.node, error.node_type)
    where = f"at step {step[0]} of {step[1]}" if step else f"in {title}"
    text = f"{error.exception_type}: {error.exception_message}"
    for rule in _RULES:
        if found := rule.pattern.search(text):
            message = rule.message.format(*found.groups(), title=title, where=where)
            return _failure(rule.code, message, rule.hint, error, title)
    words = re.sub(r"\**\s*ERROR:\s*", "", _told(error)) or error.exception_type
    message = _sentence(f"{title} failed: {words}")
    return _failure("node_failed", message, REPORT_HINT, error, title)


def _failure(code: str, message: str, hint: str, error: ExecutionError, title: str) -> ErrorBody:
    detail = Detail(
        parameter=title,
        value=error.exception_type or None,
        message=_told(error) or None,
    )
    return ErrorBody(code=code, message=message, hint=hint, details=(detail,))


def _told(error: ExecutionError) -> str:
    """Return the exception's first line without the folders of the engine's machine."""
    return _FOLDERS.sub("", _shown(error.exception_message))
