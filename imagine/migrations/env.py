"""How alembic runs here: on the connection that it is given, never by a URL of its own."""

from alembic import context

from imagine.database import metadata

# batch mode: SQLite cannot alter a table in place, so alembic copies it.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
