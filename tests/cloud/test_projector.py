"""The fleet's picture: from records, states and findings, numbered without gaps, the same in any order."""

import secrets
import time
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from cloud.api.models import StationDetail
from cloud.domain.fleet import newest_change, station_details
from cloud.domain.scope import Scope
from cloud.ingest.commit import Committer
from cloud.projector.round import GAP_WAIT_MS, SILENT_MS, Done, Rounds, Said
from cloud.store.database import Database
from cloud.store.tables import alarm, change, day_counter, live_state, received_range, record
from contract.ids import Session, Stream
from contract.messages import DoorState, Online, StandingAlarm, StationState
from contract.records import AlarmCode, DoorMode, Posture, Priority
from tests.cloud.conftest import STATION
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_commit import now_ms, publish


def state_of(journal: FakeJournal, n: int, **changes: Any) -> StationState:
    values: dict[str, Any] = {"epoch": journal.epoch, "boot": 1, "session": "ab" * 8, "n": n, "at_ms": now_ms()}
    values |= {"clock_trusted": True, "software": "t", "posture": Posture.SECURE, "people": 0, "people_sure": True}
    door = DoorState(mode=DoorMode.SECURED, contact_open=False, lock_released=False)
    return StationState.model_validate(values | {"door": door, "readers": [], "alarms": []} | changes)


def say(*messages: StationState | Online, retained: bool = False, at_ms: int | None = None) -> list[Said]:
    received = now_ms() if at_ms is None else at_ms
    return [Said(STATION, message, retained, received) for message in messages]


def run(rounds: Rounds, said: Sequence[Said] = (), at_ms: int | None = None, *, sweep: bool = False) -> Done:
    return rounds.run(said, now_ms() if at_ms is None else at_ms, broker_connected=True, sweep=sweep)


def detail(database: Database) -> StationDetail:
    with database.read() as connection:
        return station_details(connection, Scope.whole(), [STATION])[0].detail


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(select(change.c.number).order_by(change.c.number)))


def granted() -> dict[str, Any]:
    return {"reader": "entry", "credential": "c", "member": "m1", "rule": "r", "presented_mono_ms": 1}


def alarm_body(code: AlarmCode = AlarmCode.DOOR_HELD) -> dict[str, Any]:
    return {"code": code, "source": "", "priority": Priority.HIGH, "detail": "door held"}


def test_records_become_changes_in_order_and_are_counted(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    journal.add("access.granted", granted())
    journal.add("access.denied", granted())
    journal.add("access.granted", granted())
    Committer(database).commit([publish(journal.batch(1, 3))])
    assert rounds.has_work(now_ms())
    assert run(rounds) == Done(changes=3, more=False)
    assert not rounds.has_work(now_ms())
    shown = detail(database)
    assert (shown.entries_today, shown.denials_today) == (2, 1)
    assert numbers(database) == [1, 2, 3]


def test_whoever_is_let_out_has_not_come_in(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    journal.add("access.granted", granted())
    journal.add("access.granted", {**granted(), "direction": "out"})
    Committer(database).commit([publish(journal.batch(1, 2))])
    run(rounds)
    assert detail(database).entries_today == 1


def test_telemetry_is_stored_and_makes_no_change(database: Database) -> None:
    telemetry, rounds = FakeJournal(stream=Stream.TELEMETRY), Rounds(database)
    telemetry.add_many(3)
    Committer(database).commit([publish(telemetry.batch(1, 3))])
    assert run(rounds).changes == 0
    assert not rounds.has_work(now_ms())
    assert detail(database).journal[0].through_seq == 3


def test_a_hole_holds_the_picture_back_for_a_minute_and_what_fills_it_late_is_still_counted(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    for _ in range(6):
        journal.add("access.granted", granted())
    Committer(database).commit([publish(journal.batch(1, 2)), publish(journal.batch(5, 6))])
    run(rounds)
    assert detail(database).entries_today == 2
    assert not rounds.has_work(now_ms())
    later = now_ms() + GAP_WAIT_MS + 1
    assert rounds.has_work(later)
    run(rounds, at_ms=later)
    assert detail(database).entries_today == 4
    assert not rounds.has_work(later)
    Committer(database).commit([publish(journal.batch(3, 4))])
    run(rounds)
    assert detail(database).entries_today == 6
    assert numbers(database) == [1, 2, 3, 4, 5, 6]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([(1, 2), (3, 3), (4, 6), (7, 8)]), st.booleans())
def test_the_order_in_which_batches_come_does_not_change_the_picture(
    database: Database, order: list[tuple[int, int]], impatient: bool
) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    start = now_ms()
    with database.write() as connection:
        for table in (alarm, change, day_counter, live_state, received_range, record):
            connection.execute(delete(table))
    kinds = ["alarm.raised", "access.granted", "alarm.cleared", "alarm.raised", "access.denied", "alarm.cleared"]
    for index, kind in enumerate([*kinds, "alarm.raised", "access.granted"]):
        body = alarm_body() if kind.startswith("alarm") else granted()
        journal.add(kind, body, recorded_at_ms=start + index)
    for first, last in order:
        Committer(database).commit([publish(journal.batch(first, last))])
        run(rounds, at_ms=now_ms() + (GAP_WAIT_MS + 1 if impatient else 0))
    shown = detail(database)
    assert (shown.entries_today, shown.denials_today) == (2, 1)
    assert [(item.code, item.since_ms) for item in shown.alarms] == [("door_held", start + 6)]
    first_number = numbers(database)[0]
    assert numbers(database) == list(range(first_number, first_number + 8))


def test_the_state_shows_the_door_and_an_older_one_is_ignored(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    run(rounds, say(state_of(journal, 5, people=3)))
    run(rounds, say(state_of(journal, 4, people=9)))
    shown = detail(database)
    assert (shown.people, shown.posture, shown.online) == (3, Posture.SECURE, True)
    assert shown.door is not None
    assert shown.door.mode is DoorMode.SECURED


def test_a_state_that_says_nothing_new_is_no_change(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    assert run(rounds, say(state_of(journal, 1))).changes == 1
    assert run(rounds, say(state_of(journal, 2))).changes == 0
    assert run(rounds, say(state_of(journal, 4, session_age_ms=120_000))).changes == 0
    assert run(rounds, say(state_of(journal, 5, people=1))).changes == 1


def test_the_will_of_an_older_session_is_ignored(database: Database) -> None:
    rounds = Rounds(database)
    first, second = Session("aa" * 8), Session("bb" * 8)
    run(rounds, say(Online(session=first, online=True)))
    run(rounds, say(Online(session=second, online=True)))
    run(rounds, say(Online(session=first, online=False)))
    assert detail(database).online
    run(rounds, say(Online(session=second, online=False)))
    assert not detail(database).online


def test_a_station_that_falls_silent_is_offline_until_its_next_state(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    start = now_ms()
    run(rounds, say(Online(session=Session("ab" * 8), online=True)))
    run(rounds, say(state_of(journal, 1)))
    run(rounds, at_ms=start + SILENT_MS + 2_000, sweep=True)
    assert not detail(database).online
    run(rounds, say(state_of(journal, 2)))
    assert detail(database).online


def test_the_states_list_of_alarms_is_the_whole_truth_and_older_records_do_not_revive_any(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    hour_ago = now_ms() - 3_600_000
    journal.add("alarm.raised", alarm_body(), recorded_at_ms=hour_ago)
    fire = StandingAlarm(code=AlarmCode.FIRE, source="", priority=Priority.URGENT, detail="fire", since_ms=hour_ago)
    run(rounds, say(state_of(journal, 1, alarms=[fire])))
    Committer(database).commit([publish(journal.batch(1, 1))])
    run(rounds)
    assert [item.code for item in detail(database).alarms] == ["fire"]
    run(rounds, say(state_of(journal, 2)))
    assert detail(database).alarms == []


def test_an_alarm_record_newer_than_the_state_is_shown_at_once(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    run(rounds, say(state_of(journal, 1, at_ms=now_ms() - 5_000)))
    journal.add("alarm.raised", alarm_body())
    Committer(database).commit([publish(journal.batch(1, 1))])
    run(rounds)
    assert [item.code for item in detail(database).alarms] == ["door_held"]


def test_a_fork_is_an_alarm_of_the_fleet(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    journal.add_many(3)
    clone = journal.fork_at(2)
    clone.add(kind="fire.started")
    Committer(database).commit([publish(journal.batch(1, 3))])
    Committer(database).commit([publish(clone.batch(3, 3))])
    run(rounds)
    assert [item.code for item in detail(database).alarms] == ["journal_forked"]
    assert numbers(database) == [1, 2, 3, 4]


def test_two_devices_that_throw_each_other_out_are_noticed(database: Database) -> None:
    rounds = Rounds(database)
    for _ in range(4):
        run(rounds, say(Online(session=Session("aa" * 8), online=True), Online(session=Session("bb" * 8), online=True)))
    assert [item.code for item in detail(database).alarms] == ["duplicate_identity"]
    run(rounds, at_ms=now_ms() + 600_000, sweep=True)
    assert detail(database).alarms == []


def test_a_station_that_reconnects_now_and_then_is_no_duplicate(database: Database) -> None:
    rounds, start = Rounds(database), now_ms()
    for index in range(12):
        session = Session(secrets.token_hex(8))
        run(rounds, say(Online(session=session, online=True), at_ms=start + index * 20_000))
    assert detail(database).alarms == []


def test_a_journal_that_comes_back_after_its_successor_means_two_devices(database: Database) -> None:
    first, second, rounds = FakeJournal(), FakeJournal(), Rounds(database)
    run(rounds, say(state_of(first, 1), state_of(second, 1)))
    assert detail(database).alarms == []
    run(rounds, say(state_of(first, 2)))
    assert [item.code for item in detail(database).alarms] == ["duplicate_identity"]


def test_change_numbers_have_no_gaps_after_a_round_that_failed(database: Database) -> None:
    journal, rounds = FakeJournal(), Rounds(database)
    journal.add_many(4)
    Committer(database).commit([publish(journal.batch(1, 2))])
    run(rounds)
    broken = Rounds(database)
    Committer(database).commit([publish(journal.batch(3, 4))])
    try:
        with database.write() as connection:
            # A round that has read its work and dies before its commit.
            connection.execute(update(received_range).values(applied_through=4))
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    run(broken)
    assert numbers(database) == [1, 2, 3, 4]
    with database.read() as connection:
        assert newest_change(connection) == 4


def test_two_projectors_do_not_apply_anything_twice(database: Database) -> None:
    journal = FakeJournal()
    for _ in range(10):
        journal.add("access.granted", granted(), recorded_at_ms=time.time_ns() // 1_000_000)
    Committer(database).commit([publish(journal.batch(1, 10))])
    run(Rounds(database))
    run(Rounds(database))
    assert detail(database).entries_today == 10
    assert numbers(database) == list(range(1, 11))
