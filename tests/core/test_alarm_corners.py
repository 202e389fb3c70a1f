"""Alarms where there is hardly room for one more, and shelves at their limits."""

from dataclasses import replace

import pytest

from contract.records import LIFE_SAFETY, AlarmCode, AlarmShelved, MessageRefused, Priority
from edge.core import events
from edge.core.alarm_desk import SLACK_MS
from edge.core.alarm_state import MAX_STANDING_ALARMS, Alarm, AlarmConfig, has_room, less_than
from edge.core.view import alarm_views, view
from tests.core.support import CONFIG, Life, only

LONGEST_MS = CONFIG.alarms.longest_shelf_ms
CHILD = (AlarmCode.CHILD_RESTARTING, "uplink")


def aside(key: tuple[AlarmCode, str], for_ms: int) -> events.ShelveRequested:
    return events.ShelveRequested(events.AlarmAside(*key, 0, "zhou", "known", for_ms=for_ms))


def alarm(number: int, *, active: bool = True, priority: Priority = Priority.LOW) -> Alarm:
    return Alarm(AlarmCode.SENSOR_OFFLINE, str(number), priority, "", number, active=active)


# ---------------------------------------------------------------- room


def test_there_is_room_for_one_more_as_long_as_one_of_those_listed_is_over() -> None:
    standing = tuple(alarm(number) for number in range(MAX_STANDING_ALARMS))

    assert not has_room(standing)
    assert has_room(standing[1:])
    assert has_room((*standing[1:], alarm(0, active=False)))


def test_the_least_important_alarm_that_stands_gives_way_and_of_equals_the_oldest() -> None:
    alarms = (
        alarm(1, active=False),
        alarm(2, priority=Priority.URGENT),
        alarm(3, priority=Priority.HIGH),
        alarm(4, priority=Priority.HIGH),
    )

    assert less_than(alarms, Priority.URGENT) is alarms[2]
    assert less_than(alarms, Priority.HIGH) is None, "not to one that is as important"
    assert less_than(alarms[:1], Priority.URGENT) is None


# ---------------------------------------------------------------- shelves


@pytest.mark.parametrize("code", sorted(LIFE_SAFETY))
def test_what_a_life_may_hang_on_is_refused_for_that_whatever_its_source_is_called(code: AlarmCode) -> None:
    life = Life()
    refused = only(life.do(aside((code, "somewhere"), 60_000)), MessageRefused)

    assert refused.reason == f"{code}/somewhere is not shelved: a life may hang on it"


@pytest.mark.parametrize(
    ("for_ms", "shelved"),
    [(1, True), (LONGEST_MS, True), (LONGEST_MS + SLACK_MS, True), (LONGEST_MS + SLACK_MS + 1, False)],
)
def test_a_shelf_may_be_as_long_as_the_longest_and_a_little_for_two_clocks(for_ms: int, shelved: bool) -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))

    assert isinstance(life.do(aside(CHILD, for_ms))[0], AlarmShelved) is shelved


def test_a_shelf_that_was_asked_for_longer_than_the_longest_ends_with_the_longest() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(aside(CHILD, LONGEST_MS + SLACK_MS))

    assert life.wait(LONGEST_MS - 1) == []
    assert [record.KIND for record in life.wait(1)] == ["alarm.unshelved"]


def test_who_puts_an_alarm_aside_has_seen_it() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(aside(CHILD, 60_000))

    (told,) = alarm_views(life.state)
    assert (told.acknowledged, told.acknowledged_by) == (True, "zhou")
    life.wait(60_000)
    (told,) = alarm_views(life.state)
    assert (told.acknowledged, told.acknowledged_by) == (False, ""), "it comes back unseen"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"flood_over_alarms": 0}, "flood_alarms"),
        ({"flood_alarms": 4, "flood_over_alarms": 5}, "flood_alarms"),
        ({"flood_alarms": MAX_STANDING_ALARMS}, "flood_alarms"),
        ({"flood_ms": 0}, "flood_ms"),
        ({"group_ms": 0}, "group_ms"),
        ({"longest_shelf_ms": 0}, "longest_shelf_ms"),
        ({"shelf_grace_ms": 0}, "shelf_grace_ms"),
    ],
)
def test_a_flood_or_shelf_that_cannot_be_is_refused_by_name(changes: dict[str, int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        AlarmConfig(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"flood_over_alarms": 1},
        {"flood_alarms": 5, "flood_over_alarms": 5},
        {"flood_alarms": MAX_STANDING_ALARMS - 1},
        {"flood_ms": 1},
        {"group_ms": 1},
        {"longest_shelf_ms": 1},
        {"shelf_grace_ms": 1},
    ],
)
def test_the_least_and_the_most_are_allowed(changes: dict[str, int]) -> None:
    assert AlarmConfig(**changes) == replace(AlarmConfig(), **changes)


# ---------------------------------------------------------------- what people see


def test_chargers_stop_in_a_fire_and_the_picture_says_why_the_door_is_as_it_is() -> None:
    life = Life()
    assert (view(life.state).stop_charging, view(life.state).fire) == (False, False)
    life.do(events.FireChanged(True))

    assert (view(life.state).stop_charging, view(life.state).hazard) == (True, False)
