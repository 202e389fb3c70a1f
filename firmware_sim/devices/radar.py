"""A presence radar HLK-LD2410: its UART at 256,000 baud, as a pseudo terminal.

Ten times a second it sends one data frame (all numbers little-endian):

    F4 F3 F2 F1 | length | 02 AA | targets | 55 00 | F8 F7 F6 F5
    targets: state, moving cm, moving energy, still cm, still energy, detection cm

`state` is 0 nobody, 1 somebody moving, 2 somebody still, 3 both. Commands are framed by FD FC FB FA and 04 03 02 01
and acknowledged with the command word + 0x100; between *enable* and *end configuration* no data is sent. Source:
Hi-Link, "HLK-LD2410 serial communication protocol" V1.02 and newer.

A radar sees who is inside: moving when he moves, still when he breathes. Faults: silent, *noisy* (some bytes of some
frames are lost or altered, and junk stands between them, by seed), and *lying* (it tells a state of its own).
"""

import asyncio
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from firmware_sim.devices.pty_line import PtyLine

FRAME_S = 0.1
DATA_HEAD, DATA_TAIL = bytes.fromhex("f4f3f2f1"), bytes.fromhex("f8f7f6f5")
COMMAND_HEAD, COMMAND_TAIL = bytes.fromhex("fdfcfbfa"), bytes.fromhex("04030201")
BASIC_MODE, BODY_HEAD, BODY_TAIL = 0x02, 0xAA, bytes.fromhex("5500")
TARGETS = struct.Struct("<BHBHBH")
MAX_COMMAND_BYTES = 64
MAX_UNREAD_BYTES = 1024
"""Four seconds of frames: more than that means that nobody has the port open."""
FIRMWARE = bytes.fromhex("0001") + bytes.fromhex("0701") + bytes.fromhex("16150922")
"""Type, then V1.07.22091516 as the firmware itself writes it."""
NOISY_SHARE = 0.3


class RadarState(IntEnum):
    NOBODY = 0
    MOVING = 1
    STILL = 2
    BOTH = 3


class Word(IntEnum):
    """Command words."""

    READ_PARAMETERS = 0x0061
    ENGINEERING_ON = 0x0062
    ENGINEERING_OFF = 0x0063
    READ_FIRMWARE = 0x00A0
    END_CONFIGURATION = 0x00FE
    ENABLE_CONFIGURATION = 0x00FF


@dataclass(frozen=True)
class Targets:
    """What the radar sees: the distance of the nearest of each, None: nobody of that kind."""

    moving_cm: int | None = None
    still_cm: int | None = None

    @property
    def state(self) -> RadarState:
        return RadarState((self.moving_cm is not None) + 2 * (self.still_cm is not None))


def data_frame(targets: Targets) -> bytes:
    """One frame of the basic mode."""
    moving, still = targets.moving_cm or 0, targets.still_cm or 0
    distances = [far for far in (targets.moving_cm, targets.still_cm) if far is not None]
    body = TARGETS.pack(
        targets.state,
        moving,
        _energy(targets.moving_cm),
        still,
        _energy(targets.still_cm),
        min(distances, default=0),
    )
    payload = bytes([BASIC_MODE, BODY_HEAD]) + body + BODY_TAIL
    return DATA_HEAD + struct.pack("<H", len(payload)) + payload + DATA_TAIL


def acknowledgement(word: int, data: bytes = b"", ok: bool = True) -> bytes:
    payload = struct.pack("<HH", word | 0x0100, 0 if ok else 1) + data
    return COMMAND_HEAD + struct.pack("<H", len(payload)) + payload + COMMAND_TAIL


def _energy(distance_cm: int | None) -> int:
    """0 to 100; the echo weakens with the distance."""
    return 0 if distance_cm is None else max(15, 100 - distance_cm // 6)


class Radar:
    def __init__(self, radar_id: str, device: Path, see: Callable[[], Targets], seed: int) -> None:
        self.id = radar_id
        self._line = PtyLine(device)
        self._see = see
        self._random = random.Random(f"{seed}/{radar_id}")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next_s = 0.0
        self._received = bytearray()
        self._configuring = False
        self.powered = True
        self.silent = False
        self.noisy = False
        self.lying: Targets | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._line.publish()
        self._loop.add_reader(self._line.fileno(), self._receive)
        self._next_s = self._loop.time()
        self._tick()

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._line.fileno())
        if self._timer is not None:
            self._timer.cancel()
        self._line.close()

    def set_powered(self, on: bool) -> None:
        self.powered, self._configuring = on, False
        self._received.clear()

    @property
    def targets(self) -> Targets:
        """What it tells."""
        return self.lying if self.lying is not None else self._see()

    def _tick(self) -> None:
        assert self._loop is not None
        # From the plan and not from now, so that a slow moment does not slow the radar down for good.
        self._next_s = max(self._next_s + FRAME_S, self._loop.time() - FRAME_S)
        self._timer = self._loop.call_at(self._next_s, self._tick)
        if self.powered and not self.silent and not self._configuring:
            if self._line.unread_bytes() > MAX_UNREAD_BYTES:
                self._line.forget_unread()
            self._line.write(self._disturbed(data_frame(self.targets)))

    def _disturbed(self, frame: bytes) -> bytes:
        if not self.noisy or self._random.random() > NOISY_SHARE:
            return frame
        broken = bytearray(frame)
        place = self._random.randrange(len(broken))
        match self._random.randrange(4):
            case 0:
                del broken[place]
            case 1:
                broken[place] ^= 1 << self._random.randrange(8)
            case 2:
                broken[place:place] = self._random.randbytes(self._random.randint(1, 40))
            case _:
                broken[place:] = DATA_HEAD
        return bytes(broken)

    # Commands

    def _receive(self) -> None:
        data = self._line.read()
        if not self.powered or self.silent:
            return
        self._received += data
        while (command := self._next_command()) is not None:
            self._line.write(self._answer(command))
        del self._received[:-MAX_COMMAND_BYTES]

    def _next_command(self) -> bytes | None:
        """The content of the next whole command, with everything before it thrown away."""
        start = self._received.find(COMMAND_HEAD)
        end = self._received.find(COMMAND_TAIL, start + len(COMMAND_HEAD))
        if start < 0 or end < 0:
            return None
        content = bytes(self._received[start + len(COMMAND_HEAD) + 2 : end])
        del self._received[: end + len(COMMAND_TAIL)]
        return content

    def _answer(self, content: bytes) -> bytes:
        word = int.from_bytes(content[:2], "little")
        if word == Word.ENABLE_CONFIGURATION:
            self._configuring = True
            return acknowledgement(word, struct.pack("<HH", 1, 0x40))
        if not self._configuring:
            return acknowledgement(word, ok=False)
        match word:
            case Word.END_CONFIGURATION:
                self._configuring = False
                return acknowledgement(word)
            case Word.READ_FIRMWARE:
                return acknowledgement(word, FIRMWARE)
            case Word.ENGINEERING_ON | Word.ENGINEERING_OFF:
                return acknowledgement(word)
            case _:
                return acknowledgement(word, ok=False)
