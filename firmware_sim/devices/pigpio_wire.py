"""pigpio's socket protocol, as bytes: no sockets and no pins in here.

A request is four little-endian words (command, p1, p2, extension length) and that many bytes of extension; the answer
repeats the first three and carries the result in the fourth, a negative result being an error. After NOIB a
connection is also sent reports: sequence number, flags, tick and the levels of bank 1. Names and numbers are those of
pigpio.h and of the Python client `pigpio.py`.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

REQUEST = struct.Struct("<IIII")
REPORT = struct.Struct("<HHII")
MAX_EXTENSION_BYTES = 1 << 16
"""CMD_MAX_EXTENSION. The real daemon closes a connection which announces more, and so do we."""

PIGPIO_VERSION = 79
HARDWARE_REVISION = 0xC03114
"""A Raspberry Pi 4B, 4 GB, revision 1.4: gpiozero derives the header's layout from it."""


class Command(IntEnum):
    MODES = 0
    MODEG = 1
    PUD = 2
    READ = 3
    WRITE = 4
    BR1 = 10
    BR2 = 11
    TICK = 16
    HWVER = 17
    NB = 19
    NC = 21
    PIGPV = 26
    FG = 97
    NOIB = 99


class PigpioError(IntEnum):
    BAD_USER_GPIO = -2
    BAD_GPIO = -3
    BAD_MODE = -4
    BAD_LEVEL = -5
    BAD_PUD = -6
    NO_HANDLE = -24
    BAD_HANDLE = -25
    UNKNOWN_COMMAND = -88
    BAD_FILTER = -125


@dataclass(frozen=True)
class Request:
    """`command` stays a number: an unknown one has to be answered, not refused."""

    command: int
    p1: int
    p2: int
    extension_bytes: int

    @classmethod
    def parse(cls, data: bytes) -> "Request":
        return cls(*REQUEST.unpack(data))

    def answer(self, result: int) -> bytes:
        return REQUEST.pack(self.command, self.p1, self.p2, result & 0xFFFFFFFF)


def tick_us(at_ms: float) -> int:
    """Microseconds, wrapping every 71.6 minutes as on the real daemon."""
    return int(at_ms * 1000.0) & 0xFFFFFFFF


def report(sequence: int, at_ms: float, levels: int) -> bytes:
    return REPORT.pack(sequence & 0xFFFF, 0, tick_us(at_ms), levels)
