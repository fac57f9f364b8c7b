"""Prompts for tests of what comes after the parser, made without it."""

from typing import Any

from imagine.prompt import VOCABULARY, Prompt, Segment, in_order


def prompt(text: str = "a red fox", *, images: tuple[str, ...] = (), **parameters: Any) -> Prompt:
    """Return a prompt of one part with these parameters, by long name; the seed is 42."""
    return parts(Segment(text), images=images, **parameters)


def parts(*segments: Segment, images: tuple[str, ...] = (), **parameters: Any) -> Prompt:
    """Return a prompt of several weighted parts."""
    text = " ".join(segment.text for segment in segments)
    return Prompt(
        source=text,
        text=text,
        segments=segments,
        images=images,
        parameters=in_order({"seed": 42} | parameters, VOCABULARY),
    )
