"""What was answered to requests with an Idempotency-Key: kept for a day, and only so many.

Apart from `imagine.job_rows`: these rows are of requests, and go by themselves.
"""

import json
from datetime import timedelta

import sqlalchemy as sa

from imagine.database import replies
from imagine.errors import ConflictError
from imagine.models import Once, utc_now

KEPT = timedelta(hours=24)
# An answer is about as large as the rows of its jobs, which are kept for good.
MOST = 100_000

# SQLite's own row key: it grows with each row, so a bound on the number of rows needs no count.
_ROW: sa.ColumnElement[int] = sa.literal_column("rowid", sa.Integer)


def find_reply(connection: sa.Connection, once: Once) -> str | None:
    """Return what was answered under this key.

    Raises:
        ConflictError: it was another request.
    """
    row = connection.execute(
        sa.select(replies).where(replies.c.key == once.key, replies.c.created_at >= _oldest())
    ).one_or_none()
    if row is None:
        return None
    if row.fingerprint != once.fingerprint:
        first = json.loads(row.answer)["jobs"][0]
        raise ConflictError(
            f"This Idempotency-Key was used for another request, which made set {first['number']} "
            f"({first['id']}).",
            hint="Send a new key with each new request.",
        )
    return str(row.answer)


def keep_reply(connection: sa.Connection, once: Once, answer: str) -> None:
    """Remember what was answered under a key, and forget what is too old or too much."""
    newest = sa.select(sa.func.max(_ROW)).select_from(replies).scalar_subquery()
    is_over = sa.or_(replies.c.created_at < _oldest(), newest - (MOST - 1) >= _ROW)
    connection.execute(sa.delete(replies).where(is_over))
    connection.execute(
        sa.insert(replies).values(
            key=once.key,
            fingerprint=once.fingerprint,
            answer=answer,
            created_at=utc_now().isoformat(),
        )
    )


def _oldest() -> str:
    return (utc_now() - KEPT).isoformat()
