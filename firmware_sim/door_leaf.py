"""The door leaf: an angle that a hand pushes open and a closer pulls shut.

The leaf moves at constant speed between closed (0°) and fully open (90°), so the moment at which it passes the
contact's angle is computed exactly and nothing has to be stepped. A hand holds the leaf open until it lets go; a
wedge stops it from closing at whatever angle it stands.
"""

from contract.frozen import frozen

FULLY_OPEN_DEGREES = 90.0
CONTACT_DEGREES = 2.0
"""The magnet leaves the reed contact at about 30 mm of gap, two degrees of a 900 mm leaf."""
OPENING_DEGREES_PER_MS = 90.0 / 1200.0
CLOSING_DEGREES_PER_MS = 90.0 / 2500.0
"""A closer adjusted to the usual 3 to 7 s from 90°, on its quick side."""


@frozen
class LeafCrossing:
    """The leaf passed the contact's angle."""

    at_ms: float
    open: bool


class DoorLeaf:
    def __init__(self, pace: float = 1.0) -> None:
        self._pace = pace
        self._since_ms = 0.0
        self._from_degrees = 0.0
        self.hand = False
        self.wedge = False
        self.body = False
        """Somebody stands in the door way, and the leaf rests against them."""
        self.open = False

    @property
    def _speed(self) -> float:
        """Signed degrees a millisecond at this moment, before an end stop is considered."""
        if self.hand:
            return OPENING_DEGREES_PER_MS * self._pace
        if self.wedge or self.body:
            return 0.0
        return -CLOSING_DEGREES_PER_MS * self._pace

    def angle(self, now_ms: float) -> float:
        angle = self._from_degrees + self._speed * (now_ms - self._since_ms)
        return min(FULLY_OPEN_DEGREES, max(0.0, angle))

    def deadline(self) -> float | None:
        """When the leaf will pass the contact's angle, None when it is not on its way there."""
        if self._speed > 0 and not self.open:
            return self._since_ms + max(0.0, CONTACT_DEGREES - self._from_degrees) / self._speed
        if self._speed < 0 and self.open:
            return self._since_ms + max(0.0, self._from_degrees - CONTACT_DEGREES) / -self._speed
        return None

    def advance(self, now_ms: float) -> LeafCrossing | None:
        deadline_ms = self.deadline()
        if deadline_ms is None or deadline_ms > now_ms:
            return None
        self.open = not self.open
        return LeafCrossing(deadline_ms, self.open)

    def is_latched(self, now_ms: float) -> bool:
        return self.angle(now_ms) == 0.0

    def set_hand(self, on: bool, now_ms: float) -> None:
        self._settle(now_ms)
        self.hand = on

    def set_wedge(self, on: bool, now_ms: float) -> None:
        """A wedge under a closed door changes nothing: there is no gap to put it into."""
        self._settle(now_ms)
        self.wedge = on and not self.is_latched(now_ms)

    def set_body(self, there: bool, now_ms: float) -> None:
        self._settle(now_ms)
        self.body = there

    def _settle(self, now_ms: float) -> None:
        self._from_degrees = self.angle(now_ms)
        self._since_ms = now_ms
