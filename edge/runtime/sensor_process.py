"""The sensors child: radars, environment sensors and meter on one side, the controller's channel on the other.

Radars are served from this process's one loop, since they speak by themselves; each RS-485 line has a thread, since
asking one blocks. What the threads say comes to the loop through a bounded queue. The heartbeat stops when a line does
not come round any more (it hangs in its device), and then the controller starts this process anew.

Started by the controller as `python -m edge.runtime.sensor_process --config F --channel FD`, where there are sensors.
"""

import logging
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from contract.ids import SensorId
from edge.runtime import wiring
from edge.runtime.child_process import EXIT_CONFIG, HEARTBEAT_S, start_child
from edge.runtime.config import ConfigError
from edge.runtime.ipc import (
    BadMessage,
    Channel,
    ChannelClosed,
    ChannelFull,
    EnvironmentSensed,
    Heartbeat,
    Message,
    PowerSensed,
    PresenceSensed,
    SensorStatus,
    StopChild,
)

if TYPE_CHECKING:
    from edge.drivers.ld2410_frames import Report
    from edge.drivers.radar_ld2410 import Ld2410
    from edge.drivers.sensors_modbus import Readings, SensorLine

log = logging.getLogger(__name__)

MAX_WAIT_S: Final = 0.25
MAX_QUEUED: Final = 256
"""Of what the lines have said: some seconds' worth. Beyond, the oldest goes; the next second says it again."""
HUNG_S: Final = 10.0
"""A line asks one slave at a time, with a time-out of its own far below this."""


class SensorProcess:
    """Serves the sensors of one station until the controller goes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._radars: list[Ld2410] = []
        self._lines: list[SensorLine] = []
        self._said: deque[Message] = deque(maxlen=MAX_QUEUED)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._next_heartbeat = 0.0
        self._stopping = False

    def add(self, radars: Sequence["Ld2410"], lines: Sequence["SensorLine"]) -> None:
        self._radars, self._lines = list(radars), list(lines)

    # ------------------------------------------------ what sensors say, on any thread

    def presence(self, sensor: SensorId, report: "Report") -> None:
        self._post(PresenceSensed(sensor, report.moving, report.still, report.distance_cm))

    def readings(self, sensor: SensorId, readings: "Readings") -> None:
        values = {str(value): reading for value, reading in readings.items()}
        kind = PowerSensed if "power_w" in values else EnvironmentSensed
        self._post(kind(sensor, **values))  # type: ignore[arg-type]

    def status(self, sensor: SensorId, online: bool, detail: str) -> None:
        log.info("sensor %s is %s%s", sensor, "online" if online else "offline", f": {detail}" if detail else "")
        self._post(SensorStatus(sensor, online, detail))

    def _post(self, message: Message) -> None:
        self._said.append(message)
        os.eventfd_write(self._wake, 1)

    # ------------------------------------------------ the loop

    def run(self) -> None:
        """Until the controller says stop or has gone."""
        for line in self._lines:
            threading.Thread(target=line.run, name=f"line {line.device}", daemon=True).start()
        while not self._stopping:
            wait_s = min([radar.service() for radar in self._radars], default=MAX_WAIT_S)
            self._heartbeat()
            self._tell()
            poller = select.poll()
            for descriptor in (self._channel.fileno(), self._wake, *self._open_radars()):
                poller.register(descriptor, select.POLLIN)
            poller.poll(min(wait_s, MAX_WAIT_S) * 1_000)
            self._listen()
        for line in self._lines:
            line.stop()
        for radar in self._radars:
            radar.close()

    def _open_radars(self) -> list[int]:
        return [descriptor for radar in self._radars if (descriptor := radar.fileno()) is not None]

    def _heartbeat(self) -> None:
        now = time.monotonic()
        if now < self._next_heartbeat:
            return
        self._next_heartbeat = now + HEARTBEAT_S
        hung = [line.device for line in self._lines if now - line.progress_s > HUNG_S]
        if hung:
            log.error("%s hangs; this process is to be started anew", ", ".join(hung))
        else:
            self._say(Heartbeat())

    def _tell(self) -> None:
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            pass
        while self._said:
            self._say(self._said.popleft())

    def _listen(self) -> None:
        try:
            while (message := self._channel.receive()) is not None:
                if isinstance(message, StopChild):
                    self._stopping = True
        except ChannelClosed:
            self._stopping = True
        except BadMessage as error:
            log.error("the controller said something unknown: %s", error)

    def _say(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except ChannelFull:
            log.error("the controller does not read; a %s is dropped", type(message).__name__)
        except ChannelClosed:
            self._stopping = True


def main() -> None:
    start = start_child("sensors")
    process = SensorProcess(start.channel)
    try:
        process.add(
            wiring.build_radars(start.config, process.presence, process.status),
            wiring.build_sensor_lines(start.config, process.readings, process.status),
        )
    except ConfigError as error:
        log.error("%s", error)
        sys.exit(EXIT_CONFIG)
    process.run()


if __name__ == "__main__":
    main()
