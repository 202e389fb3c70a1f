"""A day at a station, drawn by seed: who comes (`visits`), and what goes wrong meanwhile, some sixty times a day."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from contract.records import Posture
from proof import cabinet_city, cabinet_days
from proof.acts import Act, ActKind
from proof.visits import CARDS, HOUR_MS, VISITS, WEIGHTS, between, card

DAY_MS: Final = 24 * HOUR_MS
VISITS_PER_DAY: Final = 202
BODIES_PER_DAY: Final = 10_000
POSTURES: Final = tuple(Posture)


def plan_day(seed: str, day: int) -> list[Act]:
    """The acts of one day in their order, at moments of the whole life."""
    if cabinet_city.is_busy(seed):
        return cabinet_days.plan_day(seed, day)
    luck = random.Random(f"{seed}/day/{day}")
    begins_ms = day * DAY_MS
    acts: list[Act] = []
    for number in range(VISITS_PER_DAY):
        # One in ten comes at night.
        hour = 24 * luck.random() if luck.random() < 0.1 else 6 + 17 * luck.random()
        visit = luck.choices(VISITS, WEIGHTS)[0]
        acts += visit(luck, begins_ms + int(hour * HOUR_MS) + 5_000, day * BODIES_PER_DAY + number)
    busy = [act.at_ms for act in acts]
    for kind, per_day, who, value in _TROUBLES:
        for _ in range(_poisson(luck, per_day)):
            at_ms = _bad_moment(luck, begins_ms, busy)
            trouble = Act(at_ms, kind, luck.randint(*who), between(luck, *value))
            acts.append(trouble)
            acts += _meanwhile(luck, trouble)
    acts += _postures(luck, begins_ms, busy)
    acts = [act if act.at_ms >= begins_ms else replace(act, at_ms=begins_ms) for act in acts]
    acts.sort(key=lambda act: act.at_ms)
    return acts


def _meanwhile(luck: random.Random, trouble: Act) -> Iterator[Act]:
    """What makes a trouble worse: it comes in the middle of that."""
    at_ms, within_ms = trouble.at_ms, max(1, trouble.value)
    if trouble.kind in _OF_STORAGE and luck.random() < 0.5:
        # The power goes while a release waits for its commit.
        cut_ms = at_ms + luck.randrange(within_ms)
        yield Act(cut_ms, ActKind.CUT_AT_EFFECT, 1)
        yield card(luck, cut_ms + 1)
    elif trouble.kind in _OF_STORAGE:
        yield Act(at_ms + luck.randrange(within_ms), ActKind.COMMAND)
    elif trouble.kind in (ActKind.STALL, ActKind.BOLT):
        yield card(luck, at_ms + luck.randrange(within_ms))
    elif trouble.kind is ActKind.STORM:
        # What is of little weight is hidden by it, and some of that outlasts it.
        yield Act(at_ms + 100_000, ActKind.CLOUD_AWAY, value=between(luck, 10 * _MIN, 2 * HOUR_MS))
        for _ in range(3):
            yield Act(at_ms + luck.randrange(200_000), ActKind.CHILD, luck.randrange(4), 5_000 + luck.randrange(20_000))
    elif trouble.kind in _BLIND and luck.random() < 0.5:
        yield Act(at_ms - luck.randrange(1_000), ActKind.EXIT, value=1)
        yield Act(at_ms + within_ms + luck.randrange(20_000), ActKind.EXIT, value=0)


def _bad_moment(luck: random.Random, begins_ms: int, busy: list[int]) -> int:
    """More often than not in the middle of something."""
    if luck.random() < 0.3:
        return begins_ms + luck.randrange(DAY_MS)
    return luck.choice(busy) + luck.choice((luck.randrange(40), luck.randrange(3_000)))


def _poisson(luck: random.Random, mean: float) -> int:
    count, at = 0, luck.expovariate(1.0)
    while at < mean:
        count, at = count + 1, at + luck.expovariate(1.0)
    return count


# ---------------------------------------------------------------- troubles

_S, _MIN = 1_000, 60_000
_BLIND: Final = frozenset({ActKind.CRASH, ActKind.PINS, ActKind.CUT_AT_EFFECT})
_OF_STORAGE: Final = frozenset({ActKind.STORAGE_SLOW, ActKind.STORAGE_LOCKED, ActKind.STORAGE_FULL})
_NONE = (0, 0)
_TROUBLES: Final[tuple[tuple[ActKind, float, tuple[int, int], tuple[int, int]], ...]] = (
    # kind, how often a day, who, value
    (ActKind.CUT, 0.7, _NONE, (200, 2 * HOUR_MS)),
    (ActKind.CUT_AT_COMMIT, 2.0, (1, 12), _NONE),
    (ActKind.CUT_AT_EFFECT, 2.0, (1, 6), _NONE),
    (ActKind.CRASH, 1.5, _NONE, (300, 20 * _S)),
    (ActKind.STOP, 0.3, _NONE, _NONE),
    (ActKind.STALL, 3.0, _NONE, (20, 15 * _S)),
    (ActKind.PINS, 2.0, (0, 1), (300, 5 * _MIN)),
    (ActKind.READER, 2.0, (0, 1), (200, 20 * _MIN)),
    (ActKind.CHILD, 1.0, (0, 3), (300, 40 * _S)),
    (ActKind.STORM, 0.3, _NONE, (2, 14)),
    (ActKind.FIRE, 0.4, _NONE, (500, 20 * _MIN)),
    (ActKind.ROSTER, 4.0, (0, CARDS - 1), (0, 1)),
    (ActKind.COMMAND, 6.0, _NONE, (-1, 2)),
    (ActKind.CLOUD_AWAY, 2.0, _NONE, (2 * _S, 8 * HOUR_MS)),
    (ActKind.CLOUD_RESTORED, 0.1, _NONE, _NONE),
    (ActKind.STORAGE_LOCKED, 0.7, _NONE, (300, 2 * _MIN)),
    (ActKind.STORAGE_FULL, 0.3, _NONE, (1 * _S, 3 * HOUR_MS)),
    (ActKind.STORAGE_SLOW, 1.0, _NONE, (1 * _S, 30 * _MIN)),
    (ActKind.CONTACT_CUT, 0.5, _NONE, (100, 10 * _MIN)),
    (ActKind.CONTACT_WORN, 0.5, _NONE, (1 * _MIN, HOUR_MS)),
    (ActKind.CONTACT_FLAPS, 0.5, _NONE, (4, 160)),
    (ActKind.JOURNAL_DAMAGED, 0.1, (0, 1), _NONE),
    (ActKind.ROLL_BACK, 0.1, _NONE, _NONE),
    (ActKind.SNAPSHOT_DAMAGED, 0.3, _NONE, _NONE),
    (ActKind.CLOCK_LOST, 0.7, (-7_200, 7_200), (1 * _S, 2 * HOUR_MS)),
    (ActKind.ROSTER_AWAY, 0.5, _NONE, (1 * _S, 10 * _MIN)),
    (ActKind.ACKNOWLEDGE, 6.0, (0, 5), (0, 1)),
    (ActKind.SHELVE, 3.0, (0, 5), (10 * _S, 6 * HOUR_MS)),
    (ActKind.CUT_LOAD, 1.0, (0, 5), (1 * _MIN, 6 * HOUR_MS)),
    (ActKind.SMOKE, 0.3, _NONE, (1 * _S, 30 * _MIN)),
    (ActKind.WATER, 0.2, _NONE, (1 * _S, HOUR_MS)),
    (ActKind.CARBON_MONOXIDE, 0.3, (30, 400), (1 * _MIN, 3 * HOUR_MS)),
    (ActKind.WEATHER, 0.8, (-350, 450), (HOUR_MS, 12 * HOUR_MS)),
    (ActKind.SPARK, 1.0, _NONE, _NONE),
    (ActKind.SENSOR, 2.5, (0, 2), (5 * _S, HOUR_MS)),
    (ActKind.RADAR_LIES, 0.5, (0, 2), (1 * _S, 20 * _MIN)),
    (ActKind.STUCK, 0.7, (0, 7), (1 * _S, 20 * _MIN)),
    (ActKind.COVERED, 0.4, _NONE, (200, 20 * _MIN)),
    (ActKind.POINT, 1.0, (0, 3), (10, HOUR_MS)),
    (ActKind.FLAP, 0.7, (0, 4), (2, 40)),
    (ActKind.BOLT, 0.7, _NONE, (1 * _S, 10 * _MIN)),
    (ActKind.METER_EXCHANGED, 0.1, _NONE, _NONE),
    (ActKind.LOAD_DISOBEYS, 0.5, (0, 5), (100, 20 * _MIN)),
    (ActKind.LID, 0.3, (0, 1), (100, 20 * _MIN)),
)


def _postures(luck: random.Random, begins_ms: int, busy: list[int]) -> Iterator[Act]:
    """The cloud wants another posture for a while, and then the usual one again; often in the middle of something."""
    for _ in range(_poisson(luck, 2.5)):
        at_ms = _bad_moment(luck, begins_ms, busy)
        if luck.random() < 0.3:
            # Somebody has just been let in.
            yield card(luck, at_ms - 800)
        yield Act(at_ms, ActKind.DESIRE, value=luck.randrange(len(POSTURES)))
        yield Act(at_ms + between(luck, 1_000, 2 * HOUR_MS), ActKind.DESIRE, value=-1)
