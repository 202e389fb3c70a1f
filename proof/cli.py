"""`make sim` and `make sim-mutants`. Each ends with one line of JSON; the exit code is 1 when something is wrong."""

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Final

from proof.acts import Script
from proof.living import live_planned, live_script
from proof.mutants import MUTANTS, hunt_one
from proof.shrink import shrunk, whole
from proof.years import DAYS_PER_LIFE, Failure, Years, live_swaps, live_years

REGRESSIONS: Final = Path("tests/proof/regressions")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m proof", description="Simulated years of a station.")
    kinds = parser.add_subparsers(dest="what", required=True)
    years = kinds.add_parser("years", help="live years; ends with one line of JSON")
    years.add_argument("--years", type=float, default=0.1)
    years.add_argument("--swaps", type=int, default=0, help="live at busy swap stations until so many have begun")
    years.add_argument("--seed", type=int, default=1)
    years.add_argument("--jobs", type=int, default=1, help="so many lives at a time, each on a core of its own")
    years.add_argument("--keep", type=Path, default=REGRESSIONS, help="where a shrunk failing life is written")
    again = kinds.add_parser("again", help="live one life again, by its seed or from a file")
    again.add_argument("--life", default="1/0", help="as printed with a violation")
    again.add_argument("--days", type=int, default=DAYS_PER_LIFE)
    again.add_argument("--script", type=Path)
    mutants = kinds.add_parser("mutants", help="put bugs into the core, one at a time, and find them")
    mutants.add_argument("--seed", type=int, default=1)
    mutants.add_argument("--only", default="")
    given = parser.parse_args(arguments)
    if given.what == "years":
        return _years(given)
    if given.what == "again":
        return _again(given.life, given.days, given.script)
    return _mutants(given.seed, given.only)


def _years(given: argparse.Namespace) -> int:
    if given.swaps:
        print(f"living {given.swaps} swaps from seed {given.seed}", file=sys.stderr)
        lived = live_swaps(given.swaps, given.seed, _progress, given.jobs)
    else:
        print(f"living {given.years:g} years from seed {given.seed}", file=sys.stderr)
        lived = live_years(given.years, given.seed, _progress, given.jobs)
    for failure in lived.failures:
        _tell(failure)
    if lived.failures:
        _keep(lived.failures[0], given.keep)
    print(json.dumps(lived.summary()))
    return int(bool(lived.failures))


def _progress(lived: Years) -> None:
    print(json.dumps(lived.summary()), file=sys.stderr)


def _tell(failure: Failure) -> None:
    broken = failure.lived.broken
    assert broken is not None
    print(f"VIOLATION of {broken.invariant} on day {failure.lived.broken_ms / 86_400_000:.3f}: {broken.detail}")
    print(f"  repeat: .venv/bin/python -m proof again --life {failure.seed} --days {failure.days}")


def _keep(failure: Failure, folder: Path) -> None:
    """Shrink the first failing life and write it where the tests find it."""
    script = shrunk(whole(failure.seed, failure.lived))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{script.broke}-{script.seed.replace('/', '-')}.json"
    script.save(path)
    print(f"  shrunk to {len(script.acts)} acts: {path}")


def _again(life: str, days: int, path: Path | None) -> int:
    lived = live_planned(life, days) if path is None else live_script(Script.load(path))
    for act in Script.load(path).acts if path is not None else ():
        print(f"  {act.at_ms:>12} ms  {act.kind} who={act.who} value={act.value}")
    broken = lived.broken
    told = {"days": round(lived.days, 3), "events": lived.events, "broken": broken and str(broken)}
    print(json.dumps(told | asdict(lived.swapped)))
    return int(broken is not None)


def _mutants(seed: int, only: str) -> int:
    """Every mutant in a process of its own, two at a time."""
    began = time.perf_counter()
    mutants = [mutant for mutant in MUTANTS if only in mutant.name]
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = list(pool.map(lambda mutant: hunt_one(mutant, seed), mutants))
    for mutant, answer in zip(mutants, answers, strict=True):
        print(f"{mutant.name:28} {'found by ' + answer[:150] if answer else 'NOT FOUND: ' + mutant.bug}")
    found = sum(bool(answer) for answer in answers)
    seconds = round(time.perf_counter() - began, 1)
    print(json.dumps({"mutants": len(mutants), "found": found, "seconds": seconds}))
    return int(found < len(mutants))
