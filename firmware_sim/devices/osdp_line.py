"""The reader's end of its RS-485 line, as a pseudo terminal, with everything that can happen to bytes on the way.

The controller opens the far end through a symlink whose path is stable; the simulator keeps the far end open as well,
so that the line outlives the controller. Faults act on whole replies: lost, corrupted (one bit, place by seed) or
delayed; noise is random bytes between them.

Bounds: what the controller does not read within the terminal's own buffer (4 KiB) is lost, as on a wire; 64 delayed
replies.
"""

import contextlib
import errno
import logging
import os
import random
import termios
import tty
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from osdp import Channel

from firmware_sim.log import monotonic_ms

logger = logging.getLogger(__name__)

MAX_DELAYED = 64
MAX_NOISE_BYTES = 1024
REPLY_CARD_RAW = 0x50
"""osdp_RAW, the reply that carries card data. Even in the secure channel the reply's code travels in the clear."""

MARK, START_OF_MESSAGE, REPLY_BIT = 0xFF, 0x53, 0x80
CONTROL_SEQUENCE, CONTROL_SECURITY_BLOCK = 0x03, 0x08
HEADER_BYTES = 5


@dataclass(frozen=True)
class ReplyHead:
    """The part of a reply that is readable without any key."""

    code: int
    sequence: int


def parse_reply(packet: bytes) -> ReplyHead | None:
    """The head of an OSDP reply (IEC 60839-11-5, 5.9), None for anything else."""
    message = packet[1:] if packet[:1] == bytes([MARK]) else packet
    if len(message) <= HEADER_BYTES + 1 or message[0] != START_OF_MESSAGE or not message[1] & REPLY_BIT:
        return None
    control = message[4]
    code_at = HEADER_BYTES + (message[HEADER_BYTES] if control & CONTROL_SECURITY_BLOCK else 0)
    return ReplyHead(message[code_at], control & CONTROL_SEQUENCE) if code_at < len(message) else None


class OsdpLine(Channel):  # type: ignore[misc]  # libosdp ships no types
    """What libosdp reads from and writes to. Used by the reader's thread only; the fault fields may be set from any
    thread."""

    def __init__(self, device: Path, baud: int, random_source: random.Random) -> None:
        super().__init__()
        self._random = random_source
        self._device = device
        self._master, self._far_end = os.openpty()
        tty.setraw(self._far_end)
        self._set_speed(baud)
        os.set_blocking(self._master, False)
        self._delayed: deque[tuple[float, bytes]] = deque()
        self.lose_replies = 0
        self.corrupt_replies = 0
        self.delay_ms = 0.0
        self.sent: deque[tuple[float, ReplyHead | None, bool]] = deque(maxlen=MAX_DELAYED)
        """(moment, head, really on the wire) of every reply since the reader last looked."""

    def _set_speed(self, baud: int) -> None:
        speed: int = getattr(termios, f"B{baud}")
        attributes = termios.tcgetattr(self._far_end)
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(self._far_end, termios.TCSANOW, attributes)

    def publish(self) -> None:
        """Point the stable path at this line; done last at start, so that a start that fails leaves another's path
        alone."""
        self._device.parent.mkdir(parents=True, exist_ok=True)
        self._device.unlink(missing_ok=True)
        self._device.symlink_to(os.ttyname(self._far_end))

    def fileno(self) -> int:
        return self._master

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self._master, max_bytes)
        except BlockingIOError:
            return b""

    def write(self, packet: bytes) -> int:
        """Send one reply. libosdp is told that it left, whatever became of it: a sender does not see its line's
        faults."""
        head = parse_reply(packet)
        lost = self.lose_replies > 0
        if lost:
            self.lose_replies -= 1
        elif self.delay_ms and len(self._delayed) < MAX_DELAYED:
            self._delayed.append((monotonic_ms() + self.delay_ms, packet))
        else:
            self._put(packet)
        self.sent.append((monotonic_ms(), head, not lost))
        return len(packet)

    def flush(self) -> None:
        """Nothing is held back on a pseudo terminal, and a pending request must not be thrown away."""

    def send_due(self, now_ms: float) -> float | None:
        """Send the delayed replies whose time has come; the moment of the next one."""
        while self._delayed and self._delayed[0][0] <= now_ms:
            self._put(self._delayed.popleft()[1])
        return self._delayed[0][0] if self._delayed else None

    def inject_noise(self, count: int) -> None:
        self._send_raw(self._random.randbytes(min(count, MAX_NOISE_BYTES)))

    def discard_input(self) -> None:
        """A reader without power: what arrives goes nowhere."""
        while self.read(4096):
            pass
        self._delayed.clear()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            if os.readlink(self._device) == os.ttyname(self._far_end):
                self._device.unlink()
        os.close(self._master)
        os.close(self._far_end)

    def _put(self, packet: bytes) -> None:
        if self.corrupt_replies > 0:
            self.corrupt_replies -= 1
            broken = bytearray(packet)
            broken[self._random.randrange(len(broken))] ^= 1 << self._random.randrange(8)
            packet = bytes(broken)
        self._send_raw(packet)

    def _send_raw(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            logger.debug("reader line: nobody reads, %d bytes are lost", len(data))
