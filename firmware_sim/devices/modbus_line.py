"""Modbus RTU slaves on one RS-485 line, as a pseudo terminal: own framing, so that every way to answer wrongly is ours.

Requests are framed by their length, which for the reading functions is always eight bytes, and by silence: what has not
become a request within the time-out is thrown away. An answer leaves after as long as request and answer take at the
line's speed, so polling costs what it costs on a wire. Source: "MODBUS over Serial Line" V1.02, "MODBUS Application
Protocol" V1.1b3.

Faults, each of one slave: *silent*, *garbage* (random bytes by seed), *late* (the right answer after so many
milliseconds, perhaps into the next request), *foreign* (another slave's address), *long* (bytes after the answer).
"""

import asyncio
import random
import struct
from collections.abc import Callable, Mapping
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TypeAlias

from firmware_sim.devices.pty_line import PtyLine

REQUEST_BYTES = 8
BITS_A_BYTE = 10
SILENCE_S = 0.05
"""Far beyond 3.5 characters at any speed, and short enough for the next poll."""
MAX_REGISTERS = 125
MAX_BITS = 2000
MAX_GARBAGE_BYTES = 40


class Function(IntEnum):
    READ_COILS = 1
    READ_DISCRETE_INPUTS = 2
    READ_HOLDING = 3
    READ_INPUT = 4


BIT_FUNCTIONS = frozenset({Function.READ_COILS, Function.READ_DISCRETE_INPUTS})
Registers: TypeAlias = Mapping[tuple[Function, int], int]
"""By function and address: 16-bit registers, or bits as 0 and 1."""


class Fault(StrEnum):
    SILENT = "silent"
    GARBAGE = "garbage"
    LATE = "late"
    FOREIGN = "foreign"
    LONG = "long"


class ExceptionCode(IntEnum):
    ILLEGAL_FUNCTION = 1
    ILLEGAL_ADDRESS = 2
    ILLEGAL_VALUE = 3


def crc(message: bytes) -> bytes:
    """CRC-16/MODBUS, low byte first."""
    value = 0xFFFF
    for byte in message:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def answer(request: bytes, registers: Registers) -> bytes:
    """The whole answer to a whole, intact request."""
    address, function, first, count = struct.unpack(">BBHH", request[:6])
    return _framed(bytes([address]) + _answer(function, first, count, registers))


def _answer(function: int, first: int, count: int, registers: Registers) -> bytes:
    def refused(code: ExceptionCode) -> bytes:
        return bytes([function | 0x80, code])

    known = {known_function for known_function, _ in registers}
    if function not in known:
        return refused(ExceptionCode.ILLEGAL_FUNCTION)
    kind = Function(function)
    if not 1 <= count <= (MAX_BITS if kind in BIT_FUNCTIONS else MAX_REGISTERS):
        return refused(ExceptionCode.ILLEGAL_VALUE)
    places = [(kind, first + offset) for offset in range(count)]
    if any(place not in registers for place in places):
        return refused(ExceptionCode.ILLEGAL_ADDRESS)
    values = [registers[place] for place in places]
    if kind in BIT_FUNCTIONS:
        packed = sum((value & 1) << index for index, value in enumerate(values))
        data = packed.to_bytes((count + 7) // 8, "little")
    else:
        data = struct.pack(f">{count}H", *values)
    return bytes([function, len(data)]) + data


def _framed(message: bytes) -> bytes:
    return message + crc(message)


class Slave:
    """`read` gives its registers at this moment."""

    def __init__(self, slave_id: str, address: int, read: Callable[[], Registers]) -> None:
        self.id, self.address, self.read = slave_id, address, read
        self.fault: Fault | None = None
        self.late_ms = 0.0
        self.answered = 0


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

    def _receive(self) -> None:
        assert self._loop is not None
        data = self._line.read()
        if not self.powered:
            return
        self._received += data
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self._loop.call_later(SILENCE_S, self._received.clear)
        while len(self._received) >= REQUEST_BYTES:
            request = bytes(self._received[:REQUEST_BYTES])
            if crc(request[:-2]) != request[-2:]:
                self._received.clear()
                return
            del self._received[:REQUEST_BYTES]
            self._serve(request)

    def _serve(self, request: bytes) -> None:
        slave = self.slaves.get(request[0])
        if slave is None or slave.fault is Fault.SILENT:
            return
        reply = answer(request, slave.read())
        slave.answered += 1
        delay_s = (len(request) + len(reply)) * BITS_A_BYTE / self._baud
        match slave.fault:
            case Fault.GARBAGE:
                reply = self._random.randbytes(self._random.randint(1, MAX_GARBAGE_BYTES))
            case Fault.FOREIGN:
                reply = _framed(bytes([request[0] % 247 + 1]) + reply[1:-2])
            case Fault.LONG:
                reply += self._random.randbytes(self._random.randint(1, MAX_GARBAGE_BYTES))
            case Fault.LATE:
                delay_s += slave.late_ms / 1000.0
            case _:
                pass
        assert self._loop is not None
        self._loop.call_later(delay_s, self._send, reply)

    def _send(self, reply: bytes) -> None:
        if self._loop is not None and self.powered:
            self._line.write(reply)
