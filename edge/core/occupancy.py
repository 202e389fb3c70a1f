"""How many people are inside: what the door tells.

*Without beams* the door is all there is to count by. A person let in who opens the door adds one; one who leaves by
the exit button, or by a card at a reader that leads out, takes one away. The count is never negative. It is `sure`
until something happens that a door cannot count (free access, fire, a forced or found opening, a remote release, a
second person through an open door, a crash); sensors that see people make it sure again (`edge.core.presence`).

*With beams* that can be trusted, they count whoever goes through, for whatever reason the door is open, and the
door's own guess is evidence only (`edge.core.doorway`).
"""

from typing import Final

from contract.policy.model import Antipassback
from contract.records import AccessTaken, Direction, ReleaseCause
from edge.core import doorway, headcount
from edge.core.headcount import DOOR_PERCENT, UNSURE_PERCENT
from edge.core.state import Release
from edge.core.turn import Turn

PEOPLE_BY_CAUSE: Final[dict[ReleaseCause, int]] = {
    ReleaseCause.CARD: 1,
    ReleaseCause.FACE: 1,
    ReleaseCause.PIN: 1,
    ReleaseCause.EXIT: -1,
}
"""Other causes say nothing of how many went which way."""

NOBODY_LOOKED: Final = frozenset({"crash", "found_open"})
"""Doubts that no beam dispels: whoever passed did so before anybody looked."""


def passed(turn: Turn, release: Release, *, through_open_door: bool = False) -> None:
    """The door opened because of `release`, or it was for somebody who found the door open already."""
    if release.member is not None and turn.config.access.antipassback is not Antipassback.OFF:
        turn.record(AccessTaken(release.member, release.direction))
    change = PEOPLE_BY_CAUSE.get(release.cause)
    if doorway.counts(turn):
        doorway.expect(turn, release, somebody=change is not None)
    elif change is None:
        headcount.doubt(turn, release.cause.value)
    else:
        by = -change if release.direction is Direction.OUT else change
        # Where beams are wired they are away now, and nobody knows what they would have seen.
        unsure = through_open_door or doorway.has_beams(turn.config)
        worth = UNSURE_PERCENT if unsure else DOOR_PERCENT
        headcount.count(turn, turn.durable.occupancy.people + by, release.cause.value, worth)


def doubt(turn: Turn, cause: str) -> None:
    """Something happened that the door cannot count; beams that can be trusted do."""
    if cause in NOBODY_LOOKED or not doorway.counts(turn):
        headcount.doubt(turn, cause)
