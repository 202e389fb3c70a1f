"""Which positions of a stream are held: ascending, disjoint, non-touching `(first, last)` pairs, both inclusive.

The unbroken prefix is the first pair when it begins at 1. Batches may arrive in any order, twice, and overlapping; the
merged result depends on what arrived alone, which is why many workers may commit in any order.
"""

from collections.abc import Iterable, Sequence

Range = tuple[int, int]


def merge(ranges: Sequence[Range], first: int, last: int) -> tuple[Range, ...]:
    """`ranges` with `first … last` added."""
    if not 1 <= first <= last:
        raise ValueError(f"{first} … {last} is no range of positions")
    before = [pair for pair in ranges if pair[1] < first - 1]
    after = [pair for pair in ranges if pair[0] > last + 1]
    touching = ranges[len(before) : len(ranges) - len(after)]
    if touching:
        first, last = min(first, touching[0][0]), max(last, touching[-1][1])
    return (*before, (first, last), *after)


def through(ranges: Sequence[Range]) -> int:
    """The last position of the unbroken prefix; 0 when position 1 is missing."""
    return ranges[0][1] if ranges and ranges[0][0] == 1 else 0


def head(ranges: Sequence[Range]) -> int:
    """The last position held; 0 for none."""
    return ranges[-1][1] if ranges else 0


def covers(ranges: Iterable[Range], first: int, last: int) -> bool:
    """Whether every position of `first … last` is held."""
    return any(low <= first and last <= high for low, high in ranges)


def overlaps(ranges: Iterable[Range], first: int, last: int) -> bool:
    """Whether any position of `first … last` is held."""
    return any(low <= last and first <= high for low, high in ranges)


def missing(ranges: Sequence[Range], held: Sequence[Range]) -> list[Range]:
    """The parts of `ranges` that `held` lacks."""
    result: list[Range] = []
    for low, high in ranges:
        at = low
        for held_low, held_high in held:
            if held_high < at or held_low > high:
                continue
            if held_low > at:
                result.append((at, held_low - 1))
            at = held_high + 1
        if at <= high:
            result.append((at, high))
    return result
