"""What the cabinet's driver reads, taken in: the state of every slot in this run, and what moved by itself."""

from edge.core import events
from edge.core.turn import Turn


def cabinet_changed(turn: Turn, event: events.CabinetChanged) -> None:
    """The cabinet answers, or does not."""


def slot_read(turn: Turn, event: events.SlotRead) -> None:
    """A slot's reading."""


def slot_lost(turn: Turn, event: events.SlotLost) -> None:
    """A slot's data is too old, or cannot be true."""


def pulsed(turn: Turn, event: events.SlotPulsed) -> None:
    """What became of the pulse that opens a slot."""
