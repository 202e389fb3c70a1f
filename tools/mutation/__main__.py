"""`python -m tools.mutation`: every mutant of what decides, the survivors by name, and one line of JSON.

The tests run in a copy of the tree, so that nobody's work disturbs them, nor they anybody's. Verdicts are kept in
`.run/mutation/results.jsonl`; a later run judges what is new. `--again` judges all, those who noticed first.
"""

import argparse
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.mutation.coverage_map import SOURCES, TESTS, Map, NoTests, draw
from tools.mutation.jury import Judgement, Verdict, be_plain
from tools.mutation.kept import BY_SHORT_TESTS, Results
from tools.mutation.operators import Mutant, mutants
from tools.mutation.report import NOTICED, line_of, page, reason_for, reasons
from tools.mutation.trial import Court
from tools.mutation.warm import Bench, Unreachable, serve

ROOT: Final = Path(__file__).resolve().parents[2]
COPIED: Final = ("config", "contract", "docs", "edge", "tests", "tools")
RESULTS: Final = ROOT / ".run/mutation/results.jsonl"
TELL_EVERY: Final = 200


def all_mutants(root: Path, only: str, but: str) -> list[Mutant]:
    """Every mutant of the files under test whose path matches `only` and not `but`."""
    found: list[Mutant] = []
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            name = str(path.relative_to(root))
            if re.search(only, name) and not (but and re.search(but, name)):
                found += mutants(name, path.read_text(encoding="utf-8"))
    return found


class Run:
    """One after another, until all are judged or time is up."""

    def __init__(
        self, root: Path, tests: Map, results: Results, court: Court, *, again: bool, short: bool, until: float
    ) -> None:
        self._root, self._tests, self._results, self._court = root, tests, results, court
        self._reasons = reasons()
        self._again, self._short, self._until = again, short, until
        self.verdicts: dict[Mutant, Judgement] = {}

    def judge_all(self, sample: list[Mutant], bench: Bench) -> None:
        for test in bench.fails_alone(list(self._tests.seconds)):
            print(f"fails without any mutant, and is left out: {test}", file=sys.stderr)
            del self._tests.seconds[test]
        for mutant in sample:
            kept = self._results.of(mutant)
            if kept is not None and kept.verdict in NOTICED:
                self._tests.noticed(mutant, kept.says)
        # Those that need no import are judged ten times as fast: the most is known soonest.
        unnoticed = list(self._round(sorted(sample, key=self._tests.runs_at_import), bench, long_too=False))
        self.verdicts |= {mutant: Judgement(Verdict.SURVIVED, BY_SHORT_TESTS) for mutant in unnoticed}
        if unnoticed and not self._short:
            print(f"the long tests judge {len(unnoticed)} that the short ones passed", file=sys.stderr, flush=True)
            # Those that nobody could notice come last: they take the most time, and time may be up before.
            list(self._round(sorted(unnoticed, key=self._has_reason), bench, long_too=True))

    def _has_reason(self, mutant: Mutant) -> bool:
        return reason_for(mutant, line_of(self._root, mutant), self._reasons) is not None

    def _round(self, sample: list[Mutant], bench: Bench, *, long_too: bool) -> Iterator[Mutant]:
        """Judge by the short tests, or by all; gives those that no short test noticed and that long ones remain for."""
        begun = time.monotonic()
        for number, mutant in enumerate(sample, start=1):
            if time.monotonic() > self._until:
                print(f"time is up after {number - 1} mutants", file=sys.stderr)
                break
            judges = self._judges(mutant, bench)
            short = [test for test in judges if long_too or not self._tests.is_long(test)]
            if judges and not short:
                yield mutant
                continue
            judgement = self._judge(mutant, short, bench)
            if judgement.verdict is Verdict.SURVIVED and len(short) < len(judges):
                self._results.keep(mutant, Judgement(Verdict.SURVIVED, BY_SHORT_TESTS))
                yield mutant
                continue
            self._say(mutant, judgement, judged=bool(short))
            if number % TELL_EVERY == 0:
                print(f"{number} of {len(sample)} in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)

    def _judges(self, mutant: Mutant, bench: Bench) -> list[str]:
        """Its tests; if a verdict is kept for it, none, or those that are new since a survivor's."""
        judges = [test for test in self._tests.tests_of(mutant) if bench.knows(test)]
        kept = self._results.of(mutant)
        if kept is None:
            return judges
        if self._again:
            return sorted(judges, key=lambda test: test != kept.says)
        if kept.verdict in NOTICED:
            return []
        return self._results.new_since(kept, judges)

    def _judge(self, mutant: Mutant, judges: list[str], bench: Bench) -> Judgement:
        kept = self._results.of(mutant)
        if kept is not None and not judges:
            return Judgement(kept.verdict, kept.says)
        judgement = self._try(mutant, judges, bench)
        if judgement.verdict is Verdict.KILLED:
            self._tests.noticed(mutant, judgement.says)
        return judgement

    def _say(self, mutant: Mutant, judgement: Judgement, *, judged: bool) -> None:
        self.verdicts[mutant] = judgement
        if judged and judgement.verdict is not Verdict.BROKEN:
            self._results.keep(mutant, judgement)
        if judgement.verdict in (Verdict.SURVIVED, Verdict.BROKEN):
            print(f"{judgement.verdict.value} {mutant} {judgement.says}", flush=True)

    def _try(self, mutant: Mutant, judges: list[str], bench: Bench) -> Judgement:
        if not self._tests.runs_at_import(mutant):
            try:
                return bench.judge(mutant, judges)
            except Unreachable:
                pass
        return self._court.judge(mutant, judges)


def _copy(root: Path) -> None:
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)


def _told(run: Run, root: Path) -> dict[str, object]:
    count = Counter(judgement.verdict for judgement in run.verdicts.values())
    judged = count.total() - count[Verdict.BROKEN]
    noticed = count[Verdict.KILLED] + count[Verdict.TIMED_OUT]
    known = reasons()
    survivors = [mutant for mutant, judgement in run.verdicts.items() if judgement.verdict is Verdict.SURVIVED]
    found = [reason_for(mutant, line_of(root, mutant), known) for mutant in survivors]
    return {
        "mutants": judged,
        "killed": noticed,
        "survived": count[Verdict.SURVIVED],
        "of_these_equal": sum(reason is not None and reason.equal for reason in found),
        "of_these_left": sum(reason is not None and not reason.equal for reason in found),
        "timed_out": count[Verdict.TIMED_OUT],
        "broken": count[Verdict.BROKEN],
        "score": round(noticed / judged, 4) if judged else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("--mutants", type=int, default=0, help="how many, drawn by seed; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only files whose path matches this expression")
    parser.add_argument("--except", dest="but", default="", help="no files whose path matches this expression")
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after so long")
    parser.add_argument("--again", action="store_true", help="judge those too that a verdict is kept for")
    parser.add_argument("--short", action="store_true", help="only the short tests: who survives is a candidate")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where verdicts are kept")
    parser.add_argument("--report", type=Path, help="write a page with every file's score and every survivor")
    options = parser.parse_args()
    begun = time.monotonic()
    sys.dont_write_bytecode = False
    with tempfile.TemporaryDirectory(prefix="yizhan-mutation-") as folder:
        root = Path(folder).resolve()
        _copy(root)
        try:
            tests = draw(root, options.results.resolve().parent / "map")
        except NoTests as error:
            print(f"no mutant is judged: {error}", file=sys.stderr)
            return 2
        for test in tests.failed:
            print(f"fails without any mutant, and is left out: {test}", file=sys.stderr)
        print(f"{len(tests.seconds)} tests known after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        sample = all_mutants(root, options.only, options.but)
        total = len(sample)
        random.Random(options.seed).shuffle(sample)
        sample = sample[: options.mutants or total]
        be_plain()
        court = Court(root, tests.seconds)
        results = Results(
            options.results, root, TESTS, frozenset(test for test in tests.seconds if tests.is_long(test))
        )
        run = Run(
            root, tests, results, court, again=options.again, short=options.short, until=begun + 60 * options.minutes
        )
        serve(root, TESTS, tests.seconds, lambda bench: run.judge_all(sample, bench))
        court.close()
        told = _told(run, root)
        if options.report:
            options.report.write_text(page(root, run.verdicts, options.but), encoding="utf-8")
    told |= {"of": total, "tests": len(tests.seconds), "seed": options.seed, "seconds": round(time.monotonic() - begun)}
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
