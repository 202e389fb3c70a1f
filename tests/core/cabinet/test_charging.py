"""Charging: off by default, inside every window, one after the other, and off again for whatever comes."""

import pytest

from contract.ids import BatteryId, SlotNumber
from contract.records import (
    AnomalyCause,
    AnomalyKind,
    ChargeBegan,
    ChargeEnd,
    ChargeEnded,
    SlotAside,
    Trip,
)
from edge.core import events
from edge.core.cabinet.charge_rules import MIN_OFF_MS
from edge.core.cabinet.state import Anomaly, Aside, Booked, Tripped
from edge.core.effects import SetCharger, SetContactor
from tests.core.cabinet.safety_support import (
    CABINET,
    COLD,
    FIVE,
    FOUR,
    MINUTE_MS,
    MODEL,
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
from tests.core.support import only


def charging(life: Cabinet) -> Cabinet:
    """Slots 1–3 charge."""
    life.wait(10 * SECOND_MS)
    for slot in life.charging():
        life.read(slot, current_ma=8_000)
    assert life.charging() == {ONE, TWO, THREE}
    return life


def ended(life: Cabinet) -> list[tuple[SlotNumber, ChargeEnd]]:
    return [(each.slot, each.why) for each in every(life.records_of_all(), ChargeEnded)]


# ---------------------------------------------------------------- begin


def test_chargers_begin_one_after_the_other_once_everything_has_been_read() -> None:
    life = Cabinet(read=False)
    life.do(events.CabinetChanged(online=True))
    assert set(life.chargers().values()) == {0}
    assert life.contactor() is False
    for slot in SLOTS[:4]:
        life.read(slot)
        life.wait(MINUTE_MS)
        assert life.charging() == set()
    records = life.read(FIVE)
    assert only(records, ChargeBegan) == ChargeBegan(ONE, serial(ONE), MODEL.charge_ma)
    assert life.contactor() is True
    life.wait(CABINET.cabinet.stagger_ms - 1)
    assert life.charging() == {ONE}
    life.wait(1)
    assert life.charging() == {ONE, TWO}
    life.wait(CABINET.cabinet.stagger_ms)
    assert life.charging() == {ONE, TWO, THREE}
    assert life.memory.charging == (ONE, TWO, THREE)


def test_where_the_make_cannot_cut_off_by_itself_nothing_charges() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    life.wait(MINUTE_MS)
    assert life.charging() == set()


def test_where_an_operator_has_to_say_so_nothing_begins_before() -> None:
    life = Cabinet(with_cabinet(resume_checked=False))
    life.wait(MINUTE_MS)
    assert life.charging() == set()
    command(life, "resume_charging")
    life.wait(MINUTE_MS)
    assert life.charging() == {ONE, TWO, THREE}


def command(life: Cabinet, kind: str, **args: object) -> None:
    number = len(life.state.durable.commands_seen)
    life.do(events.CommandReceived(f"command-{number}", kind, "operator", {"reason": "as asked", **args}))


def test_after_power_came_back_nothing_begins_while_a_trip_is_latched_until_an_operator_says_so() -> None:
    life = Cabinet(read=False)
    life.remember(tripped=(Tripped(Trip.DATA_MISSING, FIVE, 0),))
    life.come_online()
    life.wait(10 * MINUTE_MS)
    assert life.charging() == set()
    command(life, "resume_charging")
    life.wait(MINUTE_MS)
    assert life.charging() == {ONE, TWO, THREE}


def test_after_power_came_back_nothing_begins_before_the_books_know_what_lies_in_every_slot() -> None:
    life = Cabinet(read=False)
    life.do(events.CabinetChanged(online=True))
    life.read(ONE, battery=None, present=True)
    for slot in SLOTS[1:]:
        life.read(slot)
    life.wait(SECOND_MS)
    assert not life.memory.anomalies
    assert life.charging() == set()
    life.wait(MINUTE_MS)
    assert [anomaly.slot for anomaly in life.memory.anomalies] == [ONE]
    life.wait(MINUTE_MS)
    assert life.charging() == {TWO, THREE}


@pytest.mark.parametrize("where", [ONE, FOUR])
def test_what_the_books_do_not_know_is_not_charged_and_stops_nobody_else(where: SlotNumber) -> None:
    life = Cabinet(read=False)
    life.remember(swaps=1, pulses=1)
    life.do(events.CabinetChanged(online=True))
    for slot in SLOTS:
        if slot == where:
            life.read(slot, battery=battery(slot, serial=BatteryId("stranger")))
        else:
            life.read(slot)
    life.do(events.BatteryLookedUp(BatteryId("stranger"), None))
    life.wait(10 * MINUTE_MS)
    assert life.charging() == {ONE, TWO, THREE} - {where}


def test_a_slot_with_its_explanation_stops_nobody_else() -> None:
    life = Cabinet(read=False)
    life.remember(asides=(Aside(FOUR, SlotAside.FAULTY),))
    life.remember(anomalies=(anomaly(ONE),))
    life.do(events.CabinetChanged(online=True))
    life.read(FOUR, present=True)
    life.read(ONE, battery=None, present=True)
    for slot in (TWO, THREE, FIVE):
        life.read(slot)
    life.wait(MINUTE_MS)
    assert life.charging() == {TWO, THREE}


def anomaly(slot: SlotNumber) -> Anomaly:
    return Anomaly(7, AnomalyKind.UNREADABLE_INSIDE, AnomalyCause.POWER_OFF, None, slot, None, None, 0)


def test_a_contactor_that_does_not_close_lets_nothing_begin() -> None:
    life = Cabinet(read=False)
    life.do(events.CabinetChanged(online=True))
    life.do(events.ContactorRead(closed=False))
    for slot in SLOTS:
        life.read(slot)
    life.wait(MINUTE_MS)
    assert life.contactor() is True
    assert life.charging() == set()
    life.do(events.ContactorRead(closed=True))
    life.wait(MINUTE_MS)
    assert life.charging() == {ONE, TWO, THREE}


def test_a_contactor_that_is_closed_although_it_was_told_to_open_is_told_again() -> None:
    life = Cabinet(with_cabinet(chargeable=False))
    life.effects.clear()
    life.do(events.ContactorRead(closed=True))
    assert effects_of(life, SetContactor) == [SetContactor(False)]


# ---------------------------------------------------------------- the window


@pytest.mark.parametrize(
    ("said", "begins"),
    [({}, True), ({"temperature_decicelsius": 70}, True), ({"temperature_decicelsius": 69}, False),
     ({"temperature_decicelsius": 430}, True), ({"temperature_decicelsius": 431}, False),
     ({"temperature_decicelsius": None}, False), ({"voltage_mv": None}, False),
     ({"voltage_mv": 39_000}, True), ({"voltage_mv": 38_999}, False),
     ({"voltage_mv": 54_600}, True), ({"voltage_mv": 54_601}, False),
     ({"soc_percent": 94}, True), ({"soc_percent": 95}, False), ({"faults": 4}, False),
     ({"soc_percent": None}, True), ({"soc_percent": None, "voltage_mv": 53_600}, False),
     ({"serial": BatteryId("another")}, False)],
)  # fmt: skip
def test_a_charger_begins_well_inside_the_models_window(said: dict[str, object], begins: bool) -> None:
    life = Cabinet(full=(ONE,), read=False)
    life.do(events.CabinetChanged(online=True))
    life.read(ONE, **said)  # type: ignore[arg-type]
    for slot in SLOTS[1:]:
        life.read(slot)
    command(life, "resume_charging")
    life.wait(10 * SECOND_MS)
    assert (ONE in life.charging()) is begins


@pytest.mark.parametrize(
    ("said", "why"),
    [({"temperature_decicelsius": 50}, None), ({"temperature_decicelsius": 49}, ChargeEnd.WINDOW),
     ({"temperature_decicelsius": 450}, None), ({"temperature_decicelsius": 451}, ChargeEnd.WINDOW),
     ({"voltage_mv": 54_600}, None), ({"voltage_mv": 54_601}, ChargeEnd.WINDOW),
     ({"voltage_mv": 38_999}, ChargeEnd.WINDOW),
     ({"current_ma": 9_300}, None), ({"current_ma": 9_301}, ChargeEnd.WINDOW),
     ({"soc_percent": 99}, None), ({"soc_percent": 100}, ChargeEnd.FULL),
     ({"faults": 1}, ChargeEnd.FAULT), ({"voltage_mv": None}, ChargeEnd.LOST),
     ({"serial": BatteryId("another")}, ChargeEnd.TAKEN)],
)  # fmt: skip
def test_a_charger_that_runs_ends_at_the_windows_edge(said: dict[str, object], why: ChargeEnd | None) -> None:
    life = charging(Cabinet())
    # As slowly as no trip minds.
    warm = said.get("temperature_decicelsius") in (450, 451)
    for celsius in range(260, 450, 10) if warm else range(240, 50, -10):
        life.wait(MINUTE_MS)
        for slot in SLOTS[:3]:
            life.tell(slot, celsius, current_ma=8_000)
    life.effects.clear()
    now = {"temperature_decicelsius": life.slot(ONE).decicelsius, "current_ma": 8_000, **said}
    life.read(ONE, **now)  # type: ignore[arg-type]
    assert (ended(life)[-1:] == [(ONE, why)]) if why is not None else ended(life) == []
    assert (SetCharger(ONE, 0) in life.effects) is (why is not None)


def test_the_charger_has_filled_a_pack_when_its_current_fades() -> None:
    life = charging(Cabinet())
    life.wait(MINUTE_MS)
    life.read(ONE, soc_percent=97, voltage_mv=54_500, current_ma=1_001)
    assert ended(life) == []
    life.read(ONE, soc_percent=98, voltage_mv=54_500, current_ma=1_000)
    assert ended(life) == [(ONE, ChargeEnd.FULL)]
    life.wait(60 * MINUTE_MS)
    life.read(ONE, soc_percent=96, voltage_mv=53_000)
    life.wait(60 * MINUTE_MS)
    assert ONE not in life.charging(), "what is nearly full is full"
    life.read(ONE, soc_percent=94, voltage_mv=52_000)
    assert ONE in life.charging()


def test_a_current_that_has_not_come_yet_has_not_faded() -> None:
    life = Cabinet()
    life.read(ONE, voltage_mv=54_000, current_ma=0)
    life.wait(30 * SECOND_MS)
    life.read(ONE, voltage_mv=54_100, current_ma=0)
    assert ended(life) == []


def test_a_battery_whose_model_nobody_knows_is_not_charged() -> None:
    life = Cabinet(full=(ONE,), read=False)
    life.remember(booked=(Booked(ONE, serial(ONE), "X99"),))
    life.come_online()
    life.wait(MINUTE_MS)
    assert life.charging() == set()


def test_the_books_know_the_model_better_than_the_battery() -> None:
    life = Cabinet(full=(ONE,), read=False)
    life.remember(booked=(Booked(ONE, serial(ONE), "C48"),))
    life.come_online()
    assert life.chargers()[ONE] == COLD.charge_ma
    life.tell(ONE, 310)
    assert ended(life) == [(ONE, ChargeEnd.WINDOW)]


def test_a_charger_that_was_switched_off_stays_off_for_a_minute() -> None:
    life = charging(Cabinet())
    life.read(ONE, faults=1)
    life.read(ONE, current_ma=0)
    life.wait(MIN_OFF_MS - 1)
    assert ONE not in life.charging()
    life.wait(1)
    assert ONE in life.charging()
