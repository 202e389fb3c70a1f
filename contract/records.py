"""What a station writes into its journal: one frozen dataclass per kind.

A record is a fact that has happened. The station's durable state is a fold over these records, and the cloud's picture
of the station is a fold over the same ones, so both ends read the kinds from this one file.

Rules of evolution (see `contract.versions`): a field may be added with a default, never renamed or given another
meaning; a kind may be added; a reader ignores fields it does not know and keeps kinds that it does not know
(`UnknownRecord`). Standard library only.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, Final, cast, get_args

from contract.ids import CredentialHash, MemberId, NodeId, ReaderId, Stream
from contract.plain import PlainError, build


class RecordError(ValueError):
    """A record body lacks a field or has one of the wrong type. The message names kind and field."""


class Reason(StrEnum):
    """Stable reason codes of an access decision. Their meaning never changes; new ones may be added."""

    GRANTED = "granted"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    OUTSIDE_HOURS = "outside_hours"
    NOT_THIS_STATION = "not_this_station"
    LOCKDOWN = "lockdown"
    OUT_OF_SERVICE = "out_of_service"
    STATION_FULL = "station_full"
    ANTIPASSBACK = "antipassback"
    SECOND_FACTOR_REQUIRED = "second_factor_required"
    LIVENESS_FAILED = "liveness_failed"
    LOW_CONFIDENCE = "low_confidence"
    LOCKED_OUT = "locked_out"
    CLOCK_UNTRUSTED = "clock_untrusted"
    STALE = "stale"
    ALREADY_USED = "already_used"
    STORAGE_UNAVAILABLE = "storage_unavailable"


class Posture(StrEnum):
    """How the door treats people (门禁模式)."""

    SECURE = "secure"
    FREE_ACCESS = "free_access"
    TWO_FACTOR = "two_factor"
    LOCKDOWN = "lockdown"
    OUT_OF_SERVICE = "out_of_service"


class DoorMode(StrEnum):
    """The door machine's states. The table is in `edge.core.door`."""

    SECURED = "secured"
    RELEASED = "released"
    OPEN = "open"
    HELD_PRE_ALARM = "held_pre_alarm"
    HELD = "held"
    FORCED = "forced"


class ReleaseCause(StrEnum):
    """Why the lock was let go."""

    CARD = "card"
    FACE = "face"
    PIN = "pin"
    EXIT = "exit"
    FIRE = "fire"
    COMMAND = "command"
    FREE_ACCESS = "free_access"


class RelockCause(StrEnum):
    """Why the lock went back to rest."""

    OPENED = "opened"
    CLOSED = "closed"
    TIMED_OUT = "timed_out"
    POSTURE = "posture"
    FIRE_ENDED = "fire_ended"
    RESTART = "restart"
    REFUSED = "refused"
    """The release was never carried out: its record could not be committed."""


class Direction(StrEnum):
    """Which way a reader leads."""

    IN = "in"
    OUT = "out"


class PostureCause(StrEnum):
    """Who wants a posture, by rank: the cloud's standing will, the station's plan, its usual posture."""

    DESIRED = "desired"
    SCHEDULE = "schedule"
    USUAL = "usual"


class AlarmCode(StrEnum):
    """Alarms that a station raises itself. One stands exactly while its condition does, within its delays."""

    DOOR_FORCED = "door_forced"
    DOOR_HELD = "door_held"
    FIRE = "fire"
    READER_OFFLINE = "reader_offline"
    GPIO_LOST = "gpio_lost"
    UPLINK_DOWN = "uplink_down"
    CHILD_RESTARTING = "child_restarting"
    STORAGE_FULL = "storage_full"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    JOURNAL_RESET = "journal_reset"
    JOURNAL_FORKED = "journal_forked"
    RECORDS_DROPPED = "records_dropped"
    ROSTER_UNAVAILABLE = "roster_unavailable"
    CONFIG_REFUSED = "config_refused"
    CLOCK_UNTRUSTED = "clock_untrusted"


class Priority(StrEnum):
    """Alarm priorities after ISA-18.2."""

    URGENT = "urgent"
    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True)
class StationBooted:
    """First record of every run. `unrecorded_release_window_ms` > 0 says that the run before ended without a clean
    stop, so that a budgeted release of its last milliseconds may have no record."""

    KIND: ClassVar[str] = "station.booted"
    software: str
    config_digest: str
    clean_stop: bool
    unrecorded_release_window_ms: int
    records_replayed: int


@dataclass(frozen=True)
class StationStopped:
    """Last record of an orderly stop."""

    KIND: ClassVar[str] = "station.stopped"
    why: str


@dataclass(frozen=True)
class AccessGranted:
    KIND: ClassVar[str] = "access.granted"
    reader: ReaderId
    credential: CredentialHash
    member: MemberId
    rule: str
    presented_mono_ms: int
    trade: str = ""
    direction: Direction = Direction.IN
    passback: bool = False
    """The member came in before and was not seen leaving; let in all the same (soft anti-passback)."""
    once: bool = False
    """A pass for one entry, which this is, unless nobody opens or the release cannot be recorded."""


@dataclass(frozen=True)
class AccessDenied:
    """`member` is None for a credential that is on no roster."""

    KIND: ClassVar[str] = "access.denied"
    reader: ReaderId
    credential: CredentialHash
    member: MemberId | None
    reason: Reason
    rule: str
    presented_mono_ms: int
    pass_returned: bool = False
    """A pass for one entry was granted, but not carried out: it can be used again."""


@dataclass(frozen=True)
class DoorReleased:
    KIND: ClassVar[str] = "door.released"
    cause: ReleaseCause
    member: MemberId | None
    hold_ms: int
    direction: Direction = Direction.IN


@dataclass(frozen=True)
class DoorRelocked:
    KIND: ClassVar[str] = "door.relocked"
    cause: RelockCause


@dataclass(frozen=True)
class DoorOpened:
    """`found` is true when the door was already open at start or when the contact came back."""

    KIND: ClassVar[str] = "door.opened"
    found: bool = False


@dataclass(frozen=True)
class DoorClosed:
    KIND: ClassVar[str] = "door.closed"
    found: bool = False


@dataclass(frozen=True)
class DoorForced:
    """The door opened while nothing had released it."""

    KIND: ClassVar[str] = "door.forced"


@dataclass(frozen=True)
class DoorHeldPreAlarm:
    KIND: ClassVar[str] = "door.held_pre_alarm"
    open_ms: int


@dataclass(frozen=True)
class DoorHeld:
    KIND: ClassVar[str] = "door.held"
    open_ms: int


@dataclass(frozen=True)
class DoorHeldCleared:
    """Never suppressed: every `door.held` is followed by one of these."""

    KIND: ClassVar[str] = "door.held_cleared"
    open_ms: int


@dataclass(frozen=True)
class AccessNotTaken:
    """The lock was released and nobody opened the door."""

    KIND: ClassVar[str] = "access.not_taken"
    cause: ReleaseCause
    member: MemberId | None


@dataclass(frozen=True)
class AccessTaken:
    """A member let in or out went through the door. Written only where anti-passback is on, which lives on it."""

    KIND: ClassVar[str] = "access.taken"
    member: MemberId
    direction: Direction


@dataclass(frozen=True)
class ExitPressed:
    KIND: ClassVar[str] = "exit.pressed"


@dataclass(frozen=True)
class FireStarted:
    KIND: ClassVar[str] = "fire.started"


@dataclass(frozen=True)
class FireEnded:
    KIND: ClassVar[str] = "fire.ended"


@dataclass(frozen=True)
class PostureChanged:
    KIND: ClassVar[str] = "posture.changed"
    previous: Posture
    posture: Posture
    cause: str
    """A `PostureCause`."""


@dataclass(frozen=True)
class DesiredFollowed:
    """The cloud's standing will of this revision is in force; what it changed is recorded beside it.

    `posture` None: it leaves the posture to the station's own plan.
    """

    KIND: ClassVar[str] = "desired.followed"
    revision: int
    posture: Posture | None = None


@dataclass(frozen=True)
class OccupancyChanged:
    KIND: ClassVar[str] = "occupancy.changed"
    people: int
    sure: bool
    cause: str


@dataclass(frozen=True)
class AlarmRaised:
    """`source` tells two alarms of one code apart (a reader's id, a child's name); `detail` is for people."""

    KIND: ClassVar[str] = "alarm.raised"
    code: AlarmCode
    source: str
    priority: Priority
    detail: str


@dataclass(frozen=True)
class AlarmCleared:
    KIND: ClassVar[str] = "alarm.cleared"
    code: AlarmCode
    source: str


@dataclass(frozen=True)
class RosterSwitched:
    KIND: ClassVar[str] = "roster.switched"
    node: NodeId
    version: int
    members: int


@dataclass(frozen=True)
class CommandAnswered:
    """`outcome` is `done`, `refused`, or `interrupted` for one begun before a restart and never rerun."""

    KIND: ClassVar[str] = "command.answered"
    id: str
    command: str
    outcome: str
    reason: str
    issued_by: str


@dataclass(frozen=True)
class CommandBegun:
    KIND: ClassVar[str] = "command.begun"
    id: str
    command: str
    issued_by: str


@dataclass(frozen=True)
class MessageRefused:
    """A downward message that was stale, replayed, re-addressed, of a lower revision or mis-signed."""

    KIND: ClassVar[str] = "message.refused"
    topic: str
    reason: str


@dataclass(frozen=True)
class ClockTrusted:
    """`offset_ms` is trusted time minus what the station had believed until then."""

    KIND: ClassVar[str] = "clock.trusted"
    offset_ms: int


@dataclass(frozen=True)
class JournalGap:
    """Stands at position `last` in the place of the records `first … last`, which were given up for `reason`.

    It keeps the digest of the last record that it replaces, so that the chain goes on behind it.
    """

    KIND: ClassVar[str] = "journal.gap"
    stream: Stream
    first: int
    last: int
    reason: str


@dataclass(frozen=True)
class JournalForked:
    """The journal went on under a new epoch, because the cloud knew another history of the old one."""

    KIND: ClassVar[str] = "journal.forked"
    previous_epoch: str
    reason: str


@dataclass(frozen=True)
class StationHealth:
    """Telemetry, once a minute."""

    KIND: ClassVar[str] = "station.health"
    uptime_s: int
    memory_kib: int
    cpu_permille: int
    disk_free_mib: int
    journal_unacknowledged: int
    reader_resets: int


@dataclass(frozen=True)
class UnknownRecord:
    """A kind of a newer version, kept as it is."""

    KIND: ClassVar[str] = ""
    kind: str
    body: dict[str, Any]


Record = (
    StationBooted | StationStopped | AccessGranted | AccessDenied | AccessNotTaken | AccessTaken
    | DoorReleased | DoorRelocked | DoorOpened | DoorClosed | DoorForced | DoorHeldPreAlarm | DoorHeld | DoorHeldCleared
    | ExitPressed | FireStarted | FireEnded | PostureChanged | DesiredFollowed | OccupancyChanged
    | AlarmRaised | AlarmCleared | RosterSwitched | CommandBegun | CommandAnswered | MessageRefused | ClockTrusted
    | JournalGap | JournalForked | StationHealth | UnknownRecord
)  # fmt: skip

RECORD_TYPES: Final[dict[str, type]] = {kind.KIND: kind for kind in get_args(Record) if kind.KIND}
TELEMETRY_KINDS: Final = frozenset({StationHealth.KIND})


def kind_of(record: Record) -> str:
    """The record's kind as it stands in the journal and on the wire."""
    return record.kind if isinstance(record, UnknownRecord) else record.KIND


def stream_of(record: Record) -> Stream:
    """The stream a record belongs to."""
    return Stream.TELEMETRY if kind_of(record) in TELEMETRY_KINDS else Stream.EVENTS


def to_body(record: Record) -> dict[str, Any]:
    """The record as a JSON object; its kind travels beside it."""
    if isinstance(record, UnknownRecord):
        return record.body
    return {field.name: getattr(record, field.name) for field in fields(record)}


def from_body(kind: str, body: dict[str, Any]) -> Record:
    """The record of a kind and a JSON object.

    Unknown fields are ignored, an unknown kind gives an `UnknownRecord`.

    Raises:
        RecordError: a field of a known kind is missing or of the wrong type.
    """
    record_type = RECORD_TYPES.get(kind)
    if record_type is None:
        return UnknownRecord(kind, body)
    try:
        return cast(Record, build(record_type, body))
    except PlainError as error:
        raise RecordError(f"{kind}: {error}") from None
