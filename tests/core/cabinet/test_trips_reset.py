"""What comes of a trip, and who ends it when."""

import pytest

from contract.ids import SlotNumber
from contract.records import (
    CabinetTripReset,
    MessageRefused,
    SlotAside,
    SlotSetAside,
    Trip,
)
from edge.core import events
from edge.core.cabinet.asides import QUARANTINE_MS
from edge.core.cabinet.trip_causes import CAN_BURN, HEAT, degrees
from edge.core.cabinet.trips import is_hazard
from edge.core.events import CabinetPoint
from tests.core.cabinet.safety_support import (
    CABINET,
    HOUR_MS,
    ONE,
    SECOND_MS,
    SLOTS,
    THREE,
    TWO,
    Cabinet,
    with_cabinet,
)
from tests.core.cabinet.test_trips import charging, latched, reset, warm_slowly
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
