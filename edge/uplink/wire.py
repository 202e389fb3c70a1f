"""Publishing within one session: the only place where the uplink chooses QoS and the retain flag."""

from dataclasses import dataclass
from typing import Final, Protocol

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from contract.codec import encode
from contract.ids import Session, StationId
from contract.messages import Message
from contract.topics import RETAINED, Leaf, Topic

# Journal and state go at QoS 0: the cloud's own acknowledgement (or the next state) is what counts, and a PUBACK would
# only add a round trip per batch. The others are rare, and worth the broker's retries.
QOS: Final = {Leaf.ONLINE: 1, Leaf.STATE: 0, Leaf.HELLO: 1, Leaf.JOURNAL: 0, Leaf.ROSTER_PULL: 1}


class Wire(Protocol):
    """Where the loops publish."""

    @property
    def session(self) -> Session: ...

    async def publish(self, leaf: Leaf, payload: bytes, correlation: str | None = None) -> None: ...


@dataclass(frozen=True)
class MqttWire:
    """Raises `aiomqtt.MqttError` when the connection does not take it within its time-out."""

    client: aiomqtt.Client
    station: StationId
    session: Session

    async def publish(self, leaf: Leaf, payload: bytes, correlation: str | None = None) -> None:
        properties = None
        if correlation is not None:
            properties = mqtt_properties(PacketTypes.PUBLISH)
            properties.CorrelationData = correlation.encode("ascii")
        await self.client.publish(
            str(Topic(self.station, leaf)), payload, QOS[leaf], leaf in RETAINED, properties=properties
        )

    async def say(self, leaf: Leaf, message: Message) -> None:
        await self.publish(leaf, encode(message))


def mqtt_properties(packet: int) -> Properties:
    """Empty properties of a kind of packet; the library's constructor has no types."""
    return Properties(packet)  # type: ignore[no-untyped-call]
