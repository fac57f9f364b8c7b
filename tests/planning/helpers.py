"""What tests of plans and graphs share: an engine of each family, and a look into a graph."""

import copy
import functools
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from imagine.catalog import Catalog
from imagine.defaults import Defaults
from imagine.input_image import InputImage
from imagine.links import upload_link
from imagine.models import Note, Origin
from imagine.preflight import preflight
from imagine.profiles import load_profiles
from imagine.prompt import Prompt
from imagine.sketch.validation import validate
from imagine.workflow_builder import PicturePlan, Workflow, build, plan
from tests.catalogs import catalog, strict_schemas

PROFILES = load_profiles()
SDXL = "sd_xl_base_1.0.safetensors"
LORAS = ["style/Detail-XL.safetensors", "fox.safetensors"]
ENGINE = catalog(checkpoints=[SDXL], loras=LORAS)

# One model of each kind, and the folder it stands in.
FAMILIES = {
    "sketch": ("checkpoints", "sketch.safetensors"),
    "sd15": ("checkpoints", "v1-5-pruned-emaonly-fp16.safetensors"),
    "sd2": ("checkpoints", "v2-1_768-ema-pruned.safetensors"),
    "sdxl": ("checkpoints", SDXL),
    "sdxl-split": ("diffusion_models", "sdxl_lightning_4step_unet.safetensors"),
    "sdxl-turbo": ("checkpoints", "sd_xl_turbo_1.0_fp16.safetensors"),
    "sd3": ("checkpoints", "sd3.5_large_fp8_scaled.safetensors"),
    "sd3-plain": ("checkpoints", "sd3.5_large.safetensors"),
    "flux": ("checkpoints", "flux1-dev-fp8.safetensors"),
    "flux-split": ("diffusion_models", "flux1-dev.safetensors"),
    "flux-schnell": ("checkpoints", "flux1-schnell-fp8.safetensors"),
    "qwen-image": ("diffusion_models", "qwen_image_fp8_e4m3fn.safetensors"),
    "z-image": ("diffusion_models", "z_image_bf16.safetensors"),
    "z-image-turbo": ("diffusion_models", "z_image_turbo_bf16.safetensors"),
    "chroma": ("diffusion_models", "Chroma1-HD.safetensors"),
    "hidream": ("diffusion_models", "hidream_i1_full_fp8.safetensors"),
    "lumina2": ("diffusion_models", "lumina_2_model_bf16.safetensors"),
    "wan": ("diffusion_models", "wan2.1_t2v_14B_fp8_e4m3fn.safetensors"),
}


# Models that change a picture, and make none from words alone.
EDITORS = {
    "flux-kontext": ("diffusion_models", "flux1-dev-kontext_fp8_scaled.safetensors"),
    "qwen-image-edit": ("diffusion_models", "qwen_image_edit_2509_fp8_e4m3fn.safetensors"),
    "qwen-image-edit-lightning": (
        "diffusion_models",
        "qwen_image_edit_lightning.safetensors",
    ),
}


def engine_of(family: str, **more: Sequence[str]) -> Catalog:
    """Return an engine with the model of a family, and what else is named."""
    return _engine(family, tuple((kind, tuple(names)) for kind, names in more.items()))


@functools.cache
def _engine(family: str, more: tuple[tuple[str, tuple[str, ...]], ...]) -> Catalog:
    folder, name = (FAMILIES | EDITORS)[family]
    return catalog(**({folder: [name], "loras": LORAS} | dict(more)))


@functools.cache
def _schemas() -> dict[str, Any]:
    return strict_schemas()


def planned(
    asked: Prompt,
    engine: Catalog | None = ENGINE,
    *pictures: InputImage,
    origin: Origin | None = None,
    member: int | None = None,
    after_oom: bool = False,
    **settings: Any,
) -> PicturePlan:
    return plan(
        asked,
        engine,
        PROFILES,
        Defaults(**settings),
        inputs={picture.link: picture for picture in pictures},
        origin=origin,
        member=member,
        after_oom=after_oom,
    )


def built(made: PicturePlan, engine: Catalog = ENGINE) -> Workflow:
    """Build what was planned; two that know nothing of each other find nothing wrong with it."""
    workflow = build(replace(made.request, filename_prefix="imagine/x"), made.profile, engine)
    assert preflight(workflow.graph, engine) == ()
    verdict = validate(copy.deepcopy(workflow.graph), _schemas(), lambda _: True)
    assert (verdict.error, verdict.node_errors) == (None, {})
    loaded = {inputs["image"] for inputs in nodes(workflow, "LoadImage")}
    assert loaded == {picture.name for picture in made.inputs}
    return workflow


def nodes(workflow: Workflow, class_type: str) -> list[dict[str, Any]]:
    """Return the inputs of all nodes of a class, in order."""
    found = (n for n in workflow.graph.values() if n["class_type"] == class_type)
    return [node["inputs"] for node in found]


def sentences(made: PicturePlan) -> list[str]:
    return [note.message for note in made.notes]


def about(made: PicturePlan, parameter: str | None) -> Note:
    (note,) = [note for note in made.notes if note.parameter == parameter]
    return note


def picture(name: str = "a", width: int = 1024, height: int = 1024, **more: Any) -> InputImage:
    """Return a picture of the input folder."""
    link = upload_link(sha256(name.encode()).hexdigest())
    return InputImage(link, f"imagine/{name}.png", width, height, **more)


# What has to be installed for each way in which pictures guide a model.
UPSCALER = ["2x-plain.pth", "4x-UltraSharp.pth"]
REDUX = {
    "style_models": ["flux1-redux-dev.safetensors"],
    "clip_visions": ["sigclip_vision_patch14_384.safetensors"],
}
UNCLIP = {"clip_visions": ["sigclip_vision_patch14_384.safetensors", "clip_vision_g.safetensors"]}
IP_ADAPTERS = {
    "ip_adapters": [
        "ip-adapter-plus_sd15.safetensors",
        "ip-adapter-plus_sdxl_vit-h.safetensors",
        "ip-adapter-plus-face_sdxl_vit-h.bin",
    ],
    "clip_visions": ["CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors"],
}
