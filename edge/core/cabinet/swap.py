"""The rider's swap: what happens next, by the table in `swap_table`."""

from collections.abc import Iterator

from edge.core import events
from edge.core.state import StationState
from edge.core.turn import Turn


def presented(turn: Turn, card: events.CardPresented) -> None:
    """A card at the cabinet's reader: begin what was chosen, or say why not."""


def chosen(turn: Turn, event: events.SwapChosen) -> None:
    """What the next card is for."""


def cancelled(turn: Turn, event: events.SwapCancelled) -> None:
    """The rider does not want it any more."""


def booted(turn: Turn) -> None:
    """A swap of the run before waits for the cabinet's truth."""


def follow(turn: Turn, before: StationState) -> None:
    """What the cabinet's readings mean for the swap under way."""


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""


def deadlines(state: StationState) -> Iterator[int]:
    """When the swap's present stage, or the warning within it, runs out."""
    yield from ()
