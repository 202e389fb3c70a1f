"""The frames of the presence radar HLK-LD2410: bytes in, reports and answers out. No I/O, no clock.

Ten times a second the radar reports what it sees, in little-endian frames without a checksum:

    F4 F3 F2 F1 | length (2) | 02 AA | target | 55 00 | F8 F7 F6 F5
    target: state, moving cm (2), moving energy, still cm (2), still energy, distance (2)

Engineering mode (type 01) puts the energies of every gate behind the same nine bytes. Commands and their answers stand
between FD FC FB FA and 04 03 02 01; an answer repeats the command word plus 0x0100, then a status of 0 for success.
Source: Hi-Link, "LD2410 Serial Communication Protocol" V1.02.

Without a checksum everything that can be checked is: header, length by type, both inner marks, tail, state, distances
and energies. The parser never gives up a byte in which a frame may still begin, so that after any noise the second
whole frame is read, and it never keeps more than one frame's length.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

REPORT_HEAD: Final = bytes.fromhex("f4f3f2f1")
REPORT_TAIL: Final = bytes.fromhex("f8f7f6f5")
COMMAND_HEAD: Final = bytes.fromhex("fdfcfbfa")
COMMAND_TAIL: Final = bytes.fromhex("04030201")
TAILS: Final = {REPORT_HEAD: REPORT_TAIL, COMMAND_HEAD: COMMAND_TAIL}
LENGTH_BYTES: Final = 2
EDGE_BYTES: Final = 4 + LENGTH_BYTES + 4
ENGINEERING: Final = 0x01
BASIC: Final = 0x02
MARK: Final = 0xAA
END: Final = bytes.fromhex("5500")
TARGET: Final = struct.Struct("<BHBHBH")
BASIC_BYTES: Final = 2 + TARGET.size + len(END)
MAX_REPORT_BYTES: Final = 64
MAX_ANSWER_BYTES: Final = 40
MAX_DISTANCE_CM: Final = 900
"""Nine gates of 75 cm, and room for the detection distance that some firmware tells a little beyond."""
MAX_ENERGY: Final = 100

ENABLE_CONFIGURATION: Final = 0x00FF
END_CONFIGURATION: Final = 0x00FE
END_ENGINEERING: Final = 0x0063
READ_FIRMWARE: Final = 0x00A0
ANSWER_BIT: Final = 0x0100


class State(IntEnum):
    """Bit 0: somebody moves; bit 1: somebody is still."""

    NOBODY = 0
    MOVING = 1
    STILL = 2
    BOTH = 3


@dataclass(frozen=True)
class Report:
    """What the radar sees. A distance is of use only if its target is there."""

    state: State
    moving_cm: int
    moving_energy: int
    still_cm: int
    still_energy: int

    @property
    def moving(self) -> bool:
        return bool(self.state & State.MOVING)

    @property
    def still(self) -> bool:
        return bool(self.state & State.STILL)

    @property
    def distance_cm(self) -> int | None:
        """Of whoever is nearer."""
        seen = [cm for cm, there in ((self.moving_cm, self.moving), (self.still_cm, self.still)) if there]
        return min(seen, default=None)


@dataclass(frozen=True)
class Answer:
    """The answer to the command `word`."""

    word: int
    ok: bool
    data: bytes


Frame = Report | Answer


def command(word: int, value: bytes = b"") -> bytes:
    """The frame of a command."""
    payload = struct.pack("<H", word) + value
    return COMMAND_HEAD + struct.pack("<H", len(payload)) + payload + COMMAND_TAIL


def firmware_version(answer: Answer) -> str:
    """As the maker writes it, V1.07.22091516, from the answer to `READ_FIRMWARE`."""
    if len(answer.data) < 8:
        return "unknown"
    _, minor, major, build = struct.unpack_from("<HBBI", answer.data)
    return f"V{major}.{minor:02x}.{build:08x}"


@dataclass
class Parser:
    """`refused` counts what looked like a frame and was none."""

    refused: int = 0
    _buffer: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def waiting_bytes(self) -> int:
        """What is kept of a frame that has not come to its end: less than one frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The whole frames that `data` completes. To be exhausted before the next call."""
        self._buffer += data
        while self._skip_to_head():
            length = self._length()
            if length is None:
                return
            frame = None
            if length >= 0:
                if len(self._buffer) < EDGE_BYTES + length:
                    return
                frame = self._whole(length)
            if frame is None:
                # A header by chance, or a frame that was hurt: the next one may begin behind its first byte.
                self.refused += 1
                del self._buffer[0]
                continue
            del self._buffer[: EDGE_BYTES + length]
            yield frame

    def _skip_to_head(self) -> bool:
        """Give up what cannot begin a frame. True: the buffer begins with a whole header."""
        found = [at for head in TAILS if (at := self._buffer.find(head)) >= 0]
        if found:
            del self._buffer[: min(found)]
            return True
        keep = next((size for size in (3, 2, 1) if any(self._buffer.endswith(head[:size]) for head in TAILS)), 0)
        del self._buffer[: len(self._buffer) - keep]
        return False

    def _length(self) -> int | None:
        """Of the payload. None: not known yet; negative: no frame has it."""
        if len(self._buffer) < 4 + LENGTH_BYTES + 1:
            return None
        length = int.from_bytes(self._buffer[4:6], "little")
        if self._buffer.startswith(COMMAND_HEAD):
            return length if 4 <= length <= MAX_ANSWER_BYTES else -1
        kind = self._buffer[6]
        if kind == BASIC:
            return length if length == BASIC_BYTES else -1
        return length if kind == ENGINEERING and BASIC_BYTES < length <= MAX_REPORT_BYTES else -1

    def _whole(self, length: int) -> Frame | None:
        head = bytes(self._buffer[:4])
        payload = bytes(self._buffer[6 : 6 + length])
        if self._buffer[6 + length : EDGE_BYTES + length] != TAILS[head]:
            return None
        return _answer(payload) if head == COMMAND_HEAD else _report(payload)


def _report(payload: bytes) -> Report | None:
    if payload[1] != MARK or not payload.endswith(END):
        return None
    state, moving_cm, moving_energy, still_cm, still_energy, distance_cm = TARGET.unpack_from(payload, 2)
    if state > State.BOTH or max(moving_energy, still_energy) > MAX_ENERGY:
        return None
    if max(moving_cm, still_cm, distance_cm) > MAX_DISTANCE_CM:
        return None
    return Report(State(state), moving_cm, moving_energy, still_cm, still_energy)


def _answer(payload: bytes) -> Answer | None:
    word, status = struct.unpack_from("<HH", payload)
    if not word & ANSWER_BIT:
        return None
    return Answer(word & ~ANSWER_BIT, status == 0, payload[4:])
