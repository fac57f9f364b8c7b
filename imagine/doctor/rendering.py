"""A diagnosis as a person reads it: lines for the terminal, and a report for a bug report."""

import json
import platform
from collections.abc import Iterator, Mapping
from itertools import groupby

from imagine.doctor.checks import Check, Diagnosis, Status
from imagine.doctor.redaction import Redactor
from imagine.settings import display, is_table
from imagine.settings_sources import Loaded

MARKS: Mapping[Status, str] = {
    Status.OK: "ok",
    Status.WARNING: "WARNING",
    Status.FAILED: "FAILED",
    Status.SKIPPED: "-",
}
HELP = "What each check means: docs/troubleshooting.md"


def lines(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what ``imagine doctor`` prints; what was skipped for one reason is one line."""
    width = max(len(check.id) for check in diagnosis.checks)
    place = ""
    for (where, skipped_for), group in groupby(diagnosis.checks, _together):
        checks = list(group)
        if where != place:
            yield from ("", where) if place else (where,)
            place = where
        if skipped_for is not None and len(checks) > 1:
            yield f"  {MARKS[Status.SKIPPED]:<8}{f'{len(checks)} more':<{width}}  {skipped_for}"
            continue
        for check in checks:
            yield f"  {MARKS[check.status]:<8}{check.id:<{width}}  {check.message}"
            if check.fix:
                yield f"          Fix: {check.fix}"
    yield ""
    yield summary(diagnosis)
    if diagnosis.count(Status.FAILED) or diagnosis.count(Status.WARNING):
        yield HELP


def _together(check: Check) -> tuple[str, str | None]:
    return place_of(check), check.message if check.status is Status.SKIPPED else None


def place_of(check: Check) -> str:
    """Return the heading under which a check stands: an engine each has one of its own."""
    area = check.id.partition(".")[0]
    named = check.details.get("engine") or check.details.get("server")
    return f"{area} {named}" if named else area


def summary(diagnosis: Diagnosis) -> str:
    counts = {status: diagnosis.count(status) for status in Status}
    failures, warnings = counts[Status.FAILED], counts[Status.WARNING]
    told = [
        f"{failures} failed" if failures else "",
        f"{warnings} {'warning' if warnings == 1 else 'warnings'}" if warnings else "",
        f"{counts[Status.OK]} ok",
        f"{counts[Status.SKIPPED]} not checked" if counts[Status.SKIPPED] else "",
    ]
    return ", ".join(part for part in told if part) + "."


def report(diagnosis: Diagnosis, loaded: Loaded, redactor: Redactor) -> str:
    """Return Markdown to paste into a bug report, without anything private."""
    return "\n".join(_report(redactor.diagnosis(diagnosis), loaded, redactor)) + "\n"


def _report(diagnosis: Diagnosis, loaded: Loaded, redactor: Redactor) -> Iterator[str]:
    yield "## Imagine doctor"
    yield ""
    yield f"- Imagine {diagnosis.version}, looked at {diagnosis.checked_at}"
    yield f"- Python {platform.python_version()}, {platform.platform()}"
    yield f"- {summary(diagnosis)}"
    yield ""
    yield "### Settings that are not the defaults"
    yield ""
    own = [name for name, source in loaded.sources.items() if source != "default"]
    for name in own:
        value, source = _setting(loaded, name), loaded.sources[name]
        yield redactor.text(f"- `{name}` = `{value}` ({source})")
    if not own:
        yield "None."
    for check in diagnosis.checks:
        yield ""
        yield f"### {MARKS[check.status]} `{check.id}`"
        yield ""
        yield check.message
        if check.fix:
            yield f"Fix: {check.fix}"
        if check.details:
            yield f"`{json.dumps(dict(check.details), ensure_ascii=False)}`"


def _setting(loaded: Loaded, name: str) -> str:
    """Write a setting; presets and versions are somebody's words, so they are only counted."""
    value = getattr(loaded.settings, name)
    return f"{len(value)} entries" if is_table(name) else display(value)
