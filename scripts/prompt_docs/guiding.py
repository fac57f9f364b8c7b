"""The ways by which pictures guide a set: with which models, for which flags, what they need.

Found by planning: each way is tried with only its own files installed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from scripts.prompt_docs.examples import LINK, Example
from scripts.prompt_docs.families import NO_KIT, Family, Kit, families, outcome, planned

# The name of each guide or start in a request, and what it is called.
NAMES: Mapping[str, str] = {
    "QwenEdit": "Qwen-Image-Edit reads it with the words",
    "Reference": "reference latent",
    "PhotoMaker": "PhotoMaker",
    "Redux": "FLUX Redux",
    "IpAdapter": "IPAdapter",
    "Unclip": "unCLIP",
    "Redraw": "the set begins from the picture",
}
# What is installed for each, and how to say that.
KITS: Mapping[str, tuple[Kit, str]] = {
    "QwenEdit": (NO_KIT, "nothing but the model, and `--edit` in the prompt"),
    "Reference": (NO_KIT, "nothing but the model, and `--edit` in the prompt"),
    "PhotoMaker": (
        Kit(photomakers=("photomaker-v1.bin",)),
        "`photomaker-v1` in `models/photomaker`",
    ),
    "Redux": (
        Kit(
            style_models=("flux1-redux-dev.safetensors",),
            clip_visions=("sigclip_vision_patch14_384.safetensors",),
        ),
        "`flux1-redux-dev` in `models/style_models`, `sigclip_vision_patch14_384` in "
        "`models/clip_vision`",
    ),
    "IpAdapter": (
        Kit(
            ip_adapters=(
                "ip-adapter-plus_sdxl_vit-h.safetensors",
                "ip-adapter-plus-face_sdxl_vit-h.safetensors",
                "ip-adapter-plus_sd15.safetensors",
                "ip-adapter-plus-face_sd15.safetensors",
            ),
            clip_visions=("CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors",),
        ),
        "the custom nodes ComfyUI_IPAdapter_plus; `ip-adapter-plus_sdxl_vit-h` or "
        "`ip-adapter-plus_sd15` (for faces `ip-adapter-plus-face_…`) in `models/ipadapter`; "
        "`CLIP-ViT-H-14-laion2B-s32B-b79K` in `models/clip_vision`",
    ),
    "Unclip": (
        Kit(
            clip_visions=(
                "clip_vision_g.safetensors",
                "CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors",
            )
        ),
        "`clip_vision_g` in `models/clip_vision`; for SD 2.1 `CLIP-ViT-H-14-laion2B-s32B-b79K`",
    ),
    "Redraw": (NO_KIT, "nothing: the last resort where no other way is open"),
}
# The flag that names pictures, and the one that says how strong they are.
STRENGTHS: Mapping[str, str] = {
    "": "--iw 2",
    "--sref": "--sw 300",
    "--cref": "--cw 40",
    "--oref": "--ow 300",
    "--edit": "",
}
FRONT = "pictures at the front"


@dataclass(slots=True)
class Way:
    """One way: the models and flags that take it, and the strengths that it heeds."""

    kind: str
    models: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    heeds: list[str] = field(default_factory=list)


def ways() -> list[Way]:
    """Return every way with what takes it."""
    found = []
    for kind, (kit, _) in KITS.items():
        way = Way(kind)
        for family in families():
            for flag, strength in STRENGTHS.items():
                if kind in _taken(flag, family, kit):
                    _note(way, family, flag, strength, kit)
        found.append(way)
    return found


def _note(way: Way, family: Family, flag: str, strength: str, kit: Kit) -> None:
    name = flag or FRONT
    heeded = strength.split(" ")[0]
    if family.label not in way.models:
        way.models.append(family.label)
    if name not in way.flags:
        way.flags.append(name)
    if strength and heeded not in way.heeds and _heeds(flag, strength, family, kit):
        way.heeds.append(heeded)


def _words(flag: str) -> str:
    return f"{LINK} a cat" if not flag else f"a cat {flag} {LINK}"


def _heeds(flag: str, strength: str, family: Family, kit: Kit) -> bool:
    return outcome(Example(_words(flag), strength), family, kit).changes


@cache
def _taken(flag: str, family: Family, kit: Kit) -> frozenset[str]:
    """Return the ways that a flag takes with a model."""
    return frozenset(_kinds(flag, family, kit))


def _kinds(flag: str, family: Family, kit: Kit) -> Iterator[str]:
    request = planned(_words(flag), family, kit).request
    without = planned("a cat", family, kit).request
    if family.edits and request.inputs == without.inputs:
        return
    yield from (type(guide).__name__ for guide in request.guides)
    if request.start is not None:
        yield type(request.start).__name__
