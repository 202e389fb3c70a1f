"""Mutants of functions before their judges: a process that has imported everything and collected all tests forks once a
mutant, and only the functions' code is exchanged in the fork. That takes the time of the tests and a few milliseconds.

A bug in what has run before the tests begin (a table, a default, a function that made one) cannot be put in so late:
`Unreachable` says so, and the mutant is judged by `trial`.
"""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

import pytest
from _pytest.runner import runtestprotocol

from tools.mutation.jury import Judgement, allow, hold
from tools.mutation.operators import Mutant, mutated

_Place = tuple[str, str, int]
"""File, qualified name and first line of a function's code."""


class Unreachable(RuntimeError):
    """The change is in no living function's code, or does not fit into it."""


class Bench:
    """All tests, collected and ready to judge; lives inside pytest's own loop."""

    def __init__(self, root: Path, session: pytest.Session, seconds: dict[str, float]) -> None:
        self._root, self._seconds = root, seconds
        self._items: Final = {item.nodeid: item for item in session.items}
        self._living: Final = _living(str(root))
        gc.freeze()  # A fork then shares these pages for good: its collector leaves them alone.

    def knows(self, test: str) -> bool:
        return test in self._items

    def judge(self, mutant: Mutant, tests: list[str]) -> Judgement:
        """Let `tests` run with the mutant. Raises `Unreachable`."""
        changes = list(self._changes(mutant))
        if not changes:
            raise Unreachable(f"{mutant}: no function's code is different")

        def trial() -> str | None:
            for function, code in changes:
                function.__code__ = code
            return self._first_failure(tests)

        return hold(trial, sum(self._seconds[test] for test in tests))

    def fails_alone(self, tests: list[str]) -> list[str]:
        """The tests that fail here without any bug: no judges of any."""
        found: list[str] = []
        while True:
            verdict = hold(lambda: self._first_failure([test for test in tests if test not in found]), 60.0)
            if verdict.says not in tests:
                return found
            found.append(verdict.says)

    def _first_failure(self, tests: list[str]) -> str | None:
        """In the forked process: run one after another until one fails."""
        for number, test in enumerate(tests):
            item = self._items[test]
            following = self._items[tests[number + 1]] if number + 1 < len(tests) else None
            allow(self._seconds.get(test, 1.0))
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                return test
        return None

    def _changes(self, mutant: Mutant) -> Iterator[tuple[FunctionType, CodeType]]:
        path = self._root / mutant.path
        tree = mutated(path.read_text(encoding="utf-8"), mutant.site)
        for code in _codes(compile(tree, str(path), "exec", dont_inherit=True)):
            for function in self._living.get(_place(code), ()):
                if function.__code__ != code:
                    if function.__code__.co_freevars != code.co_freevars:
                        raise Unreachable(f"{mutant}: the function closes over other names")
                    yield function, code


class Server:
    """A pytest plugin: instead of the tests, `judge_all` runs, with the bench that they make."""

    def __init__(self, root: Path, seconds: dict[str, float], judge_all: Callable[[Bench], None]) -> None:
        self._root, self._seconds, self._judge_all = root, seconds, judge_all
        self.is_done = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._judge_all(Bench(self._root, session, self._seconds))
        self.is_done = True
        return True


def serve(root: Path, folders: tuple[str, ...], seconds: dict[str, float], judge_all: Callable[[Bench], None]) -> None:
    """Collect the tests in `folders` of `root` and let `judge_all` work with them. Imports the project into this
    process. Raises RuntimeError if `judge_all` did not come to its end; pytest has then said why."""
    server = Server(root, seconds, judge_all)
    options = ["-q", "--capture=no", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-o", "timeout=0"]
    options += ["--hypothesis-seed=0", "--continue-on-collection-errors", f"--rootdir={root}"]
    pytest.main([*options, *(str(root / folder) for folder in folders)], plugins=[server])
    if not server.is_done:
        raise RuntimeError("not all mutants were judged")


def _living(root: str) -> dict[_Place, list[FunctionType]]:
    """All functions whose code comes from a file below `root`."""
    found: dict[_Place, list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(root):
            found.setdefault(_place(thing.__code__), []).append(thing)
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _place(code: CodeType) -> _Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno
