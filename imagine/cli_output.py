"""What the command line shows of a prompt: carets under a problem, and neat columns."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len

# Units: terminal cells. A longer prompt is cut around its problem.
EXCERPT_CELLS = 76
LEAD_CELLS = 24

# What offline is not known yet.
LEFT_OPEN = {"seed": "drawn when it is made", "model": "the best one installed"}


def problem_lines(prompt: str, error: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that tell one error object of the API, with a caret under each span."""
    details = error.get("details") or ()
    for detail in details:
        if detail.get("start") is not None and detail.get("end") is not None:
            yield ""
            yield from underlined(prompt, detail["start"], detail["end"])
        message = detail.get("message") or error.get("message") or ""
        yield f"  {message}"
        if (allowed := detail.get("allowed")) and allowed not in message:
            yield f"  It takes {allowed}."
        if (near := detail.get("suggestion")) and f"mean {near}?" not in message:
            yield f"  Did you mean {near}?"
    if not details:
        yield error.get("message") or "The server gave no reason."
    if error.get("hint"):
        yield error["hint"]


def underlined(prompt: str, start: int, end: int) -> tuple[str, str]:
    """Return the part of a prompt around a span, and carets under the span.

    Units: ``start`` and ``end`` count code points.
    """
    shown = "".join(" " if unicodedata.category(char) == "Cc" else char for char in prompt)
    end = max(start + 1, end)
    first = start
    while first > 0 and cell_len(shown[first - 1 : start]) <= LEAD_CELLS:
        first -= 1
    if cell_len(shown) <= EXCERPT_CELLS:
        first = 0
    last = len(shown)
    while last > start and cell_len(shown[first:last]) > EXCERPT_CELLS:
        last -= 1
    before, after = "…" if first else "", "…" if last < len(shown) else ""
    indent = " " * cell_len(before + shown[first:start])
    carets = "^" * max(1, cell_len(shown[start : min(end, last)]))
    return f"  {before}{shown[first:last]}{after}", f"  {indent}{carets}"


def columns(rows: Iterable[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Yield rows with aligned columns."""
    table = [tuple(row) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        yield (indent + "  ".join(cells)).rstrip()


def parsed_lines(prompt: str, body: Mapping[str, Any]) -> Iterator[str]:
    """Yield what ``imagine parse`` shows of a body of ``POST /api/parse``."""
    if body["errors"]:
        yield from problem_lines(prompt, {"details": body["errors"]})
        return
    if len(body["jobs"]) > 1:
        yield f"{len(body['jobs'])} jobs"
    for number, job in enumerate(body["jobs"]):
        if number:
            yield ""
        yield from columns(_job_rows(job))
        for note in job["notes"]:
            yield f"  {note['level']}: {note['message']}"


def _job_rows(job: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "text", _shown(job["text"])
    if len(job["segments"]) > 1:
        yield "parts", " · ".join(f"{_shown(p['text'])} × {p['weight']:g}" for p in job["segments"])
    if job["images"]:
        yield "images", " ".join(map(_shown, job["images"]))
    yield "size", f"{job['width']} × {job['height']}"
    for name, value in job["parameters"].items():
        if name not in ("width", "height"):
            shown = _shown(value) if value is not None else LEFT_OPEN.get(name, "-")
            yield name.replace("_", " "), shown
    yield "canonical", _shown(job["canonical"])


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(map(_shown, value))
        case {"value": inner, "weight": weight}:
            return f"{inner}::{weight:g}"
        case _:
            return "".join(
                " " if unicodedata.category(char) == "Cc" else char for char in str(value)
            )
