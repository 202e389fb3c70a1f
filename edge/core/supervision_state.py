"""The station's guard over itself: which inputs are wired, and what they say. The machine is in `supervision`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.ids import ReaderId
from edge.core.events import Point


@dataclass(frozen=True)
class SupervisionConfig:
    """`points` are the wired ones; the others say nothing.

    More than `flapping_edges` edges of the door's contact within `flapping_ms` are none that a leaf can make: a slammed
    door bounces twice, its contact three or four times each.
    """

    points: frozenset[Point] = frozenset()
    flapping_edges: int = 20
    flapping_ms: int = 5_000

    def __post_init__(self) -> None:
        if not 4 <= self.flapping_edges <= 200:
            raise ValueError(f"flapping_edges = {self.flapping_edges}: must be within 4 and 200")
        if self.flapping_ms < 1:
            raise ValueError(f"flapping_ms = {self.flapping_ms}: must be above 0")


@dataclass(frozen=True)
class SupervisionNow:
    """Volatile: the level of each wired point, as last told; one that cannot be read is not among them."""

    points: Mapping[Point, bool] = field(default_factory=dict)
    """Lids, mains and battery."""
    doorway: Mapping[Point, bool] = field(default_factory=dict)
    """The lock's feedback and the beams."""
    readers_tampered: Mapping[ReaderId, bool] = field(default_factory=dict)
    """What readers that supervise their own lid say of it."""
    edges_ms: tuple[int, ...] = ()
    """When the door's contact moved lately; as many as make it flap."""
    edges_over_ms: int | None = None
    """When the oldest of them no longer counts; None while there are too few to flap."""
