"""A technician at the cabinet, and an operator's orders."""

from collections.abc import Iterator

from edge.core import events
from edge.core.state import StationState
from edge.core.turn import Turn


def booted(turn: Turn) -> None:
    """Work that the run before has left goes on for a while."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """When service mode ends by itself."""
    yield from ()


def asked(turn: Turn, event: events.ServiceAsked) -> None:
    """A technician begins or ends work."""


def open_asked(turn: Turn, event: events.SlotOpenAsked) -> None:
    """A technician wants a slot open."""
