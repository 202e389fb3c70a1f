"""Numbers typed at keypads: what is configured, remembered and waited for. The machine is in `pins`.

*Guessing.* After `TRIES` wrong numbers in a row, none `FORGOTTEN_MS` after the one before, numbers are locked out: at
the reader for a minute, doubling with each time to a quarter of an hour, and for the member whose card it was for a
quarter of an hour at every reader. A right number ends the row. Both are folded from the records of wrong numbers, so
that pulling the plug gives nobody new tries: with a restart a row goes on where the wall clock says, and one that
has gone back has not run at all.

*Duress.* That somebody called for help is remembered until somebody has acknowledged it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.ids import MemberId, ReaderId
from contract.policy.model import Factor
from contract.records import AccessDenied, AccessGranted, AlarmAcknowledged, AlarmCode, Reason, StationBooted
from edge.core.changed import changed
from edge.core.events import CardPresented
from edge.core.stamp import RecordedAt

TRIES: Final = 5
FORGOTTEN_MS: Final = 10 * 60_000
READER_LOCK_MS: Final = 60_000
LONGEST_LOCK_MS: Final = 15 * 60_000
LOCKS_FORGOTTEN_MS: Final = 60 * 60_000
"""So long after a wrong number the next lock-out of a reader is a first one again."""
MAX_READER_ROWS: Final = 16
MAX_MEMBER_ROWS: Final = 64
"""Of more, the one whose latest wrong number is oldest is forgotten."""
MAX_CALLS: Final = 16


@dataclass(frozen=True)
class PinConfig:
    """Times in milliseconds."""

    pairing_ms: int = 10_000
    """A card waits so long for its number."""
    keypads: frozenset[ReaderId] = frozenset()
    """The readers with a keypad; a card waits for its number nowhere else."""
    codes_alone: bool = False
    """A number may be a credential by itself."""

    def __post_init__(self) -> None:
        if not 1_000 <= self.pairing_ms <= 60_000:
            raise ValueError(f"pairing_ms = {self.pairing_ms}: must be from 1000 to 60000")


@dataclass(frozen=True)
class WrongRow:
    """Wrong numbers in a row, at a reader or for a member (`who`). Moments are of this boot's monotonic clock."""

    who: str
    wrong: int
    latest_ms: int
    latest_wall_ms: int
    lock_ms: int = 0
    """Numbers are locked out for so long from the latest wrong one; 0: they are not."""
    locks: int = 0

    @property
    def locked_until_ms(self) -> int:
        return self.latest_ms + self.lock_ms

    def is_locked(self, mono_ms: int) -> bool:
        return self.lock_ms > 0 and mono_ms < self.locked_until_ms


@dataclass(frozen=True)
class DuressCall:
    """Somebody called for help at this reader, and nobody has acknowledged it."""

    reader: ReaderId
    member: MemberId | None


@dataclass(frozen=True)
class PinMemory:
    """Durable. Rows are in the order of their latest wrong number."""

    readers: tuple[WrongRow, ...] = ()
    members: tuple[WrongRow, ...] = ()
    duress: tuple[DuressCall, ...] = ()

    def is_locked(self, reader: ReaderId, member: MemberId | None, mono_ms: int) -> bool:
        """Whether numbers are not taken now at this reader, or for this member."""
        return any(row.who == reader and row.is_locked(mono_ms) for row in self.readers) or any(
            row.who == member and row.is_locked(mono_ms) for row in self.members
        )


@dataclass(frozen=True)
class Waiting:
    """A card that needs a number."""

    card: CardPresented
    until_ms: int


@dataclass(frozen=True)
class Checking:
    """A number that the shell checks; `typed` is what will be judged then, but for its verdict."""

    entry: int
    typed: CardPresented
    until_ms: int


@dataclass(frozen=True)
class PinsNow:
    """Volatile."""

    waiting: Mapping[ReaderId, Waiting] = field(default_factory=dict)
    checking: Mapping[ReaderId, Checking] = field(default_factory=dict)
    locked: Mapping[str, int] = field(default_factory=dict)
    """What is locked out, and until when: readers, and `pins.MEMBERS` while any member is."""


def fold(
    memory: PinMemory, record: AccessGranted | AccessDenied | AlarmAcknowledged | StationBooted, at: RecordedAt
) -> PinMemory:
    """What is remembered after one more record."""
    if isinstance(record, StationBooted):
        if not (memory.readers or memory.members):
            return memory
        return changed(memory, readers=_taken_over(memory.readers, at), members=_taken_over(memory.members, at))
    if isinstance(record, AlarmAcknowledged):
        if record.code is not AlarmCode.DURESS:
            return memory
        return changed(memory, duress=tuple(call for call in memory.duress if call.reader != record.source))
    if record.duress:
        others = tuple(call for call in memory.duress if call.reader != record.reader)
        memory = changed(memory, duress=(*others, DuressCall(record.reader, record.member))[-MAX_CALLS:])
    if isinstance(record, AccessDenied):
        return _wrong(memory, record, at) if record.reason is Reason.WRONG_PIN else memory
    if Factor.PIN not in record.factors.split("+"):
        return memory
    return changed(
        memory, readers=_without(memory.readers, record.reader), members=_without(memory.members, record.member)
    )


def _wrong(memory: PinMemory, record: AccessDenied, at: RecordedAt) -> PinMemory:
    readers = _one_more(memory.readers, record.reader, at, READER_LOCK_MS)[-MAX_READER_ROWS:]
    if record.member is None:
        return changed(memory, readers=readers)
    members = _one_more(memory.members, record.member, at, LONGEST_LOCK_MS)[-MAX_MEMBER_ROWS:]
    return changed(memory, readers=readers, members=members)


def _one_more(rows: tuple[WrongRow, ...], who: str, at: RecordedAt, lock_ms: int) -> tuple[WrongRow, ...]:
    row = next((row for row in rows if row.who == who), WrongRow(who, 0, at.mono_ms, at.wall_ms))
    since_ms = at.mono_ms - row.latest_ms
    wrong = 1 if row.lock_ms or since_ms >= FORGOTTEN_MS else row.wrong + 1
    locks = 0 if since_ms >= LOCKS_FORGOTTEN_MS else row.locks
    lock_for_ms = 0
    if wrong >= TRIES:
        lock_for_ms, locks = min(lock_ms * 2**locks, LONGEST_LOCK_MS), min(locks + 1, TRIES)
    return (*_without(rows, who), WrongRow(who, wrong, at.mono_ms, at.wall_ms, lock_for_ms, locks))


def _without(rows: tuple[WrongRow, ...], who: str) -> tuple[WrongRow, ...]:
    return tuple(row for row in rows if row.who != who) if rows else rows


def _taken_over(rows: tuple[WrongRow, ...], at: RecordedAt) -> tuple[WrongRow, ...]:
    """The rows of an earlier run by this one's clock."""
    taken = []
    for row in rows:
        ago_ms = max(0, at.wall_ms - row.latest_wall_ms)
        if ago_ms < LOCKS_FORGOTTEN_MS:
            taken.append(changed(row, latest_ms=at.mono_ms - ago_ms, latest_wall_ms=at.wall_ms - ago_ms))
    return tuple(taken)
