"""Lives from a seed, and lives that are written down."""

from collections.abc import Iterator

from proof.acts import Act, Script
from proof.life import Life
from proof.lived import Lived
from proof.people import DAY_MS, plan_day


def live_planned(seed: str, days: int) -> Lived:
    """A life of drawn days."""
    return Life(seed).live(_planned(seed, days))


def _planned(seed: str, days: int) -> Iterator[list[Act]]:
    """What begins on one day and ends on the next is done on the next."""
    late: list[Act] = []
    for day in range(days):
        acts, ends_ms = late + plan_day(seed, day), (day + 1) * DAY_MS
        late = [act for act in acts if act.at_ms >= ends_ms]
        yield acts if day == days - 1 else [act for act in acts if act.at_ms < ends_ms]


def live_script(script: Script) -> Lived:
    """A life that is written down."""
    days: list[list[Act]] = [[] for _ in range(script.days)]
    for act in script.acts:
        days[min(act.at_ms // DAY_MS, script.days - 1)].append(act)
    return Life(script.seed).live(iter(days))
