"""Graphs over a picture: variations, growing outward, regions, seams of a tile, second passes."""

import math
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from tests.sketch.helpers import (
    Client,
    base,
    distance,
    finish,
    four_branches,
    link,
    node,
    painted_anew,
    sampler,
    text_to_image,
)

SCENES = ("a red fox in the snow", "a sailboat at sunset", "a lighthouse in a storm", "qwertz")


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Return the correlation of two pictures' light, -1 to 1."""
    flat = [p.convert("L").resize((32, 32)).tobytes() for p in (one, other)]
    means = [sum(values) / len(values) for values in flat]
    a, b = ([v - mean for v in values] for values, mean in zip(flat, means, strict=True))
    both = sum(x * y for x, y in zip(a, b, strict=True))
    return float(both) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


async def drawn(client: Client, words: str, size: int = 256) -> Image.Image:
    (picture,) = await client.pictures(text_to_image(words, size=size, seed=3))
    return picture.convert("RGB")


def varied(name: str, words: str, denoise: float, k: int = 0) -> dict[str, Any]:
    """Return picture ``k`` of a set of four variations."""
    graph = base(words)
    graph["10"] = node("LoadImage", image=name)
    graph["11"] = node(
        "ImageScale",
        image=link("10"),
        upscale_method="lanczos",
        width=192,
        height=192,
        crop="center",
    )
    graph["12"] = node("VAEEncode", pixels=link("11"), vae=link("1", 2))
    graph["13"] = node("RepeatLatentBatch", samples=link("12"), amount=4)
    graph["14"] = node("LatentFromBatch", samples=link("13"), batch_index=k, length=1)
    graph["5"] = sampler(link("14"), denoise=denoise)
    return finish(graph, link("5"))


@pytest.mark.parametrize("words", SCENES)
async def test_a_variation_moves_away_with_denoise(client: Client, words: str) -> None:
    source = await drawn(client, words, 192)
    name = await client.upload(source, "source.png")
    pictures = [
        (await client.pictures(varied(name, words, denoise)))[0]
        for denoise in (0.2, 0.35, 0.5, 0.7, 0.85, 1.0)
    ]
    moved = [distance(source, picture) for picture in pictures]

    assert all(nearer < farther for nearer, farther in pairwise(moved)), moved
    assert likeness(source, pictures[1]) > 0.9
    assert 5 < moved[3] < 45


@pytest.mark.parametrize("denoise", [0.35, 0.7])
async def test_the_four_variations_differ_and_equal_those_of_one_batch(
    client: Client, denoise: float
) -> None:
    source = await drawn(client, "a sailboat at sunset", 192)
    name = await client.upload(source, "source.png")
    apart = [
        (await client.pictures(varied(name, "a sailboat at sunset", denoise, k)))[0]
        for k in range(4)
    ]
    graph = varied(name, "a sailboat at sunset", denoise)
    graph["5"]["inputs"]["latent_image"] = link("13")
    together = await client.pictures(graph)

    for k, picture in enumerate(apart):
        assert picture.tobytes() == together[k].tobytes()
        assert all(distance(picture, other) > 2 for other in apart[:k])


async def test_a_fixed_seed_makes_the_four_equal(client: Client) -> None:
    graph = four_branches()
    graph["9"] = node("LatentBatchSeedBehavior", samples=link("4"), seed_behavior="fixed")
    for k in range(4):
        graph[f"2{k}"]["inputs"]["samples"] = link("9")

    pictures = await client.pictures(graph)

    assert len({picture.tobytes() for picture in pictures}) == 1


# --- growing outward


def padded(name: str, words: str, sides: dict[str, int], feathering: int) -> dict[str, Any]:
    """Return a graph that grows a picture and lays it back over the result."""
    graph = base(words)
    graph["9"] = node("DifferentialDiffusion", model=link("1"))
    graph["10"] = node("LoadImage", image=name)
    pads = {side: sides.get(side, 0) for side in ("left", "top", "right", "bottom")}
    graph["11"] = node("ImagePadForOutpaint", image=link("10"), feathering=feathering, **pads)
    graph |= painted_anew(link("11"), link("11", 1), model=link("9"))
    graph["8"] = node("VAEDecode", samples=link("5"), vae=link("1", 2))
    graph["6"] = node(
        "ImageCompositeMasked",
        destination=link("8"),
        source=link("10"),
        x=pads["left"],
        y=pads["top"],
        resize_source=False,
    )
    graph["7"] = node("SaveImage", images=link("6"), filename_prefix="grown")
    return graph


def columns(picture: Image.Image, left: int, right: int) -> Image.Image:
    return picture.crop((left, 0, right, picture.height)).resize((1, 32), Image.Resampling.BOX)


@pytest.mark.parametrize("feathering", [0, 24])
@pytest.mark.parametrize("words", SCENES)
async def test_a_picture_goes_on_where_it_grows(
    client: Client, words: str, feathering: int
) -> None:
    source = await drawn(client, words)
    name = await client.upload(source, "source.png")

    (picture,) = await client.pictures(padded(name, words, {"right": 128}, feathering))

    assert picture.size == (384, 256)
    assert picture.crop((0, 0, 256, 256)).tobytes() == source.tobytes()
    # At the seam and beyond, the bands of the picture are those of its edge, and it is painted.
    edge = columns(picture, 244, 256)
    assert distance(edge, columns(picture, 256, 268)) < 10
    assert distance(edge, columns(picture, 288, 384)) < 40
    outside = ImageStat.Stat(picture.crop((300, 0, 384, 256)).convert("L"))
    assert outside.stddev[0] > 2


@pytest.mark.parametrize("ends", [("top", "bottom"), ("left", "right"), ("top",), ("bottom",)])
async def test_nothing_outside_stays_grey(client: Client, ends: tuple[str, ...]) -> None:
    source = await drawn(client, "a sailboat at sunset")
    name = await client.upload(source, "source.png")

    graph = padded(name, "a sailboat at sunset", dict.fromkeys(ends, 64), 0)
    (picture,) = await client.pictures(graph)

    flat = picture.tobytes()
    pixels = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    assert sum(pixel == (127, 127, 127) for pixel in pixels) < 20


async def test_a_picture_grows_on_all_sides_without_a_second_subject(client: Client) -> None:
    source = await drawn(client, "a red fox in the snow")
    name = await client.upload(source, "source.png")
    sides = dict.fromkeys(("left", "top", "right", "bottom"), 128)

    (picture,) = await client.pictures(padded(name, "a red fox in the snow", sides, 16))

    assert picture.size == (512, 512)
    assert picture.crop((128, 128, 384, 384)).tobytes() == source.tobytes()
    picture.paste((200, 200, 200), (104, 104, 408, 408))
    flat = picture.tobytes()
    pixels = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    assert sum(r > 150 and r > g * 1.8 and r > b * 2.2 for r, g, b in pixels) < 200


# --- regions


def repainted(name: str, mask: str, words: str, seed: int) -> dict[str, Any]:
    graph = base(words)
    graph["10"] = node("LoadImage", image=name)
    graph["11"] = node("LoadImageMask", image=mask, channel="red")
    graph |= painted_anew(link("10"), link("11"), seed=seed, denoise=1.0)
    graph["8"] = node("VAEDecode", samples=link("5"), vae=link("1", 2))
    graph["6"] = node(
        "ImageCompositeMasked",
        destination=link("10"),
        source=link("8"),
        x=0,
        y=0,
        resize_source=False,
        mask=link("11"),
    )
    graph["7"] = node("SaveImage", images=link("6"), filename_prefix="region")
    return graph


@pytest.mark.parametrize(
    "place", [(60, 60, 190, 190), (-40, -40, 90, 120), (-80, 150, 340, 400), (150, -400, 600, 900)]
)
async def test_a_region_is_painted_anew_and_the_rest_keeps_its_bytes(
    client: Client, place: tuple[int, int, int, int]
) -> None:
    source = await drawn(client, "a sailboat at sunset")
    mask = Image.new("L", source.size)
    ImageDraw.Draw(mask).ellipse(place, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(6))
    name = await client.upload(source, "source.png")
    mask_name = await client.upload(mask, "mask.png")
    pictures = []
    for words, seed in (("a lighthouse", 1), ("a lighthouse", 2), ("a field of poppies", 1)):
        pictures += await client.pictures(repainted(name, mask_name, words, seed))

    outside = mask.point([255 * (v == 0) for v in range(256)])
    painted = mask.point([255 * (v > 200) for v in range(256)]).getbbox()
    for picture in pictures:
        changed = ImageChops.difference(picture, source).convert("L")
        assert ImageChops.multiply(changed, outside).getbbox() is None
        assert distance(picture.crop(painted), source.crop(painted)) > 4
    for other in pictures[1:]:
        assert distance(pictures[0].crop(painted), other.crop(painted)) > 2


# --- the seams of a tile


def rolled_and_closed(name: str, mask: str, words: str, denoise: float) -> dict[str, Any]:
    """Roll a picture by half with crops and stitches, and repaint a cross over its seams."""
    graph = base(words)
    graph["10"] = node("LoadImage", image=name)
    boxes = {"rt": (128, 0), "lt": (0, 0), "rb": (128, 128), "lb": (0, 128)}
    for part, (x, y) in boxes.items():
        graph[part] = node("ImageCrop", image=link("10"), width=128, height=128, x=x, y=y)
    stitch = {"match_image_size": True, "spacing_width": 0, "spacing_color": "white"}
    graph["low"] = node(
        "ImageStitch", image1=link("rt"), image2=link("lt"), direction="right", **stitch
    )
    graph["high"] = node(
        "ImageStitch", image1=link("rb"), image2=link("lb"), direction="right", **stitch
    )
    graph["rolled"] = node(
        "ImageStitch", image1=link("high"), image2=link("low"), direction="down", **stitch
    )
    graph["11"] = node("LoadImageMask", image=mask, channel="red")
    graph["12"] = node("VAEEncode", pixels=link("rolled"), vae=link("1", 2))
    graph["13"] = node("SetLatentNoiseMask", samples=link("12"), mask=link("11"))
    graph["5"] = sampler(link("13"), denoise=denoise)
    return finish(graph, link("5"))


def cross(size: int, thick: int) -> Image.Image:
    mask = Image.new("L", (size, size))
    pen = ImageDraw.Draw(mask)
    near, far = (size - thick) // 2, (size + thick) // 2
    pen.rectangle((near, thick, far, size - thick), fill=255)
    pen.rectangle((thick, near, size - thick, far), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(thick / 6))


def step_at(picture: Image.Image, x: int) -> float:
    """Return how far two neighbouring columns differ, away from the upper and lower edge."""
    high, low = picture.height // 4, picture.height * 3 // 4
    return distance(picture.crop((x - 1, high, x, low)), picture.crop((x, high, x + 1, low)))


@pytest.mark.parametrize("denoise", [0.7, 1.0])
@pytest.mark.parametrize("words", SCENES)
async def test_no_line_is_left_at_the_seam_of_a_tile(
    client: Client, words: str, denoise: float
) -> None:
    source = await drawn(client, words)
    name = await client.upload(source, "source.png")
    mask = await client.upload(cross(256, 36), "cross.png")

    (picture,) = await client.pictures(rolled_and_closed(name, mask, words, denoise))

    for turned in (picture, picture.transpose(Image.Transpose.TRANSPOSE)):
        elsewhere = [step_at(turned, x) for x in range(20, 236, 3) if abs(x - 128) > 4]
        assert step_at(turned, 128) <= 1.3 * sum(elsewhere) / len(elsewhere)
    untouched = (0, 0, 80, 80)
    rolled = ImageChops.offset(source, 128, 128)
    assert distance(picture.crop(untouched), rolled.crop(untouched)) == 0


# --- larger


@pytest.mark.parametrize("way", ["latent", "pixels", "model"])
async def test_a_second_pass_is_the_same_picture_larger(client: Client, way: str) -> None:
    words = "a castle on a mountain"
    source = await drawn(client, words)
    name = await client.upload(source, "source.png")
    graph = base(words)
    graph["10"] = node("LoadImage", image=name)
    encode = {"vae": link("1", 2)}
    tiled = {"tile_size": 512, "overlap": 64, "temporal_size": 64, "temporal_overlap": 8}
    if way == "latent":
        graph["11"] = node("VAEEncode", pixels=link("10"), **encode)
        graph["12"] = node(
            "LatentUpscaleBy", samples=link("11"), upscale_method="bislerp", scale_by=2.0
        )
    else:
        if way == "model":
            graph["8"] = node("UpscaleModelLoader", model_name="sketch-2x.safetensors")
            graph["11"] = node("ImageUpscaleWithModel", upscale_model=link("8"), image=link("10"))
        else:
            graph["11"] = node(
                "ImageScaleBy", image=link("10"), upscale_method="lanczos", scale_by=2.0
            )
        graph["12"] = node("VAEEncodeTiled", pixels=link("11"), **encode, **tiled)
    graph["5"] = sampler(link("12"), denoise=0.3)
    graph["6"] = node("VAEDecodeTiled", samples=link("5"), **encode, **tiled)
    graph["7"] = node("SaveImage", images=link("6"), filename_prefix="second")

    (picture,) = await client.pictures(graph)

    assert picture.size == (512, 512)
    assert likeness(picture, source) > 0.95
    edges = [
        ImageStat.Stat(p.convert("L").filter(ImageFilter.FIND_EDGES)).mean[0]
        for p in (picture, source.resize(picture.size, Image.Resampling.LANCZOS))
    ]
    assert edges[0] > edges[1]


# --- small nodes


async def test_masks_can_be_cropped_joined_and_cut_to_black_and_white(client: Client) -> None:
    graph = {
        "1": node("SolidMask", value=0.0, width=60, height=40),
        "2": node("SolidMask", value=0.6, width=20, height=10),
        "3": node(
            "MaskComposite",
            destination=link("1"),
            source=link("2"),
            x=10,
            y=10,
            operation="add",
        ),
        "4": node("ThresholdMask", mask=link("3"), value=0.5),
        "5": node("CropMask", mask=link("4"), x=10, y=10, width=30, height=40),
        "6": node("MaskToImage", mask=link("5")),
        "7": node("RepeatImageBatch", image=link("6"), amount=2),
        "8": node("ImageBlur", image=link("6"), blur_radius=5, sigma=2.0),
        "s7": node("SaveImage", images=link("7"), filename_prefix="two"),
        "s8": node("SaveImage", images=link("8"), filename_prefix="soft"),
    }

    one, two, soft = await client.pictures(graph)

    assert one.size == (30, 30)
    assert one.tobytes() == two.tobytes()
    assert one.convert("L").point([255 * (v == 255) for v in range(256)]).getbbox() == (
        0,
        0,
        20,
        10,
    )
    (level,) = ImageStat.Stat(soft.convert("L").crop((20, 5, 21, 6))).mean
    assert 0 < level < 255
