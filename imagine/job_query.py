"""Which jobs a page of the gallery shows, and the SELECT that finds them.

Every filter pages by key: a page costs the same at the end of a hundred thousand jobs as at the
beginning, because it walks an index that ends in the number by which the gallery is ordered.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from imagine.database import jobs
from imagine.errors import MalformedError
from imagine.models import JobKind, JobState

PAGE_LIMIT = 200
WORDS_LIMIT = 20


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs a page shows; the newest come first.

    The words of ``include`` must all occur in a prompt, those of ``exclude`` must not; case does
    not matter. ``id`` is the beginning of one. ``before`` is the ``next`` of the page before this.

    Raises:
        MalformedError: a cursor that is none of ours, or a limit or a search out of bounds.
    """

    states: frozenset[JobState] = frozenset()
    kind: JobKind | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    favorite: bool = False
    stealth: bool | None = None
    batch: str | None = None
    number: int | None = None
    id: str | None = None
    trash: bool = False
    before: str | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= PAGE_LIMIT:
            raise MalformedError(f"limit must be between 1 and {PAGE_LIMIT}.")
        if len(self.include) + len(self.exclude) > WORDS_LIMIT:
            raise MalformedError(f"A search takes at most {WORDS_LIMIT} words.")
        cursor = self.before
        # Below 19 digits a cursor fits into SQLite's integers.
        if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise MalformedError("before must be the “next” of an earlier page.")


@dataclass(frozen=True, slots=True)
class JobPage:
    """The jobs of one page as (id, JSON text), and the cursor of the next; None after the last."""

    bodies: tuple[tuple[str, str], ...]
    next: str | None


def fold(text: str) -> str:
    """Return the form in which words are compared: SQLite's own LIKE folds ASCII only."""
    return unicodedata.normalize("NFKC", text).casefold()


def page_statement(query: JobQuery) -> sa.Select[Any]:
    """Return the SELECT of a page and one row more, by which to see whether there is a next one."""
    columns = sa.select(jobs.c.number, jobs.c.id, jobs.c.body)
    page = columns.where(*_conditions(query))
    if len(query.states) < 2:
        return _newest(page.where(*(jobs.c.state == state for state in query.states)), query)
    # One short walk a state, because SQLite would sort all rows of `state IN (…)`.
    walks = [
        sa.select(_newest(page.where(jobs.c.state == state), query).subquery())
        for state in sorted(query.states)
    ]
    merged = sa.union_all(*walks).subquery()
    newest = sa.select(merged).order_by(merged.c.number.desc())
    return newest.limit(query.limit + 1)


def _newest(page: sa.Select[Any], query: JobQuery) -> sa.Select[Any]:
    return page.order_by(jobs.c.number.desc()).limit(query.limit + 1)


def _conditions(query: JobQuery) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [
        jobs.c.deleted_at.is_not(None) if query.trash else jobs.c.deleted_at.is_(None)
    ]
    if query.favorite:
        conditions.append(jobs.c.starred)
    if query.stealth is not None:
        conditions.append(jobs.c.stealth if query.stealth else ~jobs.c.stealth)
    if query.kind is not None:
        conditions.append(jobs.c.kind == query.kind)
    if query.batch is not None:
        conditions.append(jobs.c.batch == query.batch)
    if query.number is not None:
        conditions.append(jobs.c.number == query.number)
    if query.id is not None:
        # No id has anything after "~", so this is a walk along the ids that begin so.
        conditions += [jobs.c.id >= query.id, jobs.c.id < f"{query.id}~"]
    if query.before is not None:
        conditions.append(jobs.c.number < int(query.before))
    words = jobs.c.words
    conditions += [words.contains(fold(word), autoescape=True) for word in query.include]
    conditions += [~words.contains(fold(word), autoescape=True) for word in query.exclude]
    return conditions
