"""What graphs do to pixels: the same graph gives the same bytes, masks protect, canvases grow."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageStat

from imagine.sketch import serve
from tests.sketch.helpers import (
    Client,
    base,
    connected,
    distance,
    finish,
    four_branches,
    link,
    node,
    on_picture,
    painted_anew,
    sampler,
    text_to_image,
)


async def test_the_same_graph_gives_the_same_bytes_in_another_engine(tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        async with (
            serve(step_ms=0, output_dir=tmp_path / name) as server,
            connected(server.url) as client,
        ):
            run = await client.run(text_to_image())
            files.append(await client.view(run.images()[0]))

    assert files[0] == files[1]


@pytest.mark.parametrize(
    "change",
    [{"seed": 8}, {"words": "a lighthouse in a storm"}, {"words": "a red fox in the snow, dusk"}],
)
async def test_other_words_and_other_seeds_give_other_pictures(
    client: Client, change: dict[str, Any]
) -> None:
    (one,) = await client.pictures(text_to_image())
    (other,) = await client.pictures(text_to_image(**change))

    assert distance(one, other) > 5


async def test_the_four_of_a_set_differ_and_equal_those_of_one_batch(client: Client) -> None:
    apart = await client.pictures(four_branches())
    together = await client.pictures(text_to_image(batch=4))

    assert len(together) == 4
    for k, picture in enumerate(together):
        assert picture.tobytes() == apart[k].tobytes()
        assert all(distance(picture, other) > 5 for other in together[:k])


async def test_one_picture_of_a_batch_can_be_made_again_alone(client: Client) -> None:
    together = await client.pictures(text_to_image(batch=4))
    graph = base(batch=4)
    graph["9"] = node("LatentFromBatch", samples=link("4"), batch_index=2, length=1)
    graph["5"] = sampler(link("9"))

    (alone,) = await client.pictures(finish(graph, link("5")))

    assert alone.tobytes() == together[2].tobytes()


async def test_a_picture_has_the_size_asked_for(client: Client) -> None:
    graph = text_to_image()
    graph["4"]["inputs"].update(width=200, height=90)

    (picture,) = await client.pictures(graph)

    assert picture.size == (200, 88)


async def test_the_png_carries_graph_extra_chunks_and_an_honest_label(client: Client) -> None:
    graph = text_to_image("ein Fuchs im Schnee, ü", steps="4")
    extra = {"extra_pnginfo": {"imagine": {"id": "1"}, "workflow": [1]}}

    run = await client.run(graph, extra_data=extra)
    data = await client.view(run.images()[0])

    assert data.index(b"tEXtprompt") < data.index(b"IDAT")
    text: dict[str, str] = Image.open(BytesIO(data)).text  # type: ignore[attr-defined]
    sent = json.loads(text["prompt"])
    assert sent["2"]["inputs"]["text"] == "ein Fuchs im Schnee, ü"
    assert sent["5"]["inputs"]["steps"] == 4
    assert "\\u00fc" in text["prompt"]
    assert json.loads(text["imagine"]) == {"id": "1"}
    assert json.loads(text["workflow"]) == [1]
    assert text["Software"] == "Imagine sketch engine"


async def test_names_count_up_and_folders_are_made(client: Client) -> None:
    names = []
    for seed in (1, 2):
        run = await client.run(text_to_image(seed=seed, prefix="a/b/%width%_x", batch=2))
        names += [(i["subfolder"], i["filename"]) for i in run.images()]

    assert names == [("a/b", f"128_x_{n:05}_.png") for n in (1, 2, 3, 4)]


async def test_the_ink_lora_changes_the_drawing(client: Client) -> None:
    (plain,) = await client.pictures(text_to_image())
    graph = text_to_image()
    graph["8"] = node(
        "LoraLoader",
        model=link("1"),
        clip=link("1", 1),
        lora_name="sketch-ink.safetensors",
        strength_model=1.0,
        strength_clip=1.0,
    )
    graph["5"]["inputs"]["model"] = link("8")

    (inked,) = await client.pictures(graph)

    assert distance(plain, inked) > 10


# --- over a picture


@pytest.fixture
async def source(client: Client) -> Image.Image:
    (picture,) = await client.pictures(text_to_image("a quiet harbour", seed=3))
    return picture.convert("RGB")


async def test_denoise_decides_how_far_a_picture_moves(client: Client, source: Image.Image) -> None:
    name = await client.upload(source, "source.png")
    moved = []
    for denoise in (0.01, 0.3, 0.6, 1.0):
        (picture,) = await client.pictures(on_picture(name, denoise=denoise))
        moved.append(distance(source, picture))

    assert moved[0] == 0
    assert moved == sorted(moved)
    assert moved[1] < 20 < moved[3]


def half_masked(source: Image.Image) -> Image.Image:
    """Return the source with its left half transparent: that is what LoadImage masks."""
    alpha = Image.new("L", source.size, 255)
    ImageDraw.Draw(alpha).rectangle((20, 20, source.width // 2, source.height - 20), fill=0)
    masked = source.convert("RGBA")
    masked.putalpha(alpha)
    return masked


@pytest.mark.parametrize("way", ["SetLatentNoiseMask", "InpaintModelConditioning", "ForInpaint"])
async def test_what_a_mask_protects_stays(client: Client, source: Image.Image, way: str) -> None:
    name = await client.upload(half_masked(source), "masked.png")
    graph = base("a lighthouse in a storm")
    graph["10"] = node("LoadImage", image=name)
    if way == "SetLatentNoiseMask":
        graph["11"] = node("VAEEncode", pixels=link("10"), vae=link("1", 2))
        graph["12"] = node("SetLatentNoiseMask", samples=link("11"), mask=link("10", 1))
        graph["5"] = sampler(link("12"))
    elif way == "InpaintModelConditioning":
        graph |= painted_anew(link("10"), link("10", 1))
    else:
        graph["12"] = node(
            "VAEEncodeForInpaint",
            pixels=link("10"),
            vae=link("1", 2),
            mask=link("10", 1),
            grow_mask_by=0,
        )
        graph["5"] = sampler(link("12"))

    (picture,) = await client.pictures(finish(graph, link("5")))

    kept, painted = (70, 0, 128, 128), (30, 30, 60, 98)
    assert distance(picture.crop(kept), source.crop(kept)) == 0
    assert distance(picture.crop(painted), source.crop(painted)) > 5


async def test_a_padded_picture_grows_outward_and_keeps_its_middle(
    client: Client, source: Image.Image
) -> None:
    name = await client.upload(source, "source.png")
    graph = base("a quiet harbour")
    graph["10"] = node("LoadImage", image=name)
    graph["11"] = node(
        "ImagePadForOutpaint",
        image=link("10"),
        left=64,
        top=64,
        right=64,
        bottom=64,
        feathering=16,
    )
    graph["12"] = node(
        "VAEEncodeForInpaint",
        pixels=link("11"),
        vae=link("1", 2),
        mask=link("11", 1),
        grow_mask_by=0,
    )
    graph["5"] = sampler(link("12"))

    (picture,) = await client.pictures(finish(graph, link("5")))

    assert picture.size == (256, 256)
    middle = picture.crop((64 + 24, 64 + 24, 64 + 104, 64 + 104))
    assert distance(middle, source.crop((24, 24, 104, 104))) == 0
    border = picture.crop((0, 0, 256, 40))
    assert max(ImageStat.Stat(border).stddev) > 3  # painted, not filled


async def test_scale_crop_composite_and_upscale_act_on_the_pixels(
    client: Client, source: Image.Image
) -> None:
    name = await client.upload(source, "source.png")
    graph = {
        "1": node("LoadImage", image=name),
        "2": node(
            "ImageScale",
            image=link("1"),
            upscale_method="lanczos",
            width=64,
            height=0,
            crop="disabled",
        ),
        "3": node("ImageCrop", image=link("1"), width=50, height=40, x=10, y=20),
        "4": node("EmptyImage", width=100, height=100, batch_size=1, color=0xFF0000),
        "5": node(
            "ImageCompositeMasked",
            destination=link("4"),
            source=link("3"),
            x=30,
            y=30,
            resize_source=False,
        ),
        "6": node("UpscaleModelLoader", model_name="sketch-2x.safetensors"),
        "7": node("ImageUpscaleWithModel", upscale_model=link("6"), image=link("1")),
    }
    for number, picture in enumerate(("2", "3", "5", "7")):
        graph[f"s{number}"] = node(
            "SaveImage", images=link(picture), filename_prefix=f"part_{number}"
        )

    scaled, cropped, composed, upscaled = await client.pictures(graph)

    assert scaled.size == (64, 64)
    assert distance(cropped, source.crop((10, 20, 60, 60))) == 0
    assert distance(composed.crop((30, 30, 80, 70)), cropped) == 0
    assert composed.getpixel((5, 5)) == (255, 0, 0)
    assert upscaled.size == (256, 256)
    assert distance(upscaled.resize(source.size), source) < 5


async def test_an_earlier_result_can_be_the_source_without_upload(client: Client) -> None:
    run = await client.run(text_to_image(prefix="a/first"))
    image = run.images()[0]
    reference = f"{image['subfolder']}/{image['filename']} [output]"

    (picture,) = await client.pictures(on_picture(reference, denoise=0.01))

    first = await client.view(image)
    assert distance(picture, Image.open(BytesIO(first))) == 0


async def test_stopping_early_leaves_an_unfinished_picture(client: Client) -> None:
    pictures = []
    for end in (10, 3):
        graph = text_to_image()
        graph["5"] = node(
            "KSamplerAdvanced",
            model=link("1"),
            add_noise="enable",
            noise_seed=7,
            steps=10,
            cfg=5.0,
            sampler_name="euler",
            scheduler="normal",
            positive=link("2"),
            negative=link("3"),
            latent_image=link("4"),
            start_at_step=0,
            end_at_step=end,
            return_with_leftover_noise="disable",
        )
        pictures += await client.pictures(graph)

    done, unfinished = (ImageStat.Stat(p.convert("L")).stddev[0] for p in pictures)
    assert distance(pictures[0], pictures[1]) > 0.5
    assert unfinished < done
