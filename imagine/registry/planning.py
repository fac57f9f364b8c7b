"""From checked values to the plan of a workflow's run: what it shows, and what its graph needs.

Pure. The graph itself is filled by `imagine.registry.filling`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from imagine.catalog import Catalog
from imagine.errors import Detail, PromptError
from imagine.image_request import Lora
from imagine.importing.fields import ParameterType
from imagine.importing.walking import inputs_of
from imagine.input_image import NO_INPUTS, InputFile
from imagine.model_choice import installed_models
from imagine.models import Note
from imagine.names import find, nearest
from imagine.plan import Plan
from imagine.profiles import Profiles
from imagine.prompt_values import Weighted
from imagine.registry.entries import Entry
from imagine.registry.filling import kept_outputs
from imagine.registry.translation import USUAL, links_in

# What the loaders of whole models call the file.
_MODEL_INPUTS = ("ckpt_name", "unet_name", "gguf_name", "base_ckpt_name")
_SKETCH = "sketch"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowPlan(Plan):
    """What a run of a workflow will use. ``images`` are the files among its values, by link."""

    entry: Entry
    values: Mapping[str, Any]
    images: Mapping[str, InputFile]
    loras: tuple[Lora, ...] = ()


def plan_values(
    entry: Entry,
    values: Mapping[str, Any],
    catalog: Catalog | None,
    profiles: Profiles,
    *,
    seed: int,
    loras: tuple[Weighted, ...] = (),
    images: Mapping[str, InputFile] = NO_INPUTS,
    notes: tuple[Note, ...] = (),
    also: Mapping[str, Any] | None = None,
) -> WorkflowPlan:
    """Return the plan of one run with checked values. ``also``: what its job shows besides.

    Raises:
        PromptError: a LoRA that is not installed, or fits several that are.
    """
    named = tuple(_lora(item, catalog) for item in loras)
    used = tuple(images[link] for _, link in links_in(entry, values) if link in images)
    width, height = size_of(entry, values, images)
    model = model_of(entry, values)
    family = _family(entry, model, catalog, profiles)
    count = outputs_of(entry, catalog)
    parameters = {
        "workflow": entry.id,
        "revision": entry.revision,
        **values,
        "width": values.get("width", width),
        "height": values.get("height", height),
        "batch_size": _pictures(values) * count,
        "seed": values.get("seed", seed),
        "model": values.get("model", model),
    }
    if family:
        parameters["family"] = family
    if count > 1:
        parameters["outputs"] = count
    if named:
        shown = [{"value": lora.name, "weight": lora.strength} for lora in named]
        parameters.setdefault("loras", shown)
    for name, value in (also or {}).items():
        parameters.setdefault(name, value)
    return WorkflowPlan(
        parameters=parameters,
        notes=notes,
        inputs=tuple(dict.fromkeys(used)),
        entry=entry,
        values=values,
        images=images,
        loras=named,
    )


def size_of(
    entry: Entry, values: Mapping[str, Any], images: Mapping[str, InputFile]
) -> tuple[int, int]:
    """Return the size that pictures of a run will have, as far as that shows. Units: pixels."""
    own = [values.get(name) for name in ("width", "height")]
    if is_size(own):
        return own[0], own[1]
    for parameter in entry.of_type(ParameterType.IMAGE, ParameterType.VIDEO):
        image = images.get(str(values.get(parameter.name)))
        if image is not None and image.width is not None and image.height is not None:
            return image.width, image.height
    return next(_sizes(entry), USUAL)


def _sizes(entry: Entry) -> Iterator[tuple[int, int]]:
    """Yield the sizes that stand in the graph: of latents first, then of what scales."""
    for word in ("latent", "scale"):
        for node_id, node in entry.graph.items():
            if word not in str(node.get("class_type", "")).lower():
                continue
            sides = [inputs_of(entry.graph, node_id).get(name) for name in ("width", "height")]
            if is_size(sides):
                yield sides[0], sides[1]


def is_size(sides: list[Any]) -> TypeGuard[list[int]]:
    return all(type(side) is int and side > 1 for side in sides)


def model_of(entry: Entry, values: Mapping[str, Any]) -> str | None:
    """Return the model that a run loads first; None when it loads none."""
    fed = {feed: values.get(one.name) for one in entry.parameters for feed in one.feeds}
    for node_id in entry.graph:
        inputs = inputs_of(entry.graph, node_id)
        for name in _MODEL_INPUTS:
            value = fed.get((node_id, name), inputs.get(name))
            if isinstance(value, str) and value:
                return value
    return None


def outputs_of(entry: Entry, catalog: Catalog | None) -> int:
    """Return how many nodes of a workflow make what its job keeps, at least 1."""
    return max(1, len(kept_outputs(entry.graph, catalog)))


def _pictures(values: Mapping[str, Any]) -> int:
    count = values.get("batch_size")
    return count if isinstance(count, int) and count > 0 else 1


def _family(
    entry: Entry, model: str | None, catalog: Catalog | None, profiles: Profiles
) -> str | None:
    """Return the family of what is really loaded: on the sketch engine, sketches."""
    header = catalog.metadata.get(model) if catalog is not None and model is not None else None
    known = profiles.recognise(model, header) if model is not None else None
    if known is not None:
        return known.family
    installed = installed_models(catalog) if catalog is not None else ()
    families = {one.family if one else None for one in map(profiles.recognise, installed)}
    return _SKETCH if families == {_SKETCH} else entry.family or None


def _lora(item: Weighted, catalog: Catalog | None) -> Lora:
    if catalog is None:
        return Lora(item.value, item.weight)
    found = find(item.value, catalog.loras)
    if len(found) == 1:
        return Lora(found[0], item.weight)
    near = found or nearest(item.value, catalog.loras)
    text = f"--lora {item.value} fits several: {', '.join(found[:5])}."
    if not found:
        text = f"There is no lora {item.value}." + (f" Did you mean {near[0]}?" if near else "")
    raise PromptError(
        text,
        details=[
            Detail(
                parameter="lora",
                value=item.value,
                suggestion=near[0] if near else None,
                message=text,
            )
        ],
    )
