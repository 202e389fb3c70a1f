"""Wrong numbers lock numbers out, for the reader and for the member; a number under threat calls for help."""

from dataclasses import replace

import pytest

from contract.ids import MemberId
from contract.records import (
    AccessDenied,
    AccessGranted,
    AlarmAcknowledged,
    AlarmCode,
    Posture,
    Reason,
)
from edge.core import events
from edge.core.effects import Feedback
from edge.core.events import PinVerdict
from edge.core.pin_state import FORGOTTEN_MS, LONGEST_LOCK_MS, READER_LOCK_MS, TRIES, fold
from edge.core.stamp import RecordedAt
from tests.core.keypad_life import OTHER, OTHER_CARD, SIDE, KeypadLife
from tests.core.support import ENTRY, RIDER, kinds, only

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
