"""What became of a life."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from proof.require import Broken


@dataclass(frozen=True)
class Swapped:
    """What became of the cabinet's swaps; `books_compared`, how often every slot was held against the books."""

    swaps: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    anomalies: Mapping[str, int] = field(default_factory=dict)
    """How many were opened, as kind/cause."""
    anomalies_standing: int = 0
    batteries: int = 0
    batteries_unaccounted: int = 0
    books_compared: int = 0


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
    met: Mapping[str, int] = field(default_factory=dict)
    """How often each alarm was raised, and what else was met: whether what is to be checked happens at all."""
    swapped: Swapped = Swapped()
    broken: Broken | None = None
    broken_ms: int = 0
