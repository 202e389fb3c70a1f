"""Sensors that fall silent, samples that are written, and what people see of both."""

from dataclasses import replace
from typing import Any

import pytest

from contract.ids import SensorId
from contract.records import AlarmCode, EnvironmentSampled, PowerSampled, Record
from edge.core import environment, events
from edge.core.environment_state import MAX_SENSORS, EnvironmentConfig
from edge.core.station import view
from tests.core.air_support import AIR, CELLAR, METER, MINUTE_MS, RADAR, SECOND_MS, STATION, Air
from tests.core.support import Life

# ---------------------------------------------------------------- silence


def test_a_sensor_that_never_speaks_is_offline_half_a_minute_after_the_start() -> None:
    life = Air()
    assert life.stands(AlarmCode.SENSOR_OFFLINE) is None
    life.wait(30 * SECOND_MS - 1)
    assert life.stands(AlarmCode.SENSOR_OFFLINE) is None
    life.wait(1)
    for sensor in (AIR, CELLAR, METER):
        assert life.stands(AlarmCode.SENSOR_OFFLINE, sensor) is True
    life.wait(MINUTE_MS)
    details = {alarm.source: alarm.detail for alarm in life.state.durable.alarms}
    assert details == dict.fromkeys((AIR, CELLAR, METER), "silent for 30 s")


def test_every_report_puts_silence_off_and_the_next_one_ends_it() -> None:
    life = Air()
    for _ in range(10):
        life.tell(200)
        life.meter(100, 5)
        life.wait(30 * SECOND_MS - 1)
        assert life.stands(AlarmCode.SENSOR_OFFLINE) is False
        assert life.stands(AlarmCode.SENSOR_OFFLINE, METER) is False
    life.wait(1)
    assert life.stands(AlarmCode.SENSOR_OFFLINE) is True
    assert life.stands(AlarmCode.SENSOR_OFFLINE, METER) is True
    life.tell(200)
    life.meter(100, 5)
    assert life.stands(AlarmCode.SENSOR_OFFLINE) is False
    assert life.stands(AlarmCode.SENSOR_OFFLINE, METER) is False


def test_who_is_offline_has_no_timer() -> None:
    life = Air()
    life.wait(30 * SECOND_MS)
    assert life.state.volatile.environment.silence_ms is None
    assert list(environment.deadlines(life.state)) == []


@pytest.mark.parametrize("sensor", [AIR, METER, RADAR])
def test_the_driver_knows_at_once_who_is_gone_and_back(sensor: SensorId) -> None:
    life = Air()
    life.do(events.SensorChanged(sensor, online=False, detail="x" * 500))
    assert life.stands(AlarmCode.SENSOR_OFFLINE, sensor) is True
    life.wait(20 * SECOND_MS)
    alarm = next(alarm for alarm in life.state.durable.alarms if alarm.source == sensor)
    assert alarm.detail == "x" * 200
    life.do(events.SensorChanged(sensor, online=True))
    assert life.stands(AlarmCode.SENSOR_OFFLINE, sensor) is False


@pytest.mark.parametrize("sensor", [AIR, METER])
def test_whoever_is_back_has_its_full_time_to_speak(sensor: SensorId) -> None:
    life = Air()
    life.do(events.SensorChanged(sensor, online=False))
    life.wait(10 * SECOND_MS)
    life.do(events.SensorChanged(sensor, online=True))
    life.wait(30 * SECOND_MS - 1)
    assert life.stands(AlarmCode.SENSOR_OFFLINE, sensor) is False
    life.wait(1)
    assert life.stands(AlarmCode.SENSOR_OFFLINE, sensor) is True


def test_a_radar_is_told_by_its_driver_and_has_no_silence_here() -> None:
    life = Air()
    life.do(events.SensorChanged(RADAR, online=True))
    life.wait(10 * MINUTE_MS)
    assert life.stands(AlarmCode.SENSOR_OFFLINE, RADAR) is False


@pytest.mark.parametrize(
    "event",
    [
        events.EnvironmentMeasured(SensorId("stranger"), 400),
        events.PowerMeasured(SensorId("stranger"), 1, 2),
        events.SensorChanged(SensorId("stranger"), online=False),
        events.EnvironmentMeasured(METER, 400),
        events.PowerMeasured(AIR, 1, 2),
    ],
)
def test_a_stranger_changes_nothing(event: events.Event) -> None:
    life = Air()
    before = life.state.volatile.environment
    assert life.do(event) == []
    assert life.state.volatile.environment is before


def test_readings_before_the_start_is_over_are_kept() -> None:
    life = Life(STATION, booted=False)
    life.boot()
    life.do(events.EnvironmentMeasured(AIR, 210))
    life.do(events.PowerMeasured(METER, 10, 20))
    life.levels()
    known = life.state.volatile.environment
    assert known.sensors[AIR].reading == events.EnvironmentMeasured(AIR, 210)
    assert known.meters[METER].reading == events.PowerMeasured(METER, 10, 20)
    assert known.sensors[CELLAR].reading is None


# ---------------------------------------------------------------- telemetry


def sampled(records: list[Record]) -> list[Record]:
    return [record for record in records if isinstance(record, EnvironmentSampled | PowerSampled)]


def test_a_sensor_is_sampled_once_a_minute() -> None:
    life = Air()
    samples = list[Record]()
    for _ in range(121):
        samples += sampled(life.tell(200, humidity_percent=40, carbon_monoxide_ppm=0))
        life.wait(SECOND_MS)
    assert samples == [EnvironmentSampled(AIR, 200, 40, 0)] * 3


@pytest.mark.parametrize(
    ("before", "small", "big"),
    [
        ({"temperature_decicelsius": 200}, {"temperature_decicelsius": 219}, {"temperature_decicelsius": 180}),
        ({"humidity_percent": 40}, {"humidity_percent": 54}, {"humidity_percent": 25}),
        ({"carbon_monoxide_ppm": 0}, {"carbon_monoxide_ppm": 19}, {"carbon_monoxide_ppm": 20}),
        ({"humidity_percent": 40}, {"humidity_percent": 40}, {"carbon_monoxide_ppm": 0}),
    ],
)
def test_a_big_change_is_sampled_out_of_turn_but_no_sooner_than_ten_seconds(
    before: dict[str, Any], small: dict[str, Any], big: dict[str, Any]
) -> None:
    life = Air()
    assert sampled(life.do(events.EnvironmentMeasured(AIR, **before))) == [EnvironmentSampled(AIR, **before)]
    life.wait(10 * SECOND_MS - 1)
    assert sampled(life.do(events.EnvironmentMeasured(AIR, **big))) == []
    life.wait(1)
    assert sampled(life.do(events.EnvironmentMeasured(AIR, **small))) == []
    assert sampled(life.do(events.EnvironmentMeasured(AIR, **big))) == [EnvironmentSampled(AIR, **big)]


def test_a_contact_that_measures_no_number_is_not_sampled() -> None:
    life = Air()
    assert sampled(life.tell(smoke=False, water=False)) == []


def test_the_meter_is_sampled_once_a_minute_and_when_much_more_or_less_is_used() -> None:
    life = Air()
    assert sampled(life.meter(100, 1)) == [PowerSampled(METER, 100, 1)]
    life.wait(10 * SECOND_MS)
    assert sampled(life.meter(599, 2)) == []
    assert sampled(life.meter(600, 2)) == [PowerSampled(METER, 600, 2)]
    life.wait(10 * SECOND_MS)
    assert sampled(life.meter(100, 3)) == [PowerSampled(METER, 100, 3)]
    life.wait(60 * SECOND_MS - 1)
    assert sampled(life.meter(100, 3)) == []
    life.wait(1)
    assert sampled(life.meter(100, 4)) == [PowerSampled(METER, 100, 4)]


# ---------------------------------------------------------------- what people see


def test_people_see_what_was_sampled_and_who_answers() -> None:
    life = Air()
    assert [(sensor.id, sensor.online) for sensor in view(life.state).environment] == [(AIR, None), (CELLAR, None)]
    assert view(life.state).power_w is None
    for _ in range(2):
        life.tell(200, humidity_percent=40, carbon_monoxide_ppm=1, smoke=False, water=True)
    life.tell(201)
    life.meter(300, 5)
    life.do(events.SensorChanged(CELLAR, online=False))
    air, cellar = view(life.state).environment
    assert (air.temperature_decicelsius, air.humidity_percent, air.carbon_monoxide_ppm) == (200, 40, 1)
    assert (air.online, air.smoke, air.water) == (True, False, True)
    assert (cellar.online, cellar.temperature_decicelsius, cellar.smoke) == (False, None, None)
    assert view(life.state).power_w == 300
    assert not view(life.state).hazard
    life.do(events.SensorChanged(METER, online=False))
    assert view(life.state).power_w is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sensors": (AIR, AIR)}, "each named once"),
        ({"sensors": (AIR,), "meters": (AIR,)}, "each named once"),
        ({"sensors": tuple(SensorId(str(number)) for number in range(MAX_SENSORS + 1))}, "at most 32"),
        ({"silent_ms": 0}, "silent_ms"),
        ({"reports": 0}, "reports"),
        ({"hysteresis_decicelsius": -1}, "hysteresis"),
        ({"too_cold_decicelsius": 330}, "below too_hot"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(EnvironmentConfig(), **changes)  # type: ignore[arg-type]


def test_the_limits_themselves_are_accepted() -> None:
    names = tuple(SensorId(str(number)) for number in range(MAX_SENSORS))
    assert EnvironmentConfig(names).sensors == names
    assert EnvironmentConfig(silent_ms=1, reports=1, hysteresis_decicelsius=0, too_cold_decicelsius=349).silent_ms == 1
    assert EnvironmentConfig(too_cold_decicelsius=329).too_cold_decicelsius == 329
