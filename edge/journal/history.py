"""All events that a journal file still keeps, oldest first, for a person who wants to know what happened.

Read-only, page by page without a transaction around it, so that looking at a live station's journal for an hour does
not keep its log from being copied back. What has gone from the beginning of an epoch (`floors`) is told, not guessed.
A file without a log beside it (a copy, a station that has stopped) is opened as one that nobody writes, which leaves
nothing behind in its directory.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.ids import Epoch, Stream
from edge.journal import schema
from edge.journal.errors import JournalError, SchemaTooNew, StorageBroken
from edge.journal.model import Snapshot, StoredRecord
from edge.journal.replaying import sound_snapshots
from edge.journal.rows import head_of, rows_after
from edge.journal.schema import STREAM_CODES
from edge.journal.storage import Connection, connect_read_only, translated

EVENTS: Final = STREAM_CODES[Stream.EVENTS]


@dataclass(frozen=True)
class Span:
    """The events of one epoch: `floor_seq < seq <= head_seq` are kept."""

    epoch: Epoch
    floor_seq: int
    head_seq: int


@dataclass(frozen=True)
class History:
    """`spans` oldest epoch first; `snapshots` are those that can be read, in the order of the events."""

    spans: tuple[Span, ...]
    snapshots: tuple[Snapshot, ...]
    records: Iterator[StoredRecord]


def open_history(path: Path) -> History:
    """The history in the file as it is now; records that are written later are not in it.

    Raises:
        JournalError: there is no file, it is no journal, or it cannot be read; `records` raises it too.
    """
    if not path.is_file():
        raise StorageBroken(f"no journal at {path}")
    numbers: dict[int, Span] = {}
    with _named(path):
        connection = _connect(path)
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        application: int = connection.execute("PRAGMA application_id").fetchone()[0]
        if version > schema.SCHEMA_VERSION:
            raise SchemaTooNew(path, version, schema.SCHEMA_VERSION)
        if (application, version) != (schema.APPLICATION_ID, schema.SCHEMA_VERSION):
            raise StorageBroken("it is none")
        for number, epoch in connection.execute("SELECT number, id FROM epoch ORDER BY number").fetchall():
            head = head_of(connection, number, EVENTS)
            numbers[number] = Span(Epoch(epoch), head.floor_seq, head.seq)
        snapshots = sound_snapshots(connection)
    return History(tuple(numbers.values()), snapshots, _records(path, connection, numbers))


def _records(path: Path, connection: Connection, numbers: dict[int, Span]) -> Iterator[StoredRecord]:
    try:
        with _named(path):
            for number, span in numbers.items():
                for row in rows_after(connection, number, EVENTS, span.floor_seq):
                    if row.seq > span.head_seq:
                        break
                    yield row.stored(span.epoch)
    finally:
        connection.close()


def _connect(path: Path) -> Connection:
    if path.with_name(path.name + "-wal").exists():
        return connect_read_only(path)
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Every failure as a `JournalError` that names the file."""
    try:
        with translated():
            yield
    except SchemaTooNew:
        raise
    except JournalError as error:
        raise StorageBroken(f"{path} cannot be read as a journal: {error}") from error
    except ValueError as error:
        raise StorageBroken(f"{path} holds a record that is no JSON: {error}") from error
