"""The pair of beams: every place × every input, and what becomes of people who do not just walk through."""

import pytest

from edge.core.beams import BEAM_STEPS, BeamFact, BeamInput, Place, beam_step

B, P, D = BeamInput, BeamFact.PASSED, BeamFact.DOUBT

TABLE = {
    (Place.BLIND, B.BOTH_FREE): (Place.FREE,),
    (Place.FREE, B.NEAR_BROKEN): (Place.NEAR,),
    (Place.NEAR, B.NEAR_FREE): (Place.BETWEEN,),
    (Place.NEAR, B.FAR_BROKEN): (Place.BOTH,),
    (Place.BETWEEN, B.NEAR_BROKEN): (Place.NEAR,),
    (Place.BETWEEN, B.FAR_BROKEN): (Place.FAR,),
    (Place.BETWEEN, B.GAP_OVER): (Place.FREE,),
    (Place.BOTH, B.NEAR_FREE): (Place.FAR,),
    (Place.BOTH, B.FAR_FREE): (Place.NEAR,),
    (Place.FAR, B.NEAR_BROKEN): (Place.BOTH_AGAIN,),
    (Place.FAR, B.FAR_FREE): (Place.FREE, P),
    (Place.BOTH_AGAIN, B.NEAR_FREE): (Place.FAR,),
    (Place.BOTH_AGAIN, B.FAR_FREE): (Place.NEAR_AGAIN,),
    (Place.NEAR_AGAIN, B.NEAR_FREE): (Place.BETWEEN_AGAIN,),
    (Place.NEAR_AGAIN, B.FAR_BROKEN): (Place.BOTH, P, D),
    (Place.BETWEEN_AGAIN, B.NEAR_BROKEN): (Place.NEAR_AGAIN,),
    (Place.BETWEEN_AGAIN, B.FAR_BROKEN): (Place.FAR, P, D),
    (Place.BETWEEN_AGAIN, B.GAP_OVER): (Place.FREE, D),
}
"""What must become of every place and input, written down once more; of all others nothing becomes."""


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("what", BeamInput)
def test_every_place_and_input_is_as_it_was_meant(place: Place, what: BeamInput) -> None:
    step = beam_step(place, what)
    if what is BeamInput.LOST:
        expected: tuple[object, ...] = (Place.BLIND,) if place is Place.BLIND else (Place.BLIND, D)
    else:
        expected = TABLE.get((place, what), (place,))

    assert (step.next, *step.facts) == expected


LEVELS = {
    Place.FREE: (False, False),
    Place.NEAR: (True, False),
    Place.BETWEEN: (False, False),
    Place.BOTH: (True, True),
    Place.FAR: (False, True),
    Place.BOTH_AGAIN: (True, True),
    Place.NEAR_AGAIN: (True, False),
    Place.BETWEEN_AGAIN: (False, False),
}
EDGES = {
    BeamInput.NEAR_BROKEN: (0, True),
    BeamInput.NEAR_FREE: (0, False),
    BeamInput.FAR_BROKEN: (1, True),
    BeamInput.FAR_FREE: (1, False),
}


@pytest.mark.parametrize("place", LEVELS)
def test_the_table_has_a_cell_for_each_edge_that_can_come_and_ends_where_the_levels_are(place: Place) -> None:
    for what, (beam, level) in EDGES.items():
        levels = list(LEVELS[place])
        can_come = levels[beam] is not level and not (place is Place.FREE and beam == 1)
        assert (what in BEAM_STEPS[place]) == can_come
        if can_come:
            levels[beam] = level
            assert LEVELS[beam_step(place, what).next] == tuple(levels)


def lived(*inputs: BeamInput) -> tuple[Place, list[BeamFact]]:
    place, facts = Place.FREE, list[BeamFact]()
    for what in inputs:
        step = beam_step(place, what)
        assert step.next is not place, f"{what} means nothing in {place}"
        place = step.next
        facts += step.facts
    return place, facts


@pytest.mark.parametrize(
    ("story", "inputs", "facts"),
    [
        ("walks through", [B.NEAR_BROKEN, B.FAR_BROKEN, B.NEAR_FREE, B.FAR_FREE], [P]),
        ("waves a hand", [B.NEAR_BROKEN, B.NEAR_FREE, B.GAP_OVER], []),
        ("turns round in both", [B.NEAR_BROKEN, B.FAR_BROKEN, B.FAR_FREE, B.NEAR_FREE, B.GAP_OVER], []),
        ("is slim", [B.NEAR_BROKEN, B.NEAR_FREE, B.FAR_BROKEN, B.FAR_FREE], [P]),
        (
            "drags a leg",
            [B.NEAR_BROKEN, B.FAR_BROKEN, B.NEAR_FREE, B.NEAR_BROKEN, B.NEAR_FREE, B.FAR_FREE],
            [P],
        ),
        (
            "two close together",
            [
                *(B.NEAR_BROKEN, B.FAR_BROKEN, B.NEAR_FREE, B.NEAR_BROKEN, B.FAR_FREE),
                *(B.FAR_BROKEN, B.NEAR_FREE, B.FAR_FREE),
            ],
            [P, D, P],
        ),
        (
            "turns round at the far side",
            [
                *(B.NEAR_BROKEN, B.FAR_BROKEN, B.NEAR_FREE, B.NEAR_BROKEN, B.FAR_FREE),
                *(B.NEAR_FREE, B.GAP_OVER),
            ],
            [D],
        ),
        (
            "two, the second one slim",
            [
                *(B.NEAR_BROKEN, B.FAR_BROKEN, B.NEAR_FREE, B.NEAR_BROKEN, B.FAR_FREE),
                *(B.NEAR_FREE, B.FAR_BROKEN, B.FAR_FREE),
            ],
            [P, D, P],
        ),
    ],
)
def test_what_somebody_does_in_the_door_way(story: str, inputs: list[BeamInput], facts: list[BeamFact]) -> None:
    assert lived(*inputs) == (Place.FREE, facts), story


def test_nobody_passes_without_having_been_in_the_far_beam() -> None:
    for place, cells in BEAM_STEPS.items():
        for what, step in cells.items():
            if BeamFact.PASSED in step.facts:
                assert place in (Place.FAR, Place.NEAR_AGAIN, Place.BETWEEN_AGAIN)
                assert what in (BeamInput.FAR_FREE, BeamInput.FAR_BROKEN)
