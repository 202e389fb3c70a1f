"""Charging: off by default, inside every window, one after the other, and off again for whatever comes."""

from dataclasses import replace

import pytest

from contract.ids import BatteryId, SlotNumber
from contract.records import (
    AlarmCode,
    AnomalyCause,
    AnomalyKind,
    ChargeBegan,
    ChargeEnd,
    ChargeEnded,
    SlotAside,
    Trip,
)
from edge.core import events
from edge.core.cabinet.charge_rules import MIN_OFF_MS, WAKE_MS, Case, case_of, objection, wake_objection
from edge.core.cabinet.config import BatteryModel
from edge.core.cabinet.state import Anomaly, Aside, Booked, Tripped
from edge.core.config import StationConfig
from edge.core.effects import SetCharger, SetContactor
from edge.core.events import AlarmSeen
from tests.core.air_support import AIR
from tests.core.air_support import STATION as WITH_AIR
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


# ---------------------------------------------------------------- budget and order


def test_power_and_number_at_once_are_limited() -> None:
    for limit, charges in (
        ({"power_budget_w": 437}, {ONE}),
        ({"power_budget_w": 436}, set()),
        ({"charge_at_once": 2}, {ONE, TWO}),
    ):
        life = Cabinet(with_cabinet(**limit))
        life.wait(10 * MINUTE_MS)
        assert life.charging() == charges


def test_an_operator_may_lower_the_limit_and_never_raise_it() -> None:
    life = charging(Cabinet(with_cabinet(power_budget_w=1_400)))
    life.do(events.DesiredReceived(1, None, cabinet=events.CabinetWill(power_budget_w=900)))
    assert ended(life) == [(THREE, ChargeEnd.BUDGET)]
    life.do(events.DesiredReceived(2, None, cabinet=events.CabinetWill(power_budget_w=0)))
    assert life.charging() == set()
    other = Cabinet(with_cabinet(power_budget_w=437))
    other.do(events.DesiredReceived(1, None, cabinet=events.CabinetWill(power_budget_w=9_000)))
    other.wait(10 * MINUTE_MS)
    assert len(other.charging()) == 1


def with_socs(config: StationConfig, *socs: int, celsius: tuple[int, ...] = (250, 250, 250)) -> Cabinet:
    life = Cabinet(config, read=False)
    life.do(events.CabinetChanged(online=True))
    for slot, soc, warm in zip(SLOTS, socs, celsius, strict=False):
        life.read(slot, soc_percent=soc, temperature_decicelsius=warm)
    for slot in SLOTS[3:]:
        life.read(slot)
    return life


def test_the_fullest_charges_first_until_one_is_full_to_give() -> None:
    assert with_socs(with_cabinet(charge_at_once=1), 40, 80, 60).charging() == {TWO}


def test_then_the_coolest_and_of_equals_the_emptiest() -> None:
    config = with_cabinet(charge_at_once=1)
    assert with_socs(config, 92, 80, 60).charging() == {THREE}
    assert with_socs(config, 92, 80, 60, celsius=(250, 240, 250)).charging() == {TWO}


def test_as_many_as_are_to_be_kept_full_come_first() -> None:
    assert with_socs(with_cabinet(charge_at_once=1, keep_full=2), 92, 80, 60).charging() == {TWO}
    life = with_socs(with_cabinet(charge_at_once=1, chargeable=True), 96, 80, 60)
    assert life.charging() == {THREE}
    life.do(events.DesiredReceived(1, None, cabinet=events.CabinetWill(keep_full=2)))
    assert life.charging() == {THREE}, "what charges goes on"


# ---------------------------------------------------------------- waking


def asleep(life: Cabinet, **said: object) -> None:
    """Slot 1's pack is at 0 V, and its BMS does not say who it is."""
    usual = {"serial": BatteryId(""), "voltage_mv": 0, "soc_percent": None, "temperature_decicelsius": None}
    life.read(ONE, slot_decicelsius=said.pop("slot_decicelsius", 250), **{**usual, **said})  # type: ignore[arg-type]


def sleeper(config: StationConfig = CABINET, **said: object) -> Cabinet:
    life = Cabinet(config, full=(ONE,), read=False)
    life.do(events.CabinetChanged(online=True))
    asleep(life, **said)
    for slot in SLOTS[1:]:
        life.read(slot)
    return life


def test_a_pack_at_0_v_is_woken_with_little_current_for_a_minute_and_once() -> None:
    life = sleeper()
    began = only(life.records_of_all(), ChargeBegan)
    assert began == ChargeBegan(ONE, serial(ONE), MODEL.wake_ma, wake=True)
    asleep(life, current_ma=400)
    life.wait(WAKE_MS - 1)
    assert life.charging() == {ONE}
    life.wait(1)
    assert ended(life) == [(ONE, ChargeEnd.WAKE_ENDED)]
    assert life.memory.tripped == ()
    life.wait(60 * MINUTE_MS)
    assert life.charging() == set()
    life.boot()
    life.do(events.CabinetChanged(online=True))
    asleep(life)
    for slot in SLOTS[1:]:
        life.read(slot)
    life.wait(60 * MINUTE_MS)
    assert len(every(life.records_of_all(), ChargeBegan)) == 1


def test_a_pack_that_wakes_up_charges_as_any_other() -> None:
    life = sleeper()
    life.read(ONE, voltage_mv=39_500, soc_percent=1)
    assert ended(life) == [(ONE, ChargeEnd.WAKE_ENDED)]
    life.wait(MIN_OFF_MS)
    assert life.chargers()[ONE] == MODEL.charge_ma


@pytest.mark.parametrize(
    ("said", "wakes"),
    [({"slot_decicelsius": 50}, True), ({"slot_decicelsius": 49}, False), ({"slot_decicelsius": 400}, True),
     ({"slot_decicelsius": 401}, False), ({"slot_decicelsius": None}, False), ({"serial": BatteryId("B9")}, False),
     ({"serial": serial(ONE)}, True), ({"voltage_mv": 4_999}, True), ({"voltage_mv": 5_000}, False),
     ({"voltage_mv": None}, False), ({"faults": 1}, False)],
)  # fmt: skip
def test_a_pack_is_woken_only_if_everything_is_in_order(said: dict[str, object], wakes: bool) -> None:
    life = sleeper(**said)  # type: ignore[arg-type]
    command(life, "resume_charging")
    life.wait(MINUTE_MS // 2)
    assert bool(life.charging()) is wakes


def test_a_model_that_may_not_be_woken_is_not() -> None:
    model = BatteryModel("M48", 20_000, 39_000, 54_600, 8_000)
    life = sleeper(with_cabinet(models=(model,)))
    life.wait(MINUTE_MS)
    assert life.charging() == set()


def test_a_pack_of_which_the_books_are_not_sure_is_not_woken() -> None:
    life = Cabinet(full=(ONE,), read=False)
    life.remember(anomalies=(anomaly(ONE),))
    life.do(events.CabinetChanged(online=True))
    asleep(life)
    for slot in SLOTS[1:]:
        life.read(slot)
    life.wait(MINUTE_MS)
    assert life.charging() == set()


def test_what_has_vanished_from_a_slot_says_nothing_against_what_lies_there_now() -> None:
    life = Cabinet(full=(ONE,), read=False)
    life.remember(anomalies=(replace(anomaly(ONE), kind=AnomalyKind.VANISHED, battery=BatteryId("B9")),))
    life.do(events.CabinetChanged(online=True))
    for slot in SLOTS:
        life.read(slot, soc_percent=20)
    life.wait(MINUTE_MS)
    assert ONE in life.charging()


def test_a_waking_pack_is_left_alone_when_its_door_may_open_or_somebody_works() -> None:
    life = sleeper()
    life.unlock(ONE)
    life.answer(ONE)
    assert ended(life) == [(ONE, ChargeEnd.DOOR)]
    other = sleeper()
    other.do(events.ServiceAsked("li", on=True))
    assert ended(other) == [(ONE, ChargeEnd.ORDERED)]
    third = sleeper()
    asleep(third, serial=BatteryId("B9"))
    assert ended(third) == [(ONE, ChargeEnd.TAKEN)]
    fourth = sleeper()
    asleep(fourth, faults=1)
    assert ended(fourth) == [(ONE, ChargeEnd.FAULT)]


# ---------------------------------------------------------------- the tables by themselves


def judged(life: Cabinet) -> Case:
    return case_of(life.config.cabinet, life.state, ONE, life.mono_ms)


def test_a_model_that_has_left_the_configuration_has_no_window() -> None:
    life = Cabinet()
    life.remember(booked=(Booked(ONE, serial(ONE), "X99"),))
    assert objection(judged(life)) is ChargeEnd.WINDOW


def test_a_dead_pack_that_tells_another_name_than_the_books_is_not_woken() -> None:
    life = sleeper(voltage_mv=0, serial=serial(ONE))
    life.remember(booked=(Booked(ONE, BatteryId("B9"), "M48"),), woken=(), anomalies=())
    assert wake_objection(judged(life)) is ChargeEnd.TAKEN
