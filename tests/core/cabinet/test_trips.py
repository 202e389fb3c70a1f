"""Trips: each cause in the step that saw it, latched, and reset only by a person once it is over."""

import pytest

from contract.ids import SlotNumber
from contract.records import (
    CabinetTripped,
    CabinetTripReset,
    ChargeEnd,
    ChargeEnded,
    MessageRefused,
    Record,
    SlotAside,
    SlotSetAside,
    Trip,
)
from edge.core import events
from edge.core.cabinet.asides import QUARANTINE_MS
from edge.core.cabinet.trip_causes import CAN_BURN, HEAT, degrees
from edge.core.cabinet.trips import TOGETHER_MS, is_hazard
from edge.core.cabinet.warmth import SETTLE_MS
from edge.core.effects import Extinguish, SetCharger, SetContactor, SetFan
from edge.core.events import CabinetPoint
from tests.core.cabinet.safety_support import (
    CABINET,
    FOUR,
    HOUR_MS,
    MINUTE_MS,
    ONE,
    SECOND_MS,
    SLOTS,
    THREE,
    TWO,
    Cabinet,
    battery,
    effects_of,
    every,
    serial,
    with_cabinet,
)
from tests.core.support import WALL_MS, only

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


# ---------------------------------------------------------------- current while off


def test_a_charger_that_is_off_and_gives_current_loses_the_main_contactor() -> None:
    life = Cabinet()
    life.wait(10 * SECOND_MS)
    life.do(events.DesiredReceived(1, None))
    idle = Cabinet(with_cabinet(chargeable=False))
    idle.wait(10 * SECOND_MS)
    idle.read(ONE, current_ma=101)
    idle.wait(2 * SECOND_MS - 1)
    assert latched(idle) == set()
    idle.wait(1)
    assert latched(idle) == {(Trip.CURRENT_WHILE_OFF, ONE), (Trip.CONTACTOR_OPENED, None)}
    assert idle.contactor() is False


def test_a_tenth_of_an_ampere_is_a_measuring_error_and_a_short_pulse_nothing() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    life.wait(10 * SECOND_MS)
    life.read(ONE, current_ma=100)
    life.wait(MINUTE_MS)
    life.read(ONE, charger_ma=5_000)
    life.wait(2 * SECOND_MS - 1)
    life.read(ONE, charger_ma=0)
    life.wait(MINUTE_MS)
    assert latched(life) == set()


def test_a_charger_that_was_just_switched_off_may_still_be_read_with_its_last_current() -> None:
    life = charging(Cabinet())
    life.tell(ONE, 250, faults=1, current_ma=8_000)
    assert ONE not in life.charging()
    life.wait(2_900)
    life.read(ONE, faults=1, current_ma=0)
    life.wait(MINUTE_MS)
    assert latched(life) == set()


@pytest.mark.parametrize(("says", "after_ms"), [(False, 5_000), (None, 7_000)])
def test_a_charger_that_goes_on_giving_is_found_though_nothing_more_is_told(says: bool | None, after_ms: int) -> None:
    life = charging(Cabinet())
    life.read(ONE, faults=1, current_ma=8_000, charger_on=says)
    life.wait(after_ms - 1)
    assert latched(life) == set()
    life.wait(1)
    assert (Trip.CURRENT_WHILE_OFF, ONE) in latched(life)


# ---------------------------------------------------------------- data


def test_a_bms_that_falls_silent_while_it_charges_stops_it_at_once_and_trips_if_it_stays_so() -> None:
    life = charging(Cabinet())
    assert only(life.read(ONE, battery=None), ChargeEnded).why is ChargeEnd.LOST
    life.wait(2 * SECOND_MS - 1)
    assert latched(life) == set()
    life.wait(1)
    assert latched(life) == {(Trip.DATA_MISSING, ONE)}


def test_a_bms_that_speaks_again_at_once_is_no_trip() -> None:
    life = charging(Cabinet())
    life.do(events.SlotLost(ONE, "no data"))
    assert ONE not in life.charging()
    life.wait(SECOND_MS)
    life.read(ONE)
    life.wait(MINUTE_MS)
    assert latched(life) == set()


def test_a_silent_bms_that_does_not_charge_is_no_trip() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    life.read(ONE, battery=None)
    life.do(events.SlotLost(TWO, "no data"))
    life.wait(MINUTE_MS)
    assert latched(life) == set()


def test_a_cabinet_that_is_gone_as_a_whole_is_no_trip_of_its_slots() -> None:
    life = charging(Cabinet())
    life.do(events.SlotLost(ONE, "no data"))
    life.wait(SECOND_MS)
    records = life.do(events.CabinetChanged(online=False, detail="the line is cut"))
    assert {each.why for each in every(records, ChargeEnded)} == {ChargeEnd.LOST}
    life.wait(MINUTE_MS)
    assert latched(life) == set()


@pytest.mark.parametrize(
    "said",
    [{"voltage_mv": 120_001}, {"voltage_mv": -1}, {"current_ma": 300_001}, {"soc_percent": 101}, {"cycles": -1},
     {"temperature_decicelsius": -401}, {"soh_percent": 151}],
)  # fmt: skip
def test_what_cannot_be_true_stops_charging_and_trips_if_it_stays_so(said: dict[str, object]) -> None:
    life = charging(Cabinet())
    life.read(ONE, **said)  # type: ignore[arg-type]
    assert ONE not in life.charging()
    life.wait(3 * SECOND_MS - 1)
    assert latched(life) == set()
    life.wait(1)
    assert latched(life) == {(Trip.DATA_IMPOSSIBLE, ONE)}
    name, value = next(iter(said.items()))
    assert life.memory.tripped[0].detail == f"{name} = {value}"


def test_a_slave_that_answers_for_another_is_impossible_data() -> None:
    life = Cabinet()
    life.do(events.SlotLost(ONE, "slot 2 answers for slot 1", impossible=True))
    life.wait(3 * SECOND_MS)
    assert latched(life) == {(Trip.DATA_IMPOSSIBLE, ONE)}
    assert life.memory.tripped[0].detail == "slot 2 answers for slot 1"


def test_a_bms_that_talks_nonsense_while_it_wakes_up_is_no_trip() -> None:
    life = Cabinet()
    life.full += (FOUR,)
    life.read(FOUR, soc_percent=255)
    life.wait(2 * SECOND_MS)
    life.read(FOUR)
    life.wait(MINUTE_MS)
    assert latched(life) == set()


@pytest.mark.parametrize(
    ("said", "detail"),
    [({"voltage_mv": 58_001}, "from 48000 mV to 58001 mV at once"),
     ({"temperature_decicelsius": 49}, "from 25.0 °C to 4.9 °C at once"),
     ({"temperature_decicelsius": -51}, "from 25.0 °C to -5.1 °C at once")],
)  # fmt: skip
def test_a_jump_that_no_battery_makes_trips_at_once(said: dict[str, object], detail: str) -> None:
    life = Cabinet()
    life.read(ONE, **said)  # type: ignore[arg-type]
    assert latched(life) == {(Trip.DATA_IMPOSSIBLE, ONE)}
    assert life.memory.tripped[0].detail == detail


def test_a_pack_that_wakes_up_or_another_one_may_jump() -> None:
    life = Cabinet()
    life.read(ONE, voltage_mv=0)
    life.read(ONE, voltage_mv=48_000)
    life.read(TWO, voltage_mv=None)
    life.read(TWO, voltage_mv=54_000)
    life.read(THREE, battery=battery(FOUR, voltage_mv=36_000, temperature_decicelsius=20))
    assert latched(life) == set()


# ---------------------------------------------------------------- what comes of it


def test_what_was_hot_or_smoked_is_in_quarantine_for_a_day_at_least() -> None:
    for trip in (Trip.TOO_HOT, Trip.SMOKE):
        life = Cabinet()
        records = life.tell(ONE, 560) if trip is Trip.TOO_HOT else life.read(ONE, smoke=True)
        aside = only(records, SlotSetAside)
        until_ms = WALL_MS + life.mono_ms + QUARANTINE_MS
        assert (aside.slot, aside.why, aside.until_ms) == (ONE, SlotAside.QUARANTINE, until_ms)


def test_a_trip_outlasts_restarts_and_is_in_the_records() -> None:
    life = Cabinet()
    life.read(ONE, smoke=True)
    life.point(CabinetPoint.WATER)
    tripped = life.memory.tripped
    assert life.replayed().tripped == tripped
    life.boot(clean_stop=False)
    life.come_online()
    assert life.memory.tripped == tripped
    assert life.charging() == set()


# ---------------------------------------------------------------- reset


def cause(life: Cabinet, trip: Trip, slot: SlotNumber | None) -> None:
    """Bring a trip's cause about."""
    if slot is None:
        if trip is Trip.CONTACTOR_OPENED:
            life.do(events.ContactorRead(closed=True))
            life.do(events.ContactorRead(closed=False, detail="by hand"))
        else:
            life.point(CabinetPoint(trip.value))
        return
    if trip is Trip.TOO_HOT:
        # As slowly as to be nothing else.
        warm_slowly(life, slot, 550)
    elif trip is Trip.RISING:
        life.wait(5 * SECOND_MS)
        life.tell(slot, 285)
    elif trip is Trip.HOTTER_THAN_NEIGHBOURS:
        warm_slowly(life, slot, 360)
    elif trip is Trip.SMOKE:
        life.read(slot, smoke=True)
    elif trip is Trip.CURRENT_WHILE_OFF:
        for _ in range(2):
            life.read(slot, current_ma=5_000, faults=1)
    elif trip is Trip.DATA_MISSING:
        life.read(slot, battery=None)
    else:
        life.read(slot, soc_percent=200)
    life.wait(10 * SECOND_MS)


def remedy(life: Cabinet, trip: Trip, slot: SlotNumber | None) -> None:
    """Take the cause away."""
    if slot is not None:
        life.wait(10 * SECOND_MS)
        life.read(slot, smoke=False)
        life.wait(10 * SECOND_MS)
    elif trip is Trip.CONTACTOR_OPENED:
        for each in list(life.memory.tripped):
            if each.slot is not None:
                remedy(life, each.trip, each.slot)
                reset(life, each.trip, each.slot)
    else:
        life.point(CabinetPoint(trip.value), active=False)


@pytest.mark.parametrize("trip", SLOT_TRIPS)
def test_a_slots_trip_is_reset_by_a_person_once_its_cause_is_over_and_not_before(trip: Trip) -> None:
    life = charging(Cabinet())
    cause(life, trip, ONE)
    assert (trip, ONE) in latched(life)
    assert life.chargers()[ONE] == 0
    if trip is not Trip.RISING:
        assert only(reset(life, trip, ONE), MessageRefused).reason.startswith(f"{trip} is not reset: ")
    assert (trip, ONE) in latched(life)
    remedy(life, trip, ONE)
    assert only(reset(life, trip, ONE), CabinetTripReset) == CabinetTripReset(trip, ONE, "li")
    assert (trip, ONE) not in latched(life)


@pytest.mark.parametrize("trip", CABINET_TRIPS)
def test_a_cabinets_trip_is_reset_by_a_person_once_its_cause_is_over_and_not_before(trip: Trip) -> None:
    life = charging(Cabinet())
    cause(life, trip, None)
    assert latched(life) == {(trip, None)}
    assert life.chargers().keys() == set(SLOTS)
    assert life.charging() == set()
    assert life.contactor() is False
    if trip is not Trip.CONTACTOR_OPENED:
        only(reset(life, trip), MessageRefused)
    remedy(life, trip, None)
    only(reset(life, trip), CabinetTripReset)
    assert latched(life) == set()


def test_a_contactor_is_not_given_back_while_a_charger_does_not_obey() -> None:
    life = charging(Cabinet())
    cause(life, Trip.CURRENT_WHILE_OFF, ONE)
    only(reset(life, Trip.CONTACTOR_OPENED), MessageRefused)
    remedy(life, Trip.CURRENT_WHILE_OFF, ONE)
    reset(life, Trip.CURRENT_WHILE_OFF, ONE)
    life.do(events.ChargerChecked(TWO, obeys=False))
    only(reset(life, Trip.CONTACTOR_OPENED), MessageRefused)
    life.do(events.ChargerChecked(TWO, obeys=True))
    only(reset(life, Trip.CONTACTOR_OPENED), CabinetTripReset)


def test_what_is_not_latched_cannot_be_reset() -> None:
    life = Cabinet()
    life.read(ONE, smoke=True)
    assert only(reset(life, Trip.SMOKE, TWO), MessageRefused).reason == "smoke is not reset: it is not latched"
    only(reset(life, Trip.SMOKE), MessageRefused)


def test_heat_of_which_nobody_knows_is_not_over() -> None:
    life = Cabinet()
    life.tell(ONE, 560)
    life.do(events.SlotLost(ONE, "no data"))
    assert "nobody knows how warm it is" in only(reset(life, Trip.TOO_HOT, ONE), MessageRefused).reason
    life.tell(ONE, 451)
    assert "it is 45.1 °C" in only(reset(life, Trip.TOO_HOT, ONE), MessageRefused).reason
    life.tell(ONE, 440)
    only(reset(life, Trip.TOO_HOT, ONE), CabinetTripReset)


def test_what_gets_warmer_again_is_not_over() -> None:
    life = Cabinet()
    cause(life, Trip.RISING, ONE)
    life.wait(10 * SECOND_MS)
    life.tell(ONE, 320)
    assert "it gets warmer" in only(reset(life, Trip.RISING, ONE), MessageRefused).reason


def test_what_is_still_above_its_neighbours_is_not_over() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    cause(life, Trip.HOTTER_THAN_NEIGHBOURS, ONE)
    assert "11.0 °C above" in only(reset(life, Trip.HOTTER_THAN_NEIGHBOURS, ONE), MessageRefused).reason
    life.tell(ONE, 340)
    only(reset(life, Trip.HOTTER_THAN_NEIGHBOURS, ONE), CabinetTripReset)


def test_a_battery_that_was_carried_out_burns_nothing_here_any_more() -> None:
    for trip in (Trip.TOO_HOT, Trip.SMOKE, Trip.DATA_IMPOSSIBLE):
        life = Cabinet()
        cause(life, trip, ONE)
        life.do(events.SlotRead(ONE, door_open=True, present=False))
        only(reset(life, trip, ONE), CabinetTripReset)


def test_an_empty_slot_that_smokes_smokes() -> None:
    life = Cabinet()
    life.read(ONE, smoke=True)
    life.read(ONE, battery=None, present=False, smoke=True)
    only(reset(life, Trip.SMOKE, ONE), MessageRefused)


def test_a_reset_ends_no_quarantine() -> None:
    life = Cabinet()
    life.tell(ONE, 560)
    life.tell(ONE, 400)
    only(reset(life, Trip.TOO_HOT, ONE), CabinetTripReset)
    assert life.memory.is_aside(ONE)
    assert not is_hazard(life.state)


def test_every_trip_is_of_a_slot_or_of_the_cabinet() -> None:
    assert {*SLOT_TRIPS, *CABINET_TRIPS} == set(Trip)
    assert set(SLOT_TRIPS) >= CAN_BURN | HEAT
    assert CABINET.cabinet.chargeable


def test_degrees_are_written_for_people() -> None:
    assert [degrees(value) for value in (0, 5, -5, 555, -123)] == ["0.0 °C", "0.5 °C", "-0.5 °C", "55.5 °C", "-12.3 °C"]


def test_a_cooler_neighbour_is_asked_again_after_its_two_hours() -> None:
    life = Cabinet(with_cabinet(chargeable=False), full=(ONE, TWO))
    life.full += (THREE,)
    life.tell(THREE, 250)
    warm_slowly(life, ONE, 400)
    assert latched(life) == set(), "the third one has come a moment ago and measures nobody"
    life.wait(2 * HOUR_MS)
    life.tell(ONE, 410)
    assert latched(life) == {(Trip.HOTTER_THAN_NEIGHBOURS, ONE)}
