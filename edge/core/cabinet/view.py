"""The cabinet as its screen, the state message and the console need it: what is true, and nothing worded.

Moments that somebody counts down to are monotonic, as everywhere in volatile state: whoever shows seconds subtracts
the present one.
"""

from dataclasses import dataclass

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.records import AnomalyCause, AnomalyKind, SlotAside, SwapKind, SwapOutcome, SwapRefusal, SwapStage, Trip
from edge.core.cabinet import choose
from edge.core.cabinet.config import CabinetConfig
from edge.core.state import StationState


@dataclass(frozen=True)
class SlotView:
    """One slot. None: not known."""

    slot: SlotNumber
    door_open: bool | None
    may_be_open: bool
    """Told to open, and not surely shut: it counts as open."""
    present: bool | None
    battery: BatteryId | None
    """What the BMS in it says of itself; `booked` is what the books have there."""
    booked: BatteryId | None
    model: str
    soc_percent: int | None
    soh_percent: int | None
    voltage_mv: int | None
    current_ma: int | None
    temperature_decicelsius: int | None
    cycles: int | None
    charging: bool
    full: bool
    """It would be given now."""
    asides: tuple[SlotAside, ...]
    trips: tuple[Trip, ...]
    lost: str
    """Why nothing is known of it; empty: it answers."""


@dataclass(frozen=True)
class SwapView:
    """The swap under way. `slot` is where the rider is wanted now."""

    swap: int
    member: MemberId
    kind: SwapKind
    stage: SwapStage
    slot: SlotNumber | None
    attempt: int
    outcome: SwapOutcome | None
    """Decided already: what is left is to give back."""
    ends_mono_ms: int | None
    """When the rider's time for this step is over; None: nobody's time runs."""
    warned: bool
    """Half of it is over."""
    overdue: bool
    """It is over, and the slot is only to be closed."""
    again: bool
    """The slot was closed with nothing done, and opens once more."""
    held: bool
    """Nothing goes on until the cabinet answers, another slot is closed or storage is back."""
    cancellable: bool


@dataclass(frozen=True)
class SaidView:
    """What the screen says after a swap has ended (`outcome`) or was refused (`refusal`), until `until_mono_ms`."""

    outcome: SwapOutcome | None
    refusal: SwapRefusal | None
    detail: str
    """Of `denied`: the access decision's reason."""
    claim: bool
    """The rider is owed a battery."""
    slot: SlotNumber | None
    """A slot that is still to be closed."""
    until_mono_ms: int


@dataclass(frozen=True)
class AnomalyView:
    anomaly: int
    kind: AnomalyKind
    cause: AnomalyCause
    battery: BatteryId | None
    slot: SlotNumber | None
    member: MemberId | None
    since_ms: int
    """Wall time."""
    detail: str


@dataclass(frozen=True)
class CabinetView:
    online: bool | None
    ready: bool
    """Everything has been read in this run, and riders may come."""
    service_by: str
    hazard: bool
    """The cabinet, or the room, is dangerous: people are told to leave."""
    trips: tuple[Trip, ...]
    """Of the whole cabinet."""
    slots: tuple[SlotView, ...]
    full: int
    """So many could be given now …"""
    empty: int
    """… and so many could be put in."""
    swap: SwapView | None
    waiting: int
    """Riders who were told to wait for the swap under way."""
    chosen: SwapKind | None
    """What the next card is for, until `chosen_until_mono_ms`; None: a swap."""
    chosen_until_mono_ms: int | None
    said: SaidView | None
    anomalies: tuple[AnomalyView, ...]
    claims: int
    out: int
    """Batteries with riders, as far as this station knows."""
    swaps: int
    """Ever begun at this station."""


def cabinet_view(config: CabinetConfig, state: StationState, mono_ms: int) -> CabinetView | None:
    """What the cabinet looks like from outside at `mono_ms`; None: the station has none."""
    return None
