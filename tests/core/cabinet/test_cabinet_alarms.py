"""The cabinet's alarms: each stands exactly while its condition does, and says what somebody has to know."""

import pytest

from contract.ids import BatteryId, SlotNumber
from contract.records import LIFE_SAFETY, AccessDenied, AlarmCode, AnomalyCause, AnomalyKind, Reason, SlotAside
from edge.core import events
from edge.core.cabinet.conditions import conditions
from edge.core.cabinet.state import Anomaly, Aside
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.events import AlarmSeen
from edge.core.station import view
from tests.core.cabinet.safety_support import FIVE, MINUTE_MS, ONE, SECOND_MS, SLOTS, THREE, TWO, Cabinet, effects_of
from tests.core.support import CONFIG, Life, only


def standing(life: Cabinet) -> dict[tuple[AlarmCode, str], str]:
    return {alarm.key: alarm.detail for alarm in life.state.durable.alarms if alarm.active}


def acknowledge(life: Cabinet) -> None:
    for alarm in life.state.durable.alarms:
        life.do(events.AcknowledgeRequested(AlarmSeen(alarm.code, alarm.source, alarm.since_ms, "li")))


# ---------------------------------------------------------------- trips


def test_each_trip_of_a_slot_is_an_alarm_of_its_own_until_it_is_reset() -> None:
    life = Cabinet()
    life.read(ONE, soc_percent=200)
    life.wait(4 * SECOND_MS)
    life.read(ONE, soc_percent=200, smoke=True)
    assert {source for code, source in standing(life) if code is AlarmCode.CABINET_TRIPPED} == {
        "slot-1 data_impossible",
        "slot-1 smoke",
    }
    life.read(ONE, smoke=False)
    for tripped in life.memory.tripped:
        life.do(events.TripResetAsked(ONE, tripped.trip, "li"))
    assert AlarmCode.CABINET_TRIPPED not in life.alarms()
    assert any(alarm.code is AlarmCode.CABINET_TRIPPED for alarm in life.state.durable.alarms), "it latches"
    acknowledge(life)
    assert not any(alarm.code is AlarmCode.CABINET_TRIPPED for alarm in life.state.durable.alarms)


def test_whoever_is_called_to_what_can_burn_knows_whether_people_are_inside() -> None:
    life = Cabinet()
    life.card()
    life.open()
    life.close()
    life.tell(ONE, 560)
    assert standing(life)[AlarmCode.CABINET_TRIPPED, "slot-1 too_hot"].endswith("; 1 people inside")
    other = Cabinet()
    other.boot(clean_stop=False)
    other.levels()
    other.come_online()
    other.point(events.CabinetPoint.SMOKE)
    assert standing(other)[AlarmCode.CABINET_TRIPPED, "cabinet smoke"] == "about 0 people inside"
    other.point(events.CabinetPoint.WATER)
    assert standing(other)[AlarmCode.CABINET_TRIPPED, "cabinet water"] == ""


def test_what_can_burn_tells_people_to_leave_and_lets_nobody_in_in_the_same_step() -> None:
    life = Cabinet()
    life.effects.clear()
    life.tell(ONE, 560)
    assert [effect.outcome for effect in effects_of(life, ReaderFeedback)] == [Feedback.EVACUATE]
    assert view(life.state).hazard
    assert view(life.state).stop_charging
    assert only(life.card(), AccessDenied).reason is Reason.HAZARD
    life.tell(ONE, 300)
    for tripped in life.memory.tripped:
        life.do(events.TripResetAsked(ONE, tripped.trip, "li"))
    assert effects_of(life, ReaderFeedback)[-1].outcome is Feedback.IDLE
    assert not view(life.state).hazard


def test_nobody_puts_a_trip_aside() -> None:
    assert AlarmCode.CABINET_TRIPPED in LIFE_SAFETY


# ---------------------------------------------------------------- the rest


def test_a_cabinet_that_does_not_answer_is_an_alarm_after_a_moment() -> None:
    life = Cabinet()
    life.do(events.CabinetChanged(online=False, detail="the line is cut"))
    life.wait(5 * SECOND_MS - 1)
    assert AlarmCode.CABINET_OFFLINE not in life.alarms()
    life.wait(1)
    assert standing(life)[AlarmCode.CABINET_OFFLINE, "cabinet"] == "the line is cut"
    life.do(events.CabinetChanged(online=True))
    life.wait(10 * SECOND_MS)
    assert AlarmCode.CABINET_OFFLINE not in life.alarms()


def test_a_charger_that_does_not_obey_is_an_alarm_until_it_does_and_somebody_has_looked() -> None:
    life = Cabinet()
    life.do(events.ChargerChecked(TWO, obeys=False))
    assert (AlarmCode.CHARGER_FAULT, "slot-2") in standing(life)
    life.boot()
    life.levels()
    life.come_online()
    assert (AlarmCode.CHARGER_FAULT, "slot-2") in standing(life), "nobody has said otherwise in this run"
    life.do(events.ChargerChecked(TWO, obeys=True))
    assert AlarmCode.CHARGER_FAULT not in life.alarms()


@pytest.mark.parametrize(
    ("why", "code"), [(SlotAside.STUCK, AlarmCode.SLOT_STUCK), (SlotAside.UNCOMMANDED, AlarmCode.SLOT_FORCED)]
)
def test_a_slot_that_is_stuck_or_was_forced_is_an_alarm_until_it_is_given_back(why: SlotAside, code: AlarmCode) -> None:
    life = Cabinet()
    life.remember(asides=(Aside(THREE, why),))
    life.read(ONE, soc_percent=51)
    life.do(events.SlotAsideAsked(FIVE, "li", aside=True))
    assert {source for each, source in standing(life) if each is code} == {"slot-3"}
    life.do(events.SlotAsideAsked(THREE, "li", aside=False))
    assert code not in life.alarms()


def test_a_slot_that_stands_open_is_an_alarm_after_three_minutes() -> None:
    life = Cabinet()
    life.unlock(FIVE)
    life.answer(FIVE)
    life.read(FIVE, open=True)
    life.wait(3 * MINUTE_MS - 1)
    assert AlarmCode.SLOT_LEFT_OPEN not in life.alarms()
    life.wait(1)
    assert standing(life)[AlarmCode.SLOT_LEFT_OPEN, "slot-5"] == ""
    life.do(events.SlotLost(FIVE))
    assert AlarmCode.SLOT_LEFT_OPEN in life.alarms()
    life.read(FIVE)
    assert AlarmCode.SLOT_LEFT_OPEN not in life.alarms()


def test_a_slot_that_was_shut_in_time_leaves_nothing_behind() -> None:
    life = Cabinet()
    life.unlock(FIVE)
    life.answer(FIVE)
    life.read(FIVE, open=True)
    life.wait(MINUTE_MS)
    life.read(FIVE)
    assert AlarmCode.SLOT_LEFT_OPEN not in {code for code, _ in life.state.volatile.alarms.due_ms}
    life.wait(10 * MINUTE_MS)
    assert AlarmCode.SLOT_LEFT_OPEN not in life.alarms()


def test_a_pulse_of_which_nobody_knows_what_came_is_an_open_slot() -> None:
    life = Cabinet()
    life.unlock(FIVE)
    life.read(ONE, soc_percent=51)
    life.wait(3 * MINUTE_MS)
    assert standing(life)[AlarmCode.SLOT_LEFT_OPEN, "slot-5"] == "nothing came of its pulse"


def test_in_service_slots_stand_open_for_as_long_as_the_work_takes() -> None:
    life = Cabinet()
    life.do(events.ServiceAsked("li", on=True))
    life.do(events.SlotOpenAsked(FIVE, "li"))
    life.answer(FIVE)
    life.read(FIVE, open=True)
    life.wait(10 * MINUTE_MS)
    assert AlarmCode.SLOT_LEFT_OPEN not in life.alarms()


def anomaly(number: int, kind: AnomalyKind, slot: SlotNumber | None = None) -> Anomaly:
    return Anomaly(number, kind, AnomalyCause.UNKNOWN, BatteryId(f"B{number}"), slot, None, None, 0)


def test_anomalies_are_one_alarm_for_each_kind() -> None:
    life = Cabinet()
    many = [anomaly(number, AnomalyKind.VANISHED) for number in range(11, 17)]
    life.remember(anomalies=(*many, anomaly(20, AnomalyKind.EXCHANGED, TWO)))
    told = {each.source: each.detail for each in conditions(life.config, life.state) if each.stands}
    assert told["vanished"] == "B11, B12, B13, B14 and 2 more"
    assert told["exchanged"] == "B20 (slot-2)"


def test_without_a_full_battery_for_long_somebody_is_told() -> None:
    life = Cabinet()
    life.wait(10 * MINUTE_MS)
    assert AlarmCode.NO_FULL_BATTERY in life.alarms()
    life.read(ONE, soc_percent=90)
    life.wait(MINUTE_MS)
    assert AlarmCode.NO_FULL_BATTERY not in life.alarms()
    life.remember(asides=(Aside(ONE, SlotAside.STUCK),))
    life.read(ONE, soc_percent=91)
    life.wait(10 * MINUTE_MS)
    assert AlarmCode.NO_FULL_BATTERY in life.alarms()


def test_a_station_without_a_cabinet_has_no_alarms_of_one() -> None:
    life = Life(CONFIG)
    assert list(conditions(life.config, life.state)) == []
    assert len(SLOTS) == len(Cabinet().config.cabinet.slots)
