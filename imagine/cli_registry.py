"""``imagine workflow add`` and ``imagine workflow list``: the workflows of a server or a folder.

A running server is asked first, since it knows its folder and its engines. Where none runs, the
folder of the settings is read and written here.
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from imagine.catalog import Catalog
from imagine.cli_client import TIMEOUT, Api, Exit, RefusedError, UnreachableError, Wire
from imagine.cli_output import columns
from imagine.cli_workflow import ask_engines
from imagine.errors import ImagineError
from imagine.importing.documents import FILE_LIMIT
from imagine.profiles import Profiles
from imagine.workflow_files import Registry
from imagine.workflow_shelf import Shelf

HEADINGS = ("id", "name", "category", "gives", "")
# Units: characters.
_LONGEST_REASON = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where the workflows are: behind a server, or, when it does not answer, in a folder.

    ``is_named``: somebody named the server, and means no other place. ``engines`` are asked for
    their nodes when the folder is read here.
    """

    server: str
    is_named: bool
    folder: Path
    engines: Sequence[str]
    profiles: Profiles


def add(path: Path, place: Place, *, id_: str | None, name: str | None, as_json: bool) -> Exit:
    """Bring in a workflow and print what became of it; errors are told, not raised."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
        told = asyncio.run(_add(place, data, path.name, id_, name))
    except OSError as error:
        return _told(f"{path} cannot be read: {error.strerror or error}.", Exit.BAD_PROMPT)
    except UnreachableError as error:
        return _told(str(error), Exit.UNREACHABLE)
    except RefusedError as refused:
        code = Exit.BAD_PROMPT if refused.status in (400, 413, 422) else Exit.FAILED
        hint = refused.error.get("hint")
        return _told(f"{path}: {refused}" + (f"\n{hint}" if hint else ""), code)
    except ImagineError as error:
        code = Exit.BAD_PROMPT if error.status < 500 else Exit.FAILED
        return _told(f"{path}: {error.message}" + (f"\n{error.hint}" if error.hint else ""), code)
    if as_json:
        _print(json.dumps(told, ensure_ascii=False))
    else:
        for line in added_lines(told):
            _print(line)
    return Exit.DONE


async def _add(place: Place, data: bytes, file: str, id_: str | None, name: str | None) -> Wire:
    query = {key: value for key, value in (("id", id_), ("name", name)) if value is not None}
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            return await Api(session, place.server).add_workflow(data, file, query)
    except UnreachableError:
        if place.is_named:
            raise
    shelf = await _own_shelf(place)
    entry = await shelf.add(data, id_=id_, name=name, file=file)
    told = (await shelf.shown()).workflows[entry.id]
    return {"workflow": dict(told), "notes": list(entry.notes), "file": str(place.folder)}


def list_all(place: Place, *, as_json: bool) -> Exit:
    """Print the workflows; errors are told, not raised."""
    try:
        told = asyncio.run(_list(place))
    except UnreachableError as error:
        return _told(str(error), Exit.UNREACHABLE)
    except RefusedError as refused:
        return _told(str(refused), Exit.FAILED)
    if as_json:
        _print(json.dumps(told, ensure_ascii=False))
    else:
        for line in listed_lines(told):
            _print(line)
    return Exit.DONE


async def _list(place: Place) -> Wire:
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            return await Api(session, place.server).get("/api/workflows")
    except UnreachableError:
        if place.is_named:
            raise
    shown = await (await _own_shelf(place)).shown()
    return {"workflows": [dict(one) for one in shown.workflows.values()], "broken": shown.broken}


async def _own_shelf(place: Place) -> Shelf:
    """Return the folder of the settings, with the first ComfyUI that tells its nodes."""
    catalog = (await ask_engines(None, place.engines)).catalog

    def known() -> Catalog | None:
        return catalog

    registry = Registry(place.folder, catalog=known, profiles=place.profiles)
    return Shelf(registry, place.profiles, known)


def added_lines(told: Wire) -> Iterator[str]:
    """Yield what a person is told of a workflow that came in."""
    made = told["workflow"]
    where = f" in {told['file']}" if "file" in told else ""
    yield f"{made['name']} is the workflow {made['id']}{where} now."
    yield from (f"Note: {note}" for note in told["notes"])
    if not made["available"]:
        yield f"It cannot run yet: {made['reason']}"
    names = " ".join(
        one["flag"] for one in made["parameters"] if one["flag"] and one["rank"] == "main"
    )
    yield f'imagine prompt "… --workflow {made["id"]}"' + (f" takes {names}" if names else "")


def listed_lines(told: Wire) -> Iterator[str]:
    """Yield the table of the workflows, and the files that stay out."""
    rows = [HEADINGS, *(_row(one) for one in told["workflows"])]
    yield from columns(rows, indent="")
    for one in told["broken"]:
        line = f", line {one['line']}" if one["line"] is not None else ""
        yield f"{one['file']}{line} stays out: {one['message']}"


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    reason = "" if one["available"] else str(one["reason"])
    if len(reason) > _LONGEST_REASON:
        reason = f"{reason[: _LONGEST_REASON - 1]}…"
    return (one["id"], one["name"], one["category"], ", ".join(one["outputs"]), reason)


def _told(text: str, code: Exit) -> Exit:
    sys.stderr.write(f"{text}\n")
    return code


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
