"""What people get wrong in graphs and settings: each is refused, and told what would work.

Every row is a graph that runs, with one thing changed as it happens in life. All have to be refused
with the right cause at the right node; nine of ten suggestions have to be the right one.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imagine.errors import Detail, ImagineError
from imagine.node_packs import advice
from imagine.preflight import preflight
from imagine.profiles import load_profiles
from imagine.repair import plain_number, read_number, written
from imagine.settings_sources import load
from tests.catalogs import ENCODERS, catalog

ENGINE = catalog(
    checkpoints=[
        "SDXL\\sd_xl_base_1.0.safetensors",
        "SDXL\\juggernautXL_v9Rundiffusionphoto2.safetensors",
        "v1-5-pruned-emaonly-fp16.safetensors",
        "dreamshaper_8.safetensors",
    ],
    diffusion_models=["flux1-dev.safetensors", "qwen_image_fp8_e4m3fn.safetensors"],
    loras=[
        "styles\\film-grain_v2.safetensors",
        "styles\\watercolor.safetensors",
        "fox.safetensors",
    ],
    upscale_models=["4x-UltraSharp.pth", "RealESRGAN_x4plus.pth"],
    clip_visions=["clip_vision_g.safetensors"],
    text_encoders=ENCODERS,
)

# 1 model, 2 LoRA, 3 prompt, 4 negative prompt, 5 latent, 6 sampler, 7 decode, 8 upscaler,
# 9 upscale, 10 save; 11 has no title.
GRAPH: dict[str, dict[str, Any]] = {
    "1": {
        "class_type": "CheckpointLoaderSimple",
        "inputs": {"ckpt_name": "dreamshaper_8.safetensors"},
        "_meta": {"title": "Load Checkpoint"},
    },
    "2": {
        "class_type": "LoraLoader",
        "inputs": {
            "model": ["1", 0],
            "clip": ["11", 0],
            "lora_name": "fox.safetensors",
            "strength_model": 1.0,
            "strength_clip": 1.0,
        },
        "_meta": {"title": "Load LoRA"},
    },
    "3": {
        "class_type": "CLIPTextEncode",
        "inputs": {"clip": ["2", 1], "text": "a red fox"},
        "_meta": {"title": "Positive"},
    },
    "4": {
        "class_type": "CLIPTextEncode",
        "inputs": {"clip": ["2", 1], "text": "text"},
        "_meta": {"title": "Negative"},
    },
    "5": {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 512, "height": 768, "batch_size": 1},
        "_meta": {"title": "Empty Latent Image"},
    },
    "6": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["2", 0],
            "positive": ["3", 0],
            "negative": ["4", 0],
            "latent_image": ["5", 0],
            "seed": 42,
            "steps": 25,
            "cfg": 7.0,
            "sampler_name": "dpmpp_2m",
            "scheduler": "karras",
            "denoise": 1.0,
        },
        "_meta": {"title": "KSampler"},
    },
    "7": {
        "class_type": "VAEDecode",
        "inputs": {"samples": ["6", 0], "vae": ["1", 2]},
        "_meta": {"title": "VAE Decode"},
    },
    "8": {
        "class_type": "UpscaleModelLoader",
        "inputs": {"model_name": "4x-UltraSharp.pth"},
        "_meta": {"title": "Load Upscale Model"},
    },
    "9": {
        "class_type": "ImageUpscaleWithModel",
        "inputs": {"upscale_model": ["8", 0], "image": ["7", 0]},
        "_meta": {"title": "Upscale"},
    },
    "10": {
        "class_type": "SaveImage",
        "inputs": {"images": ["9", 0], "filename_prefix": "fox"},
        "_meta": {"title": "Save Image"},
    },
    "11": {
        "class_type": "CLIPSetLastLayer",
        "inputs": {"clip": ["1", 1], "stop_at_clip_layer": -2},
    },
}

Graph = dict[str, Any]
Change = Callable[[Graph], None]


def put(node: str, **inputs: Any) -> Change:
    return lambda graph: graph[node]["inputs"].update(inputs)


def drop(node: str, name: str) -> Change:
    return lambda graph: graph[node]["inputs"].pop(name)


def rename(node: str, name: str, other: str) -> Change:
    def change(graph: Graph) -> None:
        graph[node]["inputs"][other] = graph[node]["inputs"].pop(name)

    return change


def remove(node: str) -> Change:
    return lambda graph: graph.pop(node)


def become(node: str, class_type: str) -> Change:
    return lambda graph: graph[node].update(class_type=class_type)


def replaced(node: str, other: Any) -> Change:
    return lambda graph: graph.update({node: other})


def loader(class_type: str, **inputs: Any) -> Change:
    """Load the text encoder by a node of its own."""
    node = {"class_type": class_type, "inputs": inputs, "_meta": {"title": "Load CLIP"}}

    def change(graph: Graph) -> None:
        graph["12"] = node
        graph["11"]["inputs"]["clip"] = ["12", 0]

    return change


def loaded_vae(name: str) -> Change:
    node = {"class_type": "VAELoader", "inputs": {"vae_name": name}, "_meta": {"title": "Load VAE"}}

    def change(graph: Graph) -> None:
        graph["12"] = node
        graph["7"]["inputs"]["vae"] = ["12", 0]

    return change


def circled(graph: Graph) -> None:
    graph["12"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["7", 0], "vae": ["1", 2]}}
    graph["7"]["inputs"]["samples"] = ["12", 0]


@dataclass(frozen=True)
class Row:
    """One thing that is wrong: what is to be told, of which node, and what is to be suggested."""

    change: Change
    told: str
    suggestion: str | None
    advice: str
    node: str = ""


MODEL, LORA, SAMPLER = (
    "Load Checkpoint (CheckpointLoaderSimple)",
    "Load LoRA (LoraLoader)",
    ("KSampler (KSampler)"),
)
LATENT = "Empty Latent Image (EmptyLatentImage)"
NO_FILE = "which is not in models/"
NOT_THERE = "which this ComfyUI does not have"

ROWS: dict[str, Row] = {
    # Models and files
    "model renamed": Row(
        put("1", ckpt_name="juggernaut_xl.safetensors"),
        NO_FILE + "checkpoints",
        "SDXL\\juggernautXL_v9Rundiffusionphoto2.safetensors",
        "Use --model SDXL\\juggernautXL_v9Rundiffusionphoto2.safetensors.",
        MODEL,
    ),
    "model in another folder": Row(
        put("1", ckpt_name="sd_xl_base_1.0.safetensors"),
        NO_FILE + "checkpoints",
        "SDXL\\sd_xl_base_1.0.safetensors",
        "Use --model SDXL\\sd_xl_base_1.0.safetensors.",
        MODEL,
    ),
    "model with another extension": Row(
        put("1", ckpt_name="v1-5-pruned-emaonly.ckpt"),
        NO_FILE + "checkpoints",
        "v1-5-pruned-emaonly-fp16.safetensors",
        "Use --model v1-5-pruned-emaonly-fp16.safetensors.",
        MODEL,
    ),
    "model of another operating system": Row(
        put("1", ckpt_name="SDXL/sd_xl_base_1.0.safetensors"),
        NO_FILE + "checkpoints",
        "SDXL\\sd_xl_base_1.0.safetensors",
        "Use --model SDXL\\sd_xl_base_1.0.safetensors.",
        MODEL,
    ),
    "split model in the loader of checkpoints": Row(
        put("1", ckpt_name="flux1-dev.safetensors"),
        NO_FILE + "checkpoints",
        "flux1-dev.safetensors",
        "It is in models/diffusion_models. Load it with UNETLoader, or use --model",
        MODEL,
    ),
    "model that was never installed": Row(
        put("1", ckpt_name="ponyDiffusionV6XL.safetensors"),
        NO_FILE + "checkpoints",
        None,
        "Choose one that is there: ",
        MODEL,
    ),
    "model null": Row(
        put("1", ckpt_name=None),
        "ckpt_name is null",
        "SDXL\\sd_xl_base_1.0.safetensors",
        "Use --model",
        MODEL,
    ),
    "LoRA without its folder": Row(
        put("2", lora_name="watercolor.safetensors"),
        NO_FILE + "loras",
        "styles\\watercolor.safetensors",
        "Use --lora styles\\watercolor.safetensors.",
        LORA,
    ),
    "LoRA with a slash": Row(
        put("2", lora_name="styles/film-grain_v2.safetensors"),
        NO_FILE + "loras",
        "styles\\film-grain_v2.safetensors",
        "Use --lora styles\\film-grain_v2.safetensors.",
        LORA,
    ),
    "LoRA of an older version": Row(
        put("2", lora_name="film_grain_v1.safetensors"),
        NO_FILE + "loras",
        "styles\\film-grain_v2.safetensors",
        "Use --lora",
        LORA,
    ),
    "upscaler as another page writes it": Row(
        put("8", model_name="4x_UltraSharp.pt"),
        NO_FILE + "upscale_models",
        "4x-UltraSharp.pth",
        "Use 4x-UltraSharp.pth.",
        "Load Upscale Model (UpscaleModelLoader)",
    ),
    "VAE of SD 1.5, only others installed": Row(
        loaded_vae("vae-ft-mse-840000-ema-pruned.safetensors"),
        NO_FILE + "vae",
        None,
        "Choose one that is there: ",
        "Load VAE (VAELoader)",
    ),
    "VAE renamed": Row(
        loaded_vae("sdxl.vae.safetensors"),
        NO_FILE + "vae",
        "sdxl_vae.safetensors",
        "Use sdxl_vae.safetensors.",
        "Load VAE (VAELoader)",
    ),
    "text encoder of another precision": Row(
        loader("CLIPLoader", clip_name="t5xxl_fp16.safetensors", type="sd3"),
        NO_FILE + "text_encoders",
        "t5xxl_fp8_e4m3fn_scaled.safetensors",
        "Use t5xxl_fp8_e4m3fn_scaled.safetensors.",
        "Load CLIP (CLIPLoader)",
    ),
    "text encoder of a type that takes two": Row(
        loader("CLIPLoader", clip_name="clip_l.safetensors", type="flux"),
        "type is flux, " + NOT_THERE,
        "DualCLIPLoader",
        "Use DualCLIPLoader, which takes it.",
        "Load CLIP (CLIPLoader)",
    ),
    "CLIP vision among the text encoders": Row(
        loader("CLIPLoader", clip_name="clip_vision_g.safetensors", type="sd3"),
        NO_FILE + "text_encoders",
        "clip_vision_g.safetensors",
        "It is in models/clip_vision. Load it with CLIPVisionLoader.",
        "Load CLIP (CLIPLoader)",
    ),
    # Samplers and schedulers
    "Euler a": Row(
        put("6", sampler_name="euler_a"),
        NOT_THERE,
        "euler_ancestral",
        "Use --sampler euler_ancestral.",
        SAMPLER,
    ),
    "DPM++ 2M": Row(
        put("6", sampler_name="DPM++ 2M"), NOT_THERE, "dpmpp_2m", "Use --sampler dpmpp_2m.", SAMPLER
    ),
    "DPM++ 2M Karras": Row(
        put("6", sampler_name="dpm++ 2m karras"),
        NOT_THERE,
        "dpmpp_2m",
        "Use --sampler dpmpp_2m --scheduler karras.",
        SAMPLER,
    ),
    "sampler with a slip": Row(
        put("6", sampler_name="dpmmp_2m"), NOT_THERE, "dpmpp_2m", "Use --sampler dpmpp_2m.", SAMPLER
    ),
    "scheduler as sampler": Row(
        put("6", sampler_name="karras"),
        NOT_THERE,
        "euler",
        "karras is a scheduler. Use --sampler euler --scheduler karras.",
        SAMPLER,
    ),
    "sampler as scheduler": Row(
        put("6", scheduler="euler_ancestral"),
        NOT_THERE,
        "normal",
        "euler_ancestral is a sampler. Use --sampler euler_ancestral --scheduler normal.",
        SAMPLER,
    ),
    "scheduler of another page": Row(
        put("6", scheduler="SGM Uniform"),
        NOT_THERE,
        "sgm_uniform",
        "Use --scheduler sgm_uniform.",
        SAMPLER,
    ),
    "scheduler left to the program": Row(
        put("6", scheduler="Automatic"), NOT_THERE, "normal", "Use --scheduler normal.", SAMPLER
    ),
    # Numbers
    "no steps": Row(put("6", steps=0), "takes 1–10000", "1", "Use --steps 1.", SAMPLER),
    "too many steps": Row(
        put("6", steps=20_000), "takes 1–10000", "10000", "Use 10000; --steps takes 1–150.", SAMPLER
    ),
    "true for steps": Row(
        put("6", steps=True), "steps is true, and takes a whole", "20", "Use --steps 20.", SAMPLER
    ),
    "steps with words": Row(
        put("6", steps="30 steps"), "takes a whole number", "30", "Use --steps 30.", SAMPLER
    ),
    "cfg of 200": Row(
        put("6", cfg=200), "takes 0–100", "100", "Use 100; --cfg takes 0–30.", SAMPLER
    ),
    "cfg with a comma": Row(
        put("6", cfg="7,5"), "takes a number", "7.5", "Use --cfg 7.5.", SAMPLER
    ),
    "cfg is not a number": Row(
        put("6", cfg=float("nan")), "cfg is NaN", "8", "Use --cfg 8.", SAMPLER
    ),
    "seed drawn elsewhere": Row(
        put("6", seed=-1), "takes 0–18446744073709551615", "0", "Use --seed 0.", SAMPLER
    ),
    "seed null": Row(put("6", seed=None), "seed is null", "0", "Use --seed 0.", SAMPLER),
    "denoise in percent": Row(put("6", denoise=65), "takes 0–1", "1", "Use --denoise 1.", SAMPLER),
    "width of 100000": Row(
        put("5", width=100_000), "takes 16–16384", "16384", "Use 16384; --size takes", LATENT
    ),
    "height as text": Row(
        put("5", height="tall"), "takes a whole number", "512", "Use --size 512x512.", LATENT
    ),
    "width in words": Row(
        put("5", width="640px"), "takes a whole number", "640", "Use --size 640x768.", LATENT
    ),
    "no picture in the batch": Row(
        put("5", batch_size=0), "takes 1–4096", "1", "Use --batch 1.", LATENT
    ),
    "clip skip counted forwards": Row(
        put("11", stop_at_clip_layer=2),
        "takes -24–-1",
        "-2",
        "Use --clip-skip 2.",
        "CLIPSetLastLayer (node 11)",
    ),
    # Links
    "model into the text encoder": Row(
        put("3", clip=["2", 0]),
        "clip takes CLIP, and slot 0 of Load LoRA (LoraLoader) gives MODEL",
        '["2", 1]',
        "Connect slot 1 of Load LoRA (LoraLoader), which gives CLIP.",
        "Positive (CLIPTextEncode)",
    ),
    "wrong slot": Row(
        put("7", vae=["1", 3]),
        "links to slot 3 of Load Checkpoint (CheckpointLoaderSimple), which has 3",
        '["1", 2]',
        "Connect slot 2 of Load Checkpoint",
        "VAE Decode (VAEDecode)",
    ),
    "node removed": Row(
        remove("2"),
        "links to node 2, which is not there",
        '["11", 0]',
        "Connect slot 0 of CLIPSetLastLayer (node 11), which gives CLIP.",
        "Positive (CLIPTextEncode)",
    ),
    "link to a node that was never there": Row(
        put("6", latent_image=["99", 0]),
        "links to node 99, which is not there",
        '["5", 0]',
        "Connect slot 0 of Empty Latent Image (EmptyLatentImage), which gives LATENT.",
        SAMPLER,
    ),
    "latent saved undecoded": Row(
        put("9", image=["6", 0]),
        "image takes IMAGE, and slot 0 of KSampler (KSampler) gives LATENT",
        '["7", 0]',
        "Connect slot 0 of VAE Decode (VAEDecode), which gives IMAGE.",
        "Upscale (ImageUpscaleWithModel)",
    ),
    "node id as a number": Row(
        put("6", positive=[3, 0]), "which is no link", '["3", 0]', 'Write ["3", 0].', SAMPLER
    ),
    "link with three entries": Row(
        put("6", positive=["3", 0, "CONDITIONING"]),
        "which is no link",
        '["3", 0]',
        'Write ["3", 0].',
        SAMPLER,
    ),
    "null where a link belongs": Row(
        put("6", model=None), "takes a link to MODEL", '["2", 0]', "Connect slot 0 of", SAMPLER
    ),
    "name where a link belongs": Row(
        put("7", vae="ae.safetensors"),
        "takes a link to VAE",
        '["1", 2]',
        "Connect slot 2 of Load Checkpoint",
        "VAE Decode (VAEDecode)",
    ),
    "circle": Row(
        circled,
        "The graph runs in a circle: ",
        None,
        "Disconnect one of them.",
    ),
    # Inputs
    "text missing": Row(
        drop("3", "text"),
        "the input text is missing",
        None,
        "Write a text there.",
        "Positive (CLIPTextEncode)",
    ),
    "text null": Row(
        put("3", text=None), "text is null", "", "Write a text there.", "Positive (CLIPTextEncode)"
    ),
    "steps missing": Row(
        drop("6", "steps"), "the input steps is missing", "20", "Use --steps 20.", SAMPLER
    ),
    "link missing": Row(
        drop("6", "positive"),
        "the input positive is missing",
        '["3", 0]',
        "Connect slot 0 of Positive (CLIPTextEncode), which gives CONDITIONING.",
        SAMPLER,
    ),
    "input of another name": Row(
        rename("6", "sampler_name", "sampler"),
        "the input sampler_name is missing",
        "sampler_name",
        "sampler is not known here. Rename it to sampler_name.",
        SAMPLER,
    ),
    # Nodes
    "class with a slip": Row(
        become("6", "Ksampler"),
        "this ComfyUI has no node Ksampler",
        "KSampler",
        "Use KSampler.",
        "KSampler (Ksampler)",
    ),
    "class by the name on the page": Row(
        become("7", "VAE Decode"),
        "this ComfyUI has no node VAE Decode",
        "VAEDecode",
        "Use VAEDecode.",
        "VAE Decode (VAE Decode)",
    ),
    "custom node missing": Row(
        become("9", "UltimateSDUpscale"),
        "this ComfyUI has no node UltimateSDUpscale",
        None,
        "It belongs to ComfyUI_UltimateSDUpscale. Install that in ComfyUI's custom_nodes",
        "Upscale (UltimateSDUpscale)",
    ),
    "node of a newer ComfyUI": Row(
        become("5", "EmptyFlux2LatentImage"),
        "this ComfyUI has no node EmptyFlux2LatentImage",
        None,
        "It came with a newer ComfyUI. Update ComfyUI.",
        "Empty Latent Image (EmptyFlux2LatentImage)",
    ),
    "node of nobody": Row(
        become("9", "MyOwnSharpener"),
        "this ComfyUI has no node MyOwnSharpener",
        None,
        "Update ComfyUI, or install the custom nodes it belongs to.",
        "Upscale (MyOwnSharpener)",
    ),
    "node of the page only": Row(
        become("9", "Reroute"),
        "this ComfyUI has no node Reroute",
        None,
        "Export the workflow again with “Export (API)”.",
        "Upscale (Reroute)",
    ),
    "node without a class": Row(
        replaced("3", {"inputs": {"text": "a fox"}}),
        "is no node: it does not say its class_type",
        None,
        "Export the workflow again",
        "Node 3",
    ),
    "nothing is saved": Row(
        remove("10"),
        "it has no output node",
        "SaveImage",
        "Add a SaveImage, and connect your pictures to it.",
    ),
}


def broken(row: Row) -> Graph:
    graph: Graph = copy.deepcopy(GRAPH)
    row.change(graph)
    return graph


def first(row: Row) -> Detail:
    problems = preflight(broken(row), ENGINE)
    assert problems
    return next((p for p in problems if row.node in (p.message or "")), problems[0])


def test_the_whole_graph_runs() -> None:
    assert preflight(GRAPH, ENGINE) == ()


@pytest.mark.parametrize("name", ROWS)
def test_what_is_wrong_is_refused_with_its_cause_and_what_to_do(name: str) -> None:
    row = ROWS[name]
    told = first(row)
    assert told.message is not None
    assert told.message.startswith(row.node)
    assert row.told in told.message
    assert row.advice in told.message
    assert told.message.endswith(".")


def test_nine_of_ten_suggestions_are_right() -> None:
    wrong = {
        name: (told.suggestion, row.suggestion)
        for name, row in ROWS.items()
        if (told := first(row)).suggestion != row.suggestion
    }
    assert len(ROWS) >= 36
    assert len(wrong) <= len(ROWS) / 10, wrong


@pytest.mark.parametrize(
    "change",
    [
        put("6", steps="20"),
        put("6", steps=20.7),
        put("6", cfg="7"),
        put("5", width=1023),  # no multiple of its step, which ComfyUI does not look at
        put("6", sampler_name="dpmpp_2m_sde_gpu"),
        put("10", extra=1),
        put("3", text=42),
        put("6", seed=2**64 - 1),
    ],
)
def test_what_comfyui_takes_as_it_is_meant_is_not_refused(change: Change) -> None:
    graph: Graph = copy.deepcopy(GRAPH)
    change(graph)
    assert preflight(graph, ENGINE) == ()


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.suggestion])
def test_what_is_suggested_is_a_repair(name: str) -> None:
    row = ROWS[name]
    told = first(row)
    value: Any = told.suggestion
    if told.parameter in (None, "class_type", value) or value in ENGINE.nodes:
        return  # not a value of this input
    graph = broken(row)
    if value.startswith("["):
        value = json.loads(value)
    (node,) = [node for node in graph.values() if is_of(node, row)]
    node["inputs"][told.parameter] = value
    again = [p.parameter for p in preflight(graph, ENGINE) if row.node in str(p.message)]
    assert "It is in models/" in str(told.message) or told.parameter not in again


def is_of(node: dict[str, Any], row: Row) -> bool:
    title = node.get("_meta", {}).get("title", "")
    return row.node in (f"{title} ({node['class_type']})", f"{node['class_type']} (node 11)")


# Packs of custom nodes


@pytest.mark.parametrize(
    ("class_type", "pack"),
    [
        ("IPAdapterUnifiedLoader", "ComfyUI_IPAdapter_plus"),
        ("UltimateSDUpscaleNoUpscale", "ComfyUI_UltimateSDUpscale"),
        ("DWPreprocessor", "comfyui_controlnet_aux"),
        ("MiDaS-DepthMapPreprocessor", "comfyui_controlnet_aux"),
        ("FaceDetailer", "ComfyUI-Impact-Pack"),
        ("SEGSDetailerForAnimateDiff", "ComfyUI-Impact-Pack"),
        ("UltralyticsDetectorProvider", "ComfyUI-Impact-Subpack"),
        ("ReActorFaceSwap", "ComfyUI-ReActor"),
        ("Image Save", "was-node-suite-comfyui"),
        ("Power Lora Loader (rgthree)", "rgthree-comfy"),
        ("ImageResizeKJ", "ComfyUI-KJNodes"),
        ("VHS_VideoCombine", "ComfyUI-VideoHelperSuite"),
        ("UnetLoaderGGUF", "ComfyUI-GGUF"),
        ("SaveImageWithMetaData", "ComfyUI-SaveImageWithMetaData"),
        ("easy fullLoader", "ComfyUI-Easy-Use"),
        ("CR LoRA Stack", "ComfyUI_Comfyroll_CustomNodes"),
        ("KSampler (Efficient)", "efficiency-nodes-comfyui"),
        ("ADE_AnimateDiffLoaderGen1", "ComfyUI-AnimateDiff-Evolved"),
        ("LayerUtility: ImageScaleByAspectRatio V2", "ComfyUI_LayerStyle"),
        ("ImageResize+", "ComfyUI_essentials"),
        ("ShowText|pysssss", "ComfyUI-Custom-Scripts"),
    ],
)
def test_well_known_nodes_are_told_with_their_pack(class_type: str, pack: str) -> None:
    assert f"It belongs to {pack}." in (advice(class_type) or "")


def test_no_node_of_comfyui_itself_is_taken_for_one_of_a_pack() -> None:
    assert [name for name in ENGINE.nodes if advice(name) is not None] == []


# Settings

BROKEN_SETTINGS = {
    "unknown setting": ("imagine.toml", 'defualt_model = "sdxl"', "Did you mean default_model?"),
    "unknown value": ("imagine.toml", 'engine = "comfy"', "Did you mean comfyui?"),
    "text for a number": ("imagine.toml", 'port = "many"', "it takes a whole number from 0"),
    "bad TOML": ("imagine.toml", "default_model = sdxl", "is not valid TOML"),
    "address that is none": ("imagine.toml", 'comfyui_url = "http://"', "is no web address"),
    "unknown profile key": (
        "profiles.toml",
        "[sdxl]\nsampler_name = 'euler'",
        "did you mean sampl",
    ),
    "profile out of range": ("profiles.toml", "[sdxl]\ncfg = 100", "cfg: Input should be less"),
    "profile like nobody": ("profiles.toml", "[mine]\nlike = 'sdlx'", "The profiles are: "),
    "profile without a table": ("profiles.toml", "steps = 3", "Each profile is a table"),
    "profiles in bad TOML": ("profiles.toml", "[sdxl", "are not valid TOML"),
}


@pytest.mark.parametrize("name", BROKEN_SETTINGS)
def test_settings_that_cannot_be_are_refused_with_what_would_work(
    name: str, tmp_path: Path
) -> None:
    file, text, told = BROKEN_SETTINGS[name]
    path = tmp_path / file
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ImagineError) as caught:
        load_profiles(path) if file == "profiles.toml" else load({}, environ={}, folder=tmp_path)
    assert told in caught.value.message
    assert file in caught.value.message


# Parts


@pytest.mark.parametrize(
    ("value", "number"),
    [("20 steps", 20), ("7,5", 7.5), ("-3", -3), ("x", None), (True, None), (None, None), (2, 2)],
)
def test_the_number_in_a_value_is_read(value: object, number: float | None) -> None:
    assert read_number(value) == number


@pytest.mark.parametrize(
    ("number", "text"), [(2**64, "18446744073709551616"), (8.0, "8"), (0.5, "0.5")]
)
def test_numbers_are_written_plainly(number: float, text: str) -> None:
    assert plain_number(number) == text


def test_long_values_are_cut() -> None:
    assert written("x" * 500) == "x" * 79 + "…"
    assert written({1, 2}) == "{1, 2}"
