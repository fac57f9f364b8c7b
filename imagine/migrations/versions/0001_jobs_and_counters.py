"""Lay the first tables: jobs, replies and counters.

Revision: 0001. Never edited: later changes are later revisions.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("batch", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("starred", sa.Boolean, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("prompt_id", sa.Text),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("deleted_at", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "replies",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_replies_created_at", "replies", ["created_at"])
    counters = op.create_table(
        "counters",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(counters, [{"id": 1, "sequence": 0, "number": 0}])
    live = "deleted_at IS NULL"
    create_index("jobs_live", "number", only=live)
    create_index("jobs_state", "state", "number", only=live)
    create_index("jobs_kind", "kind", "number", only=live)
    create_index("jobs_batch", "batch", "number", only=live)
    create_index("jobs_starred", "starred", "number", only=f"starred = 1 AND {live}")
    create_index("jobs_trash", "number", only="deleted_at IS NOT NULL")
    create_index("jobs_sequence", "sequence")
    create_index("jobs_prompt_id", "prompt_id")


def create_index(name: str, *columns: str, only: str | None = None) -> None:
    op.create_index(name, "jobs", list(columns), sqlite_where=only and sa.text(only))
