"""Numbers at a keypad: with a card, alone, under threat, and guessed at."""

from dataclasses import replace
from typing import Final

import pytest

from contract.ids import CredentialHash, MemberId, ReaderId
from contract.policy.model import Factor, Member
from contract.records import (
    AccessDenied,
    AccessGranted,
    AlarmAcknowledged,
    AlarmCode,
    DoorReleased,
    Posture,
    Reason,
    ReleaseCause,
)
from edge.core import events
from edge.core.effects import CheckPin, Feedback, ReaderFeedback
from edge.core.events import PinVerdict
from edge.core.pin_state import FORGOTTEN_MS, LONGEST_LOCK_MS, READER_LOCK_MS, TRIES, PinConfig, fold
from edge.core.pins import CHECK_MS, NOBODYS
from edge.core.stamp import RecordedAt
from edge.core.station import deadline
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, Life, kinds, only

SIDE: Final = ReaderId("side")
OTHER_CARD: Final = CredentialHash("c0" * 16)
OTHER: Final = Member(MemberId("cleaner-1"), trade="cleaner")
PAIRING_MS: Final = 10_000
PINS: Final = PinConfig(pairing_ms=PAIRING_MS, keypads=frozenset({ENTRY, SIDE}))


class KeypadLife(Life):
    """A station with two readers that have keypads, in the posture that asks for two factors."""

    def __init__(self, *, alone: bool = False, posture: Posture = Posture.TWO_FACTOR) -> None:
        super().__init__(replace(CONFIG, readers=(ENTRY, SIDE), pins=replace(PINS, codes_alone=alone)))
        self.entry = 0
        if posture is not Posture.SECURE:
            self.do(events.DesiredReceived(1, posture))
        self.effects.clear()

    def show(self, member: Member | None = RIDER, reader: ReaderId = ENTRY, card: CredentialHash = CARD) -> None:
        self.do(events.CardPresented(reader, card, member, self.mono_ms))

    def type(self, reader: ReaderId = ENTRY, *, age_ms: int = 0) -> CheckPin | None:
        """Type a number; what the shell is asked to check."""
        self.entry += 1
        seen = len(self.effects)
        self.do(events.PinEntered(reader, self.entry, self.mono_ms - age_ms))
        asked = [effect for effect in self.effects[seen:] if isinstance(effect, CheckPin)]
        return asked[0] if asked else None

    def answer(self, verdict: PinVerdict, reader: ReaderId = ENTRY, entry: int | None = None) -> None:
        self.do(events.PinChecked(reader, self.entry if entry is None else entry, verdict))

    def look_up(
        self, member: Member | None, *, reader: ReaderId = ENTRY, issued: int = 1, duress: bool = False
    ) -> None:
        """The shell has found whose number it is."""
        self.do(
            events.CardPresented(
                reader,
                OTHER_CARD,
                member,
                self.mono_ms,
                factors=frozenset({Factor.PIN}),
                duress=duress,
                entry=self.entry,
                code_digits=6,
                codes_issued=issued,
            )
        )

    def guess(self, times: int = 1, member: Member = RIDER, reader: ReaderId = ENTRY) -> None:
        for _ in range(times):
            self.show(member, reader)
            self.type(reader)
            self.answer(PinVerdict.WRONG, reader)

    def told(self, reader: ReaderId = ENTRY) -> Feedback:
        """What the reader showed last."""
        shown = [effect for effect in self.effects if isinstance(effect, ReaderFeedback) and effect.reader == reader]
        return shown[-1].outcome

    def denied(self) -> Reason:
        return only(self.last, AccessDenied).reason


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


# ---------------------------------------------------------------- guessing


def test_five_wrong_numbers_in_a_row_lock_numbers_out_unchecked() -> None:
    life = KeypadLife()
    life.guess(TRIES - 1)
    assert AlarmCode.PIN_GUESSING not in life.alarms()
    life.guess()
    assert AlarmCode.PIN_GUESSING in life.alarms()

    life.show()
    assert life.type() is None
    assert (life.denied(), life.told()) == (Reason.LOCKED_OUT, Feedback.LOCKED_OUT)
    assert only(life.last, AccessDenied).rule == "numbers_not_locked_out"


def test_a_reader_takes_numbers_again_after_a_minute_and_each_time_twice_as_long_later() -> None:
    life = KeypadLife(alone=True, posture=Posture.SECURE)
    for lock_ms in (
        READER_LOCK_MS,
        2 * READER_LOCK_MS,
        4 * READER_LOCK_MS,
        8 * READER_LOCK_MS,
        LONGEST_LOCK_MS,
        LONGEST_LOCK_MS,
    ):
        for _ in range(TRIES):
            assert life.type() is not None
            life.answer(PinVerdict.WRONG)
        life.wait(lock_ms - 1)
        assert life.type() is None
        life.wait(1)
        assert life.state.volatile.pins.locked == {}


def test_after_a_quiet_hour_a_lock_out_is_a_first_one_again() -> None:
    life = KeypadLife(alone=True, posture=Posture.SECURE)
    for quiet_ms in (READER_LOCK_MS, 3_600_000, 0):
        for _ in range(TRIES):
            life.type()
            life.answer(PinVerdict.WRONG)
        life.wait(quiet_ms)

    assert life.state.volatile.pins.locked == {ENTRY: life.mono_ms + READER_LOCK_MS}


def test_a_member_is_locked_out_at_every_reader_and_others_are_not() -> None:
    life = KeypadLife()
    life.guess(TRIES - 2)
    life.guess(2, reader=SIDE)
    life.show(reader=SIDE)
    life.type(SIDE)
    assert life.denied() is Reason.LOCKED_OUT

    life.show(OTHER, SIDE, OTHER_CARD)
    life.type(SIDE)
    life.answer(PinVerdict.RIGHT, SIDE)
    assert only(life.last, AccessGranted).member == OTHER.id


def test_a_locked_out_member_may_type_again_after_a_quarter_of_an_hour() -> None:
    life = KeypadLife()
    life.guess(TRIES)
    life.wait(LONGEST_LOCK_MS - 1)
    life.show()
    life.type()
    assert life.denied() is Reason.LOCKED_OUT
    life.wait(1)
    life.show()
    life.type()
    life.answer(PinVerdict.RIGHT)

    assert only(life.last, AccessGranted).member == RIDER.id
    assert life.state.durable.pins.members == ()


def test_a_lock_out_keeps_no_card_from_opening() -> None:
    life = KeypadLife()
    life.guess(TRIES)
    life.do(events.DesiredReceived(2, Posture.SECURE))
    life.show()

    assert only(life.last, AccessGranted).member == RIDER.id


def test_a_right_number_ends_the_row() -> None:
    life = KeypadLife()
    life.guess(TRIES - 1)
    life.show()
    life.type()
    life.answer(PinVerdict.RIGHT)
    life.guess(TRIES - 1)

    assert AlarmCode.PIN_GUESSING not in life.alarms()


def test_a_card_without_its_number_does_not_end_the_row() -> None:
    life = KeypadLife()
    life.guess(TRIES - 1)
    life.do(events.DesiredReceived(2, Posture.SECURE))
    life.show()
    life.do(events.DesiredReceived(3, Posture.TWO_FACTOR))
    life.guess()

    assert AlarmCode.PIN_GUESSING in life.alarms()


@pytest.mark.parametrize(("pause_ms", "locked"), [(FORGOTTEN_MS - 1, True), (FORGOTTEN_MS, False)])
def test_a_row_is_forgotten_ten_minutes_after_its_latest(pause_ms: int, locked: bool) -> None:
    life = KeypadLife()
    life.guess(TRIES - 1)
    life.wait(pause_ms)
    life.guess()

    assert bool(life.state.volatile.pins.locked) is locked


def test_a_number_under_check_when_the_lock_out_began_does_not_prolong_it() -> None:
    life = KeypadLife()
    life.guess(TRIES - 1)
    for reader in (ENTRY, SIDE):
        life.show(reader=reader)
        assert life.type(reader)
    life.answer(PinVerdict.WRONG, entry=life.entry - 1)
    locked = life.state.durable.pins.members
    life.wait(2_000)
    life.answer(PinVerdict.WRONG, SIDE)

    assert life.denied() is Reason.LOCKED_OUT
    assert life.state.durable.pins.members == locked


@pytest.mark.parametrize(
    ("away_ms", "locked"), [(0, True), (LONGEST_LOCK_MS - 1, True), (LONGEST_LOCK_MS, False), (-86_400_000, True)]
)
def test_pulling_the_plug_gives_no_new_tries(away_ms: int, locked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    life = KeypadLife()
    life.guess(TRIES)
    ended_ms = life.now().wall_ms
    life.mono_ms = 50
    monkeypatch.setattr("tests.core.support.WALL_MS", ended_ms + away_ms - life.mono_ms)
    life.boot(clean_stop=False)
    life.levels()
    assert bool(life.state.volatile.pins.locked) is locked
    life.show()
    asked = life.type()

    assert (asked is None) is locked
    if locked:
        life.wait(LONGEST_LOCK_MS - max(0, away_ms))
        assert life.state.volatile.pins.locked == {}


def test_a_run_an_hour_later_has_forgotten_who_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    life = KeypadLife()
    life.guess(2)
    monkeypatch.setattr("tests.core.support.WALL_MS", life.now().wall_ms + 3_600_000)
    life.boot()

    assert (life.state.durable.pins.members, life.state.durable.pins.readers) == ((), ())


def test_no_more_members_are_remembered_than_there_is_room_for() -> None:
    life = KeypadLife()
    for number in range(100):
        life.guess(1, replace(RIDER, id=MemberId(f"rider-{number}")))
        life.wait(LONGEST_LOCK_MS)

    assert [row.who for row in life.state.durable.pins.members] == [f"rider-{number}" for number in range(36, 100)]


# ---------------------------------------------------------------- duress


def test_a_number_under_threat_opens_as_always_and_only_the_cloud_hears_of_it() -> None:
    lives = [KeypadLife(), KeypadLife()]
    for life, verdict in zip(lives, (PinVerdict.RIGHT, PinVerdict.DURESS), strict=True):
        life.show()
        life.wait(1_000)
        life.type()
        life.answer(verdict)
        life.wait(60_000)

    as_always, under_threat = lives
    assert under_threat.effects == as_always.effects
    assert AlarmCode.DURESS not in as_always.alarms()
    assert AlarmCode.DURESS in under_threat.alarms()
    granted = only([record for record, _ in under_threat.records], AccessGranted)
    assert granted.duress
    assert granted.rule == only([record for record, _ in as_always.records], AccessGranted).rule


def test_whoever_calls_for_help_and_is_not_let_in_is_heard_all_the_same() -> None:
    life = KeypadLife()
    life.show()
    life.type()
    life.do(events.DesiredReceived(2, Posture.LOCKDOWN))
    life.answer(PinVerdict.DURESS)

    assert only(life.last, AccessDenied).duress
    assert AlarmCode.DURESS in life.alarms()


def test_a_code_alone_may_call_for_help_too() -> None:
    life = KeypadLife(alone=True, posture=Posture.SECURE)
    life.type()
    life.look_up(RIDER, duress=True)

    assert only(life.last, AccessGranted).duress
    assert life.state.durable.pins.duress[0].member == RIDER.id


def test_a_call_for_help_outlives_a_restart_and_ends_when_somebody_has_acknowledged_it() -> None:
    life = KeypadLife()
    life.show()
    life.type()
    life.answer(PinVerdict.DURESS)
    life.boot()
    life.levels()
    assert AlarmCode.DURESS in life.alarms()

    raised_at_ms = next(alarm.since_ms for alarm in life.state.durable.alarms if alarm.code is AlarmCode.DURESS)
    life.do(events.AcknowledgeRequested(events.AlarmSeen(AlarmCode.DURESS, ENTRY, raised_at_ms, "operator")))
    assert "alarm.acknowledged" in kinds(life.last)
    assert life.state.durable.pins.duress == ()
    assert AlarmCode.DURESS not in life.alarms()


def test_an_acknowledgement_of_something_else_leaves_the_call_standing() -> None:

    life = KeypadLife()
    life.show()
    life.type()
    life.answer(PinVerdict.DURESS)
    memory, at = life.state.durable.pins, RecordedAt(0, 0, 1)

    assert fold(memory, AlarmAcknowledged(AlarmCode.FIRE, ENTRY, "operator"), at) is memory
    assert fold(memory, AlarmAcknowledged(AlarmCode.DURESS, SIDE, "operator"), at) == memory


# ---------------------------------------------------------------- configuration


@pytest.mark.parametrize("pairing_ms", [0, 999, 60_001])
def test_a_wait_that_nobody_can_use_is_refused(pairing_ms: int) -> None:
    with pytest.raises(ValueError, match="pairing_ms"):
        PinConfig(pairing_ms=pairing_ms)


def test_a_keypad_on_no_reader_is_refused() -> None:
    with pytest.raises(ValueError, match="keypads: nowhere is no reader"):
        replace(CONFIG, pins=PinConfig(keypads=frozenset({ReaderId("nowhere")})))
