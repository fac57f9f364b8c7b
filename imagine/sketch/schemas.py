"""What the engine says about itself: its node schemas and the models it pretends to have.

``schemas.json`` holds the input types, ranges and defaults of ComfyUI's own nodes, as recorded
from version 0.3.64, without its texts. Only the lists of names are ours.
"""

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Schemas: TypeAlias = dict[str, dict[str, Any]]

CHECKPOINT = "sketch.safetensors"
INK_LORA = "sketch-ink.safetensors"
UPSCALER = "sketch-2x.safetensors"

# Folder → the names in it. A folder without names is there, but empty, as in a fresh ComfyUI. The
# one name stands wherever a graph loads something: so graphs of every family can be painted.
MODELS: Mapping[str, tuple[str, ...]] = {
    "checkpoints": (CHECKPOINT,),
    "loras": (INK_LORA,),
    "vae": (CHECKPOINT,),
    "text_encoders": (CHECKPOINT,),
    "diffusion_models": (CHECKPOINT,),
    "clip_vision": (CHECKPOINT,),
    "style_models": (),
    "embeddings": (),
    "controlnet": (),
    "upscale_models": (UPSCALER,),
}
METADATA: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("checkpoints", CHECKPOINT): {
        "modelspec.architecture": "sketch",
        "modelspec.title": "Imagine sketch engine",
        "modelspec.description": "Procedural paintings, no neural network",
    },
    ("loras", INK_LORA): {"modelspec.title": "Ink drawing for the Imagine sketch engine"},
}


def models_of(checkpoints: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the folders of an engine that lists these checkpoints."""
    return {**MODELS, "checkpoints": tuple(dict.fromkeys(checkpoints))}


def metadata_of(folder: str, name: str, checkpoints: Iterable[str]) -> Mapping[str, str] | None:
    """Return what the header of a model says; every checkpoint is one of ours."""
    if folder == "checkpoints" and name in checkpoints:
        name = CHECKPOINT
    return METADATA.get((folder, name))


def load_schemas(models: Mapping[str, tuple[str, ...]] = MODELS) -> Schemas:
    """Read the recorded schemas and put our own model names into their lists."""
    text = Path(__file__).with_name("schemas.json").read_text(encoding="utf-8")
    schemas: Schemas = json.loads(text)
    for class_type, name, folder in (
        ("CheckpointLoaderSimple", "ckpt_name", "checkpoints"),
        ("UNETLoader", "unet_name", "diffusion_models"),
        ("CLIPLoader", "clip_name", "text_encoders"),
        ("DualCLIPLoader", "clip_name1", "text_encoders"),
        ("DualCLIPLoader", "clip_name2", "text_encoders"),
        ("VAELoader", "vae_name", "vae"),
        ("CLIPVisionLoader", "clip_name", "clip_vision"),
        ("LoraLoader", "lora_name", "loras"),
        ("LoraLoaderModelOnly", "lora_name", "loras"),
    ):
        schemas[class_type]["input"]["required"][name][0] = list(models[folder])
    upscaler = schemas["UpscaleModelLoader"]["input"]["required"]["model_name"]
    upscaler[1]["options"] = list(models["upscale_models"])
    return schemas


def with_uploads(schemas: Schemas, names: Iterable[str]) -> Schemas:
    """Return the schemas with the files of the input folder as choices of the image loaders."""
    full = copy.deepcopy(schemas)
    listed = sorted(names)
    for class_type in ("LoadImage", "LoadImageMask"):
        full[class_type]["input"]["required"]["image"][0] = listed
    return full
