"""Boxes of text in a graph without a sampler: whatever takes them, they say what is made."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of, rank_of

LINK = ["STRING", {"forceInput": True}]
KINDS = {
    "SomebodysFilmer": kind(["IMAGE"], opening=LINK, ending=LINK),
    "SomebodysNamer": {
        **kind([], images=["IMAGE"], file_prefix=LINK, caption=LINK),
        "output_node": True,
    },
    "SomebodysTwoBoxes": kind(["STRING"], above=["STRING"], below=["STRING"]),
    "SomebodysNumber": kind(["INT"], digits=["STRING"]),
}
PACK = engine(**{name: {**one, "python_module": "nodes"} for name, one in KINDS.items()})
FIRST, SECOND = "a fox wakes up", "an owl flies away"


def filmed(box: str = "PrimitiveStringMultiline", **more: dict[str, Any]) -> Imported:
    """Return a graph in which two boxes (1, 2) say how a film begins and ends."""
    document = {
        "1": of(box, value=FIRST),
        "2": of(box, value=SECOND),
        "3": of("SomebodysFilmer", opening=["1", 0], ending=["2", 0]),
        "4": of("SaveImage", images=["3", 0], filename_prefix="x"),
        **more,
    }
    return read(document, PACK)


@pytest.mark.parametrize("box", ["PrimitiveString", "PrimitiveStringMultiline"])
def test_without_a_sampler_each_box_of_text_is_in_front(box: str):
    flow = filmed(box)
    for node_id, text in {"1": FIRST, "2": SECOND}.items():
        one = at(flow, node_id, "value")
        assert (one.rank, one.default, one.type) == (Rank.MAIN, text, "text")
    assert len({one.name for one in flow.parameters}) == len(flow.parameters)


def test_a_box_that_is_the_prompt_stays_it_and_the_others_stand_beside_it():
    painter = kind(["IMAGE"], prompt=LINK, mood=LINK)
    known = engine(SomebodysPainter={**painter, "python_module": "nodes"})
    document = {
        "1": of("PrimitiveString", value=FIRST),
        "2": of("PrimitiveString", value=SECOND),
        "3": of("SomebodysPainter", prompt=["1", 0], mood=["2", 0]),
        "4": of("SaveImage", images=["3", 0], filename_prefix="x"),
    }
    flow = read(document, known)
    assert parameter(flow, "prompt").feeds == (("1", "value"),)
    assert at(flow, "2", "value").rank is Rank.MAIN


def saved(name: str, text: str) -> Imported:
    """Return a graph whose saver gets a text (5) from a box."""
    words = {"file_prefix": "x", "caption": "y"} | {name: ["5", 0]}
    more: dict[str, Any] = {
        "4": of("SomebodysNamer", images=["3", 0], **words),
        "5": of("PrimitiveString", value=text),
    }
    return filmed(**more)


@pytest.mark.parametrize(("name", "is_shown"), [("file_prefix", False), ("caption", True)])
def test_a_box_that_names_a_file_stays_behind(name: str, is_shown: bool):
    flow = saved(name, "a name of something")
    assert rank_of(flow, "5", "value") is is_shown
    assert any(("5", "value") in one.feeds for one in flow.parameters)
    assert rank_of(flow, "1", "value")


@pytest.mark.parametrize("name", ["file", "path", "folder", "url", "filename", "model", "prefix"])
def test_so_it_does_under_any_name_of_a_file(name: str):
    taker = {**kind(["IMAGE"], image=["IMAGE"]), "python_module": "nodes"}
    taker["input"]["required"] |= {f"some_{name}": LINK}
    document = {
        "1": of("LoadImage", image="a.png"),
        "2": of("PrimitiveString", value="some words of it"),
        "3": of("SomebodysTaker", image=["1", 0], **{f"some_{name}": ["2", 0]}),
        "4": of("SaveImage", images=["3", 0], filename_prefix="x"),
    }
    flow = read(document, engine(SomebodysTaker=taker))
    assert not rank_of(flow, "2", "value")


def test_a_box_that_names_a_file_and_says_something_else_too_is_in_front():
    both = of("SomebodysNamer", images=["3", 0], file_prefix=["1", 0], caption=["1", 0])
    more: dict[str, Any] = {"4": both}
    assert rank_of(filmed(**more), "1", "value")


def test_what_has_more_than_one_text_is_no_box_and_neither_is_what_gives_a_number():
    more: dict[str, Any] = {
        "5": of("SomebodysTwoBoxes", above="a", below="b"),
        "6": of("SomebodysNumber", digits="12"),
        "7": of("SomebodysFilmer", opening=["5", 0], ending=["6", 0]),
        "8": of("SaveImage", images=["7", 0], filename_prefix="y"),
    }
    flow = filmed(**more)
    for feed in (("5", "above"), ("5", "below"), ("6", "digits")):
        assert not rank_of(flow, *feed)


def test_beside_a_sampler_a_box_that_no_prompt_comes_from_stays_behind():
    document = edited("sd15_api") | {
        "20": of("PrimitiveString", value=FIRST),
        "21": of("PrimitiveString", value=SECOND),
        "22": of("SomebodysFilmer", opening=["20", 0], ending=["21", 0]),
        "23": of("SaveImage", images=["22", 0], filename_prefix="x"),
    }
    flow = read(document, PACK)
    assert parameter(flow, "prompt").feeds == (("6", "text"),)
    assert not rank_of(flow, "20", "value")
    assert not rank_of(flow, "21", "value")


def test_a_text_of_which_a_number_is_made_is_no_prompt():
    known = engine(
        SomebodysCounter=kind(["NUMBER", "INT"], text=["STRING", {"default": ""}]),
        SomebodysScaler=kind(["IMAGE"], image=["IMAGE"], factor=["NUMBER"]),
    )
    document = {
        "1": of("LoadImage", image="a.png"),
        "2": of("PrimitiveString", value="4"),
        "3": of("SomebodysCounter", text=["2", 0]),
        "4": of("SomebodysScaler", image=["1", 0], factor=["3", 1]),
        "5": of("SaveImage", images=["4", 0], filename_prefix="x"),
    }
    document["2"]["_meta"] = {"title": "放大倍率"}
    flow = read(document, known)
    assert "prompt" not in {one.name for one in flow.parameters}
    found = at(flow, "2", "value")
    assert (found.rank, found.label) == (Rank.MAIN, "放大倍率")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("C:/films/fox", "path"),
        ("D:\\films", "path"),
        ("/mnt/films/fox", "path"),
        ("./films", "path"),
        ("~/films", "path"),
        ("\\\\server\\films", "path"),
        ("https://a.fox/film.mp4", "path"),
        ("a fox / an owl", "prompt"),
        ("and/or", "prompt"),
        ("/", "prompt"),
        ("fox: a film", "prompt"),
        ("/imagine\na fox", "prompt"),
        ("/imagine a red fox", "prompt"),
        ("/imagine a fox and/or an owl", "prompt"),
        ("https://a.fox/a.png make it blue", "prompt"),
    ],
)
def test_a_box_with_the_way_to_a_file_is_no_prompt(text: str, name: str):
    flow = filmed()
    graph = {node_id: dict(node) for node_id, node in flow.graph.items()}
    graph["1"] = of("PrimitiveString", value=text)
    found = at(read(graph, PACK), "1", "value")
    assert (found.name.partition("_")[0], found.rank) == (name, Rank.MAIN)
