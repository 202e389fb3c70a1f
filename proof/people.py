"""A day at a station, drawn by seed: who comes, how they behave, and what goes wrong meanwhile.

Most people are decent. Some shove, wait too long, hold the door for a friend, come in pairs, put a crate under it, or
lean on the exit button; and luck is bad about forty times a day.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final

from contract.records import Posture
from proof.acts import Act, ActKind

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
VISITS_PER_DAY: Final = 205
CARDS: Final = 40
POSTURES: Final = tuple(Posture)

Visit = Callable[[random.Random, int], Iterator[Act]]


def plan_day(seed: str, day: int) -> list[Act]:
    """The acts of one day in their order, at moments of the whole life."""
    luck = random.Random(f"{seed}/day/{day}")
    begins_ms = day * DAY_MS
    acts: list[Act] = []
    for _ in range(VISITS_PER_DAY):
        # One in ten comes at night.
        hour = 24 * luck.random() if luck.random() < 0.1 else 6 + 17 * luck.random()
        visit = luck.choices(_VISITS, _VISIT_WEIGHTS)[0]
        acts += visit(luck, begins_ms + int(hour * HOUR_MS))
    busy = [act.at_ms for act in acts]
    for kind, per_day, who, value in _TROUBLES:
        for _ in range(_poisson(luck, per_day)):
            at_ms = _bad_moment(luck, begins_ms, busy)
            trouble = Act(at_ms, kind, luck.randint(*who), _between(luck, *value))
            acts.append(trouble)
            acts += _meanwhile(luck, trouble)
    acts += _postures(luck, begins_ms, busy)
    acts.sort(key=lambda act: act.at_ms)
    return acts


def _meanwhile(luck: random.Random, trouble: Act) -> Iterator[Act]:
    """What makes a trouble worse: it comes in the middle of that."""
    at_ms, within_ms = trouble.at_ms, max(1, trouble.value)
    if trouble.kind in _OF_STORAGE and luck.random() < 0.5:
        # The power goes while a release waits for its commit.
        cut_ms = at_ms + luck.randrange(within_ms)
        yield Act(cut_ms, ActKind.CUT_AT_EFFECT, 1)
        yield _card(luck, cut_ms + 1)
    elif trouble.kind in _OF_STORAGE:
        yield Act(at_ms + luck.randrange(within_ms), ActKind.COMMAND)
    elif trouble.kind is ActKind.STALL:
        yield _card(luck, at_ms + luck.randrange(within_ms))
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


def _between(luck: random.Random, least: int, most: int) -> int:
    """Short ones are more frequent than long ones."""
    return least + int((most - least) * luck.random() ** 3)


# ---------------------------------------------------------------- visits


def _through(luck: random.Random, at_ms: int, how: int) -> Iterator[Act]:
    """Push the door and let it go."""
    yield Act(at_ms, ActKind.PUSH, value=how)
    yield Act(at_ms + 400 + luck.randrange(2_500), ActKind.LET_GO)


def _press(luck: random.Random, at_ms: int) -> Iterator[Act]:
    yield Act(at_ms, ActKind.EXIT, value=1)
    yield Act(at_ms + 150 + luck.randrange(700), ActKind.EXIT, value=0)


def _leave(luck: random.Random, at_ms: int) -> Iterator[Act]:
    yield from _press(luck, at_ms)
    yield from _through(luck, at_ms + 500 + luck.randrange(3_000), 1)


def _card(luck: random.Random, at_ms: int) -> Act:
    return Act(at_ms, ActKind.CARD, who=luck.randrange(CARDS), value=luck.randrange(2))


def _decent(luck: random.Random, at_ms: int) -> Iterator[Act]:
    yield _card(luck, at_ms)
    yield from _through(luck, at_ms + 600 + luck.randrange(3_000), 0)
    yield from _leave(luck, at_ms + 60_000 + luck.randrange(1_800_000))


def _late(luck: random.Random, at_ms: int) -> Iterator[Act]:
    """Looks for something in a pocket until the lock is at rest, or nearly, or forgets to enter."""
    yield _card(luck, at_ms)
    if luck.random() < 0.7:
        yield from _through(luck, at_ms + 4_700 + luck.randrange(2_000), 0)


def _pair(luck: random.Random, at_ms: int) -> Iterator[Act]:
    """Two riders at once, the second while the door stands open or falls shut."""
    yield _card(luck, at_ms)
    yield from _through(luck, at_ms + 700, 0)
    second_ms = at_ms + luck.choice((100, 300, 1_500, 2_500, 4_000, 5_500)) + luck.randrange(300)
    yield _card(luck, second_ms)
    yield from _through(luck, second_ms + 500 + luck.randrange(3_500), 0)
    yield from _leave(luck, at_ms + 300_000 + luck.randrange(600_000))


def _tailgate(luck: random.Random, at_ms: int) -> Iterator[Act]:
    """One card, two people: the second catches the door."""
    yield _card(luck, at_ms)
    yield from _through(luck, at_ms + 800, 0)
    yield from _through(luck, at_ms + 2_500 + luck.randrange(2_000), 0)
    yield from _leave(luck, at_ms + 400_000 + luck.randrange(600_000))


def _wedge(luck: random.Random, at_ms: int) -> Iterator[Act]:
    """A crate keeps the door open, for seconds or for an hour."""
    yield _card(luck, at_ms)
    yield Act(at_ms + 900, ActKind.PUSH)
    yield Act(at_ms + 1_800, ActKind.WEDGE, value=1)
    yield Act(at_ms + 2_200, ActKind.LET_GO)
    if luck.random() < 0.3:
        yield _card(luck, at_ms + 10_000 + luck.randrange(40_000))
    yield Act(at_ms + _between(luck, 5_000, HOUR_MS), ActKind.WEDGE, value=0)


def _shove(luck: random.Random, at_ms: int) -> Iterator[Act]:
    """Tries the door without a card; now and then with a shoulder."""
    yield from _through(luck, at_ms, 2 if luck.random() < 0.3 else 0)
    if luck.random() < 0.3:
        yield _card(luck, at_ms + luck.randrange(2_000))


def _impatient(luck: random.Random, at_ms: int) -> Iterator[Act]:
    """Shows the card again and again."""
    for _ in range(luck.randrange(2, 6)):
        yield _card(luck, at_ms)
        at_ms += 400 + luck.randrange(1_500)
    yield from _through(luck, at_ms, 0)


def _leans(luck: random.Random, at_ms: int) -> Iterator[Act]:
    """On the exit button: for long, or again and again; somebody may use it from outside."""
    yield Act(at_ms, ActKind.EXIT, value=1)
    yield Act(at_ms + _between(luck, 1_000, 120_000), ActKind.EXIT, value=0)
    if luck.random() < 0.5:
        yield from _through(luck, at_ms + luck.randrange(8_000), luck.randrange(2))


_VISITS: Final[tuple[Visit, ...]] = (
    _decent, _late, _pair, _tailgate, _wedge, _shove, _impatient, _leans,
)  # fmt: skip
_VISIT_WEIGHTS: Final = (64, 8, 8, 6, 3, 5, 3, 3)


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
    (ActKind.CHILD, 0.5, _NONE, (300, 10 * _S)),
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
    (ActKind.JOURNAL_DAMAGED, 0.1, (0, 1), _NONE),
    (ActKind.ROLL_BACK, 0.1, _NONE, _NONE),
    (ActKind.SNAPSHOT_DAMAGED, 0.3, _NONE, _NONE),
    (ActKind.CLOCK_LOST, 0.7, (-7_200, 7_200), (1 * _S, 2 * HOUR_MS)),
    (ActKind.ROSTER_AWAY, 0.5, _NONE, (1 * _S, 10 * _MIN)),
)


def _postures(luck: random.Random, begins_ms: int, busy: list[int]) -> Iterator[Act]:
    """The cloud wants another posture for a while, and then the usual one again; often in the middle of something."""
    for _ in range(_poisson(luck, 2.5)):
        at_ms = _bad_moment(luck, begins_ms, busy)
        yield Act(at_ms, ActKind.DESIRE, value=luck.randrange(len(POSTURES)))
        yield Act(at_ms + _between(luck, 1_000, 2 * HOUR_MS), ActKind.DESIRE, value=-1)
