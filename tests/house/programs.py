"""Tiny programs for the service manager's tests: real processes that notify, hang, end and have children."""

import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from yizhan.services import Condition, Service, Services

NOTIFY = """
import os, signal, socket, subprocess, sys, time
def say(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
"""
GOOD = (
    NOTIFY
    + """
print("hello from", os.getpid(), flush=True)
say("READY=1\\nSTATUS=at work")
while True:
    say("WATCHDOG=1"); time.sleep(0.05)
"""
)
PARENT = (
    NOTIFY
    + """
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
say("READY=1")
time.sleep(600)
"""
)


def service(name: str, program: str, folder: Path, *arguments: str, **options: object) -> Service:
    argv = (sys.executable, "-I", "-S", "-c", program, *arguments)
    return Service(name=name, argv=argv, log_file=folder / f"{name}.log", **options)  # type: ignore[arg-type]


def wait_until(true: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
    """Wait for a condition, with a bound."""
    end = monotonic() + timeout_s
    while not true():
        assert monotonic() < end, f"not within {timeout_s} s: {what}"
        sleep(0.005)


def lives(pid: int) -> bool:
    """Whether a process runs (one that ended and is not reaped does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pid_of(services: Services, name: str) -> int:
    pid = services.status()[name].pid
    assert pid is not None
    return pid


def wait_restarted(services: Services, name: str, starts: int) -> None:
    def again() -> bool:
        status = services.status()[name]
        return status.starts >= starts and status.condition is Condition.READY

    wait_until(again, f"{name} started {starts} times and ready")
