"""What the swap cabinet and the people before it say."""

from dataclasses import dataclass
from enum import StrEnum

from contract.ids import BatteryId, SlotNumber
from contract.policy.model import BatteryFacts
from contract.records import SwapKind, Trip


class CabinetPoint(StrEnum):
    """Contacts of the whole cabinet. Active means trouble."""

    SMOKE = "smoke"
    WATER = "water"
    BACK_DOOR = "back_door"
    EMERGENCY_STOP = "emergency_stop"


class PulseResult(StrEnum):
    """What became of the pulse that opens a slot."""

    SENT = "sent"
    """The cabinet has confirmed the write. Whether the door opens is the contact's to say."""
    UNCONFIRMED = "unconfirmed"
    """Written, and no answer: the slot counts as open. It is not written again."""
    REFUSED = "refused"
    """Surely not carried out: the cabinet said no, or the line was down before anything was written."""


@dataclass(frozen=True)
class BatteryReading:
    """What a BMS says. None: it does not say that. `serial` empty: it answers without telling who it is."""

    serial: BatteryId
    model: str = ""
    soc_percent: int | None = None
    soh_percent: int | None = None
    voltage_mv: int | None = None
    current_ma: int | None = None
    """Above 0: it is being charged."""
    temperature_decicelsius: int | None = None
    """The hottest of its sensors."""
    cycles: int | None = None
    faults: int = 0
    """The BMS's own fault bits; 0: none."""


@dataclass(frozen=True)
class CabinetChanged:
    """The cabinet answers, or does not. Offline: nothing of it is known any more."""

    online: bool
    detail: str = ""


@dataclass(frozen=True)
class SlotRead:
    """A slot's reading, sent when something in it has changed (a temperature by 1 °C, a voltage by 100 mV, a current by
    100 mA) and after a slot was lost. None: the cabinet cannot tell that.

    `present` is the slot's own contact, or the pack's voltage on its terminals; `battery` None with `present` True: the
    BMS does not answer.
    """

    slot: SlotNumber
    door_open: bool | None
    present: bool | None
    battery: BatteryReading | None = None
    charger_on: bool | None = None
    charger_ma: int | None = None
    """What the charger itself says it gives."""
    smoke: bool | None = None
    slot_decicelsius: int | None = None
    """What the slot's own sensor says: it speaks also where the BMS is silent."""


@dataclass(frozen=True)
class SlotLost:
    """The slot's data is older than its limit, or cannot be true (`impossible`): nothing of it is known."""

    slot: SlotNumber
    detail: str = ""
    impossible: bool = False


@dataclass(frozen=True)
class CabinetPointRead:
    """`active` None: not known any more."""

    point: CabinetPoint
    active: bool | None


@dataclass(frozen=True)
class SlotPulsed:
    """What became of the pulse of `effects.UnlockSlot`."""

    slot: SlotNumber
    pulse: int
    result: PulseResult
    detail: str = ""


@dataclass(frozen=True)
class ChargerChecked:
    """Whether a slot's charger does as it was told. The driver has tried before it says no."""

    slot: SlotNumber
    obeys: bool
    detail: str = ""


@dataclass(frozen=True)
class ContactorRead:
    """The main contactor: opened by the driver because a charger did not obey, or by hand."""

    closed: bool
    detail: str = ""


@dataclass(frozen=True)
class BatteryLookedUp:
    """Answers `effects.LookUpBattery`. `facts` None: not one of ours; `available` False: the roster could not say."""

    battery: BatteryId
    facts: BatteryFacts | None
    available: bool = True


@dataclass(frozen=True)
class SwapChosen:
    """On the screen: what the next card at the cabinet's reader is for."""

    kind: SwapKind


@dataclass(frozen=True)
class SwapCancelled:
    """On the screen: the rider does not want it any more."""


@dataclass(frozen=True)
class ServiceAsked:
    """A technician on site begins or ends work at the cabinet. `by` is who, as the local socket or console knows."""

    by: str
    on: bool


@dataclass(frozen=True)
class SlotOpenAsked:
    """A technician on site wants a slot open, in service mode. `confirmed`: the second of the two steps that a tripped
    or quarantined slot needs, within a minute of the first."""

    slot: SlotNumber
    by: str
    confirmed: bool = False


@dataclass(frozen=True)
class SlotAsideAsked:
    """A technician on site takes a slot out of use, or (`aside` False) gives it back, from whatever it was out for."""

    slot: SlotNumber
    by: str
    aside: bool


@dataclass(frozen=True)
class TripResetAsked:
    """`slot` None: the cabinet's own."""

    slot: SlotNumber | None
    trip: Trip
    by: str


@dataclass(frozen=True)
class AnomalyExplained:
    """Somebody has found out what became of a battery."""

    anomaly: int
    by: str
