"""The cabinet as its screen, the state message and the console need it: what is true, and nothing worded.

Moments that somebody counts down to are monotonic, as everywhere in volatile state: whoever shows seconds subtracts
the present one.
"""

from dataclasses import dataclass

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.records import AnomalyCause, AnomalyKind, SlotAside, SwapKind, SwapOutcome, SwapRefusal, SwapStage, Trip
from edge.core.cabinet import choose
from edge.core.cabinet.config import CabinetConfig
from edge.core.cabinet.slots import slot_now
from edge.core.cabinet.state import Anomaly, Said
from edge.core.cabinet.swap_inputs import is_hazard, limit_ms, slot_of
from edge.core.cabinet.swap_table import is_cancellable
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
    if not config.slots:
        return None
    memory, now = state.durable.cabinet, state.volatile.cabinet
    full = choose.full_slots(config, state, mono_ms)
    return CabinetView(
        online=now.online,
        ready=now.online is True and now.all_read,
        service_by=memory.service_by,
        hazard=is_hazard(state),
        trips=tuple(tripped.trip for tripped in memory.tripped if tripped.slot is None),
        slots=tuple(_slot_view(state, slot, slot in full) for slot in config.slots),
        full=len(full),
        empty=len(choose.empty_slots(config, state)),
        swap=_swap_view(config, state),
        waiting=len(now.waiting),
        chosen=now.chosen,
        chosen_until_mono_ms=now.chosen_until_ms,
        said=_said_view(now.said),
        anomalies=tuple(_anomaly_view(anomaly) for anomaly in memory.anomalies),
        claims=len(memory.claims),
        out=len(memory.out),
        swaps=memory.swaps,
    )


def _slot_view(state: StationState, slot: SlotNumber, full: bool) -> SlotView:
    memory, now, charge = state.durable.cabinet, slot_now(state, slot), state.volatile.cabinet.charge.get(slot)
    battery, booked = now.battery, memory.in_slot(slot)
    return SlotView(
        slot=slot,
        door_open=now.door_open,
        may_be_open=now.may_be_open,
        present=now.present,
        battery=None if battery is None else battery.serial or None,
        booked=None if booked is None else booked.battery,
        model="" if battery is None else battery.model,
        soc_percent=None if battery is None else battery.soc_percent,
        soh_percent=None if battery is None else battery.soh_percent,
        voltage_mv=None if battery is None else battery.voltage_mv,
        current_ma=None if battery is None else battery.current_ma,
        temperature_decicelsius=None if battery is None else battery.temperature_decicelsius,
        cycles=None if battery is None else battery.cycles,
        charging=charge is not None and charge.limit_ma > 0,
        full=full,
        asides=tuple(aside.why for aside in memory.asides if aside.slot == slot),
        trips=tuple(tripped.trip for tripped in memory.tripped if tripped.slot == slot),
        lost=now.lost,
    )


def _swap_view(config: CabinetConfig, state: StationState) -> SwapView | None:
    swap, flow = state.durable.cabinet.swap, state.volatile.cabinet.swap
    if swap is None:
        return None
    limit = limit_ms(config.times, swap.stage)
    runs = flow is not None and flow.held_ms is None and limit is not None and not flow.overdue
    return SwapView(
        swap=swap.id,
        member=swap.member,
        kind=swap.kind,
        stage=swap.stage,
        slot=slot_of(swap),
        attempt=swap.attempt,
        outcome=swap.outcome,
        ends_mono_ms=flow.since_ms + limit if runs and flow is not None and limit is not None else None,
        warned=flow is not None and flow.warned,
        overdue=flow is not None and flow.overdue,
        again=flow is not None and flow.again,
        held=flow is not None and flow.held_ms is not None,
        cancellable=is_cancellable(swap),
    )


def _said_view(said: Said | None) -> SaidView | None:
    if said is None:
        return None
    return SaidView(said.outcome, said.refusal, said.detail, said.claim, said.slot, said.until_ms)


def _anomaly_view(anomaly: Anomaly) -> AnomalyView:
    return AnomalyView(
        anomaly=anomaly.id,
        kind=anomaly.kind,
        cause=anomaly.cause,
        battery=anomaly.battery,
        slot=anomaly.slot,
        member=anomaly.member,
        since_ms=anomaly.since_ms,
        detail=anomaly.detail,
    )
