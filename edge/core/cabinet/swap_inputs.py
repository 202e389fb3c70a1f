"""From doors, batteries and time to the inputs of the swap's table.

*Shut.* Contacts meet a little after the door does: a slot that is shut is taken to be empty, or untouched, only after
`SETTLE_MS`. What is surely there or surely gone is believed at once, because somebody waits for it.

*Held.* While the cabinet does not answer, another slot stands open or storage is away, the rider's time stands still;
it goes on when that is over, and after `reconcile_ms` the swap ends without.
"""

from dataclasses import dataclass
from typing import Final

from contract.ids import SlotNumber
from contract.records import SwapKind, SwapOutcome, SwapStage
from edge.core import environment
from edge.core.cabinet import choose, trips, verify
from edge.core.cabinet.config import SwapTimes
from edge.core.cabinet.slots import in_the_way, slot_now
from edge.core.cabinet.state import SlotNow, Swap, SwapNow
from edge.core.cabinet.swap_table import BACK, OPENING, OUT, SwapInput
from edge.core.events import StorageStatus
from edge.core.state import StationState
from edge.core.turn import Turn

SETTLE_MS: Final = 1_500


@dataclass(frozen=True)
class Found:
    """An input, and what comes with it."""

    what: SwapInput
    outcome: SwapOutcome | None = None
    """Of `GIVE_BACK` and `TRUTH`: how the swap is going to end, or ends."""
    slot: SlotNumber | None = None
    """Where the swap goes on; None: where it is."""
    stuck: bool = False
    """The slot so far is set aside."""
    takes_in: bool = False
    """What lies in the rider's slot is the station's from now on."""
    gives_out: bool = False
    """What was to be taken has been taken."""


def slot_of(swap: Swap) -> SlotNumber | None:
    """The slot at which the swap is."""
    stage = swap.was if swap.stage is SwapStage.RECONCILING and swap.was is not None else swap.stage
    return swap.slot_out if stage in OUT else swap.slot_in


def is_hazard(state: StationState) -> bool:
    """Whether nothing may be opened for anybody: fire, smoke, a trip of the whole cabinet."""
    wide = any(tripped.slot is None for tripped in state.durable.cabinet.tripped)
    return wide or state.durable.door.fire or environment.hazard(state) or trips.is_hazard(state)


def may_pulse(state: StationState, slot: SlotNumber) -> bool:
    """Whether the slot may be told to open now."""
    cabinet, storage = state.volatile.cabinet, state.volatile.parts.storage
    answers = cabinet.online is True and slot_now(state, slot).known
    return answers and storage in (None, StorageStatus.OK) and not in_the_way(state, slot)


def is_held(state: StationState, swap: Swap, flow: SwapNow, slot: SlotNumber) -> bool:
    """Whether nothing can go on for reasons that are not the rider's."""
    now = slot_now(state, slot)
    if state.volatile.cabinet.online is not True or not now.known:
        return True
    waits = swap.stage in OPENING and not flow.pulsed and not now.door_open
    return waits and not may_pulse(state, slot)


def look(turn: Turn, swap: Swap, flow: SwapNow) -> Found | None:
    """What has happened to the swap; None: nothing yet."""
    slot = slot_of(swap)
    if slot is None:
        return Found(SwapInput.LOST)
    now, at = slot_now(turn.state, slot), swap.stage
    if now.present and not now.may_be_open and at in BACK | {SwapStage.VERIFYING} and _burns(turn.state, slot, now):
        return Found(SwapInput.DANGEROUS)
    if is_hazard(turn.state):
        return Found(SwapInput.HAZARD)
    if flow.held_ms is not None:
        late = turn.mono_ms >= flow.held_ms + turn.config.cabinet.times.reconcile_ms
        blocked = turn.volatile.cabinet.online is True and now.known
        return _held_for_long(turn, swap, slot, blocked=blocked) if late else None
    if at in OPENING:
        return _opening(turn, swap, flow, slot)
    if at is SwapStage.PUT_IN:
        return _put_in(turn, swap, flow, now)
    if at is SwapStage.VERIFYING:
        return _verifying(turn, swap, flow, slot)
    return _taking(turn, swap, flow, slot)


def limit_ms(times: SwapTimes, stage: SwapStage) -> int | None:
    """The rider's time for a stage, or the battery's to say who it is; None: it is the lock's."""
    if stage is SwapStage.VERIFYING:
        return times.verify_ms
    if stage in OPENING or stage is SwapStage.RECONCILING:
        return None
    return times.put_in_ms if stage is SwapStage.PUT_IN else times.take_ms


def _burns(state: StationState, slot: SlotNumber, now: SlotNow) -> bool:
    return now.smoke is True or any(tripped.slot == slot for tripped in state.durable.cabinet.tripped)


def _shut_ms(turn: Turn, flow: SwapNow, now: SlotNow) -> int:
    """For how long the door has been shut in this stage."""
    since_ms = flow.since_ms if now.door_since_ms is None else max(flow.since_ms, now.door_since_ms)
    return turn.mono_ms - since_ms


# ---------------------------------------------------------------- told to open


def _held_for_long(turn: Turn, swap: Swap, slot: SlotNumber, *, blocked: bool) -> Found:
    if blocked and swap.stage in OPENING:
        return _no_slot(turn, swap, stuck=False)
    return Found(SwapInput.LOST)


def _opening(turn: Turn, swap: Swap, flow: SwapNow, slot: SlotNumber) -> Found | None:
    times, now = turn.config.cabinet.times, slot_now(turn.state, slot)
    if now.door_open:
        return Found(SwapInput.OPENED)
    safe = choose.is_safe_slot(turn.state, slot)
    if not flow.pulsed:
        # Nothing else holds it back: what is in it has become dangerous.
        return _other(turn, swap, slot, stuck=False)
    if now.pulsed_ms is not None:
        return Found(SwapInput.LOST) if turn.mono_ms >= flow.since_ms + times.reconcile_ms else None
    if turn.mono_ms < flow.since_ms + times.open_ms:
        return None
    if swap.outcome is SwapOutcome.CANCELLED and swap.stage not in BACK:
        return _unwanted(turn, swap)
    if swap.attempt < times.tries and safe:
        return Found(SwapInput.NOT_OPENED)
    return _other(turn, swap, slot, stuck=swap.attempt >= times.tries)


def _other(turn: Turn, swap: Swap, slot: SlotNumber, *, stuck: bool) -> Found:
    """The slot does not open: which one instead?"""
    others: list[SlotNumber] = []
    if swap.stage is SwapStage.OPENING_IN:
        others = choose.empty_slots(turn.config.cabinet, turn.state)
    elif swap.stage is SwapStage.OPENING_OUT:
        others = choose.full_slots(turn.config.cabinet, turn.state, turn.mono_ms)
    others = [other for other in others if other != slot]
    return Found(SwapInput.STUCK_NEXT, slot=others[0], stuck=stuck) if others else _no_slot(turn, swap, stuck=stuck)


def _no_slot(turn: Turn, swap: Swap, *, stuck: bool) -> Found:
    if swap.battery_in is None:
        return Found(SwapInput.NONE_OPENS, stuck=stuck)
    if swap.stage is SwapStage.OPENING_OUT and _own_may_go_back(turn, swap):
        return Found(SwapInput.GIVE_BACK, SwapOutcome.OWN_RETURNED, swap.slot_in, stuck=stuck)
    return Found(SwapInput.STUCK, stuck=stuck)


def _own_may_go_back(turn: Turn, swap: Swap) -> bool:
    return swap.slot_in is not None and choose.is_safe_slot(turn.state, swap.slot_in)


def _unwanted(turn: Turn, swap: Swap) -> Found:
    """The rider has cancelled, and nothing has been taken."""
    if swap.battery_in is None:
        return Found(SwapInput.GIVEN_UP)
    if _own_may_go_back(turn, swap):
        return Found(SwapInput.GIVE_BACK, SwapOutcome.CANCELLED, swap.slot_in)
    return Found(SwapInput.STUCK if swap.stage is SwapStage.OPENING_OUT else SwapInput.UNTAKEN)


# ---------------------------------------------------------------- the rider's hands


def _put_in(turn: Turn, swap: Swap, flow: SwapNow, now: SlotNow) -> Found | None:
    if now.door_open:
        return _left_open(turn, swap, flow)
    if now.present:
        return Found(SwapInput.FILLED)
    return _nothing_done(turn, swap, flow, now, SwapInput.CLOSED_EMPTY)


def _nothing_done(turn: Turn, swap: Swap, flow: SwapNow, now: SlotNow, what: SwapInput) -> Found | None:
    """Shut, and as it was: once more, then no more."""
    if _shut_ms(turn, flow, now) < SETTLE_MS:
        return None
    if swap.outcome is SwapOutcome.CANCELLED and swap.stage not in BACK:
        return _unwanted(turn, swap)
    slot = slot_of(swap)
    safe = slot is not None and choose.is_safe_slot(turn.state, slot)
    return Found(SwapInput.CLOSED_AGAIN if safe and not flow.again else what)


def _left_open(turn: Turn, swap: Swap, flow: SwapNow) -> Found | None:
    times = turn.config.cabinet.times
    late = turn.mono_ms >= flow.since_ms + (limit_ms(times, swap.stage) or 0) + times.close_ms
    return Found(SwapInput.LEFT_OPEN) if late else None


def _verifying(turn: Turn, swap: Swap, flow: SwapNow, slot: SlotNumber) -> Found | None:
    config, now = turn.config.cabinet, slot_now(turn.state, slot)
    if now.door_open:
        return Found(SwapInput.OPENED)
    if not now.present:
        given_up = swap.outcome is SwapOutcome.CANCELLED
        if _shut_ms(turn, flow, now) < SETTLE_MS:
            return None
        return Found(SwapInput.GIVEN_UP if given_up else SwapInput.CLOSED_EMPTY)
    if swap.outcome is SwapOutcome.CANCELLED:
        return Found(SwapInput.GIVE_BACK, SwapOutcome.CANCELLED)
    if now.battery is not None and now.battery.serial:
        verify.ask(turn, now.battery.serial)
    late = turn.mono_ms >= flow.since_ms + config.times.verify_ms
    verdict = verify.judge(config, turn.state, swap.member, swap.kind, slot, late=late)
    if verdict is None:
        return None
    if verdict.refused is not None:
        return Found(SwapInput.GIVE_BACK, verdict.refused)
    if swap.kind is SwapKind.RETURN_ONLY:
        return Found(SwapInput.RETURNED, takes_in=True)
    full = choose.full_slots(config, turn.state, turn.mono_ms)
    if not full:
        return Found(SwapInput.GIVE_BACK, SwapOutcome.OWN_RETURNED)
    reserved = swap.slot_out if swap.slot_out in full else full[0]
    return Found(SwapInput.SOUND, slot=reserved, takes_in=True)


def _taking(turn: Turn, swap: Swap, flow: SwapNow, slot: SlotNumber) -> Found | None:
    """The battery in the open slot is to be taken: the full one, or the own one back."""
    now, wanted = slot_now(turn.state, slot), expected(turn, swap, flow, slot)
    if now.door_open:
        left = _left_open(turn, swap, flow)
        if left is not None and not now.present:
            return Found(SwapInput.TAKEN, gives_out=True)
        return left
    if not now.present:
        return Found(SwapInput.TAKEN, gives_out=True)
    serial = None if now.battery is None else now.battery.serial or None
    if serial is not None and wanted is not None and serial != wanted:
        return Found(SwapInput.EXCHANGED, gives_out=True)
    if serial is None and wanted is not None:
        # Something lies there and does not say what it is: the right one would have, in time.
        late = _shut_ms(turn, flow, now) >= turn.config.cabinet.times.verify_ms
        return Found(SwapInput.EXCHANGED, gives_out=True) if late else None
    return _nothing_done(turn, swap, flow, now, SwapInput.UNTAKEN)


def expected(turn: Turn, swap: Swap, flow: SwapNow, slot: SlotNumber) -> str | None:
    """Who lies in the slot that the rider is to take from; None: it never said."""
    booked = turn.durable.cabinet.in_slot(slot)
    return flow.inside if booked is None else booked.battery
