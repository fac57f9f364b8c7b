"""What the nodes of pictures and masks do: load, scale, pad, crop, put together, save."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeAlias

from PIL import Image, ImageChops, ImageFilter, ImageOps
from PIL.PngImagePlugin import PngInfo

from imagine.sketch import retouch
from imagine.sketch.files import Files

Given: TypeAlias = Mapping[str, Any]
Outputs: TypeAlias = tuple[Any, ...]
Pictures: TypeAlias = tuple[Image.Image, ...]

SOFTWARE = "Imagine sketch engine"
RESAMPLING: Mapping[str, Image.Resampling] = {
    "nearest-exact": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


BLENDS: Mapping[str, Callable[[Image.Image, Image.Image], Image.Image]] = {
    "normal": lambda one, two: two,
    "multiply": ImageChops.multiply,
    "screen": ImageChops.screen,
    "overlay": ImageChops.overlay,
    "soft_light": ImageChops.soft_light,
    "difference": ImageChops.difference,
}
COMPOSITES: Mapping[str, Callable[[Image.Image, Image.Image], Image.Image]] = {
    "multiply": ImageChops.multiply,
    "add": ImageChops.add,
    "subtract": ImageChops.subtract,
    "and": lambda one, two: ImageChops.darker(_binary(one), _binary(two)),
    "or": lambda one, two: ImageChops.lighter(_binary(one), _binary(two)),
    "xor": lambda one, two: ImageChops.difference(_binary(one), _binary(two)),
}


# Source: ComfyUI, ``nodes_flux.py``.
_TALL = ((672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184))
KONTEXT_SIZES = (*_TALL, (944, 1104), (1024, 1024), (1104, 944), *((h, w) for w, h in _TALL))


@dataclass(frozen=True, slots=True)
class Desk:
    """What file nodes need to know of the prompt that they belong to."""

    files: Files
    graph: Mapping[str, Any]
    pnginfo: Mapping[str, Any]


def load_image(given: Given, desk: Desk) -> Outputs:
    with Image.open(desk.files.source(given["image"])) as file:
        picture = ImageOps.exif_transpose(file)
        alpha = _alpha(picture)
        mask = Image.new("L", (64, 64)) if alpha is None else ImageChops.invert(alpha)
        return (picture.convert("RGB"),), (mask,)


def load_mask(given: Given, desk: Desk) -> Outputs:
    with Image.open(desk.files.source(given["image"])) as file:
        picture = ImageOps.exif_transpose(file)
        if given["channel"] == "alpha":
            alpha = _alpha(picture)
            return ((Image.new("L", (64, 64)) if alpha is None else ImageChops.invert(alpha),),)
        band = ("red", "green", "blue").index(given["channel"])
        return ((picture.convert("RGB").getchannel(band),),)


def _alpha(picture: Image.Image) -> Image.Image | None:
    return picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None


def empty_image(given: Given) -> Outputs:
    colour = given["color"]
    rgb = (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
    picture = Image.new("RGB", (given["width"], given["height"]), rgb)
    return ((picture,) * given["batch_size"],)


def image_scale(given: Given) -> Outputs:
    method = RESAMPLING[given["upscale_method"]]
    scaled = []
    for picture in given["image"]:
        width, height = asked_size(given, *picture.size)
        if given["crop"] == "center":
            scaled.append(ImageOps.fit(picture, (width, height), method))
        else:
            scaled.append(picture.resize((width, height), method))
    return (tuple(scaled),)


def kontext_scale(given: Given) -> Outputs:
    """Scale to the one of Kontext's sizes that is nearest in shape, cut at the sides."""
    first = given["image"][0]
    ratio = first.width / first.height
    size = min(KONTEXT_SIZES, key=lambda size: abs(ratio - size[0] / size[1]))
    return (tuple(ImageOps.fit(p, size, Image.Resampling.LANCZOS) for p in given["image"]),)


def image_size(given: Given) -> Outputs:
    return (*given["image"][0].size, len(given["image"]))


def image_scale_by(given: Given) -> Outputs:
    return (_scaled(given["image"], given["scale_by"], given["upscale_method"]),)


def image_scale_to_total(given: Given) -> Outputs:
    first = given["image"][0]
    scale = (given["megapixels"] * 1024 * 1024 / (first.width * first.height)) ** 0.5
    return (_scaled(given["image"], scale, given["upscale_method"]),)


def _scaled(pictures: Pictures, scale: float, method: str) -> Pictures:
    size = max(1, round(pictures[0].width * scale)), max(1, round(pictures[0].height * scale))
    return tuple(p.resize(size, RESAMPLING[method]) for p in pictures)


def asked_size(given: Given, width: int, height: int) -> tuple[int, int]:
    """Return the wished size; a side of 0 follows the other, both 0 keep it."""
    wide, high = given["width"], given["height"]
    if not wide and not high:
        return width, height
    return (
        wide or max(1, round(width * high / height)),
        high or max(1, round(height * wide / width)),
    )


def pad_for_outpaint(given: Given) -> Outputs:
    left, top, right, bottom = (given[side] for side in ("left", "top", "right", "bottom"))
    padded = []
    for picture in given["image"]:
        size = (picture.width + left + right, picture.height + top + bottom)
        wide = Image.new("RGB", size, (127, 127, 127))
        wide.paste(picture, (left, top))
        padded.append(wide)
    width, height = given["image"][0].size
    mask = Image.new("L", padded[0].size, 255)
    keep = Image.new("L", (width, height))
    depth = given["feathering"]
    if 0 < depth * 2 < min(width, height):
        # Only sides that are padded fade; the others stay protected to their edge.
        fall = bytes(round(255 * (1 - d / depth) ** 2) for d in range(depth))
        across = Image.frombytes("L", (depth, 1), fall).resize((depth, height))
        down = Image.frombytes("L", (1, depth), fall).resize((width, depth))
        for pad, strip, place in (
            (left, across, (0, 0)),
            (right, ImageOps.mirror(across), (width - depth, 0)),
            (top, down, (0, 0)),
            (bottom, ImageOps.flip(down), (0, height - depth)),
        ):
            if pad:
                side = Image.new("L", keep.size)
                side.paste(strip, place)
                keep = ImageChops.lighter(keep, side)
    mask.paste(keep, (left, top))
    return tuple(padded), (mask,)


def image_crop(given: Given) -> Outputs:
    return (_cropped(given["image"], given),)


def crop_mask(given: Given) -> Outputs:
    return (_cropped(given["mask"], given),)


def _cropped(pictures: Pictures, given: Given) -> Pictures:
    cropped = []
    for picture in pictures:
        x, y = min(given["x"], picture.width - 1), min(given["y"], picture.height - 1)
        right = min(x + given["width"], picture.width)
        bottom = min(y + given["height"], picture.height)
        cropped.append(picture.crop((x, y, right, bottom)))
    return tuple(cropped)


def composite_masked(given: Given) -> Outputs:
    sources: Pictures = given["source"]
    result = []
    for number, picture in enumerate(given["destination"]):
        canvas = picture.copy()
        source = sources[number % len(sources)]
        if given["resize_source"]:
            source = source.resize(canvas.size, Image.Resampling.BILINEAR)
        mask = None
        if given.get("mask"):
            mask = given["mask"][0].resize(source.size, Image.Resampling.BILINEAR)
        canvas.paste(source, (given["x"], given["y"]), mask)
        result.append(canvas)
    return (tuple(result),)


def image_batch(given: Given) -> Outputs:
    size = given["image1"][0].size
    return (given["image1"] + tuple(retouch.fit(p, size) for p in given["image2"]),)


def image_from_batch(given: Given) -> Outputs:
    pictures: Pictures = given["image"]
    first = min(given["batch_index"], len(pictures) - 1)
    return (pictures[first : first + given["length"]],)


def image_invert(given: Given) -> Outputs:
    return (tuple(ImageChops.invert(p) for p in given["image"]),)


def image_blend(given: Given) -> Outputs:
    one, two = given["image1"][0], given["image2"][0]
    blended = BLENDS[given["blend_mode"]](one, retouch.fit(two, one.size))
    return ((Image.blend(one, blended, given["blend_factor"]),),)


def image_blur(given: Given) -> Outputs:
    """Blur with ``sigma``; ComfyUI cuts the curve off at ``blur_radius``, which hardly shows."""
    blur = ImageFilter.GaussianBlur(given["sigma"])
    return (tuple(p.filter(blur) for p in given["image"]),)


def image_stitch(given: Given) -> Outputs:
    """Put two pictures side by side; the second takes the first one's height or width."""
    pairs = zip(given["image1"], given.get("image2") or (), strict=False)
    across = given["direction"] in ("left", "right")
    result = []
    for one, two in pairs:
        if given["match_image_size"]:
            scale = one.height / two.height if across else one.width / two.width
            two = two.resize((round(two.width * scale), round(two.height * scale)))
        a, b = (one, two) if given["direction"] in ("right", "down") else (two, one)
        gap = given["spacing_width"]
        size = (
            (a.width + gap + b.width, max(a.height, b.height))
            if across
            else (max(a.width, b.width), a.height + gap + b.height)
        )
        sheet = Image.new("RGB", size, given["spacing_color"])
        sheet.paste(a, (0, 0))
        sheet.paste(b, (a.width + gap, 0) if across else (0, a.height + gap))
        result.append(sheet)
    return (tuple(result) or given["image1"],)


def upscale_with_model(given: Given) -> Outputs:
    return (tuple(retouch.enlarge(p, given["upscale_model"]) for p in given["image"]),)


def invert_mask(given: Given) -> Outputs:
    return (tuple(ImageChops.invert(m) for m in given["mask"]),)


def grow_mask(given: Given) -> Outputs:
    return (tuple(grown(m, given["expand"]) for m in given["mask"]),)


def grown(mask: Image.Image, by: int) -> Image.Image:
    if not by:
        return mask
    size = abs(by) * 2 + 1
    return mask.filter(ImageFilter.MaxFilter(size) if by > 0 else ImageFilter.MinFilter(size))


def feather_mask(given: Given) -> Outputs:
    return (tuple(_feathered(m, given) for m in given["mask"]),)


def _feathered(mask: Image.Image, given: Given) -> Image.Image:
    width, height = mask.size
    for side in ("left", "top", "right", "bottom"):
        depth = given[side]
        if not depth:
            continue
        fade = Image.linear_gradient("L").resize((width, min(depth, height)))
        if side in ("left", "right"):
            fade = Image.linear_gradient("L").rotate(90).resize((min(depth, width), height))
        if side == "right":
            fade = ImageOps.mirror(fade)
        if side == "bottom":
            fade = ImageOps.flip(fade)
        veil = Image.new("L", mask.size, 255)
        veil.paste(
            fade,
            (
                width - fade.width if side == "right" else 0,
                height - fade.height if side == "bottom" else 0,
            ),
        )
        mask = ImageChops.multiply(mask, veil)
    return mask


def solid_mask(given: Given) -> Outputs:
    size = (given["width"], given["height"])
    return ((Image.new("L", size, round(given["value"] * 255)),),)


def mask_composite(given: Given) -> Outputs:
    """Put one mask on another; ``and``, ``or`` and ``xor`` see only black and white."""
    combine = COMPOSITES[given["operation"]]
    source: Image.Image = given["source"][0]
    result = []
    for mask in given["destination"]:
        whole = mask.copy()
        box = (given["x"], given["y"], given["x"] + source.width, given["y"] + source.height)
        whole.paste(combine(mask.crop(box), source), box[:2])
        result.append(whole)
    return (tuple(result),)


def _binary(mask: Image.Image) -> Image.Image:
    return mask.point([255 * (v > 127) for v in range(256)])


def threshold_mask(given: Given) -> Outputs:
    limit = given["value"] * 255
    return (tuple(m.point([255 * (v > limit) for v in range(256)]) for m in given["mask"]),)


def mask_to_image(given: Given) -> Outputs:
    return (tuple(m.convert("RGB") for m in given["mask"]),)


def image_to_mask(given: Given) -> Outputs:
    band = ("red", "green", "blue", "alpha").index(given["channel"])
    if band == 3:
        return (tuple(Image.new("L", p.size, 255) for p in given["image"]),)
    return (tuple(p.getchannel(band) for p in given["image"]),)


def save_image(given: Given, desk: Desk) -> dict[str, Any]:
    return _saved(given["images"], "output", given["filename_prefix"], desk)


def preview_image(given: Given, desk: Desk) -> dict[str, Any]:
    letters = "".join(secrets.choice("abcdefghijklmnopqrstupvxyz") for _ in range(5))
    return _saved(given["images"], "temp", f"ComfyUI_temp_{letters}", desk)


def _saved(pictures: Pictures, kind: str, prefix: str, desk: Desk) -> dict[str, Any]:
    info = PngInfo()
    info.add_text("prompt", json.dumps(desk.graph))
    for key, value in desk.pnginfo.items():
        info.add_text(key, json.dumps(value))
    info.add_text("Software", SOFTWARE)
    place = desk.files.place(kind, prefix, *pictures[0].size)
    entries = []
    for number, picture in enumerate(pictures):
        out = BytesIO()
        picture.save(out, "PNG", pnginfo=info, compress_level=1)
        entries.append(place.store(out.getvalue(), "png", number))
    return {"images": entries}
