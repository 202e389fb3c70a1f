"""Out is always possible: exit button and fire."""

from contract.records import (
    DoorHeldPreAlarm,
    DoorMode,
    DoorReleased,
    DoorRelocked,
    Posture,
    ReleaseCause,
    RelockCause,
)
from edge.core import events
from edge.core.config import ExitAction
from edge.core.effects import ReleaseLock, Urgency
from tests.core.support import CONFIG, Life, kinds, only, with_door

RELEASE_MS = CONFIG.door.release_ms
HELD_MS = CONFIG.door.held_ms
PRE_ALARM_MS = CONFIG.door.held_pre_alarm_ms

# ------------------------------------------------ exit


def test_exit_releases_at_once_and_needs_no_journal() -> None:
    life = Life()
    life.do(events.ExitChanged(True))

    assert kinds(life.last) == ["exit.pressed", "door.released"]
    released = next(effect for effect in life.effects if isinstance(effect, ReleaseLock))
    assert released.urgency is Urgency.AT_ONCE


def test_a_pressed_exit_button_keeps_the_door_released_and_letting_go_starts_its_time() -> None:
    life = Life()
    life.press_exit(for_ms=RELEASE_MS * 2)
    assert life.lock_released

    assert life.wait(RELEASE_MS - 1) == []
    assert life.wait(1) == [DoorRelocked(RelockCause.TIMED_OUT)]


def test_leaving_by_the_exit_button_is_no_forced_entry() -> None:
    life = Life()
    life.press_exit()

    assert kinds(life.open()) == ["door.opened", "occupancy.changed", "door.relocked"]


def test_a_door_opened_while_exit_is_pressed_relocks_only_after_it_is_let_go() -> None:
    life = Life()
    life.do(events.ExitChanged(True))
    life.open()
    life.close()
    assert life.lock_released
    assert life.mode() is DoorMode.RELEASED

    life.do(events.ExitChanged(False))
    life.wait(RELEASE_MS)
    assert life.mode() is DoorMode.SECURED


def test_a_chattering_exit_button_is_written_down_once() -> None:
    life = Life()
    for pressed in (True, False, True, False, True):
        life.do(events.ExitChanged(pressed))
        life.wait(2)

    assert kinds(record for record, _ in life.records).count("exit.pressed") == 1
    assert life.lock_released
    life.wait(RELEASE_MS * 2)
    assert life.lock_released, "it is still pressed"


def test_a_button_told_twice_is_pressed_once() -> None:
    life = Life()
    life.do(events.ExitChanged(True))

    assert life.do(events.ExitChanged(True)) == []


def test_a_shunting_exit_button_releases_nothing_and_excuses_the_opening() -> None:
    life = Life(with_door(exit_action=ExitAction.SHUNT))
    life.press_exit()
    assert not life.lock_released

    assert kinds(life.open()) == ["door.opened", "occupancy.changed"]
    assert life.mode() is DoorMode.OPEN


def test_a_shunting_button_excuses_for_as_long_as_it_is_pressed_and_a_release_time_longer() -> None:
    life = Life(with_door(exit_action=ExitAction.SHUNT))
    life.do(events.ExitChanged(True))
    life.wait(RELEASE_MS * 3)
    life.open()
    assert life.mode() is DoorMode.OPEN
    life.close()

    life.do(events.ExitChanged(False))
    life.wait(RELEASE_MS + 1)
    life.open()
    assert life.mode() is DoorMode.FORCED


# ------------------------------------------------ fire


def test_fire_releases_for_as_long_as_it_lasts_and_then_relocks() -> None:
    life = Life()
    life.do(events.FireChanged(True))
    assert kinds(life.last) == ["fire.started", "door.released", "alarm.raised"]
    assert isinstance(life.effects[-2], ReleaseLock)
    assert life.effects[-2].urgency is Urgency.AT_ONCE

    life.wait(3_600_000)
    assert life.lock_released

    assert kinds(life.do(events.FireChanged(False))) == ["fire.ended", "door.relocked", "alarm.cleared"]
    assert not life.lock_released


def test_fire_told_twice_starts_once() -> None:
    life = Life()
    life.do(events.FireChanged(True))

    assert life.do(events.FireChanged(True)) == []


def test_a_fire_that_never_was_ends_nothing() -> None:
    life = Life()
    life.card()

    assert life.do(events.FireChanged(False)) == []
    assert life.lock_released


def test_an_opening_under_fire_is_neither_forced_nor_held() -> None:
    life = Life()
    life.do(events.FireChanged(True))
    life.open()
    assert life.wait(HELD_MS * 2) == []
    assert life.mode() is DoorMode.OPEN

    life.do(events.FireChanged(False))
    assert life.wait(PRE_ALARM_MS) == [DoorHeldPreAlarm(PRE_ALARM_MS)], "its time starts with the end of the fire"


def test_fire_ends_a_held_alarm_and_says_so() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(HELD_MS)

    life.do(events.FireChanged(True))
    assert kinds(life.last)[:3] == ["fire.started", "door.held_cleared", "door.released"]
    assert "door_held" not in life.alarms()


def test_a_card_under_fire_is_granted_and_releases_nothing_more() -> None:
    life = Life()
    life.do(events.FireChanged(True))

    assert kinds(life.card()) == ["access.granted"]


def test_a_pressed_button_takes_over_when_the_fire_ends() -> None:
    life = Life()
    life.do(events.FireChanged(True))
    life.do(events.ExitChanged(True))
    life.do(events.FireChanged(False))

    assert only(life.last, DoorReleased).cause is ReleaseCause.EXIT
    assert life.lock_released


def test_public_hours_take_over_when_the_fire_ends_and_an_open_door_is_still_left_alone() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    life.do(events.FireChanged(True))
    life.open()
    life.do(events.FireChanged(False))

    assert only(life.last, DoorReleased).cause is ReleaseCause.FREE_ACCESS
    assert life.wait(HELD_MS * 2) == []


def test_public_hours_take_over_a_members_release_when_the_inputs_are_read() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    life.boot()
    life.card()
    life.effects.clear()
    life.levels()

    assert [effect.cause for effect in life.effects if isinstance(effect, ReleaseLock)] == [ReleaseCause.FREE_ACCESS]
    assert only(life.last, DoorReleased).cause is ReleaseCause.FREE_ACCESS
    assert life.lock_released
