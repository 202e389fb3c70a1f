"""For all tests: free ports, and a run that fails when a system part it was promised is missing.

`YIZHAN_REQUIRE_SYSTEM_PARTS=1` (CI) turns a test that was skipped because mosquitto, PostgreSQL or Chromium is missing
into a failure of the run, so that nothing goes untested unseen.
"""

import os
import socket
from collections.abc import Iterator

import pytest

SYSTEM_PARTS = ("needs mosquitto", "needs PostgreSQL", "needs Chromium")
_missed: list[str] = []


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


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
