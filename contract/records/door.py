"""What the door did, and what it was to do."""

from typing import ClassVar

from contract.frozen import frozen
from contract.ids import MemberId
from contract.records.codes import Direction, Posture, ReleaseCause, RelockCause


@frozen
class DoorReleased:
    KIND: ClassVar[str] = "door.released"
    cause: ReleaseCause
    member: MemberId | None
    hold_ms: int
    direction: Direction = Direction.IN
    reason: str = ""
    """Of a remote release: what its operator gave."""


@frozen
class DoorRelocked:
    KIND: ClassVar[str] = "door.relocked"
    cause: RelockCause


@frozen
class DoorOpened:
    """`found` is true when the door was already open at start or when the contact came back."""

    KIND: ClassVar[str] = "door.opened"
    found: bool = False


@frozen
class DoorClosed:
    KIND: ClassVar[str] = "door.closed"
    found: bool = False


@frozen
class DoorForced:
    """The door opened while nothing had released it."""

    KIND: ClassVar[str] = "door.forced"


@frozen
class DoorHeldPreAlarm:
    KIND: ClassVar[str] = "door.held_pre_alarm"
    open_ms: int


@frozen
class DoorHeld:
    KIND: ClassVar[str] = "door.held"
    open_ms: int


@frozen
class DoorHeldCleared:
    """Never suppressed: every `door.held` is followed by one of these."""

    KIND: ClassVar[str] = "door.held_cleared"
    open_ms: int


@frozen
class ExitPressed:
    KIND: ClassVar[str] = "exit.pressed"


@frozen
class FireStarted:
    KIND: ClassVar[str] = "fire.started"


@frozen
class FireEnded:
    KIND: ClassVar[str] = "fire.ended"


@frozen
class PostureChanged:
    KIND: ClassVar[str] = "posture.changed"
    previous: Posture
    posture: Posture
    cause: str
    """A `PostureCause`."""


@frozen
class DesiredFollowed:
    """The cloud's standing will of this revision is in force; what it changed is recorded beside it.

    `posture` None: it leaves the posture to the station's own plan.
    """

    KIND: ClassVar[str] = "desired.followed"
    revision: int
    posture: Posture | None = None
