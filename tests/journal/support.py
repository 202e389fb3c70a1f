"""What the journal's tests share: records by number, and a look at what is stored."""

from pathlib import Path
from typing import Any

from contract.digest import canonical_json, chain
from contract.ids import Stream
from contract.messages import JournalBatch
from contract.records import JournalGap, Record, StationHealth, UnknownRecord
from edge.journal.errors import StorageFull
from edge.journal.journal import Journal
from edge.journal.model import DAY_MS, MIB, Budget, NewRecord
from edge.journal.reader import JournalReader

NOW_MS = 1_800_000_000_000
SMALL = Budget(soft_bytes=MIB // 4, hard_bytes=MIB, reserve_bytes=64 * 1024, wal_bytes=128 * 1024)


def new(record: Record, at_ms: int = NOW_MS, trusted: bool = True) -> NewRecord:
    return NewRecord(record, mono_ms=at_ms % DAY_MS, recorded_at_ms=at_ms, clock_trusted=trusted)


def event(number: int, padding: int = 0, at_ms: int = NOW_MS) -> NewRecord:
    body: dict[str, Any] = {"n": number}
    return new(UnknownRecord("test.event", body | ({"padding": "x" * padding} if padding else {})), at_ms)


def telemetry(number: int, at_ms: int = NOW_MS) -> NewRecord:
    return new(StationHealth(number, 0, 0, 0, 0, 0), at_ms)


def numbers(journal: Journal) -> list[int]:
    """The numbers of the test events that a start would replay."""
    records = (stored.record for stored in journal.load().records)
    return [record.body["n"] for record in records if isinstance(record, UnknownRecord)]


def gaps(journal: Journal) -> list[JournalGap]:
    return [stored.record for stored in journal.load().records if isinstance(stored.record, JournalGap)]


def shipped(path: Path, stream: Stream = Stream.EVENTS, after_seq: int = 0, max_records: int = 1000) -> JournalBatch:
    reader = JournalReader(path)
    try:
        batch = reader.batch(stream, after_seq, max_records)
        assert batch is not None
        return batch
    finally:
        reader.close()


def broken_links(batch: JournalBatch) -> list[int]:
    """Positions in a batch that do not follow from the record before: what the cloud computes, computed here again."""
    broken, previous, expected = [], batch.previous_digest, batch.first_seq
    for record in batch.records:
        is_gap = record.kind == JournalGap.KIND
        first = record.body["first"] if is_gap else record.seq
        digest = chain(
            previous,
            epoch=batch.epoch,
            stream=batch.stream,
            seq=record.seq,
            boot=record.boot,
            mono_ms=record.mono_ms,
            recorded_at_ms=record.recorded_at_ms,
            clock_trusted=record.clock_trusted,
            kind=record.kind,
            body_json=canonical_json(record.body),
        )
        if first != expected or (not is_gap and digest != record.digest):
            broken.append(record.seq)
        previous, expected = record.digest, record.seq + 1
    return broken


def fill_until_full(journal: Journal) -> int:
    """How many events were taken before the disk said no."""
    for number in range(5_000):
        try:
            journal.append([event(number, padding=500)])
        except StorageFull:
            return number
    raise AssertionError("the disk was never full")
