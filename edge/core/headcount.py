"""The one hand that writes the count of people inside, and what its confidence means.

*Confidence* is how far the count is to be believed, by the worst that has been counted since somebody looked:

    100  radars that have shown that they see, saw an empty room
     95  every passing since has been counted by beams, one by one (they miss about one in twenty in a crowd)
     85  … or by what the door alone can tell
     50  something happened that nobody could count, or who shows an empty room has not shown that it sees
     25  the sensors contradict the count: at least so many are inside

A count is `sure` from 85 upwards; only a sure one denies anybody entry.
"""

from typing import Final

from contract.records import OccupancyChanged, OccupancyCorrected
from edge.core.state import Occupancy
from edge.core.turn import Turn

SEEN_EMPTY_PERCENT: Final = 100
BEAMS_PERCENT: Final = 95
DOOR_PERCENT: Final = 85
UNSURE_PERCENT: Final = 50
CONTRADICTED_PERCENT: Final = 25


def count(turn: Turn, people: int, cause: str, worth_percent: int) -> None:
    """Somebody went through, so that `people` are inside, as one knows who is to be believed by `worth_percent`."""
    confidence = min(turn.durable.occupancy.confidence_percent, worth_percent)
    if people < 0:
        # More have left than ever came: the count was wrong before.
        people, confidence = 0, min(confidence, UNSURE_PERCENT)
    _write(turn, Occupancy(people, confidence >= DOOR_PERCENT, confidence), cause)


def doubt(turn: Turn, cause: str) -> None:
    """Something happened that nobody could count."""
    before = turn.durable.occupancy
    _write(turn, Occupancy(before.people, False, min(before.confidence_percent, UNSURE_PERCENT)), cause)


def correct(turn: Turn, people: int, evidence: str, confidence_percent: int) -> None:
    """The sensors show that `people` are inside, whatever was counted."""
    previous = turn.durable.occupancy
    sure = confidence_percent >= DOOR_PERCENT
    turn.record(OccupancyCorrected(previous.people, people, sure, evidence, confidence_percent))


def _write(turn: Turn, occupancy: Occupancy, cause: str) -> None:
    if occupancy != turn.durable.occupancy:
        turn.record(OccupancyChanged(occupancy.people, occupancy.sure, cause, occupancy.confidence_percent))
