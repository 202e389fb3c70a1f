"""Writing: places, digests, groups, and what happens when the storage says no."""

import math
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codec import decode, encode
from contract.ids import Stream
from contract.messages import JournalBatch
from contract.records import Record, UnknownRecord
from edge.journal.errors import JournalError, RecordRefused, StorageBroken, StorageCorrupt, StorageLocked
from edge.journal.journal import Journal
from edge.journal.model import NewRecord
from edge.journal.storage import Connection, Rows, connect_sqlite
from tests.journal.support import NOW_MS, SMALL, broken_links, event, new, numbers, shipped, telemetry


def test_positions_count_without_holes_and_apart_for_each_stream(journal: Journal) -> None:
    first = journal.append([event(1), telemetry(1), event(2)])
    second = journal.append([event(3), telemetry(2)])
    places = [(appended.stream, appended.seq) for appended in first + second]
    events, health = Stream.EVENTS, Stream.TELEMETRY
    assert places == [(events, 1), (health, 1), (events, 2), (events, 3), (health, 2)]


def test_every_record_chains_to_the_one_before_it_over_restarts(path: Path) -> None:
    for start in range(3):
        journal = Journal.open(path, SMALL)
        journal.append([event(start * 10 + index) for index in range(4)])
        assert journal.verify().sound
        journal.close()
    batch = shipped(path)
    assert len(batch.records) == 12
    assert broken_links(batch) == []
    assert [record.boot for record in batch.records] == [1] * 4 + [2] * 4 + [3] * 4


def test_an_empty_group_writes_nothing(journal: Journal) -> None:
    assert journal.append([]) == []
    assert journal.heads()[Stream.EVENTS].seq == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"text": "x" * 2**20}, "1048587 bytes of JSON; at most 65536"),
        ({"deep": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}, "deeper than 32"),
        ({"huge": 10**5000}, "cannot be written as JSON"),
        ({"what": object()}, "cannot be written as JSON"),
    ],
)
def test_a_record_that_cannot_be_stored_is_refused_by_place_and_nothing_of_its_group_is_kept(
    journal: Journal, body: dict[str, Any], says: str
) -> None:
    with pytest.raises(RecordRefused, match=says) as caught:
        journal.append([event(1), new(UnknownRecord("test.event", body)), event(2)])
    assert caught.value.index == 1
    assert journal.heads()[Stream.EVENTS].seq == 0
    assert [appended.seq for appended in journal.append([event(1), event(2)])] == [1, 2]


@pytest.mark.parametrize("kind", ["", "x" * 101, "日志", "a\nb", "\ud800", "journal.gap"])
def test_a_kind_that_the_wire_would_not_carry_is_refused(journal: Journal, kind: str) -> None:
    with pytest.raises(RecordRefused):
        journal.append([new(UnknownRecord(kind, {}))])


@pytest.mark.parametrize(
    "body",
    [
        {"nul": "a\0b", "\0": 1},
        {"lone": "\ud800", "\udfff": ["\ud800\ud800"]},
        {"pair": "\ud83d\ude00", "\ud83d\ude00": 1, "\ue000": 2},
        {"big": 2**63, "small": -(2**63) - 1},
        {"number": math.nan, "more": [math.inf, -math.inf, -0.0, 1e400]},
        {2: "keys", 10: "that", True: "are not text"},
    ],
)
def test_poisonous_bodies_reach_the_other_end_with_their_digest_intact(
    path: Path, journal: Journal, body: dict[Any, Any]
) -> None:
    journal.append([event(0), new(UnknownRecord("test.poison", body)), event(2)])
    batch = decode(JournalBatch, encode(shipped(path)))
    assert len(batch.records) == 3
    assert broken_links(batch) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(bodies=st.lists(st.dictionaries(st.text(max_size=8), json_values, max_size=4), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_any_body_is_stored_shipped_and_chained(tmp_path_factory: pytest.TempPathFactory, bodies: list[Any]) -> None:
    path = tmp_path_factory.mktemp("any") / "journal.db"
    journal = Journal.open(path, SMALL)
    records: list[Record] = [UnknownRecord("test.any", body) for body in bodies]
    journal.append([new(record) for record in records])
    assert journal.verify().sound
    batch = decode(JournalBatch, encode(shipped(path)))
    assert broken_links(batch) == []
    journal.close()


@pytest.mark.parametrize(("mono_ms", "recorded_at_ms"), [(2**63, 0), (0, 2**63), (-(2**63) - 1, 0)])
def test_a_time_beyond_64_bits_is_refused(journal: Journal, mono_ms: int, recorded_at_ms: int) -> None:
    with pytest.raises(RecordRefused, match="64 bits"):
        journal.append([NewRecord(UnknownRecord("test.event", {}), mono_ms, recorded_at_ms, True)])


def test_a_file_locked_by_somebody_else_is_told_and_written_when_it_is_free_again(path: Path, journal: Journal) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageLocked):
        journal.append([event(1)])
    other.execute("ROLLBACK")
    other.close()
    assert [appended.seq for appended in journal.append([event(1)])] == [1]
    assert numbers(journal) == [1]


class Failing:
    """The real connection, whose next COMMIT reports an I/O error: before it was done, or after."""

    def __init__(self, inner: Connection) -> None:
        self.inner = inner
        self.fail: str | None = None
        self.code = sqlite3.SQLITE_IOERR_FSYNC

    @property
    def in_transaction(self) -> bool:
        return self.inner.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        if sql == "COMMIT" and self.fail:
            when, self.fail = self.fail, None
            if when == "after":
                self.inner.execute(sql)
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self.code
            raise error
        return self.inner.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Rows:
        return self.inner.executemany(sql, parameters)

    def close(self) -> None:
        self.inner.close()


def failing(path: Path) -> tuple[Journal, Failing]:
    made: list[Failing] = []

    def connect(where: Path) -> Connection:
        made.append(Failing(connect_sqlite(where)))
        return made[-1]

    return Journal.open(path, SMALL, connect), made[0]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("between", [lambda j: None, Journal.reopen, lambda j: j.maintain(NOW_MS)])
def test_a_group_passed_again_after_a_failed_commit_is_stored_once(
    path: Path, when: str, between: Callable[[Journal], Any]
) -> None:
    journal, connection = failing(path)
    journal.append([event(0)])
    connection.fail = when
    with pytest.raises(StorageBroken):
        journal.append([event(1), telemetry(1), event(2)])
    assert journal.heads()[Stream.EVENTS].seq == 1
    between(journal)
    again = journal.append([event(1), telemetry(1), event(2), event(3)])
    assert [appended.seq for appended in again] == [2, 1, 3, 4]
    assert numbers(journal) == [0, 1, 2, 3]
    assert journal.verify().sound
    journal.close()


def test_damage_met_while_running_sets_the_file_aside_at_reopen(path: Path) -> None:
    journal, connection = failing(path)
    journal.append([event(0)])
    epoch, boot = journal.epoch, journal.boot
    connection.fail, connection.code = "before", sqlite3.SQLITE_CORRUPT
    with pytest.raises(StorageCorrupt):
        journal.append([event(1)])
    opened = journal.reopen()
    assert opened.recovered
    assert opened.epoch != epoch
    assert opened.boot == boot
    assert [appended.seq for appended in journal.append([event(1)])] == [1]
    journal.close()


def test_all_failures_are_one_family() -> None:
    family = (StorageBroken, StorageCorrupt, StorageLocked, RecordRefused)
    assert all(issubclass(member, JournalError) for member in family)
