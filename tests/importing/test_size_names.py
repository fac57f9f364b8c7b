"""How a node calls what the size is picked by: with underscores, or as one word with capitals."""

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_what_steers import engine, kind, of, rank_of

SHAPES = [["1:1", "16:9", "9:16"]]


def shaped(name: str) -> Imported:
    """Return the usual graph, whose latent is made by a shape under this name."""
    maker = kind(["LATENT"], **{name: SHAPES}, sharpness=[["low", "high"]])
    document = edited("sd15_api")
    document["5"] = of("SomebodysEmpty", **{name: "16:9"}, sharpness="low")
    # Of a node of a pack a few settings would be in front anyway.
    return read(document, engine(SomebodysEmpty={**maker, "python_module": "nodes"}))


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("aspectRatio", "aspect_ratio"),
        ("aspect_ratio", "aspect_ratio"),
        ("AspectRatio", "aspect_ratio"),
        ("imageResolution", "image_resolution"),
    ],
)
def test_the_shape_has_the_place_of_the_size_however_it_is_written(name: str, called: str):
    flow = shaped(name)
    one = parameter(flow, called)
    assert (one.feeds, one.default, one.rank) == ((("5", name),), "16:9", Rank.MAIN)
    assert one.choices == ("1:1", "16:9", "9:16")
    names = [other.name for other in flow.parameters if other.rank is Rank.MAIN]
    assert names.index(called) < names.index("seed")


@pytest.mark.parametrize("name", ["shape", "iterations", "generation"])
def test_a_word_that_only_has_letters_of_such_a_name_is_none(name: str):
    assert not rank_of(shaped(name), "5", name)


def test_what_is_beside_the_shape_stays_behind():
    assert not rank_of(shaped("aspectRatio"), "5", "sharpness")
