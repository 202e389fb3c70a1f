"""What became of a life."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    met: Mapping[str, int] = field(default_factory=dict)
    """How often each alarm was raised, and what else was met: whether what is to be checked happens at all."""
    broken: Broken | None = None
    broken_ms: int = 0
