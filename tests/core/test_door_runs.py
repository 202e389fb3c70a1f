"""What a door keeps, and does not, over boots, stops and rebuilt pins."""

import pytest

from contract.records import (
    DoorHeld,
    DoorHeldPreAlarm,
    DoorMode,
    DoorRelocked,
    Posture,
    RelockCause,
)
from edge.core import events, station
from edge.core.effects import SecureLock
from edge.core.station import deadline, view
from tests.core.support import CONFIG, Life, kinds

RELEASE_MS = CONFIG.door.release_ms
HELD_MS = CONFIG.door.held_ms
PRE_ALARM_MS = CONFIG.door.held_pre_alarm_ms


def test_a_release_does_not_survive_a_boot() -> None:
    life = Life()
    life.card()
    life.boot(clean_stop=False)
    life.levels()

    assert life.mode() is DoorMode.SECURED
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
    assert life.mode() is DoorMode.RELEASED
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
    assert life.mode() is DoorMode.SECURED


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
    assert life.mode() is DoorMode.HELD


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

    assert kinds(life.do(events.StopRequested("update"))) == ["access.not_taken", "door.relocked", "station.stopped"]
    assert life.effects[-1] == SecureLock(RelockCause.RESTART)
    assert deadline(life.state) is None
    assert life.card() == []
    assert life.state.durable.stopped


def test_a_stop_during_fire_leaves_the_release_to_the_wiring() -> None:
    life = Life()
    life.do(events.FireChanged(True))

    assert kinds(life.do(events.StopRequested("update"))) == ["door.relocked", "station.stopped"]


def test_timers_beyond_the_bound_of_one_step_end_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station, "MAX_TIMEOUTS_PER_STEP", 1)
    life = Life()
    life.card()
    life.open()
    life.mono_ms += 120_000

    assert kinds(life.do(events.Tick())) == ["door.held_pre_alarm"]
    assert kinds(life.do(events.Tick())) == ["door.held", "alarm.raised"]


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


def test_a_stop_with_the_door_open_and_its_lock_at_rest_relocks_nothing() -> None:
    life = Life()
    life.card()
    life.open()
    assert life.mode() is DoorMode.OPEN

    assert kinds(life.do(events.StopRequested("update"))) == ["station.stopped"]
