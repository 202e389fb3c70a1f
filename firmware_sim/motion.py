"""A passive infrared motion detector: active at once when somebody moves, and for a while after the last movement."""

HOLD_MS = 2_000.0
"""The shortest setting of the usual ceiling detectors."""


class MotionDetector:
    def __init__(self, pace: float = 1.0) -> None:
        self._hold_ms = HOLD_MS / pace
        self._moving = False
        self._off_at_ms: float | None = None
        self.active = False

    def see(self, moving: bool, now_ms: float) -> bool:
        """Somebody moves in its sight, or nobody any more; True when its output changed at once."""
        if moving == self._moving:
            return False
        self._moving = moving
        self._off_at_ms = None if moving else now_ms + self._hold_ms
        changed = moving and not self.active
        self.active = self.active or moving
        return changed

    def deadline(self) -> float | None:
        return self._off_at_ms

    def advance(self, now_ms: float) -> float | None:
        """The moment at which the output went back to rest, if that is due."""
        if self._off_at_ms is None or self._off_at_ms > now_ms:
            return None
        at_ms, self._off_at_ms, self.active = self._off_at_ms, None, False
        return at_ms
