"""Loads follow people and the hour: who comes, who has left, what the night puts out, when a sign shines."""

from dataclasses import replace

import pytest

from contract.policy.schedule import Interval, Schedule
from contract.records import LoadSwitched, Posture
from edge.core import events
from edge.core.effects import SetLoad, Urgency
from edge.core.load_state import LoadCause
from edge.core.presence_state import PresenceConfig
from tests.core.load_support import (
    HOUR_MS,
    LIGHT,
    MINUTE_MS,
    RADAR,
    SECOND_MS,
    SIGN,
    SOCKETS,
    LoadLife,
    station,
    switched,
)
from tests.core.support import WALL_MS

# ---------------------------------------------------------------- people


def test_the_light_is_on_before_the_door_is_open() -> None:
    life = LoadLife(station(LIGHT, night=True))
    assert life.on() == set()
    assert switched(life.card()) == [LoadSwitched(LIGHT.id, True, "occupied")]
    assert life.on() == {LIGHT.id}
    assert SetLoad(LIGHT.id, True).urgency is Urgency.AT_ONCE


def test_the_light_goes_out_some_time_after_the_last_one_left() -> None:
    life = LoadLife(station(LIGHT))
    life.visit()
    assert life.people() == (0, True)
    assert (life.on(), life.cause(LIGHT)) == ({LIGHT.id}, LoadCause.JUST_LEFT)
    # The door has just closed, and its contact has settled by then.
    assert switched(life.wait(120 * SECOND_MS - 1)) == []
    assert switched(life.wait(1)) == [LoadSwitched(LIGHT.id, False, "empty")]
    assert life.on() == set()


def test_who_comes_back_in_time_finds_the_light_on_and_the_delay_begins_anew() -> None:
    life = LoadLife(station(LIGHT))
    life.visit()
    life.wait(100 * SECOND_MS)
    life.visit()
    assert switched(life.wait(120 * SECOND_MS - 1)) == []
    assert life.on() == {LIGHT.id}
    assert switched(life.wait(1)) != []


def test_a_release_that_nobody_takes_leaves_the_light_on_for_its_delay_only() -> None:
    life = LoadLife(station(LIGHT))
    life.card()
    life.wait(life.config.door.release_ms + 120 * SECOND_MS)
    assert life.on() == set()


def test_a_count_that_is_sure_keeps_the_light_on_however_long_it_takes() -> None:
    life = LoadLife(station(LIGHT))
    life.card()
    life.open()
    life.close()
    life.wait(12 * HOUR_MS)
    assert life.on() == {LIGHT.id}
    assert life.people() == (1, True)


def test_an_unsure_room_that_only_the_door_watches_is_empty_after_hours() -> None:
    life = LoadLife(station(LIGHT))
    life.open()
    life.close()
    assert not life.people()[1]
    life.wait(4 * HOUR_MS + 120 * SECOND_MS - 1)
    assert life.on() == {LIGHT.id}
    life.wait(1)
    assert life.on() == set()


def test_where_sensors_see_the_room_an_unsure_one_is_empty_after_minutes() -> None:
    life = LoadLife(replace(station(LIGHT, radar=True), presence=PresenceConfig((RADAR,), empty_after_ms=3 * HOUR_MS,
                    unproved_empty_after_ms=3 * HOUR_MS)))  # fmt: skip
    life.radar(sees=False)
    life.open()
    life.close()
    for _ in range(600 + 120):
        assert life.on() == {LIGHT.id}
        life.radar(sees=False)
        life.wait(SECOND_MS)
    assert (life.on(), life.people()[1]) == (set(), False)


def test_whoever_the_radar_sees_has_light() -> None:
    life = LoadLife(station(LIGHT, radar=True))
    life.radar(sees=False)
    assert life.on() == set()
    life.radar(sees=True)
    assert life.on() == {LIGHT.id}


def test_in_public_hours_a_door_that_nothing_watches_keeps_the_light_on() -> None:
    life = LoadLife(station(LIGHT))
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    life.wait(24 * HOUR_MS)
    assert life.on() == {LIGHT.id}


# ---------------------------------------------------------------- the night


def test_at_night_the_sockets_are_off_as_soon_as_surely_nobody_is_inside() -> None:
    life = LoadLife(station(SOCKETS, night=True))
    assert life.on() == set()
    life.card()
    life.open()
    life.close()
    assert life.on() == {SOCKETS.id}
    life.press_exit()
    life.open()
    assert life.on() == {SOCKETS.id}
    life.close()
    life.wait(life.config.door.release_ms)
    assert (life.on(), life.cause(SOCKETS)) == (set(), LoadCause.NIGHT)


def test_the_sockets_go_off_at_the_hour_when_nobody_is_inside_and_come_back_in_the_morning() -> None:
    life = LoadLife(station(SOCKETS))
    until_ten_ms = (7 * 60 + 46) * MINUTE_MS + 40 * SECOND_MS - life.mono_ms
    assert life.on() == {SOCKETS.id}
    assert switched(life.wait(until_ten_ms - 1)) == []
    assert switched(life.wait(1)) == [LoadSwitched(SOCKETS.id, False, "night")]
    assert switched(life.wait(8 * HOUR_MS - 1)) == []
    assert switched(life.wait(1)) == [LoadSwitched(SOCKETS.id, True, "always")]


def test_without_a_trusted_clock_it_may_be_night() -> None:
    life = LoadLife(station(SOCKETS))
    life.clock_trusted = False
    life.do(events.ClockChanged(False))
    assert life.on() == set()
    life.clock_trusted = True
    life.do(events.ClockChanged(True))
    assert life.on() == {SOCKETS.id}


# ---------------------------------------------------------------- the sign's hours


EVENING = Schedule(((Interval(18 * 60, 23 * 60),),) * 7)


def test_a_sign_keeps_its_hours() -> None:
    life = LoadLife(station(replace(SIGN, schedule=EVENING)))
    until_six_ms = (3 * 60 + 46) * MINUTE_MS + 40 * SECOND_MS - life.mono_ms
    assert life.on() == set()
    assert switched(life.wait(until_six_ms)) == [LoadSwitched(SIGN.id, True, "schedule")]
    assert switched(life.wait(5 * HOUR_MS)) == [LoadSwitched(SIGN.id, False, "schedule")]


def test_a_clock_that_is_set_into_the_hours_switches_the_sign_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    life = LoadLife(station(replace(SIGN, schedule=EVENING)))
    monkeypatch.setattr("tests.core.support.WALL_MS", WALL_MS + 4 * HOUR_MS)
    life.do(events.Tick())
    assert life.on() == {SIGN.id}


def test_without_a_trusted_clock_the_sign_stays_as_at_the_latest_trusted_time_or_on() -> None:
    life = LoadLife(station(replace(SIGN, schedule=EVENING)))
    life.clock_trusted = False
    life.latest_trusted_ms = WALL_MS
    life.do(events.Tick())
    life.wait(24 * HOUR_MS)
    assert life.on() == set()

    never = LoadLife(station(replace(SIGN, schedule=EVENING)))
    never.clock_trusted = False
    never.do(events.Tick())
    assert never.on() == {SIGN.id}
