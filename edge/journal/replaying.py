"""Snapshots, and what a start reads: the newest snapshot that can be read, and the events behind it."""

import hashlib
from collections.abc import Iterator
from typing import Final

from contract.ids import Epoch, Seq, Stream
from edge.journal.model import Loaded, Snapshot, StoredRecord
from edge.journal.rows import rows_after
from edge.journal.schema import STREAM_CODES
from edge.journal.storage import Connection

SNAPSHOTS_KEPT: Final = 2
EVENTS: Final = STREAM_CODES[Stream.EVENTS]


def save_snapshot(connection: Connection, number: int, through_seq: int, version: int, state_json: str) -> None:
    """Stores a snapshot and drops all but the newest few. Call it inside a transaction."""
    connection.execute(
        "INSERT INTO snapshot (epoch, through_seq, version, state, digest) VALUES (?, ?, ?, ?, ?)",
        (number, through_seq, version, state_json, _digest(version, state_json)),
    )
    connection.execute(
        "DELETE FROM snapshot WHERE id NOT IN (SELECT id FROM snapshot ORDER BY id DESC LIMIT ?)", (SNAPSHOTS_KEPT,)
    )


def drop_newest_snapshot(connection: Connection) -> bool:
    """Whether there was one. Call it inside a transaction."""
    newest = connection.execute("SELECT max(id) FROM snapshot").fetchone()[0]
    connection.execute("DELETE FROM snapshot WHERE id = ?", (newest,))
    return newest is not None


def load(connection: Connection) -> Loaded:
    """What a start needs. Snapshots whose digest is wrong are dropped and named in `notes`."""
    epochs = {number: Epoch(epoch) for number, epoch in connection.execute("SELECT number, id FROM epoch").fetchall()}
    snapshot, start, notes = None, (0, 0), []
    for identity, number, through_seq, version, state, digest in connection.execute(
        "SELECT id, epoch, through_seq, version, state, digest FROM snapshot ORDER BY id DESC"
    ).fetchall():
        if digest == _digest(version, state) and number in epochs:
            snapshot = Snapshot(epochs[number], Seq(through_seq), version, state)
            start = number, through_seq
            break
        notes.append(f"snapshot through event {through_seq} is unreadable and was dropped")
        connection.execute("DELETE FROM snapshot WHERE id = ?", (identity,))
    notes += _holes(connection, *start)
    return Loaded(snapshot, _events_behind(connection, epochs, *start), latest_trusted_ms(connection), tuple(notes))


def sound_snapshots(connection: Connection) -> tuple[Snapshot, ...]:
    """Every snapshot that can be read, in the order of the events that they stand behind."""
    rows = connection.execute(
        "SELECT epoch.id, through_seq, version, state, digest "
        "FROM snapshot JOIN epoch ON epoch.number = snapshot.epoch ORDER BY epoch.number, through_seq"
    ).fetchall()
    return tuple(
        Snapshot(Epoch(epoch), Seq(through_seq), version, state)
        for epoch, through_seq, version, state, digest in rows
        if digest == _digest(version, state)
    )


def _holes(connection: Connection, number: int, through_seq: int) -> list[str]:
    """Events that a start would replay, had the hard limit left them."""
    floors = connection.execute(
        "SELECT epoch, floor_seq FROM stream WHERE stream = ? AND epoch >= ? ORDER BY epoch", (EVENTS, number)
    ).fetchall()
    return [
        f"events up to {floor_seq} of epoch number {epoch} are no longer kept, and in no snapshot"
        for epoch, floor_seq in floors
        if floor_seq > (through_seq if epoch == number else 0)
    ]


def latest_trusted_ms(connection: Connection) -> int | None:
    """The newest wall time in the journal that was trusted, or None."""
    times = []
    for stream in STREAM_CODES.values():
        row = connection.execute(
            "SELECT recorded_at_ms FROM record WHERE stream = ? AND clock_trusted = 1 "
            "ORDER BY epoch DESC, seq DESC LIMIT 1",
            (stream,),
        ).fetchone()
        if row:
            times.append(int(row[0]))
    return max(times, default=None)


def _events_behind(
    connection: Connection, epochs: dict[int, Epoch], number: int, through_seq: int
) -> Iterator[StoredRecord]:
    for epoch_number, epoch in sorted(epochs.items()):
        if epoch_number >= number:
            after = through_seq if epoch_number == number else 0
            for row in rows_after(connection, epoch_number, EVENTS, after):
                yield row.stored(epoch)


def _digest(version: int, state_json: str) -> str:
    return hashlib.sha256(f"{version}\n{state_json}".encode("utf-8", "surrogatepass")).hexdigest()
