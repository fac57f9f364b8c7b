"""Bringing a database of an older version up to date; imported only when that is due."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str, scripts: Path) -> None:
    """Run the scripts up to a revision inside the connection's transaction."""
    config = Config()
    # Alembic reads `%` as the start of an interpolation, and a path may hold one.
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
