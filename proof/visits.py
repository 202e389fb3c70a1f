"""Who comes to a station and how they behave, as acts. Most people are decent.

Some shove, wait too long, hold the door for a friend, come in pairs, put a crate under it, lean on the exit button,
turn round in the door way, loiter before it, fall asleep inside, try numbers, or are made to open.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final

from proof.acts import Act, ActKind, Typed
from proof.room import Way

HOUR_MS: Final = 3_600_000
CARDS: Final = 40
PASSES_PER_DAY: Final = 40
FRIEND: Final = 5_000
"""Added to somebody's number: whoever comes with them."""
IN_READERS: Final = 2
OUT_READER: Final = 2

Visit = Callable[[random.Random, int, int], Iterator[Act]]


def between(luck: random.Random, least: int, most: int) -> int:
    """Of durations short ones are more frequent than long ones; few choices are equal."""
    if most - least < 10:
        return luck.randint(least, most)
    return least + int((most - least) * luck.random() ** 3)


def _through(luck: random.Random, at_ms: int, how: int) -> Iterator[Act]:
    """Push the door and let it go."""
    yield Act(at_ms, ActKind.PUSH, value=how)
    yield Act(at_ms + 400 + luck.randrange(2_500), ActKind.LET_GO)


def _enter(luck: random.Random, at_ms: int, body: int, how: int = 0) -> Iterator[Act]:
    yield from _through(luck, at_ms, how)
    yield Act(at_ms + 300 + luck.randrange(900), ActKind.GO, body, Way.IN)


def press(luck: random.Random, at_ms: int) -> Iterator[Act]:
    yield Act(at_ms, ActKind.EXIT, value=1)
    yield Act(at_ms + 150 + luck.randrange(700), ActKind.EXIT, value=0)


def _leave(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """By the button, or by a card where a reader leads out."""
    if luck.random() < 0.3:
        yield Act(at_ms - 1_500, ActKind.CARD, luck.randrange(CARDS), OUT_READER)
    if luck.random() < 0.8:
        yield from press(luck, at_ms)
    push_ms = at_ms + 500 + luck.randrange(3_000)
    yield from _through(luck, push_ms, 1)
    yield Act(push_ms + 300 + luck.randrange(900), ActKind.GO, body, Way.OUT)


def card(luck: random.Random, at_ms: int) -> Act:
    return Act(at_ms, ActKind.CARD, luck.randrange(CARDS), luck.randrange(IN_READERS))


def _arrive(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Comes to the door, shows a card, and types a number where one is wanted."""
    yield Act(at_ms - 2_000, ActKind.VISIT, body, 20_000)
    shown = card(luck, at_ms)
    yield shown
    chance = luck.random()
    if chance < 0.3:
        typed = Typed.RIGHT if chance < 0.25 else Typed.WRONG
        yield Act(at_ms + 1_000 + luck.randrange(4_000), ActKind.TYPE, shown.value, typed)


def decent(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    yield from _arrive(luck, at_ms, body)
    yield from _enter(luck, at_ms + 600 + luck.randrange(3_000), body)
    yield from _leave(luck, at_ms + 60_000 + luck.randrange(1_800_000), body)


def _late(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Looks for something in a pocket until the lock is at rest, or nearly, or forgets to enter."""
    yield from _arrive(luck, at_ms, body)
    if luck.random() < 0.7:
        yield from _enter(luck, at_ms + 4_700 + luck.randrange(2_000), body)
        yield from _leave(luck, at_ms + 60_000 + luck.randrange(600_000), body)


def _pair(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Two riders at once, the second while the door stands open or falls shut."""
    yield from _arrive(luck, at_ms, body)
    yield from _enter(luck, at_ms + 700, body)
    second_ms = at_ms + luck.choice((100, 300, 1_500, 2_500, 4_000, 5_500)) + luck.randrange(300)
    yield card(luck, second_ms)
    yield from _enter(luck, second_ms + 500 + luck.randrange(3_500), body + FRIEND)
    leaves_ms = at_ms + 300_000 + luck.randrange(600_000)
    yield from _leave(luck, leaves_ms, body)
    yield from _leave(luck, leaves_ms + luck.choice((600, 5_000, 300_000)), body + FRIEND)


def _tailgate(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """One card, two people: the second catches the door, at times close behind."""
    yield from _arrive(luck, at_ms, body)
    yield from _enter(luck, at_ms + 800, body)
    yield from _enter(luck, at_ms + luck.choice((850, 1_200, 2_500)) + luck.randrange(2_000), body + FRIEND)
    leaves_ms = at_ms + 400_000 + luck.randrange(600_000)
    yield from _leave(luck, leaves_ms, body)
    yield from _leave(luck, leaves_ms + luck.randrange(400_000), body + FRIEND)


def _wedge(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """A crate keeps the door open, for seconds or for an hour."""
    yield from _arrive(luck, at_ms, body)
    yield Act(at_ms + 900, ActKind.PUSH)
    yield Act(at_ms + 1_500, ActKind.GO, body, Way.IN)
    yield Act(at_ms + 1_800, ActKind.WEDGE, value=1)
    yield Act(at_ms + 2_200, ActKind.LET_GO)
    if luck.random() < 0.3:
        yield card(luck, at_ms + 10_000 + luck.randrange(40_000))
    ends_ms = at_ms + between(luck, 5_000, HOUR_MS)
    yield Act(ends_ms, ActKind.WEDGE, value=0)
    yield from _leave(luck, ends_ms + luck.randrange(60_000), body)


def _shove(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Tries the door without a card; now and then with a shoulder."""
    yield Act(at_ms - 5_000, ActKind.VISIT, body, 10_000)
    yield from _enter(luck, at_ms, body, 2 if luck.random() < 0.3 else 0)
    if luck.random() < 0.3:
        yield card(luck, at_ms + luck.randrange(2_000))
    yield from _leave(luck, at_ms + 100_000 + luck.randrange(600_000), body)


def _impatient(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Shows the card again and again."""
    yield Act(at_ms, ActKind.VISIT, body, 30_000)
    for _ in range(luck.randrange(2, 6)):
        yield card(luck, at_ms)
        at_ms += 400 + luck.randrange(1_500)
    yield from _enter(luck, at_ms, body)
    yield from _leave(luck, at_ms + 60_000 + luck.randrange(600_000), body)


def _leans(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """On the exit button: for long, or again and again; somebody may use it from outside."""
    yield Act(at_ms - 1_000, ActKind.VISIT, body, 10_000)
    yield Act(at_ms, ActKind.EXIT, value=1)
    yield Act(at_ms + between(luck, 1_000, 120_000), ActKind.EXIT, value=0)
    if luck.random() < 0.5:
        yield from _enter(luck, at_ms + luck.randrange(8_000), body, luck.randrange(2))
        yield from _leave(luck, at_ms + 60_000 + luck.randrange(600_000), body)


def _turns_round(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Has forgotten something, on the way in or on the way out."""
    yield from _arrive(luck, at_ms, body)
    yield Act(at_ms + 800, ActKind.PUSH)
    yield Act(at_ms + 1_300, ActKind.GO, body, Way.BACK_OUTSIDE)
    yield Act(at_ms + 6_500, ActKind.GO, body, Way.IN)
    yield Act(at_ms + 7_500, ActKind.LET_GO)
    turns_ms = at_ms + 70_000 + luck.randrange(300_000)
    yield from press(luck, turns_ms)
    yield from _through(luck, turns_ms + 500, 1)
    yield Act(turns_ms + 1_000, ActKind.GO, body, Way.BACK_INSIDE)
    yield from _leave(luck, turns_ms + 30_000 + luck.randrange(300_000), body)


def _sleeps(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Falls asleep inside, or lies there and cannot answer; somebody may look after them."""
    yield from _arrive(luck, at_ms, body)
    yield from _enter(luck, at_ms + 600 + luck.randrange(3_000), body)
    lies_ms = at_ms + 60_000 + luck.randrange(300_000)
    for_ms = between(luck, 300_000, 3 * HOUR_MS)
    yield Act(lies_ms, ActKind.LIE, body, for_ms)
    if luck.random() < 0.3:
        yield Act(lies_ms + luck.randrange(for_ms), ActKind.ANSWER, value=luck.randrange(2))
    yield from _leave(luck, lies_ms + for_ms + 10_000 + luck.randrange(300_000), body)


def _loiters(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Stands before the door, for longer than anybody waits for a friend."""
    yield Act(at_ms, ActKind.VISIT, body, between(luck, 30_000, HOUR_MS // 2))


def _guesses(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Tries numbers, with a card or without; the owner of the card comes meanwhile."""
    reader, number = luck.randrange(IN_READERS), luck.randrange(CARDS)
    yield Act(at_ms, ActKind.VISIT, body, 60_000)
    for _ in range(luck.randrange(3, 12)):
        if luck.random() < 0.5:
            yield Act(at_ms, ActKind.CARD, number, reader)
            at_ms += 500 + luck.randrange(3_000)
        yield Act(at_ms, ActKind.TYPE, reader, Typed.RIGHT if luck.random() < 0.1 else Typed.WRONG)
        at_ms += 1_000 + luck.randrange(9_000)
    if luck.random() < 0.3:
        yield from _pulls_the_plug(luck, at_ms + 3_000, reader, number)
    yield from _enter(luck, at_ms, body)
    yield from _leave(luck, at_ms + 60_000 + luck.randrange(600_000), body)


def _pulls_the_plug(luck: random.Random, at_ms: int, reader: int, number: int) -> Iterator[Act]:
    """And goes on trying, as soon as everything is up again."""
    yield Act(at_ms, ActKind.CUT, value=1_000)
    for _ in range(3):
        at_ms += 8_000 + luck.randrange(8_000)
        yield Act(at_ms, ActKind.CARD, number, reader)
        yield Act(at_ms + 2_000, ActKind.TYPE, reader, Typed.WRONG)


def _made_to(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """Somebody is made to open, and types the number that says so."""
    yield Act(at_ms - 2_000, ActKind.VISIT, body, 20_000)
    shown = card(luck, at_ms)
    yield shown
    yield Act(at_ms + 1_000 + luck.randrange(4_000), ActKind.TYPE, shown.value, Typed.DURESS)
    yield from _enter(luck, at_ms + 6_000 + luck.randrange(3_000), body)
    yield from _leave(luck, at_ms + 100_000 + luck.randrange(600_000), body)


def _guest(luck: random.Random, at_ms: int, body: int) -> Iterator[Act]:
    """With a pass of that day, seldom of the day before: comes in, or looks away until the lock is at rest and shows it
    again; may hand it through the window to a friend."""
    day = max(0, at_ms // (24 * HOUR_MS) - (luck.random() < 0.1))
    number, reader = day * PASSES_PER_DAY + luck.randrange(PASSES_PER_DAY), luck.randrange(IN_READERS)
    yield Act(at_ms - 2_000, ActKind.VISIT, body, 60_000)
    yield Act(at_ms, ActKind.PASS, number, reader)
    if luck.random() < 0.4:
        at_ms += 8_000 + luck.randrange(40_000)
        yield Act(at_ms, ActKind.PASS, number, reader)
    yield from _enter(luck, at_ms + 800 + luck.randrange(3_500), body)
    if luck.random() < 0.4:
        again_ms = at_ms + 10_000 + luck.randrange(600_000)
        yield Act(again_ms, ActKind.PASS, number, reader)
        yield from _enter(luck, again_ms + 1_000, body + FRIEND)
        yield from _leave(luck, again_ms + 60_000 + luck.randrange(600_000), body + FRIEND)
    yield from _leave(luck, at_ms + 60_000 + luck.randrange(600_000), body)


VISITS: Final[tuple[Visit, ...]] = (
    decent, _late, _pair, _tailgate, _wedge, _shove, _impatient, _leans,
    _turns_round, _sleeps, _loiters, _guesses, _made_to, _guest,
)  # fmt: skip
WEIGHTS: Final = (64, 8, 8, 6, 3, 5, 3, 3, 3, 3, 2, 2, 2, 6)
