"""What would work in place of what does not: the nearest value, the right link, a flag of ours.

Apart from the preflight, which finds what is wrong: a repair looks at everything that is installed
and at the whole graph, and is worked out only for what is wrong.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagine.catalog import Catalog, InputSchema
from imagine.names import TAKEN, basename, closest, known_as, nearest, scheduler_known_as
from imagine.node_packs import advice, is_of_the_page
from imagine.parameters import PARAMETERS, Parameter, ValueType

Graph = Mapping[str, Any]

# The inputs that a flag of ours sets in our own graphs.
_FLAGS = {
    "ckpt_name": "model",
    "unet_name": "model",
    "lora_name": "lora",
    "sampler_name": "sampler",
    "scheduler": "scheduler",
    "steps": "steps",
    "cfg": "cfg",
    "width": "size",
    "height": "size",
    "batch_size": "batch",
    "denoise": "denoise",
    "seed": "seed",
    "noise_seed": "seed",
    "stop_at_clip_layer": "clip_skip",
}
# These say what is meant only where a latent is made from nothing.
_OF_LATENTS = ("width", "height", "batch_size")
_ROWS = {row.name: row for row in PARAMETERS}

# Where ComfyUI keeps what an input names, and the node that loads it.
_FOLDERS = {
    ("CheckpointLoaderSimple", "ckpt_name"): "checkpoints",
    ("UNETLoader", "unet_name"): "diffusion_models",
    ("VAELoader", "vae_name"): "vae",
    ("LoraLoader", "lora_name"): "loras",
    ("ControlNetLoader", "control_net_name"): "controlnet",
    ("StyleModelLoader", "style_model_name"): "style_models",
    ("CLIPVisionLoader", "clip_name"): "clip_vision",
    ("UpscaleModelLoader", "model_name"): "upscale_models",
    ("PhotoMakerLoader", "photomaker_model_name"): "photomaker",
    ("CLIPLoader", "clip_name"): "text_encoders",
    # Of well-known packs
    ("UltralyticsDetectorProvider", "model_name"): "ultralytics",
    ("SAMLoader", "model_name"): "sams",
    ("IPAdapterModelLoader", "ipadapter_file"): "ipadapter",
    ("InstantIDModelLoader", "instantid_file"): "instantid",
    ("PulidModelLoader", "pulid_file"): "pulid",
}

# What makes a type from another one, and what makes it from nothing.
_CONVERTERS = {
    ("LATENT", "IMAGE"): "VAEDecode",
    ("IMAGE", "LATENT"): "VAEEncode",
    ("MASK", "IMAGE"): "MaskToImage",
    ("IMAGE", "MASK"): "ImageToMask",
}
_MAKERS = {
    "MODEL": "CheckpointLoaderSimple",
    "CLIP": "CheckpointLoaderSimple",
    "VAE": "VAELoader",
    "CONDITIONING": "CLIPTextEncode",
    "LATENT": "EmptyLatentImage",
    "IMAGE": "LoadImage",
    "MASK": "LoadImageMask",
    "CONTROL_NET": "ControlNetLoader",
    "UPSCALE_MODEL": "UpscaleModelLoader",
    "STYLE_MODEL": "StyleModelLoader",
    "CLIP_VISION": "CLIPVisionLoader",
    "SAMPLER": "KSamplerSelect",
    "SIGMAS": "BasicScheduler",
    "NOISE": "RandomNoise",
    "GUIDER": "CFGGuider",
}
_OF_NUMBERS = (ValueType.INT, ValueType.NUMBER, ValueType.SIZE)
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Repair:
    """What to put there, None when nothing comes near, and the sentence that says what to do."""

    value: str | None
    advice: str


def title(graph: Graph, node_id: str) -> str:
    """Return a node by its title and class; one without a title by its class and id."""
    node = graph[node_id] if isinstance(graph[node_id], Mapping) else {}
    meta = node.get("_meta")
    given = meta.get("title") if isinstance(meta, Mapping) else None
    class_type = node.get("class_type")
    if not isinstance(class_type, str):
        return f"{given} (node {node_id})" if given else f"Node {node_id}"
    return f"{given} ({class_type})" if given else f"{class_type} (node {node_id})"


def is_link(value: Any) -> bool:
    """Say whether a value is a link: a node, and one of its slots."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
    )


def written(value: Any) -> str:
    """Write a value as it stands in a graph, cut when it is long."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def folder_of(class_type: str, name: str) -> str | None:
    """Return the folder below ComfyUI's models from which an input names a file."""
    if "CLIPLoader" in class_type and name.startswith("clip_name"):
        return "text_encoders"
    same = (folder for (_, other), folder in _FOLDERS.items() if other == name != "model_name")
    return _FOLDERS.get((class_type, name)) or next(same, None)


# Nodes and values


def for_class(class_type: str, catalog: Catalog) -> Repair:
    """Repair an unknown class: a slip of the finger, or nodes that have to be installed."""
    is_sketched = catalog.is_sketch and not is_of_the_page(class_type)
    if not is_sketched and (known := advice(class_type)) is not None:
        return Repair(None, known)
    if near := nearest(class_type, catalog.nodes, least=TAKEN):
        return Repair(near[0], f"Use {near[0]}")
    if is_sketched:
        return Repair(None, "It only paints sketches. Connect a ComfyUI to run this")
    return Repair(None, "Update ComfyUI, or install the custom nodes it belongs to")


def for_choice(
    class_type: str, name: str, value: Any, schema: InputSchema, catalog: Catalog
) -> Repair:
    """Repair a value that a list does not hold."""
    wanted = "" if value is None else str(value)
    choices = schema.choices.values if schema.choices is not None else ()
    names = tuple(str(choice) for choice in choices)
    folder = folder_of(class_type, name)
    if folder is not None and (there := _elsewhere(wanted, folder, catalog)):
        return there
    if not names:
        place = f"ComfyUI's models/{folder} folder" if folder else "its folder in ComfyUI"
        return Repair(None, f"Nothing is installed for it. Put a file into {place}")
    if name == "sampler_name":
        return _for_sampler(wanted, names, catalog)
    if name == "scheduler":
        return _for_scheduler(wanted, names, catalog)
    if other := _other_class(class_type, name, wanted, catalog):
        return Repair(other, f"Use {other}, which takes it")
    near = closest(wanted, names)
    if near is None and not wanted:
        near = names[0]
    if near is None:
        return Repair(None, f"Choose one that is there: {some(names)}")
    return Repair(near, _use(class_type, name, near))


def for_number(
    class_type: str, name: str, value: Any, schema: InputSchema, inputs: Mapping[str, Any]
) -> Repair:
    """Repair a number that is none, or out of range: the nearest that can be."""
    number = read_number(value)
    if number is None or not abs(number) < math.inf:  # NaN is not less either
        default = schema.default
        is_number = isinstance(default, int | float) and not isinstance(default, bool)
        number = default if is_number else schema.minimum or 0
    if name == "stop_at_clip_layer" and number > 0:
        number = -number  # layers are counted from the last, which is -1
    if schema.minimum is not None:
        number = max(number, schema.minimum)
    if schema.maximum is not None:
        number = min(number, schema.maximum)
    if schema.type == "INT":
        number = int(number)
    return Repair(plain_number(number), _use(class_type, name, plain_number(number), inputs))


def for_missing(
    graph: Graph, node_id: str, name: str, schema: InputSchema, catalog: Catalog
) -> Repair:
    """Repair a required input that is not given."""
    node = graph[node_id]
    class_type, inputs = node["class_type"], node["inputs"]
    known = catalog.schemas[class_type].chosen(inputs).inputs
    strange = [given for given in inputs if given not in known]
    if meant := nearest(name, strange):
        return Repair(name, f"{meant[0]} is not known here. Rename it to {name}")
    if schema.choices is not None:
        default = schema.default if schema.default in schema.choices.values else None
        return for_choice(class_type, name, default, schema, catalog)
    if schema.type in ("INT", "FLOAT"):
        return for_number(class_type, name, None, schema, inputs)
    if schema.type == "STRING":
        return Repair(None, "Write a text there")
    return for_link(graph, node_id, schema.type, catalog)


def read_number(value: Any) -> float | None:
    """Return the number in a value: ``"20"``, also ``"20 steps"`` and ``"7,5"``; None if none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    found = _NUMBER.search(value) if isinstance(value, str) else None
    if found is None:
        return None
    text = found[0].replace(",", ".")
    return float(text) if "." in text else int(text)


def plain_number(number: float) -> str:
    """Write a number without a needless fraction or exponent."""
    whole = isinstance(number, int) or number.is_integer()
    return str(int(number)) if whole else str(number)


def plain_range(low: float | None, high: float | None) -> str:
    """Write the ends of a range; one that is open is ``…``."""
    return "–".join("…" if end is None else plain_number(end) for end in (low, high))


def some(names: Sequence[Any], most: int = 8) -> str:
    """Write a list, cut when it is long."""
    shown = ", ".join(str(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} … ({len(names)} in all)"


def _for_sampler(wanted: str, names: tuple[str, ...], catalog: Catalog) -> Repair:
    if known := known_as(wanted, names):
        sampler, scheduler = known
        also = f" --scheduler {scheduler}" if scheduler in catalog.schedulers else ""
        return Repair(sampler, f"Use --sampler {sampler}{also}")
    if scheduler := scheduler_known_as(wanted, catalog.schedulers):
        text = f"{wanted} is a scheduler. Use --sampler {names[0]} --scheduler {scheduler}"
        return Repair(names[0], text)
    near = closest(wanted.replace("++", "pp").replace(" ", "_"), names) or names[0]
    return Repair(near, f"Use --sampler {near}")


def _for_scheduler(wanted: str, names: tuple[str, ...], catalog: Catalog) -> Repair:
    near = scheduler_known_as(wanted, names) or closest(wanted.replace(" ", "_"), names)
    if near is not None:
        return Repair(near, f"Use --scheduler {near}")
    usual = "normal" if "normal" in names else names[0]
    if known := known_as(wanted, catalog.samplers):
        scheduler = known[1] if known[1] in names else usual
        text = f"{wanted} is a sampler. Use --sampler {known[0]} --scheduler {scheduler}"
        return Repair(scheduler, text)
    return Repair(usual, f"Use --scheduler {usual}")


def _elsewhere(wanted: str, folder: str, catalog: Catalog) -> Repair | None:
    """Find a file that lies in another folder than the one from which it is to be loaded."""
    for (loader, name), place in _FOLDERS.items():
        if place == folder or not wanted:
            continue
        for other in catalog.choices(loader, name):
            if isinstance(other, str) and basename(other).lower() == basename(wanted).lower():
                flag = flag_of(loader, name)
                ours = f", or use {flag.flag} {other}" if flag is not None else ""
                return Repair(other, f"It is in models/{place}. Load it with {loader}{ours}")
    return None


def _other_class(class_type: str, name: str, wanted: str, catalog: Catalog) -> str | None:
    """Find a node like this one whose list holds the value: another loader of text encoders."""
    outputs = catalog.schemas[class_type].outputs
    return next(
        (
            other
            for other, schema in catalog.schemas.items()
            if schema.outputs == outputs
            and other != class_type
            and wanted in catalog.choices(other, name)
        ),
        None,
    )


# Flags


def flag_of(class_type: str, name: str) -> Parameter | None:
    """Return the flag of ours that sets an input."""
    if name in _OF_LATENTS and not class_type.startswith("Empty"):
        return None
    return _ROWS[_FLAGS[name]] if name in _FLAGS else None


def _use(class_type: str, name: str, value: str, inputs: Mapping[str, Any] | None = None) -> str:
    """Say what to use: the flag that sets it, if it takes this value."""
    row = flag_of(class_type, name)
    if row is None:
        return f"Use {value}"
    if row.type not in _OF_NUMBERS or row.min is None or row.max is None:
        return f"Use {row.flag} {value}"
    number = read_number(value) or 0
    number = -number if row.name == "clip_skip" else number
    if not row.min <= number <= row.max:
        return f"Use {value}; {row.flag} takes {plain_number(row.min)}–{plain_number(row.max)}"
    shown = _size(name, value, inputs or {}) if row.name == "size" else plain_number(number)
    return f"Use {row.flag} {shown}"


def _size(name: str, value: str, inputs: Mapping[str, Any]) -> str:
    """Return ``WxH``: this side, and the other one as the node has it."""
    other = inputs.get("height" if name == "width" else "width")
    side = str(other) if isinstance(other, int) and 64 <= other <= 8192 else value
    return f"{value}x{side}" if name == "width" else f"{side}x{value}"


# Links


def for_link(
    graph: Graph,
    node_id: str,
    wanted: str,
    catalog: Catalog,
    *,
    source: str | None = None,
    given: str = "",
) -> Repair:
    """Repair a link that leads nowhere or to another type.

    The nearest is another slot of the same node, then one that nobody uses, then any; never one
    that would close a circle.
    """
    used = {(link[0], link[1]) for _, link in links(graph)}
    behind = _behind(graph, node_id)
    fitting = [
        (other != source, (other, slot) in used, place, other, slot)
        for place, other in enumerate(graph)
        if other not in behind
        for slot, kind in enumerate(_outputs(graph, other, catalog))
        if kind == wanted
    ]
    converter = _CONVERTERS.get((given, wanted))
    if fitting and (converter is None or not all(min(fitting)[:2])):
        *_, other, slot = min(fitting)
        text = f"Connect slot {slot} of {title(graph, other)}, which gives {wanted}"
        return Repair(json.dumps([other, slot]), text)
    maker = converter or _MAKERS.get(wanted)
    if maker is None or not catalog.has(maker):
        return Repair(None, f"Connect it to a node that gives {wanted}")
    between = " in between" if converter else ""
    return Repair(maker, f"Put a {maker}{between}, which gives {wanted}")


def links(graph: Graph) -> Iterator[tuple[str, list[Any]]]:
    """Yield every link, with the node into which it leads."""
    for node_id, node in graph.items():
        inputs = node.get("inputs") if isinstance(node, Mapping) else None
        for value in inputs.values() if isinstance(inputs, Mapping) else ():
            if is_link(value):
                yield node_id, value


def _behind(graph: Graph, node_id: str) -> set[str]:
    """Return a node and all that is made from it."""
    into: dict[str, list[str]] = {}
    for target, link in links(graph):
        into.setdefault(link[0], []).append(target)
    behind: set[str] = set()
    open_ends = [node_id]
    while open_ends:
        found = open_ends.pop()
        if found not in behind:
            behind.add(found)
            open_ends += into.get(found, ())
    return behind


def _outputs(graph: Graph, node_id: str, catalog: Catalog) -> tuple[str, ...]:
    node = graph[node_id]
    class_type = node.get("class_type") if isinstance(node, Mapping) else None
    schema = catalog.schemas.get(class_type) if isinstance(class_type, str) else None
    return schema.outputs if schema is not None else ()
