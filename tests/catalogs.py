"""Catalogs for tests: node schemas recorded from a real ComfyUI, with the models a test wants.

``data/object_info.json.gz`` is the answer of ``GET /object_info`` of ComfyUI 0.3.64 without custom
nodes. Its model lists are those of an empty installation; `object_info` puts names into them.
"""

import functools
import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from imagine.catalog import Catalog

RECORDED = Path(__file__).with_name("data") / "object_info.json.gz"

LISTS = {
    "checkpoints": [("CheckpointLoaderSimple", "ckpt_name")],
    "diffusion_models": [("UNETLoader", "unet_name")],
    "text_encoders": [
        ("CLIPLoader", "clip_name"),
        *(("DualCLIPLoader", f"clip_name{n}") for n in (1, 2)),
        *(("TripleCLIPLoader", f"clip_name{n}") for n in (1, 2, 3)),
        *(("QuadrupleCLIPLoader", f"clip_name{n}") for n in (1, 2, 3, 4)),
    ],
    "vaes": [("VAELoader", "vae_name")],
    "loras": [("LoraLoader", "lora_name"), ("LoraLoaderModelOnly", "lora_name")],
    "upscale_models": [("UpscaleModelLoader", "model_name")],
    "style_models": [("StyleModelLoader", "style_model_name")],
    "clip_visions": [("CLIPVisionLoader", "clip_name")],
    "photomakers": [("PhotoMakerLoader", "photomaker_model_name")],
    "samplers": [("KSampler", "sampler_name"), ("KSamplerAdvanced", "sampler_name")],
}

ENCODERS = (
    "clip_l.safetensors",
    "clip_g.safetensors",
    "t5xxl_fp8_e4m3fn_scaled.safetensors",
    "clip_l_hidream.safetensors",
    "clip_g_hidream.safetensors",
    "llama_3.1_8b_instruct_fp8_scaled.safetensors",
    "qwen_2.5_vl_7b_fp8_scaled.safetensors",
    "qwen_3_4b.safetensors",
    "gemma_2_2b_fp16.safetensors",
    "umt5_xxl_fp8_e4m3fn_scaled.safetensors",
)
VAES = (
    "ae.safetensors",
    "qwen_image_vae.safetensors",
    "sdxl_vae.safetensors",
    "wan_2.1_vae.safetensors",
)


@functools.cache
def _recorded() -> bytes:
    return gzip.decompress(RECORDED.read_bytes())


def recorded_info() -> dict[str, Any]:
    """Return the recorded schemas, fresh and unchanged."""
    info: dict[str, Any] = json.loads(_recorded())
    return info


@functools.cache
def _compiled() -> Catalog:
    return Catalog.from_object_info(recorded_info())


def object_info(**models: Sequence[str]) -> dict[str, Any]:
    """Return the recorded schemas with other model lists; a list that is not named is empty."""
    info = recorded_info()
    for kind, places in LISTS.items():
        if kind == "samplers" and kind not in models:
            continue
        for class_type, name in places:
            config = info[class_type]["input"]["required"][name]
            names = list(models.get(kind, ()))
            if config[0] == "COMBO":
                config[1]["options"] = names
            else:
                config[0] = names
    return info


def catalog(**models: Sequence[str]) -> Catalog:
    """Return the catalog of an engine with these models, and all their companion files."""
    info = object_info(**({"text_encoders": ENCODERS, "vaes": VAES} | models))
    # Only what the lists touch is compiled again: it is the same catalog, and ten times quicker.
    touched = {class_type for places in LISTS.values() for class_type, _ in places}
    installed = Catalog.from_object_info({name: info[name] for name in touched})
    return replace(installed, schemas={**_compiled().schemas, **installed.schemas})
