"""``imagine queue``: how long the line of a running server is, and pausing or clearing it.

A client of the public API like any other, as ``imagine prompt`` is.
"""

import asyncio
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import aiohttp

from imagine.cli_client import TIMEOUT, Api, Exit, RefusedError, UnreachableError
from imagine.cli_output import columns


class Order(StrEnum):
    """What can be done with the line."""

    PAUSE = "pause"
    RESUME = "resume"
    CLEAR = "clear"


def run(order: Order | None, *, server: str) -> Exit:
    """Do something with the line of a server, and show it; errors are told, not raised."""
    try:
        canceled, line = asyncio.run(_ask(order, server))
    except UnreachableError as error:
        sys.stderr.write(f"{error}\n")
        return Exit.UNREACHABLE
    except RefusedError as refused:
        hint = refused.error.get("hint")
        sys.stderr.write(f"{refused}{f' {hint}' if hint else ''}\n")
        return Exit.FAILED
    if canceled is not None:
        sys.stdout.write(f"Canceled {canceled} {'set' if canceled == 1 else 'sets'}.\n")
    for text in queue_lines(line):
        sys.stdout.write(f"{text}\n")
    return Exit.DONE


async def _ask(order: Order | None, server: str) -> tuple[int | None, dict[str, Any]]:
    """Return how many were canceled, if the line was cleared, and the line."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        api = Api(session, server)
        if order is None:
            return None, await api.get("/api/queue")
        told = await api.post(f"/api/queue/{order}")
        if order is not Order.CLEAR:
            return None, told
        return len(told["jobs"]), await api.get("/api/queue")


def queue_lines(line: dict[str, Any]) -> Iterator[str]:
    """Yield how many run and wait, and why nobody begins."""
    rows = [("running", str(line["running"])), ("waiting", str(line["waiting"]))]
    if (reason := line["reason"]) is not None:
        rows.append(("paused", f"{reason['message']} {reason['hint'] or ''}".rstrip()))
    yield from columns(rows, indent="")
