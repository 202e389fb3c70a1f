"""Radars and motion sensors correct a count that has gone wrong, and are not believed blindly."""

from dataclasses import replace
from typing import Any

import pytest

from contract.ids import SensorId
from contract.policy.model import Antipassback
from contract.records import AlarmCode, OccupancyCorrected, Posture
from edge.core import events
from edge.core.alarm_codes import OFF_DELAY_MS
from edge.core.config import AccessConfig
from edge.core.presence import seen
from edge.core.presence_state import MAX_RADARS, PresenceConfig, Room
from edge.core.station import from_snapshot, snapshot
from tests.core.people_support import (
    PRESENCE,
    RADAR,
    WITH_BOTH,
    WITH_RADAR,
    PeopleLife,
    with_presence,
)
from tests.core.support import only

EMPTY_MS, UNPROVED_MS = PRESENCE.empty_after_ms, PRESENCE.unproved_empty_after_ms


def test_a_room_that_the_radar_sees_empty_for_a_minute_is_empty_and_that_is_sure() -> None:
    """Two leave side by side: the beams see one."""
    life = PeopleLife()
    life.come_in(people=2)
    life.radar(moving=True)
    life.watch(10_000)
    life.go_out()
    assert life.people() == (1, True)
    life.radar()
    left_ms = life.mono_ms

    life.watch(EMPTY_MS - 1_000)
    assert life.people() == (1, True)
    life.watch(1_000)
    assert only(life.last, OccupancyCorrected) == OccupancyCorrected(1, 0, True, "radar_empty", 100)
    assert life.people() == (0, True)
    assert life.mono_ms - left_ms == EMPTY_MS


def test_a_crash_is_forgiven_once_the_radar_has_seen_somebody_and_then_nobody() -> None:
    life = PeopleLife()
    life.boot(clean_stop=False)
    life.levels()
    life.radar()
    life.watch(10 * 60_000)
    assert life.people() == (0, False), "a radar that has seen nobody in this run may be blind"

    life.come_in()
    life.radar(moving=True)
    life.watch(5_000)
    life.go_out()
    life.radar()
    life.watch(EMPTY_MS)
    assert life.people() == (0, True)


def test_a_sleeper_is_somebody_however_long_he_lies() -> None:
    life = PeopleLife(with_presence(welfare_still_ms=0, welfare_night_still_ms=0))
    life.come_in()
    life.radar(moving=True)
    life.watch(5_000)
    life.radar(still=True)
    life.watch(30 * 60_000)

    assert life.people() == (1, True)


def test_a_sleeper_whom_the_radar_loses_for_moments_is_not_corrected_away() -> None:
    life = PeopleLife()
    life.come_in()
    for _ in range(8):
        life.radar(still=True)
        life.watch(5_000)
        life.radar()
        life.watch(EMPTY_MS - 5_000)

    assert life.people() == (1, True)


def test_a_radar_that_has_seen_nobody_since_the_entry_is_believed_late_and_never_surely() -> None:
    """It may be stuck, and then the beams are right."""
    life = PeopleLife()
    life.radar()
    life.watch(5_000)
    life.come_in()
    life.watch(UNPROVED_MS - 1_000)
    assert life.people() == (1, True)
    life.watch(2_000)

    assert only(life.last, OccupancyCorrected) == OccupancyCorrected(1, 0, False, "radar_empty_unproved", 50)
    life.watch(30 * 60_000)
    assert life.people() == (0, False), "and never sure"


def test_a_radar_that_has_seen_earlier_visitors_has_to_see_the_next_one_too() -> None:
    life = PeopleLife()
    life.come_in()
    life.radar(moving=True)
    life.watch(5_000)
    life.radar()
    life.watch(5_000)
    life.come_in()
    life.watch(EMPTY_MS + 5_000)

    assert life.people() == (2, True)


def test_a_radar_that_sees_somebody_while_the_next_one_comes_in_need_not_see_more() -> None:
    life = PeopleLife()
    life.come_in()
    life.radar(moving=True)
    life.come_in()
    life.radar()
    life.watch(EMPTY_MS)

    assert life.people() == (0, True)


def test_a_radar_that_falls_silent_shows_nothing() -> None:
    life = PeopleLife()
    life.come_in()
    life.radar(moving=True)
    life.watch(5_000)
    life.radar()
    life.watch(1_000)
    assert seen(life.state) is Room.EMPTY
    life.wait(PRESENCE.radar_silent_ms)
    assert seen(life.state) is Room.UNKNOWN
    life.wait(3_600_000)

    assert life.people() == (1, True)


def test_a_radar_that_is_said_to_be_away_shows_nothing_from_then_on() -> None:
    life = PeopleLife()
    life.radar(moving=True)
    life.do(events.SensorChanged(RADAR, online=False))
    assert seen(life.state) is Room.UNKNOWN
    life.do(events.SensorChanged(RADAR, online=True))
    assert seen(life.state) is Room.UNKNOWN, "it has not said anything yet"
    life.radar()
    assert seen(life.state) is Room.EMPTY


def test_a_radar_of_somebody_else_is_not_listened_to() -> None:
    life = PeopleLife()
    life.do(events.PresenceMeasured(SensorId("radar-9"), moving=True, still=True))

    assert seen(life.state) is Room.UNKNOWN


def test_all_radars_together_see_the_room() -> None:
    second = SensorId("radar-2")
    life = PeopleLife(with_presence(radars=(RADAR, second)))
    life.radar()
    assert seen(life.state) is Room.UNKNOWN
    life.do(events.PresenceMeasured(second, moving=False, still=True))
    assert seen(life.state) is Room.SOMEBODY
    life.do(events.PresenceMeasured(second, moving=False, still=False))
    assert seen(life.state) is Room.EMPTY


def test_of_two_radars_the_one_that_falls_silent_first_is_dropped_first() -> None:
    second = SensorId("radar-2")
    life = PeopleLife(with_presence(radars=(RADAR, second)))
    life.radar()
    life.wait(3_000)
    life.do(events.PresenceMeasured(second, moving=False, still=False))
    life.wait(2_000)

    assert set(life.state.volatile.presence.room.radars) == {second}


def test_somebody_seen_where_nobody_should_be_is_somebody() -> None:
    life = PeopleLife()
    life.radar(still=True)
    life.watch(PRESENCE.occupied_after_ms - 1_000)
    assert life.people() == (0, True)
    life.watch(1_000)

    assert only(life.last, OccupancyCorrected) == OccupancyCorrected(0, 1, False, "radar_occupied", 25)


def test_a_station_with_radars_only_corrects_what_the_door_guessed() -> None:
    life = PeopleLife(WITH_RADAR)
    life.card()
    life.open()
    life.close()
    assert life.state.durable.occupancy.confidence_percent == 85
    life.radar(moving=True)
    life.watch(5_000)
    life.radar()
    life.watch(EMPTY_MS)

    assert life.people() == (0, True)


def test_without_radars_nothing_corrects_the_count() -> None:
    life = PeopleLife(replace(WITH_BOTH, presence=PresenceConfig()))
    life.come_in()
    life.motion(True)
    life.wait(3_600_000)
    life.motion(False)
    life.wait(3_600_000)

    assert life.people() == (1, True)


# ------------------------------------------------ the door


def test_with_the_door_open_an_empty_room_is_empty_and_not_surely() -> None:
    life = PeopleLife()
    life.come_in()
    life.radar(moving=True)
    life.watch(2_000)
    life.press_exit()
    life.open()
    life.radar()
    life.watch(EMPTY_MS)
    assert life.people() == (0, False)

    life.close()
    life.watch(EMPTY_MS)
    assert life.people() == (0, True)


def test_a_door_or_a_beam_that_moves_starts_the_minute_anew() -> None:
    life = PeopleLife()
    life.come_in()
    life.radar(moving=True)
    life.watch(2_000)
    life.radar()
    life.watch(EMPTY_MS - 5_000)
    life.beam(events.Point.BEAM_OUTER, True)
    life.watch(EMPTY_MS - 5_000)
    assert life.people() == (1, True)
    life.watch(5_000)

    assert life.people() == (0, True)


def test_a_sure_empty_room_empties_the_list_of_those_inside_and_an_unsure_one_does_not() -> None:
    life = PeopleLife(replace(WITH_BOTH, access=AccessConfig(antipassback=Antipassback.SOFT)))
    life.radar()
    life.come_in()
    life.watch(UNPROVED_MS + 5_000)
    assert life.people() == (0, False)
    assert len(life.state.durable.inside) == 1

    life.radar(moving=True)
    life.watch(1_000)
    life.radar()
    life.watch(EMPTY_MS + 1_000)
    assert life.people() == (0, True)
    assert len(life.state.durable.inside) == 0


# ------------------------------------------------ motion


def test_a_motion_sensor_that_sees_somebody_overrules_an_empty_radar() -> None:
    life = PeopleLife()
    life.radar()
    life.motion(True)
    assert seen(life.state) is Room.SOMEBODY
    life.watch(PRESENCE.occupied_after_ms)
    assert life.people() == (1, False)

    life.motion(False)
    life.watch(EMPTY_MS)
    assert life.people() == (1, False), "the radar has not seen whom the motion sensor saw: it may be blind"
    life.watch(UNPROVED_MS - EMPTY_MS)
    assert life.people() == (0, False)


def test_a_radar_that_is_stuck_at_nobody_never_makes_a_sleeper_vanish_for_sure() -> None:
    life = PeopleLife()
    life.radar()
    life.come_in()
    life.motion(True)
    life.watch(20_000)
    life.motion(False)
    life.watch(2 * UNPROVED_MS)

    assert life.people() == (0, False)
    assert not any(isinstance(record, OccupancyCorrected) and record.sure for record, _ in life.records)


def test_a_motion_sensor_that_is_stuck_does_not_keep_a_room_occupied() -> None:
    life = PeopleLife()
    life.come_in()
    life.radar(moving=True)
    life.motion(True)
    life.watch(5_000)
    life.radar()
    life.watch(PRESENCE.motion_stuck_ms + EMPTY_MS)

    assert life.people() == (0, True)


def test_a_stuck_motion_sensor_is_all_there_is_while_the_radar_is_away() -> None:
    life = PeopleLife()
    life.motion(True)
    life.wait(PRESENCE.motion_stuck_ms)

    assert seen(life.state) is Room.SOMEBODY


def test_the_levels_at_the_start_tell_of_motion() -> None:
    life = PeopleLife()
    life.boot()
    life.levels(points={events.Point.MOTION_INSIDE: True})
    assert seen(life.state) is Room.SOMEBODY
    life.do(events.GpioChanged(False))

    assert seen(life.state) is Room.UNKNOWN


# ------------------------------------------------ capacity


def test_more_people_than_there_is_room_for_are_an_alarm_while_that_is_sure() -> None:
    life = PeopleLife(replace(WITH_BOTH, access=AccessConfig(capacity=2)))
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    life.open()
    for _ in range(2):
        life.walk(True)
    assert AlarmCode.OVER_CAPACITY not in life.alarms()
    life.walk(True)
    assert life.people() == (3, True)
    assert AlarmCode.OVER_CAPACITY in life.alarms()
    life.walk(False)
    life.wait(OFF_DELAY_MS.get(AlarmCode.OVER_CAPACITY, 0))

    assert AlarmCode.OVER_CAPACITY not in life.alarms()


def test_an_unsure_crowd_is_no_alarm() -> None:
    life = PeopleLife(replace(WITH_BOTH, access=AccessConfig(capacity=1)))
    life.come_in(people=2)
    assert AlarmCode.OVER_CAPACITY in life.alarms()
    life.boot(clean_stop=False)
    life.levels()
    life.wait(OFF_DELAY_MS.get(AlarmCode.OVER_CAPACITY, 0))

    assert AlarmCode.OVER_CAPACITY not in life.alarms()


# ------------------------------------------------ what is kept


def test_a_snapshot_from_before_confidence_was_told_is_read() -> None:
    life = PeopleLife()
    life.come_in()
    data = snapshot(life.state)
    for sure, confidence in ((True, 85), (False, 50)):
        data["occupancy"] = {"people": 1, "sure": sure}
        assert from_snapshot(data).durable.occupancy.confidence_percent == confidence


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"radars": (RADAR, RADAR)}, "radars"),
        ({"radars": tuple(SensorId(f"radar-{n}") for n in range(MAX_RADARS + 1))}, "radars"),
        ({"empty_after_ms": 0}, "empty_after_ms"),
        ({"loitering_ms": -1}, "loitering_ms"),
        ({"loitering_ms": 20_000}, "loitering_ms must be above loitering_gap_ms"),
        ({"radar_silent_ms": 86_400_001}, "radar_silent_ms"),
        ({"unproved_empty_after_ms": 59_999}, "unproved_empty_after_ms"),
        ({"welfare_still_ms": 0}, "welfare_still_ms"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        with_presence(**changes)
