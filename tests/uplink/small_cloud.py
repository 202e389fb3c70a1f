"""The cloud's half of the wire in a hundred lines: keeps what it gets in memory, and answers by the rules of DESIGN 6.

It checks what a real one relies on: correlation data, chains, and that nothing comes before its answer to `hello`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codec import decode, encode
from contract.digest import canonical_json, chain
from contract.envelope import seal
from contract.ids import Epoch, Session, StationId, Stream
from contract.messages import (
    Ack,
    Command,
    Hello,
    JournalBatch,
    Message,
    Online,
    RosterPull,
    StationState,
    WireRecord,
)
from contract.topics import UPWARD, Leaf, Topic, of_all_stations, parse
from edge.uplink.session import note_how_it_ends
from edge.uplink.worker import end

KEY_ID = "cloud-1"
Place = tuple[Epoch, Stream]


class SmallCloud:
    def __init__(self, station: StationId) -> None:
        self.station = station
        self.key = Ed25519PrivateKey.generate()
        self.records: dict[Place, dict[int, WireRecord]] = {}
        self.prefix: Counter[Place] = Counter()
        self.batches: list[JournalBatch] = []
        self.copies: Counter[tuple[Epoch, Stream, int]] = Counter()
        self.hellos: list[Hello] = []
        self.online: list[Online] = []
        self.states: list[StationState] = []
        self.pulls: list[RosterPull] = []
        self.early: list[JournalBatch] = []
        self.silent = False
        self.answers_hello = True
        self.unreadable_seqs: set[int] = set()
        self.halved: list[str] = []
        self._answered: set[Session] = set()
        self._client: aiomqtt.Client | None = None

    @property
    def session(self) -> Session:
        return self.hellos[-1].session

    @asynccontextmanager
    async def running(self, port: int, **options: Any) -> AsyncIterator[None]:
        """Connected to the broker on `port` until the end of the block."""
        async with aiomqtt.Client(
            "127.0.0.1", port, identifier="cloud", protocol=aiomqtt.ProtocolVersion.V5, clean_start=True, **options
        ) as client:
            note_how_it_ends(client)
            self._client = client
            for leaf in UPWARD:
                await client.subscribe(of_all_stations(leaf), qos=1)
            task = asyncio.create_task(self._listen(client))
            try:
                yield
            finally:
                outcomes = await end([task])
                self._client = None
                for outcome in outcomes:
                    # What the cloud found wrong in its own task is the test's failure.
                    if isinstance(outcome, Exception) and not isinstance(outcome, aiomqtt.MqttError):
                        raise outcome

    async def send(self, leaf: Leaf, payload: bytes, *, retain: bool = False) -> None:
        assert self._client is not None
        await self._client.publish(str(Topic(self.station, leaf)), payload, qos=1, retain=retain)

    async def say(self, leaf: Leaf, message: Message, *, retain: bool = False) -> None:
        await self.send(leaf, self.sealed(leaf, message), retain=retain)

    def sealed(self, leaf: Leaf, message: Message, station: str | None = None) -> bytes:
        return seal(message, Topic(StationId(station or self.station), leaf), key_id=KEY_ID, key=self.key)

    def command(self, command_id: str, **changes: Any) -> Command:
        fields: dict[str, Any] = {
            "id": command_id,
            "kind": "release",
            "session": self.session,
            "issued_at_ms": 0,
            "expires_in_session_ms": 600_000,
            "issued_by": "operator",
        }
        return Command(**{**fields, **changes})

    def seqs(self, epoch: Epoch, stream: Stream = Stream.EVENTS) -> set[int]:
        return set(self.records.get((epoch, stream), ()))

    async def acknowledge(self, place: Place, **changes: Any) -> None:
        stored = self.records.get(place, {}).get(self.prefix[place])
        fields: dict[str, Any] = {
            "epoch": place[0],
            "stream": place[1],
            "through_seq": self.prefix[place],
            "through_digest": stored.digest if stored else None,
        }
        await self.send(Leaf.ACK, encode(Ack(**{**fields, **changes})))

    # ------------------------------------------------------------ what comes

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topic, payload = parse(message.topic.value), message.payload
            assert isinstance(payload, bytes)
            if topic.station != self.station:
                continue
            if topic.leaf is Leaf.ONLINE:
                self.online.append(decode(Online, payload))
            elif topic.leaf is Leaf.STATE:
                self.states.append(decode(StationState, payload))
            elif topic.leaf is Leaf.ROSTER_PULL:
                self.pulls.append(decode(RosterPull, payload))
            elif topic.leaf is Leaf.HELLO:
                await self._hello(decode(Hello, payload))
            elif topic.leaf is Leaf.JOURNAL:
                correlation = getattr(message.properties, "CorrelationData", b"").decode()
                await self._journal(decode(JournalBatch, payload), correlation)

    async def _hello(self, hello: Hello) -> None:
        self.hellos.append(hello)
        if self.answers_hello:
            self._answered.add(hello.session)
            for head in hello.streams:
                await self.acknowledge((hello.epoch, head.stream))

    async def _journal(self, batch: JournalBatch, correlation: str) -> None:
        self.batches.append(batch)
        assert correlation == f"{batch.epoch}:{batch.stream}:{batch.first_seq}:{len(batch.records)}"
        if self.hellos[-1].session not in self._answered:
            self.early.append(batch)
        if self.silent:
            return
        if len(batch.records) > 1 and any(record.seq in self.unreadable_seqs for record in batch.records):
            self.halved.append(correlation)
            await self.send(Leaf.ACK, encode(Ack(unreadable=correlation)))
            return
        check_chain(batch)
        place = batch.epoch, batch.stream
        for record in batch.records:
            self.copies[batch.epoch, batch.stream, record.seq] += 1
            self.records.setdefault(place, {})[record.seq] = record
        while self.prefix[place] + 1 in self.records[place]:
            self.prefix[place] += 1
        await self.acknowledge(place)


def check_chain(batch: JournalBatch) -> None:
    """Each record's digest follows from the one before it."""
    previous = batch.previous_digest
    for record in batch.records:
        assert record.digest == chain(
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
        previous = record.digest
