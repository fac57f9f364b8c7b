"""A workflow as the API tells it: what it takes, what comes out, whether it runs here."""

from collections.abc import Sequence
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.fields import ParameterType
from imagine.importing.outputs import find_outputs
from imagine.profiles import Profiles
from imagine.registry.availability import problems, reason, remarks
from imagine.registry.entries import MEDIA, Entry, Parameter
from imagine.registry.rows import is_words, row_of
from imagine.registry.settling import settle

UNKNOWN = "No engine has answered yet, so it is not known whether it can run."


def describe(entry: Entry, catalog: Catalog | None, profiles: Profiles) -> dict[str, Any]:
    """Return a workflow ready for JSON, with its parameters as an engine has them.

    ``picture`` is the name of its file; its address is the business of the routes.
    """
    parameters = settle(entry, catalog, profiles)
    found = problems(entry, catalog, profiles) if catalog is not None else ()
    told = remarks(entry, catalog, profiles) if catalog is not None else ()
    why_not = reason(found) if catalog is not None else UNKNOWN
    return {
        "id": entry.id,
        "name": entry.name,
        "description": entry.description,
        "category": entry.category,
        "family": entry.family,
        "version": entry.version,
        "source": entry.source.value,
        "inputs": _inputs(entry, parameters),
        "max_batch_size": entry.max_batch_size,
        "parameters": [_parameter(one) for one in parameters],
        "outputs": _outputs(entry, catalog),
        "example": _example(entry, parameters),
        "picture": entry.picture,
        "notes": [*entry.notes, *told],
        "available": catalog is not None and not found,
        "reason": why_not,
        "problems": [one.model_dump(mode="json") for one in found],
        "revision": entry.revision,
    }


def _inputs(entry: Entry, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Say in short what a workflow takes."""

    def count(type_: ParameterType) -> dict[str, int]:
        found = [one for one in parameters if one.type is type_]
        return {"min": sum(one.required for one in found), "max": len(found)}

    masks = [one for one in parameters if one.type is ParameterType.MASK]
    mask = None
    if masks:
        mask = "required" if any(one.required for one in masks) else "optional"
    return {
        "prompt": entry.prompt is not None,
        "images": count(ParameterType.IMAGE),
        "mask": mask,
        "videos": count(ParameterType.VIDEO),
        "audios": count(ParameterType.AUDIO),
        "batch": entry.max_batch_size > 1,
    }


def _outputs(entry: Entry, catalog: Catalog | None) -> list[str]:
    """Return the kinds of what comes out; of what is only shown, when nothing is kept."""
    outputs = find_outputs(entry.graph, catalog)
    kept = [one for one in outputs if one.is_kept] or outputs
    return list(dict.fromkeys(one.kind.value for one in kept))


def _example(entry: Entry, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return a body that makes something; files have to be put in."""
    body: dict[str, Any] = {}
    if entry.example.prompt is not None:
        body["prompt"] = entry.example.prompt
    elif entry.prompt is not None and entry.prompt.default:
        body["prompt"] = entry.prompt.default
    needed = _inputs(entry, parameters)
    if count := needed["images"]["min"]:
        body["images"] = ["id of an upload"] * count
    if needed["mask"] == "required":
        body["mask"] = "id of an upload"
    media = {one.name: "link of an upload" for one in parameters if _is_needed_medium(one)}
    if media or entry.example.parameters:
        body["parameters"] = {**entry.example.parameters, **media}
    return body


def _is_needed_medium(one: Parameter) -> bool:
    return one.type in MEDIA and one.required


def _parameter(one: Parameter) -> dict[str, Any]:
    return {
        "name": one.name,
        "flag": None if is_words(one) else f"--{row_of(one).flags[0]}",
        "type": one.type.value,
        "label": one.shown_label,
        "description": one.description,
        "default": one.default,
        "required": one.required,
        "min": one.min,
        "max": one.max,
        "step": one.step,
        "choices": list(one.choices),
        "rank": one.rank.value,
        "feeds": [list(feed) for feed in one.feeds],
    }
