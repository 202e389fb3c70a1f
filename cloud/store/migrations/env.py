"""Alembic's entry: runs the migrations on the connection that `cloud.store.migrations` hands over."""

from alembic import context

from cloud.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
