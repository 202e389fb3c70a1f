"""Which tests run through which line, and how long each takes: told by the tests themselves, once, in a copy.

As a pytest plugin (`-p tools.mutation.coverage_map`) this file names the running test to coverage and writes down how
it ended; `Map` reads both.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from coverage import Coverage, CoverageData

TESTS: Final = ("tests/core", "tests/policy")
SOURCES: Final = ("edge/core", "contract/policy")
TOLD: Final = "YIZHAN_MUTATION_DURATIONS"
DATA: Final = ".mutation-coverage"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Everything that a test does is under its own name."""
    measured = Coverage.current()
    if measured is not None:
        measured.switch_context(item.nodeid)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and TOLD in os.environ:
        with Path(os.environ[TOLD]).open("a", encoding="utf-8") as told:
            told.write(json.dumps([report.nodeid, report.duration, report.passed]) + "\n")


class NoTests(RuntimeError):
    """Not one test passed, so that nothing could be judged. The message ends with what pytest said."""


@dataclass(frozen=True)
class Map:
    """`by_line` has the tests of each line of a file; `seconds` every test that passes."""

    by_line: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]
    failed: list[str]

    def tests_of(self, path: str, line: int, in_function: bool) -> list[str]:
        """The tests that may notice a bug in a line, those first that are most about this file. What is not in a
        function runs at import: then all tests of the file may."""
        lines = self.by_line.get(path, {})
        found = set(lines.get(line, ())) if in_function else set().union(*lines.values())
        if not found & self.seconds.keys():
            found = set().union(*lines.values()) if in_function else set(self.seconds)
        about = Path(path).stem.removesuffix("_state")
        touched = self._touched(path)
        return sorted(
            (test for test in found if test in self.seconds),
            key=lambda test: (about not in test.split("::")[0], -touched[test] / (1 + self.seconds[test])),
        )

    def _touched(self, path: str) -> dict[str, int]:
        """How many lines of a file each test runs through."""
        count: dict[str, int] = defaultdict(int)
        for tests in self.by_line.get(path, {}).values():
            for test in tests:
                count[test] += 1
        return count


def draw(root: Path) -> Map:
    """Run all tests once in `root`. Raises `NoTests`."""
    told = root / "durations.jsonl"
    told.touch()
    command = [sys.executable, "-m", "coverage", "run", f"--data-file={DATA}", f"--source={','.join(SOURCES)}"]
    command += ["-m", "pytest", "-q", "-p", "tools.mutation.coverage_map", "-p", "no:cacheprovider", *TESTS]
    said = subprocess.run(
        command, cwd=root, env={**os.environ, TOLD: str(told)}, check=False, capture_output=True, text=True
    )
    seconds, failed = {}, []
    for line in told.read_text(encoding="utf-8").splitlines():
        test, duration_s, passed = json.loads(line)
        if passed:
            seconds[test] = float(duration_s)
        else:
            failed.append(test)
    if not seconds:
        raise NoTests((said.stdout + said.stderr)[-2_000:])
    return Map(_by_line(root), seconds, failed)


def _by_line(root: Path) -> dict[str, dict[int, list[str]]]:
    data = CoverageData(str(root / DATA))
    data.read()
    found: dict[str, Any] = {}
    for name in data.measured_files():
        contexts = data.contexts_by_lineno(name)
        found[str(Path(name).relative_to(root))] = {
            line: [context for context in those if context] for line, those in contexts.items()
        }
    return found
