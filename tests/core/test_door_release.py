"""Release and relock: by card, in time, for those who need longer, and by posture."""

import pytest

from contract.ids import MemberId
from contract.policy.model import Member
from contract.records import (
    AccessNotTaken,
    DoorMode,
    DoorRelocked,
    Posture,
    ReleaseCause,
    RelockCause,
)
from edge.core import events
from edge.core.config import RelockOn
from edge.core.effects import SecureLock
from edge.core.view import view
from tests.core.support import CONFIG, RIDER, Life, kinds, only, with_door

RELEASE_MS = CONFIG.door.release_ms
SLOW = Member(MemberId("slow-1"), extended_release=True)

# ------------------------------------------------ release and relock


def test_a_card_releases_and_opening_relocks() -> None:
    life = Life()
    life.card()
    assert life.mode() is DoorMode.RELEASED
    assert life.lock_released

    life.wait(1_000)
    assert kinds(life.open()) == ["door.opened", "occupancy.changed", "door.relocked"]
    assert not life.lock_released

    assert kinds(life.close()) == ["door.closed"]
    assert life.mode() is DoorMode.SECURED


def test_a_release_that_nobody_takes_ends_in_time_and_says_so() -> None:
    life = Life()
    life.card()

    assert kinds(life.wait(RELEASE_MS - 1)) == []
    assert life.wait(1) == [
        AccessNotTaken(ReleaseCause.CARD, RIDER.id),
        DoorRelocked(RelockCause.TIMED_OUT),
    ]
    assert life.mode() is DoorMode.SECURED
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


def test_a_card_at_an_open_door_lets_in_whoever_finds_it_shut_the_next_moment() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(500)
    life.card()
    assert life.mode() is DoorMode.OPEN
    assert life.lock_released

    life.close()
    assert life.lock_released
    assert life.mode() is DoorMode.RELEASED
    life.open()
    assert life.mode() is DoorMode.OPEN
    assert view(life.state).people == 2


def test_a_card_at_an_open_door_relocks_in_time_when_nobody_opens_again() -> None:
    life = Life()
    life.card()
    life.open()
    life.card()
    life.close()

    assert kinds(life.wait(RELEASE_MS)) == ["door.relocked"]
    assert life.mode() is DoorMode.SECURED


def test_a_release_at_an_open_door_times_out_there() -> None:
    life = Life()
    life.card()
    life.open()
    life.card()

    assert kinds(life.wait(RELEASE_MS)) == ["door.relocked"]
    assert life.mode() is DoorMode.OPEN


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
    assert life.mode() is DoorMode.SECURED


def test_an_exit_press_in_public_hours_changes_nothing_but_is_recorded() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))

    assert kinds(life.press_exit()) == ["exit.pressed"]
    life.wait(RELEASE_MS * 2)
    assert life.lock_released
