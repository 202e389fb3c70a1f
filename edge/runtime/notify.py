"""sd_notify(3): tells the service manager that the station is ready, alive, or stopping. Silent without one."""

import logging
import os
import socket
from typing import Final

log = logging.getLogger(__name__)

READY: Final = "READY=1"
ALIVE: Final = "WATCHDOG=1"
STOPPING: Final = "STOPPING=1"


def notify(*assignments: str) -> None:
    """Send assignments (`READY=1`, `STATUS=…`) to $NOTIFY_SOCKET, if there is one. Never blocks, never raises."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
            end.setblocking(False)
            end.sendto("\n".join(assignments).encode(), address)
    except OSError as error:
        log.debug("service manager not told: %s", error)
