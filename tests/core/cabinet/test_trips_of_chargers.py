"""Trips by what chargers and BMS say: current while off, data that is missing or cannot be."""

import pytest

from contract.records import (
    ChargeEnd,
    ChargeEnded,
    Trip,
)
from edge.core import events
from tests.core.cabinet.safety_support import (
    FOUR,
    MINUTE_MS,
    ONE,
    SECOND_MS,
    THREE,
    TWO,
    Cabinet,
    battery,
    every,
    with_cabinet,
)
from tests.core.cabinet.test_trips import charging, latched
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
