"""A day at a busy swap station: who comes to the cabinet, and what goes wrong meanwhile."""

import random
from collections.abc import Iterator
from typing import Final

from proof.acts import Act, ActKind
from proof.cabinet_city import RIDERS, has_faults, is_calm
from proof.riders import CARELESS, Habit

S, MIN, HOUR_MS = 1_000, 60_000, 3_600_000
DAY_MS: Final = 24 * HOUR_MS
EVERY_MS: Final = 4 * MIN
CARELESS_PART: Final = 0.25
_NONE = (0, 0)
_SLOTS = (0, 11)
TROUBLES: Final[tuple[tuple[ActKind, float, tuple[int, int], tuple[int, int]], ...]] = (
    # kind, how often a day, who, value
    (ActKind.CUT, 1.5, _NONE, (200, 20 * MIN)),
    (ActKind.CUT_AT_COMMIT, 12.0, (1, 40), _NONE),
    (ActKind.CUT_AT_EFFECT, 12.0, (1, 20), _NONE),
    (ActKind.CRASH, 4.0, _NONE, (300, 20 * S)),
    (ActKind.STOP, 1.0, _NONE, _NONE),
    (ActKind.STALL, 4.0, _NONE, (20, 15 * S)),
    (ActKind.STORAGE_LOCKED, 1.0, _NONE, (300, MIN)),
    (ActKind.STORAGE_SLOW, 1.0, _NONE, (S, 10 * MIN)),
    (ActKind.CLOUD_AWAY, 1.0, _NONE, (2 * S, 4 * HOUR_MS)),
    (ActKind.ROSTER_AWAY, 1.0, _NONE, (S, 10 * MIN)),
    (ActKind.FIRE, 0.5, _NONE, (500, 5 * MIN)),
    (ActKind.SLOT_STUCK, 6.0, _SLOTS, (S, 20 * MIN)),
    (ActKind.SLOT_SILENT, 4.0, _SLOTS, (S, 10 * MIN)),
    (ActKind.CABINET_AWAY, 3.0, _NONE, (200, 10 * MIN)),
    (ActKind.PULSES, 8.0, (0, 2), (1, 3)),
    (ActKind.PRY, 2.0, _SLOTS, (0, 3)),
    (ActKind.BURNS, 0.4, _SLOTS, (2, 20)),
    (ActKind.SLOT_SMOKE, 0.3, _SLOTS, (S, 5 * MIN)),
    (ActKind.CABINET_POINT, 0.5, (0, 3), (S, 5 * MIN)),
    (ActKind.ASLEEP, 3.0, _SLOTS, (S, 10 * MIN)),
)


def plan_day(seed: str, day: int) -> list[Act]:
    """The acts of one day in their order, at moments of the whole life."""
    luck = random.Random(f"{seed}/swaps/{day}")
    acts = [*_riders(luck, seed, day * DAY_MS)]
    busy = [act.at_ms for act in acts]
    if has_faults(seed):
        acts += _troubles(luck, busy)
    if not is_calm(seed):
        for hour in range(1, 24, 2):
            acts.append(Act(day * DAY_MS + hour * HOUR_MS, ActKind.TECHNICIAN, value=5 * MIN + luck.randrange(5 * MIN)))
    acts.sort(key=lambda act: act.at_ms)
    return acts


def _riders(luck: random.Random, seed: str, begins_ms: int) -> Iterator[Act]:
    at_ms = begins_ms + 2 * MIN
    while at_ms < begins_ms + DAY_MS - 10 * MIN:
        careless = not is_calm(seed) and luck.random() < CARELESS_PART
        habit = luck.choice(CARELESS) if careless else Habit.CAREFUL
        yield Act(at_ms, ActKind.RIDER, luck.randrange(RIDERS), habit)
        at_ms += 30 * S + luck.randrange(2 * EVERY_MS)


def _troubles(luck: random.Random, busy: list[int]) -> Iterator[Act]:
    """More often than not in the middle of a swap."""
    for kind, per_day, who, value in TROUBLES:
        at = luck.expovariate(1.0)
        while at < per_day:
            at += luck.expovariate(1.0)
            at_ms = luck.choice(busy) + luck.randrange(40 * S)
            least, most = value
            yield Act(at_ms, kind, luck.randint(*who), least + int((most - least + 1) * luck.random() ** 2))
