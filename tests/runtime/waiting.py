"""Waiting for a condition with a bound, and how many threads and descriptors this process has."""

import os
import threading
import time
from collections.abc import Callable

PATIENCE_S = 10.0


def wait_until(true: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, f"not within {timeout_s} s: {what}"
        time.sleep(0.002)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def threads_like(part: str) -> list[threading.Thread]:
    """Those that live, by class or name."""
    return [thread for thread in threading.enumerate() if part in repr(thread)]
