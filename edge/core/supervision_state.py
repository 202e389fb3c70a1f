"""The station's guard over itself: which inputs are wired, and what they say. The machine is in `supervision`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.core.events import Point


@dataclass(frozen=True)
class SupervisionConfig:
    """`points` are the wired ones; the others say nothing."""

    points: frozenset[Point] = frozenset()


@dataclass(frozen=True)
class SupervisionNow:
    """Volatile: the level of each wired point, as last told."""

    points: Mapping[Point, bool] = field(default_factory=dict)
