"""Air, water, mains: what the sensors say, and when it is an alarm."""

from collections.abc import Iterator

from edge.core.events import EnvironmentMeasured, PowerMeasured, SensorChanged
from edge.core.state import StationState
from edge.core.turn import Turn


def measured(turn: Turn, event: EnvironmentMeasured) -> None:
    """A sensor reports."""


def power_measured(turn: Turn, event: PowerMeasured) -> None:
    """The meter reports."""


def sensor_changed(turn: Turn, event: SensorChanged) -> None:
    """A sensor answers, or does not."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    yield from ()
