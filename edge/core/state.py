"""What a station remembers.

`Durable` is a fold over the journal's records: only `fold.apply` changes it, so replaying the journal gives it again.
`Volatile` is contacts, levels, timers and what the parts of the station last said of themselves: it starts
empty in every run, and the shell tells it anew. A timer is kept as the moment at which it ends, so that `deadline`
needs nothing but the state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.frozen import frozen
from contract.ids import LoadId, MemberId, NodeId, ReaderId
from contract.records import AccessGranted, Direction, DoorMode, Posture, ReleaseCause
from edge.core.alarm_state import MAX_STANDING_ALARMS, Alarm, AlarmsNow
from edge.core.cabinet.state import CabinetMemory, CabinetNow
from edge.core.energy_state import EnergyNow, Hours
from edge.core.environment_state import EnvironmentNow
from edge.core.events import StorageStatus
from edge.core.load_state import LoadMemory, LoadsNow
from edge.core.pin_state import PinMemory, PinsNow
from edge.core.presence_state import PresenceMemory, PresenceNow
from edge.core.stamp import Now, RecordedAt
from edge.core.supervision_state import SupervisionNow

__all__ = [
    "MAX_STANDING_ALARMS",
    "Alarm",
    "BegunCommand",
    "Door",
    "Durable",
    "GuessRow",
    "Health",
    "Inputs",
    "Inside",
    "Now",
    "Occupancy",
    "Parts",
    "PlanWindow",
    "RecordedAt",
    "Release",
    "RosterVersion",
    "StationState",
    "Volatile",
]

MAX_COMMANDS_SEEN = 256
MAX_COMMANDS_BEGUN = 16
MAX_ROSTER_NODES = 16
MAX_CHILDREN = 16
MAX_LOADS_TOLD = 32
MAX_INSIDE = 512
MAX_USED_PASSES = 1_024
"""More than a station meets within the validity of a pass; beyond, the oldest is forgotten."""
MAX_PASSES_WAITING = 4


# ---------------------------------------------------------------- durable


@frozen
class Release:
    """A release in force: the lock is let go exactly while there is one."""

    cause: ReleaseCause
    member: MemberId | None = None
    hold_ms: int = 0
    """0: for as long as its cause stands."""
    direction: Direction = Direction.IN
    reason: str = ""
    """Of a remote release: what its operator gave."""


@dataclass(frozen=True)
class Door:
    mode: DoorMode = DoorMode.SECURED
    release: Release | None = None
    fire: bool = False
    held_for_ms: int | None = None
    """`open_ms` of a `door.held` that has not been cleared yet."""


@frozen
class Occupancy:
    """`confidence_percent` is explained in `edge.core.headcount`; a count is sure from 85 upwards."""

    people: int = 0
    sure: bool = True
    confidence_percent: int = 100


@dataclass(frozen=True)
class Inside:
    """A member who came in and was not seen leaving. `since_ms` is wall time."""

    member: MemberId
    since_ms: int


@dataclass(frozen=True)
class RosterVersion:
    version: int
    members: int


@dataclass(frozen=True)
class BegunCommand:
    """A command begun and not answered yet."""

    id: str
    kind: str
    issued_by: str


@dataclass(frozen=True)
class Durable:
    boot: int = 0
    software: str = ""
    stopped: bool = False
    """The run that wrote the last record ended in order."""
    door: Door = field(default_factory=Door)
    posture: Posture = Posture.SECURE
    desired_revision: int = -1
    """-1: nothing was ever desired."""
    occupancy: Occupancy = field(default_factory=Occupancy)
    alarms: tuple[Alarm, ...] = ()
    roster: Mapping[NodeId, RosterVersion] = field(default_factory=dict)
    commands_seen: tuple[str, ...] = ()
    """Ids of the latest commands, oldest first, so that a replayed one is refused."""
    commands_begun: tuple[BegunCommand, ...] = ()
    desired_posture: Posture | None = None
    """What the cloud's standing will says; None: the station's own plan decides."""
    inside: tuple[Inside, ...] = ()
    """Who came in by a card, oldest first; kept only where anti-passback is on."""
    used_passes: tuple[MemberId, ...] = ()
    """Passes for one entry that have been used, oldest first."""
    pins: PinMemory = field(default_factory=PinMemory)
    presence: PresenceMemory = field(default_factory=PresenceMemory)
    loads: LoadMemory = field(default_factory=LoadMemory)
    cabinet: CabinetMemory = field(default_factory=CabinetMemory)


# ---------------------------------------------------------------- volatile


@dataclass(frozen=True)
class Inputs:
    """The door's inputs and timers. `…_at_ms` are moments on the monotonic clock; None: no such timer runs."""

    contact_open: bool | None = None
    """After debouncing; None: not known."""
    raw_open: bool | None = None
    raw_since_ms: int = 0
    settles_at_ms: int | None = None
    """When the raw level will have been stable for long enough to be believed."""
    exit_pressed: bool = False
    fire_active: bool = False
    exit_let_go_ms: int | None = None
    released_until_ms: int | None = None
    counted_at_open_door: bool = False
    """The release in force was granted while the leaf stood open, and whoever it is for has been counted."""
    open_since_ms: int | None = None
    open_limit_at_ms: int | None = None
    """When the next limit of an open door is reached: the pre-alarm, then held, then held for long."""
    held_long: bool = False
    """The door has been held so long that the buzzer no longer lets up."""
    excused_until_ms: int | None = None
    """Until then an opening of a secured door is no forced entry …"""
    excused_by: Release | None = None
    """… because of this release, which has just ended; None: whoever it was for has been counted."""


@frozen
class Health:
    """What one part says of itself. `ok` None: it has not said anything in this run."""

    ok: bool | None = None
    detail: str = ""


@dataclass(frozen=True)
class Parts:
    """The conditions of the station's parts, as last told."""

    levels_read: bool = False
    """The inputs have been read in this run; until then standing alarms are left as they were."""
    gpio: Health = field(default_factory=Health)
    uplink: Health = field(default_factory=Health)
    roster: Health = field(default_factory=Health)
    """As whoever keeps the roster up to date tells."""
    look_up: Health = field(default_factory=Health)
    """Whether the latest credential could be looked up."""
    clock: Health = field(default_factory=Health)
    storage: StorageStatus | None = None
    storage_detail: str = ""
    readers: Mapping[ReaderId, Health] = field(default_factory=dict)
    children: Mapping[str, Health] = field(default_factory=dict)
    loads: Mapping[LoadId, Health] = field(default_factory=dict)
    """Whether the output of each says what was set."""
    records_dropped: int = 0
    config_refused: str | None = None
    journal_reset: str | None = None
    journal_forked: str | None = None


@dataclass(frozen=True)
class PlanWindow:
    """What the plan says (None: nothing), judged by a clock that stood `offset_ms` ahead of the monotonic one.

    `until_ms` is the monotonic moment at which that may change; None in a run that never had a trusted clock, when it
    does not.
    """

    posture: Posture | None
    clock_trusted: bool
    offset_ms: int
    until_ms: int | None


@dataclass(frozen=True)
class GuessRow:
    """Unknown cards in a row at one reader; `tries` counts as far as it matters."""

    tries: int
    latest_ms: int
    answered_at_ms: int


@dataclass(frozen=True)
class Volatile:
    inputs: Inputs = field(default_factory=Inputs)
    parts: Parts = field(default_factory=Parts)
    alarms: AlarmsNow = field(default_factory=AlarmsNow)
    stopped: bool = False
    """`StationStopped` is written: nothing may follow it in this run."""
    plan: PlanWindow | None = None
    """None without a plan, or when it has not been looked at in this run."""
    guesses: Mapping[ReaderId, GuessRow] = field(default_factory=dict)
    passes_waiting: tuple[AccessGranted, ...] = ()
    """Grants of passes for one entry whose release waits for its commit."""
    pins: PinsNow = field(default_factory=PinsNow)
    presence: PresenceNow = field(default_factory=PresenceNow)
    environment: EnvironmentNow = field(default_factory=EnvironmentNow)
    loads: LoadsNow = field(default_factory=LoadsNow)
    supervision: SupervisionNow = field(default_factory=SupervisionNow)
    hours: Hours | None = None
    """None where nothing depends on the hour, or when it has not been looked at in this run."""
    energy: EnergyNow = field(default_factory=EnergyNow)
    cabinet: CabinetNow = field(default_factory=CabinetNow)


@frozen
class StationState:
    durable: Durable = field(default_factory=Durable)
    volatile: Volatile = field(default_factory=Volatile)
