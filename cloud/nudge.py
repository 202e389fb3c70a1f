"""A nudge from one thread or task to another in the same process, so that nobody polls faster than needed."""

import threading


class Nudge:
    """`set()` from anywhere; `wait()` in the one thread that listens. Nudges that come together are one."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """True when nudged, False after `timeout_s`."""
        nudged = self._event.wait(timeout_s)
        self._event.clear()
        return nudged
