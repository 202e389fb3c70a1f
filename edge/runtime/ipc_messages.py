"""What the station's processes say to each other: one dataclass a kind of message. `edge.runtime.ipc` carries them.

What the cabinet's process says are the core's own events, and what it is told the core's own effects
(`edge.runtime.ipc` has the list): they are plain values already.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from contract.ids import CredentialHash, Epoch, LoadId, NodeId, ReaderId, SensorId, Session, Stream
from contract.pins import check_digits
from contract.policy.passes import VisitPass
from contract.records import Posture, Reason, SwapKind
from edge.core.effects import Feedback
from edge.core.events import AlarmAside, AlarmSeen, CabinetWill

MAX_SEQ: Final = 2**63 - 1


# ---------------------------------------------------------------- from any child


@dataclass(frozen=True)
class Heartbeat:
    """Once a second; a child that is silent for longer is killed and started again."""


# ---------------------------------------------------------------- from the reader


@dataclass(frozen=True)
class CardRead:
    """`not_before_mono_ms` is the earliest moment at which the card can have been presented: a reader keeps a card
    until it is polled, so after a pause of this process the card may be as old as the pause. Of a visit pass
    `visit_pass` is what its signature vouches for, else `pass_problem` says what is wrong with it."""

    reader: ReaderId
    credential: CredentialHash
    not_before_mono_ms: int
    received_mono_ns: int
    visit_pass: VisitPass | None = None
    pass_problem: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch("(?:[0-9a-f]{2}){1,64}", self.credential):
            raise ValueError("credential is no hash")


@dataclass(frozen=True)
class PinTyped:
    """A number typed at a keypad. Its digits are in memory alone: nothing writes or shows them. Times as of a card."""

    reader: ReaderId
    digits: str = field(repr=False)
    not_before_mono_ms: int
    received_mono_ns: int

    def __post_init__(self) -> None:
        check_digits(self.digits)


@dataclass(frozen=True)
class ReaderStatus:
    reader: ReaderId
    online: bool
    detail: str
    resets: int = 0


@dataclass(frozen=True)
class ReaderLid:
    """A reader that supervises its own lid says that it is off, or on again."""

    reader: ReaderId
    tampered: bool


# ---------------------------------------------------------------- from the sensors


@dataclass(frozen=True)
class PresenceSensed:
    """A radar's report, the fields of `events.PresenceMeasured`."""

    sensor: SensorId
    moving: bool
    still: bool
    distance_cm: int | None = None

    def __post_init__(self) -> None:
        _check_bounds(self, {"distance_cm": (0, 10_000)})


@dataclass(frozen=True)
class EnvironmentSensed:
    """The fields of `events.EnvironmentMeasured`."""

    sensor: SensorId
    temperature_decicelsius: int | None = None
    humidity_percent: int | None = None
    carbon_monoxide_ppm: int | None = None
    smoke: bool | None = None
    water: bool | None = None

    def __post_init__(self) -> None:
        bounds = {"temperature_decicelsius": (-1_000, 2_000), "humidity_percent": (0, 100)}
        _check_bounds(self, bounds | {"carbon_monoxide_ppm": (0, 100_000)})


@dataclass(frozen=True)
class PowerSensed:
    """The fields of `events.PowerMeasured`."""

    sensor: SensorId
    power_w: int
    energy_wh: int

    def __post_init__(self) -> None:
        _check_bounds(self, {"power_w": (-1_000_000, 1_000_000), "energy_wh": (0, 2**53)})


@dataclass(frozen=True)
class SensorStatus:
    sensor: SensorId
    online: bool
    detail: str = ""


def _check_bounds(message: object, bounds: dict[str, tuple[int, int]]) -> None:
    for name, (low, high) in bounds.items():
        value = getattr(message, name)
        if value is not None and not low <= value <= high:
            raise ValueError(f"{name} is outside {low}–{high}")


# ---------------------------------------------------------------- from the uplink


@dataclass(frozen=True)
class UplinkStatus:
    """`session` is None while there is no connection. `broker_seen` tells a broken link from a cloud that is silent."""

    connected: bool
    session: Session | None
    detail: str


@dataclass(frozen=True)
class Acknowledged:
    epoch: Epoch
    stream: Stream
    through_seq: int
    through_digest: str | None
    forked: bool

    def __post_init__(self) -> None:
        if not 0 <= self.through_seq <= MAX_SEQ:
            raise ValueError("through_seq is no position in a stream")


@dataclass(frozen=True)
class DesiredArrived:
    """The cloud's standing will, whose signature and addressee have been checked."""

    revision: int
    posture: Posture | None
    acknowledged: tuple[AlarmSeen, ...] = ()
    shelved: tuple[AlarmAside, ...] = ()
    loads_cut: tuple[LoadId, ...] = ()
    by: str = ""
    cabinet: CabinetWill | None = None


@dataclass(frozen=True)
class CommandArrived:
    """A command whose signature, addressee, session and lifetime have been checked."""

    id: str
    kind: str
    args: dict[str, Any]
    issued_by: str


@dataclass(frozen=True)
class DownwardRefused:
    topic: str
    reason: str


@dataclass(frozen=True)
class RosterSwitchedTo:
    node: NodeId
    version: int
    members: int


@dataclass(frozen=True)
class RosterTrouble:
    """The roster file was unreadable and has been set aside (`available` false until it is pulled anew)."""

    available: bool
    detail: str


# ---------------------------------------------------------------- from the controller

LASTING_SIGNS: Final = frozenset(
    {
        *(Feedback.HELD_PRE_ALARM, Feedback.HELD, Feedback.HELD_LONG, Feedback.FORCED, Feedback.EVACUATE),
        *(Feedback.WELFARE, Feedback.IDLE),
    }
)
"""What a reader shows until it is told otherwise, and shows again when it comes back."""


@dataclass(frozen=True)
class ShowOutcome:
    reader: ReaderId
    outcome: Feedback


@dataclass(frozen=True)
class JournalGrew:
    """Something was committed: there may be records to ship."""

    epoch: Epoch


@dataclass(frozen=True)
class StateChanged:
    """The live picture, with the fields of `contract.messages.StationState` that the controller knows."""

    state: dict[str, Any]


@dataclass(frozen=True)
class RenewLease:
    """The controller lives: the cabinet may go on charging for some seconds."""


@dataclass(frozen=True)
class StopChild:
    """Finish what is under way (the uplink says that the station goes offline) and exit."""


class NoticeKind(StrEnum):
    """What has just become of somebody's card, face or number."""

    GRANTED = "granted"
    DENIED = "denied"
    NUMBER_WANTED = "number_wanted"
    NUMBERS_LOCKED = "numbers_locked"
    """Numbers are not taken for a while."""


@dataclass(frozen=True)
class DoorNotice:
    """What to tell whoever stands at the door; to the console, and without a name."""

    kind: NoticeKind
    reason: Reason | None = None


# ---------------------------------------------------------------- from the console


@dataclass(frozen=True)
class AllRight:
    """Somebody has pressed the screen's button: all is well."""


@dataclass(frozen=True)
class SwapWanted:
    """The rider has chosen on the screen what the next card is for."""

    kind: SwapKind


@dataclass(frozen=True)
class SwapUnwanted:
    """The rider has pressed cancel."""
