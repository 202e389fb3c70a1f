"""Whether what a rider has put in is taken: one of ours, bound to this member, and sound.

*Whose.* The roster knows of moves at other stations, the station's own books of those here; the newer of the two is
believed. A battery that is with nobody (new, or one that had vanished) is taken from whoever brings it. Without an
answer of the roster the station takes what it has given out itself.

*Returning only.* Somebody who wants nothing for it may bring back a worn, faulty or recalled battery: there it belongs.
"""

from dataclasses import dataclass
from typing import Final

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.records import SwapKind, SwapOutcome
from edge.core.cabinet.config import CabinetConfig
from edge.core.cabinet.slots import memory_of, now_of, set_now, slot_now
from edge.core.effects import LookUpBattery
from edge.core.events.cabinet import BatteryReading
from edge.core.state import StationState
from edge.core.turn import Turn

MAX_FACTS: Final = 256
MAX_ASKED: Final = 16


@dataclass(frozen=True)
class Verdict:
    """`refused` None: it is taken."""

    refused: SwapOutcome | None = None


def judge(
    config: CabinetConfig, state: StationState, member: MemberId, kind: SwapKind, slot: SlotNumber, *, late: bool
) -> Verdict | None:
    """The verdict on what is in `slot`; None: not enough is known yet. `late`: there is no more time for that."""
    battery = slot_now(state, slot).battery
    if battery is None or not battery.serial:
        return Verdict(SwapOutcome.REFUSED_SILENT) if late else None
    refused = _whose(state, member, slot, battery.serial)
    if refused is None:
        # The roster has not answered yet.
        return Verdict(SwapOutcome.REFUSED_UNKNOWN) if late else None
    if refused.refused is not None or kind is SwapKind.RETURN_ONLY:
        return refused
    return _sound(config, state, battery, late=late)


def ask(turn: Turn, battery: BatteryId, *, anew: bool = False) -> None:
    """Ask the roster about a battery, once."""
    now = turn.volatile.cabinet
    known = battery in now.facts or battery in now.unanswered
    if battery in now.asked or (known and not anew):
        return
    facts = {each: told for each, told in now.facts.items() if each != battery}
    asked = (*now.asked, battery)[-MAX_ASKED:]
    set_now(turn, asked=asked, facts=facts, unanswered=now.unanswered - {battery})
    turn.act(LookUpBattery(battery))


def is_ours(state: StationState, battery: BatteryId) -> bool | None:
    """Whether it is one of the operator's; None: nobody has said so yet."""
    memory, now = memory_of(state), now_of(state)
    if memory.out_with(battery) or memory.with_nobody(battery) or memory.place_of(battery) is not None:
        return True
    return None if battery not in now.facts else now.facts[battery] is not None


def holder(state: StationState, battery: BatteryId) -> MemberId | None:
    """Who has it, by the newer of roster and own books; None: nobody."""
    memory, facts = memory_of(state), now_of(state).facts.get(battery)
    gone, out = memory.with_nobody(battery), memory.out_with(battery)
    own_ms = max(0 if gone is None else gone.since_ms, 0 if out is None else out.since_ms)
    if facts is not None and facts.as_of_ms > own_ms and memory.place_of(battery) is None:
        return facts.member
    return None if out is None else out.member


def model_of(state: StationState, battery: BatteryReading) -> str:
    """Its model, by the roster before what it says itself."""
    facts = now_of(state).facts.get(battery.serial)
    return battery.model if facts is None or not facts.model else facts.model


def _whose(state: StationState, member: MemberId, slot: SlotNumber, battery: BatteryId) -> Verdict | None:
    memory, now = memory_of(state), now_of(state)
    answered = battery in now.facts or battery in now.unanswered
    if not answered:
        return None
    place = memory.place_of(battery)
    there = None if place in (None, slot) else slot_now(state, place).battery
    twin = there is not None and there.serial == battery
    ours = is_ours(state, battery)
    if ours is None:
        return Verdict(SwapOutcome.REFUSED_UNKNOWN)
    if twin or not ours:
        return Verdict(SwapOutcome.REFUSED_FOREIGN)
    whose = holder(state, battery)
    return Verdict(None if whose in (None, member) else SwapOutcome.REFUSED_NOT_YOURS)


def _sound(config: CabinetConfig, state: StationState, battery: BatteryReading, *, late: bool) -> Verdict | None:
    facts = now_of(state).facts.get(battery.serial)
    if battery.serial in memory_of(state).recalled or (facts is not None and facts.recalled):
        return Verdict(SwapOutcome.REFUSED_RECALLED)
    model = config.model(model_of(state, battery))
    flat = model is not None and battery.voltage_mv is not None and battery.voltage_mv < model.empty_mv
    if battery.faults or (flat and model is not None and not model.wakeable):
        return Verdict(SwapOutcome.REFUSED_FAULTY)
    if battery.soh_percent is None or battery.temperature_decicelsius is None:
        return Verdict(SwapOutcome.REFUSED_SILENT) if late else None
    return Verdict(SwapOutcome.REFUSED_WORN if battery.soh_percent < config.take_min_soh_percent else None)
