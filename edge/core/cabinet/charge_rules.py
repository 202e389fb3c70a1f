"""Which slot may charge, and which first: tables of rules, asked of one moment. Nothing here switches anything.

*The rules.* `RULES` are asked in their order, and the first that objects says why not; who meets no objection may
charge. They run from what concerns the room over the slot and its battery to that battery's window. The window is the
model's own; a battery whose model nobody knows has none, and is not charged. A rule may be stricter with a charger that
is to begin than with one that runs, so that nothing flaps.

*The order.* Whoever comes next needs one full battery more than ten half-full ones: until enough are full, the fullest
of the others charge first. After that the coolest, and of equals the emptiest. What charges goes on charging: only a
budget that was made smaller takes it away, from the last in this order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contract.ids import BatteryId, SlotNumber
from contract.records import AlarmCode, AnomalyKind, ChargeEnd
from edge.core import environment
from edge.core.cabinet.chargers import charge_now
from edge.core.cabinet.config import BatteryModel, CabinetConfig
from edge.core.cabinet.slots import slot_now
from edge.core.cabinet.state import GONE, Booked, CabinetMemory, ChargeNow, SlotNow
from edge.core.cabinet.trip_causes import wrong
from edge.core.state import StationState

MIN_OFF_MS: Final = 60_000
"""A charger that was switched off stays off for at least so long."""
INSIDE_DECICELSIUS: Final = 20
"""By so much a battery has to be inside its window when it begins."""
FULL_PERCENT: Final = 100
TAPER: Final = 20
"""A charger at its last voltage that gives less than this fraction of the capacity in an hour has filled the pack."""
BEGIN_BELOW_PERCENT: Final = 95
NEAR_FULL: Final = (98, 100)
OVER_MA: Final = 500
"""A charger may give more than its limit by a tenth and this much: measuring errors."""
WAKE_MS: Final = 60_000
DEAD_MV: Final = 5_000
"""A pack whose BMS has cut off shows less than this."""
WAKE_DECICELSIUS: Final = (50, 400)
NO_DOUBT: Final = GONE | {AnomalyKind.UNREADABLE_INSIDE}
AFTERMATH: Final = frozenset({AlarmCode.FIRE, AlarmCode.SMOKE, AlarmCode.CARBON_MONOXIDE})


@dataclass(frozen=True)
class Case:
    """One slot at one moment."""

    state: StationState
    slot: SlotNumber
    now: SlotNow
    charge: ChargeNow
    memory: CabinetMemory
    booked: Booked | None
    model: BatteryModel | None
    full_soc_percent: int
    mono_ms: int

    @property
    def runs(self) -> bool:
        return self.charge.limit_ma > 0


def case_of(config: CabinetConfig, state: StationState, slot: SlotNumber, mono_ms: int) -> Case:
    memory, now = state.durable.cabinet, slot_now(state, slot)
    booked = memory.in_slot(slot)
    said = "" if now.battery is None else now.battery.model
    name = said if booked is None or not booked.model else booked.model
    return Case(
        state=state,
        slot=slot,
        now=now,
        charge=charge_now(state, slot),
        memory=memory,
        booked=booked,
        model=config.model(name),
        full_soc_percent=config.full_soc_percent,
        mono_ms=mono_ms,
    )


def is_dangerous(state: StationState) -> bool:
    """Fire, smoke or carbon monoxide in the room, or one that is over and that nobody has said to have looked at."""
    alarms = state.durable.alarms
    return state.durable.door.fire or environment.hazard(state) or any(alarm.code in AFTERMATH for alarm in alarms)


# ---------------------------------------------------------------- the rules


def _lost(case: Case) -> bool:
    return not case.state.volatile.cabinet.online or bool(case.now.lost) or not case.now.known or bool(wrong(case.now))


def _nobody_knows(case: Case) -> bool:
    """Whether what is in the slot is not the battery that the books have there."""
    return case.booked is None or case.now.present is not True


def _without_contactor(case: Case) -> bool:
    """One that is to begin has the contactor closed first."""
    return case.runs and case.state.volatile.cabinet.contactor_closed is False


def _silent(case: Case) -> bool:
    battery = case.now.battery
    return battery is None or battery.voltage_mv is None or battery.temperature_decicelsius is None


def _another(case: Case) -> bool:
    return case.booked is None or case.now.battery is None or case.now.battery.serial != case.booked.battery


def _ordered(case: Case) -> bool:
    """Somebody works here, the battery is kept for the rider whose swap is under way and has to be rested, the slot or
    the battery is out of use (what is given to nobody need not be full), or the books are not sure of what lies here.
    That something cannot be read is no such doubt: it is how one sleeps. Nor is what has gone from here: another one
    lies in its place."""
    memory = case.memory
    recalled = case.booked is not None and case.booked.battery in memory.recalled
    kept = memory.swap is not None and memory.swap.slot_out == case.slot
    doubted = any(each.slot == case.slot and each.kind not in NO_DOUBT for each in memory.anomalies)
    return bool(memory.service_by) or kept or memory.is_aside(case.slot) or recalled or doubted


def _faulty(case: Case) -> bool:
    return case.now.obeys is False or (case.now.battery is not None and case.now.battery.faults != 0)


def _outside_window(case: Case) -> bool:
    model, battery = case.model, case.now.battery
    if model is None or battery is None or battery.voltage_mv is None or battery.temperature_decicelsius is None:
        return True
    least, most = model.charge_from_decicelsius, model.charge_to_decicelsius
    inside = 0 if case.runs else min(INSIDE_DECICELSIUS, (most - least) // 4)
    if not least + inside <= battery.temperature_decicelsius <= most - inside:
        return True
    if not model.empty_mv <= battery.voltage_mv <= model.full_mv:
        return True
    limit_ma = case.charge.limit_ma
    return case.runs and (battery.current_ma or 0) > limit_ma + limit_ma // 10 + OVER_MA


def _full(case: Case) -> bool:
    model, battery = case.model, case.now.battery
    # The rules before have dealt with what is not known.
    assert model is not None
    assert battery is not None
    assert battery.voltage_mv is not None
    part, whole = NEAR_FULL
    near = battery.voltage_mv * whole >= model.full_mv * part
    if case.runs:
        lasted = case.mono_ms - case.charge.since_ms >= MIN_OFF_MS
        little = battery.current_ma is not None and battery.current_ma <= model.capacity_mah // TAPER
        return (battery.soc_percent or 0) >= FULL_PERCENT or (near and little and lasted)
    if battery.soc_percent is None:
        return near
    return battery.soc_percent >= max(BEGIN_BELOW_PERCENT, case.full_soc_percent)


@dataclass(frozen=True)
class Rule:
    name: str
    why: ChargeEnd
    objects: Callable[[Case], bool]


ROOM: Final = (
    Rule("nothing_burns", ChargeEnd.HAZARD, lambda case: is_dangerous(case.state)),
    Rule("no_trip_latched", ChargeEnd.TRIPPED, lambda case: case.memory.is_tripped(case.slot)),
    Rule("read", ChargeEnd.LOST, _lost),
    Rule("door_shut", ChargeEnd.DOOR, lambda case: case.now.may_be_open),
    Rule("battery_booked", ChargeEnd.TAKEN, _nobody_knows),
    Rule("contactor_closed", ChargeEnd.LOST, _without_contactor),
)
BATTERY: Final = (
    Rule("battery_speaks", ChargeEnd.LOST, _silent),
    Rule("battery_is_the_one", ChargeEnd.TAKEN, _another),
    Rule("not_out_of_use", ChargeEnd.ORDERED, _ordered),
    Rule("no_fault", ChargeEnd.FAULT, _faulty),
    Rule("inside_window", ChargeEnd.WINDOW, _outside_window),
    Rule("not_full", ChargeEnd.FULL, _full),
)
RULES: Final = ROOM + BATTERY


def objection(case: Case) -> ChargeEnd | None:
    """Why a slot may not charge; None: it may."""
    return next((rule.why for rule in RULES if rule.objects(case)), None)


# ---------------------------------------------------------------- waking


def wake_objection(case: Case) -> ChargeEnd | None:
    """Why the current that wakes a pack may not flow; None: it may. It is judged by itself, because a pack at 0 V is
    outside every window and does not say who it is: the books do."""
    refused = next((rule.why for rule in ROOM if rule.objects(case)), None)
    if refused is not None or case.booked is None:
        return refused
    if _ordered(case):
        return ChargeEnd.ORDERED
    if _faulty(case):
        return ChargeEnd.FAULT
    least, most = WAKE_DECICELSIUS
    celsius = case.now.decicelsius
    if case.model is None or not case.model.wakeable or celsius is None or not least <= celsius <= most:
        return ChargeEnd.WINDOW
    battery = case.now.battery
    if battery is not None and battery.serial not in ("", case.booked.battery):
        return ChargeEnd.TAKEN
    if case.runs:
        over = case.charge.wake_until_ms is None or case.mono_ms >= case.charge.wake_until_ms
        return ChargeEnd.WAKE_ENDED if over or not is_dead(case.now) else None
    return None if is_dead(case.now) and case.booked.battery not in case.memory.woken else ChargeEnd.WAKE_ENDED


def is_dead(now: SlotNow) -> bool:
    """Whether somebody has measured that there is a pack at 0 V."""
    return now.battery is not None and now.battery.voltage_mv is not None and now.battery.voltage_mv < DEAD_MV


# ---------------------------------------------------------------- the order, and the budget


@dataclass(frozen=True)
class Candidate:
    slot: SlotNumber
    battery: BatteryId
    model: BatteryModel
    wake: bool
    runs: bool
    soc_percent: int
    decicelsius: int

    @property
    def limit_ma(self) -> int:
        return self.model.wake_ma if self.wake else self.model.charge_ma

    @property
    def power_w(self) -> int:
        """The most that it takes, rounded up."""
        return -(-self.model.full_mv * self.limit_ma // 1_000_000)


def candidate(case: Case) -> Candidate | None:
    """A slot that may charge, or be woken."""
    if case.booked is None or case.model is None:
        return None
    wakes = case.charge.wake_until_ms is not None if case.runs else is_dead(case.now)
    if (wake_objection(case) if wakes else objection(case)) is not None:
        return None
    battery = case.now.battery
    soc = 0 if battery is None else battery.soc_percent or 0
    return Candidate(case.slot, case.booked.battery, case.model, wakes, case.runs, soc, case.now.decicelsius or 0)


def in_order(config: CabinetConfig, state: StationState, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Who charges first."""
    memory = state.durable.cabinet
    wanted = max(1, config.keep_full if memory.keep_full is None else memory.keep_full)
    fullest_first = full_ones(config, state) < wanted

    def rank(each: Candidate) -> tuple[int, ...]:
        is_full = each.soc_percent >= config.full_soc_percent
        first = (is_full, -each.soc_percent) if fullest_first else (each.decicelsius, each.soc_percent)
        return (not each.runs, each.wake, *first, each.slot)

    return sorted(candidates, key=rank)


def full_ones(config: CabinetConfig, state: StationState) -> int:
    """How many full batteries the cabinet has to give."""
    memory = state.durable.cabinet
    return sum(
        1
        for booked in memory.booked
        if (battery := slot_now(state, booked.slot).battery) is not None
        and (battery.soc_percent or 0) >= config.full_soc_percent
        and battery.serial == booked.battery
        and not memory.is_aside(booked.slot)
        and not memory.is_tripped(booked.slot)
        and booked.battery not in memory.recalled
    )


def within_budget(config: CabinetConfig, state: StationState, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those of the candidates, in their order, that power and number allow at once."""
    ordered_w = state.durable.cabinet.power_budget_w
    budget_w = config.power_budget_w if ordered_w is None else min(config.power_budget_w, ordered_w)
    taken, used_w = list[Candidate](), 0
    for each in candidates:
        if len(taken) < config.charge_at_once and used_w + each.power_w <= budget_w:
            taken.append(each)
            used_w += each.power_w
    return taken
