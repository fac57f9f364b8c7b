"""The graphs in ``golden/``, one of each recipe and family. They are rewritten only on purpose::

IMAGINE_REWRITE_GOLDEN=1 pytest tests/planning/test_golden.py
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imagine.input_image import Box, InputImage
from imagine.models import Action, Direction, Origin, Strength
from imagine.prompt import Prompt, Segment
from imagine.prompt_values import Weighted
from tests.planning.helpers import (
    EDITORS,
    FAMILIES,
    IP_ADAPTERS,
    REDUX,
    UNCLIP,
    UPSCALER,
    built,
    engine_of,
    picture,
    planned,
    sentences,
)
from tests.prompts import parts, prompt

GOLDEN = Path(__file__).parents[1] / "golden"

PARENT = picture("parent", 1024, 768)
WIDE = picture("wide", 2048, 1152)
DRAFT = picture("draft", 512, 384)
MASK = picture("mask", 1024, 768, box=Box(300, 200, 500, 420))
MUCH = picture("much", 3000, 2000, box=Box(100, 100, 2500, 1900))
OTHER = picture("other", 800, 1000)
STYLE = picture("style", 640, 640)
FACE = picture("face", 512, 512)


@dataclass(frozen=True)
class Case:
    """One golden graph: the prompt, the engine, and what the set grows from."""

    family: str
    prompt: Prompt
    pictures: Sequence[InputImage] = ()
    origin: Origin | None = None
    member: int | None = None
    after_oom: bool = False
    installed: Mapping[str, Sequence[str]] = field(default_factory=dict)


def grown(
    family: str, action: Action, source: InputImage = PARENT, /, *words: str, **more: Any
) -> Case:
    """Return the case of an action on a picture, with two pictures in the set."""
    installed = more.pop("installed", {})
    asked = prompt(**{"batch": 2} | more.pop("asked", {}))
    origin = Origin(action=action, source=source.link, **more)
    return Case(family, asked, (source, MASK, MUCH), origin, installed=installed)


def links(*pictures: InputImage) -> tuple[Weighted, ...]:
    return tuple(Weighted(one.link) for one in pictures)


FEW: dict[str, Any] = {"batch": 2}
MIXED: dict[str, Any] = {
    "stylize": 400,
    "weird": 800,
    "exp": 30,
    "chaos": 50,
    "sref": (Weighted("7"),),
}
PARTS = parts(Segment("hot", 2.0), Segment("dog"), Segment("mustard", -0.5), batch=1)

CASES: dict[str, Case] = {
    # One of each family
    **{
        f"text-to-image-{name}": Case(name, prompt(no=("fog", "text"), aspect="16:9", **FEW))
        for name in FAMILIES
    },
    **{
        f"image-to-image-{name}": grown(name, Action.VARIATION, strength=Strength.SUBTLE)
        for name in FAMILIES
    },
    **{f"outpaint-zoom-{name}": grown(name, Action.ZOOM, factor=1.5) for name in FAMILIES},
    **{f"region-{name}": grown(name, Action.REGION, mask=MASK.link) for name in FAMILIES},
    **{
        f"enlarge-{name}": grown(name, Action.UPSCALE, DRAFT, strength=Strength.CREATIVE)
        for name in FAMILIES
    },
    **{
        f"edit-{name}": Case(name, prompt(edit=links(PARENT), **FEW), (PARENT,)) for name in EDITORS
    },
    # How a set is made
    "one-by-one": Case("sdxl", prompt()),
    "together": Case("sdxl", prompt(batch_mode="together")),
    "together-halved": Case("sdxl", prompt(batch_mode="together"), after_oom=True),
    "single": Case("sdxl", prompt(batch=1)),
    "member": Case("sdxl", prompt(), member=2),
    "unfinished": Case("sdxl", prompt(stop=50, **FEW)),
    "same-noise": Case("sdxl", prompt(sameseed=7, **FEW)),
    "loras": Case(
        "sdxl", prompt(lora=(Weighted("fox"), Weighted("detail", 0.6)), clip_skip=2, **FEW)
    ),
    "loras-model-only": Case("qwen-image", prompt(lora=(Weighted("fox", -1.0),), **FEW)),
    "seamless": Case("sdxl", prompt(tile=True, batch=1)),
    "hd": Case("sdxl", prompt(hd=True, batch=1)),
    "hd-upscaler": Case("flux", prompt(hd=True, batch=1), installed={"upscale_models": UPSCALER}),
    # Words
    "parts-sdxl": Case("sdxl", PARTS),
    "parts-flux": Case("flux", PARTS),
    "mixes-sdxl": Case("sdxl", prompt(**MIXED, **FEW)),
    "mixes-flux": Case("flux", prompt(**MIXED, **FEW)),
    # Where encodings cannot be averaged
    "mixes-sd3": Case("sd3", prompt(**MIXED, **FEW)),
    # Growing
    "outpaint-pan": grown("sdxl", Action.PAN, WIDE, direction=Direction.RIGHT),
    "outpaint-square": grown("sdxl", Action.SQUARE),
    "outpaint-reshape": grown("flux", Action.RESHAPE, asked={"aspect": "3:1"}),
    "region-of-a-large-picture": grown("sdxl", Action.REGION, WIDE, mask=MASK.link),
    "region-of-much-of-a-large-picture": grown(
        "sdxl", Action.REGION, picture("large", 3000, 2000), mask=MUCH.link
    ),
    "unfinished-variation": grown("sdxl", Action.VARIATION, asked={"stop": 60}),
    "enlarge-upscaler": grown(
        "sdxl", Action.UPSCALE, DRAFT, installed={"upscale_models": UPSCALER}
    ),
    "enlarge-tiled": grown("sdxl", Action.UPSCALE, picture("odd", 1333, 1111)),
    "enhance": grown("flux", Action.ENHANCE, DRAFT, asked={"draft": True}),
    # Pictures beside the words
    "blend": Case("sketch", prompt("", images=(PARENT.link, OTHER.link), **FEW), (PARENT, OTHER)),
    "redux": Case(
        "flux",
        prompt(images=(PARENT.link,), iw=2.0, sref=links(STYLE), **FEW),
        (PARENT, STYLE),
        installed=REDUX,
    ),
    "reference-latents": Case("flux-kontext", prompt(edit=links(PARENT, OTHER)), (PARENT, OTHER)),
    "reference-latents-negative": Case(
        "flux-kontext", prompt(edit=links(PARENT), cfg=2.0, no=("fog",), batch=1), (PARENT,)
    ),
    "qwen-edit-of-three": Case(
        "qwen-image-edit",
        prompt(edit=links(PARENT, OTHER, STYLE, FACE), stylize=300, batch=1),
        (PARENT, OTHER, STYLE, FACE),
    ),
    "unclip": Case(
        "sdxl", prompt(images=(PARENT.link, OTHER.link)), (PARENT, OTHER), installed=UNCLIP
    ),
    "ip-adapter-sdxl": Case(
        "sdxl",
        prompt(sref=links(STYLE), cref=links(FACE), images=(PARENT.link,), batch=1),
        (STYLE, FACE, PARENT),
        installed=IP_ADAPTERS,
    ),
    "ip-adapter-sd15": Case(
        "sd15", prompt(oref=links(FACE), batch=1), (FACE,), installed=IP_ADAPTERS
    ),
    "photomaker": Case(
        "sdxl",
        parts(Segment("a pilot in the rain", 2.0), Segment("night"), cref=links(FACE), batch=1),
        (FACE,),
        installed={"photomakers": ["photomaker-v1.bin"]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_graph_is_the_golden_one(name: str) -> None:
    case = CASES[name]
    engine = engine_of(case.family, **case.installed)
    made = planned(
        case.prompt,
        engine,
        *case.pictures,
        origin=case.origin,
        member=case.member,
        after_oom=case.after_oom,
    )
    workflow = built(made, engine)
    found = {
        "parameters": made.parameters,
        "notes": sentences(made),
        "graph": workflow.graph,
    }
    path = GOLDEN / f"{name}.json"
    if os.environ.get("IMAGINE_REWRITE_GOLDEN"):
        path.write_text(written(found), encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(found))


def test_there_is_no_golden_graph_of_nothing() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CASES)


def written(found: dict[str, Any]) -> str:
    """Print with a line for each node, so that a change is read as one."""
    lines = []
    for section, value in found.items():
        ends = "{}" if isinstance(value, dict) else "[]"
        entries = (
            [f"{json.dumps(key)}: {_line(entry)}" for key, entry in value.items()]
            if isinstance(value, dict)
            else [_line(entry) for entry in value]
        )
        body = "".join(f"\n  {entry}," for entry in entries).removesuffix(",")
        lines.append(f"{json.dumps(section)}: {ends[0]}{body}\n {ends[1]}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
