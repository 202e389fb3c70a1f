"""The chargers, driven: off by default, on by the table in `charge_rules`, one after the other.

*After power came back*, when the cabinet has been away, when a danger or a trip of the whole cabinet is over, nothing
starts by itself as it was: every charger is off and the main contactor open until every slot has been read, every
battery is the one that the books have there, and no trip is latched. With `resume_checked` off, or where that cannot be
reached, an operator says so. Then one charger begins, and the next after a pause.

*Charging itself*, constant current and then constant voltage, is the charger's; the core gives the limit, and ends it.
"""

from collections.abc import Iterator

from contract.records import ChargeEnd
from edge.core import events
from edge.core.cabinet import chargers, trips
from edge.core.cabinet.charge_rules import (
    MIN_OFF_MS,
    WAKE_MS,
    Candidate,
    candidate,
    case_of,
    in_order,
    is_dangerous,
    is_dead,
    objection,
    wake_objection,
    within_budget,
)
from edge.core.cabinet.chargers import charge_now, is_charging
from edge.core.cabinet.readings import MAX_DETAIL_CHARACTERS
from edge.core.cabinet.slots import set_now, set_slot, slot_now
from edge.core.changed import changed
from edge.core.state import StationState
from edge.core.turn import Turn

# ---------------------------------------------------------------- what is told


def checked(turn: Turn, event: events.ChargerChecked) -> None:
    """Whether a charger does as it was told."""
    if event.slot in turn.config.cabinet.slots:
        set_slot(turn, event.slot, changed(slot_now(turn.state, event.slot), obeys=event.obeys))


def contactor_read(turn: Turn, event: events.ContactorRead) -> None:
    """The main contactor was opened, or is closed."""
    now = turn.volatile.cabinet
    if not turn.config.cabinet.slots:
        return
    set_now(turn, contactor_closed=event.closed)
    if event.closed and now.contactor_wanted is not True:
        chargers.set_contactor(turn, closed=False)
    elif not event.closed and now.contactor_closed and now.contactor_wanted:
        trips.contactor_opened(turn, event.detail[:MAX_DETAIL_CHARACTERS])


def resume(turn: Turn) -> None:
    """An operator has looked, and says that charging may begin again."""
    set_now(turn, resume_allowed=True)


# ---------------------------------------------------------------- following


def follow(turn: Turn, before: StationState) -> None:
    """Switch chargers as the readings, the trips and the budget want it."""
    if _is_same(before, turn.state):
        return
    if turn.volatile.cabinet.online and not before.volatile.cabinet.online:
        stop(turn)
    if is_dangerous(turn.state) and turn.volatile.cabinet.contactor_wanted is not False:
        chargers.all_off(turn, ChargeEnd.HAZARD)
    _resume(turn)
    if turn.volatile.cabinet.resumed or any(each.limit_ma > 0 for each in turn.volatile.cabinet.charge.values()):
        _end(turn)
        _begin(turn)
    for slot, now in turn.volatile.cabinet.slots.items():
        if now.present is False:
            chargers.forget_rest(turn, slot)


def stop(turn: Turn) -> None:
    """Everything off: the run ends, or nobody knows what the cabinet has done alone."""
    chargers.all_off(turn, ChargeEnd.RESTART)
    for slot in turn.config.cabinet.slots:
        chargers.set_charge(turn, slot, changed(charge_now(turn.state, slot), since_ms=turn.mono_ms))


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`: `follow` then looks again."""
    due_ms = turn.volatile.cabinet.charge_due_ms
    if due_ms is not None and due_ms <= turn.mono_ms:
        set_now(turn, charge_due_ms=None)


def deadlines(state: StationState) -> Iterator[int]:
    """When the next charger may begin, or a wake ends."""
    due_ms = state.volatile.cabinet.charge_due_ms
    if due_ms is not None:
        yield due_ms


def _is_same(before: StationState, state: StationState) -> bool:
    """Whether nothing has changed that a charger depends on."""
    was, now = before.durable, state.durable
    same_memory = was is now or (was.cabinet is now.cabinet and was.door is now.door and was.alarms is now.alarms)
    same_air = before.volatile.environment.findings is state.volatile.environment.findings
    return same_memory and same_air and before.volatile.cabinet is state.volatile.cabinet


def _end(turn: Turn) -> None:
    """Off with what may not go on."""
    config = turn.config.cabinet
    for slot in config.slots:
        if is_charging(turn.state, slot):
            case = case_of(config, turn.state, slot, turn.mono_ms)
            why = objection(case) if case.charge.wake_until_ms is None else wake_objection(case)
            if why is not None:
                chargers.switch_off(turn, slot, why)
    running = [each for each in _candidates(turn) if each.runs]
    allowed = within_budget(config, turn.state, in_order(config, turn.state, running))
    for each in running:
        if each not in allowed:
            chargers.switch_off(turn, each.slot, ChargeEnd.BUDGET)


def _resume(turn: Turn) -> None:
    """Whether chargers may begin at all: what has been away, dangerous or tripped as a whole is checked first."""
    config, now = turn.config.cabinet, turn.volatile.cabinet
    tripped = any(each.slot is None for each in turn.durable.cabinet.tripped)
    if not now.online or tripped or is_dangerous(turn.state):
        if now.resumed or now.resume_allowed:
            set_now(turn, resumed=False, resume_allowed=False)
        return
    if now.resumed or not config.chargeable or not now.all_read:
        return
    if now.resume_allowed or (config.resume_checked and _is_accounted_for(turn)):
        set_now(turn, resumed=True)


def _is_accounted_for(turn: Turn) -> bool:
    """Whether no trip is latched, and every slot holds what the books have there, or has its explanation already."""
    memory = turn.durable.cabinet
    explained = {anomaly.slot for anomaly in memory.anomalies} | {aside.slot for aside in memory.asides}
    for slot in turn.config.cabinet.slots:
        booked, now = memory.in_slot(slot), slot_now(turn.state, slot)
        if booked is None:
            is_so = now.present is False
        else:
            is_so = now.battery is not None and (now.battery.serial == booked.battery or is_dead(now))
        if not is_so and slot not in explained:
            return False
    return not memory.tripped


def _begin(turn: Turn) -> None:
    """Begin with the next one, and note when to look again."""
    config, due = turn.config.cabinet, list[int]()
    running_since = [turn.volatile.cabinet.charge[each.slot].since_ms for each in _candidates(turn) if each.runs]
    ready_ms = max(running_since, default=turn.mono_ms - config.stagger_ms) + config.stagger_ms
    if turn.volatile.cabinet.resumed:
        waiting = _waiting(turn)
        rested = [each for each in waiting if _off_until_ms(turn, each) <= turn.mono_ms]
        due += [_off_until_ms(turn, each) for each in waiting if each not in rested]
        if rested and turn.volatile.cabinet.contactor_wanted is not True:
            chargers.set_contactor(turn, closed=True)
        if rested and ready_ms > turn.mono_ms:
            due.append(ready_ms)
        elif rested and turn.volatile.cabinet.contactor_closed is not False:
            first = rested[0]
            wake_ms = WAKE_MS if first.wake else None
            chargers.switch_on(turn, first.slot, first.battery, first.limit_ma, wake_ms)
            due += [turn.mono_ms + max(1, config.stagger_ms)] if rested[1:] else []
    charge = turn.volatile.cabinet.charge.values()
    due += [each.wake_until_ms for each in charge if each.limit_ma > 0 and each.wake_until_ms is not None]
    due_ms = min(due, default=None)
    if due_ms != turn.volatile.cabinet.charge_due_ms:
        set_now(turn, charge_due_ms=due_ms)


def _candidates(turn: Turn) -> list[Candidate]:
    config = turn.config.cabinet
    cases = (case_of(config, turn.state, slot, turn.mono_ms) for slot in config.slots)
    return [each for each in map(candidate, cases) if each is not None]


def _waiting(turn: Turn) -> list[Candidate]:
    """Who may begin within the budget, in their order."""
    config = turn.config.cabinet
    ordered = in_order(config, turn.state, _candidates(turn))
    return [each for each in within_budget(config, turn.state, ordered) if not each.runs]


def _off_until_ms(turn: Turn, each: Candidate) -> int:
    """Until when a charger that was switched off stays so."""
    rested_ms = charge_now(turn.state, each.slot).rested_since_ms
    return turn.mono_ms if rested_ms is None else rested_ms + MIN_OFF_MS
