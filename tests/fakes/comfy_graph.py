"""How the fake ComfyUI reads a graph: in which order it runs, what it caches, what it saves."""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

Graph = Mapping[str, Any]

CHECKPOINT = "sd_xl_base_1.0.safetensors"


def example_graph(*, seed: int = 1, pictures: int = 2, steps: int = 4) -> dict[str, Any]:
    """A set of pictures in branches: samplers are 30, 31 …, what saves them 50, 51 …"""
    graph: dict[str, Any] = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
        "4": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 64, "height": 64, "batch_size": pictures},
        },
    }
    for k in range(pictures):
        sampler = {
            "seed": seed,
            "steps": steps,
            "cfg": 5.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
            "model": ["1", 0],
            "positive": ["2", 0],
            "negative": ["3", 0],
            "latent_image": [f"{20 + k}", 0],
        }
        latent = {"samples": ["4", 0], "batch_index": k, "length": 1}
        picture = {"images": [f"{40 + k}", 0], "filename_prefix": f"test/{seed}-{k}"}
        graph |= {
            f"{20 + k}": {"class_type": "LatentFromBatch", "inputs": latent},
            f"{30 + k}": {
                "class_type": "KSampler",
                "inputs": sampler,
                "_meta": {"title": f"Sampler of picture {k + 1}"},
            },
            f"{40 + k}": {
                "class_type": "VAEDecode",
                "inputs": {"samples": [f"{30 + k}", 0], "vae": ["1", 2]},
            },
            f"{50 + k}": {"class_type": "SaveImage", "inputs": picture},
        }
    return graph


def links(node: Mapping[str, Any]) -> Iterable[str]:
    """The nodes that a node takes something from."""
    for value in node.get("inputs", {}).values():
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
            yield value[0]


def running_order(graph: Graph, outputs: Iterable[str]) -> list[str]:
    """Every node that the outputs need, each after what it needs; branch by branch."""
    order: list[str] = []

    def visit(node_id: str) -> None:
        if node_id not in order and node_id in graph:
            for source in links(graph[node_id]):
                visit(source)
            order.append(node_id)

    for output in outputs:
        visit(output)
    return order


def signature(graph: Graph, node_id: str) -> str:
    """Equal for nodes that give the same result: class, inputs, and those of all before it."""
    node = graph[node_id]
    literals = {k: v for k, v in node.get("inputs", {}).items() if not isinstance(v, list)}
    before = [signature(graph, source) for source in links(node) if source in graph]
    text = json.dumps([node["class_type"], literals, before], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def batch_size(graph: Graph, node_id: str) -> int:
    """How many pictures a node has, by the nearest node before it that says so."""
    node = graph[node_id]
    inputs = node.get("inputs", {})
    if node["class_type"] == "LatentFromBatch":
        return int(inputs.get("length", 1))
    if isinstance(inputs.get("batch_size"), int):
        return int(inputs["batch_size"])
    for name in ("images", "samples", "latent_image", "image", "pixels", "upscale_model"):
        link = inputs.get(name)
        if isinstance(link, list) and link[0] in graph:
            return batch_size(graph, link[0])
    return 1


def steps(graph: Graph, node_id: str) -> int:
    """How many steps a node tells; 0 for those that tell none."""
    value = graph[node_id].get("inputs", {}).get("steps")
    return value if isinstance(value, int) else 0


def color(*words: object) -> tuple[int, int, int]:
    red, green, blue = hashlib.sha256(repr(words).encode()).digest()[:3]
    return red, green, blue


def png(name: str, size: tuple[int, int], texts: Mapping[str, Any]) -> bytes:
    """A small real picture with a color of its own and ComfyUI's text chunks."""
    info = PngInfo()
    for key, value in texts.items():
        info.add_text(key, json.dumps(value))
    file = io.BytesIO()
    Image.new("RGB", size, color(name)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


@lru_cache(maxsize=64)
def jpeg(step: int, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color("preview", step)).save(file, "JPEG")
    return file.getvalue()


def picture_of(data: bytes) -> str:
    """``prompt id/node/index`` of a picture that the fake made."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return str(json.loads(image.info["picture"]))
