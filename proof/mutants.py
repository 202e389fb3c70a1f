"""Does the proof bite? Seeded bugs, put into the core one at a time, must each be found within a few simulated days.

A mutant is one piece of source text replaced by another, in memory: an import hook compiles the changed text in a
process of its own, and the tree is never touched.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from proof.bugs_of_sensors import OF_SENSORS
from proof.bugs_of_the_door import OF_THE_DOOR, Mutant
from proof.bugs_of_the_guard import OF_THE_GUARD
from proof.bugs_of_the_swap import OF_THE_SWAP

ROOT: Final = Path(__file__).resolve().parents[1]
MAX_DAYS: Final = 80
DAYS_AT_ONCE: Final = 2
MAX_CPU_SECONDS: Final = 40
"""So long one bug is hunted."""
MAX_SECONDS: Final = 600
MUTANTS: Final[tuple[Mutant, ...]] = OF_THE_DOOR + OF_SENSORS + OF_THE_GUARD + OF_THE_SWAP


class Loader(importlib.machinery.SourceFileLoader):
    """Compiles a changed text in the place of the file's."""

    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.path)
        return compile(mutated(self._mutant, path.read_text(encoding="utf-8")), str(path), "exec")


class Finder(importlib.abc.MetaPathFinder):
    """Finds the one module that is changed."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        source = str(ROOT / (fullname.replace(".", "/") + ".py"))
        return importlib.util.spec_from_file_location(fullname, source, loader=Loader(fullname, source, self._mutant))


def mutated(mutant: Mutant, text: str) -> str:
    """The module's text with the bug in it. Raises `ValueError` when the place is not there exactly once."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"mutant {mutant.name}: its place stands {text.count(mutant.old)} times in {mutant.module}")
    return text.replace(mutant.old, mutant.new)


def live_as(mutant: Mutant, seed: int) -> str:
    """In this process, from now on: the core with the bug. What found it within `MAX_DAYS`, or nothing."""
    sys.meta_path.insert(0, Finder(mutant))
    from proof.living import live_planned

    for number in range(MAX_DAYS // DAYS_AT_ONCE):
        if time.process_time() > MAX_CPU_SECONDS:
            break
        broken = live_planned(f"{mutant.lives}/{seed}/{number}", DAYS_AT_ONCE).broken
        if broken is not None:
            return str(broken)
    return ""


def hunt_one(mutant: Mutant, seed: int) -> str:
    """What found the mutant, lived in a process of its own; empty when nothing did."""
    line = f"from proof import mutants; print('FOUND', mutants.live_as(mutants.by_name({mutant.name!r}), {seed}))"
    ended = subprocess.run(
        [sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=MAX_SECONDS, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"mutant {mutant.name} fell over instead of living:\n{ended.stderr[-2_000:]}")
    return ended.stdout.partition("FOUND ")[2].strip()


def by_name(name: str) -> Mutant:
    return next(mutant for mutant in MUTANTS if mutant.name == name)
