"""What became of a life."""

from dataclasses import dataclass

from proof.require import Broken


@dataclass(frozen=True)
class Lived:
    """`broken` None: every invariant held."""

    days: float
    events: int
    visits: int
    faults: int
    restarts: int
    records: int
    acknowledged: int
    broken: Broken | None = None
    broken_ms: int = 0
