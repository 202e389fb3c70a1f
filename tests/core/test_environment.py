"""Air, water and mains: what is believed, what is an alarm, and what outlasts a run."""

import pytest

from contract.records import AlarmCode
from edge.core import environment
from edge.core.environment_state import Told
from tests.core.air_support import AIR, CELLAR, MINUTE_MS, SECOND_MS, STATION, Air

# ---------------------------------------------------------------- belief


def test_one_report_of_smoke_is_a_spark_on_the_line_and_two_in_a_row_are_smoke() -> None:
    life = Air()
    assert life.stands(AlarmCode.SMOKE) is None
    life.tell(smoke=True)
    assert life.stands(AlarmCode.SMOKE) is None
    life.tell(smoke=False)
    life.tell(smoke=True)
    assert life.stands(AlarmCode.SMOKE) is None
    life.tell(smoke=True)
    assert life.stands(AlarmCode.SMOKE) is True
    assert AlarmCode.SMOKE in life.alarms()
    assert environment.hazard(life.state)


def test_smoke_is_over_after_two_reports_too() -> None:
    life = Air()
    for _ in range(2):
        life.tell(smoke=True)
    life.tell(smoke=False)
    assert life.stands(AlarmCode.SMOKE) is True
    life.tell(smoke=False)
    assert life.stands(AlarmCode.SMOKE) is False
    assert not environment.hazard(life.state)


def test_a_report_without_a_word_of_smoke_neither_raises_nor_ends_it() -> None:
    life = Air()
    life.tell(smoke=True)
    life.tell(200)
    life.tell(smoke=True)
    assert life.stands(AlarmCode.SMOKE) is True
    life.tell(smoke=False)
    life.tell(200)
    life.tell(smoke=False)
    assert life.stands(AlarmCode.SMOKE) is False


def test_what_is_told_often_enough_is_believed() -> None:
    told = Told()
    for says in (True, False, True):
        told = told.again(says, 2)
    assert (told.believed, told.times) == (None, 1)
    for _ in range(5):
        told = told.again(True, 2)
    assert told == Told(True, True, 2)
    for times in (1, 2):
        told = told.again(False, 3)
        assert (told.believed, told.times) == (True, times)
    assert told.again(False, 3).believed is False
    told = Told(True, True, 2)
    assert told.again(None, 2) == told


def test_a_detector_that_falls_silent_takes_nothing_back() -> None:
    life = Air()
    for _ in range(2):
        life.tell(smoke=True, water=True)
    life.wait(MINUTE_MS)
    assert life.stands(AlarmCode.SENSOR_OFFLINE) is True
    assert life.stands(AlarmCode.SMOKE) is True
    assert life.stands(AlarmCode.WATER_LEAK) is True
    assert environment.hazard(life.state)


def test_water_is_believed_like_smoke_and_is_no_hazard_of_breath() -> None:
    life = Air()
    for _ in range(2):
        life.tell(water=True)
    assert life.stands(AlarmCode.WATER_LEAK) is True
    assert environment.water(life.state)
    assert not environment.hazard(life.state)
    for _ in range(2):
        life.tell(water=False)
    assert life.stands(AlarmCode.WATER_LEAK) is False
    assert not environment.water(life.state)


def test_carbon_monoxide_is_a_dose() -> None:
    life = Air()
    life.tell(carbon_monoxide_ppm=100)
    assert life.stands(AlarmCode.CARBON_MONOXIDE) is False
    for second in range(1, 601):
        assert not environment.hazard(life.state), second
        life.wait(SECOND_MS)
        life.tell(carbon_monoxide_ppm=100)
    assert life.stands(AlarmCode.CARBON_MONOXIDE) is True
    assert AlarmCode.CARBON_MONOXIDE in life.alarms()
    assert environment.hazard(life.state)
    life.tell(carbon_monoxide_ppm=10)
    assert life.stands(AlarmCode.CARBON_MONOXIDE) is False


def test_what_was_breathed_while_the_sensor_was_silent_is_not_made_up() -> None:
    life = Air()
    life.tell(carbon_monoxide_ppm=100)
    life.wait(60 * MINUTE_MS)
    life.tell(carbon_monoxide_ppm=100)
    dose = life.state.volatile.environment.sensors[AIR].dose
    assert dose.taken == 6 * STATION.environment.silent_ms


def test_a_report_without_carbon_monoxide_leaves_the_alarm_as_it_is() -> None:
    life = Air()
    life.tell(200)
    assert life.stands(AlarmCode.CARBON_MONOXIDE) is None
    life.tell(carbon_monoxide_ppm=400)
    for _ in range(6):
        life.wait(20 * SECOND_MS)
        life.tell(carbon_monoxide_ppm=400)
    life.tell(200)
    assert life.stands(AlarmCode.CARBON_MONOXIDE) is True


@pytest.mark.parametrize(
    ("readings", "hot"),
    [((349,), False), ((350,), True), ((350, 340), True), ((350, 339), False), ((350, 339, 349), False)],
)
def test_too_hot_ends_more_than_a_degree_below_its_limit(readings: tuple[int, ...], hot: bool) -> None:
    life = Air()
    for decicelsius in readings:
        life.tell(decicelsius)
    assert life.stands(AlarmCode.TOO_HOT) is hot
    assert life.stands(AlarmCode.TOO_COLD) is False


@pytest.mark.parametrize(
    ("readings", "cold"), [((51,), False), ((50,), True), ((50, 60), True), ((50, 61), False), ((50, 61, 51), False)]
)
def test_too_cold_ends_more_than_a_degree_above_its_limit(readings: tuple[int, ...], cold: bool) -> None:
    life = Air()
    for decicelsius in readings:
        life.tell(decicelsius)
    assert life.stands(AlarmCode.TOO_COLD) is cold
    assert life.stands(AlarmCode.TOO_HOT) is False


def test_a_report_without_a_temperature_leaves_hot_and_cold_as_they_are() -> None:
    life = Air()
    life.tell(humidity_percent=40)
    assert (life.stands(AlarmCode.TOO_HOT), life.stands(AlarmCode.TOO_COLD)) == (None, None)
    life.tell(400)
    life.tell(humidity_percent=40)
    assert life.stands(AlarmCode.TOO_HOT) is True


def test_each_sensor_has_its_own_alarms() -> None:
    life = Air()
    life.tell(400, sensor=CELLAR)
    assert (life.stands(AlarmCode.TOO_HOT), life.stands(AlarmCode.TOO_HOT, CELLAR)) == (None, True)


# ---------------------------------------------------------------- runs


def test_an_alarm_of_the_run_before_stands_until_its_own_sensor_has_spoken() -> None:
    life = Air()
    for _ in range(2):
        life.tell(smoke=True)
    life.boot()
    life.levels()
    assert AlarmCode.SMOKE in life.alarms()
    assert environment.hazard(life.state)
    for _ in range(2):
        life.tell(smoke=False, sensor=CELLAR)
    assert environment.hazard(life.state)
    for _ in range(2):
        life.tell(smoke=False)
    assert not environment.hazard(life.state)


def test_the_carbon_monoxide_of_the_run_before_does_not_hang_on_the_smoke() -> None:
    life = Air()
    life.tell(carbon_monoxide_ppm=400)
    for _ in range(6):
        life.wait(20 * SECOND_MS)
        life.tell(carbon_monoxide_ppm=400)
    life.boot()
    life.levels()
    for _ in range(2):
        life.tell(smoke=False)
    assert environment.hazard(life.state)
    life.tell(carbon_monoxide_ppm=0)
    assert not environment.hazard(life.state)


def test_another_alarm_is_no_hazard() -> None:
    life = Air()
    life.tell(400)
    life.boot()
    life.levels()
    assert AlarmCode.TOO_HOT in life.alarms()
    assert not environment.hazard(life.state)
