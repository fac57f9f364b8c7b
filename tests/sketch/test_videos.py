"""Pictures that words change, and pictures that move: what comes out, and that it is a film."""

import struct
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from imagine.sketch.film import MOST_FRAMES, Camera, film
from imagine.sketch.painter import Brief, paint
from imagine.sketch.webm import webm
from tests.sketch.helpers import Client, base, distance, finish, link, node, sampler

SIZE = (96, 64)


def picture(words: str, size: tuple[int, int] = SIZE) -> Image.Image:
    return paint(Brief(phrases=((words, 1.0),), avoid="", seed=3), *size)


# --- the container


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Read the elements of an EBML body."""
    at = 0
    while at < len(data):
        width = 9 - data[at].bit_length()
        number = int.from_bytes(data[at : at + width], "big")
        at += width
        width = 9 - data[at].bit_length()
        length = int.from_bytes(data[at : at + width], "big") & (1 << 7 * width) - 1
        at += width
        yield number, data[at : at + length]
        at += length


def test_a_film_says_how_long_and_how_large_it_is() -> None:
    frames = [picture("a fox"), picture("a castle")]
    head, segment = (body for _, body in elements(webm(frames, fps=4)))
    told = dict(elements(segment))
    info, track = dict(elements(told[0x1549A966])), dict(elements(told[0x1654AE6B]))[0xAE]

    assert dict(elements(head))[0x4282] == b"webm"
    assert struct.unpack(">d", info[0x4489]) == (500.0,)
    assert info[0x4D80] == b"Imagine sketch engine"
    video = dict(elements(dict(elements(track))[0xE0]))
    assert (int.from_bytes(video[0xB0], "big"), int.from_bytes(video[0xBA], "big")) == SIZE


def test_cues_lead_to_the_clusters_and_every_frame_is_a_key_frame() -> None:
    frames = [picture("a fox"), picture("a castle")] * 8
    (_, segment), *_ = [one for one in elements(webm(frames, fps=1)) if one[0] == 0x18538067]
    parts = list(elements(segment))
    clusters = [dict(elements(body)) for number, body in parts if number == 0x1F43B675]
    (cues,) = (body for number, body in parts if number == 0x1C53BB6B)
    assert len(clusters) == 3
    for (_, cue), cluster in zip(elements(cues), clusters, strict=True):
        point = dict(elements(cue))
        place = int.from_bytes(dict(elements(point[0xB7]))[0xF1], "big")
        assert segment[place : place + 4] == bytes.fromhex("1f43b675")
        assert point[0xB3] == cluster[0xE7]
    blocks = [
        body
        for number, content in parts
        if number == 0x1F43B675
        for kind, body in elements(content)
        if kind == 0xA3
    ]
    assert len(blocks) == 16
    # VP8: the first bit of a key frame is 0, and its start code follows (RFC 6386, section 9.1).
    assert all(block[3] == 0x80 and block[4] & 1 == 0 for block in blocks)
    assert all(block[7:10] == b"\x9d\x01\x2a" for block in blocks)


def test_a_frame_that_stands_still_costs_nothing() -> None:
    one, other = picture("a fox"), picture("a castle")
    assert len(webm([one] * 40 + [other], fps=8)) < len(webm([one, other], fps=8)) + 64


# --- films


def test_a_film_begins_with_its_first_picture_and_moves_on() -> None:
    start, end = picture("a fox in the snow"), picture("a fox at night")
    frames = film(start, end, Camera.said("the camera moves closer", "k"), 17)

    assert len(frames) == 17
    assert distance(frames[0], start) < 1
    steps = [distance(one, other) for one, other in pairwise(frames)]
    assert min(steps) > 0
    assert max(steps) < distance(start, end)


@pytest.mark.parametrize("words", ["pan left", "pan right", "zoom out", "wind in the trees", "x"])
def test_the_camera_never_looks_beside_the_picture(words: str) -> None:
    white = Image.new("RGB", SIZE, (255, 255, 255))
    for frame in film(white, white, Camera.said(words, "k"), 13):
        assert min(low for low, _ in ImageStat.Stat(frame).extrema) > 250


def test_the_words_turn_the_camera() -> None:
    scene = picture("a castle on a mountain")
    ends = [
        film(scene, scene, Camera.said(words, "k"), 5)[-1]
        for words in ("pan left", "pan right", "zoom in", "zoom out")
    ]
    assert all(distance(one, other) > 2 for one in ends for other in ends if one is not other)


def test_a_long_film_has_a_bounded_number_of_pictures() -> None:
    scene = picture("a fox")
    frames = film(scene, scene, Camera.said("", "k"), 161)
    assert len(frames) == 161
    assert len({id(frame) for frame in frames}) == MOST_FRAMES


# --- graphs


def moving(name: str, words: str = "the waves roll in", **changes: Any) -> dict[str, Any]:
    """Return a graph that lets an uploaded picture move, as Wan 2.1 does."""
    frames: dict[str, Any] = {
        "positive": link("2"),
        "negative": link("3"),
        "vae": link("1", 2),
        "width": 96,
        "height": 64,
        "length": 9,
        "batch_size": 1,
        "start_image": link("10"),
    }
    return {
        **base(words),
        "10": node("LoadImage", image=name),
        "11": node("WanImageToVideo", **{**frames, **changes}),
        "5": sampler(link("11", 2), positive=link("11"), negative=link("11", 1)),
        "6": node("VAEDecode", samples=link("5"), vae=link("1", 2)),
    }


def saved(graph: dict[str, Any], fps: float = 4.0) -> dict[str, Any]:
    return {
        **graph,
        "7": node("CreateVideo", images=link("6"), fps=fps),
        "8": node(
            "SaveVideo",
            video=link("7"),
            filename_prefix="imagine/film",
            format="auto",
            codec="auto",
        ),
    }


async def uploaded(client: Client, words: str = "a lighthouse by the sea") -> str:
    return await client.upload(picture(words), f"{words}.png")


async def test_a_video_is_told_as_comfyui_tells_it(client: Client) -> None:
    run = await client.run(saved(moving(await uploaded(client))))
    (told,) = run.of("executed")

    assert told["output"]["animated"] == [True]
    (file,) = told["output"]["images"]
    assert file == {
        "filename": "film_00001_.webm",
        "subfolder": "imagine",
        "type": "output",
    }
    assert (await client.view(file)).startswith(bytes.fromhex("1a45dfa3"))


async def test_the_same_graph_is_the_same_film(client: Client) -> None:
    name = await uploaded(client)
    films = []
    for _ in range(2):
        run = await client.run(saved(moving(name)))
        films.append(await client.view(run.images()[0]))
        await client.post("/free", {"free_memory": True})
    assert films[0] == films[1]


async def test_frames_begin_with_the_picture_and_follow_the_words(client: Client) -> None:
    name = await uploaded(client)

    async def frames(words: str) -> list[Image.Image]:
        graph = moving(name, words)
        graph["7"] = node("SaveImage", images=link("6"), filename_prefix="f")
        return await client.pictures(graph)

    calm, stormy = await frames("calm sea"), await frames("a storm at night, zoom in")
    assert len(calm) == 9
    assert distance(calm[0], picture("a lighthouse by the sea")) < 1
    assert distance(calm[-1], stormy[-1]) > 10


async def test_words_alone_make_a_film_too(client: Client) -> None:
    graph = base("a red fox in the snow")
    graph["4"] = node("EmptyHunyuanLatentVideo", width=96, height=64, length=11, batch_size=2)
    graph["5"] = sampler(link("4"))
    pictures = await client.pictures(finish(graph, link("5")))
    assert len(pictures) == 2 * 9
    assert distance(pictures[0], pictures[8]) > 1
    assert distance(pictures[0], pictures[9]) > 1


@pytest.mark.parametrize("lossless", [True, False])
async def test_an_animated_webp_plays(client: Client, lossless: bool) -> None:
    graph = moving(await uploaded(client))
    graph["7"] = node(
        "SaveAnimatedWEBP",
        images=link("6"),
        filename_prefix="a",
        fps=5.0,
        lossless=lossless,
        quality=80,
        method="fastest",
    )
    run = await client.run(graph)
    assert run.of("executed")[0]["output"]["animated"] == [True]
    with Image.open(BytesIO(await client.view(run.images()[0]))) as animation:
        assert (animation.n_frames, animation.size) == (9, SIZE)  # type: ignore[attr-defined]
        assert "Software" in animation.getexif()[0x010F]


async def test_a_webm_of_frames_is_one(client: Client) -> None:
    graph = moving(await uploaded(client))
    graph["7"] = node(
        "SaveWEBM", images=link("6"), filename_prefix="w", codec="vp9", fps=6.0, crf=32.0
    )
    run = await client.run(graph)
    assert run.images()[0]["filename"].endswith(".webm")


async def test_more_films_than_fit_are_refused(client: Client) -> None:
    graph = moving(await uploaded(client), width=832, height=480, length=161, batch_size=8)
    run = await client.run(saved(graph))
    (error,) = run.of("execution_error")
    assert error["exception_type"] == "OutOfMemoryError"


# --- pictures along with the words


def changed(words: str, *names: str) -> dict[str, Any]:
    """Return a graph that changes pictures by words, as FLUX.1 Kontext does."""
    graph = base(words)
    last = "2"
    for number, name in enumerate(names):
        graph[f"a{number}"] = node("LoadImage", image=name)
        graph[f"b{number}"] = node("VAEEncode", pixels=link(f"a{number}"), vae=link("1", 2))
        graph[f"c{number}"] = node(
            "ReferenceLatent", conditioning=link(last), latent=link(f"b{number}")
        )
        last = f"c{number}"
    graph["5"] = sampler(link("b0"), positive=link(last))
    return finish(graph, link("5"))


def encoded(words: str, *names: str) -> dict[str, Any]:
    """Return a graph that changes pictures by words, as Qwen-Image-Edit does."""
    graph = base(words)
    shown = {}
    for number, name in enumerate(names, 1):
        graph[f"a{number}"] = node("LoadImage", image=name)
        shown[f"image{number}"] = link(f"a{number}")
    graph["2"] = node("TextEncodeQwenImageEditPlus", clip=link("1", 1), prompt=words, **shown)
    graph["b"] = node("VAEEncode", pixels=link("a1"), vae=link("1", 2))
    graph["5"] = sampler(link("b"))
    return finish(graph, link("5"))


@pytest.mark.parametrize("graph", [changed, encoded])
async def test_a_change_keeps_the_picture_and_follows_words_and_pictures(
    client: Client, graph: Any
) -> None:
    fox = await uploaded(client, "a red fox in the snow")
    city = await uploaded(client, "neon city at night")
    (autumn,) = await client.pictures(graph("in autumn", fox))
    (night,) = await client.pictures(graph("at night, watercolor", fox))
    (other,) = await client.pictures(graph("in autumn", city))
    (both,) = await client.pictures(graph("in autumn", fox, city))
    (turned,) = await client.pictures(graph("in autumn", city, fox))

    seen = [autumn, night, other, both, turned]
    assert all(distance(one, two) > 4 for one in seen for two in seen if one is not two)
    # What is where is that of the first picture.
    source = picture("a red fox in the snow")
    assert distance(outline(autumn), outline(source)) < distance(outline(other), outline(source))


def outline(of: Image.Image) -> Image.Image:
    grey = of.convert("L").resize((24, 16), Image.Resampling.BOX)
    middle = ImageStat.Stat(grey).median[0]
    return ImageChops.invert(grey.point([255 * (v > middle) for v in range(256)])).convert("RGB")


async def test_four_pictures_all_count(client: Client) -> None:
    names = [
        await uploaded(client, words)
        for words in ("a fox in snow", "a castle", "a reef", "a bouquet of roses")
    ]
    seen = [(await client.pictures(changed("at dusk", *names[:n])))[0] for n in (1, 2, 3, 4)]
    assert all(distance(one, two) > 0.5 for one, two in pairwise(seen))


async def test_a_reference_without_a_picture_is_none(client: Client) -> None:
    graph = base()
    graph["9"] = node("ReferenceLatent", conditioning=link("2"))
    graph["5"] = sampler(link("4"), positive=link("9"))
    (one,) = await client.pictures(finish(graph, link("5")))
    plain = base()
    plain["5"] = sampler(link("4"))
    (other,) = await client.pictures(finish(plain, link("5")))
    assert one.tobytes() == other.tobytes()


async def test_texts_are_put_together_and_sizes_measured(client: Client) -> None:
    graph = base("unused")
    graph["a"] = node("PrimitiveString", value="a red fox")
    graph["b"] = node("StringConcatenate", string_a=link("a"), string_b="in snow", delimiter=", ")
    graph["2"] = node("CLIPTextEncode", text=link("b"), clip=link("1", 1))
    graph["5"] = sampler(link("4"))
    graph["c"] = node("VAEDecode", samples=link("5"), vae=link("1", 2))
    graph["d"] = node("FluxKontextImageScale", image=link("c"))
    graph["e"] = node("GetImageSize", image=link("c"))
    graph["f"] = node(
        "ImageScale",
        image=link("d"),
        upscale_method="area",
        width=link("e"),
        height=link("e", 1),
        crop="disabled",
    )
    graph["7"] = node("SaveImage", images=link("f"), filename_prefix="t")
    graph["8"] = node("SaveImage", images=link("d"), filename_prefix="d")
    small, large = await client.pictures(graph)
    assert (small.size, large.size) == ((128, 128), (1024, 1024))
    plain = base("a red fox, in snow")
    plain["5"] = sampler(link("4"))
    (same,) = await client.pictures(finish(plain, link("5")))
    assert distance(small, same) < 4
