"""Whatever comes, a charger goes off: doors, pulses, danger, silence, restarts."""

from dataclasses import replace

import pytest

from contract.records import (
    AlarmCode,
    ChargeEnd,
    SlotAside,
    Trip,
)
from edge.core import events
from edge.core.cabinet.charge_rules import MIN_OFF_MS
from edge.core.cabinet.state import Aside
from edge.core.config import StationConfig
from edge.core.events import AlarmSeen
from tests.core.air_support import AIR
from tests.core.air_support import STATION as WITH_AIR
from tests.core.cabinet.safety_support import (
    CABINET,
    FIVE,
    MINUTE_MS,
    ONE,
    SLOTS,
    THREE,
    TWO,
    Cabinet,
    serial,
)
from tests.core.cabinet.test_charging import charging, ended

# ---------------------------------------------------------------- whatever comes


def test_an_opened_door_ends_it_and_so_does_a_pulse_that_may_open_it() -> None:
    life = charging(Cabinet())
    life.unlock(ONE)
    life.answer(ONE)
    assert (ONE, ChargeEnd.DOOR) in ended(life)
    life.read(TWO, open=True)
    assert (TWO, ChargeEnd.DOOR) in ended(life)


def test_a_battery_that_has_gone_ends_it_and_the_next_one_has_not_been_charged_yet() -> None:
    life = charging(Cabinet())
    life.read(ONE, battery=None, present=False)
    assert ended(life) == [(ONE, ChargeEnd.TAKEN)]
    assert life.charge(ONE).rested_since_ms is None


def test_the_rest_of_a_battery_counts_from_the_end_of_its_charging() -> None:
    life = charging(Cabinet())
    assert life.charge(ONE).rested_since_ms is None
    life.read(ONE, soc_percent=100)
    assert life.charge(ONE).rested_since_ms == life.mono_ms


@pytest.mark.parametrize("why", list(SlotAside))
def test_what_is_out_of_use_is_not_charged(why: SlotAside) -> None:
    life = charging(Cabinet())
    life.remember(asides=(Aside(ONE, why),))
    life.read(TWO, soc_percent=51, current_ma=8_000)
    assert ended(life) == [(ONE, ChargeEnd.ORDERED)]


def test_a_recalled_battery_is_not_charged_and_neither_is_any_while_somebody_works() -> None:
    life = charging(Cabinet())
    life.do(events.DesiredReceived(1, None, cabinet=events.CabinetWill(recalled=(serial(ONE),))))
    assert ended(life) == [(ONE, ChargeEnd.ORDERED)]
    life.do(events.ServiceAsked("li", on=True))
    assert life.charging() == set()
    life.do(events.ServiceAsked("li", on=False))
    life.wait(2 * MIN_OFF_MS)
    assert life.charging() == {TWO, THREE}


def test_a_charger_that_does_not_obey_is_not_used() -> None:
    life = charging(Cabinet())
    life.do(events.ChargerChecked(ONE, obeys=False))
    assert ended(life) == [(ONE, ChargeEnd.FAULT)]
    life.wait(10 * MINUTE_MS)
    assert ONE not in life.charging()
    life.do(events.ChargerChecked(ONE, obeys=True))
    assert ONE in life.charging()


def test_a_contactor_that_opens_by_itself_is_a_trip_of_the_whole_cabinet() -> None:
    life = charging(Cabinet())
    life.do(events.ContactorRead(closed=True))
    life.do(events.ContactorRead(closed=False, detail="slot 2 did not obey"))
    assert [(each.trip, each.detail) for each in life.memory.tripped] == [
        (Trip.CONTACTOR_OPENED, "slot 2 did not obey")
    ]
    assert life.charging() == set()


@pytest.mark.parametrize("danger", ["fire", "smoke"])
def test_danger_in_the_room_switches_everything_off_at_once_until_somebody_has_looked(danger: str) -> None:
    life = charging(Cabinet(air()))
    life.effects.clear()
    tell(life, danger, True)
    assert {why for _, why in ended(life)} == {ChargeEnd.HAZARD}
    assert life.chargers() == dict.fromkeys(SLOTS, 0)
    assert life.contactor() is False
    life.wait(MINUTE_MS)
    tell(life, danger, False)
    life.wait(10 * MINUTE_MS)
    assert life.charging() == set(), "it is over, and nobody has looked"
    for alarm in life.state.durable.alarms:
        if alarm.code in (AlarmCode.FIRE, AlarmCode.SMOKE):
            life.do(events.AcknowledgeRequested(AlarmSeen(alarm.code, alarm.source, alarm.since_ms, "li")))
    life.wait(10 * MINUTE_MS)
    assert life.charging() == {ONE, TWO, THREE}


def air() -> StationConfig:
    return replace(CABINET, environment=WITH_AIR.environment)


def tell(life: Cabinet, danger: str, there: bool) -> None:
    if danger == "fire":
        life.do(events.FireChanged(there))
    else:
        for _ in range(2):
            life.do(events.EnvironmentMeasured(AIR, 200, smoke=there))


def test_a_danger_of_the_run_before_is_one_until_somebody_has_looked() -> None:
    life = charging(Cabinet())
    life.do(events.FireChanged(True))
    life.do(events.FireChanged(False))
    life.boot(clean_stop=False)
    life.levels()
    life.effects.clear()
    life.come_online()
    life.wait(10 * MINUTE_MS)
    assert life.charging() == set()


def test_a_cabinet_that_was_away_is_checked_before_anything_begins_again() -> None:
    life = charging(Cabinet())
    life.do(events.CabinetChanged(online=False, detail="the line is cut"))
    assert {why for _, why in ended(life)} == {ChargeEnd.LOST}
    life.wait(MINUTE_MS)
    life.effects.clear()
    life.do(events.CabinetChanged(online=True))
    assert life.chargers() == dict.fromkeys(SLOTS, 0)
    assert life.contactor() is False
    for slot in SLOTS[:4]:
        life.read(slot)
        life.wait(MINUTE_MS)
    assert life.charging() == set()
    life.read(FIVE)
    life.wait(MINUTE_MS)
    assert life.charging() == {ONE, TWO, THREE}


def test_a_new_run_begins_with_everything_off() -> None:
    life = charging(Cabinet())
    life.boot(clean_stop=False)
    assert life.memory.charging == ()
    life.effects.clear()
    life.come_online()
    assert life.charging() == {ONE}


def test_an_orderly_stop_switches_everything_off() -> None:
    life = charging(Cabinet())
    life.do(events.StopRequested("restart"))
    assert life.charging() == set()
    assert life.contactor() is False
    assert {why for _, why in ended(life)} == {ChargeEnd.RESTART}
