"""The receiving end of systemd's `sd_notify` protocol: datagrams of `KEY=value` lines on a Unix socket."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_DATAGRAM_BYTES: Final = 4096


@dataclass(frozen=True)
class Notice:
    """What one datagram said. `text` is None when it said nothing about its status."""

    ready: bool = False
    alive: bool = False
    stopping: bool = False
    text: str | None = None


def parse(datagram: bytes) -> Notice:
    """The notice in a datagram; lines of other keys are ignored, as the protocol asks."""
    values: dict[str, str] = {}
    for line in datagram.decode("utf-8", "replace").splitlines():
        key, separator, value = line.partition("=")
        if separator:
            values[key] = value
    return Notice(
        ready=values.get("READY") == "1",
        alive=values.get("WATCHDOG") == "1",
        stopping=values.get("STOPPING") == "1",
        text=values.get("STATUS"),
    )


class NotifySocket:
    """A service's notification socket, at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.bind(os.fspath(path))

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> Notice | None:
        """The next notice, or None when none waits."""
        try:
            return parse(self._socket.recv(MAX_DATAGRAM_BYTES))
        except BlockingIOError:
            return None

    def drain(self) -> None:
        """Forget what an earlier life of the service has said."""
        while self.receive() is not None:
            pass

    def close(self) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)
