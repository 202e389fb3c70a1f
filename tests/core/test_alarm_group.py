"""Alarms in company: consequences beneath their cause, the first of a group, and a flood."""

from dataclasses import replace

import pytest

from contract.ids import ReaderId
from contract.records import AlarmCleared, AlarmCode, AlarmRaised, Priority
from edge.core import events
from edge.core.alarm_codes import ON_DELAY_MS
from edge.core.alarm_group import FLOOD
from edge.core.alarm_state import MAX_STANDING_ALARMS
from edge.core.config import StationConfig
from edge.core.events import Point
from edge.core.supervision_state import SupervisionConfig
from edge.core.view import AlarmView, alarm_views
from tests.core.support import CONFIG, ENTRY, Life, only

MINUTE_MS = 60_000
READERS = tuple(ReaderId(f"reader-{number}") for number in range(16))
MANY = replace(CONFIG, readers=READERS, supervision=SupervisionConfig(frozenset({Point.MAINS_LOST})))


def life_of(config: StationConfig) -> Life:
    life = Life(config, booted=False)
    life.boot()
    life.do(events.LevelsRead(False, False, False, {Point.MAINS_LOST: False}))
    for reader in config.readers:
        life.do(events.ReaderChanged(reader, online=True))
    return life


def shown(life: Life, code: AlarmCode) -> AlarmView:
    (alarm,) = [alarm for alarm in alarm_views(life.state) if alarm.code is code]
    return alarm


def raised(life: Life) -> list[AlarmRaised]:
    return [record for record, _ in life.records if isinstance(record, AlarmRaised)]


# ------------------------------------------------ causes


def test_a_reader_without_its_child_is_listed_beneath_it() -> None:
    life = Life()
    life.do(events.ChildRestarting("reader", "killed"))
    life.do(events.ReaderChanged(ENTRY, False))
    life.wait(ON_DELAY_MS[AlarmCode.READER_OFFLINE])

    assert raised(life)[-1].cause == "child_restarting/reader"
    assert shown(life, AlarmCode.READER_OFFLINE).suppressed_by == "child_restarting/reader"
    assert shown(life, AlarmCode.CHILD_RESTARTING).suppressed_by is None
    assert shown(life, AlarmCode.CHILD_RESTARTING).priority is Priority.HIGH


def test_another_child_takes_no_reader_along() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink", "killed"))
    life.do(events.ReaderChanged(ENTRY, False))
    life.wait(ON_DELAY_MS[AlarmCode.READER_OFFLINE])

    assert raised(life)[-1].cause == ""
    assert shown(life, AlarmCode.READER_OFFLINE).suppressed_by is None


def test_a_cause_that_shows_itself_later_explains_what_came_before_it() -> None:
    life = life_of(MANY)
    life.do(events.ReaderChanged(READERS[0], False))
    life.wait(ON_DELAY_MS[AlarmCode.READER_OFFLINE])
    assert shown(life, AlarmCode.READER_OFFLINE).suppressed_by is None

    life.do(events.PointChanged(Point.MAINS_LOST, True))
    life.wait(ON_DELAY_MS[AlarmCode.MAINS_LOST])
    assert shown(life, AlarmCode.READER_OFFLINE).suppressed_by == "mains_lost/station"


def test_what_outlives_its_cause_stands_by_itself() -> None:
    life = Life()
    life.do(events.ChildRestarting("reader", "killed"))
    life.do(events.ReaderChanged(ENTRY, False))
    life.wait(ON_DELAY_MS[AlarmCode.READER_OFFLINE])
    life.do(events.ChildRunning("reader"))
    life.wait(MINUTE_MS)

    assert shown(life, AlarmCode.READER_OFFLINE).suppressed_by is None


def test_a_suppressed_alarm_that_is_over_is_beneath_nothing() -> None:
    life = Life()
    life.do(events.FireChanged(True))
    life.do(events.FireChanged(False))

    assert [alarm.suppressed_by for alarm in alarm_views(life.state)] == [None]


# ------------------------------------------------ first-out


def test_of_alarms_that_come_together_the_first_is_marked() -> None:
    life = Life()
    life.do(events.FireChanged(True))
    life.wait(CONFIG.alarms.group_ms)
    life.do(events.ChildRestarting("uplink"))
    life.wait(CONFIG.alarms.group_ms + 1)
    life.do(events.GpioChanged(False))

    assert [(record.code, record.first_out) for record in raised(life)] == [
        (AlarmCode.FIRE, True),
        (AlarmCode.CHILD_RESTARTING, False),
        (AlarmCode.GPIO_LOST, True),
    ]
    assert shown(life, AlarmCode.FIRE).first_out


def test_a_group_lasts_as_long_as_one_follows_the_other() -> None:
    life = Life()
    for number in range(4):
        life.do(events.ChildRestarting(f"child-{number}"))
        life.wait(CONFIG.alarms.group_ms - 1)

    assert [record.first_out for record in raised(life)] == [True, False, False, False]


def test_a_consequence_is_never_the_first() -> None:
    life = Life()
    life.do(events.ChildRestarting("reader", "killed"))
    life.do(events.ReaderChanged(ENTRY, False))
    life.wait(MINUTE_MS)

    assert [record.first_out for record in raised(life)] == [True, False]


# ------------------------------------------------ flood


def many(life: Life, count: int, *, begin: int = 0) -> None:
    for number in range(begin, begin + count):
        life.do(events.ReaderChanged(READERS[number], False))
        life.wait(ON_DELAY_MS[AlarmCode.READER_OFFLINE])


def test_ten_alarms_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    life = life_of(MANY)
    many(life, 10)
    assert FLOOD[0] not in life.alarms()
    many(life, 1, begin=10)

    assert FLOOD[0] in life.alarms()
    assert raised(life)[-1].priority is Priority.HIGH


def test_while_it_lasts_only_what_is_of_low_priority_is_silent() -> None:
    life = life_of(MANY)
    many(life, 11)
    life.do(events.ChildRestarting("uplink"))
    assert raised(life)[-1].cause == "alarm_flood/station"
    assert shown(life, AlarmCode.CHILD_RESTARTING).suppressed_by == "alarm_flood/station"
    life.do(events.FireChanged(True))
    assert raised(life)[-1].cause == ""
    assert AlarmCode.CHILD_RESTARTING in life.alarms(), "silent, and listed all the same"


def test_a_flood_ends_when_fewer_than_five_have_come_in_ten_minutes() -> None:
    life = life_of(MANY)
    many(life, 11)
    many(life, 1, begin=11)
    last_of_five_ms = life.mono_ms - 4 * ON_DELAY_MS[AlarmCode.READER_OFFLINE]
    life.wait(last_of_five_ms + CONFIG.alarms.flood_ms - life.mono_ms - 1)
    assert FLOOD[0] in life.alarms()

    assert life.wait(1) == [AlarmCleared(*FLOOD)]


def test_what_was_raised_in_a_flood_is_heard_when_it_is_over_and_it_still_stands() -> None:
    life = life_of(MANY)
    many(life, 11)
    life.do(events.ChildRestarting("uplink"))
    life.wait(CONFIG.alarms.flood_ms)

    assert FLOOD[0] not in life.alarms()
    assert shown(life, AlarmCode.CHILD_RESTARTING).suppressed_by is None


def test_consequences_and_what_is_put_aside_make_no_flood() -> None:
    life = life_of(MANY)
    life.do(events.ChildRestarting("reader"))
    many(life, 16)

    assert FLOOD[0] not in life.alarms()
    assert len(life.state.durable.alarms) == 17


def test_a_new_run_begins_without_a_flood() -> None:
    life = life_of(MANY)
    many(life, 11)
    life.boot(clean_stop=False)
    assert FLOOD[0] in life.alarms(), "nothing is known yet"
    life.levels()

    assert FLOOD[0] not in life.alarms()


@pytest.mark.parametrize("gap_ms", [0, 1])
def test_a_shower_in_one_moment_is_a_flood_too_and_never_more_than_there_is_room_for(gap_ms: int) -> None:
    life = life_of(MANY)
    for reader in READERS:
        life.do(events.ReaderChanged(reader, False))
        life.mono_ms += gap_ms
    life.wait(MINUTE_MS)

    only([record for record in raised(life) if record.code is FLOOD[0]], AlarmRaised)
    assert len(life.state.durable.alarms) == 17 <= MAX_STANDING_ALARMS
