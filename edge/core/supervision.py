"""The station's guard over itself: tamper, mains, battery, the lock's own feedback, a contact that cannot be true."""

from collections.abc import Iterator

from edge.core.events import LevelsRead, PointChanged
from edge.core.state import StationState
from edge.core.turn import Turn


def point_changed(turn: Turn, event: PointChanged) -> None:
    """One of the supervised inputs."""


def levels_read(turn: Turn, event: LevelsRead) -> None:
    """The levels of all wired points, read in one go."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    yield from ()
