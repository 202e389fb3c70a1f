"""The cabinet child: the swap cabinet's Modbus line on one side, the controller's channel on the other.

One thread: the driver does a slice of work on the line at a time (one transaction, at most about 100 ms), and in
between this process listens and tells. Nothing it has to tell is dropped: a controller that does not read for so long
that the queue is full ends this process, and the next one begins with chargers off and everything read anew.

The heartbeat is of this loop, so a driver that hangs in its device ends like any child that is silent. Without the
controller's word that it lives (`RenewLease`), the driver lets the lease of the chargers run out.

Started by the controller as `python -m edge.runtime.cabinet_process --config F --channel FD`, where there is a cabinet.
"""

import logging
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from edge.core.effects import Extinguish, SetCharger, SetContactor, SetFan, SetLamp, UnlockSlot
from edge.runtime import wiring
from edge.runtime.child_process import EXIT_CONFIG, HEARTBEAT_S, start_child
from edge.runtime.clock import monotonic_ms
from edge.runtime.config import ConfigError
from edge.runtime.ipc import (
    BadMessage,
    Channel,
    ChannelClosed,
    ChannelFull,
    Heartbeat,
    Message,
    RenewLease,
    StopChild,
)

if TYPE_CHECKING:
    from edge.drivers.cabinet_modbus import Cabinet

log = logging.getLogger(__name__)

MAX_QUEUED: Final = 1_000
"""Every slot of the largest cabinet, several times over."""


class CabinetProcess:
    """Serves the cabinet of one station until the controller goes."""

    def __init__(self, channel: Channel, cabinet: "Cabinet") -> None:
        self._channel = channel
        self._cabinet = cabinet
        self._said: deque[Message] = deque()
        self._next_heartbeat = 0.0
        self._stopping = False

    def run(self) -> None:
        """Until the controller says stop or has gone: then no charger is left on."""
        try:
            while not self._stopping:
                self._listen()
                self._said.extend(self._cabinet.poll(monotonic_ms()))
                self._tell()
        finally:
            self._cabinet.all_off()
            self._cabinet.close()

    def _listen(self) -> None:
        try:
            while (message := self._channel.receive()) is not None:
                if isinstance(message, StopChild):
                    self._stopping = True
                elif isinstance(message, RenewLease):
                    self._cabinet.renew()
                elif isinstance(message, UnlockSlot | SetCharger | SetContactor | SetFan | Extinguish | SetLamp):
                    self._cabinet.take(message)
        except ChannelClosed:
            self._stopping = True
        except BadMessage as error:
            log.error("the controller said something unknown: %s", error)

    def _tell(self) -> None:
        if time.monotonic() >= self._next_heartbeat:
            self._next_heartbeat = time.monotonic() + HEARTBEAT_S
            self._said.append(Heartbeat())
        try:
            while self._said:
                self._channel.send(self._said[0])
                self._said.popleft()
        except ChannelFull:
            if len(self._said) > MAX_QUEUED:
                log.error("the controller does not read; this process begins anew")
                self._stopping = True
        except ChannelClosed:
            self._stopping = True


def main() -> None:
    start = start_child("cabinet")
    try:
        cabinet = wiring.build_cabinet(start.config)
    except ConfigError as error:
        log.error("%s", error)
        sys.exit(EXIT_CONFIG)
    CabinetProcess(start.channel, cabinet).run()


if __name__ == "__main__":
    main()
