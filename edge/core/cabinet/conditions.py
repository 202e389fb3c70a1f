"""The cabinet's alarms."""

from collections.abc import Iterator

from edge.core.alarm_state import Condition
from edge.core.config import StationConfig
from edge.core.state import StationState


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What of the cabinet somebody should act on."""
    yield from ()
