"""Lives from a seed, and lives that are written down."""

from proof.acts import Act, Script
from proof.life import Life
from proof.lived import Lived
from proof.people import DAY_MS, plan_day


def live_planned(seed: str, days: int) -> Lived:
    """A life of drawn days."""
    return Life(seed).live(plan_day(seed, day) for day in range(days))


def live_script(script: Script) -> Lived:
    """A life that is written down."""
    days: list[list[Act]] = [[] for _ in range(script.days)]
    for act in script.acts:
        days[min(act.at_ms // DAY_MS, script.days - 1)].append(act)
    return Life(script.seed).live(iter(days))
