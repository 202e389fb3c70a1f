"""The loop around `shipper`: reads the journal in a worker thread, publishes, and tells the controller."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contract.codec import encode
from contract.ids import Epoch
from contract.messages import Ack, Hello, JournalBatch
from contract.topics import Leaf
from edge.journal.errors import JournalError
from edge.journal.reader import JournalReader
from edge.runtime.clock import monotonic_ms
from edge.runtime.ipc import Acknowledged, Message
from edge.uplink.shipper import Batch, Confirmed, Read, Shipper, Verdict, correlation
from edge.uplink.wire import Wire
from edge.uplink.worker import Worker

log = logging.getLogger(__name__)

MAX_BATCH_BYTES: Final = 128 * 1024
RETRY_S: Final = 1.0


@dataclass(frozen=True)
class Identity:
    """Which run of which program speaks."""

    boot: int
    software: str


class JournalLoop:
    """Lives as long as the process; `run` as long as one session."""

    def __init__(
        self, shipper: Shipper, reader: JournalReader, identity: Callable[[], Identity], say: Callable[[Message], None]
    ) -> None:
        self._shipper = shipper
        self._reader = reader
        self._identity = identity
        self._say = say
        self._worker = Worker("journal")
        self._wake = asyncio.Event()
        self._unreadable = False

    def grew(self, epoch: Epoch) -> None:
        """The controller says that there is more."""
        self._shipper.journal_grew(epoch)
        self._wake.set()

    def heard(self, ack: Ack) -> None:
        """The cloud says what it has, or what it could not read."""
        if ack.unreadable is not None:
            if self._shipper.unreadable(ack.unreadable, monotonic_ms()):
                log.warning("the cloud cannot read batch %s; sending it in halves", ack.unreadable)
        elif (confirmed := self._shipper.acknowledged(ack, monotonic_ms())) is not None:
            self._tell(confirmed)
        self._wake.set()

    async def run(self, wire: Wire) -> None:
        """Says hello and ships until cancelled or until the connection fails."""
        self._shipper.connected()
        try:
            while True:
                self._wake.clear()
                self._shipper.time_passed(monotonic_ms())
                try:
                    await self._next_thing(wire)
                    self._unreadable = False
                except JournalError as error:
                    if not self._unreadable:
                        log.warning("the journal cannot be read, trying again every %g s: %s", RETRY_S, error)
                    self._unreadable = True
                    await asyncio.sleep(RETRY_S)
        finally:
            self._shipper.disconnected()

    async def _next_thing(self, wire: Wire) -> None:
        if self._shipper.wants_hello:
            await self._hello(wire)
        elif (read := self._shipper.next_read()) is not None:
            await self._ship(wire, read)
        else:
            deadline_ms = self._shipper.deadline_ms()
            wait_s = None if deadline_ms is None else max(0.0, (deadline_ms - monotonic_ms()) / 1_000)
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                pass

    async def _hello(self, wire: Wire) -> None:
        epoch, heads = await self._worker.do(self._reader.heads)
        identity = self._identity()
        # Before the publish, because the answer may be here before the publish returns.
        self._shipper.said_hello(epoch, heads, monotonic_ms())
        hello = Hello(epoch=epoch, session=wire.session, boot=identity.boot, software=identity.software, streams=heads)
        await wire.publish(Leaf.HELLO, encode(hello))

    async def _ship(self, wire: Wire, read: Read) -> None:
        batch = await self._worker.do(
            self._reader.batch, read.stream, read.after_seq, read.max_records, MAX_BATCH_BYTES
        )
        verdict = self._shipper.took(read, None if batch is None else outline(batch), monotonic_ms())
        if isinstance(verdict, Confirmed):
            self._tell(verdict)
        elif verdict is Verdict.SEND and batch is not None:
            payload = await self._worker.do(encode, batch)
            await wire.publish(
                Leaf.JOURNAL, payload, correlation(batch.epoch, batch.stream, batch.first_seq, len(batch.records))
            )

    def _tell(self, confirmed: Confirmed) -> None:
        if confirmed.forked:
            log.warning(
                "the cloud knows another history of %s at %d of epoch %s",
                confirmed.stream, confirmed.through_seq, confirmed.epoch,
            )  # fmt: skip
        self._say(
            Acknowledged(
                confirmed.epoch, confirmed.stream, confirmed.through_seq, confirmed.through_digest, confirmed.forked
            )
        )


def outline(batch: JournalBatch) -> Batch:
    """What the shipper needs to know of a batch."""
    last = batch.records[-1]
    return Batch(
        epoch=batch.epoch,
        first_seq=batch.first_seq,
        last_seq=last.seq,
        oldest_seq=batch.oldest_seq,
        records=len(batch.records),
        previous_digest=batch.previous_digest,
        last_digest=last.digest,
    )
