"""What ``POST /prompt`` refuses, in ComfyUI's words: status, error types and details.

Written apart from the product's own preflight on purpose, so that one can catch the other. Tested
against the answers recorded from ComfyUI 0.3.64.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from imagine.sketch.schemas import Schemas

Graph: TypeAlias = dict[str, Any]
Problem: TypeAlias = dict[str, Any]

# More options than this are not repeated in an error.
LONG_LIST = 20
CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "INT": int,
    "FLOAT": float,
    "STRING": str,
    "BOOLEAN": bool,
}


@dataclass(slots=True)
class Verdict:
    """The answer to a prompt: ``error`` refuses it; otherwise ``outputs`` are what will run."""

    outputs: tuple[str, ...] = ()
    error: Problem | None = None
    node_errors: dict[str, Any] = field(default_factory=dict)


class _CycleError(Exception):
    """The graph feeds back into itself."""


def validate(
    graph: Graph,
    schemas: Schemas,
    file_exists: Callable[[str], bool],
    targets: Collection[str] | None = None,
) -> Verdict:
    """Judge a graph as ComfyUI does; number inputs given as text are converted in place.

    Raises:
        TypeError: the graph is not an object, which the real server answers with status 500.
    """
    ends: list[str] = []
    for node_id in graph:
        class_type = graph[node_id].get("class_type")
        if class_type is None:
            return _refuse(
                "invalid_prompt",
                "Cannot execute because a node is missing the class_type property.",
                f"Node ID '#{node_id}'",
            )
        if class_type not in schemas:
            return _refuse(
                "invalid_prompt",
                f"Cannot execute because node {class_type} does not exist.",
                f"Node ID '#{node_id}'",
            )
        if schemas[class_type]["output_node"] and (targets is None or node_id in targets):
            ends.append(node_id)
    if not ends:
        return _refuse("prompt_no_outputs", "Prompt has no outputs", "")
    return _judge_outputs(graph, schemas, file_exists, ends)


def _judge_outputs(
    graph: Graph, schemas: Schemas, file_exists: Callable[[str], bool], ends: list[str]
) -> Verdict:
    verdict = Verdict()
    lines: list[str] = []
    checker = _Checker(graph, schemas, file_exists)
    good: list[str] = []
    for end in ends:
        try:
            ok = checker.check(end)
        except _CycleError:
            ok = False
        except (KeyError, IndexError) as error:
            ok = False
            checker.found[end] = [_exception("exception_during_validation", error, {})]
        if ok:
            good.append(end)
            continue
        lines += [f"{p['message']}: {p['details']}" for p in checker.found.get(end, ())]
        for node_id, problems in checker.found.items():
            if problems:
                entry = verdict.node_errors.setdefault(
                    node_id,
                    {
                        "errors": problems,
                        "dependent_outputs": [],
                        "class_type": graph[node_id]["class_type"],
                    },
                )
                entry["dependent_outputs"].append(end)
    if good:
        verdict.outputs = tuple(good)
    else:
        verdict.error = _error(
            "prompt_outputs_failed_validation",
            "Prompt outputs failed validation",
            "\n".join(lines),
        )
    return verdict


class _Checker:
    """Walks from an output to its sources; every node is judged once and remembered."""

    def __init__(self, graph: Graph, schemas: Schemas, file_exists: Callable[[str], bool]) -> None:
        self._graph = graph
        self._schemas = schemas
        self._file_exists = file_exists
        self._open: set[str] = set()
        self._bad: set[str] = set()
        # Node → its own problems, in the order in which they were found.
        self.found: dict[str, list[Problem]] = {}

    def check(self, node_id: str) -> bool:
        """Say whether a node and everything it needs can run."""
        if node_id in self.found:
            return node_id not in self._bad
        if node_id in self._open:
            raise _CycleError
        self._open.add(node_id)
        inputs = self._graph[node_id]["inputs"]
        schema = self._schemas[self._graph[node_id]["class_type"]]["input"]
        problems: list[Problem] = []
        ok = True
        for section in ("required", "optional"):
            for name, spec in schema.get(section, {}).items():
                if name not in inputs:
                    if section == "required":
                        problems.append(_missing(name))
                elif isinstance(inputs[name], list):
                    ok &= self._check_link(inputs[name], name, spec, problems)
                else:
                    self._check_value(inputs, name, spec, problems)
        self._open.discard(node_id)
        self.found[node_id] = problems
        if problems or not ok:
            self._bad.add(node_id)
        return node_id not in self._bad

    def _check_link(
        self, link: list[Any], name: str, spec: list[Any], problems: list[Problem]
    ) -> bool:
        """Follow a link; its problems belong to this node unless they are the source's own."""
        if len(link) != 2:
            problems.append(
                _problem(
                    "bad_linked_input",
                    "Bad linked input, must be a length-2 list of [node_id, slot_index]",
                    name,
                    {"input_name": name, "input_config": spec, "received_value": link},
                )
            )
            return False
        source, slot = link
        returns = tuple(self._schemas[self._graph[source]["class_type"]]["output"])
        received, wanted = returns[slot], spec[0]
        if received != wanted:
            problems.append(
                _problem(
                    "return_type_mismatch",
                    "Return type mismatch between linked nodes",
                    f"{name}, received_type({received}) mismatch input_type({wanted})",
                    {
                        "input_name": name,
                        "input_config": spec,
                        "received_type": received,
                        "linked_node": link,
                    },
                )
            )
            return False
        try:
            return self.check(source)
        except (KeyError, IndexError) as error:
            # ComfyUI notices a broken source one node downstream, and blames the source's id
            # with the name of the input that led there.
            extra = {"input_name": name, "input_config": spec, "linked_node": link}
            self.found[source] = [_exception("exception_during_inner_validation", error, extra)]
            self._bad.add(source)
            return False

    def _check_value(
        self, inputs: dict[str, Any], name: str, spec: list[Any], problems: list[Problem]
    ) -> None:
        value = inputs[name]
        if isinstance(value, dict) and "__value__" in value:
            value = value["__value__"]
        kind = spec[0]
        options = spec[1] if len(spec) > 1 else {}
        about = {"input_name": name, "input_config": spec}
        if isinstance(kind, str) and kind in CONVERTERS:
            try:
                value = CONVERTERS[kind](value)
            except (TypeError, ValueError) as error:
                problems.append(
                    _problem(
                        "invalid_input_type",
                        f"Failed to convert an input value to a {kind} value",
                        f"{name}, {value}, {error}",
                        {**about, "received_value": value, "exception_message": str(error)},
                    )
                )
                return
        inputs[name] = value
        if "image_upload" in options:
            if not self._file_exists(value):
                problems.append(_invalid_file(name, value))
            return
        problems += _out_of_range(value, name, options, about)
        if isinstance(kind, list) and value not in kind:
            problems.append(_not_in_list(value, name, kind, spec))


def _out_of_range(
    value: Any, name: str, options: Mapping[str, Any], about: Problem
) -> list[Problem]:
    extra = {**about, "received_value": value}
    if "min" in options and value < options["min"]:
        message = f"Value {value} smaller than min of {options['min']}"
        return [_problem("value_smaller_than_min", message, name, extra)]
    if "max" in options and value > options["max"]:
        message = f"Value {value} bigger than max of {options['max']}"
        return [_problem("value_bigger_than_max", message, name, extra)]
    return []


def _not_in_list(value: Any, name: str, choices: list[Any], spec: list[Any]) -> Problem:
    is_long = len(choices) > LONG_LIST
    shown = f"(list of length {len(choices)})" if is_long else str(choices)
    return _problem(
        "value_not_in_list",
        "Value not in list",
        f"{name}: '{value}' not in {shown}",
        {
            "input_name": name,
            "input_config": None if is_long else spec,
            "received_value": value,
        },
    )


def _missing(name: str) -> Problem:
    return _problem(
        "required_input_missing", "Required input is missing", name, {"input_name": name}
    )


def _invalid_file(name: str, value: Any) -> Problem:
    return _problem(
        "custom_validation_failed",
        "Custom validation failed for node",
        f"{name} - Invalid image file: {value}",
        {"input_name": name},
    )


def _exception(kind: str, error: Exception, extra: Problem) -> Problem:
    inner = "inner " if "inner" in kind else ""
    return _problem(
        kind,
        f"Exception when validating {inner}node",
        str(error),
        {
            **extra,
            "exception_message": str(error),
            "exception_type": type(error).__name__,
            "traceback": [],
        },
    )


def _problem(kind: str, message: str, details: str, extra: Problem) -> Problem:
    return {"type": kind, "message": message, "details": details, "extra_info": extra}


def _error(kind: str, message: str, details: str) -> Problem:
    return _problem(kind, message, details, {})


def _refuse(kind: str, message: str, details: str) -> Verdict:
    return Verdict(error=_error(kind, message, details))
