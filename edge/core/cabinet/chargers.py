"""The hands on the chargers and on their main contactor: one record and one effect for each change.

Off is told to the wire in every case, known to be off or not: it is a level, and does no harm twice.
"""

from typing import Final

from contract.ids import BatteryId, SlotNumber
from contract.records import ChargeBegan, ChargeEnd, ChargeEnded
from edge.core.cabinet.slots import set_now
from edge.core.cabinet.state import ChargeNow
from edge.core.changed import changed
from edge.core.effects import SetCharger, SetContactor
from edge.core.state import StationState
from edge.core.turn import Turn

OFF_READ_MS: Final = 3_000
OFF_MS: Final = 5_000
"""A charger that reads back as off, and one that cannot be read back, gives nothing any more so long after it was told:
its battery has been read again by then, or the lease has run out."""


def charge_now(state: StationState, slot: SlotNumber) -> ChargeNow:
    """What a slot's charger does; one that was never switched in this run is off."""
    return state.volatile.cabinet.charge.get(slot) or ChargeNow()


def is_charging(state: StationState, slot: SlotNumber) -> bool:
    return charge_now(state, slot).limit_ma > 0


def switch_on(turn: Turn, slot: SlotNumber, battery: BatteryId, limit_ma: int, wake_ms: int | None = None) -> None:
    """Charge with at most `limit_ma`; `wake_ms`: to wake a pack at 0 V, and for no longer than that."""
    turn.record(ChargeBegan(slot, battery, limit_ma, wake=wake_ms is not None))
    turn.act(SetCharger(slot, limit_ma))
    wake_until_ms = None if wake_ms is None else turn.mono_ms + wake_ms
    set_charge(turn, slot, ChargeNow(limit_ma, turn.mono_ms, wake_until_ms=wake_until_ms))


def switch_off(turn: Turn, slot: SlotNumber, why: ChargeEnd) -> None:
    """Off, at once."""
    turn.act(SetCharger(slot, 0))
    now = charge_now(turn.state, slot)
    if now.limit_ma > 0:
        booked = turn.durable.cabinet.in_slot(slot)
        turn.record(ChargeEnded(slot, None if booked is None else booked.battery, why))
        set_charge(turn, slot, ChargeNow(0, turn.mono_ms, rested_since_ms=turn.mono_ms))
        # Whether it obeys is looked at although nothing more may be told.
        due_ms, look_ms = turn.volatile.cabinet.trip_due_ms, turn.mono_ms + OFF_READ_MS
        set_now(turn, trip_due_ms=look_ms if due_ms is None else min(due_ms, look_ms))


def all_off(turn: Turn, why: ChargeEnd) -> None:
    """Every charger off, and the main contactor open."""
    for slot in turn.config.cabinet.slots:
        switch_off(turn, slot, why)
    set_contactor(turn, closed=False)


def set_contactor(turn: Turn, *, closed: bool) -> None:
    turn.act(SetContactor(closed))
    set_now(turn, contactor_wanted=closed)


def set_charge(turn: Turn, slot: SlotNumber, now: ChargeNow) -> None:
    set_now(turn, charge={**turn.volatile.cabinet.charge, slot: now})


def forget_rest(turn: Turn, slot: SlotNumber) -> None:
    """The battery that was charged here has gone; the next one is another one."""
    now = charge_now(turn.state, slot)
    if now.rested_since_ms is not None:
        set_charge(turn, slot, changed(now, rested_since_ms=None))
