"""A new epoch, because the cloud knows another history of the old one.

The card was cloned, or rolled back to an older image: the same `(epoch, seq)` means different things here and there.
Nothing may be overwritten, so what the cloud has stays under the old epoch, and what it has not confirmed *moves* here
to the new one with new positions and digests. The old epoch keeps its acknowledged records until retention takes them.
All in one transaction: a power cut leaves either epoch, never both.

Records that both histories share behind the last acknowledgement reach the cloud under both epochs: the station cannot
know which they are. Losing none is worth telling some twice, and the cloud is told by `JournalForked`.
"""

import json

from contract.digest import GENESIS, canonical_json
from contract.ids import Epoch, Stream
from contract.records import JournalForked, to_body
from edge.journal import schema
from edge.journal.rows import STREAMS_BY_CODE, Position, Row, head_of, rows_after
from edge.journal.schema import INSERT_RECORD, STREAM_CODES
from edge.journal.storage import Connection, transaction


def fork_storage(
    connection: Connection,
    old: Position,
    reason: str,
    *,
    mono_ms: int,
    recorded_at_ms: int,
    clock_trusted: bool,
) -> Epoch:
    """Begins the new epoch and moves the unacknowledged records of both streams into it."""
    with transaction(connection):
        number, epoch = schema.begin_epoch(connection, reason)
        forked = JournalForked(previous_epoch=old.epoch, reason=reason[:500])
        first = Row(
            number, STREAM_CODES[Stream.EVENTS], 1, 1,
            old.boot, mono_ms, recorded_at_ms, int(clock_trusted), forked.KIND, canonical_json(to_body(forked)), "",
        )  # fmt: skip
        first = first._replace(digest=first.chained(GENESIS, epoch))
        connection.execute(INSERT_RECORD, first)
        for stream, code in STREAM_CODES.items():
            start = (1, first.digest) if stream is Stream.EVENTS else (0, GENESIS)
            _move_unacknowledged(connection, old.epoch_number, code, number, epoch, *start)
    return epoch


def _move_unacknowledged(
    connection: Connection, old_number: int, stream: int, number: int, epoch: Epoch, seq: int, digest: str
) -> None:
    """Seals the rows behind the old cursor again, behind `(seq, digest)` of the new epoch."""
    acknowledged = head_of(connection, old_number, stream).acknowledged_seq
    shift_snapshots = stream == STREAM_CODES[Stream.EVENTS]
    for row in rows_after(connection, old_number, stream, acknowledged):
        width = row.seq - max(row.covers_from - 1, acknowledged)
        moved = row._replace(epoch=number, covers_from=seq + 1, seq=seq + width)
        if row.is_gap:
            moved = moved._replace(body=_gap_body(moved, row))
        moved = moved._replace(digest=moved.chained(digest, epoch))
        connection.execute(INSERT_RECORD, moved)
        if shift_snapshots:
            # A snapshot behind a moved record stands behind it in the new epoch too.
            connection.execute(
                "UPDATE snapshot SET epoch = ?, through_seq = ? WHERE epoch = ? AND through_seq = ?",
                (number, moved.seq, old_number, row.seq),
            )
        seq, digest = moved.seq, moved.digest
    connection.execute(
        "DELETE FROM record WHERE epoch = ? AND stream = ? AND seq > ?", (old_number, stream, acknowledged)
    )


def _gap_body(moved: Row, old: Row) -> str:
    """The gap's body with its new positions; the reason stays."""
    body = {"stream": str(STREAMS_BY_CODE[moved.stream]), "first": moved.covers_from, "last": moved.seq}
    return canonical_json({**json.loads(old.body), **body})
