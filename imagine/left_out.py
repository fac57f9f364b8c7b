"""What a prompt asked for and its pictures will not show: one plain sentence each.

Apart from the builder, so that all these sentences are read in one place and sound alike. What is
not honoured and not known here still gets a sentence, so that nothing is left out in silence.
"""

from collections.abc import Iterator

from imagine.models import Note, NoteLevel
from imagine.parameters import Group, Parameter
from imagine.prompt import Prompt
from imagine.prompt_values import Value

# What the builder takes care of (or, for repeat, who expanded the prompt), and what is so anyway.
HONOURED = {"aspect", "seed", "no", "batch", "batch_mode", "steps", "cfg", "sampler", "scheduler"}
HONOURED |= {"model", "lora", "size", "quality", "draft", "stop", "clip_skip", "repeat", "sd"}

_REASONS = {
    "stylize": "this model has no house look to turn up or down",
    "raw": "nothing is beautified here in the first place",
    "style": "that look exists only at Midjourney",
    "tile": "this model makes no seamless tiles",
    "hd": "--size makes larger pictures",
    "zoom": "it needs a finished picture",
    "denoise": "it needs a picture to start from",
    "sameseed": "with one noise all pictures would be the same",
    "version": "Midjourney's models are only at Midjourney",
    "niji": "Midjourney's models are only at Midjourney",
    "profile": "there are no presets here",
}
_GROUP_REASONS = {
    Group.REFERENCE: "picture references are not used yet",
    Group.VIDEO: "only still pictures are made here",
}
_NOTHING_LIKE_IT = "this model has nothing like it"
_NO_DIFFERENCE = {
    "fast": "there is one queue",
    "relax": "there is one queue",
    "turbo": "there is one queue",
    "stealth": "the pictures stay on this machine",
    "public": "the pictures stay on this machine",
}


def left_out(prompt: Prompt) -> Iterator[Note]:
    """Tell what the prompt asks for and nothing here honours; defaults need no word."""
    if prompt.images:
        reason = _GROUP_REASONS[Group.REFERENCE]
        yield Note(
            parameter="images", message=f"The pictures at the front were left out: {reason}."
        )
    for row in prompt.vocabulary.parameters:
        value = prompt.parameters.get(row.name)
        if value is None or row.name in HONOURED or row.is_legacy or _is_default(row, value):
            continue  # old flags are told while the prompt is read
        if row.name in _NO_DIFFERENCE:
            text = f"{row.flag} makes no difference: {_NO_DIFFERENCE[row.name]}."
            yield Note(parameter=row.name, level=NoteLevel.INFO, message=text)
        elif not (row.name == "style" and value == "raw"):  # which is --raw as well
            yield not_done(row, _reason(row), value)


def not_done(row: Parameter, reason: str, value: Value | None = None) -> Note:
    """Say that a parameter was left out, and why."""
    shown = f" {value}" if row.name in ("style", "version", "niji") else ""
    return Note(parameter=row.name, message=f"{row.flag}{shown} was left out: {reason}.")


def _reason(row: Parameter) -> str:
    return _REASONS.get(row.name) or _GROUP_REASONS.get(row.group, _NOTHING_LIKE_IT)


def _is_default(row: Parameter, value: Value) -> bool:
    if value is False or (row.name == "profile" and _is_none(value)):
        return True
    return row.default is not None and value == row.default


def _is_none(value: Value) -> bool:
    return isinstance(value, tuple) and [getattr(item, "value", item) for item in value] == ["none"]
