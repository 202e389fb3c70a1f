"""Numbers: two readers at once, and what restarts leave of a row of wrong ones."""

import pytest

from contract.ids import MemberId, ReaderId
from contract.records import (
    AccessDenied,
    AccessGranted,
    AlarmAcknowledged,
    AlarmCode,
    Reason,
    StationBooted,
)
from edge.core import events
from edge.core.events import PinVerdict
from edge.core.pin_state import (
    FORGOTTEN_MS,
    LOCKS_FORGOTTEN_MS,
    LONGEST_LOCK_MS,
    READER_LOCK_MS,
    TRIES,
    DuressCall,
    PinMemory,
    WrongRow,
    fold,
)
from edge.core.pins import CHECK_MS
from edge.core.stamp import RecordedAt
from tests.core.keypad_life import OTHER, OTHER_CARD, PAIRING_MS, SIDE, KeypadLife
from tests.core.support import CARD, ENTRY, RIDER, Life, kinds, only

BOOTED = StationBooted("1.0", "digest", False, 50, 0)
MINUTE_MS = 60_000

# ---------------------------------------------------------------- two readers


def test_a_card_waits_at_its_reader_for_its_whole_time_though_one_elsewhere_gives_up() -> None:
    life = KeypadLife()
    life.show()
    life.wait(PAIRING_MS - 1_000)
    life.show(OTHER, SIDE, OTHER_CARD)
    life.wait(1_000)
    assert only(life.last, AccessDenied).member == RIDER.id
    life.type(SIDE)
    life.answer(PinVerdict.RIGHT, SIDE)

    assert only(life.last, AccessGranted).member == OTHER.id


def test_a_number_is_checked_for_its_whole_time_though_one_elsewhere_was_not_answered() -> None:
    life = KeypadLife()
    life.show()
    life.show(OTHER, SIDE, OTHER_CARD)
    life.type()
    life.wait(CHECK_MS - 1_000)
    life.type(SIDE)
    life.wait(1_000)
    assert only(life.last, AccessDenied).member == RIDER.id
    life.answer(PinVerdict.RIGHT, SIDE)

    assert only(life.last, AccessGranted).member == OTHER.id


def test_a_card_that_got_no_number_was_no_duress() -> None:
    life = KeypadLife()
    life.show()
    life.wait(PAIRING_MS)

    assert not only(life.last, AccessDenied).duress
    assert AlarmCode.DURESS not in life.alarms()


def test_wrong_numbers_at_one_reader_are_not_counted_at_another() -> None:
    life = KeypadLife(alone=True)
    for _ in range(TRIES - 1):
        life.type()
        life.answer(PinVerdict.WRONG)
    life.type(SIDE)
    life.answer(PinVerdict.WRONG, SIDE)

    assert AlarmCode.PIN_GUESSING not in life.alarms()
    assert life.type(SIDE) is not None


def test_members_are_free_again_one_after_the_other() -> None:
    life = KeypadLife()
    life.guess(TRIES)
    life.wait(2 * MINUTE_MS)
    life.guess(TRIES, OTHER, SIDE)
    life.wait(LONGEST_LOCK_MS - 2 * MINUTE_MS)
    life.show()

    assert life.type() is not None, "the first one's time is over"
    assert AlarmCode.PIN_GUESSING in life.alarms(), "the second one's is not"
    life.wait(2 * MINUTE_MS)
    assert AlarmCode.PIN_GUESSING not in life.alarms()


def test_an_alarm_about_guessing_says_where() -> None:
    life = KeypadLife()
    life.guess(TRIES)

    assert {(alarm.code, alarm.source) for alarm in life.state.durable.alarms} == {
        (AlarmCode.PIN_GUESSING, str(ENTRY)),
        (AlarmCode.PIN_GUESSING, "members"),
    }
    life.wait(READER_LOCK_MS)
    assert {alarm.source for alarm in life.state.durable.alarms if alarm.active} == {"members"}


# ---------------------------------------------------------------- over a restart


def booted(memory: PinMemory, wall_ms: int, mono_ms: int = 1_000) -> PinMemory:
    return fold(memory, BOOTED, RecordedAt(mono_ms, wall_ms, 2))


@pytest.mark.parametrize("whose", ["readers", "members"])
def test_a_lock_out_goes_on_in_the_next_run_for_what_the_wall_clock_says_is_left(whose: str) -> None:
    row = WrongRow("entry", TRIES, 900_000_000, 50 * MINUTE_MS, lock_ms=READER_LOCK_MS)
    before = PinMemory(readers=(row,)) if whose == "readers" else PinMemory(members=(row,))
    memory = booted(before, 50 * MINUTE_MS + 20_000)

    (taken,) = getattr(memory, whose)
    assert taken.locked_until_ms == 1_000 + READER_LOCK_MS - 20_000
    assert taken.is_locked(taken.locked_until_ms - 1)
    assert not taken.is_locked(taken.locked_until_ms)


def test_restart_after_restart_a_row_is_as_old_as_it_is() -> None:
    row = WrongRow("entry", TRIES, 5_000, 10 * MINUTE_MS, lock_ms=LONGEST_LOCK_MS)
    memory = booted(PinMemory(readers=(row,)), 12 * MINUTE_MS)
    memory = booted(memory, 15 * MINUTE_MS)

    assert memory.readers[0].locked_until_ms == 1_000 + LONGEST_LOCK_MS - 5 * MINUTE_MS


@pytest.mark.parametrize(("ago_ms", "kept"), [(LOCKS_FORGOTTEN_MS - 1, 1), (LOCKS_FORGOTTEN_MS, 0)])
def test_after_an_hour_a_restart_forgets_a_row(ago_ms: int, kept: int) -> None:
    row = WrongRow("entry", 1, 5_000, 10 * MINUTE_MS)

    assert len(booted(PinMemory(readers=(row,)), 10 * MINUTE_MS + ago_ms).readers) == kept


@pytest.mark.parametrize(("ago_ms", "wrong"), [(FORGOTTEN_MS - 1, 2), (FORGOTTEN_MS, 1)])
def test_a_row_ends_when_nothing_wrong_was_typed_for_ten_minutes(ago_ms: int, wrong: int) -> None:
    row = WrongRow(ENTRY, 1, 5_000, MINUTE_MS)
    denied = AccessDenied(ENTRY, CARD, None, Reason.WRONG_PIN, "", 5_000 + ago_ms)
    memory = fold(PinMemory(readers=(row,)), denied, RecordedAt(5_000 + ago_ms, MINUTE_MS + ago_ms, 1))

    assert memory.readers[0].wrong == wrong


# ---------------------------------------------------------------- duress


def under_threat(life: KeypadLife, reader: ReaderId, member: object = RIDER) -> None:
    life.show(RIDER if member is RIDER else OTHER, reader)
    life.type(reader)
    life.answer(PinVerdict.DURESS, reader)


def test_two_calls_for_help_at_one_reader_are_one_and_at_two_readers_two() -> None:
    life = KeypadLife()
    under_threat(life, ENTRY)
    under_threat(life, SIDE)
    under_threat(life, ENTRY, OTHER)

    assert life.state.durable.pins.duress == (DuressCall(SIDE, RIDER.id), DuressCall(ENTRY, OTHER.id))
    details = {alarm.source: alarm.detail for alarm in life.state.durable.alarms if alarm.code is AlarmCode.DURESS}
    assert details == {str(ENTRY): f"member {RIDER.id}", str(SIDE): f"member {RIDER.id}"}


def test_help_that_is_seen_at_one_reader_is_still_wanted_at_the_other() -> None:
    life = KeypadLife()
    under_threat(life, ENTRY)
    under_threat(life, SIDE)
    alarm = next(each for each in life.state.durable.alarms if each.key == (AlarmCode.DURESS, str(ENTRY)))
    life.do(events.AcknowledgeRequested(events.AlarmSeen(*alarm.key, alarm.since_ms, "zhou")))

    assert kinds(life.last) == ["alarm.acknowledged", "alarm.cleared"]
    assert life.state.durable.pins.duress == (DuressCall(SIDE, RIDER.id),)
    active = [each.source for each in life.state.durable.alarms if each.code is AlarmCode.DURESS and each.active]
    assert active == [str(SIDE)]


def test_an_acknowledgement_of_something_else_answers_no_call_for_help() -> None:
    memory = PinMemory(duress=(DuressCall(ENTRY, MemberId("rider-1")),))
    seen = AlarmAcknowledged(AlarmCode.DOOR_FORCED, str(ENTRY), "zhou", 1)

    assert fold(memory, seen, RecordedAt(1, 1, 1)) is memory


def test_a_station_without_keypads_has_no_alarm_of_guessing() -> None:
    assert AlarmCode.PIN_GUESSING not in Life().alarms()
