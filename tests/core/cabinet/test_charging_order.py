"""Who charges first: power, number at once, and packs that have to be woken."""

from dataclasses import replace

import pytest

from contract.ids import BatteryId
from contract.records import (
    AnomalyKind,
    ChargeBegan,
    ChargeEnd,
)
from edge.core import events
from edge.core.cabinet.charge_rules import MIN_OFF_MS, WAKE_MS, Case, case_of, objection, wake_objection
from edge.core.cabinet.config import BatteryModel
from edge.core.cabinet.state import Booked
from edge.core.config import StationConfig
from tests.core.cabinet.safety_support import (
    CABINET,
    MINUTE_MS,
    MODEL,
    ONE,
    SLOTS,
    THREE,
    TWO,
    Cabinet,
    every,
    serial,
    with_cabinet,
)
from tests.core.cabinet.test_charging import anomaly, charging, command, ended
from tests.core.support import only

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
