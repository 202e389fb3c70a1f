"""Who may do what only one may do: the single ingest of a SQLite database, the single projector of any.

SQLite: an advisory lock on a file beside the database, which the kernel gives back however the process ends.
PostgreSQL: a session's advisory lock, given back when the session ends. Holding it is what makes one projector enough;
what keeps two from disagreeing is the row of `projector_head`, locked in every round.
"""

import fcntl
import os
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cloud.store.database import Database

PROJECTOR: Final = "projector"
INGEST: Final = "ingest"
_ADVISORY: Final = {PROJECTOR: 7_218_002, INGEST: 7_218_003}


class Lock(Protocol):
    def acquire(self) -> bool:
        """Try once; whether it is held now."""

    def still_held(self) -> bool: ...

    def release(self) -> None: ...


def lock(database: Database, name: str) -> Lock:
    """The lock `name` of a database."""
    if database.path is not None:
        return _FileLock(database.path.with_name(f"{database.path.name}.{name}.lock"))
    return _AdvisoryLock(database, _ADVISORY[name])


class _FileLock:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def still_held(self) -> bool:
        return self._descriptor is not None

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class _AdvisoryLock:
    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._number = number
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": self._number}):
                self._connection = connection
                return True
        except DBAPIError:
            connection.invalidate()
            raise
        finally:
            if self._connection is None:
                connection.close()
        return False

    def still_held(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            self.release()
            return False
        return True

    def release(self) -> None:
        if self._connection is not None:
            try:
                # The server may notice only later that a session has ended; until then nobody else would get the lock.
                if not self._connection.invalidated:
                    self._connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": self._number})
            except SQLAlchemyError:
                # The session is gone, and the lock with it.
                pass
            # Not back into the pool: the lock belongs to the session.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
