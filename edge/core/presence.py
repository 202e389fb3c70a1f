"""How many people are inside, from everything that can tell: the door, the beams, the radar, the motion sensor."""

from collections.abc import Iterator

from edge.core.events import PointChanged, PresenceMeasured
from edge.core.state import StationState
from edge.core.turn import Turn


def measured(turn: Turn, event: PresenceMeasured) -> None:
    """A radar reports."""


def point_changed(turn: Turn, event: PointChanged) -> None:
    """A beam or a motion sensor."""


def follow(turn: Turn, before: StationState) -> None:
    """What follows from a change elsewhere: the door, a posture."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    yield from ()
