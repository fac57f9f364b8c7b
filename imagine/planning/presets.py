"""Presets: what ``--p NAME`` stands for here, written into the prompt beneath what was typed.

A preset is a piece of prompt. Its words stand behind the prompt's, its flags count where the prompt
says nothing, and its lists add up.
"""

from collections.abc import Mapping
from dataclasses import replace

from imagine.image_request import Mix
from imagine.models import Note
from imagine.names import nearest
from imagine.prompt import Prompt, write_text
from imagine.prompt_parser import read_fragment
from imagine.prompt_values import Value, Weighted

# A preset with another weight than 1 is mixed in with this share of its weight.
SHARE = 0.5
# How much a LoRA may count either way.
MOST_LORA = 10.0


def apply_presets(
    prompt: Prompt, presets: Mapping[str, str]
) -> tuple[Prompt, tuple[Mix, ...], tuple[Note, ...]]:
    """Return the prompt with its presets, what is to be mixed in, and what to tell."""
    mixes: list[Mix] = []
    notes: list[Note] = []
    profiles = prompt.parameters.get("profile")
    for item in profiles if isinstance(profiles, tuple) else ():
        if not isinstance(item, Weighted) or item.value == "none":
            continue
        if item.value not in presets:
            notes.append(_unknown(item.value, presets))
            continue
        fragment = read_fragment(presets[item.value], prompt.vocabulary)
        prompt = _beneath(prompt, fragment, item.weight)
        if fragment.text and item.weight == 1:
            prompt = _with_words(prompt, fragment.text)
        elif fragment.text:
            mixes.append(Mix(fragment.text, round(min(1.0, SHARE * item.weight), 2)))
    return prompt, tuple(mixes), tuple(notes)


def _unknown(name: str, presets: Mapping[str, str]) -> Note:
    near = nearest(name, presets)
    meant = f" Did you mean {near[0]}?" if near else ""
    return Note(
        parameter="profile", message=f"--p {name} was left out: there is no such preset.{meant}"
    )


def _beneath(prompt: Prompt, fragment: Prompt, weight: float) -> Prompt:
    changes: dict[str, Value] = {}
    for name, value in fragment.parameters.items():
        mine = prompt.parameters.get(name)
        if name == "lora" and isinstance(value, tuple):
            value = tuple(
                replace(item, weight=max(-MOST_LORA, min(MOST_LORA, item.weight * weight)))
                for item in value
                if isinstance(item, Weighted)
            )
        if mine is None:
            changes[name] = value
        elif isinstance(mine, tuple) and isinstance(value, tuple):
            changes[name] = mine + value  # type: ignore[operator]  # items of one kind
    return prompt.with_parameters(**changes)


def _with_words(prompt: Prompt, words: str) -> Prompt:
    """Put words behind each part that says what to draw."""
    segments = tuple(
        replace(part, text=f"{part.text}, {words}" if part.text else words)
        if part.weight > 0
        else part
        for part in prompt.segments
    )
    return replace(prompt, segments=segments, text=write_text(segments))
