"""What is worked out of an entry and an engine, and holds while neither becomes another one."""

from collections.abc import Callable
from typing import Generic, TypeVar

from imagine.catalog import Catalog
from imagine.registry.entries import Entry

C = TypeVar("C", bound=Catalog | None)
T = TypeVar("T")


class Remembered(Generic[C, T]):
    """The results of one function, the last one of each entry."""

    def __init__(self, work: Callable[[Entry, C], T]) -> None:
        self._work = work
        self._last: dict[str, tuple[Entry, C, T]] = {}

    def of(self, entry: Entry, catalog: C) -> T:
        known = self._last.get(entry.id)
        if known is None or known[0] is not entry or known[1] is not catalog:
            known = entry, catalog, self._work(entry, catalog)
            self._last[entry.id] = known
        return known[2]
