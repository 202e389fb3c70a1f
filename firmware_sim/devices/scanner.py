"""A USB reader or code scanner that types like a keyboard: the event stream of its /dev/input device.

Each key is a press and a release, each followed by a SYN_REPORT, as `struct input_event` of a 64-bit kernel (seconds,
microseconds, type, code, value); capitals hold the left shift; Enter ends. Source: Linux `input-event-codes.h`,
`Documentation/input/input.rst`.

A keyboard forgets what nobody reads: with an older text still unread, the line is emptied first and that text is lost.
"""

import asyncio
import struct
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from firmware_sim.devices.pty_line import PtyLine
from firmware_sim.log import FactKind, WorldLog

EVENT = struct.Struct("<qqHHi")
EV_SYN, EV_KEY, EV_MSC = 0, 1, 4
SYN_REPORT, MSC_SCAN = 0, 4
RELEASED, PRESSED = 0, 1
KEY_ENTER, KEY_LEFT_SHIFT = 28, 42
MAX_TEXT = 512
MAX_WAITING = 4
KEY_S = 0.001
"""One key a millisecond: the fastest that USB's own polling allows."""

ROWS = (("1234567890-=", 2), ("qwertyuiop[]", 16), ("asdfghjkl;'`", 30), ("\\zxcvbnm,./", 43), (" ", 57))
SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./", strict=True))
KEY_CODES = {key: first + offset for keys, first in ROWS for offset, key in enumerate(keys)}


def key_of(character: str) -> tuple[int, bool]:
    """The key of a character on the US layout, and whether shift is held. Raises ValueError when it has none."""
    shifted = character in SHIFTED or character.isupper()
    code = KEY_CODES.get(SHIFTED.get(character, character.lower()))
    if code is None or not character.isascii():
        raise ValueError(f"{character!r} cannot be typed on a US keyboard")
    return code, shifted


def keystrokes(text: str) -> Iterator[bytes]:
    """The event stream of a text and its Enter, in pieces that end with a SYN_REPORT."""
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)

    def event(kind: int, code: int, value: int) -> bytes:
        return EVENT.pack(seconds, microseconds, kind, code, value)

    def change(code: int, value: int) -> bytes:
        return event(EV_MSC, MSC_SCAN, 0x70000 + code) + event(EV_KEY, code, value) + event(EV_SYN, SYN_REPORT, 0)

    for character in text:
        code, shifted = key_of(character)
        if shifted:
            yield change(KEY_LEFT_SHIFT, PRESSED)
        yield change(code, PRESSED) + change(code, RELEASED)
        if shifted:
            yield change(KEY_LEFT_SHIFT, RELEASED)
    yield change(KEY_ENTER, PRESSED) + change(KEY_ENTER, RELEASED)


class Scanner:
    """Types one text after the other; what is shown meanwhile waits its turn."""

    def __init__(self, scanner_id: str, device: Path, log: WorldLog) -> None:
        self.id = scanner_id
        self._line = PtyLine(device)
        self._log = log
        self._waiting: deque[tuple[str, Iterator[bytes]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.plugged = True
        self.powered = True

    def start(self) -> None:
        self._line.publish()

    def stop(self) -> None:
        self._forget()
        self._line.close()

    def set_powered(self, on: bool) -> None:
        self.powered = on
        self._forget()

    def set_plugged(self, on: bool) -> None:
        """Without its plug the device's path is gone, as under /dev/input."""
        if on != self.plugged:
            self.plugged = on
            self._forget()
            self._line.publish() if on else self._line.withdraw()

    def show(self, text: str, what: str, visit: str) -> None:
        """Hold a code or card to it. `what` names it in the log: the text itself may open doors. Raises ValueError
        when it cannot be typed."""
        if not 0 < len(text) <= MAX_TEXT:
            raise ValueError(f"a code has 1 to {MAX_TEXT} characters, not {len(text)}")
        for character in text:
            key_of(character)
        self._log.write(FactKind.CODE_SHOWN, reader=self.id, code=what, visit=visit, characters=len(text))
        if not (self.plugged and self.powered) or len(self._waiting) >= MAX_WAITING:
            self._log.write(FactKind.CODE_LOST, reader=self.id, code=what, visit=visit)
            return
        self._waiting.append((what, keystrokes(text)))
        if self._timer is None:
            if self._line.unread_bytes():
                self._line.forget_unread()
            self._type()

    def _type(self) -> None:
        self._timer = None
        while self._waiting:
            piece = next(self._waiting[0][1], None)
            if piece is not None:
                self._line.write(piece)
                self._timer = asyncio.get_running_loop().call_later(KEY_S, self._type)
                return
            self._waiting.popleft()

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()
