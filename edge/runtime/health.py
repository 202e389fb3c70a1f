"""The controller's own vital signs, once a minute, from /proc."""

import os
import resource
import shutil
import time
from pathlib import Path
from typing import Final

from edge.core.events import HealthMeasured

PAGE_KIB: Final = os.sysconf("SC_PAGE_SIZE") // 1024


class HealthMeter:
    """Measures this process and the disk that `data_dir` lies on."""

    def __init__(self, data_dir: Path) -> None:
        self.pid = os.getpid()
        self._data_dir = data_dir
        self._began = time.monotonic()
        self._cpu_s = 0.0
        self._cpu_at = self._began

    def measure(self, unacknowledged: int, reader_resets: int) -> HealthMeasured:
        now = time.monotonic()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = usage.ru_utime + usage.ru_stime
        share = (cpu_s - self._cpu_s) / max(0.001, now - self._cpu_at)
        self._cpu_s, self._cpu_at = cpu_s, now
        return HealthMeasured(
            uptime_s=int(now - self._began),
            memory_kib=_resident_kib(),
            cpu_permille=round(share * 1_000),
            disk_free_mib=_free_mib(self._data_dir),
            journal_unacknowledged=unacknowledged,
            reader_resets=reader_resets,
        )


def _free_mib(directory: Path) -> int:
    try:
        return shutil.disk_usage(directory).free // (1024 * 1024)
    except OSError:
        return 0


def _resident_kib() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB
    except (OSError, ValueError, IndexError):
        return 0
