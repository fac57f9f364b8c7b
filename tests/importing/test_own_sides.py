"""Sides that count only where nothing else picks the size."""

import pytest

from imagine.catalog import Catalog
from imagine.importing.parameters import Parameter
from imagine.importing.reading import Imported
from tests.importing.samples import edited, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of, rank_of

SHAPES = [["custom", "SDXL - 1:1 square 1024x1024", "SDXL - 2:3 portrait 832x1216"]]
NUMBER = ["INT", {"default": 512}]


def known(shapes: list[list[str]], outputs: list[str]) -> Catalog:
    """Return an engine on which a node picks the size by one of these shapes."""
    sides = {"width": NUMBER, "height": NUMBER}
    maker = kind(outputs, **sides, aspect_ratio=shapes, batch_size=NUMBER)
    # Of a node of a pack a few settings would be in front anyway.
    return engine(SomebodysShape={**maker, "python_module": "nodes"})


def shaped(chosen: str, shapes: list[list[str]] = SHAPES) -> Imported:
    """Return a graph whose latent is made by a shape."""
    document = edited("sd15_api")
    sides = {"width": 640, "height": 384}
    document["5"] = of("SomebodysShape", **sides, aspect_ratio=chosen, batch_size=2)
    return read(document, known(shapes, ["LATENT"]))


def picked(chosen: str) -> Imported:
    """Return a graph whose latent has the sides that a shape gives it."""
    document = edited("sd15_api")
    document["20"] = of("SomebodysShape", width=640, height=384, aspect_ratio=chosen, batch_size=2)
    document["5"]["inputs"] |= {"width": ["20", 0], "height": ["20", 1]}
    return read(document, known(SHAPES, ["INT", "INT"]))


def fronted(flow: Imported, node_id: str) -> dict[str, bool]:
    return {name: rank_of(flow, node_id, name) for name in ("width", "height", "aspect_ratio")}


@pytest.mark.parametrize("chosen", SHAPES[0][1:])
def test_sides_of_ones_own_stay_behind_while_a_shape_is_chosen(chosen: str):
    for flow, node_id in ((shaped(chosen), "5"), (picked(chosen), "20")):
        expected = {"width": False, "height": False, "aspect_ratio": True}
        assert fronted(flow, node_id) == expected
        assert at(flow, node_id, "width").default == 640


def test_they_are_in_front_where_they_are_what_is_chosen():
    for flow, node_id in ((shaped("custom"), "5"), (picked("custom"), "20")):
        assert set(fronted(flow, node_id).values()) == {True}


def test_how_many_are_made_is_asked_whatever_is_chosen():
    flow = shaped(SHAPES[0][1])
    found: Parameter = at(flow, "5", "batch_size")
    assert (found.name, rank_of(flow, "5", "batch_size")) == ("batch_size", True)


@pytest.mark.parametrize(
    ("own", "is_own"), [("Custom size", True), ("use CUSTOM", True), ("free", False)]
)
def test_the_choice_of_ones_own_is_known_by_its_word(own: str, is_own: bool):
    flow = shaped("1:1", [[own, "1:1"]])
    assert rank_of(flow, "5", "width") is not is_own
    assert rank_of(shaped(own, [[own, "1:1"]]), "5", "width")


@pytest.mark.parametrize("chosen", SHAPES[0])
def test_a_choice_in_a_node_of_its_own_counts_as_well(chosen: str):
    document = dict(picked("custom").graph) | {"30": of("PrimitiveString", value=chosen)}
    inputs = {**document["20"]["inputs"], "aspect_ratio": ["30", 0]}
    document["20"] = of("SomebodysShape", **inputs)
    flow = read(document, known(SHAPES, ["INT", "INT"]))
    assert rank_of(flow, "20", "width") is (chosen == "custom")
    assert rank_of(flow, "30", "value")


def test_another_choice_that_has_such_a_word_says_nothing_of_the_sides():
    sides = {"width": NUMBER, "height": NUMBER}
    ways = {"aspect_ratio": SHAPES, "speed": [["fast", "custom"]]}
    maker = {**kind(["LATENT"], **sides, **ways), "python_module": "nodes"}
    document = edited("sd15_api")
    chosen = {"aspect_ratio": "custom", "speed": "fast"}
    document["5"] = of("SomebodysShape", width=640, height=384, **chosen)
    flow = read(document, engine(SomebodysShape=maker))
    assert fronted(flow, "5") == {"width": True, "height": True, "aspect_ratio": True}
