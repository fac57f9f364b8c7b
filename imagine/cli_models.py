"""``imagine models``: what a running server took its models for, and why.

A client of the public API like any other, as ``imagine prompt`` is.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Any

import aiohttp

from imagine.cli_client import TIMEOUT, Api, Exit, RefusedError, UnreachableError
from imagine.cli_output import columns

HEADINGS = ("model", "family", "size", "steps", "cfg", "sampler", "", "why")
CORRECTED = "Wrong? An entry of your own in the model profiles (setting profiles) sets it right."


def run(*, server: str, as_json: bool) -> Exit:
    """Print the models of a server; errors are told, not raised."""
    try:
        catalog = asyncio.run(_fetch(server))
    except UnreachableError as error:
        sys.stderr.write(f"{error}\n")
        return Exit.UNREACHABLE
    except RefusedError as refused:
        sys.stderr.write(f"{refused}\n")
        return Exit.FAILED
    if as_json:
        print_line(json.dumps(catalog, ensure_ascii=False))
        return Exit.DONE
    for line in model_lines(catalog):
        print_line(line)
    return Exit.DONE


async def _fetch(server: str) -> dict[str, Any]:
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        catalog = await Api(session, server).get("/api/catalog")
    return {key: catalog[key] for key in ("engine", "models", "others", "default_model")}


def print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def model_lines(catalog: dict[str, Any]) -> Iterator[str]:
    """Yield the table of the models, and the list of those that cannot be used."""
    models, others = catalog["models"], catalog["others"]
    if not models and not others:
        yield _nothing(catalog["engine"])
        return
    if models:
        yield from columns([HEADINGS, *map(_row, models)], indent="")
    else:
        yield "No model is installed that makes pictures from words."
    if others:
        yield ""
        yield "Not for pictures from words:"
        yield from columns([(other["name"], _why(other)) for other in others])
    yield ""
    yield CORRECTED


def _row(model: dict[str, Any]) -> tuple[str, ...]:
    return (
        model["name"],
        model["family_label"],
        f"{model['width']}×{model['height']}",
        str(model["steps"]),
        f"{model['cfg']:g}",
        f"{model['sampler']}/{model['scheduler']}",
        "default" if model["default"] else "",
        model["reason"],
    )


def _why(other: dict[str, Any]) -> str:
    label = other["family_label"]
    return f"{other['problem']} ({f'{label}: ' if label else ''}{other['reason']})"


def _nothing(engine: dict[str, Any]) -> str:
    if engine["state"] == "ready":
        return "No model is installed. Put a checkpoint into ComfyUI's models/checkpoints folder."
    reason = engine["reason"] or "It has not told its models yet."
    return f"The engine is {engine['state']}. {reason} Try again when it is ready."
