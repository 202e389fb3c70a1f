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
from edge.journal.replaying import latest_trusted_ms, sound_snapshots
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


class History:
    """`spans` oldest epoch first; `snapshots` are those that can be read, in the order of the events;
    `latest_trusted_ms` is the newest time in the journal that was trusted."""

    def __init__(
        self,
        path: Path,
        connection: Connection,
        spans: dict[int, Span],
        snapshots: tuple[Snapshot, ...],
        latest: int | None,
    ) -> None:
        self.spans = tuple(spans.values())
        self.snapshots = snapshots
        self.latest_trusted_ms = latest
        self._path = path
        self._connection = connection
        self._by_number = spans

    def records(self, behind: Snapshot | None = None) -> Iterator[StoredRecord]:
        """All events, or those behind a snapshot; to be asked for once. Raises `JournalError`."""
        begun = behind is None
        try:
            with named(self._path):
                for number, span in self._by_number.items():
                    after = span.floor_seq
                    if behind is not None and span.epoch == behind.epoch:
                        begun, after = True, behind.through_seq
                    for row in rows_after(self._connection, number, EVENTS, after) if begun else ():
                        if row.seq > span.head_seq:
                            break
                        yield row.stored(span.epoch)
        finally:
            self._connection.close()


def open_history(path: Path) -> History:
    """The history in the file as it is now; records that are written later are not in it.

    Raises:
        JournalError: there is no file, it is no journal, or it cannot be read.
    """
    if not path.is_file():
        raise StorageBroken(f"no journal at {path}")
    spans: dict[int, Span] = {}
    with named(path):
        connection = _connect(path)
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        application: int = connection.execute("PRAGMA application_id").fetchone()[0]
        if version > schema.SCHEMA_VERSION:
            raise SchemaTooNew(path, version, schema.SCHEMA_VERSION)
        if (application, version) != (schema.APPLICATION_ID, schema.SCHEMA_VERSION):
            raise StorageBroken("it is none")
        for number, epoch in connection.execute("SELECT number, id FROM epoch ORDER BY number").fetchall():
            head = head_of(connection, number, EVENTS)
            spans[number] = Span(Epoch(epoch), head.floor_seq, head.seq)
        snapshots = sound_snapshots(connection)
        latest = latest_trusted_ms(connection)
    return History(path, connection, spans, snapshots, latest)


def _connect(path: Path) -> Connection:
    if path.with_name(path.name + "-wal").exists():
        return connect_read_only(path)
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


@contextmanager
def named(path: Path) -> Iterator[None]:
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
