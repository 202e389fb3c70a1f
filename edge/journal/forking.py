"""A new epoch, because the cloud knows another history of the old one.

The card was cloned, or rolled back to an older image: the same `(epoch, seq)` means different things here and there.
Nothing may be overwritten, so what the cloud has stays under the old epoch, and what it has not confirmed *moves* here
to the new one with new positions and digests. The old epoch keeps its acknowledged records until retention takes them.

The move goes in small transactions, each of which takes its rows out of the old epoch before it puts them into the new
one: so it needs next to no room, which a journal that is full of unacknowledged records does not have, and keeps the
log short. `epoch.moving_from` says that it is not finished; nothing else is written before it is, not even after a
restart.

Records that both histories share behind the last acknowledgement reach the cloud under both epochs: the station cannot
know which they are. Losing none is worth telling some twice, and the cloud is told by `JournalForked`.
"""

import json
from typing import Final

from contract.digest import GENESIS, canonical_json
from contract.ids import Epoch, Stream
from contract.records import JournalForked, to_body
from edge.journal import schema
from edge.journal.rows import STREAMS_BY_CODE, Position, Row, head_of
from edge.journal.schema import INSERT_RECORD, RECORD_COLUMNS, STREAM_CODES
from edge.journal.storage import Connection, transaction, translated

MOVED_AT_ONCE: Final = 256


def begin_fork(
    connection: Connection, old: Position, reason: str, *, mono_ms: int, recorded_at_ms: int, clock_trusted: bool
) -> None:
    """Begins the new epoch with its `JournalForked`. `finish_fork` is to follow."""
    with transaction(connection):
        number, epoch = schema.begin_epoch(connection, reason)
        connection.execute("UPDATE epoch SET moving_from = ? WHERE number = ?", (old.epoch_number, number))
        forked = JournalForked(previous_epoch=old.epoch, reason=reason[:500])
        first = Row(
            number, STREAM_CODES[Stream.EVENTS], 1, 1,
            old.boot, mono_ms, recorded_at_ms, int(clock_trusted), forked.KIND, canonical_json(to_body(forked)), "",
        )  # fmt: skip
        connection.execute(INSERT_RECORD, first._replace(digest=first.chained(GENESIS, epoch)))


def is_unfinished(connection: Connection) -> bool:
    """Whether records still wait to be moved into the current epoch."""
    with translated():
        row = connection.execute("SELECT moving_from FROM epoch ORDER BY number DESC LIMIT 1").fetchone()
    return row[0] is not None


def finish_fork(connection: Connection) -> None:
    """Moves what is left to move. May be called again after any failure."""
    with translated():
        number, epoch = schema.current_epoch(connection)
        old: int | None = connection.execute("SELECT moving_from FROM epoch WHERE number = ?", (number,)).fetchone()[0]
    if old is None:
        return
    for code in STREAM_CODES.values():
        while _move_some(connection, old, code, number, epoch):
            pass
    with transaction(connection):
        connection.execute("UPDATE epoch SET moving_from = NULL WHERE number = ?", (number,))


def _move_some(connection: Connection, old: int, stream: int, number: int, epoch: Epoch) -> int:
    """Seals the oldest unacknowledged rows of the old epoch again, behind the new epoch's head; how many."""
    with transaction(connection):
        acknowledged = head_of(connection, old, stream).acknowledged_seq
        rows = [
            Row(*values)
            for values in connection.execute(
                f"SELECT {RECORD_COLUMNS} FROM record WHERE epoch = ? AND stream = ? AND seq > ? ORDER BY seq LIMIT ?",
                (old, stream, acknowledged, MOVED_AT_ONCE),
            ).fetchall()
        ]
        if not rows:
            return 0
        connection.execute(
            "DELETE FROM record WHERE epoch = ? AND stream = ? AND seq > ? AND seq <= ?",
            (old, stream, acknowledged, rows[-1].seq),
        )
        head = head_of(connection, number, stream)
        seq, digest = head.seq, head.digest
        for row in rows:
            width = row.seq - max(row.covers_from - 1, acknowledged)
            moved = row._replace(epoch=number, covers_from=seq + 1, seq=seq + width)
            if row.is_gap:
                moved = moved._replace(body=_gap_body(moved))
            moved = moved._replace(digest=moved.chained(digest, epoch))
            connection.execute(INSERT_RECORD, moved)
            if STREAMS_BY_CODE[stream] is Stream.EVENTS:
                # A snapshot behind a moved record stands behind it in the new epoch too.
                connection.execute(
                    "UPDATE snapshot SET epoch = ?, through_seq = ? WHERE epoch = ? AND through_seq = ?",
                    (number, moved.seq, old, row.seq),
                )
            seq, digest = moved.seq, moved.digest
        return len(rows)


def _gap_body(moved: Row) -> str:
    """The gap's body with its new positions; the reason stays."""
    positions = {"stream": str(STREAMS_BY_CODE[moved.stream]), "first": moved.covers_from, "last": moved.seq}
    return canonical_json({**json.loads(moved.body), **positions})
