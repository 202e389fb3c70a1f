"""A credential's way through the core, and what the door learns about who is inside."""

from dataclasses import replace

import pytest

from contract.ids import MemberId
from contract.policy.model import Factor, Member
from contract.records import (
    AccessDenied,
    AccessGranted,
    DoorReleased,
    OccupancyChanged,
    Posture,
    Reason,
    ReleaseCause,
    RelockCause,
)
from edge.core import events
from edge.core.config import AccessConfig
from edge.core.effects import Feedback, ReaderFeedback, ReleaseLock, SecureLock, Urgency, opposes
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, WALL_MS, Life, kinds, only


def test_a_grant_is_recorded_before_the_release_and_waits_for_its_commit_only_within_a_budget() -> None:
    life = Life()
    life.card()

    assert life.last == [
        AccessGranted(ENTRY, CARD, RIDER.id, "member_may_enter", life.mono_ms, "courier", factors="card"),
        DoorReleased(ReleaseCause.CARD, RIDER.id, CONFIG.door.release_ms),
    ]
    release, feedback = life.effects[-2:]
    assert release == ReleaseLock(ReleaseCause.CARD, RIDER.id)
    assert release.urgency is Urgency.BUDGETED
    assert feedback == ReaderFeedback(ENTRY, Feedback.GRANTED)
    assert feedback.urgency is Urgency.AT_ONCE


def test_an_unknown_card_is_denied_without_naming_anybody() -> None:
    life = Life()
    life.card(None)

    denied = only(life.last, AccessDenied)
    assert (denied.member, denied.reason, denied.rule) == (None, Reason.UNKNOWN_CREDENTIAL, "credential_known")
    assert life.effects == [ReaderFeedback(ENTRY, Feedback.DENIED)]


def test_a_revoked_member_is_denied_by_name() -> None:
    life = Life()

    assert only(life.card(replace(RIDER, revoked=True)), AccessDenied).member == RIDER.id


@pytest.mark.parametrize(
    ("age_ms", "granted"), [(0, True), (3_000, True), (3_001, False), (30_000, False), (-1, False)]
)
def test_a_card_older_than_three_seconds_or_from_the_future_is_stale(age_ms: int, granted: bool) -> None:
    life = Life()
    life.wait(60_000)
    life.card(age_ms=age_ms)

    assert life.lock_released is granted
    if not granted:
        assert only(life.last, AccessDenied).reason is Reason.STALE


def test_without_a_roster_nobody_is_called_unknown() -> None:
    life = Life()
    life.do(events.CardPresented(ENTRY, CARD, None, life.mono_ms, roster_available=False))

    assert only(life.last, AccessDenied).reason is Reason.STORAGE_UNAVAILABLE


@pytest.mark.parametrize(
    ("posture", "reason"),
    [(Posture.LOCKDOWN, Reason.LOCKDOWN), (Posture.OUT_OF_SERVICE, Reason.OUT_OF_SERVICE)],
)
def test_a_shut_station_denies_with_its_posture(posture: Posture, reason: Reason) -> None:
    life = Life()
    life.do(events.DesiredReceived(1, posture))

    assert only(life.card(), AccessDenied).reason is reason
    assert not life.lock_released


def test_two_factors_are_asked_for_and_then_enough() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))
    life.card()
    assert life.effects[-1] == ReaderFeedback(ENTRY, Feedback.SECOND_FACTOR)

    both = frozenset({Factor.CARD, Factor.FACE})
    life.do(events.CardPresented(ENTRY, CARD, RIDER, life.mono_ms, factors=both))
    assert only(life.last, DoorReleased).cause is ReleaseCause.CARD


@pytest.mark.parametrize(("factor", "cause"), [(Factor.FACE, ReleaseCause.FACE), (Factor.PASS, ReleaseCause.CARD)])
def test_a_release_is_named_after_what_was_shown(factor: Factor, cause: ReleaseCause) -> None:
    life = Life()
    life.do(events.CardPresented(ENTRY, CARD, RIDER, life.mono_ms, factors=frozenset({factor})))

    assert only(life.last, DoorReleased).cause is cause


def test_an_untrusted_clock_judges_by_the_latest_trusted_time() -> None:
    life = Life()
    life.clock_trusted = False
    life.latest_trusted_ms = WALL_MS
    expired = Member(MemberId("rider-2"), valid_until_ms=WALL_MS)

    assert only(life.card(expired), AccessDenied).reason is Reason.EXPIRED
    assert only(life.card(replace(expired, valid_until_ms=WALL_MS + 1)), AccessGranted)


def test_a_full_station_denies_while_the_count_is_sure() -> None:
    life = Life(replace(CONFIG, access=AccessConfig(capacity=1)))
    life.card()
    life.open()
    life.close()
    assert only(life.card(), AccessDenied).reason is Reason.STATION_FULL

    life.wait(60_000)
    life.open()
    life.close()
    assert life.people() == (1, False), "a forced opening makes it unsure"
    assert only(life.card(), AccessGranted)


# ------------------------------------------------ occupancy


def test_who_is_let_in_and_opens_adds_one_and_who_leaves_takes_one_away() -> None:
    life = Life()
    life.card()
    assert life.people() == (0, True), "the door has not opened yet"
    life.open()
    life.close()
    assert life.people() == (1, True)

    life.wait(60_000)
    life.press_exit()
    life.open()
    assert only(life.last, OccupancyChanged) == OccupancyChanged(0, True, "exit", 85)


def test_the_count_is_never_negative_and_says_when_it_should_have_been() -> None:
    life = Life()
    life.press_exit()
    life.open()

    assert life.people() == (0, False)


def test_a_second_person_through_an_open_door_is_counted_with_doubt() -> None:
    life = Life()
    life.card()
    life.open()
    life.card()

    assert life.people() == (2, False)


@pytest.mark.parametrize("cause", ["command", "free_access", "fire", "forced", "found"])
def test_what_a_door_cannot_count_makes_the_count_unsure(cause: str) -> None:
    life = Life()
    if cause == "command":
        life.do(events.CommandReceived("command-1", "release", "operator", {"reason": "asked to"}))
    elif cause == "free_access":
        life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    elif cause == "fire":
        life.do(events.FireChanged(True))
    elif cause == "found":
        life.do(events.ContactLost())
    life.open()

    assert life.people() == (0, False)


def test_a_crash_makes_the_count_unsure_and_a_clean_stop_does_not() -> None:
    life = Life()
    life.boot(clean_stop=True)
    assert life.people() == (0, True)

    assert OccupancyChanged(0, False, "crash", 50) in life.boot(clean_stop=False)


# ------------------------------------------------ effects


def test_a_release_and_a_relock_oppose_each_other_and_nothing_else_does() -> None:
    release, secure = ReleaseLock(ReleaseCause.CARD), SecureLock(RelockCause.OPENED)
    sign = ReaderFeedback(ENTRY, Feedback.GRANTED)

    assert opposes(secure, release)
    assert opposes(release, secure)
    assert not opposes(release, release)
    assert not opposes(sign, release)
    assert release.actuator == secure.actuator == "lock"
    assert sign.actuator == "reader:entry"


def test_every_relock_is_at_once() -> None:
    life = Life()
    life.card()
    life.open()

    assert [effect.urgency for effect in life.effects if isinstance(effect, SecureLock)] == [Urgency.AT_ONCE]
    assert kinds(life.last)[-1] == "door.relocked"
