"""What a start reads: the snapshot, the events behind it, and the latest time that was trusted."""

import sqlite3
from pathlib import Path

from contract.ids import Stream
from contract.records import DoorOpened, UnknownRecord
from edge.journal.journal import Journal
from edge.journal.model import Snapshot
from tests.journal.support import NOW_MS, SMALL, event, new, numbers, telemetry


def spoil_newest_snapshot(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE snapshot SET state = '{\"people\":9}' WHERE id = (SELECT max(id) FROM snapshot)")
    connection.commit()
    connection.close()


def test_without_a_snapshot_all_events_are_replayed_in_order(journal: Journal) -> None:
    journal.append([event(0), telemetry(0), event(1)])
    journal.append([event(2)])
    assert journal.load().snapshot is None
    assert numbers(journal) == [0, 1, 2]


def test_a_start_reads_the_snapshot_and_the_events_behind_it(path: Path) -> None:
    first = Journal.open(path, SMALL)
    first.append([event(0), event(1)])
    first.save_snapshot('{"people":2}', 7)
    first.append([event(2)])
    epoch = first.epoch
    first.close()
    second = Journal.open(path, SMALL)
    assert second.load().snapshot == Snapshot(epoch, second.heads()[Stream.EVENTS].seq - 1, 7, '{"people":2}')  # type: ignore[arg-type]
    assert numbers(second) == [2]
    second.close()


def test_an_unreadable_snapshot_is_dropped_and_told_and_the_one_before_it_used(path: Path, journal: Journal) -> None:
    journal.append([event(0)])
    journal.save_snapshot('{"people":1}', 1)
    journal.append([event(1)])
    journal.save_snapshot('{"people":2}', 1)
    journal.append([event(2)])
    spoil_newest_snapshot(path)
    loaded = journal.load()
    assert loaded.notes == ("snapshot through event 2 is unreadable and was dropped",)
    assert loaded.snapshot is not None
    assert loaded.snapshot.state_json == '{"people":1}'
    assert numbers(journal) == [1, 2]
    assert journal.load().notes == ()


def test_a_snapshot_that_the_core_cannot_read_can_be_set_aside(journal: Journal) -> None:
    journal.append([event(0)])
    journal.save_snapshot("{}", 1)
    assert journal.set_aside_snapshot()
    assert numbers(journal) == [0]
    assert not journal.set_aside_snapshot()


def test_records_come_back_as_they_were_and_a_kind_or_body_not_understood_as_it_is(journal: Journal) -> None:
    from_the_future = UnknownRecord("door.melted", {"at": 5})
    odd = UnknownRecord("door.opened", {"found": "perhaps"})
    journal.append([new(DoorOpened(found=True)), new(from_the_future), new(odd)])
    assert [stored.record for stored in journal.load().records] == [DoorOpened(found=True), from_the_future, odd]


def test_the_latest_trusted_time_skips_times_that_were_not_trusted(journal: Journal) -> None:
    assert journal.load().latest_trusted_ms is None
    journal.append([new(DoorOpened(), NOW_MS), new(DoorOpened(), 5, trusted=False)])
    journal.append([telemetry(0, at_ms=NOW_MS + 9)])
    assert journal.load().latest_trusted_ms == NOW_MS + 9


def test_thousands_of_events_are_replayed_page_by_page(journal: Journal) -> None:
    journal.append([event(number) for number in range(2_500)])
    assert numbers(journal) == list(range(2_500))
