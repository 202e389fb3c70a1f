"""A mutant of what runs at import before its judges: the project is imported with one file changed.

The parent has imported pytest and Hypothesis, and nothing of the project. The likeliest test files are asked first, so
that most trials import few of them.
"""

import importlib.abc
import importlib.machinery
import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

import pytest

from tools.mutation.jury import Judgement, Verdict, allow, hold
from tools.mutation.operators import Mutant, mutated

FIRST_FILES: Final = 4
IMPORT_S: Final = 3.0


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
    """A pytest plugin: only these tests, in this order; remembers which one failed first."""

    def __init__(self, tests: list[str], seconds: dict[str, float]) -> None:
        self._rank = {test: rank for rank, test in enumerate(tests)}
        self._seconds = seconds
        self.failed: str | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self._rank), key=lambda item: self._rank[item.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        allow(self._seconds.get(nodeid, 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.failed is None:
            self.failed = f"import of {report.nodeid}"


class Court:
    """A process apart that never imports the project, so that its trials can; to be opened before this one does."""

    def __init__(self, root: Path, seconds: dict[str, float]) -> None:
        forking = multiprocessing.get_context("fork")
        self._ours, theirs = forking.Pipe()
        self._process = forking.Process(target=_sit, args=(root, seconds, theirs, self._ours), daemon=True)
        self._process.start()
        theirs.close()

    def judge(self, mutant: Mutant, tests: list[str]) -> Judgement:
        self._ours.send((mutant, tests))
        said = self._ours.recv()
        assert isinstance(said, Judgement)
        return said

    def close(self) -> None:
        self._ours.close()
        self._process.terminate()
        self._process.join()


def _sit(root: Path, seconds: dict[str, float], asked: Connection, others_end: Connection) -> None:
    others_end.close()  # Ours of it: as long as one is open, the end of who asks is not seen.
    while True:
        try:
            mutant, tests = asked.recv()
        except EOFError:
            return
        asked.send(judge(root, mutant, tests, seconds))


def judge(root: Path, mutant: Mutant, tests: list[str], seconds: dict[str, float]) -> Judgement:
    """Let `tests` run with the mutant: those of the first files, then the others. Raises nothing of theirs."""
    files = list(dict.fromkeys(_file(test) for test in tests))
    verdict = Judgement(Verdict.BROKEN, "no test runs through it")
    for some in (set(files[:FIRST_FILES]), set(files[FIRST_FILES:])):
        chosen = [test for test in tests if _file(test) in some]
        if not chosen:
            continue
        takes_s = IMPORT_S + sum(seconds.get(test, 0.0) for test in chosen)

        def trial(chosen: list[str] = chosen) -> str | None:
            return _run(root, mutant, chosen, seconds)

        verdict = hold(trial, takes_s)
        if verdict.verdict is not Verdict.SURVIVED:
            break
    return verdict


def _file(test: str) -> str:
    return test.split("::")[0]


def _run(root: Path, mutant: Mutant, tests: list[str], seconds: dict[str, float]) -> str | None:
    """In the forked process: the first test that failed, or None."""
    os.chdir(root)
    allow(IMPORT_S)
    path = root / mutant.path
    code = compile(mutated(path.read_text(encoding="utf-8"), mutant.site), str(path), "exec", dont_inherit=True)
    name = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    sys.path.insert(0, str(root))
    sys.meta_path.insert(0, _Finder(name, _Loader(path, code)))
    chosen = _Chosen(tests, seconds)
    files = sorted({_file(test) for test in tests})
    options = ["-x", "-q", "-p", "no:cacheprovider", "-o", "timeout=0", "--hypothesis-seed=0"]
    code_of_pytest = pytest.main([*options, *files], plugins=[chosen])
    if chosen.failed is not None:
        return chosen.failed
    if code_of_pytest is not pytest.ExitCode.OK:
        raise RuntimeError(f"pytest ended with {code_of_pytest!r}, and no test failed")
    return None
