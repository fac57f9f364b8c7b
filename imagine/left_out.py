"""What a prompt asked for and its pictures will not show: one plain sentence each.

Apart from the builder, so that all these sentences are read in one place and sound alike. What is
not honoured and not known here still gets a sentence, so that nothing is left out in silence.
"""

from collections.abc import Iterator
from typing import Protocol

from imagine.models import Note
from imagine.parameters import Group, Parameter
from imagine.prompt import Prompt
from imagine.prompt_values import Value

# What every model and engine honours (repeat by who expanded the prompt), and what is so anyway.
HONOURED = {"aspect", "seed", "no", "batch", "batch_mode", "steps", "cfg", "sampler", "scheduler"}
HONOURED |= {"model", "lora", "size", "quality", "draft", "stop", "clip_skip", "repeat", "sd"}
HONOURED |= {"fast", "relax", "turbo", "stealth", "public", "profile"}

_REASONS = {
    "style": "that look exists only at Midjourney",
    "zoom": "it says how far to zoom out of a finished picture",
    "denoise": "it needs a picture to start from",
    "version": "no model is set for it; the owner can set one under [versions]",
    "iw": "it counts for pictures at the front",
    "sv": "there is one way of reading a style here",
    "dref": "nothing here reads the depth of a picture",
}
_GROUP_REASONS = {
    Group.REFERENCE: "there is no picture for it",
    Group.VIDEO: "only still pictures are made here",
}
_NOTHING_LIKE_IT = "this model has nothing like it"


class Settled(Protocol):
    """A prompt that was settled, what somebody took care of, and what was told already."""

    @property
    def prompt(self) -> Prompt: ...
    @property
    def honoured(self) -> set[str]: ...
    @property
    def dismissed(self) -> set[str]: ...


def left_out(settled: Settled) -> Iterator[Note]:
    """Tell what the prompt asks for and nothing here honours; defaults need no word."""
    prompt = settled.prompt
    done = HONOURED | settled.honoured | settled.dismissed
    for row in prompt.vocabulary.parameters:
        value = prompt.parameters.get(row.name)
        if value is None or row.name in done or row.is_legacy or is_default(row, value):
            continue  # old flags are told while the prompt is read
        if row.name == "style" and isinstance(value, str) and value.startswith("raw"):
            continue  # which is --raw as well
        yield not_done(row, _reason(row), value)


def not_done(row: Parameter, reason: str, value: Value | None = None) -> Note:
    """Say that a parameter was left out, and why."""
    shown = f" {value}" if row.name in ("style", "version", "niji") else ""
    return Note(parameter=row.name, message=f"{row.flag}{shown} was left out: {reason}.")


def _reason(row: Parameter) -> str:
    return _REASONS.get(row.name) or _GROUP_REASONS.get(row.group, _NOTHING_LIKE_IT)


def is_default(row: Parameter, value: Value) -> bool:
    """Say whether a value is what would be there without it."""
    return value is False or (row.default is not None and value == row.default)
