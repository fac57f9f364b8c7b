"""Which line of an entry's file says what, for errors that a person can find.

Apart from the reading, since neither TOML nor JSON comes with places.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\"-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*=")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}:,]|[^\s][^\s\][{}:,"]*')


def line_of(text: str, path: Sequence[str | int], *, is_toml: bool) -> int | None:
    """Return the line, from 1, that says what stands at a path, or at what is around it."""
    places = dict(_toml_places(text) if is_toml else _json_places(text))
    for length in range(len(path), 0, -1):
        if (line := places.get(tuple(path[:length]))) is not None:
            return line
    return None


def toml_fault(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int]:
    """Return in a sentence why a text is no TOML, and the line where that shows."""
    reason, _, place = str(error).partition(" (at ")
    found = re.match(r"line (\d+)", place)
    line = int(found[1]) if found else text.rstrip().count("\n") + 1
    return f"This is no TOML: {reason}.", line


def _toml_places(text: str) -> Iterator[tuple[Path, int]]:
    counts: dict[str, int] = {}
    table: Path = ()
    for line, content in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(content):
            name = header[2].strip('"')
            table = tuple(name.split("."))
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (*table, counts[name])
            yield table, line
        elif key := _KEY.match(content):
            yield (*table, key[1].strip('"')), line


def _json_places(text: str) -> Iterator[tuple[Path, int]]:
    around: list[str | int] = []
    opened: list[str] = []
    pending: str | None = None
    for found in _TOKEN.finditer(text):
        token, line = found[0], text.count("\n", 0, found.start()) + 1
        if token in "]}":
            if opened:
                opened.pop()
                around.pop()
            continue
        if token == ",":
            if opened and opened[-1] == "[":
                last = around[-1]
                around[-1] = last + 1 if isinstance(last, int) else 0
            continue
        if token == ":":
            if around:
                around[-1] = pending or ""
                yield tuple(around), line
            continue
        if opened and opened[-1] == "[":
            yield tuple(around), line
        if token in "[{":
            opened.append(token)
            around.append(0 if token == "[" else "")
        elif token.startswith('"'):
            pending = token[1:-1]
