"""``imagine doctor``: the checks in the terminal, for programs, or as a report."""

import asyncio
import json
import sys
from collections.abc import Iterator
from enum import StrEnum

from imagine.doctor.checks import Diagnosis, Status
from imagine.doctor.diagnosis import diagnose
from imagine.doctor.redaction import Redactor
from imagine.doctor.rendering import lines, report
from imagine.settings_sources import Loaded


class Form(StrEnum):
    """How the checks are printed."""

    LINES = "lines"
    JSON = "json"
    REPORT = "report"


def run(loaded: Loaded, *, address: str, is_named: bool, form: Form) -> int:
    """Look, print, and return the exit code: 1 when a check failed."""
    return asyncio.run(_run(loaded, address, is_named, form))


async def _run(loaded: Loaded, address: str, is_named: bool, form: Form) -> int:
    diagnosis = await diagnose(loaded, address, is_named=is_named)
    # Printed before the loop ends, which may wait for a name server that does not answer.
    for line in _printed(diagnosis, loaded, address, form):
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return 1 if diagnosis.count(Status.FAILED) else 0


def _printed(diagnosis: Diagnosis, loaded: Loaded, address: str, form: Form) -> Iterator[str]:
    match form:
        case Form.LINES:
            yield from lines(diagnosis)
        case Form.JSON:
            yield json.dumps(diagnosis.body(), ensure_ascii=False)
        case Form.REPORT:
            redactor = Redactor(loaded.settings, hosts=(address,))
            yield from report(diagnosis, loaded, redactor).splitlines()
