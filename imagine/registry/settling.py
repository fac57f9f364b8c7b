"""The parameters of a workflow on one engine: their bounds, choices and defaults.

What an entry leaves open is filled from the nodes that it feeds and from its graph, so that a form,
a flag and a check see the same. Apart from the check of what is given, which needs no engine.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from imagine.catalog import Catalog, InputSchema
from imagine.importing.bounds import Range
from imagine.importing.fields import DRAWN, ParameterType
from imagine.importing.lora_slots import NO_LORA
from imagine.profiles import Profiles
from imagine.prompt_tokens import printable
from imagine.registry.entries import (
    FILES,
    LONGEST_TEXT,
    NAMES,
    NOUNS,
    NUMBERS,
    Entry,
    Parameter,
)
from imagine.registry.fed import Fed, first_value
from imagine.registry.filling import is_needed
from imagine.registry.installed import StandIns
from imagine.repair import plain_range, some

Choice: TypeAlias = bool | int | float | str


def settle(entry: Entry, catalog: Catalog | None, profiles: Profiles) -> tuple[Parameter, ...]:
    """Return the parameters as an engine has them: with bounds, choices and defaults.

    The nodes narrow what the entry says, and never widen it. A default is None where nothing would
    do: for files that are brought, and for names of which nothing fitting is installed. Such a file
    is required where the graph makes nothing without it.
    """
    settling = _Settling(entry, catalog, profiles)
    return tuple(settling.settled(parameter) for parameter in entry.parameters)


def range_of(parameter: Parameter) -> str:
    """Return in short what a settled parameter takes: ``1–60``."""
    match parameter.type:
        case ParameterType.BOOL:
            return "true or false"
        case ParameterType.INT | ParameterType.SEED | ParameterType.FLOAT:
            if parameter.min is None and parameter.max is None:
                return "a number" if parameter.type is ParameterType.FLOAT else "a whole number"
            return plain_range(parameter.min, parameter.max)
        case ParameterType.CHOICE:
            return some(parameter.choices) if parameter.choices else "a text"
        case ParameterType.MODEL | ParameterType.LORA:
            return "an installed file, or a part of its name"
        case ParameterType.IMAGE | ParameterType.MASK | ParameterType.VIDEO | ParameterType.AUDIO:
            return f"the link of a {NOUNS[parameter.type]}"
        case _:
            return f"up to {LONGEST_TEXT} characters"


class _Settling:
    """One entry, while what it leaves open is filled."""

    def __init__(self, entry: Entry, catalog: Catalog | None, profiles: Profiles) -> None:
        self.entry = entry
        self.catalog = catalog
        self.fed = Fed(entry.graph, catalog)
        self.stand_ins = StandIns(catalog, profiles, entry.family) if catalog is not None else None

    def settled(self, parameter: Parameter) -> Parameter:
        schemas = self.fed.schemas(parameter)
        changes: dict[str, Any] = {}
        if parameter.type in NUMBERS:
            changes = self._number(parameter, schemas)
        elif parameter.type in (ParameterType.CHOICE, *NAMES):
            now = first_value(self.entry.graph, parameter.feeds)
            changes["choices"] = narrowed_choices(parameter, schemas, now)
        elif parameter.type in FILES:
            changes["required"] = parameter.required or self._is_needed(parameter)
        made = parameter.model_copy(update=changes)
        return made.model_copy(update={"default": self._default(made, schemas)})

    def _is_needed(self, file: Parameter) -> bool:
        return self.catalog is not None and is_needed(self.entry, file, self.catalog)

    def _number(self, parameter: Parameter, schemas: Sequence[InputSchema]) -> dict[str, Any]:
        bounds = self.fed.narrowed(parameter)
        steps = (schema.step for schema in schemas if schema.step is not None)
        usual = None if parameter.type is ParameterType.FLOAT else 1
        step = parameter.step if parameter.step is not None else next(steps, usual)
        return {"min": bounds.low, "max": bounds.high, "step": step}

    def _default(self, parameter: Parameter, schemas: Sequence[InputSchema]) -> Choice | None:
        default = parameter.default
        if default is None and parameter.type is ParameterType.SEED:
            return DRAWN
        if default is None and parameter.type not in FILES:
            default = _as_type(parameter.type, self._standing(parameter, schemas))
        match parameter.type:
            case ParameterType.INT | ParameterType.FLOAT:
                return _clamped(default, Range(parameter.min, parameter.max))
            case ParameterType.MODEL | ParameterType.LORA:
                return self._name(parameter, default)
            case ParameterType.CHOICE:
                found = among(default, parameter.choices)
                return found if found is not None else default
            case _:
                # A graph may hold what no database takes, and nothing else would keep it out.
                return printable(default) if isinstance(default, str) else default

    def _standing(self, parameter: Parameter, schemas: Sequence[InputSchema]) -> object:
        """Return what the graph has; what it leaves out, ComfyUI's page would fill in."""
        value = first_value(self.entry.graph, parameter.feeds)
        if value is None and parameter.type not in NAMES:
            return next((schema.default for schema in schemas), None)
        return value

    def _name(self, parameter: Parameter, wanted: Choice | None) -> Choice | None:
        """Return the file to load when nobody says which."""
        name = wanted if isinstance(wanted, str) else None
        if self.stand_ins is None or name == "":
            return name
        node_id, input_name = parameter.feeds[0]
        class_type = str(self.entry.graph[node_id].get("class_type"))
        choices = [choice for choice in parameter.choices if isinstance(choice, str)]
        is_none = name is not None and name.lower() in NO_LORA and name not in choices
        if is_none and parameter.type is ParameterType.LORA:
            return ""  # some loaders have a name for it, which others do not know
        if not choices and self.fed.schema(parameter.feeds[0]) is None:
            return name  # the node is missing, which is told of it
        return self.stand_ins.find(name, choices, class_type, input_name)


def narrowed_choices(
    parameter: Parameter, schemas: Sequence[InputSchema], now: object
) -> tuple[Choice, ...]:
    """Return what can be chosen: what the entry lists, as far as all nodes take it.

    ``now``: what the graph has. Where they have nothing in common, what the entry lists.
    """
    found: tuple[Choice, ...] = parameter.choices
    for schema in schemas:
        if schema.choices is None or not schema.choices.is_closed:
            continue
        theirs = tuple(
            one for one in schema.choosable(now) if isinstance(one, bool | int | float | str)
        )
        common = tuple(one for one in found if among(one, theirs) is not None)
        found = common or found or theirs
    return found


def _as_type(type_: ParameterType, value: object) -> Choice | None:
    """Return a value of a graph as a parameter has it; None when it is no such value."""
    match type_:
        case ParameterType.BOOL:
            return value if isinstance(value, bool) else None
        case ParameterType.INT | ParameterType.FLOAT:
            try:
                number = float(value) if isinstance(value, str | int | float) else math.nan
            except (ValueError, OverflowError):
                return None
            if not math.isfinite(number) or isinstance(value, bool):
                return None
            if type_ is ParameterType.FLOAT:
                return value if isinstance(value, int | float) else number
            return int(number)
        case ParameterType.CHOICE:
            return value if isinstance(value, bool | int | float | str) else None
        case _:
            return value if isinstance(value, str) else None


def _clamped(value: Choice | None, bounds: Range) -> Choice | None:
    if value is None or isinstance(value, str):
        return None
    if bounds.low is not None and value < bounds.low:
        return bounds.low
    return bounds.high if bounds.high is not None and value > bounds.high else value


def among(value: object, choices: Sequence[Choice]) -> Choice | None:
    """Return a choice that is the very same: true is not 1."""
    is_bool = isinstance(value, bool)
    return next((one for one in choices if one == value and isinstance(one, bool) == is_bool), None)
