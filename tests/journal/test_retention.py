"""What goes when time or room runs out, in which order, and what is left in its place."""

from pathlib import Path

import pytest

from contract.ids import Stream
from contract.records import JournalGap
from edge.journal.journal import Journal
from edge.journal.model import DAY_MS, AckOutcome, Budget, Maintained
from tests.journal.support import NOW_MS, SMALL, broken_links, event, gaps, numbers, shipped, telemetry

EVENTS, TELEMETRY = Stream.EVENTS, Stream.TELEMETRY


def acknowledge_all(journal: Journal) -> None:
    for stream, head in journal.heads().items():
        journal.acknowledge(journal.epoch, stream, head.seq, head.digest)


def maintain_to_the_end(journal: Journal, now_ms: int | None = None) -> Maintained:
    while (done := journal.maintain(now_ms)).more:
        pass
    return done


def fill(journal: Journal, events: int, padding: int = 500) -> None:
    for start in range(0, events, 50):
        journal.append([event(number, padding) for number in range(start, min(start + 50, events))])


def test_acknowledged_records_stay_for_ninety_days_while_there_is_room(path: Path) -> None:
    journal = Journal.open(path)
    journal.append([event(0, at_ms=NOW_MS - 91 * DAY_MS), event(1, at_ms=NOW_MS - 89 * DAY_MS), event(2)])
    journal.append([telemetry(0, at_ms=NOW_MS - 91 * DAY_MS)])
    acknowledge_all(journal)
    journal.save_snapshot("{}", 1)
    done = maintain_to_the_end(journal, NOW_MS)
    assert done.dropped_acknowledged == 2
    assert shipped(path).first_seq == 2
    assert journal.heads()[EVENTS].floor_seq == 1
    assert journal.verify().sound
    journal.close()


def test_nothing_goes_by_age_while_the_clock_is_not_trusted(journal: Journal) -> None:
    journal.append([telemetry(0, at_ms=0)])
    acknowledge_all(journal)
    assert maintain_to_the_end(journal, None).dropped_acknowledged == 0


def test_unacknowledged_records_never_go_by_age(journal: Journal) -> None:
    journal.append([event(0, at_ms=0), telemetry(0, at_ms=0)])
    done = maintain_to_the_end(journal, NOW_MS)
    assert (done.dropped_acknowledged, done.given_up) == (0, ())


def test_above_the_soft_limit_acknowledged_records_go_and_nothing_else_does(path: Path, journal: Journal) -> None:
    fill(journal, 600)
    acknowledge_all(journal)
    journal.save_snapshot("{}", 1)
    journal.append([event(600), telemetry(0)])
    done = maintain_to_the_end(journal)
    assert done.dropped_acknowledged > 0
    assert done.given_up == ()
    assert done.used_bytes <= SMALL.soft_bytes
    assert shipped(path, after_seq=600).records[0].body == {"n": 600}
    assert journal.unacknowledged == 2
    assert journal.verify().sound


def test_what_the_next_start_replays_outlasts_the_soft_limit(journal: Journal) -> None:
    fill(journal, 100)
    journal.save_snapshot("{}", 1)
    fill(journal, 600)
    acknowledge_all(journal)
    maintain_to_the_end(journal)
    assert numbers(journal) == list(range(600))


def test_a_start_still_replays_what_a_fork_has_left_in_the_old_epoch(journal: Journal) -> None:
    journal.append([event(0)])
    journal.save_snapshot("{}", 1)
    journal.append([event(1), event(2)])
    acknowledge_all(journal)
    journal.fork("test", mono_ms=0, recorded_at_ms=NOW_MS, clock_trusted=True)
    maintain_to_the_end(journal, NOW_MS + 100 * DAY_MS)
    assert numbers(journal) == [1, 2]
    assert journal.load().notes == ()


def test_a_start_is_told_of_events_that_the_hard_limit_has_not_left(journal: Journal) -> None:
    for start in range(0, 3_000, 50):
        journal.append([event(number, 500) for number in range(start, start + 50)])
        acknowledge_all(journal)
    assert len(numbers(journal)) < 3_000
    (note,) = journal.load().notes
    assert note.startswith("events up to")


def test_telemetry_goes_before_any_event_and_leaves_one_gap_record(path: Path, journal: Journal) -> None:
    for start in range(0, 700, 50):
        journal.append([telemetry(number) for number in range(start, start + 50)])
    fill(journal, 700)
    digest = shipped(path, TELEMETRY, 500, 200).records[-1].digest
    done = maintain_to_the_end(journal)
    assert dict(done.given_up)[TELEMETRY] == 700
    assert EVENTS not in dict(done.given_up)
    assert len(numbers(journal)) == 700

    batch = shipped(path, TELEMETRY)
    assert [record.kind for record in batch.records] == [JournalGap.KIND]
    assert batch.first_seq == 1
    assert batch.records[0].body == {"first": 1, "last": 700, "reason": "storage_full", "stream": "telemetry"}
    assert batch.records[0].digest == digest
    journal.append([telemetry(700)])
    assert broken_links(shipped(path, TELEMETRY)) == []
    assert journal.verify().sound


def test_at_the_hard_limit_the_oldest_events_become_a_gap_and_new_ones_are_still_taken(
    path: Path, journal: Journal
) -> None:
    fill(journal, 3_000)
    done = maintain_to_the_end(journal)
    lost = dict(done.given_up)[EVENTS]
    kept = numbers(journal)
    assert kept == list(range(3_000 - len(kept), 3_000))
    assert gaps(journal) == [JournalGap(stream=EVENTS, first=1, last=lost, reason="storage_full")]
    assert lost + len(kept) == 3_000
    assert path.stat().st_size <= SMALL.hard_bytes
    assert broken_links(shipped(path)) == []
    assert journal.verify().sound


def test_a_gap_is_acknowledged_like_any_record_and_then_goes(path: Path, journal: Journal) -> None:
    fill(journal, 3_000)
    gap = gaps(journal)[0]
    digest = shipped(path).records[0].digest
    assert journal.acknowledge(journal.epoch, EVENTS, gap.last, digest) is AckOutcome.ADVANCED
    assert journal.acknowledge(journal.epoch, EVENTS, gap.last, "0" * 64) is AckOutcome.DIGEST_DIFFERS
    acknowledge_all(journal)
    journal.save_snapshot("{}", 1)
    maintain_to_the_end(journal)
    assert gaps(journal) == []
    assert journal.verify().sound


def test_an_acknowledgement_that_was_on_its_way_while_its_records_were_given_up_still_counts(
    path: Path, journal: Journal
) -> None:
    fill(journal, 50)
    through = shipped(path, max_records=20).records[-1]
    fill(journal, 3_000)
    assert gaps(journal)[0].last > through.seq
    assert journal.acknowledge(journal.epoch, EVENTS, through.seq, through.digest) is AckOutcome.ADVANCED
    batch = shipped(path, after_seq=through.seq)
    assert batch.first_seq == 1
    assert batch.records[0].seq == gaps(journal)[0].last
    assert broken_links(batch) == []


def test_a_batch_behind_dropped_records_begins_at_the_floor_with_its_digest(path: Path, journal: Journal) -> None:
    journal.append([telemetry(number, at_ms=0 if number < 5 else NOW_MS) for number in range(8)])
    acknowledge_all(journal)
    maintain_to_the_end(journal, NOW_MS)
    batch = shipped(path, TELEMETRY)
    assert (batch.first_seq, batch.oldest_seq) == (6, 6)
    assert broken_links(batch) == []


def test_old_epochs_go_first(journal: Journal) -> None:
    fill(journal, 300)
    acknowledge_all(journal)
    journal.fork("test", mono_ms=0, recorded_at_ms=NOW_MS, clock_trusted=True)
    fill(journal, 300)
    acknowledge_all(journal)
    journal.save_snapshot("{}", 1)
    maintain_to_the_end(journal)
    assert journal.verify().sound
    rows = journal._connection.execute("SELECT epoch, count(*) FROM record GROUP BY epoch").fetchall()
    assert dict(rows).keys() == {2}


def test_the_log_stays_within_its_size(path: Path, journal: Journal) -> None:
    fill(journal, 600)
    journal.maintain(None)
    assert path.with_name("journal.db-wal").stat().st_size <= 2 * SMALL.wal_bytes


@pytest.mark.parametrize(("soft", "hard"), [(0, 1), (2, 1), (1, 1)])
def test_a_budget_that_makes_no_sense_is_refused(soft: int, hard: int) -> None:
    with pytest.raises(ValueError, match="soft_bytes"):
        Budget(soft_bytes=soft, hard_bytes=hard)
