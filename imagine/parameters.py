"""The table of every ``--flag``: names, aliases, type, range, default, meaning.

Apart from the parser, so that the parser, the checks of JSON options, ``GET /api/parameters``, the
completion on the page and ``docs/prompt-language.md`` all read the same rows. The flags of every
Midjourney version are here by name, because people paste prompts from everywhere; what a model
cannot honour is said later, as a note. The order of the rows is the order of a canonical prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from imagine.fidelity import Fidelity, facts


class ValueType(StrEnum):
    """What stands after a flag."""

    INT = "int"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    LIST = "list"
    RATIO = "ratio"
    SIZE = "size"
    TEXT = "text"
    WEIGHTED_LIST = "weighted_list"
    SWITCH = "switch"
    VERSION = "version"


class Group(StrEnum):
    """The heading under which a flag is shown."""

    IMAGE = "image"
    REFERENCE = "reference"
    ENGINE = "engine"
    WORKFLOW = "workflow"
    VIDEO = "video"
    QUEUE = "queue"
    LEGACY = "legacy"


class ItemKind(StrEnum):
    """What one item of a weighted list is."""

    LINK = "link"
    STYLE = "style"
    PROFILE = "profile"
    LORA = "lora"
    CHARACTER = "character"


class Arity(StrEnum):
    """How many words a flag takes: ``REST`` and ``ITEMS`` run to the next flag."""

    NONE = "none"
    WORD = "word"
    REST = "rest"
    ITEMS = "items"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row: a parameter by its long name, and everything that is known about it.

    ``flags`` are the spellings without dashes; the first one is printed. ``values`` says in words
    what is allowed where a range does not. ``bare`` is the value when none is typed; ``tolerates``
    are words that old clients put after a flag without value. ``old_models`` had a longer scale up
    to ``old_max``. Of the parameters with the same ``rivals`` name, the first one typed counts.
    ``usual``: the weight of a choice that is typed without one.
    ``here`` says in a sentence what it does on this server, and ``fidelity`` how near that comes.
    """

    name: str
    flags: tuple[str, ...]
    type: ValueType
    meaning: str
    group: Group = Group.IMAGE
    example: str = ""
    min: float | None = None
    max: float | None = None
    step: float | None = None
    default: str | float | None = None
    choices: tuple[str | float, ...] = ()
    values: str = ""
    items: ItemKind | None = None
    max_items: int | None = None
    runs_on: bool = False
    bare: str | None = None
    tolerates: tuple[str, ...] = ()
    rivals: str | None = None
    usual: tuple[tuple[str, float], ...] = ()
    old_models: tuple[str, ...] = ()
    old_min: float | None = None
    old_max: float | None = None
    versions: str = "all"
    instead: str = ""
    ours: bool = False
    here: str = ""
    fidelity: Fidelity = Fidelity.NOT_HERE

    @property
    def flag(self) -> str:
        return f"--{self.flags[0]}"

    @property
    def aliases(self) -> list[str]:
        return [f"--{flag}" for flag in self.flags[1:]]

    @property
    def arity(self) -> Arity:
        match self.type:
            case ValueType.FLAG:
                return Arity.NONE
            case ValueType.LIST:
                return Arity.REST
            case ValueType.WEIGHTED_LIST:
                return Arity.REST if self.items is ItemKind.LORA else Arity.ITEMS
            case _:
                return Arity.REST if self.runs_on else Arity.WORD

    @property
    def weight_mark(self) -> str:
        """What stands between an item of a weighted list and its weight."""
        return ":" if self.items in (ItemKind.LORA, ItemKind.CHARACTER) else "::"

    @property
    def is_list(self) -> bool:
        return self.type in (ValueType.LIST, ValueType.WEIGHTED_LIST)

    @property
    def is_legacy(self) -> bool:
        return self.group is Group.LEGACY

    @property
    def is_of_workflow(self) -> bool:
        """Whether a workflow brings it, whatever a flag of that name means elsewhere."""
        return self.group is Group.WORKFLOW

    @property
    def range(self) -> str:
        """What is allowed, in a few words: ``0–100``, ``W:H, 1–10000``, ``low, high``."""
        if self.values:
            return self.values
        if self.choices:
            listed = ", ".join(short(choice) for choice in self.choices[:MOST_LISTED])
            more = len(self.choices) - MOST_LISTED
            return listed if more <= 0 else f"{listed} and {more} more"
        if self.min is not None and self.max is not None:
            return f"{short(self.min)}–{short(self.max)}"
        return "no value" if self.type is ValueType.FLAG else "one word"

    @property
    def hint(self) -> str:
        """What completion and colouring say: ``--chaos: how different the pictures are``."""
        return f"{self.flag}: {self.meaning[0].lower()}{self.meaning[1:]}"

    def is_rival(self, other: "Parameter") -> bool:
        """Tell whether only one of the two can count."""
        return self.rivals is not None and self.rivals == other.rivals

    def bounds(self, models: frozenset[str]) -> tuple[float | None, float | None]:
        """Return the allowed range when the prompt names these models."""
        if models.isdisjoint(self.old_models):
            return self.min, self.max
        return self.old_min, self.old_max


def short(value: str | float) -> str:
    """Print a number without a needless ``.0``."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


VERSIONS = ("1", "2", "3", "4", "5", "5.1", "5.2", "6", "6.1", "7", "8", "8.1", "8.2")
NIJI_VERSIONS = ("4", "5", "6", "7")
MAX_SEED = 4294967295
MAX_RATIO = 10_000
MAX_JOBS = 40
# So many choices are told where a flag is explained.
MOST_LISTED = 20

_EARLY = ("1", "2", "3", "test", "testp", "creative", "beta", "old", "vibe")
_LINK = "https://example.com/cat.png"


def _row(name: str, flags: str, kind: ValueType, meaning: str, **more: Any) -> Parameter:
    fidelity, here = facts(name, more.get("instead", ""))
    more |= {"here": here, "fidelity": fidelity}
    return Parameter(name, tuple(flags.split()), kind, meaning, **more)


def _flag(name: str, meaning: str, versions: str, **more: Any) -> Parameter:
    return _row(name, name, ValueType.FLAG, meaning, versions=versions, **more)


def _whole(
    name: str, flags: str, low: int, high: int, example: str, meaning: str, **more: Any
) -> Parameter:
    return _row(
        name, flags, ValueType.INT, meaning, min=low, max=high, step=1, example=example, **more
    )


def _number(
    name: str, low: float, high: float, step: float, example: str, meaning: str, **more: Any
) -> Parameter:
    more |= {"min": low, "max": high, "step": step, "example": example}
    return _row(name, name, ValueType.NUMBER, meaning, **more)


def _links(name: str, meaning: str, **more: Any) -> Parameter:
    more = {"group": Group.REFERENCE, "items": ItemKind.LINK, "values": "links"} | more
    return _row(name, name, ValueType.WEIGHTED_LIST, meaning, example=_LINK, **more)


# The formatter would give each argument a line of its own; this is a table, and is read as one.
# fmt: off
_IMAGE = (
    _row("aspect", "ar aspect", ValueType.RATIO, "The shape of the picture", example="16:9",
         min=1, max=MAX_RATIO, default="1:1", values=f"W:H, 1–{MAX_RATIO}"),
    _whole("chaos", "chaos c", 0, 100, "25", "How different the pictures are", default=0),
    _whole("stylize", "stylize s", 0, 1000, "250", "How strong the house look is",
           default=100, old_models=_EARLY, old_min=0, old_max=60_000),
    _whole("weird", "weird w", 0, 3000, "500", "How unusual the look is",
           default=0, versions="5+"),
    _row("quality", "quality q", ValueType.NUMBER, "How much time goes into the pictures",
         example="2", min=0, default=1, choices=(0.25, 0.5, 1, 2, 4), versions="1–7"),
    _row("no", "no", ValueType.LIST, "What should not be in the picture", example="fog, text",
         values="phrases with commas between them"),
    _row("style", "style", ValueType.TEXT, "A look by name, or a Style Tuner code", example="raw",
         values="raw, 4a, 4b, 4c, cute, expressive, original, scenic, random, or a code",
         versions="4–6.1, niji 5–7"),
    _flag("raw", "Leave out the house look", "5.1+"),
    _flag("tile", "One tile that repeats without a seam", "1–3, 5–8.2"),
    _whole("stop", "stop", 10, 100, "80", "Stop at this percentage: soft and unfinished",
           default=100, versions="1–6.1"),
    _whole("exp", "exp", 0, 100, "15", "More detail and contrast", default=0, versions="7+"),
    _flag("draft", "A quick and cheap sketch", "7, 8.1+"),
    _flag("hd", "Twice the size", "8.1+", rivals="resolution"),
    _flag("sd", "The usual size", "8.1+", rivals="resolution"),
    _number("zoom", 1, 2, 0.1, "1.5", "How far to zoom out of a picture", versions="5.2+"),
    _whole("seed", "seed", 0, MAX_SEED, "42",
           "The start noise: the same seed makes the same pictures"),
    _whole("sameseed", "sameseed", 0, MAX_SEED, "42",
           "One start noise for all pictures of the set", versions="1–3"),
    _whole("repeat", "repeat r", 1, MAX_JOBS, "4", "How many times to make the set", default=1),
)

_REFERENCE = (
    _number("iw", 0, 3, 0.1, "1.5", "How much the pictures at the front count against the words",
            group=Group.REFERENCE, default=1, old_models=_EARLY, old_min=-10_000, old_max=10_000),
    _row("sref", "sref", ValueType.WEIGHTED_LIST, "Take only the style of a picture",
         group=Group.REFERENCE, items=ItemKind.STYLE, example=f"{_LINK} 123::2", versions="6+",
         values=f"links, style codes 0–{MAX_SEED}, random; each with ::weight"),
    _whole("sw", "sw", 0, 1000, "200", "How strong the style reference is",
           group=Group.REFERENCE, default=100, versions="6+"),
    _whole("sv", "sv", 1, 6, "6", "Which way of reading a style reference",
           group=Group.REFERENCE, default=6, versions="6 (1–4), 7+ (1–6)"),
    _links("cref", "Keep this character", versions="6, niji 6"),
    _whole("cw", "cw", 0, 100, "50", "How much of the character: 0 the face, 100 clothes too",
           group=Group.REFERENCE, default=100, versions="6, niji 6"),
    _row("character", "character", ValueType.WEIGHTED_LIST, "A character of this server, by its id",
         group=Group.REFERENCE, items=ItemKind.CHARACTER, example="mira:0.8", min=-10, max=10,
         values="ids, each with :strength, -10 to 10", ours=True),
    _links("oref", "Put this person or thing into the picture", max_items=1, values="one link",
           versions="7"),
    _whole("ow", "ow", 1, 1000, "200", "How strong that person or thing is",
           group=Group.REFERENCE, default=100, versions="7"),
    _links("edit", "Change these pictures as the words say", max_items=4, values="up to 4 links",
           versions="8.1+"),
    _links("dref", "Keep the depth of this picture", max_items=1, values="one link",
           versions="up to 7"),
    _row("profile", "profile p personalize", ValueType.WEIGHTED_LIST, "A preset of this server",
         group=Group.REFERENCE, items=ItemKind.PROFILE, bare="default", example="warm",
         values="ids, each with ::weight; none", versions="6+"),
)

_ENGINE = (
    _row("version", "v version", ValueType.VERSION, "The Midjourney version to come close to",
         group=Group.ENGINE, example="8.2", choices=VERSIONS, rivals="midjourney"),
    _row("niji", "niji", ValueType.VERSION, "The anime model of Midjourney", group=Group.ENGINE,
         example="7", choices=NIJI_VERSIONS, bare=NIJI_VERSIONS[-1], rivals="midjourney"),
    _row("model", "model", ValueType.TEXT, "The installed model, or a part of its name",
         group=Group.ENGINE, example="sdxl", values="a name, up to the next flag", runs_on=True,
         ours=True),
    _row("lora", "lora", ValueType.WEIGHTED_LIST, "An installed LoRA; may be given several times",
         group=Group.ENGINE, items=ItemKind.LORA, example="detail:0.8", min=-10, max=10,
         values="NAME or NAME:weight, -10 to 10", ours=True),
    _whole("steps", "steps", 1, 150, "30", "Sampling steps", group=Group.ENGINE, ours=True),
    _number("cfg", 0, 30, 0.5, "5.5", "How closely to follow the words",
            group=Group.ENGINE, ours=True),
    _row("sampler", "sampler", ValueType.TEXT, "The sampler, by ComfyUI's name",
         group=Group.ENGINE, example="euler", values="one name without spaces", ours=True),
    _row("scheduler", "scheduler", ValueType.TEXT, "The noise schedule, by ComfyUI's name",
         group=Group.ENGINE, example="karras", values="one name without spaces", ours=True),
    _row("size", "size", ValueType.SIZE, "The exact size in pixels", group=Group.ENGINE,
         example="1024x768", min=64, max=8192, step=8, values="WxH, 64–8192 each", ours=True),
    _whole("batch", "batch", 1, 16, "4", "How many pictures in the set",
           group=Group.ENGINE, default=4, ours=True),
    _row("batch_mode", "batch-mode", ValueType.CHOICE, "Make the pictures one by one, or together",
         group=Group.ENGINE, example="together", default="one_by_one",
         choices=("one_by_one", "together"), ours=True),
    _number("denoise", 0, 1, 0.05, "0.6", "How much of a picture to redraw",
            group=Group.ENGINE, ours=True),
    _row("workflow", "workflow", ValueType.TEXT, "A workflow of this server, by its id",
         group=Group.ENGINE, example="text_to_image", values="the id of a workflow", ours=True),
    _whole("clip_skip", "clip-skip", 1, 24, "2", "Read the words from an earlier layer of CLIP",
           group=Group.ENGINE, ours=True),
)

_VIDEO = (
    _flag("video", "A clip in place of pictures", "1–8.2", group=Group.VIDEO, tolerates=("1",)),
    _row("motion", "motion", ValueType.CHOICE, "How much moves in the clip", group=Group.VIDEO,
         example="low", choices=("low", "high"), default="low", versions="7+"),
    _flag("loop", "End the clip where it began", "7+", group=Group.VIDEO),
    _row("end", "end", ValueType.TEXT, "The picture with which the clip ends", group=Group.VIDEO,
         example="loop", values="a link, or loop", versions="7+"),
    _row("bs", "bs", ValueType.INT, "How many clips to make", group=Group.VIDEO, example="2",
         choices=(1, 2, 4), default=4, versions="7+"),
)

_QUEUE = (
    _flag("fast", "Ahead of those that can wait", "all", group=Group.QUEUE, rivals="speed"),
    _flag("relax", "After those that cannot wait", "all", group=Group.QUEUE, rivals="speed"),
    _flag("turbo", "First of all", "5–7", group=Group.QUEUE, rivals="speed"),
    _flag("stealth", "Keep it out of sight", "all", group=Group.QUEUE, rivals="sight"),
    _flag("public", "Show it to all", "all", group=Group.QUEUE, rivals="sight"),
)

_LEGACY = (
    _flag("uplight", "An old upscaler with less detail", "1–4", group=Group.LEGACY),
    _flag("upbeta", "An old upscaler", "1–4", group=Group.LEGACY),
    _flag("upanime", "An old upscaler for drawings", "1–4", group=Group.LEGACY),
    _whole("width", "width", 1, 100_000, "512", "The width in pixels", group=Group.LEGACY,
           versions="1–2", instead="--size"),
    _whole("height", "height h", 1, 100_000, "512", "The height in pixels", group=Group.LEGACY,
           versions="1–2", instead="--size"),
    _flag("hq", "An old quality switch", "1–2", group=Group.LEGACY, instead="--quality"),
    _flag("newclip", "An old way of reading the words", "1–2", group=Group.LEGACY),
    _flag("nostretch", "An old way of fitting pictures", "1–2", group=Group.LEGACY),
    _flag("old", "A model of 2022", "1–2", group=Group.LEGACY, instead="--model"),
    _flag("beta", "A model of 2022", "1–3", group=Group.LEGACY, instead="--model"),
    _flag("test", "A test model of 2022", "test", group=Group.LEGACY, instead="--model"),
    _flag("testp", "A test model for photographs", "test", group=Group.LEGACY, instead="--model"),
    _flag("creative", "A variant of the test models", "test", group=Group.LEGACY,
          instead="--model"),
    _flag("vibe", "What became version 1", "1", group=Group.LEGACY, instead="--model"),
    _flag("preview", "An early switch to 8.2", "8", group=Group.LEGACY, instead="--v 8.2"),
)
# fmt: on

PARAMETERS: tuple[Parameter, ...] = (
    *_IMAGE,
    *_REFERENCE,
    *_ENGINE,
    *_VIDEO,
    *_QUEUE,
    *_LEGACY,
)


def describe(parameters: Sequence[Parameter] = PARAMETERS) -> list[dict[str, Any]]:
    """Return the table for ``GET /api/parameters``, ready for JSON."""
    return [
        {
            "name": row.name,
            "flag": row.flag,
            "aliases": row.aliases,
            "type": row.type.value,
            "min": row.min,
            "max": row.max,
            "step": row.step,
            "default": row.default,
            "choices": list(row.choices),
            "meaning": row.meaning,
            "range": row.range,
            "example": f"{row.flag} {row.example}".rstrip(),
            "group": row.group.value,
            "versions": row.versions,
            "ours": row.ours,
            "here": row.here,
            "fidelity": row.fidelity.value,
        }
        for row in parameters
    ]
