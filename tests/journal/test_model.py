"""The journal against a model of it, through everything that can happen to it, in any order.

The model keeps what was appended. Whatever the journal does, each fact behind the cursor is in it once and in order, or
lies under a gap record; the chain holds from end to end; and what a start replays is what came behind its snapshot.
"""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contract.ids import Stream
from contract.records import JournalForked, JournalGap, UnknownRecord
from edge.journal.journal import Journal
from edge.journal.model import MIB, AckOutcome, Budget
from edge.journal.reader import JournalReader
from tests.journal.support import NOW_MS, broken_links, event, telemetry

TINY = Budget(soft_bytes=MIB // 16, hard_bytes=MIB // 4, reserve_bytes=4096, wal_bytes=MIB // 8)
EVENTS = Stream.EVENTS


class JournalMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.path = self.directory / "journal.db"
        self.journal = Journal.open(self.path, TINY)
        self.reader = JournalReader(self.path)
        self.written = 0
        self.confirmed = 0
        """So many of the events written are the cloud's too."""
        self.snapshot_at = 0

    def teardown(self) -> None:
        self.reader.close()
        self.journal.close()
        shutil.rmtree(self.directory)

    @rule(count=st.integers(1, 30), padding=st.sampled_from([0, 400, 3_000]))
    def append(self, count: int, padding: int) -> None:
        before = self.journal.heads()[EVENTS].seq
        stored = self.journal.append([event(self.written + index, padding) for index in range(count)] + [telemetry(1)])
        assert [appended.seq for appended in stored[:-1]] == list(range(before + 1, before + count + 1))
        self.written += count

    @rule(share=st.floats(0, 1))
    def acknowledge(self, share: float) -> None:
        """The cloud acknowledges some of one shipped batch."""
        after = self.journal.heads()[EVENTS].acknowledged_seq
        batch = self.reader.batch(EVENTS, after)
        if batch is None:
            return
        record = batch.records[int(share * (len(batch.records) - 1))]
        outcome = self.journal.acknowledge(self.journal.epoch, EVENTS, record.seq, record.digest)
        assert outcome is AckOutcome.ADVANCED
        for taken in batch.records:
            if taken.seq <= record.seq and "n" in taken.body:
                self.confirmed = taken.body["n"] + 1
        if record.kind == JournalGap.KIND:
            # What lay under the gap is gone for good, and the cloud knows it.
            rest = self.reader.batch(EVENTS, record.seq)
            left = [kept.body["n"] for kept in rest.records if "n" in kept.body] if rest else []
            self.confirmed = left[0] if left else self.written

    @rule(old=st.booleans())
    def maintain(self, old: bool) -> None:
        self.journal.maintain(NOW_MS * 2 if old else None)

    @rule()
    def save_snapshot(self) -> None:
        self.journal.save_snapshot(str(self.written), 1)
        self.snapshot_at = self.written

    @rule()
    def restart(self) -> None:
        heads = self.journal.heads()
        self.journal.close()
        self.journal = Journal.open(self.path, TINY)
        assert not self.journal.opened.recovered
        assert self.journal.heads() == heads

    @precondition(lambda self: self.written)
    @rule()
    def fork(self) -> None:
        self.journal.fork("test", mono_ms=0, recorded_at_ms=NOW_MS, clock_trusted=True)

    @invariant()
    def the_chain_holds(self) -> None:
        assert self.journal.verify().problems == ()

    @invariant()
    def what_the_cloud_lacks_is_shipped_once_in_order_or_lies_under_a_gap(self) -> None:
        facts: list[int] = []
        covered = 0
        after = self.journal.heads()[EVENTS].acknowledged_seq
        while (batch := self.reader.batch(EVENTS, after)) is not None:
            assert broken_links(batch) == []
            for record in batch.records:
                if record.kind == JournalGap.KIND:
                    covered += record.seq - max(record.body["first"] - 1, after)
                elif record.kind != JournalForked.KIND:
                    facts.append(record.body["n"])
            after = batch.records[-1].seq
        assert after == self.journal.heads()[EVENTS].seq
        assert facts == list(range(self.written - len(facts), self.written))
        if not covered:
            assert len(facts) >= self.written - self.confirmed

    @invariant()
    def a_start_replays_what_came_behind_its_snapshot(self) -> None:
        loaded = self.journal.load()
        records = [stored.record for stored in loaded.records]
        facts = [record.body["n"] for record in records if isinstance(record, UnknownRecord)]
        assert facts == list(range(self.written - len(facts), self.written))
        hole = loaded.notes or any(isinstance(record, JournalGap) for record in records)
        if loaded.snapshot is not None and not hole:
            assert loaded.snapshot.state_json == str(self.snapshot_at)
            assert self.written - len(facts) == self.snapshot_at


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
