"""Radars, motion sensors and the hour at the moments where one thing ends and another begins."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from contract.ids import SensorId
from contract.records import AlarmCode, OccupancyChanged, WelfareAnswered, WelfareAsked
from edge.core import events
from edge.core.events import Point
from edge.core.presence_state import PresenceConfig, Room
from tests.core.people_support import PRESENCE, RADAR, WITH_BOTH, PeopleLife, with_presence
from tests.core.support import Life, only

SECOND = SensorId("radar-2")
STILL_MS, ANSWER_MS, EMPTY_MS = 60_000, 20_000, 15_000
QUICK = with_presence(
    welfare_still_ms=STILL_MS, welfare_night_still_ms=STILL_MS, welfare_answer_ms=ANSWER_MS, empty_after_ms=EMPTY_MS
)
BEIJING = timezone(timedelta(hours=8))


def seen(life: PeopleLife) -> Room:
    return life.state.volatile.presence.room.seen


# ---------------------------------------------------------------- the room


def test_a_radar_that_says_that_it_answers_has_not_stopped_seeing() -> None:
    life = PeopleLife()
    life.radar(still=True)
    life.do(events.SensorChanged(RADAR, online=True))
    assert seen(life) is Room.SOMEBODY

    life.do(events.SensorChanged(RADAR, online=False))
    assert seen(life) is Room.UNKNOWN


def test_a_motion_sensor_without_a_break_is_stuck_to_the_moment_and_the_room_empty() -> None:
    life = PeopleLife()
    life.motion(True)
    life.watch(PRESENCE.motion_stuck_ms - 1)
    assert seen(life) is Room.SOMEBODY
    life.wait(1)

    assert seen(life) is Room.EMPTY


def test_movement_is_believed_after_two_seconds_though_a_motion_sensor_has_longer_to_prove_itself() -> None:
    life = PeopleLife()
    life.motion(True)
    life.radar(moving=True)
    life.wait(PRESENCE.movement_ms - 1)
    assert not life.state.volatile.presence.room.moved
    life.wait(1)

    assert life.state.volatile.presence.room.moved


def test_one_of_two_radars_is_enough_to_see_who_lies_still() -> None:
    life = PeopleLife(replace(QUICK, presence=replace(QUICK.presence, radars=(RADAR, SECOND))))
    for _ in range(STILL_MS // 1_000):
        life.radar(still=True)
        life.do(events.PresenceMeasured(SECOND, False, False))
        life.wait(1_000)

    assert life.state.durable.presence.welfare_asked


def test_nobody_is_asked_in_the_moment_in_which_one_of_two_radars_sees_somebody_move() -> None:
    life = PeopleLife(replace(QUICK, presence=replace(QUICK.presence, radars=(RADAR, SECOND))))
    for _ in range(STILL_MS // 1_000 - 1):
        life.radar(still=True)
        life.do(events.PresenceMeasured(SECOND, False, True))
        life.wait(1_000)
    life.do(events.PresenceMeasured(SECOND, True, True))
    life.wait(PRESENCE.movement_ms - 1)

    assert not life.state.durable.presence.welfare_asked


# ---------------------------------------------------------------- who lies still


def asked() -> PeopleLife:
    life = PeopleLife(QUICK)
    life.come_in()
    life.radar(still=True)
    life.watch(STILL_MS)
    assert life.state.durable.presence.welfare_asked
    return life


def test_whoever_was_asked_in_the_run_before_has_left_once_the_room_is_seen_empty_for_long_enough() -> None:
    life = asked()
    life.boot()
    life.levels()
    life.radar()
    life.watch(EMPTY_MS - 1_000)
    assert life.state.durable.presence.welfare_asked
    life.watch(1_000)

    assert only(life.last, WelfareAnswered) == WelfareAnswered("left")


def test_whoever_was_asked_in_the_run_before_has_not_left_because_nobody_looks() -> None:
    life = asked()
    life.boot()
    life.levels()
    life.wait(ANSWER_MS)

    assert life.state.durable.presence.welfare_asked
    assert AlarmCode.WELFARE in life.alarms()


def test_whoever_has_left_unanswered_leaves_no_alarm_for_the_next_one_who_lies_down() -> None:
    life = asked()
    life.watch(ANSWER_MS)
    assert AlarmCode.WELFARE in life.alarms()
    life.radar()
    life.watch(EMPTY_MS)
    assert AlarmCode.WELFARE not in life.alarms()

    life.radar(still=True)
    life.watch(STILL_MS)
    assert life.state.durable.presence.welfare_asked
    life.watch(ANSWER_MS - 1_000)
    assert AlarmCode.WELFARE not in life.alarms()
    life.watch(1_000)
    assert AlarmCode.WELFARE in life.alarms()


def test_it_is_night_at_half_past_ten_and_people_may_sleep() -> None:
    """A life begins at 22:13 in Beijing."""
    life = PeopleLife(replace(WITH_BOTH, timezone=BEIJING))
    life.come_in()
    life.radar(still=True)
    day_ms, night_ms = PRESENCE.welfare_still_ms, PRESENCE.welfare_night_still_ms
    assert [record for record in life.watch(day_ms + 60_000) if isinstance(record, WelfareAsked)] == []

    found = life.watch(night_ms - day_ms - 60_000)
    assert [record for record in found if isinstance(record, WelfareAsked)] == [WelfareAsked(night_ms)]


# ---------------------------------------------------------------- the first start


@pytest.mark.parametrize(("before", "doubted"), [(0, False), (1, True)])
def test_a_station_that_starts_for_the_very_first_time_has_lost_count_of_nobody(before: int, doubted: bool) -> None:
    life = Life(booted=False)
    for _ in range(before):
        life.boot()
    records = life.boot(clean_stop=False)

    assert any(isinstance(record, OccupancyChanged) for record in records) is doubted


def test_points_that_are_beams_or_motion_sensors_are_nothing_else() -> None:
    life = PeopleLife(replace(WITH_BOTH, presence=PresenceConfig()))
    life.motion(True, Point.MOTION_INSIDE)

    assert seen(life) is Room.UNKNOWN
