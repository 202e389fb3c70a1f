"""Tells a service manager that the process is ready (systemd's sd_notify protocol: one datagram)."""

import os
import socket


def notify(state: str) -> None:
    """Send `state` (`READY=1`, `STOPPING=1`) to NOTIFY_SOCKET; nothing happens where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # "@" stands for the NUL of Linux's abstract namespace.
    address = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode(), address)
        except OSError:
            # A manager that is gone is no reason to fail.
            return
