"""What is bounded, what is left over from before, and what no story of people comes by."""

from dataclasses import replace

import pytest

from contract.ids import LoadId, MemberId, SensorId
from contract.records import AlarmCleared, AlarmCode, MessageRefused, OccupancyChanged, OccupancyCorrected
from edge.core import alarm_group, events
from edge.core.alarm_state import MAX_STANDING_ALARMS, AlarmConfig, AlarmsNow
from edge.core.config import DoorConfig
from edge.core.effects import CheckPin, SetLoad, Urgency
from edge.core.environment_state import MAX_SENSORS, EnvironmentConfig
from edge.core.state import MAX_LOADS_TOLD, Occupancy, RecordedAt
from edge.core.station import apply, initial_state
from edge.core.supervision_state import SupervisionConfig
from tests.core.support import CONFIG, ENTRY, WALL_MS, Life, only

SENSORS = tuple(SensorId(f"air-{number}") for number in range(MAX_SENSORS))
MANY_SENSORS = replace(CONFIG, environment=EnvironmentConfig(SENSORS))


def full_of_alarms() -> Life:
    """A station on which as many alarms stand as are kept."""
    life = Life(MANY_SENSORS)
    for sensor in SENSORS:
        life.do(events.EnvironmentMeasured(sensor, 400))
    life.wait(60_000)
    assert len(life.state.durable.alarms) == MAX_STANDING_ALARMS
    assert all(alarm.active for alarm in life.state.durable.alarms)
    return life


def test_an_alarm_that_is_not_listed_cannot_be_put_aside_when_all_places_are_taken() -> None:
    life = full_of_alarms()
    aside = events.AlarmAside(AlarmCode.UPLINK_DOWN, "uplink", WALL_MS + life.mono_ms + 60_000, "zhou", "works")
    refused = only(life.do(events.ShelveRequested(aside)), MessageRefused)
    assert refused.reason == "uplink_down/uplink is not shelved: too many alarms stand"


def test_an_alarm_of_what_has_been_taken_away_is_over_when_the_inputs_have_been_read() -> None:
    life = Life(MANY_SENSORS)
    life.do(events.EnvironmentMeasured(SENSORS[0], 400))
    life.config = CONFIG
    life.boot()
    assert AlarmCode.TOO_HOT in life.alarms()
    assert AlarmCleared(AlarmCode.TOO_HOT, SENSORS[0]) in life.levels()


def test_a_run_that_begins_clears_nothing_before_the_inputs_have_been_read() -> None:
    life = Life(MANY_SENSORS)
    life.do(events.EnvironmentMeasured(SENSORS[0], 400))
    life.config = CONFIG
    life.do(events.Booted("1.0", "digest", True, life.state.durable.boot + 1, 0))
    assert AlarmCode.TOO_HOT in life.alarms()
    assert AlarmCleared(AlarmCode.TOO_HOT, SENSORS[0]) in life.levels()


def test_fewer_alarms_than_end_a_flood_have_no_end_of_it() -> None:
    config = AlarmConfig()
    few = AlarmsNow(announced_ms=tuple(range(config.flood_over_alarms - 1)))
    assert alarm_group.flood_ends_ms(config, few) is None
    enough = AlarmsNow(announced_ms=tuple(range(config.flood_over_alarms)))
    assert alarm_group.flood_ends_ms(config, enough) == config.flood_ms


def test_of_outputs_that_nobody_configured_only_so_many_are_remembered() -> None:
    life = Life()
    for number in range(MAX_LOADS_TOLD + 1):
        life.do(events.LoadChecked(LoadId(f"load-{number}"), obeys=True))
    assert len(life.state.volatile.parts.loads) == MAX_LOADS_TOLD
    life.do(events.LoadChecked(LoadId("load-0"), obeys=False))
    assert life.state.volatile.parts.loads[LoadId("load-0")].ok is False


def test_a_buzzer_that_is_loud_at_once_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="held_long_after_ms = 0"):
        DoorConfig(held_long_after_ms=0)
    assert DoorConfig(held_long_after_ms=1).held_long_after_ms == 1


@pytest.mark.parametrize("record_type", [OccupancyChanged, OccupancyCorrected])
@pytest.mark.parametrize(("sure", "confidence"), [(True, 85), (False, 50)])
def test_a_count_of_before_confidence_was_told_says_only_whether_it_is_sure(
    record_type: type[OccupancyChanged] | type[OccupancyCorrected], sure: bool, confidence: int
) -> None:
    record = (
        OccupancyChanged(3, sure, "card")
        if record_type is OccupancyChanged
        else OccupancyCorrected(1, 3, sure, "radar_empty")
    )
    assert record.confidence_percent is None
    state = apply(initial_state(CONFIG), record, RecordedAt(1, WALL_MS, 1))
    assert state.durable.occupancy == Occupancy(3, sure, confidence)


def test_a_number_is_checked_and_a_load_switched_at_once_each_for_itself() -> None:
    check = CheckPin(ENTRY, 1, MemberId("rider-1"))
    assert (check.urgency, check.actuator) == (Urgency.AT_ONCE, "keypad:entry")
    load = SetLoad(LoadId("light"), True)
    assert (load.urgency, load.actuator) == (Urgency.AT_ONCE, "load:light")


def test_a_point_that_is_not_wired_says_nothing() -> None:
    life = Life(replace(CONFIG, supervision=SupervisionConfig(frozenset({events.Point.MAINS_LOST}))))
    levels = {events.Point.MAINS_LOST: False, events.Point.BATTERY_LOW: True}
    life.do(events.LevelsRead(False, False, False, levels))
    assert life.state.volatile.supervision.points == {events.Point.MAINS_LOST: False}
