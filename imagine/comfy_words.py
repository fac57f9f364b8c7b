"""Words that refusals and failures of ComfyUI share: names of nodes, of files, first lines.

Pure. What comes out is for a person who does not sit at the engine's machine: without its folders,
without tensors, and short.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from imagine.node_packs import pack_of
from imagine.repair import folder_of

Graph = Mapping[str, Any]

LONGEST_WORDS = 200
# No more of a message is searched: looking for names of files takes the square of its length.
MOST_SEARCHED = 2000

# A name may hold spaces where a separator or a quote says that it begins.
_NAME = r"(?:(?:(?<=[\\/])|(?<!\w['\"])(?<=['\"]))[^\\/'\"<>|:*?\n]+|[^\s\\/'\"<>|:*?]+)"
_MODELS = r"\.(?:safetensors|ckpt|pth?|gguf|bin|sft|onnx|torchscript)\b"
_PICTURES = r"\.(?:png|jpe?g|webp|gif|bmp|tiff?|avif)\b"
_IS_MODEL = re.compile(_NAME + _MODELS, re.IGNORECASE)
_IS_PICTURE = re.compile(_NAME + _PICTURES, re.IGNORECASE)
# From the root or the drive up to the last separator; addresses of the web are left alone.
_FOLDERS = re.compile(r"(?<![\w/\\.:])(?:[A-Za-z]:)?[\\/][^'\"<>|:*?\n]*[\\/]")
_PLACES = re.compile(r"(models[\\/]+[\w -]+|custom_nodes[\\/][^'\"<>|:*?\n]*)[\\/]+")
_TENSORS = re.compile(r"(?:\w+\.)*[Tt]ensor\(.*")


def title_of(graph: Graph, node_id: str | None, class_type: str = "") -> str:
    """Return a node's name as a person knows it: its title, else its class."""
    node = graph.get(node_id) if node_id is not None else None
    if not isinstance(node, Mapping):
        return class_type or (f"Node {node_id}" if node_id is not None else "A node")
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return str(title or class_type or node.get("class_type") or f"Node {node_id}")


def first_line(value: Any) -> str:
    """Return the first line of a text, cut to a length that fits a sentence."""
    if value is None:
        return ""
    line = next((line for line in str(value).splitlines() if line.strip()), "").strip()
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"


def sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def presentable(words: Any) -> str:
    """Return the first line of what ComfyUI said, without folders, tensors and its asterisks."""
    line = str(words or "").strip()
    line = next((one for one in line.splitlines() if one.strip()), "")[:MOST_SEARCHED]
    line = _TENSORS.sub("…", _FOLDERS.sub("", line))
    return first_line(re.sub(r"^\W*ERROR:\s*", "", line))


def is_model(name: str) -> bool:
    """Whether a value names a file of weights."""
    return _IS_MODEL.search(name) is not None


def is_picture(name: str) -> bool:
    return _IS_PICTURE.search(name) is not None


def model_in(words: str) -> str | None:
    """Return the file of weights that a message names, without its folders."""
    found = _IS_MODEL.search(words)
    return found[0].strip() if found else None


def picture_in(words: str) -> str | None:
    found = _IS_PICTURE.search(words)
    return found[0].strip() if found else None


def place_in(words: str) -> str | None:
    """Return the folder in ComfyUI's own in which a message says that a file should lie."""
    if found := re.search(r"Model in folder '([^'/\\]+)'", words):
        return f"models/{found[1]}"
    places = _PLACES.findall(words.strip().partition("\n")[0])
    return re.sub(r"[\\/]+", "/", places[-1]) if places else None


def models_of(graph: Graph, node_id: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield the files of weights that a node loads, with ComfyUI's folder for it, if known."""
    node = graph.get(node_id) if node_id is not None else None
    node = node if isinstance(node, Mapping) else {}
    inputs = node.get("inputs")
    for name, value in inputs.items() if isinstance(inputs, Mapping) else ():
        if isinstance(value, str) and is_model(value):
            yield value, place_of(str(node.get("class_type")), str(name))


def place_of(class_type: str, name: str) -> str | None:
    """Return the folder in ComfyUI's own from which an input names a file."""
    folder = folder_of(class_type, name)
    return f"models/{folder}" if folder else None


def install_advice(place: str | None, nearest: str | None = None) -> str:
    """Say what to do about a model that is not installed."""
    other = f"use {nearest}" if nearest else "choose one that is installed"
    return f"Put it into ComfyUI's {place or 'models'} folder, or {other}."


def update_advice(class_type: str) -> str:
    """Say what to update when a node does not work as it should."""
    pack = pack_of(class_type)
    return f"Update {pack} and ComfyUI" if pack else "Update ComfyUI and its custom nodes"
