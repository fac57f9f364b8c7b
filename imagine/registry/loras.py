"""LoRAs that a person adds to a workflow which has no place for them: behind what loads its models.

All that changes a model later in the graph, its own LoRAs and its sampling, then has them too.
"""

from collections.abc import Sequence
from typing import Any

from imagine.catalog import Catalog
from imagine.errors import WorkflowError
from imagine.image_request import Lora
from imagine.registry.entries import Entry
from imagine.registry.surgery import Link, Surgery

_WITH_CLIP, _MODEL_ONLY = "LoraLoader", "LoraLoaderModelOnly"


def takes_loras(entry: Entry, catalog: Catalog) -> bool:
    """Say whether LoRAs can be put into a workflow."""
    has_loader = catalog.has(_WITH_CLIP) or catalog.has(_MODEL_ONLY)
    return has_loader and bool(_sources(Surgery(entry.graph, catalog), "MODEL"))


def put_loras(surgery: Surgery, entry: Entry, loras: Sequence[Lora]) -> None:
    """Put LoRAs behind every model of a graph, and behind the text encoder that belongs to it.

    Raises:
        WorkflowError: the graph loads no model, or the engine has no node for it.
    """
    models, clips = _sources(surgery, "MODEL"), _sources(surgery, "CLIP")
    if not models:
        raise WorkflowError(f"{entry.name} loads no model that a LoRA could change. Leave it out.")
    for model in models:
        own = next((clip for clip in clips if clip[0] == model[0]), None)
        only = clips[0] if len(models) == len(clips) == 1 else None
        _put_behind(surgery, model, own or only, loras)


def _sources(surgery: Surgery, kind: str) -> list[Link]:
    """Return the used outputs of a type, of nodes that load it and do not only change it."""
    found: list[Link] = []
    for node_id, node in surgery.nodes.items():
        schema = surgery.schema_of(node_id)
        if schema is None or kind not in schema.outputs:
            continue
        takes = (
            isinstance(node["inputs"].get(name), list)
            for name, wanted in schema.inputs.items()
            if wanted.type == kind
        )
        if not any(takes):
            found += [(node_id, slot) for slot, one in enumerate(schema.outputs) if one == kind]
    return [source for source in found if surgery.users(*source)]


def _put_behind(surgery: Surgery, model: Link, clip: Link | None, loras: Sequence[Lora]) -> None:
    users = surgery.users(*model)
    clip_users = surgery.users(*clip) if clip is not None else []
    for lora in loras:
        what: dict[str, Any] = {"lora_name": lora.name, "strength_model": lora.strength}
        title = f"LoRA {lora.name}"
        if clip is not None and surgery.catalog.has(_WITH_CLIP):
            what |= {"clip": clip, "strength_clip": lora.strength}
            added = surgery.add(_WITH_CLIP, title, model=model, **what)
            clip = (added, 1)
        elif surgery.catalog.has(_MODEL_ONLY):
            added = surgery.add(_MODEL_ONLY, title, model=model, **what)
        else:
            raise WorkflowError("This ComfyUI has no node that loads LoRAs. Update ComfyUI.")
        model = (added, 0)
    for feed, _ in users:
        surgery.link(feed, model)
    for feed, _ in clip_users:
        if clip is not None:
            surgery.link(feed, clip)
