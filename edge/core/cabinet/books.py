"""The books: where every battery should be, beside where the cabinet's readings say it is."""

from edge.core import events
from edge.core.state import StationState
from edge.core.turn import Turn


def looked_up(turn: Turn, event: events.BatteryLookedUp) -> None:
    """The roster has answered."""


def explained(turn: Turn, event: events.AnomalyExplained) -> None:
    """Somebody has found out what became of a battery."""


def follow(turn: Turn, before: StationState) -> None:
    """Compare readings with books; what differs and belongs to no swap under way is an anomaly."""
