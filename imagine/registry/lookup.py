"""How a workflow is found by its id, wherever the entries come from."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

from imagine.errors import NotFoundError
from imagine.models import Broken
from imagine.prompt_findings import near_name
from imagine.prompt_tokens import clip
from imagine.registry.entries import Entry

T = TypeVar("T")


class Library(Protocol):
    """All workflows as they are at one moment, by id."""

    @property
    def entries(self) -> Mapping[str, Entry]: ...
    @property
    def broken(self) -> tuple[Broken, ...]: ...


class Registry(Protocol):
    """The workflows (`imagine.workflow_files`)."""

    @property
    def latest(self) -> Library:
        """The library as it was last looked at."""
        ...

    def current(self) -> Library:
        """Look at the folders; for threads."""
        ...


class NoWorkflows:
    """A registry, and a library, without any."""

    entries: Mapping[str, Entry] = MappingProxyType({})
    broken: tuple[Broken, ...] = ()

    @property
    def latest(self) -> Library:
        return self

    def current(self) -> Library:
        return self


NO_WORKFLOWS = NoWorkflows()


def find_entry(name: str, library: Mapping[str, T]) -> T:
    """Return what a library has of the workflow of an id.

    Raises:
        NotFoundError: there is none.
    """
    if (found := library.get(name)) is not None:
        return found
    near = near_name(name.strip().lower(), library)
    meant = f" Did you mean {near}?" if near is not None else ""
    raise NotFoundError(f"There is no workflow {clip(name)}.{meant}")
