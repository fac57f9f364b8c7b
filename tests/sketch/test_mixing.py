"""Words mixed in and prompts of several parts: gradual, in proportion, and told apart."""

from itertools import combinations, pairwise
from typing import Any

import pytest
from PIL import Image, ImageStat

from tests.sketch.helpers import Client, base, distance, finish, link, node, sampler, text_to_image

PHRASES = (
    "seen from far away, wide view",
    "close-up",
    "at night",
    "soft morning fog",
    "flat graphic shapes",
    "dramatic low light",
    "muted earth colors",
)
PROMPTS = (
    "a red fox in the snow",
    "neon city in the rain",
    "a lighthouse in a storm",
    "a castle on a mountain",
    "portrait of a woman with red hair",
    "qwertz",
)


def outlines(picture: Image.Image) -> Image.Image:
    """Return where edges are, whatever the light: that is the composition."""
    grey = picture.convert("L").resize((64, 64), Image.Resampling.BOX)
    middle = ImageStat.Stat(grey).median[0]
    return grey.point([255 * (v > middle) for v in range(256)])


def encode(text: str) -> dict[str, Any]:
    return node("CLIPTextEncode", text=text, clip=link("1", 1))


def mix(to: str, start: str, strength: float) -> dict[str, Any]:
    return node(
        "ConditioningAverage",
        conditioning_to=link(to),
        conditioning_from=link(start),
        conditioning_to_strength=strength,
    )


def mixed(words: str, *extra: tuple[str, float], **changes: Any) -> dict[str, Any]:
    """Return a graph that mixes further words into a prompt, one after the other."""
    graph = base(words)
    last = "2"
    for number, (more, strength) in enumerate(extra):
        graph[f"a{number}"] = encode(f"{words}, {more}")
        graph[f"b{number}"] = mix(f"a{number}", last, strength)
        last = f"b{number}"
    graph["5"] = sampler(link("4"), positive=link(last), **changes)
    return finish(graph, link("5"))


async def test_words_mixed_in_with_no_share_change_no_byte(client: Client) -> None:
    (plain,) = await client.pictures(text_to_image())
    (same,) = await client.pictures(mixed("a red fox in the snow", ("at night", 0.0)))

    assert same.tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("a red fox in the snow", "at night"),
        ("neon city in the rain", "watercolor"),
        ("a lighthouse in a storm", "bold, rich colors"),
        ("a castle on a mountain", "strange, uncanny"),
        ("portrait of a woman with red hair", "soft morning fog"),
        ("qwertz", "flat graphic shapes"),
    ],
)
async def test_words_mixed_in_act_by_their_share(client: Client, words: str, more: str) -> None:
    shares = (0.0, 0.05, 0.15, 0.3, 0.6, 0.9)
    plain, *rest = [
        (await client.pictures(mixed(words, (more, share))))[0].convert("RGB") for share in shares
    ]
    moved = [distance(plain, picture) for picture in rest]

    assert all(nearer < farther for nearer, farther in pairwise(moved)), moved
    # A small share is felt, and what is where stays.
    assert 0.5 < moved[0] < 12
    assert distance(outlines(plain).convert("RGB"), outlines(rest[1]).convert("RGB")) < 25


async def test_mixes_can_be_chained(client: Client) -> None:
    words = "a castle on a mountain"
    (plain,) = await client.pictures(mixed(words))
    (one,) = await client.pictures(mixed(words, ("at night", 0.2)))
    (two,) = await client.pictures(mixed(words, ("at night", 0.2), ("rich colors", 0.3)))
    (again,) = await client.pictures(mixed(words, ("at night", 0.2), ("rich colors", 0.3)))

    assert again.tobytes() == two.tobytes()
    assert min(distance(plain, one), distance(one, two)) > 2


def in_parts(*parts: tuple[str, float]) -> dict[str, Any]:
    graph = base("unused")
    last = ""
    for number, (text, weight) in enumerate(parts):
        graph[f"e{number}"] = encode(text)
        graph[f"s{number}"] = node(
            "ConditioningSetAreaStrength", conditioning=link(f"e{number}"), strength=weight
        )
        if last:
            graph[f"c{number}"] = node(
                "ConditioningCombine",
                conditioning_1=link(last),
                conditioning_2=link(f"s{number}"),
            )
        last = f"c{number}" if last else f"s{number}"
    graph["5"] = sampler(link("4"), positive=link(last))
    return finish(graph, link("5"))


async def test_of_parts_the_strongest_decides_and_the_others_enter_in_proportion(
    client: Client,
) -> None:
    (city,) = await client.pictures(in_parts(("neon city", 1.0)))
    moved = []
    for weight in (0.1, 0.2, 0.5, 0.9):
        graph = in_parts(("neon city", 1.0), ("a meadow of poppies", weight))
        (picture,) = await client.pictures(graph)
        moved.append(distance(city, picture))
    (meadow,) = await client.pictures(in_parts(("neon city", 0.2), ("a meadow of poppies", 2.0)))

    assert moved == sorted(moved)
    assert moved[0] > 0.5
    assert moved[-1] < distance(city, meadow)


async def test_the_strength_of_a_single_part_means_nothing(client: Client) -> None:
    (one,) = await client.pictures(in_parts(("neon city", 1.0)))
    (other,) = await client.pictures(in_parts(("neon city", 2.5)))

    assert one.tobytes() == other.tobytes()


def chaotic(words: str, seed: int, share: float) -> dict[str, Any]:
    """Return a set of four, each with other words mixed in and another cfg."""
    graph = base(words, size=64, batch=4)
    for k in range(4):
        phrase = PHRASES[(seed + 3 * k) % len(PHRASES)]
        graph[f"a{k}"] = encode(f"{words}, {phrase}")
        graph[f"b{k}"] = mix(f"a{k}", "2", share)
        graph[f"l{k}"] = node("LatentFromBatch", samples=link("4"), batch_index=k, length=1)
        graph[f"k{k}"] = sampler(
            link(f"l{k}"), positive=link(f"b{k}"), seed=seed, steps=1, cfg=5 + (k - 1.5) * share
        )
        graph[f"d{k}"] = node("VAEDecode", samples=link(f"k{k}"), vae=link("1", 2))
        graph[f"s{k}"] = node("SaveImage", images=link(f"d{k}"), filename_prefix=f"chaos_{k}")
    return graph


@pytest.mark.parametrize("seed", [1, 7, 42])
@pytest.mark.parametrize("words", PROMPTS)
async def test_the_four_of_a_set_move_apart_with_chaos(
    client: Client, words: str, seed: int
) -> None:
    apart = []
    for share in (0.0, 0.15, 0.3, 0.6):
        pictures = await client.pictures(chaotic(words, seed, share))
        pairs = combinations([picture.convert("RGB") for picture in pictures], 2)
        apart.append(sum(distance(one, other) for one, other in pairs) / 6)

    assert all(less < more for less, more in pairwise(apart)), apart
