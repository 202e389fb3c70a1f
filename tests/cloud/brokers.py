"""The brokers that tests meet at: the embedded one and mosquitto."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from yizhan.services.probe import free_ports

START_S = 10.0


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    return free_ports(1)[0]


def mosquitto_program() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


class Mosquitto:
    """A mosquitto on a free port."""

    def __init__(self, folder: Path) -> None:
        program = mosquitto_program()
        if program is None:
            raise FileNotFoundError("mosquitto")
        self.port = free_port()
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._process = subprocess.Popen(
            [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await_port(self.port)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(START_S)


def await_port(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
