"""Graphs: the bare client's own, and what the stand-in asks about one it was sent."""

from collections.abc import Iterator, Mapping
from typing import Any

CHECKPOINT = "sd_xl_base_1.0.safetensors"
STEPS = 20
SIDE_PX = 1024

Graph = Mapping[str, Mapping[str, Any]]


def plain_graph(text: str, seed: int) -> Graph:
    """Return ComfyUI's first example, as a bare client would submit it."""
    sampler = {
        "seed": seed, "steps": STEPS, "cfg": 7.5, "sampler_name": "euler", "scheduler": "normal",
        "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0],
        "latent_image": ["5", 0],
    }  # fmt: skip
    nodes: list[tuple[str, str, dict[str, Any]]] = [
        ("3", "KSampler", sampler),
        ("4", "CheckpointLoaderSimple", {"ckpt_name": CHECKPOINT}),
        ("5", "EmptyLatentImage", {"width": SIDE_PX, "height": SIDE_PX, "batch_size": 1}),
        ("6", "CLIPTextEncode", {"text": text, "clip": ["4", 1]}),
        ("7", "CLIPTextEncode", {"text": "lowres, blurry", "clip": ["4", 1]}),
        ("8", "VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
        ("9", "SaveImage", {"filename_prefix": "ComfyUI", "images": ["8", 0]}),
    ]
    return {name: {"class_type": kind, "inputs": inputs} for name, kind, inputs in nodes}


def sources(graph: Graph, node: str) -> Iterator[str]:
    """Yield the nodes that a node is linked to."""
    for value in graph[node]["inputs"].values():
        if isinstance(value, list) and len(value) == 2 and value[0] in graph:
            yield value[0]


def running_order(graph: Graph, outputs: list[str]) -> list[str]:
    """Return the nodes that the outputs need, each after its sources."""
    order: dict[str, None] = {}

    def visit(node: str) -> None:
        if node in order:
            return
        for source in sources(graph, node):
            visit(source)
        order[node] = None

    for output in outputs:
        visit(output)
    return list(order)


def signatures(graph: Graph, order: list[str]) -> dict[str, int]:
    """Return a number for each node, the same again only when it would do the same again."""
    found: dict[str, int] = {}
    for node in order:
        inputs = [
            (name, found[value[0]], value[1])
            if isinstance(value, list) and len(value) == 2 and value[0] in found
            else (name, repr(value))
            for name, value in graph[node]["inputs"].items()
        ]
        found[node] = hash((graph[node]["class_type"], *inputs))
    return found


def seed_of(graph: Graph) -> Any:
    """Return the seed of a graph; None when no node has one."""
    return next(
        (
            node["inputs"][name]
            for node in graph.values()
            for name in ("seed", "noise_seed")
            if name in node["inputs"]
        ),
        None,
    )
