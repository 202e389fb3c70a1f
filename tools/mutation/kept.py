"""Verdicts kept in a file, one a line, so that a run can be interrupted and a later one starts where it ended.

A verdict is kept for the text of a function (`places`). A bug that was noticed stays noticed. A survivor is judged
again by the tests of the files that have changed since, which are named by their digests.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tools.mutation.jury import Judgement, Verdict
from tools.mutation.operators import Mutant

BY_SHORT_TESTS: Final = "by short tests"
"""What a survivor's verdict says as long as no long test has judged it."""


@dataclass(frozen=True)
class Kept:
    verdict: Verdict
    says: str
    run: int
    """Which run it was found in: that names the tests of then."""


@dataclass(frozen=True)
class _Run:
    """The test files of a run, by their digests, and the tests that take long."""

    files: dict[str, str]
    long: frozenset[str]


class Results:
    """What is known so far."""

    def __init__(self, path: Path, root: Path, folders: tuple[str, ...], long: frozenset[str] = frozenset()) -> None:
        self._path = path
        self._by_key: dict[str, Kept] = {}
        self._runs: list[_Run] = []
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                self._read(json.loads(line))
        files = {
            str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()[:12]
            for folder in folders
            for file in sorted((root / folder).rglob("*.py"))
        }
        self._now = _Run(files, long)
        if not self._runs or self._runs[-1] != self._now:
            self._runs.append(self._now)
            self._append({"tests": files, "long": sorted(long)})

    def of(self, mutant: Mutant) -> Kept | None:
        return self._by_key.get(mutant.key)

    def new_since(self, kept: Kept, tests: list[str]) -> list[str]:
        """Those tests that have not judged it: their file is another one than when the verdict was found, or they were
        left out then because they take long."""
        then = self._runs[kept.run]
        left_out = then.long if kept.says == BY_SHORT_TESTS else frozenset()
        return [
            test
            for test in tests
            if test in left_out or then.files.get(file := test.split("::")[0]) != self._now.files.get(file)
        ]

    def keep(self, mutant: Mutant, judgement: Judgement) -> None:
        kept = Kept(judgement.verdict, judgement.says, len(self._runs) - 1)
        self._by_key[mutant.key] = kept
        where = {"path": mutant.path, "scope": mutant.scope, "change": mutant.says}
        self._append({"key": mutant.key, **asdict(kept), **where})

    def _read(self, told: dict[str, object]) -> None:
        if "tests" in told:
            tests, long = told["tests"], told.get("long", [])
            assert isinstance(tests, dict)
            assert isinstance(long, list)
            self._runs.append(_Run(tests, frozenset(long)))
        else:
            run = told["run"]
            assert isinstance(run, int)
            self._by_key[str(told["key"])] = Kept(Verdict(str(told["verdict"])), str(told["says"]), run)

    def _append(self, told: dict[str, object]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
