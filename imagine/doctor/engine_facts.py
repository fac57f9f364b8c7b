"""What a ComfyUI tells of itself, judged: version, flags, memory, nodes, models, clock.

Pure: the answers come in as values (`imagine.doctor.engine` fetches them).

Sources: ComfyUI's history. Prompt ids given by the client since 0.3.45 (July 2025); an interrupt
that names a prompt stops that one only since 0.3.57 (pull request 9607); previews asked for by a
prompt since 0.5.0 (pull request 11261). Measured with 0.3.64.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from imagine.catalog import Catalog
from imagine.doctor.checks import Check, failed, ok, warning
from imagine.errors import WorkflowError
from imagine.model_choice import choose_model, installed_models
from imagine.profiles import Profiles

Stats = Mapping[str, Any]

NAMES_PROMPTS = (0, 3, 45)
STOPS_ONE = (0, 3, 57)
PREVIEWS_BY_PROMPT = (0, 5, 0)

GB = 10**9
# Below this a model of today does not fit. Units: bytes.
LEAST_VRAM = 4 * GB
LEAST_RAM = 2 * GB
# So much of a card in the hands of other programs is worth a word.
MUCH = 0.5
# The largest picture that comes in. Units: MB, as --max-upload-size counts.
LARGEST_INPUT = 20

NEEDED = ("KSampler", "CLIPTextEncode", "VAEDecode", "SaveImage", "EmptyLatentImage")
LOADERS = ("CheckpointLoaderSimple", "UNETLoader")
# What does not work without them; all of them are ComfyUI's own.
FEATURES: Mapping[str, tuple[str, ...]] = {
    "sets sampled one by one": ("LatentFromBatch", "RepeatLatentBatch", "LatentBatchSeedBehavior"),
    "pictures to start from": ("LoadImage", "VAEEncode", "ImageScale", "ImageCrop"),
    "repainting, zoom and pan": (
        *("SetLatentNoiseMask", "DifferentialDiffusion", "ImageCompositeMasked", "ImageToMask"),
        *("ImagePadForOutpaint", "ImageBlur", "EmptyImage"),
    ),
    "models in several files": (
        *("CLIPLoader", "DualCLIPLoader", "TripleCLIPLoader", "QuadrupleCLIPLoader"),
        *("VAELoader",),
    ),
    "upscale models": ("UpscaleModelLoader", "ImageUpscaleWithModel"),
    "LoRAs": ("LoraLoader", "LoraLoaderModelOnly"),
    "weights, and words left out": (
        *("ConditioningZeroOut", "ConditioningAverage", "ConditioningCombine"),
        *("ConditioningSetAreaStrength", "CLIPSetLastLayer", "RescaleCFG", "KSamplerAdvanced"),
    ),
    "newer models": (
        *("EmptySD3LatentImage", "ModelSamplingSD3", "ModelSamplingAuraFlow", "FluxGuidance"),
        *("CLIPTextEncodeLumina2", "EmptyHunyuanLatentVideo", "CFGNorm", "ReferenceLatent"),
        *("TextEncodeQwenImageEditPlus", "FluxKontextImageScale"),
    ),
    "styles and characters": (
        *("CLIPVisionLoader", "CLIPVisionEncode", "StyleModelLoader", "StyleModelApply"),
        *("unCLIPConditioning", "PhotoMakerLoader", "PhotoMakerEncode"),
    ),
    "blends": ("ImageBlend", "ImageStitch"),
}
LISTED = "`imagine models` says what each of them was taken for."
REMOVED = (
    "Every ComfyUI of today has them: update ComfyUI, and look whether a custom node pack or a "
    "fork takes them away (start once with --disable-all-custom-nodes to compare)."
)


def of(check: Check, url: str) -> Check:
    """Return a check that says whose it is."""
    return replace(check, details={"engine": url, **check.details})


def is_sketch(stats: Stats) -> bool:
    """Tell whether it is the engine of another Imagine (`imagine sketch`)."""
    return "+sketch" in str(_system(stats).get("comfyui_version"))


def introduction(stats: Stats) -> str:
    if is_sketch(stats):
        return "It is the sketch engine of an Imagine: quick procedural paintings, no ComfyUI."
    return "It answers like a ComfyUI."


def read_version(text: object) -> tuple[int, ...] | None:
    """Return a version as numbers; None when it tells none."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text) if isinstance(text, str) else None
    return tuple(int(part or 0) for part in found.groups()) if found else None


def version(stats: Stats) -> Check:
    text = _system(stats).get("comfyui_version")
    known = read_version(text)
    wanted = ".".join(map(str, STOPS_ONE))
    if known is None:
        return warning(
            "engine.version",
            "It does not tell its version, so it is old, or a fork.",
            f"Update ComfyUI to {wanted} or newer.",
        )
    details = {"version": str(text), "wanted": wanted}
    if known < NAMES_PROMPTS:
        return failed(
            "engine.version",
            f"ComfyUI {text} names its prompts itself, so finished pictures are not found.",
            f"Update ComfyUI to {wanted} or newer.",
            **details,
        )
    if known < STOPS_ONE:
        return failed(
            "engine.version",
            f"ComfyUI {text} cannot stop one prompt alone: to cancel could hit somebody else's.",
            f"Update ComfyUI to {wanted} or newer.",
            **details,
        )
    return ok("engine.version", f"ComfyUI {text}.", **details)


def previews(stats: Stats) -> Check:
    argv = _argv(stats)
    if argv is None:
        return warning(
            "engine.previews",
            "ComfyUI does not tell how it was started, so whether it sends previews is not known.",
            "Update ComfyUI, and start it with --preview-method auto.",
        )
    method = _value_of(argv, "--preview-method") or "none"
    known = read_version(_system(stats).get("comfyui_version"))
    if method != "none":
        return ok("engine.previews", f"They are on ({method}).", method=method)
    if known is not None and known >= PREVIEWS_BY_PROMPT:
        return ok(
            "engine.previews", "They are off, but each of our prompts asks for them.", method=method
        )
    return warning(
        "engine.previews",
        "They are off: pictures are seen only when they are finished.",
        "Start ComfyUI with --preview-method auto"
        + (f", or update it to {'.'.join(map(str, PREVIEWS_BY_PROMPT))}." if known else "."),
        method=method,
    )


def memory(stats: Stats) -> Check:
    devices = [d for d in stats.get("devices") or () if isinstance(d, Mapping)]
    device = devices[0] if devices else {}
    ram_free = _number(_system(stats).get("ram_free"))
    total, free = _number(device.get("vram_total")), _number(device.get("vram_free"))
    details = {
        "device": str(device.get("type", "unknown")),
        "vram_total_gb": _gb(total),
        "vram_free_gb": _gb(free),
        "ram_free_gb": _gb(ram_free),
    }
    if ram_free is not None and ram_free < LEAST_RAM:
        return warning(
            "engine.memory",
            f"Only {ram_free / GB:.1f} GB of its machine's memory are free.",
            "Close other programs there: loading a model may fail or take minutes.",
            **details,
        )
    if device.get("type") == "cpu" and not is_sketch(stats):
        return warning(
            "engine.memory",
            "It computes on the processor, so a picture takes minutes.",
            "If it has a graphics card, start it without --cpu, and install PyTorch for that card.",
            **details,
        )
    if total is None or free is None or device.get("type") == "cpu":
        return ok("engine.memory", "Nothing is short.", **details)
    if total < LEAST_VRAM:
        return warning(
            "engine.memory",
            f"Its graphics card has {total / GB:.1f} GB; most models want more.",
            "Take small models (SD 1.5) or smaller pictures (--size), or start it with --lowvram.",
            **details,
        )
    theirs = total - free - _held(device)
    if theirs > total * MUCH:
        return warning(
            "engine.memory",
            f"Other programs hold {theirs / GB:.1f} of the {total / GB:.1f} GB of its graphics "
            "card.",
            "Close them, or a second ComfyUI on the same card.",
            **details,
        )
    return ok(
        "engine.memory", f"{free / GB:.1f} of {total / GB:.1f} GB are free on its card.", **details
    )


def metadata(stats: Stats) -> Check:
    if "--disable-metadata" in (_argv(stats) or ()):
        return warning(
            "engine.metadata",
            "ComfyUI leaves the graph out of the pictures, so the gallery cannot be rebuilt from "
            "them.",
            "Start ComfyUI without --disable-metadata.",
        )
    return ok("engine.metadata", "Each picture holds the graph and the prompt that made it.")


def flags(stats: Stats) -> Check:
    argv = _argv(stats) or []
    # Names only: values may hold folders and addresses.
    names = sorted({word.partition("=")[0] for word in argv if word.startswith("--")})
    size = _value_of(argv, "--max-upload-size")
    if size is not None and (mb := _float(size)) is not None and mb < LARGEST_INPUT:
        return warning(
            "engine.flags",
            f"ComfyUI takes pictures of {mb:g} MB at most; Imagine takes them up to "
            f"{LARGEST_INPUT} MB.",
            f"Start ComfyUI with --max-upload-size {LARGEST_INPUT} or more.",
            flags=names,
        )
    cors = _value_of(argv, "--enable-cors-header")
    if "--enable-cors-header" in names and cors in (None, "*"):
        return warning(
            "engine.flags",
            "Any web page that you open may command this ComfyUI (--enable-cors-header).",
            "Start ComfyUI without --enable-cors-header: Imagine does not need it.",
            flags=names,
        )
    if "--novram" in names:
        return warning(
            "engine.flags",
            "ComfyUI keeps nothing on the graphics card (--novram), which is slow.",
            "Start it with --lowvram, or without either.",
            flags=names,
        )
    more = " Its users share one line (--multi-user)." if "--multi-user" in names else ""
    return ok("engine.flags", f"Nothing in its flags is in our way.{more}", flags=names)


# Order does not matter: each stands for itself.
OF_STATS: tuple[Callable[[Stats], Check], ...] = (version, previews, memory, metadata, flags)


def nodes(catalog: Catalog, *, is_sketch: bool) -> Check:
    """Judge what nodes there are; the sketch engine has no more than it can paint."""
    missing = [name for name in NEEDED if not catalog.has(name)]
    if not any(map(catalog.has, LOADERS)):
        missing += LOADERS
    details = {"nodes": len(catalog.nodes)}
    if missing:
        return failed(
            "engine.nodes",
            f"No picture can be made: ComfyUI lacks {', '.join(missing)}.",
            REMOVED,
            **details,
            missing=missing,
        )
    without = {
        feature: lacking
        for feature, names in FEATURES.items()
        if (lacking := [name for name in names if not catalog.has(name)])
    }
    if without and not is_sketch:
        missing = [name for lacking in without.values() for name in lacking]
        return warning(
            "engine.nodes",
            f"ComfyUI lacks {', '.join(missing)}: {', '.join(without)} will not work, or not "
            "wholly.",
            REMOVED,
            **details,
            missing=missing,
        )
    return ok("engine.nodes", f"What our graphs need is among its {details['nodes']}.", **details)


def models(catalog: Catalog, profiles: Profiles) -> Check:
    installed = installed_models(catalog)
    details = {"models": len(installed), "loras": len(catalog.loras)}
    if not installed:
        return failed(
            "engine.models",
            "No model is installed.",
            "Put a checkpoint, such as sd_xl_base_1.0.safetensors, into ComfyUI's folder "
            "models/checkpoints, and restart ComfyUI.",
            **details,
        )
    try:
        chosen = choose_model(None, None, catalog, profiles)
    except WorkflowError as error:
        return failed("engine.models", error.message, error.hint or LISTED, **details)
    return ok(
        "engine.models",
        f"{len(installed)} installed; without --model pictures are made with {chosen.name}.",
        **details,
    )


def _system(stats: Stats) -> Mapping[str, Any]:
    system = stats.get("system")
    return system if isinstance(system, Mapping) else {}


def _argv(stats: Stats) -> list[str] | None:
    argv = _system(stats).get("argv")
    return [str(word) for word in argv] if isinstance(argv, list) else None


def _value_of(argv: list[str], flag: str) -> str | None:
    """Return what was given to a flag, as ``--flag value`` or ``--flag=value``."""
    for place, word in enumerate(argv):
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
        if word == flag and place + 1 < len(argv) and not argv[place + 1].startswith("--"):
            return argv[place + 1]
    return None


def _held(device: Mapping[str, Any]) -> float:
    """Return what ComfyUI itself holds of a card."""
    total = _number(device.get("torch_vram_total")) or 0
    return total - (_number(device.get("torch_vram_free")) or 0)


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _gb(size: float | None) -> float | None:
    return None if size is None else round(size / GB, 1)
