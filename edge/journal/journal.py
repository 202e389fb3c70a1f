"""The journal's writer. One thread of the controller owns it and calls it; nothing here is safe to share."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from contract.ids import Epoch, Seq, Stream
from edge.journal import forking, replaying, schema
from edge.journal.errors import StorageCorrupt, StorageFull
from edge.journal.model import AckOutcome, Appended, Budget, Head, Loaded, Maintained, NewRecord, Opened
from edge.journal.opening import open_storage
from edge.journal.reserve import Reserve
from edge.journal.room import Room
from edge.journal.rows import STREAMS_BY_CODE, Position, Row, bytes_of, digest_at, heads_of, keeps_any, seal
from edge.journal.schema import INSERT_RECORD, STREAM_CODES
from edge.journal.storage import Connect, Connection, connect_sqlite, journal_error, transaction, translated
from edge.journal.verification import Verified, verify_storage

SMALL_WRITE_BYTES: Final = 64 * 1024
"""More than a cursor, an epoch or a step of a fork need."""


def reserve_of(path: Path, budget: Budget) -> Reserve:
    """The reserve file that belongs to a journal."""
    return Reserve(path.with_name(path.stem + ".reserve"), budget.reserve_bytes)


class Journal:
    """Open it with `Journal.open`. Every method may raise `JournalError`; after one, nothing is half done."""

    def __init__(self, path: Path, budget: Budget, connect: Connect, connection: Connection, opened: Opened) -> None:
        self._path = path
        self._budget = budget
        self._connect = connect
        self._reserve = reserve_of(path, budget)
        self._begin(connection, opened)

    @classmethod
    def open(cls, path: Path, budget: Budget | None = None, connect: Connect = connect_sqlite) -> "Journal":
        """Opens, creates, or sets aside and creates; `journal.opened` says which.

        Raises:
            StorageFull, StorageLocked, StorageBroken: not now; try again.
            SchemaTooNew: written by a newer version; left as it is.
        """
        budget = budget or Budget()
        try:
            connection, opened = open_storage(path, budget, connect, boot=None)
        except StorageFull:
            # Opening writes the boot's number; the reserve is there for such.
            if not reserve_of(path, budget).release():
                raise
            connection, opened = open_storage(path, budget, connect, boot=None)
        return cls(path, budget, connect, connection, opened)

    def _begin(self, connection: Connection, opened: Opened) -> None:
        self.opened = opened
        self._connection = connection
        self._condemned = ""
        with translated():
            self._epoch_number, self._epoch = schema.current_epoch(connection)
            self._heads = heads_of(connection, self._epoch_number)
        self._moving = forking.is_unfinished(connection)
        # True after a failed commit: the disk may or may not have it. See `append`.
        self._unsure = False
        self._room = Room(connection, self._path, self._budget, self._reserve)

    # ------------------------------------------------------------ what it is

    @property
    def epoch(self) -> Epoch:
        return self._epoch

    @property
    def boot(self) -> int:
        """Counts the runs on this storage; every record carries it."""
        return self.opened.boot

    def heads(self) -> dict[Stream, Head]:
        """Where both streams stand, as committed."""
        return dict(self._heads)

    @property
    def unacknowledged(self) -> int:
        """Positions of both streams that the cloud has not confirmed."""
        return sum(head.unacknowledged for head in self._heads.values())

    # ------------------------------------------------------------ writing

    def append(self, batch: Sequence[NewRecord]) -> list[Appended]:
        """Stores the batch in one transaction; it is on the disk when this returns.

        After an error the same batch, or a longer one that begins with it, may be passed again: should the failed
        commit have reached the disk all the same, its records are recognised by their digests and not stored twice.

        Raises:
            RecordRefused: one record cannot be stored; drop it and pass the others again.
            StorageFull: no room, although acknowledged records were dropped and the reserve released.
            StorageLocked, StorageBroken
        """
        if not batch:
            return []
        self._settle()
        rows = self._seal(batch)
        self._write(bytes_of(rows), lambda: self._insert(rows), keeps_house=False)
        self._unsure = False
        for row in rows:
            stream = STREAMS_BY_CODE[row.stream]
            self._heads[stream] = replace(self._heads[stream], seq=row.seq, digest=row.digest)
        return [Appended(STREAMS_BY_CODE[row.stream], Seq(row.seq), row.digest) for row in rows]

    def _seal(self, batch: Sequence[NewRecord]) -> list[Row]:
        ends = {stream: (head.seq, head.digest) for stream, head in self._heads.items()}
        return seal(batch, Position(self._epoch_number, self._epoch, self.boot, ends))

    def _insert(self, rows: Sequence[Row]) -> None:
        stored = self._already_stored(rows) if self._unsure else 0
        if stored < len(rows):
            self._unsure = True
            with transaction(self._connection):
                self._connection.executemany(INSERT_RECORD, rows[stored:])

    def _write(self, needed_bytes: int, write: Callable[[], None], *, keeps_house: bool = True) -> None:
        """Carries out `write` in the room there is, or that can be made (see `room`)."""
        with self._watched():
            made_room = self._room.write(needed_bytes, write, keeps_house=keeps_house)
        if made_room:
            self._refresh_heads()

    def _already_stored(self, rows: Sequence[Row]) -> int:
        """How many of `rows` a commit that reported failure has stored."""
        with translated():
            for index, row in enumerate(rows):
                if digest_at(self._connection, row.epoch, row.stream, row.seq) != row.digest:
                    return index
        return len(rows)

    def acknowledge(self, epoch: Epoch, stream: Stream, through_seq: int, digest: str | None) -> AckOutcome:
        """The cloud has committed all up to `through_seq`, where it holds `digest`. Moves the cursor forward only.

        Without the digest of the record there, nothing is let go that is still kept.
        """
        self._settle()
        if epoch != self._epoch:
            return AckOutcome.OTHER_EPOCH
        head, code = self._heads[stream], STREAM_CODES[stream]
        if through_seq > head.seq and not self._holds(code, through_seq):
            return AckOutcome.AHEAD
        with self._watched(), translated():
            ours = digest_at(self._connection, self._epoch_number, code, through_seq) if through_seq > 0 else None
        if digest is not None and ours is not None and ours != digest:
            return AckOutcome.DIGEST_DIFFERS
        if through_seq <= head.acknowledged_seq:
            return AckOutcome.ALREADY
        if digest is None or ours is None:
            with self._watched(), translated():
                if keeps_any(self._connection, self._epoch_number, code, head.acknowledged_seq, through_seq):
                    return AckOutcome.UNPROVEN
        self._write(SMALL_WRITE_BYTES, lambda: self._move_cursor(code, through_seq))
        self._heads[stream] = replace(self._heads[stream], acknowledged_seq=through_seq)
        return AckOutcome.ADVANCED

    def _move_cursor(self, code: int, through_seq: int) -> None:
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE stream SET acknowledged_seq = ? WHERE epoch = ? AND stream = ?",
                (through_seq, self._epoch_number, code),
            )

    def _holds(self, code: int, seq: int) -> bool:
        """Whether a commit that reported failure has stored `seq`, so that the uplink could ship it."""
        if not self._unsure:
            return False
        with self._watched(), translated():
            return digest_at(self._connection, self._epoch_number, code, seq) is not None

    def fork(self, reason: str, *, mono_ms: int, recorded_at_ms: int, clock_trusted: bool) -> Epoch:
        """Goes on under a new epoch: a `JournalForked`, then the unacknowledged records again, then what comes."""
        self._settle()

        def begin() -> None:
            forking.begin_fork(
                self._connection,
                Position(self._epoch_number, self._epoch, self.boot, {}),
                reason,
                mono_ms=mono_ms,
                recorded_at_ms=recorded_at_ms,
                clock_trusted=clock_trusted,
            )

        self._write(SMALL_WRITE_BYTES, begin)
        self._moving = True
        self._settle()
        return self._epoch

    def _settle(self) -> None:
        """Finishes a fork that a failure has interrupted, before anything else is written."""
        if self._moving:
            self._refresh_heads()
            self._write(SMALL_WRITE_BYTES, lambda: forking.finish_fork(self._connection))
            self._moving = False
            self._refresh_heads()

    # ------------------------------------------------------------ start and snapshots

    def save_snapshot(self, state_json: str, version: int, through_seq: int | None = None) -> None:
        """Keeps the durable state behind the events up to `through_seq` (default: all that are committed)."""
        self._settle()
        through = self._heads[Stream.EVENTS].seq if through_seq is None else through_seq
        if through > self._heads[Stream.EVENTS].seq:
            raise ValueError(f"snapshot through {through}, but events end at {self._heads[Stream.EVENTS].seq}")
        self._write(2 * len(state_json), lambda: self._save_snapshot(through, version, state_json))

    def _save_snapshot(self, through_seq: int, version: int, state_json: str) -> None:
        with transaction(self._connection):
            replaying.save_snapshot(self._connection, self._epoch_number, through_seq, version, state_json)

    def load(self) -> Loaded:
        """The newest readable snapshot and the events behind it. Exhaust the iterator before writing."""
        self._settle()
        with self._watched(), translated():
            return replaying.load(self._connection)

    def set_aside_snapshot(self) -> bool:
        """Drops the newest snapshot, because the core cannot read it; whether there was one. Then `load` again."""
        dropped: list[bool] = []

        def drop() -> None:
            with transaction(self._connection):
                dropped.append(replaying.drop_newest_snapshot(self._connection))

        self._write(SMALL_WRITE_BYTES, drop)
        return dropped[-1]

    # ------------------------------------------------------------ house-keeping

    def maintain(self, now_ms: int | None) -> Maintained:
        """A bounded round of house-keeping: old and surplus records go, the log is copied back, the reserve rebuilt.

        `now_ms` is None while the clock is not trusted; then nothing goes by age. Call it about once a minute, and
        again soon when the answer says `more`.
        """
        self._settle()
        with self._watched():
            done = self._room.maintain(now_ms)
        self._refresh_heads()
        return done

    def verify(self) -> Verified:
        """Walks every chain of every epoch from end to end."""
        with self._watched(), translated():
            return verify_storage(self._connection)

    def reopen(self) -> Opened:
        """Closes and opens the file again in the same run, after `StorageBroken`. A damaged file is set aside."""
        before = self._epoch, self._heads
        self._close_quietly()
        connection, opened = open_storage(
            self._path, self._budget, self._connect, boot=self.boot, condemned=self._condemned
        )
        self._begin(connection, opened)
        if self._epoch == before[0]:
            # What the caller was told of is the truth to go on from; `append` recognises what lies behind it.
            self._heads, self._unsure = before[1], True
        return opened

    def close(self) -> None:
        """Copies the log back and closes. The journal is not used after this."""
        self._close_quietly()

    def _close_quietly(self) -> None:
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise journal_error(error) from error

    def _refresh_heads(self) -> None:
        with self._watched(), translated():
            self._epoch_number, epoch = schema.current_epoch(self._connection)
            heads = heads_of(self._connection, self._epoch_number)
        if self._unsure and epoch == self._epoch:
            # What lies behind the last head that was told is not ours to count yet (see `append`).
            told = self._heads
            heads = {key: replace(head, seq=told[key].seq, digest=told[key].digest) for key, head in heads.items()}
        self._epoch, self._heads = epoch, heads

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Remembers damage that any statement meets, so that `reopen` does not trust the file for its sound tail."""
        try:
            yield
        except StorageCorrupt as error:
            self._condemned = self._condemned or str(error)
            raise
