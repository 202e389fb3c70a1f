"""Positions held: whatever arrives in whatever order, the unbroken prefix is right."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest import ranges as span

pieces = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda pair: (pair[0], sum(pair))), max_size=40)


def held_positions(ranges: tuple[span.Range, ...]) -> set[int]:
    return {position for first, last in ranges for position in range(first, last + 1)}


def merged(parts: list[span.Range]) -> tuple[span.Range, ...]:
    ranges: tuple[span.Range, ...] = ()
    for first, last in parts:
        ranges = span.merge(ranges, first, last)
    return ranges


@given(pieces, st.randoms())
def test_the_order_of_arrival_does_not_matter(parts: list[span.Range], random: object) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merged(parts) == merged(shuffled + shuffled[: len(shuffled) // 2])


@given(pieces)
def test_ranges_hold_exactly_what_arrived_in_as_few_pieces_as_possible(parts: list[span.Range]) -> None:
    ranges = merged(parts)
    assert held_positions(ranges) == held_positions(tuple(parts))
    assert all(after[0] > before[1] + 1 for before, after in itertools.pairwise(ranges))


@given(pieces)
def test_the_prefix_ends_before_the_first_missing_position(parts: list[span.Range]) -> None:
    ranges, held = merged(parts), held_positions(tuple(parts))
    expected = next(position for position in range(1, 100) if position not in held) - 1
    assert span.through(ranges) == expected
    assert span.head(ranges) == max(held, default=0)


@given(pieces, pieces)
def test_missing_is_what_one_has_and_the_other_lacks(wanted: list[span.Range], held: list[span.Range]) -> None:
    lacking = span.missing(merged(wanted), merged(held))
    assert held_positions(tuple(lacking)) == held_positions(tuple(wanted)) - held_positions(tuple(held))


@given(pieces, st.integers(1, 70), st.integers(0, 10))
def test_covers_and_overlaps_agree_with_the_positions(parts: list[span.Range], first: int, more: int) -> None:
    ranges, held = merged(parts), held_positions(tuple(parts))
    asked = set(range(first, first + more + 1))
    assert span.covers(ranges, first, first + more) == (asked <= held)
    assert span.overlaps(ranges, first, first + more) == bool(asked & held)
