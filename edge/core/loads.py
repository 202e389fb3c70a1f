"""Light, heat, sockets, sign: on when they serve somebody, off when they do not."""

from collections.abc import Iterator

from contract.ids import LoadId
from edge.core.state import StationState
from edge.core.turn import Turn


def desired(turn: Turn, cut: tuple[LoadId, ...], by: str) -> None:
    """The cloud wants exactly these loads cut off."""


def follow(turn: Turn, before: StationState) -> None:
    """Switch what is to be switched after a change elsewhere."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    yield from ()
