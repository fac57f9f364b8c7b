"""Entries for tests: a small graph that paints, and all workflows of ``tests/data/workflows``."""

import copy
import functools
from collections.abc import Mapping
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.naming import LONGEST_NAME, Names
from imagine.input_image import InputImage
from imagine.links import upload_link
from imagine.profiles import Profiles, load_profiles
from imagine.registry.entries import RESERVED, Entry, Parameter
from tests.catalogs import catalog
from tests.importing.samples import NAMES, workflow

__all__ = ["NAMES", "PICTURES", "PROFILES", "engine", "entry", "imported", "link", "parameter"]

PROFILES: Profiles = load_profiles()


def node(class_type: str, title: str | None = None, **inputs: Any) -> dict[str, Any]:
    meta = {"_meta": {"title": title}} if title is not None else {}
    return {"class_type": class_type, "inputs": inputs, **meta}


def graph() -> dict[str, dict[str, Any]]:
    """Return a graph: 1 model, 2 prompt, 3 negative, 4 latent, 5 sampler, 6 decode, 7 save."""
    sampling = {"steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal"}
    links = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0]}
    return {
        "1": node("CheckpointLoaderSimple", "Model", ckpt_name="sd_xl_base_1.0.safetensors"),
        "2": node("CLIPTextEncode", "Prompt", text="a fox", clip=["1", 1]),
        "3": node("CLIPTextEncode", "Negative", text="", clip=["1", 1]),
        "4": node("EmptyLatentImage", width=1024, height=1024, batch_size=1),
        "5": node("KSampler", "Sampling", seed=5, denoise=1, latent_image=["4", 0])
        | {"inputs": {"seed": 5, "denoise": 1, "latent_image": ["4", 0], **sampling, **links}},
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0], filename_prefix="ComfyUI"),
    }


def parameter(name: str, type_: str, *feeds: str, **more: Any) -> Parameter:
    return Parameter.model_validate({"name": name, "type": type_, "feeds": feeds, **more})


def entry(*parameters: Parameter, nodes: Mapping[str, Any] | None = None, **more: Any) -> Entry:
    """Return an entry of the small graph, or of other nodes."""
    made = {"id": "sample", "name": "Sample", "parameters": parameters, **more}
    return Entry.model_validate({**made, "graph": graph() if nodes is None else dict(nodes)})


@functools.cache
def imported(name: str) -> Entry:
    """Return the entry of a recorded workflow, with every parameter that it may have."""
    made, names = workflow(name), Names()
    parameters = [
        Parameter(
            name=names.unique(f"the_{one.name}"[: LONGEST_NAME - 3].rstrip("_")),
            type=one.type,
            feeds=one.feeds,
        )
        for one in made.parameters
    ]
    assert not any(one.name in RESERVED for one in parameters)
    return Entry(
        id=name,
        name=name,
        graph=copy.deepcopy(dict(made.graph)),
        parameters=tuple(parameters),
    )


@functools.cache
def engine(**models: Any) -> Catalog:
    """Return the catalog of an engine with a model, or with others."""
    return catalog(**({"checkpoints": ("sd_xl_base_1.0.safetensors",)} | models))


def link(number: int) -> str:
    return upload_link(f"{number:064x}")


# Pictures by their links, as a planner knows them.
PICTURES = {link(n): InputImage(link(n), f"imagine/{n}.png", 1024, 1024) for n in range(6)}
