"""The slots: what may be opened, and the one way to open one.

A slot that was told to open counts as open until its contact has said open and then shut, or until the driver has said
that the pulse was surely not sent: the answer to a pulse may be lost, and the pulse not.
"""

from contract.ids import SlotNumber
from contract.records import SlotAside, SlotCause, SlotUnlocked
from edge.core.cabinet.state import CabinetMemory, CabinetNow, SlotNow
from edge.core.changed import changed
from edge.core.effects import UnlockSlot
from edge.core.state import StationState
from edge.core.turn import Turn


def memory_of(state: StationState) -> CabinetMemory:
    return state.durable.cabinet


def now_of(state: StationState) -> CabinetNow:
    return state.volatile.cabinet


def slot_now(state: StationState, slot: SlotNumber) -> SlotNow:
    """What is known of the slot in this run; all of it unknown where nothing was read."""
    return state.volatile.cabinet.slots.get(slot) or SlotNow()


def maybe_open(state: StationState) -> list[SlotNumber]:
    """The slots that stand open, or may."""
    return [slot for slot, now in state.volatile.cabinet.slots.items() if now.may_be_open]


def in_the_way(state: StationState, slot: SlotNumber | None = None) -> list[SlotNumber]:
    """The other slots because of which none may be opened now. A slot of which nothing is known counts as open until a
    person has locked it out: whoever does that has seen to its door."""
    locked_out = {aside.slot for aside in state.durable.cabinet.asides if aside.why is SlotAside.LOCKED_OUT}
    now = state.volatile.cabinet.slots
    return [
        each
        for each in maybe_open(state)
        if each != slot and not (each in locked_out and now[each].door_open is None and now[each].pulsed_ms is None)
    ]


def unlock(
    turn: Turn,
    slot: SlotNumber,
    cause: SlotCause,
    *,
    swap: int | None = None,
    by: str = "",
    command_id: str | None = None,
) -> None:
    """Tell a slot to open: the record first, then the pulse. Whether it may open is the caller's to have asked."""
    pulse = turn.durable.cabinet.pulses + 1
    turn.record(SlotUnlocked(slot, pulse, cause, swap, by))
    told = changed(slot_now(turn.state, slot), pulsed_ms=turn.mono_ms, told_ms=turn.mono_ms, pulse=pulse)
    set_slot(turn, slot, changed(told, pulse_answered=False, shut_ms=None))
    turn.act(UnlockSlot(slot, pulse, cause, command_id))


def set_slot(turn: Turn, slot: SlotNumber, now: SlotNow) -> None:
    """Remember what is known of a slot in this run."""
    slots = {**turn.volatile.cabinet.slots, slot: now}
    set_now(turn, slots=slots)


def set_now(turn: Turn, **changes: object) -> None:
    turn.set_volatile(cabinet=changed(turn.volatile.cabinet, **changes))
