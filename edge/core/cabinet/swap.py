"""The rider's swap: what happens next, by the table in `swap_table`.

Everything that follows is decided in `follow` and `time_passed` by the same question, asked until nothing more
happens: what has happened to the swap (`swap_inputs`), and where does the table lead. The record of a stage comes
first, then the pulse that it needs, and the pulse only when no other slot stands in the way.
"""

from collections.abc import Iterator
from typing import Final

from contract.records import SlotAside, SlotCause, SlotSetAside, SwapOutcome, SwapStage, SwapStaged
from edge.core import events
from edge.core.cabinet import choose, reconcile, swap_begin, swap_end
from edge.core.cabinet.slots import set_now, slot_now, unlock
from edge.core.cabinet.state import Swap, SwapNow
from edge.core.cabinet.swap_inputs import SETTLE_MS, Found, is_hazard, is_held, limit_ms, look, may_pulse, slot_of
from edge.core.cabinet.swap_table import BACK, OPENING, SwapInput, is_cancellable, resolve, transition
from edge.core.changed import changed
from edge.core.effects import SetLamp, SlotLamp
from edge.core.state import StationState
from edge.core.turn import Turn

CHOSEN_MS: Final = 10_000
MOVES_PER_STEP: Final = 16
"""More than a swap makes at one moment; what is left then is made at the next."""
CAUSES: Final = {
    SwapStage.OPENING_IN: SlotCause.SWAP_IN,
    SwapStage.OPENING_OUT: SlotCause.SWAP_OUT,
    SwapStage.OPENING_BACK: SlotCause.SWAP_BACK,
}
ONCE_MORE: Final = frozenset({SwapInput.OPENED, SwapInput.NOT_OPENED, SwapInput.STUCK_NEXT})
"""After these it is still the rider's second chance, where it was."""


# ---------------------------------------------------------------- what people do


def presented(turn: Turn, card: events.CardPresented) -> None:
    """A card at the cabinet's reader: begin what was chosen, or say why not."""
    swap = swap_begin.presented(turn, card)
    if swap is not None:
        _enter(turn, swap, SwapNow(turn.mono_ms))
        _run(turn)


def chosen(turn: Turn, event: events.SwapChosen) -> None:
    """What the next card is for."""
    if turn.config.cabinet.slots:
        set_now(turn, chosen=event.kind, chosen_until_ms=turn.mono_ms + CHOSEN_MS)


def cancelled(turn: Turn, event: events.SwapCancelled) -> None:
    """The rider does not want it any more."""
    swap = turn.durable.cabinet.swap
    if swap is not None and is_cancellable(swap):
        _go(turn, swap, Found(SwapInput.CANCELLED))
        _run(turn)


# ---------------------------------------------------------------- what follows


def booted(turn: Turn) -> None:
    """A swap of the run before waits for the cabinet's truth."""
    swap = turn.durable.cabinet.swap
    if swap is None:
        return
    set_now(turn, swap=SwapNow(turn.mono_ms))
    if swap.stage is not SwapStage.RECONCILING:
        _go(turn, swap, Found(SwapInput.RESTARTED))
    _run(turn)


def follow(turn: Turn, before: StationState) -> None:
    """What the cabinet's readings mean for the swap under way."""
    if turn.durable.cabinet.swap is not None:
        _run(turn)


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""
    now = turn.volatile.cabinet
    if now.swap is not None and _is_due(turn, now.swap.due_ms):
        _run(turn)
    if now.chosen_until_ms is not None and _is_due(turn, now.chosen_until_ms):
        set_now(turn, chosen=None, chosen_until_ms=None)
    if now.said is not None and _is_due(turn, now.said.until_ms):
        set_now(turn, said=None, waiting=() if turn.durable.cabinet.swap is None else now.waiting)


def deadlines(state: StationState) -> Iterator[int]:
    """When the swap's present stage, or the warning within it, runs out, or what is said has been said."""
    now = state.volatile.cabinet
    if now.swap is not None and now.swap.due_ms is not None:
        yield now.swap.due_ms
    if now.chosen_until_ms is not None:
        yield now.chosen_until_ms
    if now.said is not None:
        yield now.said.until_ms


def _is_due(turn: Turn, due_ms: int | None) -> bool:
    return due_ms is not None and due_ms <= turn.mono_ms


def _run(turn: Turn) -> None:
    """Go on for as long as something has happened."""
    for _ in range(MOVES_PER_STEP):
        swap, flow = turn.durable.cabinet.swap, turn.volatile.cabinet.swap
        if swap is None or flow is None:
            return
        if swap.stage is SwapStage.RECONCILING:
            found = reconcile.look(turn, swap, flow)
        else:
            flow = _pulsed(turn, swap, _held(turn, swap, flow))
            found = look(turn, swap, flow)
        if found is None:
            _arm(turn, swap, flow)
            return
        _go(turn, swap, found)


def _held(turn: Turn, swap: Swap, flow: SwapNow) -> SwapNow:
    """Stop the rider's time while nothing can go on, and let it go on afterwards."""
    slot = slot_of(swap)
    held = slot is not None and is_held(turn.state, swap, flow, slot)
    if held is (flow.held_ms is not None):
        return flow
    if flow.held_ms is None:
        return _set(turn, changed(flow, held_ms=turn.mono_ms))
    return _set(turn, changed(flow, held_ms=None, since_ms=flow.since_ms + turn.mono_ms - flow.held_ms))


def _pulsed(turn: Turn, swap: Swap, flow: SwapNow) -> SwapNow:
    """Send the pulse that the stage waits for, if it may be sent now."""
    slot = slot_of(swap)
    if swap.stage not in OPENING or flow.pulsed or slot is None or slot_now(turn.state, slot).door_open:
        return flow
    if is_hazard(turn.state) or not may_pulse(turn.state, slot) or not choose.is_safe_slot(turn.state, slot):
        return flow
    unlock(turn, slot, CAUSES[swap.stage], swap=swap.id)
    return _set(turn, changed(flow, pulsed=True, since_ms=turn.mono_ms))


def _go(turn: Turn, swap: Swap, found: Found) -> None:
    """Write down where the table leads, and begin that stage."""
    cell, slot = transition(swap.stage, found.what), slot_of(swap)
    outcome = resolve(cell.outcome, swap.outcome, found.outcome)
    if cell.next is None:
        swap_end.end(turn, swap, found, outcome or SwapOutcome.INTERRUPTED)
        return
    if found.takes_in:
        swap_end.take_in(turn, swap)
    if found.stuck and slot is not None:
        turn.record(SlotSetAside(slot, SlotAside.STUCK))
    if found.slot is not None:
        slot = found.slot
    attempt = swap.attempt
    if found.what is SwapInput.NOT_OPENED:
        attempt += 1
    elif cell.next is not swap.stage or found.what is SwapInput.STUCK_NEXT:
        attempt = 1
    turn.record(SwapStaged(swap.id, cell.next, slot, attempt, outcome))
    flow = turn.volatile.cabinet.swap
    if found.what is not SwapInput.CANCELLED and flow is not None:
        again = found.what is SwapInput.CLOSED_AGAIN or (flow.again and found.what in ONCE_MORE)
        entered = turn.durable.cabinet.swap or swap
        _enter(turn, entered, SwapNow(turn.mono_ms, again=again, lamp=flow.lamp, inside=flow.inside))


def _enter(turn: Turn, swap: Swap, flow: SwapNow) -> None:
    """Begin the stage in which the swap is."""
    slot = slot_of(swap)
    if slot is not None and swap.stage in BACK:
        battery = slot_now(turn.state, slot).battery
        flow = changed(flow, inside=flow.inside if battery is None else battery.serial or None)
    if slot != flow.lamp:
        for at, lamp in ((flow.lamp, SlotLamp.OFF), (slot, SlotLamp.HERE)):
            if at is not None:
                turn.act(SetLamp(at, lamp))
        flow = changed(flow, lamp=slot)
    _set(turn, flow)


def _set(turn: Turn, flow: SwapNow) -> SwapNow:
    set_now(turn, swap=flow)
    return flow


# ---------------------------------------------------------------- time


def _arm(turn: Turn, swap: Swap, flow: SwapNow) -> None:
    """Note when something in this stage ends by itself, and how much of the rider's time is over."""
    due_ms = min((moment for moment in _moments(turn, swap, flow) if moment > turn.mono_ms), default=None)
    limit, passed_ms = limit_ms(turn.config.cabinet.times, swap.stage), turn.mono_ms - flow.since_ms
    runs = limit is not None and flow.held_ms is None
    warned = runs and limit is not None and passed_ms >= limit // 2
    overdue = runs and limit is not None and passed_ms >= limit
    if (due_ms, warned, overdue) != (flow.due_ms, flow.warned, flow.overdue):
        _set(turn, changed(flow, due_ms=due_ms, warned=warned, overdue=overdue))


def _moments(turn: Turn, swap: Swap, flow: SwapNow) -> Iterator[int]:
    times, limit = turn.config.cabinet.times, limit_ms(turn.config.cabinet.times, swap.stage)
    if flow.held_ms is not None:
        yield flow.held_ms + times.reconcile_ms
        return
    if limit is None:
        yield flow.since_ms + times.open_ms
        yield flow.since_ms + times.reconcile_ms
        return
    yield flow.since_ms + limit // 2
    yield flow.since_ms + limit
    yield flow.since_ms + limit + times.close_ms
    slot = slot_of(swap)
    shut_ms = None if slot is None else slot_now(turn.state, slot).door_since_ms
    since_ms = flow.since_ms if shut_ms is None else max(flow.since_ms, shut_ms)
    yield since_ms + SETTLE_MS
    yield since_ms + times.verify_ms
