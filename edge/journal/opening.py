"""Opening the journal's file: create it, check it, or set it aside and begin anew.

Set aside is only what is *damaged* (not a database, torn pages, a broken chain in the tail). A file that is locked,
full or gives I/O errors is left alone and the error raised: it may be all right in a minute.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from contract.digest import GENESIS
from contract.ids import Epoch
from edge.journal import schema
from edge.journal.aside import remove_orphans, set_aside
from edge.journal.errors import SchemaTooNew, StorageCorrupt
from edge.journal.model import Budget, Opened
from edge.journal.rows import chain_problems, head_of, rows_after
from edge.journal.schema import STREAM_CODES
from edge.journal.storage import Connect, Connection, configure, transaction, translated

TAIL_RECORDS: Final = 1_000
"""So many of the newest records per stream are checked at open: about 20 ms; `verify` walks the rest."""


def open_storage(
    path: Path, budget: Budget, connect: Connect, *, boot: int | None, condemned: str = ""
) -> tuple[Connection, Opened]:
    """A connection to a checked journal.

    `boot` is the running boot when one process opens the journal again; None counts a new one. `condemned` names damage
    found earlier: the file is set aside unread.

    Raises:
        StorageFull, StorageLocked, StorageBroken: could not be opened now; nothing was changed.
        SchemaTooNew: written by a newer version; left as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    reason, moved = condemned, None
    if condemned:
        moved = set_aside(path)
    try:
        connection, opened = _open(path, budget, connect, boot, reason)
    except StorageCorrupt as error:
        reason = reason or str(error)
        moved = set_aside(path)
        connection, opened = _open(path, budget, connect, boot, reason)
    if not reason:
        return connection, opened
    return connection, Opened(opened.epoch, opened.boot, fresh=True, recovered=True, reason=reason, set_aside=moved)


def _open(path: Path, budget: Budget, connect: Connect, boot: int | None, reason: str) -> tuple[Connection, Opened]:
    if not path.exists():
        remove_orphans(path)
        # Created by us so that nobody else can read it; SQLite gives its side files the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    with translated():
        connection = connect(path)
    try:
        with translated():
            configure(connection, wal_bytes=budget.wal_bytes, hard_bytes=budget.hard_bytes)
            fresh = _check_schema(connection, path)
        with transaction(connection):
            if fresh:
                schema.create(connection, reason or "new storage")
            number, epoch = schema.current_epoch(connection)
            if not fresh:
                check_tail(connection, number, epoch)
            if boot is None:
                connection.execute("UPDATE station SET boot = boot + 1")
            else:
                connection.execute("UPDATE station SET boot = max(boot, ?)", (boot,))
            current: int = connection.execute("SELECT boot FROM station").fetchone()[0]
    except BaseException:
        # Closing copies the log back and may fail for the same reason; the first error is the one to tell.
        with suppress(sqlite3.Error):
            connection.close()
        raise
    return connection, Opened(epoch, current, fresh=fresh)


def _check_schema(connection: Connection, path: Path) -> bool:
    """True for an empty file. Raises `StorageCorrupt` for somebody else's database, `SchemaTooNew`."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > schema.SCHEMA_VERSION:
        raise SchemaTooNew(path, version, schema.SCHEMA_VERSION)
    if version == schema.SCHEMA_VERSION:
        if connection.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
            raise StorageCorrupt(f"{path} is a database, but not a journal")
        return False
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StorageCorrupt(f"{path} is a database of schema version {version}, not a journal")
    return True


def check_tail(connection: Connection, number: int, epoch: Epoch) -> None:
    """Checks the chain over the newest records of each stream. Raises `StorageCorrupt`."""
    for stream, code in STREAM_CODES.items():
        head = head_of(connection, number, code)
        behind = connection.execute(
            "SELECT seq, digest FROM record WHERE epoch = ? AND stream = ? ORDER BY seq DESC LIMIT 1 OFFSET ?",
            (number, code, TAIL_RECORDS),
        ).fetchone()
        if behind is None:
            floor = connection.execute(
                "SELECT floor_digest FROM stream WHERE epoch = ? AND stream = ?", (number, code)
            ).fetchone()
            behind = (head.floor_seq, floor[0] if head.floor_seq else GENESIS)
        seq, digest = behind
        problems = chain_problems(rows_after(connection, number, code, seq), epoch, seq, digest, most=1)
        if problems:
            raise StorageCorrupt(f"chain of {stream} is broken: {problems[0]}")
