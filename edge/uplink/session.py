"""One MQTT connection, from CONNECT to its end.

A session has a random name, which also names it in the will: the cloud ignores the will of an older one. Order at the
start: subscribe, `online`, then `hello`, state and roster side by side.
"""

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes

from contract.codec import MAX_PAYLOAD_BYTES, encode
from contract.ids import Session, StationId
from contract.messages import Ack, Online, RosterHead, RosterPage
from contract.topics import DOWNWARD, Leaf, Topic
from edge.runtime.clock import monotonic_ms
from edge.runtime.config import UplinkSection
from edge.runtime.ipc import Message
from edge.uplink import tls
from edge.uplink.gate import Gate, Refused
from edge.uplink.journal_loop import JournalLoop
from edge.uplink.roster_loop import RosterLoop
from edge.uplink.state_loop import StateLoop
from edge.uplink.wire import MqttWire, mqtt_properties
from edge.uplink.worker import end

KEEPALIVE_S: Final = 15
ANSWER_TIMEOUT_S: Final = 10.0
FAREWELL_S: Final = 0.4
MAX_INCOMING: Final = 64
MAX_PACKET_BYTES: Final = MAX_PAYLOAD_BYTES + 1_024
LARGE_BYTES: Final = 8 * 1024
"""From this size on a payload is checked in a worker thread, so that heartbeats go on."""

# aiomqtt logs each message that it has to drop; how often that is, is the broker's choice.
_library_log = logging.getLogger("edge.uplink.mqtt")
_library_log.setLevel(logging.ERROR)


@dataclass(frozen=True)
class Loops:
    """What works in every session."""

    journal: JournalLoop
    roster: RosterLoop
    state: StateLoop


@dataclass(frozen=True)
class Station:
    """Who connects where, and whom to tell."""

    station: StationId
    uplink: UplinkSection
    make_gate: Callable[[Session, int], Gate]
    say: Callable[[Message], None]
    refuse: Callable[[str, str], None]
    connected: Callable[[Session], None]


async def run_session(station: Station, loops: Loops, stop: asyncio.Event) -> None:
    """Connects and works until `stop`, or until the connection fails.

    Raises:
        aiomqtt.MqttError, OSError: no connection, or no longer one.
    """
    session = Session(secrets.token_hex(8))
    async with _connected(station, session) as client:
        gate = station.make_gate(session, monotonic_ms())
        wire = MqttWire(client, station.station, session)
        await _subscribe(client, station.station)
        await wire.say(Leaf.ONLINE, Online(session=session, online=True))
        station.connected(session)
        work = [
            asyncio.create_task(_receive(client, gate, station, loops)),
            asyncio.create_task(loops.journal.run(wire)),
            asyncio.create_task(loops.roster.run(wire)),
            asyncio.create_task(loops.state.run(wire)),
        ]
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([*work, stopped], return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                async with asyncio.timeout(FAREWELL_S):
                    await wire.say(Leaf.ONLINE, Online(session=session, online=False))
        finally:
            outcomes = await end([*work, stopped])
        if not stop.is_set():
            raise next((outcome for outcome in outcomes if isinstance(outcome, Exception)), aiomqtt.MqttError("ended"))


@asynccontextmanager
async def _connected(station: Station, session: Session) -> AsyncIterator[aiomqtt.Client]:
    will = Online(session=session, online=False)
    properties = mqtt_properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 0
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    client = aiomqtt.Client(
        station.uplink.host,
        station.uplink.port,
        logger=_library_log,
        identifier=station.station,
        protocol=aiomqtt.ProtocolVersion.V5,
        will=aiomqtt.Will(str(Topic(station.station, Leaf.ONLINE)), encode(will), qos=1, retain=True),
        timeout=ANSWER_TIMEOUT_S,
        keepalive=KEEPALIVE_S,
        clean_start=True,
        max_queued_incoming_messages=MAX_INCOMING,
        max_queued_outgoing_messages=station.uplink.window_batches + 16,
        properties=properties,
        # Without it a lone small batch waits 40 ms for the broker's delayed TCP acknowledgement of the one before.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        tls_context=tls.context(station.uplink.tls) if station.uplink.tls else None,
    )
    note_how_it_ends(client)
    _fail_when_hung_up_on(client)
    try:
        async with client:
            yield client
    finally:
        _hang_up(client)


def _fail_when_hung_up_on(client: aiomqtt.Client) -> None:
    """Ends the wait for CONNACK when the connection goes: aiomqtt waits on for its whole time-out."""
    loop = asyncio.get_running_loop()
    told = client._client.on_disconnect

    def fail() -> None:
        if not client._connected.done():
            client._connected.set_exception(aiomqtt.MqttError("the connection was closed before it was accepted"))
            # Known: after a time-out nobody waits for it any more.
            client._connected.exception()

    def hung_up(*details: Any) -> None:
        if told is not None:
            told(*details)
        # The library may call from the thread that it connects in.
        loop.call_soon_threadsafe(fail)

    client._client.on_disconnect = hung_up


def note_how_it_ends(client: aiomqtt.Client) -> None:
    """aiomqtt keeps why a connection ended for whoever waits on it. Where nobody does (lost while we were leaving
    or still subscribing), asyncio would log that as an error of its own, long after we have."""
    client._disconnected.add_done_callback(lambda end: None if end.cancelled() else end.exception())


def _hang_up(client: aiomqtt.Client) -> None:
    """Ends the connection in any case. aiomqtt forgets it open when CONNACK comes too late, and it would live on,
    take our name over from the next one and be taken over by it in turn."""
    held = client._client.socket()
    if isinstance(held, socket.socket):
        try:
            held.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


async def _subscribe(client: aiomqtt.Client, station: StationId) -> None:
    answers = await client.subscribe([(str(Topic(station, leaf)), 1) for leaf in DOWNWARD])
    refused = [str(leaf) for leaf, answer in zip(DOWNWARD, answers, strict=True) if _code(answer) >= 0x80]
    if refused:
        raise aiomqtt.MqttError(f"the broker refuses the subscription to {', '.join(refused)}")


def _code(answer: object) -> int:
    value = getattr(answer, "value", answer)
    return value if isinstance(value, int) else 0


async def _receive(client: aiomqtt.Client, gate: Gate, station: Station, loops: Loops) -> None:
    async for message in client.messages:
        topic = message.topic.value
        payload = message.payload if isinstance(message.payload, bytes) else b""
        judged = topic, payload, bool(message.retain), monotonic_ms()
        try:
            passed = await asyncio.to_thread(gate.judge, *judged) if len(payload) > LARGE_BYTES else gate.judge(*judged)
        except Refused as error:
            station.refuse(topic, str(error))
            continue
        if isinstance(passed, Ack):
            loops.journal.heard(passed)
        elif isinstance(passed, (RosterHead, RosterPage)):
            loops.roster.heard(passed)
        else:
            station.say(passed)
