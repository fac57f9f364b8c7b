"""Why ComfyUI refused a graph, for the person who typed the prompt: one sentence, a next step.

Pure. Reads the answers of ``POST /prompt``: ``node_errors``, or an ``error`` about the whole graph.
Nodes go by their title; `imagine.comfy_failures` does the same for runs that failed. A refusal that
fits no rule is shown in ComfyUI's own words, first line only.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imagine.comfy_words import (
    Graph,
    first_line,
    install_advice,
    is_model,
    is_picture,
    place_of,
    presentable,
    sentence,
    title_of,
)
from imagine.errors import Detail, ErrorBody
from imagine.names import closest
from imagine.node_packs import advice
from imagine.repair import flag_of

MOST_CHOICES = 10

_EXPORT_HINT = "Export the workflow again with “Export (API)”."
_WINDOW_HINT = "Change the prompt or the graph and try again; ComfyUI's own window tells more."
_NODE_HINT = "Install the custom nodes that bring it, or update ComfyUI, then restart it."
_TAKEN = {"INT": "a whole number", "FLOAT": "a number", "BOOLEAN": "yes or no", "STRING": "text"}


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
        return _explain_refusal(error if isinstance(error, Mapping) else {}, graph)
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


# --- The whole graph ------------------------------------------------------------------------------


def _explain_refusal(error: Mapping[str, Any], graph: Graph) -> ErrorBody:
    """Explain a refusal that names no node's inputs."""
    words = str(error.get("message") or "")
    extra = error.get("extra_info")
    missing = extra.get("class_type") if isinstance(extra, Mapping) else None
    if found := re.search(r"[Nn]ode '?([^']+?)'? (?:does not exist|not found)", words):
        missing = missing or found[1]
    where = first_line(error.get("details"))
    found = re.search(r"Node ID '#([^']+)'", where)
    node_id = found[1] if found else None
    if missing:
        return _missing_node(str(missing), node_id, graph, words)
    if "class_type" in words:
        title = title_of(graph, node_id)
        return _rejected(f"{title} is no node: it does not say its class_type.", _EXPORT_HINT)
    kind = error.get("type")
    if kind == "prompt_no_outputs":
        return _rejected("The graph has no node that saves a picture.", "Add a Save Image node.")
    if kind == "prompt_outputs_failed_validation":
        return _rejected(
            "ComfyUI refused the graph without a reason.",
            "Look for links that lead round in a circle.",
        )
    words = first_line(words) or "ComfyUI gave no reason"
    if where and where != words:
        words = f"{words.rstrip('.')} ({where})"
    return _rejected(sentence(words), _WINDOW_HINT)


def _missing_node(class_type: str, node_id: str | None, graph: Graph, words: str) -> ErrorBody:
    title = title_of(graph, node_id) if node_id in graph else class_type
    message = f"ComfyUI does not have the node {class_type}."
    known = advice(class_type)
    return ErrorBody(
        code="missing_node",
        message=message if title == class_type else f"{title}: {message}",
        hint=f"{known}." if known else _NODE_HINT,
        details=(Detail(parameter="class_type", value=class_type, message=words),),
    )


def _rejected(message: str, hint: str) -> ErrorBody:
    return ErrorBody(code="engine_rejected", message=message, hint=hint)


# --- Single nodes ---------------------------------------------------------------------------------


def _problems(node_errors: Any, graph: Graph) -> Iterator[_Problem]:
    if not isinstance(node_errors, Mapping):
        return
    for node_id, report in node_errors.items():
        errors = report.get("errors") if isinstance(report, Mapping) else None
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, Mapping):
                yield _problem(str(node_id), str(report.get("class_type") or ""), error, graph)


def _problem(node_id: str, class_type: str, error: Mapping[str, Any], graph: Graph) -> _Problem:
    """Explain one entry of ``node_errors``."""
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, Mapping) else {}
    name = str(extra.get("input_name") or "an input")
    value = first_line(extra.get("received_value"))
    words = first_line(error.get("details"))
    config = extra.get("input_config")
    limits = _limits(config)
    kind = str(config[0]) if isinstance(config, list) and config else "another kind"
    code, hint, suggestion, allowed = "engine_rejected", _EXPORT_HINT, None, None
    match error.get("type"):
        case "value_not_in_list" if is_picture(value):
            code, value, hint, said = _missing_picture(value)
        case "value_not_in_list":
            choices = _choices(config)
            allowed, suggestion = _listed(choices, words), closest(value, choices)
            code, hint, said = _not_in_list(class_type, name, value, suggestion)
        case "required_input_missing":
            code, said = "bad_input", f"{name} is missing."
            hint = "Give it a value, or connect a node to it."
        case "value_bigger_than_max":
            code, allowed = "bad_input", f"at most {limits.get('max')}"
            hint = f"Use {_flag(class_type, name)}{limits.get('max')} or less."
            said = f"{name} is {value}; it must be {allowed}."
        case "value_smaller_than_min":
            code, allowed = "bad_input", f"at least {limits.get('min')}"
            hint = f"Use {_flag(class_type, name)}{limits.get('min')} or more."
            said = f"{name} is {value}; it must be {allowed}."
        case "invalid_input_type":
            taken = _TAKEN.get(kind, kind)
            code, hint = "bad_input", f"Give it {taken}."
            said = f"{name} takes {taken}, not {value}."
        case "return_type_mismatch":
            hint = f"Connect it to a node that gives {kind}."
            said = f"{name} takes {kind}, and is linked to {extra.get('received_type')}."
        case "bad_linked_input":
            said = f"the link into {name} is not one."
        case "custom_validation_failed" if found := re.search(r"Invalid \w+ file: (.+)", words):
            code, value, hint, said = _missing_picture(found[1])
        case "dependency_cycle":
            hint, said = "Disconnect one of its links.", "the graph runs in a circle here."
        case "exception_during_inner_validation" | "exception_during_validation":
            said = _link_problem(words, graph)
        case _:
            hint = _WINDOW_HINT
            said = presentable(words) or presentable(error.get("message"))
            said = sentence(said or "ComfyUI refused it")
    detail = Detail(
        parameter=name if "input_name" in extra else None,
        value=value or None,
        allowed=allowed,
        suggestion=suggestion,
        message=f"{title_of(graph, node_id, class_type)}: {said}",
    )
    return _Problem(code, hint, detail)


def _not_in_list(
    class_type: str, name: str, value: str, suggestion: str | None
) -> tuple[str, str, str]:
    """Return code, hint and words for a value that a list does not hold: mostly a model."""
    place = place_of(class_type, name)
    if place is not None or is_model(value):
        hint = install_advice(place, suggestion)
        return "missing_model", hint, f"ComfyUI does not have {value}."
    flag = _flag(class_type, name)
    hint = f"Use {flag}{suggestion}." if suggestion else f"Choose another {flag.strip() or 'one'}."
    return "bad_input", hint, f"{name} cannot be {value}."


def _missing_picture(value: str) -> tuple[str, str, str, str]:
    """Return code, value, hint and words for a file that is not in ComfyUI's input folder."""
    value = presentable(value)
    kind = "picture" if is_picture(value) else "file"
    hint = f"Attach the {kind} again, then try again."
    return "missing_input", value, hint, f"ComfyUI does not have the {kind} {value}."


def _flag(class_type: str, name: str) -> str:
    """Return the flag of ours that sets an input to just this value, with a blank; else nothing."""
    row = flag_of(class_type, name)
    return f"{row.flag} " if row is not None and row.name not in ("size", "clip_skip") else ""


def _link_problem(words: str, graph: Graph) -> str:
    """Explain a bare exception of the validation, which is mostly a link that leads nowhere."""
    named = words.strip("'")
    if named == "inputs":
        return "this node, or one that it is linked to, has no inputs."
    if words != named and named not in graph:
        return f"a link leads to node {named}, which is not in the graph."
    if "index out of range" in words:
        return "a link leads to an output that the node does not have."
    return f"ComfyUI could not check it ({presentable(words)})."


def _limits(config: Any) -> Mapping[str, Any]:
    limits = config[1] if isinstance(config, list) and len(config) > 1 else None
    return limits if isinstance(limits, Mapping) else {}


def _choices(config: Any) -> list[str]:
    options = config[0] if isinstance(config, list) and config else None
    if options == "COMBO":
        options = _limits(config).get("options")
    return [str(option) for option in options] if isinstance(options, list) else []


def _listed(choices: list[str], words: str) -> str | None:
    """Return the choices as text; ComfyUI leaves them out when there are more than 20."""
    if not choices:
        found = re.search(r"list of length (\d+)", words)
        return f"one of {found[1]}" if found else None
    shown = ", ".join(choices[:MOST_CHOICES])
    rest = len(choices) - MOST_CHOICES
    return f"{shown} and {rest} more" if rest > 0 else shown
