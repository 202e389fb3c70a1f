"""Real brokers, started and killed by the tests: the embedded one and mosquitto."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

MOSQUITTO: Final = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
UP_WITHIN_S: Final = 15.0

IOTCORE_CONFIG: Final = """
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
dynamic_filters = true
"""


class Broker:
    """A broker on a fixed port of 127.0.0.1, which may be killed and started again."""

    def __init__(self, command: list[str], port: int) -> None:
        self.port = port
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
        give_up = time.monotonic() + UP_WITHIN_S
        while not self._accepts():
            assert self._process.poll() is None, f"{self._command[0]} ended at once"
            assert time.monotonic() < give_up, f"{self._command[0]} does not listen on {self.port}"
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            if self._process.stdin:
                self._process.stdin.close()
            self._process = None

    def _accepts(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
                return True
        except OSError:
            return False


def iotcore(directory: Path, port: int) -> Broker:
    config = directory / "iotcore.toml"
    config.write_text(IOTCORE_CONFIG.format(port=port))
    options = json.dumps({"config_path": str(config)})
    return Broker([sys.executable, "-c", "from iotcore._serve import main; main()", options], port)


def mosquitto(directory: Path, port: int, extra: str = "allow_anonymous true\n") -> Broker:
    if MOSQUITTO is None:
        pytest.skip("needs mosquitto")
    config = directory / "mosquitto.conf"
    # As root it would change to a user who cannot read the test's directory.
    config.write_text(f"user root\nlistener {port} 127.0.0.1\npersistence false\nlog_dest none\n{extra}")
    return Broker([MOSQUITTO, "-c", str(config)], port)
