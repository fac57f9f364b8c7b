"""What an entry of the registry says: a workflow by its id, and everything that can be set in it.

Units: numbers are those of the node inputs that a parameter feeds.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from imagine.importing.fields import DRAWN, ParameterType
from imagine.importing.parameters import Rank
from imagine.importing.walking import Feed
from imagine.models import Frozen
from imagine.repair import Graph

# Units: parameters; jobs of one request; characters.
MOST_PARAMETERS = 200
MOST_BATCH = 10
LONGEST_TEXT = 24_000

NAME = r"[a-z][a-z0-9_]{0,39}"
ID = r"[a-z0-9][a-z0-9_-]{0,63}"
CATEGORY = r"[a-z0-9][a-z0-9_-]{0,39}"
FILE_NAME = r"[\w-][\w.-]{0,80}"
# What may be written where these stand, in words.
SPELLINGS = {
    f"^{NAME}$": "small letters, digits and _, a letter first, 40 at most",
    f"^{ID}$": "small letters, digits, - and _, 64 at most",
    f"^{CATEGORY}$": "small letters, digits, - and _, 40 at most",
    f"^{FILE_NAME}$": "the name of a file beside this one",
}
# Flags that steer a prompt as a whole, and fields of a job: no parameter may have their names.
RESERVED = frozenset(
    {
        *("workflow", "character", "repeat", "r", "no", "aspect", "ar", "size"),
        *("fast", "relax", "turbo", "stealth", "public"),
        *("revision", "origin", "member", "family", "oom_retry"),
    }
)
# What stands in every job, or in front of its flags, is of one kind.
NAMED_TYPES = {
    "prompt": (ParameterType.TEXT,),
    "negative": (ParameterType.TEXT,),
    "seed": (ParameterType.SEED, ParameterType.INT),
    "width": (ParameterType.INT,),
    "height": (ParameterType.INT,),
    "batch_size": (ParameterType.INT,),
}
PICTURES = (ParameterType.IMAGE, ParameterType.MASK)
MEDIA = (ParameterType.VIDEO, ParameterType.AUDIO)
# What is a file that somebody brings: its value is a link.
FILES = (*PICTURES, *MEDIA)
# What a link has to lead to.
NOUNS = {
    ParameterType.IMAGE: "picture",
    ParameterType.MASK: "picture",
    ParameterType.VIDEO: "video",
    ParameterType.AUDIO: "sound",
}
NUMBERS = (ParameterType.INT, ParameterType.FLOAT, ParameterType.SEED)
NAMES = (ParameterType.MODEL, ParameterType.LORA)

_FEED = re.compile(r"([^.]+)\.(.+)", re.DOTALL)


class Source(StrEnum):
    """Where an entry lies: with the program, or in the owner's folder."""

    SHIPPED = "shipped"
    OWN = "own"


def read_feed(value: object) -> object:
    """Read ``"6.text"``, a node and one of its inputs, or the pair itself."""
    if isinstance(value, str) and (found := _FEED.fullmatch(value)):
        return found[1], found[2]
    if isinstance(value, list | tuple) and len(value) == 2:
        return tuple(value)
    raise ValueError('a feed is a node and one of its inputs, such as "6.text"')


class Parameter(Frozen):
    """One thing that can be set. What it leaves out, the nodes that it feeds say.

    ``default``: None is what stands in the graph; of a file that is brought, none. ``required``: it
    has no default that would do. ``rank``: shown at once, or among the rest.
    """

    name: str = Field(pattern=f"^{NAME}$")
    type: ParameterType
    label: str = Field("", max_length=80)
    description: str = Field("", max_length=1000)
    default: bool | int | float | str | None = None
    required: bool = False
    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    choices: tuple[bool | int | float | str, ...] = Field((), max_length=10_000)
    rank: Rank = Rank.MAIN
    feeds: tuple[Annotated[Feed, BeforeValidator(read_feed)], ...] = Field(
        min_length=1, max_length=100
    )

    @property
    def shown_label(self) -> str:
        """The label, or the name as words."""
        return self.label or self.name.replace("_", " ").capitalize()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name in RESERVED:
            raise ValueError(f"the name {self.name} is taken by a flag or a field of every job")
        if self.type not in (fitting := NAMED_TYPES.get(self.name, (self.type,))):
            raise ValueError(f"what is called {self.name} is of type {' or '.join(fitting)}")
        if problem := next(self._problems(), None):
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        for name in ("min", "max", "step", "default"):
            value = getattr(self, name)
            if isinstance(value, float) and not math.isfinite(value):
                yield f"{name} is no number"
        if self.type not in NUMBERS and (self.min, self.max, self.step) != (None, None, None):
            yield f"{self.type} has no min, max or step"
        if self.min is not None and self.max is not None and self.min > self.max:
            yield "min is above max"
        if self.step is not None and self.step <= 0:
            yield "step is above 0"
        if self.choices and self.type not in (ParameterType.CHOICE, *NAMES):
            yield f"{self.type} has no choices"
        if self.default is not None and not self.fits(self.default):
            yield f"the default {self.default!r} is no {self.type} within its own bounds"

    def fits(self, value: object) -> bool:
        """Say whether a value is of the type, and within what this parameter itself says."""
        match self.type:
            case ParameterType.BOOL:
                return isinstance(value, bool)
            case ParameterType.INT | ParameterType.SEED | ParameterType.FLOAT:
                if isinstance(value, bool) or not isinstance(value, int | float):
                    return False
                if self.type is not ParameterType.FLOAT and not float(value).is_integer():
                    return False
                if self.type is ParameterType.SEED and value == DRAWN:
                    return True
                low, high = self.min, self.max
                return (low is None or value >= low) and (high is None or value <= high)
            case ParameterType.CHOICE:
                return not self.choices or value in self.choices
            case _:
                return isinstance(value, str)


class Example(Frozen):
    """A body of ``POST /api/workflows/{id}`` that shows what the workflow does."""

    prompt: str | None = Field(None, max_length=LONGEST_TEXT)
    parameters: Mapping[str, bool | int | float | str] = Field(default_factory=dict)


class Entry(Frozen):
    """A workflow of the registry.

    ``family``: the model family that it is made for (``model_profiles.toml``), or "". ``graph`` is
    in ComfyUI's API format. ``max_batch_size``: how many jobs of it one request may make, of as
    many pictures or prompts. ``picture``: the file name of one that shows what it makes, beside the
    entry. ``file``: the entry's own file, below its folder.
    """

    id: str = Field(pattern=f"^{ID}$")
    name: str = Field(min_length=1, max_length=80)
    description: str = Field("", max_length=2000)
    category: str = Field("other", pattern=f"^{CATEGORY}$")
    family: str = Field("", max_length=40)
    version: int = Field(1, ge=1)
    max_batch_size: int = Field(MOST_BATCH, ge=1, le=MOST_BATCH)
    parameters: tuple[Parameter, ...] = Field((), max_length=MOST_PARAMETERS)
    example: Example = Example()
    picture: str | None = Field(None, pattern=f"^{FILE_NAME}$")
    notes: tuple[str, ...] = ()
    graph: Mapping[str, Any]
    source: Source = Source.OWN
    file: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        seen: set[str] = set()
        for parameter in self.parameters:
            if parameter.name in seen:
                raise ValueError(f"there are two parameters called {parameter.name}")
            seen.add(parameter.name)
        for name in self.example.parameters:
            if name not in seen:
                raise ValueError(f"the example sets {name}, and there is no such parameter")
        return self

    def parameter(self, name: str) -> Parameter | None:
        return next((one for one in self.parameters if one.name == name), None)

    def of_type(self, *types: ParameterType) -> tuple[Parameter, ...]:
        """Return the parameters of these types, in order."""
        return tuple(one for one in self.parameters if one.type in types)

    @property
    def prompt(self) -> Parameter | None:
        """The parameter that gets the words."""
        return next((one for one in self.of_type(ParameterType.TEXT) if one.name == "prompt"), None)

    @cached_property
    def revision(self) -> str:
        """A digest of what decides the pictures: the graph, and what feeds it."""
        decides = [self.graph, [[one.name, one.type, one.feeds] for one in self.parameters]]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]


def wrong_feeds(parameter: Parameter, graph: Graph) -> Iterator[str]:
    """Yield a sentence for each feed that leads nowhere."""
    for node_id, name in parameter.feeds:
        node = graph.get(node_id)
        if not isinstance(node, Mapping):
            yield f"{parameter.name} feeds {node_id}.{name}, and the graph has no node {node_id}"
            continue
        value = node.get("inputs", {}).get(name)
        if isinstance(value, list):
            yield f"{parameter.name} feeds {node_id}.{name}, which gets its value by a link"
