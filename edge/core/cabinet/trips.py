"""Trips: what stops charging at once, and stays latched until a person resets it."""

from collections.abc import Iterator

from edge.core import events
from edge.core.state import StationState
from edge.core.turn import Turn


def point_read(turn: Turn, event: events.CabinetPointRead) -> None:
    """Smoke, water, the back door, the E-stop."""


def reset_asked(turn: Turn, event: events.TripResetAsked) -> None:
    """Somebody has looked, and resets a trip whose cause is over."""


def follow(turn: Turn, before: StationState) -> None:
    """Judge what has been read anew."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """When a rise has lasted long enough, or a quarantine ends."""
    yield from ()


def is_hazard(state: StationState) -> bool:
    """Whether the cabinet makes the room dangerous: people are told to leave, and nobody is let in."""
    return False
