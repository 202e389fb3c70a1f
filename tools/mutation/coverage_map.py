"""Which tests run through which line, and how long each takes: told by the tests themselves, once, in a copy.

As a pytest plugin (`-p tools.mutation.coverage_map`) this file names the running test to coverage and writes down how
it ended; `Map` reads both.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from coverage import Coverage, CoverageData

from tools.mutation.operators import Mutant

TESTS: Final = ("tests/core", "tests/policy")
SOURCES: Final = ("edge/core", "contract/policy")
TOLD: Final = "YIZHAN_MUTATION_DURATIONS"
DATA: Final = "coverage.sqlite"
DURATIONS: Final = "durations.jsonl"
AT_IMPORT: Final = ""
"""What coverage calls the time before the first test: modules are imported and tests collected then."""
LONG_S: Final = 1.0
"""A test that takes so long judges after all that are shorter."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Everything that a test does is under its own name."""
    measured = Coverage.current()
    if measured is not None:
        measured.switch_context(item.nodeid)
    return (yield)


_begun: dict[str, float] = {}


def pytest_runtest_setup(item: pytest.Item) -> None:
    _begun[item.nodeid] = time.process_time()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """How long a test takes is what it works, not what it waits for a busy machine."""
    if TOLD in os.environ and (report.when == "call" or report.failed):
        took_s = time.process_time() - _begun.get(report.nodeid, time.process_time())
        with Path(os.environ[TOLD]).open("a", encoding="utf-8") as told:
            told.write(json.dumps([report.nodeid, took_s, report.passed]) + "\n")


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
    texts: dict[str, str] = field(default_factory=dict)
    """Of every file that is tested or tests, by its path."""
    named: dict[str, set[str]] = field(default_factory=dict)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that may notice a bug, the likeliest and shortest first. What is not in a function runs at
        import: then those may that run through a line with its name; if there are none, all of the file."""
        lines = self.by_line.get(mutant.path, {})
        found = self._through(lines, mutant.lines) if mutant.in_function else self._by_name(mutant)
        if not found & self.seconds.keys():
            found = (set().union(*lines.values()) & self.seconds.keys()) or set(self.seconds)
        about = Path(mutant.path).stem.removesuffix("_state")
        touched = self._touched(mutant.path)
        in_file = self.kills.get(mutant.path, Counter())
        in_scope = self.kills.get(f"{mutant.path}:{mutant.scope}", Counter())
        return sorted(
            (test for test in found if test in self.seconds),
            key=lambda test: (
                self.is_long(test),
                -in_scope[test],
                about not in test.split("::")[0],
                -in_file[test],
                -touched[test] / (1 + self.seconds[test]),
                test,
            ),
        )

    def is_long(self, test: str) -> bool:
        return self.seconds[test] > LONG_S

    def runs_at_import(self, mutant: Mutant) -> bool:
        """Whether what the mutant changes has already been run once the tests are collected."""
        return not mutant.in_function or AT_IMPORT in self._through(self.by_line.get(mutant.path, {}), mutant.lines)

    def noticed(self, mutant: Mutant, test: str) -> None:
        """Remember who noticed it."""
        for place in (mutant.path, f"{mutant.path}:{mutant.scope}"):
            self.kills.setdefault(place, Counter())[test] += 1

    def _by_name(self, mutant: Mutant) -> set[str]:
        """Who runs through a line that has the name of what is changed outside functions, or has it, or its class's,
        in a test file."""
        name = mutant.scope
        if name not in self.named:
            word = re.compile(rf"\b{re.escape(name.split('.')[-1])}\b")
            either = re.compile(rf"\b(?:{'|'.join(re.escape(part) for part in name.split('.'))})\b")
            found: set[str] = set()
            for path, text in self.texts.items():
                if path.startswith(TESTS):
                    if either.search(text):
                        found |= {test for test in self.seconds if test.startswith(path + "::")}
                    continue
                lines = self.by_line.get(path, {})
                for number, line in enumerate(text.splitlines(), start=1):
                    if word.search(line):
                        found.update(lines.get(number, ()))
            self.named[name] = found
        return self.named[name]

    def _through(self, lines: dict[int, list[str]], between: tuple[int, int]) -> set[str]:
        first, last = between
        return set().union(*(lines.get(line, ()) for line in range(first, last + 1)))

    def _touched(self, path: str) -> Counter[str]:
        """How many lines of a file each test runs through."""
        if path not in self.touched:
            self.touched[path] = Counter(test for tests in self.by_line.get(path, {}).values() for test in tests)
        return self.touched[path]


def draw(root: Path, memory: Path) -> Map:
    """Run all tests once in `root`, or those alone that have changed since what `memory` remembers was found. Raises
    `NoTests`."""
    memory.mkdir(parents=True, exist_ok=True)
    known, digests = memory / "files.json", _digests(root)
    then = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
    again = [name for name in _test_files(digests) if then.get(name) != digests[name]]
    if _but_tests(then) != _but_tests(digests):
        again = list(TESTS)
        (memory / DATA).unlink(missing_ok=True)
        (memory / DURATIONS).unlink(missing_ok=True)
    known.unlink(missing_ok=True)
    _forget(memory / DURATIONS, again)
    said = _run(root, memory, again) if again else ""
    known.write_text(json.dumps(digests), encoding="utf-8")
    seconds: dict[str, float] = {}
    failed = set()
    for test, duration_s, passed in _told(memory / DURATIONS):
        if test.split("::")[0] in digests:
            seconds[test] = duration_s
            failed |= set() if passed else {test}
    seconds = {test: duration_s for test, duration_s in seconds.items() if test not in failed}
    if not seconds:
        raise NoTests(said[-2_000:])
    texts = {name: (root / name).read_text(encoding="utf-8") for name in digests if name.startswith((*SOURCES, *TESTS))}
    return Map(_by_line(memory / DATA), seconds, sorted(failed), texts=texts)


def _digests(root: Path) -> dict[str, str]:
    """Of every file that the tests' ways may hang on."""
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in (*SOURCES, "contract", *TESTS)
        for file in sorted((root / folder).rglob("*.py"))
    }


def _test_files(digests: Iterable[str]) -> list[str]:
    return [name for name in digests if name.startswith(TESTS) and Path(name).name.startswith("test_")]


def _but_tests(digests: dict[str, str]) -> dict[str, str]:
    tests = set(_test_files(digests))
    return {name: digest for name, digest in digests.items() if name not in tests}


def _forget(durations: Path, files: list[str]) -> None:
    """Take out what is known of the tests in some files."""
    kept = [told for told in _told(durations) if not told[0].startswith(tuple(files))] if files else _told(durations)
    durations.write_text("".join(json.dumps(told) + "\n" for told in kept), encoding="utf-8")


def _told(durations: Path) -> list[tuple[str, float, bool]]:
    if not durations.exists():
        return []
    return [json.loads(line) for line in durations.read_text(encoding="utf-8").splitlines()]


def _run(root: Path, memory: Path, tests: list[str]) -> str:
    settings = root / ".mutation-coverage.ini"
    settings.write_text("[run]\nrelative_files = true\n", encoding="utf-8")
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", f"--data-file={memory / DATA}"]
    command += ["--append", f"--source={','.join(SOURCES)}"]
    command += ["-m", "pytest", "-q", "-p", "tools.mutation.coverage_map", "-p", "no:cacheprovider"]
    command += ["--continue-on-collection-errors", "-o", "timeout=0", "--hypothesis-seed=0", *tests]
    # Compiled files are wanted: whoever imports the project next does it in half the time.
    environment = {**os.environ, TOLD: str(memory / DURATIONS), "PYTHONDONTWRITEBYTECODE": ""}
    said = subprocess.run(command, cwd=root, env=environment, check=False, capture_output=True, text=True)
    return said.stdout + said.stderr


def _by_line(data_file: Path) -> dict[str, dict[int, list[str]]]:
    data = CoverageData(str(data_file))
    data.read()
    return {name: dict(data.contexts_by_lineno(name)) for name in data.measured_files()}
