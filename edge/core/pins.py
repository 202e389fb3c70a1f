"""Numbers at a keypad: which card they belong to, whether they are taken at all, and what their answer means."""

from collections.abc import Iterator

from edge.core.events import PinChecked, PinEntered
from edge.core.state import StationState
from edge.core.turn import Turn


def entered(turn: Turn, event: PinEntered) -> None:
    """A number was typed."""


def checked(turn: Turn, event: PinChecked) -> None:
    """The shell has checked a number."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    yield from ()
