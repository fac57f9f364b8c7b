"""The pictures and masks that a run of a workflow is given, found before it is planned."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from imagine.importing.fields import ParameterType
from imagine.input_image import InputImage
from imagine.planned import Inputs
from imagine.registry.entries import Entry
from imagine.registry.translation import links_in


class Found(NamedTuple):
    """What was found. ``own``: the link that stays, by each that was given.

    ``values`` have these links in them, and ``images`` goes by them.
    """

    own: Mapping[str, str]
    values: dict[str, Any]
    images: Mapping[str, InputImage]


async def find_pictures(inputs: Inputs | None, entry: Entry, values: dict[str, Any]) -> Found:
    """Find the pictures among the values of a run; a mask is one for the first picture.

    Raises:
        PromptError: a link names no picture, or a mask does not fit.
    """
    named = dict(links_in(entry, values))
    if not named:
        return Found({}, values, {})
    assert inputs is not None, "a server can find pictures"
    found = await inputs.find(tuple(named.values()))
    own = {link: image.link for link, image in found.items()}
    images = {image.link: image for image in found.values()}
    pictures = [one.name for one in entry.of_type(ParameterType.IMAGE) if one.name in named]
    for parameter in entry.of_type(ParameterType.MASK):
        link = named.get(parameter.name)
        if link is not None and pictures and link != named[pictures[0]]:
            mask = await inputs.find_mask(link, found[named[pictures[0]]])
            own[link], images[mask.link] = mask.link, mask
    kept = {name: own[link] for name, link in named.items()}
    return Found(own, {**values, **kept}, images)
