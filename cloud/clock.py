"""The cloud's wall clock, in the unit of everything stored and sent."""

import time


def now_ms() -> int:
    """Milliseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000_000
