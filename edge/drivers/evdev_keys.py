"""What a keyboard types, from the kernel's input events: bytes in, lines out. No I/O, no clock.

Readers and code scanners that say they are a keyboard ("wedge") type what they have read on a US layout, as fast as the
bus allows, and end with Enter. An event is `struct input_event` (Linux `include/uapi/linux/input.h`): two longs of
time, then type, code and value. Only keys count: pressed (1) and, for shift, released (0); a repeat (2) is nobody's.

A line that the kernel has lost events of (SYN_DROPPED), or that is longer than anything that is read here, is given up
as a whole: half a code is another code. What is typed is never logged, and `repr` does not show it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

EVENT: Final = struct.Struct("@llHHi")
EV_SYN: Final = 0
EV_KEY: Final = 1
SYN_DROPPED: Final = 3
RELEASED: Final = 0
PRESSED: Final = 1
ENTER: Final = frozenset({28, 96})
SHIFT: Final = frozenset({42, 54})
CAPS_LOCK: Final = 58

MAX_CHARACTERS: Final = 512
BETWEEN_KEYS_NS: Final = 1_000_000_000
"""A scanner is a hundred times faster; a hand that leans on a key is not."""

_ROWS: Final = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
_NUMBER_PAD: Final = dict(zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82), "7894561230", strict=True))
PLAIN: Final = {first + at: mark for first, plain, _ in _ROWS for at, mark in enumerate(plain)} | _NUMBER_PAD
SHIFTED: Final = {first + at: mark for first, _, shifted in _ROWS for at, mark in enumerate(shifted)} | _NUMBER_PAD


@dataclass
class KeyLines:
    """`given_up` counts lines that were lost or too long."""

    given_up: int = 0
    _rest: bytes = field(default=b"", repr=False)
    _line: list[str] = field(default_factory=list, repr=False)
    _latest_ns: int = 0
    _shifts: set[int] = field(default_factory=set, repr=False)
    _caps: bool = False
    _spoiled: bool = False

    def feed(self, data: bytes, now_ns: int) -> Iterator[str]:
        """The lines that `data` ends. To be exhausted before the next call."""
        if self._line and now_ns - self._latest_ns > BETWEEN_KEYS_NS:
            # A key that something leaned on, or a scanner that was pulled out: not the beginning of what comes now.
            self._take()
        self._latest_ns = now_ns
        data = self._rest + data
        whole = len(data) // EVENT.size * EVENT.size
        self._rest = data[whole:]
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == EV_SYN and code == SYN_DROPPED:
                self._shifts.clear()
                self._spoiled = True
            elif kind == EV_KEY and (line := self._key(code, value)):
                yield line

    def _key(self, code: int, value: int) -> str | None:
        """The line that a key has ended."""
        if code in SHIFT:
            (self._shifts.discard if value == RELEASED else self._shifts.add)(code)
        elif value == PRESSED and code in ENTER:
            return self._take()
        elif value == PRESSED and code == CAPS_LOCK:
            self._caps = not self._caps
        elif value == PRESSED and (mark := (SHIFTED if self._shifts else PLAIN).get(code)) is not None:
            if len(self._line) < MAX_CHARACTERS:
                self._line.append(mark.swapcase() if self._caps else mark)
            else:
                self._spoiled = True
        return None

    def _take(self) -> str | None:
        line, spoiled = "".join(self._line), self._spoiled
        self._line, self._spoiled = [], False
        if spoiled:
            self.given_up += 1
            return None
        return line
