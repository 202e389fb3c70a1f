"""Alembic migrations, run by `yizhan cloud migrate` and at the start of `serve`; the same ones on both databases."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from cloud.store.database import Database, DatabaseRefused

MIGRATION_LOCK = 7_218_001
"""PostgreSQL advisory lock: two processes that start together migrate one after the other."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> None:
    """Bring the database to the newest schema; nothing happens when it is there."""
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        command.upgrade(_config(connection), "head")


def require_newest(database: Database) -> None:
    """Raises `DatabaseRefused` when the schema is not the one that this program was written for."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != newest:
        raise DatabaseRefused(
            f"the database's schema is {found or 'empty'}, this program needs {newest}: run `yizhan cloud migrate`"
        )
