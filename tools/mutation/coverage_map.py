"""Which tests run through which line, and how long each takes: told by the tests themselves, once, in a copy.

As a pytest plugin (`-p tools.mutation.coverage_map`) this file names the running test to coverage and writes down how
it ended; `Map` reads both.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from coverage import Coverage, CoverageData

from tools.mutation.operators import Mutant

TESTS: Final = ("tests/core", "tests/policy")
SOURCES: Final = ("edge/core", "contract/policy")
TOLD: Final = "YIZHAN_MUTATION_DURATIONS"
DATA: Final = ".mutation-coverage"
AT_IMPORT: Final = ""
"""What coverage calls the time before the first test: modules are imported and tests collected then."""
LONG_S: Final = 0.3
"""A test that takes so long judges after all that are shorter."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Everything that a test does is under its own name."""
    measured = Coverage.current()
    if measured is not None:
        measured.switch_context(item.nodeid)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if TOLD in os.environ and (report.when == "call" or report.failed):
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
    kills: dict[str, Counter[str]] = field(default_factory=dict)
    """By file and by scope: which tests have noticed a bug there. They are asked first about the next one."""
    touched: dict[str, Counter[str]] = field(default_factory=dict)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that may notice a bug, the likeliest and shortest first. What is not in a function runs at
        import: then all tests of the file may."""
        lines = self.by_line.get(mutant.path, {})
        found = self._through(lines, mutant.lines) if mutant.in_function else set().union(*lines.values())
        if not found & self.seconds.keys():
            found = set().union(*lines.values()) if mutant.in_function else set(self.seconds)
        about = Path(mutant.path).stem.removesuffix("_state")
        touched = self._touched(mutant.path)
        in_file = self.kills.get(mutant.path, Counter())
        in_scope = self.kills.get(f"{mutant.path}:{mutant.scope}", Counter())
        return sorted(
            (test for test in found if test in self.seconds),
            key=lambda test: (
                self.seconds[test] > LONG_S,
                -in_scope[test],
                about not in test.split("::")[0],
                -in_file[test],
                -touched[test] / (1 + self.seconds[test]),
                test,
            ),
        )

    def runs_at_import(self, mutant: Mutant) -> bool:
        """Whether what the mutant changes has already been run once the tests are collected."""
        return not mutant.in_function or AT_IMPORT in self._through(self.by_line.get(mutant.path, {}), mutant.lines)

    def noticed(self, mutant: Mutant, test: str) -> None:
        """Remember who noticed it."""
        for place in (mutant.path, f"{mutant.path}:{mutant.scope}"):
            self.kills.setdefault(place, Counter())[test] += 1

    def _through(self, lines: dict[int, list[str]], between: tuple[int, int]) -> set[str]:
        first, last = between
        return set().union(*(lines.get(line, ()) for line in range(first, last + 1)))

    def _touched(self, path: str) -> Counter[str]:
        """How many lines of a file each test runs through."""
        if path not in self.touched:
            self.touched[path] = Counter(test for tests in self.by_line.get(path, {}).values() for test in tests)
        return self.touched[path]


def draw(root: Path) -> Map:
    """Run all tests once in `root`. Raises `NoTests`."""
    told = root / "durations.jsonl"
    told.touch()
    command = [sys.executable, "-m", "coverage", "run", f"--data-file={DATA}", f"--source={','.join(SOURCES)}"]
    command += ["-m", "pytest", "-q", "-p", "tools.mutation.coverage_map", "-p", "no:cacheprovider"]
    command += ["--continue-on-collection-errors", "-o", "timeout=0", "--hypothesis-seed=0", *TESTS]
    # Compiled files are wanted: whoever imports the project next does it in half the time.
    environment = {**os.environ, TOLD: str(told), "PYTHONDONTWRITEBYTECODE": ""}
    said = subprocess.run(command, cwd=root, env=environment, check=False, capture_output=True, text=True)
    seconds: dict[str, float] = {}
    failed = []
    for line in told.read_text(encoding="utf-8").splitlines():
        test, duration_s, passed = json.loads(line)
        if passed:
            seconds[test] = float(duration_s)
        else:
            failed.append(test)
    for test in failed:
        seconds.pop(test, None)
    if not seconds:
        raise NoTests((said.stdout + said.stderr)[-2_000:])
    return Map(_by_line(root), seconds, failed)


def _by_line(root: Path) -> dict[str, dict[int, list[str]]]:
    data = CoverageData(str(root / DATA))
    data.read()
    found: dict[str, Any] = {}
    for name in data.measured_files():
        found[str(Path(name).relative_to(root))] = dict(data.contexts_by_lineno(name))
    return found
