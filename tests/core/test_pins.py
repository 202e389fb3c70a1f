"""Numbers at a keypad: with a card, and alone."""

from dataclasses import replace

import pytest

from contract.ids import ReaderId
from contract.records import (
    AccessDenied,
    AccessGranted,
    AlarmCode,
    DoorReleased,
    Posture,
    Reason,
    ReleaseCause,
)
from edge.core import events
from edge.core.effects import CheckPin, Feedback, ReaderFeedback
from edge.core.events import PinVerdict
from edge.core.pin_state import TRIES, PinConfig
from edge.core.pins import CHECK_MS, NOBODYS
from edge.core.station import deadline
from tests.core.keypad_life import OTHER, OTHER_CARD, PAIRING_MS, SIDE, KeypadLife
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, Life, only

# ---------------------------------------------------------------- card and number


def test_a_card_that_lacks_only_its_number_waits_for_it_without_a_record() -> None:
    life = KeypadLife()
    life.show()

    assert life.last == []
    assert life.effects == [ReaderFeedback(ENTRY, Feedback.SECOND_FACTOR)]
    assert deadline(life.state) == life.mono_ms + PAIRING_MS


def test_a_card_and_its_number_open_and_the_record_says_both() -> None:
    life = KeypadLife()
    life.show()
    life.wait(4_000)
    assert life.type() == CheckPin(ENTRY, 1, RIDER.id)
    assert life.last == []
    life.answer(PinVerdict.RIGHT)

    granted = only(life.last, AccessGranted)
    assert (granted.credential, granted.member, granted.factors, granted.duress) == (CARD, RIDER.id, "card+pin", False)
    assert granted.presented_mono_ms == life.mono_ms
    assert only(life.last, DoorReleased).cause is ReleaseCause.CARD
    assert life.told() is Feedback.GRANTED
    assert life.lock_released


def test_a_wrong_number_is_denied_to_the_member_and_the_card_has_to_be_shown_again() -> None:
    life = KeypadLife()
    life.guess()

    denied = only(life.last, AccessDenied)
    assert (denied.reason, denied.member, denied.factors) == (Reason.WRONG_PIN, RIDER.id, "card+pin")
    assert life.told() is Feedback.DENIED
    assert life.type() is None


def test_a_card_whose_time_is_over_is_denied_for_lack_of_its_number() -> None:
    life = KeypadLife()
    life.show()
    assert life.wait(PAIRING_MS - 1) == []
    life.wait(1)

    denied = only(life.last, AccessDenied)
    assert (denied.reason, denied.rule, denied.factors) == (Reason.SECOND_FACTOR_REQUIRED, "factors_complete", "card")
    assert life.told() is Feedback.DENIED
    assert life.type() is None


def test_a_second_card_takes_the_place_of_the_first() -> None:
    life = KeypadLife()
    life.show()
    life.show(OTHER, card=OTHER_CARD)
    assert (only(life.last, AccessDenied).member, life.denied()) == (RIDER.id, Reason.SECOND_FACTOR_REQUIRED)
    assert life.told() is Feedback.SECOND_FACTOR

    assert life.type() == CheckPin(ENTRY, 1, OTHER.id)
    life.answer(PinVerdict.RIGHT)
    assert only(life.last, AccessGranted).member == OTHER.id


def test_a_card_on_no_roster_ends_the_wait_of_another() -> None:
    life = KeypadLife()
    life.show()
    life.show(None)

    assert [record.reason for record in life.last if isinstance(record, AccessDenied)] == [
        Reason.SECOND_FACTOR_REQUIRED,
        Reason.UNKNOWN_CREDENTIAL,
    ]
    assert life.type() is None


def test_a_number_at_another_reader_belongs_to_no_card() -> None:
    life = KeypadLife()
    life.show()

    assert life.type(SIDE) is None
    assert life.told(SIDE) is Feedback.DENIED
    assert life.type(ENTRY) == CheckPin(ENTRY, 2, RIDER.id)


def test_without_a_keypad_a_card_does_not_wait() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))
    life.card()
    assert only(life.last, AccessDenied).reason is Reason.SECOND_FACTOR_REQUIRED

    life.do(events.PinEntered(ENTRY, 1, life.mono_ms))
    assert life.last == []
    assert not [effect for effect in life.effects if isinstance(effect, CheckPin)]


def test_a_card_that_is_enough_does_not_wait() -> None:
    life = KeypadLife(posture=Posture.SECURE)
    life.show()

    assert only(life.last, AccessGranted).factors == "card"


def test_a_card_with_more_wrong_than_its_number_does_not_wait() -> None:
    life = KeypadLife()
    life.show(replace(RIDER, revoked=True))

    assert life.denied() is Reason.REVOKED
    assert life.type() is None


def test_a_number_that_nobody_waits_for_is_no_bodys_and_leaves_no_record() -> None:
    life = KeypadLife()

    assert life.type() is None
    assert life.last == []
    assert life.effects == [ReaderFeedback(ENTRY, Feedback.DENIED)]


def test_one_number_is_checked_at_a_time() -> None:
    life = KeypadLife()
    life.show()
    life.type()
    life.show(OTHER, card=OTHER_CARD)
    assert life.type() is None
    assert life.told() is Feedback.DENIED
    life.answer(PinVerdict.RIGHT, entry=1)
    assert only(life.last, AccessGranted).member == RIDER.id

    assert life.type() == CheckPin(ENTRY, 3, OTHER.id)


@pytest.mark.parametrize("verdict", PinVerdict)
def test_an_answer_that_nobody_waits_for_changes_nothing(verdict: PinVerdict) -> None:
    life = KeypadLife()
    for reader in (ENTRY, SIDE, ReaderId("elsewhere")):
        life.answer(verdict, reader, entry=1)
    life.show()
    life.type()
    before = life.state
    life.answer(verdict, SIDE)
    life.answer(verdict, entry=7)

    assert life.state == before


def test_a_number_that_the_shell_does_not_answer_in_time_could_not_be_checked() -> None:
    life = KeypadLife()
    life.show()
    life.type()
    life.wait(CHECK_MS - 1)
    assert life.last == []
    life.wait(1)
    assert life.denied() is Reason.STORAGE_UNAVAILABLE

    life.answer(PinVerdict.RIGHT)
    assert life.last == []
    assert not life.lock_released


def test_a_number_that_could_not_be_checked_counts_for_nothing() -> None:
    life = KeypadLife()
    for _ in range(TRIES + 1):
        life.show()
        life.type()
        life.answer(PinVerdict.UNAVAILABLE)
        assert life.denied() is Reason.STORAGE_UNAVAILABLE

    assert life.state.durable.pins.members == ()
    assert AlarmCode.ROSTER_UNAVAILABLE in life.alarms()


def test_a_number_that_waited_too_long_in_the_shell_is_stale() -> None:
    life = KeypadLife()
    life.show()
    life.wait(4_000)
    life.type(age_ms=3_500)
    life.answer(PinVerdict.RIGHT)

    assert life.denied() is Reason.STALE


def test_a_lockdown_between_card_and_number_keeps_the_door_shut() -> None:
    life = KeypadLife()
    life.show()
    life.type()
    life.do(events.DesiredReceived(2, Posture.LOCKDOWN))
    life.answer(PinVerdict.RIGHT)

    assert life.denied() is Reason.LOCKDOWN


# ---------------------------------------------------------------- a number alone


def test_a_number_alone_is_looked_up_and_opens_where_it_may() -> None:
    life = KeypadLife(alone=True, posture=Posture.SECURE)
    assert life.type() == CheckPin(ENTRY, 1, None)
    life.look_up(RIDER)

    granted = only(life.last, AccessGranted)
    assert (granted.credential, granted.factors) == (OTHER_CARD, "pin")
    assert only(life.last, DoorReleased).cause is ReleaseCause.PIN


@pytest.mark.parametrize("found", [True, False], ids=["looked up in vain", "told to be wrong"])
def test_a_number_that_is_nobodys_is_denied_and_not_even_its_hash_is_kept(found: bool) -> None:
    life = KeypadLife(alone=True, posture=Posture.SECURE)
    life.type()
    if found:
        life.look_up(None)
    else:
        life.answer(PinVerdict.WRONG)
        assert only(life.last, AccessDenied).credential == NOBODYS

    denied = only(life.last, AccessDenied)
    assert (denied.reason, denied.member, denied.factors) == (Reason.WRONG_PIN, None, "pin")
    assert life.state.volatile.guesses == {}


def test_a_number_that_cannot_be_looked_up_says_so() -> None:
    life = KeypadLife(alone=True, posture=Posture.SECURE)
    life.type()
    life.answer(PinVerdict.UNAVAILABLE)

    assert life.denied() is Reason.STORAGE_UNAVAILABLE


def test_a_credential_that_claims_to_be_a_number_nobody_typed_is_not_judged() -> None:
    life = KeypadLife(alone=True, posture=Posture.SECURE)
    life.look_up(RIDER)

    assert life.last == []
    assert not life.lock_released


def test_a_number_alone_is_not_two_factors() -> None:
    life = KeypadLife(alone=True)
    life.type()
    life.look_up(RIDER)

    assert life.denied() is Reason.SECOND_FACTOR_REQUIRED


def test_where_too_many_codes_are_issued_none_of_them_opens() -> None:
    life = KeypadLife(alone=True, posture=Posture.SECURE)
    life.type()
    life.look_up(RIDER, issued=1_001)

    assert life.denied() is Reason.CODE_TOO_SHORT


# ---------------------------------------------------------------- configuration


@pytest.mark.parametrize("pairing_ms", [0, 999, 60_001])
def test_a_wait_that_nobody_can_use_is_refused(pairing_ms: int) -> None:
    with pytest.raises(ValueError, match="pairing_ms"):
        PinConfig(pairing_ms=pairing_ms)


def test_a_keypad_on_no_reader_is_refused() -> None:
    with pytest.raises(ValueError, match="keypads: nowhere is no reader"):
        replace(CONFIG, pins=PinConfig(keypads=frozenset({ReaderId("nowhere")})))
