"""The swap cabinet itself: its slots, its chargers, its trips."""

from dataclasses import dataclass
from typing import ClassVar

from contract.ids import BatteryId, SlotNumber
from contract.records.swap_codes import ChargeEnd, SlotAside, SlotCause, Trip


@dataclass(frozen=True)
class SlotUnlocked:
    """A slot is told to open: written and committed before the pulse, so no slot opens without a cause in the journal.
    `by`: the operator or technician, else empty."""

    KIND: ClassVar[str] = "slot.unlocked"
    slot: SlotNumber
    pulse: int
    cause: SlotCause
    swap: int | None = None
    by: str = ""


@dataclass(frozen=True)
class SlotDoorOpened:
    """`commanded` False: nobody had told it to."""

    KIND: ClassVar[str] = "slot.door_opened"
    slot: SlotNumber
    commanded: bool


@dataclass(frozen=True)
class SlotDoorClosed:
    KIND: ClassVar[str] = "slot.door_closed"
    slot: SlotNumber
    open_ms: int | None
    """None: it stood open when the run began."""


@dataclass(frozen=True)
class SlotSetAside:
    """The slot takes no part in swaps until it is given back, at the earliest at `until_ms` (wall time)."""

    KIND: ClassVar[str] = "slot.set_aside"
    slot: SlotNumber
    why: SlotAside
    by: str = ""
    until_ms: int | None = None


@dataclass(frozen=True)
class SlotGivenBack:
    KIND: ClassVar[str] = "slot.given_back"
    slot: SlotNumber
    why: SlotAside
    by: str = ""


@dataclass(frozen=True)
class CabinetTripped:
    """`slot` None: the whole cabinet."""

    KIND: ClassVar[str] = "cabinet.tripped"
    trip: Trip
    slot: SlotNumber | None
    detail: str = ""
    hazard: bool = False
    """It can burn: people are told to leave, and nobody is let in."""


@dataclass(frozen=True)
class CabinetTripReset:
    KIND: ClassVar[str] = "cabinet.trip_reset"
    trip: Trip
    slot: SlotNumber | None
    by: str


@dataclass(frozen=True)
class ChargeBegan:
    """`wake`: a pack at 0 V gets a little current, once."""

    KIND: ClassVar[str] = "charge.began"
    slot: SlotNumber
    battery: BatteryId
    limit_ma: int
    wake: bool = False


@dataclass(frozen=True)
class ChargeEnded:
    KIND: ClassVar[str] = "charge.ended"
    slot: SlotNumber
    battery: BatteryId | None
    why: ChargeEnd


@dataclass(frozen=True)
class ServiceBegan:
    """A technician works at the cabinet: no swaps, and more than one slot may be open."""

    KIND: ClassVar[str] = "service.began"
    by: str


@dataclass(frozen=True)
class ServiceEnded:
    KIND: ClassVar[str] = "service.ended"
    by: str
    why: str = ""


@dataclass(frozen=True)
class CabinetOrdered:
    """What the cloud's standing will says of the cabinet from now on. None: as configured."""

    KIND: ClassVar[str] = "cabinet.ordered"
    recalled: tuple[BatteryId, ...]
    locked_out: tuple[SlotNumber, ...]
    power_budget_w: int | None = None
    keep_full: int | None = None
    by: str = ""


@dataclass(frozen=True)
class BatterySampled:
    """Telemetry: what a battery in a slot says of itself."""

    KIND: ClassVar[str] = "battery.sampled"
    slot: SlotNumber
    battery: BatteryId
    soc_percent: int | None = None
    soh_percent: int | None = None
    voltage_mv: int | None = None
    current_ma: int | None = None
    temperature_decicelsius: int | None = None
