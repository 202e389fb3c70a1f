"""What a controller begins with, and when one that began without its journal is to begin anew."""

import time
from dataclasses import dataclass
from typing import Any, Final, Protocol

from contract.ids import BatteryId, Epoch, NodeId
from contract.policy.model import BatteryFacts, Member
from edge.core import events
from edge.core.state import StationState

LATE_RESTART_S: Final = 10.0
"""How long storage must have been there again."""


class ControllerFailed(Exception):
    """The station has ended by a mistake of ours, which is in the log."""


class Roster(Protocol):
    """Who may enter, as the controller asks it."""

    def find(self, credential: Any) -> Member | None:
        """Raises `RosterUnavailable` within 20 ms."""

    def nodes(self) -> frozenset[NodeId]:
        """The nodes that the station belongs to. Raises likewise."""

    def battery(self, serial: BatteryId) -> BatteryFacts | None:
        """Whose a battery is; None: it is not one of ours. Raises likewise."""


@dataclass(frozen=True)
class Start:
    """What was known when the controller was built: the state replayed from the journal, and what to tell the core."""

    state: StationState
    booted: events.Booted
    findings: tuple[events.Event, ...]
    epoch: Epoch
    unacknowledged: int
    latest_trusted_ms: int | None


class LateRestart:
    """A run that began without its journal does not know what is in it (posture, people, alarms). Once storage has held
    for a while the station is to begin anew and replay it."""

    def __init__(self) -> None:
        self._due_at: float | None = None

    def opened(self) -> None:
        self._due_at = time.monotonic() + LATE_RESTART_S

    def failed(self) -> None:
        if self._due_at is not None:
            self.opened()

    def is_due(self) -> bool:
        return self._due_at is not None and time.monotonic() >= self._due_at
