"""Unknown cards in a row slow the reader for unknown cards, and for nobody else."""

from dataclasses import replace

import pytest

from contract.ids import MemberId, ReaderId
from contract.policy.model import Member
from contract.records import AccessDenied, AccessGranted, Posture, Reason
from edge.core import events
from edge.core.access import explain_card
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.guessing import ANSWER_EVERY_MS, FORGOTTEN_MS, TRIES
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, Life, only

EXIT = ReaderId("exit")
REVOKED = Member(MemberId("gone"), revoked=True)


def tried(life: Life, member: Member | None = None) -> tuple[Reason, Feedback | None]:
    """Show a card that is denied: the recorded reason, and what the reader showed."""
    before = len(life.effects)
    reason = only(life.card(member), AccessDenied).reason
    shown = [effect.outcome for effect in life.effects[before:] if isinstance(effect, ReaderFeedback)]
    return reason, shown[0] if shown else None


ANSWERED = (Reason.UNKNOWN_CREDENTIAL, Feedback.DENIED)
SILENT = (Reason.LOCKED_OUT, None)


def guessed(life: Life | None = None, tries: int = TRIES) -> Life:
    life = life or Life()
    assert [tried(life) for _ in range(tries)] == [ANSWERED] * tries
    return life


def test_five_unknown_cards_are_answered_and_then_one_in_two_seconds() -> None:
    life = guessed()
    assert tried(life) == SILENT
    life.wait(ANSWER_EVERY_MS - 1)
    assert tried(life) == SILENT
    life.wait(1)
    assert tried(life) == ANSWERED
    assert tried(life) == SILENT
    life.wait(ANSWER_EVERY_MS)
    assert tried(life) == ANSWERED


def test_however_fast_the_cards_come_answers_come_no_faster() -> None:
    life, answers = guessed(), 0
    for _ in range(600):
        life.wait(50)
        answers += tried(life) == ANSWERED

    assert answers == 600 * 50 // ANSWER_EVERY_MS
    assert life.state.volatile.guesses[ENTRY].tries == TRIES


def test_a_members_card_opens_at_once_and_ends_the_row() -> None:
    life = guessed()
    assert tried(life) == SILENT

    only(life.card(), AccessGranted)
    assert life.lock_released
    assert tried(life) == ANSWERED


def test_a_known_card_that_is_denied_is_told_its_own_reason_and_does_not_end_the_row() -> None:
    life = guessed()

    assert tried(life, REVOKED) == (Reason.REVOKED, Feedback.DENIED)
    assert tried(life) == SILENT


def test_a_row_is_forgotten_after_a_minute_without_an_unknown_card_or_with_the_run() -> None:
    life = guessed()
    life.wait(FORGOTTEN_MS)
    guessed(life)
    life.boot()
    life.levels()
    guessed(life)


def test_each_reader_has_a_row_of_its_own() -> None:
    life = guessed(Life(replace(CONFIG, readers=(ENTRY, EXIT))))

    life.do(events.CardPresented(EXIT, CARD, None, life.mono_ms))
    assert only(life.last, AccessDenied).reason is Reason.UNKNOWN_CREDENTIAL
    assert tried(life) == SILENT


def test_a_reader_that_the_station_does_not_have_gets_no_row() -> None:
    life = Life()
    life.do(events.CardPresented(EXIT, CARD, None, life.mono_ms))

    assert life.state.volatile.guesses == {}


@pytest.mark.parametrize("tries", [TRIES, TRIES + 5])
def test_cards_that_cannot_be_looked_up_are_no_guesses(tries: int) -> None:
    life = Life()
    for _ in range(tries):
        life.do(events.CardPresented(ENTRY, CARD, None, life.mono_ms, roster_available=False))
        assert only(life.last, AccessDenied).reason is Reason.STORAGE_UNAVAILABLE

    assert tried(life) == ANSWERED


def test_guesses_in_lockdown_count_though_lockdown_is_the_answer() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))
    for _ in range(TRIES):
        assert tried(life) == (Reason.LOCKDOWN, Feedback.DENIED)
    life.do(events.DesiredReceived(2, None))

    assert tried(life) == SILENT


def test_a_question_about_a_card_is_no_guess() -> None:
    life = guessed()
    unknown = events.CardPresented(ENTRY, CARD, None, life.mono_ms)
    before = life.state

    assert explain_card(CONFIG, life.state, unknown, life.now()).decision.reason is Reason.LOCKED_OUT
    known = replace(unknown, member=RIDER)
    assert explain_card(CONFIG, life.state, known, life.now()).decision.granted
    assert life.state is before
