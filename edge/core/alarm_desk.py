"""What people do about alarms: acknowledge and shelve them, at the station or from the cloud."""

from edge.core.events import AlarmAside, AlarmSeen
from edge.core.turn import Turn


def seen(turn: Turn, seen: AlarmSeen) -> None:
    """Somebody has seen an alarm."""


def put_aside(turn: Turn, aside: AlarmAside) -> None:
    """Somebody shelves an alarm, or takes it back."""
