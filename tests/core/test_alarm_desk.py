"""What people do about alarms: seen, put aside, taken back, from both sides, in any order."""

from dataclasses import replace

import pytest

from contract.ids import Stream
from contract.records import (
    LIFE_SAFETY,
    AlarmAcknowledged,
    AlarmCleared,
    AlarmCode,
    AlarmShelved,
    AlarmUnshelved,
    DesiredFollowed,
    MessageRefused,
    Priority,
)
from edge.core import events
from edge.core.alarm_state import MAX_SHELVED, Alarm, AlarmState, state_of
from tests.core.support import CONFIG, ENTRY, WALL_MS, Life, kinds, only

HOUR_MS = 3_600_000
FORCED = (AlarmCode.DOOR_FORCED, "door")
CHILD = (AlarmCode.CHILD_RESTARTING, "uplink")


def listed(life: Life, key: tuple[AlarmCode, str]) -> Alarm:
    (alarm,) = [alarm for alarm in life.state.durable.alarms if alarm.key == key]
    return alarm


def state(life: Life, key: tuple[AlarmCode, str]) -> AlarmState:
    return state_of(life.state.durable.alarms, key)


def forced(life: Life) -> int:
    """The door is broken open; when its alarm was raised."""
    life.open()
    return listed(life, FORCED).since_ms


def seen(key: tuple[AlarmCode, str], raised_at_ms: int, by: str = "operator") -> events.AlarmSeen:
    return events.AlarmSeen(*key, raised_at_ms, by)


def aside(key: tuple[AlarmCode, str], until_ms: int, by: str = "operator") -> events.AlarmAside:
    return events.AlarmAside(*key, until_ms, by, "known")


# ------------------------------------------------ acknowledging


def test_an_alarm_that_is_seen_while_it_stands_is_gone_with_its_condition() -> None:
    life = Life()
    raised_ms = forced(life)

    life.do(events.AcknowledgeRequested(seen(FORCED, raised_ms)))
    assert life.last == [AlarmAcknowledged(*FORCED, "operator", raised_ms)]
    assert state(life, FORCED) is AlarmState.ACKNOWLEDGED
    life.close()
    assert AlarmCleared(*FORCED) in life.last
    assert state(life, FORCED) is AlarmState.NORMAL


def test_an_alarm_that_is_over_before_anybody_looked_stays_until_somebody_does() -> None:
    life = Life()
    raised_ms = forced(life)
    life.close()
    assert AlarmCleared(*FORCED, latched=True) in life.last
    assert AlarmCode.DOOR_FORCED not in life.alarms()
    life.boot(clean_stop=False)
    life.levels()
    life.wait(24 * HOUR_MS)
    assert state(life, FORCED) is AlarmState.RETURNED

    life.do(events.AcknowledgeRequested(seen(FORCED, raised_ms)))
    assert state(life, FORCED) is AlarmState.NORMAL


def test_an_alarm_that_does_not_latch_is_gone_by_itself() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ChildRunning("uplink"))
    life.wait(HOUR_MS)

    assert state(life, CHILD) is AlarmState.NORMAL


def test_the_first_acknowledgement_counts_and_the_second_leaves_no_record() -> None:
    life = Life()
    raised_ms = forced(life)
    life.do(events.DesiredReceived(1, None, acknowledged=(seen(FORCED, raised_ms, "operator"),)))
    assert kinds(life.last) == ["desired.followed", "alarm.acknowledged"]

    assert life.do(events.AcknowledgeRequested(seen(FORCED, raised_ms, "technician"))) == []
    assert life.do(events.DesiredReceived(2, None, acknowledged=(seen(FORCED, raised_ms),))) == [DesiredFollowed(2)]
    assert listed(life, FORCED).acknowledged_by == "operator"


def test_a_late_acknowledgement_does_not_take_the_alarm_that_came_after_it() -> None:
    life = Life()
    raised_ms = forced(life)
    life.close()
    life.wait(HOUR_MS)
    assert forced(life) > raised_ms

    assert life.do(events.AcknowledgeRequested(seen(FORCED, raised_ms))) == []
    assert state(life, FORCED) is AlarmState.UNACKNOWLEDGED


def test_an_acknowledgement_of_what_is_not_listed_is_nothing() -> None:
    life = Life()

    assert life.do(events.AcknowledgeRequested(seen(FORCED, WALL_MS))) == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (AlarmCode.JOURNAL_FORKED, events.JournalForkDetected("e" * 32, "another digest")),
        (AlarmCode.JOURNAL_RESET, events.JournalReset("unreadable")),
        (AlarmCode.RECORDS_DROPPED, events.RecordsDropped(Stream.EVENTS, 7)),
    ],
)
def test_what_is_told_once_ends_when_somebody_has_seen_it(code: AlarmCode, told: events.Event) -> None:
    life = Life()
    life.do(told)
    life.wait(24 * HOUR_MS)
    (alarm,) = life.state.durable.alarms

    life.do(events.AcknowledgeRequested(seen(alarm.key, alarm.since_ms)))
    assert kinds(life.last) == ["alarm.acknowledged", "alarm.cleared"]
    assert life.state.durable.alarms == ()
    life.do(told)
    assert state(life, alarm.key) is AlarmState.UNACKNOWLEDGED, "a new fact is a new alarm"


def test_who_has_seen_it_is_bounded() -> None:
    life = Life()
    life.do(events.AcknowledgeRequested(seen(FORCED, forced(life), "x" * 1_000)))

    assert only(life.last, AlarmAcknowledged).by == "x" * 64


# ------------------------------------------------ shelving


def test_a_shelved_alarm_comes_and_goes_unheard_and_comes_back_at_its_time() -> None:
    life = Life()
    until_ms = life.now().wall_ms + HOUR_MS
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ShelveRequested(aside(CHILD, until_ms)))
    assert life.last == [AlarmShelved(*CHILD, until_ms, "operator", "known")]
    life.do(events.ChildRunning("uplink"))
    life.wait(HOUR_MS // 2)
    assert state(life, CHILD) is AlarmState.SHELVED_QUIET
    life.do(events.ChildRestarting("uplink"))
    assert state(life, CHILD) is AlarmState.SHELVED

    ended = life.wait(HOUR_MS // 2)
    assert AlarmUnshelved(*CHILD, "expired") in ended
    assert state(life, CHILD) is AlarmState.UNACKNOWLEDGED
    assert life.now().wall_ms == until_ms


def test_a_shelf_ends_not_a_moment_too_soon() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ShelveRequested(aside(CHILD, life.now().wall_ms + HOUR_MS)))

    assert life.wait(HOUR_MS - 1) == []
    assert life.wait(1) == [AlarmUnshelved(*CHILD, "expired")]


def test_what_does_not_stand_can_be_put_aside_too_and_is_gone_when_the_shelf_ends() -> None:
    life = Life()
    uplink = (AlarmCode.UPLINK_DOWN, "uplink")
    life.do(events.ShelveRequested(aside(uplink, life.now().wall_ms + HOUR_MS)))
    assert state(life, uplink) is AlarmState.SHELVED_QUIET
    life.wait(HOUR_MS)

    assert life.state.durable.alarms == ()


def test_a_shelf_is_taken_back_by_a_moment_that_is_over() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ShelveRequested(aside(CHILD, life.now().wall_ms + HOUR_MS)))
    life.do(events.DesiredReceived(1, None, shelved=(aside(CHILD, life.now().wall_ms),)))

    assert AlarmUnshelved(*CHILD, "taken_back") in life.last
    assert state(life, CHILD) is AlarmState.UNACKNOWLEDGED
    assert life.do(events.ShelveRequested(aside(CHILD, 1))) == [], "there is none any more"


def test_a_shelf_that_is_told_again_leaves_no_record_and_a_longer_one_takes_its_place() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    first_ms = life.now().wall_ms + HOUR_MS
    life.do(events.ShelveRequested(aside(CHILD, first_ms)))
    assert life.do(events.DesiredReceived(1, None, shelved=(aside(CHILD, first_ms),))) == [DesiredFollowed(1)]

    life.do(events.ShelveRequested(aside(CHILD, first_ms + HOUR_MS)))
    assert kinds(life.last) == ["alarm.shelved"]
    assert life.wait(2 * HOUR_MS - 1) == []
    assert kinds(life.wait(1)) == ["alarm.unshelved"]


def test_acknowledging_what_is_shelved_means_nothing() -> None:
    life = Life()
    raised_ms = forced(life)
    life.do(events.ShelveRequested(aside(FORCED, life.now().wall_ms + HOUR_MS)))

    assert life.do(events.AcknowledgeRequested(seen(FORCED, raised_ms))) == []


@pytest.mark.parametrize("code", sorted(LIFE_SAFETY))
@pytest.mark.parametrize("stands", [True, False])
def test_what_a_life_may_hang_on_cannot_be_put_aside_and_the_attempt_is_recorded(code: AlarmCode, stands: bool) -> None:
    life = Life()
    source = "fire" if code is AlarmCode.FIRE else "air"
    if stands and code is AlarmCode.FIRE:
        life.do(events.FireChanged(True))
    life.do(events.DesiredReceived(1, None, shelved=(aside((code, source), life.now().wall_ms + HOUR_MS),)))

    refused = only(life.last, MessageRefused)
    assert (refused.topic, code in refused.reason) == ("desired", True)
    assert all(alarm.shelved_until_ms is None for alarm in life.state.durable.alarms)


@pytest.mark.parametrize(
    ("key", "hours", "why"),
    [
        ((AlarmCode.READER_OFFLINE, "cellar"), 1, "no such alarm"),
        ((AlarmCode.READER_OFFLINE, str(ENTRY)), 25, "no longer than 1440 minutes"),
    ],
)
def test_a_shelf_that_cannot_be_is_refused_with_the_reason(key: tuple[AlarmCode, str], hours: int, why: str) -> None:
    life = Life()
    life.do(events.ShelveRequested(aside(key, life.now().wall_ms + hours * HOUR_MS)))

    refused = only(life.last, MessageRefused)
    assert refused.topic == "console"
    assert why in refused.reason


def test_shelves_are_bounded() -> None:
    life = Life()
    now_ms = life.now().wall_ms
    full = tuple(
        Alarm(AlarmCode.SENSOR_OFFLINE, str(number), Priority.LOW, "", 1, active=False, shelved_until_ms=now_ms + 9)
        for number in range(MAX_SHELVED)
    )
    life.state = replace(life.state, durable=replace(life.state.durable, alarms=full))
    life.do(events.ShelveRequested(aside((AlarmCode.UPLINK_DOWN, "uplink"), now_ms + HOUR_MS)))

    assert f"{MAX_SHELVED} are already" in only(life.last, MessageRefused).reason


# ------------------------------------------------ shelves and the clock


def test_without_a_trusted_clock_a_shelf_lasts_as_long_as_it_had_left_when_it_was_heard_of() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.clock_trusted, life.latest_trusted_ms = False, life.now().wall_ms
    life.do(events.ShelveRequested(aside(CHILD, life.now().wall_ms + HOUR_MS)))

    assert life.wait(HOUR_MS - 1) == []
    assert kinds(life.wait(1)) == ["alarm.unshelved"]


def test_a_station_that_never_knew_the_time_keeps_a_shelf_for_as_long_as_any_may_last() -> None:
    life = Life(booted=False)
    life.clock_trusted = False
    life.boot()
    life.levels()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ShelveRequested(aside(CHILD, WALL_MS * 2)))
    longest_ms = CONFIG.alarms.longest_shelf_ms

    assert "alarm.unshelved" not in kinds(life.wait(longest_ms - 1))
    assert "alarm.unshelved" in kinds(life.wait(1))


def test_a_length_that_was_said_at_the_station_needs_no_clock() -> None:
    life = Life(booted=False)
    life.clock_trusted = False
    life.boot()
    life.levels()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ShelveRequested(events.AlarmAside(*CHILD, 0, "technician", "known", for_ms=HOUR_MS)))
    assert kinds(life.last) == ["alarm.shelved"]

    life.wait(HOUR_MS - 1)
    assert state(life, CHILD) is AlarmState.SHELVED
    assert life.wait(1) == [AlarmUnshelved(*CHILD, "expired")]


def test_a_length_of_nothing_takes_back() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ShelveRequested(events.AlarmAside(*CHILD, 0, "technician", "known", for_ms=HOUR_MS)))
    life.do(events.ShelveRequested(events.AlarmAside(*CHILD, 0, "technician", for_ms=0)))

    assert life.last == [AlarmUnshelved(*CHILD, "taken_back")]


def test_a_shelf_outlives_a_restart_that_knows_the_time_and_ends_when_it_should() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ShelveRequested(aside(CHILD, life.now().wall_ms + HOUR_MS)))
    life.boot(clean_stop=False)
    life.do(events.ChildRestarting("uplink"))
    life.levels()

    assert life.wait(HOUR_MS - 1) == []
    assert kinds(life.wait(1)) == ["alarm.unshelved"]


def test_a_shelf_of_an_earlier_run_ends_soon_in_one_that_does_not_know_the_time() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ShelveRequested(aside(CHILD, life.now().wall_ms + 9 * HOUR_MS)))
    life.clock_trusted, life.latest_trusted_ms = False, life.now().wall_ms
    life.boot(clean_stop=False)
    life.do(events.ChildRestarting("uplink"))
    life.levels()
    grace_ms = CONFIG.alarms.shelf_grace_ms

    assert "alarm.unshelved" not in kinds(life.wait(grace_ms - 1))
    assert "alarm.unshelved" in kinds(life.wait(1))


def test_a_shelf_that_is_over_by_the_time_the_station_learns_is_ended_then() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.clock_trusted, life.latest_trusted_ms = False, life.now().wall_ms - 20 * HOUR_MS
    life.do(events.ShelveRequested(aside(CHILD, life.now().wall_ms - HOUR_MS)))
    assert kinds(life.last) == ["alarm.shelved"]
    life.clock_trusted = True

    assert "alarm.unshelved" in kinds(life.do(events.ClockChanged(True, 20 * HOUR_MS)))
