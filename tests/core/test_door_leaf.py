"""The leaf: bounce, forced and excused openings, a door left open."""

import pytest

from contract.records import (
    DoorClosed,
    DoorHeld,
    DoorHeldCleared,
    DoorHeldPreAlarm,
    DoorMode,
    DoorOpened,
)
from edge.core import events
from edge.core.config import RelockOn
from edge.core.station import deadline
from tests.core.support import BOUNCE_MS, CONFIG, Life, kinds, only, with_door

RELEASE_MS = CONFIG.door.release_ms
HELD_MS = CONFIG.door.held_ms
PRE_ALARM_MS = CONFIG.door.held_pre_alarm_ms

# ------------------------------------------------ contact


@pytest.mark.parametrize("pulse_ms", [1, 5, 10])
def test_a_contact_pulse_of_at_most_ten_milliseconds_is_never_a_movement(pulse_ms: int) -> None:
    life = Life()
    life.do(events.ContactChanged(True))
    life.wait(pulse_ms)
    life.do(events.ContactChanged(False))

    assert life.wait(1_000) == []
    assert life.mode() is DoorMode.SECURED


@pytest.mark.parametrize("pulse_ms", [50, 51, 80])
def test_a_contact_pulse_of_fifty_milliseconds_is_always_a_movement(pulse_ms: int) -> None:
    life = Life()
    life.do(events.ContactChanged(True))
    life.wait(pulse_ms)
    life.do(events.ContactChanged(False))
    life.wait(1_000)

    assert [kind for kind in kinds(record for record, _ in life.records) if kind.startswith("door.")] == [
        "door.forced",
        "door.closed",
    ]


@pytest.mark.parametrize(("pulse_ms", "seen"), [(10, False), (50, True)])
def test_edges_that_waited_in_a_queue_are_as_long_as_they_were(pulse_ms: int, seen: bool) -> None:
    life = Life()
    began_ms = life.mono_ms
    life.mono_ms += 400
    life.do(events.ContactChanged(True, at_mono_ms=began_ms))
    life.do(events.ContactChanged(False, at_mono_ms=began_ms + pulse_ms))
    life.wait(100)

    assert ("door.forced" in kinds(record for record, _ in life.records)) is seen


def test_an_edge_from_the_future_is_taken_as_now() -> None:
    life = Life()
    life.do(events.ContactChanged(True, at_mono_ms=life.mono_ms + 60_000))

    assert deadline(life.state) == life.mono_ms + BOUNCE_MS


def test_bounce_around_a_movement_is_one_movement() -> None:
    life = Life()
    life.card()
    for level in (True, False, True, False, True):
        life.do(events.ContactChanged(level))
        life.wait(3)
    life.do(events.ContactChanged(True))
    life.wait(BOUNCE_MS)

    assert kinds(record for record, _ in life.records).count("door.opened") == 1


# ------------------------------------------------ forced, excused, found


def test_a_door_that_opens_without_a_release_is_forced_until_it_closes() -> None:
    life = Life()
    life.wait(60_000)

    assert kinds(life.open()) == ["door.forced", "occupancy.changed", "alarm.raised"]
    life.card()
    life.wait(HELD_MS * 2)
    assert life.mode() is DoorMode.FORCED

    assert "alarm.cleared" in kinds(life.close())
    assert life.mode() is DoorMode.SECURED


def test_a_late_hand_just_after_the_relock_is_no_forced_entry() -> None:
    life = Life()
    life.card()
    life.wait(RELEASE_MS + CONFIG.door.release_grace_ms)

    assert kinds(life.open()) == ["door.opened", "occupancy.changed"]
    assert life.mode() is DoorMode.OPEN
    assert life.people() == (1, True)


def test_after_the_grace_it_is() -> None:
    life = Life()
    life.card()
    life.wait(RELEASE_MS + CONFIG.door.release_grace_ms + 1)

    life.open()
    assert life.mode() is DoorMode.FORCED


def test_a_leaf_that_springs_back_as_it_closes_counts_nobody_twice() -> None:
    life = Life(with_door(relock_on=RelockOn.CLOSE))
    life.card()
    life.open()
    life.close()

    assert kinds(life.open()) == ["door.opened"]
    assert life.people() == (1, True)


def test_a_door_found_open_at_start_is_not_forced_and_has_its_full_time() -> None:
    life = Life(booted=False)
    life.boot()

    assert life.levels(contact_open=True)[0] == DoorOpened(found=True)
    assert life.mode() is DoorMode.OPEN
    assert kinds(life.wait(PRE_ALARM_MS - 1)) == []
    assert only(life.wait(1), DoorHeldPreAlarm).open_ms == PRE_ALARM_MS


def test_a_contact_that_comes_back_by_itself_is_found() -> None:
    life = Life()
    life.do(events.ContactLost())

    assert life.open()[0] == DoorOpened(found=True)
    life.do(events.ContactLost())
    assert life.close()[0] == DoorClosed(found=True)


def test_nothing_is_said_of_an_open_door_while_its_contact_is_lost() -> None:
    life = Life()
    life.card()
    life.open()
    life.do(events.ContactLost())
    assert life.wait(HELD_MS * 2) == []

    life.levels(contact_open=True)
    assert kinds(life.wait(PRE_ALARM_MS)) == ["door.held_pre_alarm"]


def test_the_rest_of_the_time_starts_anew_for_a_warned_door_whose_contact_comes_back() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(PRE_ALARM_MS)
    life.do(events.ContactLost())
    life.wait(HELD_MS)
    life.levels(contact_open=True)

    assert life.wait(HELD_MS - PRE_ALARM_MS - 1) == []
    assert kinds(life.wait(1)) == ["door.held", "alarm.raised"]


def test_a_released_door_found_open_is_open() -> None:
    life = Life()
    life.card()
    life.do(events.ContactLost())
    life.open()

    assert life.mode() is DoorMode.OPEN
    assert only((record for record, _ in life.records), DoorOpened) == DoorOpened(found=True)


# ------------------------------------------------ held


def test_an_open_door_warns_then_alarms_then_clears() -> None:
    life = Life()
    life.card()
    life.open()

    assert life.wait(PRE_ALARM_MS) == [DoorHeldPreAlarm(PRE_ALARM_MS)]
    assert life.mode() is DoorMode.HELD_PRE_ALARM
    assert life.wait(HELD_MS - PRE_ALARM_MS)[0] == DoorHeld(HELD_MS)
    assert life.mode() is DoorMode.HELD

    life.wait(60_000)
    cleared = only(life.close(), DoorHeldCleared)
    assert cleared.open_ms == HELD_MS + 60_000 + BOUNCE_MS


def test_equal_limits_warn_and_alarm_at_the_same_moment() -> None:
    life = Life(with_door(held_pre_alarm_ms=5_000, held_ms=5_000))
    life.card()
    life.open()

    assert kinds(life.wait(5_000)) == ["door.held_pre_alarm", "door.held", "alarm.raised"]


def test_a_card_gives_a_warned_door_its_time_again_but_not_a_held_one() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(PRE_ALARM_MS)
    life.card()
    assert life.mode() is DoorMode.OPEN
    assert kinds(life.wait(PRE_ALARM_MS)) == ["door.relocked", "door.held_pre_alarm"]

    life.wait(HELD_MS)
    life.card()
    assert life.mode() is DoorMode.HELD


def test_a_held_that_a_crash_interrupted_is_cleared_at_the_next_start() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(HELD_MS)

    assert DoorHeldCleared(HELD_MS) in life.boot(clean_stop=False)
    assert "door_held" in life.alarms()
    life.levels(contact_open=False)
    assert life.alarms() == set()
