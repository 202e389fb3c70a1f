"""Small statistics and what /proc says of processes."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from yizhan.oracle import percentile

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def spread(values: Sequence[float], *percents: int, digits: int = 2) -> dict[str, Any]:
    """Percentiles and the maximum as a JSON-able object, `None` of nothing."""
    named = {f"p{percent}": percentile(values, percent) for percent in percents} | {"max": percentile(values, 100)}
    return {name: None if value is None else round(value, digits) for name, value in named.items()}


def ratio(ours: float | None, floor: float | None) -> float | None:
    return None if not ours or not floor else round(ours / floor, 3)


def pss_mib(pids: Sequence[int]) -> float:
    """Proportional set size of processes: shared pages count once, divided among those who share them."""
    total_kib = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total_kib += int(line.split()[1])
    return round(total_kib / 1024, 1)


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time that processes have used so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_S


def idle_cpu_percent(pids: Sequence[int], seconds: float) -> float:
    """Of one core, over a time in which nothing happens."""
    before, began = cpu_seconds(pids), time.monotonic()
    time.sleep(seconds)
    return round(100 * (cpu_seconds(pids) - before) / (time.monotonic() - began), 2)
