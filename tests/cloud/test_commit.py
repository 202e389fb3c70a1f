"""What ingest's transaction stores and what it may say, on both databases."""

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from cloud.ingest import commit as commit_module
from cloud.ingest.commit import Answer, Committer, Item
from cloud.ingest.inbox import Greeting, read
from cloud.store.bulk import RecordRow, bulk_insert
from cloud.store.database import Database
from cloud.store.tables import finding, fork, quarantine, received_range, record
from contract.codec import encode
from contract.ids import Epoch, Session, StationId, Stream
from contract.messages import Ack, Hello, JournalBatch
from contract.topics import Leaf, Topic
from tests.cloud.conftest import STATION
from tests.cloud.station_client import FakeJournal


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def publish(batch: JournalBatch, station: StationId = STATION) -> Item:
    """A batch as it arrives."""
    correlation = f"{batch.epoch}:{batch.stream}:{batch.first_seq}:{len(batch.records)}"
    return arrive(encode(batch), correlation, station)


def arrive(payload: bytes, correlation: str | None, station: StationId = STATION) -> Item:
    data = None if correlation is None else correlation.encode()
    item = read(str(Topic(station, Leaf.JOURNAL)), payload, data, now_ms())
    assert isinstance(item, Item)
    return item


def greet(journal: FakeJournal, received_at_ms: int | None = None) -> Greeting:
    hello = Hello(epoch=journal.epoch, session=Session("ab" * 8), boot=1, software="t", streams=[journal.head()])
    return Greeting(STATION, now_ms() if received_at_ms is None else received_at_ms, hello)


def ack_of(answers: Sequence[Answer]) -> Ack:
    assert len(answers) == 1
    return answers[0].ack


def count(database: Database, table: Any) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def findings(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(select(finding.c.code)))


def journal_of(records: int) -> FakeJournal:
    journal = FakeJournal()
    journal.add_many(records)
    return journal


def test_a_batch_is_stored_and_acknowledged_with_the_digest_at_its_end(database: Database) -> None:
    journal = journal_of(5)
    ack = ack_of(Committer(database).commit([publish(journal.batch(1, 5))]))
    assert (ack.through_seq, ack.through_digest, ack.forked) == (5, journal.records[4].digest, False)
    assert count(database, record) == 5


def test_the_prefix_waits_for_the_missing_batch_and_then_jumps(database: Database) -> None:
    journal, committer = journal_of(30), Committer(database)
    assert ack_of(committer.commit([publish(journal.batch(21, 30))])).through_seq == 0
    assert ack_of(committer.commit([publish(journal.batch(1, 10))])).through_seq == 10
    ack = ack_of(committer.commit([publish(journal.batch(11, 20))]))
    assert (ack.through_seq, ack.through_digest) == (30, journal.records[29].digest)


def test_what_comes_twice_is_stored_once(database: Database) -> None:
    journal, committer = journal_of(10), Committer(database)
    committer.commit([publish(journal.batch(1, 6)), publish(journal.batch(1, 6))])
    ack = ack_of(committer.commit([publish(journal.batch(4, 10))]))
    assert (ack.through_seq, ack.forked) == (10, False)
    assert count(database, record) == 10
    assert not findings(database)


def test_one_transaction_serves_many_stations_and_streams(database: Database) -> None:
    events, telemetry = journal_of(3), FakeJournal(stream=Stream.TELEMETRY)
    telemetry.add_many(2)
    other = journal_of(4)
    items = [publish(events.batch(1, 3)), publish(telemetry.batch(1, 2))]
    items.append(publish(other.batch(1, 4), StationId("yz-bj-0002")))
    answers = Committer(database).commit(items)
    assert sorted((str(item.station), str(item.ack.stream), item.ack.through_seq) for item in answers) == [
        ("yz-bj-0001", "events", 3),
        ("yz-bj-0001", "telemetry", 2),
        ("yz-bj-0002", "events", 4),
    ]


def test_a_station_that_is_not_registered_gets_no_answer_and_leaves_no_row(database: Database) -> None:
    item = publish(journal_of(2).batch(1, 2), StationId("stranger"))
    assert Committer(database).commit([item]) == []
    assert count(database, record) == 0
    assert count(database, received_range) == 0


def test_a_gap_record_stands_for_all_that_it_covers(database: Database) -> None:
    journal, committer = journal_of(10), Committer(database)
    committer.commit([publish(journal.batch(1, 4))])
    given_up = journal.records[7]
    body = {"stream": "events", "first": 5, "last": 8, "reason": "disk"}
    gap = given_up.model_copy(update={"kind": "journal.gap", "body": body})
    batch = journal.batch(5, 10).model_copy(update={"records": [gap, *journal.records[8:]]})
    ack = ack_of(committer.commit([publish(batch)]))
    assert (ack.through_seq, ack.through_digest) == (10, journal.records[9].digest)
    assert count(database, record) == 4 + 3


POISON: dict[str, dict[str, Any]] = {
    "NUL": {"body": {"text": "a\x00b"}},
    "NUL in a key": {"body": {"a\x00b": 1}},
    "NaN": {"body": {"value": float("nan")}},
    "infinity": {"body": {"value": float("-inf")}},
    "lone surrogate": {"body": {"deep": ["\ud800"]}},
    "2^63": {"body": {"value": 2**63}},
    "boot 2^63": {"boot": 2**63},
    "the year 300000": {"recorded_at_ms": 10**16},
    "before 1970": {"recorded_at_ms": -1},
    "NUL in the kind": {"kind": "bad\x00kind"},
    "nested too deep": {"body": {"a": json.loads("[" * 90 + "]" * 90)}},
    "nested far too deep": {"body": {"a": json.loads("[" * 400 + "]" * 400)}},
}


@pytest.mark.parametrize("values", POISON.values(), ids=POISON.keys())
def test_a_record_that_no_database_keeps_is_set_aside_and_its_neighbours_stored(
    database: Database, values: dict[str, Any]
) -> None:
    journal = FakeJournal()
    journal.add()
    journal.add(**values)
    journal.add()
    ack = ack_of(Committer(database).commit([publish(journal.batch(1, 3))]))
    assert (ack.through_seq, ack.through_digest) == (3, journal.records[2].digest)
    assert count(database, record) == 2
    with database.read() as connection:
        row = connection.execute(select(quarantine)).one()
    assert (row.seq, row.digest) == (2, journal.records[1].digest)
    assert json.loads(row.payload)["body"].keys() == journal.records[1].body.keys()
    assert json.loads(row.payload)["digest"] == journal.records[1].digest


def test_a_record_that_only_the_database_refuses_is_found_and_set_aside(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite keeps this as it is")
    monkeypatch.setattr("cloud.ingest.progress.unstorable", lambda _checked: None)
    poisoned, healthy = FakeJournal(), journal_of(3)
    poisoned.add()
    poisoned.add(body={"text": "a\x00b"})
    poisoned.add()
    answers = Committer(database).commit([publish(healthy.batch(1, 3)), publish(poisoned.batch(1, 3))])
    assert sorted(item.ack.through_seq for item in answers) == [3, 3]
    assert (count(database, record), count(database, quarantine)) == (5, 1)


def test_an_unreadable_batch_is_answered_so_that_it_is_halved(database: Database) -> None:
    epoch = "ab" * 16
    answers = Committer(database).commit([arrive(b"\x00not a message", f"{epoch}:events:1:8")])
    assert ack_of(answers) == Ack(unreadable=f"{epoch}:events:1:8")
    assert count(database, quarantine) == 0


def test_a_single_unreadable_record_is_kept_as_bytes_and_acknowledged(database: Database) -> None:
    journal, committer = journal_of(3), Committer(database)
    committer.commit([publish(journal.batch(1, 1))])
    ack = ack_of(committer.commit([arrive(b"\xffbroken", f"{journal.epoch}:events:2:1")]))
    assert (ack.through_seq, ack.through_digest) == (2, None)
    ack = ack_of(committer.commit([publish(journal.batch(3, 3))]))
    assert (ack.through_seq, ack.through_digest) == (3, journal.records[2].digest)
    with database.read() as connection:
        assert connection.execute(select(quarantine.c.payload)).scalar_one() == b"\xffbroken"


def test_what_cannot_be_read_or_answered_stops_nothing(database: Database) -> None:
    journal = journal_of(1)
    items = [arrive(b"{", None), arrive(b"[]", "nonsense"), publish(journal.batch(1, 1))]
    items.append(arrive(b"x" * 300_000, f"{journal.epoch}:events:2:2"))
    answers = Committer(database).commit(items)
    assert [item.ack.through_seq for item in answers if item.ack.epoch] == [1]
    assert [item.ack.unreadable for item in answers if item.ack.unreadable] == [f"{journal.epoch}:events:2:2"]


def test_a_broken_chain_is_halved_down_to_the_record_that_breaks_it(database: Database) -> None:
    journal, committer = journal_of(4), Committer(database)
    bent = journal.records[2].model_copy(update={"body": {"bent": True}})
    batch = journal.batch(1, 4).model_copy(update={"records": [*journal.records[:2], bent, journal.records[3]]})
    assert ack_of(committer.commit([publish(batch)])).unreadable == f"{journal.epoch}:events:1:4"
    assert count(database, record) == 0
    committer.commit([publish(journal.batch(1, 2))])
    alone = journal.batch(3, 3).model_copy(update={"records": [bent]})
    assert ack_of(committer.commit([publish(alone)])).through_seq == 3
    assert ack_of(committer.commit([publish(journal.batch(4, 4))])).through_seq == 4
    assert (count(database, record), count(database, quarantine)) == (3, 1)
    assert findings(database) == {"journal_corrupt"}


def test_a_cloned_card_is_a_fork_and_both_histories_are_kept(database: Database) -> None:
    journal, committer = journal_of(5), Committer(database)
    committer.commit([publish(journal.batch(1, 5))])
    clone = journal.fork_at(3)
    clone.add(kind="fire.started")
    clone.add(kind="fire.ended")
    ack = ack_of(committer.commit([publish(clone.batch(3, 5))]))
    assert (ack.forked, ack.through_seq, ack.through_digest) == (True, 5, journal.records[4].digest)
    assert (count(database, record), count(database, fork)) == (5, 2)
    assert findings(database) == {"journal_forked"}


def test_a_clone_that_goes_on_behind_our_head_is_a_fork_too(database: Database) -> None:
    journal, committer = journal_of(5), Committer(database)
    committer.commit([publish(journal.batch(1, 5))])
    clone = journal.fork_at(4)
    clone.add_many(3)
    ack = ack_of(committer.commit([publish(clone.batch(6, 7))]))
    assert (ack.forked, ack.through_seq) == (True, 5)
    assert (count(database, record), count(database, fork)) == (5, 2)


def test_a_hello_is_answered_from_what_is_committed(database: Database) -> None:
    journal, committer = journal_of(8), Committer(database)
    assert ack_of(committer.commit([greet(journal)])).through_seq == 0
    committer.commit([publish(journal.batch(1, 6))])
    ack = ack_of(committer.commit([greet(journal)]))
    assert (ack.through_seq, ack.through_digest, ack.forked) == (6, journal.records[5].digest, False)
    assert not findings(database)


def test_a_rolled_back_card_is_told_what_is_stored_and_raises_an_alarm(database: Database) -> None:
    journal, committer = journal_of(8), Committer(database)
    committer.commit([publish(journal.batch(1, 8))])
    ack = ack_of(committer.commit([greet(journal.fork_at(5), now_ms() + 5_000)]))
    assert (ack.forked, ack.through_seq, ack.through_digest) == (True, 8, journal.records[7].digest)
    assert findings(database) == {"journal_forked"}


def test_a_hello_with_another_last_record_is_a_fork(database: Database) -> None:
    journal, committer = journal_of(8), Committer(database)
    committer.commit([publish(journal.batch(1, 8))])
    clone = journal.fork_at(7)
    clone.add(kind="fire.started")
    assert ack_of(committer.commit([greet(clone)])).forked
    assert findings(database) == {"journal_forked"}


def test_a_cloud_restored_from_yesterday_says_what_it_lost_and_goes_on(database: Database) -> None:
    """The station has long dropped what the backup lacks; the prefix begins anew at what it still keeps."""
    journal, committer = journal_of(40), Committer(database)
    committer.commit([publish(journal.batch(1, 10))])
    journal.oldest_seq = 26
    ack = ack_of(committer.commit([greet(journal)]))
    assert ack.through_seq == 25
    ack = ack_of(committer.commit([publish(journal.batch(26, 40))]))
    assert (ack.through_seq, ack.forked) == (40, False)
    assert findings(database) == {"records_lost"}
    with database.read() as connection:
        assert "11–25" in connection.execute(select(finding.c.detail)).scalar_one()


def test_a_restored_cloud_takes_again_what_the_station_still_keeps(database: Database) -> None:
    journal, committer = journal_of(20), Committer(database)
    committer.commit([publish(journal.batch(1, 5))])
    assert ack_of(committer.commit([greet(journal)])).through_seq == 5
    assert ack_of(committer.commit([publish(journal.batch(6, 20))])).through_seq == 20
    assert not findings(database)


def test_a_stream_in_too_many_pieces_takes_no_further_piece(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.ingest.progress.MAX_RANGES", 3)
    journal, committer = journal_of(20), Committer(database)
    for first in (3, 6, 9):
        assert committer.commit([publish(journal.batch(first, first))])
    assert committer.commit([publish(journal.batch(12, 12))]) == []
    assert ack_of(committer.commit([publish(journal.batch(1, 10))])).through_seq == 10


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 8)), min_size=1, max_size=12), st.integers(1, 4))
def test_any_order_of_batches_gives_the_same_rows_and_the_right_prefix(
    database: Database, parts: list[tuple[int, int]], group: int
) -> None:
    journal, committer = journal_of(40), Committer(database)
    spans = [(first, min(first + more, 40)) for first, more in parts]
    items = [publish(journal.batch(first, last)) for first, last in spans]
    for start in range(0, len(items), group):
        committer.commit(items[start : start + group])
    held = {seq for first, last in spans for seq in range(first, last + 1)}
    prefix = next(seq for seq in range(1, 50) if seq not in held) - 1
    assert ack_of(committer.commit([greet(journal)])).through_seq == prefix
    with database.read() as connection:
        stored = list(connection.scalars(select(record.c.seq).where(record.c.epoch == journal.epoch)))
    assert sorted(stored) == sorted(held)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 20), min_size=1, max_size=30))
def test_bulk_insert_stores_a_row_once_however_often_it_comes(database: Database, seqs: list[int]) -> None:
    epoch = Epoch(FakeJournal().epoch)

    def row(seq: int) -> RecordRow:
        return RecordRow(STATION, epoch, "events", seq, 1_000 + seq, 5, 1, 1, True, "k", '{"a":"\\u9a7f"}', "0" * 64)

    with database.write() as connection:
        bulk_insert(connection, [row(seq) for seq in seqs])
        bulk_insert(connection, [row(seq) for seq in seqs])
    with database.read() as connection:
        rows = connection.execute(select(record).where(record.c.epoch == epoch)).all()
    assert sorted(item.seq for item in rows) == sorted(set(seqs))
    assert all(item.body == {"a": "驿"} and item.clock_trusted is True for item in rows)


def test_a_known_trouble_is_logged_once_and_the_list_of_known_ones_is_bounded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(commit_module, "LOGGED_SUBJECTS", 3)
    once = commit_module.OnceLog()
    for name in ("a", "a", "b", "a"):
        once.warn((name,), "trouble with %s", name)
    assert [entry.getMessage() for entry in caplog.records] == ["trouble with a", "trouble with b"]
