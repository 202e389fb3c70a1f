"""The swap cabinet's part of the `state` message (what is in it, and the swap under way) and of `desired`."""

from typing import Annotated

from pydantic import Field

from contract.ids import BatteryId
from contract.parts import Count, Moment, Part, Position, Shown
from contract.records import SlotAside, SwapKind, SwapOutcome, SwapRefusal, SwapStage, Trip

Small = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class SlotState(Part):
    """One slot. None: not known. `battery` is what the BMS in it says, `booked` what the books have there."""

    slot: Position
    door_open: bool | None = None
    may_be_open: bool = False
    """Told to open, and not surely shut."""
    present: bool | None = None
    battery: Shown | None = None
    booked: Shown | None = None
    model: Shown = ""
    soc_percent: Small | None = None
    soh_percent: Small | None = None
    voltage_mv: Small | None = None
    current_ma: Small | None = None
    temperature_decicelsius: Small | None = None
    cycles: Small | None = None
    charging: bool = False
    full: bool = False
    asides: list[SlotAside | Shown] = Field(default=[], max_length=8)
    trips: list[Trip | Shown] = Field(default=[], max_length=16)
    lost: Shown = ""
    """Why nothing is known of it; empty: it answers."""


class SwapState(Part):
    """The swap under way. `slot` is where the rider is wanted now; `ends_in_ms` what is left for this step."""

    swap: Count
    member: Shown
    kind: SwapKind | Shown
    stage: SwapStage | Shown
    slot: Position | None = None
    attempt: Count = 1
    outcome: SwapOutcome | Shown | None = None
    ends_in_ms: Count | None = None
    warned: bool = False
    overdue: bool = False
    again: bool = False
    held: bool = False
    cancellable: bool = False


class SwapSaid(Part):
    """What the screen says after a swap has ended (`outcome`) or was refused (`refusal`)."""

    outcome: SwapOutcome | Shown | None = None
    refusal: SwapRefusal | Shown | None = None
    detail: Shown = ""
    claim: bool = False
    slot: Position | None = None
    ends_in_ms: Count = 0


class AnomalyState(Part):
    """A battery, or a slot, that the books cannot explain."""

    anomaly: Count
    kind: Shown
    cause: Shown
    battery: Shown | None = None
    slot: Position | None = None
    member: Shown | None = None
    since_ms: Moment
    detail: Shown = ""


class CabinetState(Part):
    online: bool | None = None
    ready: bool = False
    """Everything has been read in this run, and riders may come."""
    service_by: Shown = ""
    hazard: bool = False
    trips: list[Trip | Shown] = Field(default=[], max_length=16)
    """Of the whole cabinet; a slot's are with the slot."""
    slots: list[SlotState] = Field(default=[], max_length=120)
    full: Count = 0
    empty: Count = 0
    swap: SwapState | None = None
    waiting: Count = 0
    chosen: SwapKind | Shown | None = None
    chosen_ends_in_ms: Count | None = None
    said: SwapSaid | None = None
    anomalies: list[AnomalyState] = Field(default=[], max_length=64)
    """The newest."""
    claims: Count = 0
    out: Count = 0
    """Batteries with riders, as far as this station knows."""
    swaps: Count = 0
    """Ever begun at this station."""


class CabinetOrders(Part):
    """What is to hold of the swap cabinet. A battery that is recalled is neither charged nor given out, a slot that is
    locked out takes no part; None: as the station is configured, and nothing here widens what that allows."""

    recalled: list[Annotated[BatteryId, Field(min_length=1, max_length=64)]] = Field(default=[], max_length=256)
    slots_locked_out: list[Annotated[int, Field(ge=1, le=1_000)]] = Field(default=[], max_length=120)
    power_budget_w: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    keep_full: Annotated[int, Field(ge=0, le=120)] | None = None
