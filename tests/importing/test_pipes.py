"""Samplers of packs that get model, words and latent by one link, and loaders that give them."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.importing.samples import parameter, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of

# Without a default, which would be filled in where a test leaves one out.
WHOLE, SHARE = ["INT", {}], ["FLOAT", {}]
NAMES = [["euler", "heun"]]
NUMBERS: dict[str, Any] = {
    "seed": 7,
    "steps": 20,
    "cfg": 6.0,
    "sampler_name": "euler",
    "denoise": 0.6,
}
SAMPLING = {"seed": WHOLE, "steps": WHOLE, "cfg": SHARE, "sampler_name": NAMES, "denoise": SHARE}
KINDS = {
    "SomebodysPiper": kind(["PIPE"], positive=["CONDITIONING"], seed=WHOLE),
    "SomebodysLoader": kind(["PIPE"], ckpt_name=["STRING"], positive=["STRING"], seed=WHOLE),
    "SomebodysMixer": kind(["IMAGE"], one=["PIPE"], other=["PIPE"]),
    "SomebodysPipeSampler": kind(["PIPE", "IMAGE"], pipe=["PIPE"], **SAMPLING),
    "SomebodysOtherSampler": kind(["PIPE", "IMAGE"], stuff=["PIPE"], **SAMPLING),
}
# As if they came with the engine: of a pack's node a few settings would be in front anyway.
PACK = engine(**{name: {**one, "python_module": "nodes"} for name, one in KINDS.items()})


def piped(
    *later: dict[str, Any], kind_: str = "SomebodysPipeSampler", by: str = "pipe"
) -> Imported:
    """Return samplers (3, 4 ...) in turn; ``later``: what each after the first has instead."""
    document = {
        "1": of("SomebodysLoader", ckpt_name="a.safetensors", positive="a fox", seed=1),
        "3": of(kind_, **{by: ["1", 0]}, **NUMBERS),
    }
    last = "3"
    for count, one in enumerate(later, 4):
        inputs = {by: [last, 0], **NUMBERS, **one}
        last = f"{count}"
        document[last] = of(kind_, **{n: v for n, v in inputs.items() if v is not None})
    document["9"] = of("SaveImage", images=[last, 1], filename_prefix="x")
    return read(document, PACK)


LATER = {"seed": 8, "steps": 9, "cfg": 3.0}


def test_each_of_a_few_samplers_with_a_pipe_has_seed_steps_and_cfg_in_front():
    flow = piped(LATER)
    for name, value in LATER.items():
        first, later = at(flow, "3", name), at(flow, "4", name)
        assert (first.name, first.default, first.rank) == (name, NUMBERS[name], Rank.MAIN)
        assert (later.default, later.rank, later.feeds) == (value, Rank.MAIN, (("4", name),))
    ranks = at(flow, "3", "sampler_name").rank, at(flow, "4", "sampler_name").rank
    assert ranks == (Rank.MAIN, Rank.MORE)
    assert parameter(flow, "prompt").feeds == (("1", "positive"),)


def test_how_much_the_later_one_changes_is_in_front_too():
    flow = piped({**LATER, "denoise": 0.3})
    assert at(flow, "4", "denoise").rank is Rank.MAIN


@pytest.mark.parametrize("missing", ["steps", "cfg", "sampler_name", "seed"])
def test_what_lacks_one_of_what_a_sampler_has_is_none(missing: str):
    flow = piped({**LATER, missing: None})
    assert at(flow, "3", "seed").name == "seed"
    behind = {at(flow, "4", name).rank for name in LATER if name != missing}
    assert behind == {Rank.MORE}


def test_what_gets_it_by_a_link_of_another_name_is_none():
    flow = piped(LATER, kind_="SomebodysOtherSampler", by="stuff")
    assert {at(flow, "4", name).rank for name in LATER} == {Rank.MORE}


def prepared(**sampling: Any) -> Imported:
    """Return a graph in which a node with words by a link and a seed gives a sampler all."""
    document = {
        "1": of("CheckpointLoaderSimple", ckpt_name="a.safetensors"),
        "2": of("CLIPTextEncode", text="a fox", clip=["1", 1]),
        "3": of("SomebodysPiper", positive=["2", 0], seed=1),
        "4": of("SomebodysPipeSampler", pipe=["3", 0], **sampling),
        "9": of("SaveImage", images=["4", 1], filename_prefix="x"),
    }
    return read(document, PACK)


def test_beside_a_sampler_what_only_hands_on_words_and_a_seed_is_none():
    flow = prepared(**NUMBERS)
    assert parameter(flow, "seed").feeds == (("4", "seed"),)
    assert parameter(flow, "steps").feeds == (("4", "steps"),)
    assert parameter(flow, "prompt").feeds == (("2", "text"),)
    assert at(flow, "3", "seed").rank is Rank.MORE


def test_where_nothing_has_steps_each_of_them_is_one():
    document = {
        "1": of("CheckpointLoaderSimple", ckpt_name="a.safetensors"),
        "2": of("CLIPTextEncode", text="a fox", clip=["1", 1]),
        "3": of("SomebodysPiper", positive=["2", 0], seed=1),
        "4": of("SomebodysPiper", positive=["2", 0], seed=2),
        "5": of("SomebodysMixer", one=["3", 0], other=["4", 0]),
        "9": of("SaveImage", images=["5", 0], filename_prefix="x"),
    }
    flow = read(document, PACK)
    assert parameter(flow, "seed").feeds == (("3", "seed"),)
    assert {at(flow, node_id, "seed").rank for node_id in "34"} == {Rank.MAIN}
    assert parameter(flow, "prompt").feeds == (("2", "text"),)


def test_pipes_without_steps_make_none():
    sampling = {n: v for n, v in NUMBERS.items() if n != "steps"}
    document = {
        "1": of("SomebodysLoader", ckpt_name="a.safetensors", positive="a fox", seed=1),
        "3": of("SomebodysPipeSampler", pipe=["1", 0], **sampling),
        "4": of("SomebodysPipeSampler", pipe=["3", 0], **{**sampling, "cfg": 3.0}),
        "9": of("SaveImage", images=["4", 1], filename_prefix="x"),
    }
    assert at(read(document, PACK), "4", "cfg").rank is Rank.MORE


def test_a_pipe_beside_a_sampler_that_takes_a_latent_makes_none():
    document = {
        "1": of("CheckpointLoaderSimple", ckpt_name="a.safetensors"),
        "2": of("CLIPTextEncode", text="a fox", clip=["1", 1]),
        "3": of("EmptyLatentImage", width=512, height=512, batch_size=1),
        "4": of(
            "KSampler",
            **NUMBERS,
            scheduler="simple",
            model=["1", 0],
            positive=["2", 0],
            negative=["2", 0],
            latent_image=["3", 0],
        ),
        "5": of("VAEDecode", samples=["4", 0], vae=["1", 2]),
        "6": of("SaveImage", images=["5", 0], filename_prefix="x"),
        "7": of("SomebodysPiper", positive=["2", 0], seed=1),
        "8": of("SomebodysPipeSampler", pipe=["7", 0], **{**NUMBERS, **LATER}),
        "9": of("SaveImage", images=["8", 1], filename_prefix="x"),
    }
    flow = read(document, PACK)
    assert parameter(flow, "steps").feeds == (("4", "steps"),)
    assert {at(flow, "8", name).rank for name in LATER} == {Rank.MORE}
