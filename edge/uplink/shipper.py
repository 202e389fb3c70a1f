"""Which journal batch goes to the cloud next, and what an acknowledgement means. No I/O, no clock, in the way of h11.

Theory. The cloud commits what it gets and answers with the length of its unbroken prefix per stream (`through_seq`).
That prefix, not the broker's PUBACK, is the only thing believed. After each connect the station says `hello` with what
its journal holds, and sends no record of a stream before the cloud has answered for it: the answer is the cursor from
which it reads. From then on at most `window` batches are under way, events before telemetry.

- An acknowledgement moves the cursor forward and frees what it covers. One that lies behind the cursor is a late
  one, and says nothing.
- Silence for a time-out sends the stream again from its cursor, with a window of one batch, which grows by one for
  each windowful acknowledged; the time-out doubles up to 60 s. From the second silence in a row the station also says
  hello again, so that a cloud restored from yesterday's backup can name its shorter prefix.
- A batch that the cloud cannot read is sent again in halves, down to single records, which the cloud keeps as bytes.
  Of such a one alone it may say that it has it without naming its digest: whoever does not know what was recorded
  cannot confirm it.
- *Fork*: the cloud says so, or answers hello with a prefix longer than our journal, or holds another digest where we
  know ours. Then nothing more is sent until the controller has begun a new epoch; hello is repeated meanwhile, in case
  our word to the controller was lost. Outside of hello an impossible acknowledgement is not believed but asked about.

Nothing here deletes anything, and everything sent can be sent again.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from contract.frozen import frozen
from contract.ids import Epoch, Stream
from contract.messages import Ack, StreamHead
from edge.uplink.backoff import doubled

POLL_MS: Final = 5_000
"""The journal is looked at this often unasked: the controller's word that it grew may have been lost."""
ASK_AGAIN_MS: Final = 1_000
FORKS_APART_MS: Final = 60_000
"""Acknowledgements are unsigned: whoever holds the broker must not make us begin one epoch after the other."""
TIMEOUTS_BEFORE_HELLO: Final = 2


@dataclass(frozen=True)
class Settings:
    window_batches: int
    batch_records: int
    ack_timeout_ms: int


@frozen
class Read:
    """A wish to read at most `max_records` of `stream` behind `after_seq`. `generation` and `growth` tell whether
    the answer still matters, and whether an empty one still holds."""

    stream: Stream
    after_seq: int
    max_records: int
    generation: int
    growth: int


@frozen
class Batch:
    """What the shipper needs to know of a batch that was read: `first_seq … last_seq` in `records` records."""

    epoch: Epoch
    first_seq: int
    last_seq: int
    oldest_seq: int
    records: int
    previous_digest: str
    last_digest: str


@frozen
class Confirmed:
    """For the controller: the cloud has everything up to `through_seq`, or (`forked`) another history."""

    epoch: Epoch
    stream: Stream
    through_seq: int
    through_digest: str | None
    forked: bool = False


class Verdict(Enum):
    """What to do with a batch that was read."""

    SEND = auto()
    DISCARD = auto()


class Phase(Enum):
    OFFLINE = auto()
    GREETING = auto()
    """Connected; hello is to be said."""
    SHIPPING = auto()
    """Hello was said; the streams answered for are shipped."""
    HELD = auto()
    """A fork was reported; waiting for the controller."""


@frozen
class InFlight:
    after_seq: int
    first_seq: int
    last_seq: int
    records: int
    last_digest: str


@dataclass
class Lane:
    """One stream."""

    stream: Stream
    answered: bool = False
    cursor: int = 0
    """Everything up to here is the cloud's."""
    cursor_digest: str | None = None
    next_after: int = 0
    head: int = 0
    """The journal is known to hold everything up to here."""
    head_digest: str = ""
    oldest: int = 1
    more: bool = False
    in_flight: deque[InFlight] = field(default_factory=deque)
    progress_ms: int = 0
    timeouts: int = 0
    narrow_until: int = 0
    narrow_records: int = 0

    def rewind(self) -> None:
        """Begin again from the cursor, or from the oldest record kept if that is later."""
        self.in_flight.clear()
        self.next_after = max(self.cursor, self.oldest - 1)
        self.more = True

    def digest_at(self, seq: int) -> str | None:
        """Our digest at a position, where it is known here."""
        if seq == self.head:
            return self.head_digest
        return next((batch.last_digest for batch in self.in_flight if batch.last_seq == seq), None)

    def sent_alone(self, seq: int) -> str | None:
        """Our digest of a record that is under way by itself, which the cloud may hold as bytes that it cannot read."""
        return next((sent.last_digest for sent in self.in_flight if sent.last_seq == seq and sent.records == 1), None)


class Shipper:
    """Its methods tell it what happened; `wants_hello`, `next_read` and `deadline_ms` say what is to be done."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._phase = Phase.OFFLINE
        self._epoch: Epoch | None = None
        self._lanes = {stream: Lane(stream) for stream in Stream}
        self._window = settings.window_batches
        self._acked_in_window = 0
        self._hello_due_ms: int | None = None
        self._hellos_unanswered = 0
        self._poll_ms = 0
        self._generation = 0
        self._growth = 0
        self._fork_told: tuple[Epoch, int] | None = None

    # ------------------------------------------------------------ the connection

    def connected(self) -> None:
        self._greet()
        self._hellos_unanswered = 0

    def disconnected(self) -> None:
        self._greet()
        self._phase = Phase.OFFLINE

    @property
    def wants_hello(self) -> bool:
        return self._phase is Phase.GREETING

    def said_hello(self, epoch: Epoch, heads: list[StreamHead], now_ms: int) -> None:
        """Hello was said with `heads`; each stream in it waits for the cloud's answer."""
        if epoch != self._epoch:
            self._lanes = {stream: Lane(stream) for stream in Stream}
        self._epoch = epoch
        self._phase = Phase.SHIPPING
        self._poll_ms = now_ms + POLL_MS
        for head in heads:
            lane = self._lanes[head.stream]
            lane.head, lane.head_digest, lane.oldest = head.head_seq, head.head_digest, head.oldest_seq
        self._expect_answer(now_ms)

    # ------------------------------------------------------------ the journal

    def journal_grew(self, epoch: Epoch) -> None:
        """There may be something new to read. Another epoch is greeted first."""
        self._growth += 1
        for lane in self._lanes.values():
            lane.more = True
        if epoch != self._epoch and self._phase in (Phase.SHIPPING, Phase.HELD):
            self._greet()
            self._hellos_unanswered = 0

    def next_read(self) -> Read | None:
        """What to read now, if there is room for it under way. Answer with `took`."""
        if self._phase is not Phase.SHIPPING:
            return None
        for lane in self._lanes.values():  # in the order of Stream: events first
            if lane.answered and lane.more:
                if self.batches_under_way >= self._window:
                    return None
                narrow = lane.next_after < lane.narrow_until
                most = lane.narrow_records if narrow else self._settings.batch_records
                return Read(lane.stream, lane.next_after, most, self._generation, self._growth)
        return None

    def took(self, read: Read, batch: Batch | None, now_ms: int) -> Verdict | Confirmed:
        """The answer to `next_read`: whether the batch goes out, or shows a fork."""
        lane = self._lanes[read.stream]
        if (
            self._phase is not Phase.SHIPPING
            or read.generation != self._generation
            or lane.next_after != read.after_seq
        ):
            return Verdict.DISCARD
        if batch is None or batch.last_seq <= read.after_seq:
            lane.more = read.growth != self._growth
            return Verdict.DISCARD
        if batch.epoch != self._epoch:
            self._greet()
            return Verdict.DISCARD
        follows_cursor = batch.first_seq == lane.cursor + 1
        if follows_cursor and lane.cursor_digest not in (None, batch.previous_digest):
            return self._forked(lane, lane.cursor, lane.cursor_digest, now_ms) or Verdict.DISCARD
        if not lane.in_flight:
            lane.progress_ms = now_ms
        lane.in_flight.append(
            InFlight(read.after_seq, batch.first_seq, batch.last_seq, batch.records, batch.last_digest)
        )
        lane.next_after, lane.oldest = batch.last_seq, batch.oldest_seq
        if batch.last_seq >= lane.head:
            lane.head, lane.head_digest = batch.last_seq, batch.last_digest
        return Verdict.SEND

    # ------------------------------------------------------------ the cloud

    def acknowledged(self, ack: Ack, now_ms: int) -> Confirmed | None:
        """What the controller is to be told of an acknowledgement; None for one that says nothing or cannot be true."""
        if self._phase is not Phase.SHIPPING or ack.epoch is None or ack.epoch != self._epoch or ack.stream is None:
            return None
        lane = self._lanes[ack.stream]
        ours = lane.digest_at(ack.through_seq)
        if ack.forked or (ours is not None and ack.through_digest not in (None, ours) and ack.through_seq > 0):
            return self._forked(lane, ack.through_seq, ack.through_digest, now_ms)
        if ack.through_seq > lane.head:
            if not lane.answered:
                return self._forked(lane, ack.through_seq, ack.through_digest, now_ms)
            self._ask_soon(now_ms)
            return None
        proof = ack.through_digest or lane.sent_alone(ack.through_seq)
        if not lane.answered:
            self._hello_answered(lane, ack, now_ms)
        elif ack.through_seq <= lane.cursor:
            return None
        elif proof is None:
            self._ask_soon(now_ms)
            return None
        else:
            self._advance(lane, ack, now_ms)
        if ack.through_seq == 0:
            return None
        return Confirmed(ack.epoch, ack.stream, ack.through_seq, proof)

    def unreadable(self, correlation: str, now_ms: int) -> bool:
        """The cloud could not read a batch: its range is sent again in halves. False for one that is not under way."""
        for lane in self._lanes.values():
            for batch in lane.in_flight:
                if self._correlation(lane, batch) == correlation and batch.records > 1:
                    self._halve(lane, batch, now_ms)
                    return True
        return False

    # ------------------------------------------------------------ time

    def deadline_ms(self) -> int | None:
        """When `time_passed` is to be called at the latest."""
        if self._phase in (Phase.OFFLINE, Phase.GREETING):
            return None
        due = [self._poll_ms] if self._phase is Phase.SHIPPING else []
        if self._hello_due_ms is not None:
            due.append(self._hello_due_ms)
        due += [self._due_ms(lane) for lane in self._lanes.values() if lane.in_flight]
        return min(due, default=None)

    def time_passed(self, now_ms: int) -> None:
        """Does what is due at `now_ms`."""
        if self._phase in (Phase.OFFLINE, Phase.GREETING):
            return
        if self._hello_due_ms is not None and now_ms >= self._hello_due_ms:
            self._greet()
            return
        if now_ms >= self._poll_ms:
            self._poll_ms = now_ms + POLL_MS
            self._growth += 1
            for lane in self._lanes.values():
                lane.more = True
        for lane in self._lanes.values():
            if lane.in_flight and now_ms >= self._due_ms(lane):
                self._timed_out(lane)

    # ------------------------------------------------------------ for those who look on

    @property
    def batches_under_way(self) -> int:
        return sum(len(lane.in_flight) for lane in self._lanes.values())

    @property
    def window(self) -> int:
        return self._window

    @property
    def phase(self) -> Phase:
        return self._phase

    # ------------------------------------------------------------ inside

    def _greet(self) -> None:
        """Hello is to be said (again); what is under way is no longer counted on."""
        self._phase = Phase.GREETING
        self._generation += 1
        self._hello_due_ms = None
        for lane in self._lanes.values():
            lane.answered = False
            lane.in_flight.clear()

    def _expect_answer(self, now_ms: int) -> None:
        self._hello_due_ms = now_ms + doubled(self._settings.ack_timeout_ms, self._hellos_unanswered)
        self._hellos_unanswered += 1

    def _ask_soon(self, now_ms: int) -> None:
        """Hello again, but not as often as somebody may send us nonsense."""
        if self._hello_due_ms is None:
            self._hello_due_ms = now_ms + ASK_AGAIN_MS

    def _hello_answered(self, lane: Lane, ack: Ack, now_ms: int) -> None:
        if ack.through_seq > lane.cursor:
            lane.timeouts = 0
        lane.answered = True
        lane.cursor, lane.cursor_digest = ack.through_seq, ack.through_digest
        lane.progress_ms = now_ms
        lane.rewind()
        if all(lane.answered for lane in self._lanes.values()):
            self._hello_due_ms, self._hellos_unanswered = None, 0

    def _advance(self, lane: Lane, ack: Ack, now_ms: int) -> None:
        lane.cursor, lane.cursor_digest = ack.through_seq, ack.through_digest
        lane.next_after = max(lane.next_after, lane.cursor)
        lane.progress_ms, lane.timeouts = now_ms, 0
        while lane.in_flight and lane.in_flight[0].last_seq <= lane.cursor:
            lane.in_flight.popleft()
            self._acked_in_window += 1
        if self._acked_in_window >= self._window:
            self._acked_in_window = 0
            self._window = min(self._window + 1, self._settings.window_batches)

    def _forked(self, lane: Lane, through_seq: int, digest: str | None, now_ms: int) -> Confirmed | None:
        """Holds everything; the word for the controller, or None so soon after the fork of another epoch."""
        assert self._epoch is not None
        self._greet()
        self._phase = Phase.HELD
        self._expect_answer(now_ms)
        told = self._fork_told
        if told is not None and told[0] != self._epoch and now_ms < told[1] + FORKS_APART_MS:
            return None
        self._fork_told = (self._epoch, now_ms)
        return Confirmed(self._epoch, lane.stream, through_seq, digest, forked=True)

    def _halve(self, lane: Lane, unread: InFlight, now_ms: int) -> None:
        while lane.in_flight[-1] is not unread:
            lane.in_flight.pop()
        lane.in_flight.pop()
        lane.next_after, lane.more = unread.after_seq, True
        lane.narrow_until, lane.narrow_records = unread.last_seq, unread.records // 2
        lane.progress_ms = now_ms

    def _timed_out(self, lane: Lane) -> None:
        lane.timeouts += 1
        self._window, self._acked_in_window = 1, 0
        lane.rewind()
        if lane.timeouts >= TIMEOUTS_BEFORE_HELLO:
            self._greet()

    def _due_ms(self, lane: Lane) -> int:
        return lane.progress_ms + doubled(self._settings.ack_timeout_ms, lane.timeouts)

    def _correlation(self, lane: Lane, batch: InFlight) -> str:
        return correlation(self._epoch or Epoch(""), lane.stream, batch.first_seq, batch.records)


def correlation(epoch: Epoch, stream: Stream, first_seq: int, records: int) -> str:
    """The MQTT correlation data of a batch, which the cloud repeats when it cannot read it."""
    return f"{epoch}:{stream}:{first_seq}:{records}"
