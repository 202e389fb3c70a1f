"""The cabinet as a thing: what a pulse, a hand, a crowbar and the hardware's own protection do to it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.batteries import MODELS, Battery
from firmware_sim.cabinet import Cabinet
from firmware_sim.cabinet_slot import LockFault, Point
from firmware_sim.log import FactKind, Json
from firmware_sim.people import PersonId
from firmware_sim.premises import WorldError
from firmware_sim.wires import Wire

RIDER, THIEF = PersonId("rider"), PersonId("thief")
SLOTS = 6


class Facts:
    def __init__(self) -> None:
        self.lines: list[tuple[FactKind, float, dict[str, Json]]] = []

    def on_fact(self, kind: FactKind, at_ms: float, fields: dict[str, Json]) -> None:
        self.lines.append((kind, at_ms, fields))

    def on_wire(self, wire: Wire, grounded: bool, at_ms: float) -> None:
        raise AssertionError("the cabinet has no pins")

    def of(self, kind: FactKind) -> list[dict[str, Json]]:
        return [fields for fact, _, fields in self.lines if fact is kind]

    def moments(self, kind: FactKind) -> list[float]:
        return [at_ms for fact, at_ms, _ in self.lines if fact is kind]


def make(facts: Facts, *, contactor: bool = False, pace: float = 1.0) -> Cabinet:
    """Batteries 1 to 4 at 30 % in their slots, one more with the rider."""
    cabinet = Cabinet(facts, SLOTS, watchdog_ms=8_000.0, has_contactor=contactor, pace=pace)
    for number in range(1, 5):
        cabinet.slots[number].thing = Battery(f"B{number}", MODELS["YZ60-24"], soc=0.3)
    cabinet.carried.take(RIDER, Battery("R1", MODELS["YZ60-24"], soc=0.2))
    return cabinet


def renewed(cabinet: Cabinet, now_ms: float) -> None:
    if cabinet.has_contactor:
        cabinet.set_contactor(True, now_ms)
    else:
        cabinet.feed(now_ms)


@pytest.fixture
def facts() -> Facts:
    return Facts()


# ------------------------------------------------ doors


def test_one_pulse_opens_one_door_a_moment_later(facts: Facts) -> None:
    cabinet = make(facts)
    cabinet.pulse(2, 1_000.0)
    cabinet.advance(1_050.0)
    assert not cabinet.slots[2].door_open
    cabinet.advance(2_000.0)
    assert [slot.number for slot in cabinet.slots.values() if slot.door_open] == [2]
    assert facts.of(FactKind.SLOT_PULSE) == [{"slot": 2, "count": 1, "open": False}]
    assert facts.moments(FactKind.SLOT_DOOR) == [1_080.0]


def test_every_pulse_is_counted_even_at_an_open_or_stuck_door(facts: Facts) -> None:
    cabinet = make(facts)
    cabinet.slots[2].lock_fault = LockFault.STUCK_SHUT
    for at_ms in (1_000.0, 2_000.0, 3_000.0):
        cabinet.pulse(2, at_ms)
    cabinet.advance(9_000.0)
    assert not cabinet.slots[2].door_open
    assert [line["count"] for line in facts.of(FactKind.SLOT_PULSE)] == [1, 2, 3]


def test_a_lock_that_does_not_catch_lets_its_door_spring_back(facts: Facts) -> None:
    cabinet = make(facts)
    cabinet.force_door(1, 1_000.0)
    cabinet.slots[1].lock_fault = LockFault.STUCK_OPEN
    assert cabinet.close_door(1, 2_000.0) is False
    cabinet.slots[1].lock_fault = None
    assert cabinet.close_door(1, 3_000.0) is True
    assert [line["cause"] for line in facts.of(FactKind.SLOT_DOOR)] == ["force", "hand"]


def test_a_stuck_contact_lies_about_the_door(facts: Facts) -> None:
    cabinet = make(facts)
    cabinet.slots[1].contact_stuck = False
    cabinet.force_door(1, 1_000.0)
    assert (cabinet.slots[1].door_open, cabinet.slots[1].door_reads_open) == (True, False)


def test_nothing_goes_in_or_out_of_a_shut_slot_nor_into_a_full_one(facts: Facts) -> None:
    cabinet = make(facts)
    with pytest.raises(WorldError, match="shut"):
        cabinet.put_in(5, RIDER, 0.0)
    with pytest.raises(WorldError, match="shut"):
        cabinet.take_out(1, RIDER, 0.0)
    cabinet.force_door(1, 0.0)
    with pytest.raises(WorldError, match="full"):
        cabinet.put_in(1, RIDER, 0.0)
    cabinet.force_door(5, 0.0)
    with pytest.raises(WorldError, match="empty"):
        cabinet.take_out(5, RIDER, 0.0)
    with pytest.raises(WorldError, match="does not carry"):
        cabinet.put_in(5, THIEF, 0.0)
    with pytest.raises(WorldError, match="no slot 9"):
        cabinet.force_door(9, 0.0)


# ------------------------------------------------ current


@pytest.mark.parametrize("contactor", [False, True])
def test_chargers_give_nothing_without_a_feed_and_go_off_eight_seconds_after_the_last(
    facts: Facts, contactor: bool
) -> None:
    cabinet = make(facts, contactor=contactor)
    cabinet.set_charger(1, 6_000, 0.0)
    assert cabinet.gives_ma(cabinet.slots[1]) == 0
    renewed(cabinet, 1_000.0)
    cabinet.set_charger(1, 6_000, 1_000.0)
    assert cabinet.takes_ma(cabinet.slots[1]) == 6_000
    cabinet.advance(8_999.0)
    assert cabinet.takes_ma(cabinet.slots[1]) == 6_000
    cabinet.advance(20_000.0)
    assert cabinet.takes_ma(cabinet.slots[1]) == 0
    assert facts.moments(FactKind.WATCHDOG) == [9_000.0]
    assert [(line["on"], line["slot"]) for line in facts.of(FactKind.CHARGER)] == [(True, 1), (False, 1)]
    # Fed again, it does not begin by itself.
    renewed(cabinet, 21_000.0)
    assert cabinet.gives_ma(cabinet.slots[1]) == 0


def test_a_welded_charger_heeds_its_main_contactor_alone(facts: Facts) -> None:
    cabinet = make(facts, contactor=True)
    renewed(cabinet, 0.0)
    cabinet.set_charger(1, 6_000, 0.0)
    cabinet.set_ignoring_off(1, True, 0.0)
    cabinet.set_charger(1, 0, 1_000.0)
    assert cabinet.takes_ma(cabinet.slots[1]) > 0
    cabinet.set_contactor(False, 2_000.0)
    assert cabinet.takes_ma(cabinet.slots[1]) == 0


def test_the_emergency_stop_cuts_all_current_and_keeps_it_cut(facts: Facts) -> None:
    cabinet = make(facts, contactor=True)
    renewed(cabinet, 0.0)
    cabinet.set_charger(1, 6_000, 0.0)
    cabinet.set_point(Point.EMERGENCY_STOP, True, 1_000.0)
    assert cabinet.takes_ma(cabinet.slots[1]) == 0
    renewed(cabinet, 2_000.0)
    cabinet.set_charger(1, 6_000, 2_000.0)
    assert not cabinet.contactor_closed
    assert cabinet.gives_ma(cabinet.slots[1]) == 0


def test_without_mains_or_power_nothing_is_charged_and_without_power_no_lock_moves(facts: Facts) -> None:
    cabinet = make(facts)
    renewed(cabinet, 0.0)
    cabinet.set_charger(1, 6_000, 0.0)
    cabinet.set_mains(False, 500.0)
    assert cabinet.takes_ma(cabinet.slots[1]) == 0
    cabinet.set_mains(True, 600.0)
    assert cabinet.takes_ma(cabinet.slots[1]) == 6_000
    cabinet.set_power(False, 700.0)
    cabinet.pulse(2, 800.0)
    cabinet.advance(5_000.0)
    assert not cabinet.slots[2].door_open
    cabinet.set_power(True, 6_000.0)
    assert cabinet.gives_ma(cabinet.slots[1]) == 0


def test_charging_fills_a_battery_at_the_cabinets_pace_and_ends(facts: Facts) -> None:
    cabinet = make(facts, pace=600.0)
    for now_ms in range(0, 30_000, 1_000):
        cabinet.feed(now_ms)
        cabinet.set_charger(1, 12_000, now_ms)
    battery = cabinet.slots[1].battery
    assert battery is not None
    assert battery.soc > 0.97
    assert [line["on"] for line in facts.of(FactKind.CHARGER)] == [True, False]


# ------------------------------------------------ fire


def test_a_burning_battery_is_seen_by_the_smoke_contact_and_quenched_by_the_glass(facts: Facts) -> None:
    cabinet = make(facts)
    cabinet.advance(0.0)
    cabinet.set_runaway(3, 0.0)
    smoked = False
    for now_ms in range(0, 240_000, 500):
        cabinet.advance(float(now_ms))
        smoked = smoked or (cabinet.reads(Point.SMOKE) and not cabinet.slots[3].extinguished)
    assert smoked
    assert [line["slot"] for line in facts.of(FactKind.BATTERY_VENTS)] == [3]
    assert [line["cause"] for line in facts.of(FactKind.EXTINGUISHER)] == ["hardware"]
    battery = cabinet.slots[3].battery
    assert battery is not None
    assert not battery.runaway


def test_the_software_may_extinguish_before_the_glass_does_and_the_log_knows_the_fan(facts: Facts) -> None:
    cabinet = make(facts)
    cabinet.set_fan(True, 0.0)
    cabinet.set_runaway(3, 0.0)
    cabinet.set_fan(False, 10.0)
    cabinet.extinguish(3, 20.0)
    assert facts.of(FactKind.EXTINGUISHER) == [{"slot": 3, "cause": "software", "fan": False}]


# ------------------------------------------------ conservation


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_whatever_people_do_each_thing_is_in_one_place_and_the_log_knows_which(seed: int) -> None:
    facts, dice = Facts(), random.Random(seed)
    cabinet = make(facts)
    places = {f"B{number}": f"slot:{number}" for number in range(1, 5)} | {"R1": f"person:{RIDER}"}
    for step in range(60):
        now_ms, number, person = step * 500.0, dice.randint(1, SLOTS), dice.choice([RIDER, THIEF])
        match dice.randrange(6):
            case 0:
                cabinet.pulse(number, now_ms)
            case 1:
                cabinet.force_door(number, now_ms)
            case 2:
                cabinet.close_door(number, now_ms)
            case 3:
                cabinet.set_power(dice.random() < 0.7, now_ms)
            case 4:
                _try(lambda n=number, p=person, t=now_ms: cabinet.put_in(n, p, t))
            case _:
                _try(lambda n=number, p=person, t=now_ms: cabinet.take_out(n, p, t))
    for line in facts.of(FactKind.BATTERY_MOVED):
        assert places[str(line["serial"])] == line["from"]
        places[str(line["serial"])] = str(line["to"])
    truth = {slot.thing.serial: f"slot:{slot.number}" for slot in cabinet.slots.values() if slot.thing is not None}
    for person in cabinet.carried.people():
        truth |= {thing.serial: f"person:{person}" for thing in cabinet.carried.of(person)}
    assert truth == places


def _try(act: object) -> None:
    assert callable(act)
    try:
        act()
    except WorldError:
        pass
