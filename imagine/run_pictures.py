"""The files that a run of a workflow is given, found before it is planned: pictures and others."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from imagine.errors import PromptError
from imagine.importing.fields import ParameterType
from imagine.input_image import InputFile
from imagine.planned import Inputs
from imagine.registry.brought import KINDS
from imagine.registry.entries import PICTURES, Entry
from imagine.registry.translation import links_in


class Found(NamedTuple):
    """What was found. ``own``: the link that stays, by each that was given.

    ``values`` have these links in them, and ``images`` goes by them.
    """

    own: Mapping[str, str]
    values: dict[str, Any]
    images: Mapping[str, InputFile]


async def find_pictures(inputs: Inputs | None, entry: Entry, values: dict[str, Any]) -> Found:
    """Find the files among the values of a run; a mask is one for the first picture.

    Raises:
        PromptError: a link names no file of its parameter's kind, or a mask does not fit.
    """
    named = dict(links_in(entry, values))
    if not named:
        return Found({}, values, {})
    assert inputs is not None, "a server can find pictures"
    shown = dict(links_in(entry, values, PICTURES))
    media: dict[str, InputFile] = {}
    try:
        found = await inputs.find(tuple(shown.values()))
        for type_, kind in KINDS.items():
            links = tuple(link for _, link in links_in(entry, values, (type_,)))
            media |= await inputs.find_media(links, kind)
    except PromptError as error:
        raise _about(named, error) from error
    own = {link: file.link for link, file in (*found.items(), *media.items())}
    images: dict[str, InputFile] = {file.link: file for file in (*found.values(), *media.values())}
    pictures = [one.name for one in entry.of_type(ParameterType.IMAGE) if one.name in named]
    for parameter in entry.of_type(ParameterType.MASK):
        link = named.get(parameter.name)
        if link is not None and pictures and link != named[pictures[0]]:
            mask = await inputs.find_mask(link, found[named[pictures[0]]])
            own[link], images[mask.link] = mask.link, mask
    kept = {name: own[link] for name, link in named.items()}
    return Found(own, {**values, **kept}, images)


def _about(named: Mapping[str, str], error: PromptError) -> PromptError:
    """Return an error whose sentences say for which parameters the files are."""
    names = {link: name for name, link in named.items()}
    details = [
        one.model_copy(update={"message": f"{names[one.value]}: {one.message}"})
        if one.value in names
        else one
        for one in error.details
    ]
    first = error.details[0].value if error.details else None
    message = f"{names[first]}: {error.message}" if first in names else error.message
    return PromptError(message, details=details, hint=error.hint, code=error.error_code)
