"""The embedded broker: iotcore (rumqttd) as a child process on 127.0.0.1, MQTT 5.

It keeps nothing on disk and has no accounts; neither is needed on one machine, since only the database's commit is ever
acknowledged. The child ends by itself when this process does.
"""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Final

from iotcore import Broker

log = logging.getLogger(__name__)
WATCH_S: Final = 0.5
# Larger than any message of the contract, so that an oversized one arrives, is counted and answered.
MAX_PAYLOAD_BYTES: Final = 1_048_576
_CONFIG: Final = """\
id = 0

[router]
id = 0
max_connections = 30000
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 10

[v5.1]
name = "stations"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 0

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 100
"""


class BrokerFailed(RuntimeError):
    """The embedded broker cannot start; the message names the configuration's key."""


class EmbeddedBroker:
    """Starts the broker and keeps it running."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._folder = tempfile.TemporaryDirectory(prefix="yizhan-broker-")
        path = Path(self._folder.name) / "broker.toml"
        path.write_text(_CONFIG.format(port=port, max_payload=MAX_PAYLOAD_BYTES))
        self._broker = Broker(config_path=str(path))

    def start(self) -> None:
        """Returns once it accepts connections. Raises `BrokerFailed`."""
        try:
            self._broker.start()
        except OSError as error:
            raise BrokerFailed(f"[embedded_broker] port = {self._port}: {error}") from None
        except RuntimeError as error:
            raise BrokerFailed(f"the embedded broker does not start: {error}") from None

    def stop(self) -> None:
        self._broker.stop()
        self._folder.cleanup()

    async def watch(self) -> None:
        """Start it again whenever it has ended. Never returns; cancel it."""
        while True:
            await asyncio.sleep(WATCH_S)
            if self._broker.is_running:
                continue
            log.error("the embedded broker has ended; it is started again")
            try:
                await asyncio.to_thread(self.start)
            except BrokerFailed as error:
                log.error("%s", error)
