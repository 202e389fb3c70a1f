"""The shipper against a model of journal, network and cloud, in which anything that is said may be lost, repeated or
late, on either way, across connections; and in the end, with the network whole again, everything has arrived."""

from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contract.ids import Epoch, Stream
from contract.messages import Ack, StreamHead
from edge.uplink.shipper import Batch, Confirmed, Read, Settings, Shipper, Verdict

EPOCH = Epoch("c" * 32)
SETTINGS = Settings(window_batches=3, batch_records=4, ack_timeout_ms=1_000)
STREAMS = st.sampled_from(list(Stream))
T = TypeVar("T")
ANY = st.integers(min_value=0, max_value=10_000)


def digest(stream: Stream, seq: int) -> str:
    return f"{seq:063x}{'e' if stream is Stream.EVENTS else '7'}" if seq else "0" * 64


@dataclass
class ModelJournal:
    """Positions `oldest … head` are kept; `acknowledged` moves as the controller would move it."""

    oldest: int = 1
    head: int = 0
    acknowledged: int = 0


@dataclass
class ModelCloud:
    stored: dict[Stream, set[int]] = field(default_factory=lambda: {stream: set() for stream in Stream})
    highest_prefix: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    begins: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 1))

    def prefix(self, stream: Stream) -> int:
        seq = self.begins[stream] - 1
        while seq + 1 in self.stored[stream]:
            seq += 1
        self.highest_prefix[stream] = max(self.highest_prefix[stream], seq)
        return seq

    def ack(self, stream: Stream) -> Ack:
        through = self.prefix(stream)
        return Ack(epoch=EPOCH, stream=stream, through_seq=through, through_digest=digest(stream, through))


class Hello:
    """Said to the cloud."""


class ShipperMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.shipper = Shipper(SETTINGS)
        self.now_ms = 0
        self.journal = {stream: ModelJournal() for stream in Stream}
        self.cloud = ModelCloud()
        self.upward: list[tuple[Stream, Batch] | Hello] = []
        self.downward: list[Ack] = []
        self.online = False

    # ------------------------------------------------------------ the station

    @rule(stream=STREAMS, count=st.integers(1, 9))
    def append(self, stream: Stream, count: int) -> None:
        self.journal[stream].head += count
        self.shipper.journal_grew(EPOCH)

    @rule(stream=STREAMS)
    def retention_drops_what_is_acknowledged(self, stream: Stream) -> None:
        self.journal[stream].oldest = self.journal[stream].acknowledged + 1

    @rule()
    def connect_or_disconnect(self) -> None:
        self.online = not self.online
        self.shipper.connected() if self.online else self.shipper.disconnected()

    @rule()
    def work(self) -> None:
        for _ in range(10):
            if self.shipper.wants_hello:
                self.shipper.said_hello(EPOCH, [self.head(stream) for stream in Stream], self.now_ms)
                self.upward.append(Hello())
            elif (read := self.shipper.next_read()) is not None:
                batch = self.batch(read)
                verdict = self.shipper.took(read, batch, self.now_ms)
                assert not isinstance(verdict, Confirmed), "there is one history, so there is no fork"
                if verdict is Verdict.SEND:
                    assert batch is not None
                    self.upward.append((read.stream, batch))
            else:
                return

    @rule(step_ms=st.integers(0, 20_000))
    def time_passes(self, step_ms: int) -> None:
        self.now_ms += step_ms
        self.shipper.time_passed(self.now_ms)

    @rule()
    def the_deadline_comes(self) -> None:
        due_ms = self.shipper.deadline_ms()
        if due_ms is not None:
            self.now_ms = max(self.now_ms, due_ms)
            self.shipper.time_passed(self.now_ms)

    # ------------------------------------------------------------ the network

    @precondition(lambda self: self.upward)
    @rule(which=ANY, repeat=st.booleans())
    def something_reaches_the_cloud(self, which: int, repeat: bool) -> None:
        said = self.taken(self.upward, which, repeat)
        if isinstance(said, Hello):
            self.downward += [self.cloud.ack(stream) for stream in Stream]
        else:
            stream, batch = said
            self.cloud.begins[stream] = max(self.cloud.begins[stream], batch.oldest_seq)
            self.cloud.stored[stream] |= set(range(batch.first_seq, batch.last_seq + 1))
            self.downward.append(self.cloud.ack(stream))

    @precondition(lambda self: self.downward and self.online)
    @rule(which=ANY, repeat=st.booleans())
    def something_reaches_the_station(self, which: int, repeat: bool) -> None:
        ack = self.taken(self.downward, which, repeat)
        confirmed = self.shipper.acknowledged(ack, self.now_ms)
        if confirmed is not None:
            assert not confirmed.forked, "there is one history, so there is no fork"
            assert confirmed.through_seq <= self.cloud.highest_prefix[confirmed.stream]
            journal = self.journal[confirmed.stream]
            assert confirmed.through_seq <= journal.head
            journal.acknowledged = max(journal.acknowledged, confirmed.through_seq)

    @precondition(lambda self: self.upward)
    @rule(which=ANY)
    def something_upward_is_lost(self, which: int) -> None:
        self.taken(self.upward, which, repeat=False)

    @precondition(lambda self: self.downward)
    @rule(which=ANY)
    def an_acknowledgement_is_lost(self, which: int) -> None:
        self.taken(self.downward, which, repeat=False)

    # ------------------------------------------------------------ what must hold

    @invariant()
    def the_window_is_bounded(self) -> None:
        assert 1 <= self.shipper.window <= SETTINGS.window_batches
        assert self.shipper.batches_under_way <= SETTINGS.window_batches

    @invariant()
    def nothing_is_acknowledged_that_the_cloud_never_had(self) -> None:
        for stream, journal in self.journal.items():
            assert journal.acknowledged <= self.cloud.highest_prefix[stream]

    def teardown(self) -> None:
        """The network is whole from here on: everything arrives, and soon."""
        if not self.online:
            self.connect_or_disconnect()
        work_left = sum(journal.head for journal in self.journal.values())
        for _ in range(100 + 4 * work_left):
            self.work()
            while self.upward:
                self.something_reaches_the_cloud(0, False)
            while self.downward:
                self.something_reaches_the_station(0, False)
            if all(journal.acknowledged == journal.head for journal in self.journal.values()):
                break
            if self.shipper.next_read() is None and not self.shipper.wants_hello:
                self.the_deadline_comes()
        for stream, journal in self.journal.items():
            assert journal.acknowledged == journal.head, "everything is acknowledged in the end"
            assert self.cloud.stored[stream] == set(range(1, journal.head + 1)), "and everything is there"

    # ------------------------------------------------------------ helpers

    @staticmethod
    def taken(queue: list[T], which: int, repeat: bool) -> T:
        index = which % len(queue)
        return queue[index] if repeat else queue.pop(index)

    def head(self, stream: Stream) -> StreamHead:
        journal = self.journal[stream]
        return StreamHead(
            stream=stream,
            oldest_seq=journal.oldest,
            head_seq=journal.head,
            head_digest=digest(stream, journal.head),
            acknowledged_seq=journal.acknowledged,
        )

    def batch(self, read: Read) -> Batch | None:
        journal = self.journal[read.stream]
        first = max(read.after_seq + 1, journal.oldest)
        if first > journal.head:
            return None
        last = min(journal.head, first + read.max_records - 1)
        return Batch(
            epoch=EPOCH,
            first_seq=first,
            last_seq=last,
            oldest_seq=journal.oldest,
            records=last - first + 1,
            previous_digest=digest(read.stream, first - 1),
            last_digest=digest(read.stream, last),
        )


TestShipperAgainstTheModel = ShipperMachine.TestCase
TestShipperAgainstTheModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
