"""A station as the cloud sees one: an MQTT client that speaks the contract's messages, with a journal in memory.

It does what it is told and nothing by itself: tests decide when it connects, what it sends, twice, late or broken.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from cloud.mqtt import note_how_it_ends
from contract.codec import decode, encode
from contract.digest import GENESIS, canonical_json, chain
from contract.ids import Epoch, Session, StationId, Stream
from contract.messages import (
    Ack,
    DoorState,
    Hello,
    JournalBatch,
    Message,
    Online,
    StandingAlarm,
    StationState,
    StreamHead,
    WireRecord,
)
from contract.records import DoorMode, Posture
from contract.topics import DOWNWARD, Leaf, Topic

M = TypeVar("M", bound=Message)
DEADLINE_S = 10.0


@dataclass
class FakeJournal:
    """Records with a digest chain, as a station's journal has them."""

    epoch: Epoch = field(default_factory=lambda: Epoch(secrets.token_hex(16)))
    stream: Stream = Stream.EVENTS
    records: list[WireRecord] = field(default_factory=list)
    oldest_seq: int = 1

    def add(self, kind: str = "exit.pressed", body: dict[str, Any] | None = None, **values: Any) -> WireRecord:
        """Append one record; `values` override its fields before the digest is made."""
        seq = self.records[-1].seq + 1 if self.records else 1
        now_ms = time.time_ns() // 1_000_000
        fields: dict[str, Any] = {"seq": seq, "boot": 1, "mono_ms": seq * 10, "recorded_at_ms": now_ms}
        fields |= {"clock_trusted": True, "kind": kind, "body": body or {}, **values}
        previous = self.records[-1].digest if self.records else GENESIS
        arguments = {key: value for key, value in fields.items() if key != "body"}
        digest = chain(
            previous, epoch=self.epoch, stream=self.stream, body_json=canonical_json(fields["body"]), **arguments
        )
        record = WireRecord.model_validate(fields | {"digest": digest})
        self.records.append(record)
        return record

    def add_many(self, count: int) -> None:
        for _ in range(count):
            self.add()

    def batch(self, first: int, last: int) -> JournalBatch:
        """The records `first … last` as a batch."""
        previous = GENESIS if first == 1 else self.records[first - 2].digest
        return JournalBatch(
            epoch=self.epoch,
            stream=self.stream,
            first_seq=first,
            oldest_seq=self.oldest_seq,
            previous_digest=previous,
            records=self.records[first - 1 : last],
        )

    def head(self) -> StreamHead:
        last = self.records[-1] if self.records else None
        return StreamHead(
            stream=self.stream,
            oldest_seq=self.oldest_seq,
            head_seq=last.seq if last else 0,
            head_digest=last.digest if last else GENESIS,
            acknowledged_seq=0,
        )

    def fork_at(self, seq: int) -> "FakeJournal":
        """A clone of the card, as it was after position `seq`."""
        return FakeJournal(self.epoch, self.stream, list(self.records[:seq]), self.oldest_seq)


class StationClient:
    """One connection of a station. Everything that it hears is kept, in order."""

    def __init__(self, client: aiomqtt.Client, station: StationId, session: Session) -> None:
        self.station = station
        self.session = session
        self.acks: list[Ack] = []
        self.heard: list[tuple[Leaf, bytes, bool]] = []
        self._client = client
        self._news = asyncio.Condition()
        self._n = 0

    async def listen(self) -> None:
        """Never returns; cancel it."""
        async for message in self._client.messages:
            leaf = Leaf(str(message.topic).split("/", 3)[3])
            payload = bytes(message.payload) if isinstance(message.payload, (bytes, bytearray)) else b""
            async with self._news:
                self.heard.append((leaf, payload, bool(message.retain)))
                if leaf is Leaf.ACK:
                    self.acks.append(decode(Ack, payload))
                self._news.notify_all()

    async def until(self, condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
        """Wait until something heard makes `condition` true."""
        async with asyncio.timeout(deadline_s), self._news:
            await self._news.wait_for(condition)

    async def send(self, leaf: Leaf, message: Message, *, retain: bool = False) -> None:
        await self.send_bytes(leaf, encode(message), retain=retain)

    async def send_bytes(
        self, leaf: Leaf, payload: bytes, *, correlation: str | None = None, retain: bool = False
    ) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if correlation is not None:
            properties.CorrelationData = correlation.encode("ascii")
        topic = str(Topic(self.station, leaf))
        await self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)

    async def hello(self, *journals: FakeJournal) -> None:
        streams = [journal.head() for journal in journals]
        message = Hello(epoch=journals[0].epoch, session=self.session, boot=1, software="test", streams=streams)
        await self.send(Leaf.HELLO, message)

    async def ship(self, journal: FakeJournal, first: int, last: int) -> None:
        """Publish one batch with its correlation data."""
        batch = journal.batch(first, last)
        correlation = f"{batch.epoch}:{batch.stream}:{first}:{len(batch.records)}"
        await self.send_bytes(Leaf.JOURNAL, encode(batch), correlation=correlation)

    async def acknowledged(self, journal: FakeJournal, through: int, deadline_s: float = DEADLINE_S) -> Ack:
        """Wait for the acknowledgement of everything up to `through`."""

        def found() -> list[Ack]:
            return [
                ack
                for ack in self.acks
                if (ack.epoch, ack.stream, ack.through_seq) == (journal.epoch, journal.stream, through)
            ]

        await self.until(lambda: bool(found()), deadline_s)
        return found()[-1]

    async def online(self) -> None:
        await self.send(Leaf.ONLINE, Online(session=self.session, online=True), retain=True)

    async def state(self, journal: FakeJournal, **changes: Any) -> StationState:
        """Publish the live state; `changes` override its fields."""
        self._n += 1
        values: dict[str, Any] = {
            "epoch": journal.epoch,
            "boot": 1,
            "session": self.session,
            "n": self._n,
            "at_ms": time.time_ns() // 1_000_000,
            "clock_trusted": True,
            "software": "test",
            "door": DoorState(mode=DoorMode.SECURED, contact_open=False, lock_released=False),
            "posture": Posture.SECURE,
            "people": 0,
            "people_sure": True,
            "readers": [],
            "alarms": list[StandingAlarm](),
        }
        message = StationState.model_validate(values | changes)
        await self.send(Leaf.STATE, message, retain=True)
        return message


@asynccontextmanager
async def connect(port: int, station: StationId, session: str | None = None) -> AsyncIterator[StationClient]:
    """A station's connection to the broker on 127.0.0.1, its will left behind, subscribed to all that goes down."""
    name = Session(session or secrets.token_hex(8))
    will = aiomqtt.Will(str(Topic(station, Leaf.ONLINE)), encode(Online(session=name, online=False)), 1, True)
    client = aiomqtt.Client(
        "127.0.0.1", port, identifier=station, protocol=aiomqtt.ProtocolVersion.V5, clean_start=True, will=will
    )
    note_how_it_ends(client)
    async with client:
        found = StationClient(client, station, name)
        for leaf in DOWNWARD:
            await client.subscribe(str(Topic(station, leaf)), qos=1)
        listening = asyncio.create_task(found.listen())
        try:
            yield found
        finally:
            listening.cancel()
