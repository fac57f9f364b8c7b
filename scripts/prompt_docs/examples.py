"""One example for each flag and for some actions: which words, which flag, which picture.

The pictures are of the sketch engine, so there are only those on which something is to be seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from imagine.parameters import Parameter

# In the examples it stands for a picture of your own; for the pictures here, for this one.
LINK = "https://example.com/boat.png"
LINKED = "a sailing boat on the sea at dusk"
# All examples are made with it, and so are comparable.
SEED = 7
# What the owner of the server of the examples named.
PRESETS = {"warm": "golden hour, warm amber light, film grain --stylize 250"}


class Shown(Enum):
    """What the picture of an example shows."""

    NOTHING = auto()
    ONE = auto()  # one picture of the set
    SET = auto()  # all four
    TILES = auto()  # one picture, repeated as a tile


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt without a flag, and the flag."""

    words: str
    flag: str
    shown: Shown = Shown.NOTHING

    @property
    def prompt(self) -> str:
        return f"{self.words} {self.flag}"


_FOX = "a red fox in the snow"
_HOUSE = "a lighthouse on a cliff"
_ONE, _SET = Shown.ONE, Shown.SET

# Flags that are not here have their own example behind the words of the fox.
EXAMPLES: Mapping[str, Example] = {
    "aspect": Example(_FOX, "--ar 16:9", _ONE),
    "chaos": Example(_HOUSE, "--chaos 100", _SET),
    "stylize": Example(_HOUSE, "--stylize 1000", _ONE),
    "weird": Example("a cat on a sofa", "--weird 2000", _ONE),
    "quality": Example(_FOX, "--quality 2"),
    "no": Example("an old house in the woods, first snow", "--no snow", _ONE),
    "style": Example("a sailing boat on the sea", "--style expressive", _ONE),
    "raw": Example(f"{_HOUSE} --stylize 1000", "--raw", _ONE),
    "tile": Example("a coral reef with fish", "--tile", Shown.TILES),
    "stop": Example("an old house in the woods", "--stop 40", _ONE),
    "exp": Example("desert dunes at noon", "--exp 80", _ONE),
    "draft": Example("a coral reef with fish", "--draft"),
    "hd": Example("a coral reef with fish", "--hd"),
    "sameseed": Example(_FOX, f"--sameseed {SEED}", _SET),
    "repeat": Example(_FOX, "--repeat 4"),
    "iw": Example(f"{LINK} a cat in a garden", "--iw 3", _ONE),
    "sref": Example(_HOUSE, "--sref 1234", _ONE),
    "sw": Example(f"{_HOUSE} --sref 1234", "--sw 500", _ONE),
    "sv": Example(f"{_HOUSE} --sref {LINK}", "--sv 4"),
    "cref": Example("a walk in the woods", f"--cref {LINK}", _ONE),
    "cw": Example(f"a walk in the woods --cref {LINK}", "--cw 50"),
    "oref": Example("a busy harbor at night", f"--oref {LINK}", _ONE),
    "ow": Example(f"a busy harbor at night --oref {LINK}", "--ow 200"),
    "edit": Example("make it a winter night with snow", f"--edit {LINK}", _ONE),
    "profile": Example(_HOUSE, "--p warm", _ONE),
    "niji": Example("a cat in a garden", "--niji 7", _ONE),
    "model": Example(_FOX, "--model sdxl"),
    "workflow": Example(_FOX, "--workflow text_to_image --steps 30"),
    "character": Example("a walk in the woods", "--character mira:0.8"),
    "lora": Example(_HOUSE, "--lora ink:0.8", _ONE),
    "cfg": Example(_FOX, "--cfg 12"),
    "denoise": Example(f"{LINK} a cat in a garden", "--denoise 0.4", _ONE),
    "motion": Example(f"{_FOX} --video", "--motion high"),
    "loop": Example(f"{_FOX} --video", "--loop"),
    "end": Example(f"{_FOX} --video", "--end loop"),
    "bs": Example(f"{_FOX} --video", "--bs 2"),
}


def example_of(row: Parameter) -> Example:
    return EXAMPLES.get(row.name) or Example(_FOX, f"{row.flag} {row.example}".rstrip())


@dataclass(frozen=True, slots=True)
class Act:
    """An action on a picture, as ``POST /api/jobs/{id}/actions`` takes it; a blend has no body."""

    name: str
    prompt: str
    body: Mapping[str, Any] = field(default_factory=dict)
    caption: str = ""


# On these words; ``region`` is given a mask of the middle.
ACTS = (
    Act("vary-subtle", _HOUSE, {"action": "variation", "strength": "subtle"}, "vary subtle"),
    Act("vary-strong", _HOUSE, {"action": "variation", "strength": "strong"}, "vary strong"),
    Act("zoom", _HOUSE, {"action": "zoom", "factor": 2}, "zoom out 2×"),
    Act("pan", _HOUSE, {"action": "pan", "direction": "right"}, "pan right"),
    Act("square", f"{_HOUSE} --ar 16:9", {"action": "square"}, "make square"),
    Act("reshape", _HOUSE, {"action": "reshape", "aspect": "2:1"}, "reshape to 2:1"),
    Act(
        "region",
        _FOX,
        {"action": "region", "prompt": "a black cat in the snow"},
        "vary region, with the words “a black cat in the snow”",
    ),
)
# These two are blended, with this flag behind them.
BLENDED = (_HOUSE, "a coral reef with fish")
BLEND_FLAG = "--iw 3"
