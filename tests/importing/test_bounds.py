"""What bounds a number that another node holds: what gets it, and only if it is this number."""

from typing import Any

import pytest

from imagine.importing.parameters import Parameter
from tests.importing.samples import edited, read
from tests.importing.test_what_steers import engine, kind, of

OPEN = ["INT", {"default": 0, "min": -(2**63), "max": 2**63 - 1}]
MOST = 10_000  # so many steps a sampler takes


def held(own: dict[str, Any], name: str) -> Parameter:
    """Return a number of a node that gives the steps of the usual graph."""
    wanted = {one: OPEN for one, value in own.items() if isinstance(value, int)}
    texts = {one: ["STRING", {}] for one, value in own.items() if isinstance(value, str)}
    # What comes to it by a link, too, it may have changed.
    known = engine(SomebodysNumbers=kind(["INT"], image=["IMAGE"], **wanted, **texts))
    document = edited("sd15_api")
    document["19"] = of("LoadImage", image="a.png")
    document["20"] = of("SomebodysNumbers", image=["19", 0], **own)
    document["3"]["inputs"]["steps"] = ["20", 0]
    return next(one for one in read(document, known).parameters if ("20", name) in one.feeds)


@pytest.mark.parametrize("name", ["value", "int", "number"])
def test_of_several_numbers_that_of_which_its_node_is_about_is_bound_by_what_gets_it(name: str):
    own = {name: 20, "shown": 3}
    assert (held(own, name).min, held(own, name).max) == (1, MOST)
    assert held(own, "shown").max != MOST


def test_of_several_numbers_none_of_which_is_called_so_each_is_open():
    own = {"first": 20, "second": 3}
    assert MOST not in {held(own, name).max for name in own}


@pytest.mark.parametrize("beside", [{}, {"told": "fine"}])
def test_the_only_number_of_a_node_is_bound_by_what_gets_it(beside: dict[str, Any]):
    found = held({"first": 20, **beside}, "first")
    assert (found.min, found.max) == (1, MOST)
