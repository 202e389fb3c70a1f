"""Modbus RTU slaves on one RS-485 line, as a pseudo terminal: own framing, so that every way to answer wrongly is ours.

Requests are framed by their length and by silence: what has not become a request within the time-out is thrown away.
Bytes cross a pseudo terminal at once, so the line's speed is kept by waiting: a request takes effect after as long as
it takes on the wire and the 3.5 characters of silence behind it, and its answer is complete after the slave's own delay
and the answer's bytes. Polling costs what it costs on a wire. Source: "MODBUS over Serial Line" V1.02.

Faults, each of one slave: *silent*, *garbage* (random bytes by seed), *late* (the right answer after so many
milliseconds, perhaps into the next request), *foreign* (another slave's address), *long* (bytes after the answer). Of
the line: *cut*, and *noise* (a bit of one in so many messages flips, by seed).
"""

import asyncio
import random
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware_sim.devices.modbus_answers import (
    MAX_REQUEST_BYTES,
    READ_REQUEST_BYTES,
    Registers,
    Write,
    answer,
    crc,
    framed,
    request_bytes,
)
from firmware_sim.devices.pty_line import PtyLine

BITS_A_BYTE: Final = 10
GAP_CHARACTERS: Final = 3.5
LEAST_GAP_S: Final = 0.00175
"""Above 19200 baud the gap no longer shrinks ("MODBUS over Serial Line", 2.5.1.1)."""
SILENCE_S: Final = 0.05
"""Far beyond 3.5 characters at any speed, and short enough for the next poll."""
WAKES_LATE_S: Final = 0.0005
"""An asyncio timer is up to a millisecond late: half of it is taken off, so that on average the line keeps time."""
MAX_GARBAGE_BYTES: Final = 40


class Fault(StrEnum):
    SILENT = "silent"
    GARBAGE = "garbage"
    LATE = "late"
    FOREIGN = "foreign"
    LONG = "long"


class Slave:
    """`read` gives its registers at this moment, None when it does not answer; `write` None: it takes nothing.
    `delay_ms`: how long it thinks."""

    def __init__(
        self,
        slave_id: str,
        address: int,
        read: Callable[[], Registers | None],
        write: Write | None = None,
        delay_ms: float = 0.0,
    ) -> None:
        self.id, self.address, self.read, self.write, self.delay_ms = slave_id, address, read, write, delay_ms
        self.fault: Fault | None = None
        self.fault_one_in = 1
        """Of so many answers one is wrong, by seed. Silence is of all."""
        self.late_ms = 0.0
        self.answered = 0

    def drawn_fault(self, dice: random.Random) -> Fault | None:
        """What is wrong with the next answer."""
        return self.fault if self.fault is not None and dice.randrange(self.fault_one_in) == 0 else None


def gap_s(baud: int) -> float:
    return max(LEAST_GAP_S if baud > 19_200 else 0.0, GAP_CHARACTERS * BITS_A_BYTE / baud)


class ModbusLine:
    def __init__(self, device: Path, baud: int, slaves: list[Slave], seed: int) -> None:
        self._line = PtyLine(device)
        self._baud = baud
        self.slaves = {slave.address: slave for slave in slaves}
        self._random = random.Random(f"{seed}/{device.name}")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._received = bytearray()
        self._silence: asyncio.TimerHandle | None = None
        self.powered = True
        self.cut = False
        self.noise_every = 0
        """One message in so many is broken; 0: none."""

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._line.publish()
        self._loop.add_reader(self._line.fileno(), self._receive)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._line.fileno())
        if self._silence is not None:
            self._silence.cancel()
        self._loop = None
        self._line.close()

    def set_powered(self, on: bool) -> None:
        self.powered = on
        self._received.clear()

    @property
    def _alive(self) -> bool:
        return self.powered and not self.cut

    def _receive(self) -> None:
        assert self._loop is not None
        data = self._line.read()
        if not self._alive:
            self._received.clear()
            return
        self._received += data
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self._loop.call_later(SILENCE_S, self._received.clear)
        while len(self._received) >= READ_REQUEST_BYTES:
            length = request_bytes(bytes(self._received[:READ_REQUEST_BYTES]))
            if length > MAX_REQUEST_BYTES:
                self._received.clear()
            if len(self._received) < length:
                return
            request = bytes(self._received[:length])
            if crc(request[:-2]) != request[-2:]:
                self._received.clear()
                return
            del self._received[:length]
            self._take(request)

    def _take(self, request: bytes) -> None:
        slave = self.slaves.get(request[0])
        if slave is None or slave.fault is Fault.SILENT or self._breaks():
            return
        assert self._loop is not None
        heard_s = self._loop.time() + self._wire_s(request) + gap_s(self._baud)
        self._loop.call_at(heard_s - WAKES_LATE_S, self._serve, slave, request, heard_s)

    def _serve(self, slave: Slave, request: bytes, heard_s: float) -> None:
        if self._loop is None or not self._alive:
            return
        registers = slave.read()
        if registers is None:
            return
        reply = answer(request, registers, slave.write)
        slave.answered += 1
        sent_s = heard_s + slave.delay_ms / 1000.0 + self._wire_s(reply)
        match slave.drawn_fault(self._random):
            case Fault.GARBAGE:
                reply = self._random.randbytes(self._random.randint(1, MAX_GARBAGE_BYTES))
            case Fault.FOREIGN:
                reply = framed(bytes([request[0] % 247 + 1]) + reply[1:-2])
            case Fault.LONG:
                reply += self._random.randbytes(self._random.randint(1, MAX_GARBAGE_BYTES))
            case Fault.LATE:
                sent_s += slave.late_ms / 1000.0
            case _:
                pass
        if self._breaks():
            place = self._random.randrange(len(reply))
            reply = reply[:place] + bytes([reply[place] ^ 1 << self._random.randrange(8)]) + reply[place + 1 :]
        self._loop.call_at(sent_s - WAKES_LATE_S, self._send, reply)

    def _send(self, reply: bytes) -> None:
        if self._loop is not None and self._alive:
            self._line.write(reply)

    def _wire_s(self, message: bytes) -> float:
        return len(message) * BITS_A_BYTE / self._baud

    def _breaks(self) -> bool:
        return self.noise_every > 0 and self._random.randrange(self.noise_every) == 0
