"""Each picture that grows from another continues it: measured on the pixels of real sets.

The sketch engine paints, so that the graphs, the sizes and the places are what is tested.
"""

import itertools
import json
from collections.abc import Iterable
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.conftest import Client
from tests.following import finish
from tests.pictures import read
from tests.routes.test_actions import act

Pictures = list[Image.Image]

PROMPT = "a red fox in the snow --size 256x160 --steps 2 --batch 2 --seed 3"
# The same for a child whose noise is to be the same with each run of the test.
NEXT = PROMPT.replace("--seed 3", "--seed 5")


async def pictures_of(client: Client, job: dict[str, Any]) -> Pictures:
    return [(await read(client, image["url"])).convert("RGB") for image in job["images"]]


async def grown(client: Client, **ask: Any) -> tuple[Image.Image, Pictures]:
    """Return a picture, and those that an action makes of it."""
    parent = await finish(client, PROMPT)
    child = await act(client, parent, image=1, **ask)
    return (await pictures_of(client, parent))[1], await pictures_of(client, child)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures are apart, as a mean over all values. Units: 0–255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def spread(pictures: Iterable[Image.Image]) -> float:
    apart = [difference(one, other) for one, other in itertools.combinations(pictures, 2)]
    return sum(apart) / len(apart)


@pytest.mark.parametrize(
    ("direction", "size", "corner"),
    [
        ("left", (384, 160), (128, 0)),
        ("right", (384, 160), (0, 0)),
        ("up", (256, 240), (0, 80)),
        ("down", (256, 240), (0, 0)),
    ],
)
async def test_a_pan_keeps_every_pixel_of_its_picture(
    client: Client, direction: str, size: tuple[int, int], corner: tuple[int, int]
):
    parent, children = await grown(client, action="pan", direction=direction)
    left, top = corner
    for child in children:
        assert child.size == size
        assert child.crop((left, top, left + 256, top + 160)).tobytes() == parent.tobytes()
    assert difference(*children) > 0


@pytest.mark.parametrize(
    ("ask", "size"),
    [({"action": "square"}, (256, 256)), ({"action": "reshape", "aspect": "2:1"}, (320, 160))],
    ids=["square", "reshape"],
)
async def test_another_shape_keeps_every_pixel_of_its_picture(
    client: Client, ask: dict[str, Any], size: tuple[int, int]
):
    parent, children = await grown(client, **ask)
    left, top = (size[0] - 256) // 2, (size[1] - 160) // 2
    for child in children:
        assert child.size == size
        assert child.crop((left, top, left + 256, top + 160)).tobytes() == parent.tobytes()


@pytest.mark.parametrize(("factor", "size"), [(2, (128, 80)), (1.6, (160, 100)), (1.2, (213, 133))])
async def test_a_zoom_puts_its_picture_scaled_into_the_middle(
    client: Client, factor: float, size: tuple[int, int]
):
    parent, children = await grown(client, action="zoom", factor=factor)
    width, height = size
    left, top = (256 - width) // 2, (160 - height) // 2
    middle = (left, top, left + width, top + height)
    small = parent.resize(size, Image.Resampling.LANCZOS)
    for child in children:
        assert child.size == parent.size
        assert child.crop(middle).tobytes() == small.tobytes()
    assert difference(*children) > 0


@pytest.mark.parametrize(
    ("strength", "most"), [("subtle", 18.0), ("strong", 60.0)], ids=["subtle", "strong"]
)
async def test_a_variation_stays_near_its_picture(client: Client, strength: str, most: float):
    parent, children = await grown(client, action="variation", strength=strength, prompt=NEXT)
    for child in children:
        assert child.size == parent.size
        assert 0.5 < difference(child, parent) < most


async def test_a_subtle_variation_is_nearer_than_a_strong_one(client: Client):
    near, far = [
        await grown(client, action="variation", strength=strength, prompt=NEXT)
        for strength in ("subtle", "strong")
    ]
    assert max(difference(near[0], child) for child in near[1]) < min(
        difference(far[0], child) for child in far[1]
    )


@pytest.mark.parametrize(("strength", "most"), [("subtle", 8), ("creative", 20)])
async def test_an_upscale_is_its_picture_twice_as_large(client: Client, strength: str, most: float):
    parent, (child,) = await grown(client, action="upscale", strength=strength)
    assert child.size == (512, 320)
    assert difference(child.resize(parent.size, Image.Resampling.LANCZOS), parent) < most


@pytest.mark.parametrize("size", ["256x256", "320x192", "192x320"])
async def test_the_edges_of_a_tile_go_on_into_each_other(client: Client, size: str):
    text = f"abstract marble swirl --size {size} --steps 4 --batch 1 --seed 5"
    plain, tile = [
        (await pictures_of(client, await finish(client, f"{text}{flag}")))[0]
        for flag in ("", " --tile")
    ]
    assert seams(plain) > 2
    assert seams(tile) < 1.3
    assert tile.size == plain.size


def seams(picture: Image.Image) -> float:
    """Return how much opposite edges differ, by how much neighbours inside do; the worse way."""
    shares = []
    for turned in (picture, picture.transpose(Image.Transpose.TRANSPOSE)):
        width, height = turned.size
        columns = [turned.crop((x, 0, x + 1, height)) for x in range(width)]
        inside = sum(itertools.starmap(difference, itertools.pairwise(columns))) / (width - 1)
        shares.append(difference(columns[-1], columns[0]) / inside)
    return max(shares)


@pytest.mark.parametrize("text", ["a red fox in the snow", "a lighthouse in a storm"])
async def test_a_set_spreads_with_chaos(client: Client, text: str):
    spreads = []
    for chaos in (0, 25, 50, 100):
        job = await finish(client, f"{text} --chaos {chaos} --size 128x128 --steps 2 --seed 42")
        spreads.append(spread(await pictures_of(client, job)))
    assert spreads == sorted(set(spreads)), spreads


async def test_no_chaos_is_the_usual_set(client: Client):
    one, other = [
        await finish(client, f"a red fox{flag} --size 128x128 --steps 2 --seed 42")
        for flag in ("", " --chaos 0")
    ]
    for first, second in zip(
        await pictures_of(client, one), await pictures_of(client, other), strict=True
    ):
        assert first.tobytes() == second.tobytes()


async def test_growth_goes_on_from_what_has_grown(client: Client):
    job = await finish(client, "a city street --size 128x128 --steps 2 --batch 1 --seed 1")
    for ask in (
        {"action": "pan", "direction": "right"},
        {"action": "variation", "strength": "subtle"},
        {"action": "upscale"},
        {"action": "zoom", "factor": 1.5},
        {"action": "square"},
    ):
        child = await act(client, job, **ask)
        assert child["parents"] == [{"job": job["id"], "image": 0}]
        job = child
    assert [(image["width"], image["height"]) for image in job["images"]] == [(384, 384)]
    async with client.get(f"/api/jobs/{job['id']}/family") as answer:
        family = json.loads(await answer.text())
    assert len(family["jobs"]) == 6
