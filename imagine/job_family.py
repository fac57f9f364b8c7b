"""The family of a job: what it grew from, and all that grew from the same beginnings.

Apart from `imagine.job_query`, because a family is walked along the lines between jobs (the table
``parents``) and not along the gallery.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from imagine.database import jobs, parents

# A family larger than this is told in part: the way up from the job, then the oldest of the rest.
MOST_MEMBERS = 500


@dataclass(frozen=True, slots=True)
class Edge:
    """A job that grew from a picture."""

    parent: str
    image: int
    child: str


@dataclass(frozen=True, slots=True)
class Family:
    """A whole tree, the trash included, so that it has no holes.

    ``root`` is the oldest beginning (a blend has several); ``bodies`` are (id, JSON text), oldest
    first; the edges lie between them.
    """

    root: str
    bodies: tuple[tuple[str, str], ...]
    edges: tuple[Edge, ...]
    truncated: bool


def find_family(connection: sa.Connection, job_id: str) -> Family | None:
    """Climb to the beginnings of a job, then gather all that grew from them."""
    line = list(connection.scalars(UPWARDS, {"job": job_id}))
    if not line:
        return None
    edges = _edges(connection, line[:MOST_MEMBERS])
    grown = {edge.child for edge in edges}
    roots = [member for member in line[:MOST_MEMBERS] if member not in grown]
    tree = list(connection.scalars(DOWNWARDS, {"roots": roots, "most": MOST_MEMBERS + 1}))
    members = list(dict.fromkeys((*line, *tree)))
    shown = members[:MOST_MEMBERS]
    rows = connection.execute(_BODIES, {"jobs": shown}).all()
    root = next(row.id for row in rows if row.id in roots)
    bodies = tuple((row.id, row.body) for row in rows)
    return Family(root, bodies, _edges(connection, shown), len(members) > MOST_MEMBERS)


def _edges(connection: sa.Connection, members: list[str]) -> tuple[Edge, ...]:
    """Return the lines between members, in the order of their making."""
    rows = connection.execute(_EDGES, {"jobs": members})
    known = set(members)
    return tuple(Edge(*row) for row in rows if row.parent in known)


def _upwards() -> sa.Select[Any]:
    """Say which jobs a job grew from: itself first, then its parents, then theirs."""
    line = sa.select(jobs.c.id).where(jobs.c.id == sa.bindparam("job")).cte("line", recursive=True)
    grown = sa.select(parents.c.parent).join(line, parents.c.child == line.c.id)
    # A parent that is no longer there has no job.
    line = line.union(grown.join(jobs, jobs.c.id == parents.c.parent))
    return sa.select(line.c.id)


def _downwards() -> sa.Select[Any]:
    """Say what grew from some jobs, the oldest first."""
    begin = sa.select(jobs.c.id).where(jobs.c.id.in_(sa.bindparam("roots", expanding=True)))
    tree = begin.cte("tree", recursive=True)
    tree = tree.union(sa.select(parents.c.child).join(tree, parents.c.parent == tree.c.id))
    joined = sa.select(jobs.c.id).select_from(tree).join(jobs, jobs.c.id == tree.c.id)
    return joined.order_by(jobs.c.number).limit(sa.bindparam("most", type_=sa.Integer))


UPWARDS = _upwards()
DOWNWARDS = _downwards()
_AMONG: sa.BindParameter[Any] = sa.bindparam("jobs", expanding=True)
_BODIES = sa.select(jobs.c.id, jobs.c.body).where(jobs.c.id.in_(_AMONG)).order_by(jobs.c.number)
_EDGES = (
    sa.select(parents.c.parent, parents.c.image, parents.c.child)
    .where(parents.c.child.in_(_AMONG))
    .order_by(parents.c.child, parents.c.image)
)
