"""An MQTT message as one of the few things that ingest understands.

Nothing here raises for what a station sent: bytes that cannot be read become `Unreadable`, which still can be answered
when the publish carries correlation data `epoch:stream:first_seq:count`.
"""

import re
from dataclasses import dataclass
from typing import Final

from contract.codec import MAX_PAYLOAD_BYTES, CodecError, inflate, parse
from contract.ids import Epoch, StationId, Stream
from contract.messages import Hello, JournalBatch, RosterPull
from contract.topics import Leaf, TopicError
from contract.topics import parse as parse_topic
from contract.versions import UnsupportedVersion

_CORRELATION: Final = re.compile(rb"([0-9a-f]{32}):(events|telemetry):([1-9][0-9]{0,18}):([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class Correlation:
    """What the station says that its publish holds, readable even when the publish is not."""

    text: str
    epoch: Epoch
    stream: Stream
    first_seq: int
    count: int


@dataclass(frozen=True)
class Journal:
    station: StationId
    received_at_ms: int
    batch: JournalBatch
    correlation: Correlation
    payload: bytes
    weight_bytes: int
    """What it weighs while it waits: as JSON, since a payload may be the thousandth part of that."""


@dataclass(frozen=True)
class Greeting:
    station: StationId
    received_at_ms: int
    hello: Hello
    weight_bytes: int = 0


@dataclass(frozen=True)
class Pull:
    station: StationId
    received_at_ms: int
    pull: RosterPull


@dataclass(frozen=True)
class Unreadable:
    """`station` is None when not even the topic is one of ours."""

    station: StationId | None
    received_at_ms: int
    correlation: Correlation | None
    payload: bytes
    reason: str

    @property
    def weight_bytes(self) -> int:
        return len(self.payload)


Received = Journal | Greeting | Pull | Unreadable


def read(topic: str, payload: bytes, correlation_data: bytes | None, received_at_ms: int) -> Received:
    """The message as what it is."""
    try:
        address = parse_topic(topic)
    except TopicError as error:
        return Unreadable(None, received_at_ms, None, b"", str(error))
    correlation = read_correlation(correlation_data)
    try:
        text = inflate(payload)
        if address.leaf is Leaf.JOURNAL:
            batch = parse(JournalBatch, text)
            # What it holds is what it is; correlation data that says otherwise are not believed.
            correlation = _correlation_of(batch)
            return Journal(address.station, received_at_ms, batch, correlation, payload, len(text))
        if address.leaf is Leaf.HELLO:
            return Greeting(address.station, received_at_ms, parse(Hello, text), len(text))
        if address.leaf is Leaf.ROSTER_PULL:
            return Pull(address.station, received_at_ms, parse(RosterPull, text))
    except (CodecError, UnsupportedVersion) as error:
        kept = payload[:MAX_PAYLOAD_BYTES]
        return Unreadable(address.station, received_at_ms, correlation, kept, f"{address.leaf}: {error}")
    return Unreadable(address.station, received_at_ms, None, b"", f"{address.leaf} is not for ingest")


def read_correlation(data: bytes | None) -> Correlation | None:
    """The publish's correlation data, None when it is not of our form."""
    found = _CORRELATION.fullmatch(data or b"")
    if found is None:
        return None
    epoch, stream, first_seq, count = (part.decode("ascii") for part in found.groups())
    if int(first_seq) >= 2**63:
        return None
    return Correlation(found[0].decode("ascii"), Epoch(epoch), Stream(stream), int(first_seq), int(count))


def _correlation_of(batch: JournalBatch) -> Correlation:
    count = len(batch.records)
    text = f"{batch.epoch}:{batch.stream}:{batch.first_seq}:{count}"
    return Correlation(text, batch.epoch, batch.stream, batch.first_seq, count)
