"""The thread that writes the journal, over real SQLite files that are locked, full, damaged or gone."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from contract.ids import Stream
from edge.core.events import StorageStatus
from edge.journal.errors import StorageFull
from edge.journal.journal import Journal
from edge.journal.model import MIB, Appended, Budget, NewRecord
from edge.runtime import journal_thread
from edge.runtime.journal_thread import (
    Acknowledged,
    Committed,
    Dropped,
    Failed,
    Forked,
    JournalReport,
    JournalThread,
    OpenedLate,
    StorageTrouble,
    WasReset,
)
from tests.journal.support import SMALL, event, numbers, telemetry
from tests.runtime.waiting import wait_until

BUDGET = Budget(soft_bytes=8 * MIB, hard_bytes=16 * MIB, reserve_bytes=64 * 1024)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


class Writing:
    """A running thread, and everything it said."""

    def __init__(self, path: Path, budget: Budget = BUDGET, *, open_now: bool = True) -> None:
        self.said: list[JournalReport] = []
        self.path = path
        journal = Journal.open(path, budget) if open_now else None
        self.thread = JournalThread(journal, lambda: Journal.open(path, budget), self.said.append)

    def start(self) -> "Writing":
        self.thread.start()
        return self

    def submit(self, *records: NewRecord) -> int:
        ticket = self.thread.submit(records)
        assert ticket is not None
        return ticket

    def of(self, kind: type) -> list[JournalReport]:
        return [report for report in list(self.said) if type(report) is kind]

    def wait_for(self, kind: type, true: Callable[[JournalReport], bool] = lambda report: True) -> JournalReport:
        wait_until(lambda: any(true(report) for report in self.of(kind)), f"{kind.__name__}, said {self.said}")
        return next(report for report in self.of(kind) if true(report))

    def wait_committed(self, ticket: int) -> None:
        self.wait_for(Committed, lambda report: isinstance(report, Committed) and report.ticket >= ticket)

    def wait_status(self, status: StorageStatus) -> None:
        self.wait_for(StorageTrouble, lambda report: isinstance(report, StorageTrouble) and report.status is status)

    def stored(self) -> list[int]:
        """The test events in the file, once the thread has ended."""
        journal = Journal.open(self.path, BUDGET)
        try:
            return numbers(journal)
        finally:
            journal.close()


@pytest.fixture
def writing(path: Path) -> Iterator[Writing]:
    made = Writing(path)
    yield made
    if made.thread.ident is not None:
        made.thread.stop(5.0)


def locked(path: Path) -> sqlite3.Connection:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


# ---------------------------------------------------------------- in order


def test_what_was_submitted_meanwhile_is_one_commit(writing: Writing) -> None:
    tickets = [writing.submit(event(number)) for number in range(50)]
    writing.start().wait_committed(tickets[-1])
    assert len(writing.of(Committed)) == 1
    assert writing.thread.stop(5.0)
    assert writing.stored() == list(range(50))


def test_a_commit_has_a_bound(writing: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_thread, "MAX_GROUP_RECORDS", 10)
    last = [writing.submit(event(2 * number), event(2 * number + 1)) for number in range(20)][-1]
    writing.start().wait_committed(last)
    assert len(writing.of(Committed)) == 4


def test_a_snapshot_stands_for_exactly_the_records_before_it(writing: Writing) -> None:
    writing.submit(event(1))
    writing.thread.save_snapshot('{"after": 1}', 1)
    last = writing.submit(event(2))
    writing.start().wait_committed(last)
    writing.thread.stop(5.0)
    journal = Journal.open(writing.path, BUDGET)
    loaded = journal.load()
    assert loaded.snapshot is not None
    assert loaded.snapshot.through_seq == 1
    assert numbers(journal) == [2]
    journal.close()


def test_an_acknowledgement_is_told_and_kept(writing: Writing) -> None:
    writing.start().wait_committed(writing.submit(event(1), event(2)))
    committed = writing.of(Committed)[-1]
    assert isinstance(committed, Committed)
    assert committed.unacknowledged == 2
    journal = writing.thread._journal
    assert journal is not None
    head = journal.heads()[Stream.EVENTS]
    writing.thread.acknowledge(committed.epoch, Stream.EVENTS, head.seq, head.digest, forked=False)
    told = writing.wait_for(Acknowledged)
    assert isinstance(told, Acknowledged)
    assert told.unacknowledged == 0


def test_another_history_at_the_cloud_forks_the_journal(writing: Writing) -> None:
    writing.start().wait_committed(writing.submit(event(1)))
    committed = writing.of(Committed)[-1]
    assert isinstance(committed, Committed)
    writing.thread.acknowledge(committed.epoch, Stream.EVENTS, 99, "0" * 64, forked=False)
    forked = writing.wait_for(Forked)
    assert isinstance(forked, Forked)
    assert forked.previous_epoch == committed.epoch != forked.epoch
    writing.wait_committed(writing.submit(event(2)))


# ---------------------------------------------------------------- refused and dropped


def test_a_record_that_cannot_be_stored_is_dropped_alone_and_named(writing: Writing) -> None:
    writing.submit(event(1))
    bad = writing.submit(event(2), event(3, padding=100_000))
    last = writing.submit(event(4))
    writing.start().wait_committed(last)
    assert Dropped(Stream.EVENTS, 1) in writing.said
    unkept = {ticket for report in writing.said if isinstance(report, Committed) for ticket in report.unkept}
    assert unkept == {bad}
    writing.thread.stop(5.0)
    assert writing.stored() == [1, 2, 4]


def test_the_queue_is_bounded_and_what_it_drops_is_counted(writing: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_thread, "MAX_QUEUED_RECORDS", 10)
    for number in range(5):
        writing.submit(event(2 * number), event(2 * number + 1))
    for _ in range(100):
        assert writing.thread.submit((event(99), telemetry(1))) is None
    assert len(writing.thread._jobs) == 5
    writing.start()
    writing.wait_for(Dropped, lambda report: report == Dropped(Stream.EVENTS, 100))
    writing.wait_for(Dropped, lambda report: report == Dropped(Stream.TELEMETRY, 100))
    writing.wait_committed(writing.submit(event(10)))
    writing.thread.stop(5.0)
    assert writing.stored() == list(range(11))


# ---------------------------------------------------------------- failing


def test_records_of_a_locked_time_are_kept_in_order(writing: Writing) -> None:
    other = locked(writing.path)
    last = writing.submit(event(1))
    writing.start().wait_status(StorageStatus.UNAVAILABLE)
    last = writing.submit(event(2))
    assert not writing.of(Committed)
    other.execute("ROLLBACK")
    other.close()
    writing.wait_committed(last)
    writing.wait_status(StorageStatus.OK)
    writing.thread.stop(5.0)
    assert writing.stored() == [1, 2]


def test_trouble_is_told_once_while_it_lasts(writing: Writing) -> None:
    other = locked(writing.path)
    writing.submit(event(1))
    writing.start().wait_status(StorageStatus.UNAVAILABLE)
    time.sleep(2 * journal_thread.RETRY_S[StorageStatus.UNAVAILABLE])  # let it fail again, and say nothing of it
    assert len(writing.of(StorageTrouble)) == 1
    other.execute("ROLLBACK")
    other.close()
    writing.wait_status(StorageStatus.OK)


def test_stopping_while_storage_fails_is_bounded_and_says_that_records_are_lost(writing: Writing) -> None:
    other = locked(writing.path)
    writing.submit(event(1))
    writing.start().wait_status(StorageStatus.UNAVAILABLE)
    began = time.monotonic()
    assert not writing.thread.stop(3.0)
    assert time.monotonic() - began < 3.5
    other.close()


def test_stopping_commits_what_is_queued(writing: Writing) -> None:
    writing.start()
    for number in range(500):
        writing.submit(event(number))
    assert writing.thread.stop(5.0)
    assert writing.stored() == list(range(500))


def test_a_journal_at_its_limit_is_full_until_there_is_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(journal_thread.RETRY_S, StorageStatus.FULL, 0.02)
    writing = Writing(path, SMALL)
    limit = writing.thread._journal
    assert limit is not None
    # As a disk without room: the database may not grow, and there is nothing to give up.
    pages = limit._connection.execute("PRAGMA page_count").fetchone()[0]
    real = limit._room.write

    def no_room(needed_bytes: int, write: Callable[[], None], *, keeps_house: bool = True) -> bool:
        limit._connection.execute(f"PRAGMA max_page_count={pages}").fetchall()
        write()
        return False

    monkeypatch.setattr(limit._room, "write", no_room)
    last = [writing.submit(event(number, padding=2_000)) for number in range(20)][-1]
    writing.start().wait_status(StorageStatus.FULL)
    limit._connection.execute(f"PRAGMA max_page_count={pages + 1_000}").fetchall()
    monkeypatch.setattr(limit._room, "write", real)
    writing.wait_committed(last)
    writing.wait_status(StorageStatus.OK)
    writing.thread.stop(5.0)
    assert writing.stored() == list(range(20))


def test_an_acknowledgement_does_not_wait_behind_records_that_find_no_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(journal_thread.RETRY_S, StorageStatus.FULL, 0.02)
    writing = Writing(path, SMALL)
    journal = writing.thread._journal
    assert journal is not None
    stored = journal.append([event(0)])[-1]

    def no_room(batch: Sequence[NewRecord]) -> list[Appended]:
        raise StorageFull("no room")

    monkeypatch.setattr(journal, "append", no_room)
    writing.submit(event(1))
    writing.start().wait_status(StorageStatus.FULL)
    writing.thread.acknowledge(journal.epoch, stored.stream, stored.seq, stored.digest, forked=False)
    writing.wait_for(Acknowledged)
    assert len(writing.of(StorageTrouble)) == 1, "still full, and said once"
    writing.thread.stop(5.0)


def test_a_file_damaged_while_running_is_set_aside_and_the_records_go_on(writing: Writing) -> None:
    writing.start().wait_committed(writing.submit(event(1)))
    boot = writing.thread._journal.boot if writing.thread._journal is not None else 0
    with sqlite3.connect(writing.path, isolation_level=None) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    with writing.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (writing.path.stat().st_size - 4096))
    last = writing.submit(event(2))
    writing.wait_for(WasReset)
    last = writing.submit(event(3))
    writing.wait_committed(last)
    writing.wait_status(StorageStatus.OK)
    assert writing.thread._journal is not None
    assert writing.thread._journal.boot == boot
    writing.thread.stop(5.0)
    assert writing.stored() == [2, 3]
    assert len(list(writing.path.parent.glob("journal*"))) > 2, "the damaged file is kept"


def test_a_journal_that_could_not_be_opened_is_opened_later(writing: Writing, tmp_path: Path) -> None:
    blocked = tmp_path / "not-there"
    blocked.write_text("in the way")
    late = Writing(blocked / "journal.db", open_now=False)
    last = late.submit(event(1))
    late.start()
    time.sleep(0.05)  # let it try in vain; nothing depends on it
    blocked.unlink()
    late.wait_committed(last)
    assert late.of(OpenedLate) == [OpenedLate()]
    late.thread.stop(5.0)
    assert late.stored() == [1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_ours_ends_the_thread_with_a_word(writing: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Journal, batch: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(Journal, "append", broken)
    writing.submit(event(1))
    writing.start()
    failed = writing.wait_for(Failed)
    assert isinstance(failed, Failed)
    assert "a mistake" in failed.detail
    wait_until(lambda: not writing.thread.is_alive(), "the thread has ended")
    assert not [thread for thread in threading.enumerate() if thread is writing.thread]
