"""Write down which engine has a job, how often one died of it, and that the line is paused.

Revision: 0003. Never edited: later changes are later revisions.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    no = sa.text("0")
    op.add_column("jobs", sa.Column("engine_url", sa.Text))
    op.add_column("jobs", sa.Column("losses", sa.Integer, nullable=False, server_default=no))
    op.add_column("jobs", sa.Column("oom_retried", sa.Boolean, nullable=False, server_default=no))
    op.add_column("counters", sa.Column("paused", sa.Boolean, nullable=False, server_default=no))
    op.create_table(
        "strays",
        sa.Column("prompt_id", sa.Text, nullable=False),
        sa.Column("engine_url", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("prompt_id"),
    )
    op.create_index("strays_engine_url", "strays", ["engine_url"])
