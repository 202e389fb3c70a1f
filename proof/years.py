"""Many lives: a year is a dozen stations of thirty days, each with its own configuration, people and luck."""

import gc
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from proof.cabinet_city import BUSY
from proof.lived import Lived
from proof.living import live_planned

DAYS_PER_YEAR: Final = 365
DAYS_PER_LIFE: Final = 30
DAYS_PER_SWAP_LIFE: Final = 2
MAX_SWAP_LIVES: Final = 10_000


@dataclass(frozen=True)
class Failure:
    """A life that broke an invariant. `seed` and `days` live it again."""

    seed: str
    days: int
    lived: Lived


@dataclass
class Years:
    """What all lives came to."""

    days: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of all lives: what `seconds` would be on one core, with the core to itself."""
    events: int = 0
    faults: int = 0
    restarts: int = 0
    visits: int = 0
    records: int = 0
    met: Counter[str] = field(default_factory=Counter)
    swaps: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    anomalies: Counter[str] = field(default_factory=Counter)
    anomalies_standing: int = 0
    batteries: int = 0
    batteries_unaccounted: int = 0
    books_compared: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, lived: Lived) -> None:
        self.days += lived.days
        self.events += lived.events
        self.faults += lived.faults
        self.restarts += lived.restarts
        self.visits += lived.visits
        self.records += lived.records
        self.met.update(lived.met)
        swapped = lived.swapped
        self.swaps += swapped.swaps
        self.outcomes.update(swapped.outcomes)
        self.anomalies.update(swapped.anomalies)
        self.anomalies_standing += swapped.anomalies_standing
        self.batteries += swapped.batteries
        self.batteries_unaccounted += swapped.batteries_unaccounted
        self.books_compared += swapped.books_compared

    def summary(self) -> dict[str, Any]:
        years = self.days / DAYS_PER_YEAR
        return {
            "years": round(years, 3),
            "seconds": round(self.seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "years_per_cpu_minute": round(years * 60 / self.cpu_seconds, 2) if self.cpu_seconds else 0,
            "events": self.events,
            "faults": self.faults,
            "restarts": self.restarts,
            "visits": self.visits,
            "violations": len(self.failures),
            "met": dict(sorted(self.met.items())),
            "swaps": self.swaps,
            "outcomes": dict(sorted(self.outcomes.items())),
            "anomalies_opened": self.anomalies.total(),
            "anomalies": dict(sorted(self.anomalies.items())),
            "anomalies_standing": self.anomalies_standing,
            "batteries": self.batteries,
            "batteries_unaccounted": self.batteries_unaccounted,
            "books_compared": self.books_compared,
        }


def life_seed(seed: int, number: int) -> str:
    return f"{seed}/{number}"


def _one(seed: str, days: int) -> tuple[Lived, float]:
    """A life, and the processor time that it took."""
    began = time.process_time()
    return live_planned(seed, days), time.process_time() - began


def live_years(years: float, seed: int, progress: Callable[[Years], None], jobs: int = 1) -> Years:
    """Live so many years from one seed, `jobs` lives at a time; `progress` hears of each life. A life ends at its first
    violation."""
    # What is there before any life stays for good: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    lived, began = Years(), time.perf_counter()
    days_left, lengths = max(1, round(years * DAYS_PER_YEAR)), list[int]()
    while days_left:
        lengths.append(min(days_left, DAYS_PER_LIFE))
        days_left -= lengths[-1]
    seeds = [life_seed(seed, number) for number in range(len(lengths))]
    with ProcessPoolExecutor(jobs) as pool:
        answers = map(_one, seeds, lengths) if jobs == 1 else pool.map(_one, seeds, lengths)
        for name, days, answer in zip(seeds, lengths, answers, strict=True):
            _count(lived, name, days, answer, began)
            progress(lived)
    return lived


def live_swaps(swaps: int, seed: int, progress: Callable[[Years], None], jobs: int = 1) -> Years:
    """Live at busy swap stations, `jobs` lives at a time, until so many swaps have begun."""
    lived, began, number = Years(), time.perf_counter(), 0
    with ProcessPoolExecutor(jobs) as pool:
        while lived.swaps < swaps and number < MAX_SWAP_LIVES:
            names = [f"{BUSY}{life_seed(seed, number + each)}" for each in range(jobs)]
            days = [DAYS_PER_SWAP_LIFE] * jobs
            answers = map(_one, names, days) if jobs == 1 else pool.map(_one, names, days)
            for name, answer in zip(names, answers, strict=True):
                _count(lived, name, DAYS_PER_SWAP_LIFE, answer, began)
                progress(lived)
            number += jobs
    return lived


def _count(lived: Years, name: str, days: int, answer: tuple[Lived, float], began: float) -> None:
    one, cpu_seconds = answer
    lived.add(one)
    lived.seconds, lived.cpu_seconds = time.perf_counter() - began, lived.cpu_seconds + cpu_seconds
    if one.broken is not None:
        lived.failures.append(Failure(name, days, one))
