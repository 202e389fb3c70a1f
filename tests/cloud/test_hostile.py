"""What a station that lies, or a program that is broken, can make the cloud do: nothing to anybody but itself."""

import asyncio
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from cloud.domain import live
from cloud.domain.fleet import station_details
from cloud.domain.scope import Scope
from cloud.ingest.commit import Committer
from cloud.ingest.inbox import Journal, Unreadable, read
from cloud.projector.picture import CLOCK_AHEAD_MS
from cloud.projector.round import Rounds, Said
from cloud.store.database import Database
from contract.codec import CodecError, decode, encode
from contract.messages import StandingAlarm, StationState
from contract.records import AlarmCode, Priority
from contract.topics import Leaf, Topic
from tests.cloud.conftest import OTHER_STATION, STATION
from tests.cloud.station_client import FakeJournal, connect
from tests.cloud.test_commit import arrive, now_ms, publish
from tests.cloud.test_ingest_worker import ingesting
from tests.cloud.test_projector import detail, granted, run, say, state_of


def alarm_saying(**values: Any) -> dict[str, Any]:
    return {"alarms": [{"code": "a", "source": "s", "priority": "high", "detail": "d", "since_ms": 1} | values]}


HOSTILE_STATES: list[dict[str, Any]] = [
    {"software": "a\x00b"},
    {"software": "a\ud800b"},
    {"software": "x" * 1_000_000},
    {"storage": "\x00"},
    {"people": 2**63},
    {"people": 10**400},
    {"boot": 2**63},
    {"n": 2**64},
    {"at_ms": 2**63},
    {"at_ms": -(2**64)},
    {"unacknowledged": 2**70},
    {"roster": {"cn": 2**70}},
    {"roster": {"c\x00n": 1}},
    {"roster": {f"n{i}": 1 for i in range(50_000)}},
    alarm_saying(code="a\x00"),
    alarm_saying(source="s\x00"),
    alarm_saying(since_ms=2**63),
    alarm_saying(detail="\ud800"),
    {"readers": [{"id": "\x00", "online": True}]},
]


@pytest.mark.parametrize("lie", HOSTILE_STATES, ids=lambda lie: ascii(lie)[:40])
def test_a_strange_state_is_refused_or_shown(database: Database, lie: dict[str, Any]) -> None:
    honest = json.loads(state_of(FakeJournal(), 1).model_dump_json())
    try:
        said = decode(StationState, json.dumps(honest | lie).encode())
    except CodecError:
        return
    run(Rounds(database), say(said))
    live.snapshot(database, Scope.whole()).model_dump_json()


def test_what_no_database_takes_harms_only_the_station_that_said_it(database: Database) -> None:
    rounds, journal = Rounds(database), FakeJournal()
    poison = state_of(FakeJournal(), 1).model_copy(update={"boot": 2**63})
    honest = Said(OTHER_STATION, state_of(journal, 1, people=7), False, now_ms())
    run(rounds, [*say(poison), honest])
    with database.read() as connection:
        shown = station_details(connection, Scope.whole(), [STATION, OTHER_STATION])
    assert [item.detail.people for item in shown] == [None, 7]


def test_an_alarm_from_a_clock_that_ran_ahead_ends_when_the_clock_is_right_again(database: Database) -> None:
    rounds, journal = Rounds(database), FakeJournal()
    ahead_ms = now_ms() + 10 * 365 * 86_400_000
    standing = StandingAlarm(
        code=AlarmCode.DOOR_HELD, source="", priority=Priority.HIGH, detail="held", since_ms=ahead_ms
    )
    run(rounds, say(state_of(journal, 1, at_ms=ahead_ms, alarms=[standing])))
    assert [shown.code for shown in detail(database).alarms] == ["door_held"]
    later_ms = now_ms() + 2 * CLOCK_AHEAD_MS
    run(rounds, say(state_of(journal, 2, at_ms=later_ms), at_ms=later_ms))
    assert detail(database).alarms == []


HOSTILE_RECORDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (kind, body, values)
    for kind in (
        "access.granted",
        "alarm.raised",
        "alarm.cleared",
        "journal.forked",
        "x",
    )
    for body, values in (
        ({}, {}),
        ({"code": [], "source": {}, "priority": 3, "detail": None, "previous_epoch": 7, "reason": []}, {}),
        ({"member": ["x"], "reader": 3}, {}),
        ({}, {"recorded_at_ms": 253_370_764_799_999}),
        ({}, {"recorded_at_ms": 0}),
        ({}, {"mono_ms": -(2**63), "boot": 2**63 - 1}),
        ({"a": 1e308, "b": 1.5e-320}, {}),
        ({"code": "x" * 100_000}, {}),
    )
]


@pytest.mark.parametrize("lie", HOSTILE_RECORDS, ids=lambda lie: ascii(lie)[:60])
def test_a_strange_record_never_stops_the_picture(
    database: Database, lie: tuple[str, dict[str, Any], dict[str, Any]]
) -> None:
    kind, body, values = lie
    rounds, journal = Rounds(database), FakeJournal()
    journal.add(kind, body, **values)
    journal.add("access.granted", granted())
    Committer(database).commit([publish(journal.batch(1, 2))])
    run(rounds)
    live.snapshot(database, Scope.whole()).model_dump_json()
    assert detail(database).journal[0].through_seq == 2


def test_what_waits_is_weighed_as_it_is_and_not_as_it_was_compressed() -> None:
    journal = FakeJournal()
    for _ in range(100):
        journal.add(body={"zeros": "0" * 10_000})
    item = publish(journal.batch(1, 100))
    assert isinstance(item, Journal)
    assert len(item.payload) < 50_000
    assert item.weight_bytes > 1_000_000
    bomb = zlib.compress(json.dumps({"software": "x" * 4_000_000}).encode(), 9)
    refused = read(str(Topic(STATION, Leaf.HELLO)), bomb, None, now_ms())
    assert isinstance(refused, Unreadable)
    assert refused.weight_bytes == len(bomb)


def test_what_is_said_of_a_message_is_short_however_long_the_message() -> None:
    boast = zlib.compress(json.dumps({"v": "9" * 4_000_000}).encode(), 9)
    refused = read(str(Topic(STATION, Leaf.HELLO)), boast, None, now_ms())
    assert isinstance(refused, Unreadable)
    assert len(refused.reason) < 200
    assert len(repr(read("x" * 60_000, b"x" * 1_000_000, None, now_ms()))) < 1_000


def test_correlation_data_of_another_stream_change_nothing(database: Database) -> None:
    journal = FakeJournal()
    journal.add_many(2)
    broken = journal.batch(1, 2).model_copy(update={"previous_digest": "f" * 64})
    (answer,) = Committer(database).commit([arrive(encode(broken), f"{'b' * 32}:telemetry:77:1")])
    assert answer.ack.unreadable == f"{journal.epoch}:{journal.stream}:1:2"


def test_megabytes_in_one_packet_do_not_stop_the_stream_behind_them(
    database: Database, mosquitto_port: int, tmp_path: Path
) -> None:
    async def scenario() -> None:
        journal = FakeJournal()
        journal.add_many(2)
        async with ingesting(database, mosquitto_port, tmp_path), connect(mosquitto_port, STATION) as station:
            await station.send_bytes(Leaf.JOURNAL, b"x" * 3_000_000, correlation=f"{journal.epoch}:events:1:1")
            await station.ship(journal, 1, 2)
            await station.acknowledged(journal, 2)

    asyncio.run(scenario())
