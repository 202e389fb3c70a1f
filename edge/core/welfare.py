"""Is somebody in need: lies still inside and does not answer, or waits long before the closed door."""

from collections.abc import Iterator

from edge.core.events import WelfareAnswerGiven
from edge.core.state import StationState
from edge.core.turn import Turn


def answered(turn: Turn, event: WelfareAnswerGiven) -> None:
    """Somebody at the screen says that all is well."""


def follow(turn: Turn, before: StationState) -> None:
    """What follows from a change elsewhere."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    yield from ()
