"""The reader's end of its RS-485 line, as a pseudo terminal, with everything that can happen to bytes on the way.

Faults act on whole replies: lost, corrupted (one bit, place by seed) or delayed; noise is random bytes between them.

Bounds: those of `pty_line`, and 64 delayed replies.
"""

import random
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from osdp import Channel

from firmware_sim.devices.pty_line import PtyLine
from firmware_sim.log import monotonic_ms

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
        self._pty = PtyLine(device)
        self._pty.set_speed(baud)
        self._delayed: deque[tuple[float, bytes]] = deque()
        self.lose_replies = 0
        self.corrupt_replies = 0
        self.delay_ms = 0.0
        self.sent: deque[tuple[float, ReplyHead | None, bool]] = deque(maxlen=MAX_DELAYED)
        """(moment, head, really on the wire) of every reply since the reader last looked."""

    def publish(self) -> None:
        self._pty.publish()

    def fileno(self) -> int:
        return self._pty.fileno()

    def read(self, max_bytes: int) -> bytes:
        return self._pty.read(max_bytes)

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
        self._pty.write(self._random.randbytes(min(count, MAX_NOISE_BYTES)))

    def discard_input(self) -> None:
        """A reader without power: what arrives goes nowhere."""
        while self.read(4096):
            pass
        self._delayed.clear()

    def close(self) -> None:
        self._pty.close()

    def _put(self, packet: bytes) -> None:
        if self.corrupt_replies > 0:
            self.corrupt_replies -= 1
            broken = bytearray(packet)
            broken[self._random.randrange(len(broken))] ^= 1 << self._random.randrange(8)
            packet = bytes(broken)
        self._pty.write(packet)
