"""Looking at TCP ports of this host."""

import random
import socket
from contextlib import closing
from pathlib import Path
from typing import Final

OUTGOING_PORTS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST_PORT: Final = 10_000
MAX_TRIES: Final = 1_000


def listens(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:`port`."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that are free now and that no outgoing connection takes while their server is restarted.

    The kernel gives outgoing connections ports of a range of its own, from which `bind` to port 0 draws as well; these
    lie below it. Raises `OSError` when there are none.
    """
    first_outgoing = int(OUTGOING_PORTS.read_text().split()[0])
    chance = random.SystemRandom()
    found: set[int] = set()
    for _ in range(MAX_TRIES):
        if len(found) == count:
            return sorted(found)
        port = chance.randrange(LOWEST_PORT, max(first_outgoing, LOWEST_PORT + 10_000))
        if is_free(port):
            found.add(port)
    raise OSError(f"no {count} free ports found on 127.0.0.1")
