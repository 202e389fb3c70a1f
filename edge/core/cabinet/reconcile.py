"""A swap that a restart has met: one outcome, by the cabinet's truth, before anything moves.

The journal says in which stage the swap was and what had been booked; it does not say what the rider's hands did while
nobody looked, nor whether the last pulse was sent. The slots do, once they have been read in this run. A slot that
stands open then is not settled yet: the swap ends, and what becomes of that slot is still the rider's doing.
"""

from contract.ids import SlotNumber
from contract.records import SwapKind, SwapOutcome, SwapStage
from edge.core.cabinet import verify
from edge.core.cabinet.slots import slot_now
from edge.core.cabinet.state import Swap, SwapNow
from edge.core.cabinet.swap_inputs import Found, slot_of
from edge.core.cabinet.swap_table import BACK, OUT, SwapInput
from edge.core.turn import Turn


def look(turn: Turn, swap: Swap, flow: SwapNow) -> Found | None:
    """What the truth is; None: the cabinet has not said all of it."""
    cabinet, slot = turn.volatile.cabinet, slot_of(swap)
    late = turn.mono_ms >= flow.since_ms + turn.config.cabinet.times.reconcile_ms
    if slot is None or (late and not slot_now(turn.state, slot).known):
        return Found(SwapInput.LOST)
    if not (cabinet.all_read or late):
        return None
    now = slot_now(turn.state, slot)
    if now.present and (now.battery is None or not now.battery.serial) and not late:
        return None
    was = swap.was or swap.stage
    if was in OUT:
        return _of_full_slot(turn, swap, slot)
    if was in BACK:
        return _of_own_back(turn, swap, slot)
    return _of_own(turn, swap, slot, late=late)


def _truth(outcome: SwapOutcome, *, takes_in: bool = False, gives_out: bool = False) -> Found:
    return Found(SwapInput.TRUTH, outcome, takes_in=takes_in, gives_out=gives_out)


def _nothing_for_it(swap: Swap) -> SwapOutcome:
    """The full one is still here."""
    return SwapOutcome.INTERRUPTED if swap.battery_in is None else SwapOutcome.INTERRUPTED_CLAIM


def _of_own(turn: Turn, swap: Swap, slot: SlotNumber, *, late: bool) -> Found | None:
    """It was to be put in, or was being looked at."""
    now = slot_now(turn.state, slot)
    if not now.present or now.may_be_open or now.battery is None or not now.battery.serial:
        return _truth(SwapOutcome.INTERRUPTED)
    verify.ask(turn, now.battery.serial)
    verdict = verify.judge(turn.config.cabinet, turn.state, swap.member, swap.kind, slot, late=late)
    if verdict is None:
        return None
    if verdict.refused is not None:
        return _truth(SwapOutcome.INTERRUPTED)
    returned = swap.kind is SwapKind.RETURN_ONLY
    return _truth(SwapOutcome.DONE if returned else SwapOutcome.INTERRUPTED_CLAIM, takes_in=True)


def _of_full_slot(turn: Turn, swap: Swap, slot: SlotNumber) -> Found:
    """The full one was to be taken."""
    now, booked = slot_now(turn.state, slot), turn.durable.cabinet.in_slot(slot)
    if booked is None:
        return _truth(_nothing_for_it(swap) if swap.battery_out is None else SwapOutcome.DONE)
    if not now.present:
        return _truth(SwapOutcome.DONE, gives_out=True)
    serial = None if now.battery is None else now.battery.serial or None
    silent_after_opening = serial is None and swap.was is SwapStage.TAKE_OUT
    if silent_after_opening or serial not in (None, booked.battery):
        return _truth(SwapOutcome.EXCHANGED, gives_out=True)
    return _truth(_nothing_for_it(swap))


def _of_own_back(turn: Turn, swap: Swap, slot: SlotNumber) -> Found:
    """The own one was to be taken back."""
    now, booked = slot_now(turn.state, slot), turn.durable.cabinet.in_slot(slot)
    if not now.present:
        return _truth(swap.outcome or SwapOutcome.INTERRUPTED, gives_out=True)
    serial = None if now.battery is None else now.battery.serial or None
    if booked is None:
        return _truth(SwapOutcome.NOT_TAKEN_BACK)
    if serial not in (None, booked.battery):
        return _truth(SwapOutcome.EXCHANGED, gives_out=True)
    return _truth(SwapOutcome.INTERRUPTED_CLAIM)
