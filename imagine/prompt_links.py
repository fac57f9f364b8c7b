"""The pictures that a prompt names: finding them, and putting other links in their place."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from imagine.parameters import ItemKind
from imagine.prompt import Prompt
from imagine.prompt_values import Value, Weighted, read_link

# The lists whose items are pictures, or may be.
_PICTURES = (ItemKind.LINK, ItemKind.STYLE)


def links_of(prompt: Prompt) -> tuple[str, ...]:
    """Return the links of all pictures that a prompt names, each once, in order."""
    return tuple(dict.fromkeys((*prompt.images, *flags_of(prompt))))


def flags_of(prompt: Prompt) -> dict[str, str]:
    """Return the links that stand behind flags, each with the name of the first such flag."""
    flags: dict[str, str] = {}
    for name, link in _listed(prompt):
        flags.setdefault(link, name)
    return flags


def with_links(prompt: Prompt, links: Mapping[str, str]) -> Prompt:
    """Return the prompt with each link replaced by what stands for it in ``links``."""
    changes: dict[str, Value] = {}
    for row in prompt.vocabulary.parameters:
        value = prompt.parameters.get(row.name)
        if row.items in _PICTURES and isinstance(value, tuple):
            changes[row.name] = tuple(
                replace(item, value=links.get(item.value, item.value))
                for item in value
                if isinstance(item, Weighted)
            )
    images = tuple(links.get(image, image) for image in prompt.images)
    return replace(prompt.with_parameters(**changes), images=images)


def _listed(prompt: Prompt) -> Iterator[tuple[str, str]]:
    for row in prompt.vocabulary.parameters:
        value = prompt.parameters.get(row.name)
        if row.items in _PICTURES and isinstance(value, tuple):
            for item in value:
                if isinstance(item, Weighted) and read_link(item.value) is not None:
                    yield row.name, item.value
