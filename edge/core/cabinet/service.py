"""A technician at the cabinet, and an operator's orders."""

from edge.core import events
from edge.core.turn import Turn


def asked(turn: Turn, event: events.ServiceAsked) -> None:
    """A technician begins or ends work."""


def open_asked(turn: Turn, event: events.SlotOpenAsked) -> None:
    """A technician wants a slot open."""
