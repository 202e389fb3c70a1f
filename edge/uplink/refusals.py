"""Refused messages, told to the controller at a pace that a hostile broker cannot set."""

from dataclasses import dataclass
from typing import Final

from edge.runtime.ipc import DownwardRefused

MOST_IN_A_MINUTE: Final = 10
MINUTE_MS: Final = 60_000
MAX_REASON: Final = 200


@dataclass
class Refusals:
    """At most ten a minute pass one by one; the rest of that minute is told as one count when it ends."""

    total: int = 0
    _minute_began_ms: int | None = None
    _passed: int = 0
    _held_back: int = 0

    def refuse(self, topic: str, reason: str, now_ms: int) -> DownwardRefused | None:
        """The message for the controller, or None when it is only counted."""
        self.total += 1
        if self._minute_began_ms is None:
            self._minute_began_ms = now_ms
        if self._passed >= MOST_IN_A_MINUTE:
            self._held_back += 1
            return None
        self._passed += 1
        return DownwardRefused(shown(topic), shown(reason))

    def minute_over(self, now_ms: int) -> DownwardRefused | None:
        """Call it from time to time: ends the minute, with the count of what was held back."""
        if self._minute_began_ms is None or now_ms < self._minute_began_ms + MINUTE_MS:
            return None
        held_back, self._held_back, self._passed, self._minute_began_ms = self._held_back, 0, 0, None
        return DownwardRefused("*", f"{held_back} more refused within a minute") if held_back else None


def shown(text: str) -> str:
    """Text from outside, safe to keep: ASCII, of bounded length."""
    return text[:MAX_REASON].encode("ascii", "backslashreplace").decode()[:MAX_REASON]
