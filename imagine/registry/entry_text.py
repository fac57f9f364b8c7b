"""The file of an entry, in TOML or JSON: read into an entry, and written by the import.

Beside it lies the graph, as ComfyUI exports it. What is wrong is told with its line.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from imagine.errors import WorkflowError
from imagine.file_mistakes import mistake, place_of
from imagine.importing.documents import Format, recognise
from imagine.importing.parameters import Rank
from imagine.registry.entries import SPELLINGS, Entry, Parameter, Source, wrong_feeds
from imagine.registry.entry_lines import line_of, toml_fault

# Units: characters.
LONGEST_FILE = 2_000_000
# What the file does not say, but where it lies.
_PLACED = ("source", "file")


class Notation(StrEnum):
    """How an entry is written down; both say the same."""

    TOML = "toml"
    JSON = "json"


class BrokenEntryError(Exception):
    """An entry that cannot be used, with the line of its file where that shows."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def read_text(text: str, notation: Notation) -> dict[str, Any]:
    """Return what the file of an entry says, before it is checked.

    Raises:
        BrokenEntryError: it is no TOML, or no JSON object.
    """
    try:
        told = tomllib.loads(text) if notation is Notation.TOML else json.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenEntryError(*toml_fault(error, text)) from error
    except json.JSONDecodeError as error:
        raise BrokenEntryError(f"This is no JSON: {error.msg}.", error.lineno) from error
    except RecursionError as error:
        raise BrokenEntryError("It is nested too deep.") from error
    except ValueError as error:  # a number with thousands of digits
        raise BrokenEntryError(f"It cannot be read: {error}.") from error
    if not isinstance(told, dict):
        raise BrokenEntryError("It is JSON, but no object.", 1)
    return told


def read_graph(data: bytes, name: str) -> Mapping[str, Any]:
    """Return the graph beside an entry.

    Raises:
        BrokenEntryError: it is none that ComfyUI runs.
    """
    try:
        form, graph = recognise(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise BrokenEntryError(f"{name} is no JSON: {error}.") from error
    except WorkflowError as error:
        raise BrokenEntryError(f"{name}: {error.message}") from error
    if form is Format.UI:
        raise BrokenEntryError(
            f"{name} is a workflow as ComfyUI's page keeps it. "
            f"Import it with `imagine workflow add {name}`, or export it with Export (API)."
        )
    return graph


def make_entry(
    told: Mapping[str, Any],
    graph: Mapping[str, Any],
    *,
    stem: str,
    source: Source,
    file: str,
    text: str = "",
    notation: Notation = Notation.TOML,
) -> Entry:
    """Return the entry that a file tells. ``text`` is what the file holds, to find lines in.

    Raises:
        BrokenEntryError: something in it cannot be.
    """

    def line(path: tuple[str | int, ...]) -> int | None:
        return line_of(text, path, is_toml=notation is Notation.TOML)

    for name in _PLACED:
        if name in told:
            raise BrokenEntryError(f"There is no {name} here.", line((name,)))
    own = {"id": stem.lower(), "name": stem.replace("_", " ").capitalize(), **told, "graph": graph}
    try:
        entry = Entry.model_validate({**own, "source": source, "file": file})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = place_of(problem)
        where = ".".join(map(str, place))
        reason = mistake(problem, SPELLINGS)
        raise BrokenEntryError(f"{where}: {reason}.".removeprefix(": "), line(place)) from error
    for at, parameter in enumerate(entry.parameters):
        for problem_ in wrong_feeds(parameter, graph):
            raise BrokenEntryError(f"{problem_}.", line(("parameters", at, "feeds")))
    return entry


def write_entry(entry: Entry, graph: str) -> str:
    """Return an entry as TOML for a person to edit. ``graph``: the name of the file beside it."""
    return "\n".join(_lines(entry, graph)) + "\n"


def _lines(entry: Entry, graph: str) -> Iterator[str]:
    names = ("id", "name", "description", "category", "family", "version", "max_batch_size")
    for name in names:
        if (value := getattr(entry, name)) != "":
            yield f"{name} = {_value(value)}"
    yield f"graph = {_value(graph)}"
    if entry.picture is not None:
        yield f"picture = {_value(entry.picture)}"
    if entry.notes:
        yield f"notes = {_value(list(entry.notes))}"
    if entry.example.prompt is not None or entry.example.parameters:
        yield ""
        yield "[example]"
        if entry.example.prompt is not None:
            yield f"prompt = {_value(entry.example.prompt)}"
        if entry.example.parameters:
            yield f"parameters = {_value(dict(entry.example.parameters))}"
    for parameter in entry.parameters:
        yield ""
        yield "[[parameters]]"
        yield from _parameter_lines(parameter)


def _parameter_lines(parameter: Parameter) -> Iterator[str]:
    yield f"name = {_value(parameter.name)}"
    yield f"type = {_value(parameter.type.value)}"
    for name in ("label", "description", "default", "min", "max", "step"):
        if (value := getattr(parameter, name)) not in (None, "") or (
            name == "default" and value == ""
        ):
            yield f"{name} = {_value(value)}"
    if parameter.required:
        yield "required = true"
    if parameter.choices:
        yield f"choices = {_value(list(parameter.choices))}"
    if parameter.rank is not Rank.MAIN:
        yield f"rank = {_value(parameter.rank.value)}"
    yield f"feeds = {_value([_feed(*feed) for feed in parameter.feeds])}"


def _feed(node_id: str, name: str) -> str | list[str]:
    """Write a feed as `read_feed` reads it: a pair where a text would be read otherwise."""
    is_plain = node_id and name and "." not in node_id
    return f"{node_id}.{name}" if is_plain else [node_id, name]


def _value(value: Any) -> str:
    """Write a value as TOML: its texts, numbers and lists are those of JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
