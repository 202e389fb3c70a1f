"""The swap's ledger: a record for each move, so that every battery is in one slot, with one member, or in one open
anomaly. `swap`, `anomaly`, `claim` and `pulse` are numbers that rise within one journal."""

from dataclasses import dataclass
from typing import ClassVar

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.records.swap_codes import (
    AnomalyCause,
    AnomalyEnd,
    AnomalyKind,
    SwapKind,
    SwapOutcome,
    SwapRefusal,
    SwapStage,
)


@dataclass(frozen=True)
class SwapRefused:
    """`detail`: of `denied` the access decision's reason."""

    KIND: ClassVar[str] = "swap.refused"
    member: MemberId | None
    swap_kind: SwapKind
    reason: SwapRefusal
    detail: str = ""


@dataclass(frozen=True)
class SwapBegun:
    """`slot_in` is reserved for what is brought, `slot_out` is what is to be given; None: not in this kind."""

    KIND: ClassVar[str] = "swap.begun"
    swap: int
    member: MemberId
    swap_kind: SwapKind
    slot_in: SlotNumber | None
    slot_out: SlotNumber | None


@dataclass(frozen=True)
class SwapStaged:
    """The swap goes on to `stage`, at `slot`. `attempt` counts the pulses to this slot in this stage. `outcome`: how it
    is going to end, where that is decided before the end (a refused battery goes back first)."""

    KIND: ClassVar[str] = "swap.staged"
    swap: int
    stage: SwapStage
    slot: SlotNumber | None
    attempt: int = 1
    outcome: SwapOutcome | None = None


@dataclass(frozen=True)
class SwapEnded:
    """`battery_in` and `battery_out` are what has really moved."""

    KIND: ClassVar[str] = "swap.ended"
    swap: int
    member: MemberId
    swap_kind: SwapKind
    outcome: SwapOutcome
    battery_in: BatteryId | None
    battery_out: BatteryId | None
    duration_ms: int
    left: SlotNumber | None = None
    """A slot where something may still move, or lies that nobody has booked yet: it is this member's doing until
    somebody else opens it."""


@dataclass(frozen=True)
class BatteryTakenIn:
    """`member` None: nobody is known to have brought it. `swap` None: not in a swap."""

    KIND: ClassVar[str] = "battery.taken_in"
    battery: BatteryId
    slot: SlotNumber
    member: MemberId | None
    swap: int | None
    model: str = ""
    soc_percent: int | None = None
    soh_percent: int | None = None
    cycles: int | None = None
    temperature_decicelsius: int | None = None


@dataclass(frozen=True)
class BatteryGivenOut:
    """`member` None: it went, and nobody is known to have it (an anomaly says more)."""

    KIND: ClassVar[str] = "battery.given_out"
    battery: BatteryId
    slot: SlotNumber
    member: MemberId | None
    swap: int | None
    soc_percent: int | None = None
    soh_percent: int | None = None


@dataclass(frozen=True)
class AnomalyOpened:
    KIND: ClassVar[str] = "anomaly.opened"
    anomaly: int
    anomaly_kind: AnomalyKind
    cause: AnomalyCause
    battery: BatteryId | None
    slot: SlotNumber | None
    member: MemberId | None
    swap: int | None
    detail: str = ""


@dataclass(frozen=True)
class AnomalyClosed:
    KIND: ClassVar[str] = "anomaly.closed"
    anomaly: int
    how: AnomalyEnd
    by: str = ""


@dataclass(frozen=True)
class ClaimGranted:
    """The member is owed a battery, here or at any other station."""

    KIND: ClassVar[str] = "claim.granted"
    claim: int
    member: MemberId
    swap: int | None
    why: SwapOutcome


@dataclass(frozen=True)
class ClaimUsed:
    """`claim` None: one that another station has granted."""

    KIND: ClassVar[str] = "claim.used"
    claim: int | None
    member: MemberId
    swap: int | None
