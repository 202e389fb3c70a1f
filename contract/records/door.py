"""What the door did, and what it was to do."""

from dataclasses import dataclass
from typing import ClassVar

from contract.ids import MemberId
from contract.records.codes import Direction, Posture, ReleaseCause, RelockCause


@dataclass(frozen=True)
class DoorReleased:
    KIND: ClassVar[str] = "door.released"
    cause: ReleaseCause
    member: MemberId | None
    hold_ms: int
    direction: Direction = Direction.IN
    reason: str = ""
    """Of a remote release: what its operator gave."""


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
