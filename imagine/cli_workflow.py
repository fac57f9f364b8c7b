"""``imagine workflow show``: what a workflow file holds, and whether it would run here.

The file is read in this process. For the node list it asks ComfyUI itself, since that is far too
large for a route of ours: where a server of ours says that its engines are, or the settings.
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
from imagine.cli_client import TIMEOUT, Api, Exit, RefusedError, UnreachableError
from imagine.cli_output import columns
from imagine.errors import WorkflowError
from imagine.importing.bounds import BOUNDLESS
from imagine.importing.documents import FILE_LIMIT
from imagine.importing.fields import DRAWN, ParameterType
from imagine.importing.parameters import Parameter, Rank
from imagine.importing.reading import Imported, read_workflow
from imagine.repair import plain_number

# The node list of an engine with many packs has some 20 MB, which takes its time to be made.
ASK_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=5)

_FORMATS = {
    ("ui", "json"): "workflow as ComfyUI’s page keeps it",
    ("api", "json"): "workflow exported for programs (API)",
}
_TAKES = {
    ParameterType.INT: "whole number",
    ParameterType.FLOAT: "number",
    ParameterType.BOOL: "yes or no",
    ParameterType.IMAGE: "picture",
    ParameterType.AUDIO: "sound",
}
# Units: characters, entries.
_LONGEST_DEFAULT = 40
_MOST_CHOICES = 5


@dataclass(frozen=True, slots=True)
class Engine:
    """The ComfyUI that was asked; ``catalog`` is None when none of ``asked`` answers."""

    asked: tuple[str, ...]
    url: str | None = None
    catalog: Catalog | None = None


def show(path: Path, *, server: str | None, engines: Sequence[str], as_json: bool) -> Exit:
    """Print what a workflow file holds; errors are told, not raised.

    ``server``: an Imagine whose engines are asked; without one ``engines`` are.
    """
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        return _told(f"{path} cannot be read: {error.strerror or error}.", Exit.BAD_PROMPT)
    try:
        engine = asyncio.run(ask_engines(server, engines))
        imported = read_workflow(data, engine.catalog)
    except UnreachableError as error:
        return _told(str(error), Exit.UNREACHABLE)
    except RefusedError as refused:
        return _told(str(refused), Exit.FAILED)
    except WorkflowError as error:
        told = f"{path}: {error.message}" + (f"\n{error.hint}" if error.hint else "")
        return _told(told, Exit.BAD_PROMPT)
    if as_json:
        _print(json.dumps(wire(imported, engine.url), ensure_ascii=False))
    else:
        for line in shown(imported, engine, path.name):
            _print(line)
    return Exit.FAILED if imported.problems else Exit.DONE


async def ask_engines(server: str | None, engines: Sequence[str]) -> Engine:
    """Return the first engine that tells its nodes."""
    if server is not None:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            health = await Api(session, server).get("/api/health")
        engines = [entry["url"] for entry in health["engines"] if entry.get("url")]
    async with aiohttp.ClientSession(timeout=ASK_TIMEOUT) as session:
        for url in engines:
            try:
                async with session.get(f"{url.rstrip('/')}/object_info") as answer:
                    info = json.loads(await answer.read()) if answer.status == 200 else None
            except (aiohttp.ClientError, TimeoutError, ValueError):
                continue
            if isinstance(info, dict):
                return Engine(tuple(engines), url, Catalog.from_object_info(info))
    return Engine(tuple(engines))


def _told(text: str, code: Exit) -> Exit:
    sys.stderr.write(f"{text}\n")
    return code


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def wire(imported: Imported, url: str | None) -> dict[str, Any]:
    """Return what was read as JSON; ``checked`` is the address of the engine that was asked."""
    problems = imported.problems
    return {
        "format": imported.format,
        "container": imported.container,
        "title": imported.title,
        "nodes": len(imported.graph),
        "parameters": [_wire(parameter) for parameter in imported.parameters],
        "outputs": [
            {
                "node": output.node_id,
                "kind": output.kind,
                "title": output.title,
                "kept": output.is_kept,
            }
            for output in imported.outputs
        ],
        "notes": list(imported.notes),
        "checked": url,
        "problems": None if problems is None else [p.model_dump(mode="json") for p in problems],
        "graph": imported.graph,
    }


def _wire(parameter: Parameter) -> dict[str, Any]:
    names = ("name", "type", "min", "max", "step", "default", "choices", "description", "rank")
    told = {name: getattr(parameter, name) for name in names}
    feeds = [list(feed) for feed in parameter.feeds]
    return {**told, "required": parameter.is_required, "feeds": feeds}


def shown(imported: Imported, engine: Engine, file: str) -> Iterator[str]:
    """Yield what a person is shown."""
    format_ = _FORMATS.get((imported.format, imported.container), "picture with its workflow")
    yield f"{imported.title or file}: {format_}, {_counted(len(imported.graph), 'node')}"
    if imported.outputs:
        kinds = dict.fromkeys(str(output.kind) for output in imported.outputs)
        titles = ", ".join(output.title for output in imported.outputs)
        yield f"Gives: {', '.join(kinds)} ({titles})"
    else:
        yield "Gives: nothing that is known"
    for rank, heading in ((Rank.MAIN, "What can be set"), (Rank.MORE, "And more")):
        rows = [_row(found) for found in imported.parameters if found.rank is rank]
        if rows:
            yield ""
            yield f"{heading}:"
            yield from columns(rows)
    yield ""
    for note in imported.notes:
        yield f"Note: {note}"
    yield from _verdict(imported, engine)


def _verdict(imported: Imported, engine: Engine) -> Iterator[str]:
    if imported.problems is None:
        asked = ", ".join(engine.asked)
        where = f"nobody answers at {asked}" if asked else "the server knows no engine"
        yield f"Not checked: {where}. Names and ranges are those that the file tells."
    elif imported.problems:
        yield f"It cannot run on the ComfyUI at {engine.url} yet:"
        yield from (f"  {problem.message}" for problem in imported.problems)
    else:
        yield f"It can run on the ComfyUI at {engine.url}."


def _row(parameter: Parameter) -> tuple[str, ...]:
    default = " ".join(str(parameter.default).split())
    if isinstance(parameter.default, bool):
        default = "yes" if parameter.default else "no"
    if parameter.type is ParameterType.SEED and parameter.default == DRAWN:
        default = "(another each time)"
    if len(default) > _LONGEST_DEFAULT:
        default = f"{default[: _LONGEST_DEFAULT - 1]}…"
    takes = _TAKES.get(parameter.type, str(parameter.type))
    return (f"--{parameter.name}", takes, default or "(empty)", _range(parameter))


def _range(parameter: Parameter) -> str:
    if parameter.choices and parameter.type is ParameterType.CHOICE:
        names = [str(choice) for choice in parameter.choices[:_MOST_CHOICES]]
        more = len(parameter.choices) - len(names)
        return ", ".join(names) + (f" and {more} more" if more > 0 else "")
    low, high = parameter.min, parameter.max
    if low is None or high is None or parameter.type is ParameterType.SEED or high > BOUNDLESS:
        return ""
    step = parameter.step
    by = f" in steps of {plain_number(step)}" if step and step != 1 else ""
    return f"{plain_number(low)}–{plain_number(high)}{by}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
