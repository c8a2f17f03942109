"""Alembic's entry point. The connection, inside its transaction and lock, comes from `storage.migration`."""

from alembic import context

from concierge_core.storage.schema import Model

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    compare_type=True,
    # SQLite can't alter most things in place: Alembic copies the table.
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
