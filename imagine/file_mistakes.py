"""What is wrong in a file that people edit, in words: what pydantic finds, said to a person.

Workflows and characters are such files; settings and requests have sentences of their own.
"""

from collections.abc import Mapping

from pydantic_core import ErrorDetails

# Which of several types was tried ends the place of a mistake, and is no part of the file.
_TYPES = frozenset({"int", "float", "bool", "str"})
_PLAIN: Mapping[str, str] = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "string_type": "it takes a text",
    "string_too_short": "it may not be empty",
    "tuple_type": "it takes a list, in [ ]",
    "list_type": "it takes a list, in [ ]",
    "dict_type": "it takes a table",
    "model_type": "it takes a table",
}
_NUMBERS = ("int_", "float_", "finite_number")


def place_of(problem: ErrorDetails) -> tuple[str | int, ...]:
    """Return where in the file a mistake stands: its tables, places and names."""
    place = problem["loc"]
    return place[:-1] if len(place) > 1 and place[-1] in _TYPES else place


def mistake(problem: ErrorDetails, spellings: Mapping[str, str]) -> str:
    """Return what is wrong and what would do, without a full stop.

    ``spellings``: what may be written where a pattern stands, by pattern.
    """
    kind, allowed = problem["type"], problem.get("ctx", {})
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind.startswith(_NUMBERS):
        return "it takes a number"
    if kind.startswith("bool_"):
        return "it takes true or false"
    match kind:
        case "string_pattern_mismatch":
            return f"it takes {spellings.get(allowed['pattern'], 'other characters')}"
        case "enum" | "literal_error":
            return f"it takes {allowed['expected']}"
        case "greater_than_equal":
            return f"it is at least {allowed['ge']}"
        case "less_than_equal":
            return f"it is at most {allowed['le']}"
        case "too_short":
            return f"it takes at least {allowed['min_length']}"
        case "too_long" | "string_too_long":
            return f"it takes at most {allowed['max_length']}"
        case _:
            said = problem["msg"].removeprefix("Value error, ")
            return said[:1].lower() + said[1:]
