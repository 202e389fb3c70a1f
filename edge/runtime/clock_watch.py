"""Whether the wall clock may be believed, and by how much it had been wrong when it became so."""

from typing import Final

from edge.core.events import ClockChanged
from edge.runtime.clock import kernel_synchronised, monotonic_ms, wall_ms

LOOK_EVERY_MS: Final = 2_000


class ClockWatch:
    """`look` is called often and asks the kernel now and then."""

    def __init__(self) -> None:
        self.trusted = kernel_synchronised()
        self._told = False
        self._next_ms = 0
        self._believed_offset_ms = wall_ms() - monotonic_ms()

    def look(self) -> ClockChanged | None:
        """A change of trust, or the first word on it."""
        now = monotonic_ms()
        if now < self._next_ms:
            return None
        self._next_ms = now + LOOK_EVERY_MS
        trusted = kernel_synchronised()
        if trusted is self.trusted and self._told:
            return None
        self.trusted, self._told = trusted, True
        offset_ms = wall_ms() - now
        change = ClockChanged(trusted, offset_ms - self._believed_offset_ms if trusted else 0)
        self._believed_offset_ms = offset_ms
        return change
