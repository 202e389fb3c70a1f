"""Everything that can be broken, by command or by a schedule drawn from a seed.

A lasting fault is on until it is taken back; a momentary one (lost replies, corruption, noise) happens to the next so
many replies and is over. Setting a fault twice is setting it once.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from firmware_sim.world import Wire


class FaultName(StrEnum):
    GPIO_DEAD = "gpio_dead"
    GPIO_HUNG = "gpio_hung"
    GPIO_DELAY = "gpio_delay"
    READER_LOST_REPLIES = "reader_lost_replies"
    READER_CORRUPT = "reader_corrupt"
    READER_NOISE = "reader_noise"
    READER_DELAY = "reader_delay"
    READER_UNPLUGGED = "reader_unplugged"
    READER_KEYLESS = "reader_keyless"
    READER_WRONG_KEY = "reader_wrong_key"
    LOCK_STUCK = "lock_stuck"
    CUT_WIRE = "cut_wire"
    WORN_CONTACTS = "worn_contacts"
    LINK_CUT = "link_cut"
    LINK_BLACK_HOLE = "link_black_hole"
    LINK_DELAY = "link_delay"


MOMENTARY = frozenset({FaultName.READER_LOST_REPLIES, FaultName.READER_CORRUPT, FaultName.READER_NOISE})
NEEDS_LINK = frozenset({FaultName.LINK_CUT, FaultName.LINK_BLACK_HOLE, FaultName.LINK_DELAY})
MAX_MS = 600_000.0
MAX_COUNT = 1000


class FaultError(ValueError):
    """The fault cannot be set like this; the message says what is missing."""


@dataclass(frozen=True)
class FaultArgs:
    """`reader` may be left out where there is only one; `ms` and `count` have defaults by fault."""

    reader: str | None = None
    wire: Wire | None = None
    ms: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if self.ms is not None and not 0 < self.ms <= MAX_MS:
            raise FaultError(f"ms must be above 0 and at most {MAX_MS:.0f}")
        if self.count is not None and not 0 < self.count <= MAX_COUNT:
            raise FaultError(f"count must be 1 to {MAX_COUNT}")


@dataclass(frozen=True)
class PlannedFault:
    """`after_ms` counts from the end of the fault before."""

    after_ms: float
    name: FaultName
    args: FaultArgs
    last_ms: float


def schedule(
    names: tuple[FaultName, ...], readers: tuple[str, ...], seed: int, every_ms: float, last_ms: float
) -> Iterator[PlannedFault]:
    """Faults one after the other, for ever: kinds, places, pauses and lengths by seed; the same seed gives the same
    faults."""
    source = random.Random(f"{seed}/faults")
    while True:
        name = source.choice(names)
        reader = source.choice(readers) if name.startswith("reader_") and readers else None
        wire = source.choice(list(Wire)) if name is FaultName.CUT_WIRE else None
        yield PlannedFault(
            source.uniform(0.5, 1.5) * every_ms,
            name,
            FaultArgs(reader=reader, wire=wire),
            source.uniform(0.5, 1.5) * last_ms,
        )
