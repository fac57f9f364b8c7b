"""Write down in rows what grew from what, and what is to be kept out of sight.

Both stand in the JSON of the jobs already.

Revision: 0002. Never edited: later changes are later revisions.
"""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GROUP = 500
STEALTH = re.compile(r"(?:^| )--stealth(?: |$)")


def upgrade() -> None:
    op.add_column(
        "jobs", sa.Column("stealth", sa.Boolean, nullable=False, server_default=sa.text("0"))
    )
    live = "deleted_at IS NULL"
    op.create_index(
        "jobs_stealth",
        "jobs",
        ["stealth", "number"],
        sqlite_where=sa.text(f"stealth = 1 AND {live}"),
    )
    parents = op.create_table(
        "parents",
        sa.Column("child", sa.Text, nullable=False),
        sa.Column("parent", sa.Text, nullable=False),
        sa.Column("image", sa.Integer, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("child", "parent", "image"),
    )
    op.create_index("parents_parent", "parents", ["parent", "child", "image"])
    fill(op.get_bind(), parents)


def fill(connection: sa.Connection, parents: sa.Table) -> None:
    """Read every job once, a group at a time."""
    group = sa.text(
        "SELECT number, id, body FROM jobs WHERE number > :after ORDER BY 1 LIMIT :most"
    )
    after = 0
    while rows := connection.execute(group, {"after": after, "most": GROUP}).all():
        after = rows[-1].number
        lines, hidden = {}, []
        for row in rows:
            job = json.loads(row.body)
            for parent in job["parents"]:
                key = (row.id, parent["job"], parent["image"])
                lines[key] = dict(zip(("child", "parent", "image"), key, strict=True))
            if STEALTH.search(job["canonical"]):
                hidden.append({"number": row.number})
        if lines:
            connection.execute(sa.insert(parents), list(lines.values()))
        if hidden:
            hide = sa.text("UPDATE jobs SET stealth = 1 WHERE number = :number")
            connection.execute(hide, hidden)
