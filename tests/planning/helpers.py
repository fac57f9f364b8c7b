"""What tests of plans and graphs share: an engine of each family, and a look into a graph."""

from dataclasses import replace
from typing import Any

from imagine.catalog import Catalog
from imagine.defaults import Defaults
from imagine.input_image import InputImage
from imagine.models import Note, Origin
from imagine.preflight import preflight
from imagine.profiles import load_profiles
from imagine.prompt import Prompt
from imagine.workflow_builder import Plan, Workflow, build, plan
from tests.catalogs import catalog

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
}


def engine_of(family: str, **more: list[str]) -> Catalog:
    folder, name = FAMILIES[family]
    return catalog(**{folder: [name], "loras": LORAS}, **more)


def planned(
    asked: Prompt,
    engine: Catalog | None = ENGINE,
    *pictures: InputImage,
    origin: Origin | None = None,
    member: int | None = None,
    **settings: Any,
) -> Plan:
    inputs = {picture.link: picture for picture in pictures}
    defaults = Defaults(**settings)
    return plan(asked, engine, PROFILES, defaults, inputs=inputs, origin=origin, member=member)


def built(made: Plan, engine: Catalog = ENGINE) -> Workflow:
    workflow = build(replace(made.request, filename_prefix="imagine/x"), made.profile, engine)
    assert preflight(workflow.graph, engine) == ()
    return workflow


def nodes(workflow: Workflow, class_type: str) -> list[dict[str, Any]]:
    """Return the inputs of all nodes of a class, in order."""
    found = (n for n in workflow.graph.values() if n["class_type"] == class_type)
    return [node["inputs"] for node in found]


def sentences(made: Plan) -> list[str]:
    return [note.message for note in made.notes]


def about(made: Plan, parameter: str | None) -> Note:
    (note,) = [note for note in made.notes if note.parameter == parameter]
    return note
