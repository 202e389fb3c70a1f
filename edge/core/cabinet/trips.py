"""Trips: what stops charging at once, and stays latched until a person resets it.

What makes a trip is in `trip_causes`; here is what comes of it, all in the step that saw it. A slot's trip switches its
charger off; one of the whole cabinet, every charger and the main contactor. What was hot or smoked stays in quarantine
for a day at least after it has cooled, because lithium that has begun to burn inside begins again. What can burn is the
station's hazard: people are told to leave, and nobody is let in.

*Extinguishing* is the hardware's own. The software's output needs two signals that know nothing of each other, heat and
smoke, within ten minutes; the fan stops first, because it feeds the fire and carries the agent away.

*Reset.* By a person, on site or an operator with a reason, and only when the cause is known to be over. It ends neither
a quarantine nor what an operator has locked out.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from contract.ids import SlotNumber
from contract.records import (
    CabinetTripped,
    CabinetTripReset,
    ChargeEnd,
    MessageRefused,
    Trip,
)
from edge.core import events
from edge.core.cabinet import asides, chargers, trip_causes
from edge.core.cabinet.slots import set_now, slot_now
from edge.core.cabinet.state import SlotNow
from edge.core.cabinet.trip_causes import CAN_BURN, COOL_DECICELSIUS, HEAT, POINTS, degrees
from edge.core.cabinet.warmth import (
    HOTTER_DECICELSIUS,
    RISE_DECICELSIUS,
    RISE_MS,
    Neighbours,
    allowed_decicelsius,
    excess_decicelsius,
    noticed,
    rise_decicelsius,
    rise_due_ms,
    set_warmth,
    warmth_of,
)
from edge.core.changed import changed
from edge.core.effects import Extinguish, SetFan
from edge.core.state import StationState
from edge.core.turn import Turn

TOGETHER_MS: Final = 600_000
"""Heat and smoke within so long of one another are of one fire."""
AGAIN_MS: Final = 600_000
"""How soon a battery that lives on its head start is looked at again, though nothing is told."""
MAX_DETAIL_CHARACTERS: Final = 200


# ---------------------------------------------------------------- what is told


def point_read(turn: Turn, event: events.CabinetPointRead) -> None:
    """Smoke, water, the back door, the E-stop."""
    if not turn.config.cabinet.slots:
        return
    points = {point: active for point, active in turn.volatile.cabinet.points.items() if point is not event.point}
    set_now(turn, points=points if event.active is None else {**points, event.point: event.active})


def reset_asked(turn: Turn, event: events.TripResetAsked) -> None:
    """Somebody on site has looked, and resets a trip."""
    trouble = reset(turn, event.trip, event.slot, event.by)
    if trouble:
        turn.record(MessageRefused("console", f"{event.trip} is not reset: {trouble}"))


def reset(turn: Turn, trip: Trip, slot: SlotNumber | None, by: str) -> str:
    """Reset a trip whose cause is over. Otherwise nothing happens, and the answer says why not."""
    if not any((each.trip, each.slot) == (trip, slot) for each in turn.durable.cabinet.tripped):
        return "it is not latched"
    trouble = trip_causes.not_over(turn.state, trip, slot, turn.mono_ms)
    if not trouble:
        turn.record(CabinetTripReset(trip, slot, by))
    return trouble


# ---------------------------------------------------------------- following


def follow(turn: Turn, before: StationState) -> None:
    """Judge what has been read anew."""
    was, now = before.volatile.cabinet, turn.volatile.cabinet
    asides.keep_up(turn)
    if was is now and before.durable.cabinet is turn.durable.cabinet:
        return
    known = {
        slot: was.slots.get(slot) or SlotNow()
        for slot, reading in now.slots.items()
        if reading is not was.slots.get(slot)
    }
    for slot, reading in known.items():
        charge = chargers.charge_now(before, slot)
        # A pack that is to be woken is silent, and may be.
        speaks = charge.limit_ma > 0 and charge.wake_until_ms is None
        _notice(turn, slot, reading, now.slots[slot], speaks)
    is_due = now.trip_due_ms is not was.trip_due_ms
    if known or is_due:
        _judge_slots(turn, now.slots if is_due else known)
    if is_due or any(
        reading.battery_decicelsius != now.slots[slot].battery_decicelsius for slot, reading in known.items()
    ):
        _compare(turn)
    _judge_points(turn)
    if turn.durable.cabinet.tripped or now.trip_due_ms is not None:
        _extinguish(turn)


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`: `follow` then looks again."""
    due_ms = turn.volatile.cabinet.trip_due_ms
    if due_ms is not None and due_ms <= turn.mono_ms:
        set_now(turn, trip_due_ms=None)


def deadlines(state: StationState) -> Iterator[int]:
    """When something will have lasted for long enough to be a trip."""
    due_ms = state.volatile.cabinet.trip_due_ms
    if due_ms is not None:
        yield due_ms


def is_hazard(state: StationState) -> bool:
    """Whether the cabinet makes the room dangerous: people are told to leave, and nobody is let in."""
    return state.durable.cabinet.is_hazard


# ---------------------------------------------------------------- judging


def _notice(turn: Turn, slot: SlotNumber, before: SlotNow, now: SlotNow, was_charging: bool) -> None:
    """Remember what a new reading says, and trip for what only the change can tell."""
    old, at_ms = warmth_of(turn.state, slot), turn.mono_ms
    wrong = trip_causes.wrong(now)
    jump = "" if wrong else trip_causes.jumped(old, now)
    warmth = noticed(before, now, old, at_ms)
    if now.battery is not None and not wrong:
        warmth = changed(warmth, voltage_mv=now.battery.voltage_mv)
    missing_ms, wrong_ms = warmth.missing_since_ms, warmth.wrong_since_ms
    if not trip_causes.is_silent(now) or turn.volatile.cabinet.online is False:
        # A cabinet that has gone as a whole is an alarm of its own, and has cut off its chargers by itself.
        missing_ms = None
    elif missing_ms is None and was_charging and not wrong:
        missing_ms = at_ms
    if not wrong:
        wrong_ms = None
    elif wrong_ms is None:
        wrong_ms = at_ms
    set_warmth(turn, slot, changed(warmth, missing_since_ms=missing_ms, wrong_since_ms=wrong_ms))
    if wrong_ms is not None and was_charging:
        chargers.switch_off(turn, slot, ChargeEnd.LOST)
    if jump:
        _trip(turn, Trip.DATA_IMPOSSIBLE, slot, jump)


def _judge_slots(turn: Turn, slots: Iterable[SlotNumber]) -> None:
    """Judge slots by what they say themselves."""
    due: list[int] = []
    for slot in slots:
        now = slot_now(turn.state, slot)
        _judge_heat(turn, slot, now)
        due += _judge_lasting(turn, slot, now)
        if now.smoke:
            _trip(turn, Trip.SMOKE, slot, "its smoke detector")
        rise_ms = rise_due_ms(warmth_of(turn.state, slot), turn.mono_ms)
        due += [] if rise_ms is None else [rise_ms]
    _look_again(turn, due)


def _compare(turn: Turn) -> None:
    """Judge all slots beside their neighbours: a temperature has changed."""
    neighbours = Neighbours(turn.state, turn.mono_ms)
    slots = turn.volatile.cabinet.slots
    _look_again(turn, [moment for slot in slots for moment in _judge_neighbours(turn, slot, neighbours)])


def _look_again(turn: Turn, due: Iterable[int]) -> None:
    """At the first of these moments, or sooner where that is due already."""
    look_ms = turn.volatile.cabinet.trip_due_ms
    moments = [*due] if look_ms is None else [*due, look_ms]
    due_ms = min((moment for moment in moments if moment > turn.mono_ms), default=None)
    if due_ms != look_ms:
        set_now(turn, trip_due_ms=due_ms)


def _judge_heat(turn: Turn, slot: SlotNumber, now: SlotNow) -> None:
    warmth, celsius = warmth_of(turn.state, slot), now.decicelsius
    hot = celsius is not None and celsius >= trip_causes.TOO_HOT_DECICELSIUS
    rise = rise_decicelsius(warmth, turn.mono_ms)
    if hot or rise >= RISE_DECICELSIUS:
        set_warmth(turn, slot, changed(warmth, heat_ms=turn.mono_ms))
    if celsius is not None and hot:
        limit = degrees(trip_causes.TOO_HOT_DECICELSIUS)
        _trip(turn, Trip.TOO_HOT, slot, f"{degrees(celsius)}; the limit is {limit}")
    if rise >= RISE_DECICELSIUS:
        _trip(turn, Trip.RISING, slot, f"{degrees(rise)} warmer than {RISE_MS // 1_000} s ago")


def _judge_neighbours(turn: Turn, slot: SlotNumber, neighbours: Neighbours) -> list[int]:
    """When to look again, where time alone may make it a trip."""
    median = neighbours.median_decicelsius(slot)
    warmth = warmth_of(turn.state, slot)
    if median is None or warmth.battery is None or not warmth.seen:
        return []
    excess = excess_decicelsius(turn.state, slot, median)
    if warmth.head_start_decicelsius is None:
        warmth = changed(warmth, head_start_decicelsius=max(0, excess))
        set_warmth(turn, slot, warmth)
    allowed = allowed_decicelsius(warmth, turn.mono_ms)
    if excess >= allowed:
        celsius = median + excess
        detail = f"{degrees(celsius)}; its neighbours have {degrees(median)}"
        _trip(turn, Trip.HOTTER_THAN_NEIGHBOURS, slot, detail, hazard=celsius >= COOL_DECICELSIUS)
        return []
    return [turn.mono_ms + AGAIN_MS] if excess >= HOTTER_DECICELSIUS else []


def _judge_lasting(turn: Turn, slot: SlotNumber, now: SlotNow) -> list[int]:
    """What is a trip once it has lasted; when that is."""
    warmth, due = warmth_of(turn.state, slot), list[int]()
    leak = trip_causes.leak_ma(turn.state, slot, turn.mono_ms)
    since_ms = (warmth.current_since_ms or turn.mono_ms) if leak else None
    set_warmth(turn, slot, changed(warmth, current_since_ms=since_ms))
    for began_ms, lasts_ms, trip, detail in (
        (since_ms, trip_causes.LEAK_MS, Trip.CURRENT_WHILE_OFF, f"{leak} mA"),
        (warmth.missing_since_ms, trip_causes.MISSING_MS, Trip.DATA_MISSING, now.lost or "its BMS is silent"),
        (warmth.wrong_since_ms, trip_causes.WRONG_MS, Trip.DATA_IMPOSSIBLE, trip_causes.wrong(now)),
    ):
        if began_ms is None:
            continue
        if turn.mono_ms - began_ms < lasts_ms:
            due.append(began_ms + lasts_ms)
            continue
        _trip(turn, trip, slot, detail)
        if trip is Trip.CURRENT_WHILE_OFF:
            _trip(turn, Trip.CONTACTOR_OPENED, None, f"slot {slot} gives current although it is off")
    off_ms = trip_causes.off_since_ms(now, chargers.charge_now(turn.state, slot))
    return due if off_ms is None else [*due, off_ms]


def _judge_points(turn: Turn) -> None:
    for point, active in turn.volatile.cabinet.points.items():
        # A technician opens the back door to work.
        if active and not (point is events.CabinetPoint.BACK_DOOR and turn.durable.cabinet.service_by):
            _trip(turn, POINTS[point], None, "")


# ---------------------------------------------------------------- what comes of it


def contactor_opened(turn: Turn, detail: str) -> None:
    """The main contactor was opened, and not from here."""
    _trip(turn, Trip.CONTACTOR_OPENED, None, detail)


def _trip(turn: Turn, trip: Trip, slot: SlotNumber | None, detail: str, *, hazard: bool | None = None) -> None:
    """Latch a trip, and switch off what it is about."""
    if any((each.trip, each.slot) == (trip, slot) for each in turn.durable.cabinet.tripped):
        return
    burns = trip in CAN_BURN if hazard is None else hazard
    turn.record(CabinetTripped(trip, slot, detail[:MAX_DETAIL_CHARACTERS], burns))
    if slot is None:
        chargers.all_off(turn, ChargeEnd.TRIPPED)
    else:
        chargers.switch_off(turn, slot, ChargeEnd.TRIPPED)
        if trip in HEAT | {Trip.SMOKE}:
            asides.quarantine(turn, slot)
    if trip is Trip.SMOKE:
        turn.act(SetFan(False))


def _extinguish(turn: Turn) -> None:
    """Where heat and smoke say the same."""
    smoke = turn.volatile.cabinet.points.get(events.CabinetPoint.SMOKE)
    for slot, now in turn.volatile.cabinet.slots.items():
        warmth = warmth_of(turn.state, slot)
        if warmth.extinguished or not (smoke or now.smoke):
            continue
        lately = warmth.heat_ms is not None and turn.mono_ms - warmth.heat_ms <= TOGETHER_MS
        if lately or (now.decicelsius or 0) >= trip_causes.TOO_HOT_DECICELSIUS:
            turn.act(SetFan(False))
            turn.act(Extinguish(slot))
            set_warmth(turn, slot, changed(warmth, extinguished=True))
