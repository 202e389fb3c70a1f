"""The journal's model obeys the journal's rules: both are led through the same life, and say the same at each step."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.ids import Epoch, Stream
from contract.records import ExitPressed, JournalForked, JournalGap, Record, StationHealth
from edge.core.state import RecordedAt
from edge.journal.journal import Journal
from edge.journal.model import NewRecord
from proof.journal_model import JournalModel, Kept

HEALTH = StationHealth(1, 2, 3, 4, 5, 6)
CLOCK_MS = 1_790_000_000_000


class Both:
    """One journal on SQLite and one model."""

    def __init__(self, path: Path) -> None:
        self.real = Journal.open(path / "journal.db")
        self.model = JournalModel(self.real.epoch)
        self.digests: dict[tuple[Epoch, Stream, int], tuple[str, int]] = {}
        """The same position's digest in both: they are equal when they are the same entry."""

    def append(self, records: list[Record], at_ms: int) -> None:
        appended = self.real.append([NewRecord(record, at_ms, CLOCK_MS + at_ms, True) for record in records])
        for record, stored in zip(records, appended, strict=True):
            self.model.append(record, RecordedAt(at_ms, CLOCK_MS + at_ms, 1), True)
            lane = self.model.lane(stored.stream)
            assert lane.seq == stored.seq
            self.digests[self.model.epoch, stored.stream, lane.seq] = (stored.digest, lane.digest)

    def acknowledge(self, stream: Stream, through_seq: int, *, other_history: bool) -> bool:
        """Whether the answer is a fork, which both then follow."""
        real, model = self.digests.get((self.real.epoch, stream, through_seq), (None, None))
        if other_history and real is not None and model is not None:
            real, model = "f" * 64, model + 1
        outcome = self.real.acknowledge(self.real.epoch, stream, through_seq, real)
        assert outcome is self.model.acknowledge(self.model.epoch, stream, through_seq, model)
        if outcome.is_fork:
            epoch = self.real.fork("other history", mono_ms=7, recorded_at_ms=CLOCK_MS, clock_trusted=True)
            self.model.fork(epoch, "other history", RecordedAt(7, CLOCK_MS, 1), True)
            self.digests.clear()
        return outcome.is_fork

    def snapshot(self, number: int) -> None:
        self.real.save_snapshot(f'{{"n": {number}}}', 1)
        self.model.save_snapshot(f'{{"n": {number}}}')

    def agree(self) -> None:
        heads = self.real.heads()
        for stream, head in heads.items():
            lane = self.model.lane(stream)
            assert (lane.seq, lane.acknowledged_seq) == (head.seq, head.acknowledged_seq), stream
        assert self.model.unacknowledged == self.real.unacknowledged
        loaded = self.real.load()
        state_json, rows = self.model.load()
        assert state_json == (loaded.snapshot.state_json if loaded.snapshot else None)
        assert loaded.latest_trusted_ms == self.model.latest_trusted_ms
        real = [(record.seq, plain(record.record), record.mono_ms) for record in loaded.records]
        assert [(row.seq, plain(row.record), row.at.mono_ms) for row in rows] == real


def plain(record: Record) -> Record | str:
    return "forked" if isinstance(record, JournalForked) else record


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    pair = Both(tmp_path)
    yield pair
    pair.real.close()


@pytest.mark.parametrize("seed", range(6))
def test_model_and_journal_say_the_same(both: Both, seed: int) -> None:
    luck, forks = random.Random(seed), 0
    for turn in range(150):
        match luck.randrange(8):
            case 0 | 1 | 2 | 3:
                both.append([luck.choice((ExitPressed(), HEALTH)) for _ in range(luck.randrange(1, 5))], 10 + turn)
            case 4 | 5 | 6:
                stream = luck.choice(list(Stream))
                seq = luck.randrange(both.model.lane(stream).seq + 1)
                if luck.random() < 0.05:
                    seq = both.model.lane(stream).seq + 3
                forks += both.acknowledge(stream, seq, other_history=luck.random() < 0.05)
            case _:
                both.snapshot(turn)
        both.agree()
    assert forks


def test_a_gap_stands_where_the_oldest_unacknowledged_records_were() -> None:
    model = JournalModel(Epoch("a" * 32))
    for index in range(700):
        model.append(ExitPressed(), RecordedAt(index, index, 1), True)
    lane = model.lane(Stream.EVENTS)
    end = lane.digest
    assert model.maintain() == 200
    first = lane.kept[0]
    assert isinstance(first, Kept)
    assert first.record == JournalGap(Stream.EVENTS, 1, 200, "no room")
    assert (first.covers_from, first.seq, lane.digest) == (1, 200, end)
    assert [row.seq for row in lane.kept][1:] == list(range(201, 701))
