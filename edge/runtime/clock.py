"""The station's one clock: monotonic time for timers, wall time with a word on whether to believe it.

Wall time is trusted when the kernel says that it was synchronised (NTP, PTP or GPS) in this boot: `adjtimex` reports
it without asking any particular daemon.
"""

import ctypes
import time
from typing import Final

TIME_ERROR: Final = 5
"""`adjtimex(2)`: the clock is not synchronised."""


class _Timex(ctypes.Structure):
    # `modes` = 0 only reads. The rest of the structure (≤ 208 bytes on 64-bit Linux) is of no interest.
    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 252))


def monotonic_ms() -> int:
    """Milliseconds of CLOCK_MONOTONIC: comparable among the processes of one machine, never set back."""
    return time.monotonic_ns() // 1_000_000


def wall_ms() -> int:
    """Milliseconds since the Unix epoch in UTC, as far as this machine knows."""
    return time.time_ns() // 1_000_000


def kernel_synchronised() -> bool:
    """Whether the kernel's wall clock has been synchronised. False where the kernel does not say."""
    try:
        return bool(ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex())) not in (TIME_ERROR, -1))
    except (OSError, AttributeError):
        return False
