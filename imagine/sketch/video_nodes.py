"""What the nodes of moving pictures do: latents of many frames, frames to a film, and its file."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from PIL import Image

from imagine.sketch.editing import cover
from imagine.sketch.film import Camera, film
from imagine.sketch.picture_nodes import SOFTWARE, Desk, Given, Outputs, Pictures
from imagine.sketch.sampling import Draft, Latent
from imagine.sketch.webm import webm

# How a saved animation says how hard it was pressed. Source: ComfyUI, ``nodes_images.py``.
METHODS = {"default": 4, "fastest": 0, "slowest": 6}
# Where ComfyUI puts the graph into a WebP, and what else it tells, from there downwards.
EXIF_PROMPT, EXIF_MORE = 0x0110, 0x010F


@dataclass(frozen=True, slots=True)
class Video:
    """Frames, and how many of them a second has."""

    pictures: Pictures
    fps: float


def empty_video_latent(given: Given) -> Outputs:
    drafts = tuple(Draft(index) for index in range(given["batch_size"]))
    return (_latent(given, drafts),)


def wan_image_to_video(given: Given) -> Outputs:
    """Return the words with the first frame, and frames to fill."""
    latent = _latent(given, tuple(Draft(index) for index in range(given["batch_size"])))
    if given.get("start_image"):
        first = cover(given["start_image"][0], (latent.width, latent.height))
        latent = replace(latent, drafts=tuple(replace(d, start=first) for d in latent.drafts))
    return given["positive"], given["negative"], latent


def _latent(given: Given, drafts: tuple[Draft, ...]) -> Latent:
    """A latent has a frame for the first one, and one for each four that follow."""
    frames = (given["length"] - 1) // 4 * 4 + 1
    return Latent(given["width"] // 8 * 8, given["height"] // 8 * 8, drafts, frames=frames)


def frames_of(latent: Latent) -> Pictures:
    """Return the frames of each film of a latent, one film after the other."""
    grey = Image.new("RGB", (latent.width, latent.height), (127, 127, 127))
    frames: list[Image.Image] = []
    for draft in latent.drafts:
        end = draft.image or grey
        frames += film(draft.start or end, end, Camera.said(*draft.told), latent.frames)
    return tuple(frames)


def create_video(given: Given) -> Outputs:
    return (Video(given["images"], given["fps"]),)


def video_components(given: Given) -> Outputs:
    video: Video = given["video"]
    return video.pictures, None, video.fps


def save_video(given: Given, desk: Desk) -> dict[str, Any]:
    """Save a WebM, whatever format was asked for: it is the one that is made without an encoder."""
    video: Video = given["video"]
    return _saved(video.pictures, video.fps, 80, given["filename_prefix"], desk)


def save_webm(given: Given, desk: Desk) -> dict[str, Any]:
    quality = round(100 - given["crf"])
    return _saved(given["images"], given["fps"], quality, given["filename_prefix"], desk)


def _saved(pictures: Pictures, fps: float, quality: int, prefix: str, desk: Desk) -> dict[str, Any]:
    place = desk.files.place("output", prefix, *pictures[0].size)
    return {"images": [place.store(webm(pictures, fps, quality), "webm")], "animated": (True,)}


def save_animated_webp(given: Given, desk: Desk) -> dict[str, Any]:
    pictures: Pictures = given["images"]
    exif = Image.Exif()
    exif[EXIF_PROMPT] = f"prompt:{json.dumps(desk.graph)}"
    told = {**desk.pnginfo, "Software": SOFTWARE}
    for number, (name, value) in enumerate(told.items()):
        exif[EXIF_MORE - number] = f"{name}:{json.dumps(value)}"
    out = BytesIO()
    pictures[0].save(
        out,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 / given["fps"]),
        lossless=given["lossless"],
        quality=given["quality"],
        method=METHODS[given["method"]],
        exif=exif,
    )
    place = desk.files.place("output", given["filename_prefix"], *pictures[0].size)
    return {"images": [place.store(out.getvalue(), "webp")], "animated": (len(pictures) != 1,)}


HANDLERS: Mapping[str, Callable[[Given], Outputs]] = {
    "EmptyHunyuanLatentVideo": empty_video_latent,
    "WanImageToVideo": wan_image_to_video,
    "CreateVideo": create_video,
    "GetVideoComponents": video_components,
}
SAVERS: Mapping[str, Callable[[Given, Desk], dict[str, Any]]] = {
    "SaveVideo": save_video,
    "SaveWEBM": save_webm,
    "SaveAnimatedWEBP": save_animated_webp,
}
