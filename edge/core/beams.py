"""The pair of beams across the door way: who went through it, and which way.

    outside ── outer beam ── inner beam ── inside

*The way of a body.* Seen from the side that somebody comes from, the first beam is `near` and the second `far`. A body
that walks through breaks near, then far as well, leaves near and last leaves far: only then has it passed. It may turn
round at any place, and the way back leads through the same places. A slim body may stand between the beams and break
neither; so may the gap between two people, which is why nobody stays there for longer than `GAP_MS`.

*What cannot be told.* While somebody stands in the far beam alone, the near one is broken again: a leg left behind, the
same person turning round, or a second one close behind? If near stays broken while far is left, it was one of the
latter two. Going on inwards is then taken for the second person (the first is counted), going back for the same one
who has turned round; both are said to be in doubt. Two people side by side are one body: no pair of beams can tell.

*Trust.* A pair is `blind` from the start of a run, after its wires were away and when a beam stays broken in an open
door, until both beams are free. What passed meanwhile is not known.

The table below knows nothing of the door and of time; `edge.core.doorway` does.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

GAP_MS: Final = 1_500
"""A body between the beams comes out of the gap within this time, or it was none."""


class Place(StrEnum):
    """Where in the door way somebody is, seen from where he came."""

    BLIND = "blind"
    """Not known."""
    FREE = "free"
    """Nobody is in it."""
    NEAR = "near"
    BETWEEN = "between"
    BOTH = "both"
    FAR = "far"
    BOTH_AGAIN = "both_again"
    """The near beam has been broken again while somebody was in the far one."""
    NEAR_AGAIN = "near_again"
    """… and the far one is free now: somebody has passed, or has turned round."""
    BETWEEN_AGAIN = "between_again"


class BeamInput(StrEnum):
    NEAR_BROKEN = "near broken"
    NEAR_FREE = "near free"
    FAR_BROKEN = "far broken"
    FAR_FREE = "far free"
    GAP_OVER = "nobody came out of the gap"
    LOST = "cannot be trusted"
    BOTH_FREE = "both free"
    """Said to a blind pair only."""


class BeamFact(Enum):
    PASSED = "passed"
    """One person has gone through, to the other side."""
    DOUBT = "doubt"
    """Somebody may have passed who was not counted, or was counted and did not."""


@dataclass(frozen=True)
class BeamStep:
    next: Place
    facts: tuple[BeamFact, ...] = ()


_GUESSED: Final = (BeamFact.PASSED, BeamFact.DOUBT)

BEAM_STEPS: Final[dict[Place, dict[BeamInput, BeamStep]]] = {
    Place.BLIND: {
        BeamInput.BOTH_FREE: BeamStep(Place.FREE),
    },
    Place.FREE: {
        # Whichever beam is broken first is the near one.
        BeamInput.NEAR_BROKEN: BeamStep(Place.NEAR),
    },
    Place.NEAR: {
        BeamInput.NEAR_FREE: BeamStep(Place.BETWEEN),
        BeamInput.FAR_BROKEN: BeamStep(Place.BOTH),
    },
    Place.BETWEEN: {
        BeamInput.NEAR_BROKEN: BeamStep(Place.NEAR),
        BeamInput.FAR_BROKEN: BeamStep(Place.FAR),
        BeamInput.GAP_OVER: BeamStep(Place.FREE),
    },
    Place.BOTH: {
        BeamInput.NEAR_FREE: BeamStep(Place.FAR),
        BeamInput.FAR_FREE: BeamStep(Place.NEAR),
    },
    Place.FAR: {
        BeamInput.NEAR_BROKEN: BeamStep(Place.BOTH_AGAIN),
        BeamInput.FAR_FREE: BeamStep(Place.FREE, (BeamFact.PASSED,)),
    },
    Place.BOTH_AGAIN: {
        BeamInput.NEAR_FREE: BeamStep(Place.FAR),
        BeamInput.FAR_FREE: BeamStep(Place.NEAR_AGAIN),
    },
    Place.NEAR_AGAIN: {
        BeamInput.NEAR_FREE: BeamStep(Place.BETWEEN_AGAIN),
        BeamInput.FAR_BROKEN: BeamStep(Place.BOTH, _GUESSED),
    },
    Place.BETWEEN_AGAIN: {
        BeamInput.NEAR_BROKEN: BeamStep(Place.NEAR_AGAIN),
        BeamInput.FAR_BROKEN: BeamStep(Place.FAR, _GUESSED),
        BeamInput.GAP_OVER: BeamStep(Place.FREE, (BeamFact.DOUBT,)),
    },
}

_LOST: Final = BeamStep(Place.BLIND, (BeamFact.DOUBT,))


def beam_step(place: Place, what: BeamInput) -> BeamStep:
    """The table's cell; an empty one keeps the place. Trust may be lost anywhere, and once."""
    if what is BeamInput.LOST and place is not Place.BLIND:
        return _LOST
    return BEAM_STEPS[place].get(what) or BeamStep(place)


GAPS: Final = frozenset({Place.BETWEEN, Place.BETWEEN_AGAIN})
"""Nobody stays there: `GAP_OVER` is due."""
EMPTY: Final = frozenset({Place.FREE, Place.BLIND})
"""Nobody is known to be in the door way."""
