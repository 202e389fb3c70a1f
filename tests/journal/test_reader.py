"""The uplink's view: batches by count and size, one view per call, and a file that may be replaced."""

import os
from pathlib import Path

import pytest

from contract.codec import decode, encode
from contract.ids import Stream
from contract.messages import JournalBatch
from edge.journal.errors import StorageBroken
from edge.journal.journal import Journal
from edge.journal.reader import JournalReader
from tests.journal.support import SMALL, broken_links, event, telemetry

EVENTS, TELEMETRY = Stream.EVENTS, Stream.TELEMETRY


def test_without_a_journal_there_is_nothing_to_read_until_there_is_one(path: Path) -> None:
    reader = JournalReader(path)
    with pytest.raises(StorageBroken, match="no journal at"):
        reader.heads()
    journal = Journal.open(path, SMALL)
    assert reader.epoch() == journal.epoch
    journal.close()
    reader.close()


def test_an_empty_stream_has_its_oldest_position_behind_its_head(path: Path, journal: Journal) -> None:
    epoch, heads = JournalReader(path).heads()
    assert epoch == journal.epoch
    assert [(head.stream, head.oldest_seq, head.head_seq) for head in heads] == [(EVENTS, 1, 0), (TELEMETRY, 1, 0)]
    assert JournalReader(path).batch(EVENTS, 0) is None


def test_what_is_committed_is_seen_at_once(path: Path, journal: Journal) -> None:
    reader = JournalReader(path)
    for number in range(20):
        appended = journal.append([event(number)])[0]
        batch = reader.batch(EVENTS, number)
        assert batch is not None
        assert [(record.seq, record.digest) for record in batch.records] == [(appended.seq, appended.digest)]
    assert reader.batch(EVENTS, 20) is None


def test_batches_are_bounded_by_count_and_together_give_the_whole_chain(path: Path, journal: Journal) -> None:
    journal.append([event(number) for number in range(25)] + [telemetry(0)])
    reader, after, sizes = JournalReader(path), 0, []
    while (batch := reader.batch(EVENTS, after, max_records=10)) is not None:
        assert batch.first_seq == after + 1
        assert broken_links(batch) == []
        sizes.append(len(batch.records))
        after = batch.records[-1].seq
    assert sizes == [10, 10, 5]


@pytest.mark.parametrize("max_bytes", [1, 5_000, 40_000])
def test_batches_are_bounded_by_size_but_never_empty(path: Path, journal: Journal, max_bytes: int) -> None:
    journal.append([event(number, padding=3_000) for number in range(30)])
    batch = JournalReader(path).batch(EVENTS, 0, max_bytes=max_bytes)
    assert batch is not None
    assert 1 <= len(batch.records) <= 1 + max_bytes // 3_000
    text = batch.model_dump_json()
    assert len(text) <= max(max_bytes, 4_000) + 500


def test_a_full_batch_of_the_largest_records_passes_the_codec(path: Path, journal: Journal) -> None:
    for number in range(8):
        journal.append([event(number, padding=60_000)])
    batch = JournalReader(path).batch(EVENTS, 0)
    assert batch is not None
    assert decode(JournalBatch, encode(batch)) == JournalBatch.model_validate(batch.model_dump())


def test_a_file_that_is_replaced_is_opened_again(path: Path, journal: Journal) -> None:
    reader = JournalReader(path)
    journal.append([event(1)])
    assert reader.batch(EVENTS, 0) is not None
    journal.close()
    path.write_bytes(os.urandom(8192))
    path.with_name("journal.db-wal").unlink(missing_ok=True)
    anew = Journal.open(path, SMALL)
    assert anew.opened.recovered
    assert reader.epoch() == anew.epoch
    assert reader.batch(EVENTS, 0) is None
    anew.close()


def test_a_reader_does_not_keep_the_log_from_being_copied_back(path: Path, journal: Journal) -> None:
    reader = JournalReader(path)
    for number in range(400):
        journal.append([event(number, padding=1_000)])
        reader.batch(EVENTS, number)
    journal.maintain(None)
    assert path.with_name("journal.db-wal").stat().st_size <= 2 * SMALL.wal_bytes


def test_a_reader_cannot_write(path: Path, journal: Journal) -> None:
    reader = JournalReader(path)
    reader.heads()
    assert reader._connection is not None
    with pytest.raises(Exception, match="readonly"):
        reader._connection.execute("DELETE FROM record")
