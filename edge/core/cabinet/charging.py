"""Which slot may charge, with how much."""

from collections.abc import Iterator

from edge.core import events
from edge.core.state import StationState
from edge.core.turn import Turn


def checked(turn: Turn, event: events.ChargerChecked) -> None:
    """Whether a charger does as it was told."""


def contactor_read(turn: Turn, event: events.ContactorRead) -> None:
    """The main contactor was opened, or is closed."""


def follow(turn: Turn, before: StationState) -> None:
    """Switch chargers as the readings, the trips and the budget want it."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """When the next charger may begin, or a wake ends."""
    yield from ()
