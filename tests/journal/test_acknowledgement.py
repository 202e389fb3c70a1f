"""What the cloud says it has, and the two ways in which it can know another history."""

import shutil
from pathlib import Path

import pytest

from contract.ids import Epoch, Stream
from contract.records import JournalForked, JournalGap
from edge.journal.journal import Journal
from edge.journal.model import AckOutcome
from tests.journal.support import NOW_MS, SMALL, broken_links, event, numbers, shipped, telemetry

EVENTS = Stream.EVENTS


def fork(journal: Journal) -> Epoch:
    return journal.fork("the cloud knows more", mono_ms=5, recorded_at_ms=NOW_MS, clock_trusted=True)


def test_an_acknowledgement_moves_the_cursor_forward_only(journal: Journal) -> None:
    stored = journal.append([event(number) for number in range(5)])
    epoch = journal.epoch
    assert journal.acknowledge(epoch, EVENTS, 3, stored[2].digest) is AckOutcome.ADVANCED
    assert journal.acknowledge(epoch, EVENTS, 3, stored[2].digest) is AckOutcome.ALREADY
    assert journal.acknowledge(epoch, EVENTS, 1, stored[0].digest) is AckOutcome.ALREADY
    assert journal.acknowledge(epoch, EVENTS, 0, None) is AckOutcome.ALREADY
    assert journal.heads()[EVENTS].acknowledged_seq == 3
    assert journal.unacknowledged == 2


def test_an_acknowledgement_without_the_digest_of_what_is_there_lets_nothing_go(journal: Journal) -> None:
    stored = journal.append([event(number) for number in range(5)])
    assert journal.acknowledge(journal.epoch, EVENTS, 5, None) is AckOutcome.UNPROVEN
    assert journal.acknowledge(journal.epoch, EVENTS, 2, None) is AckOutcome.UNPROVEN
    assert journal.unacknowledged == 5
    assert journal.acknowledge(journal.epoch, EVENTS, 5, stored[4].digest) is AckOutcome.ADVANCED


def test_an_acknowledgement_outlives_a_restart(path: Path, journal: Journal) -> None:
    stored = journal.append([event(1), event(2)])
    journal.acknowledge(journal.epoch, EVENTS, 1, stored[0].digest)
    journal.reopen()
    assert journal.heads()[EVENTS].acknowledged_seq == 1


def test_an_acknowledgement_of_another_epoch_is_no_business_of_this_one(journal: Journal) -> None:
    journal.append([event(1)])
    assert journal.acknowledge(Epoch("0" * 32), EVENTS, 1, None) is AckOutcome.OTHER_EPOCH
    assert journal.unacknowledged == 1


def test_a_cloud_that_has_more_than_the_journal_is_a_fork(journal: Journal) -> None:
    journal.append([event(1)])
    outcome = journal.acknowledge(journal.epoch, EVENTS, 2, None)
    assert outcome is AckOutcome.AHEAD
    assert outcome.is_fork
    assert journal.unacknowledged == 1


@pytest.mark.parametrize("acknowledged_before", [0, 2])
def test_a_cloud_with_another_digest_is_a_fork_even_behind_the_cursor(
    journal: Journal, acknowledged_before: int
) -> None:
    stored = journal.append([event(1), event(2), event(3)])
    if acknowledged_before:
        journal.acknowledge(journal.epoch, EVENTS, acknowledged_before, stored[acknowledged_before - 1].digest)
    assert journal.acknowledge(journal.epoch, EVENTS, 2, "f" * 64) is AckOutcome.DIGEST_DIFFERS


def test_a_fork_tells_the_unacknowledged_records_again_under_a_new_epoch(path: Path, journal: Journal) -> None:
    stored = journal.append([event(number) for number in range(6)])
    journal.append([telemetry(1), telemetry(2)])
    journal.acknowledge(journal.epoch, EVENTS, 2, stored[1].digest)
    old = journal.epoch
    assert fork(journal) == journal.epoch != old

    batch = shipped(path)
    assert batch.epoch == journal.epoch
    assert batch.records[0].kind == JournalForked.KIND
    assert batch.records[0].body == {"previous_epoch": old, "reason": "the cloud knows more"}
    assert [record.body["n"] for record in batch.records[1:]] == [2, 3, 4, 5]
    assert [record.seq for record in batch.records] == [1, 2, 3, 4, 5]
    assert broken_links(batch) == []
    assert len(shipped(path, Stream.TELEMETRY).records) == 2
    # Each fact is replayed once: the acknowledged ones from the old epoch, the others from the new one.
    assert numbers(journal) == [0, 1, 2, 3, 4, 5]
    journal.append([event(6)])
    assert numbers(journal) == [0, 1, 2, 3, 4, 5, 6]
    assert journal.verify().sound


@pytest.mark.parametrize("snapshot_at", [1, 4, 6])
def test_a_snapshot_still_stands_for_the_same_records_after_a_fork(journal: Journal, snapshot_at: int) -> None:
    stored = journal.append([event(number) for number in range(snapshot_at)])
    journal.save_snapshot("{}", 1)
    stored += journal.append([event(number) for number in range(snapshot_at, 6)])
    journal.acknowledge(journal.epoch, EVENTS, 3, stored[2].digest)
    fork(journal)
    journal.append([event(6)])
    assert numbers(journal) == list(range(snapshot_at, 7))


def test_a_gap_keeps_its_width_through_a_fork(path: Path, journal: Journal) -> None:
    for number in range(3_000):
        journal.append([event(number, padding=500)])
    before = journal.heads()[EVENTS]
    fork(journal)
    batch = shipped(path)
    gap = next(record for record in batch.records if record.kind == JournalGap.KIND)
    assert gap.body["last"] == gap.seq
    assert gap.body["first"] == 2
    assert journal.heads()[EVENTS].seq == before.seq + 1
    assert broken_links(batch) == []
    assert journal.verify().sound


def test_a_rolled_back_card_is_found_by_the_first_acknowledgement(path: Path, tmp_path: Path) -> None:
    journal = Journal.open(path, SMALL)
    journal.append([event(number) for number in range(5)])
    journal.close()
    shutil.copytree(path.parent, tmp_path / "image")

    journal = Journal.open(path, SMALL)
    shipped_digest = journal.append([event(5)])[0].digest
    journal.acknowledge(journal.epoch, EVENTS, 6, shipped_digest)
    journal.close()

    rolled_back = Journal.open(tmp_path / "image" / "journal.db", SMALL)
    assert rolled_back.acknowledge(rolled_back.epoch, EVENTS, 6, shipped_digest) is AckOutcome.AHEAD
    rolled_back.append([event(50)])
    assert rolled_back.acknowledge(rolled_back.epoch, EVENTS, 6, shipped_digest) is AckOutcome.DIGEST_DIFFERS
    rolled_back.close()
