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
    "shapes": [("ImageOnlyCheckpointLoader", "ckpt_name")],
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


# ComfyUI_IPAdapter_plus is no part of the recording: what it publishes of the nodes that are used.
_PRESETS = (
    "LIGHT - SD1.5 only (low strength)",
    "STANDARD (medium strength)",
    "VIT-G (medium strength)",
    "PLUS (high strength)",
    "PLUS FACE (portraits)",
    "FULL FACE - SD1.5 only (portraits stronger)",
)
_WEIGHT_TYPES = (
    *("linear", "ease in", "ease out", "ease in-out", "reverse in-out"),
    *("weak input", "weak output", "weak middle", "strong middle"),
    *("style transfer", "composition", "strong style transfer", "style and composition"),
    *("style transfer precise", "composition precise"),
)
_SHARE = {"min": 0.0, "max": 1.0, "step": 0.001}


def _ip_adapter(files: Sequence[str]) -> dict[str, Any]:
    def node(required: dict[str, Any], optional: Sequence[str], *outputs: str) -> dict[str, Any]:
        links = {name: [kind] for name, kind in (pair.split(":") for pair in optional)}
        return {
            "input": {"required": required, "optional": links},
            "output": list(outputs),
            "output_node": False,
        }

    return {
        "IPAdapterModelLoader": node({"ipadapter_file": [list(files)]}, (), "IPADAPTER"),
        "IPAdapterUnifiedLoader": node(
            {"model": ["MODEL"], "preset": [list(_PRESETS)]},
            ("ipadapter:IPADAPTER",),
            "MODEL",
            "IPADAPTER",
        ),
        "IPAdapterAdvanced": node(
            {
                "model": ["MODEL"],
                "ipadapter": ["IPADAPTER"],
                "image": ["IMAGE"],
                "weight": ["FLOAT", {"default": 1.0, "min": -1, "max": 5, "step": 0.05}],
                "weight_type": [list(_WEIGHT_TYPES)],
                "combine_embeds": [["concat", "add", "subtract", "average", "norm average"]],
                "start_at": ["FLOAT", {"default": 0.0} | _SHARE],
                "end_at": ["FLOAT", {"default": 1.0} | _SHARE],
                "embeds_scaling": [["V only", "K+V", "K+V w/ C penalty", "K+mean(V) w/ C penalty"]],
            },
            ("image_negative:IMAGE", "attn_mask:MASK", "clip_vision:CLIP_VISION"),
            "MODEL",
        ),
    }


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
    """Return the recorded schemas with other model lists; a list that is not named is empty.

    With ``ip_adapters``, the nodes of ComfyUI_IPAdapter_plus are there as well.
    """
    info = recorded_info()
    if "ip_adapters" in models:
        info |= _ip_adapter(models["ip_adapters"])
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


def strict_schemas() -> dict[str, Any]:
    """Return every recorded schema for one who checks values by lists, whatever models there are.

    Lists of the newer kind, which ComfyUI itself checks only while it runs, are made plain ones.
    """
    info = recorded_info() | _ip_adapter(())
    models = {place for kind in LISTS.values() for place in kind}
    for class_type, node in info.items():
        for section in node["input"].values():
            for name, config in section.items() if isinstance(section, dict) else ():
                if (class_type, name) in models and not class_type.startswith("KSampler"):
                    section[name] = ["STRING", {}]
                elif isinstance(config, list) and config[0] == "COMBO" and "options" in config[1]:
                    section[name] = [config[1]["options"], config[1]]
    return info


def engine_info(**models: Sequence[str]) -> dict[str, Any]:
    """Return the schemas of an engine with these models, and all their companion files."""
    return object_info(**({"text_encoders": ENCODERS, "vaes": VAES} | models))


def catalog(**models: Sequence[str]) -> Catalog:
    """Return the catalog of an engine with these models, and all their companion files."""
    info = engine_info(**models)
    # Only what the lists touch is compiled again: it is the same catalog, and ten times quicker.
    touched = {class_type for places in LISTS.values() for class_type, _ in places}
    touched |= info.keys() & _ip_adapter(()).keys()
    installed = Catalog.from_object_info({name: info[name] for name in touched})
    return replace(installed, schemas={**_compiled().schemas, **installed.schemas})
