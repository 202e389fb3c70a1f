"""Opening the database, and the two kinds of transaction.

`read()` sees one moment of the database (SQLite: a WAL snapshot; PostgreSQL: REPEATABLE READ, read only), so that a
list of stations and the change number beside it belong together. `write()` commits at its end or not at all.

A database that may lose what it has committed is refused: an acknowledgement is a promise (design, principle 3).
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

BUSY_TIMEOUT_S: Final = 10
POOL_CONNECTIONS: Final = 5
CONNECT_TIMEOUT_S: Final = 5


class DatabaseRefused(RuntimeError):
    """The database does not keep what it commits, or is not what the configuration says. The message says why."""


class Database:
    """One database, SQLite or PostgreSQL. Threads may share it."""

    def __init__(self, url: str, engine_options: Mapping[str, Any] | None = None) -> None:
        """`engine_options` go to SQLAlchemy's `create_engine` (tests bring a hostile file system by `creator`)."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._sqlite(engine_options or {}) if self.is_sqlite else self._postgresql(engine_options or {})

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def _sqlite(self, options: Mapping[str, Any]) -> Engine:
        if not self.url.database or not Path(self.url.database).is_absolute():
            raise DatabaseRefused("[database] url: SQLite needs an absolute path: sqlite:////var/lib/yizhan/cloud.db")
        arguments: dict[str, Any] = {} if "creator" in options else {"timeout": BUSY_TIMEOUT_S}
        engine = create_engine(self.url, connect_args=arguments, pool_size=POOL_CONNECTIONS, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _postgresql(self, options: Mapping[str, Any]) -> Engine:
        arguments = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "yizhan"}
        # Keep-alives end a connection to a vanished host in about 15 s instead of hours.
        arguments |= {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 2}
        return create_engine(
            self.url, connect_args=arguments, pool_size=POOL_CONNECTIONS, pool_pre_ping=True, **options
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only transaction at one moment of the database."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                yield connection
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed, durably, when the block ends without an error."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection = connection.execution_options(yizhan_write=True)
            with connection.begin():
                yield connection

    def require_durability(self) -> None:
        """Raises `DatabaseRefused` when a commit would not be on the disk."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
                level = connection.execute(text("PRAGMA synchronous")).scalar_one()
                if mode != "wal" or level != 2:
                    raise DatabaseRefused(
                        f"{self.path}: journal_mode {mode}, synchronous {level}; wal and 2 are needed"
                    )
                return
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                if connection.execute(text(f"SHOW {setting}")).scalar_one() == "off":
                    raise DatabaseRefused(
                        f"PostgreSQL runs with {setting} = off and would lose acknowledged records in a power cut; "
                        f"set {setting} = on"
                    )

    def is_empty(self) -> bool:
        """Whether no migration has ever run."""
        with self.read() as connection:
            return not self.engine.dialect.has_table(connection, "alembic_version")

    def close(self) -> None:
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` says which kind it is.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "journal_size_limit = 67108864"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the write lock at once: one that upgrades later can fail with SQLITE_BUSY without waiting.
    write = connection.get_execution_options().get("yizhan_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def is_outage(error: BaseException) -> bool:
    """Whether waiting and trying again can help: the database is away, locked, full or being restarted."""
    if isinstance(error, OperationalError):
        return True
    return bool(getattr(error, "connection_invalidated", False)) or isinstance(error, sqlite3.OperationalError)
