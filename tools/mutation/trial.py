"""One mutant before its judges: a forked process imports the project with one file changed and runs the tests.

The parent has imported pytest and Hypothesis, and nothing of the project, so that a trial costs no more than its tests.
"""

import contextlib
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

import pytest

from tools.mutation.operators import Mutant, mutated


class Verdict(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed_out"
    """The tests did not come to an end: noticed too."""
    BROKEN = "broken"
    """No test was run: that says nothing of the mutant."""


POLL_S: Final = 0.02
OWN_FAILURE: Final = 70
VERDICTS: Final = {
    pytest.ExitCode.OK: Verdict.SURVIVED,
    pytest.ExitCode.NO_TESTS_COLLECTED: Verdict.BROKEN,
    pytest.ExitCode.USAGE_ERROR: Verdict.BROKEN,
    OWN_FAILURE: Verdict.BROKEN,
}
"""By the exit code of a trial. Any other one says that a test, or an import, has failed."""


class _Loader(importlib.abc.SourceLoader):
    """Loads one file with a bug in it."""

    def __init__(self, path: Path, code: CodeType) -> None:
        self._path, self._code = path, code

    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    def get_data(self, path: str | bytes) -> bytes:
        return self._path.read_bytes()

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, loader: _Loader) -> None:
        self._name, self._loader = name, loader

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        spec = importlib.machinery.ModuleSpec(fullname, self._loader, origin=self._loader.get_filename(fullname))
        if self._loader.get_filename(fullname).endswith("__init__.py"):
            spec.submodule_search_locations = [str(Path(self._loader.get_filename(fullname)).parent)]
        return spec


class _Chosen:
    """A pytest plugin: only these tests, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self._rank = {test: rank for rank, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self._rank), key=lambda item: self._rank[item.nodeid])


def judge(root: Path, mutant: Mutant, tests: list[str], limit_s: float) -> Verdict:
    """Let `tests` run with the mutant. Raises nothing of theirs."""
    process = os.fork()
    if process == 0:
        code = OWN_FAILURE
        with contextlib.suppress(BaseException):
            code = _run(root, mutant, tests)
        os._exit(code)
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        finished, status = os.waitpid(process, os.WNOHANG)
        if finished:
            return VERDICTS.get(os.WEXITSTATUS(status), Verdict.KILLED) if os.WIFEXITED(status) else Verdict.KILLED
        time.sleep(POLL_S)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return Verdict.TIMED_OUT


def _run(root: Path, mutant: Mutant, tests: list[str]) -> int:
    """In the forked process: the exit code of pytest."""
    os.setpgid(0, 0)
    os.chdir(root)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    path = root / mutant.path
    code = compile(mutated(path.read_text(encoding="utf-8"), mutant.site), str(path), "exec", dont_inherit=True)
    name = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    sys.path.insert(0, str(root))
    sys.meta_path.insert(0, _Finder(name, _Loader(path, code)))
    files = sorted({test.split("::")[0] for test in tests})
    options = ["-x", "-q", "-p", "no:cacheprovider", "-o", "timeout=0", "--hypothesis-seed=0"]
    return int(pytest.main([*options, *files], plugins=[_Chosen(tests)]))
