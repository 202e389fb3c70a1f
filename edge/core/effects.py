"""What the shell is asked to do to the world, and how urgent it is.

Every effect has `urgency` and `actuator`. An effect acts on exactly one actuator; `opposes` tells which waiting
effect a newer one makes void. The lock is a level, not a pulse, so carrying out the same effect twice does no harm.

- `AT_ONCE`: act before and regardless of the journal; overtakes and cancels what waits.
- `BUDGETED`: wait for the step's commit at most 50 ms, then act all the same.
- `AFTER_COMMIT`: act only once the step's records are committed, and then send back `events.EffectDone`, else
  `events.EffectRefused`.
"""

from enum import Enum, StrEnum
from typing import Final

from contract.frozen import frozen
from contract.ids import BatteryId, LoadId, MemberId, ReaderId, SlotNumber
from contract.records import ReleaseCause, RelockCause, SlotCause


class Urgency(Enum):
    AT_ONCE = 1
    BUDGETED = 2
    AFTER_COMMIT = 3


class _AtOnce:
    """What never waits for storage."""

    @property
    def urgency(self) -> Urgency:
        return Urgency.AT_ONCE


class Feedback(StrEnum):
    """What a reader tells people. Light and sound of each are the driver's."""

    GRANTED = "granted"
    DENIED = "denied"
    SECOND_FACTOR = "second_factor"
    """A number is wanted too."""
    LOCKED_OUT = "locked_out"
    """Numbers are not taken for a while."""
    HELD_LONG = "held_long"
    """The door has been held open for so long that the buzzer no longer lets up."""
    WELFARE = "welfare"
    """Is somebody there who needs help? Move, or touch the screen."""
    HELD_PRE_ALARM = "held_pre_alarm"
    HELD = "held"
    FORCED = "forced"
    EVACUATE = "evacuate"
    IDLE = "idle"
    """Back to normal: ends a lasting one (`held_pre_alarm`, `held`, `forced`, `evacuate`)."""


URGENCY_OF_RELEASE: Final[dict[ReleaseCause, Urgency]] = {
    # Out is never a matter of storage, and the wiring has let go already.
    ReleaseCause.EXIT: Urgency.AT_ONCE,
    ReleaseCause.FIRE: Urgency.AT_ONCE,
    # A person waits in the rain: a full disk must not keep them there.
    ReleaseCause.CARD: Urgency.BUDGETED,
    ReleaseCause.FACE: Urgency.BUDGETED,
    ReleaseCause.PIN: Urgency.BUDGETED,
    ReleaseCause.FREE_ACCESS: Urgency.BUDGETED,
    # Somebody far away acts: no record, no act.
    ReleaseCause.COMMAND: Urgency.AFTER_COMMIT,
}


@frozen
class ReleaseLock:
    """Let the lock go and keep it so until `SecureLock`."""

    cause: ReleaseCause
    member: MemberId | None = None
    command_id: str | None = None
    one_use: bool = False
    """For a pass that this uses up: what is not written down could be used again."""

    @property
    def urgency(self) -> Urgency:
        return Urgency.AFTER_COMMIT if self.one_use else URGENCY_OF_RELEASE[self.cause]

    @property
    def actuator(self) -> str:
        return "lock"


@frozen
class SecureLock:
    """Put the lock to rest."""

    cause: RelockCause

    @property
    def urgency(self) -> Urgency:
        return Urgency.AT_ONCE

    @property
    def actuator(self) -> str:
        return "lock"


@frozen
class ReaderFeedback:
    reader: ReaderId
    outcome: Feedback

    @property
    def urgency(self) -> Urgency:
        return Urgency.AT_ONCE

    @property
    def actuator(self) -> str:
        return f"reader:{self.reader}"


@frozen
class CheckPin:
    """Check the number of `entry` against `member`'s own, and answer with `events.PinChecked`. `member` None: the
    number alone is the credential; the shell looks it up and, when it is somebody's, answers with
    `events.CardPresented` instead."""

    reader: ReaderId
    entry: int
    member: MemberId | None

    @property
    def urgency(self) -> Urgency:
        return Urgency.AT_ONCE

    @property
    def actuator(self) -> str:
        return f"keypad:{self.reader}"


@frozen
class SetLoad:
    """Switch a load. A level, not a pulse."""

    load: LoadId
    on: bool

    @property
    def urgency(self) -> Urgency:
        return Urgency.AT_ONCE

    @property
    def actuator(self) -> str:
        return f"load:{self.load}"


@frozen
class Stop:
    """Stop in order (the shell then sends `events.StopRequested`); the service manager starts the station again."""

    why: str
    command_id: str | None = None

    @property
    def urgency(self) -> Urgency:
        return Urgency.AFTER_COMMIT

    @property
    def actuator(self) -> str:
        return "station"


class SlotLamp(StrEnum):
    """What a slot's lamp shows, where the cabinet has one. Light and rhythm of each are the driver's."""

    OFF = "off"
    HERE = "here"
    """This is your slot now."""
    CHARGING = "charging"
    FULL = "full"
    OUT_OF_SERVICE = "out_of_service"
    DANGER = "danger"


@frozen
class UnlockSlot:
    """One pulse that opens a slot. Never written twice; what becomes of it comes back as `events.SlotPulsed`."""

    slot: SlotNumber
    pulse: int
    cause: SlotCause
    command_id: str | None = None

    @property
    def urgency(self) -> Urgency:
        return Urgency.AFTER_COMMIT

    @property
    def actuator(self) -> str:
        return f"slot:{self.slot}"


@frozen
class SetCharger(_AtOnce):
    """A slot's charger: a level, repeated by the driver until it reads back. 0: off."""

    slot: SlotNumber
    limit_ma: int

    @property
    def actuator(self) -> str:
        return f"charger:{self.slot}"


@frozen
class SetContactor(_AtOnce):
    """The main contactor of all chargers."""

    closed: bool

    @property
    def actuator(self) -> str:
        return "contactor"


@frozen
class SetFan(_AtOnce):
    on: bool

    @property
    def actuator(self) -> str:
        return "fan"


@frozen
class Extinguish(_AtOnce):
    """The software's output to a slot's extinguisher. The hardware has its own, which needs nobody."""

    slot: SlotNumber

    @property
    def actuator(self) -> str:
        return f"extinguisher:{self.slot}"


@frozen
class SetLamp(_AtOnce):
    slot: SlotNumber
    lamp: SlotLamp

    @property
    def actuator(self) -> str:
        return f"lamp:{self.slot}"


@frozen
class LookUpBattery(_AtOnce):
    """Ask the roster whose a battery is; the answer is `events.BatteryLookedUp`."""

    battery: BatteryId

    @property
    def actuator(self) -> str:
        return "roster"


CabinetEffect = UnlockSlot | SetCharger | SetContactor | SetFan | Extinguish | SetLamp
"""What the cabinet's driver carries out."""

Effect = (
    ReleaseLock | SecureLock | ReaderFeedback | CheckPin | SetLoad | Stop
    | UnlockSlot | SetCharger | SetContactor | SetFan | Extinguish | SetLamp | LookUpBattery
)  # fmt: skip


def opposes(newer: Effect, waiting: Effect) -> bool:
    """Whether `newer` makes the still waiting effect void. A repeated release does not: it lets go sooner, or again."""
    return {type(newer), type(waiting)} == {ReleaseLock, SecureLock}
