"""Somebody lies still: is asked, answers or does not; and somebody hangs about outside."""

from datetime import UTC, datetime

import pytest

from contract.policy.schedule import Interval
from contract.records import AlarmCode, DoorMode, Posture, WelfareAnswered, WelfareAsked
from edge.core import events
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.events import Point
from edge.core.station import from_snapshot, snapshot
from tests.core.people_support import INNER, OUTER, PRESENCE, PeopleLife, with_presence
from tests.core.support import ENTRY, WALL_MS, only

STILL_MS, NIGHT_MS, ANSWER_MS = 60_000, 120_000, 20_000
QUICK = with_presence(
    welfare_still_ms=STILL_MS, welfare_night_still_ms=STILL_MS, welfare_answer_ms=ANSWER_MS, empty_after_ms=15_000
)


def sleeper() -> PeopleLife:
    """Somebody has come in and lies still from now on."""
    life = PeopleLife(QUICK)
    life.come_in()
    life.radar(moving=True)
    life.watch(5_000)
    life.radar(still=True)
    return life


def asked(life: PeopleLife) -> bool:
    return life.state.durable.presence.welfare_asked


def asked_sleeper() -> PeopleLife:
    life = sleeper()
    life.watch(STILL_MS)
    assert asked(life)
    return life


def helpless() -> PeopleLife:
    life = asked_sleeper()
    life.watch(ANSWER_MS)
    assert AlarmCode.WELFARE in life.alarms()
    return life


def shown(life: PeopleLife) -> Feedback:
    return [effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)][-1]


def test_somebody_who_lies_still_for_long_is_asked() -> None:
    life = sleeper()
    life.watch(STILL_MS - 1_000)
    assert not asked(life)
    life.watch(1_000)

    assert only(life.last, WelfareAsked) == WelfareAsked(STILL_MS)
    assert life.effects[-1] == ReaderFeedback(ENTRY, Feedback.WELFARE)
    assert AlarmCode.WELFARE not in life.alarms()


def test_whoever_does_not_answer_is_an_alarm() -> None:
    life = asked_sleeper()
    life.watch(ANSWER_MS - 1_000)
    assert AlarmCode.WELFARE not in life.alarms()
    life.watch(1_000)

    assert AlarmCode.WELFARE in life.alarms()
    life.watch(10 * STILL_MS)
    assert AlarmCode.WELFARE in life.alarms(), "it does not go away by itself"
    assert asked(life)


@pytest.mark.parametrize(("attended", "how"), [(False, "screen"), (True, "attended")])
def test_a_hand_on_the_screen_or_somebody_who_looks_answers(attended: bool, how: str) -> None:
    life = helpless()
    life.do(events.WelfareAnswerGiven(attended))

    assert only(life.last, WelfareAnswered) == WelfareAnswered(how)
    assert AlarmCode.WELFARE not in life.alarms()
    assert shown(life) is Feedback.IDLE
    life.watch(STILL_MS - 1_000)
    assert not asked(life), "the time begins anew"
    life.watch(1_000)
    assert asked(life)


def test_an_answer_that_nobody_asked_for_is_a_sign_of_life() -> None:
    life = sleeper()
    life.watch(STILL_MS - 5_000)
    assert life.do(events.WelfareAnswerGiven()) == []
    life.watch(STILL_MS - 5_000)

    assert not asked(life)


@pytest.mark.parametrize("how", ["radar", "motion", "beam", "exit"])
def test_movement_answers(how: str) -> None:
    life = helpless()
    if how == "radar":
        life.radar(moving=True)
        assert asked(life), "a blink is no movement"
        life.watch(PRESENCE.movement_ms)
    elif how == "motion":
        life.motion(True)
    elif how == "beam":
        life.beam(INNER, True)
    else:
        life.press_exit()

    assert not asked(life)
    assert AlarmCode.WELFARE not in life.alarms()
    assert [record for record, _ in life.records if isinstance(record, WelfareAnswered)] == [WelfareAnswered("motion")]


def test_a_blink_of_the_radar_does_not_wake_anybody() -> None:
    life = sleeper()
    for _ in range(5):
        life.watch(STILL_MS // 5 - 1_000)
        life.radar(moving=True)
        life.wait(500)
        life.radar(still=True)
        life.wait(500)
    life.watch(1_000)

    assert asked(life)


def test_nobody_is_asked_while_somebody_moves() -> None:
    life = sleeper()
    life.watch(STILL_MS - 1_000)
    life.radar(moving=True, still=True)
    life.watch(10 * STILL_MS)
    assert not asked(life)
    life.radar(still=True)
    life.watch(STILL_MS - 1_000)
    assert not asked(life), "counted from the end of the movement"
    life.watch(1_000)

    assert asked(life)


def test_a_still_person_whom_the_radar_loses_for_moments_is_asked_all_the_same() -> None:
    life = sleeper()
    for _ in range(5):
        life.watch(STILL_MS // 5 - 5_000)
        life.radar()
        life.watch(5_000)
        life.radar(still=True)

    assert asked(life)


def test_whoever_is_gone_when_the_radar_looks_is_not_asked() -> None:
    life = sleeper()
    life.watch(STILL_MS - 10_000)
    life.radar()
    life.watch(STILL_MS)
    life.radar(still=True)
    life.watch(STILL_MS - 1_000)
    assert not asked(life), "somebody else: the time begins anew"
    life.watch(1_000)

    assert asked(life)


def test_whoever_leaves_unseen_has_left() -> None:
    life = helpless()
    life.radar()
    life.watch(QUICK.presence.empty_after_ms)

    assert only(life.last, WelfareAnswered) == WelfareAnswered("left")
    assert AlarmCode.WELFARE not in life.alarms()


def test_a_radar_that_falls_silent_answers_nothing() -> None:
    life = helpless()
    life.wait(3_600_000)

    assert AlarmCode.WELFARE in life.alarms()


def test_the_leaf_that_moves_begins_the_time_anew_and_answers_nothing() -> None:
    life = sleeper()
    life.watch(STILL_MS - 5_000)
    life.open()
    life.close()
    life.watch(STILL_MS - 5_000)
    assert not asked(life)
    life.watch(5_000)
    assert asked(life)
    life.open()

    assert asked(life)


def test_after_a_restart_the_question_stands_and_has_its_full_time_again() -> None:
    life = asked_sleeper()
    life.boot(clean_stop=False)
    life.levels()
    assert asked(life)
    life.watch(ANSWER_MS - 1_000)
    assert AlarmCode.WELFARE not in life.alarms()
    life.watch(1_000)

    assert AlarmCode.WELFARE in life.alarms()


def test_an_alarm_stands_over_a_restart() -> None:
    life = helpless()
    life.boot(clean_stop=False)
    life.levels()
    assert AlarmCode.WELFARE in life.alarms()
    life.watch(10 * ANSWER_MS)
    assert AlarmCode.WELFARE in life.alarms()
    life.do(events.WelfareAnswerGiven(attended=True))

    assert AlarmCode.WELFARE not in life.alarms()


def test_fire_and_a_held_door_are_shown_before_the_question() -> None:
    life = asked_sleeper()
    life.do(events.FireChanged(True))
    assert shown(life) is Feedback.EVACUATE
    life.do(events.FireChanged(False))
    assert shown(life) is Feedback.WELFARE
    life.open()
    life.wait(31_000)

    assert life.mode() is DoorMode.HELD
    assert shown(life) is Feedback.HELD


def test_a_station_may_leave_people_alone() -> None:
    life = PeopleLife(with_presence(welfare_still_ms=0, welfare_night_still_ms=0))
    life.come_in()
    life.radar(still=True)
    life.watch(3 * 3_600_000)

    assert not asked(life)


# ------------------------------------------------ day and night


def at_hour(hour: int, minute: int, *, trusted: bool = True) -> PeopleLife:
    """Somebody lies still from this hour on, by UTC, at a station where it is night from 22 to 6."""
    config = with_presence(welfare_still_ms=STILL_MS, welfare_night_still_ms=NIGHT_MS, night=Interval(22 * 60, 6 * 60))
    life = PeopleLife(config)
    life.clock_trusted = trusted
    begins = datetime.fromtimestamp(WALL_MS / 1_000, UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    life.mono_ms = int(begins.timestamp() * 1_000) - WALL_MS + 86_400_000
    life.radar(still=True)
    return life


@pytest.mark.parametrize(
    ("hour", "minute", "trusted", "after_ms"),
    [
        (12, 0, True, STILL_MS),
        (23, 0, True, NIGHT_MS),
        (5, 0, True, NIGHT_MS),
        (23, 0, False, STILL_MS),
        (21, 59, True, NIGHT_MS),
        (5, 58, True, NIGHT_MS),
        (5, 59, True, STILL_MS),
    ],
)
def test_at_night_people_may_lie_still_for_longer(hour: int, minute: int, trusted: bool, after_ms: int) -> None:
    """At 21:59 night has begun when the day's time is over; at 5:59 it has just ended."""
    life = at_hour(hour, minute, trusted=trusted)
    life.watch(after_ms - 1_000)
    assert not asked(life)
    life.watch(1_000)

    assert asked(life)


# ------------------------------------------------ before the door

LOITER_MS, GAP_MS = PRESENCE.loitering_ms, PRESENCE.loitering_gap_ms


def loiters(life: PeopleLife) -> bool:
    return life.state.volatile.presence.outside.loiters


@pytest.mark.parametrize("point", [Point.MOTION_OUTSIDE, OUTER])
def test_somebody_who_hangs_about_before_the_closed_door_is_an_alarm(point: Point) -> None:
    life = PeopleLife()
    life.do(events.PointChanged(point, True))
    life.wait(LOITER_MS - 1_000)
    assert not loiters(life)
    life.wait(1_100)
    assert AlarmCode.LOITERING in life.alarms()

    life.do(events.PointChanged(point, False))
    life.wait(GAP_MS + 100)
    assert not loiters(life)
    life.wait(600_000)
    assert AlarmCode.LOITERING not in life.alarms()


def test_a_motion_sensor_that_sees_only_now_and_then_still_sees_the_same_one() -> None:
    life = PeopleLife()
    for _ in range(12):
        life.motion(True, Point.MOTION_OUTSIDE)
        life.wait(2_000)
        life.motion(False, Point.MOTION_OUTSIDE)
        life.wait(GAP_MS - 2_000)

    assert loiters(life)


def test_passers_by_do_not_add_up() -> None:
    life = PeopleLife()
    for _ in range(12):
        life.motion(True, Point.MOTION_OUTSIDE)
        life.wait(10_000)
        life.motion(False, Point.MOTION_OUTSIDE)
        life.wait(GAP_MS)

    assert not loiters(life)


@pytest.mark.parametrize("how", ["card", "open", "free_access"])
def test_whoever_is_let_in_does_not_loiter(how: str) -> None:
    life = PeopleLife()
    life.motion(True, Point.MOTION_OUTSIDE)
    life.wait(LOITER_MS)
    assert loiters(life)
    if how == "card":
        life.card()
    elif how == "open":
        life.open()
    else:
        life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))

    assert not loiters(life)


def test_a_station_may_let_people_hang_about() -> None:
    life = PeopleLife(with_presence(loitering_ms=0))
    life.motion(True, Point.MOTION_OUTSIDE)
    life.wait(3_600_000)

    assert not loiters(life)


def test_the_question_is_kept_in_a_snapshot() -> None:
    life = asked_sleeper()

    assert from_snapshot(snapshot(life.state)).durable.presence.welfare_asked
