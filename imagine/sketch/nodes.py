"""What each node does: inputs in, outputs out, on plans, pictures and masks.

Every handler is a plain function that runs in the engine's executor. Samplers only prepare their
sitting here; the steps belong to ``execution``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PIL import Image

from imagine.sketch import picture_nodes as pictures
from imagine.sketch import schemas
from imagine.sketch import video_nodes as videos
from imagine.sketch.film import distinct
from imagine.sketch.painter import Brief
from imagine.sketch.picture_nodes import Desk, Given, Outputs, Pictures, asked_size, grown
from imagine.sketch.sampling import Draft, Latent, Model, Phrase, Sitting

# In one latent batch; a batch of 16 at 2048x2048 fits.
MAX_PIXELS = 70_000_000
# What nodes hold that only hand a value on.
PRIMITIVES = ("String", "StringMultiline", "Int", "Float", "Boolean")

# --- loaders and conditioning


def load_checkpoint(given: Given) -> Outputs:
    return Model(given["ckpt_name"]), "clip", "vae"


def load_lora(given: Given) -> Outputs:
    model: Model = given["model"]
    inked = replace(model, ink=model.ink + given["strength_model"])
    return (inked, given["clip"]) if "clip" in given else (inked,)


def load_upscaler(given: Given) -> Outputs:
    name = given["model_name"]
    if name not in schemas.MODELS["upscale_models"]:
        # Its list is of the newer COMBO kind, which validation does not check.
        raise FileNotFoundError(
            f"Model in folder 'upscale_models' with filename '{name}' not found."
        )
    return (2,)


def encode_text(given: Given) -> Outputs:
    return ((Phrase(((given["text"], 1.0),)),),)


def encode_text_flux(given: Given) -> Outputs:
    return ((Phrase(((given["t5xxl"] or given["clip_l"], 1.0),)),),)


def combine(given: Given) -> Outputs:
    return (given["conditioning_1"] + given["conditioning_2"],)


def concat(given: Given) -> Outputs:
    """Let each part go on with the first part of another prompt."""
    more = given["conditioning_from"][0].texts if given["conditioning_from"] else (("", 1.0),)
    return (
        tuple(
            replace(part, texts=tuple((f"{a} {b}", v * w) for a, v in part.texts for b, w in more))
            for part in given["conditioning_to"]
        ),
    )


def average(given: Given) -> Outputs:
    """Mix texts; as in ComfyUI, every part of the one with the first part of the other."""
    share = given["conditioning_to_strength"]
    other = given["conditioning_from"][:1]
    mixed = tuple(
        replace(part, texts=_weighted(part, share) + _weighted(other[0], 1 - share))
        for part in given["conditioning_to"]
        if other
    )
    return (mixed or given["conditioning_to"],)


def set_strength(given: Given) -> Outputs:
    return (tuple(replace(part, strength=given["strength"]) for part in given["conditioning"]),)


def encode_with_pictures(given: Given) -> Outputs:
    """Encode words together with the pictures that they are about."""
    names = ("image", "image1", "image2", "image3")
    shown = tuple(given[name][0] for name in names if given.get(name))
    return ((Phrase(((given["prompt"], 1.0),), pictures=shown),),)


def reference_latent(given: Given) -> Outputs:
    latent: Latent | None = given.get("latent")
    shown = tuple(d.image for d in latent.drafts[:1] if d.image is not None) if latent else ()
    parts = given["conditioning"]
    return (tuple(replace(part, pictures=part.pictures + shown) for part in parts),)


def zero_out(given: Given) -> Outputs:
    return ((),)


def concatenate(given: Given) -> Outputs:
    return (given["delimiter"].join((given["string_a"], given["string_b"])),)


def _weighted(part: Phrase, factor: float) -> tuple[tuple[str, float], ...]:
    return tuple((text, share * factor) for text, share in part.texts)


# --- latents


def empty_latent(given: Given) -> Outputs:
    drafts = tuple(Draft(index) for index in range(given["batch_size"]))
    return (Latent(given["width"] // 8 * 8, given["height"] // 8 * 8, drafts),)


def latent_from_batch(given: Given) -> Outputs:
    latent: Latent = given["samples"]
    first = min(given["batch_index"], len(latent.drafts) - 1)
    return (replace(latent, drafts=latent.drafts[first : first + given["length"]]),)


def repeat_latent(given: Given) -> Outputs:
    latent: Latent = given["samples"]
    places = [draft.index for draft in latent.drafts]
    stride = max(places) - min(places) + 1
    drafts = tuple(
        replace(draft, index=draft.index + stride * turn)
        for turn in range(given["amount"])
        for draft in latent.drafts
    )
    return (replace(latent, drafts=drafts),)


def seed_behavior(given: Given) -> Outputs:
    latent: Latent = given["samples"]
    is_fixed, first = given["seed_behavior"] == "fixed", latent.drafts[0].index
    drafts = (replace(d, index=first if is_fixed else i) for i, d in enumerate(latent.drafts))
    return (replace(latent, drafts=tuple(drafts)),)


def latent_upscale(given: Given) -> Outputs:
    latent: Latent = given["samples"]
    return (latent.resized(*asked_size(given, latent.width, latent.height)),)


def latent_upscale_by(given: Given) -> Outputs:
    latent: Latent = given["samples"]
    scale = given["scale_by"]
    return (latent.resized(round(latent.width * scale), round(latent.height * scale)),)


def set_noise_mask(given: Given) -> Outputs:
    return (replace(given["samples"], mask=given["mask"][0]),)


def vae_encode(given: Given) -> Outputs:
    return (_encoded(given["pixels"]),)


def vae_encode_for_inpaint(given: Given) -> Outputs:
    latent = _encoded(given["pixels"])
    mask = grown(given["mask"][0], given["grow_mask_by"])
    return (replace(latent, mask=mask, is_blank=True),)


def inpaint_conditioning(given: Given) -> Outputs:
    latent = _encoded(given["pixels"])
    if given["noise_mask"]:
        latent = replace(latent, mask=given["mask"][0])
    return given["positive"], given["negative"], latent


def _encoded(pixels: Pictures) -> Latent:
    width, height = (max(8, side // 8 * 8) for side in pixels[0].size)
    left, top = (pixels[0].width - width) // 2, (pixels[0].height - height) // 2
    box = (left, top, left + width, top + height)
    return Latent(width, height, tuple(Draft(i, p.crop(box)) for i, p in enumerate(pixels)))


def vae_decode(given: Given) -> Outputs:
    latent: Latent = given["samples"]
    if latent.frames > 1:
        return (videos.frames_of(latent),)
    grey = Image.new("RGB", (latent.width, latent.height), (127, 127, 127))
    return (tuple(grey if d.image is None else d.image for d in latent.drafts),)


# --- samplers


class OutOfMemoryError(Exception):
    """More pixels than a sketch is made of; named as PyTorch names it."""


def sitting(given: Given) -> Sitting:
    """Prepare what KSampler and KSamplerAdvanced do."""
    model: Model = given["model"]
    steps: int = given["steps"]
    latent: Latent = given["latent_image"]
    frames = distinct(latent.frames, latent.width, latent.height) if latent.frames > 1 else 1
    if latent.width * latent.height * len(latent.drafts) * frames > MAX_PIXELS:
        raise OutOfMemoryError("Allocation on device: too many pixels for the sketch engine")
    brief = Brief(
        phrases=tuple(
            (text, round(share * part.strength, 4))
            for part in given["positive"]
            for text, share in part.texts
        ),
        avoid=" ".join(text for part in given["negative"] for text, share in part.texts if share),
        seed=given["seed"] if "seed" in given else given["noise_seed"],
        cfg=given["cfg"],
        manner=f"{given['sampler_name']} {given['scheduler']}",
        ink=model.ink,
    )
    shown = next((part.pictures for part in given["positive"] if part.pictures), ())
    if "denoise" in given:
        return Sitting(latent, brief, steps, 0, steps, given["denoise"], references=shown)
    first = min(given["start_at_step"], steps)
    last = max(first, min(given["end_at_step"], steps))
    is_final = given["return_with_leftover_noise"] == "disable"
    return Sitting(latent, brief, steps, first, last, 1 - first / steps, is_final, shown)


def _same(name: str) -> Callable[[Given], Outputs]:
    """Return a handler that passes one input on; what it tunes means nothing to a painter."""
    return lambda given: (given[name],)


HANDLERS: Mapping[str, Callable[[Given], Outputs]] = {
    "CheckpointLoaderSimple": load_checkpoint,
    "UNETLoader": lambda given: (Model(given["unet_name"]),),
    "CLIPLoader": lambda given: ("clip",),
    "DualCLIPLoader": lambda given: ("clip",),
    "VAELoader": lambda given: ("vae",),
    "LoraLoader": load_lora,
    "LoraLoaderModelOnly": load_lora,
    "UpscaleModelLoader": load_upscaler,
    "CLIPTextEncode": encode_text,
    "CLIPTextEncodeFlux": encode_text_flux,
    "CLIPVisionLoader": lambda given: ("clip vision",),
    "CLIPVisionEncode": lambda given: ("seen",),
    "CLIPSetLastLayer": _same("clip"),
    "StringConcatenate": concatenate,
    **{f"Primitive{kind}": _same("value") for kind in PRIMITIVES},
    "ConditioningCombine": combine,
    "ConditioningConcat": concat,
    "ConditioningAverage": average,
    "ConditioningSetAreaStrength": set_strength,
    "ConditioningZeroOut": zero_out,
    "TextEncodeQwenImageEdit": encode_with_pictures,
    "TextEncodeQwenImageEditPlus": encode_with_pictures,
    "ReferenceLatent": reference_latent,
    "FluxKontextMultiReferenceLatentMethod": _same("conditioning"),
    "FluxGuidance": _same("conditioning"),
    "ModelSamplingSD3": _same("model"),
    "ModelSamplingAuraFlow": _same("model"),
    "ModelSamplingFlux": _same("model"),
    "DifferentialDiffusion": _same("model"),
    "RescaleCFG": _same("model"),
    "CFGNorm": _same("model"),
    "PerturbedAttentionGuidance": _same("model"),
    "FreeU_V2": _same("model"),
    "EmptyLatentImage": empty_latent,
    "EmptySD3LatentImage": empty_latent,
    "LatentFromBatch": latent_from_batch,
    "RepeatLatentBatch": repeat_latent,
    "LatentBatchSeedBehavior": seed_behavior,
    "LatentUpscale": latent_upscale,
    "LatentUpscaleBy": latent_upscale_by,
    "SetLatentNoiseMask": set_noise_mask,
    "VAEDecode": vae_decode,
    "VAEDecodeTiled": vae_decode,
    "VAEEncode": vae_encode,
    "VAEEncodeTiled": vae_encode,
    "VAEEncodeForInpaint": vae_encode_for_inpaint,
    "InpaintModelConditioning": inpaint_conditioning,
    "EmptyImage": pictures.empty_image,
    "ImageScale": pictures.image_scale,
    "ImageScaleBy": pictures.image_scale_by,
    "ImageScaleToTotalPixels": pictures.image_scale_to_total,
    "FluxKontextImageScale": pictures.kontext_scale,
    "GetImageSize": pictures.image_size,
    "ImagePadForOutpaint": pictures.pad_for_outpaint,
    "ImageCrop": pictures.image_crop,
    "ImageCompositeMasked": pictures.composite_masked,
    "ImageBatch": pictures.image_batch,
    "ImageFromBatch": pictures.image_from_batch,
    "RepeatImageBatch": lambda given: (given["image"] * given["amount"],),
    "ImageBlend": pictures.image_blend,
    "ImageBlur": pictures.image_blur,
    "ImageInvert": pictures.image_invert,
    "ImageStitch": pictures.image_stitch,
    "ImageUpscaleWithModel": pictures.upscale_with_model,
    "InvertMask": pictures.invert_mask,
    "GrowMask": pictures.grow_mask,
    "FeatherMask": pictures.feather_mask,
    "SolidMask": pictures.solid_mask,
    "CropMask": pictures.crop_mask,
    "MaskComposite": pictures.mask_composite,
    "ThresholdMask": pictures.threshold_mask,
    "MaskToImage": pictures.mask_to_image,
    "ImageToMask": pictures.image_to_mask,
    **videos.HANDLERS,
}
READERS: Mapping[str, Callable[[Given, Desk], Outputs]] = {
    "LoadImage": pictures.load_image,
    "LoadImageMask": pictures.load_mask,
}
# Each tells the client what it saved, as ComfyUI's nodes do.
SAVERS: Mapping[str, Callable[[Given, Desk], dict[str, Any]]] = {
    "SaveImage": pictures.save_image,
    "PreviewImage": pictures.preview_image,
    **videos.SAVERS,
}
SAMPLERS = frozenset({"KSampler", "KSamplerAdvanced"})
