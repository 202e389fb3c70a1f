"""What every trial has in common: a forked process that says how it went, with limits of its own.

A trial's time is the processor's, not the wall's, so that a busy machine makes no verdicts: each test has five times
what it takes without a bug, and some seconds. The wall's limit is there for what sleeps.
"""

import contextlib
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hypothesis import HealthCheck, Phase, settings

SPARE_S: Final = 1.5
WALL_FACTOR: Final = 20
MEMORY_BYTES: Final = 4 << 30
OWN_FAILURE: Final = "!"
PASSED: Final = "."


class Verdict(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed_out"
    """The tests did not come to an end: noticed too."""
    BROKEN = "broken"
    """The trial itself went wrong: that says nothing of the mutant."""


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    says: str = ""
    """The test that noticed, or what went wrong."""


def be_plain() -> None:
    """Hypothesis searches as the tests say, and does no more: a failure needs no smallest example, and how long
    something takes on a busy machine is no failure. To be called before any test is imported."""
    phases = (Phase.explicit, Phase.generate, Phase.target)
    checks = list(HealthCheck)
    settings.register_profile("mutation", phases=phases, database=None, deadline=None, suppress_health_check=checks)
    settings.load_profile("mutation")


def allow(seconds: float) -> None:
    """From now on the process may use so many seconds' work, and is ended then."""
    signal.setitimer(signal.ITIMER_PROF, SPARE_S + 5 * seconds)


def hold(trial: Callable[[], str | None], seconds: float) -> Judgement:
    """Run `trial` in a forked process, which answers with the test that failed, or None; `seconds` is what its tests
    take without a bug. Raises nothing of the trial's."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _sit(trial, writing)
    os.close(writing)
    said = _listen(reading, time.monotonic() + WALL_FACTOR * (SPARE_S + seconds))
    os.close(reading)
    if said is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        # One that hangs before it has a group of its own: a lock that another thread held when it was forked.
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if said is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF):
        return Judgement(Verdict.TIMED_OUT)
    if said.startswith(OWN_FAILURE):
        return Judgement(Verdict.BROKEN, said[1:])
    if said == PASSED:
        return Judgement(Verdict.SURVIVED)
    return Judgement(Verdict.KILLED, said or "the process ended")


def _sit(trial: Callable[[], str | None], writing: int) -> None:
    """In the forked process: it never returns."""
    said = OWN_FAILURE
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        said = trial() or PASSED
    finally:
        error = sys.exception()
        if error is not None:
            said = OWN_FAILURE + "".join(traceback.format_exception(error))[-1_000:]
        os.write(writing, said.encode())
        os._exit(0)


def _listen(reading: int, until: float) -> str | None:
    """All that the process says until it ends; None if that takes too long."""
    heard = b""
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return None
        more = os.read(reading, 65_536)
        if not more:
            return heard.decode(errors="replace")
        heard += more
