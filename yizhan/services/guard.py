"""A tiny process that ends what we have started, when we end without being able to.

It holds the reading end of a pipe and the list of process groups that live; when the pipe closes, by whatever way the
manager died (`kill -9` as well), it kills each group left. `PR_SET_PDEATHSIG` alone reaches a service, but not its
children.
"""

import os
import signal
import subprocess
import sys
from typing import Final

# Run with -I -S so that it is up within milliseconds and depends on nothing.
PROGRAM: Final = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
groups = set()
for line in sys.stdin.buffer:
    (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class Guard:
    """Knows which process groups live. Thread-safe: each word is one short write to a pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        self._say(f"+{group}\n")

    def forget(self, group: int) -> None:
        self._say(f"-{group}\n")

    def close(self) -> None:
        """Kill what is left and end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
        except BrokenPipeError:
            # Somebody killed the guard. The services still die with us by PR_SET_PDEATHSIG.
            pass


def kill_group(group: int, number: signal.Signals) -> bool:
    """Signal a process group; False when it is gone."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
