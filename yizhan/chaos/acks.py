"""Does an acknowledgement ever run ahead of the database?

A listener beside the station hears each `ack` on the broker and a second thread looks into the database at once: since
the cloud may say it only after its commit, every position must be there already. While the database is away the
question waits; what was acknowledged before it died must be there when it is back.
"""

import queue
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from contract.codec import CodecError, decode
from contract.messages import Ack
from contract.topics import Leaf, TopicError, of_all_stations, parse
from contract.versions import UnsupportedVersion
from yizhan.chaos.evidence import CloudDatabase, DatabaseAway

MAX_WAITING: Final = 10_000
RETRY_S: Final = 0.05
CONNECT_WITHIN_S: Final = 15.0
SETTLE_WITHIN_S: Final = 30.0

Place = tuple[str, str, str]
"""Station, epoch, stream."""


@dataclass(frozen=True)
class Claim:
    """The cloud has said that it holds everything of a stream up to here."""

    place: Place
    through_seq: int

    def __str__(self) -> str:
        station, epoch, stream = self.place
        return f"{station} {epoch[:6]}/{stream} was acknowledged up to {self.through_seq}"


class AckWatch:
    """Listens from `start` to `stop`. `ahead` says each acknowledgement that was not true."""

    def __init__(self, database: CloudDatabase, broker_port: int) -> None:
        self._database = database
        self._port = broker_port
        self._claims: queue.Queue[Claim | None] = queue.Queue(MAX_WAITING)
        self._highest: dict[Place, int] = {}
        self._proven: dict[Place, int] = {}
        self._ahead: dict[Claim, str] = {}
        self._lock = threading.Lock()
        self._subscribed = threading.Event()
        self.heard = 0
        self.overrun = False
        """More was heard than could be looked up; the run proves less than it says."""
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="chaos-acks", protocol=mqtt.MQTTv5)
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._is_subscribed
        self._client.on_message = self._message
        self._checker = threading.Thread(target=self._check_all, name="acks", daemon=True)

    @property
    def ahead(self) -> list[str]:
        with self._lock:
            return list(self._ahead.values())

    def start(self) -> None:
        """Raises `TimeoutError` when the broker does not answer."""
        self._checker.start()
        self._client.connect_async("127.0.0.1", self._port)
        self._client.loop_start()
        if not self._subscribed.wait(CONNECT_WITHIN_S):
            raise TimeoutError(f"no subscription at the broker on port {self._port} within {CONNECT_WITHIN_S:.0f} s")

    def stop(self) -> None:
        """Look up what was heard, then end."""
        self._client.disconnect()
        self._client.loop_stop()
        self._claims.put(None)
        self._checker.join(SETTLE_WITHIN_S)

    def look_again(self) -> None:
        """Look for everything that was ever acknowledged. Call it when the database is back. Raises `DatabaseAway`."""
        with self._lock:
            claims = [Claim(place, seq) for place, seq in self._highest.items()]
        for claim in claims:
            self._look(claim, after_seq=0, when="after its death the database does not hold that")

    def _connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(of_all_stations(Leaf.ACK), qos=1)

    def _is_subscribed(self, *_: Any) -> None:
        self._subscribed.set()

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            station = parse(message.topic).station
            ack = decode(Ack, bytes(message.payload))
        except (TopicError, CodecError, UnsupportedVersion):
            return
        if ack.epoch is None or ack.stream is None or ack.through_seq == 0:
            return
        self.heard += 1
        claim = Claim((station, ack.epoch, str(ack.stream)), ack.through_seq)
        with self._lock:
            self._highest[claim.place] = max(claim.through_seq, self._highest.get(claim.place, 0))
        try:
            self._claims.put_nowait(claim)
        except queue.Full:
            self.overrun = True

    def _check_all(self) -> None:
        while (claim := self._claims.get()) is not None:
            end = time.monotonic() + SETTLE_WITHIN_S
            while True:
                try:
                    self._look(claim, self._proven.get(claim.place, 0), "the database did not hold that")
                    break
                except DatabaseAway:
                    if time.monotonic() > end:
                        self.overrun = True
                        break
                    time.sleep(RETRY_S)

    def _look(self, claim: Claim, after_seq: int, when: str) -> None:
        if claim.through_seq <= after_seq:
            return
        if self._database.holds(*claim.place, after_seq, claim.through_seq):
            self._proven[claim.place] = max(claim.through_seq, self._proven.get(claim.place, 0))
            return
        with self._lock:
            self._ahead.setdefault(claim, f"{claim}: {when}")
