"""Every flag with every family and every action: it does something, or the job says why not."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.input_image import Box, Size
from imagine.models import Action, Direction, Origin, Strength
from imagine.parameters import PARAMETERS
from imagine.prompt import Segment
from imagine.prompt_values import Weighted
from imagine.workflow_builder import PicturePlan
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
)
from tests.prompts import parts, prompt

PARENT = picture("parent", 1024, 768)
MASK = picture("mask", 1024, 768, box=Box(300, 200, 500, 420))
OTHER = picture("other", 900, 700)
PICTURES = (PARENT, MASK, OTHER)
LINK = (Weighted(OTHER.link),)

# A value of each flag that means something, and what has to be there for it to mean something.
VALUES: dict[str, Any] = {
    "aspect": "21:9",
    "chaos": 40,
    "stylize": 600,
    "weird": 900,
    "quality": 0.5,
    "no": ("fog",),
    "style": "cute",
    "raw": True,
    "tile": True,
    "stop": 50,
    "exp": 40,
    "draft": True,
    "hd": True,
    "sd": True,
    "zoom": 1.3,
    "seed": 43,
    "sameseed": 7,
    "repeat": 2,
    "iw": 2.0,
    "sref": LINK,
    "sw": 400,
    "sv": 4,
    "cref": LINK,
    "cw": 30,
    "oref": LINK,
    "ow": 300,
    "edit": LINK,
    "dref": LINK,
    "profile": (Weighted("nobody"),),
    "version": "6",
    "niji": "6",
    "model": None,  # the family's own
    "lora": (Weighted("fox", 0.5),),
    "steps": 9,
    "cfg": 3.3,
    "sampler": "ddim",
    "scheduler": "exponential",
    "size": "640x512",
    "batch": 3,
    "batch_mode": "together",
    "denoise": 0.55,
    "clip_skip": 2,
    "video": True,
    "motion": "high",
    "loop": True,
    "end": "loop",
    "bs": 2,
    "fast": True,
    "relax": True,
    "turbo": True,
    "stealth": True,
    "public": True,
}
# What a picture at the front and each reference bring along.
BESIDE: Mapping[str, Mapping[str, Any]] = {
    "sw": {"sref": LINK},
    "cw": {"cref": LINK},
    "ow": {"oref": LINK},
}
# What is taken care of before a prompt is planned, or is so anyway.
ELSEWHERE = {"repeat", "sd", "model"}

ORIGINS: dict[str, Origin | None] = {"nothing": None} | {
    name: Origin(action=action, source=PARENT.link, **more)
    for name, action, more in (
        ("variation", Action.VARIATION, {"strength": Strength.SUBTLE}),
        ("upscale", Action.UPSCALE, {"strength": Strength.SUBTLE}),
        ("creative", Action.UPSCALE, {"strength": Strength.CREATIVE}),
        ("zoom", Action.ZOOM, {"factor": 2.0}),
        ("pan", Action.PAN, {"direction": Direction.UP}),
        ("square", Action.SQUARE, {}),
        ("reshape", Action.RESHAPE, {}),
        ("region", Action.REGION, {"mask": MASK.link}),
        ("enhance", Action.ENHANCE, {}),
    )
}


def test_every_flag_has_a_value_here() -> None:
    before = {"workflow", "character"}  # what they stand for is written out before the planning
    assert set(VALUES) == {row.name for row in PARAMETERS if not row.is_legacy} - before


@pytest.mark.parametrize("family", [*FAMILIES, *EDITORS])
@pytest.mark.parametrize("start", ORIGINS)
def test_every_flag_does_something_or_is_told(start: str, family: str) -> None:
    origin = ORIGINS[start]
    engine = engine_of(family)
    # Models that change pictures are only there for prompts that bring one.
    always: dict[str, Any] = {"edit": (Weighted(PARENT.link),)} if family in EDITORS else {}
    if start not in ("upscale", "creative", "enhance"):
        always |= {"batch": 2}
    if origin is not None and origin.action is Action.RESHAPE:
        always |= {"aspect": "16:9"}

    def made(images: tuple[str, ...], **parameters: Any) -> PicturePlan:
        asked = prompt(images=images, **always | parameters)
        return planned(asked, engine, *PICTURES, origin=origin)

    for name, value in VALUES.items():
        beside = BESIDE.get(name, {})
        fronts = (OTHER.link,) if name == "iw" else ()
        without = made(fronts, **beside)
        plan = made(fronts, **{**beside, name: value}) if value is not None else without
        built(plan, engine)
        is_other = (plan.request, plan.parameters) != (without.request, without.parameters)
        is_told = {note.message for note in plan.notes} - {note.message for note in without.notes}
        assert is_other or is_told or name in ELSEWHERE, (name, plan.notes)


FLAGS = st.lists(st.sampled_from([name for name in VALUES if name != "model"]), max_size=8)
INSTALLED: Sequence[dict[str, Any]] = (
    {},
    {"upscale_models": UPSCALER},
    REDUX,
    UNCLIP,
    IP_ADAPTERS,
    {"photomakers": ["photomaker-v1.bin"]} | IP_ADAPTERS,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([*FAMILIES, *EDITORS]),
    FLAGS,
    st.sampled_from(sorted(ORIGINS)),
    st.sampled_from(INSTALLED),
    st.builds(Size, st.integers(64, 3000), st.integers(64, 3000)),
    st.sampled_from([None, 0, 1]),
)
def test_flags_go_together(
    family: str,
    flags: list[str],
    start: str,
    installed: dict[str, Any],
    size: Size,
    member: int | None,
) -> None:
    source = replace(PARENT, width=size.width, height=size.height)
    mask = replace(MASK, width=size.width, height=size.height, box=Box(0, 10, 60, 60))
    always: dict[str, Any] = {"batch": 2, "aspect": "16:9"}
    if family in EDITORS:
        always["edit"] = (Weighted(PARENT.link),)
    words = [Segment("a fox", 2.0), Segment("snow"), Segment("fog", -0.3)][: len(flags) % 3 + 1]
    asked = parts(*words, **always | {name: VALUES[name] for name in flags})
    engine = engine_of(family, **installed)
    made = planned(asked, engine, source, mask, OTHER, origin=ORIGINS[start], member=member)
    workflow = built(made, engine)
    assert len(workflow.outputs) == len(made.request.pictures) or made.request.together
    assert json.loads(json.dumps(made.parameters)) == made.parameters
