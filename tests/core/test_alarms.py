"""Alarms stand exactly while their conditions do."""

from dataclasses import replace

import pytest

from contract.ids import ReaderId, Stream
from contract.records import AlarmCleared, AlarmCode, AlarmRaised, Priority
from edge.core import events
from edge.core.alarm_codes import LATCHING, OFF_DELAY_MS, ON_DELAY_MS, PRIORITY
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.events import StorageStatus
from edge.core.state import MAX_CHILDREN, MAX_STANDING_ALARMS, Alarm
from edge.core.station import deadline, step
from tests.core.support import CARD, CONFIG, ENTRY, WALL_MS, Life, kinds, only

CASES: list[tuple[AlarmCode, events.Event, events.Event]] = [
    (AlarmCode.FIRE, events.FireChanged(True), events.FireChanged(False)),
    (AlarmCode.GPIO_LOST, events.GpioChanged(False, "gone"), events.GpioChanged(True)),
    (AlarmCode.UPLINK_DOWN, events.UplinkChanged(False, "refused"), events.UplinkChanged(True)),
    (AlarmCode.READER_OFFLINE, events.ReaderChanged(ENTRY, False, "silent"), events.ReaderChanged(ENTRY, True)),
    (AlarmCode.CHILD_RESTARTING, events.ChildRestarting("uplink", "killed"), events.ChildRunning("uplink")),
    (AlarmCode.CLOCK_UNTRUSTED, events.ClockChanged(False), events.ClockChanged(True, 12)),
    (AlarmCode.ROSTER_UNAVAILABLE, events.RosterChanged(False, "locked"), events.RosterChanged(True)),
    (AlarmCode.STORAGE_FULL, events.StorageChanged(StorageStatus.FULL), events.StorageChanged(StorageStatus.OK)),
    (
        AlarmCode.STORAGE_UNAVAILABLE,
        events.StorageChanged(StorageStatus.UNAVAILABLE, "locked"),
        events.StorageChanged(StorageStatus.RECOVERING),
    ),
    (AlarmCode.RECORDS_DROPPED, events.RecordsDropped(Stream.EVENTS, 3), events.StorageChanged(StorageStatus.OK)),
]
TOLD_ONCE: list[tuple[AlarmCode, events.Event]] = [
    (AlarmCode.CONFIG_REFUSED, events.ConfigRefused("door.toml: [door] release_ms")),
    (AlarmCode.JOURNAL_RESET, events.JournalReset("unreadable")),
    (AlarmCode.JOURNAL_FORKED, events.JournalForkDetected("e" * 32, "another digest")),
]


@pytest.mark.parametrize(("code", "begins", "ends"), CASES, ids=lambda value: str(value) if value in PRIORITY else "")
def test_an_alarm_stands_from_its_delay_until_its_condition_ends(
    code: AlarmCode, begins: events.Event, ends: events.Event
) -> None:
    life = Life()
    delay_ms = ON_DELAY_MS.get(code, 0)
    seen = list(life.do(begins))
    if delay_ms:
        seen += life.wait(delay_ms - 1)
        assert code not in life.alarms()
        seen += life.wait(1)

    raised = only(seen, AlarmRaised)
    assert (raised.code, raised.priority) == (code, PRIORITY[code])
    assert code in life.alarms()

    seen = list(life.do(ends))
    off_delay_ms = OFF_DELAY_MS.get(code, 0)
    if off_delay_ms:
        seen += life.wait(off_delay_ms - 1)
        assert code in life.alarms()
        seen += life.wait(1)
    cleared = only(seen, AlarmCleared)
    assert (cleared.code, cleared.latched) == (code, code in LATCHING)
    assert life.alarms() == set()


@pytest.mark.parametrize(("code", "begins", "ends"), [case for case in CASES if case[0] in OFF_DELAY_MS])
def test_an_alarm_that_comes_and_goes_within_its_off_delay_is_one_alarm(
    code: AlarmCode, begins: events.Event, ends: events.Event
) -> None:
    life = Life()
    life.do(begins)
    life.wait(ON_DELAY_MS.get(code, 0))
    for _ in range(5):
        life.do(ends)
        life.wait(OFF_DELAY_MS[code] - 1)
        life.do(begins)
        life.wait(OFF_DELAY_MS[code] * 3)

    told = [kind for kind in kinds(record for record, _ in life.records) if kind.startswith("alarm")]
    assert told == ["alarm.raised"]


@pytest.mark.parametrize(("code", "begins", "ends"), [case for case in CASES if case[0] in ON_DELAY_MS])
def test_a_condition_shorter_than_its_delay_is_nobodys_business(
    code: AlarmCode, begins: events.Event, ends: events.Event
) -> None:
    life = Life()
    life.do(begins)
    life.wait(ON_DELAY_MS[code] - 1)
    life.do(ends)
    life.wait(ON_DELAY_MS[code] * 2)

    assert not any(isinstance(record, AlarmRaised) for record, _ in life.records)
    assert deadline(life.state) is None


@pytest.mark.parametrize(("code", "told"), TOLD_ONCE)
def test_what_is_told_once_stands_for_the_run_in_which_it_was_told(code: AlarmCode, told: events.Event) -> None:
    life = Life(booted=False)
    life.boot()
    life.do(told)
    life.levels()
    assert code in life.alarms()

    life.boot()
    life.do(told)
    assert life.levels() == [], "told again before the levels: it simply goes on"

    life.boot()
    assert code in life.alarms()
    life.levels()
    assert code not in life.alarms()


def test_every_code_has_a_priority() -> None:
    assert set(PRIORITY) == set(AlarmCode)


def test_an_alarm_says_since_when_and_why() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink", "no heartbeat"))

    (alarm,) = life.state.durable.alarms
    assert (alarm.source, alarm.detail, alarm.priority) == ("uplink", "no heartbeat", Priority.LOW)
    assert alarm.since_ms == WALL_MS + life.mono_ms


def test_two_children_are_two_alarms() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.do(events.ChildRestarting("reader"))
    life.do(events.ChildRunning("uplink"))
    life.wait(OFF_DELAY_MS[AlarmCode.CHILD_RESTARTING])

    assert [(alarm.code, alarm.source) for alarm in life.state.durable.alarms] == [
        (AlarmCode.CHILD_RESTARTING, "reader")
    ]


def test_an_alarm_outlives_a_boot_until_its_part_says_otherwise() -> None:
    life = Life()
    life.do(events.ReaderChanged(ENTRY, False))
    life.wait(ON_DELAY_MS[AlarmCode.READER_OFFLINE])
    life.boot()
    life.levels()
    assert AlarmCode.READER_OFFLINE in life.alarms(), "the reader has not been heard of"

    life.do(events.ReaderChanged(ENTRY, True))
    life.wait(OFF_DELAY_MS[AlarmCode.READER_OFFLINE])
    assert life.alarms() == set()


def test_storage_and_roster_that_say_nothing_once_the_run_is_under_way_are_well() -> None:
    life = Life()
    life.do(events.StorageChanged(StorageStatus.FULL))
    life.do(events.RosterChanged(False))
    life.boot()
    assert len(life.alarms()) == 2

    life.levels()
    assert life.alarms() == set()


def test_a_look_up_that_fails_is_an_alarm_until_one_succeeds() -> None:
    life = Life()
    life.do(events.CardPresented(ENTRY, CARD, None, life.mono_ms, roster_available=False))
    assert [(alarm.code, alarm.source) for alarm in life.state.durable.alarms] == [
        (AlarmCode.ROSTER_UNAVAILABLE, "look-up")
    ]

    life.card()
    assert life.alarms() == set()


def test_an_alarm_of_a_reader_that_was_taken_away_is_over() -> None:
    life = Life()
    life.do(events.ReaderChanged(ENTRY, False))
    life.wait(ON_DELAY_MS[AlarmCode.READER_OFFLINE])
    life.config = replace(CONFIG, readers=(ReaderId("other"),))
    life.boot()

    assert life.levels() == [AlarmCleared(AlarmCode.READER_OFFLINE, ENTRY)]


def test_a_reader_that_the_station_does_not_have_is_not_heard() -> None:
    life = Life()

    assert life.do(events.ReaderChanged(ReaderId("other"), False)) == []
    assert list(life.state.volatile.parts.readers) == [ENTRY]


def test_children_are_remembered_up_to_a_bound() -> None:
    life = Life()
    for number in range(MAX_CHILDREN + 10):
        life.do(events.ChildRestarting(f"child-{number}"))

    assert len(life.state.volatile.parts.children) == MAX_CHILDREN
    assert sum(alarm.code is AlarmCode.CHILD_RESTARTING for alarm in life.state.durable.alarms) == MAX_CHILDREN


def test_standing_alarms_are_bounded_and_the_rest_waits_for_room() -> None:
    life = Life()
    full = tuple(
        replace(alarm, source=f"gone-{number}")
        for number, alarm in enumerate(
            [raised_alarm(life)] * MAX_STANDING_ALARMS,
        )
    )
    durable = replace(life.state.durable, alarms=full)
    parts = replace(life.state.volatile.parts, levels_read=False)
    life.state = replace(life.state, durable=durable, volatile=replace(life.state.volatile, parts=parts))

    assert life.do(events.ChildRestarting("uplink")) == []
    assert len(life.state.durable.alarms) == MAX_STANDING_ALARMS

    life.levels()
    assert AlarmRaised(AlarmCode.CHILD_RESTARTING, "uplink", Priority.LOW, "") not in life.last
    life.do(events.ChildRestarting("uplink", "again"))
    assert [alarm.source for alarm in life.state.durable.alarms] == ["uplink"]


def crowded(life: Life, priority: Priority) -> None:
    """No room: everything listed stands, as the last run left it."""
    full = tuple(
        Alarm(AlarmCode.LOAD_FAULT, str(number), priority, "", number) for number in range(MAX_STANDING_ALARMS)
    )
    life.state = replace(life.state, durable=replace(life.state.durable, alarms=full))


@pytest.mark.parametrize("priority", [Priority.LOW, Priority.HIGH])
def test_a_fire_has_a_place_however_many_alarms_stand(priority: Priority) -> None:
    life = Life()
    crowded(life, priority)
    life.do(events.FireChanged(True))

    assert [record for record in life.last if isinstance(record, AlarmCleared)] == [
        AlarmCleared(AlarmCode.LOAD_FAULT, "0")
    ]
    assert only(life.last, AlarmRaised).code is AlarmCode.FIRE
    assert len(life.state.durable.alarms) == MAX_STANDING_ALARMS
    assert AlarmCode.FIRE in life.alarms()


def test_what_is_of_the_same_priority_waits_for_room() -> None:
    life = Life()
    crowded(life, Priority.LOW)

    assert life.do(events.ChildRestarting("uplink")) == []
    life.do(events.ChildRestarting("reader"))
    assert only(life.last, AlarmRaised).priority is Priority.HIGH


def raised_alarm(life: Life) -> Alarm:
    """Some alarm, taken from a life of its own."""
    other = Life(life.config)
    other.do(events.FireChanged(True))
    return other.state.durable.alarms[0]


def test_a_long_detail_is_cut() -> None:
    life = Life()

    assert len(only(life.do(events.GpioChanged(False, "x" * 10_000)), AlarmRaised).detail) == 200


def test_readers_show_a_lasting_sign_and_take_it_back() -> None:
    life = Life()
    life.open()
    life.do(events.FireChanged(True))
    life.do(events.FireChanged(False))
    life.close()

    assert [effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)] == [
        Feedback.FORCED,
        Feedback.EVACUATE,
        Feedback.FORCED,
        Feedback.IDLE,
    ]


def test_a_step_is_a_function_of_state_event_and_time() -> None:
    life = Life()
    before, now = life.state, life.now()
    event = events.FireChanged(True)

    assert step(CONFIG, before, event, now) == step(CONFIG, before, event, now)
    assert "alarm.raised" in kinds(life.do(event))
