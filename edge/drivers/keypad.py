"""Keys of a reader's keypad to numbers: `#` ends one, `*` clears it, and so do five seconds without a key.

Keys are coded as OSDP's reply osdp_KEYPAD does (IEC 60839-11-5): digits in ASCII, `#` as carriage return, `*` as
delete; makers that send them in ASCII are understood too. Nothing here is logged, and `repr` shows no digit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from contract.pins import MAX_DIGITS, MIN_DIGITS

BETWEEN_KEYS_NS: Final = 5_000_000_000
END: Final = frozenset(b"\r#")
CLEAR: Final = frozenset(b"\x7f*")
DIGITS: Final = frozenset(b"0123456789")


@dataclass(frozen=True)
class TypedNumber:
    """A number that was ended. The times as of a card: when its end was read, and since when it may have waited."""

    digits: str = field(repr=False)
    not_before_mono_ns: int
    received_mono_ns: int


class Ended(Enum):
    """`NO_NUMBER`: what was ended has fewer or more digits than a number has."""

    NO_NUMBER = 1


@dataclass(repr=False)
class Keypad:
    """What is being typed at one reader."""

    _digits: bytearray = field(default_factory=bytearray)
    _too_long: bool = False
    _latest_ns: int = 0

    def __repr__(self) -> str:
        return "Keypad(…)"

    def press(self, keys: bytes, not_before_ns: int, now_ns: int) -> Iterator[TypedNumber | Ended]:
        """Take keys; gives what they end. A key that is none of a number's is passed over."""
        self.forget(now_ns)
        self._latest_ns = now_ns
        for key in keys:
            if key in END:
                number = self._take()
                if number is not None:
                    yield TypedNumber(number, not_before_ns, now_ns)
                else:
                    yield Ended.NO_NUMBER
            elif key in CLEAR:
                self._take()
            elif key in DIGITS:
                self._too_long = self._too_long or len(self._digits) >= MAX_DIGITS
                if not self._too_long:
                    self._digits.append(key)

    def forget(self, now_ns: int) -> None:
        """A number that nobody goes on with is not kept."""
        if (self._digits or self._too_long) and now_ns - self._latest_ns > BETWEEN_KEYS_NS:
            self._take()

    def _take(self) -> str | None:
        number, whole = self._digits.decode("ascii"), not self._too_long
        self._digits, self._too_long = bytearray(), False
        return number if whole and len(number) >= MIN_DIGITS else None
