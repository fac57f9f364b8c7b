"""Texts that are only shown, sizes of what comes out, and what pictures are worked on by."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import edited, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of

LINK = ["STRING", {"forceInput": True}]
LINES = ["STRING", {"multiline": True}]
KINDS = {
    "SomebodysBox": kind(["STRING"], text=LINES),
    "SomebodysJoiner": kind(["STRING"], one=LINK, other=LINES, times=["INT", {}]),
    "SomebodysViewer": {**kind(["STRING"], text=LINK), "output_node": True},
    "SomebodysShowText": {**kind(["STRING"], text=LINK), "output_node": True},
    "SomebodysCaptioner": kind(["STRING"], image=["IMAGE"], user_prompt=LINES),
    "SomebodysPainter": kind(["IMAGE"], prompt=LINK),
}
PACK = engine(**{name: {**one, "python_module": "nodes"} for name, one in KINDS.items()})


def captioned(**more: dict[str, Any]) -> Imported:
    """Return a graph that describes a picture, and shows a text of which nothing else is made."""
    document = {
        "1": of("SomebodysBox", text="a long text about how a prompt is to be written"),
        "2": of("SomebodysJoiner", one=["1", 0], other="three of them", times=3),
        "3": of("SomebodysShowText", text=["2", 0]),
        "4": of("LoadImage", image="a.png"),
        "5": of("SomebodysCaptioner", image=["4", 0], user_prompt="what is there"),
        "6": of("SomebodysShowText", text=["5", 0]),
        **more,
    }
    return read(document, PACK)


def test_a_text_that_is_only_shown_is_no_prompt_beside_one_of_which_something_is_made():
    flow = captioned()
    assert at(flow, "5", "user_prompt").rank is Rank.MAIN
    for node_id, name in (("1", "text"), ("2", "other")):
        found = at(flow, node_id, name)
        assert (found.rank, "prompt" in found.name) == (Rank.MORE, False)


def test_what_also_goes_elsewhere_is_not_only_shown():
    painted = {
        "7": of("SomebodysPainter", prompt=["1", 0]),
        "8": of("SaveImage", images=["7", 0], filename_prefix="x"),
    }
    flow = captioned(**painted)
    assert at(flow, "1", "text").rank is Rank.MAIN
    assert at(flow, "2", "other").rank is Rank.MORE


def test_what_nobody_knows_may_make_something_of_it():
    assert at(captioned(**{"7": of("Unknown", a=["1", 0])}), "1", "text").rank is Rank.MAIN


def test_where_all_texts_are_only_shown_they_are_what_it_is_about():
    document = {
        "1": of("SomebodysBox", text="a fox"),
        "2": of("SomebodysJoiner", one=["1", 0], other="an owl", times=3),
        "3": of("SomebodysShowText", text=["2", 0]),
    }
    flow = read(document, PACK)
    assert at(flow, "1", "text").rank is Rank.MAIN


def scaled(*, again: bool, title: str = "") -> Imported:
    """Return a graph that scales what it made; ``again``: and then works on it once more."""
    document = edited("sd15_api")
    sides = {"width": 1024, "height": 1536, "upscale_method": "lanczos", "crop": "disabled"}
    document["20"] = of("ImageScale", image=["8", 0], **sides)
    if title:
        document["20"]["_meta"] = {"title": title}
    document["9"]["inputs"]["images"] = ["20", 0]
    if again:
        document["21"] = of("VAEEncode", pixels=["20", 0], vae=["4", 2])
        document["22"] = of(
            "KSampler", **document["3"]["inputs"] | {"latent_image": ["21", 0], "denoise": 0.4}
        )
        document["23"] = of("VAEDecode", samples=["22", 0], vae=["4", 2])
        document["9"]["inputs"]["images"] = ["23", 0]
    return read(document, engine())


def test_the_size_of_what_comes_out_says_so():
    names = [at(scaled(again=False), "20", side).name for side in ("width", "height")]
    assert names == ["result_width", "result_height"]
    names = [at(scaled(again=True), "20", side).name for side in ("width", "height")]
    assert names == ["image_scale_width", "image_scale_height"]
    titled = [at(scaled(again=False, title="Poster"), "20", n).name for n in ("width", "height")]
    assert titled == ["poster_width", "poster_height"]


@pytest.mark.parametrize(("is_on", "rank"), [(True, Rank.MAIN), (False, Rank.MORE)])
def test_what_belongs_to_something_that_is_off_stays_behind(is_on: bool, rank: Rank):
    mover = kind(
        ["MODEL"], model=["MODEL"], friendly=["BOOLEAN", {}], friendly_factor=["FLOAT", {}]
    )
    document = edited("sd15_api")
    document["20"] = of("SomebodysMover", model=["4", 0], friendly=is_on, friendly_factor=0.5)
    document["3"]["inputs"]["model"] = ["20", 0]
    flow = read(document, engine(SomebodysMover={**mover, "python_module": "custom_nodes.x"}))
    assert at(flow, "20", "friendly").rank is Rank.MAIN
    assert at(flow, "20", "friendly_factor").rank is rank


@pytest.mark.parametrize("name", ["provider", "start_at", "end_percent"])
def test_where_it_runs_and_when_a_guide_acts_stays_behind(name: str):
    types = {"provider": [["CPU", "CUDA"], {}]}.get(name, ["FLOAT", {}])
    guide = kind(["MODEL"], model=["MODEL"], amount_=["FLOAT", {}], **{name: types})
    value = {"provider": "CPU"}.get(name, 0.5)
    document = edited("sd15_api")
    document["20"] = of("SomebodysGuide", model=["4", 0], amount_=0.5, **{name: value})
    document["3"]["inputs"]["model"] = ["20", 0]
    flow = read(document, engine(SomebodysGuide={**guide, "python_module": "custom_nodes.x"}))
    assert at(flow, "20", "amount_").rank is Rank.MAIN
    assert at(flow, "20", name).rank is Rank.MORE
