"""How many people are inside: what the door alone can tell.

A person let in who opens the door adds one; one who leaves by the exit button, or by a card at a reader that leads
out, takes one away. The count is never
negative. It is `sure` until something happens that a door cannot count (free access, fire, a forced or found
opening, a remote release, a second person through an open door, a crash); sensors that see people make it sure
again.
"""

from typing import Final

from contract.policy.model import Antipassback
from contract.records import AccessTaken, Direction, OccupancyChanged, ReleaseCause
from edge.core.state import Occupancy, Release
from edge.core.turn import Turn

PEOPLE_BY_CAUSE: Final[dict[ReleaseCause, int]] = {
    ReleaseCause.CARD: 1,
    ReleaseCause.FACE: 1,
    ReleaseCause.PIN: 1,
    ReleaseCause.EXIT: -1,
}
"""Other causes say nothing of how many went which way."""


def passed(turn: Turn, release: Release, *, through_open_door: bool = False) -> None:
    """The door opened because of `release`, or it was for somebody who found the door open already."""
    before, cause = turn.durable.occupancy, release.cause
    if release.member is not None and turn.config.access.antipassback is not Antipassback.OFF:
        turn.record(AccessTaken(release.member, release.direction))
    change = PEOPLE_BY_CAUSE.get(cause)
    if change is None:
        doubt(turn, cause.value)
        return
    people = before.people + (-change if release.direction is Direction.OUT else change)
    sure = before.sure and people >= 0 and not through_open_door
    _set(turn, Occupancy(max(0, people), sure), cause.value)


def doubt(turn: Turn, cause: str) -> None:
    """Something happened that the door cannot count."""
    _set(turn, Occupancy(turn.durable.occupancy.people, sure=False), cause)


def _set(turn: Turn, occupancy: Occupancy, cause: str) -> None:
    if occupancy != turn.durable.occupancy:
        turn.record(OccupancyChanged(occupancy.people, occupancy.sure, cause))
