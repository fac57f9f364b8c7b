"""Inputs and outputs of other servers' node packs, as ComfyUI's own nodes.

ComfyDeploy, comfyui-tooling-nodes, SwarmUI and CozyGen mark by nodes of theirs what is to be set,
and take pictures as Base64 or by URL. Here what they mark becomes a parameter with their name and
range, and their pictures are loaded and saved as everybody's are; so a graph runs without these
packs.

Source: comfyui-deploy (``comfy-nodes``), comfyui-tooling-nodes (``nodes.py``), SwarmUI
(``SwarmInputNodes.py``), ComfyUI_CozyGen (``nodes.py``).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.conversion import Converted, Shared
from imagine.importing.naming import Mark, safe_name
from imagine.importing.walking import (
    Feed,
    given_by,
    inputs_of,
    links_of,
    schema_at,
    users_of,
)
from imagine.repair import Graph, is_link, title

_DEPLOY = "ComfyUIDeployExternal"
_SWARM = "SwarmInput"
_COZY = "CozyGen"

# What gives one value, and the input in which it stands.
_VALUES: Mapping[str, str] = {
    **{
        f"{_DEPLOY}{kind}": "default_value"
        for kind in (
            *("Text", "TextAny", "TextSingleLine", "Number", "NumberInt", "NumberSlider"),
            *("NumberSliderInt", "Boolean", "Enum", "Seed", "Checkpoint", "Lora"),
        )
    },
    **{
        f"{_SWARM}{kind}": "value"
        for kind in ("Integer", "Float", "Text", "Boolean", "Dropdown", "ModelName")
    },
    **{f"{_COZY}{kind}Input": "default_value" for kind in ("Int", "Float", "String", "Bool")},
    f"{_COZY}ChoiceInput": "default_choice",
    "ETN_Parameter": "default",
}


@dataclass(frozen=True, slots=True)
class _Twin:
    """A node of ComfyUI that does the same. ``inputs``: its own, from those of the other."""

    class_type: str
    inputs: Callable[[Mapping[str, Any]], dict[str, Any]]


def _load(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"image": ""}


def _load_mask(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"image": "", "channel": "red"}


def _save(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"images": inputs.get("images"), "filename_prefix": "ComfyUI"}


_TWINS: Mapping[str, _Twin] = {
    f"{_DEPLOY}Image": _Twin("LoadImage", _load),
    f"{_DEPLOY}ImageAlpha": _Twin("LoadImage", _load),
    f"{_COZY}ImageInput": _Twin("LoadImage", _load),
    "ETN_LoadImageBase64": _Twin("LoadImage", _load),
    "ETN_LoadMaskBase64": _Twin("LoadImageMask", _load_mask),
    "SwarmInputImage": _Twin("LoadImage", _load),
    "SwarmLoadImageB64": _Twin("LoadImage", _load),
    "SwarmInputCheckpoint": _Twin(
        "CheckpointLoaderSimple", lambda inputs: {"ckpt_name": inputs.get("value", "")}
    ),
    "ETN_SendImageWebSocket": _Twin("SaveImage", _save),
    "SwarmSaveImageWS": _Twin("SaveImage", _save),
    "SwarmSaveImageWebsocketAndDisk": _Twin("SaveImage", _save),
}
# What reads a video from a path of its author, and what of the same pack takes an uploaded one.
_PATHS = {"VHS_LoadVideoPath": "VHS_LoadVideo", "VHS_LoadVideoFFmpegPath": "VHS_LoadVideoFFmpeg"}
# Only frames around the others.
_FRAMES = ("SwarmInputGroup", "SwarmWorkflowDescription")


# Of any pack what loads a picture from a text is called so, with the text in one of these inputs.
_LOADERS = (("base64", "Base64"), ("b64", "Base64"), ("url", "an address"))
_SOURCES = ("data", "base64", "base64_data", "base64_string", "b64", "url", "image_url", "image")
_LOADED = ("IMAGE", "MASK")


def at_home(converted: Converted, catalog: Catalog | None = None) -> Converted:
    """Return a graph with the inputs and outputs of other servers as ComfyUI's own."""
    graph = converted.graph
    loaders = {n: told for n in graph if (told := _loaded_from(graph, catalog, n)) is not None}
    paths = dict.fromkeys(n for n in graph if _reads_path(graph, catalog, n))
    found = [
        node_id
        for node_id, node in graph.items()
        if node["class_type"] in (*_VALUES, *_TWINS, *_FRAMES)
        or node_id in loaders
        or node_id in paths
    ]
    if not found:
        return converted
    moved = _Move(converted).all(found)
    notes = [f"{title(graph, n)} takes a picture, in place of {loaders[n]}." for n in loaders]
    notes += [f"{title(graph, n)} takes a video, in place of a path." for n in paths]
    return replace(moved, notes=(*moved.notes, *notes))


def _reads_path(graph: Graph, catalog: Catalog | None, node_id: str) -> bool:
    """Say whether a node reads a video from a path that is typed there, and need not."""
    uploaded = _PATHS.get(graph[node_id]["class_type"])
    is_there = uploaded is not None and catalog is not None and catalog.has(uploaded)
    return is_there and isinstance(inputs_of(graph, node_id).get("video"), str)


def _loaded_from(graph: Graph, catalog: Catalog | None, node_id: str) -> str | None:
    """Return of what a node makes a picture that a file could be as well; None if it does not."""
    class_type = graph[node_id]["class_type"]
    told = next((text for part, text in _LOADERS if part in class_type.lower()), None)
    inputs = inputs_of(graph, node_id)
    is_typed = any(isinstance(inputs.get(name), str) for name in _SOURCES)
    if told is None or class_type in _TWINS or not is_typed or links_of(graph, node_id):
        return None
    slots = set()
    for user, name in users_of(graph).get(node_id, ()):
        slot = links_of(graph, user)[name][1]
        schema = schema_at(graph, catalog, user)
        wanted = schema.inputs.get(name) if schema is not None else None
        kind = given_by(graph, catalog, node_id, slot) or (wanted.type if wanted else None)
        if _LOADED[slot : slot + 1] != (kind,):
            return None
        slots.add(slot)
    return told if 0 in slots else None


class _Move:
    """One graph, while nodes in it are replaced."""

    def __init__(self, converted: Converted) -> None:
        self.converted = converted
        self.graph = {
            node_id: {**node, "inputs": dict(node["inputs"])}
            for node_id, node in converted.graph.items()
        }
        self.chance = set(converted.left_to_chance)

    def all(self, found: list[str]) -> Converted:
        shared = [one for node_id in found if (one := self._move(node_id)) is not None]
        notes = tuple(
            note
            for note in self.converted.notes
            if not any(f"(node {node_id})" in note for node_id in found)
        )
        return Converted(
            self.graph, (*shared, *self.converted.shared), notes, frozenset(self.chance)
        )

    def _move(self, node_id: str) -> Shared | None:
        node = self.graph[node_id]
        if (uploaded := _PATHS.get(node["class_type"])) is not None:
            node |= {"class_type": uploaded, "inputs": {**node["inputs"], "video": ""}}
            return None
        twin = _TWINS.get(node["class_type"])
        if twin is None and node["class_type"] not in (*_VALUES, *_FRAMES):
            twin = _Twin("LoadImage", _load)
        if twin is not None:
            self._replace(node_id, twin)
            return None
        del self.graph[node_id]
        feeds = tuple(self._users(node_id))
        value = _value(node)
        for user, name in feeds:
            if value is None or node["class_type"] in _FRAMES:
                del self.graph[user]["inputs"][name]
            else:
                self.graph[user]["inputs"][name] = value
        if value is None or not feeds:
            return None
        if any((node_id, name) in self.chance for name in node["inputs"]) or _draws(node):
            self.chance |= set(feeds)
        mark = _mark(node)
        return Shared(_label(node), feeds, is_chosen=True, mark=mark)

    def _replace(self, node_id: str, twin: _Twin) -> None:
        node = self.graph[node_id]
        inputs = twin.inputs(node["inputs"])
        if "image" in inputs:
            inputs["image"] = self._default_picture(node["inputs"])
        name = _name(node)
        self.graph[node_id] = {
            "class_type": twin.class_type,
            "inputs": inputs,
            "_meta": {"title": f"${name}" if name else twin.class_type},
        }

    def _default_picture(self, inputs: Mapping[str, Any]) -> str:
        """Return the picture that another node loads for when none is given."""
        default = inputs.get("default_value")
        link = default if isinstance(default, list) and is_link(default) else [""]
        picture = inputs_of(self.graph, link[0]).get("image")
        return picture if isinstance(picture, str) else ""

    def _users(self, node_id: str) -> Iterator[Feed]:
        for user, node in self.graph.items():
            for name, value in node["inputs"].items():
                if is_link(value) and value[0] == node_id:
                    yield user, name


def _value(node: Mapping[str, Any]) -> Any:
    value = node["inputs"].get(_VALUES.get(node["class_type"], ""))
    return value if isinstance(value, str | int | float) else None


def _draws(node: Mapping[str, Any]) -> bool:
    """Say whether a value is meant to be another one each time."""
    is_seed = node["class_type"].endswith("Seed") or node["inputs"].get("view_type") == "seed"
    return is_seed and _value(node) in (-1, 0)


def _name(node: Mapping[str, Any]) -> str:
    inputs = node["inputs"]
    places = ("input_id", "raw_id", "param_name", "title", "name")
    given = (inputs[place] for place in places if isinstance(inputs.get(place), str))
    # Where a file was run, the address of the picture stands in place of its name.
    names = (safe_name(text) for text in given if "://" not in text)
    return next((name for name in names if name), "")


def _label(node: Mapping[str, Any]) -> str | None:
    places = ("display_name", "param_name", "title", "name", "input_id")
    texts = (node["inputs"].get(name) for name in places)
    return next((text for text in texts if isinstance(text, str) and text), None)


def _mark(node: Mapping[str, Any]) -> Mark | None:
    inputs = node["inputs"]
    name = _name(node)
    if not name:
        return None
    low, high = (
        next((inputs[n] for n in names if isinstance(inputs.get(n), int | float)), None)
        for names in (("min_value", "min"), ("max_value", "max"))
    )
    step = inputs.get("step")
    range_: tuple[float, ...] = (low, high) if low is not None and high is not None else ()
    if range_ and isinstance(step, int | float) and step > 0:
        range_ = (*range_, step)
    return Mark(name, is_main=inputs.get("is_advanced") is not True, range=range_)
