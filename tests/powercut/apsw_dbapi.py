"""apsw behind the face of the standard library's `sqlite3`, as far as the journal and SQLAlchemy's dialect look.

Only autocommit mode (`isolation_level=None`): transactions are begun and ended by name, as the code under test does. It
raises `sqlite3`'s own exceptions with `sqlite_errorcode` set, so that the code under test cannot tell the difference.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

BUSY_TIMEOUT_MS = 250

_CLASSES: dict[int, type[sqlite3.Error]] = {
    sqlite3.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
    sqlite3.SQLITE_MISMATCH: sqlite3.IntegrityError,
    sqlite3.SQLITE_CORRUPT: sqlite3.DatabaseError,
    sqlite3.SQLITE_NOTADB: sqlite3.DatabaseError,
    sqlite3.SQLITE_MISUSE: sqlite3.ProgrammingError,
    sqlite3.SQLITE_RANGE: sqlite3.ProgrammingError,
}


def _code_of(error: apsw.Error) -> int:
    """The result code of an exception that a file system has raised in Python, which carries none."""
    codes = (code for code in range(1, 27) if type(apsw.exception_for(code)) is type(error))
    return next(codes, sqlite3.SQLITE_MISUSE)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        code = getattr(error, "extendedresult", None) or _code_of(error)
        translated = _CLASSES.get(code & 0xFF, sqlite3.OperationalError)(str(error))
        translated.sqlite_errorcode = code
        translated.sqlite_errorname = type(error).__name__
        raise translated from error


class Cursor:
    """A DB-API cursor that fetches at once: results in tests are small."""

    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.rowcount = -1
        self._rows: list[tuple[Any, ...]] = []

    @property
    def lastrowid(self) -> int:
        rowid: int = self.connection.raw.last_insert_rowid()
        return rowid

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> "Cursor":
        return self._run(sql, [parameters])

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> "Cursor":
        return self._run(sql, parameters)

    def _run(self, sql: str, parameters: Iterable[Sequence[Any]]) -> "Cursor":
        raw = self.connection.raw
        self.description, self._rows = None, []
        with _translated():
            before = raw.total_changes()
            cursor = raw.cursor()
            # Before its first step a statement can say its columns, even when it will have no rows.
            cursor.exec_trace = self._note_columns
            for values in parameters:
                self._rows = cursor.execute(sql, tuple(values)).fetchall()
            self.rowcount = raw.total_changes() - before if self.description is None else -1
        return self

    def _note_columns(self, cursor: Any, _sql: str, _bindings: Any) -> bool:
        columns = cursor.get_description()
        self.description = tuple((column[0], *[None] * 6) for column in columns) or None
        return True

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        taken = self._rows[: size or self.arraysize]
        del self._rows[: len(taken)]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while (row := self.fetchone()) is not None:
            yield row

    def setinputsizes(self, *_: Any) -> None:
        """DB-API asks for it; SQLite has no use for it."""

    def close(self) -> None:
        self._rows = []


class Connection:
    """A DB-API connection over one of apsw's file systems."""

    def __init__(self, path: Path | str, vfs: str) -> None:
        self.isolation_level: str | None = None
        with _translated():
            self.raw: Any = apsw.Connection(str(path), vfs=vfs)
            self.raw.set_busy_timeout(BUSY_TIMEOUT_MS)

    @property
    def in_transaction(self) -> bool:
        return bool(self.raw.in_transaction)

    def cursor(self) -> Cursor:
        return Cursor(self)

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        return Cursor(self).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        return Cursor(self).executemany(sql, parameters)

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")

    def create_function(
        self, name: str, arguments: int, function: Callable[..., Any], *, deterministic: bool = False
    ) -> None:
        self.raw.create_scalar_function(name, function, arguments, deterministic=deterministic)

    def close(self) -> None:
        with _translated():
            # By force: statements that a failed step has left open must not keep the file open.
            self.raw.close(True)


def connector(vfs: str) -> Callable[[Path], Connection]:
    """A `connect` for the journal (and, with the path bound, a `creator` for SQLAlchemy) over the named file system."""

    def connect(path: Path) -> Connection:
        return Connection(path, vfs)

    return connect
