"""The uplink's view of the journal: read-only, in its own process, while the controller writes.

Every call is one short read transaction, so that it sees one state and does not keep the log from being copied back.
The file may be replaced at any time (set aside, new epoch): a call that finds another file under the name opens that.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from contract.ids import Epoch, Seq, Stream
from contract.messages import MAX_RECORDS_PER_BATCH, JournalBatch, StreamHead, WireRecord
from edge.journal import schema
from edge.journal.errors import SchemaTooNew, StorageBroken
from edge.journal.rows import Row, digest_at, heads_of
from edge.journal.schema import RECORD_COLUMNS, STREAM_CODES
from edge.journal.storage import Connection, connect_read_only, transaction, translated

RECORD_OVERHEAD_BYTES: Final = 220
"""What a record weighs on the wire beside its kind and body: digest, times, names, punctuation."""


class JournalReader:
    """Raises `JournalError`; `StorageBroken` when there is no journal yet. Not to be shared between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: Connection | None = None
        self._identity: tuple[int, int] | None = None

    def epoch(self) -> Epoch:
        """The current epoch."""
        with self._reading() as connection:
            return schema.current_epoch(connection)[1]

    def heads(self) -> tuple[Epoch, list[StreamHead]]:
        """The current epoch and where its streams stand, in one view."""
        with self._reading() as connection:
            number, epoch = schema.current_epoch(connection)
            return epoch, [
                StreamHead(
                    stream=stream,
                    oldest_seq=head.floor_seq + 1,
                    head_seq=head.seq,
                    head_digest=head.digest,
                    acknowledged_seq=head.acknowledged_seq,
                )
                for stream, head in heads_of(connection, number).items()
            ]

    def batch(
        self, stream: Stream, after_seq: int, max_records: int = MAX_RECORDS_PER_BATCH, max_bytes: int = 256 * 1024
    ) -> JournalBatch | None:
        """Consecutive records behind `after_seq`, or behind the floor where that is higher; None when there are none.

        At most `max_records` and about `max_bytes` of JSON before compression, but at least one record. A gap record
        is sent whole: `first_seq` is the first position it covers, which may lie at or below `after_seq`.
        """
        with self._reading() as connection:
            number, epoch = schema.current_epoch(connection)
            code = STREAM_CODES[stream]
            head = heads_of(connection, number)[stream]
            rows = _rows(connection, number, code, after_seq, min(max_records, MAX_RECORDS_PER_BATCH), max_bytes)
            if not rows:
                return None
            first = rows[0].covers_from
            previous = digest_at(connection, number, code, first - 1)
        if previous is None:
            raise StorageBroken(f"{self._path}: {stream} has no digest before position {first}")
        # Constructed without validation: the rows are ours, and a body may hold what pydantic would refuse (a lone
        # surrogate in a key) but the wire carries.
        return JournalBatch.model_construct(
            epoch=epoch,
            stream=stream,
            first_seq=Seq(first),
            oldest_seq=Seq(head.floor_seq + 1),
            previous_digest=previous,
            records=[_wire(row) for row in rows],
        )

    def close(self) -> None:
        """Closes the file; the next call opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        connection = self._current()
        try:
            with transaction(connection, begin="BEGIN"):
                yield connection
        except sqlite3.Error:
            self.close()
            raise
        except StorageBroken:
            self.close()
            raise

    def _current(self) -> Connection:
        """The connection to the file that has the name now."""
        try:
            status = os.stat(self._path)
        except OSError as error:
            self.close()
            raise StorageBroken(f"no journal at {self._path}: {error.strerror}") from error
        identity = status.st_dev, status.st_ino
        if self._connection is None or identity != self._identity:
            self.close()
            with translated():
                connection = connect_read_only(self._path)
                try:
                    self._check(connection)
                except BaseException:
                    connection.close()
                    raise
            self._connection, self._identity = connection, identity
        return self._connection

    def _check(self, connection: Connection) -> None:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > schema.SCHEMA_VERSION:
            raise SchemaTooNew(self._path, version, schema.SCHEMA_VERSION)
        if version < schema.SCHEMA_VERSION:
            raise StorageBroken(f"{self._path} is not a journal yet")


def _rows(
    connection: Connection, number: int, stream: int, after_seq: int, max_records: int, max_bytes: int
) -> list[Row]:
    rows: list[Row] = []
    size = 0
    cursor = connection.execute(
        f"SELECT {RECORD_COLUMNS} FROM record WHERE epoch = ? AND stream = ? AND seq > ? ORDER BY seq LIMIT ?",
        (number, stream, after_seq, max_records),
    )
    while (values := cursor.fetchone()) is not None:
        row = Row(*values)
        size += len(row.body) + len(row.kind) + RECORD_OVERHEAD_BYTES
        if rows and size > max_bytes:
            break
        rows.append(row)
    return rows


def _wire(row: Row) -> WireRecord:
    return WireRecord.model_construct(
        seq=Seq(row.seq),
        boot=row.boot,
        mono_ms=row.mono_ms,
        recorded_at_ms=row.recorded_at_ms,
        clock_trusted=bool(row.clock_trusted),
        kind=row.kind,
        body=json.loads(row.body),
        digest=row.digest,
    )
