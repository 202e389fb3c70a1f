"""One request at a time to a cabinet's slaves, through pymodbus, over serial or TCP.

What the library leaves to its user:

- **Late answers.** An RTU answer carries no number. One that comes after its time-out is taken for the answer to the
  next request. So after every failure the line is read until it has been quiet; and as long as an answer may still come
  (`LATE_S`), nothing is asked of that slave whose answer would be as long: one register more is, and where every length
  is owed, nothing at all. Over TCP answers carry a number, and a late one dies with its connection.
- **Writes are not repeated**, and `Missed.surely_not_done` says whether one was surely not carried out: the connection
  could not be opened, or the slave said no while it owed no other answer.
- **The clock.** The library waits by the wall clock, which may be set; here it is the monotonic one.

A line blocks while it waits, at most `budget` plus what draining takes.
"""

import logging
import os
import select
import struct
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException

from edge.drivers.cabinet_modbus_map import Function, WriteFunction
from edge.drivers.cabinet_modbus_plan import REQUEST_CHARACTERS, Ask, Wire

# Every time-out is an error to pymodbus; here an outage is told once when it begins and once when it ends.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

QUIET_S: Final = 0.03
MAX_DRAIN_S: Final = 0.3
MAX_DRAIN_BYTES: Final = 4_096
LATE_S: Final = 1.0
"""An answer that has not come by now does not come."""
MANGLED_LATE_S: Final = 0.2
"""The same where something has come: most likely that was the answer, and noise has spoilt it."""
PATIENCE_S: Final = 0.05
"""On top of what the wire and the slave's stated delay take: converters, the operating system, a busy processor."""
TCP_PATIENCE_S: Final = 0.25
"""Behind a gateway there may be a slow line of which nobody has told us."""
CONNECT_S: Final = 0.5
REOPEN_FIRST_S: Final = 0.25
REOPEN_LAST_S: Final = 4.0

READS: Final = {
    Function.COILS: ("read_coils", 1),
    Function.DISCRETE_INPUTS: ("read_discrete_inputs", 2),
    Function.HOLDING: ("read_holding_registers", 3),
    Function.INPUT: ("read_input_registers", 4),
}
WRITES: Final = {WriteFunction.COIL: ("write_coil", 5), WriteFunction.REGISTER: ("write_register", 6)}
NOT_DONE_EXCEPTIONS: Final = frozenset({1, 2, 3, 6, 10})
"""Function, address or value not known, busy, no path: whoever says this has done nothing. 4 is "failed doing it"."""
BAD_ANSWER: Final = (ModbusException, ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error)
"""What the library raises on an answer that is none."""
BROKEN: Final = (OSError, termios.error, ConnectionException)


@dataclass(frozen=True)
class SerialPlace:
    device: Path
    baud: int


@dataclass(frozen=True)
class TcpPlace:
    host: str
    port: int = 502


Place = SerialPlace | TcpPlace


class Missed(Exception):
    """A request came to nothing. `kind` is counted, the message says why.

    `settled`: the slave has answered, and nothing more is to come. `surely_not_done`: of a write.
    """

    def __init__(self, kind: str, why: str, *, settled: bool = False, surely_not_done: bool = False) -> None:
        super().__init__(why)
        self.kind, self.settled, self.surely_not_done = kind, settled, surely_not_done


class _SerialClient(ModbusSerialClient):
    """Waits for bytes instead of looking for them every few characters, and until a moment of the monotonic clock."""

    until_s = 0.0
    has_received = False

    def recv(self, size: int | None) -> bytes:
        """Whatever has come; empty when the time is over."""
        if self.socket is None:
            raise ConnectionException(str(self))
        ready, _, _ = select.select([self.socket], [], [], max(0.0, self.until_s - time.monotonic()))
        data = os.read(self.socket.fileno(), MAX_DRAIN_BYTES) if ready else b""
        self.has_received = self.has_received or bool(data)
        return data


@dataclass(eq=False)
class Line:
    """It opens itself when it is needed, and again after it was lost, ever less often."""

    place: Place

    def __post_init__(self) -> None:
        self.wire = Wire(self.place.baud if isinstance(self.place, SerialPlace) else None)
        self._client: Any = None
        self._owed: dict[tuple[int, int, int], float] = {}
        """Until when an answer of this slave to this function with so many bytes of data may still come."""
        self._free_s = 0.0
        """From when on the line has been silent for long enough."""
        self._open_again_s = 0.0
        self._back_off_s = REOPEN_FIRST_S

    def read(self, ask: Ask) -> Sequence[int]:
        """The registers, or bits, of the block. Raises `Missed`."""
        block = ask.block
        call, code = READS[block.function]
        count = self._count(ask, code)
        data_bytes = block.answer_bytes(count)
        budget_s = self._budget_s(ask.wire_ms(self.wire), ask.answer_ms)
        key = (ask.address, code, data_bytes)
        response = self._exchange(key, budget_s, call, ask.first, count=count, device_id=ask.address)
        words = response.bits if block.of_bits else response.registers
        got = (len(words) + 7) // 8 if block.of_bits else 2 * len(words)
        if got != data_bytes:
            self._failed(key)
            raise Missed("length", f"slave {ask.address} answered {got} bytes instead of {data_bytes}")
        return [int(word) for word in words[: block.count]]

    def write(self, address: int, function: WriteFunction, at: int, value: int, answer_ms: int) -> None:
        """Once, whatever becomes of it. Raises `Missed`."""
        call, code = WRITES[function]
        budget_s = self._budget_s(self.wire.exchange_ms(REQUEST_CHARACTERS, answer_ms), answer_ms)
        key = (address, code, 0)
        sent: int | bool = bool(value) if function is WriteFunction.COIL else value
        response = self._exchange(key, budget_s, call, at, sent, device_id=address)
        echoed = response.bits[0] if function is WriteFunction.COIL else response.registers[0]
        if response.address != at or echoed != sent:
            self._failed(key)
            raise Missed("foreign", f"slave {address} answered to another write")

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    # ------------------------------------------------ one exchange

    def _budget_s(self, wire_ms: float, answer_ms: int) -> float:
        """How long an answer is waited for: as long as it takes, the stated delay twice, and some patience."""
        patience_s = PATIENCE_S if isinstance(self.place, SerialPlace) else TCP_PATIENCE_S
        return (wire_ms + answer_ms) / 1_000 + patience_s

    def _exchange(self, key: tuple[int, int, int], budget_s: float, call: str, *args: int, **named: int) -> Any:
        self._open()
        time.sleep(max(0.0, self._free_s - time.monotonic()))
        address, code, _ = key
        try:
            if isinstance(self._client, _SerialClient):
                self._client.until_s, self._client.has_received = time.monotonic() + budget_s, False
            else:
                self._client.comm_params.timeout_connect = budget_s
            response: Any = getattr(self._client, call)(*args, **named)
            self._check(response, address, code)
        except BROKEN as error:
            self._lost()
            raise Missed("closed", f"{self.place}: {error}") from None
        except Missed as miss:
            if not miss.settled:
                self._failed(key)
            raise
        except BAD_ANSWER as error:
            self._failed(key)
            raise Missed("silent", f"slave {address}: no answer that can be read: {error}") from None
        self._free_s = time.monotonic() + self.wire.gap_ms / 1_000
        self._back_off_s = REOPEN_FIRST_S
        return response

    def _check(self, response: Any, address: int, code: int) -> None:
        if response.dev_id != address:
            raise Missed("foreign", f"slave {response.dev_id} answered for {address}")
        if response.function_code not in (code, code | 0x80):
            raise Missed("foreign", f"slave {address} answered to function {response.function_code}")
        if response.isError():
            said = response.exception_code
            owes = any(slave == address for slave, _, _ in self._still_owed())
            # Else it may be the late answer to an earlier request, and the one to this is still to come.
            not_done = said in NOT_DONE_EXCEPTIONS and not owes
            why = f"slave {address} said exception {said}"
            raise Missed("exception", why, settled=not owes, surely_not_done=not_done)

    def _count(self, ask: Ask, code: int) -> int:
        """So many that the answer is of a length that the slave does not owe. Raises `Missed`."""
        block, owed = ask.block, self._still_owed()
        step = 8 if block.of_bits else 1
        for count in range(block.count, block.count + block.spare + 1, step):
            if (ask.address, code, block.answer_bytes(count)) not in owed:
                return count
        raise Missed("owed", f"slave {ask.address} owes answers of every length")

    def _still_owed(self) -> dict[tuple[int, int, int], float]:
        now_s = time.monotonic()
        self._owed = {key: until_s for key, until_s in self._owed.items() if until_s > now_s}
        return self._owed

    # ------------------------------------------------ what goes wrong

    def _open(self) -> None:
        if self._client is not None:
            return
        now_s = time.monotonic()
        if now_s < self._open_again_s:
            raise Missed("closed", f"{self.place} is not open", surely_not_done=True)
        client: Any
        if isinstance(self.place, SerialPlace):
            client = _SerialClient(str(self.place.device), baudrate=self.place.baud, timeout=1.0, retries=0)
        else:
            client = ModbusTcpClient(self.place.host, port=self.place.port, timeout=CONNECT_S, retries=0)
        if not client.connect():
            self._wait_to_open()
            raise Missed("closed", f"{self.place} cannot be opened", surely_not_done=True)
        self._client = client

    def _wait_to_open(self) -> None:
        self._open_again_s = time.monotonic() + self._back_off_s
        self._back_off_s = min(2 * self._back_off_s, REOPEN_LAST_S)

    def _lost(self) -> None:
        self.close()
        self._wait_to_open()

    def _failed(self, key: tuple[int, int, int]) -> None:
        """No answer, or not the one to this request, which may still come."""
        if self._client is None:
            return
        if isinstance(self.place, TcpPlace):
            # The connection had worked: the next one is opened at once, and only then not so soon any more.
            self.close()
            if self._back_off_s > REOPEN_FIRST_S:
                self._open_again_s = time.monotonic() + self._back_off_s
            self._back_off_s = min(2 * self._back_off_s, REOPEN_LAST_S)
            return
        late_s = MANGLED_LATE_S if self._client.has_received else LATE_S
        self._owed[key] = max(self._owed.get(key, 0.0), time.monotonic() + late_s)
        self._drain()
        self._free_s = time.monotonic() + self.wire.gap_ms / 1_000

    def _drain(self) -> None:
        """Read until the line has been quiet."""
        port = self._client.socket
        give_up_s = time.monotonic() + MAX_DRAIN_S
        try:
            while (left_s := give_up_s - time.monotonic()) > 0.0:
                if not select.select([port], [], [], min(QUIET_S, left_s))[0]:
                    return
                os.read(port.fileno(), MAX_DRAIN_BYTES)
        except BROKEN:
            self._lost()
