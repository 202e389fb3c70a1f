"""What can break at the swap cabinet: set and taken back by the fault board."""

from typing import Final

from firmware_sim.batteries import BmsState
from firmware_sim.cabinet_room import CabinetRoom
from firmware_sim.cabinet_slot import LockFault
from firmware_sim.devices.modbus_line import Fault
from firmware_sim.faults import NEEDS_SLOT, OF_WHOLE_CABINET, FaultArgs, FaultError, FaultName
from firmware_sim.premises import WorldError

DEFAULT_LATE_MS: Final = 150.0
"""Into the next request or the one after it."""
ANSWERS: Final = {
    FaultName.CABINET_SILENT: Fault.SILENT,
    FaultName.CABINET_LATE: Fault.LATE,
    FaultName.CABINET_GARBAGE: Fault.GARBAGE,
}
BMS: Final = {
    FaultName.BMS_SILENT: BmsState.SILENT,
    FaultName.BMS_FROZEN: BmsState.FROZEN,
    FaultName.BMS_IMPOSSIBLE: BmsState.IMPOSSIBLE,
}
LOCKS: Final = {
    FaultName.CABINET_LOCK_STUCK: LockFault.STUCK_SHUT,
    FaultName.CABINET_LOCK_LOOSE: LockFault.STUCK_OPEN,
}


def slot_of(room: CabinetRoom | None, name: FaultName, args: FaultArgs) -> int | None:
    """The slot that the fault is of; None: of the whole cabinet. Raises FaultError when there is no such thing."""
    if room is None:
        raise FaultError("no [cabinet] is configured")
    if name in OF_WHOLE_CABINET:
        return None
    count = len(room.cabinet.slots)
    if (args.slot is None and name in NEEDS_SLOT) or (args.slot is not None and not 1 <= args.slot <= count):
        raise FaultError(f"args.slot: which slot: 1 to {count}")
    return args.slot


def set_cabinet_fault(room: CabinetRoom, name: FaultName, on: bool, args: FaultArgs, now_ms: float) -> None:
    """Raises FaultError, as when the BMS of an empty slot is to fail."""
    slot, bus, cabinet = slot_of(room, name, args), room.bus, room.cabinet
    if name is FaultName.CABINET_NOISE:
        bus.set_noisy(on)
    elif name is FaultName.CABINET_LINE_CUT:
        bus.set_cut(on)
    elif name in ANSWERS:
        bus.set_fault(slot, ANSWERS[name] if on else None, args.ms or DEFAULT_LATE_MS)
    elif slot is None:
        raise AssertionError(name)
    elif name in LOCKS:
        cabinet.slots[slot].lock_fault = LOCKS[name] if on else None
    elif name is FaultName.CABINET_CONTACT_STUCK:
        cabinet.slots[slot].contact_stuck = args.active if on else None
    elif name is FaultName.CABINET_CHARGER_STUCK:
        cabinet.set_ignoring_off(slot, on, now_ms)
    elif name is FaultName.CABINET_CONFUSED:
        other = slot % len(cabinet.slots) + 1
        bus.set_swapped(slot, other if on else None)
    else:
        _set_bms(room, slot, BMS[name] if on else BmsState.FINE, now_ms)


def _set_bms(room: CabinetRoom, slot: int, state: BmsState, now_ms: float) -> None:
    """The fault is the battery's: taken back it is healed wherever that has gone to."""
    cabinet = room.cabinet
    if state is BmsState.FINE:
        battery = room.ill.pop(slot, None)
        if battery is not None:
            battery.bms = BmsState.FINE
        cabinet.slots[slot].frozen_at_ms = None
        return
    try:
        cabinet.set_bms(slot, state, now_ms)
    except WorldError as error:
        raise FaultError(str(error)) from None
    battery = cabinet.slots[slot].battery
    if battery is not None:
        room.ill[slot] = battery
