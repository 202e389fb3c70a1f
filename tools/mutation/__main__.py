"""`python -m tools.mutation --mutants 300 --seed 1`: a sample of all mutants, the survivors by name, and one line of
JSON.

The tests run in a copy of the tree, so that nobody's work disturbs them, nor they anybody's.
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
from pathlib import Path
from typing import Final

from tools.mutation.coverage_map import SOURCES, Map, NoTests, draw
from tools.mutation.operators import Mutant, mutants
from tools.mutation.trial import Verdict, judge

ROOT: Final = Path(__file__).resolve().parents[2]
COPIED: Final = ("config", "contract", "docs", "edge", "tests", "tools")
SPARE_S: Final = 20.0
"""What a trial may take beside three times what its tests take without a bug."""


def all_mutants(root: Path, only: str) -> list[Mutant]:
    """Every mutant of the files under test whose path matches `only`."""
    found: list[Mutant] = []
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            name = str(path.relative_to(root))
            if re.search(only, name):
                found += mutants(name, path.read_text(encoding="utf-8"))
    return found


def try_all(root: Path, sample: list[Mutant], tests: Map, until: float) -> Counter[Verdict]:
    """Judge one after another; the survivors are printed as they are found."""
    count: Counter[Verdict] = Counter()
    for number, mutant in enumerate(sample, start=1):
        if time.monotonic() > until:
            print(f"time is up after {number - 1} mutants", file=sys.stderr)
            break
        judges = tests.tests_of(mutant.path, mutant.line, mutant.in_function)
        limit_s = SPARE_S + 3 * sum(tests.seconds[test] for test in judges)
        verdict = judge(root, mutant, judges, limit_s)
        count[verdict] += 1
        if verdict in (Verdict.SURVIVED, Verdict.BROKEN):
            print(f"{verdict.value} {mutant} ({len(judges)} tests)", flush=True)
    return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("--mutants", type=int, default=300, help="how many, drawn by seed; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only files whose path matches this expression")
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after so long")
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="yizhan-mutation-") as folder:
        root = Path(folder).resolve()
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", root)
        try:
            tests = draw(root)
        except NoTests as error:
            print(f"no mutant is judged: {error}", file=sys.stderr)
            return 2
        for test in tests.failed:
            print(f"fails without any mutant, and is left out: {test}", file=sys.stderr)
        sample = all_mutants(root, options.only)
        total = len(sample)
        random.Random(options.seed).shuffle(sample)
        count = try_all(root, sample[: options.mutants or total], tests, begun + 60 * options.minutes)
    judged, survived = sum(count.values()) - count[Verdict.BROKEN], count[Verdict.SURVIVED]
    told = {
        "mutants": judged,
        "killed": judged - survived,
        "survived": survived,
        "timed_out": count[Verdict.TIMED_OUT],
        "broken": count[Verdict.BROKEN],
        "score": round((judged - survived) / judged, 4) if judged else None,
        "of": total,
        "tests": len(tests.seconds),
        "seed": options.seed,
        "seconds": round(time.monotonic() - begun),
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
