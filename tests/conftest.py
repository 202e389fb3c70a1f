"""For all tests: free ports, a turnstile for those that measure time, and a run that fails when a system part it was
promised is missing.

`make test` lets two workers (pytest-xdist) take one file after another, since most tests wait for programs and wires. A
test marked `alone` measures time: it begins when the other worker's test is over, whose next one waits for its end.

`YIZHAN_REQUIRE_SYSTEM_PARTS=1` (CI) turns a test that was skipped because mosquitto, PostgreSQL or Chromium is missing
into a failure of the run, so that nothing goes untested unseen.
"""

import fcntl
import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from yizhan.services.probe import free_ports

SYSTEM_PARTS = ("needs mosquitto", "needs PostgreSQL", "needs Chromium")
_missed: list[str] = []


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    return free_ports(1)[0]


@contextmanager
def through_the_turnstile(folder: Path, alone: bool) -> Iterator[None]:
    """Tests share `room`; whoever is to be alone has it for himself. All come through `gate` one by one, and he keeps
    it shut while he waits, so that the others do not pass him for ever."""
    with (folder / "gate").open("w") as gate, (folder / "room").open("w") as room:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield


@cache
def turnstile() -> tempfile.TemporaryDirectory[str]:
    """Where the workers of this run meet; it goes with the run."""
    return tempfile.TemporaryDirectory(prefix="yizhan-turnstile-")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Of pytest-xdist: in the run's own process, before each worker starts."""
    node.workerinput["turnstile"] = turnstile().name


# First of all wrappers: who waits at the turnstile is not yet on the clock of pytest-timeout.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    worker: dict[str, Any] | None = getattr(item.config, "workerinput", None)
    if worker is None:
        return (yield)
    with through_the_turnstile(Path(worker["turnstile"]), alone=item.get_closest_marker("alone") is not None):
        return (yield)


def skipped_for_a_system_part(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """The reason of a skip that names a missing system part, else None."""
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return None
    reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    return reason if reason.startswith(SYSTEM_PARTS) else None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    reason = skipped_for_a_system_part(report)
    if reason is not None:
        _missed.append(f"{report.nodeid}: {reason}")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    reason = skipped_for_a_system_part(report)
    if reason is not None:
        _missed.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    yield
    if _missed and os.environ.get("YIZHAN_REQUIRE_SYSTEM_PARTS") == "1":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _missed and os.environ.get("YIZHAN_REQUIRE_SYSTEM_PARTS") == "1":
        terminalreporter.section("skipped, though YIZHAN_REQUIRE_SYSTEM_PARTS is set: the run fails", red=True)
        for line in _missed:
            terminalreporter.write_line(line)
