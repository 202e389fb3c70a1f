"""The journal's writer. One thread of the controller owns it and calls it; nothing here is safe to share."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from contract.ids import Epoch, Seq, Stream
from edge.journal import replaying, retention, schema
from edge.journal.errors import StorageCorrupt, StorageFull
from edge.journal.forking import fork_storage
from edge.journal.model import AckOutcome, Appended, Budget, Head, Loaded, Maintained, NewRecord, Opened
from edge.journal.opening import open_storage
from edge.journal.reserve import Reserve
from edge.journal.rows import STREAMS_BY_CODE, Position, Row, digest_at, heads_of, seal
from edge.journal.schema import INSERT_RECORD, STREAM_CODES
from edge.journal.storage import Connect, Connection, connect_sqlite, journal_error, transaction, translated
from edge.journal.verification import Verified, verify_storage


class Journal:
    """Open it with `Journal.open`. Every method may raise `JournalError`; after one, nothing is half done."""

    def __init__(self, path: Path, budget: Budget, connect: Connect, connection: Connection, opened: Opened) -> None:
        self._path = path
        self._budget = budget
        self._connect = connect
        self._reserve = Reserve(path.with_name(path.stem + ".reserve"), budget.reserve_bytes)
        self._begin(connection, opened)

    @classmethod
    def open(cls, path: Path, budget: Budget | None = None, connect: Connect = connect_sqlite) -> "Journal":
        """Opens, creates, or sets aside and creates; `journal.opened` says which.

        Raises:
            StorageFull, StorageLocked, StorageBroken: not now; try again.
            SchemaTooNew: written by a newer version; left as it is.
        """
        budget = budget or Budget()
        connection, opened = open_storage(path, budget, connect, boot=None)
        return cls(path, budget, connect, connection, opened)

    def _begin(self, connection: Connection, opened: Opened) -> None:
        self.opened = opened
        self._connection = connection
        self._condemned = ""
        with translated():
            self._epoch_number, self._epoch = schema.current_epoch(connection)
            self._heads = heads_of(connection, self._epoch_number)
        # True after a failed commit: the disk may or may not have it. See `append`.
        self._unsure = False
        self._reserve.ensure()

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
        rows = self._seal(batch)
        stored = self._already_stored(rows) if self._unsure else 0
        if stored < len(rows):
            try:
                self._insert(rows[stored:])
            except StorageFull as full:
                self._insert_after_making_room(rows[stored:], full)
        self._unsure = False
        for row in rows:
            stream = STREAMS_BY_CODE[row.stream]
            self._heads[stream] = replace(self._heads[stream], seq=row.seq, digest=row.digest)
        return [Appended(STREAMS_BY_CODE[row.stream], Seq(row.seq), row.digest) for row in rows]

    def _seal(self, batch: Sequence[NewRecord]) -> list[Row]:
        ends = {stream: (head.seq, head.digest) for stream, head in self._heads.items()}
        return seal(batch, Position(self._epoch_number, self._epoch, self.boot, ends))

    def _insert(self, rows: Sequence[Row]) -> None:
        self._unsure = True
        with self._watched(), transaction(self._connection):
            self._connection.executemany(INSERT_RECORD, rows)

    def _insert_after_making_room(self, rows: Sequence[Row], full: StorageFull) -> None:
        released = self._reserve.release()
        done = ["reserve released" if released else "reserve already used"]
        try:
            with self._watched():
                done.append(retention.make_room_when_full(self._connection, self._budget))
        except StorageFull:
            done.append("no room to clean up")
        try:
            self._insert(rows)
        except StorageFull:
            raise StorageFull(str(full), "; ".join(done)) from full
        self._refresh_heads()

    def _already_stored(self, rows: Sequence[Row]) -> int:
        """How many of `rows` a commit that reported failure has stored."""
        with self._watched(), translated():
            for index, row in enumerate(rows):
                if digest_at(self._connection, row.epoch, row.stream, row.seq) != row.digest:
                    return index
        return len(rows)

    def acknowledge(self, epoch: Epoch, stream: Stream, through_seq: int, digest: str | None) -> AckOutcome:
        """The cloud has committed all up to `through_seq`, where it holds `digest`. Moves the cursor forward only."""
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
        with self._watched(), transaction(self._connection):
            self._connection.execute(
                "UPDATE stream SET acknowledged_seq = ? WHERE epoch = ? AND stream = ?",
                (through_seq, self._epoch_number, code),
            )
        self._heads[stream] = replace(head, acknowledged_seq=through_seq)
        return AckOutcome.ADVANCED

    def _holds(self, code: int, seq: int) -> bool:
        """Whether a commit that reported failure has stored `seq`, so that the uplink could ship it."""
        if not self._unsure:
            return False
        with self._watched(), translated():
            return digest_at(self._connection, self._epoch_number, code, seq) is not None

    def fork(self, reason: str, *, mono_ms: int, recorded_at_ms: int, clock_trusted: bool) -> Epoch:
        """Goes on under a new epoch: a `JournalForked`, then the unacknowledged records again, then what comes."""
        with self._watched():
            fork_storage(
                self._connection,
                Position(self._epoch_number, self._epoch, self.boot, {}),
                reason,
                mono_ms=mono_ms,
                recorded_at_ms=recorded_at_ms,
                clock_trusted=clock_trusted,
            )
        self._refresh_heads()
        return self._epoch

    # ------------------------------------------------------------ start and snapshots

    def save_snapshot(self, state_json: str, version: int, through_seq: int | None = None) -> None:
        """Keeps the durable state behind the events up to `through_seq` (default: all that are committed)."""
        through = self._heads[Stream.EVENTS].seq if through_seq is None else through_seq
        if through > self._heads[Stream.EVENTS].seq:
            raise ValueError(f"snapshot through {through}, but events end at {self._heads[Stream.EVENTS].seq}")
        with self._watched(), transaction(self._connection):
            replaying.save_snapshot(self._connection, self._epoch_number, self._epoch, through, version, state_json)

    def load(self) -> Loaded:
        """The newest readable snapshot and the events behind it. Exhaust the iterator before writing."""
        with self._watched(), translated():
            return replaying.load(self._connection)

    def set_aside_snapshot(self) -> bool:
        """Drops the newest snapshot, because the core cannot read it; whether there was one. Then `load` again."""
        with self._watched(), transaction(self._connection):
            return replaying.drop_newest_snapshot(self._connection)

    # ------------------------------------------------------------ house-keeping

    def maintain(self, now_ms: int | None) -> Maintained:
        """A bounded round of house-keeping: old and surplus records go, the log is copied back, the reserve rebuilt.

        `now_ms` is None while the clock is not trusted; then nothing goes by age. Call it about once a minute, and
        again soon when the answer says `more`.
        """
        with self._watched():
            done = retention.maintain(self._connection, self._path, self._budget, now_ms)
        self._refresh_heads()
        return replace(done, reserve_present=self._reserve.ensure())

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
