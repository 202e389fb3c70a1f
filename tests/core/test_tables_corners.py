"""What tables say, entry by entry, where a missing one would be felt."""

from dataclasses import replace

import pytest

from contract.ids import Stream
from contract.policy.model import STALE_AFTER_MS
from contract.policy.passes import MAX_VALID_MS
from contract.records import AlarmCode, AlarmShelved, Priority, ReleaseCause, WelfareAnswered
from edge.core import events, guessing, pin_state
from edge.core.alarm_codes import LATCHING, OFF_DELAY_MS, ON_DELAY_MS
from edge.core.alarm_group import suppressed_by
from edge.core.alarm_state import Alarm, AlarmInput, AlarmState, transition
from edge.core.effects import Feedback, ReaderFeedback, ReleaseLock, Urgency
from edge.core.events import PinVerdict
from edge.core.occupancy import PEOPLE_BY_CAUSE
from edge.core.pin_state import LONGEST_LOCK_MS, TRIES, PinConfig
from tests.core.keypad_life import KeypadLife
from tests.core.people_support import PeopleLife, with_presence
from tests.core.support import CONFIG, Life, only

HOUR_MS = 3_600_000

# ---------------------------------------------------------------- alarms


def standing(code: AlarmCode, source: str) -> Alarm:
    return Alarm(code, source, Priority.HIGH, "", 1)


@pytest.mark.parametrize(
    ("cause", "source", "codes"),
    [
        (
            AlarmCode.MAINS_LOST,
            "station",
            {AlarmCode.SENSOR_OFFLINE, AlarmCode.READER_OFFLINE, AlarmCode.UPLINK_DOWN, AlarmCode.LOAD_FAULT},
        ),
        (
            AlarmCode.GPIO_LOST,
            "gpio",
            {AlarmCode.CONTACT_IMPLAUSIBLE, AlarmCode.LOCK_FAULT, AlarmCode.LOAD_FAULT},
        ),
        (AlarmCode.CHILD_RESTARTING, "reader", {AlarmCode.READER_OFFLINE}),
        (AlarmCode.CHILD_RESTARTING, "uplink", {AlarmCode.UPLINK_DOWN}),
        (AlarmCode.CHILD_RESTARTING, "sensors", {AlarmCode.SENSOR_OFFLINE}),
        (AlarmCode.CHILD_RESTARTING, "console", set()),
        (AlarmCode.SMOKE, "air", {AlarmCode.TOO_HOT}),
        (AlarmCode.FIRE, "fire", {AlarmCode.TOO_HOT}),
    ],
)
def test_an_alarm_is_shown_under_what_it_follows_from_and_no_other_is(
    cause: AlarmCode, source: str, codes: set[AlarmCode]
) -> None:
    asked = {
        AlarmCode.SENSOR_OFFLINE,
        AlarmCode.READER_OFFLINE,
        AlarmCode.UPLINK_DOWN,
        AlarmCode.LOAD_FAULT,
        AlarmCode.LOCK_FAULT,
        AlarmCode.CONTACT_IMPLAUSIBLE,
        AlarmCode.TOO_HOT,
        AlarmCode.DOOR_FORCED,
    }
    first = standing(cause, source)
    under = {code for code in asked if suppressed_by(alarm := standing(code, "x"), (first, alarm))}

    assert under == codes


@pytest.mark.parametrize(
    ("code", "on_ms", "off_ms"),
    [
        (AlarmCode.UPLINK_DOWN, 60_000, 10_000),
        (AlarmCode.CLOCK_UNTRUSTED, 600_000, 0),
        (AlarmCode.CHILD_RESTARTING, 0, 10_000),
        (AlarmCode.OVER_CAPACITY, 0, 10_000),
        (AlarmCode.LOAD_FAULT, 5_000, 0),
        (AlarmCode.FIRE, 0, 0),
        (AlarmCode.DURESS, 0, 0),
    ],
)
def test_what_comes_and_goes_has_its_time_and_what_a_life_hangs_on_none(
    code: AlarmCode, on_ms: int, off_ms: int
) -> None:
    assert (ON_DELAY_MS.get(code, 0), OFF_DELAY_MS.get(code, 0)) == (on_ms, off_ms)


def test_somebody_who_guessed_numbers_stays_listed_when_numbers_are_taken_again() -> None:
    life = KeypadLife()
    life.guess(TRIES)
    life.wait(LONGEST_LOCK_MS)
    listed = [alarm for alarm in life.state.durable.alarms if alarm.code is AlarmCode.PIN_GUESSING]

    assert [alarm.active for alarm in listed] == [False, False]
    assert AlarmCode.PIN_GUESSING in LATCHING


def test_a_forced_door_whose_alarm_is_put_aside_is_quiet() -> None:
    life = Life()
    life.open()
    aside = events.AlarmAside(AlarmCode.DOOR_FORCED, "door", 0, "zhou", "the lock is being replaced", for_ms=HOUR_MS)
    life.do(events.ShelveRequested(aside))
    shown = [effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)]

    assert shown[-2:] == [Feedback.FORCED, Feedback.IDLE]


def test_a_door_whose_alarm_is_put_aside_beforehand_does_not_warn_of_it_either() -> None:
    life = Life()
    aside = events.AlarmAside(AlarmCode.DOOR_HELD, "door", 0, "zhou", "a delivery", for_ms=HOUR_MS)
    life.do(events.ShelveRequested(aside))
    life.card()
    life.open()
    life.wait(CONFIG.door.held_pre_alarm_ms)
    shown = {effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)}

    assert Feedback.HELD_PRE_ALARM not in shown


@pytest.mark.parametrize("state", AlarmState)
def test_whatever_state_an_alarm_is_in_it_can_be_put_aside_for_another_time(state: AlarmState) -> None:
    shelved = transition(state, AlarmInput.PUT_ASIDE)

    assert shelved.record is AlarmShelved
    assert shelved.next in (AlarmState.SHELVED, AlarmState.SHELVED_QUIET)


def test_records_that_were_lost_twice_are_counted_together() -> None:
    life = Life()
    life.do(events.RecordsDropped(Stream.EVENTS, 7))
    life.do(events.RecordsDropped(Stream.EVENTS, 5))

    assert life.state.volatile.parts.records_dropped == 12


# ---------------------------------------------------------------- people


@pytest.mark.parametrize("cause", [ReleaseCause.CARD, ReleaseCause.FACE, ReleaseCause.PIN])
def test_whoever_is_let_in_by_name_is_one_more_and_waits_for_storage_only_within_the_budget(
    cause: ReleaseCause,
) -> None:
    assert PEOPLE_BY_CAUSE[cause] == 1
    assert ReleaseLock(cause).urgency is Urgency.BUDGETED


def test_what_nobody_stands_and_waits_for_waits_for_storage_and_what_saves_lives_for_nothing() -> None:
    assert ReleaseLock(ReleaseCause.FREE_ACCESS).urgency is Urgency.BUDGETED
    assert ReleaseLock(ReleaseCause.COMMAND).urgency is Urgency.AFTER_COMMIT
    assert {ReleaseLock(cause).urgency for cause in (ReleaseCause.FIRE, ReleaseCause.EXIT)} == {Urgency.AT_ONCE}
    assert len(Urgency) == 3


def test_a_number_alone_that_opens_counts_one_person() -> None:
    assert not PinConfig().codes_alone
    life = KeypadLife(alone=True)
    life.show()
    life.type()
    life.answer(PinVerdict.RIGHT)
    life.open()

    assert life.people()[0] == 1


def test_a_station_that_has_just_been_set_up_is_sure_that_nobody_is_inside() -> None:
    occupancy = Life().state.durable.occupancy

    assert (occupancy.people, occupancy.sure, occupancy.confidence_percent) == (0, True, 100)


@pytest.mark.parametrize(
    ("event", "how"),
    [(events.WelfareAnswerGiven(), "screen"), (events.WelfareAnswerGiven(attended=True), "attended")],
)
def test_a_hand_on_the_screen_answers_and_so_does_somebody_who_looks(
    event: events.WelfareAnswerGiven, how: str
) -> None:
    life = PeopleLife(with_presence(welfare_still_ms=60_000, welfare_night_still_ms=60_000))
    life.come_in()
    life.radar(still=True)
    life.watch(60_000)

    assert only(life.do(event), WelfareAnswered) == WelfareAnswered(how)


# ---------------------------------------------------------------- times that people are told


def test_times_that_documents_promise() -> None:
    assert MAX_VALID_MS == 24 * HOUR_MS, "a visit pass"
    assert STALE_AFTER_MS == 3_000, "a card that was shown too long ago"
    assert guessing.ANSWER_EVERY_MS == 2_000, "unknown cards, one after the other"
    assert guessing.FORGOTTEN_MS == 60_000
    assert pin_state.FORGOTTEN_MS == 600_000, "wrong numbers"
    assert replace(PinConfig()).pairing_ms == 10_000
