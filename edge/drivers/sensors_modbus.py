"""Environment sensors and meters on one RS-485 line, through pymodbus; their registers are data (`register_map`).

Three things are done here that the library leaves to its user:

- **Late answers.** RTU answers carry no number: one that comes after its time-out is taken for the answer to the next
  request. After every failure the line is read until it has been quiet, no request is repeated, and an answer counts
  only if its function and length are those asked for; two requests in a row never expect the same length.
- **Fairness.** Whoever has waited longest is asked next, one request at a time, so that a slave that hangs takes from
  the others what one time-out costs. One that is offline is asked less often.
- **Hostile bytes.** An answer that is garbage, another slave's, too long, an exception or implausible is a miss,
  counted by its kind; after `MISSES` in a row the sensor is offline.

A line blocks while it waits; `run` is a thread's work. What it has to say goes through `on_readings` and `on_status`,
called on that thread.
"""

import logging
import struct
import termios
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusException

from contract.ids import SensorId
from edge.drivers.register_map import BIT_FUNCTIONS, Function, Implausible, Read, RegisterMap, Value

log = logging.getLogger(__name__)
# Every time-out is an error to pymodbus; here an outage is told once when it begins and once when it ends.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

POLL_S: Final = 1.0
OFFLINE_POLL_S: Final = 3.0
ANSWER_S: Final = 0.3
"""Sensors answer within some 50 ms, and 9600 baud carry 125 registers in 260 ms."""
QUIET_S: Final = 0.05
MAX_DRAIN_S: Final = 0.5
MISSES: Final = 3
REOPEN_S: Final = 1.0
MAX_DRAIN_BYTES: Final = 4_096

CALLS: Final = {
    Function.COILS: "read_coils",
    Function.DISCRETE_INPUTS: "read_discrete_inputs",
    Function.HOLDING: "read_holding_registers",
    Function.INPUT: "read_input_registers",
}
FUNCTION_CODES: Final = {Function.COILS: 1, Function.DISCRETE_INPUTS: 2, Function.HOLDING: 3, Function.INPUT: 4}
BAD_ANSWER: Final = (ModbusException, ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error)
"""What the library raises on an answer that is none."""

Readings = dict[Value, int | bool]


class Missed(Exception):
    """A request came to nothing. `kind` is counted, the message says why."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass
class Slave:
    """One sensor on the line and how it is doing."""

    sensor: SensorId
    address: int
    map: RegisterMap
    due_s: float = 0.0
    misses: int = 0
    online: bool | None = None
    counts: Counter[str] = field(default_factory=Counter)
    """Misses by kind, since the start."""


class SensorLine:
    """All slaves of one serial device."""

    def __init__(
        self,
        device: str,
        baud: int,
        slaves: Sequence[Slave],
        *,
        on_readings: Callable[[SensorId, Readings], None],
        on_status: Callable[[SensorId, bool, str], None],
    ) -> None:
        self.device = device
        self.progress_s = time.monotonic()
        """When the line has last come round: one that does not any more hangs in its device."""
        self._slaves = tuple(slaves)
        self._on_readings, self._on_status = on_readings, on_status
        self._client: Any = ModbusSerialClient(device, baudrate=baud, timeout=ANSWER_S, retries=0)
        self._next_open_s = 0.0
        self._stopping = threading.Event()

    def run(self) -> None:
        """Ask round until `stop`."""
        while not self._stopping.is_set():
            self.progress_s = time.monotonic()
            wait_s = self.poll_next()
            self._stopping.wait(wait_s)
        self._client.close()

    def stop(self) -> None:
        """From any thread."""
        self._stopping.set()

    def poll_next(self) -> float:
        """Ask whoever has waited longest, if it is time. Returns for how many seconds nothing is due."""
        slave = min(self._slaves, key=lambda each: each.due_s)
        now = time.monotonic()
        if slave.due_s > now:
            return slave.due_s - now
        try:
            readings = self._ask(slave)
        except Missed as miss:
            self._miss(slave, miss)
        else:
            slave.misses = 0
            self._set_online(slave, True, "")
            self._on_readings(slave.sensor, readings)
        # From now, not from when it was due: what was missed is not made up for.
        slave.due_s = time.monotonic() + (OFFLINE_POLL_S if slave.online is False else POLL_S)
        return 0.0

    # ------------------------------------------------ one slave

    def _ask(self, slave: Slave) -> Readings:
        """All its values. Raises `Missed`."""
        self._open()
        answers = [(read, self._answer(slave, read)) for read in slave.map.reads]
        try:
            return slave.map.readings(answers)
        except Implausible as error:
            raise Missed("implausible", str(error)) from None

    def _open(self) -> None:
        if self._client.connected:
            return
        now = time.monotonic()
        if now < self._next_open_s or not self._client.connect():
            if now >= self._next_open_s:
                self._next_open_s = now + REOPEN_S
            raise Missed("closed", f"{self.device} cannot be opened")

    def _answer(self, slave: Slave, read: Read) -> Sequence[int]:
        try:
            response: Any = getattr(self._client, CALLS[read.function])(
                read.first, count=read.count, device_id=slave.address
            )
            return _checked(response, slave.address, read)
        except (OSError, termios.error) as error:
            self._client.close()
            raise Missed("closed", f"{self.device}: {error}") from None
        except Missed:
            self._drain()
            raise
        except BAD_ANSWER as error:
            self._drain()
            raise Missed("silent", f"no answer that can be read: {error}") from None

    def _drain(self) -> None:
        """Read until the line has been quiet, so that what comes late is nobody's answer."""
        port = self._client.socket
        if port is None:
            return
        give_up_s = time.monotonic() + MAX_DRAIN_S
        quiet_since_s = time.monotonic()
        try:
            while (now := time.monotonic()) < give_up_s and now - quiet_since_s < QUIET_S:
                if port.in_waiting:
                    port.read(min(port.in_waiting, MAX_DRAIN_BYTES))
                    quiet_since_s = now
                self._stopping.wait(0.005)
        except (OSError, termios.error):
            self._client.close()

    def _miss(self, slave: Slave, miss: Missed) -> None:
        slave.counts[miss.kind] += 1
        slave.misses += 1
        if slave.misses >= MISSES:
            self._set_online(slave, False, str(miss)[:200])

    def _set_online(self, slave: Slave, online: bool, detail: str) -> None:
        if online is not slave.online:
            slave.online = online
            if slave.counts:
                log.info("sensor %s has missed so far: %s", slave.sensor, dict(slave.counts))
            self._on_status(slave.sensor, online, detail)


def _checked(response: Any, address: int, read: Read) -> Sequence[int]:
    """The words or bits of an answer, if it is the one to this request. Raises `Missed`."""
    if response.dev_id != address:
        raise Missed("foreign", f"slave {response.dev_id} answered for {address}")
    if response.isError():
        raise Missed("exception", f"exception {response.exception_code} for {read.function} {read.first:#06x}")
    if response.function_code != FUNCTION_CODES[read.function]:
        raise Missed("foreign", f"an answer to function {response.function_code}")
    if read.function in BIT_FUNCTIONS:
        # Bits come in whole bytes.
        if len(response.bits) != (read.count + 7) // 8 * 8:
            raise Missed("length", f"{len(response.bits)} bits for {read.count}")
        return [int(bit) for bit in response.bits[: read.count]]
    if len(response.registers) != read.count:
        raise Missed("length", f"{len(response.registers)} registers for {read.count}")
    return list(response.registers)
