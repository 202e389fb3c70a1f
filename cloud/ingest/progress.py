"""What one transaction knows and learns of one stream of one station.

A `Progress` is made from the stream's `received_range` row, which the transaction holds locked; batches are applied
to it one after the other; what is to be written is gathered in `Writes` and written once.

Forks. The same position with another digest, or a batch whose `previous_digest` differs from the digest stored at the
position before it, is another history of the same epoch (a cloned or rolled-back card). Nothing of such a batch is
merged: what differs goes to the `fork` table, and the station is told what is stored here.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from cloud.ingest import ranges as span
from cloud.ingest.check import Checked, unstorable
from cloud.ingest.inbox import Correlation, Journal
from cloud.store.bulk import RecordRow
from contract.messages import Ack, JournalBatch, StreamHead
from contract.records import Priority

MAX_RANGES: Final = 1_000
"""A stream in more pieces than this takes no further piece until holes are filled; the batch stays unacknowledged."""

ROLLBACK_SETTLE_MS: Final = 1_000
"""A greeting that overtakes nothing: one that lies behind what was committed this long before it is a roll-back."""

Key = tuple[str, str, str]
"""Station, epoch, stream."""


class CloudAlarm(StrEnum):
    """Alarms that the cloud raises about a station."""

    JOURNAL_FORKED = "journal_forked"
    JOURNAL_CORRUPT = "journal_corrupt"
    RECORDS_LOST = "records_lost"
    RECORDS_FORGOTTEN = "records_forgotten"
    """The cloud has acknowledged what it does not hold any more: a backup was restored. Over when it holds it again."""
    DUPLICATE_IDENTITY = "duplicate_identity"


class Outcome(StrEnum):
    """What became of a batch."""

    STORED = "stored"
    FORKED = "forked"
    TOO_SCATTERED = "too_scattered"


@dataclass
class Writes:
    """What one transaction will write."""

    records: list[RecordRow] = field(default_factory=list)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    forks: list[dict[str, Any]] = field(default_factory=list)
    findings: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    duplicates: int = 0

    def find(self, station: str, code: CloudAlarm, source: str, detail: str, at_ms: int) -> None:
        """Raise an alarm of the cloud; once per station, code and source."""
        values: dict[str, Any] = {
            "station": station,
            "code": str(code),
            "source": source,
            "priority": str(Priority.HIGH),
        }
        values |= {"detail": detail[:500], "at_ms": at_ms, "applied": False}
        self.findings.setdefault((station, str(code), source), values)

    def set_aside(self, key: Key, seq: int, digest: str | None, reason: str, payload: bytes, at_ms: int) -> None:
        """Keep what cannot be stored as bytes."""
        values: dict[str, Any] = dict(zip(("station", "epoch", "stream"), key, strict=True))
        values |= {"seq": seq, "digest": digest, "reason": reason[:200], "received_at_ms": at_ms, "payload": payload}
        self.quarantine.append(values)


Digests = Callable[[Key, int, int], dict[int, str | None]]
"""The digests stored at positions `first … last` of a stream: a look into the database."""


@dataclass
class Progress:
    key: Key
    ranges: Sequence[span.Range]
    through_digest: str | None
    gap_since_ms: int | None
    advanced_at_ms: int
    stored_digests: Digests
    pending: dict[int, str | None] = field(default_factory=dict)
    """Digests at positions claimed in this transaction."""
    stored: int = 0
    changed: bool = False

    @property
    def through_seq(self) -> int:
        return span.through(self.ranges)

    def ack(self, *, forked: bool = False) -> Ack:
        """What may be said once the transaction is committed."""
        _, epoch, stream = self.key
        values = {"epoch": epoch, "stream": stream, "through_seq": self.through_seq, "forked": forked}
        return Ack.model_validate(values | {"through_digest": self.through_digest})

    def digests(self, first: int, last: int) -> dict[int, str | None]:
        """What is held at positions `first … last`; None for a digest that nobody could read."""
        found = self.stored_digests(self.key, first, last)
        found.update({seq: digest for seq, digest in self.pending.items() if first <= seq <= last})
        return found

    def take(self, journal: Journal, checked: Sequence[Checked], writes: Writes) -> Outcome:
        """Apply a batch whose chain holds."""
        batch, at_ms = journal.batch, journal.received_at_ms
        first, last = batch.first_seq, batch.records[-1].seq
        held: dict[int, str | None] = {}
        if span.overlaps(self.ranges, first, last):
            held = self.digests(first, last)
        if self._differs(batch, held):
            self._set_fork_aside(checked, held, writes, at_ms)
            return Outcome.FORKED
        ranges = span.merge(self.ranges, first, last)
        if len(ranges) > MAX_RANGES:
            return Outcome.TOO_SCATTERED
        self.note_lost_before(min(batch.oldest_seq, first), writes, at_ms)
        for item in checked:
            if item.record.seq in held:
                writes.duplicates += 1
            else:
                self._keep(item, writes, at_ms)
        self._claim(first, last, at_ms)
        return Outcome.STORED

    def take_unreadable(
        self, correlation: Correlation, reason: str, payload: bytes, writes: Writes, at_ms: int
    ) -> None:
        """Claim the position of a single record that nobody can read; its bytes are kept."""
        seq = correlation.first_seq
        if span.covers(self.ranges, seq, seq):
            writes.duplicates += 1
            return
        if len(span.merge(self.ranges, seq, seq)) > MAX_RANGES:
            return
        writes.set_aside(self.key, seq, None, reason, payload, at_ms)
        self.pending[seq] = None
        self._claim(seq, seq, at_ms)

    def greet(self, head: StreamHead, writes: Writes, at_ms: int) -> bool:
        """Compare with what a station says it holds; whether it is on another history than the one stored."""
        self._note_forgotten(head.acknowledged_seq, writes, at_ms)
        self.note_lost_before(head.oldest_seq, writes, at_ms)
        last = head.head_seq
        if last > self.through_seq:
            return False
        stored = self.digests(last, last).get(last) if last > 0 else None
        if stored is not None and stored != head.head_digest:
            self._find_fork(writes, f"another record at position {last}, the station's last", at_ms)
            return True
        # Behind what is stored: rolled back, unless this greeting was merely overtaken by the records sent after it.
        rolled_back = last < self.through_seq and self.advanced_at_ms < at_ms - ROLLBACK_SETTLE_MS
        if rolled_back:
            self._find_fork(writes, f"the station's journal ends at {last}, {self.through_seq} are stored here", at_ms)
        return rolled_back

    def _note_forgotten(self, acknowledged_seq: int, writes: Writes, at_ms: int) -> None:
        """A station was told of more than is held here."""
        if acknowledged_seq <= self.through_seq:
            return
        station, epoch, stream = self.key
        detail = f"{stream} was acknowledged up to {acknowledged_seq}, {self.through_seq} are stored here"
        source = f"{epoch}:{stream}:{acknowledged_seq}"
        writes.find(station, CloudAlarm.RECORDS_FORGOTTEN, source, detail, at_ms)

    def note_lost_before(self, oldest_seq: int, writes: Writes, at_ms: int) -> None:
        """What lies before the oldest record that the station still keeps will never come (restored backup)."""
        expected = self.through_seq + 1
        if oldest_seq <= expected:
            return
        station, epoch, stream = self.key
        lost = span.missing([(expected, oldest_seq - 1)], self.ranges)
        if not lost:
            return
        said = ", ".join(f"{first}–{last}" for first, last in lost[:5])
        detail = f"positions {said} of {stream} are neither here nor at the station any more"
        writes.find(station, CloudAlarm.RECORDS_LOST, f"{epoch}:{stream}:{lost[0][0]}", detail, at_ms)
        self._claim(1, oldest_seq - 1, at_ms)

    def _differs(self, batch: JournalBatch, held: dict[int, str | None]) -> bool:
        for record in batch.records:
            known = held.get(record.seq)
            if known is not None and known != record.digest:
                return True
        before = batch.first_seq - 1
        if before == 0 or not span.covers(self.ranges, before, before):
            return False
        known = self.through_digest if before == self.through_seq else self.digests(before, before).get(before)
        return known is not None and known != batch.previous_digest

    def _set_fork_aside(
        self, checked: Sequence[Checked], held: dict[int, str | None], writes: Writes, at_ms: int
    ) -> None:
        columns = dict(zip(("station", "epoch", "stream"), self.key, strict=True))
        for item in checked:
            if held.get(item.record.seq) == item.record.digest:
                continue
            values = {"seq": item.record.seq, "digest": item.record.digest, "received_at_ms": at_ms}
            writes.forks.append(columns | values | {"payload": _as_bytes(item)})
        self._find_fork(writes, f"another history from position {checked[0].first} on", at_ms)

    def _find_fork(self, writes: Writes, detail: str, at_ms: int) -> None:
        station, epoch, stream = self.key
        # By epoch, as the station's own record of the fork names it: one fork is one alarm.
        writes.find(station, CloudAlarm.JOURNAL_FORKED, epoch, f"{stream}: {detail}", at_ms)

    def _keep(self, item: Checked, writes: Writes, at_ms: int) -> None:
        record = item.record
        self.pending[record.seq] = record.digest
        self.stored += 1
        reason = unstorable(item)
        if reason is not None:
            writes.set_aside(self.key, record.seq, record.digest, reason, _as_bytes(item), at_ms)
            return
        station, epoch, stream = self.key
        writes.records.append(
            RecordRow(
                station=station,
                epoch=epoch,
                stream=stream,
                seq=record.seq,
                recorded_at_ms=record.recorded_at_ms,
                received_at_ms=at_ms,
                boot=record.boot,
                mono_ms=record.mono_ms,
                clock_trusted=record.clock_trusted,
                kind=record.kind,
                body_json=item.body_json,
                digest=record.digest,
            )
        )

    def _claim(self, first: int, last: int, at_ms: int) -> None:
        before = self.through_seq
        self.ranges = span.merge(self.ranges, first, last)
        if self.through_seq > before:
            self.advanced_at_ms = at_ms
            now = self.through_seq
            self.through_digest = self.pending[now] if now in self.pending else self.digests(now, now).get(now)
        whole = len(self.ranges) == 1 and self.through_seq > 0
        self.gap_since_ms = None if whole else (self.gap_since_ms or at_ms)
        self.changed = True


def _as_bytes(item: Checked) -> bytes:
    """The record as JSON, exactly as its digest was made of it."""
    fields = json.dumps(item.record.model_dump(mode="python", exclude={"body"}), ensure_ascii=True)
    return f'{fields[:-1]}, "body": {item.body_json}}}'.encode("ascii")
