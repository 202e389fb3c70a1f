"""Trips: each cause in the step that saw it, latched, and reset only by a person once it is over."""

import pytest

from contract.ids import SlotNumber
from contract.records import (
    CabinetTripped,
    ChargeEnd,
    ChargeEnded,
    MessageRefused,
    Record,
    Trip,
)
from edge.core import events
from edge.core.cabinet.trips import TOGETHER_MS, is_hazard
from edge.core.cabinet.warmth import SETTLE_MS
from edge.core.effects import Extinguish, SetCharger, SetContactor, SetFan
from edge.core.events import CabinetPoint
from tests.core.cabinet.safety_support import (
    FOUR,
    MINUTE_MS,
    ONE,
    SECOND_MS,
    SLOTS,
    THREE,
    TWO,
    Cabinet,
    effects_of,
    every,
    serial,
    with_cabinet,
)
from tests.core.support import only

SLOT_TRIPS = (
    Trip.TOO_HOT,
    Trip.RISING,
    Trip.HOTTER_THAN_NEIGHBOURS,
    Trip.SMOKE,
    Trip.CURRENT_WHILE_OFF,
    Trip.DATA_MISSING,
    Trip.DATA_IMPOSSIBLE,
)
CABINET_TRIPS = (Trip.SMOKE, Trip.WATER, Trip.BACK_DOOR, Trip.EMERGENCY_STOP, Trip.CONTACTOR_OPENED)


def charging(life: Cabinet) -> Cabinet:
    """Slots 1–3 charge."""
    life.wait(10 * SECOND_MS)
    for slot in life.charging():
        life.read(slot, current_ma=8_000)
    assert life.charging() == {ONE, TWO, THREE}
    life.effects.clear()
    return life


def latched(life: Cabinet) -> set[tuple[Trip, SlotNumber | None]]:
    return {(each.trip, each.slot) for each in life.memory.tripped}


def reset(life: Cabinet, trip: Trip, slot: SlotNumber | None = None) -> list[Record]:
    return life.do(events.TripResetAsked(slot, trip, "li"))


# ---------------------------------------------------------------- heat


def test_55_degrees_switch_the_charger_off_in_the_step_that_read_them() -> None:
    life = charging(Cabinet())
    life.tell(ONE, 549, current_ma=8_000)
    life.wait(MINUTE_MS)
    assert (Trip.TOO_HOT, ONE) not in latched(life)
    life.effects.clear()
    records = life.tell(ONE, 550, current_ma=8_000)
    tripped = next(each for each in every(records, CabinetTripped) if each.trip is Trip.TOO_HOT)
    assert tripped == CabinetTripped(Trip.TOO_HOT, ONE, "55.0 °C; the limit is 55.0 °C", hazard=True)
    assert SetCharger(ONE, 0) in life.effects
    assert ChargeEnded(ONE, serial(ONE), ChargeEnd.TRIPPED) in every(life.records_of_all(), ChargeEnded)


def test_the_slots_own_sensor_speaks_where_the_bms_is_silent() -> None:
    life = Cabinet()
    life.read(ONE, battery=None, slot_decicelsius=600)
    assert (Trip.TOO_HOT, ONE) in latched(life)


def test_a_temperature_beyond_physics_is_no_heat() -> None:
    life = Cabinet()
    life.tell(ONE, 32_767)
    life.wait(MINUTE_MS)
    assert latched(life) == {(Trip.DATA_IMPOSSIBLE, ONE)}


def test_one_degree_a_second_for_three_seconds_is_a_trip() -> None:
    life = Cabinet()
    life.wait(MINUTE_MS)
    for step in range(1, 3):
        life.wait(SECOND_MS)
        life.tell(ONE, 250 + 10 * step)
        assert latched(life) == set()
    life.wait(SECOND_MS)
    life.tell(ONE, 280)
    assert latched(life) == {(Trip.RISING, ONE)}
    assert is_hazard(life.state)


def test_a_degree_in_four_seconds_is_none() -> None:
    life = Cabinet()
    for step in range(1, 20):
        life.wait(4 * SECOND_MS)
        life.tell(ONE, 250 + 10 * step)
        # Its neighbours warm up as well: that is the room.
        for slot in (TWO, THREE):
            life.tell(slot, 250 + 10 * step)
    assert latched(life) == set()


def test_what_was_first_seen_a_moment_ago_is_judged_three_seconds_later() -> None:
    life = Cabinet()
    life.full += (FOUR,)
    life.tell(FOUR, 250)
    life.wait(2 * SECOND_MS)
    life.tell(FOUR, 290)
    assert latched(life) == set()
    life.wait(SECOND_MS)
    assert latched(life) == {(Trip.RISING, FOUR)}


def test_after_a_gap_nobody_knows_how_fast_it_rose() -> None:
    life = Cabinet()
    life.do(events.SlotLost(ONE, "no data"))
    life.tell(ONE, 330)
    life.wait(MINUTE_MS)
    assert (Trip.RISING, ONE) not in latched(life)
    other = Cabinet()
    other.read(ONE, battery=None)
    other.tell(ONE, 330)
    assert (Trip.RISING, ONE) not in latched(other)


# ---------------------------------------------------------------- beside its neighbours


def warm_slowly(life: Cabinet, slot: SlotNumber, to: int, since: int = 250) -> None:
    for celsius in range(since, to + 1, 10):
        life.wait(MINUTE_MS)
        life.tell(slot, celsius)


def test_ten_degrees_above_its_neighbours_a_battery_heats_itself() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    warm_slowly(life, ONE, 340)
    assert latched(life) == set()
    life.wait(MINUTE_MS)
    life.tell(ONE, 350)
    assert latched(life) == {(Trip.HOTTER_THAN_NEIGHBOURS, ONE)}
    assert life.memory.tripped[0].detail == "35.0 °C; its neighbours have 25.0 °C"
    assert not is_hazard(life.state), "35 °C burn nobody"


def test_hot_above_its_neighbours_is_the_rooms_matter() -> None:
    life = Cabinet(with_cabinet(chargeable=False), full=SLOTS[:4])
    for celsius in range(250, 360, 10):
        life.wait(MINUTE_MS)
        for slot in SLOTS[:4]:
            life.tell(slot, celsius)
    assert latched(life) == set()
    warm_slowly(life, ONE, 450, since=350)
    assert latched(life) == {(Trip.HOTTER_THAN_NEIGHBOURS, ONE)}
    assert is_hazard(life.state)


def test_a_battery_that_has_just_been_ridden_may_be_warm_and_cool_slowly() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    life.full += (FOUR,)
    life.tell(FOUR, 450)
    for minute in range(0, 120, 5):
        life.tell(FOUR, 450 - minute)
        life.wait(5 * MINUTE_MS)
    assert latched(life) == set()


def test_a_battery_that_stays_as_warm_as_it_came_has_something_of_its_own() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    life.full += (FOUR,)
    life.tell(FOUR, 440)
    life.wait(SETTLE_MS // 2)
    assert latched(life) == set()
    life.wait(SETTLE_MS // 4)
    assert latched(life) == {(Trip.HOTTER_THAN_NEIGHBOURS, FOUR)}


def test_a_battery_that_warms_beyond_what_it_brought_trips_although_it_has_just_come() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    life.full += (FOUR,)
    life.tell(FOUR, 350)
    warm_slowly(life, FOUR, 440, since=360)
    assert latched(life) == set()
    life.wait(MINUTE_MS)
    life.tell(FOUR, 450)
    assert latched(life) == {(Trip.HOTTER_THAN_NEIGHBOURS, FOUR)}


def test_what_comes_out_of_the_frost_makes_nobody_else_hot() -> None:
    life = Cabinet(with_cabinet(chargeable=False), full=(ONE, TWO))
    for slot in SLOTS[2:]:
        life.full += (slot,)
        life.tell(slot, -50)
    assert latched(life) == set()


def test_what_charging_warms_is_compared_with_its_like() -> None:
    life = charging(Cabinet(with_cabinet(charge_at_once=3), full=SLOTS))
    for celsius in range(250, 380, 10):
        life.wait(MINUTE_MS)
        for slot in SLOTS[:3]:
            life.tell(slot, celsius)
    assert latched(life) == set(), "12 degrees above the two that do not charge"


def test_with_one_neighbour_nobody_knows_what_is_warm() -> None:
    life = Cabinet(with_cabinet(chargeable=False), full=(ONE, TWO))
    warm_slowly(life, ONE, 400)
    assert latched(life) == set()


# ---------------------------------------------------------------- smoke, water, doors


@pytest.mark.parametrize("point", list(CabinetPoint))
def test_a_contact_of_the_cabinet_stops_every_charger_at_once(point: CabinetPoint) -> None:
    life = charging(Cabinet())
    records = life.point(point)
    trip = only(records, CabinetTripped)
    assert (trip.trip.value, trip.slot) == (point.value, None)
    assert {effect.slot for effect in effects_of(life, SetCharger) if effect.limit_ma == 0} == set(SLOTS)
    assert effects_of(life, SetContactor) == [SetContactor(False)]
    assert len(every(records, ChargeEnded)) == 3
    assert is_hazard(life.state) is (point is CabinetPoint.SMOKE)
    assert every(life.point(point), CabinetTripped) == [], "latched is latched"


def test_a_contact_that_is_no_longer_read_takes_nothing_back() -> None:
    life = Cabinet()
    life.point(CabinetPoint.WATER)
    life.point(CabinetPoint.WATER, None)
    assert CabinetPoint.WATER not in life.cabinet.points
    assert only(reset(life, Trip.WATER), MessageRefused).reason.startswith("water is not reset")
    assert latched(life) == {(Trip.WATER, None)}


def test_the_back_door_is_the_technicians_while_somebody_works() -> None:
    life = Cabinet()
    life.do(events.ServiceAsked("li", on=True))
    life.point(CabinetPoint.BACK_DOOR)
    assert latched(life) == set()
    life.do(events.ServiceAsked("li", on=False))
    assert latched(life) == {(Trip.BACK_DOOR, None)}


def test_smoke_in_a_slot_stops_the_fan_and_is_the_rooms_hazard() -> None:
    life = Cabinet()
    life.read(ONE, smoke=True)
    assert latched(life) == {(Trip.SMOKE, ONE)}
    assert effects_of(life, SetFan) == [SetFan(False)]
    assert is_hazard(life.state)
    assert effects_of(life, Extinguish) == [], "one signal is none"


# ---------------------------------------------------------------- extinguishing


def test_heat_and_smoke_extinguish_after_the_fan_has_stopped_and_once() -> None:
    life = Cabinet()
    life.tell(ONE, 560)
    life.effects.clear()
    life.point(CabinetPoint.SMOKE)
    assert [effect for effect in life.effects if isinstance(effect, SetFan | Extinguish)][-2:] == [
        SetFan(False),
        Extinguish(ONE),
    ]
    life.tell(ONE, 570)
    assert len(effects_of(life, Extinguish)) == 1


def test_a_battery_that_stays_hot_is_heat_however_long_ago_it_was_told() -> None:
    life = Cabinet()
    life.tell(ONE, 560)
    life.wait(2 * TOGETHER_MS)
    life.point(CabinetPoint.SMOKE)
    assert effects_of(life, Extinguish) == [Extinguish(ONE)]


@pytest.mark.parametrize(("after_ms", "times"), [(TOGETHER_MS, 1), (TOGETHER_MS + 1, 0)])
def test_heat_that_is_over_for_long_is_another_story_than_smoke(after_ms: int, times: int) -> None:
    life = Cabinet()
    life.tell(ONE, 560)
    life.do(events.SlotLost(ONE, "burnt"))
    life.wait(after_ms)
    life.point(CabinetPoint.SMOKE)
    assert len(effects_of(life, Extinguish)) == times
