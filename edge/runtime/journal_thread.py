"""The one thread that writes the journal: group commit that never waits to gather, and what to do when storage fails.

The controller submits the records of each step and goes on; the thread takes all that has been submitted meanwhile,
commits it as one transaction and reports (`Committed`). While storage is full, locked or broken, the records stay in a
bounded queue, the controller is told once (`StorageTrouble`), and the thread tries again. At the queue's bound the
records of a step are dropped and counted, all or none; the controller makes an alarm and, later, a record of that.

Records and snapshots are carried out in the order of their submission, so that a snapshot stands for exactly the
records before it. Acknowledgements go first: on a full disk they are what makes room for the records that wait.
"""

import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contract.ids import Epoch, Stream
from contract.records import stream_of
from edge.core.events import StorageStatus
from edge.journal.errors import JournalError, RecordRefused, StorageBroken, StorageFull, StorageLocked
from edge.journal.journal import Journal
from edge.journal.model import AckOutcome, NewRecord
from edge.runtime.clock import kernel_synchronised, monotonic_ms, wall_ms

log = logging.getLogger(__name__)

MAX_QUEUED_RECORDS: Final = 10_000
MAX_GROUP_RECORDS: Final = 500
MAX_QUEUED_JOBS: Final = 20_000
MAX_ACKNOWLEDGEMENTS: Final = 256
MAINTENANCE_S: Final = 60.0
MAINTENANCE_MORE_S: Final = 0.5
RETRY_S: Final = {StorageStatus.FULL: 1.0, StorageStatus.UNAVAILABLE: 0.25}


@dataclass(frozen=True)
class Committed:
    """Everything up to `ticket` is on the disk, but for records of the tickets in `unkept`, which were refused."""

    ticket: int
    unkept: frozenset[int]
    epoch: Epoch
    unacknowledged: int
    """Records of both streams that the cloud does not have yet."""
    at_mono_ns: int


@dataclass(frozen=True)
class StorageTrouble:
    """Storage has failed, or works again (`status` recovering, then ok)."""

    status: StorageStatus
    detail: str


@dataclass(frozen=True)
class Dropped:
    """Records that found no place in the queue, or that the journal refused."""

    stream: Stream
    count: int


@dataclass(frozen=True)
class Forked:
    previous_epoch: Epoch
    epoch: Epoch
    reason: str


@dataclass(frozen=True)
class WasReset:
    """The file was damaged and set aside while running."""

    epoch: Epoch
    detail: str


@dataclass(frozen=True)
class Acknowledged:
    """The cloud has more of the journal."""

    unacknowledged: int


@dataclass(frozen=True)
class OpenedLate:
    """The journal, which could not be opened at the start, is open now. The run began without what it says."""


@dataclass(frozen=True)
class Failed:
    """The thread has ended by a mistake of ours; nothing will be kept any more."""

    detail: str


JournalReport = Committed | Acknowledged | StorageTrouble | Dropped | Forked | WasReset | OpenedLate | Failed


@dataclass(frozen=True)
class _Append:
    records: tuple[NewRecord, ...]
    ticket: int
    whole: bool = True
    """No record was taken out because the journal refused it."""


@dataclass(frozen=True)
class _Snapshot:
    state_json: str
    version: int


@dataclass(frozen=True)
class _Acknowledge:
    epoch: Epoch
    stream: Stream
    through_seq: int
    digest: str | None
    forked: bool


_Job = _Append | _Snapshot | _Acknowledge


def storage_error(error: JournalError | OSError) -> JournalError:
    """What the file system refuses around the database (a directory, a file to be set aside) is storage's failure."""
    if isinstance(error, JournalError):
        return error
    return StorageFull(str(error)) if error.errno in (errno.ENOSPC, errno.EDQUOT) else StorageBroken(str(error))


class JournalThread(threading.Thread):
    """Owns the journal after `start`. `opener` opens it when it could not be opened before; `post` is called on this
    thread and must be safe to call from any."""

    def __init__(
        self, journal: Journal | None, opener: Callable[[], Journal], post: Callable[[JournalReport], None]
    ) -> None:
        super().__init__(name="journal", daemon=True)
        self._journal = journal
        self._opener = opener
        self._post = post
        self._jobs: deque[_Append | _Snapshot] = deque()
        # Each says all that the one before it said, so the oldest may fall out.
        self._acknowledgements: deque[_Acknowledge] = deque(maxlen=MAX_ACKNOWLEDGEMENTS)
        self._wake = threading.Condition()
        self._queued_records = 0
        self._ticket = 0
        self._status = StorageStatus.OK
        self._dropped: dict[Stream, int] = {}
        self._stopping = False
        self._reopen_due = False
        self._next_maintenance = time.monotonic() + MAINTENANCE_S

    # ------------------------------------------------ called by the controller

    def submit(self, records: tuple[NewRecord, ...]) -> int | None:
        """Queue the records of one step; `Committed` with at least the ticket returned says that they are kept. None:
        there is no room, and they are dropped."""
        with self._wake:
            if self._queued_records + len(records) > MAX_QUEUED_RECORDS or len(self._jobs) >= MAX_QUEUED_JOBS:
                for record in records:
                    self._count_dropped(record)
                return None
            self._ticket += 1
            self._queued_records += len(records)
            self._jobs.append(_Append(records, self._ticket))
            self._wake.notify()
            return self._ticket

    def save_snapshot(self, state_json: str, version: int) -> None:
        self._enqueue(_Snapshot(state_json, version))

    def acknowledge(self, epoch: Epoch, stream: Stream, through_seq: int, digest: str | None, *, forked: bool) -> None:
        with self._wake:
            self._acknowledgements.append(_Acknowledge(epoch, stream, through_seq, digest, forked))
            self._wake.notify()

    def stop(self, timeout_s: float) -> bool:
        """Commit what is queued, close; False when storage failed or took longer than `timeout_s`: what is still
        queued is then lost."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self.join(timeout_s)
        return not self.is_alive() and self._queued_records == 0

    def _enqueue(self, job: _Snapshot) -> None:
        with self._wake:
            if len(self._jobs) < MAX_QUEUED_JOBS:
                self._jobs.append(job)
            self._wake.notify()

    def _count_dropped(self, record: NewRecord) -> None:
        stream = stream_of(record.record)
        self._dropped[stream] = self._dropped.get(stream, 0) + 1

    # ------------------------------------------------ the thread

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:
            log.exception("the journal's thread has failed")
            self._post(Failed(f"{type(error).__name__}: {error}"))

    def _work(self) -> None:
        while True:
            job = self._next()
            if job is None:
                break
            try:
                self._carry_out(job)
            except (JournalError, OSError) as error:
                self._fail(storage_error(error))
                if not self._wait_to_retry():
                    break
        if self._journal is not None:
            try:
                self._journal.close()
            except JournalError as error:
                log.error("journal not closed in order: %s", error)

    def _next(self) -> _Job | None:
        """The first job, left in its queue; None when it is time to stop. Maintains the journal when that is due."""
        while True:
            if time.monotonic() >= self._next_maintenance and not self._stopping:
                self._maintain()
            with self._wake:
                if self._acknowledgements:
                    return self._acknowledgements[0]
                if self._jobs:
                    return self._jobs[0]
                if self._stopping:
                    return None
                self._wake.wait(max(0.0, self._next_maintenance - time.monotonic()))

    def _carry_out(self, job: _Job) -> None:
        journal = self._opened()
        if isinstance(job, _Append):
            if not self._append(journal):
                return
        elif isinstance(job, _Snapshot):
            journal.save_snapshot(job.state_json, job.version)
            self._done(1, 0)
        else:
            self._acknowledge(journal, job)
            with self._wake:
                if self._acknowledgements and self._acknowledgements[0] is job:
                    self._acknowledgements.popleft()
            if self._jobs:
                # Whether storage takes records again is for the next append to find out.
                return
        if self._status is not StorageStatus.OK:
            self._recover()

    def _opened(self) -> Journal:
        if self._journal is None:
            self._journal = self._opener()
            if self._journal.opened.recovered:
                self._post(WasReset(self._journal.epoch, self._journal.opened.reason))
            self._post(OpenedLate())
        elif self._reopen_due:
            opened = self._journal.reopen()
            self._reopen_due = False
            if opened.recovered:
                self._post(WasReset(opened.epoch, opened.reason))
        return self._journal

    def _append(self, journal: Journal) -> bool:
        """Commit what is queued, up to a bound. False: one record was refused, and nothing is committed yet."""
        with self._wake:
            group: list[_Append] = []
            count = 0
            for job in self._jobs:
                if not isinstance(job, _Append) or (group and count + len(job.records) > MAX_GROUP_RECORDS):
                    break
                group.append(job)
                count += len(job.records)
        records = [record for job in group for record in job.records]
        try:
            journal.append(records)
        except RecordRefused as refused:
            self._refuse(group, refused)
            return False
        self._done(len(group), len(records))
        unkept = frozenset(job.ticket for job in group if not job.whole)
        self._post(Committed(group[-1].ticket, unkept, journal.epoch, journal.unacknowledged, time.monotonic_ns()))
        self._tell_dropped()
        return True

    def _refuse(self, group: list[_Append], refused: RecordRefused) -> None:
        """Take the one record out that cannot be stored; the others are tried again."""
        index = refused.index
        for position, job in enumerate(group):
            if index < len(job.records):
                culprit = job.records[index]
                log.error("a %s record was refused by the journal: %s", type(culprit.record).__name__, refused)
                with self._wake:
                    rest = job.records[:index] + job.records[index + 1 :]
                    self._jobs[position] = _Append(rest, job.ticket, whole=False)
                    self._queued_records -= 1
                    self._count_dropped(culprit)
                return
            index -= len(job.records)

    def _acknowledge(self, journal: Journal, job: _Acknowledge) -> None:
        outcome = journal.acknowledge(job.epoch, job.stream, job.through_seq, job.digest)
        if outcome is AckOutcome.ADVANCED:
            self._post(Acknowledged(journal.unacknowledged))
        if outcome is AckOutcome.OTHER_EPOCH or not (outcome.is_fork or job.forked):
            return
        reason = f"{job.stream}: the cloud's history differs at {job.through_seq} ({outcome.value})"
        previous = journal.epoch
        journal.fork(reason, mono_ms=monotonic_ms(), recorded_at_ms=wall_ms(), clock_trusted=kernel_synchronised())
        self._post(Forked(previous, journal.epoch, reason))

    def _done(self, jobs: int, records: int) -> None:
        with self._wake:
            for _ in range(jobs):
                self._jobs.popleft()
            self._queued_records -= records

    def _tell_dropped(self) -> None:
        with self._wake:
            dropped, self._dropped = self._dropped, {}
        for stream, count in dropped.items():
            self._post(Dropped(stream, count))

    # ------------------------------------------------ failure

    def _fail(self, error: JournalError) -> None:
        status = StorageStatus.FULL if isinstance(error, StorageFull) else StorageStatus.UNAVAILABLE
        if status is not self._status:
            log.error("journal %s: %s", status.value, error)
            self._status = status
            self._post(StorageTrouble(status, str(error)))
        if isinstance(error, StorageBroken):
            self._reopen_due = True

    def _wait_to_retry(self) -> bool:
        """False: asked to stop, and storage still fails."""
        with self._wake:
            if self._stopping:
                return False
            self._wake.wait_for(lambda: self._stopping, RETRY_S[self._status])
        return True

    def _recover(self) -> None:
        with self._wake:
            status = StorageStatus.RECOVERING if self._jobs else StorageStatus.OK
        if status is not self._status:
            log.info("journal writes again after %s: %s", self._status.value, status.value)
            self._status = status
            self._post(StorageTrouble(status, ""))

    def _maintain(self) -> None:
        try:
            done = self._opened().maintain(wall_ms() if kernel_synchronised() else None)
        except (JournalError, OSError) as error:
            if not isinstance(error, StorageLocked):
                self._fail(storage_error(error))
            self._next_maintenance = time.monotonic() + MAINTENANCE_S
            return
        for stream, count in done.given_up:
            log.error("room is short: %d unacknowledged records of %s were given up", count, stream)
            self._post(Dropped(stream, count))
        self._next_maintenance = time.monotonic() + (MAINTENANCE_MORE_S if done.more else MAINTENANCE_S)
