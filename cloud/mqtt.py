"""One way to the broker for every part of the cloud: MQTT 5, clean start, no session kept, a name of its own.

No session is kept on purpose: what a broker would queue for an absent worker is sent again by the stations anyway,
since only the database's commit is acknowledged.
"""

import asyncio
import logging
import random
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from cloud import metrics
from cloud.config import Config
from contract.codec import MAX_PAYLOAD_BYTES

log = logging.getLogger(__name__)
KEEP_ALIVE_S: Final = 20
TIMEOUT_S: Final = 5
INCOMING_LIMIT: Final = 10_000
MAX_PACKET_BYTES: Final = 4 * MAX_PAYLOAD_BYTES
FIRST_DELAY_S: Final = 0.1
LONGEST_DELAY_S: Final = 5.0


@asynccontextmanager
async def session(config: Config, part: str) -> AsyncIterator[aiomqtt.Client]:
    """A session with the broker. Raises `aiomqtt.MqttError` when there is none to be had."""
    host, port = config.broker_address
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0
    # Otherwise a broker may hand over 256 MB at once. Stations send 256 KiB at the most.
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    client = aiomqtt.Client(
        hostname=host,
        port=port,
        identifier=f"cloud-{part}-{secrets.token_hex(6)}",
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
        properties=properties,
        keepalive=KEEP_ALIVE_S,
        timeout=TIMEOUT_S,
        max_queued_incoming_messages=INCOMING_LIMIT,
        max_inflight_messages=200,
        tls_context=_tls(config),
        username=config.broker.username,
        password=_password(config),
        # Small answers must not wait for each other's TCP acknowledgement.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )
    client.pending_calls_threshold = 1_000
    note_how_it_ends(client)
    async with client:
        yield client


def note_how_it_ends(client: aiomqtt.Client) -> None:
    """aiomqtt keeps why a connection ended for whoever waits on it. Where nobody does (lost while we were leaving
    or still subscribing), asyncio would log that as an error of its own, long after we have."""
    client._disconnected.add_done_callback(lambda end: None if end.cancelled() else end.exception())


class Link:
    """Keeps one session alive: connects, runs `serve` on it, and begins again with growing, jittered delays.

    An outage is logged once when it begins and once when it ends.
    """

    def __init__(self, config: Config, part: str, serve: Callable[[aiomqtt.Client], Awaitable[None]]) -> None:
        self._config = config
        self._part = part
        self._serve = serve
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Never returns; cancel it."""
        delay_s, away = FIRST_DELAY_S, False
        while True:
            try:
                async with session(self._config, self._part) as client:
                    if away:
                        log.info("%s: the broker is back", self._part)
                    delay_s, away = FIRST_DELAY_S, False
                    await self._serve(client)
            except (aiomqtt.MqttError, OSError) as error:
                if not away:
                    log.warning("%s: no broker at %s:%d: %s", self._part, *self._config.broker_address, error)
                away = True
            finally:
                self.down()
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)

    def up(self) -> None:
        """Called by `serve` once its subscriptions stand."""
        self.connected.set()
        metrics.BROKER_CONNECTED.labels(self._part).set(1)

    def down(self) -> None:
        self.connected.clear()
        metrics.BROKER_CONNECTED.labels(self._part).set(0)


def correlation_data(message: aiomqtt.Message) -> bytes | None:
    """The correlation data of a publish."""
    found: Any = getattr(message.properties, "CorrelationData", None)
    return found if isinstance(found, bytes) else None


def payload_bytes(message: aiomqtt.Message) -> bytes:
    """The payload as it came."""
    return message.payload if isinstance(message.payload, bytes) else bytes(str(message.payload), "utf-8")


def _tls(config: Config) -> ssl.SSLContext | None:
    tls = config.broker.tls
    if tls is None:
        return None
    context = ssl.create_default_context(cafile=str(tls.ca))
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def _password(config: Config) -> str | None:
    return config.broker.password_file.read_text().strip() if config.broker.password_file else None
