"""The journal's thread: group commits that take their time, trouble, and what a power cut leaves of it all."""

from collections import deque
from typing import TYPE_CHECKING

from contract.frozen import frozen
from contract.ids import Epoch, Stream
from contract.records import Record
from edge.core import events
from edge.core.events import StorageStatus
from edge.core.state import Durable, RecordedAt, StationState
from edge.core.station import replay
from edge.journal.model import AckOutcome
from edge.uplink.shipper import Confirmed
from proof import wire_invariants
from proof.journal_model import JournalModel

if TYPE_CHECKING:
    from proof.life import Life

MAX_QUEUED_RECORDS = 400
"""Less than the real thread's 10,000, so that its bound is met within hours of trouble."""
MAX_WAITING_ACKNOWLEDGEMENTS = 100
GROUP_RECORDS = 500
RETRY_MS = {StorageStatus.FULL: 1_000, StorageStatus.UNAVAILABLE: 250}
LONG_TROUBLE_MS = 60_000


@frozen
class Job:
    """The records of one step, or a snapshot behind them; `durable` is the live state at that point."""

    ticket: int
    records: tuple[Record, ...]
    at: RecordedAt
    clock_trusted: bool
    durable: Durable
    snapshot: str | None = None


class Storage:
    """`expected` is what a replay of everything committed must give: the states that the live steps had."""

    def __init__(self, life: "Life") -> None:
        self._life = life
        self.journal = JournalModel(self._new_epoch())
        self.image = self.journal.copy()
        self.expected = life.fresh.durable
        self.expected_image = self.expected
        self.image_is_exact = True
        self.ticket = self.committed = 0
        self.trouble: StorageStatus | None = None
        self.slow = False
        self.reset_found = ""
        self.ever_diverged = False
        self.intact = True
        self.kept_everything = True
        self._status = StorageStatus.OK
        self._jobs: deque[Job] = deque()
        self._queued = 0
        self._busy = 0
        self._run = 0
        self._dropped = 0
        self._diverged = False
        self._acknowledgements: deque[Confirmed] = deque(maxlen=MAX_WAITING_ACKNOWLEDGEMENTS)

    def _new_epoch(self) -> Epoch:
        return Epoch(f"{self._life.luck.getrandbits(128):032x}")

    # ------------------------------------------------ called by the controller

    def submit(self, records: tuple[Record, ...], at: RecordedAt, trusted: bool, durable: Durable) -> int | None:
        """The ticket of a step's records; None when there is no room for them."""
        if self._queued + len(records) > MAX_QUEUED_RECORDS:
            self._dropped += len(records)
            self._diverged = self.ever_diverged = True
            return None
        self.ticket += 1
        self._queued += len(records)
        self._jobs.append(Job(self.ticket, records, at, trusted, durable))
        if not self._busy:
            self._begin()
        return self.ticket

    def save_snapshot(self, state_json: str, durable: Durable) -> None:
        self._jobs.append(Job(self.ticket, (), RecordedAt(0, 0, 0), False, durable, state_json))
        if not self._busy:
            self._begin()

    def acknowledge(self, confirmed: Confirmed) -> None:
        if self._status is StorageStatus.OK:
            self._acknowledge(confirmed)
        else:
            self._acknowledgements.append(confirmed)

    # ------------------------------------------------ the thread

    def _begin(self) -> None:
        life = self._life
        if self.trouble is not None:
            if self._status is not self.trouble:
                self._status = self.trouble
                life.shell.storage_failed(self.trouble)
            self._busy = -1
            # Long troubles are tried less often than the real thread does, for the sake of speed alone.
            life.timeline.after(RETRY_MS[self.trouble] * 20, self._retry, self._run)
            return
        count = records = 0
        for job in self._jobs:
            if records and records + len(job.records) > GROUP_RECORDS:
                break
            count, records = count + 1, records + len(job.records)
        self._busy = count
        latency_ms = 60 + life.draw(600) if self.slow else 1 + life.draw(20)
        life.timeline.after(latency_ms, self._finish, self._run)

    def _retry(self, run: int) -> None:
        if run == self._run:
            self._busy = 0
            if self._jobs:
                self._begin()

    def trouble_ended(self) -> None:
        """There is room again, or the lock is gone: found at the next try."""
        self.trouble = None
        if self._busy == -1:
            self._busy = 0
            self._life.timeline.after(RETRY_MS[StorageStatus.UNAVAILABLE], self._retry, self._run)

    def _finish(self, run: int) -> None:
        if run != self._run:
            return
        count, self._busy = self._busy, 0
        self._store(count)
        life = self._life
        if life.power.goes_with_commit():
            return
        life.shell.committed(self.committed)
        if run != self._run:
            return
        if self._status is not StorageStatus.OK:
            self._recover()
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            life.shell.tell(events.RecordsDropped(Stream.EVENTS, dropped))
        if self._jobs and not self._busy:
            self._begin()

    def _store(self, count: int) -> None:
        """Put the first `count` jobs on the disk."""
        for _ in range(count):
            job = self._jobs.popleft()
            if job.snapshot is not None:
                self.journal.save_snapshot(job.snapshot)
                self.expected = job.durable
                continue
            self._queued -= len(job.records)
            for record in job.records:
                self.journal.append(record, job.at, job.clock_trusted)
            self.committed = job.ticket
            if self._diverged:
                rows = ((record, job.at) for record in job.records)
                self.expected = replay(StationState(self.expected), rows).durable
            else:
                self.expected = job.durable

    def _recover(self) -> None:
        self._status = StorageStatus.OK
        self._life.shell.tell(events.StorageChanged(StorageStatus.OK))
        while self._acknowledgements:
            self._acknowledge(self._acknowledgements.popleft())

    def _acknowledge(self, confirmed: Confirmed) -> None:
        journal, life = self.journal, self._life
        lane = journal.lane(confirmed.stream)
        before = lane.acknowledged_seq
        if confirmed.epoch != journal.epoch:
            return
        stored = life.cloud.stored.get((confirmed.epoch, confirmed.stream))
        digest = stored.digests.get(confirmed.through_seq) if stored and confirmed.through_digest else None
        outcome = journal.acknowledge(confirmed.epoch, confirmed.stream, confirmed.through_seq, digest)
        if outcome is AckOutcome.ADVANCED:
            wire_invariants.acknowledged_is_what_was_recorded(life, confirmed, lane, before)
        if outcome.is_fork or confirmed.forked:
            epoch = self._new_epoch()
            journal.fork(epoch, "other history", life.shell.stamp(), life.shell.clock_trusted)
            life.shell.tell(events.JournalForkDetected(confirmed.epoch, "other history"))
            life.uplink.grew(epoch)

    # ------------------------------------------------ what happens to it

    def end_run(self, *, in_order: bool) -> bool:
        """The process is gone. A commit under way reached the disk, or did not; an orderly stop writes all it can, and
        the answer says whether that was everything."""
        if self._busy > 0 and (in_order or self._life.luck.random() < 0.5):
            self._store(self._busy)
        if in_order and self.trouble is None:
            self._store(len(self._jobs))
        whole = in_order and not self._jobs
        self.kept_everything = not self._jobs and not self._diverged
        self._run += 1
        self._busy = self._queued = self._dropped = 0
        self._jobs.clear()
        self._acknowledgements.clear()
        self._diverged = False
        self._status = StorageStatus.OK
        return whole

    def damage(self, *, running: bool) -> None:
        """The file is unreadable: set aside, a new epoch. Met while running, the live state goes on in a snapshot."""
        boot = self.journal.boot if running else 0
        self.journal = JournalModel(self._new_epoch())
        self.journal.boot = boot
        self.expected = self._life.fresh.durable
        self.ever_diverged = True
        if running:
            self._diverged = True
            self._life.shell.tell(events.JournalReset("malformed page"))
            self._life.shell.snapshot()
            self._life.uplink.grew(self.journal.epoch)
        else:
            self.reset_found = "malformed page"
            self.intact = False

    def midnight(self) -> None:
        """House-keeping, and the image that a roll-back would bring back."""
        given_up = self.journal.maintain()
        if given_up:
            self._life.shell.tell(events.RecordsDropped(Stream.EVENTS, given_up))
            self.ever_diverged, self._life.replay_is_exact = True, False
        self.image, self.expected_image = self.journal.copy(), self.expected
        self.image_is_exact = self._life.replay_is_exact

    def roll_back(self) -> None:
        self.journal, self.expected = self.image.copy(), self.expected_image
        # What had been given up by then is missing in the image as well.
        self._life.replay_is_exact = self.image_is_exact
        self.intact = False
