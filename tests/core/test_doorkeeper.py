"""The door as people meet it: wires and wishes in, facts and lock out."""

from dataclasses import replace

import pytest

from contract.ids import MemberId
from contract.policy.model import Member
from contract.records import (
    AccessNotTaken,
    DoorClosed,
    DoorHeld,
    DoorHeldCleared,
    DoorHeldPreAlarm,
    DoorMode,
    DoorOpened,
    DoorReleased,
    DoorRelocked,
    Posture,
    ReleaseCause,
    RelockCause,
)
from edge.core import events
from edge.core.config import ExitAction, RelockOn
from edge.core.effects import ReleaseLock, SecureLock, Urgency
from edge.core.station import deadline, view
from tests.core.support import BOUNCE_MS, CONFIG, RIDER, Life, kinds, only, with_door

RELEASE_MS = CONFIG.door.release_ms
HELD_MS = CONFIG.door.held_ms
PRE_ALARM_MS = CONFIG.door.held_pre_alarm_ms
SLOW = Member(MemberId("slow-1"), extended_release=True)


# ------------------------------------------------ release and relock


def test_a_card_releases_and_opening_relocks() -> None:
    life = Life()
    life.card()
    assert life.mode is DoorMode.RELEASED
    assert life.lock_released

    life.wait(1_000)
    assert kinds(life.open()) == ["door.opened", "occupancy.changed", "door.relocked"]
    assert not life.lock_released

    assert kinds(life.close()) == ["door.closed"]
    assert life.mode is DoorMode.SECURED


def test_a_release_that_nobody_takes_ends_in_time_and_says_so() -> None:
    life = Life()
    life.card()

    assert kinds(life.wait(RELEASE_MS - 1)) == []
    assert life.wait(1) == [
        AccessNotTaken(ReleaseCause.CARD, RIDER.id),
        DoorRelocked(RelockCause.TIMED_OUT),
    ]
    assert life.mode is DoorMode.SECURED
    assert not life.lock_released


def test_a_member_who_needs_longer_gets_longer() -> None:
    life = Life()
    life.card(SLOW)

    life.wait(CONFIG.door.extended_release_ms - 1)
    assert life.lock_released
    life.wait(1)
    assert not life.lock_released


def test_a_short_release_does_not_cut_short_a_longer_one() -> None:
    life = Life()
    life.card(SLOW)
    life.wait(1_000)
    life.card()

    life.wait(CONFIG.door.extended_release_ms - 1_001)
    assert life.lock_released
    life.wait(1)
    assert not life.lock_released


def test_a_second_card_renews_the_release() -> None:
    life = Life()
    life.card()
    life.wait(RELEASE_MS - 1)
    life.card()

    life.wait(RELEASE_MS - 1)
    assert life.lock_released


def test_a_door_that_relocks_on_close_stays_released_while_open_however_long() -> None:
    life = Life(with_door(relock_on=RelockOn.CLOSE))
    life.card()
    life.open()
    life.wait(RELEASE_MS * 3)
    assert life.lock_released

    assert kinds(life.close()) == ["door.closed", "door.relocked"]
    assert only(life.last, DoorRelocked).cause is RelockCause.CLOSED


def test_a_card_at_an_open_door_that_relocks_on_close_starts_no_timer_for_the_bolt() -> None:
    life = Life(with_door(relock_on=RelockOn.CLOSE))
    life.card()
    life.open()
    life.card()

    life.wait(RELEASE_MS * 2)
    assert life.lock_released


def test_a_card_at_an_open_door_releases_again_and_closing_relocks() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(500)
    life.card()
    assert life.mode is DoorMode.OPEN
    assert life.lock_released

    assert only(life.close(), DoorRelocked).cause is RelockCause.CLOSED


def test_a_release_at_an_open_door_times_out_there() -> None:
    life = Life()
    life.card()
    life.open()
    life.card()

    assert kinds(life.wait(RELEASE_MS)) == ["door.relocked"]
    assert life.mode is DoorMode.OPEN


# ------------------------------------------------ contact


@pytest.mark.parametrize("pulse_ms", [1, 5, 10])
def test_a_contact_pulse_of_at_most_ten_milliseconds_is_never_a_movement(pulse_ms: int) -> None:
    life = Life()
    life.do(events.ContactChanged(True))
    life.wait(pulse_ms)
    life.do(events.ContactChanged(False))

    assert life.wait(1_000) == []
    assert life.mode is DoorMode.SECURED


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
    assert life.mode is DoorMode.FORCED

    assert "alarm.cleared" in kinds(life.close())
    assert life.mode is DoorMode.SECURED


def test_a_late_hand_just_after_the_relock_is_no_forced_entry() -> None:
    life = Life()
    life.card()
    life.wait(RELEASE_MS + CONFIG.door.release_grace_ms)

    assert kinds(life.open()) == ["door.opened", "occupancy.changed"]
    assert life.mode is DoorMode.OPEN
    assert life.people == (1, True)


def test_after_the_grace_it_is() -> None:
    life = Life()
    life.card()
    life.wait(RELEASE_MS + CONFIG.door.release_grace_ms + 1)

    life.open()
    assert life.mode is DoorMode.FORCED


def test_a_leaf_that_springs_back_as_it_closes_counts_nobody_twice() -> None:
    life = Life(with_door(relock_on=RelockOn.CLOSE))
    life.card()
    life.open()
    life.close()

    assert kinds(life.open()) == ["door.opened"]
    assert life.people == (1, True)


def test_a_door_found_open_at_start_is_not_forced_and_has_its_full_time() -> None:
    life = Life(booted=False)
    life.boot()

    assert life.levels(contact_open=True)[0] == DoorOpened(found=True)
    assert life.mode is DoorMode.OPEN
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

    assert life.mode is DoorMode.OPEN
    assert only((record for record, _ in life.records), DoorOpened) == DoorOpened(found=True)


# ------------------------------------------------ held


def test_an_open_door_warns_then_alarms_then_clears() -> None:
    life = Life()
    life.card()
    life.open()

    assert life.wait(PRE_ALARM_MS) == [DoorHeldPreAlarm(PRE_ALARM_MS)]
    assert life.mode is DoorMode.HELD_PRE_ALARM
    assert life.wait(HELD_MS - PRE_ALARM_MS)[0] == DoorHeld(HELD_MS)
    assert life.mode is DoorMode.HELD

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
    assert life.mode is DoorMode.OPEN
    assert kinds(life.wait(PRE_ALARM_MS)) == ["door.relocked", "door.held_pre_alarm"]

    life.wait(HELD_MS)
    life.card()
    assert life.mode is DoorMode.HELD


def test_a_held_that_a_crash_interrupted_is_cleared_at_the_next_start() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(HELD_MS)

    assert DoorHeldCleared(HELD_MS) in life.boot(clean_stop=False)
    assert "door_held" in life.alarms()
    life.levels(contact_open=False)
    assert life.alarms() == set()


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
    assert life.mode is DoorMode.RELEASED

    life.do(events.ExitChanged(False))
    life.wait(RELEASE_MS)
    assert life.mode is DoorMode.SECURED


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
    assert life.mode is DoorMode.OPEN


def test_a_shunting_button_excuses_for_as_long_as_it_is_pressed_and_a_release_time_longer() -> None:
    life = Life(with_door(exit_action=ExitAction.SHUNT))
    life.do(events.ExitChanged(True))
    life.wait(RELEASE_MS * 3)
    life.open()
    assert life.mode is DoorMode.OPEN
    life.close()

    life.do(events.ExitChanged(False))
    life.wait(RELEASE_MS + 1)
    life.open()
    assert life.mode is DoorMode.FORCED


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
    assert life.mode is DoorMode.OPEN

    life.do(events.FireChanged(False))
    assert kinds(life.wait(PRE_ALARM_MS)) == ["door.held_pre_alarm"], "its time starts with the end of the fire"


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


# ------------------------------------------------ levels, boot, stop


def test_a_release_does_not_survive_a_boot() -> None:
    life = Life()
    life.card()
    life.boot(clean_stop=False)
    life.levels()

    assert life.mode is DoorMode.SECURED
    assert not view(life.state).lock_released


def test_a_fire_that_ended_while_the_station_was_off_ends_in_the_journal() -> None:
    life = Life()
    life.do(events.FireChanged(True))
    life.boot(clean_stop=False)

    assert kinds(life.levels(fire=False)) == ["fire.ended", "alarm.cleared"]


def test_a_fire_that_goes_on_over_a_boot_releases_again() -> None:
    life = Life()
    life.do(events.FireChanged(True))
    life.boot(clean_stop=False)
    life.levels(fire=True)

    assert life.lock_released
    assert life.mode is DoorMode.RELEASED
    assert "fire" in life.alarms()


def test_public_hours_release_again_after_a_boot() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    life.boot()
    assert not life.lock_released
    life.levels()

    assert life.lock_released


def test_public_hours_wait_for_the_first_levels() -> None:
    life = Life(booted=False)
    life.boot()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    assert not life.lock_released

    life.levels()
    assert life.lock_released


def test_rebuilt_pins_end_a_release_for_somebody() -> None:
    life = Life()
    life.card()

    assert DoorRelocked(RelockCause.RESTART) in life.levels()
    assert not life.lock_released
    assert life.mode is DoorMode.SECURED


def test_rebuilt_pins_renew_what_is_kept() -> None:
    life = Life()
    life.do(events.FireChanged(True))

    assert life.levels(fire=True) == []
    assert life.lock_released


def test_a_held_door_is_still_held_after_the_pins_were_rebuilt_around_it() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(HELD_MS)

    assert life.levels(contact_open=True) == []
    assert life.mode is DoorMode.HELD


def test_a_button_that_can_no_longer_be_read_expires_towards_secure() -> None:
    life = Life()
    life.do(events.ExitChanged(True))
    life.do(events.GpioChanged(available=False, detail="pin server away"))

    assert "gpio_lost" in life.alarms()
    life.wait(RELEASE_MS)
    assert not life.lock_released
    life.do(events.GpioChanged(available=True))
    assert "gpio_lost" not in life.alarms()


def test_a_stop_puts_the_lock_to_rest_and_nothing_follows_it() -> None:
    life = Life()
    life.card()

    assert kinds(life.do(events.StopRequested("update"))) == ["door.relocked", "station.stopped"]
    assert life.effects[-1] == SecureLock(RelockCause.RESTART)
    assert deadline(life.state) is None
    assert life.card() == []
    assert life.state.durable.stopped


def test_a_stop_during_fire_leaves_the_release_to_the_wiring() -> None:
    life = Life()
    life.do(events.FireChanged(True))

    assert kinds(life.do(events.StopRequested("update"))) == ["door.relocked", "station.stopped"]


def test_a_shell_that_slept_lives_through_what_it_missed_in_order() -> None:
    life = Life()
    life.card()
    life.open()
    life.mono_ms += 120_000

    records = life.do(events.Tick())
    assert [record for record in records if isinstance(record, DoorHeldPreAlarm | DoorHeld)] == [
        DoorHeldPreAlarm(PRE_ALARM_MS),
        DoorHeld(HELD_MS),
    ]


# ------------------------------------------------ postures


@pytest.mark.parametrize("posture", [Posture.LOCKDOWN, Posture.OUT_OF_SERVICE])
def test_a_shut_station_ends_a_running_release(posture: Posture) -> None:
    life = Life()
    life.card()

    life.do(events.DesiredReceived(1, posture))
    assert only(life.last, DoorRelocked).cause is RelockCause.POSTURE
    assert life.effects[-1] == SecureLock(RelockCause.POSTURE)


def test_lockdown_never_takes_the_exit_away() -> None:
    life = Life()
    life.press_exit()
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))
    assert life.lock_released

    life.wait(RELEASE_MS)
    life.do(events.ExitChanged(True))
    assert life.lock_released


def test_a_milder_posture_leaves_a_running_release_alone() -> None:
    life = Life()
    life.card()
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))

    assert life.lock_released


def test_public_hours_keep_the_door_released_until_they_end() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    life.open()
    life.close()
    life.wait(86_400_000)
    assert life.lock_released

    life.do(events.DesiredReceived(2, Posture.SECURE))
    assert only(life.last, DoorRelocked).cause is RelockCause.POSTURE
    assert life.mode is DoorMode.SECURED


def test_an_exit_press_in_public_hours_changes_nothing_but_is_recorded() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))

    assert kinds(life.press_exit()) == ["exit.pressed"]
    life.wait(RELEASE_MS * 2)
    assert life.lock_released


def test_the_door_config_refuses_impossible_times_and_names_them() -> None:
    for change in (
        {"bounce_ms": 10},
        {"bounce_ms": 50},
        {"release_ms": 0},
        {"release_ms": 20_000},
        {"held_pre_alarm_ms": 0},
        {"held_ms": 10_000},
        {"release_grace_ms": -1},
    ):
        with pytest.raises(ValueError, match="must"):
            with_door(**change)
    with pytest.raises(ValueError, match="readers"):
        replace(CONFIG, readers=CONFIG.readers * 2)
    with pytest.raises(ValueError, match="nodes"):
        replace(CONFIG, nodes=("street", "street"))
