"""What goes into the journal and comes out of it, as frozen dataclasses."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from contract.ids import Epoch, Seq, Stream
from contract.records import Record

MIB: Final = 1024 * 1024
DAY_MS: Final = 24 * 3600 * 1000
MAX_SEQ: Final = 2**63 - 1


@dataclass(frozen=True)
class Budget:
    """How much room the journal may take.

    Above `soft_bytes` acknowledged records go, oldest first, then the oldest telemetry. Above `hard_bytes` the oldest
    events go as well. Whatever goes unacknowledged leaves a gap record.
    """

    soft_bytes: int = 256 * MIB
    hard_bytes: int = 384 * MIB
    keep_acknowledged_ms: int = 90 * DAY_MS
    reserve_bytes: int = 8 * MIB
    wal_bytes: int = 4 * MIB
    """Size at which the write-ahead log is copied back and to which its file is cut; it grows beyond only while a
    reader holds an old view."""

    def __post_init__(self) -> None:
        if not 0 < self.soft_bytes < self.hard_bytes:
            raise ValueError(f"soft_bytes {self.soft_bytes} must lie between 0 and hard_bytes {self.hard_bytes}")


@dataclass(frozen=True)
class NewRecord:
    """A record to be stored, with the time it happened at."""

    record: Record
    mono_ms: int
    recorded_at_ms: int
    clock_trusted: bool


@dataclass(frozen=True)
class Appended:
    """Where a record was stored. It is on the disk."""

    stream: Stream
    seq: Seq
    digest: str


@dataclass(frozen=True)
class StoredRecord:
    """A record as it stands in the journal."""

    epoch: Epoch
    stream: Stream
    seq: Seq
    boot: int
    mono_ms: int
    recorded_at_ms: int
    clock_trusted: bool
    record: Record
    digest: str


@dataclass(frozen=True)
class Snapshot:
    """The station's durable state behind the events up to `through_seq`. `version` is the state's own."""

    epoch: Epoch
    through_seq: Seq
    version: int
    state_json: str


@dataclass(frozen=True)
class Loaded:
    """What a start needs: the newest readable snapshot, and an iterator over the events behind it, oldest first.

    The iterator reads page by page and is to be exhausted before the journal is written. `notes` names snapshots that
    could not be read and were dropped, and events behind the snapshot that the hard limit has not left.
    """

    snapshot: Snapshot | None
    records: Iterator[StoredRecord]
    latest_trusted_ms: int | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """What opening found. `recovered`: the file was unreadable and now lies at `set_aside`; `reason` says why."""

    epoch: Epoch
    boot: int
    fresh: bool
    recovered: bool = False
    reason: str = ""
    set_aside: Path | None = None


@dataclass(frozen=True)
class Head:
    """One stream: records `floor_seq < seq <= seq` are kept, those up to `acknowledged_seq` are the cloud's too."""

    seq: int
    digest: str
    floor_seq: int
    acknowledged_seq: int

    @property
    def unacknowledged(self) -> int:
        return max(0, self.seq - self.acknowledged_seq)


class AckOutcome(Enum):
    """What an acknowledgement meant. After `AHEAD` and `DIGEST_DIFFERS` call `Journal.fork`."""

    ADVANCED = "advanced"
    ALREADY = "already"
    AHEAD = "ahead"
    DIGEST_DIFFERS = "digest_differs"
    OTHER_EPOCH = "other_epoch"
    UNPROVEN = "unproven"
    """It does not name the digest of a record that it would let go. Acknowledgements are unsigned, so that who does
    not know what was recorded must not be able to confirm it."""

    @property
    def is_fork(self) -> bool:
        return self in (AckOutcome.AHEAD, AckOutcome.DIGEST_DIFFERS)


@dataclass(frozen=True)
class Maintained:
    """What one round of maintenance did, and whether the journal may take new records without worry."""

    dropped_acknowledged: int = 0
    given_up: tuple[tuple[Stream, int], ...] = ()
    """Unacknowledged records replaced by gap records, by this round or by appends since the one before."""
    used_bytes: int = 0
    reserve_present: bool = True
    more: bool = False
    """There is more to do; call again soon."""
