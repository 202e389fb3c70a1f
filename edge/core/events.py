"""What can happen to a station, one frozen dataclass each. The shell observes it and passes it to `station.step`.

Order at start: `Booted` is the first event of every run; what the shell has found out while starting follows
(`ConfigRefused`, `JournalReset`, …); then `LevelsRead` once the inputs have been read. Times named `mono_ms` are of
the monotonic clock of this boot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contract.ids import CredentialHash, NodeId, ReaderId, Stream
from contract.policy.model import Factor, Member
from contract.records import Posture
from edge.core.effects import Effect


class StorageStatus(StrEnum):
    """The journal's condition. `recovering`: there is room again, queued records are being written."""

    OK = "ok"
    FULL = "full"
    UNAVAILABLE = "unavailable"
    RECOVERING = "recovering"


@dataclass(frozen=True)
class Booted:
    """First event of a run. `boot` counts runs of this journal, from 1; `clean_stop` is about the run before."""

    software: str
    config_digest: str
    clean_stop: bool
    boot: int
    records_replayed: int


@dataclass(frozen=True)
class Tick:
    """A deadline has come, or any time: time comes in as an event."""


@dataclass(frozen=True)
class StopRequested:
    """An orderly stop: the last event of a run."""

    why: str


# ---------------------------------------------------------------- people


@dataclass(frozen=True)
class CardPresented:
    """A credential at a reader, looked up by the shell. `member` None: on no roster, or there is no roster to read."""

    reader: ReaderId
    credential: CredentialHash
    member: Member | None
    presented_mono_ms: int
    roster_available: bool = True
    factors: frozenset[Factor] = frozenset({Factor.CARD})


# ---------------------------------------------------------------- inputs of the door


@dataclass(frozen=True)
class ContactChanged:
    """The door contact's raw level; bounce is judged by the core. `at_mono_ms` is when the edge came, if that is known
    better than by the step's own time (a late edge must not look shorter than it was)."""

    open: bool
    at_mono_ms: int | None = None


@dataclass(frozen=True)
class ContactLost:
    """The contact cannot be read."""


@dataclass(frozen=True)
class ExitChanged:
    pressed: bool


@dataclass(frozen=True)
class FireChanged:
    active: bool


@dataclass(frozen=True)
class LevelsRead:
    """The inputs' levels, read at start and after the pin factory was rebuilt. Outputs are at rest at that moment."""

    contact_open: bool
    exit_pressed: bool
    fire_active: bool


# ---------------------------------------------------------------- parts of the station


@dataclass(frozen=True)
class ReaderChanged:
    reader: ReaderId
    online: bool
    detail: str = ""


@dataclass(frozen=True)
class GpioChanged:
    available: bool
    detail: str = ""


@dataclass(frozen=True)
class UplinkChanged:
    connected: bool
    detail: str = ""


@dataclass(frozen=True)
class ChildRestarting:
    name: str
    detail: str = ""


@dataclass(frozen=True)
class ChildRunning:
    name: str


@dataclass(frozen=True)
class ClockChanged:
    """`offset_ms` is trusted time minus what the station had believed until then; 0 when trust is lost."""

    trusted: bool
    offset_ms: int = 0


@dataclass(frozen=True)
class ConfigRefused:
    """The configuration on disk is wrong; the station runs its last good one."""

    detail: str


@dataclass(frozen=True)
class HealthMeasured:
    """The fields of `records.StationHealth`."""

    uptime_s: int
    memory_kib: int
    cpu_permille: int
    disk_free_mib: int
    journal_unacknowledged: int
    reader_resets: int


# ---------------------------------------------------------------- journal and roster


@dataclass(frozen=True)
class StorageChanged:
    status: StorageStatus
    detail: str = ""


@dataclass(frozen=True)
class RecordsDropped:
    """Records were given up because the queue in front of an unwritable journal was full."""

    stream: Stream
    count: int


@dataclass(frozen=True)
class JournalReset:
    """The journal was unreadable and set aside; a new epoch has begun."""

    detail: str


@dataclass(frozen=True)
class JournalForkDetected:
    """The cloud knows another history of `previous_epoch`; the journal has gone on under a new one."""

    previous_epoch: str
    reason: str


@dataclass(frozen=True)
class RosterSwitched:
    node: NodeId
    version: int
    members: int


@dataclass(frozen=True)
class RosterChanged:
    """Whether the roster can be read."""

    available: bool
    detail: str = ""


# ---------------------------------------------------------------- the cloud's will


@dataclass(frozen=True)
class DesiredReceived:
    """The standing will, already authenticated. `posture` None: the station's own plan decides."""

    revision: int
    posture: Posture | None


@dataclass(frozen=True)
class CommandReceived:
    """A momentary act, already authenticated and within its session and lifetime."""

    id: str
    kind: str
    issued_by: str
    args: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class CommandInterrupted:
    """The shell knows that a command begun will not be finished."""

    id: str
    kind: str
    issued_by: str


@dataclass(frozen=True)
class MessageRefused:
    """The shell has refused a downward message (stale, re-addressed, mis-signed, unreadable)."""

    topic: str
    reason: str


# ---------------------------------------------------------------- what became of effects


@dataclass(frozen=True)
class EffectDone:
    """An `AFTER_COMMIT` effect was carried out. The core answers the command that asked for it."""

    effect: Effect


@dataclass(frozen=True)
class EffectRefused:
    """An effect was not carried out: its commit failed (`storage_unavailable`), or an opposed one overtook it."""

    effect: Effect
    reason: str = "storage_unavailable"


Event = (
    Booted | Tick | StopRequested | CardPresented
    | ContactChanged | ContactLost | ExitChanged | FireChanged | LevelsRead
    | ReaderChanged | GpioChanged | UplinkChanged | ChildRestarting | ChildRunning | ClockChanged | ConfigRefused
    | HealthMeasured | StorageChanged | RecordsDropped | JournalReset | JournalForkDetected
    | RosterSwitched | RosterChanged | DesiredReceived
    | CommandReceived | CommandInterrupted | MessageRefused | EffectDone | EffectRefused
)  # fmt: skip
