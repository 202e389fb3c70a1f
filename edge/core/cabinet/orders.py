"""What the cloud wants of the cabinet: an operator's commands, and the standing will.

*Commands* are of one moment and say their reason. A slot opens by command only when nothing else moves: no swap, no
other door open or unread, nobody at work, and never one that is tripped or in quarantine.

*The standing will* names the batteries that are recalled, the slots that are locked out, and the limits of power and
of full batteries kept; it holds until another one comes, over restarts too. What it no longer names ends.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from contract.ids import SlotNumber
from contract.records import CabinetOrdered, SlotAside, SlotCause, SlotGivenBack, SlotSetAside, Trip
from edge.core.cabinet import asides, charging, service, trips
from edge.core.cabinet.asides import Trouble
from edge.core.cabinet.slots import maybe_open, slot_now, unlock
from edge.core.cabinet.state import MAX_RECALLED, CabinetMemory
from edge.core.events import CabinetWill
from edge.core.turn import Turn

MAX_BY_CHARACTERS: Final = 64
NOTHING: Final = CabinetWill()


class CabinetCommand(StrEnum):
    OPEN_SLOT = "open_slot"
    LOCK_OUT_SLOT = "lock_out_slot"
    GIVE_BACK_SLOT = "give_back_slot"
    RESET_TRIP = "reset_trip"
    RESUME_CHARGING = "resume_charging"


# ---------------------------------------------------------------- commands


def trouble(turn: Turn, kind: CabinetCommand, args: Mapping[str, Any]) -> str:
    """Why a command is not begun; empty: it may be tried."""
    if not turn.config.cabinet.slots:
        return Trouble.SLOT_UNKNOWN
    slot = _slot(turn, args)
    if kind is CabinetCommand.RESET_TRIP:
        given = args.get("slot") is None or slot is not None
        return "" if given and _trip(args) is not None else Trouble.NOT_TRIPPED
    if kind is CabinetCommand.RESUME_CHARGING:
        return "" if turn.volatile.cabinet.online else Trouble.CABINET_OFFLINE
    if slot is None:
        return Trouble.SLOT_UNKNOWN
    return (_not_openable(turn, slot) or "") if kind is CabinetCommand.OPEN_SLOT else ""


def begin(turn: Turn, kind: CabinetCommand, command_id: str, args: Mapping[str, Any], by: str) -> Trouble | None:
    """Carry a command out. The answer says what has stopped it; an `open_slot` is answered by its effect."""
    slot, by = _slot(turn, args), by[:MAX_BY_CHARACTERS]
    if kind is CabinetCommand.RESUME_CHARGING:
        charging.resume(turn)
        return None
    if kind is CabinetCommand.RESET_TRIP:
        return _reset(turn, args, slot, by)
    assert slot is not None, "a command about no slot was not refused"
    if kind is CabinetCommand.OPEN_SLOT:
        unlock(turn, slot, SlotCause.COMMAND, by=by, command_id=command_id)
        return None
    act = asides.lock_out if kind is CabinetCommand.LOCK_OUT_SLOT else asides.give_back
    return act(turn, slot, by)


def _reset(turn: Turn, args: Mapping[str, Any], slot: SlotNumber | None, by: str) -> Trouble | None:
    trip = _trip(args)
    if not any((each.trip, each.slot) == (trip, slot) for each in turn.durable.cabinet.tripped) or trip is None:
        return Trouble.NOT_TRIPPED
    return Trouble.CAUSE_NOT_OVER if trips.reset(turn, trip, slot, by) else None


def _not_openable(turn: Turn, slot: SlotNumber) -> Trouble | None:
    memory, now = turn.durable.cabinet, turn.volatile.cabinet
    if not now.online or not now.all_read or not slot_now(turn.state, slot).known:
        return Trouble.CABINET_OFFLINE
    if memory.service_by:
        return Trouble.SERVICE
    if memory.swap is not None:
        return Trouble.SWAP_UNDER_WAY
    if maybe_open(turn.state):
        return Trouble.SLOT_OPEN
    return Trouble.SLOT_TRIPPED if service.is_dangerous(memory, slot) or memory.is_tripped(slot) else None


def _slot(turn: Turn, args: Mapping[str, Any]) -> SlotNumber | None:
    given = args.get("slot")
    known = isinstance(given, int) and not isinstance(given, bool) and given in turn.config.cabinet.slots
    return SlotNumber(given) if known and given is not None else None


def _trip(args: Mapping[str, Any]) -> Trip | None:
    given = args.get("trip")
    return Trip(given) if isinstance(given, str) and given in frozenset(Trip) else None


# ---------------------------------------------------------------- the standing will


def desired(turn: Turn, will: CabinetWill | None, by: str) -> None:
    """The cloud wants exactly this of the cabinet; None: nothing."""
    config, memory, will = turn.config.cabinet, turn.durable.cabinet, will or NOTHING
    wanted = CabinetOrdered(
        recalled=will.recalled[:MAX_RECALLED],
        locked_out=tuple(slot for slot in config.slots if slot in will.locked_out),
        power_budget_w=will.power_budget_w,
        keep_full=will.keep_full,
        by=by[:MAX_BY_CHARACTERS],
    )
    if not config.slots or _is_followed(memory, wanted):
        return
    turn.record(wanted)
    for slot in wanted.locked_out:
        if slot not in memory.locked_out and not asides.is_locked_out(turn, slot):
            turn.record(SlotSetAside(slot, SlotAside.LOCKED_OUT, wanted.by))
    for slot in memory.locked_out:
        if slot not in wanted.locked_out and asides.is_locked_out(turn, slot):
            turn.record(SlotGivenBack(slot, SlotAside.LOCKED_OUT, wanted.by))


def _is_followed(memory: CabinetMemory, wanted: CabinetOrdered) -> bool:
    held = memory.recalled, memory.locked_out, memory.power_budget_w, memory.keep_full
    return held == (wanted.recalled, wanted.locked_out, wanted.power_budget_w, wanted.keep_full)
