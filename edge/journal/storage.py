"""SQLite as the journal uses it: the connection, its settings, and its errors as ours.

The connection is a small protocol, so that tests run the very same code over a hostile file system.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from edge.journal.errors import JournalError, StorageBroken, StorageCorrupt, StorageFull, StorageLocked

BUSY_TIMEOUT_MS: Final = 250
"""Short: the writer thread decides what to do about a lock, SQLite only smooths over a checkpoint."""

PAGE_BYTES: Final = 4096


class Rows(Protocol):
    """The answer to a statement."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """As much of a `sqlite3.Connection` (isolation_level None) as the journal needs. Raises `sqlite3.Error`."""

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows: ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Rows: ...

    def close(self) -> None: ...


Connect = Callable[[Path], Connection]


def connect_sqlite(path: Path) -> Connection:
    """The standard library's connection, in autocommit: transactions are begun and committed by name."""
    return sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=64
    )


def connect_read_only(path: Path) -> Connection:
    """A connection that cannot write. The file must be there."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
    )


def configure(connection: Connection, *, wal_bytes: int, hard_bytes: int) -> None:
    """The settings of the journal's writer. Raises `StorageBroken` when one does not hold."""
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    # FULL: each commit is on the disk when it returns. NORMAL would lose the last commits at a power cut.
    connection.execute("PRAGMA synchronous=FULL")
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or synchronous != 2:
        raise StorageBroken(f"journal_mode is {mode}, synchronous {synchronous}; WAL and FULL (2) are needed")
    connection.execute(f"PRAGMA wal_autocheckpoint={wal_bytes // PAGE_BYTES}")
    connection.execute(f"PRAGMA journal_size_limit={wal_bytes}")
    limit_pages(connection, hard_bytes)


def limit_pages(connection: Connection, hard_bytes: int) -> None:
    """The size beyond which SQLite refuses to grow the database."""
    with translated():
        connection.execute(f"PRAGMA max_page_count={hard_bytes // PAGE_BYTES}").fetchall()


def stop_growing(connection: Connection) -> None:
    """Makes its present size the database's limit; pages that are free in it are still used."""
    with translated():
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}").fetchall()


@contextmanager
def translated() -> Iterator[None]:
    """Raises SQLite's errors as the journal's."""
    try:
        yield
    except sqlite3.Error as error:
        raise journal_error(error) from error


def journal_error(error: sqlite3.Error) -> JournalError:
    """The journal's error for one of SQLite's, by its result code."""
    code: int = getattr(error, "sqlite_errorcode", None) or 0
    primary = code & 0xFF
    text = f"{error} ({getattr(error, 'sqlite_errorname', None) or code})"
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return StorageFull(text)
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageLocked(text)
    # SQLITE_ERROR: the statements are fixed, so one that makes no sense means that a table is not what it was.
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        return StorageCorrupt(text)
    return StorageBroken(text)


@contextmanager
def transaction(connection: Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """All or nothing. Raises `JournalError` for SQLite's errors, with the transaction rolled back."""
    with translated():
        connection.execute(begin)
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # SQLite has already rolled back by itself on some errors (disk full, I/O).
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def page_bytes(connection: Connection) -> int:
    """The database's size, free pages and what is still in the log included."""
    return int(connection.execute("PRAGMA page_count").fetchone()[0]) * PAGE_BYTES


def used_bytes(connection: Connection) -> int:
    """Bytes that hold something; free pages inside the file will be used again."""
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return page_bytes(connection) - int(free) * PAGE_BYTES
