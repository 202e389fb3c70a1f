"""The journal's rules without SQLite: what `edge.journal` does to positions, digests, epochs and snapshots.

A record's digest is a number here, chained by `hash`. The test `tests/proof/test_journal_model.py` leads this model and
the real journal through the same operations. A copy is an image of the storage, as a card reader would make it.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from contract.frozen import frozen
from contract.ids import Epoch, Stream
from contract.records import JournalForked, JournalGap, Record, stream_of
from edge.core.state import RecordedAt
from edge.journal.model import AckOutcome

KEPT_ACKNOWLEDGED = 1_500
"""Acknowledged positions kept, so that a cloud restored from a backup can have them again."""
HARD_LIMIT = 500
"""Above so many unacknowledged positions the oldest are given up, with a gap record. Low, so that it happens."""
GIVEN_UP_AT_ONCE = 200


@frozen
class Kept:
    """One position, or, for a gap, `covers_from … seq`."""

    seq: int
    covers_from: int
    record: Record
    at: RecordedAt
    clock_trusted: bool
    digest: int


@dataclass(frozen=True)
class Snapshot:
    epoch_number: int
    through_seq: int
    state: Any
    """As JSON text; None when it was damaged."""


@dataclass
class Lane:
    """One stream of one epoch."""

    seq: int = 0
    digest: int = 0
    floor_seq: int = 0
    acknowledged_seq: int = 0
    kept: deque[Kept] = field(default_factory=deque)

    def digest_at(self, seq: int) -> int | None:
        if seq == self.seq:
            return self.digest
        row = next((row for row in reversed(self.kept) if row.seq <= seq), None)
        return row.digest if row is not None and row.seq == seq else None

    def after(self, seq: int, most: int) -> list[Kept]:
        """Up to `most` rows behind `seq`, oldest first. Looks from the newer end, where readers are."""
        found: list[Kept] = []
        for row in reversed(self.kept):
            if row.seq <= seq:
                break
            found.append(row)
        found.reverse()
        return found[:most]

    def copy(self) -> "Lane":
        return replace(self, kept=deque(self.kept))


class JournalModel:
    """One storage. `number` counts its epochs, the last one is current."""

    def __init__(self, epoch: Epoch) -> None:
        self.epochs = [epoch]
        self.lanes = [{stream: Lane() for stream in Stream}]
        self.snapshots: deque[Snapshot] = deque(maxlen=2)
        self.boot = 0

    def copy(self) -> "JournalModel":
        image = JournalModel(self.epochs[-1])
        image.epochs = list(self.epochs)
        image.lanes = [{stream: lane.copy() for stream, lane in lanes.items()} for lanes in self.lanes]
        image.snapshots = self.snapshots.copy()
        image.boot = self.boot
        return image

    @property
    def epoch(self) -> Epoch:
        return self.epochs[-1]

    def lane(self, stream: Stream) -> Lane:
        return self.lanes[-1][stream]

    @property
    def unacknowledged(self) -> int:
        events, telemetry = self.lanes[-1].values()
        return events.seq - events.acknowledged_seq + telemetry.seq - telemetry.acknowledged_seq

    # ------------------------------------------------ writing

    def append(self, record: Record, at: RecordedAt, clock_trusted: bool) -> None:
        lane = self.lanes[-1][stream_of(record)]
        lane.seq += 1
        lane.digest = hash((lane.digest, lane.seq, at.mono_ms, at.wall_ms, at.boot, type(record).__name__))
        lane.kept.append(Kept(lane.seq, lane.seq, record, at, clock_trusted, lane.digest))

    def acknowledge(self, epoch: Epoch, stream: Stream, through_seq: int, digest: int | None) -> AckOutcome:
        if epoch != self.epoch:
            return AckOutcome.OTHER_EPOCH
        lane = self.lane(stream)
        if through_seq > lane.seq:
            return AckOutcome.AHEAD
        ours = lane.digest_at(through_seq) if through_seq else None
        if digest is not None and ours is not None and ours != digest:
            return AckOutcome.DIGEST_DIFFERS
        if through_seq <= lane.acknowledged_seq:
            return AckOutcome.ALREADY
        proven = digest is not None and ours is not None
        if not proven and any(lane.acknowledged_seq < row.seq <= through_seq for row in lane.kept):
            return AckOutcome.UNPROVEN
        lane.acknowledged_seq = through_seq
        return AckOutcome.ADVANCED

    def fork(self, epoch: Epoch, reason: str, at: RecordedAt, clock_trusted: bool) -> None:
        """A new epoch: `JournalForked`, then what the old one has unacknowledged, sealed anew."""
        old, old_number = self.lanes[-1], len(self.epochs) - 1
        previous = self.epoch
        self.epochs.append(epoch)
        self.lanes.append({stream: Lane() for stream in Stream})
        self.append(JournalForked(previous, reason), at, clock_trusted)
        for stream, lane in old.items():
            moved = [row for row in lane.kept if row.seq > lane.acknowledged_seq]
            for row in moved:
                lane.kept.pop()
                self._move(row, lane.acknowledged_seq, stream, old_number)
            # What was moved is no longer of the old epoch; its last row is the acknowledged one, where it is kept.
            lane.seq = lane.kept[-1].seq if lane.kept else lane.floor_seq
            lane.digest = lane.kept[-1].digest if lane.kept else lane.digest

    def _move(self, row: Kept, acknowledged_seq: int, stream: Stream, old_number: int) -> None:
        lane = self.lane(stream)
        width = row.seq - max(row.covers_from - 1, acknowledged_seq)
        first, last = lane.seq + 1, lane.seq + width
        record = row.record
        if isinstance(record, JournalGap):
            record = replace(record, first=first, last=last)
        lane.seq = last
        lane.digest = hash((lane.digest, last, row.digest))
        lane.kept.append(Kept(last, first, record, row.at, row.clock_trusted, lane.digest))
        if stream is Stream.EVENTS:
            self.snapshots = deque(
                (
                    replace(snapshot, epoch_number=len(self.epochs) - 1, through_seq=last)
                    if (snapshot.epoch_number, snapshot.through_seq) == (old_number, row.seq)
                    else snapshot
                    for snapshot in self.snapshots
                ),
                maxlen=2,
            )

    # ------------------------------------------------ start

    def save_snapshot(self, state_json: str) -> None:
        self.snapshots.append(Snapshot(len(self.epochs) - 1, self.lane(Stream.EVENTS).seq, state_json))

    def load(self) -> tuple[str | None, list[Kept]]:
        """The newest readable snapshot and the events behind it; damaged ones are dropped."""
        while self.snapshots and self.snapshots[-1].state is None:
            self.snapshots.pop()
        newest = self.snapshots[-1] if self.snapshots else Snapshot(0, 0, None)
        rows: list[Kept] = []
        for number in range(newest.epoch_number, len(self.epochs)):
            after = newest.through_seq if number == newest.epoch_number else 0
            lane = self.lanes[number][Stream.EVENTS]
            rows += lane.after(after, len(lane.kept))
        return newest.state, rows

    @property
    def latest_trusted_ms(self) -> int | None:
        """By stream the newest record that was written with a trusted clock."""
        times = []
        for stream in Stream:
            rows = (row for lanes in reversed(self.lanes) for row in reversed(lanes[stream].kept))
            newest = next((row.at.wall_ms for row in rows if row.clock_trusted), None)
            times += [] if newest is None else [newest]
        return max(times, default=None)

    # ------------------------------------------------ room

    def maintain(self) -> int:
        """Drops what may go; returns how many unacknowledged positions had to be given up."""
        oldest = self.snapshots[0] if self.snapshots else Snapshot(0, 0, None)
        given_up = 0
        for number, lanes in enumerate(self.lanes):
            for stream, lane in lanes.items():
                through = lane.acknowledged_seq - KEPT_ACKNOWLEDGED
                if stream is Stream.EVENTS:
                    replayed_by_nobody = oldest.through_seq if number == oldest.epoch_number else 0
                    through = min(through, lane.seq if number < oldest.epoch_number else replayed_by_nobody)
                while lane.kept and lane.kept[0].seq <= through:
                    lane.floor_seq = lane.kept.popleft().seq
        for stream, lane in self.lanes[-1].items():
            if lane.seq - lane.acknowledged_seq > HARD_LIMIT:
                given_up += self._give_up(stream, lane)
        return given_up

    def _give_up(self, stream: Stream, lane: Lane) -> int:
        """One gap record in the place of the oldest unacknowledged records."""
        rows = [row for row in lane.kept if row.seq > lane.acknowledged_seq][:GIVEN_UP_AT_ONCE]
        if not rows:
            return 0
        first, gap = rows[0].covers_from, rows[-1]
        kept = [row for row in lane.kept if row.seq < first]
        record = JournalGap(stream, first, gap.seq, "no room")
        kept.append(replace(gap, covers_from=first, record=record))
        lane.kept = deque([*kept, *(row for row in lane.kept if row.seq > gap.seq)])
        return sum(not isinstance(row.record, JournalGap) for row in rows)
