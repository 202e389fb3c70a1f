"""A station around the real uplink process: a real journal, the controller's end of the channel, a configuration."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract.ids import Stream
from contract.records import Record, StationHealth, UnknownRecord
from edge.journal.journal import Journal
from edge.journal.model import NewRecord
from edge.runtime.ipc import Acknowledged, Channel, Child, JournalGrew, Message, StateChanged, channel_pair

STATION = "yz-test-0001"
SOON_S = 20.0
M = TypeVar("M")

CONFIG = """
readers = []
[station]
id = "{station}"
data_dir = "{directory}"
run_dir = "{directory}"
[gpio]
lock_pin = 17
contact_pin = 27
exit_pin = 22
fire_pin = 23
[door]
[uplink]
host = "{host}"
port = {port}
cloud_keys = {{ "cloud-1" = "{directory}/cloud.pub" }}
ack_timeout_ms = {ack_timeout_ms}
batch_records = {batch_records}
window_batches = 4
{tls}
"""

STATE: dict[str, Any] = {
    "epoch": "",
    "boot": 1,
    "clock_trusted": True,
    "software": "0.1.0",
    "door": {"mode": "secured", "contact_open": False, "lock_released": False},
    "posture": "secure",
    "people": 0,
    "people_sure": True,
    "readers": [],
    "alarms": [],
}


class Station:
    """Use it as a context manager: at its end the uplink is killed and the files are closed."""

    def __init__(self, directory: Path, port: int, cloud_key: Ed25519PrivateKey, **settings: Any) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.messages: list[Message] = []
        self.journal = Journal.open(directory / "journal.db")
        public = cloud_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (directory / "cloud.pub").write_bytes(public)
        fields = {"ack_timeout_ms": 500, "batch_records": 10, "tls": "", "station": STATION, "host": "127.0.0.1"}
        self.config = directory / "station.toml"
        self.config.write_text(CONFIG.format(**{**fields, "port": port, "directory": directory, **settings}))
        self.process: subprocess.Popen[bytes] | None = None
        self.channel: Channel | None = None

    def __enter__(self) -> "Station":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.journal.close()

    def start(self) -> None:
        self.channel, theirs = channel_pair(Child.UPLINK)
        descriptor = theirs.fileno()
        command = [sys.executable, "-m", "edge.uplink", "--config", str(self.config), "--channel", str(descriptor)]
        self.process = subprocess.Popen(command, pass_fds=[descriptor])
        theirs.close()
        self.state()

    def kill(self) -> None:
        if self.process is not None and self.channel is not None:
            self.process.kill()
            self.process.wait()
            self.channel.close()
            self.process, self.channel = None, None

    def say(self, message: Message) -> None:
        assert self.channel is not None
        self.channel.send(message)

    def state(self, **changes: Any) -> None:
        self.say(StateChanged({**STATE, "epoch": self.journal.epoch, "boot": self.journal.boot, **changes}))

    def record(self, count: int, kind: str = "test.happened", body: dict[str, Any] | None = None) -> None:
        """Commits events and tells the uplink."""
        self.append([UnknownRecord(kind, {"text": "x", **(body or {})}) for _ in range(count)])

    def telemetry(self, count: int) -> None:
        self.append([StationHealth(1, 2, 3, 4, 5, 6) for _ in range(count)])

    def append(self, records: list[Record]) -> None:
        self.journal.append([NewRecord(record, 1, 1_700_000_000_000, True) for record in records])
        if self.channel is not None:
            self.say(JournalGrew(self.journal.epoch))

    def listen(self) -> None:
        """Takes what the uplink has said; moves the journal's cursor as the controller would."""
        if self.channel is None:
            return
        while (message := self.channel.receive()) is not None:
            self.messages.append(message)
            if isinstance(message, Acknowledged):
                self.journal.acknowledge(message.epoch, message.stream, message.through_seq, message.through_digest)

    def said(self, kind: type[M]) -> list[M]:
        self.listen()
        return [message for message in self.messages if isinstance(message, kind)]

    def acknowledged(self, stream: Stream = Stream.EVENTS) -> int:
        self.listen()
        return self.journal.heads()[stream].acknowledged_seq


async def until(condition: Callable[[], Any], what: str = "", within_s: float = SOON_S) -> None:
    """Waits until the condition holds; fails after `within_s`."""
    give_up = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up, f"not within {within_s} s: {what or condition}"
        await asyncio.sleep(0.01)
