"""Files that come without a name: which of them are pictures, and which fill other parameters.

Pure. Pictures fill the parameters of pictures in order (`imagine.registry.translation`); an upload
that is a video or a sound goes to a parameter of its own kind before that.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from imagine.importing.fields import ParameterType
from imagine.media import Kind
from imagine.prompt import Prompt
from imagine.prompt_values import Weighted
from imagine.registry.asking import WorkflowAsk
from imagine.registry.entries import Entry
from imagine.registry.translation import refuse_files

# Of what kind an upload is; None of all other links.
KindOf: TypeAlias = Callable[[str], Kind | None]

KINDS: Mapping[ParameterType, Kind] = {
    ParameterType.VIDEO: Kind.VIDEO,
    ParameterType.AUDIO: Kind.AUDIO,
}


def ask_with_media(ask: WorkflowAsk, entry: Entry, kind_of: KindOf) -> WorkflowAsk:
    """Return a request whose videos and sounds are values of the parameters that they fill.

    Raises:
        PromptError: there are more of a kind than the workflow takes.
    """
    given = {name for name, value in ask.parameters.items() if value is not None}
    images, media = _sorted_out(ask.images, entry, given, kind_of)
    return replace(ask, images=images, parameters={**ask.parameters, **media}) if media else ask


def prompt_with_media(prompt: Prompt, entry: Entry, kind_of: KindOf) -> Prompt:
    """Return a prompt whose leading videos and sounds stand behind the flags that take them.

    Raises:
        PromptError: there are more of a kind than the workflow takes.
    """
    images, media = _sorted_out(prompt.images, entry, prompt.parameters, kind_of)
    if not media:
        return prompt
    flags = {name: (Weighted(link),) for name, link in media.items()}
    return replace(prompt.with_parameters(**flags), images=images)


def _sorted_out(
    links: Sequence[str], entry: Entry, given: Container[str], kind_of: KindOf
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the links that may be pictures, and all others by the parameters that they fill."""
    kinds = {link: kind_of(link) for link in links}
    images = tuple(link for link in links if kinds[link] not in KINDS.values())
    media: dict[str, str] = {}
    for type_, kind in KINDS.items():
        takes = entry.of_type(type_)
        free = [one.name for one in takes if one.name not in given]
        found = [link for link in links if kinds[link] is kind]
        if len(found) > len(free):
            raise refuse_files(entry, type_, len(found) + len(takes) - len(free))
        media |= zip(free, found, strict=False)
    return images, media
