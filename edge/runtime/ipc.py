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
import socket
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final, cast

from contract.plain import PlainError, build, plain
from edge.core import events
from edge.core.effects import Extinguish, SetCharger, SetContactor, SetFan, SetLamp, UnlockSlot
from edge.runtime.ipc_messages import (
    LASTING_SIGNS,
    Acknowledged,
    AllRight,
    CardRead,
    CommandArrived,
    DesiredArrived,
    DoorNotice,
    DownwardRefused,
    EnvironmentSensed,
    Heartbeat,
    JournalGrew,
    NoticeKind,
    PinTyped,
    PowerSensed,
    PresenceSensed,
    ReaderLid,
    ReaderStatus,
    RenewLease,
    RosterSwitchedTo,
    RosterTrouble,
    SensorStatus,
    ShowOutcome,
    StateChanged,
    StopChild,
    SwapUnwanted,
    SwapWanted,
    UplinkStatus,
)

__all__ = [
    "ALLOWED",
    "FROM_CONTROLLER",
    "LASTING_SIGNS",
    "Acknowledged",
    "AllRight",
    "BadMessage",
    "CardRead",
    "Channel",
    "ChannelClosed",
    "ChannelFull",
    "Child",
    "CommandArrived",
    "DesiredArrived",
    "DoorNotice",
    "DownwardRefused",
    "EnvironmentSensed",
    "Heartbeat",
    "IpcError",
    "JournalGrew",
    "Message",
    "NoticeKind",
    "PinTyped",
    "PowerSensed",
    "PresenceSensed",
    "ReaderLid",
    "ReaderStatus",
    "RenewLease",
    "RosterSwitchedTo",
    "RosterTrouble",
    "SensorStatus",
    "ShowOutcome",
    "StateChanged",
    "StopChild",
    "SwapUnwanted",
    "SwapWanted",
    "UplinkStatus",
    "channel_pair",
    "inherited_channel",
]

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES: Final = 64 * 1024
MAX_NUMBER: Final = 2**63 - 1
MAX_TEXT_CHARACTERS: Final = 4_000


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
    CABINET = "cabinet"
    """Only where there is a swap cabinet."""


Message = (
    Heartbeat | CardRead | PinTyped | ReaderStatus | ReaderLid
    | UplinkStatus | Acknowledged | DesiredArrived | CommandArrived | DownwardRefused | RosterSwitchedTo | RosterTrouble
    | PresenceSensed | EnvironmentSensed | PowerSensed | SensorStatus | AllRight
    | SwapWanted | SwapUnwanted
    | events.CabinetChanged | events.SlotRead | events.SlotLost | events.SlotPulsed | events.CabinetPointRead
    | events.ChargerChecked | events.ContactorRead
    | ShowOutcome | JournalGrew | StateChanged | DoorNotice | RenewLease | StopChild
    | UnlockSlot | SetCharger | SetContactor | SetFan | Extinguish | SetLamp
)  # fmt: skip

CABINET_EVENTS: Final[frozenset[type]] = frozenset(
    {
        events.CabinetChanged,
        events.SlotRead,
        events.SlotLost,
        events.SlotPulsed,
        events.CabinetPointRead,
        events.ChargerChecked,
        events.ContactorRead,
    }
)

ALLOWED: Final[dict[Child, frozenset[type]]] = {
    Child.CABINET: CABINET_EVENTS | {Heartbeat},
    Child.CONSOLE: frozenset({Heartbeat, AllRight, SwapWanted, SwapUnwanted}),
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
FROM_CONTROLLER: Final[frozenset[type]] = frozenset(
    {
        *(ShowOutcome, JournalGrew, StateChanged, DoorNotice, RenewLease, StopChild),
        *(UnlockSlot, SetCharger, SetContactor, SetFan, Extinguish, SetLamp),
    }
)


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
            if kind in CABINET_EVENTS:
                # The others check themselves; these are the core's own, which trusts whoever makes them.
                _check_sizes(body)
            return cast(Message, build(kind, body))
        except PlainError as error:
            raise BadMessage(f"{kind.__name__}: {error}") from None
        except RecursionError:
            raise BadMessage(f"{kind.__name__}: nested too deeply") from None


def _check_sizes(body: Mapping[str, Any]) -> None:
    """That every number can be kept and every text shown, whoever sends it. Raises `BadMessage`."""
    for name, value in body.items():
        if isinstance(value, Mapping):
            _check_sizes(value)
        elif isinstance(value, int) and not -MAX_NUMBER <= value <= MAX_NUMBER:
            raise BadMessage(f"{name} is outside 64 bits")
        elif isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS:
            raise BadMessage(f"{name} is longer than {MAX_TEXT_CHARACTERS} characters")


def channel_pair(child: Child) -> tuple[Channel, socket.socket]:
    """The controller's channel to a child, and the socket which that child inherits."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Channel(ours, ALLOWED[child]), theirs


def inherited_channel(descriptor: int) -> Channel:
    """A child's end, from the file descriptor that it inherited."""
    return Channel(socket.socket(fileno=descriptor), FROM_CONTROLLER)
