"""What a Modbus slave answers: requests read and answers built, without a wire and without a clock.

Source: "MODBUS Application Protocol" V1.1b3. Reading (1–4), writing one (5, 6) and writing several (15, 16) are there;
anything else is refused as an illegal function, as real slaves do.
"""

import struct
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Final, TypeAlias

READ_REQUEST_BYTES: Final = 8
"""Of a request on a serial line; so long are those that write one, too."""
MANY_HEADER_BYTES: Final = 7
MAX_REQUEST_BYTES: Final = 256
MAX_REGISTERS: Final = 125
MAX_BITS: Final = 2000


class Function(IntEnum):
    READ_COILS = 1
    READ_DISCRETE_INPUTS = 2
    READ_HOLDING = 3
    READ_INPUT = 4
    WRITE_COIL = 5
    WRITE_REGISTER = 6


WRITE_COILS: Final = 15
WRITE_REGISTERS: Final = 16
COIL_ON, COIL_OFF = 0xFF00, 0x0000
BIT_FUNCTIONS = frozenset({Function.READ_COILS, Function.READ_DISCRETE_INPUTS})
WRITE_FUNCTIONS = frozenset({Function.WRITE_COIL, Function.WRITE_REGISTER})
Registers: TypeAlias = Mapping[tuple[Function, int], int]
"""By function and address: 16-bit registers, or bits as 0 and 1."""


class ExceptionCode(IntEnum):
    ILLEGAL_FUNCTION = 1
    ILLEGAL_ADDRESS = 2
    ILLEGAL_VALUE = 3


Write: TypeAlias = Callable[[Function, int, int], ExceptionCode | None]
"""Write one coil or register; a coil's value is COIL_ON or COIL_OFF."""


def crc(message: bytes) -> bytes:
    """CRC-16/MODBUS, low byte first."""
    value = 0xFFFF
    for byte in message:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def framed(message: bytes) -> bytes:
    """As on a serial line."""
    return message + crc(message)


def request_bytes(received: bytes) -> int:
    """How long the request at the beginning of `received` is on a serial line; more than there is, while that is
    unknown."""
    if len(received) < MANY_HEADER_BYTES or received[1] not in (WRITE_COILS, WRITE_REGISTERS):
        return READ_REQUEST_BYTES
    return MANY_HEADER_BYTES + received[6] + 2


def answer(request: bytes, registers: Registers, write: Write | None = None) -> bytes:
    """The whole answer to a whole, intact request on a serial line."""
    return framed(request[:1] + answer_to(request[1:-2], registers, write))


def answer_to(asked: bytes, registers: Registers, write: Write | None = None) -> bytes:
    """The answer from its function code on, without address and checksum."""
    function = asked[0] if asked else 0
    if len(asked) < 5:
        return _refused(function, ExceptionCode.ILLEGAL_VALUE)
    first, second = struct.unpack(">HH", asked[1:5])
    if function in (WRITE_COILS, WRITE_REGISTERS):
        return _write_many(asked, first, second, write)
    if function in WRITE_FUNCTIONS:
        return _write_one(asked, Function(function), first, second, write)
    return _read(function, first, second, registers)


def _refused(function: int, code: ExceptionCode) -> bytes:
    return bytes([function | 0x80, code])


def _read(function: int, first: int, count: int, registers: Registers) -> bytes:
    known = {known_function for known_function, _ in registers}
    if function not in known:
        return _refused(function, ExceptionCode.ILLEGAL_FUNCTION)
    kind = Function(function)
    if not 1 <= count <= (MAX_BITS if kind in BIT_FUNCTIONS else MAX_REGISTERS):
        return _refused(function, ExceptionCode.ILLEGAL_VALUE)
    places = [(kind, first + offset) for offset in range(count)]
    if any(place not in registers for place in places):
        return _refused(function, ExceptionCode.ILLEGAL_ADDRESS)
    values = [registers[place] for place in places]
    if kind in BIT_FUNCTIONS:
        packed = sum((value & 1) << index for index, value in enumerate(values))
        data = packed.to_bytes((count + 7) // 8, "little")
    else:
        data = struct.pack(f">{count}H", *values)
    return bytes([function, len(data)]) + data


def _write_one(asked: bytes, function: Function, address: int, value: int, write: Write | None) -> bytes:
    if write is None:
        return _refused(function, ExceptionCode.ILLEGAL_FUNCTION)
    if function is Function.WRITE_COIL and value not in (COIL_ON, COIL_OFF):
        return _refused(function, ExceptionCode.ILLEGAL_VALUE)
    code = write(function, address, value)
    return asked[:5] if code is None else _refused(function, code)


def _write_many(asked: bytes, first: int, count: int, write: Write | None) -> bytes:
    if write is None:
        return _refused(asked[0], ExceptionCode.ILLEGAL_FUNCTION)
    data = asked[6:]
    of_bits = asked[0] == WRITE_COILS
    expected = (count + 7) // 8 if of_bits else 2 * count
    if not count or len(asked) < 6 or asked[5] != expected or len(data) != expected:
        return _refused(asked[0], ExceptionCode.ILLEGAL_VALUE)
    if of_bits:
        packed = int.from_bytes(data, "little")
        values = [COIL_ON if packed >> index & 1 else COIL_OFF for index in range(count)]
    else:
        values = list(struct.unpack(f">{count}H", data))
    function = Function.WRITE_COIL if of_bits else Function.WRITE_REGISTER
    for offset, value in enumerate(values):
        code = write(function, first + offset, value)
        if code is not None:
            return _refused(asked[0], code)
    return asked[:5]
