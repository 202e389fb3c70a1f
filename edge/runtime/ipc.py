"""What the station's processes say to each other, and how.

Each child holds one end of an inherited SOCK_SEQPACKET pair, so that messages keep their borders and an end of the
process is seen as an end of the stream. A message is one JSON object with its class name as `"m"`. A child may send
only the kinds in its row of `ALLOWED`: a reader process taken over by hostile bytes cannot speak as the uplink.

Sending never blocks: a full socket means that the other side hangs, and then the caller is told (`ChannelFull`) and
decides what to drop. A message that is too long for the other side is dropped with a word in the log. Receiving is left
to the caller's loop; `Channel.receive` gives at most one message.
"""

import json
import logging
import re
import socket
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final, cast

from contract.ids import CredentialHash, Epoch, LoadId, NodeId, ReaderId, SensorId, Session, Stream
from contract.pins import check_digits
from contract.plain import PlainError, build, plain
from contract.policy.passes import VisitPass
from contract.records import Posture, Reason
from edge.core.effects import Feedback
from edge.core.events import AlarmAside, AlarmSeen

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES: Final = 64 * 1024
MAX_SEQ: Final = 2**63 - 1


class IpcError(Exception):
    """Base of what can go wrong on a channel."""


class ChannelClosed(IpcError):
    """The other process has gone."""


class ChannelFull(IpcError):
    """The other process does not read; nothing was sent."""


class BadMessage(IpcError):
    """The other process said something that it may not say, or that is no message."""


class Child(StrEnum):
    """The controller's children."""

    READER = "reader"
    UPLINK = "uplink"
    CONSOLE = "console"
    """Only where there is a screen."""
    SENSORS = "sensors"
    """Only where there are sensors."""


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


Message = (
    Heartbeat | CardRead | PinTyped | ReaderStatus | ReaderLid
    | UplinkStatus | Acknowledged | DesiredArrived | CommandArrived | DownwardRefused | RosterSwitchedTo | RosterTrouble
    | PresenceSensed | EnvironmentSensed | PowerSensed | SensorStatus | AllRight
    | ShowOutcome | JournalGrew | StateChanged | DoorNotice | StopChild
)  # fmt: skip

ALLOWED: Final[dict[Child, frozenset[type]]] = {
    Child.CONSOLE: frozenset({Heartbeat, AllRight}),
    Child.READER: frozenset({Heartbeat, CardRead, PinTyped, ReaderStatus, ReaderLid}),
    Child.SENSORS: frozenset({Heartbeat, PresenceSensed, EnvironmentSensed, PowerSensed, SensorStatus}),
    Child.UPLINK: frozenset(
        {
            Heartbeat,
            UplinkStatus,
            Acknowledged,
            DesiredArrived,
            CommandArrived,
            DownwardRefused,
            RosterSwitchedTo,
            RosterTrouble,
        }
    ),
}
FROM_CONTROLLER: Final[frozenset[type]] = frozenset({ShowOutcome, JournalGrew, StateChanged, DoorNotice, StopChild})


class Channel:
    """One end of a pair. `accepts` are the kinds that may arrive here."""

    max_message_bytes: ClassVar[int] = MAX_MESSAGE_BYTES

    def __init__(self, end: socket.socket, accepts: frozenset[type]) -> None:
        end.setblocking(False)
        self._end = end
        self._accepts = {kind.__name__: kind for kind in accepts}

    def fileno(self) -> int:
        return self._end.fileno()

    def send(self, message: Message) -> None:
        """Raises `ChannelFull`, `ChannelClosed`."""
        data = json.dumps({"m": type(message).__name__, **plain(message)}, separators=(",", ":")).encode("ascii")
        if len(data) > MAX_MESSAGE_BYTES:
            log.error("a %s of %d bytes is dropped", type(message).__name__, len(data))
            return
        try:
            self._end.send(data)
        except BlockingIOError:
            raise ChannelFull from None
        except OSError as error:
            raise ChannelClosed(str(error)) from None

    def receive(self) -> Message | None:
        """The next message, None when there is none now. Raises `ChannelClosed`, `BadMessage`."""
        try:
            data = self._end.recv(MAX_MESSAGE_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            raise ChannelClosed(str(error)) from None
        if not data:
            raise ChannelClosed("end of stream")
        return self._parsed(data)

    def close(self) -> None:
        self._end.close()

    def _parsed(self, data: bytes) -> Message:
        try:
            body = json.loads(data)
            kind = self._accepts.get(body.pop("m"))
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            raise BadMessage("not a message") from None
        if kind is None:
            raise BadMessage("a kind that this process may not send")
        try:
            return cast(Message, build(kind, body))
        except PlainError as error:
            raise BadMessage(f"{kind.__name__}: {error}") from None
        except RecursionError:
            raise BadMessage(f"{kind.__name__}: nested too deeply") from None


def channel_pair(child: Child) -> tuple[Channel, socket.socket]:
    """The controller's channel to a child, and the socket which that child inherits."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Channel(ours, ALLOWED[child]), theirs


def inherited_channel(descriptor: int) -> Channel:
    """A child's end, from the file descriptor that it inherited."""
    return Channel(socket.socket(fileno=descriptor), FROM_CONTROLLER)
