"""Which number is the length, or a side, of what a sampler makes, where nodes work it out."""

from collections.abc import Mapping
from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_what_steers import engine, kind, of

ANY = ["FLOAT", {"default": 0.0}]
PACK = engine(
    SomebodysTimes=kind(["FLOAT"], a=ANY, b=ANY),
    SomebodysWhole=kind(["INT"], number=["FLOAT", {"forceInput": True}]),
    SomebodysMeasurer=kind(["FLOAT"], image=["IMAGE"], most=ANY),
)


def lasting(
    factor: Any = 24.0, more: Mapping[str, Any] | None = None, size: str = "length"
) -> Imported:
    """Return a graph whose clip is so many seconds (30) long.

    ``factor``: by which these are multiplied, in one of ``more``, too. ``size``: what is worked
    out of them.
    """
    document = edited("sd15_api") | {
        "30": of("PrimitiveFloat", value=4.0),
        "31": of("SomebodysTimes", a=["30", 0], b=factor),
        "32": of("SomebodysWhole", number=["31", 0]),
        **(more or {}),
    }
    sides = {"width": 832, "height": 480, "length": 33, "batch_size": 1} | {size: ["32", 0]}
    document["5"] = of("EmptyHunyuanLatentVideo", **sides)
    return read(document, PACK)


def test_the_length_that_is_worked_out_of_one_number_is_that_number():
    flow = lasting()
    found = parameter(flow, "length")
    assert (found.feeds, found.default, found.type) == ((("30", "value"),), 4.0, "float")
    assert found.rank is Rank.MAIN
    # Of the node that works it out nothing else is the length.
    assert [one.name for one in flow.parameters if ("31", "b") in one.feeds] == ["b"]


@pytest.mark.parametrize("side", ["width", "height"])
def test_so_is_a_side(side: str):
    flow = lasting(size=side)
    assert parameter(flow, side).feeds == (("30", "value"),)
    other = {"width": "height", "height": "width"}[side]
    assert parameter(flow, other).feeds == (("5", other),)


def test_the_length_that_is_worked_out_of_two_numbers_is_neither():
    flow = lasting(["33", 0], {"33": of("PrimitiveFloat", value=24.0)})
    assert "length" not in {one.name for one in flow.parameters}


def test_the_length_that_is_worked_out_of_a_picture_is_none_that_is_typed():
    measured = of("SomebodysMeasurer", image=["34", 0], most=9.0)
    flow = lasting(["33", 0], {"33": measured, "34": of("LoadImage", image="a.png")})
    assert "length" not in {one.name for one in flow.parameters}
    assert any(("30", "value") in one.feeds for one in flow.parameters)
