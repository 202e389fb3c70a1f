"""The journal's tables, and the words that are in them."""

import uuid
from typing import Final

from contract.digest import GENESIS
from contract.ids import Epoch, Stream
from contract.records import JournalGap
from edge.journal.errors import StorageCorrupt
from edge.journal.storage import Connection

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x797A6A31  # "yzj1"
GAP_KIND: Final = JournalGap.KIND

STREAM_CODES: Final = {Stream.EVENTS: 1, Stream.TELEMETRY: 2}
"""Streams as they stand in the tables; never to be renumbered."""

TABLES: Final = (
    "CREATE TABLE station (one INTEGER PRIMARY KEY CHECK (one = 1), boot INTEGER NOT NULL) STRICT",
    # moving_from: the epoch from which a fork still has records to move (see `forking`).
    """CREATE TABLE epoch (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reason TEXT NOT NULL, moving_from INTEGER) STRICT""",
    """CREATE TABLE stream (
        epoch INTEGER NOT NULL REFERENCES epoch, stream INTEGER NOT NULL,
        floor_seq INTEGER NOT NULL, floor_digest TEXT NOT NULL, acknowledged_seq INTEGER NOT NULL,
        PRIMARY KEY (epoch, stream)) STRICT, WITHOUT ROWID""",
    # Clustered by position: neighbours in time share pages, so that dropping the oldest frees whole pages.
    """CREATE TABLE record (
        epoch INTEGER NOT NULL, stream INTEGER NOT NULL, seq INTEGER NOT NULL, covers_from INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        mono_ms INTEGER NOT NULL, recorded_at_ms INTEGER NOT NULL, clock_trusted INTEGER NOT NULL,
        kind TEXT NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL,
        PRIMARY KEY (epoch, stream, seq)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE snapshot (
        id INTEGER PRIMARY KEY AUTOINCREMENT, epoch INTEGER NOT NULL, through_seq INTEGER NOT NULL,
        version INTEGER NOT NULL, state TEXT NOT NULL, digest TEXT NOT NULL) STRICT""",
)

RECORD_COLUMNS: Final = (
    "epoch, stream, seq, covers_from, boot, mono_ms, recorded_at_ms, clock_trusted, kind, body, digest"
)
INSERT_RECORD: Final = f"INSERT INTO record ({RECORD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def create(connection: Connection, reason: str) -> None:
    """All tables and the first epoch. Call it inside a transaction."""
    for table in TABLES:
        connection.execute(table)
    connection.execute("INSERT INTO station (one, boot) VALUES (1, 0)")
    begin_epoch(connection, reason)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def begin_epoch(connection: Connection, reason: str) -> tuple[int, Epoch]:
    """A new epoch with empty streams; its number and its id. Call it inside a transaction."""
    epoch = Epoch(uuid.uuid4().hex)
    number: int = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM epoch").fetchone()[0]
    connection.execute("INSERT INTO epoch (number, id, reason) VALUES (?, ?, ?)", (number, epoch, reason[:500]))
    connection.executemany(
        "INSERT INTO stream (epoch, stream, floor_seq, floor_digest, acknowledged_seq) VALUES (?, ?, 0, ?, 0)",
        [(number, code, GENESIS) for code in STREAM_CODES.values()],
    )
    return number, epoch


def current_epoch(connection: Connection) -> tuple[int, Epoch]:
    """The newest epoch's number and id."""
    newest = connection.execute("SELECT number, id FROM epoch ORDER BY number DESC LIMIT 1").fetchone()
    if newest is None:
        raise StorageCorrupt("no epoch is left in the journal")
    return newest[0], Epoch(newest[1])
