"""What goes when room is short, and in which order.

1. Acknowledged records older than the budget's days.
2. Above the soft limit: acknowledged records, oldest first, except the newest events that a start still replays.
3. Still above it: the oldest telemetry. It leaves a gap record.
4. Above the hard limit: acknowledged events that a start would replay, then the oldest events. They leave a gap record.

A full *disk* (somebody else's files) is no reason to give events up: then 1 to 3 happen, and otherwise the writer is
told `StorageFull`. Every step is one small transaction over `STEP_RECORDS` neighbouring rows, so that the log stays
short and the next append waits little.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.digest import canonical_json
from contract.ids import Stream
from edge.journal import schema
from edge.journal.errors import StorageFull
from edge.journal.model import MAX_SEQ, Budget, Maintained
from edge.journal.rows import STREAMS_BY_CODE, Row, head_of
from edge.journal.schema import GAP_KIND, RECORD_COLUMNS, STREAM_CODES
from edge.journal.storage import Connection, page_bytes, transaction, translated, used_bytes

STEP_RECORDS: Final = 512
STEPS_PER_ROUND: Final = 64
STEP_WHEN_FULL: Final = 64
"""Smaller, because what a step changes must fit into the log, and the log into the reserve."""
STEPS_WHEN_FULL: Final = 64
REPLAY_PROTECTED: Final = 10_000
"""At most so many of the newest events are kept for the next start, should no snapshot ever be saved."""

EVENTS: Final = STREAM_CODES[Stream.EVENTS]
TELEMETRY: Final = STREAM_CODES[Stream.TELEMETRY]
GIVEN_UP_REASON: Final = "storage_full"


@dataclass(frozen=True)
class _Oldest:
    """The oldest droppable rows of one stream of one epoch."""

    epoch: int
    stream: int
    last_seq: int
    count: int
    recorded_at_ms: int


def maintain(connection: Connection, path: Path, budget: Budget, now_ms: int | None) -> Maintained:
    """One bounded round over all rules, then the log is copied back if it has outgrown its size."""
    too_old_ms = None if now_ms is None else now_ms - budget.keep_acknowledged_ms
    dropped, given_up, steps = 0, dict.fromkeys(STREAM_CODES, 0), 0
    while steps < STEPS_PER_ROUND:
        with translated():
            used = used_bytes(connection)
        if too_old_ms is not None and (by_age := _drop_acknowledged(connection, before_ms=too_old_ms)):
            dropped += by_age
        elif used > budget.soft_bytes and (surplus := _drop_acknowledged(connection)):
            dropped += surplus
        elif used > budget.soft_bytes and (lost := _give_up(connection, Stream.TELEMETRY)):
            given_up[Stream.TELEMETRY] += lost
        elif used > _events_go_above(budget) and (replayed := _drop_acknowledged(connection, protect=False)):
            dropped += replayed
        elif used > _events_go_above(budget) and (lost := _give_up(connection, Stream.EVENTS)):
            given_up[Stream.EVENTS] += lost
        else:
            break
        steps += 1
    copy_log_back(connection, path, budget)
    with translated():
        used = used_bytes(connection)
    return Maintained(
        dropped_acknowledged=dropped,
        given_up=_counted(given_up),
        used_bytes=used,
        more=steps == STEPS_PER_ROUND,
    )


def _events_go_above(budget: Budget) -> int:
    """Just below the hard limit, where SQLite itself would refuse: a sixteenth is left to work in."""
    return budget.hard_bytes - (budget.hard_bytes - budget.soft_bytes) // 16


def make_room_when_full(connection: Connection, budget: Budget, needed_bytes: int) -> Maintained:
    """A few steps for an append that found no room for `needed_bytes`. Raises `StorageFull` when not even they fit."""
    with suppress(StorageFull), translated():
        # Copied back, the log is written from its start again; its blocks are kept, there may be no others.
        connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    with translated():
        used = used_bytes(connection)
        size = page_bytes(connection)
    at_own_limit = used + needed_bytes > _events_go_above(budget)
    enough = _events_go_above(budget) if at_own_limit else size
    dropped, given_up = 0, dict.fromkeys(STREAM_CODES, 0)
    for _ in range(STEPS_WHEN_FULL):
        if count := _drop_acknowledged(connection, most=STEP_WHEN_FULL):
            dropped += count
        elif count := _give_up(connection, Stream.TELEMETRY, STEP_WHEN_FULL):
            given_up[Stream.TELEMETRY] += count
        elif at_own_limit and (count := _drop_acknowledged(connection, most=STEP_WHEN_FULL, protect=False)):
            dropped += count
        elif at_own_limit and (count := _give_up(connection, Stream.EVENTS)):
            given_up[Stream.EVENTS] += count
        with translated():
            used = used_bytes(connection)
        if not count or used + needed_bytes <= enough:
            break
    return Maintained(dropped, _counted(given_up), used)


def _counted(given_up: dict[Stream, int]) -> tuple[tuple[Stream, int], ...]:
    return tuple((stream, count) for stream, count in given_up.items() if count)


def copy_log_back(connection: Connection, path: Path, budget: Budget) -> None:
    """Empties the log into the database when it has outgrown its size. A reader in the way, or no room, is no error."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size > budget.wal_bytes:
        with suppress(StorageFull), translated():
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _drop_acknowledged(
    connection: Connection, *, before_ms: int | None = None, protect: bool = True, most: int = STEP_RECORDS
) -> int:
    """Drops the oldest acknowledged rows of the stream that has the oldest one, up to `most`; how many rows went."""
    with transaction(connection):
        candidates = [
            found
            for (epoch,) in connection.execute("SELECT number FROM epoch ORDER BY number").fetchall()
            for stream in STREAM_CODES.values()
            if (found := _oldest_acknowledged(connection, epoch, stream, before_ms, protect, most))
        ]
        if not candidates:
            return 0
        oldest = min(candidates, key=lambda found: (found.epoch, found.recorded_at_ms))
        digest = connection.execute(
            "SELECT digest FROM record WHERE epoch = ? AND stream = ? AND seq = ?",
            (oldest.epoch, oldest.stream, oldest.last_seq),
        ).fetchone()[0]
        connection.execute(
            "DELETE FROM record WHERE epoch = ? AND stream = ? AND seq <= ?",
            (oldest.epoch, oldest.stream, oldest.last_seq),
        )
        connection.execute(
            "UPDATE stream SET floor_seq = ?, floor_digest = ? WHERE epoch = ? AND stream = ?",
            (oldest.last_seq, digest, oldest.epoch, oldest.stream),
        )
        return oldest.count


def _oldest_acknowledged(
    connection: Connection,
    epoch: int,
    stream: int,
    before_ms: int | None,
    protect: bool,
    most: int,
) -> _Oldest | None:
    head = head_of(connection, epoch, stream)
    through = head.acknowledged_seq
    if protect and stream == EVENTS:
        through = min(through, max(_replayed_by_nobody(connection, epoch), head.seq - REPLAY_PROTECTED))
    rows = connection.execute(
        "SELECT seq, recorded_at_ms FROM record WHERE epoch = ? AND stream = ? AND seq <= ? ORDER BY seq LIMIT ?",
        (epoch, stream, through, most),
    ).fetchall()
    if before_ms is not None:
        young = next((index for index, row in enumerate(rows) if row[1] >= before_ms), len(rows))
        rows = rows[:young]
    return _Oldest(epoch, stream, rows[-1][0], len(rows), rows[0][1]) if rows else None


def _replayed_by_nobody(connection: Connection, epoch: int) -> int:
    """The position in an epoch up to which the newest snapshot stands for the events, so that no start replays them."""
    newest = connection.execute("SELECT epoch, through_seq FROM snapshot ORDER BY id DESC LIMIT 1").fetchone()
    if newest is None or newest[0] < epoch:
        return 0
    return int(newest[1]) if newest[0] == epoch else MAX_SEQ


def _give_up(connection: Connection, stream: Stream, most: int = STEP_RECORDS) -> int:
    """Puts one gap record in the place of the oldest unacknowledged records, up to `most`; how many it newly covers.

    A gap right before them is taken in, so that there is never more than one at the cursor.
    """
    code = STREAM_CODES[stream]
    with transaction(connection):
        epoch, _ = schema.current_epoch(connection)
        head = head_of(connection, epoch, code)
        rows = [
            Row(*values)
            for values in connection.execute(
                f"SELECT {RECORD_COLUMNS} FROM record WHERE epoch = ? AND stream = ? AND seq > ? ORDER BY seq LIMIT ?",
                (epoch, code, head.acknowledged_seq, most),
            ).fetchall()
        ]
        records = sum(not row.is_gap for row in rows)
        if records == 0:
            return 0
        gap = rows[-1]
        first = rows[0].covers_from
        body = {"stream": str(STREAMS_BY_CODE[code]), "first": first, "last": gap.seq, "reason": GIVEN_UP_REASON}
        connection.execute(
            "DELETE FROM record WHERE epoch = ? AND stream = ? AND seq >= ? AND seq < ?", (epoch, code, first, gap.seq)
        )
        connection.execute(
            "UPDATE record SET covers_from = ?, kind = ?, body = ? WHERE epoch = ? AND stream = ? AND seq = ?",
            (first, GAP_KIND, canonical_json(body), epoch, code, gap.seq),
        )
        return records
